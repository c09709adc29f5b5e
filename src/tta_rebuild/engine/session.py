"""A session: one branch of one story, folded into the present, ready for the next turn.

Made by ``engine.stories``; callers play turns on it and read ``state``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from tta_rebuild.core.events import RecordedEvent
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.state import StoryFold, StoryState
from tta_rebuild.engine.turn import FinishedTurn, play_turn
from tta_rebuild.engine.turn_events import (
    ChoicesReady,
    CostReported,
    SceneFinished,
    TurnEvent,
    TurnStored,
)
from tta_rebuild.storage.story_store import Branch, Found, StoryStore


class Session:
    """Plays one branch, one turn at a time.

    Attributes:
        branch: the branch as it stood after the last stored turn.
        state: the present; replaced by a new value after every turn.
    """

    def __init__(
        self, dependencies: Dependencies, store: StoryStore, branch: Branch, fold: StoryFold
    ) -> None:
        self._dependencies = dependencies
        self._store = store
        self._fold = fold
        self._one_turn = asyncio.Lock()
        self.branch = branch
        self.state: StoryState = fold.present()

    @classmethod
    async def load(cls, dependencies: Dependencies, store: StoryStore, branch: Branch) -> Session:
        """Fold the branch's path into its present. Raises StoreDamaged, StoreNewer."""
        fold = StoryFold()
        async for recorded in store.read(branch.branch_id, upto=branch.length):
            fold.apply(recorded)
        return cls(dependencies, store, branch, fold)

    @property
    def story_id(self) -> str:
        """The story's id."""
        return self.branch.story_id

    async def play(self, action: Action) -> AsyncGenerator[TurnEvent, None]:
        """Play one turn and store it whole; see ``engine.turn_events`` for what comes when.

        Closing the generator, or cancelling, before ``TurnStored`` leaves the story as it was.

        Raises:
            PositionConflict: another writer was first; load the session again.
            ProviderError: no storyteller could answer.
            BudgetExceededError: the turn would overspend.
            StoreError: the turn could not be stored.
        """
        async with self._one_turn:
            turn = play_turn(self._dependencies, self.branch, self.state, action, self._search)
            async with aclosing(turn):
                async for item in turn:
                    if isinstance(item, FinishedTurn):
                        await self._keep(item)
                        yield SceneFinished(item.scene)
                        yield ChoicesReady(item.choices)
                        yield CostReported(item.cost_usd, item.usage, item.calls)
                        yield TurnStored(item.turn, self.branch.length)
                    else:
                        yield item

    async def _search(self, words: Sequence[str], limit: int) -> list[Found]:
        return await self._store.search(
            self.branch.branch_id, words, limit=limit, upto=self.branch.length
        )

    async def _keep(self, finished: FinishedTurn) -> None:
        at = self._dependencies.clock()
        before = self.branch.length
        length = await self._store.append(
            self.branch.branch_id, finished.turn, finished.events, expected=before, at=at
        )
        for position, event in enumerate(finished.events, start=before + 1):
            self._fold.apply(
                RecordedEvent(
                    branch_id=self.branch.branch_id,
                    position=position,
                    turn=finished.turn,
                    at=at,
                    event=event,
                )
            )
        self.branch = replace(self.branch, length=length, turn=finished.turn)
        self.state = self._fold.present()
