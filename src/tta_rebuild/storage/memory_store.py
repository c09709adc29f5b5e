"""Stories kept in memory: for tests, experiments and play that leaves nothing behind.

Obeys the same contract as ``sql_store`` and finds the same words.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

from tta_rebuild.core.errors import (
    BranchNotFound,
    PositionConflict,
    PositionNotFound,
    StoryError,
    StoryNotFound,
)
from tta_rebuild.core.events import Event, RecordedEvent, prose_of
from tta_rebuild.core.memory_ledger import MemoryLedger
from tta_rebuild.storage.branch_path import BranchPath
from tta_rebuild.storage.prose import phrases_in, words_in
from tta_rebuild.storage.stored_time import in_utc
from tta_rebuild.storage.story_store import (
    MAIN,
    Branch,
    Found,
    StoryRow,
    StoryStore,
    check_fork,
    check_turn,
    too_near,
)

_BM25_K1, _BM25_B = 1.2, 0.75
"""The usual constants (Robertson and Zaragoza 2009), the ones of SQLite's FTS5 too."""


@dataclass(slots=True)
class _Kept:
    """A branch with its own part of the path."""

    row: Branch
    path: BranchPath
    own: list[RecordedEvent] = field(default_factory=list)
    snapshots: dict[tuple[str, int], str] = field(default_factory=dict)


