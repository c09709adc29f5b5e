"""``tta show``, ``compare`` and ``stories``: for people in words, for programs with stable keys."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.cli.main import main

TELL = ("story", "--theme", "A wreck in the bay", "--turns", "3", "--auto", "--seed", "5")
PEOPLE = ("--character", "Mara: a diver", "--character", "Tom: her brother")


@pytest.fixture(autouse=True)
def kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> str:
    """The id of a story with a second branch, ``other``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TTA_DATA_DIR", str(tmp_path / "stories"))
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("TTA_CONFIG", "TTA_DEBUG", "TTA_MODEL", "USE_REAL_LLM"):
        monkeypatch.delenv(name, raising=False)
    assert main([*TELL, *PEOPLE]) == 0
    capsys.readouterr()
    (row,) = rows(capsys, "stories")
    story_id: str = row["story_id"]
    assert main(["fork", story_id, "--turn", "1", "--name", "other"]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("I ask Tom about the bay.\nI help Tom.\n"))
    assert main(["story", "--story", story_id, "--branch", "other"]) == 0
    return story_id


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(words) == 0
    return capsys.readouterr().out


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(capsys, *words, "--json").splitlines()]


@pytest.mark.parametrize(
    ("what", "keys"),
    [
        (
            "timeline",
            "turn at action setting text facts ended never_so held_back told_by degraded "
            "ends_story",
        ),
        ("tree", "branch_id story_id name parent_id forked_at length turn created_at"),
        (
            "character",
            "character_id name is_player description feels arc traits goals reasons ties bonds "
            "believes remembers",
        ),
        ("facts", "subject relation value since sentence speaker certain turn"),
    ],
)
def test_show_has_a_form_for_programs_with_the_documented_keys(
    what: str, keys: str, kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = rows(capsys, "show", what, kept)

    assert shown
    assert all(set(row) == set(keys.split()) for row in shown)


def test_a_timeline_for_programs_has_a_line_for_each_turn(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = rows(capsys, "show", "timeline", kept, "--branch", "other")

    assert [row["turn"] for row in shown] == [1, 2, 3]
    assert [bool(row["action"]) for row in shown] == [False, True, True]


def test_a_branch_is_found_under_the_name_that_is_shown(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "fork", kept, "--turn", "1", "--name", "Łódź 雨 🎭 \x1b[31mred")

    assert said(capsys, "show", "timeline", kept, "--branch", "Łódź 雨 🎭 red")


def test_show_facts_and_facts_are_the_same(kept: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "show", "facts", kept) == said(capsys, "facts", kept)


def test_a_comparison_is_in_words_and_not_in_python(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(capsys, "compare", kept, "main", "other")

    assert "share 1 turn." in shown
    assert "main: 2 turns of its own" in shown
    assert not re.search(r"[{}\[]'|': |\['|None", shown)
    assert "Tom: feeling grateful" in shown


def test_a_comparison_for_programs_keeps_numbers_and_lists(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(said(capsys, "compare", kept, "main", "other", "--json"))

    assert {"subject", "relation", "value"} <= set(found["other"]["facts"][0])


def test_the_same_story_taken_in_again_says_that_it_is_here_already(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "door.json")
    said(capsys, "stories", "export", kept, "--format", "json", "--output", file)

    again = " ".join(said(capsys, "stories", "import", file).split())
    assert f"The same story was here already, as {kept[:8]}" in again
    assert len(rows(capsys, "stories")) == 2

    said(capsys, "stories", "delete", kept, "--yes")
    (copy,) = rows(capsys, "stories")
    said(capsys, "story", "--story", copy["story_id"], "--turns", "1", "--auto")
    assert "already" not in said(capsys, "stories", "import", file)


def test_who_speaks_is_seen_in_an_export(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "story", "--world", "lighthouse", "--turns", "4", "--auto", "--seed", "5")
    told = rows(capsys, "stories")[0]["story_id"]
    written = said(capsys, "stories", "export", told)

    assert re.search(r"^[A-Z]\w+: “[^“”]+”$", written, re.MULTILINE)
    assert "““" not in written


def completed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, typed: str
) -> str:
    capsys.readouterr()
    monkeypatch.setenv("_TTA_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
    main([])
    return capsys.readouterr().out


def test_a_shell_completes_stories_and_worlds(
    kept: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for typed in (f"tta facts {kept[:3]}", "tta play --story ", "tta stories export "):
        shown = completed(capsys, monkeypatch, typed)
        assert kept[:8] in shown
        assert "A wreck in the bay" in shown
    assert "lighthouse" in completed(capsys, monkeypatch, "tta play --world light")


def test_what_changes_a_story_answers_in_json_too(
    kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (branch,) = rows(capsys, "fork", kept, "--turn", "0", "--name", "anew")
    assert (branch["name"], branch["turn"], branch["story_id"]) == ("anew", 0, kept)

    (fact, *_) = rows(capsys, "facts", kept)
    wrong = (str(fact[key]) for key in ("subject", "relation", "value"))
    (plan,) = rows(capsys, "retcon", kept, *wrong)
    assert (plan["how"], plan["branch"], plan["plan"]["fact"]["value"]) == (
        None,
        None,
        fact["value"],
    )

    file = tmp_path / "story.json"
    said(capsys, "stories", "export", kept, "--format", "json", "--output", str(file))
    (copy,) = rows(capsys, "stories", "import", str(file))
    assert (copy["turns"], copy["copies_of"]) == (3, [kept])
    (gone,) = rows(capsys, "stories", "delete", copy["story_id"], "--yes")
    assert gone["story_id"] == copy["story_id"]


def test_a_person_is_shown_in_words_that_need_no_key(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(capsys, "show", "character", kept, "Tom")
    assert "arc" not in shown
    assert not re.search(r"\d\.\d", shown)


def test_a_fork_at_turn_0_shares_the_premise_and_tells_its_own_opening(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = " ".join(said(capsys, "fork", kept, "--turn", "0", "--name", "anew").split())
    assert "shares the premise, and tells its own opening" in shown
    said(capsys, "story", "--story", kept, "--branch", "anew", "--turns", "1", "--auto")
    assert [
        turn["turn"] for turn in rows(capsys, "show", "timeline", kept, "--branch", "anew")
    ] == [1]


@pytest.mark.parametrize("spoil", [{"version": "new"}, {"branches": None}])
def test_a_file_that_is_no_story_is_refused_without_a_library_s_words(
    spoil: dict[str, object], kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "story.json"
    said(capsys, "stories", "export", kept, "--format", "json", "--output", str(file))
    whole = json.loads(file.read_text())
    file.write_text(json.dumps({k: v for k, v in (whole | spoil).items() if v is not None}))
    assert main(["stories", "import", str(file)]) == 2
    shown = capsys.readouterr().err
    assert "Value error" not in shown
    assert "Field required" not in shown


CUT = "this scene was cut short: what came next did not fit (/why tells more)"


@pytest.fixture
def cut_short(kept: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The id of a story whose last turn a model began and had to leave."""
    file = tmp_path / "cut.json"
    said(capsys, "stories", "export", kept, "--format", "json", "--output", str(file))
    data = json.loads(file.read_text())
    told = [e["data"]["scene"] for e in data["branches"][0]["events"] if e["kind"] == "scene_told"]
    told[-1].update(degraded=CUT, told_by="studio:small")
    file.write_text(json.dumps(data))
    story_id: str = rows(capsys, "stories", "import", str(file))[0]["story_id"]
    return story_id


def test_a_timeline_says_who_told_a_turn_and_what_went_wrong_in_it(
    cut_short: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = said(capsys, "show", "timeline", cut_short)
    assert shown.count("told by offline") == 1
    assert shown.count("told by studio:small") == 1
    assert "  !  this scene was cut short: what came next did not fit\n" in shown


def test_a_turn_s_notes_come_back_with_its_scene(
    cut_short: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("/look\n/quit\n"))
    told = " ".join(said(capsys, "play", "--story", cut_short, "--model", "offline").split())
    assert told.count(f"({CUT})") == 2


def test_why_does_not_point_to_itself(
    cut_short: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("/why\n/quit\n"))
    told = said(capsys, "play", "--story", cut_short, "--model", "offline").split("> /why")[1]
    assert "this scene was cut short" in told
    assert "tells more" not in told


def test_a_branch_beside_itself_is_the_same_branch(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "compare", kept, "main", "main") == (
        "That is the same branch twice: 'main', 3 turns.\n"
    )


def test_deleting_from_a_pipe_asks_for_yes_and_blames_no_value(
    kept: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("no\n"))
    assert main(["stories", "delete", kept]) == 2
    shown = capsys.readouterr().err
    assert "add --yes to delete without asking" in " ".join(shown.split())
    assert "Invalid value" not in shown
    assert len(rows(capsys, "stories")) == 1
