"""``tta backup`` and ``tta restore``, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.alone import run_alone

STORY = ("-m", "tta_rebuild", "story", "--theme", "A keeper", "--turns", "2", "--auto")


def tta(home: Path, *words: str) -> tuple[int, str]:
    done = run_alone(home, "-m", "tta_rebuild", *words)
    return done.returncode, done.stdout + done.stderr


def test_stories_are_copied_and_put_back_elsewhere(tmp_path: Path) -> None:
    home, file = tmp_path / "home", str(tmp_path / "copy.db")
    assert run_alone(home, *STORY).returncode == 0
    code, said = tta(home, "backup", file)
    assert (code, "1 story in" in said) == (0, True)

    there = ("--data-dir", str(tmp_path / "there"))
    assert tta(home, *there, "restore", file) == (0, "1 story restored.\n")
    code, said = tta(home, *there, "restore", file, "--json")
    made = json.loads(said)
    assert (code, made["stories"]) == (0, 1)
    assert Path(made["kept"]).is_file()
    assert json.loads(tta(home, *there, "stories", "--json")[1])["turns"] == 2


def test_what_cannot_be_copied_or_restored_is_said_with_what_to_do(tmp_path: Path) -> None:
    home, file = tmp_path / "home", tmp_path / "copy.db"
    code, said = tta(home, "backup", str(file))
    assert (code, "nothing here to make a copy of" in said) == (4, True)
    assert not file.exists()

    assert run_alone(home, *STORY).returncode == 0
    file.write_text("mine")
    code, said = tta(home, "backup", str(file))
    assert (code, "--force" in said) == (4, True)
    code, said = tta(home, "restore", str(file))
    assert code == 4
    assert "not a database" in said


def test_a_restore_keeps_tokens_revoked_and_says_loudly_which_are_good_again(
    tmp_path: Path,
) -> None:
    home, file = tmp_path / "home", str(tmp_path / "copy.db")
    for player in ("anna", "ben"):
        assert tta(home, "tokens", "add", player)[0] == 0
    assert tta(home, "backup", file)[0] == 0
    assert tta(home, "tokens", "revoke", "anna")[0] == 0

    code, said = tta(home, "restore", file)
    rows = [json.loads(row) for row in tta(home, "tokens", "list", "--json")[1].splitlines()]
    assert (code, {row["player_id"] for row in rows if not row["revoked_at"]}) == (0, {"ben"})
    assert "still so" in said
    assert "of anna" in said
    elsewhere = tta(home, "--data-dir", str(tmp_path / "there"), "restore", file)[1]
    assert "Good again" in elsewhere
    assert "of anna" in elsewhere
    assert "of ben" in elsewhere
