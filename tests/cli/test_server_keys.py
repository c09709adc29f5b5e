"""Keys of the servers in the configuration file: they matter where the server is asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools.wire import Fault, RunningWire

from tests.lab import tiny
from tta_rebuild.cli.main import main

GUIDE = Path(__file__).parents[2] / "docs" / "configuration.md"
ONE_TURN = ("story", "--theme", "A lighthouse in fog", "--auto", "first", "--turns", "1")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "XDG_CONFIG_HOME", "TTA_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    for name in ("TTA_MODEL", "OPENROUTER_API_KEY", "OPENAI_API_KEY", "STUDIO_KEY"):
        monkeypatch.delenv(name, raising=False)


def configured(where: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (where / "tta.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("TTA_CONFIG", str(where / "tta.toml"))


def said(capsys: pytest.CaptureFixture[str]) -> str:
    seen = capsys.readouterr()
    return " ".join(f"{seen.out} {seen.err}".split())


@pytest.mark.parametrize("words", [("stories",), ("costs",), (*ONE_TURN, "--model", "offline")])
def test_the_guides_own_file_needs_no_key_of_a_server_that_is_not_asked(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = re.search(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    assert "OPENROUTER_API_KEY" in found[1]
    configured(tmp_path, monkeypatch, found[1])

    assert main(list(words)) == 0


FAR = '[servers.far]\nurl = "http://127.0.0.1:9/v1"\nkey_variable = "OPENROUTER_API_KEY"\n'


def test_the_key_that_is_missing_is_named_where_its_server_is_asked_and_by_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(tmp_path, monkeypatch, FAR)

    assert main([*ONE_TURN, "--model", "far:small"]) == 2
    assert "servers.far.key_variable: OPENROUTER_API_KEY is not set" in said(capsys)
    assert main(["doctor"]) == 0
    assert "far wants a key, and OPENROUTER_API_KEY is not set" in said(capsys)
    monkeypatch.setenv("TTA_MODEL", "far:small")
    assert main(["models", "--json"]) == 0
    assert '"lacks": "OPENROUTER_API_KEY is not set"' in capsys.readouterr().out


def test_a_far_server_without_a_key_is_told_which_setting_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(tmp_path, monkeypatch, '[servers]\nfar = "https://models.example.org/v1"\n')

    assert main([*ONE_TURN, "--model", "far:small"]) == 2
    assert "servers.far.key_variable: must name" in said(capsys)


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("", "key_variable under [servers.studio]"),
        ("STUDIO_KEY", "studio refuses the key in STUDIO_KEY"),
    ],
)
def test_a_server_that_refuses_the_key_is_told_with_its_own_variable(
    variable: str,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with RunningWire() as server:
        server.script([Fault("bad_key")] * 9)
        toml = f'[servers.studio]\nurl = "{server.url}/v1"\n'
        if variable:
            toml += f'key_variable = "{variable}"\n'
            monkeypatch.setenv(variable, "k" * 20)
        configured(tmp_path, monkeypatch, toml)
        main([*ONE_TURN, "--model", "studio:small", "--on-failure", "stop"])

    told = said(capsys)
    assert expected in told
    assert "OPENAI_API_KEY" not in told


@pytest.mark.parametrize(
    ("host", "why"), [("127.0.0.1:9", "nothing answers there"), ("no-such.localhost.invalid", "")]
)
@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_server_that_is_down_is_named_with_its_address_and_a_way_on(
    more: tuple[str, ...],
    host: str,
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    toml = f'[servers.studio]\nurl = "http://{host}/v1?token=hush"\nkey_variable = "STUDIO_KEY"\n'
    configured(tmp_path, monkeypatch, toml)
    monkeypatch.setenv("STUDIO_KEY", "k" * 20)

    assert main([*ONE_TURN, "--model", "studio:small", "--on-failure", "stop", *more]) == 5

    told = " ".join(capsys.readouterr().err.split())
    assert f"small of studio at http://{host}/v1 could not be made ({why}" in told
    assert "--on-failure offline" in told
    assert "tta doctor" in told
    assert "gaierror" not in told
    assert "hush" not in told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((*ONE_TURN, "--model", "studio"), "--model: studio: say which model"),
        (("eval", "told", "s.jsonl", "--model", "studio"), "--model: studio: say which model"),
        (("eval", "told", "s.jsonl", "--model", "nope"), "--model: must begin with one of"),
    ],
)
def test_a_model_that_cannot_be_is_told_with_the_option_that_named_it(
    words: tuple[str, ...],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tiny.write(tmp_path / "s.jsonl", tiny.story())
    configured(tmp_path, monkeypatch, '[servers]\nstudio = "http://127.0.0.1:9/v1"\n')

    assert main(list(words)) == 2
    assert expected in said(capsys)
