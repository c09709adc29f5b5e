"""The reply of a scene: its facts, its choices, its lasting lines, in the shape of ``core.tasks``.

Called by ``teller`` when all of a scene is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.changes import claim, facts_of
from tta_rebuild.storyteller.entities import Entity
from tta_rebuild.storyteller.line_template import tidy
from tta_rebuild.storyteller.scene_draft import SceneDraft
from tta_rebuild.storyteller.scene_file import ChoiceEntry
from tta_rebuild.storyteller.world_state import YOU, Value


def scene_facts(
    draft: SceneDraft, before: Mapping[str, Value], named: list[str]
) -> list[dict[str, Any]]:
    """What a scene has made true: changes, who is who, names that are heard for the first time.

    Args:
        before: the state before the scene; empty at the beginning of a story.
        named: ids of the people whose names are known, to which the new ones are added.
    """
    cast, state = draft.cast, draft.state
    facts = facts_of(before, state.values, cast)
    if not before:
        facts += [
            claim(one.id, "role", one.role)
            for one in cast.of_kind("person")
            if one.role and one.name != one.role and state.is_here(one.id)
        ]
    return facts + [claim(one.id, "name", one.name) for one in _newly_named(draft, named)]


def _newly_named(draft: SceneDraft, named: list[str]) -> list[Entity]:
    """People met or heard for the first time whose name is another than their id."""
    heard = {passage["speaker"] for passage in draft.passages}
    found = []
    for one in draft.cast.of_kind("person"):
        is_met = one.id in heard or bool(draft.state.values.get(f"{one.id}.met"))
        if is_met and one.id not in named:
            named.append(one.id)
            found += [one] if one.name.lower() != one.id.replace("_", " ") else []
    return found


def reply_of(
    draft: SceneDraft, choices: Sequence[ChoiceEntry], notes: Mapping[str, Any],
    *, scene_id: str, is_ending: bool,
) -> dict[str, Any]:  # fmt: skip
    """The whole reply."""
    cast, values = draft.cast, draft.state.values
    here = cast.entities[str(values["here"])]
    time = str(values.get("time") or cast.slots.get("time") or "")
    return {
        "scene_id": scene_id,
        "setting_description": tidy(f"{', '.join(filter(None, (here.at or here.name, time)))}."),
        "emotional_tone": (cast.premise if cast.is_open else cast.file).tone,
        "passages": draft.passages,
        "story_branches": [
            {
                "choice": choice.do,
                "consequence": "What you do here changes what comes next.",
                "affects": [e.id for e in cast.of_kind("person") if e.name in choice.do],
            }
            for choice in choices
        ],
        "is_ending": is_ending,
        "lines": [
            {"text": line, "about": _about(line, cast), "known_by": [], "weight": 2}
            for line in dict.fromkeys(filter(None, draft.lines))
        ],
        "notes": notes,
    }


def _about(line: str, cast: Cast) -> list[str]:
    me = cast.entities[YOU].id
    people = [e.id for e in cast.of_kind("person") if e.name.lower() in line.lower()]
    return [me, *people] if "you" in line.lower().split() else people or [me]
