"""What a scene leaves behind: which sentences last, what they are about, and the turn's outcome."""

from __future__ import annotations

from tta_rebuild.core.story import Claim, Passage
from tta_rebuild.engine.consequences import MOST_LINES, of_the_scene, outcome_of

NAMES = {"mara": "Mara Voss", "tom": "Tom"}


def told(sentence, relation, value, subject="mara", speaker=""):
    claim = Claim(subject=subject, relation=relation, value=value, sentence=sentence)
    return Passage(text=sentence, facts=(claim,), speaker=speaker)


def test_of_more_sentences_than_a_scene_may_leave_the_weightiest_stay_in_their_order():
    held = [f"Mara holds the {n}th oar." for n in range(MOST_LINES)]
    passages = [
        told("It rained on Mara.", "weather", "rain"),
        *[told(sentence, "holds", f"oar {n}") for n, sentence in enumerate(held)],
        told("Mara gave Tom her word.", "promise", "to come back"),
        told("Mara was afraid.", "feeling", "fear"),
    ]
    lines = of_the_scene(passages, NAMES)
    assert [line.text for line in lines] == [*held[: MOST_LINES - 1], "Mara gave Tom her word."]
    assert of_the_scene(passages[-1:], NAMES) == []


def test_a_lasting_line_names_whom_it_is_about_or_who_says_it():
    passages = [
        told("Voss held the lamp.", "holds", "lamp"),
        told("She was cold.", "state", "cold"),
        told("I hid it.", "knows", "where it is", speaker="tom"),
        told("The mill burnt.", "state", "burnt", subject="mill"),
        told("They were kin.", "kin", "tom"),
    ]
    lines = of_the_scene(passages, NAMES)
    assert [(line.text, line.about) for line in lines] == [
        ("Voss held the lamp.", ("mara", "lamp")),
        ("Mara Voss: She was cold.", ("mara",)),
        ("Tom: I hid it.", ("mara",)),
        ("The mill burnt.", ("mill",)),
        ("Mara Voss: They were kin.", ("mara", "tom")),
    ]


def test_the_outcome_of_a_turn_is_what_the_storyteller_says_else_what_weighs_most():
    passages = [
        told("It rained on Mara.", "weather", "rain"),
        told("Mara died.", "alive", "false"),
        told("Tom died.", "alive", "false", subject="tom"),
    ]
    lines = of_the_scene(passages, NAMES)
    assert [line.weight for line in lines] == [1, 3, 3]
    assert outcome_of(lines, "All is lost.", passages) == "All is lost."
    assert outcome_of(lines, "", passages) == "Mara died."
    assert outcome_of([], "", passages) == "It rained on Mara."
    assert outcome_of([], "", []) == ""