class MemoryStoryStore(StoryStore):
    """A ``StoryStore`` that ends with the process.

    Args:
        place: what it stands for, in words.
    """

    note = ""

    def __init__(self, place: str = "memory") -> None:
        self.place = place
        self._ledger = MemoryLedger()
        self._stories: dict[str, StoryRow] = {}
        self._of_story: dict[str, list[str]] = {}
        self._branches: dict[str, _Kept] = {}
        self._numbered: dict[int, _Kept] = {}
        self._numbers = itertools.count(1)

    def ledger(self) -> MemoryLedger:
        """The ledger beside the stories."""
        return self._ledger

    async def create_story(
        self, story_id: str, title: str, events: Sequence[Event], *, at: datetime
    ) -> Branch:
        """See ``StoryStore.create_story``."""
        at = in_utc(at)
        if story_id in self._stories:
            raise StoryError(f"a story '{story_id}' exists already; choose another id")
        self._stories[story_id] = StoryRow(
            story_id=story_id, title=title, created_at=at, updated_at=at, branches=1, turns=0
        )
        number = next(self._numbers)
        kept = _Kept(
            Branch(
                branch_id=f"{story_id}.1",
                story_id=story_id,
                name=MAIN,
                parent_id=None,
                forked_at=0,
                length=0,
                turn=0,
                created_at=at,
            ),
            BranchPath.root(number),
        )
        self._add(kept, number)
        self._store(kept, 0, events, at)
        return kept.row

    @asynccontextmanager
    async def whole(self) -> AsyncIterator[None]:
        """See ``StoryStore.whole``; what other tasks did meanwhile is lost with a failure."""
        before = deepcopy((self._stories, self._of_story, self._branches, self._numbered))
        try:
            yield
        except BaseException:
            self._stories, self._of_story, self._branches, self._numbered = before
            raise

    async def stories(self) -> list[StoryRow]:
        """See ``StoryStore.stories``."""
        newest_first = reversed(list(self._stories.values()))
        return sorted(newest_first, key=lambda row: row.updated_at, reverse=True)

    async def story(self, story_id: str) -> StoryRow:
        """See ``StoryStore.story``."""
        if story_id not in self._stories:
            raise StoryNotFound(f"no story '{story_id}'; see the list of stories")
        return self._stories[story_id]

    async def rename(self, story_id: str, title: str) -> None:
        """See ``StoryStore.rename``."""
        self._stories[story_id] = replace(await self.story(story_id), title=title)

    async def delete(self, story_id: str) -> None:
        """See ``StoryStore.delete``."""
        await self.story(story_id)
        for branch_id in self._of_story.pop(story_id):
            kept = self._branches.pop(branch_id)
            del self._numbered[kept.path.owners[-1]]
        del self._stories[story_id]

    async def branches(self, story_id: str) -> list[Branch]:
        """See ``StoryStore.branches``."""
        await self.story(story_id)
        return [self._branches[branch_id].row for branch_id in self._of_story[story_id]]

    async def branch(self, branch_id: str) -> Branch:
        """See ``StoryStore.branch``."""
        return self._kept(branch_id).row

    async def append(
        self, branch_id: str, turn: int, events: Sequence[Event], *, expected: int, at: datetime
    ) -> int:
        """See ``StoryStore.append``."""
        at = in_utc(at)
        kept = self._kept(branch_id)
        if kept.row.length != expected:
            raise PositionConflict(branch_id=branch_id, expected=expected, actual=kept.row.length)
        check_turn(branch_id, turn, kept.row.turn)
        if events:
            self._store(kept, turn, events, at)
        return kept.row.length

    async def fork(
        self, branch_id: str, position: int, *, name: str | None = None, at: datetime
    ) -> Branch:
        """See ``StoryStore.fork``."""
        at = in_utc(at)
        parent = self._kept(branch_id)
        check_fork(branch_id, position, parent.row.length)
        story = self._stories[parent.row.story_id]
        taken = {self._branches[b].row.name for b in self._of_story[story.story_id]}
        if name in taken:
            raise StoryError(f"a branch '{name}' exists already in this story; choose another name")
        ordinal = story.branches + 1
        if name is None:
            names = (f"branch-{n}" for n in itertools.count(ordinal))
            name = next(free for free in names if free not in taken)
        number = next(self._numbers)
        kept = _Kept(
            Branch(
                branch_id=f"{story.story_id}.{ordinal}",
                story_id=story.story_id,
                name=name,
                parent_id=branch_id,
                forked_at=position,
                length=position,
                turn=self._at(parent, position).turn if position else 0,
                created_at=at,
            ),
            parent.path.forked(number, position),
        )
        self._stories[story.story_id] = replace(
            story, branches=ordinal, updated_at=max(at, story.updated_at)
        )
        self._add(kept, number)
        return kept.row

    async def read(
        self, branch_id: str, *, after: int = 0, upto: int | None = None
    ) -> AsyncIterator[RecordedEvent]:
        """See ``StoryStore.read``."""
        kept = self._kept(branch_id)
        for recorded in self._path_events(kept, after, upto):
            yield recorded

    async def tail(self, branch_id: str, count: int) -> list[RecordedEvent]:
        """See ``StoryStore.tail``."""
        kept = self._kept(branch_id)
        return self._path_events(kept, kept.row.length - max(count, 0), None)

    async def turn_end(self, branch_id: str, turn: int) -> int:
        """See ``StoryStore.turn_end``."""
        kept = self._kept(branch_id)
        low, high = 0, kept.row.length  # turns never fall along a path
        while low < high:
            middle = (low + high + 1) // 2
            if self._at(kept, middle).turn <= turn:
                low = middle
            else:
                high = middle - 1
        if low == 0 or self._at(kept, low).turn != turn:
            raise PositionNotFound(
                f"the branch '{kept.row.name}' has no turn {turn}; its last is {kept.row.turn}"
            )
        return low

    async def search(
        self, branch_id: str, words: Sequence[str], *, limit: int = 20, upto: int | None = None
    ) -> list[Found]:
        """See ``StoryStore.search``."""
        kept = self._kept(branch_id)
        phrases = phrases_in(words)
        if not phrases or limit < 1:
            return []
        texts = [
            (recorded, text, words_in(text))
            for recorded in self._path_events(kept, 0, upto)
            if (text := prose_of(recorded.event))
        ]
        ranks = _bm25([cut for _, _, cut in texts], phrases)
        found = [
            Found(position=recorded.position, turn=recorded.turn, text=text, rank=-score)
            for (recorded, text, _), score in zip(texts, ranks, strict=True)
            if score > 0
        ]
        return sorted(found, key=lambda f: (f.rank, -f.position))[:limit]

    async def save_snapshot(self, branch_id: str, position: int, shape: str, state: str) -> None:
        """See ``StoryStore.save_snapshot``."""
        kept = self._kept(branch_id)
        check_fork(branch_id, position, kept.row.length)
        owner = self._numbered[kept.path.owner_of(position)]
        here = {at: text for (s, at), text in owner.snapshots.items() if s == shape}
        earlier = sorted((at for at in here if at < position), reverse=True)[:2]
        if too_near(earlier, len(state)):
            del here[earlier[0]]
        here[position] = state
        owner.snapshots = {(shape, at): text for at, text in here.items()}

    async def latest_snapshot(
        self, branch_id: str, shape: str, *, upto: int | None = None
    ) -> tuple[int, str] | None:
        """See ``StoryStore.latest_snapshot``."""
        kept = self._kept(branch_id)
        end = kept.row.length if upto is None else min(upto, kept.row.length)
        for span in reversed(kept.path.spans(0, end)):
            snapshots = self._numbered[span.owner].snapshots
            inside = [p for s, p in snapshots if s == shape and span.after < p <= span.upto]
            if inside:
                return max(inside), snapshots[shape, max(inside)]
        return None

    async def close(self) -> None:
        """Nothing is held; the stories stay until the object goes."""

    # ---------------------------------------------------------------------------- inside

    def _kept(self, branch_id: str) -> _Kept:
        if branch_id not in self._branches:
            raise BranchNotFound(f"no branch '{branch_id}'; see the list of the story's branches")
        return self._branches[branch_id]

    def _add(self, kept: _Kept, number: int) -> None:
        self._branches[kept.row.branch_id] = kept
        self._numbered[number] = kept
        self._of_story.setdefault(kept.row.story_id, []).append(kept.row.branch_id)

    def _store(self, kept: _Kept, turn: int, events: Sequence[Event], at: datetime) -> None:
        row = kept.row
        kept.own.extend(
            RecordedEvent(branch_id=row.branch_id, position=position, turn=turn, at=at, event=event)
            for position, event in enumerate(events, row.length + 1)
        )
        kept.row = replace(row, length=row.length + len(events), turn=turn)
        story = self._stories[row.story_id]
        self._stories[row.story_id] = replace(
            story, updated_at=max(at, story.updated_at), turns=max(story.turns, turn)
        )

    def _path_events(self, kept: _Kept, after: int, upto: int | None) -> list[RecordedEvent]:
        end = kept.row.length if upto is None else min(upto, kept.row.length)
        found: list[RecordedEvent] = []
        for span in kept.path.spans(after, end):
            owner = self._numbered[span.owner]
            begin = owner.row.forked_at
            found.extend(owner.own[span.after - begin : span.upto - begin])
        return found

    def _at(self, kept: _Kept, position: int) -> RecordedEvent:
        owner = self._numbered[kept.path.owner_of(position)]
        return owner.own[position - owner.row.forked_at - 1]


def _bm25(texts: Sequence[Sequence[str]], phrases: Sequence[tuple[str, ...]]) -> list[float]:
    """How well each text answers, 0 if no phrase is in it; the formula as FTS5 computes it."""
    counts = [Counter({p: _occurrences(text, p) for p in phrases}) for text in texts]
    mean = sum(len(text) for text in texts) / max(len(texts), 1)
    scores = [0.0] * len(texts)
    for phrase in phrases:
        holding = sum(1 for count in counts if count[phrase])
        # a word that most texts hold would weigh nothing or less; it keeps a trace of weight
        idf = max(math.log((len(texts) - holding + 0.5) / (holding + 0.5)), 1e-6)
        for index, count in enumerate(counts):
            often = count[phrase]
            if often:
                length = _BM25_K1 * (1 - _BM25_B + _BM25_B * len(texts[index]) / mean)
                scores[index] += idf * often * (_BM25_K1 + 1) / (often + length)
    return scores


def _occurrences(text: Sequence[str], phrase: tuple[str, ...]) -> int:
    size = len(phrase)
    if size == 1:
        return list(text).count(phrase[0])
    return sum(1 for i in range(len(text) - size + 1) if tuple(text[i : i + size]) == phrase)
