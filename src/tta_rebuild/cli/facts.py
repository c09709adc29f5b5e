"""``tta facts`` and ``tta retcon``: what is true in a story, and how an author corrects it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from tta_rebuild.cli import facts_view as views
from tta_rebuild.cli.arguments import AsJson, StoryOrFile, WhichBranch, WhichStory, number
from tta_rebuild.cli.files import story_text
from tta_rebuild.cli.opening import CommandContext, context_of, with_stories
from tta_rebuild.cli.screen import counted, one_line
from tta_rebuild.core.errors import PositionNotFound

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.application import Application
    from tta_rebuild.canon.retcon import RetconPlan
    from tta_rebuild.canon.view import Fact
    from tta_rebuild.core.story import LastingLine
    from tta_rebuild.engine.retcons import Retconned
    from tta_rebuild.engine.state import StoryState

Lines: TypeAlias = "Mapping[int, LastingLine]"
How = Literal["keep", "mark", "rewrite"]
_TRUTH = {"yes": "true", "no": "false"}


def facts(
    ctx: typer.Context,
    story: StoryOrFile,
    word: Annotated[str, typer.Argument(help="Only what mentions this word.")] = "",
    *,
    branch: WhichBranch = "main",
    turn: Annotated[int | None, number("As of the end of this turn.", 0)] = None,
    json_: AsJson = False,
) -> None:
    """Show who is who, where everybody is, and what holds.

    Of a story kept here, or of any English text file (that needs the extra 'parser').
    """
    command, text = context_of(ctx), story_text(story)
    screen = command.screen
    lines: Lines = {}
    if text is None:
        state, held, places, lines = _facts_of_story(command, story, branch, turn)
        canon, names, unit, key = state.canon, state.names, "turn", "turn"
    else:
        from tta_rebuild.reading.story_reader import read_story

        if turn is not None:
            raise typer.BadParameter("a text file has no turns.", param_hint="--turn")
        read = read_story(text)
        canon, held, names = read.canon, read.canon.all_now(), {}
        unit, key = "sentence", "sentence_number"
        places = {position: number + 1 for position, number in read.positions.items()}
    found, names = views.facts_with(word, held), views.names_written(held) | names
    if json_:
        for fact in found:
            screen.json(asdict(fact) | {key: places.get(fact.since)})
        return
    if text is not None:
        screen.say(
            f"{one_line(story)}: {counted(len(read.sentences), 'sentence')} read by their grammar. "
            "What is read so is unconfirmed, and most of a text says nothing to it."
        )
    views.show_facts(screen, canon, found, names=names, word=word, places=places, unit=unit)
    views.show_lines(screen, lines, word, names)
    if text is not None:
        views.show_contradictions(screen, read)


def _facts_of_story(
    command: CommandContext, story: str, branch: str, turn: int | None
) -> tuple[StoryState, list[Fact], dict[int, int], Mapping[int, LastingLine]]:
    """The state now; what holds and the lines in force at the end of a turn; position → turn.

    A line that a later correction ended is left out: as with facts, it never was so.
    """
    from tta_rebuild.core.events import FactRetconned, LineEnded

    async def work(application: Application) -> tuple[StoryState, dict[int, int], Lines]:
        from tta_rebuild.engine.state import StoryFold

        folded, turns, corrected = StoryFold(), dict[int, int](), -1
        lines: Lines = {}
        for recorded in await application.stories.path(story, branch):
            folded.apply(recorded)
            turns[recorded.position] = recorded.turn
            match recorded.event:
                case _ if turn is None or recorded.turn <= turn:
                    lines = folded.now.lines
                case FactRetconned():
                    corrected = recorded.turn
                case LineEnded(number=number) if corrected == recorded.turn:
                    lines = {n: line for n, line in lines.items() if n != number}
        return folded.present(), turns, lines

    present, turns, lines = with_stories(command, work)
    last = max(turns.values())
    if turn is not None and turn > last:
        raise PositionNotFound(f"the branch '{branch}' has no turn {turn}; its last is {last}")
    at = max(position for position, told in turns.items() if turn is None or told <= turn)
    return present, present.canon.all_now(at), turns, lines


def retcon(
    ctx: typer.Context,
    story: WhichStory,
    subject: Annotated[str, typer.Argument(help="Of whom or what, as 'tta facts' names it.")],
    relation: Annotated[str, typer.Argument(help="The relation, such as holds or located_in.")],
    value: Annotated[str, typer.Argument(help="The value that was never so.")],
    *,
    becomes: Annotated[str, typer.Option(help="The value that was so instead.")] = "",
    how: Annotated[
        How | None,
        typer.Option(
            help="keep what came after, mark it as doubtful, or rewrite from there on a fork; "
            "without it only the plan is shown."
        ),
    ] = None,
    branch: WhichBranch = "main",
    reason: Annotated[str, typer.Option(help="Why; kept in the log.")] = "",
    json_: AsJson = False,
) -> None:
    """Take back or correct a fact of a story.

    Shows which later facts depend on it; changes nothing until --how says what becomes of them.
    """
    command = context_of(ctx)

    async def work(application: Application) -> tuple[RetconPlan, dict[int, int], Retconned | None]:
        from tta_rebuild.core.story import Claim

        stories, relation_id = application.stories, relation.replace(" ", "_")
        wrong = Claim(subject=subject, relation=relation_id, value=_TRUTH.get(value, value))
        right = replace(wrong, value=_TRUTH.get(becomes, becomes)) if becomes else None
        turns = {r.position: r.turn for r in await stories.path(story, branch)}
        plan = await stories.plan_retcon(story, branch, wrong, right)
        if not how:
            return plan, turns, None
        made = await stories.retcon(story, branch, wrong, right, how=how, reason=one_line(reason))
        return made.plan, turns, made

    plan, turns, made = with_stories(command, work, changes=bool(how))
    screen = command.screen
    if json_:
        screen.json({"plan": plan, "how": how, "branch": made.branch if made else None})
        return
    views.show_plan(screen, plan, turns)
    if made is None:
        screen.say("Nothing is changed yet: repeat it with --how keep, mark or rewrite.")
    else:
        views.show_correction(screen, made, turns.get(plan.fact.since, 0))
