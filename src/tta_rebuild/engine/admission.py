"""First step of a turn: is this move possible and allowed? Nothing is spent when it refuses."""

from __future__ import annotations

import re

from tta_rebuild.core.events import PlayerActed
from tta_rebuild.engine.action import MAX_ACTION_CHARS, Action
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.turn_events import TurnRefused
from tta_rebuild.safety import SafetyGate

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def admit(state: StoryState, action: Action, safety: SafetyGate) -> PlayerActed | TurnRefused:
    """The move that an action means in this state ("" to begin), or why it cannot be made."""
    if state.ended:
        return TurnRefused(
            "This story has come to its end here. Fork it at an earlier turn to see where another "
            "way would have led, or begin a new one."
        )
    if action.kind == "begin":
        if state.turn:
            return TurnRefused("The story has already begun; take a choice or say what you do.")
        return PlayerActed(text="")
    if not state.turn:
        return TurnRefused("The story has not begun yet; its opening scene comes first.")
    if action.kind != "choose":
        return _said(action, safety)
    number, most = action.number, len(state.choices)
    if not most:
        return TurnRefused("There are no numbered choices here; say in your own words what you do.")
    if not 1 <= number <= most:
        return TurnRefused(
            f"There is no choice {number}; choose 1 to {most}, "
            "or say in your own words what you do."
        )
    return PlayerActed(text=state.choices[number - 1].text, choice=number)


def _said(action: Action, safety: SafetyGate) -> PlayerActed | TurnRefused:
    text = " ".join(_CONTROL.sub(" ", action.text).split())
    if len(text) > MAX_ACTION_CHARS:
        return TurnRefused(
            f"That is {len(text):,} characters; one move takes at most {MAX_ACTION_CHARS:,}. "
            "Say the first thing first, the rest can follow."
        )
    if not any(character.isalnum() for character in text) and action.kind == "say":
        return TurnRefused("Nothing to play there; say in a few words what you do.")
    refusal = safety.refusal(text) if text else None
    if refusal:
        return TurnRefused(refusal)
    return PlayerActed(text=text, wants_end=action.kind == "end")
