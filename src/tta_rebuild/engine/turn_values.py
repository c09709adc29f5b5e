"""What is seen of a turn, as plain values that can be sent to another process or kept in a file.

``engine.turn_runner`` numbers them; every reader of a turn, near or far, gets the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal, TypeAlias

from tta_rebuild.core.errors import TTAError
from tta_rebuild.core.speech import speaker_name
from tta_rebuild.core.story import Choice, Passage
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine import turn_events as seen
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import AsideItem, Session

UpdateKind: TypeAlias = Literal[
    "passage", "warning", "restarted", "scene", "choices", "cost",
    "stored", "refused", "paused", "aside", "failed", "abandoned",
]  # fmt: skip
LAST_KINDS = ("stored", "refused", "paused", "aside", "failed", "abandoned")
"""What the last update of a turn is."""

Values: TypeAlias = Mapping[str, Any]
"""Of JSON's kinds alone."""


def update_of(item: AsideItem, session: Session) -> tuple[UpdateKind, Values]:
    """The kind and the values of something seen of a turn."""
    match item:
        case seen.PassageReleased(passage=passage):
            return "passage", passage_values(passage, session.state.names)
        case seen.TurnWarning(text=text, is_care=is_care):
            return "warning", {"text": text, "is_care": is_care}
        case seen.SceneRestarted(reason=reason):
            return "restarted", {"reason": reason}
        case seen.TurnRefused(reason=reason):
            return "refused", {"reason": reason}
        case seen.TurnPaused(note=note, go_on=go_on, asked=asked):
            lines = [{"name": n.name, "contact": n.contact, "web": n.web} for n in note.lines]
            return "paused", {
                "note": note.text,
                "help_lines": lines,
                "emergency": note.emergency,
                "go_on": action_values(go_on) if go_on else None,
                "asked": asked,
            }
        case seen.SceneFinished(scene=scene):
            return "scene", {
                "turn": session.state.turn,
                "scene_id": scene.scene_id,
                "setting": scene.setting,
                "tone": scene.tone,
                "stage": scene.stage,
                "quality": scene.quality,
                "told_by": scene.told_by,
                "degraded": scene.degraded,
                "withheld": len(session.state.withheld),
                "is_ending": scene.is_ending,
            }
        case seen.ChoicesReady(choices=choices):
            return "choices", {"choices": choice_values(choices)}
        case seen.CostReported(cost_usd=cost_usd, usage=usage, calls=calls):
            return "cost", _cost(cost_usd, usage, calls)
        case seen.TurnStored(turn=turn, position=position):
            branch_id = session.branch.branch_id
            return "stored", {"turn": turn, "position": position, "branch_id": branch_id}
        case seen.AsideEnded():
            return "aside", {
                "character_id": item.character_id,
                "name": session.state.names.get(item.character_id, item.character_id),
                "answer": item.answer,
                "consistency_score": item.consistency_score,
                "personality_alignment": item.personality_alignment,
                "reasons": list(item.reasons),
                "position": session.branch.length,
                **_cost(item.cost_usd, item.usage, item.calls),
            }


def text_of(values: Values) -> str:
    """Values as JSON in one line."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def passage_values(passage: Passage, names: Mapping[str, str]) -> dict[str, Any]:
    """A passage with the name of who speaks, "" for prose; ``names`` are those known, by id."""
    who = passage.speaker
    return {
        "text": passage.text,
        "kind": "line" if who else "prose",
        "speaker": speaker_name(who, names) if who else "",
        "speaker_id": who,
        "emotion": passage.emotion,
    }


def action_values(action: Action) -> dict[str, Any]:
    """A move as it can be asked for again."""
    return {
        "kind": action.kind,
        "text": action.text,
        "choice": action.number or None,
        "after_note": action.after_note,
    }


def choice_values(choices: tuple[Choice, ...]) -> list[dict[str, Any]]:
    """Choices with their numbers; what they lead to is not shown."""
    return [{"number": n, "text": one.text} for n, one in enumerate(choices, start=1)]


def error_values(error: BaseException) -> dict[str, Any]:
    """An error: its classes below ``TTAError``, the nearest first, what it says, and when again."""
    classes = [one.__name__ for one in type(error).__mro__ if issubclass(one, TTAError)]
    wait_s = getattr(error, "retry_after_s", None)
    said = str(error) if classes else "a defect in the program; nothing of this turn was stored"
    return {"errors": classes, "detail": said, "retry_after_s": wait_s}


def _cost(cost_usd: float, usage: Usage, calls: int) -> dict[str, Any]:
    return {"cost_usd": cost_usd, "calls": calls, "usage": asdict(usage)}
