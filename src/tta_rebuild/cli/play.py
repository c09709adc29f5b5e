"""``tta play``: one person, one story, a turn at a time.

On a terminal it asks; from a pipe it takes every line as a move, and stops where the lines end.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli.arguments import GoOnWith, WhichBranch
from tta_rebuild.cli.exits import Interrupted
from tta_rebuild.cli.failures import PlayTurn, WhatOnFailure, with_storyteller
from tta_rebuild.cli.keyboard import ask
from tta_rebuild.cli.moves import move_of
from tta_rebuild.cli.opening import CommandContext, context_of
from tta_rebuild.cli.screen import MOVE_CHARS, counted, one_line, plain
from tta_rebuild.cli.story_commands import StoryCommands
from tta_rebuild.cli.story_options import StoryOptions, premise_notes, premise_of, with_options
from tta_rebuild.cli.turn_view import show_choices, show_heading, show_present, show_teller

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.application import Application
    from tta_rebuild.core.story import Premise
    from tta_rebuild.engine.action import Action
    from tta_rebuild.engine.session import Session

SUGGESTIONS = (
    "A lighthouse keeper finds a door under the stairs that was not there yesterday.",
    "Two sisters inherit a bakery, and the recipe book has a page torn out.",
    "The last ship of the season brings a passenger who is on nobody's list.",
    "A quiet week in the mountains, to find out what to leave behind.",
)

YOUR_WORDS = "your words"
MAX_LINE_CHARS = 10_000_000
"""Longest line taken from a pipe; the rest of it counts as the next line."""


@with_options
def play(
    ctx: typer.Context,
    *,
    theme: Annotated[
        str | None, typer.Option(help="What the story is about, in your words.")
    ] = None,
    story: GoOnWith = "",
    branch: WhichBranch = "main",
    on_failure: WhatOnFailure = None,
    options: StoryOptions,
) -> None:
    """Play a story.

    Every finished turn is kept. In the story, ? shows what can be typed.
    """
    command = context_of(ctx)
    if story and theme is not None:
        raise typer.BadParameter(
            "a story that exists keeps its theme; give --theme or --story.", param_hint="--story"
        )
    begins = premise_of(theme, options) if theme is not None else None
    if theme is None and not story and not sys.stdin.isatty():
        raise typer.BadParameter(
            "say what the story is about, like --theme "
            '"a lighthouse keeper finds a door", or go on with --story.',
            param_hint="--theme",
        )
    if on_failure is None and sys.stdin.isatty():
        on_failure = "offline"
    said_farewell = False

    async def work(application: Application, play: PlayTurn) -> None:
        nonlocal said_farewell
        loop = PlayLoop(command, application, play)
        try:
            if begins is not None:
                await loop.begin(begins)
            elif story:
                await loop.resume(story, branch)
            else:
                await loop.ask(options)
        finally:
            said_farewell = loop.say_farewell()

    try:
        with_storyteller(command, work, model=options.model, on_failure=on_failure, quiet=True)
    except KeyboardInterrupt:
        if said_farewell:
            raise Interrupted from None
        raise


class PlayLoop:
    """One player at one terminal; ``session`` is None before a story is chosen."""

    def __init__(self, command: CommandContext, application: Application, play: PlayTurn) -> None:
        self.screen = command.screen
        self.application = application
        self.stories = application.stories
        self.session: Session | None = None
        self.play = play

    async def ask(self, options: StoryOptions) -> None:
        """Find out kindly what to play."""
        screen = self.screen
        latest = next(iter(await self.stories.list()), None)
        screen.say("What shall the story be about?", "bold cyan")
        screen.say("A sentence or two in your own words, or a number:")
        screen.say()
        screen.numbered(SUGGESTIONS)
        if latest:
            stands = f"turn {latest.turns}" if latest.turns else "not begun"
            what = f"go on with '{one_line(latest.title, 60)}', {stands}"
            screen.entry(" c", what, head_style="bold cyan")
        screen.say()
        while (answer := self.read("> ")) is not None:
            answer = answer or "1"
            if latest and answer.lower() == "c":
                return await self.resume(latest.story_id, "main")
            if answer.lower() in ("/quit", "/q", "quit"):
                return None
            try:
                premise = self._answered(answer, options)
            except typer.BadParameter as error:
                if error.param_hint != YOUR_WORDS:
                    raise
                screen.say(error.message, "yellow")
                continue
            return await self.begin(premise)
        return None

    def _answered(self, answer: str, options: StoryOptions) -> Premise:
        """The premise that an answer asks for; raises BadParameter of ``YOUR_WORDS``."""
        if answer.isdecimal():
            if not 1 <= int(answer[:9]) <= len(SUGGESTIONS):
                wrong = f"The numbers here are 1 to {len(SUGGESTIONS)}."
                raise typer.BadParameter(wrong, param_hint=YOUR_WORDS)
            answer = SUGGESTIONS[int(answer) - 1]
        elif answer.startswith(("/", "?")):
            first = "The story comes first: say what it is about, or /quit."
            raise typer.BadParameter(first, param_hint=YOUR_WORDS)
        return premise_of(answer, options, source=YOUR_WORDS)

    async def begin(self, premise: Premise) -> None:
        """A new story, from its opening scene."""
        for note in premise_notes(premise, self.application.models[0]):
            self.screen.say(note, "yellow")
        await self._play(await self.stories.open(premise))

    async def resume(self, story: str, branch: str) -> None:
        """A story from where it stands."""
        await self._play(await self.stories.resume(story, branch))

    async def _play(self, session: Session) -> None:
        from tta_rebuild.engine.action import Action

        self.session = session
        title = (await self.stories.find(session.story_id)).title
        commands = StoryCommands(self.stories, self.screen, title=title, cost=self._cost)
        teller = self.application.models[0]
        state = session.state
        show_heading(
            self.screen,
            title,
            f"story {session.story_id[:8]}",
            "" if session.branch.name == "main" else f"branch {session.branch.name}",
            f"turn {state.turn}" if state.turn else "",
            f"told by {teller}" if teller != "offline" else "",
        )
        if not state.turn:
            await self._turn(session, Action.begin())
        else:
            show_teller(self.screen, state, teller)
            show_present(self.screen, state)
        while (line := self._next_line(self.session)) is not None:
            move = move_of(line) if line else None
            if line.startswith(("/", "?")):
                result = await commands.run(line, self.session)
                self.session, move = result.session, result.move
                if result.leave:
                    return
            if move is not None:
                await self._turn(self.session, move)

    def _next_line(self, session: Session) -> str | None:
        if session.state.ended:
            self.screen.say("The story ends here. /undo or /fork open another way.", "dim")
        return self.read("> ", echo=True)

    async def _turn(self, session: Session, move: Action) -> None:
        if session.state.turn:
            self.screen.say()
        result = await self.play(session, move, self.screen)
        show_choices(self.screen, session.state)
        if result.cost_usd > 0:
            self.screen.say(await self._cost(session.story_id), "dim")

    async def _cost(self, story_id: str) -> str:
        from tta_rebuild.bootstrap.spending import spent_of_budgets

        parts = []
        for name, spent_usd, limit_usd in await spent_of_budgets(
            self.application.tracker, story_id
        ):
            limit = "" if limit_usd is None else f" of at most ${limit_usd:.2f}"
            parts.append(f"{name} ${spent_usd:.4f}{limit}")
        return f"{', '.join(parts)}."

    def say_farewell(self) -> bool:
        """Say what is kept and how to go on; False if no story was chosen yet."""
        if self.session is None:
            return False
        turn = self.session.state.turn
        kept = counted(turn, "turn") if turn else "the premise; nothing is told yet"
        name = self.session.branch.name
        branch = "" if name == "main" else f' --branch "{name}"'
        self.screen.say()
        self.screen.say(
            f"Kept: {kept}. Go on with: tta play --story {self.session.story_id[:8]}{branch}",
            "dim",
        )
        return True

    def read(self, prompt: str, *, echo: bool = False) -> str | None:
        """The next line without what is no text; None where there are no more.

        ``echo`` shows a line that came from a pipe, so that the log of a run can be read.
        """
        if sys.stdin.isatty():
            try:
                line = ask(prompt)
            except EOFError:
                return None
        else:
            line = sys.stdin.readline(MAX_LINE_CHARS)
            if not line:
                return None
            if echo:
                self.screen.say(f"{prompt}{one_line(line, MOVE_CHARS)}", "bold")
        return plain(line).replace("\t", " ").strip()
