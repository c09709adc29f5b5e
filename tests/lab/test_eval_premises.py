"""``tta eval premises``: a premise's reading and its moves, against what a person has read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.lab import tiny
from tta_rebuild.cli.main import main
from tta_rebuild.engine.session import Session
from tta_rebuild.lab import premise_agreement
from tta_rebuild.lab.premise_agreement import (
    excluded_in,
    head_of,
    heads_of,
    is_place_right,
    is_role_right,
    is_same_person,
    why_misunderstood,
    why_untrue,
)
from tta_rebuild.lab.told_file import PremiseMove, ReadPerson
from tta_rebuild.storyteller.premise import PremiseReading
from tta_rebuild.storyteller.premise_people import PremisePerson

KEYS = (
    "premises people people_found pronouns_right roles_right places_right must_not_hit moves "
    "moves_understood moves_true rows"
).split()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tiny.write(tmp_path / "premises.jsonl", tiny.read_premise())


def test_the_json_has_the_promised_keys_and_every_row(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "premises", str(file), "--json"]) == 0

    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert list(found) == KEYS
    assert (found["premises"], found["people"], found["people_found"]) == (1, 3, 2)
    assert (found["pronouns_right"], found["roles_right"], found["places_right"]) == (2, 2, 1)
    assert (found["must_not_hit"], found["moves"]) == (0, 2)
    kinds = [row["kind"] for row in found["rows"]]
    assert kinds.count("people") == 3
    assert kinds.count("moves") == 2
    moves = [row for row in found["rows"] if row["kind"] == "moves"]
    assert all(row["prose"] or row["found"].startswith("refused: ") for row in moves)


def test_read_only_plays_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "premises", str(file), "--json", "--read-only"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["premises"], found["moves"]) == (1, 0)


def test_a_bound_that_is_not_reached_ends_with_code_1(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["eval", "premises", str(file), "--read-only", "--fail-under"]
    assert main([*words, "people_found=90%"]) == 1
    assert "short: people_found: 2 of 3" in capsys.readouterr().err
    assert main([*words, "pronouns_right=95%"]) == 0


def test_the_table_shows_the_misses_alone(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "premises", str(file), "--read-only"]) == 0

    seen = capsys.readouterr().out
    assert "people found" in seen
    assert "the inspector of lights" in seen
    assert "your wife" not in seen


def test_ctrl_c_shows_what_was_measured_so_far(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Session, "turn", interrupted)
    assert main(["eval", "premises", str(file), "--json"]) == 130

    found = json.loads(capsys.readouterr().out)
    assert found["partial"]
    assert found["people_found"] == 2


def test_a_row_without_a_place_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tiny.write(tmp_path / "p.jsonl", {**tiny.read_premise(), "places": []})

    assert main(["eval", "premises", str(wrong)]) != 0
    assert "line 1: 'p1': places" in " ".join(capsys.readouterr().err.split())


# ------------------------------------------------------------------------ agreement by words


@pytest.mark.parametrize(
    ("phrase", "head"),
    [
        ("the nurse who tends both", "nurse"),
        ("a warrior from a culture without surrender", "warrior"),
        ("somebody caught up in a war", "somebody"),
        ("the old maps", "map"),
        ("your guardian angel", "angel"),
        ("the foreman about the accident", "foreman"),
        ("the lid off", "lid"),
        ("to the ferryman", "ferryman"),
    ],
)
def test_the_head_of_a_phrase(phrase: str, head: str) -> None:
    assert head_of(phrase) == head


def test_a_move_of_which_no_object_is_named_agrees_by_its_act() -> None:
    move = PremiseMove.model_validate({"text": "sneeze", "act": "sneeze", "after": "You sneezed."})

    assert not why_misunderstood(move, {"family": "fall", "verb": "sneeze"})
    assert why_misunderstood(move, {"family": "go", "verb": "walk"})


def test_every_alternative_has_a_head() -> None:
    assert {"doctor", "nurse"} <= heads_of("the doctor or nurse")
    assert "clerk" in heads_of("a civilian (a clerk)")


def person(said: str, name: str = "", pronouns: str = "unknown") -> ReadPerson:
    return ReadPerson.model_validate({"name": name, "is": said, "pronouns": pronouns})


def test_people_agree_by_name_or_by_the_head_of_their_role() -> None:
    assert is_same_person(PremisePerson(name="Jason"), person("a killer", "Jason Vorhess"))
    assert is_same_person(PremisePerson(role="the tired nurse"), person("the nurse of both"))
    assert not is_same_person(PremisePerson(role="the nurse"), person("the doctor"))
    assert not is_same_person(PremisePerson(role="whoever is at the door"), person("whoever sings"))


def test_a_role_of_the_player_is_right_only_where_it_says_your() -> None:
    assert is_role_right(PremisePerson(role="your wife"), person("your wife"))
    assert not is_role_right(PremisePerson(role="the wife"), person("your wife"))
    assert not is_role_right(PremisePerson(name="Jason"), person("a rival killer", "Jason"))


def test_here_is_right_only_where_no_kind_of_place_is_named() -> None:
    here = PremiseReading()
    lighthouse = PremiseReading(at="at the lighthouse", places=("the lighthouse",))
    assert is_place_right(here, ["the place where they meet"])
    assert not is_place_right(here, ["the lighthouse"])
    assert is_place_right(lighthouse, ["the old lighthouse on the rock"])
    assert not is_place_right(lighthouse, ["the place where they meet"])


def test_what_a_premise_excludes_is_found_in_one_sentence_and_not_in_its_denial() -> None:
    wrong = ["the wizard still runs the shop"]
    assert excluded_in(wrong, ["The wizard still runs his shop."], "a shop") == wrong[0]
    assert excluded_in(wrong, ["The wizard no longer runs the shop."], "a shop") == ""
    assert excluded_in(wrong, ["A wizard came.", "The shop runs well."], "a shop") == ""
    assert excluded_in(wrong, ["The wizard still runs it."], "a wizard runs a shop still") == ""


BURN = PremiseMove(text="burn it", act="burn", object="the log book", after="The log book is ashes")


def act(family: str = "burn", **parts: str) -> Mapping[str, str]:
    return {"family": family, "verb": family, **parts}


def test_an_act_is_understood_by_its_family_and_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(premise_agreement, "family_of", {"burn": "burn"}.get)
    assert why_misunderstood(BURN, act(object="your log book")) == ""
    assert why_misunderstood(BURN, act(object="it")) == ""  # as the move says it
    assert why_misunderstood(BURN, {}) == "no act"
    assert why_misunderstood(BURN, act("open", object="the log book")) == "read as open, not burn"
    assert why_misunderstood(BURN, act(object="the lamp")) == "of the lamp, not the log book"


def test_a_move_is_true_by_canon_and_prose_or_refused_with_a_reason() -> None:
    prose = "You hold it in the flame until the log book is ashes."
    assert why_untrue(BURN, "", ["log book is burnt"], prose) == ""
    assert why_untrue(BURN, "", [], prose) == "nothing of it in canon"
    assert why_untrue(BURN, "", ["the log is here"], "You burn it.").endswith("what must be true")
    assert why_untrue(BURN, "it is wet", [], "") == "was refused"
    never = BURN.model_copy(update={"after": "refused: it is locked away"})
    assert why_untrue(never, "It is locked away.", [], "") == ""
    assert why_untrue(never, "", ["log book is burnt"], prose) == "should have been refused"
