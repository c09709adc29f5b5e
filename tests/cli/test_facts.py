"""``tta facts``, ``tta retcon`` and ``tta validate``: what is true, corrected, and checked."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tta_rebuild.cli.main import main

TALE = """\
Mara is a smith. She lives in the old mill. She took the silver lamp and walked home.

Mara died that night. Everybody wept. Mara ran to the river and shouted.
"""


@pytest.fixture(autouse=True)
def _a_room_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TTA_DATA_DIR", str(tmp_path / "stories"))
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("TTA_CONFIG", "TTA_DEBUG", "TTA_MODEL", "USE_REAL_LLM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def kept(capsys: pytest.CaptureFixture[str]) -> str:
    """The id of a short story that is kept here."""
    told = ["story", "--world", "lighthouse", "--turns", "3", "--seed", "3"]
    assert main([*told, "--auto"]) == 0
    capsys.readouterr()
    assert main(["stories"]) == 0
    return capsys.readouterr().out.split()[0]


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    """What a command answers as JSON lines."""
    capsys.readouterr()
    main([*words, "--json"])
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_facts_of_a_text_file_stand_under_who_where_and_what_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tale.txt").write_text(TALE)
    assert main(["facts", "tale.txt"]) == 0
    shown = capsys.readouterr().out
    for section in ("Who\n", "Where\n", "What holds\n", "Contradictions\n"):
        assert section in shown
    assert "alive: no [sentence 4]" in shown
    assert "holds: silver lamp" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_fact_of_a_text_file_keeps_its_sentence_and_the_number_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tale.txt").write_text(TALE)
    died = next(row for row in rows(capsys, "facts", "tale.txt") if row["relation"] == "alive")
    assert (died["sentence"], died["sentence_number"]) == ("Mara died that night.", 4)


def test_a_text_that_contradicts_itself_ends_with_1_and_shows_both_sentences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tale.txt").write_text(TALE)
    assert main(["validate", "tale.txt"]) == 1
    shown = capsys.readouterr().out
    assert "sentence 6: Mara ran to the river" in shown
    assert "sentence 4: Mara died that night." in shown


def test_rules_that_no_rule_can_check_are_named_as_left_to_the_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tale.txt").write_text("Mara cast a spell. The sky was blue.")
    words = ["validate", "tale.txt", "--rule", "no magic", "--rule", "kindness matters"]
    assert main(words) == 1
    shown = capsys.readouterr().out
    assert "no magic -- checked" in shown
    assert "kindness matters -- left to the model" in shown
    assert "Mara cast a spell." in shown


def test_a_story_begins_by_saying_which_of_its_rules_are_not_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("/quit\n"))
    words = ["play", "--theme", "A lighthouse at night", "--length", "1", "--model", "offline"]
    assert main([*words, "--rule", "no dragons", "--rule", "kindness matters"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Not checked: the rule 'kindness matters'" in shown
    assert "the rule 'no dragons'" not in shown


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.txt", None, "No such file"),
        ("empty.txt", b" \n", "is empty"),
        ("latin.txt", b"caf\xe9", "not UTF-8"),
        ("export.json", b'{"format": "tta-story"}', "stories import"),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_what_to_do(
    name: str,
    content: bytes | None,
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for command in ("facts", "validate"):
        assert main([command, name]) == 2
        shown = " ".join(capsys.readouterr().err.replace("│", " ").split())
        assert says in shown


def test_facts_of_a_kept_story_name_the_turn_and_can_go_back(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    all_rows = rows(capsys, "facts", kept)
    early = rows(capsys, "facts", kept, "--turn", "1")
    assert all_rows
    assert {row["turn"] for row in early} <= {0, 1}
    assert len(early) < len(all_rows)


def test_a_retcon_shows_its_plan_first_and_changes_nothing(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows(capsys, "facts", kept)
    fact = next(row for row in before if row["relation"] == "located_in")
    wrong = [str(fact[key]) for key in ("subject", "relation", "value")]
    assert main(["retcon", kept, *wrong, "--becomes", "the cellar"]) == 0
    assert "Nothing is changed yet" in capsys.readouterr().out
    assert rows(capsys, "facts", kept) == before

    assert main(["retcon", kept, *wrong, "--becomes", "the cellar", "--how", "keep"]) == 0
    after = rows(capsys, "facts", kept)
    assert {(r["subject"], r["value"]) for r in after} >= {(fact["subject"], "the cellar")}
    assert main(["replay", kept]) == 0


def test_a_rewrite_leaves_the_branch_as_it_was(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows(capsys, "facts", kept)
    fact = next(row for row in before if row["relation"] == "located_in")
    wrong = [str(fact[key]) for key in ("subject", "relation", "value")]
    assert main(["retcon", kept, *wrong, "--how", "rewrite"]) == 0
    assert "branch-2" in capsys.readouterr().out
    assert rows(capsys, "facts", kept) == before


def test_a_retcon_of_what_never_was_so_or_in_an_unknown_way_is_refused(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["retcon", kept, "nobody", "holds", "crown"]) == 1
    assert "never was so" in capsys.readouterr().err
    assert main(["retcon", kept, "nobody", "holds", "crown", "--how", "forget"]) == 2


def test_validate_judges_a_choice_by_what_holds_in_the_story(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["story", "--theme", "A lighthouse keeper finds a door", "--turns", "1", "--auto"]
    assert main([*words, "--seed", "3", "--character", "Mara", "--character", "Tom"]) == 0
    capsys.readouterr()
    main(["stories"])
    story = capsys.readouterr().out.split()[0]
    choice = ["validate", story, "Tom opens the old door for Mara", "--affects", "tom"]
    assert main(choice) == 0
    dead = ["retcon", story, "tom", "alive", "true", "--becomes", "false", "--how", "mark"]
    assert main(dead) == 0
    assert main(choice) == 1
    assert "tom acts or speaks, but is dead" in capsys.readouterr().out


@pytest.fixture
def kept_without_violence(capsys: pytest.CaptureFixture[str]) -> str:
    """The id of a story whose player is Mara and which keeps violence out."""
    words = ["story", "--theme", "A lighthouse keeper finds a door", "--turns", "1", "--auto"]
    people = ["--character", "Mara", "--character", "Ben"]
    assert main([*words, "--seed", "3", *people, "--boundary", "violence=none"]) == 0
    capsys.readouterr()
    assert main(["stories"]) == 0
    return capsys.readouterr().out.split()[0]


def test_validate_refuses_by_the_boundaries_what_play_refuses(
    kept_without_violence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", kept_without_violence, "Stab Ben"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "would not be played" in said
    assert "touches violence, which the player keeps at 'none'" in said


def test_validate_does_not_ask_that_own_words_name_the_player(
    kept_without_violence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", kept_without_violence, "I ask Ben about the door"]) == 0
    assert "is not mentioned" not in capsys.readouterr().out


def test_facts_of_a_turn_that_is_not_there_are_an_error_with_the_branch_s_name(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["facts", kept, "--turn", "99"]) == 3
    assert "the branch 'main' has no turn 99; its last is 3" in capsys.readouterr().err
    assert main(["fork", kept, "--turn", "99"]) == 3
    assert "the branch 'main' has no turn 99; its last is 3" in capsys.readouterr().err


def test_as_many_facts_are_listed_as_are_counted(
    kept_without_violence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["facts", kept_without_violence]) == 0
    shown = capsys.readouterr().out
    counted = int(shown.split()[0])
    assert counted == len([line for line in shown.splitlines() if line.startswith("    ")])


def test_a_correction_holds_for_earlier_turns_too_for_it_never_was_so(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fact = next(r for r in rows(capsys, "facts", kept) if r["relation"] == "weather")
    wrong = [str(fact[key]) for key in ("subject", "relation", "value")]
    assert main(["retcon", kept, *wrong, "--becomes", "thick fog", "--how", "keep"]) == 0
    told = str(fact["turn"])
    then = [r for r in rows(capsys, "facts", kept, "--turn", told) if r["relation"] == "weather"]
    assert [row["value"] for row in then] == ["thick fog"]


def test_a_rewrite_says_which_scene_still_tells_it_the_old_way(
    kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fact = next(r for r in rows(capsys, "facts", kept) if r["relation"] == "weather")
    wrong = [str(fact[key]) for key in ("subject", "relation", "value")]
    assert main(["retcon", kept, *wrong, "--how", "rewrite"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"The scene of turn {fact['turn']} still tells it the old way" in said
    assert f"tta fork {kept} --turn {int(str(fact['turn'])) - 1}" in said


@pytest.fixture
def with_a_line(tmp_path: Path, kept: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The id of a story whose second turn keeps a lasting line and tells of somebody unnamed."""
    (tmp_path / "out").mkdir()
    file = tmp_path / "out" / "story.json"
    assert main(["stories", "export", kept, "--format", "json", "--output", str(file)]) == 0
    data = json.loads(file.read_text())
    events = data["branches"][0]["events"]
    last = max(n for n, event in enumerate(events) if event["turn"] == 2)
    oswin = {"subject": "oswin", "relation": "holds", "value": "brass_key"}
    said = {"claim": {**oswin, "sentence": "Oswin pockets the brass key."}}
    line = {"line": {"text": "The debt falls due at midsummer.", "known_by": ["oswin"]}}
    for kind, content in (("fact_asserted", said), ("line_kept", line)):
        like = next(e for e in events if e["kind"] == "fact_asserted")
        events.insert(last + 1, {**like, **events[last], "kind": kind, "version": 1})
        events[last + 1]["data"] = content
    file.write_text(json.dumps(data))
    capsys.readouterr()
    assert main(["stories", "import", str(file), "--json"]) == 0
    story_id: str = json.loads(capsys.readouterr().out)["story_id"]
    return story_id


