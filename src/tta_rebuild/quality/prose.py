"""A text as the measures of quality read it: sentences with their words, names and small words.

Read by words and marks alone, in a millisecond; the small words of a language are data. Of a
language without a table what needs them is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from sys import intern

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import sentences_of, stem

_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[.,;:!?…“”„»«\"]")
_SPOKEN = re.compile(r"[“„»\"][^“”„»«\"]*[“”«\"]?")
_OPENING, _ENDING = "“„»\"'‘(—–", ".!?…:"
_POSSESSIVE = re.compile(r"['’]s?$")
_PREFIX = 5
"""Letters by which forms of a word are recognised where there is no stemmer."""
_LONGEST_NOUN_PHRASE = 4
_NONE = frozenset[str]()
MOST_TEXTS = 2_000
"""Texts kept as read: a scene is asked for again by the three after it, in all stories that are
played at once. About 14 KB for a scene."""


class SmallWords:
    """The small words of one language, by kind (``data/words.toml``); all empty if unknown."""

    def __init__(self, tables: dict[str, str]) -> None:
        self.kinds = {kind: frozenset(words.split()) for kind, words in tables.items()}
        kinds = ("determiner", "preposition", "conjunction", "auxiliary", "subject", "pronoun")
        self.function = frozenset[str]().union(*(self[kind] for kind in (*kinds, "small")))
        self.groups = {
            word: group for group in ("masculine", "feminine", "plural") for word in self[group]
        }
        self.is_known = bool(tables)

    def __getitem__(self, kind: str) -> frozenset[str]:
        return self.kinds.get(kind, frozenset())


@cache
def small_words(language: str) -> SmallWords:
    """The small words of a language (ISO 639-1, a region after it is passed over)."""
    return SmallWords(packaged_toml("tta_rebuild.quality", "words").get(language[:2].lower(), {}))


@lru_cache(maxsize=20_000)
def root(word: str, language: str = "en") -> str:
    """That by which the forms of a word are recognised."""
    bare = _POSSESSIVE.sub("", word.lower())
    return stem(bare) if language[:2] == "en" else bare[:_PREFIX]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSentence:
    """One sentence.

    Attributes:
        tokens: words and marks as written; ``words`` the words alone, in lower case.
        content: roots of the words that say something.
        names: capitalised words that are no first word of a sentence, lower case.
        introduced, definite: roots of nouns after "a", and after "the", "his" and the like.
        groups: genders of the pronouns outside speech.
        is_speech: it begins with a quotation mark.
    """

    tokens: tuple[str, ...]
    words: tuple[str, ...]
    content: frozenset[str]
    names: frozenset[str]
    introduced: frozenset[str]
    definite: frozenset[str]
    groups: frozenset[str]
    is_speech: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProse:
    """A text in order."""

    sentences: tuple[ReadSentence, ...]
    language: str

    @property
    def words(self) -> list[str]:
        """All words in lower case."""
        return [word for one in self.sentences for word in one.words]

    @property
    def content(self) -> frozenset[str]:
        """Roots of the words that say something."""
        return frozenset[str]().union(*(one.content for one in self.sentences))

    @property
    def names(self) -> frozenset[str]:
        """Names, in lower case."""
        return frozenset[str]().union(*(one.names for one in self.sentences))


@lru_cache(maxsize=MOST_TEXTS)
def read_prose(text: str, language: str = "en") -> ReadProse:
    """The text read; what was read lately is remembered."""
    return ReadProse(
        sentences=tuple(
            read for one in sentences_of(text, language) if (read := _sentence(one, language)).words
        ),
        language=language,
    )


def _sentence(text: str, language: str) -> ReadSentence:
    small = small_words(language)
    determiner, function = small["determiner"], small.function
    tokens = _tokens(text)
    lower = [intern(token.lower()) for token in tokens]
    words = tuple(word for word in lower if word[0].isalnum())
    outside = _SPOKEN.sub(" ", text)
    introduced, definite = set[str](), set[str]()
    for at, word in enumerate(lower):
        if word in determiner and (noun := _noun_after(lower, at, function)):
            (introduced if word[0] in "ae" else definite).add(root(noun, language))
    return ReadSentence(
        tokens=tokens,
        words=words,
        content=roots(words, language),
        names=_set(_names(tokens, lower, small, language)),
        introduced=_set(introduced),
        definite=_set(definite),
        groups=_set(
            small.groups[word] for word in _TOKEN.findall(outside.lower()) if word in small.groups
        ),
        is_speech=text.lstrip()[:1] in '“„»"',
    )


def _tokens(text: str) -> tuple[str, ...]:
    """Words and marks as written; a word is kept once, however many texts it stands in."""
    return tuple(map(intern, _TOKEN.findall(text.replace("’", "'"))))


def matter(texts: Iterable[str], language: str) -> tuple[frozenset[str], frozenset[str]]:
    """Roots of the words that say something in any of the texts, and what may be a name in them.

    Without their sentences, which takes a tenth of the time: what is known of a long story is read
    for every scene. Names are in lower case, the first words of sentences among them.
    """
    tokens = set(_TOKEN.findall("\n".join(texts).replace("’", "'")))
    names = {_POSSESSIVE.sub("", token.lower()) for token in tokens if token[0].isupper()}
    words = {token.lower() for token in tokens if token[0].isalnum()}
    return roots(words, language), frozenset(names)


def _set(words: Iterable[str]) -> frozenset[str]:
    """Them as a set; one and the same where there are none: most sets of a sentence are empty."""
    return frozenset(words) or _NONE


def roots(words: Iterable[str], language: str) -> frozenset[str]:
    """The roots of those words that say something."""
    function = small_words(language).function
    return frozenset(
        root(word, language)
        for word in words
        if word not in function and (len(word) > 2 or word.isdigit())
    )


def _noun_after(lower: list[str], at: int, function: frozenset[str]) -> str:
    """The last word of the noun phrase that a determiner begins, as far as marks and words tell."""
    noun = ""
    for word in lower[at + 1 : at + 1 + _LONGEST_NOUN_PHRASE]:
        if not word[0].isalnum() or word in function:
            break
        noun = word
    return noun


def _names(
    tokens: tuple[str, ...], lower: list[str], small: SmallWords, language: str
) -> Iterable[str]:
    """Capitalised words inside sentences; German, which writes all nouns so, has none to find."""
    if language[:2] == "de":
        return
    for at in range(1, len(tokens)):
        token, before = tokens[at], tokens[at - 1]
        if token[0].isupper() and before not in _OPENING and before not in _ENDING:
            name = _POSSESSIVE.sub("", lower[at])
            if name not in small.function and len(name) > 1:
                yield name
