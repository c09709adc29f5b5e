"""Second step of a turn: the scene is told, and every passage passes the gate before it is shown.

Where one may not be shown, the storyteller is asked once to go on from the last good sentence with
the reason named; if that fails too, the scene ends soundly and says so. A second reader reads the
first passages while the rest is still being written; the opening sentence waits for the gate alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.events import ModelReplied, PassageWithheld
from tta_rebuild.core.speech import shown as spoken
from tta_rebuild.core.story import Choice, Passage
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_events import PassageReleased, SceneRestarted, TurnWarning
from tta_rebuild.narrative import story_values as draft
from tta_rebuild.reading.second_reader import Objection, Reading

CUT_SHORT = "The moment holds there, unfinished, and waits for what you do."
"""What stands in for a scene of which nothing could be shown."""

RULES_ONLY = "checked by rule only"
BY_RULE_ONLY = RULES_ONLY + ": {why}"
EMBEDDED = "offline:"
"""Who needs no second reader: the embedded storyteller declares all that it tells."""

READ_FIRST = 2
"""Passages of a scene that are read while the rest is written; the rest is read together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A reading, with what the model behind it replied, for the log."""

    reading: Reading
    replies: tuple[ModelReplied, ...] = ()
    cost_usd: float = 0.0


Read: TypeAlias = Callable[
    [Sequence[Passage], str, Sequence[Choice], Sequence[Reading]], Coroutine[Any, Any, Noted]
]
"""Asks the second reader: passages, what of the scene stands before them, choices at its end, and
what it found in the scene before."""

W = TypeVar("W", contravariant=True)


class Drafts(Protocol[W]):
    """Who writes what is told: the story generator, or one person who speaks or thinks."""

    def tell(self, input_data: W, context: TTAContext) -> AsyncGenerator[draft.StoryItem, None]:
        """A draft while it is being written."""

    def continue_from(
        self,
        input_data: W,
        context: TTAContext,
        *,
        told_so_far: str,
        withheld: str,
        contradiction: str,
    ) -> AsyncGenerator[draft.StoryItem, None]:
        """The rest of one of which a sentence was held back."""


Shown: TypeAlias = PassageReleased | SceneRestarted | TurnWarning
_BeingRead: TypeAlias = tuple[list[Passage], asyncio.Task[Noted]]


class SceneTelling:
    """A scene that is being told, and at the end what came of it.

    ``passages`` were released, ``withheld`` was not. ``story`` is the last draft, None if its end
    was not reached; ``choices`` is what it proposes, even if cut short. ``found`` is what the
    reader found, ``refused_choices`` what choices it refused, by their text → why.
    """

    def __init__(
        self,
        gate: Gate,
        read: Read | None = None,
        *,
        cut_short: str = CUT_SHORT,
        opens_unread: bool = True,
    ) -> None:
        self.passages: list[Passage] = []
        self.withheld: list[PassageWithheld] = []
        self.story: draft.GeneratedStory | None = None
        self.choices: tuple[Choice, ...] = ()
        self.refused_choices: dict[str, str] = {}
        self.found: list[Noted] = []
        self._gate = gate
        self._read = read
        self._cut_short = cut_short
        self._opens_unread = opens_unread
        self._warned: set[str] = set()
        self._held: PassageWithheld | None = None
        self._waiting: list[Passage] = []
        self._unread: tuple[Choice, ...] = ()
        self._being_read: _BeingRead | None = None
        self._has_asked = False

    @property
    def degraded(self) -> str:
        """What was not as it should be, "" if all was."""
        story = self.story
        why = next((noted.reading.note for noted in self.found if noted.reading.note), "")
        is_unread = why and not (story and is_embedded(story.told_by))
        notes = (
            story.degraded if story else "",
            message("cut_short") if self._held else "",
            BY_RULE_ONLY.format(why=why) if is_unread else "",
        )
        return "; ".join(dict.fromkeys(filter(None, notes)))

    async def tell(
        self,
        generator: Drafts[W],
        wanted: W,
        context: TTAContext,
    ) -> AsyncGenerator[Shown, None]:
        """Tell the scene through the gate. Raises ``ProviderError``."""
        drafts = generator.tell(wanted, context)
        for is_last in (False, True):
            async with aclosing(self._drafted(drafts)) as items:
                async for item in items:
                    yield item
            if self._held is None or is_last:
                break
            drafts = generator.continue_from(
                wanted,
                context,
                told_so_far=_script(self.passages),
                withheld=self._held.text,
                contradiction=f"{self._held.reason} (against: {self._held.against})",
            )
        if not self.passages:
            self.passages.append(Passage(text=self._cut_short))
            yield PassageReleased(self.passages[0])

    async def _drafted(
        self, drafts: AsyncGenerator[draft.StoryItem, None]
    ) -> AsyncGenerator[Shown, None]:
        """Show what of a draft passes; ``_held`` says what did not, if the draft ended with it."""
        kept = len(self.passages), len(self.found), self._has_asked
        self._begin()
        try:
            async with aclosing(self._as_they_come(drafts)) as items:
                async for item in items:
                    for shown in self._taken(item, kept):
                        yield shown
                    if self._held is not None:
                        break
            while self._being_read or (self._read and (self._waiting or self._unread)):
                _, reading = self._being_read or self._ask(self._unread)
                for shown in self._of(await reading):
                    yield shown
        finally:
            self._forget_readings()
        if self._held is not None:
            self.withheld.append(self._held)
            self.story = None

    def _begin(self) -> None:
        self._held, self.story, self._unread = None, None, ()

    def _taken(self, item: draft.StoryItem | Noted, kept: tuple[int, int, bool]) -> list[Shown]:
        """What an item brings to show; a restart goes back to what was ``kept``."""
        match item:
            case draft.DraftRestarted(reason):
                passages, found, self._has_asked = kept  # so that a replay, which sees no restart,
                del self.passages[passages:], self.found[found:]  # reads the same
                self._forget_readings()
                self._gate.keep(len(self.passages))
                return [SceneRestarted(reason), *map(PassageReleased, self.passages)]
            case Passage():
                return self._examined(item)
            case draft.GeneratedStory():
                self.story, self.choices = item, item.choices
                self._unread = () if item.is_ending else item.choices
            case Noted():
                return self._of(item)
        return []

    async def _as_they_come(
        self, drafts: AsyncGenerator[draft.StoryItem, None]
    ) -> AsyncGenerator[draft.StoryItem | Noted, None]:
        """The draft's items and, as soon as it is there, what the reader says meanwhile."""
        upcoming: asyncio.Future[draft.StoryItem] | None = None
        async with aclosing(drafts):
            try:
                while True:
                    if upcoming is None and self._being_read is None:
                        yield await anext(drafts)
                        continue
                    upcoming = upcoming or asyncio.ensure_future(anext(drafts))
                    reading = self._being_read[1] if self._being_read else None
                    either: set[asyncio.Future[Any]] = {upcoming, *([reading] if reading else ())}
                    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                    if reading is not None and reading.done():
                        yield reading.result()
                    else:
                        done, upcoming = upcoming, None
                        yield done.result()
            except StopAsyncIteration:
                upcoming = None
            finally:
                if upcoming is not None:
                    upcoming.cancel()
                    await asyncio.wait([upcoming])

    def _examined(self, passage: Passage) -> list[Shown]:
        """What can be shown now that a passage has come: itself, if nobody has to read it first."""
        is_opening = self._opens_unread and not (self.passages or self._waiting)
        good, self._held = self._gate.examine(passage, is_opening=is_opening)
        if good is None:
            return []
        if self._read is None:
            return self._released(good)
        self._waiting.append(good)
        shown = self._released(good) if is_opening else []
        if not self._has_asked and len(self._waiting) == READ_FIRST:
            self._ask(())
        return shown

    def _ask(self, choices: tuple[Choice, ...]) -> _BeingRead:
        assert self._read is not None
        batch, self._waiting, self._unread, self._has_asked = self._waiting, [], (), True
        before = _script([p for p in self.passages if p not in batch])
        reading = self._read(batch, before, choices, [noted.reading for noted in self.found])
        self._being_read = batch, asyncio.ensure_future(reading)
        return self._being_read

    def _of(self, noted: Noted) -> list[Shown]:
        """Show what has been read as far as it may be shown; what may not ends the draft."""
        assert self._being_read is not None
        (batch, _), self._being_read = self._being_read, None
        self.found.append(noted)
        reading = noted.reading
        found = {o.passage: withheld_by(o, batch[o.passage]) for o in reversed(reading.objections)}
        if reading.note:
            found = {n: held for n, p in enumerate(batch) if (held := self._gate.unsafe(p))}
        for number, why in reading.refused_choices.items() if self.story else ():
            self.refused_choices[self.choices[number].text] = why
        shown: list[Shown] = []
        for number, passage in enumerate(batch):
            if passage in self.passages:  # the opening sentence: it is out
                continue
            if number in found:
                self._held = found[number]
                self._gate.keep(len(self.passages))
                self._waiting, self._unread = [], ()
                break
            shown.extend(self._released(passage))
        return shown

    def _forget_readings(self) -> None:
        if self._being_read is not None:
            self._being_read[1].cancel()
        self._being_read, self._waiting = None, []

    def _released(self, passage: Passage) -> list[Shown]:
        new = [text for text in self._gate.warnings(passage) if text not in self._warned]
        self._warned.update(new)
        self.passages.append(passage)
        return [*map(TurnWarning, dict.fromkeys(new)), PassageReleased(passage)]


def _script(passages: Sequence[Passage]) -> str:
    return "\n\n".join(spoken(passage, {}) for passage in passages)


def is_embedded(told_by: str) -> bool:
    """Whether the embedded storyteller told a scene, which then needs no second reader."""
    return told_by.startswith(EMBEDDED)


def withheld_by(objection: Objection, passage: Passage) -> PassageWithheld:
    """A passage that the second reader holds back, as the log keeps it."""
    return PassageWithheld(
        text=passage.text,
        gate="safety" if objection.kind == "boundary" else "reader",
        reason=objection.reason,
        against=objection.against,
    )
