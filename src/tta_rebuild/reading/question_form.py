"""What of a question decides its answer, drawn from its dependency tree (or its words alone).

Called by ``reading.same_question``, which holds two forms against each other; the tree itself is
``question_tree``'s.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tta_rebuild.reading.question_text import Clause, word_set
from tta_rebuild.reading.question_tree import Drawing, Tree, nodes_of
from tta_rebuild.reading.question_words import (
    PEOPLE,
    POSSESSING,
    class_of,
    is_denial,
    is_main,
    is_number,
    is_quantity,
    is_silent,
    person_of,
)

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionForm:
    """What must agree before two questions share an answer; counts are sorted ``(what, n)``.

    Attributes:
        kind: what is wanted: see ``question_text.Clause``, with the question word.
        names: names, of the story's people or in capitals.
        numbers: quantities, dates and ordinals, in digits; words of quantity.
        negations: words that deny.
        people: pronouns, by person and number.
        tense: time, modal verb and aspect of every verb.
        time_and_place: prepositions and adverbs.
        words: all other words, by class of meaning, with number and degree.
        roles: who does what to whom: the tree, or the words in their order.
        order: names, nouns and pronouns in order, which only a turn of the sentence may change.
        turns: such turns: passive, receiver, genitive, joined, fronted.
        scope: denials, quantities and "only" in their order.
        addressed: who is spoken to; that one question does not say it sets them not apart.
        is_helped: whether "do" helps its verb; None where nothing follows from that.
    """

    kind: str
    names: tuple[tuple[str, int], ...] = ()
    numbers: tuple[tuple[str, int], ...] = ()
    negations: tuple[tuple[str, int], ...] = ()
    people: tuple[tuple[str, int], ...] = ()
    tense: tuple[tuple[str, int], ...] = ()
    time_and_place: tuple[tuple[str, int], ...] = ()
    words: tuple[tuple[str, int], ...] = ()
    roles: Tree = ()
    scope: tuple[str, ...] = ()
    order: tuple[str, ...] = field(default=(), compare=False)
    turns: frozenset[str] = field(default=frozenset(), compare=False)
    addressed: str = field(default="", compare=False)
    is_helped: bool | None = field(default=None, compare=False)


def word_form_of(clause: Clause, names: Sequence[str]) -> QuestionForm:
    """The form of a clause without a parser: every word where it stands."""
    words = re.findall(r"[\w'-]+|[^\w\s,.;:!?\"()]", clause.text)
    low = [word.lower() for word in words]
    called = parts_of(names)
    return QuestionForm(
        kind=clause.kind,
        addressed=clause.addressed,
        names=_counted(
            w.lower() for n, w in enumerate(words) if w.lower() in called or (n and w[:1].isupper())
        ),
        numbers=_counted(w for w in low if is_number(w)),
        negations=_counted(w for w in low if w in word_set("denying")),
        people=_counted(w for w in low if w in PEOPLE or w in POSSESSING),
        roles=tuple(low),
    )


def form_of(clause: Clause, parsed: Doc, names: Sequence[str]) -> QuestionForm:
    """The form of a parsed clause."""
    drawn = Drawing(parts_of(names))
    trees = tuple(drawn.tree(t) for t in parsed if t.head == t)
    words = [t for t in parsed if not is_silent(t)]
    named = [t for t in words if drawn.is_name(t)]
    pronouns = [t for t in words if t.tag_ in ("PRP", "PRP$")]
    asking = sorted(t.lower_ for t in words if t.tag_ in ("WP", "WRB", "WDT", "WP$"))
    nouns = [t for t in words if t.pos_ == "NOUN"]
    pointing = {t.i: class_of("noun", t.lemma_.lower()) for t in nouns}
    pointing |= {t.i: person_of(t) for t in pronouns} | {t.i: t.lower_ for t in named}
    helps = any(t.lemma_ == "do" and t.dep_ == "aux" for t in words)
    turns = frozenset(drawn.turns | ({"fronted"} if _opens_aside(parsed[0]) else set()))
    nodes = [node for tree in trees for node in nodes_of(tree)]
    return QuestionForm(
        kind=" ".join([clause.kind, *(asking if clause.kind == "asks" else ())]),
        names=_counted(t.lower_ for t in named),
        numbers=_counted(t.lower_ for t in words if is_number(t.lower_) or is_quantity(t)),
        negations=_counted(t.lower_ for t in words if is_denial(t)),
        people=_counted(pointing[t.i] for t in pronouns),
        tense=_counted(drawn.tense(t) for t in words if is_main(t)),
        time_and_place=_counted(role for role, tree in nodes if role.startswith(("prep", "mod"))),
        words=_counted(f"{tree[0]} {' '.join(tree[1])}" for _, tree in nodes),
        roles=trees,
        scope=tuple(_scope(t) for t in words if _has_scope(t)),
        order=tuple(pointing[i] for i in sorted(pointing)),
        turns=turns,
        addressed=clause.addressed,
        is_helped=None if clause.is_wrapped or turns or clause.kind != "asks" else helps,
    )


def parts_of(names: Sequence[str]) -> frozenset[str]:
    """The words of names that begin with a capital, in lower case."""
    return frozenset(part.lower() for name in names for part in name.split() if part[:1].isupper())


def _counted(found: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(found).items()))


def _opens_aside(first: Token) -> bool:
    """Whether a sentence opens with a time, a place or a circumstance."""
    here = first
    while here.head.dep_ != "ROOT" and here.head != here:
        here = here.head
    return here.dep_ in ("prep", "npadvmod", "advmod", "advcl") and first.tag_[:1] != "W"


def _has_scope(token: Token) -> bool:
    return is_denial(token) or is_quantity(token) or _meant(token) in word_set("limiting")


def _meant(token: Token) -> str:
    return class_of("adverb", class_of("noun", token.lower_))


def _scope(token: Token) -> str:
    """A word, with the one that "only" and its like stand before."""
    if token.lower_ in word_set("focusing") and token.i + 1 < len(token.doc):
        return f"{token.lower_} {token.nbor().lower_}"
    return _meant(token)
