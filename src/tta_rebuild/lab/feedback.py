"""What players say of scenes, joined with what told them: model, prompt, variant and score.

Called by ``cli.feedback`` and the play view. All of it stays in the store on this machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core import events as log
from tta_rebuild.core.errors import PositionNotFound, ValidationError
from tta_rebuild.core.records import RATINGS, SceneRating
from tta_rebuild.engine.stories import Stories
from tta_rebuild.storage.story_store import Branch

MOST_CHARS = 2_000
"""Longest comment, in characters."""

By: TypeAlias = Literal["model", "version", "variant", "story"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedScene:
    """A rating with what is known of its scene; ``variant`` is ``experiment: variant`` or ""."""

    story_id: str
    title: str
    turn: int
    rating: int
    comment: str
    at: datetime
    model: str
    version: str
    variant: str
    quality: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackLine:
    """A line of the report: how many ratings a model, version, variant or story has, and how good.

    ``mean`` is the mean rating, ``quality`` the mean score of the same scenes.
    """

    key: str
    ratings: int
    mean: float
    quality: float
    comments: int


async def rate(
    application: Application,
    story: str,
    rating: int,
    comment: str = "",
    *,
    branch: str = "main",
    turn: int = 0,
) -> SceneRating:
    """Keep a rating of a scene, in place of an earlier one; turn 0 is the last.

    Raises ValidationError (no such rating, a comment that is too long), StoryNotFound,
    BranchNotFound, PositionNotFound (no such turn).
    """
    if rating not in RATINGS:
        raise ValidationError(f"a rating is a number from {RATINGS[0]} to {RATINGS[-1]}")
    if len(comment) > MOST_CHARS:
        raise ValidationError(f"a comment has at most {MOST_CHARS:,} characters")
    row = await application.stories.find(story)
    told = [
        recorded
        for recorded in await application.stories.path(row.story_id, branch)
        if isinstance(recorded.event, log.SceneTold) and recorded.turn == (turn or recorded.turn)
    ]
    if not told:
        raise PositionNotFound(f"the branch '{branch}' has no scene {turn or 1} to rate yet")
    given = SceneRating(
        story_id=row.story_id,
        branch_id=told[-1].branch_id,
        turn=told[-1].turn,
        rating=rating,
        comment=comment.strip(),
        at=datetime.now(UTC),
    )
    await application.records.rate(given)
    return given


async def ratings_along(application: Application, branch: Branch) -> list[SceneRating]:
    """The ratings of the scenes along the path of a branch, by turn, before its fork too."""
    rows = {one.branch_id: one for one in await application.stories.map(branch.story_id)}
    last_turns, at, last = dict[str, int](), branch.branch_id, branch.turn
    while row := rows.get(at):
        last_turns[at] = last
        at, last = row.parent_id or "", min(last, row.fork_turn)
    found = [
        one
        for one in await application.records.ratings(branch.story_id)
        if one.turn <= last_turns.get(one.branch_id, 0)
    ]
    return sorted(found, key=lambda one: one.turn)


async def rated_scenes(application: Application, story: str = "") -> list[RatedScene]:
    """Every rating with its scene, in the order in which they were given."""
    wanted = (await application.stories.find(story)).story_id if story else None
    titles = {row.story_id: row.title for row in await application.stories.list()}
    scenes = dict[str, dict[int, tuple[log.SceneTold, str]]]()
    found = []
    for one in await application.records.ratings(wanted):
        if one.branch_id not in scenes:
            scenes[one.branch_id] = await _scenes(application.stories, one)
        if one.turn not in scenes[one.branch_id]:
            continue
        told, variant = scenes[one.branch_id][one.turn]
        found.append(
            RatedScene(
                story_id=one.story_id,
                title=titles.get(one.story_id, ""),
                turn=one.turn,
                rating=one.rating,
                comment=one.comment,
                at=one.at,
                model=told.scene.told_by,
                version=told.scene.prompt_version,
                variant=variant,
                quality=told.scene.quality,
            )
        )
    return found


async def _scenes(stories: Stories, rating: SceneRating) -> dict[int, tuple[log.SceneTold, str]]:
    """Turn → scene and variant, along the branch of a rating."""
    path = await stories.path(rating.story_id, rating.branch_id)
    variant = variant_in([recorded.event for recorded in path])
    return {r.turn: (r.event, variant) for r in path if isinstance(r.event, log.SceneTold)}


def variant_in(events: Sequence[log.Event]) -> str:
    """``experiment: variant`` of a story, "" for none."""
    given = next((e for e in events if isinstance(e, log.VariantAssigned)), None)
    return f"{given.experiment}: {given.variant}" if given and given.experiment else ""


def feedback_report(scenes: Sequence[RatedScene], by: By) -> list[FeedbackLine]:
    """A line for each model, version, variant or story, the best rated first."""
    groups: dict[str, list[RatedScene]] = defaultdict(list)
    for scene in scenes:
        groups[scene.title if by == "story" else getattr(scene, by)].append(scene)
    lines = [
        FeedbackLine(
            key=key,
            ratings=len(own),
            mean=sum(one.rating for one in own) / len(own),
            quality=sum(one.quality for one in own) / len(own),
            comments=sum(bool(one.comment) for one in own),
        )
        for key, own in groups.items()
    ]
    return sorted(lines, key=lambda line: (-line.mean, line.key))
