"""What a player can type in a story besides playing it: ``?``, ``/undo``, ``/who`` and the like.

``play`` hands every line that begins with a slash to ``StoryCommands.obey``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tta_rebuild.cli import story_view as views
from tta_rebuild.cli.exits import NothingThere
from tta_rebuild.cli.screen import Screen, counted, one_line
from tta_rebuild.cli.turn_view import show_choices, show_scene
from tta_rebuild.core.errors import StoryError, TTAPrimitiveError

if TYPE_CHECKING:
    from tta_rebuild.engine.action import Action
    from tta_rebuild.engine.session import Session
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


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a slash command leads to.

    Attributes:
        session: where the play goes on.
        move: a move to play now, if any.
        leave: True to stop playing.
    """

    session: Session
    move: Action | None = None
    leave: bool = False


class StoryCommands:
    """The commands of one sitting."""

    def __init__(
        self,
        stories: Stories,
        screen: Screen,
        *,
        title: str,
        cost: Callable[[str], Awaitable[str]],
    ) -> None:
        self.stories = stories
        self.screen = screen
        self.title = title
        self.cost = cost

    async def run(self, line: str, session: Session) -> CommandResult:
        """Do what the line says; an unknown command is explained, never played."""
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        try:
            match word.lower().lstrip("/"):
                case "?" | "help" | "h":
                    self.help()
                case "quit" | "q" | "exit" | "bye":
                    return CommandResult(session, leave=True)
                case "look" | "l":
                    self.look(session)
                case "undo" | "u":
                    return CommandResult(await self.undo(session, rest))
                case "fork":
                    return CommandResult(await self.fork(session, rest))
                case "branches":
                    await self.branches(session)
                case "switch":
                    return CommandResult(await self.switch(session, rest))
                case "who":
                    views.show_cast(self.screen, session.state, rest)
                case "facts":
                    views.show_facts(self.screen, session.state, rest)
                case "why":
                    views.show_why(self.screen, session.state)
                case "cost":
                    self.screen.say(await self.cost(session.story_id))
                case "end":
                    return CommandResult(session, move=self._ending(rest))
                case unknown:
                    self.screen.say(
                        f"There is no command /{one_line(unknown, 20)}. ? shows those there are; "
                        "words without a slash are played.",
                        "yellow",
                    )
        except (NothingThere, StoryError, TTAPrimitiveError) as error:
            self.screen.say(str(error), "yellow")
        return CommandResult(session)

    @staticmethod
    def _ending(words: str) -> Action:
        from tta_rebuild.engine.action import Action

        return Action.end(words)

    def help(self) -> None:
        """What can be typed."""
        for head, text in HELP:
            self.screen.entry(f"{head:<13}", text)

    def look(self, session: Session) -> None:
        """The present once more."""
        if session.state.scene:
            show_scene(self.screen, session.state.scene)
        show_choices(self.screen, session.state.choices)

    async def undo(self, session: Session, count: str) -> Session:
        """A fork before the last turns, and the play goes on there."""
        back = int(count) if count.isdecimal() else 1
        turn = session.state.turn - back
        if (count and not count.isdecimal()) or back < 1:
            self.screen.say("/undo takes a number of turns, such as /undo 2.", "yellow")
            return session
        if turn < 1:
            self.screen.say(
                f"TurnResult so far: {counted(session.state.turn, 'turn')}; the opening scene stays. "
                "'tta play' begins another story.",
                "yellow",
            )
            return session
        there = await self.stories.rewind(session, back)
        self.screen.say(
            f"Back at turn {turn}, on the new branch '{there.branch.name}'; "
            f"'{session.branch.name}' keeps what was told.",
            "dim",
        )
        self.screen.say()
        self.look(there)
        return there

    async def fork(self, session: Session, name: str) -> Session:
        """A branch from here under a name, and the play goes on there."""
        branch = await self.stories.fork(
            session.story_id,
            branch=session.branch.branch_id,
            turn=session.state.turn,
            name=one_line(name, 60) or None,
        )
        self.screen.say(f"You are now on the branch '{branch.name}'.", "dim")
        return await self.stories.resume(session.story_id, branch.branch_id)

    async def branches(self, session: Session) -> None:
        """The tree of branches, with the present one marked."""
        views.show_tree(
            self.screen,
            self.title,
            await self.stories.branches(session.story_id),
            here=session.branch.branch_id,
        )

    async def switch(self, session: Session, name: str) -> Session:
        """Go on along another branch."""
        if not name:
            self.screen.say("/switch takes a branch's name; /branches shows them.", "yellow")
            return session
        there = await self.stories.resume(session.story_id, name)
        self.look(there)
        return there
