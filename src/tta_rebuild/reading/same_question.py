"""Whether two questions, or two choices, ask the same, so that one answer does for both.

Built for the semantic cache (``integrations.wrappers.semantic``), to which ``bootstrap`` hands it:
there an embedding proposes, here is decided. Everything that may change an answer must agree; what
may differ is in ``data/same_question.toml`` and in how ``reading.question_tree`` draws sentences.
In doubt two questions are not the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import lru_cache

from tta_rebuild.reading.english_parse import ParserMissing, load_parser
from tta_rebuild.reading.question_form import (
    QuestionForm,
    form_of,
    parts_of,
    word_form_of,
)
from tta_rebuild.reading.question_text import clauses_of, small_talk
from tta_rebuild.reading.question_tree import straightened

LONGEST = 300
"""Characters of a question that is looked at; a longer one is like no other."""


class SameQuestion:
    """Compares questions in English; with ``has_parser`` also such as are built otherwise.

    Without spaCy (extra ``parser``) the words must stand in the same order.
    """

    def __init__(self, *, has_parser: bool | None = None) -> None:
        self.has_parser = _is_there() if has_parser is None else has_parser

    def __call__(self, first: str, second: str, names: Sequence[str] = ()) -> bool:
        """Whether both ask the same; ``names`` are those of the story's people and places."""
        return not self.differences(first, second, names)

    def differences(self, first: str, second: str, names: Sequence[str] = ()) -> tuple[str, ...]:
        """In what they differ as far as it matters: fields of ``QuestionForm``, or "length".

        Empty for questions that ask the same.
        """
        if first.split() == second.split():
            return ()
        if max(len(first), len(second)) > LONGEST or not (first.strip() and second.strip()):
            return ("length",)
        if (said := small_talk(first)) and said == small_talk(second):
            return ()
        known = tuple(names)
        one, other = (_forms(text, known, self.has_parser) for text in (first, second))
        if len(one) != len(other):
            return ("length",)
        found = [name for pair in zip(one, other, strict=True) for name in _differing(*pair)]
        return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4_096)
def _forms(text: str, names: tuple[str, ...], has_parser: bool) -> tuple[QuestionForm, ...]:
    clauses = clauses_of(text, parts_of(names))
    if not has_parser:
        return tuple(word_form_of(clause, names) for clause in clauses)
    parse, forms = load_parser(), []
    for clause in clauses:
        parsed = parse(clause.text)
        if straight := straightened(parsed):
            parsed = parse(straight)
        forms.append(form_of(clause, parsed, names))
    return tuple(forms)


def _differing(one: QuestionForm, other: QuestionForm) -> list[str]:
    differing = [
        field.name
        for field in fields(QuestionForm)
        if field.compare and getattr(one, field.name) != getattr(other, field.name)
    ]
    if one.addressed and other.addressed and one.addressed != other.addressed:
        differing.append("names")
    is_excused = one.turns != other.turns or "joined" in one.turns
    if one.order != other.order and not is_excused:
        differing.append("order")
    helped = {one.is_helped, other.is_helped}
    return (
        [*differing, "kind"] if {True, False} <= helped and "kind" not in differing else differing
    )


def _is_there() -> bool:
    try:
        load_parser()
    except ParserMissing:
        return False
    return True
