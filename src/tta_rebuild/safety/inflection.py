"""The forms of an English word: what ``stab~`` in the word lists stands for.

Called by ``safety.lexicon`` when the lists are loaded. A form too many (``gunned`` for ``gun``)
costs nothing; a form that is missing lets a text through, so spellings are tried generously.
"""

from __future__ import annotations

from collections.abc import Mapping

from tta_rebuild.core.english import plural, singular, verb_forms


def forms_of(word: str, irregular: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The word with its endings (-s, -ed, -ing) and its irregular forms."""
    return verb_forms(word) | irregular.get(word, frozenset()) | {plural(word)}


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
