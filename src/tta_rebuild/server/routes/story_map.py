"""The story as a map, as pages of turns and events, as a file, and two branches side by side."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from itertools import chain, count
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from tta_rebuild.core import events as log
from tta_rebuild.core.events import EventCodec, RecordedEvent
from tta_rebuild.engine.comparison import Side
from tta_rebuild.engine.fact_display import fact_in_words
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.turn_values import choice_values
from tta_rebuild.server import canon_shapes, map_shapes, shapes
from tta_rebuild.server.access import Asking, TheAccess
from tta_rebuild.server.presenting import scene_out, withheld_out
from tta_rebuild.server.problems import NOT_JSON, Problem, is_json
from tta_rebuild.server.resources import (
    ID,
    After,
    Limit,
    Served,
    TheBranch,
    TheSession,
    TheStory,
    documented,
)

router = APIRouter(prefix="/stories", tags=["map"], responses=documented(404))

Name = Annotated[str, Query(pattern=ID, examples=["main"])]


@router.get("/{story}/map")
async def get_map(story: TheStory, served: Served) -> map_shapes.MapOut:
    """All branches, compact: where each parts, its turns, and whether it has an end."""
    rows = await served.application.stories.map(story.story_id)
    branches = [
        map_shapes.MapBranchOut.model_construct(
            branch_id=row.branch_id,
            name=row.name,
            parent=row.parent_id,
            fork_turn=row.fork_turn,
            first_turn=row.first_turn,
            last_turn=row.last_turn,
            played_at=row.played_at,
            ending=row.has_ended,
        )
        for row in rows
    ]
    return map_shapes.MapOut.model_construct(branches=branches)


@router.get("/{story}/map/titles")
async def get_titles(
    story: TheStory, served: Served, branch: Name = "main", after: After = 0, limit: Limit = 50
) -> map_shapes.TitlesOut:
    """What happened in the turns of a branch's path after one, in a few words each."""
    found = await served.application.stories.find_branch(story, branch)
    turns = await served.application.stories.turns(found, after=after, limit=limit)
    return map_shapes.TitlesOut(
        titles=[_title(turn) for turn in turns], next=_next(turns, found.turn)
    )


@router.get("/{story}/map/search")
async def search_story(
    story: TheStory,
    served: Served,
    words: Annotated[str, Query(max_length=200, examples=["the lamp"])] = "",
    limit: Limit = 40,
) -> map_shapes.FoundTurnsOut:
    """The turns of all branches that tell of words, or were played with them."""
    found = await served.application.stories.search(story.story_id, words, limit=limit)
    return map_shapes.FoundTurnsOut(
        found=[map_shapes.FoundTurnOut.model_validate(one) for one in found]
    )


def _title(turn: Sequence[RecordedEvent]) -> map_shapes.TitleOut:
    said = next((r.event.text for r in turn if isinstance(r.event, log.PlayerActed)), "")
    scenes = [r.event.scene for r in turn if isinstance(r.event, log.SceneTold)]
    setting = scenes[-1].setting if scenes else ""
    return map_shapes.TitleOut(
        turn=turn[0].turn, branch_id=turn[0].branch_id, action=said, setting=setting
    )


def _next(turns: Sequence[Sequence[RecordedEvent]], last: int) -> int | None:
    return turns[-1][0].turn if turns and turns[-1][0].turn < last else None


@router.get("/{story}/branches/{branch}/turns")
async def list_turns(
    branch: TheBranch,
    session: TheSession,
    served: Served,
    after: After = 0,
    limit: Limit = 20,
) -> shapes.ToldTurnsOut:
    """The turns told after one, oldest first."""
    turns = await served.application.stories.turns(branch, after=after, limit=limit)
    ledger, names = served.application.ledger, session.state.names
    costs = {one: await ledger.turn_costs(one) for one in {turn[0].branch_id for turn in turns}}
    told = [_told(turn, names, costs[turn[0].branch_id].get(turn[0].turn, 0.0)) for turn in turns]
    return shapes.ToldTurnsOut(turns=told, next=_next(turns, branch.turn))


def _told(
    turn: Sequence[RecordedEvent], names: dict[str, str], cost_usd: float
) -> shapes.ToldTurnOut:
    row: dict[str, Any] = {"action": "", "choice": None, "scene": None, "ends_story": False}
    row |= {"choices": [], "not_offered": []}
    held_back, told = list[log.PassageWithheld](), None
    for recorded in turn:
        match recorded.event:
            case log.PlayerActed(text=text, choice=choice):
                row |= {"action": text, "choice": choice}
            case log.SceneTold(scene=scene):
                row["scene"], told = scene_out(scene, recorded.turn, names), scene
            case log.ChoicesOffered(choices=choices, rejected=rejected):
                row["choices"] = choice_values(choices)
                row["not_offered"] = [{"text": t, "reason": r} for t, r in rejected]
            case log.PassageWithheld() as held:
                held_back.append(held)
            case log.StoryEnded():
                row["ends_story"] = True
    row["withheld"] = withheld_out(told, held_back)
    first = turn[0]
    place: dict[str, Any] = {"turn": first.turn, "branch_id": first.branch_id, "at": first.at}
    return shapes.ToldTurnOut(**place, cost_usd=cost_usd, **row)


