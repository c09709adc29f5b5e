"""The command line on a real PostgreSQL server, which ``TTA_DATABASE_URL`` names."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.alone import quiet_environment
from tta_rebuild.cli.main import main

TTA = [sys.executable, "-m", "tta_rebuild"]
TELL = ("story", "--auto", "--json", "--turns")


class Server:
    """Runs ``tta`` with the address of a server in the environment."""

    def __init__(self, address: str, room: Path) -> None:
        self.environment = quiet_environment(room / "home", TTA_DATABASE_URL=address)
        self.home = room / "home"

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*TTA, *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def tta(self, *words: str, code: int = 0) -> str:
        process = self.begin(*words)
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, (words, out, err)
        return out + err


@pytest.fixture
def server(postgresql_database: str, tmp_path: Path) -> Server:
    return Server(postgresql_database, tmp_path)


def turns_of(lines: str) -> list[int]:
    rows = [json.loads(line) for line in lines.splitlines()]
    return [row["turn"] for row in rows if row["type"] == "turn"]


def test_a_whole_story_is_played_looked_at_replayed_and_moved_on_a_server(
    server: Server, tmp_path: Path
) -> None:
    assert "There are no stories yet" in server.tta("stories")
    told = server.tta(*TELL, "5", "--theme", "A wreck in the bay", "--length", "5")
    assert turns_of(told) == [1, 2, 3, 4, 5]
    story_id = json.loads(told.splitlines()[0])["story_id"]
    assert "Every byte agrees: 5 turns" in server.tta("replay", story_id)
    server.tta("fork", story_id, "--turn", "2", "--name", "other")
    for look in ("show timeline {}", "facts {}", "compare {} main other", "stories export {}"):
        assert server.tta(*look.format(story_id).split())
    file = tmp_path / "story.json"
    server.tta("stories", "export", story_id, "--format", "json", "-o", str(file))
    assert "is here now" in server.tta("stories", "import", str(file))
    assert "2 stories in postgresql" in " ".join(server.tta("doctor").split())
    assert "Nothing was spent" in server.tta("costs")
    assert not (server.home / "stories").exists()


def test_two_processes_play_two_stories_at_once_on_a_server(server: Server) -> None:
    server.tta("stories")
    both = [server.begin(*TELL, "4", "--theme", theme) for theme in ("A wreck", "A lighthouse")]
    for process in both:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert turns_of(out) == [1, 2, 3, 4]
    rows = [json.loads(r) for r in server.tta("stories", "list", "--json").splitlines()]
    assert [row["turns"] for row in rows] == [4, 4]
    for row in rows:
        assert "Every byte agrees: 4 turns" in server.tta("replay", row["story_id"])


def test_two_processes_on_one_story_never_mix_their_turns(server: Server) -> None:
    told = server.tta(*TELL, "1", "--theme", "A wreck in the bay")
    story_id = json.loads(told.splitlines()[0])["story_id"]
    both = [server.begin(*TELL, "6", "--story", story_id) for _ in range(2)]
    ends = [(*process.communicate(timeout=120), process.returncode) for process in both]

    stored = sorted(turn for out, _, _ in ends for turn in turns_of(out))
    assert stored == list(range(2, len(stored) + 2)), "each turn was told to one player alone"
    for _, err, code in ends:
        assert code == 0 or (code == 4 and "another writer was first" in err), err
    assert any(code == 0 for _, _, code in ends)
    assert f"Every byte agrees: {len(stored) + 1} turns" in server.tta("replay", story_id)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ana:{}@127.0.0.1:9/stories",
        "postgresql://ana:{}:x@127.0.0.1:port/stories",
        "postgresql://127.0.0.1:9/stories?password={}",
        "mysql://ana:{}@127.0.0.1/stories",
    ],
)
@pytest.mark.parametrize("command", ["stories", "doctor", "play --theme wreckage"])
def test_a_server_that_cannot_be_used_is_named_without_its_password(
    address: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    password = secrets.token_hex(8)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("TTA_DATABASE_URL", address.format(password))
    code = main(command.split())
    seen = capsys.readouterr()
    assert code in (2, 75 if "127.0.0.1:9/" in address else 4), seen
    assert password not in seen.out + seen.err
    assert "defect" not in seen.err


def test_doctor_shows_the_server_without_its_password(
    postgresql_database: str, tmp_path: Path
) -> None:
    password = secrets.token_hex(8)
    server = Server(postgresql_database.replace(":@", f":{password}@"), tmp_path)
    said = server.tta("doctor")
    assert ":***@" in said
    assert password not in said
