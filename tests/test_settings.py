"""Settings: what counts first, what a wrong value is told, and that no key is ever shown."""

from __future__ import annotations

import copy
import json
import os
import pickle
import secrets
import subprocess
import sys
from dataclasses import asdict, fields
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.secret import MASK, Secret
from tta_rebuild.settings import ModelQuota, ModelRates, Settings, load_settings, passwords_in
from tta_rebuild.settings_values import SETTINGS


@pytest.fixture(autouse=True)
def own_config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def loaded(tmp_path: Path, environ: dict[str, str] | None = None, **files: str) -> Settings:
    if "env" in files:
        (tmp_path / ".env").write_text(files["env"], encoding="utf-8")
    config = None
    if "toml" in files:
        config = tmp_path / "tta.toml"
        config.write_text(files["toml"], encoding="utf-8")
    return load_settings(environ or {}, tmp_path, config)


def test_with_nothing_set_the_defaults_hold(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    assert settings.rate_limit_rpm == 60
    assert settings.max_cost_usd == 10.0
    assert settings.use_real_llm is False
    assert not settings.gemini_api_key
    assert settings.data_dir == tmp_path / "data" / "tta"
    assert settings.origins == {}


def test_the_environment_beats_dotenv_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    toml = "rate_limit = 10\nmax_cost = 1.0\nmax_tokens = 100\n"
    env = "LLM_RATE_LIMIT=20\nLLM_MAX_COST=2.0\n"
    settings = loaded(tmp_path, {"LLM_RATE_LIMIT": "30"}, env=env, toml=toml)
    assert settings.rate_limit_rpm == 30
    assert settings.max_cost_usd == 2.0
    assert settings.max_tokens == 100
    assert settings.origins["LLM_RATE_LIMIT"] == "environment"
    assert settings.origins["LLM_MAX_COST"] == f"{tmp_path / '.env'}, line 2"
    assert settings.origins["TTA_MAX_TOKENS"] == f"{tmp_path / 'tta.toml'}, line 3"


def test_an_empty_text_is_no_setting(tmp_path: Path) -> None:
    env = "GEMINI_API_KEY=\nLLM_MAX_COST=3\n"
    settings = loaded(tmp_path, {"LLM_MAX_COST": "", "TTA_MODEL": "  "}, env=env)
    assert not settings.gemini_api_key
    assert settings.max_cost_usd == 3.0
    assert settings.model == ""


def test_the_example_file_is_valid_as_it_stands(tmp_path: Path) -> None:
    example = Path(__file__).parents[1] / ".env.example"
    settings = loaded(tmp_path, env=example.read_text(encoding="utf-8"))
    assert settings.rate_limit_rpm == 60
    assert not settings.openai_api_key


def test_every_setting_has_a_field_and_a_name_of_its_own() -> None:
    names = {f.name for f in fields(Settings)}
    assert {s.field for s in SETTINGS} <= names
    assert len({s.variable for s in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("LLM_RATE_LIMIT", "fast", "whole number of at least 1, not 'fast'"),
        ("LLM_RATE_LIMIT", "0", "at least 1"),
        ("LLM_RATE_LIMIT", "1.5", "whole number"),
        ("LLM_MAX_COST", "-1", "at least 0"),
        ("LLM_MAX_COST", "nan", "number"),
        ("LLM_MAX_COST", "inf", "number"),
        ("USE_REAL_LLM", "maybe", "true or false"),
        ("TTA_CACHE", "disc", "one of off, memory, disk"),
        ("TTA_LOG_LEVEL", "loud", "DEBUG"),
        ("TTA_TEMPERATURE", "3", "at most 2"),
        ("TTA_MODEL", "gemini:", "must name a model"),
        ("TTA_MODEL", "gemeni:x", "one of offline, local, gemini"),
        ("TTA_CHAIN", "offline,offline", "twice"),
    ],
)
def test_a_wrong_value_names_the_setting_its_place_and_what_is_allowed(
    tmp_path: Path, variable: str, value: str, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, {variable: value})
    assert caught.value.setting == variable
    assert said in str(caught.value)
    assert "environment" in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "name", "line", "said"),
    [
        ('# a comment\n\nrate_limit = "fast"\n', "rate_limit", 3, "whole number"),
        ("[budgets]\nstory = 1\nday = -2\n", "budgets.day", 3, "at least 0"),
        ('[quotas."gemini:x"]\nrpm = 10\ntpm = 0\n', 'quotas."gemini:x".tpm', 3, "at least 1"),
        ('[prices."openai:m"]\ninput = 1\n', 'prices."openai:m"', 1, "input and output"),
        ('[routes]\nscene = "gemini:"\n', "routes.scene", 2, "must name a model"),
        ('[servers]\nstudio = "1234"\n', "servers.studio", 2, "must be an address"),
        ("max_cots = 3\n", "max_cots", 1, "did you mean max_cost?"),
        ("[budget]\nstory = 3\n", "budget.story", 2, "did you mean budgets.story?"),
    ],
)
def test_a_wrong_value_in_the_file_is_found_by_its_line(
    tmp_path: Path, toml: str, name: str, line: int, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, toml=toml)
    assert caught.value.setting == name
    assert f"tta.toml, line {line}" in str(caught.value)
    assert said in str(caught.value)


