"""What the tagger and the parser see of a text: words, endings and shapes as small integers.

Called by ``clause_parser`` and its trainer, so that both see the same. A feature is one integer: up
to three values of 17 bits, and below them the number of its template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

NONE = 0  # stands for the word before the first and after the last
_ENDINGS = 1021  # unknown words are told apart by their ending: ids 1 to 1021
FIRST_KNOWN = 1 + _ENDINGS
_MASK = (1 << 17) - 1


@dataclass(frozen=True, slots=True)
class Form:
    """One word as it looks."""

    word: int
    ending: int  # three letters
    short_ending: int  # two letters
    beginning: int  # two letters
    shape: int


def normal(word: str) -> str:
    """A word as it is looked up: lower case, straight apostrophes, digits all alike."""
    low = word.lower().replace("’", "'").replace("‘", "'")
    return "".join("0" if c.isdigit() else c for c in low) if not low.isalpha() else low


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 31 + ord(letter)
    return number & _MASK


def form_of(word: str, vocabulary: Mapping[str, int]) -> Form:
    """The form of a word, by its id in the vocabulary if it is there."""
    low = normal(word)
    known = vocabulary.get(low, 0)
    return Form(
        word=known or 1 + _number(low[-3:]) % _ENDINGS,
        ending=_number(low[-3:]),
        short_ending=_number(low[-2:]),
        beginning=_number(low[:2]),
        shape=_shape(word) | bool(known) << 9,
    )


@lru_cache(maxsize=4096)
def _shape(word: str) -> int:
    """Capitals, digits, marks and length as the bits of one number below 512."""
    return (
        word[:1].isupper()
        | (word[1:2].isupper() << 1)
        | (any(c.isdigit() for c in word) << 2)
        | (any(c in "-'’." for c in word) << 3)
        | (word.isalpha() << 4)
        | (word.isalnum() << 5)
        | (min(len(word), 5) << 6)
    )


def tag_features(
    forms: Sequence[Form], at: int, before: int, before2: int, flags: int
) -> list[int]:
    """Of the word at one place, with the two tags before it; ``forms`` has two more at its end.

    Those two are nobody's, so that ``forms[-1]`` and ``forms[len]`` are alike. ``flags`` tells of
    the whole text, whether it has capitals and whether this is its first word.
    """
    here, left, right = forms[at], forms[at - 1], forms[at + 1]
    left2, right2 = forms[at - 2], forms[min(at + 2, len(forms) - 1)]
    word, one, two, tags = here.word, left.word, right.word, before << 6 | before2
    look = here.shape << 2 | flags
    return [
        word << 7,
        (word << 17 | before) << 7 | 1,
        (word << 17 | tags) << 7 | 2,
        (word << 17 | one) << 7 | 3,
        (word << 17 | two) << 7 | 4,
        here.ending << 7 | 5,
        (here.ending << 17 | before) << 7 | 6,
        here.short_ending << 7 | 7,
        (here.short_ending << 17 | tags) << 7 | 8,
        here.beginning << 7 | 9,
        look << 7 | 10,
        (look << 17 | before) << 7 | 11,
        (look << 17 | here.ending) << 7 | 12,
        tags << 7 | 13,
        before << 7 | 14,
        one << 7 | 15,
        two << 7 | 16,
        left2.word << 7 | 17,
        right2.word << 7 | 18,
        (one << 17 | two) << 7 | 19,
        (left2.word << 17 | one) << 7 | 20,
        (two << 17 | right2.word) << 7 | 21,
        (two << 17 | before) << 7 | 22,
        (right.ending << 17 | before) << 7 | 23,
        (right.ending << 17 | word) << 7 | 24,
        left.ending << 7 | 25,
        right.ending << 7 | 26,
        (right.shape << 17 | look) << 7 | 27,
        (left.shape << 17 | look) << 7 | 28,
        ((right.ending << 17 | here.ending) << 17 | before) << 7 | 29,
    ]
