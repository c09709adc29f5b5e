"""``tta play``: one person, one story, a turn at a time, from a terminal or from a pipe."""

from __future__ import annotations

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
from tta_rebuild.cli.story_options import StoryOptions, premise_notes, premise_of, theme_of
from tta_rebuild.cli.story_view import show_choices, show_heading, show_present

YOUR_WORDS = "your words"


@with_options
def play(ctx: typer.Context, *, options: StoryOptions) -> None:
    """Play a story.

    Every finished turn is kept. In the story, ? shows what can be typed.
    """
    theme, story = theme_of(options), options.story
    if story and theme is not None:
        raise wrong("--story", "a story that exists keeps its theme; give --theme or --story.")
    begins = premise_of(theme, options) if theme is not None else None
    if theme is None and not story and not sys.stdin.isatty():
        like = 'like --theme "a lighthouse keeper finds a door", or go on with --story.'
        raise wrong("--theme", f"say what the story is about, {like}")
    if options.on_failure is None and sys.stdin.isatty():
        options = replace(options, on_failure="offline")
    loop = PlayLoop(ctx.obj.screen, options, begins)
    try:
        with_storyteller(ctx.obj, loop.run, options, quiet=True)
    except KeyboardInterrupt:
        if loop.commands is None:
            raise
        raise Interrupted from None
    finally:
        loop.say_farewell()


class PlayLoop:
    """One player at one terminal; ``commands`` is None before a story is chosen."""

    application: tta.Application
    play: PlayTurn
    commands: StoryCommands | None = None

    def __init__(self, screen: Screen, options: StoryOptions, begins: tta.Premise | None) -> None:
        self.screen = screen
        self.options = options
        self.begins = begins

    async def run(self, application: tta.Application, play: PlayTurn) -> None:
        """Begin, resume or ask what to play, and play it."""
        self.application, self.play = application, play
        self.teller = application.models[0]
        if self.begins is not None:
            session: tta.Session | None = await self.begun(self.begins)
        elif self.options.story:
            session = await application.stories.resume(self.options.story, self.options.branch)
        else:
            session = await self.ask()
        if session is not None:
            await self._play(session)

    async def ask(self) -> tta.Session | None:
        """Find out kindly what to play; None for nothing."""
        from tta_rebuild.storyteller.scene_file import titles

        screen, stories = self.screen, self.application.stories
        latest = next(iter(await stories.list()), None)
        screen.say("What shall the story be about?", "bold cyan")
        screen.say("A sentence or two in your own words, or a number:\n")
        worlds = titles() if self.teller == "offline" and not self.options.world else {}
        offered = {title: name for name, title in worlds.items()}
        offered |= dict.fromkeys(words("suggestions"), "")
        screen.numbered(offered)
        if latest:
            stands = f"turn {latest.turns}" if latest.turns else "not begun"
            what = f"go on with '{one_line(latest.title, 60)}', {stands}"
            screen.entry(" c", what, head_style="bold cyan")
        screen.say()
        while (answer := self.read("> ")) is not None:
            answer, options = answer or "1", self.options
            if latest and answer.lower() == "c":
                return await stories.resume(latest.story_id)
            if answer.lower() in (*QUIT, "quit"):
                return None
            try:
                if answer.startswith(("/", "?")):
                    raise wrong(
                        YOUR_WORDS, "The story comes first: say what it is about, or /quit."
                    )
                if answer.isdecimal():
                    if not 1 <= int(answer[:9]) <= len(offered):
                        raise wrong(YOUR_WORDS, f"The numbers here are 1 to {len(offered)}.")
                    answer = [*offered][int(answer) - 1]
                    options = replace(options, world=offered[answer])
                return await self.begun(premise_of(answer, options, source=YOUR_WORDS))
            except typer.BadParameter as error:
                if error.param_hint != YOUR_WORDS:
                    raise
                screen.say(error.message, "yellow")
        return None

    async def begun(self, premise: tta.Premise) -> tta.Session:
        """A new story, not told yet."""
        for note in premise_notes(premise, self.teller):
            self.screen.say(note, "yellow")
        return await self.application.stories.open(premise)

    async def _play(self, session: tta.Session) -> None:
        commands = self.commands = StoryCommands(self.application, self.screen, session)
        title = (await self.application.stories.find(session.story_id)).title
        show_heading(self.screen, session, title, self.teller)
        if session.state.turn:
            show_present(self.screen, session.state)
        else:
            await self._turn(commands, tta.Action.begin())
        while True:
            if commands.session.state.ended:
                self.screen.say("The story ends here. /undo or /fork open another way.", "dim")
            line = self.read("> ", echo=True)
            if line is None or line.partition(" ")[0].lower() in QUIT:
                return
            if line.startswith(("/", "?")):
                move = await commands.run(line)
            else:
                move = move_of(line) if line else None
            if move is not None:
                await self._turn(commands, move)

    async def _turn(self, commands: StoryCommands, move: tta.Action) -> None:
        session = commands.session
        if session.state.turn:
            self.screen.say()
        result = await self.play(session, move, self.screen)
        show_choices(self.screen, session.state)
        if result.cost_usd > 0:
            self.screen.say(await commands.cost(), "dim")

    def say_farewell(self) -> None:
        """Say what is kept and how to go on, if a story was chosen."""
        if self.commands is None:
            return
        session = self.commands.session
        turn, name = session.state.turn, session.branch.name
        kept = counted(turn, "turn") if turn else "the premise; nothing is told yet"
        branch = "" if name == "main" else f' --branch "{name}"'
        how = f"tta play --story {session.story_id[:8]}{branch}"
        self.screen.say(f"\nKept: {kept}. Go on with: {how}", "dim")

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
            line = sys.stdin.readline(10_000_000)  # the rest counts as the next line
            if not line:
                return None
            if echo:
                self.screen.say(f"{prompt}{one_line(line, MOVE_CHARS)}", "bold")
        return plain(line).replace("\t", " ").strip()
