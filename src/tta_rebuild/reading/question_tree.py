"""Who does what to whom in a question: its dependency tree, with turns of the sentence evened out.

A tree is the same for "Did Mira hand Tom the key" and "Was the key given to Tom by Mira": the
passive with its agent, the two places of a receiver, genitives and joined nouns are evened out;
nothing else is. Called by ``question_form``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from tta_rebuild.reading.english_parse import child
from tta_rebuild.reading.question_text import word_set
from tta_rebuild.reading.question_words import (
    PEOPLE,
    class_of,
    in_relative,
    is_article,
    is_form_word,
    is_phrase,
    is_silent,
    person_of,
    phrasal,
    tense_of,
)

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

Tree: TypeAlias = tuple[Any, ...]
"""``(label, marks, ((role, tree), …))``, children sorted."""
_ROLES = {
    "acomp": "attr",
    "oprd": "attr",
    "nsubjpass": "nsubj",
    "npadvmod": "mod",
    "advmod": "mod",
    "amod": "amod",
}
_POS = {"VERB": "verb", "AUX": "verb", "NOUN": "noun", "ADJ": "adjective", "ADV": "adverb",
        "ADP": "preposition", "SCONJ": "preposition", "PRON": "noun"}  # fmt: skip


class Drawing:
    """Draws the trees of one clause, and notices whether it turns what others say straight."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self.turns = set[str]()

    def is_name(self, token: Token) -> bool:
        """Whether a word names somebody or something."""
        is_capital = token.text[:1].isupper() and token.text != "I" and token.i > 0
        return token.lower_ in self._names or is_capital

    def tree(self, token: Token) -> Tree:
        """The tree below a word."""
        children = _below(token)
        if joined := _joined_nouns(token):
            self.turns.add("joined")
            linked = _linked(token)
            each = [self._node(t, [c for c in t.children if c.dep_ not in ("conj", "cc")])
                    for t in joined]  # fmt: skip
            return (linked, (), tuple(sorted(("conj", one) for one in each)))
        return self._node(token, children)

    def _node(self, token: Token, children: Iterable[Token]) -> Tree:
        children = [c for c in children if not is_silent(c) and not is_form_word(c)]
        label, marks, found = self._label(token), list(self._marks(token)), list[tuple[str, Tree]]()
        particle = _particle(token, children)
        if particle is not None:
            label = class_of("verb", f"{token.lemma_.lower()} {particle.lower_}")
            children.remove(particle)
            children += [c for c in particle.children if not is_silent(c)]
        agent, receiver = _agent(token, children), _receiver(children)
        for below in children:
            role = _ROLES.get(below.dep_, below.dep_)
            is_done_to = role == "nsubj" and _is_passive(token)
            preposition, noun = _preposition(below)
            if below == agent and noun is not None:
                self.turns.add("passive")
                found.append(("nsubj", self.tree(noun)))
            elif is_done_to and agent is not None:
                found.append(("dobj", self.tree(below)))
            elif (
                noun is not None
                and token.pos_ == "VERB"
                and (phrase := phrasal(token, preposition))
            ):
                label = phrase
                found.append(("dobj", self.tree(noun)))
            elif preposition == "of" and noun is not None and _has_owner(token):
                self.turns.add("genitive")
                marks = [mark for mark in marks if mark != "the"]
                found.append(("poss", self.tree(noun)))
            elif noun is not None:
                found.append((f"prep {class_of('preposition', preposition)}", self.tree(noun)))
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
            return word if self.is_name(token) else class_of("adjective", word)
        if token.tag_ in ("PRP", "PRP$"):
            return person_of(token)
        if token.dep_ != "ROOT" and token.tag_ in ("WDT", "WP") and in_relative(token):
            return "who"
        if token.pos_ in ("DET", "NUM", "CCONJ", "PART", "INTJ", "X", "SYM"):
            return token.lower_
        if token.pos_ == "PRON":
            return class_of("noun", token.lower_)
        return class_of(_POS.get(token.pos_, ""), token.lemma_.lower())

    def tense(self, verb: Token) -> str:
        """The tense of a verb; a passive that names who did it is no other than the active."""
        marks = tense_of(verb)
        return " ".join(m for m in marks if m != "passive" or _agent(verb, verb.children) is None)

    def _marks(self, token: Token) -> Iterator[str]:
        if token.pos_ in ("VERB", "AUX") and token.dep_ != "amod":
            yield from tense_of(token)
        if token.tag_ in ("NNS", "NNPS"):
            yield "plural"
        if token.tag_ in ("JJR", "JJS", "RBR", "RBS"):
            yield token.tag_[-1]
        yield from (PEOPLE.get(c.lower_, c.lower_) for c in token.children if is_article(c))


