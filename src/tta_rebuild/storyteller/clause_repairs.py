"""Faults of the clause parser that its own sentence shows, put right. Called by
``premise_facts``.

"The piano Mum left her" is taken for two clauses side by side, though nothing parts them; what
"and" begins for the object of the verb before it; and of "a bell rings" all words for nouns,
though a sentence has a verb.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tta_rebuild.storyteller.clause_parser import ParsedWord

_SUBJECTS = ("nsubj", "nsubjpass")
_BEFORE_A_NOUN = ("det", "amod", "poss", "compound", "nummod")


def repaired(sentence: Sequence[ParsedWord]) -> list[ParsedWord]:
    """A sentence's words, with other heads, relations and tags where they cannot be right."""
    first = sentence[0].index if sentence else 0
    return _with_relatives(_with_verb(sentence, first), first)


def _with_verb(sentence: Sequence[ParsedWord], first: int) -> list[ParsedWord]:
    """With the last noun of "a bell rings" as the verb, where there is no other."""
    words = list(sentence)
    root = next((w for w in words if w.head == w.index and w.tag == "NNS"), None)
    if root is None or any(w.is_verb for w in words):
        return words
    before = words[root.index - first - 1] if root.index > first else None
    if before is None or before.relation != "compound" or before.head != root.index:
        return words
    words[root.index - first] = replace(root, tag="VBZ")
    words[before.index - first] = replace(before, relation="nsubj")
    for word in words[: before.index - first]:
        if word.head == root.index and word.relation in _BEFORE_A_NOUN:
            words[word.index - first] = replace(word, head=before.index)
    return words


def _with_relatives(words: list[ParsedWord], first: int) -> list[ParsedWord]:
    """With a clause that follows a noun at once as what is said of that noun."""
    for verb in list(words):
        if not verb.is_verb or verb.relation not in ("conj", "ccomp") or verb.head >= verb.index:
            continue
        subject = next((w for w in words if w.head == verb.index and w.relation in _SUBJECTS), None)
        if subject is None or any(w.head == verb.index and w.relation == "mark" for w in words):
            continue
        begins = min(w.index for w in words if w is subject or w.head == subject.index)
        before = words[begins - first - 1] if begins > first else None
        if before is not None and before.tag == "CC":  # calls me buddy and the ducks took it
            words[verb.index - first] = replace(verb, relation="conj")
            words[before.index - first] = replace(before, head=verb.head)
            continue
        above = words[verb.head - first]
        is_between = before is not None and above.index < before.index < subject.index
        if before is not None and is_between and before.tag in ("NN", "NNS", "NNP"):
            words[verb.index - first] = replace(verb, relation="relcl", head=before.index)
    return words
