"""``tta play``: one person, one story, a turn at a time.

On a terminal it asks; from a pipe it takes every line as a move, and stops where the lines end.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli.asking import Wishes, kit_of, premise_of
from tta_rebuild.cli.keyboard import ask
from tta_rebuild.cli.opening import Desk, desk, in_workshop
from tta_rebuild.cli.screen import Screen, counted, one_line
from tta_rebuild.cli.slash import Slash
from tta_rebuild.cli.telling import Told, play_turn, show_choices, show_heading, show_scene
from tta_rebuild.core.errors import BudgetExceededError, ProviderError

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Application
    from tta_rebuild.core.story import Premise
    from tta_rebuild.engine.action import Action
    from tta_rebuild.engine.session import Session
    from tta_rebuild.storage.story_store import StoryRow

SUGGESTIONS = (
    "A lighthouse keeper finds a door under the stairs that was not there yesterday.",
    "Two sisters inherit a bakery, and the recipe book has a page torn out.",
    "The last ship of the season brings a passenger who is on nobody's list.",
    "A quiet week in the mountains, to find out what to leave behind.",
)

MAX_LINE_CHARS = 10_000_000
"""Longest line taken from a pipe; the rest of it counts as the next line."""


def play(
    ctx: typer.Context,
    theme: Annotated[
        str | None, typer.Option(help="What the story is about, in your words.")
    ] = None,
    story: Annotated[
        str, typer.Option(help="Go on with a story: its id, the start of it, or its title.")
    ] = "",
    branch: Annotated[str, typer.Option(help="With --story: the branch to go on along.")] = "main",
    character: Annotated[
        list[str] | None,
        typer.Option(help='"Name: description; brave=0.8". The first one is you. Repeatable.'),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help='A rule of the world: no_magic="no magic". Repeatable.')
    ] = None,
    boundary: Annotated[
        list[str] | None,
        typer.Option(help="What to keep out: violence=low (none, low, medium, high). Repeatable."),
    ] = None,
    kit: Annotated[
        str,
        typer.Option(help="The offline storyteller's kit, such as fantasy.", callback=kit_of),
    ] = "",
    title: Annotated[str, typer.Option(help="The story's title.")] = "",
    style: Annotated[str, typer.Option(help="How it is told.")] = "balanced",
    seed: Annotated[int | None, typer.Option(help="Same seed, same story.", min=0)] = None,
    length: Annotated[
        int, typer.Option(help="Scenes until the end; 0 leaves it to you.", min=0, max=10_000)
    ] = 0,
    model: Annotated[
        str, typer.Option(help="provider:model, 'local' or 'offline'; 'tta models' shows them.")
    ] = "",
) -> None:
    """Play a story.

    Every finished turn is kept. In the story, ? shows what can be typed.
    """
    at = desk(ctx)
    wishes = Wishes(
        title=title,
        kit=kit,
        characters=character or (),
        rules=rule or (),
        boundaries=boundary or (),
        style=style,
        seed=seed,
        length=length,
        model=model,
    )
    if story and theme is not None:
        raise typer.BadParameter(
            "a story that exists keeps its theme; give --theme or --story.", param_hint="--story"
        )
    begins = premise_of(theme, wishes) if theme is not None else None
    if theme is None and not story and not sys.stdin.isatty():
        raise typer.BadParameter(
            "say what the story is about, like --theme "
            '"a lighthouse keeper finds a door", or go on with --story.',
            param_hint="--theme",
        )

    async def work(application: Application) -> None:
        sitting = Sitting(at, application)
        if begins is not None:
            await sitting.begin(begins)
        elif story:
            await sitting.go_on(story, branch)
        else:
            await sitting.ask(wishes)

    in_workshop(at, work, model=model or None, warm=True)


class Sitting:
    """One player at one terminal."""

    def __init__(self, at: Desk, application: Application) -> None:
        self.screen: Screen = at.screen
        self.application = application
        self.stories = application.stories

    async def ask(self, wishes: Wishes) -> None:
        """Find out kindly what to play."""
        screen = self.screen
        known = await self.stories.list()
        latest: StoryRow | None = known[0] if known else None
        screen.say("What shall the story be about?", "bold")
        screen.say("A sentence or two in your own words, or a number:")
        screen.say()
        screen.numbered(SUGGESTIONS)
        if latest:
            screen.entry(" c", f"go on with '{one_line(latest.title, 60)}', turn {latest.turns}")
        screen.say()
        while (answer := self.read("> ")) is not None:
            if not answer:
                answer = "1"
            if latest and answer.lower() == "c":
                await self.go_on(latest.story_id, "main")
                return
            if answer.lower() in ("/quit", "/q", "quit"):
                return
            if answer.isdecimal() and 1 <= int(answer) <= len(SUGGESTIONS):
                answer = SUGGESTIONS[int(answer) - 1]
            try:
                premise = premise_of(answer, wishes, source="your words")
            except typer.BadParameter as error:
                if error.param_hint != "your words":
                    raise
                screen.say(error.message, "yellow")
                continue
            await self.begin(premise)
            return

    async def begin(self, premise: Premise) -> None:
        """A new story, from its opening scene."""
        await self._play(await self.stories.open(premise))

    async def go_on(self, story: str, branch: str) -> None:
        """A story from where it stands."""
        await self._play(await self.stories.resume(story, branch))

    async def _play(self, session: Session) -> None:
        from tta_rebuild.engine.action import Action

        title = await self._title(session)
        slash = Slash(self.stories, self.screen, title=title, cost=self._cost)
        show_heading(
            self.screen,
            title,
            f"story {session.story_id[:8]}",
            "" if session.branch.name == "main" else f"branch {session.branch.name}",
            f"turn {session.state.turn}" if session.state.turn else "",
            f"told by {first}" if (first := self.application.models[0]) != "offline" else "",
        )
        try:
            if not session.state.turn:
                await self._turn(session, Action.begin())
            else:
                if session.state.scene:
                    show_scene(self.screen, session.state.scene)
                show_choices(self.screen, session.state.choices)
            session = await self._turns(session, slash)
        except (KeyboardInterrupt, ProviderError, BudgetExceededError):
            self._say_how_to_go_on(session)
            raise
        except BaseException as stopped:
            if type(stopped).__name__ == "CancelledError":
                self._say_how_to_go_on(session)
            raise
        self._say_how_to_go_on(session)

    async def _turns(self, session: Session, slash: Slash) -> Session:
        while True:
            if session.state.ended:
                self.screen.say("The story ends here. /undo or /fork open another way.", "dim")
            line = self.read("> ", echo=True)
            if line is None:
                return session
            move = self._move(line, session)
            if line.startswith(("/", "?")):
                outcome = await slash.obey(line, session)
                if outcome.leave:
                    return session
                session, move = outcome.session, outcome.move
            if move is not None:
                await self._turn(session, move)

    @staticmethod
    def _move(line: str, session: Session) -> Action | None:
        from tta_rebuild.engine.action import Action

        if not line or line.startswith(("/", "?")):
            return None
        if line.isdecimal() and len(line) < 4:
            return Action.choose(int(line))
        return Action.say(line)

    async def _turn(self, session: Session, move: Action) -> Told:
        if session.state.turn:
            self.screen.say()
        told = await play_turn(session, move, self.screen)
        if told.refused:
            return told
        show_choices(self.screen, told.choices)
        if told.cost_usd > 0:
            self.screen.say(await self._cost(session.story_id), "dim")
        return told

    async def _title(self, session: Session) -> str:
        rows = await self.stories.list()
        return next(
            (row.title for row in rows if row.story_id == session.story_id),
            session.state.premise.title,
        )

    async def _cost(self, story_id: str) -> str:
        await self.application.tracker.flush()
        story_usd = await self.application.ledger.spent_usd(story_id=story_id)
        session_usd = await self.application.tracker.spent_usd("session")
        limit_usd = self.application.settings.max_cost_usd
        return (
            f"This sitting ${session_usd:.4f} of at most ${limit_usd:.2f}, "
            f"this story ${story_usd:.4f}."
        )

    def _say_how_to_go_on(self, session: Session) -> None:
        if not session.state.turn:
            return
        branch = "" if session.branch.name == "main" else f' --branch "{session.branch.name}"'
        self.screen.say()
        self.screen.say(
            f"Kept: {counted(session.state.turn, 'turn')}. "
            f"Go on with: tta play --story {session.story_id[:8]}{branch}",
            "dim",
        )

    def read(self, prompt: str, *, echo: bool = False) -> str | None:
        """The next line without what is no text; None where there are no more.

        ``echo`` shows a line that came from a pipe, so that the log of a run can be read.
        """
        from tta_rebuild.cli.screen import plain

        on_terminal = sys.stdin.isatty()
        try:
            line = ask(prompt) if on_terminal else sys.stdin.readline(MAX_LINE_CHARS)
        except EOFError:
            return None
        if not on_terminal:
            if not line:
                return None
            if echo:
                self.screen.say(f"{prompt}{one_line(line, 200)}", "bold")
        return plain(line).replace("\t", " ").strip()
