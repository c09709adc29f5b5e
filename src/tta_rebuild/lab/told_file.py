"""What is measured on, as files: one JSON object a line, checked before their use.

Read for ``lab.told``, ``lab.boundaries``, ``lab.premises`` and ``lab.quality``. What a file holds
comes from outside: a mistake is named with its file, its line and the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tta_rebuild.core.data_files import parse_json, read_text
from tta_rebuild.core.errors import UnreadableFile
from tta_rebuild.core.errors import ValidationError as WrongInput

MAX_BYTES = 50_000_000
"""Largest file that is read."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class ToldFact(_Row):
    """A fact as a storyteller declares it."""

    subject: str
    relation: str
    value: str
    ends: bool = False


class ToldPassage(_Row):
    """A passage of a reply; prose if ``speaker`` is ""."""

    text: str
    facts: tuple[ToldFact, ...] = ()
    speaker: str = ""
    emotion: str = ""


class ToldBranch(_Row):
    """A choice of a reply."""

    choice: str
    consequence: str = ""
    effects: tuple[ToldFact, ...] = ()
    affects: tuple[str, ...] = ()


class ToldReply(_Row):
    """What the storyteller answered in one turn."""

    passages: tuple[ToldPassage, ...] = Field(min_length=1)
    setting_description: str = ""
    emotional_tone: str = ""
    story_branches: tuple[ToldBranch, ...] = ()
    is_ending: bool = False


class ToldMove(_Row):
    """What the player did; ``choice`` counts the branches of the reply before, from 1."""

    kind: Literal["begin", "choice", "free"]
    text: str = ""
    choice: int = 0


class Learnt(_Row):
    """Somebody has learnt something that those under ``not`` have no way to know yet."""

    who: str
    fact: str
    kept_from: tuple[str, ...] = Field((), alias="not")


class ToldTurn(_Row):
    """One turn: the move, the answer to it, and what a reader of both knows."""

    move: ToldMove
    reply: ToldReply
    holds: tuple[str, ...] = ()
    knows: tuple[Learnt, ...] = ()
    mentions: dict[str, str] = {}


class Probe(_Row):
    """A passage that could come next, and whether it contradicts what was told."""

    after_turn: int
    kind: str = "other"
    label: Literal["contradiction", "clean"]
    speaker: str = ""
    text: str
    facts: tuple[ToldFact, ...] = ()
    because: str = ""


class ToldPerson(_Row):
    """Somebody known at the start."""

    id: str
    name: str
    description: str = ""
    pronouns: str = ""


