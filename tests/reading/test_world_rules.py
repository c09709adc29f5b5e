"""World rules: what each means, word for word, and what is left to a model."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tta_rebuild.canon import Canon
from tta_rebuild.reading.world_rules import WorldRules, compiled

PAIRS = [
    (entry["text"], sentence, breaks)
    for entry in tomllib.loads(
        (Path(__file__).parent / "rules_and_sentences.toml").read_text("utf-8")
    )["rule"]
    for breaks in (True, False)
    for sentence in entry["breaks" if breaks else "keeps"]
]


def broken(rule: str, sentence: str, name: str = "rule") -> bool:
    rules = WorldRules(compiled({name: rule}).rules)
    return any(contradiction.blocks for contradiction in rules.contradictions(sentence))


@pytest.mark.parametrize(("rule", "sentence", "breaks"), PAIRS)
def test_a_rule_means_the_words_it_names_in_all_their_forms(
    rule: str, sentence: str, breaks: bool
) -> None:
    assert broken(rule, sentence) is breaks


@pytest.mark.parametrize(
    "rule",
    [
        "The mood is hopeful throughout",
        "magic has a price",
        "kindness matters",
        "no harm comes to innocents unless they deserve it",
        "nobody can enter unless invited",
        "The king is always right",
        "everyone must wear a mask",
        "the city is ruled by a council",
        "no one who lies may speak",
        "A promise binds both sides",
        "no violence against children",
        "weapons are banned in the city",
        "The king must not be woken",
        "Children are not allowed in the tower.",
        "Only priests can open the gate.",
        "Magic always costs blood.",
        "no talking animals",
        "Nobody is allowed to enter the library after dark",
        "Nobody may lie without a good reason",
    ],
)
def test_a_rule_that_is_not_understood_whole_is_left_to_the_model(rule: str) -> None:
    result = compiled({"rule": rule})
    assert result.rules == ()
    assert result.left_to_model == ("rule",)


def test_a_rule_of_which_a_part_is_understood_is_both_checked_and_left() -> None:
    result = compiled({"rule": "No magic. Kindness matters."})
    assert [rule.kind for rule in result.rules] == ["forbidden"]
    assert result.left_to_model == ("rule",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no_magic", "strict"),
        ("no_magic", ""),
        ("magic", "forbidden"),
        ("magic", "none"),
        ("magic_allowed", "False"),
        ("setting", "non-magical world"),
    ],
)
def test_a_rule_whose_text_says_little_is_read_with_its_name(name: str, text: str) -> None:
    assert broken(text, "Mara cast a spell.", name)


def test_a_name_does_not_outweigh_what_the_text_says() -> None:
    assert compiled({"no_magic": "Magic exists but people frown upon it"}).rules == ()


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("no magic", "They had a dry spell that summer."),
        ("no ghosts", "She was in high spirits."),
        ("no violence", "The horses stood in the stable."),
        ("no monsters", "He demonstrated the trick."),
        ("no guns", "The bulletin hung by the door."),
        ("no cats", "She could not catch the ball."),
    ],
)
def test_words_that_only_look_like_forbidden_ones_do_not_count(rule: str, sentence: str) -> None:
    assert not broken(rule, sentence)


@pytest.mark.parametrize(
    ("choice", "breaks"),
    [("Open the gate", True), ("Open it quietly", True), ("Open gates invite thieves", False)],
)
def test_a_choice_that_begins_with_the_verb_is_what_the_player_does(
    choice: str, breaks: bool
) -> None:
    assert broken("nobody may open", choice) is breaks


def test_a_name_belongs_to_those_whom_the_story_says_it_does(
    canon_of: Callable[..., Canon],
) -> None:
    rules = WorldRules(compiled({"r": "guards may not drink"}).rules)
    known = canon_of(("mara", "name", "Mara"), ("mara", "role", "guard"), ("iva", "name", "Iva"))

    def classes_of(name: str) -> list[str]:
        return known.values(known.id_of(name), "role")

    found = rules.contradictions("Mara drank.", classes_of=classes_of)
    assert [c.kind for c in found] == ["rule_act"]
    assert list(rules.contradictions("Iva drank.", classes_of=classes_of)) == []


@pytest.mark.parametrize("rule", ["no one can lie", "no magic"])
def test_what_is_said_in_quotation_marks_breaks_no_rule(rule: str) -> None:
    assert not broken(rule, "“Mara lied to you about her magic,” said the guard.")


@pytest.mark.parametrize(
    "denied",
    """no not n't never without nobody nothing none isn't wasn't doesn't don't didn't cannot
    lack_of myth myths legend story stories tale tales pretending imagined dreamt believed
    if_only as_if like_a fairy""".split(),
)
def test_a_forbidden_thing_that_is_denied_or_fancied_breaks_no_rule(denied: str) -> None:
    assert broken("no dragons", "She saw it, and a dragon came.")
    assert not broken("no dragons", f"It was {denied.replace('_', ' ')} of the dragon.")


@pytest.mark.parametrize(
    "undone",
    "not never hardly barely almost nearly would might may should must will shall".split(),
)
def test_an_act_that_is_not_done_breaks_no_rule(undone: str) -> None:
    assert broken("no one may cross the bridge", "Mara crossed the bridge.")
    assert not broken("no one may cross the bridge", f"Mara {undone} cross the bridge.")
