"""All stories of one store: open, take up again, fork, rewind, correct, list, delete.

What plays or reads a story loads with the first method that needs it, so that listing is quick.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import (
    BranchNotFound,
    RequestRejected,
    StoryNotFound,
    ValidationError,
)
from tta_rebuild.core.events import (
    CharacterChanged,
    RecordedEvent,
    StoryOpened,
    VariantAssigned,
)
from tta_rebuild.core.story import Choice, Claim, LastingLine, Premise
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.messages import message
from tta_rebuild.narrative.arcs import check_arc
from tta_rebuild.storage.story_store import MAIN, Branch, MapBranch, StoryRow, StoryStore

if TYPE_CHECKING:
    from tta_rebuild.canon.retcon import RetconChoice, RetconPlan
    from tta_rebuild.engine.comparison import Comparison
    from tta_rebuild.engine.replay import ReplayReport
    from tta_rebuild.engine.retcons import Retconned
    from tta_rebuild.engine.session import Session
    from tta_rebuild.engine.state import StoryState
    from tta_rebuild.engine.word_search import FoundTurn
    from tta_rebuild.integrations.llm_provider import LLMProvider
    from tta_rebuild.narrative.branch_validator import BranchValidation

TITLE_CHARS = 60
MAX_THEME_CHARS = 20_000
"""Longest theme, in characters: about five thousand words."""


class Stories:
    """The stories of one store."""

    def __init__(self, dependencies: Dependencies, store: StoryStore) -> None:
        self._dependencies = dependencies
        self._store = store

    @property
    def timeline(self) -> str:
        """Which history of the database was seen last: see ``StoryStore.timeline``."""
        return self._store.timeline

    def apart(self, store: StoryStore, around: Callable[[LLMProvider], LLMProvider]) -> Stories:
        """The same stories in another store, told through what is put around each provider."""
        known = self._dependencies
        tellers = {
            name: replace(stack, provider=around(stack.provider))
            for name, stack in known.tellers.items()
        }
        own = replace(known, provider=around(known.provider), tellers=tellers)
        return Stories(own, store)

    async def open(self, premise: Premise, *, variant: VariantAssigned | None = None) -> Session:
        """Begin a story; its opening scene is the first turn to play. Raises ValidationError.

        Without a ``variant`` it gets that of the experiment that is set, if one is, and keeps it.
        """
        check_premise(premise)
        self._dependencies.safety(dict(premise.boundaries))
        title = premise.title or title_of(premise.theme)
        cast = [
            CharacterChanged(
                character_id=c.character_id,
                name=c.name,
                traits=dict(c.traits),
                goals=dict.fromkeys(c.goals, 0.0),
            )
            for c in premise.characters
        ]
        story_id = self._dependencies.new_id()
        assigned = variant or self._dependencies.assign(story_id)
        branch = await self._store.create_story(
            story_id,
            title,
            [StoryOpened(premise=premise), *([assigned] if assigned else []), *cast],
            at=self._dependencies.clock(),
        )
        return await self._session(branch)

    async def resume(self, story: str, branch: str = MAIN) -> Session:
        """Take a story up again; see ``find`` and ``find_branch`` for what names one."""
        return await self._session(await self._branch(story, branch))

    async def judge(
        self, story: str, branch: str, choices: Sequence[Choice]
    ) -> list[BranchValidation]:
        """Whether choices would fit as it stands; no model is asked. Raises ValidationError."""
        from tta_rebuild.engine.choices import judge

        session = await self.resume(story, branch)
        return await judge(session.next_turn(), choices)

    async def list(self) -> Sequence[StoryRow]:
        """All stories, the latest played first."""
        return await self._store.stories()

    async def story(self, story_id: str) -> StoryRow:
        """The story of exactly that id. Raises StoryNotFound."""
        return await self._store.story(story_id)

    async def find(self, story: str) -> StoryRow:
        """The one story of that id, beginning of an id, or title. Raises StoryNotFound."""
        with suppress(StoryNotFound):  # without looking at all the others
            return await self._store.story(story)
        rows = await self._store.stories()
        wanted = story.strip()
        title = wanted.casefold()
        begun = [row for row in rows if wanted and row.story_id.startswith(wanted)]
        found = [row for row in rows if row.story_id == wanted] or [
            row for row in rows if row in begun or row.title.casefold() == title
        ]
        if not found:
            raise StoryNotFound(message("no_story", story=wanted))
        if len(found) > 1:
            names = ", ".join(row.story_id for row in found[:5])
            raise StoryNotFound(message("several_stories", story=wanted, names=names))
        return found[0]

    async def branches(self, story: str) -> Sequence[Branch]:
        """All branches of a story, in the order they were made."""
        return await self._store.branches((await self.find(story)).story_id)

    async def find_branch(self, story: StoryRow, branch: str) -> Branch:
        """The branch of that name or id. Raises BranchNotFound."""
        if branch.startswith(f"{story.story_id}."):
            with suppress(BranchNotFound):  # without looking at all the others
                return await self._store.branch(branch)
        there = await self._store.branches(story.story_id)
        for candidate in there:
            if branch in (candidate.name, candidate.branch_id):
                return candidate
        names = ", ".join(one.name for one in there[:12])
        said = message("no_branch", title=story.title, branch=branch, names=names)
        raise BranchNotFound(said)

    async def path(self, story: str, branch: str = MAIN) -> Sequence[RecordedEvent]:
        """Every event of a branch's path, in order."""
        found = await self._branch(story, branch)
        return [r async for r in self._store.read(found.branch_id, upto=found.length)]

    async def events(
        self, branch: Branch, *, after: int = 0, limit: int = 50
    ) -> Sequence[RecordedEvent]:
        """The events of a branch's path at the positions after one, at most ``limit``."""
        upto = min(after + limit, branch.length)
        return [r async for r in self._store.read(branch.branch_id, after=after, upto=upto)]

    async def turns(
        self, branch: Branch, *, after: int = 0, limit: int = 50
    ) -> Sequence[Sequence[RecordedEvent]]:
        """The events of the turns after one on a branch's path, a turn each, at most ``limit``."""
        last = min(after + limit, branch.turn)
        if after >= last:
            return []
        begin = await self._store.turn_end(branch.branch_id, after)
        end = await self._store.turn_end(branch.branch_id, last)
        path = [r async for r in self._store.read(branch.branch_id, after=begin, upto=end)]
        return [list(own) for _, own in groupby(path, key=attrgetter("turn"))]

    async def whole(self, branch: Branch) -> tuple[Sequence[RecordedEvent], StoryState]:
        """Every event of a branch's path and what they come to, for questions about its past."""
        from tta_rebuild.engine.snapshots import read_path

        return await read_path(self._store, branch)

    async def map(self, story_id: str) -> Sequence[MapBranch]:
        """All branches of a story as a map shows them. Raises StoryNotFound."""
        return await self._store.map(story_id)

    async def search(self, story_id: str, words: str, *, limit: int = 40) -> Sequence[FoundTurn]:
        """The turns of all branches that tell of words, or were played with them; the best first.

        The words as they stand go before the same words apart. Raises StoryNotFound.
        """
        from tta_rebuild.engine.word_search import search

        return await search(self._store, story_id, words, limit)

    async def check(self) -> None:
        """Look whether the place where stories are kept is damaged. Raises StoreDamaged."""
        await self._store.check()

    async def rename(self, story: str, title: str) -> None:
        """Give a story another title. Raises ValidationError for an empty one."""
        if not _shown(title):
            raise ValidationError(message("no_title"))
        await self._store.rename((await self.find(story)).story_id, title.strip())

    async def delete(self, story: str) -> StoryRow:
        """Remove a story with all its branches, for good; gives what was removed."""
        row = await self.find(story)
        await self._store.delete(row.story_id)
        return row

    async def fork(
        self, story: str, *, turn: int, branch: str = MAIN, name: str | None = None
    ) -> Branch:
        """A new branch that shares everything up to and including ``turn``; None chooses a name.

        Raises PositionNotFound (no such turn), StoryError (the name is taken), ValidationError.
        """
        if name is not None and not _shown(name):
            raise ValidationError(message("no_branch_name"))
        return await self._fork(await self._branch(story, branch), turn, name)

    async def rewind(self, session: Session, turns: int = 1) -> Session:
        """Go back: a session on a new branch from ``turns`` turns ago. Raises PositionNotFound."""
        target = max(session.state.turn - turns, 0)
        return await self._session(await self._fork(session.branch, target))

    async def plan_retcon(
        self, story: str, branch: str, claim: Claim, becomes: Claim | None = None
    ) -> RetconPlan:
        """What taking a fact back would do. Raises StoryError: it was never so on this branch."""
        from tta_rebuild.canon.retcon import plan_retcon
        from tta_rebuild.engine.snapshots import folded_whole

        fold = await folded_whole(self._store, await self._branch(story, branch))
        return plan_retcon(fold.canon, claim, becomes)

    async def retcon(
        self,
        story: str,
        branch: str,
        claim: Claim,
        becomes: Claim | None = None,
        *,
        how: RetconChoice = "keep",
        reason: str = "",
    ) -> Retconned:
        """Take a fact back: it was never so; ``becomes`` is what was so instead.

        The events that depend on it are kept, marked as doubtful (what they made so ends), or told
        anew (``rewrite``) on a fork. Raises as ``plan_retcon`` does, and PositionConflict.
        """
        from tta_rebuild.engine.retcons import make_retcon

        found, at = await self._branch(story, branch), self._dependencies.clock()
        plan = await self.plan_retcon(story, branch, claim, becomes)
        return await make_retcon(self._store, found, plan, how, reason=reason, at=at)

    async def correct_line(
        self, story: str, branch: str, number: int, becomes: str = ""
    ) -> Mapping[int, LastingLine]:
        """Take a lasting line back, or put another in its place; gives those in force then.

        Raises StoryError: no line of this number is in force; PositionConflict.
        """
        from tta_rebuild.engine.retcons import correct_line

        found, at = await self._branch(story, branch), self._dependencies.clock()
        return await correct_line(self._store, found, number, becomes, at=at)

    async def compare(self, story: str, one: str, other: str) -> Comparison:
        """Where two branches part, and what differs since. Raises BranchNotFound."""
        from tta_rebuild.engine.comparison import compare

        first, second = await self._branch(story, one), await self._branch(story, other)
        return await compare(self._store, first, second)

    async def replay(self, story: str, branch: str = MAIN) -> ReplayReport:
        """Play a branch again from its log and compare every byte; see ``engine.replay``."""
        from tta_rebuild.engine.replay import replay

        found = await self._branch(story, branch)
        return await replay(self._dependencies, self._store, found)

    async def export(self, story: str) -> AsyncGenerator[str, None]:
        """The whole story with all branches as lines of JSON text; ``import_story`` reads it."""
        from tta_rebuild.engine.exchange import export

        row = await self.find(story)
        async with aclosing(export(self._store, row.story_id)) as lines:
            async for line in lines:
                yield line

    async def import_story(
        self, data: Mapping[str, Any], *, allow_boundary_breaks: bool = False
    ) -> StoryRow:
        """Store an exported story under a new id. Raises ImportRejected, with nothing stored."""
        from tta_rebuild.engine.exchange import import_story

        story_id = await import_story(
            self._store, self._dependencies, data, allow_boundary_breaks=allow_boundary_breaks
        )
        return await self._store.story(story_id)

    async def copies(self, story: StoryRow) -> Sequence[StoryRow]:
        """The other stories here that hold the very same events on the same branches."""
        others = [row for row in await self.list() if row.story_id != story.story_id]
        alike = [r for r in others if (r.turns, r.branches) == (story.turns, story.branches)]
        told = await self._told(story) if alike else []
        return [row for row in alike if await self._told(row) == told]

    async def _told(self, story: StoryRow) -> Sequence[object]:
        told = []
        for b in await self._store.branches(story.story_id):
            own = self._store.read(b.branch_id, after=b.forked_at, upto=b.length)
            told.append((b.name, b.forked_at, [recorded.event async for recorded in own]))
        return told

    async def markdown(self, story: str, branch: str = MAIN) -> str:
        """One branch as a story to read."""
        from tta_rebuild.engine.exchange import markdown

        return await markdown(self._store, await self._branch(story, branch))

    async def _branch(self, story: str, branch: str) -> Branch:
        return await self.find_branch(await self.find(story), branch)

    async def _fork(self, origin: Branch, turn: int, name: str | None = None) -> Branch:
        position = await self._store.turn_end(origin.branch_id, turn)
        return await self._store.fork(
            origin.branch_id, position, name=name, at=self._dependencies.clock()
        )

    async def _session(self, branch: Branch) -> Session:
        from tta_rebuild.engine.session import Session

        return await Session.load(self._dependencies, self._store, branch)


