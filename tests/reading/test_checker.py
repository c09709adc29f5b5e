"""The checker: what contradictions, and what must not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tta_rebuild.canon import Canon, Checker, WorldRules, compiled
from tta_rebuild.core.events import PlayerActed
from tta_rebuild.core.story import Claim

MakeCanon = Callable[..., Canon]

PEOPLE = [
    ("mara", "name", "Mara"),
    ("bram", "name", "Bram"),
    ("iva", "name", "Iva"),
    ("mara", "alive", "true"),
    ("bram", "alive", "true"),
    ("iva", "alive", "true"),
]


def _claim(subject: str, relation: str, value: str, sentence: str, *, ends: bool = False) -> Claim:
    return Claim(subject=subject, relation=relation, value=value, sentence=sentence, ends=ends)


CLAIMED = [
    (("bram", "alive", "false"), ("bram", "holds", "lamp"), "Bram holds the lamp.", "dead_acts"),
    (
        ("bram", "alive", "false"),
        ("bram", "alive", "true"),
        "Bram is alive and well.",
        "dead_returns",
    ),
    (
        ("mara", "located_in", "tower"),
        ("mara", "located_in", "mill"),
        "Mara sits in the mill.",
        "two_places",
    ),
    (
        ("iva", "kin", "sister of bram"),
        ("iva", "kin", "mother of bram"),
        "Iva is the mother of Bram.",
        "kin_changed",
    ),
    (
        ("iva", "trait", "green eyes"),
        ("iva", "trait", "brown eyes"),
        "Iva has brown eyes.",
        "trait_changed",
    ),
    (("iva", "role", "baker"), ("iva", "role", "captain"), "Iva is the captain.", "role_changed"),
    (
        ("lamp", "state", "destroyed"),
        ("mara", "holds", "lamp"),
        "Mara holds the lamp.",
        "destroyed_used",
    ),
    (
        ("bram", "holds", "lamp"),
        ("mara", "holds", "lamp"),
        "Mara has the lamp in her hand.",
        "given_away",
    ),
    (
        ("iva", "met", "mara"),
        ("iva", "first_meeting", "mara"),
        "Iva meets Mara for the first time.",
        "first_meeting_again",
    ),
    (("iva", "ability", "not swim"), ("iva", "ability", "swim"), "Iva can swim.", "ability_denied"),
    (
        ("iva", "unaware_of", "the hidden door"),
        ("iva", "knows", "the hidden door"),
        "Iva knows of the hidden door.",
        "knowledge_nobody_gave",
    ),
    (
        ("iva", "promise", "never enter the tower"),
        ("iva", "does", "enters the tower"),
        "Iva enters the tower.",
        "broken_promise",
    ),
    (
        ("mara", "count", "3 coins"),
        ("mara", "count", "7 coins"),
        "Mara has seven coins.",
        "count_changed",
    ),
    (
        ("story", "time_of_day", "evening"),
        ("story", "time_of_day", "noon"),
        "It is noon.",
        "time_backwards",
    ),
    (
        ("iva", "born_in", "Varn"),
        ("iva", "born_in", "Oster"),
        "Iva was born in Oster.",
        "origin_changed",
    ),
    (
        ("door", "state", "open"),
        ("door", "state", "closed"),
        "The door is closed.",
        "state_opposite",
    ),
]


@pytest.mark.parametrize(("known", "claimed", "sentence", "kind"), CLAIMED)
def test_a_claim_that_contradicts_the_canon_blocks_its_sentence(
    canon_of: MakeCanon,
    known: tuple[str, str, str],
    claimed: tuple[str, str, str],
    sentence: str,
    kind: str,
) -> None:
    canon = canon_of(*PEOPLE, known)
    findings = Checker(canon).check(sentence, [_claim(*claimed, sentence)])
    assert kind in {c.kind for c in findings.blocking}
    contradiction = next(c for c in findings.blocking if c.kind == kind)
    assert contradiction.positions == (len(PEOPLE) + 1,)
    assert contradiction.fix
    assert contradiction.sentence == sentence


TOLD = [
    (
        ("mara", "located_in", "tower"),
        ("mara", "located_in", "mill"),
        "Mara walks down to the mill.",
    ),
    (("bram", "holds", "lamp"), ("mara", "holds", "lamp"), "Bram gives Mara the lamp."),
    (("door", "state", "closed"), ("door", "state", "open"), "Mara opens the door."),
    (("iva", "role", "baker"), ("iva", "role", "captain"), "Iva was promoted to captain."),
    (
        ("iva", "ability", "not swim"),
        ("iva", "ability", "swim"),
        "That summer Iva learned to swim.",
    ),
    (
        ("story", "time_of_day", "evening"),
        ("story", "time_of_day", "morning"),
        "The next morning was cold.",
    ),
    (
        ("mara", "count", "3 coins"),
        ("mara", "count", "2 coins"),
        "Mara gave one away and had two coins.",
    ),
    (
        ("iva", "role", "keeper"),
        ("iva", "role", "lighthouse keeper"),
        "Iva is the lighthouse keeper.",
    ),
    (
        ("lamp room", "part_of", "tower"),
        ("mara", "located_in", "lamp room"),
        "Mara is in the lamp room.",
    ),
]


@pytest.mark.parametrize(("known", "claimed", "sentence"), TOLD)
def test_a_change_that_the_sentence_tells_is_no_contradiction(
    canon_of: MakeCanon, known: tuple[str, str, str], claimed: tuple[str, str, str], sentence: str
) -> None:
    canon = canon_of(*PEOPLE, known)
    findings = Checker(canon).check(sentence, [_claim(*claimed, sentence)])
    assert findings.blocking == ()


def test_a_person_found_elsewhere_in_a_new_turn_is_a_warning_only(canon_of: MakeCanon) -> None:
    canon = canon_of(*PEOPLE, ("mara", "located_in", "tower"))
    canon.apply(canon.position + 1, PlayerActed(text="go to the mill"))
    contradictions = Checker(canon).contradictions("Mara is in the mill.")
    assert [c.severity for c in contradictions] == ["warning"]


def test_a_claim_that_its_sentence_does_not_support_is_dropped(canon_of: MakeCanon) -> None:
    canon = canon_of(*PEOPLE)
    wild = _claim("bram", "alive", "false", "Mara smiled.")
    findings = Checker(canon).check("Mara smiled.", [wild])
    assert findings.dropped == (wild,)
    assert findings.claims == ()


def test_a_characters_word_contradictions_with_nothing(canon_of: MakeCanon) -> None:
    canon = canon_of(*PEOPLE, ("bram", "alive", "false"))
    assert Checker(canon).contradictions("Bram is alive!", speaker="mara") == []
    assert Checker(canon).contradictions('"Bram is alive," Mara said.') == []


PROSE = [
    (("bram", "alive", "false"), "Bram opened the door and laughed.", "dead_acts"),
    (("bridge", "state", "destroyed"), "Mara walked across the bridge.", "destroyed_used"),
    (("iva", "holds", "lamp"), "Mara raised the lamp.", "given_away"),
    (("iva", "met", "mara"), "Mara met Iva for the first time.", "first_meeting_again"),
    (("iva", "ability", "not swim"), "Iva swam across the lake.", "ability_denied"),
    (("iva", "promise", "never enter the tower"), "Iva stepped into the tower.", "broken_promise"),
    (("iva", "trait", "vegetarian"), "Iva ate the roast beef.", "trait_changed"),
]


@pytest.mark.parametrize(("known", "sentence", "kind"), PROSE)
def test_prose_is_held_against_what_its_deeds_need(
    canon_of: MakeCanon, known: tuple[str, str, str], sentence: str, kind: str
) -> None:
    canon = canon_of(*PEOPLE, known)
    assert kind in {c.kind for c in Checker(canon).contradictions(sentence) if c.blocks}


HARMLESS = [
    (("bram", "alive", "false"), "Mara thought of Bram and wept."),
    (("bram", "alive", "false"), "Bram had opened the door that night."),
    (("bram", "alive", "false"), "If Bram came back, she would forgive him."),
    (("bram", "alive", "false"), "They carried Bram's body to the chapel."),
    (("bridge", "state", "destroyed"), "Mara looked at the ruins of the bridge."),
    (("iva", "holds", "lamp"), "Mara took the lamp from Iva and raised it."),
    (("lamp", "state", "destroyed"), "Mara lit another lamp."),
    (("iva", "promise", "never enter the tower"), "Iva did not enter the tower."),
    (("door", "state", "locked"), "Mara unlocked the door and opened it."),
]


@pytest.mark.parametrize(("known", "sentence"), HARMLESS)
def test_what_is_remembered_denied_supposed_or_told_as_change_does_not_block(
    canon_of: MakeCanon, known: tuple[str, str, str], sentence: str
) -> None:
    canon = canon_of(*PEOPLE, known)
    assert [c for c in Checker(canon).contradictions(sentence) if c.blocks] == []


def test_the_second_sentence_of_a_draft_is_held_against_the_first(canon_of: MakeCanon) -> None:
    canon = canon_of(*PEOPLE)
    contradictions = Checker(canon).contradictions(
        "The bridge was destroyed by the flood. Mara crossed the bridge."
    )
    assert [c.kind for c in contradictions] == ["destroyed_used"]
    assert canon.facts_about("bridge") == []


def test_free_text_rules_become_checks_or_are_named_as_left_to_the_model(
    canon_of: MakeCanon,
) -> None:
    result = compiled(
        {
            "a": "no magic allowed",
            "b": "realistic world",
            "c": "nobody may enter the tower after dark",
            "d": "magic costs blood",
            "e": "The mood is hopeful throughout",
        }
    )
    assert result.left_to_model == ("e",)
    assert [r.kind for r in result.rules] == [
        "forbidden",
        "forbidden",
        "forbidden_act",
        "conditional",
    ]


@pytest.mark.parametrize(
    ("rule", "broken", "kept"),
    [
        ("no magic allowed", "She cast a spell on the guard.", "There was no magic in it."),
        ("realistic world", "A dragon circled overhead.", "It was only a story about a dragon."),
        (
            "magic costs blood",
            "He wove the enchantment.",
            "He wove the enchantment and bled for it.",
        ),
        ("guns are forbidden", "He drew a pistol.", "He drew a breath."),
    ],
)
def test_a_rule_blocks_what_it_forbids_and_nothing_else(
    canon_of: MakeCanon, rule: str, broken: str, kept: str
) -> None:
    checker = Checker(canon_of(), WorldRules(compiled({"rule": rule}).rules))
    assert [c.area for c in checker.contradictions(broken) if c.blocks] == ["world"]
    assert checker.contradictions(kept) == []


def test_a_rule_about_an_hour_holds_at_that_hour_only(canon_of: MakeCanon) -> None:
    rules = WorldRules(compiled({"r": "nobody may enter the tower after dark"}).rules)
    by_day = canon_of(*PEOPLE, ("story", "time_of_day", "noon"))
    at_night = canon_of(*PEOPLE, ("story", "time_of_day", "night"))
    assert Checker(by_day, rules).contradictions("Mara entered the tower.") == []
    assert [c.kind for c in Checker(at_night, rules).contradictions("Mara entered the tower.")] == [
        "rule_act"
    ]
