"""Stories as files: the whole log as JSON, out and in again; one branch as readable Markdown.

An imported file is data from outside: all of it is checked before the first row is written.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from tta_rebuild.core import events as log
from tta_rebuild.core.data_files import first_problem
from tta_rebuild.core.errors import ImportRejected, StoreDamaged, StoreNewer
from tta_rebuild.core.errors import ValidationError as WrongInput
from tta_rebuild.core.events import Event, EventCodec
from tta_rebuild.core.speech import quoted, script, speaker_name
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.gate import SEAM_CHARS
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.snapshots import read_path
from tta_rebuild.safety import SafetyGate
from tta_rebuild.storage.story_store import Branch, StoryStore

FORMAT = "tta-story"
FORMAT_VERSION = 1

_PLACES_NAMED = 3
_HTML = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?\w+;)")


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _EventRow(_Row):
    turn: int
    at: datetime
    kind: str
    version: int
    data: dict[str, Any]

    @cached_property
    def event(self) -> Event:
        """Raises StoreDamaged, StoreNewer."""
        return EventCodec().from_json(self.kind, self.version, to_json(self.data))


class _BranchRow(_Row):
    branch_id: str
    name: str
    parent_id: str | None
    forked_at: int
    events: list[_EventRow]


class _StoryFile(_Row):
    format: str
    version: int
    title: str
    branches: list[_BranchRow]


async def export(store: StoryStore, story_id: str) -> AsyncGenerator[str, None]:
    """The whole story with all branches as JSON text, an event a line; never held as a whole."""
    codec = EventCodec()
    row = await store.story(story_id)
    yield _opened({"format": FORMAT, "version": FORMAT_VERSION, "title": row.title}, "branches")
    for number, branch in enumerate(await store.branches(story_id)):
        head = {name: getattr(branch, name) for name in _BranchRow.model_fields if name != "events"}
        yield ("]}," if number else "") + _opened(head, "events")
        lead = ""
        async for recorded in store.read(
            branch.branch_id, after=branch.forked_at, upto=branch.length
        ):
            kind, version, data = codec.to_json(recorded.event)
            at = recorded.at.isoformat()
            event = {"turn": recorded.turn, "at": at, "kind": kind, "version": version}
            yield f'{lead}{to_json(event).decode()[:-1]},"data":{data}}}'
            lead = ","
    yield "]}]}"


def _opened(head: Mapping[str, Any], rows: str) -> str:
    """A JSON object as far as the list ``rows``, whose items and end follow."""
    return f'{to_json(head).decode()[:-1]},"{rows}":['


async def import_story(
    store: StoryStore,
    dependencies: Dependencies,
    data: Mapping[str, Any],
    *,
    allow_boundary_breaks: bool = False,
) -> str:
    """Store a story under a new id, which is given; else ImportRejected, with nothing stored."""
    file, premise = _checked(data)
    title = file.title.strip() or "Imported story"
    try:
        gate = dependencies.safety(dict(premise.boundaries))
    except WrongInput as error:
        raise _rejected("boundaries_unread", error=error) from error
    if not allow_boundary_breaks:
        _refuse_breaks(gate, title, file.branches)
    root = file.branches[0]
    opening = [row for row in root.events if not row.turn]
    story_id = dependencies.new_id()
    async with store.whole():
        made = await store.create_story(
            story_id, title, [row.event for row in opening], at=opening[0].at
        )
        ids = {root.branch_id: await _append(store, made, root.events[len(opening) :])}
        for branch in file.branches[1:]:
            parent, at = ids[branch.parent_id or ""], dependencies.clock()
            child = await store.fork(parent.branch_id, branch.forked_at, name=branch.name, at=at)
            ids[branch.branch_id] = await _append(store, child, branch.events)
    return story_id


async def _append(store: StoryStore, branch: Branch, rows: list[_EventRow]) -> Branch:
    length = branch.length
    for turn, group in groupby(rows, key=lambda row: row.turn):
        own = list(group)
        length = await store.append(
            branch.branch_id, turn, [row.event for row in own], expected=length, at=own[0].at
        )
    return await store.branch(branch.branch_id)


def _checked(data: Mapping[str, Any]) -> tuple[_StoryFile, Premise]:
    """The file, whose branches come parents first, and its premise. Raises ImportRejected."""
    try:
        to_json(data)  # what is no JSON must not come as far as the store
        file = _StoryFile.model_validate(data)
    except PydanticSerializationError as error:
        raise _rejected("no_text_file") from error
    except ValidationError as error:
        problem = first_problem(error) if isinstance(data, Mapping) else "it is no JSON object"
        raise _rejected("no_export", problem=problem) from error
    if file.format != FORMAT:
        raise _rejected("other_format", found=file.format, known=FORMAT)
    if file.version > FORMAT_VERSION:
        raise _rejected("newer_format", found=file.version, known=FORMAT_VERSION)
    if not file.branches or file.branches[0].parent_id is not None:
        raise _rejected("no_root")
    lengths: dict[str, int] = {}
    for branch in file.branches:
        name, at = branch.name, branch.forked_at
        if branch.parent_id is not None and not 0 < at <= lengths.get(branch.parent_id, 0):
            raise _rejected("parts_nowhere", name=name, at=at)
        if branch.branch_id in lengths:
            raise _rejected("branch_twice", branch=branch.branch_id)
        for index, row in enumerate(branch.events, start=1):
            try:
                _ = row.event
            except (StoreDamaged, StoreNewer) as error:
                raise _rejected("event_unread", name=name, index=index, error=error) from error
        lengths[branch.branch_id] = at + len(branch.events)
    own = file.branches[0].events
    opening = own[0].event if own else None
    if not isinstance(opening, log.StoryOpened) or own[0].turn != 0:
        raise _rejected("no_premise")
    if any(one.turn > other.turn for one, other in pairwise(own)):
        raise _rejected("out_of_order")
    return file, opening.premise


def _rejected(name: str, /, **said: object) -> ImportRejected:
    return ImportRejected(message(name, **said))


def _refuse_breaks(safety: SafetyGate, title: str, branches: Sequence[_BranchRow]) -> None:
    """Raise ImportRejected if what a reader would see breaks the story's own boundaries."""
    places = [("the title", title, "")]
    places += [
        (f"turn {row.turn}, branch '{branch.name}', {place}", text, before)
        for branch in branches
        for row in branch.events
        for place, text, before in _shown(row.event)
    ]
    judged = ((place, safety.finding(text, before)) for place, text, before in places)
    breaks = [f"{place}: {found.reason}" for place, found in judged if found]
    if not breaks:
        return
    more = len(breaks) - _PLACES_NAMED
    named = "; ".join([*breaks[:_PLACES_NAMED], *([f"and {more} more"] if more > 0 else [])])
    raise _rejected("breaks_boundaries", named=named)