def test_lasting_lines_stand_in_facts_at_their_turn_and_in_play(
    with_a_line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    for words in ((), ("--turn", "2"), ("--turn", "1"), ("midsummer",), ("sundial",)):
        assert main(["facts", with_a_line, *words]) == 0
        shown.append("falls due at midsummer. [known to: Oswin]" in capsys.readouterr().out)
    assert shown == [True, True, False, True, False]
    monkeypatch.setattr("sys.stdin", io.StringIO("/facts debt\n/facts sundial\n/quit\n"))
    assert main(["play", "--story", with_a_line, "--model", "offline"]) == 0
    assert capsys.readouterr().out.count("The debt falls due at midsummer.") == 1


def test_a_name_is_shown_as_the_story_writes_it(
    with_a_line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["facts", with_a_line, "brass key"]) == 0
    shown = capsys.readouterr().out
    assert "1 fact that mentions 'brass key', about 1 subject." in shown
    assert "  Oswin\n    holds: brass key [turn 2]" in shown


def test_a_player_without_a_name_is_you(kept: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["facts", kept]) == 0
    shown = capsys.readouterr().out
    assert "  you\n" in shown
    assert "player" not in shown


@pytest.mark.parametrize("choice", ["", " \n"])
def test_validate_refuses_a_choice_without_words(
    kept: str, choice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", kept, choice]) == 2
    assert "leave it out to check what is offered" in " ".join(capsys.readouterr().err.split())
