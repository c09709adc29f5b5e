"""The reader: what prose says to be so, and what it does not say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.canon import Canon, Entities, Mentions, ProseReader
from tta_rebuild.reading.prose_reader import sentences_of

MakeCanon = Callable[..., Canon]
PEOPLE = [("mara", "name", "Mara"), ("bram", "name", "Bram"), ("mara", "role", "smith")]


def _said(canon: Canon, sentence: str) -> set[tuple[str, str, str, bool]]:
    read = ProseReader(canon).read_sentence(sentence)
    return {(c.subject, c.relation, c.value, c.ends) for c in read.claims}


@pytest.mark.parametrize(
    ("sentence", "claims"),
    [
        ("Mara walked to the harbour.", {("mara", "located_in", "harbour", False)}),
        (
            "Mara gave Bram the silver key.",
            {("bram", "holds", "silver_key", False), ("mara", "holds", "silver_key", True)},
        ),
        ("The bridge was destroyed by the flood.", {("bridge", "state", "destroyed", False)}),
        ("Bram had died in the war.", {("bram", "alive", "false", False)}),
        ("Mara's eyes were green.", {("mara", "trait", "green eyes", False)}),
        ("Bram is Mara's brother.", {("bram", "kin", "brother of mara", False)}),
        ("Mara, the daughter of Bram, rose.", {("mara", "kin", "daughter of bram", False)}),
        ("Bram could not swim.", {("bram", "ability", "not swim", False)}),
        ("It was raining.", {("story", "weather", "rain", False)}),
        ("Night had fallen.", {("story", "time_of_day", "night", False)}),
        ("Bram was thirty years old.", {("bram", "age", "30", False)}),
        ("Bram has twelve coins.", {("bram", "count", "12 coins", False)}),
        ("The old smith went to the mill.", {("mara", "located_in", "mill", False)}),
    ],
)
def test_plain_narration_is_read(
    canon_of: MakeCanon, sentence: str, claims: set[tuple[str, str, str, bool]]
) -> None:
    assert claims <= _said(canon_of(*PEOPLE), sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Did Mara walk to the harbour?",
        "If Mara walked to the harbour, Bram would follow.",
        "Mara wanted to walk to the harbour.",
        "Mara did not walk to the harbour.",
        "Mara might walk to the harbour.",
        "Let Mara walk to the harbour.",
    ],
)
def test_what_is_asked_supposed_wished_or_denied_is_not_asserted(
    canon_of: MakeCanon, sentence: str
) -> None:
    said = _said(canon_of(*PEOPLE), sentence)
    assert ("mara", "located_in", "harbour", False) not in said


def test_speech_is_the_belief_of_the_one_who_speaks(canon_of: MakeCanon) -> None:
    read = ProseReader(canon_of(*PEOPLE)).read_sentence('"Bram is dead," said Mara.')
    assert {(c.speaker, c.subject, c.value) for c in read.claims if c.relation == "alive"} == {
        ("mara", "bram", "false")
    }


def test_a_pronoun_is_resolved_where_one_person_fits_and_left_open_where_two_do(
    canon_of: MakeCanon,
) -> None:
    canon = canon_of(
        ("mara", "kin", "sister of bram"),
        ("iva", "kin", "aunt of bram"),
        ("bram", "kin", "son of x"),
    )
    entities = Entities(canon)
    one = Mentions(people=["mara", "bram"])
    assert entities.resolve("she", one).entity == "mara"
    assert entities.resolve("he", one).entity == "bram"
    two = entities.resolve("she", Mentions(people=["mara", "iva"]))
    assert not two.is_clear
    assert set(two.candidates) == {"mara", "iva"}


def test_a_title_shared_by_two_is_told_apart_by_a_trait_or_not_at_all(canon_of: MakeCanon) -> None:
    canon = canon_of(("mara", "role", "smith"), ("orla", "role", "smith"), ("orla", "trait", "old"))
    entities = Entities(canon)
    assert entities.resolve("the old smith").entity == "orla"
    assert not entities.resolve("the smith").is_clear
    assert entities.resolve("the baker").candidates == ()


def test_sentences_end_after_their_quotation_marks() -> None:
    text = 'She ran. "Stop!" he cried. Mr. Hale saw it… "No," she said. The end.'
    assert sentences_of(text) == [
        "She ran.",
        '"Stop!" he cried.',
        'Mr Hale saw it… "No," she said.',
        "The end.",
    ]


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="abc MaraBrm'’.,!?\"“”\n-—n't the to was gave", max_size=120))
def test_any_text_can_be_read(text: str) -> None:
    reader = ProseReader(Canon())
    assert len(reader.read(text)) == len(sentences_of(text))
