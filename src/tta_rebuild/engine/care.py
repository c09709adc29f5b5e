"""Care for the player before a turn: whether it pauses with a note on where help can be found.

Called by ``session`` for the player's own words, before any storyteller is asked. The log gets
``CareShown`` and nothing of what for; that is read, on whatever machine plays next, from the words
with which the player went on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from tta_rebuild.core.events import CareShown
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.aside import Aside
from tta_rebuild.engine.recording import RecordingProvider
from tta_rebuild.engine.state import StoryFold
from tta_rebuild.engine.turn_events import PlayedTurn
from tta_rebuild.engine.turn_input import TurnInput, in_plain_words
from tta_rebuild.reading.care_reader import CareReader
from tta_rebuild.safety.care import CareNote
from tta_rebuild.safety.help_lines import Need

QUIET_TURNS = 5
"""Turns after a note in which the same need gets a line in place of another pause."""

SITTING = timedelta(hours=6)
"""As long after a note: who comes back on another day is shown it again."""

SCENE_CHARS = 600
"""Of the scene before, at most, that a reader is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CareTaken:
    """What came of a look: a ``note`` to pause with, or a ``reminder`` to show before the turn.

    ``unread`` says why a reader that was asked gave no answer, "" if it did.
    """

    note: CareNote | None = None
    reminder: str = ""
    cost_usd: float = 0.0
    calls: int = 0
    unread: str = ""

    def booked_on(self, played: PlayedTurn) -> PlayedTurn:
        """The turn, with what the look cost."""
        cost_usd, calls = played.cost_usd + self.cost_usd, played.calls + self.calls
        return replace(played, cost_usd=cost_usd, calls=calls)


async def look(
    turn: TurnInput,
    words: str,
    *,
    takes_more: bool = False,
    may_ask: bool = True,
    after_note: bool = False,
    may_remind: bool = True,
    is_unanswered: bool = False,
    is_ahead: bool = False,
) -> CareTaken:
    """Whether the turn pauses for these words; not for the same ones just ``after_note``.

    It ``takes_more`` without a reader for a theme, which may tell of people in need; what will
    not be played is read by none (not ``may_ask``). Soon after a note a turn that is played
    begins with a reminder; one that is not has the note once more (not ``may_remind``), and so
    has one that comes while nobody has chosen what to do after it (``is_unanswered``). A look that
    ``is_ahead`` of the turn leaves open what the turn asks a reader of.
    """
    words = in_plain_words(words)
    if after_note or not words:
        return CareTaken()
    need, taken = await _need_in(
        turn, words, takes_more=takes_more, may_ask=may_ask, is_ahead=is_ahead
    )
    if need is None:
        return taken
    policy = turn.dependencies.care
    is_open = policy.is_strict or not may_remind or is_unanswered
    if not is_open and _has_seen_note(turn, need):
        return replace(taken, reminder=policy.reminder(need))
    return replace(taken, note=policy.note(need))


async def look_at_move(
    turn: TurnInput, action: Action, fold: StoryFold, *, is_ahead: bool = False
) -> CareTaken:
    """Whether the next turn pauses for the player's own words in its move; see ``look``."""
    return await look(
        turn,
        own_words(turn, action),
        takes_more=action.kind == "begin",
        after_note=action.after_note and is_noted(fold, is_opened=True),
        is_unanswered=is_noted(fold),
        is_ahead=is_ahead,
    )


async def look_at_aside(
    turn: TurnInput,
    wanted: Aside | str,
    typed: str,
    fold: StoryFold,
    *,
    after_note: bool,
    is_ahead: bool = False,
) -> CareTaken:
    """The same for a question aside, ``wanted`` as ``aside_of`` reads what was ``typed``."""
    is_asked = isinstance(wanted, Aside)
    asked = wanted.words if isinstance(wanted, Aside) else ""
    return await look(
        turn,
        asked or typed,
        takes_more=not is_asked,
        may_ask=is_asked,
        after_note=after_note and is_noted(fold),
        is_unanswered=is_noted(fold),
        is_ahead=is_ahead,
    )


def _has_seen_note(turn: TurnInput, need: Need) -> bool:
    """Whether the player was shown not long ago whom they can reach for a need.

    What for is told by the words with which they went on. Where they went on otherwise it is not
    known: every note has a line for harm, and not every one those for a danger.
    """
    from tta_rebuild.safety.needs import read_need

    state, now = turn.state, turn.context.timestamp
    for shown in state.notes:
        if state.turn - shown.turn >= QUIET_TURNS or now - shown.at >= SITTING:
            continue
        words = shown.words or ("" if shown.turn else state.premise.theme)
        found = read_need(in_plain_words(words), state.premise.language)
        is_known = found.level not in ("none", "doubtful")
        if need == (found.need if is_known else "harm"):
            return True
    return False


def is_noted(fold: StoryFold, *, is_opened: bool = False) -> bool:
    """Whether the note is the last thing that was stored; the opening may have been told since
    (``is_opened``), where the move that paused comes after it.
    """
    if fold.last is not None and isinstance(fold.last.event, CareShown):
        return True
    if not is_opened or fold.now.turn != 1 or not fold.now.notes:
        return False
    shown = fold.now.notes[-1]
    return shown.turn == 0 and shown.words is None


def own_words(turn: TurnInput, action: Action) -> str:
    """What of a move are the player's own words: none of a choice, the theme before the opening."""
    if action.kind == "begin":
        return "" if turn.state.turn else turn.state.premise.theme
    return action.text


def may_tell_of_need(words: str, language: str) -> bool:
    """Whether these words could be a cry for help, before any reader is asked."""
    from tta_rebuild.safety.needs import read_need  # its weights are read by the first turn

    plain = in_plain_words(words)
    return bool(plain) and read_need(plain, language).level != "none"


async def _need_in(
    turn: TurnInput, words: str, *, takes_more: bool, may_ask: bool, is_ahead: bool
) -> tuple[Need | None, CareTaken]:
    """The need in the words; a reader, where there is one, is asked only where that is open."""
    from tta_rebuild.safety.needs import read_need  # its weights are read by the first turn

    dependencies, taken = turn.dependencies, CareTaken()
    found = read_need(words, turn.state.premise.language)
    if found.level in ("none", "certain"):
        return found.need if found.level == "certain" else None, taken
    if dependencies.checks == "all" and may_ask:
        if is_ahead:
            return None, taken
        provider = RecordingProvider(dependencies.provider)
        where = {
            "story_id": turn.branch.story_id,
            "branch_id": turn.branch.branch_id,
            "turn": turn.number,
        }
        scene = turn.state.scene.text[-SCENE_CHARS:] if turn.state.scene else ""
        reader = CareReader(provider, dependencies.catalog, where)
        read, unread = await reader.read(words, scene, turn.context)
        taken = CareTaken(cost_usd=provider.cost_usd, calls=len(provider.replies), unread=unread)
        if read is not None:
            return None if read == "none" else read, taken
    pauses_at = ("likely", "possible") if dependencies.care.is_strict else ("likely",)
    pauses = found.level in pauses_at and (dependencies.care.is_strict or not takes_more)
    return found.need if pauses else None, taken
