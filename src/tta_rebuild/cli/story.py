"""``tta story``: stories without a person at the keyboard, one or a whole file of them.

Prose or JSON lines on standard output; a progress bar on standard error if that is a terminal.
Ctrl-C keeps every finished turn and says how to go on.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from tta_rebuild.cli.asking import Wishes, kit_of, premise_of
from tta_rebuild.cli.auto import POLICIES, Moves, automatic, from_lines
from tta_rebuild.cli.opening import desk, in_workshop
from tta_rebuild.cli.premises import read_premises
from tta_rebuild.cli.screen import Screen, counted, one_line
from tta_rebuild.cli.telling import Told, play_turn, show_choices, show_heading
from tta_rebuild.core.errors import ExecutionError

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Application
    from tta_rebuild.core.story import Premise
    from tta_rebuild.engine.action import Action
    from tta_rebuild.engine.session import Session

MAX_REFUSALS = 20
"""Moves in a row that may be refused before the run gives up."""


class AutoTakesAPolicy(TyperCommand):
    """Lets ``--auto`` stand alone or name its policy: ``--auto``, ``--auto random``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read ``--auto POLICY`` as ``--auto --policy POLICY``."""
        spelt: list[str] = []
        for word in args:
            head, equals, policy = word.partition("=")
            if head == "--auto" and equals:
                spelt += ["--auto", "--policy", policy]
            elif spelt and spelt[-1] == "--auto" and word in POLICIES:
                spelt += ["--policy", word]
            else:
                spelt.append(word)
        return super().parse_args(ctx, spelt)


def story(
    ctx: typer.Context,
    theme: Annotated[str | None, typer.Option(help="What the story is about.")] = None,
    premises: Annotated[
        Path | None,
        typer.Option(help="A file of premises, one a line (text or JSON); - is standard input."),
    ] = None,
    story_: Annotated[
        str, typer.Option("--story", help="Go on with a story: its id or title.")
    ] = "",
    branch: Annotated[str, typer.Option(help="With --story: the branch.")] = "main",
    turns: Annotated[int, typer.Option(help="Turns to play.", min=1, max=100_000)] = 5,
    auto: Annotated[
        bool,
        typer.Option(
            "--auto",
            help="Choose by itself; may name how: first, random or varied (the default). "
            "Without it, each line of standard input is a move.",
        ),
    ] = False,
    policy: Annotated[str, typer.Option(help="How --auto chooses.", hidden=True)] = "varied",
    json_: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    skip: Annotated[int, typer.Option(help="With --premises: leave out the first N.", min=0)] = 0,
    character: Annotated[
        list[str] | None, typer.Option(help='"Name: description; brave=0.8". Repeatable.')
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help='A rule of the world: no_magic="no magic". Repeatable.')
    ] = None,
    boundary: Annotated[
        list[str] | None, typer.Option(help="What to keep out: violence=low. Repeatable.")
    ] = None,
    kit: Annotated[str, typer.Option(help="The offline storyteller's kit.", callback=kit_of)] = "",
    title: Annotated[str, typer.Option(help="The story's title.")] = "",
    style: Annotated[str, typer.Option(help="How it is told.")] = "balanced",
    seed: Annotated[int | None, typer.Option(help="Same seed, same story.", min=0)] = None,
    length: Annotated[
        int, typer.Option(help="Scenes until the end; 0 has none.", min=0, max=100_000)
    ] = 0,
    model: Annotated[str, typer.Option(help="provider:model, 'local' or 'offline'.")] = "",
) -> None:
    """Tell one or many stories by itself."""
    at = desk(ctx)
    if sum((theme is not None, premises is not None, bool(story_))) != 1:
        raise typer.BadParameter(
            "give one of --theme, --premises and --story.", param_hint="--theme"
        )
    if policy not in POLICIES:
        raise typer.BadParameter(
            f"'{policy}' is no policy; there are {', '.join(POLICIES)}.", param_hint="--auto"
        )
    if not auto and (sys.stdin.isatty() or premises):
        raise typer.BadParameter(
            "add --auto to let the story choose by itself, or play it yourself with 'tta play'.",
            param_hint="--auto",
        )
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
    planned = _planned(theme, premises, wishes, skip)

    async def work(application: Application) -> None:
        moves: Callable[[int], Moves] = (
            (lambda seed: automatic(policy, seed)) if auto else (lambda seed: from_lines(sys.stdin))
        )
        run = Run(at.screen, application, turns=turns, moves=moves, as_json=json_)
        if story_:
            await run.go_on(story_, branch)
        else:
            await run.all(planned, file=premises, skipped=skip)

    in_workshop(at, work, model=model or None, warm=True)


def _planned(
    theme: str | None, file: Path | None, wishes: Wishes, skip: int
) -> Sequence[tuple[str, Premise]]:
    if theme is not None:
        return [("", premise_of(theme, wishes))]
    if file is None:
        return []
    lines = read_premises(file)
    if skip >= len(lines):
        raise typer.BadParameter(
            f"the file holds {len(lines)} premises, none is left after {skip}.", param_hint="--skip"
        )
    return [(line.name, premise_of(line.theme, wishes)) for line in lines[skip:]]


class Run:
    """Plays stories to the number of turns wished for, and reports each turn as it is stored."""

    def __init__(
        self,
        screen: Screen,
        application: Application,
        *,
        turns: int,
        moves: Callable[[int], Moves],
        as_json: bool,
    ) -> None:
        self.screen = screen
        self.stories = application.stories
        self.turns = turns
        self.moves = moves
        self.as_json = as_json

    async def all(
        self, planned: Sequence[tuple[str, Premise]], *, file: Path | None, skipped: int
    ) -> None:
        """Every planned story from its beginning."""
        done = 0
        try:
            with _progress(self.screen, len(planned) * self.turns, self.as_json) as advance:
                for name, premise in planned:
                    session = await self.stories.open(premise)
                    await self._tell(session, name, advance)
                    done += 1
        except asyncio.CancelledError:
            if file is not None:
                self.screen.note(
                    f"Stopped after {done} of {len(planned)} stories; for the rest, repeat the "
                    f"command with --skip {skipped + done}."
                )
            raise

    async def go_on(self, story: str, branch: str) -> None:
        """Further turns of a story that exists."""
        session = await self.stories.resume(story, branch)
        with _progress(self.screen, self.turns, self.as_json) as advance:
            await self._tell(session, "", advance)

    async def _tell(self, session: Session, name: str, advance: Callable[[], None]) -> None:
        from tta_rebuild.engine.action import Action

        premise = session.state.premise
        title = premise.title or one_line(premise.theme, 60)
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
        )
        if not self.as_json:
            show_heading(self.screen, title, f"story {session.story_id[:8]}")
        moves = self.moves(premise.seed)
        played = refused = 0
        try:
            while played < self.turns and not session.state.ended:
                first = not session.state.turn
                move = Action.begin() if first else moves.next(session.state.choices)
                if move is None:
                    break
                if not self.as_json and not first:
                    self.screen.say(f"> {_words(move, session)}", "bold")
                    self.screen.say()
                began = time.perf_counter()
                told = await play_turn(session, move, None if self.as_json else self.screen)
                seconds = time.perf_counter() - began
                if told.refused:
                    self._emit("refused", story_id=session.story_id, reason=told.refused)
                    refused += 1
                    if refused > MAX_REFUSALS:
                        raise ExecutionError(
                            f"{refused} moves in a row were not played, the last because: "
                            f"{told.refused}"
                        )
                    continue
                played, refused = played + 1, 0
                self._report(session, told, move, seconds)
                advance()
        except asyncio.CancelledError:
            if self.as_json:
                self.screen.note(
                    f"Kept: {counted(session.state.turn, 'turn')}. "
                    f"Go on with: tta story --story {session.story_id[:8]} --auto"
                )
            raise
        finally:
            self._close(session, played)

    def _report(self, session: Session, told: Told, move: Action, seconds: float) -> None:
        scene = told.scene
        if scene is None:
            return
        if not self.as_json:
            show_choices(self.screen, told.choices)
            if told.choices:
                self.screen.say()
            return
        self._emit(
            "turn",
            story_id=session.story_id,
            turn=session.state.turn,
            action=session.state.action,
            choice=move.number or None,
            scene_id=scene.scene_id,
            text=scene.text,
            setting=scene.setting,
            tone=scene.tone,
            stage=scene.stage,
            quality=scene.quality,
            told_by=scene.told_by,
            degraded=scene.degraded,
            is_ending=scene.is_ending,
            choices=[asdict(choice) for choice in told.choices],
            warnings=list(told.warnings),
            cost_usd=told.cost_usd,
            tokens=told.tokens,
            told_ms=round(told.told_s * 1000, 2),
            ms=round(seconds * 1000, 2),
        )

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
            self.screen.raw(json.dumps({"type": kind, **values}, ensure_ascii=False))


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
app.command(cls=AutoTakesAPolicy)(story)