def _shown(event: Event) -> Iterator[tuple[str, str, str]]:
    """What of an event a reader sees: place, text, and the text just before it."""
    match event:
        case log.SceneTold(scene=scene):
            before = ""
            for number, passage in enumerate(scene.passages, start=1):
                yield f"passage {number}", passage.text, before
                before = f"{before} {passage.text}"[-SEAM_CHARS:]
            said = f"{scene.setting}. {scene.tone}. {scene.scene_id}"
            yield "the setting", said.replace("_", " "), ""
        case log.ChoicesOffered(choices=choices):
            for number, choice in enumerate(choices, start=1):
                yield f"choice {number}", f"{choice.text} {choice.consequence}", ""
        case log.PlayerActed(text=text):
            yield "the player's move", text, ""
        case log.PersonAsked(text=text, answer=answer):
            yield "what was asked aside", text, ""
            yield "what was answered aside", answer, ""


async def markdown(store: StoryStore, branch: Branch) -> str:
    """One branch as a story to read."""
    path, present = await read_path(store, branch)
    row = await store.story(branch.story_id)
    parts = [f"# {row.title}", f"*{' '.join(present.premise.theme.split())}*"]
    for recorded in path:
        match recorded.event:
            case log.PlayerActed(text=text):
                parts.append(f"> {text}")
            case log.PersonAsked(character_id=who, text=text, answer=answer):
                parts.append(f"> (aside) {text}")
                parts.append(f"{speaker_name(who, present.names)}: {quoted(answer)}")
            case log.SceneTold(scene=scene):
                parts.append(f"## {recorded.turn}. {scene.setting}".removesuffix(". "))
                parts.append(script(scene, present.names))
    return without_html("\n\n".join(parts) + "\n")


def without_html(document: str) -> str:
    """Tags and entities of the story's own are shown as written; fenced code obeys none anyway."""
    if not _HTML.search(document):
        return document
    from markdown_it import MarkdownIt

    # Read as it will stand: where no tag opens a block, and so none hides where a fence begins.
    parser = MarkdownIt("commonmark").disable(["html_block", "inline", "text_join"])
    blocks = [b for b in parser.parse(document) if b.type == "fence" and b.map]
    fenced = {number for block in blocks for number in range(*(block.map or ()))}
    return "\n".join(
        line if number in fenced else _HTML.sub(lambda found: html.escape(found[0]), line)
        for number, line in enumerate(re.split("\r\n?|\n", document))
    )
