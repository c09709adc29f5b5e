"""How stories are played, counted from their logs and the ledger; nothing leaves the machine.

Called by ``cli.analytics``. Everything is read from the store each time: nothing is kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal, TypeAlias

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core import events as log
from tta_rebuild.core.events import RecordedEvent
from tta_rebuild.core.story import Choice
from tta_rebuild.lab.feedback import variant_in
from tta_rebuild.lab.outcomes import repairs_in

By: TypeAlias = Literal["model", "version", "variant"]


@dataclass(slots=True, kw_only=True)
class TurnGroup:
    """What was counted over turns of one model, prompt version or variant, or over all.

    Attributes:
        stories, finished: stories of which it told most turns; those that have an end.
        left_out: choices that were proposed and not offered.
        blocked: passages held back, by the gate that did.
        repairs: times a storyteller was asked once more for a scene.
        degraded: turns that were not as they should be.
        quality: mean score of the scenes.
        cost_usd, cost_per_finished_usd: of these stories; of the finished ones, each (None: none).
    """

    key: str = ""
    turns: int = 0
    stories: int = 0
    finished: int = 0
    left_out: int = 0
    blocked: Counter[str] = field(default_factory=Counter)
    repairs: int = 0
    degraded: int = 0
    quality: float = 0.0
    cost_usd: float = 0.0
    cost_per_finished_usd: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The counts by name."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "blocked": dict(self.blocked)
        }

    def count(self, turn: Sequence[log.Event]) -> None:
        """Add one turn."""
        self.turns += 1
        self.repairs += repairs_in(e for e in turn if isinstance(e, log.ModelReplied))
        self.blocked.update(e.gate for e in turn if isinstance(e, log.PassageWithheld))
        for event in turn:
            if isinstance(event, log.SceneTold):
                self.degraded += bool(event.scene.degraded)
                self.quality += (event.scene.quality - self.quality) / self.turns
            elif isinstance(event, log.ChoicesOffered):
                self.left_out += len(event.rejected)

    def count_story(self, cost_usd: float, *, is_finished: bool) -> None:
        """Add a story; the mean cost of finished ones grows with it."""
        self.stories += 1
        self.cost_usd += cost_usd
        if is_finished:
            before = (self.cost_per_finished_usd or 0.0) * self.finished
            self.finished += 1
            self.cost_per_finished_usd = (before + cost_usd) / self.finished


@dataclass(frozen=True, slots=True)
class DropOff:
    """How many stories reached a turn on their longest branch, and how many stopped there.

    Who has an end did not stop: ``finished`` counts those.
    """

    turn: int
    reached: int
    stopped: int
    finished: int


@dataclass(slots=True, kw_only=True)
class Analytics:
    """Counts over all stories of a store.

    Attributes:
        unbegun: stories of which nothing is told.
        moves: how players went on: ``choice``, ``free`` words, ``end``.
        places: choices taken, by their number on the list.
        kinds: choices taken: ``people`` (it concerns somebody), ``change`` (it says what it would
            make true), ``other``.
    """

    total: TurnGroup = field(default_factory=TurnGroup)
    groups: list[TurnGroup] = field(default_factory=list)
    drop_off: list[DropOff] = field(default_factory=list)
    unbegun: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    places: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """All counts, those of all turns first; ``places`` and the others as objects."""
        rest: dict[str, Any] = {"unbegun": self.unbegun, "moves": dict(self.moves)}
        rest |= {"places": dict(self.places), "kinds": dict(self.kinds)}
        rest |= {"drop_off": [asdict(line) for line in self.drop_off]}
        total = self.total.as_json()
        del total["key"]
        return total | rest | {"groups": [group.as_json() for group in self.groups]}

    def count_move(self, move: log.PlayerActed, offered: Sequence[Choice]) -> None:
        """Add what a player did."""
        if not move.choice:
            self.moves["end" if move.wants_end else "free"] += 1
            return
        self.moves["choice"] += 1
        self.places[move.choice] += 1
        taken = offered[move.choice - 1] if move.choice <= len(offered) else Choice(text="")
        self.kinds["people" if taken.affects else "change" if taken.effects else "other"] += 1


async def analytics(
    application: Application, by: By, *, since: datetime | None = None
) -> Analytics:
    """Count all stories, or those that were played ``since`` a time."""
    found, groups = Analytics(), dict[str, TurnGroup]()
    costs = {line.key: line.cost_usd for line in await application.ledger.costs("story")}
    ended = list[tuple[int, bool]]()
    for row in await application.stories.list():
        if since is not None and row.updated_at < since:
            continue
        keys, longest, is_finished = Counter[str](), 0, False
        async for turn, variant in _turns(application, row.story_id, found):
            events = [recorded.event for recorded in turn]
            key = _key(events, variant, by)
            keys[key] += 1
            for group in (found.total, groups.setdefault(key, TurnGroup(key=key))):
                group.count(events)
            longest = max(longest, turn[0].turn)
            is_finished |= any(isinstance(event, log.StoryEnded) for event in events)
        if not keys:
            found.unbegun += 1
            continue
        ended.append((longest, is_finished))
        most = groups[keys.most_common(1)[0][0]]
        for group in (found.total, most):
            group.count_story(costs.get(row.story_id, 0.0), is_finished=is_finished)
    found.groups = sorted(groups.values(), key=lambda group: (-group.turns, group.key))
    found.drop_off = _drop_off(ended)
    return found


async def _turns(
    application: Application, story_id: str, found: Analytics
) -> AsyncIterator[tuple[list[RecordedEvent], str]]:
    """Every turn that was played, on whatever branch, each once; and the story's variant.

    Moves are counted on the way, since a choice taken is one that the turn before offered.
    """
    for branch in await application.stories.branches(story_id):
        path = await application.stories.path(story_id, branch.branch_id)
        variant = variant_in([recorded.event for recorded in path])
        offered: Sequence[Choice] = ()
        for turn, recorded in groupby(path, key=attrgetter("turn")):
            own = list(recorded)
            is_new = turn > 0 and own[-1].position > branch.forked_at
            for event in (one.event for one in own):
                if isinstance(event, log.PlayerActed) and is_new:
                    found.count_move(event, offered)
                elif isinstance(event, log.ChoicesOffered):
                    offered = event.choices
            if is_new and any(isinstance(one.event, log.SceneTold) for one in own):
                yield own, variant


def _key(events: Sequence[log.Event], variant: str, by: By) -> str:
    if by == "variant":
        return variant
    scene = next(e.scene for e in events if isinstance(e, log.SceneTold))
    return scene.told_by if by == "model" else scene.prompt_version


def _drop_off(ended: Sequence[tuple[int, bool]]) -> list[DropOff]:
    """By turn, from how far each story came and whether it has an end."""
    last: dict[int, list[bool]] = defaultdict(list)
    for turn, is_finished in ended:
        last[turn].append(is_finished)
    lines, reached = [], len(ended)
    for turn in range(1, max(last, default=0) + 1):
        finished = sum(last[turn])
        lines.append(DropOff(turn, reached, len(last[turn]) - finished, finished))
        reached -= len(last[turn])
    return lines