class ToldStory(_Row):
    """A story told in turns, with a player's moves and with probes."""

    id: str
    premise: str
    protagonist: str
    cast: tuple[ToldPerson, ...]
    rules: dict[str, str] = {}
    language: str = "en"
    turns: tuple[ToldTurn, ...] = Field(min_length=1)
    probes: tuple[Probe, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> ToldStory:
        if self.protagonist not in {person.id for person in self.cast}:
            raise ValueError(f"the protagonist '{self.protagonist}' is not in the cast")
        before: tuple[ToldBranch, ...] = ()
        for number, turn in enumerate(self.turns, start=1):
            move = turn.move
            if (move.kind == "begin") != (number == 1):
                raise ValueError(f"turn {number}: the first move, and no other, must be 'begin'")
            if move.kind == "choice":
                if not 1 <= move.choice <= len(before):
                    raise ValueError(f"turn {number}: the reply before has no choice {move.choice}")
                if move.text and move.text != before[move.choice - 1].choice:
                    raise ValueError(f"turn {number}: the move's text is not that of the choice")
            before = turn.reply.story_branches
        for number, probe in enumerate(self.probes, start=1):
            if not 1 <= probe.after_turn <= len(self.turns):
                raise ValueError(f"probe {number}: there is no turn {probe.after_turn}")
        return self


class LabelledPassage(_Row):
    """A passage and how much of a heavy matter it holds.

    Attributes:
        weight: 0 innocent, 1 touches it, 2 shows it, 3 dwells on it.
        how: by what it shows or hides it, in a word.
    """

    id: str
    category: str
    weight: int = Field(ge=0, le=3)
    text: str
    how: str = ""


class ReadPerson(_Row):
    """Somebody of a premise as a reader has understood it; ``pronouns`` may be ``unknown``."""

    name: str = ""
    means: str = Field("", alias="is")
    pronouns: str = "unknown"


class PremiseMove(_Row):
    """A move, the act and object that it is, and what must be true after it ("refused: …")."""

    text: str
    act: str
    object: str = ""
    after: str


class ReadPremise(_Row):
    """A premise and what a careful reader says of it."""

    id: str
    premise: str
    protagonist: ReadPerson
    people: tuple[ReadPerson, ...] = ()
    places: tuple[str, ...] = Field(min_length=1)
    must_not: tuple[str, ...] = ()
    moves: tuple[PremiseMove, ...] = ()


class PlainPremise(_Row):
    """A premise, and nothing about it."""

    id: str
    premise: str


class RatedText(_Row):
    """A text that readers have marked.

    Attributes:
        source: the study; texts of different ones are never compared.
        system, prompt: who wrote it, and to what.
        previous: what went before the text; ``move``: what the player did then.
        group: what two versions of one text share.
        score: the readers' mean mark in [0, 1].
    """

    id: str
    text: str
    score: float = Field(ge=0, le=1)
    source: str = "texts"
    system: str = ""
    prompt: str = ""
    previous: str = ""
    move: str = ""
    group: str = ""


class StandIn(_Row):
    """A text that could stand for a scene of any story, and is worse; ``kind`` says how."""

    id: str
    kind: str
    text: str
    language: str = "en"


class CareLine(_Row):
    """A line as a player types it, and whether it is their own cry for help.

    Attributes:
        id: where it stands, unless it has a name.
        kind: what sort of line it is, in a word or two.
    """

    text: str
    need: Literal["harm", "danger", "none"]
    kind: str = ""
    id: str = ""


class QuestionPair(_Row):
    """Two questions to a character, or two choices, and whether one answer does for both.

    Attributes:
        kind: what they are, in a word or two.
        cast: names of the story's people, or objects with a ``name``.
        how: in what the second differs from the first.
    """

    first: str
    second: str
    same: bool
    kind: str = ""
    cast: list[str | dict[str, Any]] = Field(default_factory=list)
    how: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the cast."""
        found = [one if isinstance(one, str) else str(one.get("name", "")) for one in self.cast]
        return tuple(name for name in found if name)


class HandMark(_Row):
    """A mark in [0, 1] given beforehand to a scene or text; a scene's id is ``story/turn``."""

    id: str
    mark: float = Field(ge=0, le=1)


QualityRow: TypeAlias = ToldStory | RatedText | StandIn | HandMark
EvalRow = TypeVar(
    "EvalRow", ToldStory, LabelledPassage, ReadPremise, PlainPremise, RatedText, StandIn
)


def read_rows(files: Iterable[Path], kind: type[EvalRow]) -> list[EvalRow]:
    """All rows of the files, in order.

    Raises:
        UnreadableFile: a file cannot be read, or holds something else; says where and what.
    """
    rows = [row for file in files for row in _rows(file, lambda _: kind)]
    if len({row.id for row in rows}) < len(rows):
        twice = next(row.id for row in rows if sum(row.id == other.id for other in rows) > 1)
        raise UnreadableFile(f"the id '{twice}' occurs twice in what is to be measured")
    return rows


def read_question_pairs(files: Iterable[Path]) -> list[QuestionPair]:
    """All pairs of the files, in order. Raises as ``read_rows`` does."""
    return [pair for file in files for pair in _rows(file, lambda _: QuestionPair)]


def read_care_lines(files: Iterable[Path]) -> list[CareLine]:
    """All lines of the files, in order. Raises as ``read_rows`` does."""
    lines = [line for file in files for line in _rows(file, lambda _: CareLine)]
    return [
        line if line.id else line.model_copy(update={"id": f"line {number}"})
        for number, line in enumerate(lines, start=1)
    ]


def read_quality_rows(files: Iterable[Path]) -> list[QualityRow]:
    """Rows of what quality is measured on, of any of its kinds. Raises as ``read_rows`` does."""
    return [row for file in files for row in _rows(file, _quality_kind)]


def _quality_kind(data: Any) -> type[Any]:
    keys = data.keys() if isinstance(data, dict) else ()
    if "turns" in keys:
        return ToldStory
    if "mark" in keys:
        return HandMark
    return StandIn if "kind" in keys else RatedText


def _rows(file: Path, kind_of: Callable[[Any], type[Any]]) -> Iterator[Any]:
    found = False
    for number, line in enumerate(read_text(file, max_bytes=MAX_BYTES).split("\n"), start=1):
        if not line.strip():
            continue
        found = True
        where = f"{file}, line {number}"
        data = parse_json(line, where)
        try:
            yield kind_of(data).model_validate(data)
        except WrongInput as error:
            raise UnreadableFile(f"{where}: {error}") from error
        except ValidationError as error:
            raise UnreadableFile(f"{where}: {_said(error, data)}") from None
    if not found:
        raise UnreadableFile(f"{file} is empty: it should hold one JSON object a line")


def _said(error: ValidationError, data: Any) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    name = f"'{data['id']}'" if isinstance(data, dict) and isinstance(data.get("id"), str) else ""
    said = first["msg"].removeprefix("Value error, ")
    return ": ".join(filter(None, (name, place, said)))
