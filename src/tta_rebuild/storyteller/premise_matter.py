"""What a premise turns on: the thing, place or affair that its story must not do without.

Called by ``premise``. Every noun phrase that speaks of nobody is a candidate, with what an "of"
hangs on to it ("the bell of room 12"); a log-linear model ranks them, and "nothing is named" beside
them. Its weights, ``data/premise_matter.txt``, are learned by ``tools/train_premise_matter.py``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from tta_rebuild.core.english import stem
from tta_rebuild.storyteller.noun_phrases import (
    OPENINGS,
    Phrase,
    is_animal,
    is_person,
    is_place_name,
    is_portable,
    is_verb,
    noun_kind,
    noun_phrases,
    one_of,
    second_persons,
    tokens_of,
    words_in,
)
from tta_rebuild.storyteller.premise_mentions import MINE
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import pattern

NOTHING = "nothing"
_MOST_WORDS = 7
_AWAY = 4  # tokens before a phrase in which its verb is looked for


@dataclass(frozen=True, slots=True)
class Candidate:
    """One phrase, with the features that speak for it."""

    phrase: Phrase
    features: tuple[str, ...]


def matter_of(
    tokens: Sequence[str],
    phrases: Sequence[Phrase],
    people: Collection[int],
    *,
    is_meant: bool = False,
) -> Phrase | None:
    """The phrase that a premise turns on, None if it names nothing.

    Args:
        people: the tokens at which phrases begin that speak of somebody.
        is_meant: something is named, which the aim calls "it".
    """
    scored, none = _scored(tokens, phrases, people)
    score, best = scored[0] if scored else (none, None)
    return best if is_meant or score > none else None


def matters_of(
    tokens: Sequence[str], phrases: Sequence[Phrase], people: Collection[int]
) -> list[Phrase]:
    """Whatever a premise may turn on, the likeliest first."""
    return [phrase for _, phrase in _scored(tokens, phrases, people)[0]]


def _scored(
    tokens: Sequence[str], phrases: Sequence[Phrase], people: Collection[int]
) -> tuple[list[tuple[float, Phrase]], float]:
    """The candidates with their scores, the best first, and the score of "nothing is named"."""
    rows, weights = candidates(tokens, phrases, people), learned()
    none = sum(weights.get(one, 0.0) for one in nothing_features(rows))
    scored = [(sum(weights.get(one, 0.0) for one in row.features), row.phrase) for row in rows]
    return sorted(scored, key=lambda pair: -pair[0]), none


def candidates(
    tokens: Sequence[str], phrases: Sequence[Phrase], people: Collection[int]
) -> list[Candidate]:
    """Every phrase that may be it, in the order of the text."""
    low = [token.lower() for token in tokens]
    said = Counter(map(one_of, low))
    sentence = _sentences(tokens)
    first = {phrase.start: phrase for phrase in phrases}
    found: list[Candidate] = []
    for phrase in map(without_verb, phrases):
        is_animal_of_it = is_animal(phrase.head) and not phrase.is_name
        is_title = phrase.is_name and is_person(phrase.head)  # the Drowned King
        is_somebody = is_title or (phrase.start in people and not is_animal_of_it)
        if is_somebody or phrase.said == "you" or phrase.determiner in ("no", "any"):
            continue
        if phrase.kind == "" or (phrase.kind == "person" and not is_animal_of_it):
            continue
        row = [f"head {stem(phrase.head)}", f"kind {_kind(phrase)}", f"det {_determiner(phrase)}"]
        before = [".", ".", *low[max(0, phrase.start - 2) : phrase.start]][-2:]
        after = [*low[phrase.end : phrase.end + 2], ".", "."][:2]
        verb = next(
            (w for w in reversed(low[max(0, phrase.start - _AWAY) : phrase.start]) if is_verb(w)),
            "-",
        )
        row += [f"by {before[1]}", f"by2 {' '.join(before)}", f"then {after[0]}"]
        row += [f"verb {stem(verb)}", f"kind by {_kind(phrase)} {before[1]}"]
        row += [f"place {min(len(found), 3)}", f"sentence {min(sentence[phrase.start], 3)}"]
        row += [f"said {min(said[phrase.head], 3)}", f"verb kind {stem(verb)} {_kind(phrase)}"]
        row += ["opens"] * (phrase.start == 0 or tokens[phrase.start - 1] in OPENINGS)
        row += [f"acts {after[0] in second_persons()}", f"words {min(len(phrase.words), 3)}"]
        row += [f"modifier {stem(word.lower())}" for word in phrase.words[:-1]]
        row += [f"kind sentence {_kind(phrase)} {min(sentence[phrase.start], 3)}"]
        of = first.get(phrase.end + 1) if after[0] == "of" else None
        found.append(Candidate(_joined(phrase, of) if of else phrase, tuple(row)))
    return found


def nothing_features(rows: Sequence[Candidate]) -> tuple[str, ...]:
    """What speaks for a premise that names nothing of the kind."""
    return (NOTHING, f"{NOTHING} of {min(len(rows), 4)}")


def spoken_of(aim: str) -> list[str]:
    """What an aim is about: things and people, and places of one's own."""
    main = pattern("what_about").sub("", re.split(r"(?<!out) where\b", aim)[0])
    found = [p for p in noun_phrases(tokens_of(main)) if p.determiner or p.is_name]
    is_about = (p.kind != "place" or p.determiner in MINE for p in found)
    fitting = [p for p, is_one in zip(found, is_about, strict=True) if is_one]
    return [as_said(p) for p in fitting if not (p.is_name and is_place_name(p))]


