"""What a player can type in a story besides playing it: ``?``, ``/undo``, ``/who`` and the like.

``play`` hands every line that begins with a slash to ``StoryCommands.run``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

from tta_rebuild.cli import story_view as views
from tta_rebuild.cli.exits import NothingThere
from tta_rebuild.cli.facts_view import facts_with, names_written, show_facts, show_lines
from tta_rebuild.cli.screen import Screen, counted, one_line, sentence
from tta_rebuild.cli.turn_view import show_present
from tta_rebuild.core.errors import StoryError, TTAPrimitiveError

if TYPE_CHECKING:
    from tta_rebuild.engine.action import Action
    from tta_rebuild.engine.session import Session
    from tta_rebuild.engine.state import StoryState
    from tta_rebuild.engine.stories import Stories

HELP = (
    ("1, 2, 3 …", "take a choice"),
    ("any words", "do or say something of your own"),
    ("?", "this help"),
    ("/look", "the last scene and its choices again"),
    ("/undo [N]", "go back N turns (1); what was played stays on its branch"),
    ("/fork [NAME]", "a second branch from here; you go on there"),
    ("/branches", "the branches of this story"),
    ("/switch NAME", "go on along another branch"),
    ("/who [NAME]", "the people of the story"),
    ("/facts [WORD]", "what is true now"),
    ("/why", "what was held back or not offered, and the reason"),
    ("/cost", "what this story has cost so far"),
    ("/end", "bring the story to its end with the next scene"),
    ("/quit", "stop; everything is kept"),
)


class CommandResult(NamedTuple):
    """What a slash command leads to: where the play goes on, a move to play now, or the end."""

    session: Session
    move: Action | None = None
    leave: bool = False


class StoryCommands:
    """The commands that can be typed while a story is played."""

    def __init__(
        self, stories: Stories, screen: Screen, title: str, cost: Callable[[str], Awaitable[str]]
    ) -> None:
        self.stories = stories
        self.screen = screen
        self.title = title
        self.cost = cost

    async def run(self, line: str, session: Session) -> CommandResult:
        """Do what the line says; an unknown command is explained, never played."""
        from tta_rebuild.engine.action import Action

        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        try:
            match word.lower().lstrip("/"):
                case "?" | "help" | "h":
                    for head, text in HELP:
                        self.screen.entry(f"{head:<13}", text)
                case "quit" | "q" | "exit" | "bye":
                    return CommandResult(session, leave=True)
                case "look" | "l":
                    show_present(self.screen, session.state)
                case "undo" | "u":
                    return CommandResult(await self.undo(session, rest))
                case "fork":
                    return CommandResult(await self.fork(session, rest))
                case "branches":
                    branches = await self.stories.branches(session.story_id)
                    here = session.branch.branch_id
                    views.show_tree(self.screen, branches, title=self.title, here=here)
                case "switch":
                    return CommandResult(await self.switch(session, rest))
                case "who":
                    people = views.cast(session.state, rest)
                    views.show_cast(self.screen, people, in_full=bool(rest))
                case "facts":
                    self.show_facts(session.state, rest)
                case "why":
                    views.show_why(self.screen, session.state)
                case "cost":
                    self.screen.say(await self.cost(session.story_id))
                case "end":
                    return CommandResult(session, move=Action.end(rest))
                case unknown:
                    self.screen.say(
                        f"There is no command /{one_line(unknown, 20)}. ? shows those there are; "
                        "words without a slash are played.",
                        "yellow",
                    )
        except (NothingThere, StoryError, TTAPrimitiveError) as error:
            said = sentence(str(error))
            self.screen.say(said[0].upper() + said[1:], "yellow")
        return CommandResult(session)

    def show_facts(self, state: StoryState, word: str) -> None:
        """What is true now: the facts, and the lasting lines."""
        facts = state.facts
        names = names_written(facts) | state.names
        show_facts(self.screen, state.canon, facts_with(word, facts), names=names, word=word)
        show_lines(self.screen, state.lines, word, names)

    async def undo(self, session: Session, count: str) -> Session:
        """A fork before the last turns, and the play goes on there."""
        now = session.state.turn
        back = int(count[:9]) if count.isdecimal() else 0 if count else 1
        if back < 1:
            self.screen.say("/undo takes a number of turns, such as /undo 2.", "yellow")
            return session
        if back >= now:
            self.screen.say(
                f"Told so far: {counted(now, 'turn')}; the opening scene stays. "
                "'tta play' begins another story.",
                "yellow",
            )
            return session
        there = await self.stories.rewind(session, back)
        self.screen.say(
            f"Back at turn {now - back}, on the new branch '{there.branch.name}'; "
            f"'{session.branch.name}' keeps what was told.",
            "dim",
        )
        self.screen.say()
        show_present(self.screen, there.state)
        return there

    async def fork(self, session: Session, name: str) -> Session:
        """A branch from here under a name, and the play goes on there."""
        branch = await self.stories.fork(
            session.story_id,
            branch=session.branch.branch_id,
            turn=session.state.turn,
            name=one_line(name, 60) or None,
        )
        self._say_where(branch.name, session.state.turn)
        return await self.stories.resume(session.story_id, branch.branch_id)

    async def switch(self, session: Session, name: str) -> Session:
        """Go on along another branch."""
        if not name:
            self.screen.say("/switch takes a branch's name; /branches shows them.", "yellow")
            return session
        there = await self.stories.resume(session.story_id, name)
        self._say_where(there.branch.name, there.state.turn)
        self.screen.say()
        show_present(self.screen, there.state)
        return there

    def _say_where(self, branch: str, turn: int) -> None:
        self.screen.say(f"You are now on the branch '{branch}', after turn {turn}.", "dim")
