"""What a word of a question is: a name for what it means, its tense, its number, or no matter.

Over spaCy's tokens; called by ``question_tree`` and ``question_form``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from tta_rebuild.reading.question_text import table, word_set

if TYPE_CHECKING:
    from spacy.tokens import Token

_MARKS_OF_SPEECH = frozenset(".,;:?!'\"()-–—…") | {"''", "``", "--", "..."}
PEOPLE = {"me": "i", "him": "he", "her": "she", "us": "we", "them": "they", "an": "a"}
POSSESSING = {"my": "i", "your": "you", "his": "he", "her": "she", "its": "it", "our": "we",
               "their": "they", "mine": "i", "yours": "you"}  # fmt: skip
_PAST, _PRESENT = frozenset({"VBD"}), frozenset({"VBZ", "VBP"})


def class_of(kind: str, word: str) -> str:
    """The first word of the group that a word belongs to, or itself; ``kind`` as in the table."""
    return _classes().get(kind, {}).get(word, word)


@cache
def _classes() -> Mapping[str, Mapping[str, str]]:
    """Kind of word → word → the first of its group."""
    groups = {kind: [g.split(" = ") for g in lines] for kind, lines in table()["groups"].items()}
    return {kind: {w: g[0] for g in some for w in g} for kind, some in groups.items()}


def is_phrase(words: str) -> bool:
    """Whether a verb with its particle stands in the table."""
    return words in _classes()["verb"]


def person_of(token: Token) -> str:
    """The pronoun as a subject: "me" and "my" are "i"."""
    called = POSSESSING if token.tag_ == "PRP$" else PEOPLE
    return called.get(token.lower_, token.lower_)


def tense_of(verb: Token) -> tuple[str, ...]:
    """Time or modal verb first, then what else its helping verbs say."""
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
    is_perfect = "have" in lemmas
    if is_perfect and time == "present" and any(c.lower_ == "ever" for c in verb.children):
        time, is_perfect = "past", False  # "have you ever met" is "did you ever meet"
    marks = [time]
    marks += ["perfect"] if is_perfect else []
    is_how_long = is_perfect and verb.doc[:2].text.lower() == "how long"  # it lasts until now
    is_progressive = "be" in lemmas and verb.tag_ == "VBG"
    marks += ["progressive"] if is_progressive and not is_how_long else []
    marks += ["passive"] if any(c.dep_ == "auxpass" for c in helping) else []
    return tuple(marks)


def is_main(token: Token) -> bool:
    """Whether it is a verb that helps no other."""
    return token.pos_ in ("VERB", "AUX") and token.dep_ not in ("aux", "auxpass", "amod")


def is_number(word: str) -> bool:
    """Whether it is written in digits."""
    return any(character.isdigit() for character in word)


def is_quantity(token: Token) -> bool:
    """Whether it says how many or which, articles apart."""
    return token.pos_ == "NUM" or (token.dep_ in ("det", "predet", "quantmod", "nummod")
                                   and not is_article(token))  # fmt: skip


def is_denial(token: Token) -> bool:
    """Whether it denies."""
    return token.lower_ in word_set("denying") or token.dep_ == "neg"


def is_article(token: Token) -> bool:
    """Whether it is "a" or "the"."""
    return token.dep_ == "det" and token.lower_ in ("a", "an", "the")


def is_silent(token: Token) -> bool:
    """Whether nothing depends on it: marks, "that", the genitive."""
    is_that = token.dep_ == "mark" and token.lower_ == "that"
    is_relative = token.dep_ in ("dobj", "pobj") and token.tag_ in ("WDT", "WP")
    return (
        token.is_space
        or token.text in _MARKS_OF_SPEECH
        or token.dep_ == "case"
        or is_that
        or (is_relative and in_relative(token))
    )


def in_relative(token: Token) -> bool:
    """Whether it opens a relative clause."""
    return token.head.dep_ == "relcl" and token.i < token.head.i


def is_form_word(token: Token) -> bool:
    """Whether it is an article or a helping verb, which are marks of another word."""
    return is_article(token) or (token.dep_ in ("aux", "auxpass") and token.pos_ in ("AUX", "PART"))


def phrasal(verb: Token, preposition: str) -> str:
    """The class of a verb with this preposition, "" if they are no such verb."""
    if any(c.dep_ in ("dobj", "prt", "dative") for c in verb.children):
        return ""
    key = f"{verb.lemma_.lower()} {preposition}"
    return _classes()["verb"].get(key, "")