def title_of(theme: str) -> str:
    """A title made from a theme: its first words, up to ``TITLE_CHARS`` characters."""
    words = " ".join(theme.split())
    if len(words) <= TITLE_CHARS:
        return words
    return words[: TITLE_CHARS - 1].rsplit(" ", 1)[0].rstrip(" ,.;:-") + "…"


def check_premise(premise: Premise) -> None:
    """Raise ValidationError if no story can begin so: its theme, its language, its world."""
    if len(_shown(premise.theme)) < 3:
        raise ValidationError(message("short_theme"))
    if (chars := len(premise.theme)) > MAX_THEME_CHARS:
        raise ValidationError(message("long_theme", chars=chars, most=MAX_THEME_CHARS))
    languages = packaged_toml("tta_rebuild.engine", "languages")["iso_639_1"].split()
    if premise.language.partition("-")[0].lower() not in languages:
        raise ValidationError(message("no_language", language=premise.language))
    for character in premise.characters:
        check_arc(character.arc)
    if premise.world.strip():
        from tta_rebuild.storyteller.scene_file import read_world

        try:
            read_world(premise.world)
        except RequestRejected as error:
            raise ValidationError(str(error)) from error
    if premise.plot:
        from tta_rebuild.storyteller.premise_situation import plot_names

        if premise.plot not in plot_names():
            known = ", ".join(sorted(plot_names()))
            raise ValidationError(message("no_plot", plot=premise.plot, known=known))


def _shown(text: str) -> str:
    return "".join(char for char in text if char.isprintable()).strip()
