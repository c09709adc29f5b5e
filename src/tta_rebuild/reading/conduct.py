"""What a person's word and nature rule out: a promise broken, the blind reading.

Used by ``claim_check`` for deeds that were declared in words, by ``deed_check`` for deeds that
were read. A promise is kept as words ("never enter the tower"); a deed breaks it if it does the
same to the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.english import singular
from tta_rebuild.reading.lexicon import built_in_words


def stems(text: str) -> set[str]:
    """The content words of a text, verbs as lemmas, nouns in the singular."""
    words = built_in_words()
    return {
        words.lemma.get(w, singular(w))
        for w in re.findall(r"[a-z]+", text.lower().replace("_", " "))
        if w not in words.sets["promise_small_words"]
    }


def promises_broken(canon: Canon, subject: str, deed: str) -> Iterator[Fact]:
    """The subject's promises never to do something that this deed does."""
    done = stems(deed)
    for fact in canon.facts_about(subject):
        words = fact.value.lower().replace("_", " ")
        if fact.relation == "promise" and re.match(r"(?:never|not|no)\b", words):
            forbidden = stems(words)
            if forbidden and forbidden <= done:
                yield fact


def ruled_out(canon: Canon, subject: str, done: Collection[str]) -> Iterator[Fact]:
    """The subject's traits and lacking abilities that bar one of these verbs (as lemmas)."""
    for fact in canon.facts_about(subject):
        barred: Collection[str] = ()
        if fact.relation == "ability" and fact.value.startswith(("not ", "cannot ")):
            barred = stems(fact.value)
        elif fact.relation == "trait":
            group, side = canon.relations.normal("trait", fact.value)
            barred = built_in_words().sets.get(f"barred_to_{group}_{side}", ())
        if any(verb in barred for verb in done):
            yield fact
