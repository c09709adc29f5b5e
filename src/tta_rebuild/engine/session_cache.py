"""Sessions of many branches, the latest used kept at hand so that a turn folds only what is new.

A server holds one for all its players; ``engine.turn_runner`` plays its sessions.
"""

from __future__ import annotations

from collections import OrderedDict

from tta_rebuild.core.errors import HistoryNotLoaded, TTAError
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.stories import Stories

MOST_SESSIONS = 256
"""Sessions kept at hand, unless told otherwise."""


class SessionCache:
    """At most ``most`` sessions, one per branch; who has not been asked for longest goes first."""

    def __init__(self, stories: Stories, *, most: int = MOST_SESSIONS) -> None:
        self._stories, self._most = stories, most
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._timeline = ""

    def __len__(self) -> int:
        return len(self._sessions)

    async def session(self, story_id: str, branch_id: str) -> Session:
        """The session of a branch, with all that is stored of it by now.

        Raises StoryNotFound, BranchNotFound, StoreDamaged, StoreNewer.
        """
        found = self._sessions.get(branch_id)
        if found is not None:
            try:
                await found.refresh()
            except HistoryNotLoaded:
                found = None
            except TTAError:
                self.forget(branch_id)
                raise
        if self._is_another_history():  # seen by what was asked just now, at the latest
            self._sessions.clear()
            found = None
        if found is None:
            loaded = await self._stories.resume(story_id, branch_id)
            # two who asked at once share one session: it is what plays one turn at a time
            found = self._sessions.setdefault(branch_id, loaded)
        self.keep(found)
        return found

    def _is_another_history(self) -> bool:
        """Whether the database failed over: it may not have what these sessions hold."""
        before, self._timeline = self._timeline, self._stories.timeline
        return bool(before) and before != self._timeline

    def keep(self, session: Session) -> None:
        """Have a session at hand that was opened elsewhere."""
        self._sessions[session.branch.branch_id] = session
        self._sessions.move_to_end(session.branch.branch_id)
        while len(self._sessions) > self._most:
            self._sessions.popitem(last=False)

    def forget(self, branch_id: str) -> None:
        """Drop the session of a branch, if there is one."""
        self._sessions.pop(branch_id, None)

    def forget_story(self, story_id: str) -> None:
        """Drop the sessions of all branches of a story."""
        for branch_id, session in list(self._sessions.items()):
            if session.story_id == story_id:
                del self._sessions[branch_id]
