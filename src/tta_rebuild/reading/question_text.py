"""A question as its words alone: contractions written out, wrappings and politeness taken off.

What is taken off and what is written otherwise is ``data/same_question.toml``. Called by
``reading.same_question``; what is left is drawn by ``reading.question_form``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import sentences_of

_ENDS = {"n't": " not", "'re": " are", "'ve": " have", "'ll": " will", "'m": " am"}
_SPLIT = re.compile(r"\s+")
_CLEFT = (re.compile(r"(?i)^(who|what|where|when|why) (?:is|was) it that (?=\w)"), r"\1 ")
"""What stands in "what was it that …" is said as it is in "tell me what …"."""
_PLEASE = re.compile(r"(?i)^please\b|\bplease\W*$|\byou please (?!me|him|her|it|us|them)")
"""Where "please" is no verb."""
_OF_US = r"(?!.*\b(?:i|me|my|mine|we|us|our|ours|you|your|yours)\b)"


@dataclass(frozen=True, slots=True)
class Clause:
    """One sentence, made plain.

    Attributes:
        text: its words with a capital and a mark, as a parser knows sentences; "" for none.
        kind: ``"asks"`` (begins with a question word), ``"polar"`` (yes or no) or ``"told"``.
        is_wrapped: whether it stood in another, as in "tell me where …".
        addressed: who is spoken to, in lower case; "" where that is not said.
    """

    text: str
    kind: str
    is_wrapped: bool
    addressed: str = ""


def table() -> dict[str, Any]:
    """``data/same_question.toml``."""
    return packaged_toml("tta_rebuild.reading", "same_question")


@cache
def word_set(name: str) -> frozenset[str]:
    """A closed set of words of the data file."""
    return frozenset(table()["sets"][name].split())


def small_talk(text: str) -> int:
    """The number of the group of set phrases that a whole line belongs to, from 1; 0 for none."""
    line = _opened(_written_out(text)).lower().strip(" .,!?")
    return _small_talk().get(line, 0)


def clauses_of(text: str, named: frozenset[str]) -> tuple[Clause, ...]:
    """The sentences of a text in order, without those that only open it."""
    found = [_clause(sentence, named) for sentence in sentences_of(_calling(text, named))]
    return tuple(clause for clause in found if clause.text)


def _calling(text: str, named: frozenset[str]) -> str:
    """The text written out, where "Mira! Are you there?" is one sentence."""
    text = _written_out(text)
    called, mark, rest = (
        re.split(r"([!.?])", text, maxsplit=1) if re.search("[!.]", text) else (text, "", "")
    )
    return (
        f"{called},{rest}"
        if mark in ("!", ".") and rest.strip() and _is_called(called, named)
        else text
    )


def _is_called(text: str, named: frozenset[str]) -> bool:
    words = text.lower().split()
    return bool(words) and (" ".join(words) in table()["addresses"] or set(words) <= named)


def _addressed(text: str, named: frozenset[str]) -> tuple[str, str]:
    """Who is called at the beginning or end of a question, in lower case, and the rest of it.

    A name at its end may as well be of somebody who was spoken of.
    """
    called, comma, rest = text.partition(", ")
    opened = _opened(rest)
    first = opened.partition(" ")[0].lower()
    if (
        comma
        and _is_called(called, named)
        and first in word_set("question_words") | word_set("inverting") | {"you"}
    ):
        return called.lower(), opened
    body, comma, called = text.rpartition(", ")
    called = called.strip(" .!?").lower()
    if comma and called in table()["addresses"]:
        return called, f"{body}{'?' if text.endswith('?') else ''}"
    return "", text


def _clause(sentence: str, named: frozenset[str]) -> Clause:
    addressed, text = _addressed(_opened(_requested(sentence.strip())), named)
    text, is_wrapped = _unwrapped(text)
    if text[:2] != "I " and text.partition(" ")[0].lower() not in named:
        text = text[:1].lower() + text[1:]
    for pattern, to in _rewrites():
        text = pattern.sub(to, text)
    has_mark = text.rstrip(" \"'!.)").endswith("?")
    text, hides_if = re.subn(r"(?i)^(?:if|whether) ", "", text) if is_wrapped else (text, 0)
    if not is_wrapped and text.lower().startswith("whether "):  # a rewrite has made it
        text, hides_if = text[8:], 1
    text = _in_digits(_ended(text))
    words = text.lower().split()
    asking = word_set("question_words")
    kind = "polar" if has_mark or hides_if or set(words[:1]) & word_set("inverting") else "told"
    _, _, after = text.lower().partition(", ")
    if after.partition(" ")[0] in asking and kind == "polar":
        kind = "asks"
    elif asking & set(words[:2]) and not hides_if and set(words[:1]) - word_set("inverting"):
        kind = "asks" if has_mark or is_wrapped or words[0] in asking else kind
    if kind == "told" and words and words[0] not in word_set("subjects") | named:
        text = f"you will {text[0].lower()}{text[1:]}"  # parsers take bare commands for names
    marked = f"{text[:1].upper()}{text[1:]}{'.' if kind == 'told' else '?'}" if text else ""
    return Clause(marked, kind, is_wrapped, addressed)


def _requested(text: str) -> str:
    """With "please", "could you" and "would you" are no more than "can you" and "will you"."""
    if not _PLEASE.search(text):
        return text
    text = re.sub(r"(?i)\bcould you\b", "can you", text)
    return re.sub(r"(?i)\bwould you\b", "will you", text)


def _written_out(text: str) -> str:
    text = _SPLIT.sub(" ", text.replace("’", "'").replace("“", '"').replace("”", '"')).strip()
    for short, long in table()["contractions"].items():
        text = re.sub(rf"(?i)(?<![\w']){re.escape(short)}(?![\w'])", long, text)
    for short, long in _ENDS.items():
        text = re.sub(rf"(?i)(?<=[a-z]){short}(?!\w)", long, text)
    # "do not you" is "do you not"
    return re.sub(r"(?i)\b(\w+) not (i|you|he|she|it|we|they)\b", r"\1 \2 not", text)


def _opened(text: str) -> str:
    while (shorter := _links().sub("", _openings().sub("", text))) != text:
        text = shorter
    return text


def _unwrapped(text: str) -> tuple[str, bool]:
    for pattern, to in (*_wrappings(), _CLEFT):
        if (shorter := pattern.sub(to, text)) != text:
            return _opened(shorter), True
    return text, False


def _ended(text: str) -> str:
    text = text.strip(" .!?\"'")
    while (shorter := _endings().sub("", text)) != text:
        text = shorter.strip(" .!?,")
    return text


def _in_digits(text: str) -> str:
    from text_to_num import alpha2digit

    digits: str = alpha2digit(text, "en")
    return digits


@cache
def _small_talk() -> dict[str, int]:
    return {line: n for n, group in enumerate(table()["lines"], start=1) for line in group}


@cache
def _openings() -> re.Pattern[str]:
    words = "|".join(map(re.escape, sorted(table()["openings"], key=len, reverse=True)))
    return re.compile(rf"(?i)^(?:{words})(?:[,!.:;] ?| ?- ?|(?<=please) )(?=\w)")


@cache
def _links() -> re.Pattern[str]:
    asking = "|".join(sorted(word_set("question_words") | word_set("inverting")))
    return re.compile(rf"(?i)^(?:{'|'.join(table()['links'])}) (?=(?:{asking}) \w)")


@cache
def _endings() -> re.Pattern[str]:
    loose, after = (
        "|".join(map(re.escape, table()[name])) for name in ("endings", "afterthoughts")
    )
    return re.compile(rf"(?i)(?:,? (?:{loose})|, (?:{after}))$")


@cache
def _wrappings() -> tuple[tuple[re.Pattern[str], str], ...]:
    asking = "|".join([*sorted(word_set("question_words")), "if", "whether"])
    patterns = []
    for name, unless in (("wrappings", ""), ("wrappings_of_others", _OF_US)):
        words = "|".join(map(re.escape, sorted(table()[name], key=len, reverse=True)))
        follows = rf"(?=(?:(?:to|for|from|with|at|in) )?(?:{asking})\b){unless}"
        patterns.append((re.compile(rf"(?i)^(?:{words}),?:? {follows}"), ""))
    return tuple(patterns)


@cache
def _rewrites() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(f"(?i){one['from']}"), one["to"]) for one in table()["rewrites"]]
