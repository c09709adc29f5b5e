"""``/ask`` and ``/think`` while a story is played: the answer as it comes, and what it cost."""

from __future__ import annotations

from contextlib import aclosing

import tta_rebuild as tta
from tta_rebuild.cli.screen import Screen
from tta_rebuild.cli.story_view import waiting_shown
from tta_rebuild.core.speech import speaker_name


async def show_aside(
    session: tta.Session,
    typed: str,
    screen: Screen,
    *,
    is_thought: bool,
    after_note: bool = False,
) -> tta.AsideEnded | tta.TurnPaused | None:
    """Ask, and show what comes of it; None if nobody was asked. Raises as ``Session.ask`` does."""
    ended: tta.AsideEnded | tta.TurnPaused | None = None
    asked = session.think(typed) if is_thought else session.ask(typed, after_note=after_note)
    is_first = True
    screen.say()
    async with aclosing(asked) as events:
        async for event in waiting_shown(events, screen):
            match event:
                case tta.PassageReleased(passage=passage):
                    name = speaker_name(passage.speaker, session.state.names)
                    says = f"{name} thinks: " if is_thought else f"{name}, aside: "
                    lead = says if is_first and passage.speaker else ""
                    screen.say(passage.text, "italic" if is_thought else "", lead=lead, indent=2)
                    is_first = False
                case tta.SceneRestarted(reason=reason):
                    screen.say(f"(Once more: {reason})", "yellow")
                    is_first = True
                case tta.TurnWarning(text=text):
                    screen.say(f"({text})", "yellow")
                case tta.TurnRefused(reason=reason):
                    screen.say(reason, "yellow")
                case tta.AsideEnded() | tta.TurnPaused():
                    ended = event
                case _:
                    pass
    screen.say()
    return ended
