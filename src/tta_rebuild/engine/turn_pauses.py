"""Notes of care that a server shows itself, where its turns are played by workers.

``temporal_runner`` asks for them: ``ahead`` of a turn that would pause, so that a cry for help
waits for no worker, and ``beside`` one, for a move that cannot be played.
"""

from __future__ import annotations

from contextlib import suppress

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import StoryError
from tta_rebuild.core.turn_records import TurnRecord
from tta_rebuild.engine.care import may_tell_of_need
from tta_rebuild.engine.held_events import HeldEvents
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.turn_dispatch import pause_ahead_of, pause_of
from tta_rebuild.engine.turn_ends import TurnEnds, store_note
from tta_rebuild.engine.turn_runner import TurnRequest
from tta_rebuild.engine.turn_updates import TurnUpdates
from tta_rebuild.engine.turn_values import Values, text_of, update_of
from tta_rebuild.storage.story_store import StoryStore


class TurnPauses:
    """Looks for cries for help in what is asked for, and ends turns with the note for them.

    What is given of a pause are the values of its update.
    """

    def __init__(
        self,
        stories: Stories,
        store: StoryStore,
        updates: TurnUpdates,
        sessions: SessionCache,
        clock: Clock,
    ) -> None:
        self._stories, self._store, self._sessions = stories, store, sessions
        self._records, self._updates, self._clock = store.turns(), updates, clock
        self.ends = TurnEnds(
            store=store,
            records=self._records,
            updates=updates,
            settle=_nothing_spent,
            clock=clock,
        )

    async def ahead(self, request: TurnRequest) -> Values | None:
        """The pause that a turn would come to, where that is clear without a model.

        None also where the story cannot be read: the turn says so.
        """
        kind = request.kind
        if kind == "choose":  # none of the player's own words
            return None
        if kind in ("say", "end") and not may_tell_of_need(request.text, "en"):
            return None  # in another language set phrases alone are clear, and they count in any
        with suppress(StoryError):
            session = await self._sessions.session(request.story_id, request.branch_id)
            if paused := await pause_ahead_of(session, request):
                return update_of(paused, session)[1]
        return None

    async def end(self, turn_id: str, values: Values) -> None:
        """End a turn that has begun, and that no worker was given, with its pause."""
        await self.ends.pause(turn_id, values)

    async def beside(
        self, request: TurnRequest, other: TurnRecord | None, *, may_ask: bool
    ) -> Values | None:
        """The pause for what cannot be played, because ``other`` is, or because no turn can be."""
        if other is not None and other.owes_note and request.after_note:
            return None
        held = HeldEvents.over(self._store)
        session = await self._stories.apart(held, lambda provider: provider).resume(
            request.story_id, request.branch_id
        )
        paused = await pause_of(session, request, may_ask=may_ask)
        return update_of(paused, session)[1] if paused else None

    async def show(
        self, turn_id: str, values: Values, branch_id: str, other: TurnRecord | None
    ) -> None:
        """Show the pause of a turn that has paused; that a note was shown is stored after ``other``
        where that is played.
        """
        await self._updates.add(turn_id, 1, "paused", text_of(values))
        if other is None or not await self._records.owe_note(other.turn_id):
            await store_note(self._store, branch_id, self._clock)


async def _nothing_spent() -> None:
    pass
