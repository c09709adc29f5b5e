"""``tta story``: stories without a person at the keyboard, one or a whole file of them.

Prose or JSON lines on standard output; a progress bar on standard error if that is a terminal.
Ctrl-C keeps every finished turn and says how to go on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from tta_rebuild.cli.arguments import AsJson, GoOnWith, WhichBranch
from tta_rebuild.cli.exits import Interrupted
from tta_rebuild.cli.failures import OnFailure, WhatOnFailure, decided, for_failures, told
from tta_rebuild.cli.moves import POLICIES, MoveSource, automatic, from_lines
from tta_rebuild.cli.opening import context_of, with_application
from tta_rebuild.cli.premises import read_premises
from tta_rebuild.cli.screen import MOVE_CHARS, Screen, counted, one_line
from tta_rebuild.cli.story_options import StoryOptions, premise_notes, premise_of, with_options
from tta_rebuild.cli.turn_view import (
    TurnResult,
    play_turn,
    show_choices,
    show_heading,
    show_teller,
    teller_before,
)
from tta_rebuild.core.errors import ExecutionError, StoreError

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.application import Application
    from tta_rebuild.core.story import Premise
    from tta_rebuild.engine.action import Action
    from tta_rebuild.engine.session import Session

MAX_REFUSALS = 20
"""Moves in a row that may be refused before the run gives up."""


class AutoPolicyCommand(TyperCommand):
    """Lets ``--auto`` stand alone or name its policy: ``--auto``, ``--auto random``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read ``--auto POLICY`` as ``--auto --policy POLICY``."""
        spelt: list[str] = []
        for word in args:
            head, equals, policy = word.partition("=")
            if head == "--auto" and equals:
                spelt += ["--auto", "--policy", policy]
            elif spelt and spelt[-1] == "--auto" and not word.startswith("-"):
                spelt += ["--policy", word]
            else:
                spelt.append(word)
        return super().parse_args(ctx, spelt)


Theme = Annotated[str | None, typer.Option(help="What the story is about.")]
Premises = Annotated[
    Path | None,
    typer.Option(help="A file of premises, one a line (text or JSON); - is standard input."),
]
Auto = Annotated[
    bool,
    typer.Option(
        "--auto",
        help="Choose by itself; may name how: first, random or varied (the default). "
        "Without it, each line of standard input is a move.",
    ),
]


@with_options
def story(
    ctx: typer.Context,
    *,
    theme: Theme = None,
    premises: Premises = None,
    story_: GoOnWith = "",
    branch: WhichBranch = "main",
    turns: Annotated[
        int, typer.Option(metavar="<n>", help="Turns to play.", min=1, max=100_000)
    ] = 5,
    auto: Auto = False,
    policy: Annotated[str, typer.Option(help="How --auto chooses.", hidden=True)] = "varied",
    json_: AsJson = False,
    skip: Annotated[
        int, typer.Option(metavar="<n>", help="With --premises: leave out the first N.", min=0)
    ] = 0,
    on_failure: WhatOnFailure = None,
    options: StoryOptions,
) -> None:
    """Tell one or many stories by itself."""
    command = context_of(ctx)
    _check(sum((theme is not None, premises is not None, bool(story_))), policy, auto, premises)
    planned = _planned(theme, premises, options, skip)

    def moves(seed: int) -> MoveSource:
        return automatic(policy, seed) if auto else from_lines(sys.stdin)

    runs: list[StoryRun] = []

    async def work(application: Application) -> None:
        run = StoryRun(
            command.screen,
            application,
            turns=turns,
            moves=moves,
            skipped=skip if premises else None,
            as_json=json_,
            waits=decided(on_failure, application.settings) == OnFailure.WAIT,
        )
        runs.append(run)
        await (run.go_on(story_, branch) if story_ else run.all(planned))

    try:
        with_application(
            command,
            work,
            model=options.model or None,
            warm=True,
            adjust=lambda settings: for_failures(settings, decided(on_failure, settings)),
        )
    except KeyboardInterrupt:
        for run in runs:
            run.say_farewell()
            raise Interrupted from None
        raise


def _check(sources: int, policy: str, auto: bool, premises: Path | None) -> None:
    """Raise BadParameter where the options do not say what to tell, or who chooses."""
    if sources != 1:
        raise typer.BadParameter(
            "give one of --theme, --premises and --story.", param_hint="--theme"
        )
    if policy not in POLICIES:
        raise typer.BadParameter(
            f"'{policy}' is no way to choose; there are {', '.join(POLICIES)}.", param_hint="--auto"
        )
    if not auto and (sys.stdin.isatty() or premises):
        raise typer.BadParameter(
            "add --auto to let the story choose by itself, or play it yourself with 'tta play'.",
            param_hint="--auto",
        )


def _planned(
    theme: str | None, file: Path | None, options: StoryOptions, skip: int
) -> Sequence[tuple[str, Premise]]:
    if theme is not None:
        return [("", premise_of(theme, options))]
    if file is None:
        return []
    lines = read_premises(file)
    if skip >= len(lines):
        raise typer.BadParameter(
            f"the file holds {len(lines)} premises, none is left after {skip}.", param_hint="--skip"
        )
    return [
        (line.name, premise_of(line.theme, options, source=line.source)) for line in lines[skip:]
    ]


class StoryRun:
    """Plays stories to the number of turns wished for, and reports each turn as it is stored.

    Args:
        skipped: how many of a file's premises were left out; None if there is no file.
        waits: for a model that fails, instead of ending the run.
    """

    def __init__(
        self,
        screen: Screen,
        application: Application,
        *,
        turns: int,
        moves: Callable[[int], MoveSource],
        skipped: int | None,
        as_json: bool,
        waits: bool = False,
    ) -> None:
        self._play = partial(told, notes=screen) if waits else play_turn
        self.screen = screen
        self.stories = application.stories
        self.teller = application.models[0]
        self.turns = turns
        self.moves = moves
        self.as_json = as_json
        self.skipped = skipped
        self.planned = self.done = 0
        self.session: Session | None = None

    async def all(self, planned: Sequence[tuple[str, Premise]]) -> None:
        """Every planned story from its beginning."""
        self.planned = len(planned)
        with _progress(self.screen, len(planned) * self.turns, self.as_json) as advance:
            for name, premise in planned:
                session = await self.stories.open(premise)
                try:
                    await self._tell(session, name, advance)
                finally:
                    if not session.state.turn:  # its premise stands in the command or the file
                        with suppress(StoreError):
                            await self.stories.delete(session.story_id)
                self.done += 1

    async def go_on(self, story: str, branch: str) -> None:
        """Further turns of a story that exists."""
        session = await self.stories.resume(story, branch)
        with _progress(self.screen, self.turns, self.as_json) as advance:
            await self._tell(session, "", advance)

    async def _tell(self, session: Session, name: str, advance: Callable[[], None]) -> None:
        premise = session.state.premise
        title = premise.title or one_line(premise.theme, 60)
        notes = [] if session.state.turn else list(premise_notes(premise, self.teller))
        self._emit(
            "story",
            story_id=session.story_id,
            premise_id=name,
            title=title,
            theme=premise.theme,
            rules=dict(premise.rules),
            seed=premise.seed,
            branch=session.branch.name,
            turn=session.state.turn,
            teller=self.teller,
            teller_before=teller_before(session.state, self.teller),
            notes=notes,
        )
        if not self.as_json:
            show_heading(self.screen, title, f"story {session.story_id[:8]}")
            for note in () if self.done else notes:
                self.screen.note(note)
            show_teller(self.screen, session.state, self.teller)
        before, self.session = session.state.turn, session
        try:
            await self._turns(session, advance)
        finally:
            self._close(session, session.state.turn - before)

    async def _turns(self, session: Session, advance: Callable[[], None]) -> None:
        from tta_rebuild.engine.action import Action

        moves = self.moves(session.state.premise.seed)
        left, refused = self.turns, 0
        while left and not session.state.ended:
            first = not session.state.turn
            move = Action.begin() if first else moves.next(session.state.choices)
            if move is None:
                return
            if not self.as_json and not first:
                self.screen.say(f"> {one_line(_words(move, session), MOVE_CHARS)}", "bold")
                self.screen.say()
            began = time.perf_counter()
            result = await self._play(session, move, None if self.as_json else self.screen)
            if result.refused:
                self._emit("refused", story_id=session.story_id, reason=result.refused)
                refused += 1
                if refused > MAX_REFUSALS:
                    raise ExecutionError(
                        f"{refused} moves in a row were not played, the last because: "
                        f"{result.refused}"
                    )
                continue
            left, refused = left - 1, 0
            self._report(session, result, move, time.perf_counter() - began)
            advance()

    def _report(self, session: Session, result: TurnResult, move: Action, seconds: float) -> None:
        state = session.state
        assert state.scene is not None  # what is not refused ends with a scene
        if not self.as_json:
            show_choices(self.screen, state)
            if state.choices or state.rejected:
                self.screen.say()
            return
        scene = asdict(state.scene)
        del scene["passages"], scene["notes"]
        self._emit(
            "turn",
            story_id=session.story_id,
            turn=state.turn,
            action=state.action,
            choice=move.number or None,
            text=state.scene.text,
            **scene,
            choices=state.choices,
            left_out=state.rejected,
            warnings=result.warnings,
            cost_usd=result.cost_usd,
            tokens=result.tokens,
            told_ms=round(result.told_s * 1000, 2),
            ms=round(seconds * 1000, 2),
        )

    def say_farewell(self) -> None:
        """Say after Ctrl-C what is kept and how to go on."""
        how = ""
        if self.skipped is not None:
            how = f" For the rest, repeat the command with --skip {self.skipped + self.done}."
        elif self.session is not None and self.as_json:  # in prose, the story's end says it
            how = f" Go on with: tta story --story {self.session.story_id[:8]} --auto"
        done = f" after {self.done} of {counted(self.planned, 'story')}" if self.planned > 1 else ""
        self.screen.note(f"Stopped{done}; every finished turn is kept.{how}")

    def _close(self, session: Session, played: int) -> None:
        ended = session.state.ended
        self._emit(
            "end", story_id=session.story_id, turns=session.state.turn, played=played, ended=ended
        )
        if not self.as_json and session.state.turn:
            kept = f"Kept: {counted(session.state.turn, 'turn')}."
            which = session.story_id[:8]
            self.screen.say(
                f"The story has ended. {kept} Read it: tta stories export {which}"
                if ended
                else f"The story can go on. {kept} Play it: tta play --story {which}",
                "dim",
            )
            self.screen.say()

    def _emit(self, kind: str, **values: Any) -> None:
        if self.as_json:
            self.screen.json({"type": kind, **values})


def _words(move: Action, session: Session) -> str:
    choices = session.state.choices
    if move.number and move.number <= len(choices):
        return choices[move.number - 1].text
    return move.text


@contextmanager
def _progress(screen: Screen, total: int, as_json: bool) -> Iterator[Callable[[], None]]:
    """A bar on standard error where that is a terminal and no prose runs through it."""
    prose_in_the_way = not as_json and sys.stdout.isatty()
    if not screen.err.is_terminal or prose_in_the_way:
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(bar_width=None), MofNCompleteColumn(), TimeRemainingColumn())
    # Standard output is left alone: a bar that took it over would show there, on the terminal,
    # what belongs into a file or a pipe.
    with Progress(*columns, console=screen.err, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("turns", total=total)
        yield lambda: progress.advance(task)


app = typer.Typer(rich_markup_mode=None, add_completion=False)
app.command(cls=AutoPolicyCommand)(story)
