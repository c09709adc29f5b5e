"""What a player can do with a turn: begin, take a choice, say something, bring it to an end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tta_rebuild.core.checks import check_number
from tta_rebuild.core.errors import ValidationError
from tta_rebuild.engine.messages import message

MAX_ACTION_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Action:
    """One move of the player, made by the constructors below; raises ValidationError.

    ``after_note``: the same move once more, after the turn paused with a note (``TurnPaused``); it
    counts only where that note is the last thing stored. ``is_retold``: what was answered to the
    same before is not given again. ``player_id``: whose budget it falls under, if not the
    session's own player.
    """

    kind: Literal["begin", "choose", "say", "end"]
    text: str = ""
    number: int = 0
    after_note: bool = False
    is_retold: bool = False
    player_id: str = ""

    def __post_init__(self) -> None:
        check_number("the number of a choice", self.number, whole=True)
        if not isinstance(self.text, str):
            raise ValidationError(message("no_text", text=self.text))

    @classmethod
    def begin(cls) -> Action:
        """Tell the opening scene."""
        return cls("begin")

    @classmethod
    def choose(cls, number: int) -> Action:
        """Take one of the choices offered, counted from 1."""
        return cls("choose", number=number)

    @classmethod
    def say(cls, text: str) -> Action:
        """Do or say something in one's own words."""
        return cls("say", text=text)

    @classmethod
    def end(cls, text: str = "") -> Action:
        """Bring the story to its end with the next scene."""
        return cls("end", text=text)