def is_spoken_of(phrase: str, aim: str) -> bool:
    """Whether an aim names something, and not only as the place where it is reached."""
    noun = re.escape(phrase.partition(" ")[2] or phrase)
    found = re.search(rf"(?P<by>\w+) (?:\w+ )?{noun}\b", aim)
    return found is not None and found["by"] not in words_in("here_by")


def as_said(phrase: Phrase) -> str:
    """A phrase as the player reads it: "your bedroom", "the old lamp", "Fort Knox"."""
    owner = phrase.determiner
    if phrase.is_name:
        return phrase.text
    if owner in MINE:
        return f"your {to_second_person(phrase.text)}"
    return f"{owner if owner[:1].isupper() and owner[-1] in 's’' else 'the'} {phrase.text}"


def without_verb(phrase: Phrase) -> Phrase:
    """ "The lid" of "the lid opens", where a verb has been taken along."""
    last, is_longer = phrase.words[-1].lower(), len(phrase.words) > 1 and not phrase.is_name
    ends = is_longer and last in second_persons()
    return replace(phrase, words=phrase.words[:-1], end=phrase.end - 1) if ends else phrase


def _joined(phrase: Phrase, of: Phrase) -> Phrase:
    words = (*phrase.words, "of", *filter(None, (of.determiner,)), *of.words)
    return replace(phrase, words=words, end=of.end) if len(words) <= _MOST_WORDS else phrase


def _kind(phrase: Phrase) -> str:
    if phrase.is_name:
        return "place name" if is_place_name(phrase) else "name"
    kind = "portable" if is_portable(phrase.head) else noun_kind(phrase.head) or phrase.kind
    return "group" if phrase.is_group else f"{kind}s" if phrase.is_many else kind


def _determiner(phrase: Phrase) -> str:
    word = phrase.determiner.lower()
    return "owner" if word.endswith(("'s", "’s", "s'", "s’")) else word or "-"


def _sentences(tokens: Sequence[str]) -> list[int]:
    """The number of the sentence that each token stands in, from 0."""
    number, found = 0, list[int]()
    for token in tokens:
        found.append(number)
        number += token in (".", "!", "?", "…")
    return found


@cache
def learned() -> Mapping[str, float]:
    """The weights as they are packaged: a feature and its weight in hundredths, a line each."""
    data = files("tta_rebuild.storyteller").joinpath("data/premise_matter.txt")
    rows = (line.rpartition("\t") for line in data.read_text("utf-8").splitlines()[1:])
    return {feature: float(weight) for feature, _, weight in rows}
