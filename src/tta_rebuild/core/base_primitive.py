"""The primitive: one step of telling a story, and the context that travels through all of them.

Callers compose them with ``>>`` (one after the other) and ``|`` (side by side).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from tta_rebuild.core.errors import ExecutionError as ExecutionError
from tta_rebuild.core.errors import TTAPrimitiveError as TTAPrimitiveError
from tta_rebuild.core.errors import ValidationError as ValidationError
from tta_rebuild.core.metaconcepts import Metaconcept

TInput = TypeVar("TInput")
TOutput = TypeVar("TOutput")
TNext = TypeVar("TNext")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class TTAContext:
    """What every step of one piece of work knows.

    Attributes:
        workflow_id: names the work, such as one story; ``correlation_id`` this run of it, in logs.
        metaconcepts: guidance in force, as ``Metaconcept`` values or plain names (known or not).
        player_boundaries: category → level, such as ``{"violence": "low"}``.
    """

    workflow_id: str
    correlation_id: str
    timestamp: datetime
    metaconcepts: Sequence[Metaconcept | str]
    player_boundaries: Mapping[str, Any]
    session_state: Mapping[str, Any] = field(default_factory=dict)
    universe_id: str | None = None

    def with_universe(self, universe_id: str) -> TTAContext:
        """This context for another universe; the original stays as it was."""
        return replace(self, universe_id=universe_id)

    def with_metaconcepts(self, metaconcepts: Sequence[Metaconcept | str]) -> TTAContext:
        """This context under other guidance; the original stays as it was."""
        return replace(self, metaconcepts=list(metaconcepts))

    def metaconcept_names(self) -> list[str]:
        """The names of the guidance in force, in order."""
        return [m if isinstance(m, str) else m.name for m in self.metaconcepts]


class TTAPrimitive(ABC, Generic[TInput, TOutput]):
    """One step: takes a value and a context, gives a value. Its name stands in logs and errors."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    async def execute(self, input_data: TInput, context: TTAContext) -> TOutput:
        """Do the work. Raises ValidationError (wrong input) and ExecutionError (it failed)."""

    def __rshift__(self, following: TTAPrimitive[TOutput, TNext]) -> TTAPrimitive[TInput, TNext]:
        return SequentialPrimitive(self, following)

    def __or__(self, beside: TTAPrimitive[TInput, Any]) -> ParallelPrimitive[TInput]:
        members = self.members if isinstance(self, ParallelPrimitive) else (self,)
        return ParallelPrimitive(*members, beside)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


class SequentialPrimitive(TTAPrimitive[TInput, TOutput]):
    """``first >> second``: what the first gives is what the second takes; one context for both."""

    def __init__(
        self, first: TTAPrimitive[TInput, Any], second: TTAPrimitive[Any, TOutput]
    ) -> None:
        super().__init__(f"{first.name} >> {second.name}")
        self.first, self.second = first, second

    async def execute(self, input_data: TInput, context: TTAContext) -> TOutput:
        """Run both in order; the first error ends the chain."""
        return await self.second.execute(await self.first.execute(input_data, context), context)


class ParallelPrimitive(TTAPrimitive[TInput, list[Any]]):
    """``a | b | c``: all take the same input; gives their results in the order written.

    The first failure cancels the others and is raised as it is.
    """

    def __init__(self, *members: TTAPrimitive[TInput, Any]) -> None:
        super().__init__(" | ".join(member.name for member in members))
        self.members = members

    async def execute(self, input_data: TInput, context: TTAContext) -> list[Any]:
        """Run all at once; results stand in the order of the members."""
        return await side_by_side(m.execute(input_data, context) for m in self.members)


async def side_by_side(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of all, in order; the first failure cancels the others and is raised as it is."""
    import asyncio  # two thirds of what importing tta_rebuild would otherwise cost

    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
