"""Reads a text as a person would: words, sentences and clauses, whatever the spelling hides.

Look-alike letters, invisible characters, accents, emphasis inside words, digits for letters,
letters spelled out one by one and stretched letters are undone. A word whose spelling can mean
more than one has several forms, and each is looked up.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from tta_rebuild.core.data_files import packaged_toml

_FILLERS = dict.fromkeys(map(ord, "\u115f\u1160\u3164\u2800\u034f\u180e"))
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_MARKS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]")
_QUOTES = str.maketrans("\u2018\u2019\u02bc\u201c\u201d\u2033", "'''\"\"\"")
_SPELLED = re.compile(r"(?<![^\W_])[^\W_]([ .\-_*/\u00b7\u2022])(?:[^\W_]\1)+[^\W_](?![^\W_])")
_CHUNK = re.compile(r"[^\s\u2013\u2014\u2026/]+|[\u2013\u2014\u2026/]")
_STRETCHED = re.compile(r"(.)\1{2,}")
_DOUBLED = re.compile(r"(.)\1+")
_INSIDE = re.compile(r"[-_.,;:\"()\[\]{}<>=&?]+")
_SIGNS = "*~`^'#%"
_EMPHASIS = re.compile(r"[*~`^]+")
_DIGITS_FOR_LETTERS = str.maketrans("0345789@$!|+\u20ac\u00a3", "oeastbgasilteL".lower())
_LETTERLIKE = re.compile(r"[0-9@$!|+\u20ac\u00a3]")
_NUMBER = re.compile(r"\d+(?:st|nd|rd|th|s|am|pm|kg|km|cm|mm|m|ft|lb|x)?")
_ABBREVIATED = frozenset("mr mrs ms dr st prof capt sgt lt rev hon jr sr vs etc".split())
_LONGEST_WORD = 40


@dataclass(slots=True)
class Word:
    """A word of a text: how it may be read (most likely first, lower case), the numbers of its
    sentence and, across sentences, clause, whether it looks like a name or opens a sentence.
    """

    forms: tuple[str, ...]
    sentence: int
    clause: int
    capital: bool
    opens: bool


@cache
def _lookalikes() -> dict[int, int]:
    pairs = packaged_toml("tta_rebuild.safety", "words")["lookalikes"]
    return str.maketrans(pairs["from"], pairs["to"])


def plain(text: str) -> str:
    """The text in plain letters: no look-alikes, invisible characters or accents."""
    if text.isascii():
        return text
    unfolded = unicodedata.normalize("NFKC", text).translate(_QUOTES).translate(_FILLERS)
    bare = _MARKS.sub("", unicodedata.normalize("NFD", _INVISIBLE.sub("", unfolded)))
    return bare.translate(_lookalikes())


def read(text: str) -> list[Word]:
    """The words of a text in order. Linear in its length."""
    reading: list[Word] = []
    sentence = clause = 0
    opens = True
    joined = _SPELLED.sub(lambda spelled: spelled[0].replace(spelled[1], ""), plain(text))
    for match in _CHUNK.finditer(joined):
        chunk = match.group()
        understood = _understood if len(chunk) < _LONGEST_WORD else _understood.__wrapped__
        words, ends_sentence, ends_clause, capital = understood(chunk)
        for number, forms in enumerate(words):
            first = not number
            reading.append(Word(forms, sentence, clause, capital and first, opens and first))
        sentence += ends_sentence
        clause += ends_sentence or ends_clause
        opens = ends_sentence or (opens and not words)
    if len(reading) > 4 and sum(word.capital for word in reading) > 0.6 * len(reading):
        for word in reading:  # a headline, not names
            word.capital = False
    return reading


@lru_cache(maxsize=16_384)
def _understood(chunk: str) -> tuple[tuple[tuple[str, ...], ...], bool, bool, bool]:
    """The forms of its words, whether it ends a sentence, a clause, and whether it is capital."""
    core = chunk.lstrip("\"'([{<*_~`-.,;:!?#\u00bf\u00a1")
    bare = core.rstrip("\"')]}>*_~`-.,;:!?#")
    tail = core[len(bare) :]
    if not bare:
        ends = any(mark in chunk for mark in ".!?\u2026")
        return (), ends, True, False
    if len(bare) == 1 and tail.startswith("**"):  # f***
        bare += "*" * (len(tail) - len(tail.lstrip("*")))
    lower = bare.casefold()
    found = _words(lower, emphasised=chunk[0] == "_" or tail[:1] == "_")
    if tail[:1] == "'" and lower.endswith("in"):  # killin'
        found = (*found[:-1], (*found[-1], lower + "g"))
    initial = len(bare) == 1 and bare.isupper() and bare != "I"
    is_short = "." in tail and (initial or lower in _ABBREVIATED)
    stops = not is_short and any(mark in tail for mark in ".!?")
    pauses = stops or any(mark in tail for mark in ",;:-")
    return found, stops, pauses, bare[0].isupper() and not bare.isupper()


def _words(core: str, *, emphasised: bool) -> tuple[tuple[str, ...], ...]:
    """The words of a chunk without its outer punctuation."""
    if emphasised:
        core = core.replace("_", "")
    parts = [part for part in _INSIDE.split(core) if part.strip(_SIGNS)]
    if len(parts) < 2:
        return tuple(_forms(part) for part in parts)
    first, *rest = (_forms(part) for part in parts)
    return ((*first, "".join(parts)), *rest)


def _forms(word: str) -> tuple[str, ...]:
    """The ways to read one word, none of them empty."""
    if len(word) > _LONGEST_WORD:
        return (word,)
    forms = {word: None}
    if "'" in word:
        head, _, tail = word.partition("'")
        if tail in ("s", "d", "ll", "re", "ve", ""):
            forms = {head: None, word: None}
        else:
            forms[word.replace("'", "")] = None
    if _EMPHASIS.search(word):
        forms = {_EMPHASIS.sub("", word): None, **forms}
    if _LETTERLIKE.search(word) and not _NUMBER.fullmatch(word):
        for form in list(forms):
            forms[form.replace("1", "i").translate(_DIGITS_FOR_LETTERS)] = None
            if "1" in form or "!" in form or "|" in form:
                as_l = form.replace("1", "l").replace("!", "l").replace("|", "l")
                forms[as_l.translate(_DIGITS_FOR_LETTERS)] = None
    for form in list(forms):
        if _STRETCHED.search(form):
            forms |= dict.fromkeys(_shortened(form))
        elif len(form) > 5 and _DOUBLED.search(form):
            for match in _DOUBLED.finditer(form):
                shorter = form[: match.start()] + form[match.end() - 1 :]
                if len(shorter) > 5:
                    forms["\x02" + shorter] = None
    return tuple(form for form in forms if form)


def _shortened(word: str) -> set[str]:
    """A stretched word with each of its long runs as one letter or two: ``kiiillled``."""
    found = {_DOUBLED.sub(r"\1", word)}
    ways = [word]
    for _ in range(3):
        ways = [_STRETCHED.sub(run, way, count=1) for way in ways for run in (r"\1", r"\1\1")]
    return found | set(ways)
