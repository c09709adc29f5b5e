"""A language model as second reader: a small fast one does, with its own route and template.

Its answer is data from outside like every reply: an objection must cite a line, rule or boundary
that it was given (or name the player's own character), else it counts for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import from_json

from tta_rebuild.canon.lines import numbered
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.errors import BudgetExceededError, ProviderError
from tta_rebuild.core.story import LINE_CHARS, LastingLine
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.reading.second_reader import Objection, Reading, ReadingMatter

MOST_LINES = 9
"""Lasting lines of one reading at most."""

MAX_TOKENS = 900
_LONGEST = 300


def _text(value: Any) -> str:
    return " ".join(str(value).split())[:_LONGEST] if isinstance(value, (str, int)) else ""


def _number(value: Any) -> int:
    found = re.search(r"\d+", str(value)) if isinstance(value, (str, int)) else None
    return int(found.group()) if found else 0


def _objects(value: Any) -> list[Any]:
    return [v for v in value if isinstance(v, dict)][:40] if isinstance(value, list) else []


def _words(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else [value]
    return [word for one in listed[:20] if (word := _text(one))]


def _numbers(value: Any) -> list[int]:
    listed = value if isinstance(value, list) else [value]
    return [number for one in listed[:40] if (number := _number(one))]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class _Objection(_Shape):
    passage: Annotated[int, BeforeValidator(_number)] = 0
    cites: Annotated[str, BeforeValidator(_text)] = ""
    words: Annotated[str, BeforeValidator(_text)] = ""
    why: Annotated[str, BeforeValidator(_text)] = ""


class _Refused(_Shape):
    choice: Annotated[int, BeforeValidator(_number)] = 0
    cites: Annotated[str, BeforeValidator(_text)] = ""
    why: Annotated[str, BeforeValidator(_text)] = ""


class _Line(_Shape):
    passage: Annotated[int, BeforeValidator(_number)] = 0
    text: Annotated[str, BeforeValidator(_text)] = ""
    about: Annotated[list[str], BeforeValidator(_words)] = []
    known_by: Annotated[list[str], BeforeValidator(_words)] = []
    weight: Annotated[int, BeforeValidator(_number)] = 1


class _Reply(_Shape):
    objections: Annotated[list[_Objection], BeforeValidator(_objects)] = []
    choices: Annotated[list[_Refused], BeforeValidator(_objects)] = []
    lines: Annotated[list[_Line], BeforeValidator(_objects)] = []
    ended: Annotated[list[int], BeforeValidator(_numbers)] = []


class ModelReader:
    """Asks a model once per reading.

    Args:
        provider: who reads; requests carry the task ``reading``, by which routes and prices tell
            them apart.
        catalog: the prompt templates.
        where: story, branch and turn for the ledger, as ``LLMRequest`` names them.
    """

    def __init__(
        self, provider: LLMProvider, catalog: PromptCatalog, where: Mapping[str, Any]
    ) -> None:
        self._provider = provider
        self._catalog = catalog
        self._where = dict(where)

    async def read(self, matter: ReadingMatter, context: TTAContext) -> Reading:
        """Read the passages; a model that fails, or has no budget left, gives a note."""
        variables = reading_variables(matter)
        rendered = self._catalog.render("reading", variables)
        request = LLMRequest(
            prompt=rendered.prompt,
            system=rendered.system,
            context=context,
            task="reading",
            template=rendered.version,
            variables=variables,
            schema=rendered.schema,
            temperature=0.0,
            max_tokens=MAX_TOKENS,
            **self._where,
        )
        try:
            response = await self._provider.complete(request)
        except BudgetExceededError:
            return Reading(note="the budget is too short for a second reader")
        except ProviderError as error:
            return Reading(note=f"the second reader failed ({error})")
        reply = _understood(response.text)
        if reply is None:
            return Reading(note="the second reader's answer could not be read")
        return _as_reading(reply, matter)


def reading_variables(matter: ReadingMatter) -> dict[str, Any]:
    """What the template ``reading`` is filled with, as plain JSON."""
    names = {person.id: person.name for person in matter.people}
    return {
        "people": [
            f"{p.id}: {p.name}{f', {p.pronouns}' if p.pronouns else ''}"
            f"{', the player’s own character' if p.id == matter.player else ''}"
            f"{f'; {p.about}' if p.about else ''}"
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


def _understood(text: str) -> _Reply | None:
    found = re.search(r"\{.*", text, re.DOTALL)
    if found is None:
        return None
    body = found.group()
    for end in (len(body), body.rfind("}") + 1):
        try:
            data = from_json(body[:end], allow_partial="off")
        except ValueError:
            continue
        return _Reply.model_validate(data) if isinstance(data, dict) else None
    return None


def _as_reading(reply: _Reply, matter: ReadingMatter) -> Reading:
    objections = [
        objection for given in reply.objections if (objection := _objection(given, matter))
    ]
    return Reading(
        objections=tuple(sorted(objections, key=lambda o: o.passage)),
        refused_choices={
            given.choice - 1: given.why or "it cannot be done as things stand"
            for given in reply.choices
            if 1 <= given.choice <= len(matter.choices) and _cited(given.cites, matter)
        },
        lines=tuple(_line(one) for one in reply.lines[:MOST_LINES] if _stands(one, objections)),
        # what ended with a passage that is held back has not ended
        ended=() if objections else tuple(n for n in reply.ended if n in matter.lines),
    )


def _objection(given: _Objection, matter: ReadingMatter) -> Objection | None:
    """The objection, None if it cites nothing that was given."""
    cited = _cited(given.cites, matter)
    if cited is None or not 1 <= given.passage <= len(matter.passages):
        return None
    kind, against = cited
    return Objection(
        passage=given.passage - 1,
        kind=kind,
        words=given.words,
        against=against,
        reason=given.why or f"does not fit: {against}",
    )


def _cited(cites: str, matter: ReadingMatter) -> tuple[Any, str] | None:
    mark, number = cites.strip().upper(), _number(cites)
    for person in matter.people:
        if person.id.upper() == mark:
            return "contradiction", f"{person.name}: {person.about}"
    if mark.startswith("PLAYER"):
        return ("player", "the player decides for their own character") if matter.player else None
    if mark.startswith("R"):
        rules = list(matter.rules.values())
        return ("rule", rules[number - 1]) if 1 <= number <= len(rules) else None
    if mark.startswith("B"):
        bounds = list(matter.boundaries)
        if not 1 <= number <= len(bounds):
            return None
        return "boundary", f"{bounds[number - 1]} at '{matter.boundaries[bounds[number - 1]]}'"
    if mark.startswith("K") and number in matter.lines:
        return "knowledge", matter.lines[number].text
    if mark.startswith("MOVE"):
        return ("contradiction", matter.move) if matter.move else None
    if mark.startswith("P") and 1 <= number <= len(matter.passages):
        return "contradiction", matter.passages[number - 1].text
    if number in matter.lines:
        return "contradiction", matter.lines[number].text
    return None


def _stands(given: _Line, objections: Sequence[Objection]) -> bool:
    """Whether a line comes from a passage before the first one that is objected to."""
    if not given.text:
        return False
    return not objections or 0 < given.passage <= min(o.passage for o in objections)


def _line(given: _Line) -> LastingLine:
    return LastingLine(
        text=given.text[:LINE_CHARS],
        about=tuple(given.about),
        known_by=tuple(given.known_by),
        weight=min(3, max(1, given.weight)),
        origin="reader",
    )
