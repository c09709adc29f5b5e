"""Whether a sentence supports a claim that says it comes from it.

A model's facts are data from outside: one that its sentence does not bear out is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tta_rebuild.canon.entities import PRONOUNS
from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import STORY, Canon
from tta_rebuild.core.english import number_in, stem
from tta_rebuild.core.story import Claim
from tta_rebuild.reading.lexicon import Lexicon
from tta_rebuild.reading.prose_reader import SentenceRead

_WORD = re.compile(r"[^\W\d_]+|\d+")
_DENIALS = frozenset("no not never nothing nobody none without cannot t".split())


def supports(
    text: str, claim: Claim, canon: Canon, lexicon: Lexicon, acts: Iterable[str] = ()
) -> bool:
    """Whether a text speaks of what the claim says: of its subject, and of its value or change.

    Generous on purpose: it stops what came from nowhere, not what was worded freely.

    Args:
        acts: the families of verbs that the reader found in the text.
    """
    if not text.strip():
        return True
    if claim.subject == STORY:
        return True
    words = _WORD.findall(text.lower())
    stems = {stem(lexicon.lemma.get(w, w)) for w in words} | {stem(w) for w in words}
    subject_words = _WORD.findall(claim.subject.lower().replace("_", " "))
    about = (
        any(stem(w) in stems for w in subject_words if w not in lexicon.sets["empty_words"])
        or any(w in PRONOUNS for w in words)
        or "i" in words
        or "you" in words
        or _goes_by_other_name(claim.subject, text, canon)
    )
    relation = canon.relations[claim.relation]
    value_words = [
        w
        for w in _WORD.findall(claim.value.lower().replace("_", " "))
        if w not in lexicon.sets["empty_words"]
    ]
    told = any(stem(w) in stems for w in value_words) or any(
        w.isdigit() and w in {number_in(said) for said in words} for w in value_words
    )
    if not told:
        families = set(acts) | {
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


def likeness_of(read: SentenceRead, claim: Claim, canon: Canon, lexicon: Lexicon) -> float:
    """How much a sentence looks like the one that a claim comes from; only the order matters."""
    slot, normal = canon.relations.normal(claim.relation, claim.value)
    subject = canon.id_of(claim.subject)
    said = 0
    for one in read.claims:
        if one.relation == claim.relation and canon.id_of(one.subject) == subject:
            its_slot, its_normal = canon.relations.normal(one.relation, one.value)
            if its_slot == slot:
                said = 1 if (its_normal, one.ends) == (normal, claim.ends) else -1
    words = _WORD.findall(read.sentence.lower())
    denied = any(w in _DENIALS for w in words) == claim.ends
    named, valued = _shares(read, claim, canon, lexicon)
    cue = claim.relation in lexicon.cues(read.families)
    plainly = named == valued == 1.0
    return 4.0 * said + 2.0 * named + 2.0 * valued + plainly + cue + denied


def names_both_sides(read: SentenceRead, claim: Claim, canon: Canon, lexicon: Lexicon) -> bool:
    """Whether a sentence has all words of the claim's subject and of its value."""
    return _shares(read, claim, canon, lexicon) == (1.0, 1.0)


def _shares(
    read: SentenceRead, claim: Claim, canon: Canon, lexicon: Lexicon
) -> tuple[float, float]:
    """How much of the subject's and of the value's words a sentence has, in [0, 1]."""
    words = _WORD.findall(read.sentence.lower())
    stems = {stem(lexicon.lemma.get(w, w)) for w in words} | {stem(w) for w in words}
    numbers = {number_in(word) for word in words}

    def share(text: str) -> float:
        wanted = [
            w
            for w in _WORD.findall(text.lower().replace("_", " "))
            if w not in lexicon.sets["empty_words"]
        ]
        hits = sum(stem(w) in stems or (w.isdigit() and w in numbers) for w in wanted)
        return hits / len(wanted) if wanted else 0.0

    named = share(claim.subject)
    if not named and _goes_by_other_name(claim.subject, read.sentence, canon):
        named = 0.5
    return named, share(claim.value)


def _goes_by_other_name(subject: str, text: str, canon: Canon) -> bool:
    low = text.lower()
    return any(
        f.relation in ("name", "alias", "role") and key_of(f.value).replace("_", " ") in low
        for f in canon.facts_about(subject)
    )