def test_sections_are_read_as_values(tmp_path: Path) -> None:
    settings = loaded(
        tmp_path,
        {"OTHER_KEY": "made-up"},
        toml="""
            model = "gemini:gemini-3.5-flash-lite"
            chain = ["gemini:gemini-3.5-flash-lite", "studio:small", "offline"]
            data_dir = "stories"
            [budgets]
            story = 0.25
            [routes]
            branch_check = "studio:small"
            [quotas."gemini:gemini-3.5-flash-lite"]
            rpm = 15
            rpd = 1000
            [prices."studio:small"]
            input = 0.1
            output = 0.4
            [servers]
            studio = "http://127.0.0.1:1234/v1/"
            [servers.far]
            url = "https://models.example.org/v1"
            key_variable = "OTHER_KEY"
        """,
    )
    assert settings.chain == ("gemini:gemini-3.5-flash-lite", "studio:small", "offline")
    assert settings.data_dir == tmp_path / "stories"
    assert settings.budget_per_story_usd == 0.25
    assert settings.routes == {"branch_check": "studio:small"}
    assert settings.quotas == {"gemini:gemini-3.5-flash-lite": ModelQuota(rpm=15, rpd=1000)}
    assert settings.prices == {"studio:small": ModelRates(input=0.1, output=0.4)}
    assert settings.servers["studio"].base_url == "http://127.0.0.1:1234/v1"
    assert settings.servers["far"].key.reveal() == "made-up"


def test_keys_in_the_file_are_refused_and_not_shown(tmp_path: Path) -> None:
    canary = secrets.token_hex(16)
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, toml=f'gemini_api_key = "{canary}"\n')
    assert "GEMINI_API_KEY" in str(caught.value)
    assert canary not in str(caught.value)


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml cannot be read"):
        load_settings({"TTA_CONFIG": "none.toml"}, tmp_path)


def test_a_broken_file_says_where(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="line 2"):
        loaded(tmp_path, toml="a = 1\nb = = 2\n")
    with pytest.raises(SettingsError, match="line 2"):
        loaded(tmp_path, env="LLM_MAX_COST=1\n'broken\n")


def test_the_platforms_configuration_file_is_found(tmp_path: Path) -> None:
    home = tmp_path / "config" / "tta"
    home.mkdir(parents=True)
    (home / "config.toml").write_text("max_cost = 0.5\n", encoding="utf-8")
    settings = loaded(tmp_path)
    assert settings.max_cost_usd == 0.5
    assert settings.config_file == home / "config.toml"


def test_a_likely_misspelling_is_noted(tmp_path: Path) -> None:
    settings = loaded(tmp_path, {"TTA_MODLE": "offline", "TTA_SHARED_DATA": "x"})
    assert settings.notes == ("TTA_MODLE is no setting: did you mean TTA_MODEL?",)


# ------------------------------------------------------------------------------------ secrets


@pytest.mark.parametrize("variable", [s.variable for s in SETTINGS if s.is_key])
def test_a_key_is_shown_nowhere(tmp_path: Path, variable: str) -> None:
    canary = secrets.token_hex(16)
    if variable == "TTA_DATABASE_URL":
        canary = f"postgresql://ana:{canary}@db.host/stories"
    settings = loaded(tmp_path, {variable: canary})
    shown = [
        repr(settings),
        str(settings),
        f"{settings}",
        repr(asdict(settings)),
        json.dumps(asdict(settings), default=str),
        repr(copy.deepcopy(settings)),
    ]
    assert all(canary not in text for text in shown)
    field = next(s.field for s in SETTINGS if s.variable == variable)
    assert getattr(settings, field).reveal() == canary


def test_an_address_in_place_of_the_data_directory_is_refused_without_its_password(
    tmp_path: Path,
) -> None:
    password = secrets.token_hex(4)
    with pytest.raises(SettingsError, match="TTA_DATABASE_URL") as refused:
        loaded(tmp_path, {"TTA_DATA_DIR": f"postgresql://a:{password}@h/d"})
    assert password not in str(refused.value)


@pytest.mark.parametrize("address", ["mysql://ana:{}@h/d", "/a/file/{}", "postgresql:{}"])
def test_an_address_of_no_postgresql_server_is_refused_without_being_shown(
    tmp_path: Path, address: str
) -> None:
    password = secrets.token_hex(4)
    with pytest.raises(SettingsError, match="postgresql://user@host/name") as refused:
        loaded(tmp_path, {"TTA_DATABASE_URL": address.format(password)})
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ana:{}@db.host/stories",
        "postgresql://ana:{}@/stories?host=/run/postgresql",
        "postgres://db.host/stories?sslmode=require&password={}",
    ],
)
def test_the_password_of_an_address_is_known_however_it_is_written(address: str) -> None:
    password = "@:/ " + secrets.token_hex(8)
    written = quote(password, safe="")
    assert set(passwords_in(address.format(written))) == {written, password}


def test_a_key_is_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret("made-up"))


@pytest.mark.parametrize("mangle", ["{} x", "{}\u200b", "{}\nmore", "ключ{}"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(
    tmp_path: Path, mangle: str
) -> None:
    canary = secrets.token_hex(16)
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, {"OPENAI_API_KEY": mangle.format(canary)})
    assert caught.value.setting == "OPENAI_API_KEY"
    assert canary not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_key_in_the_wrong_place_is_not_shown_either(tmp_path: Path) -> None:
    canary = secrets.token_hex(20)
    for variable in ("LLM_MAX_COST", "TTA_CACHE", "TTA_MODEL"):
        with pytest.raises(SettingsError) as caught:
            loaded(tmp_path, {variable: canary})
        assert canary not in str(caught.value)


@given(st.text())
def test_a_secret_never_shows_its_text(text: str) -> None:
    secret = Secret("canary" + text)
    assert "canary" not in repr(secret) + str(secret) + f"{secret:>40}"
    assert secret == Secret("canary" + text)
    assert str(secret) == MASK


def test_settings_are_cheap_to_import() -> None:
    program = (
        "import sys, tta_rebuild.settings; "
        "heavy = {'pydantic', 'pydantic_settings', 'sqlalchemy', 'httpx2'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
