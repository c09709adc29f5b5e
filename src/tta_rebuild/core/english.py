"""English, in one place: sentences, words, stems, the forms of verbs and nouns, numbers in words.

What kept libraries do is loaded on first use; the rest none does without a model or seconds of
import time (``inflect`` takes more than three, and makes "bu" of "bus").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

_VOWELS = frozenset("aeiou")
_HISSING = ("s", "x", "z", "ch", "sh")
_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)*", re.IGNORECASE)
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_SOUNDS_LIKE_YOU = re.compile(
    r"(?i)(?:uni(?!m|nv|nt|nf|nh|ns|d)|use|usu|eu|one\b|once\b|uk|us\b|ut[ei]|ur[ai])"
)
_SILENT_H = re.compile(r"(?i)(?:hour|hono|hones|heir)")
_LETTERS_SPOKEN_WITH_A_VOWEL = frozenset("AEFHILMNORSX")


@lru_cache(maxsize=512)
def _sentences(text: str, language: str) -> tuple[str, ...]:
    from sentencex import segment

    pieces = (piece.strip() for line in text.splitlines() for piece in segment(language, line))
    return tuple(piece for piece in pieces if piece)


def sentences_of(text: str, language: str = "en") -> list[str]:
    """The sentences of a text in order, trimmed; speech in quotation marks stays in one piece.

    A line break ends one. A ``language`` (ISO 639-1) that is not known is cut as English.
    """
    return list(_sentences(text, language))


def words_of(text: str) -> list[str]:
    """The words and numbers in order, in lower case; "Tom's" is one word."""
    return [word.lower() for word in _WORD.findall(text)]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem by which forms of one word are recognised: ``trusting``, ``trusted`` → ``trust``.

    Source: M. Porter, Snowball's English stemmer. Irregular forms ("went") have one of their own.
    """
    from Stemmer import Stemmer

    return str(Stemmer("english").stemWord(word.lower()))


@cache
def _pairs(name: str) -> Mapping[str, str]:
    """A data file of two words a line."""
    lines = (files("tta_rebuild.core") / "data" / name).read_text("utf-8").splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def verb_forms(verb: str) -> frozenset[str]:
    """The regular forms of a verb or noun: -s, -ed, -ing, and some too many: for recognition."""
    found = {verb, verb + "s"}
    if verb.endswith((*_HISSING, "o")):
        found.add(verb + "es")
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        found |= {verb[:-1] + "ies", verb[:-1] + "ied", verb + "ing"}
    elif verb.endswith("e"):
        found |= {verb + "d", verb[:-1] + "ing", verb + "ing"}
        if verb.endswith("ie"):
            found.add(verb[:-2] + "ying")
    else:
        found |= {verb + "ed", verb + "ing"}
        if verb[-1:] not in _VOWELS | set("wxyhs") and verb[-2:-1] in _VOWELS:
            found |= {verb + verb[-1] + "ed", verb + verb[-1] + "ing"}
    return frozenset(found)


def past(verb: str) -> str:
    """The simple past of a verb: ``give`` → ``gave``, ``carry`` → ``carried``."""
    regular = verb + ("d" if verb.endswith("e") else "ed")
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        regular = verb[:-1] + "ied"
    return _pairs("irregular_pasts.txt").get(verb, regular)


def participle(verb: str) -> str:
    """The past participle of a verb: ``break`` → ``broken``, ``carry`` → ``carried``."""
    return _pairs("irregular_participles.txt").get(verb) or past(verb)


def gerund(verb: str) -> str:
    """The form of a verb in -ing: ``slice`` → ``slicing``, ``run`` → ``running``."""
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and len(verb) > 2:
        return verb[:-1] + "ing"
    is_short = len(re.findall("[aeiouy]+", verb)) == 1 or verb in _pairs("irregular_pasts.txt")
    is_closed = verb[-1:] not in _VOWELS | set("wxyh") and verb[-2:-1] in _VOWELS
    is_doubled = is_short and is_closed and verb[-3:-2] not in _VOWELS
    return verb + verb[-1] * is_doubled + "ing"


def third_person(verb: str) -> str:
    """The form of a verb that goes with she: ``give`` → ``gives``, ``carry`` → ``carries``."""
    irregular = {"be": "is", "have": "has", "do": "does", "go": "goes"}
    if verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        return verb[:-1] + "ies"
    return irregular.get(verb) or verb + ("es" if verb.endswith((*_HISSING, "o")) else "s")


def for_they(verb: str) -> str:
    """The form of a verb that goes with they: ``gives`` → ``give``, ``was`` → ``were``."""
    irregular = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go"}
    stem, apostrophe, end = verb.partition("n’t")
    if stem in irregular:
        return irregular[stem] + apostrophe + end
    if verb.endswith("ies") and len(verb) > 4:
        return verb[:-3] + "y"
    if verb.endswith(("sses", "xes", "zzes", "ches", "shes")):
        return verb[:-2]
    return verb[:-1] if verb.endswith("s") and not verb.endswith(("ss", "us")) else verb


def plural(noun: str) -> str:
    """The plural of a noun: ``wolf`` → ``wolves``, ``witch`` → ``witches``."""
    irregular = _pairs("irregular_plurals.txt")
    if noun.endswith(tuple(irregular)):
        one = next(one for one in irregular if noun.endswith(one))
        return noun.removesuffix(one) + irregular[one]
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(_HISSING) else "s")


def singular(noun: str) -> str:
    """A noun without its plural ending: ``spiders`` → ``spider``, ``wolves`` → ``wolf``."""
    for one, many in _pairs("irregular_plurals.txt").items():
        if noun.endswith(many):
            return noun.removesuffix(many) + one
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("ches", "shes", "sses", "xes", "zes")):
        return noun[:-2]
    is_plural = noun.endswith("s") and not noun.endswith(("ss", "us", "is")) and len(noun) > 3
    return noun[:-1] if is_plural else noun


def article_for(word: str) -> str:
    """``a`` or ``an``, by the sound that the word begins with."""
    if _SILENT_H.match(word) or word[:1] == "8" or word in {"11", "18"}:
        return "an"
    if len(word) > 1 and word.isupper() and not _VOWELS & set(word[1:].lower()):
        return "an" if word[0] in _LETTERS_SPOKEN_WITH_A_VOWEL else "a"
    return "an" if word[:1].lower() in _VOWELS and not _SOUNDS_LIKE_YOU.match(word) else "a"


@lru_cache(maxsize=20_000)
def number_in(text: str) -> str:
    """The first number in a text: "twenty-three coins" → "23", "no key" → "0"; "" for none."""
    from text_to_num import text2num

    words = re.findall(r"[a-z]+|\d+", text.lower())
    for begin, word in enumerate(words):
        if word.isdigit():
            return str(word)
        if word == "no":
            return "0"
        if word in _ORDINALS:
            return str(_ORDINALS.index(word))
        for end in range(min(len(words), begin + 8), begin, -1):
            said = words[begin:end]
            try:
                return str(text2num(" ".join(said).replace("a hundred", "one hundred"), "en"))
            except ValueError:
                continue
    return ""
