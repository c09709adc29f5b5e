"""What a caller sees while a turn is played, in this order of appearance.

``TurnPaused`` and ``TurnRefused`` come alone (no storyteller is asked); from ``SceneFinished`` on
the turn is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from tta_rebuild.core.events import Event
from tta_rebuild.core.story import Choice, Passage, Scene
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.action import Action
from tta_rebuild.safety.care import CareNote


@dataclass(frozen=True, slots=True)
class PassageReleased:
    """The next passage of the scene, checked: show it."""

    passage: Passage


@dataclass(frozen=True, slots=True)
class TurnWarning:
    """Something the player should know: a content warning, a degraded turn, a budget mark.

    One that ``is_care`` says where help can be found, and stays in sight.
    """

    text: str
    is_care: bool = False


@dataclass(frozen=True, slots=True)
class SceneRestarted:
    """The scene begins anew: take back what was shown of it."""

    reason: str


@dataclass(frozen=True, slots=True)
class TurnRefused:
    """The move was not played; ``reason`` says kindly why, and what else is possible."""

    reason: str


@dataclass(frozen=True, slots=True)
class TurnPaused:
    """The player's own words may be a cry for help: show the ``note``, and let them choose.

    ``go_on`` plays the move exactly as it was (None for a question aside: ask what was ``asked``
    again with ``after_note``); ``Session.make_gentler`` keeps heavy matter out from here on.
    """

    note: CareNote
    go_on: Action | None
    asked: str = ""


@dataclass(frozen=True, slots=True)
class SceneFinished:
    """The scene as it is stored."""

    scene: Scene


@dataclass(frozen=True, slots=True)
class ChoicesReady:
    """What the player may do next; empty after an ending."""

    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class CostReported:
    """What the turn cost: US dollars, tokens, and logical model calls."""

    cost_usd: float
    usage: Usage
    calls: int


@dataclass(frozen=True, slots=True)
class TurnStored:
    """The turn is on disk; ``position`` is the branch's new length in events."""

    turn: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AsideEnded:
    """What somebody said or thought aside; ``events`` is what is stored of it, () for a thought.

    The scores in [0, 1] say how well it fits them, ``reasons`` what speaks against it.
    """

    character_id: str
    answer: str
    consistency_score: float
    personality_alignment: float
    cost_usd: float
    usage: Usage
    calls: int
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    events: tuple[Event, ...] = field(default=(), repr=False)


TurnEvent: TypeAlias = (
    PassageReleased
    | TurnWarning
    | SceneRestarted
    | TurnPaused
    | TurnRefused
    | SceneFinished
    | ChoicesReady
    | CostReported
    | TurnStored
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedTurn:
    """A whole turn, for callers that wait for it; ``choices`` is empty after an ending.

    ``warnings`` are the texts of every ``TurnWarning``, ``events`` what is stored of it.
    """

    turn: int
    scene: Scene
    choices: tuple[Choice, ...]
    cost_usd: float
    usage: Usage
    calls: int
    warnings: tuple[str, ...] = ()
    events: tuple[Event, ...] = field(default=(), repr=False)
