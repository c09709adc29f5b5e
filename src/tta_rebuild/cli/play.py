"""``tta play``: one person, one story, a turn at a time, from a terminal or from a pipe."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import typer

import tta_rebuild as tta
from tta_rebuild.cli import story_view as views
from tta_rebuild.cli.arguments import with_options, wrong
from tta_rebuild.cli.aside_view import show_aside
from tta_rebuild.cli.care_view import answer_of, show_choices, show_note
from tta_rebuild.cli.exits import Interrupted, NothingThere
from tta_rebuild.cli.facts_view import FactList, show_facts
from tta_rebuild.cli.inputs import ask, move_of
from tta_rebuild.cli.opening import PlayTurn, with_storyteller
from tta_rebuild.cli.screen import (
    MOVE_CHARS,
    Screen,
    counted,
    message,
    one_line,
    plain,
    sentence,
    words,
)
from tta_rebuild.cli.story_options import (
    StoryOptions,
    character_of,
    correction_of,
    player_of,
    plot_named,
    premise_notes,
    premise_of,
    theme_of,
)
from tta_rebuild.engine.premise_notes import is_nobody_played

QUIT = ("/quit", "/q", "/exit", "/bye")
YOUR_WORDS = "your words"


@with_options
def play(ctx: typer.Context, *, options: StoryOptions) -> None:
    """Play a story.

    Every finished turn is kept. In the story, ? shows what can be typed.
    """
    screen, theme, story = ctx.obj.screen, theme_of(options), options.story
    if story and theme is not None:
        raise wrong("--story", message("theme_and_story"))
    begins = premise_of(theme, options) if theme is not None else None
    if theme is None and not story and not sys.stdin.isatty():
        raise wrong("--theme", message("no_theme"))
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
                raise wrong(YOUR_WORDS, message("story_first"))
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


class PlayLoop:
    """One player at one terminal, with the commands that can be typed between the moves."""

    def __init__(
        self,
        application: tta.Application,
        screen: Screen,
        session: tta.Session,
        play_turn: PlayTurn,
    ) -> None:
        self.application = application
        self.stories, self.tracker = application.stories, application.tracker
        self.teller = views.teller_of(application, session.state)
        self.play_turn = play_turn
        self.screen, self.session = screen, session
        self.aside: tta.AsideEnded | None = None
        self.go_on: Callable[[], Awaitable[None]] | None = None  # what waits for a player's answer

    async def run(self) -> None:
        """Play until the player stops or the input ends, then say what is kept."""
        try:
            title = (await self.stories.find(self.session.story_id)).title
            views.show_heading(self.screen, self.session, title, self.teller)
            if self.session.state.turn:
                views.show_present(self.screen, self.session.state)
            else:
                await self._turn(tta.Action.begin())
            while (line := self._next_line()) is not None:
                if self.go_on and not (line := await self._answered(line, self.go_on)):
                    continue
                if line in QUIT:
                    return
                is_command = line.startswith(("/", "?"))
                if move := await self._obey(line) if is_command else move_of(line):
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
        self.aside = None
        result = await self.play_turn(self.session, move, self.screen)
        if result.paused and (again := result.paused.go_on):
            self._pause(result.paused, lambda: self._turn(again))
            return
        views.show_choices(self.screen, self.session.state)
        if result.cost_usd > 0:
            self.screen.say(await self._cost(), "dim")

    def _pause(self, paused: tta.TurnPaused, go_on: Callable[[], Awaitable[None]]) -> None:
        show_note(self.screen, paused.note)
        self.go_on = go_on

    async def _answered(self, line: str, go_on: Callable[[], Awaitable[None]]) -> str:
        """Do what the player chose after a note; gives the line where it is none of the three."""
        answer = answer_of(line)
        if not answer and not self.session.state.turn:
            show_choices(self.screen)
            return ""
        self.go_on = None
        if answer == "stop":
            return QUIT[0]
        if answer == "gentler":
            await self.session.make_gentler()
            self.screen.say(message("gentler_now"), "dim")
        if answer == "go_on" or not self.session.state.turn:
            await go_on()
        elif answer:
            views.show_choices(self.screen, self.session.state)
        else:
            return line
        return ""

    def _say_farewell(self) -> None:
        turn, name = self.session.state.turn, self.session.branch.name
        kept = counted(turn, "turn") if turn else "the premise; nothing is told yet"
        branch = "" if name == "main" else f' --branch "{name}"'
        how = f"tta play --story {self.session.story_id[:8]}{branch}"
        self.screen.say(f"\nKept: {kept}. Go on with: {how}", "dim")

    async def _obey(self, line: str) -> tta.Action | None:
        """Do what the line says; gives the move if it is one. An unknown command is explained."""
        word, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        screen, state = self.screen, self.session.state
        try:
            match word.lower().lstrip("/"):
                case "?" | "help" | "h":
                    for head, text in words("help").items():
                        screen.entry(f"{head:<13}", text)
                case "look" | "l":
                    views.show_present(screen, state)
                case "undo" | "u":
                    await self._undo(rest)
                case "fork":
                    await self._fork(rest)
                case "branches":
                    title = (await self.stories.find(self.session.story_id)).title
                    branches = await self.stories.branches(self.session.story_id)
                    here = self.session.branch.branch_id
                    views.show_tree(screen, branches, title=title, here=here)
                case "switch":
                    await self._switch(rest)
                case "who":
                    views.show_cast(screen, views.cast(state, rest), in_full=bool(rest))
                case "facts":
                    found = FactList(state.canon, state.facts, state.names, state.lines)
                    show_facts(screen, found, rest)
                case "why":
                    views.show_why(screen, state, self.aside)
                case "ask" | "think" as verb:
                    await self._aside(rest, verb == "think")
                case "cost":
                    screen.say(await self._cost())
                case "rate":
                    await self._rate(rest)
                case "wrong":
                    return await self._wrong(rest)
                case "end":
                    if rest and self.teller == "offline":
                        screen.say(message("last_deed"), "dim")
                    return tta.Action.end(rest)
                case unknown:
                    raise tta.ValidationError(
                        message("unknown_command", word=one_line(unknown, 20))
                    )
        except (NothingThere, typer.BadParameter, tta.StoryError, tta.TTAPrimitiveError) as error:
            said = sentence(str(error))
            screen.say(said[0].upper() + said[1:], "yellow")
        return None

    async def _aside(self, typed: str, is_thought: bool, after_note: bool = False) -> None:
        self.aside = None
        came = await show_aside(
            self.session, typed, self.screen, is_thought=is_thought, after_note=after_note
        )
        if isinstance(came, tta.TurnPaused):
            self._pause(came, lambda: self._aside(typed, is_thought, after_note=True))
        else:
            self.aside = came
        if self.aside and self.aside.cost_usd > 0:
            self.screen.say(await self._cost(), "dim")

    async def _cost(self) -> str:
        from tta_rebuild.bootstrap.spending import spent_of_budgets

        return f"{', '.join(await spent_of_budgets(self.tracker, self.session.story_id))}."

    async def _rate(self, said: str) -> None:
        from tta_rebuild.lab.feedback import rate

        number, _, comment = said.partition(" ")
        if not number.isdecimal() or len(number) > 1:
            raise tta.ValidationError(message("rate_how"))
        story_id, branch = self.session.story_id, self.session.branch.branch_id
        given = await rate(self.application, story_id, int(number), comment, branch=branch)
        self.screen.say(message("rated", turn=given.turn), "dim")

    async def _undo(self, count: str) -> None:
        now, left = self.session.state.turn, self.session.branch.name
        back = int(count[:9]) if count.isdecimal() else 0 if count else 1
        if back < 1:
            raise tta.ValidationError(message("undo_number"))
        if back >= now:
            raise tta.ValidationError(message("undo_too_far", turns=counted(now, "turn")))
        self.session = await self.stories.rewind(self.session, back)
        branch = self.session.branch.name
        self._show_present(message("undone", turn=now - back, branch=branch, left=left))

    async def _wrong(self, mended: str) -> tta.Action:
        """Begin anew with a premise put right; the story that was misunderstood is kept."""
        if not mended or self.session.state.turn > 1:
            raise tta.ValidationError(message("wrong_when"))
        premise = self.session.state.premise
        name, colon, about = mended.partition(":")
        if plot := plot_named(mended):
            premise = replace(premise, plot=plot)
        elif player := player_of(mended):
            others = [c for c in premise.characters if not c.is_player and c.name != player.name]
            premise = replace(premise, characters=(*others, player))
        elif put_right := correction_of(mended):
            premise = replace(premise, theme=f"{premise.theme.rstrip('.!? ')}. {put_right}")
        elif colon and len(name.split()) <= 3 and about.strip():
            new = character_of(mended)
            people = [c for c in premise.characters if c.character_id != new.character_id]
            premise = replace(premise, characters=(*people, new))
        else:
            premise = replace(premise, theme=f"{premise.theme.rstrip('.!? ')}. {mended}")
        for note in premise_notes(premise, "offline"):
            self.screen.say(note, "yellow")
        self.session = await self.stories.open(premise)
        return tta.Action.begin()

    async def _fork(self, name: str) -> None:
        story_id, turn = self.session.story_id, self.session.state.turn
        here, named = self.session.branch.branch_id, one_line(name, 60) or None
        branch = await self.stories.fork(story_id, branch=here, turn=turn, name=named)
        self.session = await self.stories.resume(story_id, branch.branch_id)
        self.screen.say(f"You are now on the branch '{branch.name}', after turn {turn}.", "dim")

    async def _switch(self, name: str) -> None:
        if not name:
            raise tta.ValidationError(message("switch_name"))
        there = self.session = await self.stories.resume(self.session.story_id, name)
        turn = there.state.turn
        self._show_present(f"You are now on the branch '{there.branch.name}', after turn {turn}.")

    def _show_present(self, where: str) -> None:
        self.screen.say(f"{where}\n", "dim")
        views.show_present(self.screen, self.session.state)


def _read(screen: Screen, *, echo: bool = False) -> str | None:
    """The next line, None where there are no more; ``echo`` shows one that came from a pipe."""
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
