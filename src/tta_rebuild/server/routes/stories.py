"""Stories: list, begin, rename, delete."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response

from tta_rebuild.core.errors import RequestRejected, ValidationError
from tta_rebuild.core.events import VariantAssigned
from tta_rebuild.core.story import NO_VOICE, CharacterSketch, Premise, Voice
from tta_rebuild.engine.premise_notes import (
    is_nobody_played,
    likely_plots,
    plots_of,
    premise_notes,
    slug_of,
)
from tta_rebuild.engine.stories import check_premise
from tta_rebuild.server import shapes
from tta_rebuild.server.access import Asking, TheAccess
from tta_rebuild.server.resources import After, Limit, Served, TheStory, documented
from tta_rebuild.storyteller.scene_file import read_world

router = APIRouter(prefix="/stories", tags=["stories"], responses=documented(404, 409))
premises = APIRouter(tags=["stories"])


@router.get("")
async def list_stories(
    served: Served,
    access: TheAccess,
    asking: Asking,
    after: After = 0,
    limit: Limit = 50,
    title: Annotated[str, Query()] = "",
) -> shapes.StoriesOut:
    """Your stories, the latest played first; those with `title` in their title, if it is given."""
    rows = await access.visible(asking, await served.application.stories.list())
    wanted = title.casefold()
    rows = [row for row in rows if wanted in row.title.casefold()]
    page = [shapes.StoryOut.model_validate(row) for row in rows[after : after + limit]]
    return shapes.StoriesOut(stories=page, next=next_after(after, limit, len(rows)))


@router.post("", status_code=201)
async def begin_story(
    wanted: shapes.StoryIn, served: Served, response: Response, access: TheAccess, asking: Asking
) -> shapes.NewStoryOut:
    """Begin a story; its opening scene is the first turn to play."""
    premise = premise_of(wanted)
    teller = teller_of(wanted, served)
    is_chosen = teller != served.application.models[0]
    chosen = VariantAssigned(experiment="", variant="", model=teller) if is_chosen else None
    async with access.records.together():
        session = await served.application.stories.open(premise, variant=chosen)
        await access.records.own(session.story_id, asking.player_id)
    row = await served.application.stories.story(session.story_id)
    served.sessions.keep(session)
    response.headers["Location"] = f"/api/v1/stories/{row.story_id}"
    story = shapes.StoryOut.model_validate(row).model_dump()
    notes = list(premise_notes(premise, teller))
    return shapes.NewStoryOut(
        **story,
        branch_id=session.branch.branch_id,
        notes=notes,
        likely_plots=likely_plots(premise, teller),
        asks_who_is_played=is_nobody_played(premise, teller),
    )


@premises.post("/premises")
async def read_premise(wanted: shapes.StoryIn, served: Served) -> shapes.PremiseOut:
    """How a premise is understood, before a story begins with it."""
    premise, teller = premise_of(wanted), teller_of(wanted, served)
    check_premise(premise)
    return await asyncio.to_thread(_understood, premise, teller)


def _understood(premise: Premise, teller: str) -> shapes.PremiseOut:
    plots = plots_of(premise, teller).items()
    return shapes.PremiseOut(
        teller=teller,
        notes=list(premise_notes(premise, teller)),
        likely_plots=likely_plots(premise, teller),
        asks_who_is_played=is_nobody_played(premise, teller),
        plots=[shapes.PlotOut(plot=plot, called=called) for plot, called in plots],
    )


@router.get("/{story}")
async def get_story(story: TheStory) -> shapes.StoryOut:
    """One story."""
    return shapes.StoryOut.model_validate(story)


@router.patch("/{story}")
async def rename_story(wanted: shapes.TitleIn, story: TheStory, served: Served) -> shapes.StoryOut:
    """Give it another title."""
    await served.application.stories.rename(story.story_id, wanted.title)
    return shapes.StoryOut.model_validate(await served.application.stories.story(story.story_id))


@router.delete("/{story}", status_code=204)
async def delete_story(story: TheStory, served: Served) -> None:
    """Remove it with all its branches, for good."""
    await served.runner.forget_story(story.story_id)
    await served.application.stories.delete(story.story_id)


def next_after(after: int, limit: int, count: int) -> int | None:
    """Where the next page begins; None if there is none."""
    return after + limit if after + limit < count else None


def teller_of(wanted: shapes.StoryIn, served: Served) -> str:
    """Who is to tell a story. Raises ValidationError: that model is not of the chain."""
    models = served.application.models
    if wanted.model and wanted.model not in models:
        there = ", ".join(models)
        raise ValidationError(f"no model '{wanted.model}' is set up here: there is {there}")
    return wanted.model or models[0]


def premise_of(wanted: shapes.StoryIn) -> Premise:
    """The premise that a request describes. Raises ValidationError."""
    theme = wanted.theme
    if wanted.world and not theme.strip():
        try:
            world = read_world(wanted.world)
        except RequestRejected as error:
            raise ValidationError(str(error)) from error
        theme = f"{world.title}: {world.about}"
    return Premise(
        theme=unicodedata.normalize("NFC", theme).strip(),
        title=wanted.title,
        characters=tuple(map(_sketch, wanted.characters)),
        rules=_rules(wanted.rules),
        boundaries=dict(wanted.boundaries),
        metaconcepts=tuple(wanted.metaconcepts),
        world=wanted.world,
        plot=wanted.plot,
        style=wanted.style,
        length=wanted.length,
        seed=secrets.randbelow(2**31) if wanted.seed is None else wanted.seed,
        language=wanted.language,
    )


def _rules(texts: Sequence[str]) -> dict[str, str]:
    """Rules by a name made of their first words."""
    rules: dict[str, str] = {}
    for text in texts:
        name = "_".join(slug_of(text).split("_")[:4]) or "rule"
        rules[name if name not in rules else f"{name}_{len(rules)}"] = text
    return rules


def _sketch(wanted: shapes.CharacterIn) -> CharacterSketch:
    voice = wanted.voice
    return CharacterSketch(
        character_id=wanted.character_id or slug_of(wanted.name),
        name=wanted.name,
        description=wanted.description,
        pronouns=wanted.pronouns,
        is_player=wanted.is_player,
        traits=dict(wanted.traits),
        goals=tuple(wanted.goals),
        arc=dict(wanted.arc),
        voice=NO_VOICE
        if voice is None
        else Voice(
            register=voice.register_,
            sentences=voice.sentences,
            says=tuple(voice.says),
            never=tuple(voice.never),
            samples=tuple(voice.samples),
        ),
    )
