"""What a player's wish is of and about: "get Vera out of the hospital" is to free Vera.

Called by ``premise_aim``. Rules on the wish's first words and its object; the premise's own people
are known by name, role or pronoun.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tta_rebuild.storyteller.noun_phrases import noun_phrases, tokens_of
from tta_rebuild.storyteller.premise_matter import as_said
from tta_rebuild.storyteller.premise_people import PremisePerson, head_of
from tta_rebuild.storyteller.premise_told import conflict_of
from tta_rebuild.storyteller.word_lists import pattern

SECRET = "your secret"
_FORMS = {"hides_that": "hide", "gets_out": "steal", "gets_to": "change"}
"""Patterns of ``patterns.toml`` and the conflict that a wish of such a form is of."""
_PRONOUNS = {"him": "he", "her": "she", "them": "they", "he": "he", "she": "she"}


def read_wish(aim: str, people: Sequence[PremisePerson], matters: Sequence[str]) -> tuple[str, str]:
    """The conflict of a wish and what it is about, "" each where nothing says it.

    Args:
        aim: a bare infinitive.
        people: everybody of the premise but the player.
        matters: noun phrases of the premise that it may be about.
    """
    for form, conflict in _FORMS.items():
        if found := pattern(form).match(aim):
            what = found.groupdict().get("what") or ""
            return conflict, _meant(what, people, matters) if what else SECRET
    return conflict_of(aim), _meant(aim, people, matters)


def with_names(aim: str, people: Sequence[PremisePerson]) -> str:
    """A wish with the names of the premise's people as the premise writes them."""
    for name in (word for person in people for word in person.name.split()):
        aim = re.sub(rf"\b{re.escape(name)}\b", name, aim, flags=re.I)
    return aim


def meant_by_pronoun(aim: str, people: Sequence[PremisePerson]) -> str:
    """Whom an aim means by "him" or "her", "" where it is none or may be several."""
    said = {_PRONOUNS[word] for word in aim.split() if word in _PRONOUNS}
    meant = [p for p in people if p.pronouns in said and not (p.is_implied or p.is_group)]
    return (meant[0].name or meant[0].role) if len(meant) == 1 else ""


def _meant(text: str, people: Sequence[PremisePerson], matters: Sequence[str]) -> str:
    """Whom or what a wish speaks of first; of two that begin there the longer."""
    main = pattern("what_about").sub("", text)
    found = [*_people_in(main, people), *_things_in(main, matters)]
    return min(found, key=lambda one: (one[0], -len(one[1])), default=(0, ""))[1]


def _people_in(text: str, people: Sequence[PremisePerson]) -> Iterator[tuple[int, str]]:
    for person in people:
        called = person.name or person.role
        words = [person.name, *person.name.split(" ")[-1:], head_of(person.role)]
        for word in filter(None, words):
            if said := re.search(rf"\b(?:the |your |my )?{re.escape(word)}\b", text, re.I):
                yield said.start(), called
    for word, pronoun in _PRONOUNS.items():
        meant = next((p for p in people if p.pronouns == pronoun), None)
        if meant and (said := re.search(rf"\b{word}\b(?! \w+ing\b)", text)):
            yield said.start(), meant.name or meant.role


def _things_in(text: str, matters: Sequence[str]) -> Iterator[tuple[int, str]]:
    yield from ((text.find(one), one) for one in matters if one in text)
    for phrase in noun_phrases(tokens_of(text)):
        if (phrase.determiner or phrase.is_name) and (at := text.find(phrase.text)) >= 0:
            yield max(0, at - len(phrase.determiner) - 1), as_said(phrase)
