"""``tta tokens``: made once, listed without their secrets, revoked for good."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tta_rebuild.cli.main import main


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of its own, no configuration."""
    for name in ("HOME", "XDG_CONFIG_HOME", "TTA_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "own"))
    for name in ("TTA_MODEL", "TTA_CHAIN", "TTA_ACCESS", "USE_REAL_LLM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_token_is_shown_once_alone_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "add", "anna", "--days", "3"]) == 0
    [secret] = lines(capsys)
    assert main(["tokens", "list"]) == 0
    listed = "\n".join(lines(capsys))
    assert main(["tokens", "list", "--json"]) == 0
    [row] = [json.loads(line) for line in lines(capsys)]

    assert len(secret) > 40
    assert secret.startswith("tta_")
    assert "anna" in listed
    assert secret[4:] not in listed + json.dumps(row)
    assert (row["player_id"], row["role"], row["used_at"]) == ("anna", "player", None)
    assert row["expires_at"] > row["created_at"]


def test_what_a_player_may_spend_a_day_is_set_listed_and_lifted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def budgets() -> list[tuple[str, float | None, float]]:
        capsys.readouterr()
        main(["tokens", "list", "--json"])
        rows = [json.loads(line) for line in lines(capsys)]
        return [(one["player_id"], one["usd_a_day"], one["spent_today_usd"]) for one in rows]

    assert main(["tokens", "add", "anna", "--budget", "0.5"]) == 0
    assert main(["tokens", "add", "ben"]) == 0
    assert budgets() == [("anna", 0.5, 0.0), ("ben", None, 0.0)]
    main(["tokens", "list"])
    assert "$0.0000 spent today of at most $0.50" in " ".join(" ".join(lines(capsys)).split())
    assert main(["tokens", "add", "anna"]) == 0, "another token changes no budget"
    assert main(["tokens", "budget", "ben", "2"]) == 0
    assert budgets() == [("anna", 0.5, 0.0), ("ben", 2.0, 0.0), ("anna", 0.5, 0.0)]
    assert main(["tokens", "budget", "anna"]) == 0
    assert budgets()[0] == ("anna", None, 0.0)
    assert main(["tokens", "budget", "nobody", "1"]) == 3
    assert main(["tokens", "add", "anna", "--budget", "-1"]) == 2


def test_what_a_story_may_cost_is_set_and_lifted(capsys: pytest.CaptureFixture[str]) -> None:
    from tta_rebuild.storage.story_store import StoryStore

    main(["story", "--world", "lighthouse", "--turns", "1", "--auto", "--json"])
    capsys.readouterr()
    main(["stories", "--json"])
    [row] = [json.loads(line) for line in lines(capsys)]
    database = Path(os.environ["TTA_DATA_DIR"]) / "stories.db"

    def limits() -> dict[str, float]:
        async def read() -> dict[str, float]:
            store = await StoryStore.open(database)
            found = dict(await store.access().story_limits())
            await store.close()
            return found

        return asyncio.run(read())

    assert main(["stories", "budget", row["story_id"], "2.5"]) == 0
    assert "may cost $2.50 in all" in " ".join(lines(capsys))
    assert limits() == {row["story_id"]: 2.5}
    assert main(["stories", "budget", row["story_id"], "--", "-1"]) == 2
    assert main(["stories", "budget", "nothing", "1"]) == 3
    assert main(["stories", "budget", row["story_id"]]) == 0
    assert limits() == {}


def test_a_token_is_revoked_once(capsys: pytest.CaptureFixture[str]) -> None:
    main(["tokens", "add", "anna"])
    main(["tokens", "add", "anna", "--role", "operator"])
    capsys.readouterr()

    assert main(["tokens", "revoke", "anna"]) == 0
    told = capsys.readouterr()
    assert told.out.count("anna") == 2
    assert "no operator has a token" in told.err
    assert main(["tokens", "revoke", "anna"]) == 3
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)

    assert found["access"] == {"access": "auto", "tokens": 2, "good": 0, "operators": 0}
    assert any("no operator" in note for note in found["notes"])


@pytest.mark.parametrize("name", ["", "anna berg", "a" * 61, "anna\x1b[31m"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    assert main(["tokens", "add", name]) == 2


def test_a_role_that_is_none_is_refused() -> None:
    assert main(["tokens", "add", "anna", "--role", "king"]) == 2


def test_while_a_server_runs_it_is_said_how_tokens_are_changed(tmp_path: Path) -> None:
    tta = [sys.executable, "-m", "tta_rebuild", "--data-dir", str(tmp_path)]
    environment = {**os.environ, "TTA_MODEL": "offline", "COLUMNS": "80"}
    pytest.importorskip("fastapi", reason="the server is not installed: tta-rebuild[server]")
    process = subprocess.Popen(
        [*tta, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        added = subprocess.run(
            [*tta, "tokens", "add", "anna", "--budget", "0.5"],
            capture_output=True,
            text=True,
            env=environment,
        )
        listed = subprocess.run(
            [*tta, "tokens", "list"], capture_output=True, text=True, env=environment
        )
    finally:
        process.terminate()
        process.communicate(timeout=30)

    assert added.returncode == 4
    assert added.stdout == ""
    assert "on its page 'Costs'" in added.stderr
    command = next(line for line in added.stderr.splitlines() if line.startswith("curl"))
    assert shlex.split(command)[1:] == [
        *("--oauth2-bearer", "$TTA_TOKEN"),
        *("--json", '{"player": "anna", "role": "player", "usd_a_day": 0.5}'),
        "http://127.0.0.1:8000/api/v1/tokens",
    ]
    assert listed.returncode == 0
