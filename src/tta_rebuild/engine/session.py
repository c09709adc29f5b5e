"""A session: one branch of one story, folded into the present, ready for the next turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import replace
from typing import TypeAlias

from tta_rebuild.core.errors import PositionConflict, StoreError, StoryError, ValidationError
from tta_rebuild.core.events import (
    BoundariesTightened,
    CareShown,
    CharacterChanged,
    Event,
    LineKept,
    ModelReplied,
    PassageWithheld,
    PersonAsked,
    RecordedEvent,
)
from tta_rebuild.core.story import ARC_STAGES, ArcStage, Passage
from tta_rebuild.engine import turn_events as seen
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.aside import Aside, AsideTelling, aside_of
from tta_rebuild.engine.care import (
    is_noted,
    look,
    look_at_aside,
    look_at_move,
    may_tell_of_need,
    own_words,
)
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.reading_request import Judgement, judge_passages
from tta_rebuild.engine.snapshots import folded, keep_snapshot
from tta_rebuild.engine.state import StoryFold, StoryState
from tta_rebuild.engine.turn import TurnItem, play_turn, whole_turn
from tta_rebuild.engine.turn_input import TurnInput
from tta_rebuild.safety.care import CareNote, gentler, stricter
from tta_rebuild.storage.story_store import Branch, Found, StoryStore

AsideItem: TypeAlias = seen.TurnEvent | seen.AsideEnded

_BESIDE_THE_STORY = (
    PersonAsked, ModelReplied, PassageWithheld, LineKept, CharacterChanged, CareShown,
)  # fmt: skip
"""What an aside, or a note of care, leaves in the log."""


class Session:
    """Plays one branch, a turn at a time; ``branch`` and ``state`` are as of the last stored."""

    def __init__(
        self, dependencies: Dependencies, store: StoryStore, branch: Branch, fold: StoryFold
    ) -> None:
        self._dependencies = dependencies
        self._store = store
        self._fold = fold
        self._one_turn = asyncio.Lock()
        self._wanted = 0  # who plays or stores, and who waits to
        self._one_look = asyncio.Lock()
        self._owes_note = False  # shown while a turn was played, stored after it
        self.branch = branch
        self.state: StoryState = fold.present()

    @classmethod
    async def load(cls, dependencies: Dependencies, store: StoryStore, branch: Branch) -> Session:
        """Fold the branch's path into its present. Raises StoreDamaged, StoreNewer."""
        session = cls(dependencies, store, branch, await folded(store, branch))
        await keep_snapshot(store, branch, session._fold)  # imported, or of an older program
        return session

    @property
    def story_id(self) -> str:
        """The story's id."""
        return self.branch.story_id

    async def refresh(self) -> None:
        """Take in what others have stored on this branch meanwhile.

        While a turn is played here, or waits to be, it returns at once: the present is then what
        this session stored last, and what others stored is taken in by the next call after it.
        Raises HistoryNotLoaded (they took back something from before a snapshot: load the session
        anew), BranchNotFound (the story was deleted), StoreDamaged.
        """
        if (
            self._wanted
        ):  # a lock that is free may have its next owner already: that one plays first
            return
        async with self._one_turn:
            now = await self._store.branch(self.branch.branch_id)
            after = self.branch.length
            if now.length == after:
                return
            async for recorded in self._store.read(now.branch_id, after=after, upto=now.length):
                self._fold.apply(recorded)
            self.branch, self.state = now, self._fold.present()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Nothing else is played or stored here meanwhile; waits until that is so."""
        self._wanted += 1
        try:
            async with self._one_turn:
                try:
                    yield
                finally:
                    await self._store_owed_note()
        finally:
            self._wanted -= 1

    async def _store_owed_note(self) -> None:
        if self._owes_note:
            self._owes_note = False
            with suppress(StoryError, StoreError):  # how the turn itself ended is what is told
                await self._append(self.state.turn, [CareShown()])

    async def has_moved_on(self, position: int) -> bool:
        """Whether more than asides and notes of care was stored after this position."""
        upto = self.branch.length
        if position >= upto:
            return position > upto
        async for recorded in self._store.read(self.branch.branch_id, after=position, upto=upto):
            if not isinstance(recorded.event, _BESIDE_THE_STORY):
                return True
        return False

    def may_tell_of_need(self, action: Action) -> bool:
        """Whether the player's own words in this move could be a cry for help."""
        turn = self.next_turn()
        return may_tell_of_need(own_words(turn, action), turn.state.premise.language)

    async def play(
        self, action: Action, *, seen_at: int | None = None
    ) -> AsyncGenerator[seen.TurnEvent, None]:
        """Play one turn and store it whole; see ``engine.turn_events`` for what comes when.

        Where the player's own words may be a cry for help, ``TurnPaused`` comes alone, before any
        storyteller is asked; of it only that the note was shown is stored.
        Closing the generator, or cancelling, before ``TurnStored`` leaves the story as it was.
        ``seen_at`` is where the branch stood as the player saw it.
        Raises ValidationError (``action`` is none), PositionConflict (the branch has moved on since
        ``seen_at``, or another writer was first; load the session again), ProviderError (no
        storyteller could answer), BudgetExceededError (the turn would overspend) and StoreError
        (the turn could not be stored).
        """
        async with aclosing(self._played(action, seen_at)) as items:
            async for item in items:
                if isinstance(item, seen.PlayedTurn):
                    yield seen.SceneFinished(item.scene)
                    yield seen.ChoicesReady(item.choices)
                    yield seen.CostReported(item.cost_usd, item.usage, item.calls)
                    yield seen.TurnStored(item.turn, self.branch.length)
                else:
                    yield item

    async def turn(self, action: Action) -> seen.PlayedTurn:
        """Play one turn and wait for all of it.

        Raises as ``play`` does, MoveRefused and PausedForCare.
        """
        return await whole_turn(self._played(action))

    async def _played(
        self, action: Action, seen_at: int | None = None
    ) -> AsyncGenerator[TurnItem, None]:
        """The turn as it is played; ``PlayedTurn`` comes once it is stored."""
        if not isinstance(action, Action):
            raise ValidationError(message("no_action", action=action))
        async with self._alone():
            before = self.next_turn(is_retold=action.is_retold, player_id=action.player_id)
            care = await look_at_move(before, action, self._fold)
            if care.note:
                await self._append(self.state.turn, [CareShown()])
                yield seen.TurnPaused(care.note, replace(action, after_note=True))
                return
            if seen_at is not None and await self.has_moved_on(seen_at):
                there = self.branch.length
                raise PositionConflict(
                    branch_id=self.branch.branch_id, expected=seen_at, actual=there
                )
            if care.reminder:
                yield seen.TurnWarning(care.reminder, is_care=True)
            async with aclosing(play_turn(before, action, self._search)) as turn:
                async for item in turn:
                    if isinstance(item, seen.PlayedTurn):
                        await self._append(item.turn, item.events)
                        item = care.booked_on(item)
                    yield item
            await keep_snapshot(self._store, self.branch, self._fold)

    async def pause_ahead(self, action: Action) -> seen.TurnPaused | None:
        """The pause that ``play`` would come to with this move, where that is clear without a
        model: what a reader would be asked of is left to the turn. Nothing is stored.
        """
        turn = self.next_turn(player_id=action.player_id)
        note = (await look_at_move(turn, action, self._fold, is_ahead=True)).note
        return seen.TurnPaused(note, replace(action, after_note=True)) if note else None

    async def pause_aside_ahead(
        self,
        typed: str,
        *,
        is_thought: bool = False,
        after_note: bool = False,
        player_id: str = "",
    ) -> seen.TurnPaused | None:
        """The same for a question aside (``ask``), or for what somebody thinks."""
        turn = self.next_turn(player_id=player_id)
        wanted = aside_of(self.state, typed, is_thought=is_thought)
        care = await look_at_aside(
            turn, wanted, typed, self._fold, after_note=after_note, is_ahead=True
        )
        return seen.TurnPaused(care.note, None, typed) if care.note else None

    async def pause_beside(self, action: Action, *, may_ask: bool = True) -> seen.TurnPaused | None:
        """The pause for a move that cannot be played now because something else is: None without
        a cry for help in it, or where its note was the last thing shown.

        Nothing of what is played is touched: that a note was shown is stored after it. There is
        always the whole note, soon after another one too. A reader is asked only if it ``may_ask``.
        """
        turn = self.next_turn(player_id=action.player_id)
        words, takes_more = own_words(turn, action), action.kind == "begin"
        note = await self._note_beside(turn, words, action.after_note, takes_more, may_ask)
        return seen.TurnPaused(note, replace(action, after_note=True)) if note else None

    async def pause_aside_beside(
        self,
        typed: str,
        *,
        is_thought: bool = False,
        after_note: bool = False,
        player_id: str = "",
        may_ask: bool = True,
    ) -> seen.TurnPaused | None:
        """The same for a question aside (``ask``), or for what somebody thinks."""
        turn = self.next_turn(player_id=player_id)
        wanted = aside_of(self.state, typed, is_thought=is_thought)
        is_asked = isinstance(wanted, Aside)
        words = (wanted.words if isinstance(wanted, Aside) else "") or typed
        note = await self._note_beside(turn, words, after_note, not is_asked, is_asked and may_ask)
        return seen.TurnPaused(note, None, typed) if note else None

    async def _note_beside(
        self, turn: TurnInput, words: str, after_note: bool, takes_more: bool, may_ask: bool
    ) -> CareNote | None:
        async with self._one_look:
            is_again = after_note and (self._owes_note or is_noted(self._fold))
            care = await look(
                turn,
                words,
                takes_more=takes_more,
                may_ask=may_ask,
                after_note=is_again,
                may_remind=False,
            )
            if care.note:
                self._owes_note = True
        if care.note and not self._wanted:  # what was played has ended meanwhile
            async with self._alone():
                pass
        return care.note

    async def tighten(self, boundaries: Mapping[str, str]) -> Mapping[str, str]:
        """Keep more out from here on; gives what is stricter now: category → level.

        Raises ValidationError: it is no boundary, or one that is kept already would be loosened.
        """
        async with self._alone():
            kept = self.state.premise.boundaries
            looser = [name for name in stricter(boundaries, kept) if name in boundaries]
            if looser:
                raise ValidationError(message("only_tighter", names=", ".join(looser)))
            self._dependencies.safety({**kept, **boundaries})
            if tighter := stricter(kept, boundaries):
                await self._append(self.state.turn, [BoundariesTightened(boundaries=tighter)])
            return tighter

    async def make_gentler(self) -> Mapping[str, str]:
        """Keep heavy matter out from here on; gives what is stricter now: category → level."""
        async with self._alone():
            if tighter := gentler(self.state.premise.boundaries):
                await self._append(self.state.turn, [BoundariesTightened(boundaries=tighter)])
            return tighter

    async def ask(
        self, typed: str, *, after_note: bool = False, player_id: str = ""
    ) -> AsyncGenerator[AsideItem, None]:
        """Ask one person aside: ``typed`` is their name and, after it, the question.

        What passes the gate comes a sentence at a time, ``AsideEnded`` last, once it is stored; it
        is no turn. ``TurnPaused`` and ``TurnRefused`` come alone; after a pause, the same is asked
        again with ``after_note``. Raises as ``play`` does, and stores nothing then.
        """
        async with aclosing(self._aside(typed, False, after_note, player_id)) as items:
            async for item in items:
                yield item

    async def think(self, typed: str, *, player_id: str = "") -> AsyncGenerator[AsideItem, None]:
        """What a person of that name is thinking, for authors; kept nowhere. Otherwise as ``ask``.

        The player's own character is not thought for.
        """
        async with aclosing(self._aside(typed, True, False, player_id)) as items:
            async for item in items:
                yield item

    async def _aside(
        self, typed: str, is_thought: bool, after_note: bool, player_id: str
    ) -> AsyncGenerator[AsideItem, None]:
        if not isinstance(typed, str):
            raise ValidationError(message("no_text", text=typed))
        async with self._alone():
            turn = self.next_turn(player_id=player_id)
            wanted = aside_of(self.state, typed, is_thought=is_thought)
            asked = wanted.words if isinstance(wanted, Aside) else ""
            care = await look_at_aside(turn, wanted, typed, self._fold, after_note=after_note)
            if care.note:
                await self._append(self.state.turn, [CareShown()])
                yield seen.TurnPaused(care.note, None, typed)
                return
            if care.reminder:
                yield seen.TurnWarning(care.reminder, is_care=True)
            refusal = turn.safety.refusal(asked) if asked else ""
            if isinstance(wanted, str) or refusal:
                yield seen.TurnRefused(refusal or str(wanted))
                return
            telling = AsideTelling(turn, wanted)
            async with aclosing(telling.items()) as items:
                async for item in items:
                    yield item
            ended = telling.answered()
            if ended.events:
                await self._append(self.state.turn, ended.events)
            for text in ended.warnings:
                yield seen.TurnWarning(text)
            yield ended

    async def judge(self, *passages: Passage) -> Judgement:
        """Whether each passage could be shown next; the story stays as it is."""
        return await judge_passages(self.next_turn(), passages)

    async def set_arc_stage(self, character_id: str, stage: ArcStage | None) -> None:
        """Put somebody at a stage of their arc, where they stay; None: conditions lead them again.

        No turn; stored at once. Raises ValidationError (no such stage, nobody of that id),
        PositionConflict, StoreError.
        """
        if character_id not in self.state.characters:
            known = ", ".join(self.state.characters) or message("nobody_yet")
            raise ValidationError(message("nobody_meant", name=character_id, names=known))
        if stage is not None and stage not in ARC_STAGES:
            raise ValidationError(f"Invalid arc stage {stage!r}: one of {', '.join(ARC_STAGES)}")
        async with self._alone():
            change = CharacterChanged(
                character_id=character_id, arc_stage=stage or "", arc_by_hand=stage is not None
            )
            await self._append(self.state.turn, [change])

    def next_turn(self, *, is_retold: bool = False, player_id: str = "") -> TurnInput:
        """What the next turn would be played from."""
        known, state = self._dependencies, self.state
        dependencies = replace(known, player_id=player_id) if player_id else known
        return TurnInput.of(dependencies, self.branch, state, is_retold=is_retold)

    async def _search(self, words: Sequence[str], limit: int) -> list[Found]:
        return await self._store.search(
            self.branch.branch_id, words, limit=limit, upto=self.branch.length
        )

    async def _append(self, turn: int, events: Sequence[Event]) -> None:
        """Store what was spent, then the events, and fold them into the present."""
        await self._dependencies.settle()
        branch, before = self.branch.branch_id, self.branch.length
        at = self._dependencies.clock()
        length = await self._store.append(branch, turn, events, expected=before, at=at)
        for position, event in enumerate(events, start=before + 1):
            self._fold.apply(
                RecordedEvent(branch_id=branch, position=position, turn=turn, at=at, event=event)
            )
        self.branch = replace(self.branch, length=length, turn=turn)
        self.state = self._fold.present()
