"""``tta story``: stories without a person at the keyboard, one or a whole file of them."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli import story_view as view
from tta_rebuild.cli.care_view import answer_of, note_as_json, show_note
from tta_rebuild.cli.exits import Interrupted
from tta_rebuild.cli.inputs import from_lines, read_premises
from tta_rebuild.cli.opening import PlayTurn, with_storyteller
from tta_rebuild.cli.screen import MOVE_CHARS, Screen, counted, message, one_line
from tta_rebuild.cli.story_options import StoryOptions, premise_notes, premise_of, theme_of
from tta_rebuild.lab.players import NextMove, Policy, automatic

MAX_REFUSALS = 20
"""Moves in a row that may be refused before the run gives up."""


class AutoPolicyCommand(TyperCommand):
    """Lets ``--auto`` stand alone: ``--auto varied`` is meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the policy after an ``--auto`` that has none."""
        spelt: list[str] = []
        for word, after in zip(args, [*args[1:], "-"], strict=True):
            spelt += ["--auto", "varied"] if word == "--auto" and after[:1] == "-" else [word]
        return super().parse_args(ctx, spelt)


@take.with_options
def story(
    ctx: typer.Context,
    *,
    premises: Annotated[Path | None, take.option("premises")] = None,
    turns: Annotated[int, take.number("turns", 1, 100_000)] = 5,
    auto: Annotated[Policy | None, take.option("auto")] = None,
    json_: take.AsJson = False,
    skip: Annotated[int, take.number("skip", 0)] = 0,
    options: StoryOptions,
) -> None:
    """Tell one or many stories by itself."""
    theme = theme_of(options)
    if sum((theme is not None, premises is not None, bool(options.story))) != 1:
        raise take.wrong("--theme", message("one_of_three"))
    if not auto and (sys.stdin.isatty() or premises):
        raise take.wrong("--auto", message("no_auto"))
    planned = [("", premise_of(theme, options))] if theme is not None else []
    if premises is not None:
        lines = read_premises(premises)
        if skip >= len(lines):
            raise take.wrong("--skip", message("all_skipped", count=len(lines), skip=skip))
        planned = [(p.name, premise_of(p.theme, options, source=p.source)) for p in lines[skip:]]
    run = StoryRun(
        screen=ctx.obj.screen,
        as_json=json_,
        turns=turns,
        has_player=not auto,
        moves=lambda seed: automatic(auto, seed) if auto else from_lines(sys.stdin),
        planned=planned,
        skipped=skip if premises else None,
    )

    async def work(application: tta.Application, play: PlayTurn) -> None:
        run.play, stories = play, application.stories
        run.teller_of = partial(view.teller_of, application)
        try:
            with _progress(run) as run.advance:
                if options.story:
                    await run.tell(await stories.resume(options.story, options.branch))
                await run.tell_planned(stories)
        except (KeyboardInterrupt, asyncio.CancelledError):
            run.say_farewell()
            raise Interrupted from None

    with_storyteller(ctx.obj, work, model=options.model, on_failure=options.on_failure)


@dataclass(kw_only=True)
class StoryRun:
    """Plays stories to the number of turns wished for, and reports each turn as it is stored.

    ``moves``: a story's seed → what chooses in it. Of the premises in a file, by name, ``skipped``
    were left out (None: no file); of the ``planned``, ``done`` are told. Where a person answers
    (``has_player``), what follows a note to them is theirs to say.
    """

    screen: Screen
    as_json: bool
    turns: int
    moves: Callable[[int], NextMove]
    planned: Sequence[tuple[str, tta.Premise]]
    skipped: int | None
    has_player: bool = False
    play: PlayTurn = view.play_turn
    advance: Callable[[], None] = lambda: None
    teller_of: Callable[[tta.StoryState], str] = lambda state: ""
    done: int = 0
    session: tta.Session | None = None

    async def tell_planned(self, stories: tta.Stories) -> None:
        """Every planned story from its beginning."""
        for name, premise in self.planned:
            session = await stories.open(premise)
            try:
                await self.tell(session, name)
            finally:
                if not session.state.turn:  # its premise stands in the command or the file
                    with suppress(tta.StoreError):
                        await stories.delete(session.story_id)
            self.done += 1

    async def tell(self, session: tta.Session, name: str = "") -> None:
        """Further turns of a story, as many as wished for."""
        before, premise = session.state, session.state.premise
        teller = self.teller_of(before)
        title = premise.title or one_line(premise.theme, 60)
        notes = [] if before.turn else list(premise_notes(premise, teller))
        about = {"title": title, "theme": premise.theme, "rules": dict(premise.rules)}
        stands = {"seed": premise.seed, "branch": session.branch.name, "turn": before.turn}
        by = {"teller": teller, "teller_before": view.teller_before(before, teller)}
        self._emit("story", session, premise_id=name, **about, **stands, **by, notes=notes)
        which = session.story_id[:8]
        if not self.as_json:
            view.show_heading(self.screen, session, title, teller)
            for note in () if self.done else notes:
                self.screen.note(note)
        self.session = session
        try:
            await self._turns(session)
        finally:
            turns, ended = session.state.turn, session.state.ended
            self._emit("end", session, turns=turns, played=turns - before.turn, ended=ended)
            if turns and not self.as_json:
                can, read = "The story can go on.", f"Play it: tta play --story {which}"
                if ended:
                    can, read = "The story has ended.", f"Read it: tta stories export {which}"
                self.screen.say(f"{can} Kept: {counted(turns, 'turn')}. {read}\n", "dim")

    async def _turns(self, session: tta.Session) -> None:
        next_move = self.moves(session.state.premise.seed)
        left, refused = self.turns, 0
        paused: tta.TurnPaused | None = None
        while left and not session.state.ended:
            choices, begins = session.state.choices, not session.state.turn
            if paused:
                move, paused = await self._answered(session, paused, next_move), None
            else:
                move = tta.Action.begin() if begins else next_move(choices)
            if move is None:
                return
            if not self.as_json and session.state.turn:
                taken = move.number and move.number <= len(choices)
                words = choices[move.number - 1].text if taken else move.text
                self.screen.say(f"> {one_line(words, MOVE_CHARS)}\n", "bold")
            began = time.perf_counter()
            result = await self.play(session, move, None if self.as_json else self.screen)
            if paused := result.paused:
                self._show_note(session, paused.note)
                continue
            if result.refused:
                refused += 1
                self._emit("refused", session, reason=result.refused)
                if refused > MAX_REFUSALS:
                    said = message("too_many_refused", count=refused, reason=result.refused)
                    raise tta.ExecutionError(said)
                continue
            left, refused = left - 1, 0
            self._report(session, result, move, time.perf_counter() - began)
            self.advance()

    def _show_note(self, session: tta.Session, note: tta.CareNote) -> None:
        self._emit("paused", session, **note_as_json(note))
        if not self.as_json:
            show_note(self.screen, note, can_choose=self.has_player)

    async def _answered(
        self, session: tta.Session, paused: tta.TurnPaused, next_move: NextMove
    ) -> tta.Action | None:
        """What follows a note, None to stop: as the next line says; without a player, the move."""
        if not self.has_player:
            return paused.go_on
        choices = session.state.choices
        move = next_move(choices)
        answer = answer_of(str(move.number) if move.number else move.text) if move else "stop"
        if answer == "stop":
            return None
        if answer == "gentler":
            self._emit("gentler", session, boundaries=dict(await session.make_gentler()))
        if answer == "go_on" or not session.state.turn:
            return paused.go_on
        return next_move(choices) if answer else move

    def _report(
        self, session: tta.Session, result: view.TurnResult, move: tta.Action, seconds: float
    ) -> None:
        state = session.state
        assert state.scene is not None  # what is not refused ends with a scene
        if not self.as_json:
            view.show_choices(self.screen, state)
            if state.choices or state.rejected:
                self.screen.say()
            return
        scene = asdict(state.scene) | {"text": state.scene.text}
        del scene["passages"], scene["notes"]
        moved = {"turn": state.turn, "action": state.action, "choice": move.number or None}
        offered = {"choices": state.choices, "left_out": state.rejected}
        spent = {"cost_usd": result.cost_usd, "tokens": result.tokens}
        took = {"told_ms": round(result.told_s * 1000, 2), "ms": round(seconds * 1000, 2)}
        told = {**moved, **scene, **offered, "warnings": result.warnings, **spent, **took}
        self._emit("turn", session, **told)

    def _emit(self, kind: str, session: tta.Session, **values: Any) -> None:
        if self.as_json:
            self.screen.json({"type": kind, "story_id": session.story_id, **values})

    def say_farewell(self) -> None:
        """Say after Ctrl-C what is kept and how to go on."""
        how, planned = "", len(self.planned)
        if self.skipped is not None:
            how = f" For the rest, repeat the command with --skip {self.skipped + self.done}."
        elif self.session is not None and self.as_json:  # in prose, the story's end says it
            how = f" Go on with: tta story --story {self.session.story_id[:8]} --auto"
        done = f" after {self.done} of {counted(planned, 'story')}" if planned > 1 else ""
        self.screen.note(f"Stopped{done}; every finished turn is kept.{how}")


@contextmanager
def _progress(run: StoryRun) -> Iterator[Callable[[], None]]:
    """A bar on standard error where that is a terminal and no prose runs through it."""
    console = run.screen.err
    if not console.is_terminal or (sys.stdout.isatty() and not run.as_json):
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(bar_width=None), MofNCompleteColumn(), TimeRemainingColumn())
    # A bar that took standard output over would show on the terminal what belongs into a file.
    with Progress(*columns, console=console, transient=True, redirect_stdout=False) as progress:
        task = progress.add_task("turns", total=run.turns * max(1, len(run.planned)))
        yield lambda: progress.advance(task)


app = take.group("")
app.command(cls=AutoPolicyCommand)(story)
