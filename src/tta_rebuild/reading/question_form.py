"""What of a question decides its answer, drawn from its dependency tree (or its words alone).

A tree is the same for "Did Mira hand Tom the key" and "Was the key given to Tom by Mira": the
passive with its agent, the two places of a receiver, genitives and joined nouns are evened out;
nothing else is. Called by ``reading.same_question``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from tta_rebuild.reading.english_parse import child
from tta_rebuild.reading.question_text import Clause, table, word_set

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

Tree: TypeAlias = tuple[Any, ...]
"""``(label, marks, ((role, tree), …))``, children sorted."""

_MARKS_OF_SPEECH = frozenset(".,;:?!'\"()-–—…") | {"''", "``", "--", "..."}
_PEOPLE = {"me": "i", "him": "he", "her": "she", "us": "we", "them": "they", "an": "a"}
_POSSESSING = {"my": "i", "your": "you", "his": "he", "her": "she", "its": "it", "our": "we",
               "their": "they", "mine": "i", "yours": "you"}  # fmt: skip
_ROLES = {"acomp": "attr", "oprd": "attr", "npadvmod": "mod", "advmod": "mod", "amod": "amod"}
_POS = {"VERB": "verb", "AUX": "verb", "NOUN": "noun", "ADJ": "adjective", "ADV": "adverb",
        "ADP": "preposition", "SCONJ": "preposition", "PRON": "noun"}  # fmt: skip
_PAST, _PRESENT = frozenset({"VBD"}), frozenset({"VBZ", "VBP"})


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
    is_helped: bool | None = field(default=None, compare=False)


def word_form_of(clause: Clause, names: Sequence[str]) -> QuestionForm:
    """The form of a clause without a parser: every word where it stands."""
    words = re.findall(r"[\w'-]+|[^\w\s,.;:!?\"()]", clause.text)
    low = [word.lower() for word in words]
    called = parts_of(names)
    return QuestionForm(
        kind=clause.kind,
        names=_counted(
            w.lower() for n, w in enumerate(words) if w.lower() in called or (n and w[:1].isupper())
        ),
        numbers=_counted(w for w in low if _is_number(w)),
        negations=_counted(w for w in low if w in word_set("denying")),
        people=_counted(w for w in low if w in _PEOPLE or w in _POSSESSING),
        roles=tuple(low),
    )


def form_of(clause: Clause, parsed: Doc, names: Sequence[str]) -> QuestionForm:
    """The form of a parsed clause."""
    drawn = _Drawing(parts_of(names))
    trees = tuple(drawn.tree(t) for t in parsed if t.head == t)
    words = [t for t in parsed if not _is_silent(t)]
    named = [t for t in words if drawn.is_name(t)]
    pronouns = [t for t in words if t.tag_ in ("PRP", "PRP$")]
    asking = sorted(t.lower_ for t in words if t.tag_ in ("WP", "WRB", "WDT", "WP$"))
    nouns = [t for t in words if t.pos_ == "NOUN"]
    pointing = {t.i: _class("noun", t.lemma_.lower()) for t in nouns}
    pointing |= {t.i: _person(t) for t in pronouns} | {t.i: t.lower_ for t in named}
    helps = any(t.lemma_ == "do" and t.dep_ == "aux" for t in words)
    turns = frozenset(drawn.turns | ({"fronted"} if _opens_aside(parsed[0]) else set()))
    nodes = [node for tree in trees for node in _nodes(tree)]
    return QuestionForm(
        kind=" ".join([clause.kind, *(asking if clause.kind == "asks" else ())]),
        names=_counted(t.lower_ for t in named),
        numbers=_counted(t.lower_ for t in words if _is_number(t.lower_) or _is_quantity(t)),
        negations=_counted(t.lower_ for t in words if _is_denial(t)),
        people=_counted(pointing[t.i] for t in pronouns),
        tense=_counted(drawn.tense(t) for t in words if _is_main(t)),
        time_and_place=_counted(role for role, tree in nodes if role.startswith(("prep", "mod"))),
        words=_counted(f"{tree[0]} {' '.join(tree[1])}" for _, tree in nodes),
        roles=trees,
        scope=tuple(_scope(t) for t in words if _has_scope(t)),
        order=tuple(pointing[i] for i in sorted(pointing)),
        turns=turns,
        is_helped=None if clause.is_wrapped or turns or clause.kind != "asks" else helps,
    )


class _Drawing:
    """Draws the trees of one clause, and notices whether it turns what others say straight."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self.turns = set[str]()

    def is_name(self, token: Token) -> bool:
        """Whether a word names somebody or something."""
        is_capital = token.text[:1].isupper() and token.text != "I" and token.i > 0
        return token.lower_ in self._names or is_capital

    def tree(self, token: Token) -> Tree:
        children = [c for c in token.children if not _is_silent(c) and not _is_form_word(c)]
        if joined := _joined_nouns(token):
            self.turns.add("joined")
            linked = _linked(token)
            each = [self._node(t, [c for c in t.children if c.dep_ not in ("conj", "cc")])
                    for t in joined]  # fmt: skip
            return (linked, (), tuple(sorted(("conj", one) for one in each)))
        return self._node(token, children)

    def _node(self, token: Token, children: Iterable[Token]) -> Tree:
        children = [c for c in children if not _is_silent(c) and not _is_form_word(c)]
        label, marks, found = self._label(token), list(self._marks(token)), list[tuple[str, Tree]]()
        particle = next((c for c in children if c.dep_ == "prt"), None)
        if particle is not None:
            label = _class("verb", f"{token.lemma_.lower()} {particle.lower_}")
            children.remove(particle)
        agent, receiver = _agent(children), _receiver(children)
        for below in children:
            role = _ROLES.get(below.dep_, below.dep_)
            preposition, noun = _preposition(below)
            if below == agent and noun is not None:
                self.turns.add("passive")
                found.append(("nsubj", self.tree(noun)))
            elif role == "nsubjpass" and agent is not None:
                found.append(("dobj", self.tree(below)))
            elif (
                noun is not None
                and token.pos_ == "VERB"
                and (phrase := _phrasal(token, preposition))
            ):
                label = phrase
                found.append(("dobj", self.tree(noun)))
            elif preposition == "of" and noun is not None and _has_owner(token):
                self.turns.add("genitive")
                marks = [mark for mark in marks if mark != "the"]
                found.append(("poss", self.tree(noun)))
            elif noun is not None:
                found.append((f"prep {_class('preposition', preposition)}", self.tree(noun)))
            elif role == "dobj" and (given := _run_on(below)) is not None:
                self.turns.add("receiver")
                found.append(("dobj", self.tree(given)))
                rest = [c for c in below.children if c != given]
                found.append(("prep to", self._node(below, rest)))
            elif role == "dative" or below == receiver:
                self.turns.add("receiver")
                found.append(("prep to", self.tree(below)))
            else:
                tree = self.tree(below)
                found.append((f"mod {tree[0]}" if role == "mod" else role, tree))
        if agent is not None:
            marks = [mark for mark in marks if mark != "passive"]
        return (label, tuple(sorted(marks)), tuple(sorted(found, key=repr)))

    def _label(self, token: Token) -> str:
        if self.is_name(token) or token.dep_ == "amod":
            word = token.lower_
            return word if self.is_name(token) else _class("adjective", word)
        if token.tag_ in ("PRP", "PRP$"):
            return _person(token)
        if token.dep_ != "ROOT" and token.tag_ in ("WDT", "WP") and _in_relative(token):
            return "who"
        if token.pos_ in ("DET", "NUM", "CCONJ", "PART", "INTJ", "X", "SYM"):
            return token.lower_
        if token.pos_ == "PRON":
            return _class("noun", token.lower_)
        return _class(_POS.get(token.pos_, ""), token.lemma_.lower())

    def tense(self, verb: Token) -> str:
        """The tense of a verb; a passive that names who did it is no other than the active."""
        marks = _tense(verb)
        return " ".join(m for m in marks if m != "passive" or _agent(verb.children) is None)

    def _marks(self, token: Token) -> Iterator[str]:
        if token.pos_ in ("VERB", "AUX") and token.dep_ != "amod":
            yield from _tense(token)
        if token.tag_ in ("NNS", "NNPS"):
            yield "plural"
        if token.tag_ in ("JJR", "JJS", "RBR", "RBS"):
            yield token.tag_[-1]
        yield from (_PEOPLE.get(c.lower_, c.lower_) for c in token.children if _is_article(c))


