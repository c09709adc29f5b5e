"""A language model as second reader: a small fast one does, with its own route and template.

Its answer is data from outside like every reply: an objection must cite a line, rule or boundary
that it was given (or name the player's own character), else it counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tta_rebuild.canon.lines import numbered
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.errors import BudgetExceededError, ProviderError
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.prompts.json_mending import object_in
from tta_rebuild.prompts.reply_values import lasting_line, numbers, objects, word
from tta_rebuild.reading.second_reader import Objection, Reading, ReadingMatter

ASKED_FOR = frozenset({"objections", "choices", "lines", "ended"})
"""The lists of an answer; one that has none of them is no reading."""

MAX_TOKENS, MOST_LINES, LONGEST_SAID = 900, 9, 300
"""Of an answer: its tokens, its lasting lines, and characters of each thing that it says."""


@dataclass(frozen=True, slots=True)
class ModelReader:
    """Asks a model once per reading, by requests of the task ``reading``.

    ``where`` are story, branch and turn for the ledger, as ``LLMRequest`` names them.
    """

    provider: LLMProvider
    catalog: PromptCatalog
    where: Mapping[str, Any]

    async def read(self, matter: ReadingMatter, context: TTAContext) -> Reading:
        """Read the passages; a model that fails, or has no budget left, gives a note."""
        variables = reading_variables(matter)
        request = LLMRequest(
            **vars(self.catalog.render("reading", variables)) | {"temperature": 0.0},
            context=context,
            task="reading",
            variables=variables,
            max_tokens=MAX_TOKENS,
            **self.where,
        )
        try:
            response = await self.provider.complete(request)
        except BudgetExceededError:
            return Reading(note="the budget is too short for a second reader")
        except ProviderError as error:
            return Reading(note=f"the second reader failed ({error})")
        reply = object_in(response.text)
        if ASKED_FOR.isdisjoint(reply):
            return Reading(note="the second reader's answer could not be read")
        return _as_reading(reply, matter)


def reading_variables(matter: ReadingMatter) -> dict[str, Any]:
    """What the template ``reading`` is filled with, as plain JSON."""
    names = {person.character_id: person.name for person in matter.people}
    return {
        "people": [
            f"{p.character_id}: {p.name}{f', {p.pronouns}' if p.pronouns else ''}"
            f"{', the player’s own character' if p.character_id == matter.player else ''}"
            f"{f'; {p.description}' if p.description else ''}"
            for p in matter.people
        ],
        "now": list(matter.now),
        "lines": [numbered(number, line) for number, line in matter.lines.items()],
        "rules": [f"R{n}: {text}" for n, text in enumerate(matter.rules.values(), 1)],
        "boundaries": [
            f"B{n}: {category.replace('_', ' ')}: {level}"
            for n, (category, level) in enumerate(matter.boundaries.items(), 1)
        ],
        "move": matter.move,
        "no_move": not (matter.move or matter.is_opening),
        "is_opening": matter.is_opening,
        "earlier": matter.earlier,
        "passages": [
            f"P{n}{f' (said by {names.get(p.speaker, p.speaker)})' if p.speaker else ''}: {p.text}"
            for n, p in enumerate(matter.passages, 1)
        ],
        "choices": [f"C{n}: {c.text}" for n, c in enumerate(matter.choices, 1)],
        "language": "" if matter.language == "en" else matter.language,
        "wants_lines": matter.wants_lines,
    }


def _as_reading(reply: Mapping[str, Any], matter: ReadingMatter) -> Reading:
    read = (_objection(given, matter) for given in objects(reply.get("objections")))
    objections = sorted((one for one in read if one), key=lambda o: o.passage)
    # a line counts if it comes from a passage before the first one that is objected to
    sound = range(1, objections[0].passage + 1) if objections else None
    return Reading(
        objections=tuple(objections),
        refused_choices={
            number - 1: _said(given, "why") or "it cannot be done as things stand"
            for given in objects(reply.get("choices"))
            if 1 <= (number := _number(given.get("choice"))) <= len(matter.choices)
            and _cited(_said(given, "cites"), matter)
        },
        lines=tuple(
            lasting_line(one, "reader")
            for one in objects(reply.get("lines"), MOST_LINES)
            if _said(one, "text") and (sound is None or _number(one.get("passage")) in sound)
        ),
        # what ended with a passage that is held back has not ended
        ended=tuple(n for n in numbers(reply.get("ended")) if n in matter.lines and not objections),
    )


def _said(given: Mapping[str, Any], name: str) -> str:
    return word(given.get(name), LONGEST_SAID)


def _number(value: Any) -> int:
    return next(iter(numbers(value)), 0)


def _objection(given: Mapping[str, Any], matter: ReadingMatter) -> Objection | None:
    """The objection, None if it cites nothing that was given."""
    cited, number = _cited(_said(given, "cites"), matter), _number(given.get("passage"))
    if cited is None or not 1 <= number <= len(matter.passages):
        return None
    kind, against = cited
    return Objection(
        passage=number - 1,
        kind=kind,
        words=_said(given, "words"),
        against=against,
        reason=_said(given, "why") or f"does not fit: {against}",
    )


def _cited(cites: str, matter: ReadingMatter) -> tuple[Any, str] | None:
    """The kind of an objection that cites this, and what it is against, in words."""
    mark, number = cites.upper(), _number(cites)
    for person in matter.people:
        if person.character_id.upper() == mark:
            return "contradiction", f"{person.name}: {person.description}"
    if mark.startswith("PLAYER"):
        return ("player", "the player decides for their own character") if matter.player else None
    if mark.startswith("MOVE"):
        return ("contradiction", matter.move) if matter.move else None
    for sign, kind, told in (
        ("R", "rule", list(matter.rules.values())),
        ("B", "boundary", [f"{name} at '{level}'" for name, level in matter.boundaries.items()]),
        ("P", "contradiction", [passage.text for passage in matter.passages]),
    ):
        if mark.startswith(sign):
            return (kind, told[number - 1]) if 1 <= number <= len(told) else None
    line = matter.lines.get(number)
    return ("knowledge" if mark[:1] == "K" else "contradiction", line.text) if line else None
