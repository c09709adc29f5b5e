"""Whether a sentence supports a claim that says it comes from it.

A model's facts are data from outside: one that its sentence does not bear out is dropped.
"""

from __future__ import annotations

import re

from tta_rebuild.canon.entities import PRONOUNS
from tta_rebuild.canon.lexicon import Lexicon
from tta_rebuild.canon.relations import key_of, number_in
from tta_rebuild.canon.view import STORY, Canon
from tta_rebuild.core.story import Claim

_WORD = re.compile(r"[a-zà-ÿ]+|\d+")
_EMPTY = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "and",
        "in",
        "on",
        "at",
        "to",
        "for",
        "with",
        "by",
        "is",
        "was",
        "not",
        "no",
        "never",
        "he",
        "she",
        "it",
        "they",
        "his",
        "her",
        "their",
        "one",
        "true",
        "false",
    ]
)


def _stem(word: str) -> str:
    for tail in ("ing", "ied", "ies", "ed", "es", "s", "d", "ly", "n"):
        if word.endswith(tail) and len(word) - len(tail) >= 3:
            return word[: -len(tail)]
    return word


def supports(text: str, claim: Claim, canon: Canon, lexicon: Lexicon) -> bool:
    """Whether a text speaks of what the claim says: of its subject, and of its value or change.

    Generous on purpose: it stops what came from nowhere, not what was worded freely.
    """
    if not text.strip():
        return True
    if claim.subject == STORY:
        return True
    words = _WORD.findall(text.lower())
    stems = {_stem(lexicon.lemma.get(w, w)) for w in words} | {_stem(w) for w in words}
    subject_words = _WORD.findall(claim.subject.lower().replace("_", " "))
    about = (
        any(_stem(w) in stems for w in subject_words if w not in _EMPTY)
        or any(w in PRONOUNS for w in words)
        or "i" in words
        or "you" in words
        or _goes_by_other_name(claim.subject, text, canon)
    )
    relation = canon.relations[claim.relation]
    value_words = [
        w for w in _WORD.findall(claim.value.lower().replace("_", " ")) if w not in _EMPTY
    ]
    told = any(_stem(w) in stems for w in value_words) or any(
        w.isdigit() and w in {number_in(said) for said in words} for w in value_words
    )
    if not told:
        families = {
            lexicon.plain[lexicon.lemma[w]].name
            for w in words
            if w in lexicon.lemma and lexicon.lemma[w] in lexicon.plain
        }
        told = relation.name in lexicon.cues(families)
    if claim.relation in ("alive", "does"):
        return about
    if not value_words:
        return about
    return about or told if relation.name == "count" else about and told


def _goes_by_other_name(subject: str, text: str, canon: Canon) -> bool:
    low = text.lower()
    return any(
        f.relation in ("name", "alias", "role") and key_of(f.value).replace("_", " ") in low
        for f in canon.facts_about(subject)
    )
