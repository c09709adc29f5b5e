"""The forms of an English word: what ``stab~`` in the word lists stands for.

Called by ``safety.lexicon`` when the lists are loaded. A form too many (``gunned`` for ``gun``)
costs nothing; a form that is missing lets a text through, so spellings are tried generously.
"""

from __future__ import annotations

from collections.abc import Mapping

_VOWELS = frozenset("aeiou")
_HISSING = ("s", "x", "z", "ch", "sh")
_IRREGULAR_PLURALS = {
    "man": "men",
    "woman": "women",
    "child": "children",
    "mouse": "mice",
    "louse": "lice",
    "goose": "geese",
    "foot": "feet",
    "tooth": "teeth",
    "knife": "knives",
    "wife": "wives",
    "wolf": "wolves",
    "calf": "calves",
    "corpse": "corpses",
    "thief": "thieves",
    "elf": "elves",
    "dwarf": "dwarves",
}


def forms_of(word: str, irregular: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The word with its endings (-s, -ed, -ing) and its irregular forms."""
    found = {word, *irregular.get(word, ())}
    for ending in _IRREGULAR_PLURALS:
        if word.endswith(ending):
            found.add(word.removesuffix(ending) + _IRREGULAR_PLURALS[ending])
    found.add(word + ("es" if word.endswith(_HISSING) else "s"))
    if word.endswith("y") and word[-2:-1] not in _VOWELS:
        found |= {word[:-1] + "ies", word[:-1] + "ied", word + "ing"}
    elif word.endswith("e"):
        found |= {word + "d", word[:-1] + "ing", word + "ing"}
        if word.endswith("ie"):
            found.add(word[:-2] + "ying")
    else:
        found |= {word + "ed", word + "ing"}
        if word[-1] not in "aeiouwxyhs" and word[-2:-1] in _VOWELS:
            found |= {word + word[-1] + "ed", word + word[-1] + "ing"}
    return frozenset(found)


def family_of(word: str, irregular: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The word and its family: endings, the one who does it, what is like it, the fear of it."""
    stem = singular(word)
    found = set(forms_of(stem, irregular)) | {word}
    base = stem[:-1] if stem.endswith("e") else stem
    for ending in ("er", "ers", "ish", "y"):
        found.add(base + ending)
    for ending in ("like", "ly", "ness", "phobia", "phobic"):
        found.add(stem + ending)
    if stem.endswith("y"):
        found |= {stem[:-1] + "ier", stem[:-1] + "ily"}
    return frozenset(found)


def singular(word: str) -> str:
    """A word without its plural ending: ``spiders`` → ``spider``, ``witches`` → ``witch``."""
    for one, many in _IRREGULAR_PLURALS.items():
        if word.endswith(many):
            return word.removesuffix(many) + one
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