@router.get("/{story}/branches/{branch}/events")
async def list_events(
    branch: TheBranch, served: Served, after: After = 0, limit: Limit = 50
) -> shapes.EventsOut:
    """The events of the log after a position, as they are kept."""
    events = await served.application.stories.events(branch, after=after, limit=limit)
    codec, shown = EventCodec(), []
    for recorded in events:
        kind, version, data = codec.to_json(recorded.event)
        shown.append(
            shapes.EventOut(
                position=recorded.position,
                turn=recorded.turn,
                branch_id=recorded.branch_id,
                at=recorded.at,
                kind=kind,
                version=version,
                data=json.loads(data),
            )
        )
    end = events[-1].position if events else after
    return shapes.EventsOut(events=shown, next=end if end < branch.length else None)


@router.get("/{story}/compare")
async def compare(
    story: TheStory, served: Served, one: Name, other: Name
) -> canon_shapes.ComparisonOut:
    """Where two branches part, and what differs since."""
    stories = served.application.stories
    found = await stories.compare(story.story_id, one, other)
    states = [
        (await served.sessions.session(story.story_id, side.branch.branch_id)).state
        for side in (found.one, found.other)
    ]
    return canon_shapes.ComparisonOut(
        shared_events=found.shared_events,
        shared_turn=found.shared_turn,
        one=_side(found.one, states[0]),
        other=_side(found.other, states[1]),
        characters={who: _plain(differs) for who, differs in found.characters.items()},
        names=dict(found.names),
    )


def _plain(value: object) -> Any:
    """A value of the engine as JSON has it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _side(side: Side, state: StoryState) -> canon_shapes.SideOut:
    actions = dict(side.actions)
    turns = [
        canon_shapes.ToldThereOut(turn=turn, action=actions.get(turn, ""), setting=setting)
        for turn, _, setting in side.scenes
    ]
    facts = [fact_in_words(state, fact, state.names) for fact in side.facts]
    branch = shapes.BranchOut.model_validate(side.branch)
    return canon_shapes.SideOut(branch=branch, turns=turns, facts=facts)


@router.get(
    "/{story}/export",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/json": {}, "text/markdown": {}}}},
)
async def export_story(
    story: TheStory,
    served: Served,
    form: Annotated[Literal["json", "markdown"], Query(alias="format")] = "json",
    branch: Name = "main",
) -> StreamingResponse:
    """The whole story with all branches as JSON, or one branch to read as Markdown."""
    stories = served.application.stories
    ending = "json" if form == "json" else "md"
    headers = {"Content-Disposition": f'attachment; filename="{story.story_id}.{ending}"'}
    if form == "markdown":
        text = await stories.markdown(story.story_id, branch)
        return StreamingResponse(iter([text]), media_type="text/markdown", headers=headers)

    async def lines() -> AsyncIterator[str]:
        async for line in stories.export(story.story_id):
            yield f"{line}\n"

    return StreamingResponse(lines(), media_type="application/json", headers=headers)


_STORY_FILE = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "A story as `export` gives it",
                    "examples": [{"format": "tta-story", "version": 1}],
                }
            }
        },
    }
}


@router.post("/import", status_code=201, openapi_extra=_STORY_FILE)
async def import_story(
    request: Request,
    served: Served,
    access: TheAccess,
    asking: Asking,
    allow_boundary_breaks: Annotated[bool, Query()] = False,
) -> shapes.ImportedOut:
    """Take in a story that was exported, under a new id; a second one of the same is named so."""
    data = await _story_in(request)
    stories, notes = served.application.stories, list[str]()
    async with access.records.together():
        row = await stories.import_story(data, allow_boundary_breaks=allow_boundary_breaks)
        await access.records.own(row.story_id, asking.player_id)
    copies = await access.visible(asking, await stories.copies(row))
    if copies:
        title = copy_title(row.title, {one.title for one in copies})
        notes.append(f"This story was here already, as '{copies[0].title}'. It is here twice now.")
        notes.append(f"The copy is named '{title}', and goes its own way from here on.")
        await stories.rename(row.story_id, title)
        row = await stories.story(row.story_id)
    copy_of = [one.story_id for one in copies]
    return shapes.ImportedOut(**asdict(row), copy_of=copy_of, notes=notes)


def copy_title(title: str, taken: Collection[str]) -> str:
    """A title for a copy that none of those has which are taken."""
    named = (f"{title} (copy {number})" for number in count(2))
    return next(one for one in chain([f"{title} (copy)"], named) if one not in taken)


async def _story_in(request: Request) -> dict[str, Any]:
    """The file that a request brings. Raises Problem: it is none."""
    if not is_json(request):
        raise Problem(**NOT_JSON)
    body = await request.body()
    try:
        data = await asyncio.to_thread(json.loads, body)
    except (ValueError, RecursionError):
        data, what = None, "it is not JSON, or was cut off on its way" if body else "it is empty"
    else:
        what = "it holds something else than an exported story"
    if isinstance(data, dict) and "format" in data:
        return data
    do = "Take a file that 'Export' of a story gave (format JSON), as it is."
    said = f"This is no story file: {what}. Nothing was changed."
    raise Problem(422, "This is no story file", said, do=do, kind="ImportRejected")
