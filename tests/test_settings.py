"""Settings: what counts first, what a wrong value is told, and that no key is ever shown."""

from __future__ import annotations

import copy
import json
import os
import pickle
import secrets
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, ValidationError

from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.secret import MASK, Secret
from tta_rebuild.settings import KEYS, ModelQuota, ModelRates, Settings, load_settings, passwords_in


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


def test_every_setting_stands_in_the_guide() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text(encoding="utf-8")
    for field in Settings.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            for name in field.validation_alias.choices:
                assert f"| `{name}`" in guide


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
        ("TTA_SEMANTIC_CACHE", "yes", "one of off, memory, disk"),
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
        ('[prices."openai:m"]\ninput = 1\n', 'prices."openai:m"', 1, "must have output"),
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


def test_a_value_of_the_wrong_type_in_the_file_is_refused(tmp_path: Path) -> None:
    for toml, said in (
        ("rate_limit = true", "rate_limit: must be a whole number"),
        ("max_cost = []", "max_cost: must be a number"),
        ("checks = 7", "checks: must be one of all, choices, off"),
        ("model = 5", "model: "),
        ("chain = 5", "chain: "),
        ("budgets = 5", "budgets: is no setting; did you mean budgets."),
        ("quotas = 5", "quotas: "),
        ('servers = "x"', "servers: "),
        ("servers.far = 5", "servers.far: must be an address"),
        ("data_dir = 5", "data_dir: must be a directory"),
        ("quotas.x.rps = 5", "quotas.x.rps: is no setting; did you mean rpm?"),
        ("prices.x.input = {}", "prices.x.input: must be a number (US dollars)"),
    ):
        with pytest.raises(SettingsError) as caught:
            loaded(tmp_path, toml=toml)
        assert said in str(caught.value)
        assert "tta.toml, line 1)" in str(caught.value)


def test_an_option_of_the_command_line_beats_the_environment(tmp_path: Path) -> None:
    environ = {"TTA_DATA_DIR": "there", "TTA_MODEL": "offline"}
    options = {"--data-dir": "here", "--model": "gemini"}
    settings = load_settings(environ, tmp_path, options=options)
    assert settings.data_dir == tmp_path / "here"
    assert settings.model == "gemini"
    assert settings.origins["TTA_DATA_DIR"] == "command line"
    assert load_settings(environ, tmp_path, options={"--model": "local"}).model == "local"
    with pytest.raises(SettingsError, match=r"--model: must name a model.*\(command line\)"):
        load_settings({}, tmp_path, options={"--model": "gemini:"})


def test_a_value_given_to_settings_is_checked_like_one_that_is_read() -> None:
    assert Settings(max_cost_usd=2, LLM_RATE_LIMIT="7").rate_limit_rpm == 7
    with pytest.raises(SettingsError, match=r"temperature: must be a number .*, not 9 \(given\)"):
        Settings(temperature=9)
    with pytest.raises(SettingsError, match="max_cots: is no setting"):
        Settings(max_cots=9)
    with pytest.raises(ValidationError, match="frozen"):
        Settings().model = "gemini"


def test_a_program_gives_values_and_its_environment_is_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("LLM_RATE_LIMIT", "rate_limit", "rate_limit_rpm", "RATE_LIMIT"):
        monkeypatch.setenv(name, "7")
    assert Settings().rate_limit_rpm == 60


def test_only_a_settings_own_variable_is_read(tmp_path: Path) -> None:
    environ = {"MODEL": "gemini", "model": "gemini", "llm_max_cost": "1", "budgets.call": "1"}
    settings = loaded(tmp_path, environ, env="cache=off\nQUOTAS={}\n")
    assert settings == Settings(data_dir=settings.data_dir)


def test_a_dollar_sign_in_dotenv_stands_for_itself(tmp_path: Path) -> None:
    settings = loaded(tmp_path, {"HOME": "/nowhere"}, env="OPENAI_API_KEY=a${HOME}b$c\n")
    assert settings.openai_api_key.reveal() == "a${HOME}b$c"


def test_each_provider_may_have_another_address(tmp_path: Path) -> None:
    toml = '[base_urls]\nopenai = "https://models.example.org/v1/"\ngemini = "http://x"\n'
    settings = loaded(tmp_path, {"TTA_GEMINI_BASE_URL": "http://127.0.0.1:9"}, toml=toml)
    assert settings.gemini_base_url == "http://127.0.0.1:9"
    assert settings.openai_base_url == "https://models.example.org/v1"
    assert settings.anthropic_base_url == ""
    with pytest.raises(SettingsError, match="TTA_OPENAI_BASE_URL: must be an address"):
        loaded(tmp_path, {"TTA_OPENAI_BASE_URL": "models.example.org"})


@pytest.mark.parametrize("address", ["postgresql://me:{}@db/tta", "sqlite:///{}", "s3://{}"])
def test_an_address_is_no_data_directory_and_is_not_shown(tmp_path: Path, address: str) -> None:
    word = secrets.token_hex(4)
    for where in (address.format(word), Path(address.format(word))):
        with pytest.raises(SettingsError, match="must be a directory on this machine") as caught:
            load_settings({}, tmp_path, options={"--data-dir": where})
        assert "me:" not in str(caught.value)


def test_a_settings_file_of_brackets_is_refused_by_name(tmp_path: Path) -> None:
    for text in ("a = " + "[" * 50_000, "a = " + "{a = " * 50_000, ".".join("a" * 50_000)):
        with pytest.raises(SettingsError, match=r"TTA_CONFIG: .*tta\.toml"):
            loaded(tmp_path, toml=text)


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


@pytest.mark.parametrize("variable", KEYS)
def test_a_key_is_shown_nowhere(tmp_path: Path, variable: str) -> None:
    canary = secrets.token_hex(16)
    if variable == "TTA_DATABASE_URL":
        canary = f"postgresql://ana:{canary}@db.host/stories"
    if variable == "TTA_REDIS_URL":
        canary = f"redis://:{canary}@cache.host:6379/0"
    settings = loaded(tmp_path, {variable: canary})
    shown = [
        repr(settings),
        str(settings),
        f"{settings}",
        repr(settings.model_dump()),
        json.dumps(settings.model_dump(), default=str),
        repr(copy.deepcopy(settings)),
    ]
    assert all(canary not in text for text in shown)
    assert getattr(settings, variable.removeprefix("TTA_").lower()).reveal() == canary


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


def test_pydantics_debugging_shows_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    canary = secrets.token_hex(16)
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    with caplog.at_level("DEBUG"):
        loaded(tmp_path, {"GEMINI_API_KEY": canary}, env=f"OPENAI_API_KEY={canary}\n")
    assert "Resolving settings" in caplog.text
    assert canary not in caplog.text


def test_pydantics_own_error_shows_no_value(tmp_path: Path) -> None:
    canary = secrets.token_hex(16)
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, {"GEMINI_API_KEY": canary, "TTA_CACHE": canary, "TTA_CHAIN": canary})
    inner = caught.value.__context__
    assert isinstance(inner, ValidationError)
    assert canary not in f"{inner} {inner!r} {caught.value!r}"


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


def test_help_needs_no_settings() -> None:
    program = (
        "import sys, tta_rebuild.cli.app; "
        "heavy = {'pydantic', 'pydantic_settings', 'tta_rebuild.settings'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
