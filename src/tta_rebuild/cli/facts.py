"""``tta facts`` and ``tta retcon``: what is true in a story, and how an author corrects it."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tta_rebuild.cli.arguments import AsJson, StoryOrFile, WhichBranch, WhichStory
from tta_rebuild.cli.facts_view import facts_with, show_contradictions, show_facts, show_plan
from tta_rebuild.cli.files import story_text
from tta_rebuild.cli.opening import among_stories, context_of
from tta_rebuild.cli.screen import counted, one_line

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Application
    from tta_rebuild.canon.retcon import RetconPlan
    from tta_rebuild.canon.view import Canon
    from tta_rebuild.engine.retcons import Retconned

How = Literal["keep", "mark", "rewrite"]
_TRUTH = {"yes": "true", "no": "false"}


def facts(
    ctx: typer.Context,
    story: StoryOrFile,
    word: Annotated[str, typer.Argument(help="Only what mentions this word.")] = "",
    *,
    branch: WhichBranch = "main",
    turn: Annotated[
        int | None, typer.Option(metavar="<n>", help="As of the end of this turn.", min=0)
    ] = None,
    json_: AsJson = False,
) -> None:
    """Show who is who, where everybody is, and what holds.

    Of a story kept here, or of any English text file (that needs the extra 'parser').
    """
    command = context_of(ctx)
    screen = command.screen
    text = story_text(story)
    read = None
    if text is not None:
        from tta_rebuild.reading.story_reader import read_story

        read = read_story(text)
        canon, unit = read.canon, "sentence"
        places = {position: number + 1 for position, number in read.positions.items()}
        if not json_:
            screen.say(
                f"{one_line(story)}: {counted(len(read.sentences), 'sentence')} read by their "
                "grammar. What is read so is unconfirmed, and most of a text says nothing to it."
            )
    else:

        async def fold(application: Application) -> tuple[Canon, dict[int, int]]:
            from tta_rebuild.engine.state import StoryFold

            folded, turns = StoryFold(), {}
            for recorded in await application.stories.path(story, branch):
                if turn is None or recorded.turn <= turn:
                    folded.apply(recorded)
                    turns[recorded.position] = recorded.turn
            return folded.present().canon, turns

        (canon, places), unit = among_stories(command, fold), "turn"
    found = facts_with(word, canon.fork(canon.position).all_now())
    if json_:
        place = "turn" if read is None else "sentence_number"
        for fact in found:
            screen.json(asdict(fact) | {place: places.get(fact.since)})
        return
    show_facts(screen, canon, found, word=word, places=places, unit=unit)
    if read is not None:
        show_contradictions(screen, read)


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
) -> None:
    """Take back or correct a fact of a story.

    Shows which later facts depend on it; changes nothing until --how says what becomes of them.
    """
    command = context_of(ctx)

    async def work(application: Application) -> tuple[RetconPlan, dict[int, int], Retconned | None]:
        from tta_rebuild.core.story import Claim

        relation_id = relation.replace(" ", "_")
        wrong = Claim(subject=subject, relation=relation_id, value=_TRUTH.get(value, value))
        right = replace(wrong, value=_TRUTH.get(becomes, becomes)) if becomes else None
        turns = {r.position: r.turn for r in await application.stories.path(story, branch)}
        plan = await application.stories.plan_retcon(story, branch, wrong, right)
        if how:
            made = await application.stories.retcon(
                story, branch, wrong, right, how=how, reason=one_line(reason)
            )
            return made.plan, turns, made
        return plan, turns, None

    plan, turns, made = among_stories(command, work, changes=bool(how))
    screen = command.screen
    show_plan(screen, plan, turns)
    if made is None:
        screen.say("Nothing is changed yet: repeat it with --how keep, mark or rewrite.")
    elif made.how == "rewrite":
        screen.say(
            f"Corrected on the branch '{made.branch.name}', which parts after turn "
            f"{made.branch.turn}. Tell it anew from there: tta play --story "
            f'{made.branch.story_id[:8]} --branch "{made.branch.name}"'
        )
    else:
        screen.say(f"Corrected on the branch '{made.branch.name}'.")