def nodes_of(tree: Tree, role: str = "root") -> Iterator[tuple[str, Tree]]:
    """All trees in a tree, each with its role, from the top."""
    yield role, tree
    for below, inner in tree[2]:
        yield from nodes_of(inner, below)


def straightened(parsed: Doc) -> str:
    """The text of a question in the passive that parsers misread, as one that they do not.

    "was the door opened by Tom", taken for a door that was, is "the door was …"; "who was it opened
    by" is "it was opened by who". "" for all others.
    """
    first = parsed[0]
    if (left := _left_agent(parsed)) is not None:
        be, verb = parsed[1], left.head
        return _sentence(
            parsed[2 : verb.i].text,
            f"{be.lower_} {parsed[verb.i : left.i + 1].text} {first.lower_}?",
        )
    subject = child(first, "nsubj")
    if first.dep_ != "ROOT" or first.lemma_ != "be" or subject is None:
        return ""
    done = child(subject, "acl")
    if done is None or done.tag_ != "VBN" or done.i < subject.i:
        return ""
    before, after = parsed[1 : done.i].text, parsed[done.i :].text
    return _sentence(before, f"{first.lower_} {after}")


def _sentence(before: str, after: str) -> str:
    return f"{before[:1].upper()}{before[1:]} {after}"


def _left_agent(parsed: Doc) -> Token | None:
    """The "by" at the end of "who was it opened by"."""
    words = [t for t in parsed if not t.is_punct]
    if len(words) < 5 or words[0].tag_ != "WP" or words[1].lemma_ != "be":
        return None
    last, verb = words[-1], words[-1].head
    is_left = last.dep_ == "agent" and not any(last.children)
    return last if is_left and verb.tag_ == "VBN" and 2 < verb.i < last.i else None


def _preposition(token: Token) -> tuple[str, Token | None]:
    """The preposition and its noun, where it has nothing else."""
    if token.dep_ not in ("prep", "dative", "agent") or token.pos_ not in ("ADP", "SCONJ"):
        return "", None
    below = [c for c in token.children if not is_silent(c)]
    noun = below[0] if len(below) == 1 and below[0].dep_ == "pobj" else None
    return token.lower_, noun


def _agent(verb: Token, children: Iterable[Token]) -> Token | None:
    """ "by" with whoever does it, where something is done to somebody or something."""
    if not _is_passive(verb):
        return None
    found = [c for c in children if c.dep_ == "agent" and _preposition(c)[1] is not None]
    return found[0] if len(found) == 1 else None


def _is_passive(verb: Token) -> bool:
    return any(c.dep_ == "auxpass" for c in verb.children)


def _below(token: Token) -> list[Token]:
    """What depends on a word, and what the parser has hung on its helping verbs instead."""
    helping = [c for c in token.children if c.dep_ in ("aux", "auxpass")]
    found = [*token.children, *(below for c in helping for below in c.children)]
    return [c for c in found if not is_silent(c) and not is_form_word(c)]


def _particle(verb: Token, children: Iterable[Token]) -> Token | None:
    """The adverb that makes another verb of a verb: any so called, or one that the table knows."""
    for below in children:
        known = below.dep_ == "advmod" and is_phrase(f"{verb.lemma_.lower()} {below.lower_}")
        if below.dep_ == "prt" or (known and verb.pos_ == "VERB"):
            return below
    return None


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
