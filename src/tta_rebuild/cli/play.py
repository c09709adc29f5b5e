"""``tta play``: one person, one story, a turn at a time, from a terminal or from a pipe."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import typer

import tta_rebuild as tta
from tta_rebuild.cli.arguments import with_options, wrong
from tta_rebuild.cli.exits import Interrupted
from tta_rebuild.cli.inputs import ask, move_of
from tta_rebuild.cli.opening import PlayTurn, with_storyteller
from tta_rebuild.cli.screen import MOVE_CHARS, Screen, counted, one_line, plain, words
from tta_rebuild.cli.story_commands import QUIT, StoryCommands
from tta_rebuild.cli.story_options import (
    StoryOptions,
    is_nobody_played,
    premise_notes,
    premise_of,
    theme_of,
)
from tta_rebuild.cli.story_view import show_choices, show_heading, show_present

YOUR_WORDS = "your words"


@with_options
def play(ctx: typer.Context, *, options: StoryOptions) -> None:
    """Play a story.

    Every finished turn is kept. In the story, ? shows what can be typed.
    """
    screen, theme, story = ctx.obj.screen, theme_of(options), options.story
    if story and theme is not None:
        raise wrong("--story", "a story that exists keeps its theme; give --theme or --story.")
    begins = premise_of(theme, options) if theme is not None else None
    if theme is None and not story and not sys.stdin.isatty():
        like = 'like --theme "a lighthouse keeper finds a door", or go on with --story.'
        raise wrong("--theme", f"say what the story is about, {like}")
    if options.on_failure is None and sys.stdin.isatty():
        options = replace(options, on_failure="offline")

    async def work(application: tta.Application, play_turn: PlayTurn) -> None:
        session: tta.Session | None
        if begins is not None:
            session = await _begun(application, screen, begins)
        elif story:
            session = await application.stories.resume(story, options.branch)
        else:
            session = await _asked(application, screen, options)
        if session is not None:
            await PlayLoop(application, screen, session, play_turn).run()

    with_storyteller(ctx.obj, work, model=options.model, on_failure=options.on_failure)


async def _asked(
    application: tta.Application, screen: Screen, options: StoryOptions
) -> tta.Session | None:
    """Find out kindly what to play; None for nothing."""
    from tta_rebuild.storyteller.scene_file import titles

    latest = next(iter(await application.stories.list()), None)
    screen.say("What shall the story be about?", "bold cyan")
    screen.say("A sentence or two in your own words, or a number:\n")
    worlds = titles() if application.models[0] == "offline" and not options.world else {}
    offered = {title: name for name, title in worlds.items()}
    offered |= dict.fromkeys(words("suggestions"), "")
    screen.numbered(offered)
    if latest:
        stands = f"turn {latest.turns}" if latest.turns else "not begun"
        what = f"go on with '{one_line(latest.title, 60)}', {stands}"
        screen.entry(" c", what, head_style="bold cyan")
    screen.say()
    while (answer := _read(screen)) is not None:
        answer = answer or "1"
        if latest and answer.lower() == "c":
            return await application.stories.resume(latest.story_id)
        if answer.lower() in (*QUIT, "quit"):
            return None
        try:
            if answer.startswith(("/", "?")):
                raise wrong(YOUR_WORDS, "The story comes first: say what it is about, or /quit.")
            if answer.isdecimal():
                if not 1 <= int(answer[:9]) <= len(offered):
                    raise wrong(YOUR_WORDS, f"The numbers here are 1 to {len(offered)}.")
                answer = [*offered][int(answer) - 1]
            asked = replace(options, world=offered.get(answer, options.world))
            premise = premise_of(answer, asked, source=YOUR_WORDS)
            return await _begun(application, screen, premise)
        except typer.BadParameter as error:
            if error.param_hint != YOUR_WORDS:
                raise
            screen.say(error.message, "yellow")
    return None


async def _begun(application: tta.Application, screen: Screen, premise: tta.Premise) -> tta.Session:
    """A new story, not told yet; whom one plays is asked where it cannot be read."""
    teller = application.models[0]
    if sys.stdin.isatty() and is_nobody_played(premise, teller):
        screen.say("Who are you in this story? A name or a few words; Enter leaves it open.")
        if who := _read(screen):
            premise = replace(premise, theme=f"{premise.theme.rstrip('.!? ')}. You are {who}.")
    for note in premise_notes(premise, teller):
        screen.say(note, "yellow")
    return await application.stories.open(premise)


class PlayLoop(StoryCommands):
    """One player at one terminal, with the commands that can be typed between the moves."""

    def __init__(
        self,
        application: tta.Application,
        screen: Screen,
        session: tta.Session,
        play_turn: PlayTurn,
    ) -> None:
        super().__init__(application, screen, session)
        self.teller, self.play_turn = application.models[0], play_turn

    async def run(self) -> None:
        """Play until the player stops or the input ends, then say what is kept."""
        try:
            title = (await self.stories.find(self.session.story_id)).title
            show_heading(self.screen, self.session, title, self.teller)
            if self.session.state.turn:
                show_present(self.screen, self.session.state)
            else:
                await self._turn(tta.Action.begin())
            while (line := self._next_line()) is not None:
                is_command = line.startswith(("/", "?"))
                if move := await self.obey(line) if is_command else move_of(line):
                    await self._turn(move)
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise Interrupted from None
        finally:
            self._say_farewell()

    def _next_line(self) -> str | None:
        """What is typed, without empty lines; None to stop."""
        line: str | None = ""
        while line == "":
            if self.session.state.ended:
                self.screen.say("The story ends here. /undo or /fork open another way.", "dim")
            line = _read(self.screen, echo=True)
        return None if line and line.partition(" ")[0].lower() in QUIT else line

    async def _turn(self, move: tta.Action) -> None:
        if self.session.state.turn:
            self.screen.say()
        result = await self.play_turn(self.session, move, self.screen)
        show_choices(self.screen, self.session.state)
        if result.cost_usd > 0:
            self.screen.say(await self.cost(), "dim")

    def _say_farewell(self) -> None:
        """Say what is kept and how to go on."""
        turn, name = self.session.state.turn, self.session.branch.name
        kept = counted(turn, "turn") if turn else "the premise; nothing is told yet"
        branch = "" if name == "main" else f' --branch "{name}"'
        how = f"tta play --story {self.session.story_id[:8]}{branch}"
        self.screen.say(f"\nKept: {kept}. Go on with: {how}", "dim")


def _read(screen: Screen, *, echo: bool = False) -> str | None:
    """The next line without what is no text; None where there are no more.

    ``echo`` shows a line that came from a pipe, so that the log of a run can be read.
    """
    if sys.stdin.isatty():
        try:
            line = ask("> ")
        except EOFError:
            return None
    else:
        line = sys.stdin.readline(10_000_000)  # the rest counts as the next line
        if not line:
            return None
        if echo:
            screen.say(f"> {one_line(line, MOVE_CHARS)}", "bold")
    return plain(line).replace("\t", " ").strip()