def _nodes(tree: Tree, role: str = "root") -> Iterator[tuple[str, Tree]]:
    yield role, tree
    for below, inner in tree[2]:
        yield from _nodes(inner, below)


def _counted(found: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(found).items()))


def parts_of(names: Sequence[str]) -> frozenset[str]:
    """The words of names that begin with a capital, in lower case."""
    return frozenset(part.lower() for name in names for part in name.split() if part[:1].isupper())


def _is_number(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _is_quantity(token: Token) -> bool:
    return token.pos_ == "NUM" or (token.dep_ in ("det", "predet", "quantmod", "nummod")
                                   and not _is_article(token))  # fmt: skip


def _opens_aside(first: Token) -> bool:
    """Whether a sentence opens with a time, a place or a circumstance."""
    here = first
    while here.head.dep_ != "ROOT" and here.head != here:
        here = here.head
    return here.dep_ in ("prep", "npadvmod", "advmod", "advcl") and first.tag_[:1] != "W"


def _is_denial(token: Token) -> bool:
    return token.lower_ in word_set("denying") or token.dep_ == "neg"


def _has_scope(token: Token) -> bool:
    return _is_denial(token) or _is_quantity(token) or token.lower_ in word_set("limiting")


def _scope(token: Token) -> str:
    """A word, with the one that "only" and its like stand before."""
    if token.lower_ in word_set("focusing") and token.i + 1 < len(token.doc):
        return f"{token.lower_} {token.nbor().lower_}"
    return token.lower_


def _is_article(token: Token) -> bool:
    return token.dep_ == "det" and token.lower_ in ("a", "an", "the")


def _is_silent(token: Token) -> bool:
    is_that = token.dep_ == "mark" and token.lower_ == "that"
    is_relative = token.dep_ in ("dobj", "pobj") and token.tag_ in ("WDT", "WP")
    return (
        token.is_space
        or token.text in _MARKS_OF_SPEECH
        or token.dep_ == "case"
        or is_that
        or (is_relative and _in_relative(token))
    )


def _in_relative(token: Token) -> bool:
    return token.head.dep_ == "relcl" and token.i < token.head.i


def _is_form_word(token: Token) -> bool:
    return _is_article(token) or (
        token.dep_ in ("aux", "auxpass") and token.pos_ in ("AUX", "PART")
    )


def _is_main(token: Token) -> bool:
    return token.pos_ in ("VERB", "AUX") and token.dep_ not in ("aux", "auxpass", "amod")


def _person(token: Token) -> str:
    called = _POSSESSING if token.tag_ == "PRP$" else _PEOPLE
    return called.get(token.lower_, token.lower_)


def _tense(verb: Token) -> tuple[str, ...]:
    helping = [c for c in verb.children if c.dep_ in ("aux", "auxpass")]
    lead = helping[0] if helping else verb
    time = lead.lower_ if lead.tag_ in ("MD", "TO") else "base"
    if lead.tag_ in _PAST:
        time = "past"
    elif lead.tag_ in _PRESENT:
        time = "present"
    elif lead == verb and verb.tag_ in ("VBG", "VBN"):
        time = verb.tag_
    lemmas = {c.lemma_.lower() for c in helping if c.dep_ == "aux"}
    marks = [time]
    marks += ["perfect"] if "have" in lemmas else []
    marks += ["progressive"] if "be" in lemmas and verb.tag_ == "VBG" else []
    marks += ["passive"] if any(c.dep_ == "auxpass" for c in helping) else []
    return tuple(marks)


def _preposition(token: Token) -> tuple[str, Token | None]:
    """The preposition and its noun, where it has nothing else."""
    if token.dep_ not in ("prep", "dative", "agent") or token.pos_ not in ("ADP", "SCONJ"):
        return "", None
    below = [c for c in token.children if not _is_silent(c)]
    noun = below[0] if len(below) == 1 and below[0].dep_ == "pobj" else None
    return token.lower_, noun


def _agent(children: Iterable[Token]) -> Token | None:
    children = list(children)
    if not any(c.dep_ == "nsubjpass" for c in children):
        return None
    found = [c for c in children if c.dep_ == "agent" and _preposition(c)[1] is not None]
    return found[0] if len(found) == 1 else None


def _receiver(children: Iterable[Token]) -> Token | None:
    """The first of two objects."""
    objects = [c for c in children if c.dep_ == "dobj"]
    return objects[0] if len(objects) == 2 else None


def _run_on(noun: Token) -> Token | None:
    """What stands right after a noun as if it were another name of it: "show Tom the scar"."""
    beside = child(noun, "appos")
    if beside is None or any(t.text == "," for t in noun.doc[noun.i : beside.i]):
        return None
    return beside


def straightened(parsed: Doc) -> str:
    """The text of "was the door opened by Tom", taken for a door that was, as "the door was …".

    "" where the verb was found.
    """
    first = parsed[0]
    subject = child(first, "nsubj")
    if first.dep_ != "ROOT" or first.lemma_ != "be" or subject is None:
        return ""
    verb = child(subject, "acl")
    if verb is None or verb.tag_ != "VBN" or verb.i < subject.i:
        return ""
    before, after = parsed[1 : verb.i].text, parsed[verb.i :].text
    return f"{before[:1].upper()}{before[1:]} {first.lower_} {after}"


def _phrasal(verb: Token, preposition: str) -> str:
    """The class of a verb with this preposition, "" if they are no such verb."""
    if any(c.dep_ in ("dobj", "prt", "dative") for c in verb.children):
        return ""
    key = f"{verb.lemma_.lower()} {preposition}"
    return _classes()["verb"].get(key, "")


def _has_owner(noun: Token) -> bool:
    has_the = any(c.dep_ == "det" and c.lower_ == "the" for c in noun.children)
    return has_the and noun.lemma_.lower() in word_set("genitive")


def _joined_nouns(token: Token) -> list[Token]:
    """The nouns that "and" or "or" joins to this one, itself the first; none for other words."""
    if token.dep_ == "conj" or token.pos_ not in ("NOUN", "PROPN", "PRON"):
        return []
    joined = [token]
    while following := child(joined[-1], "conj"):
        joined.append(following)
    alike = all(t.pos_ in ("NOUN", "PROPN", "PRON") for t in joined)
    return joined if len(joined) > 1 and alike else []


def _linked(token: Token | None) -> str:
    found, last = set[str](), token
    while last is not None:
        found |= {c.lower_ for c in last.children if c.dep_ == "cc"}
        last = child(last, "conj")
    return " ".join(sorted(found)) or ","


def _class(kind: str, word: str) -> str:
    return _classes().get(kind, {}).get(word, word)


@cache
def _classes() -> Mapping[str, Mapping[str, str]]:
    """Kind of word → word → the first of its group."""
    groups = {kind: [g.split(" = ") for g in lines] for kind, lines in table()["groups"].items()}
    return {kind: {w: g[0] for g in some for w in g} for kind, some in groups.items()}
