"""``tta facts`` and ``tta retcon``: what is true in a story, and how an author corrects it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tta_rebuild.cli.canon_views import show_contradictions, show_facts, show_plan
from tta_rebuild.cli.opening import among_stories, desk, in_workshop
from tta_rebuild.cli.screen import counted, one_line
from tta_rebuild.cli.story_file import text_of_file

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Application
    from tta_rebuild.canon.retcon import RetconPlan
    from tta_rebuild.canon.view import Canon
    from tta_rebuild.engine.retcons import Retconned

WAYS: dict[str, Literal["keep", "mark", "rewrite"]] = {
    "keep": "keep",
    "mark": "mark",
    "rewrite": "rewrite",
}


def facts(
    ctx: typer.Context,
    story: Annotated[
        str, typer.Argument(help="A story (id, the start of it, or title), or a text file.")
    ],
    word: Annotated[str, typer.Argument(help="Only what mentions this word.")] = "",
    branch: Annotated[str, typer.Option(help="The branch to look at.")] = "main",
    turn: Annotated[int | None, typer.Option(help="As of the end of this turn.", min=0)] = None,
    json_: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Show who is who, where everybody is, and what holds.

    Of a story kept here, or of any text file.
    """
    at = desk(ctx)
    text = text_of_file(story)
    if text is not None:
        from tta_rebuild.reading.story_reader import read_story

        read = read_story(text)
        places = {p: n + 1 for p, n in read.positions.items()}
        canon, upto, unit = read.canon, read.canon.position, "sentence"
        if not json_:
            at.screen.say(f"{one_line(story)}: {counted(len(read.sentences), 'sentence')} read.")
    else:

        async def work(application: Application) -> tuple[Canon, dict[int, int]]:
            from tta_rebuild.engine.state import StoryFold

            fold = StoryFold()
            turns = {}
            for recorded in await application.stories.path(story, branch):
                if turn is None or recorded.turn <= turn:
                    fold.apply(recorded)
                    turns[recorded.position] = recorded.turn
            return fold.present().canon, turns

        canon, places = among_stories(at, work)
        upto, unit = canon.position, "turn"
    found = [fact for fact in canon.fork(upto).all_now() if _mentions(word, asdict(fact))]
    if json_:
        for fact in found:
            row = asdict(fact) | {unit: places.get(fact.since)}
            at.screen.raw(json.dumps(row, ensure_ascii=False))
        return
    show_facts(at.screen, canon, found, places, unit, word=word)
    if text is not None:
        show_contradictions(at.screen, read)


def retcon(
    ctx: typer.Context,
    story: Annotated[str, typer.Argument(help="A story: its id, the start of it, or its title.")],
    subject: Annotated[str, typer.Argument(help="Of whom or what, as 'tta facts' names it.")],
    relation: Annotated[str, typer.Argument(help="The relation, such as holds or located_in.")],
    value: Annotated[str, typer.Argument(help="The value that was never so.")],
    becomes: Annotated[str, typer.Option(help="The value that was so instead.")] = "",
    how: Annotated[
        str,
        typer.Option(
            help="keep what came after, mark it as doubtful, or rewrite from there on a fork; "
            "without it only the plan is shown."
        ),
    ] = "",
    branch: Annotated[str, typer.Option(help="The branch to correct.")] = "main",
    reason: Annotated[str, typer.Option(help="Why; kept in the log.")] = "",
) -> None:
    """Take back or correct a fact of a story.

    Shows which events depend on it; changes nothing until --how says what becomes of them.
    """
    at = desk(ctx)
    if how and how not in WAYS:
        raise typer.BadParameter(f"choose from {', '.join(WAYS)}.", param_hint="--how")

    async def work(application: Application) -> tuple[RetconPlan, dict[int, int], Retconned | None]:
        from tta_rebuild.core.story import Claim

        wrong = Claim(subject=subject, relation=relation, value=value)
        right = Claim(subject=subject, relation=relation, value=becomes) if becomes else None
        turns = {r.position: r.turn for r in await application.stories.path(story, branch)}
        plan = await application.stories.plan_retcon(story, branch, wrong, right)
        if how:
            made = await application.stories.retcon(
                story, branch, wrong, right, how=WAYS[how], reason=one_line(reason)
            )
            return made.plan, turns, made
        return plan, turns, None

    plan, turns, made = in_workshop(at, work)
    show_plan(at.screen, plan, turns)
    if made is None:
        at.screen.say("Nothing is changed yet: repeat it with --how keep, mark or rewrite.")
    elif made.how == "rewrite":
        at.screen.say(
            f"Corrected on the branch '{made.branch.name}', which parts after turn "
            f"{made.branch.turn}. Tell it anew from there: tta play --story "
            f'{made.branch.story_id[:8]} --branch "{made.branch.name}"'
        )
    else:
        at.screen.say(f"Corrected on the branch '{made.branch.name}'.")


def _mentions(word: str, fact: dict[str, object]) -> bool:
    wanted = word.casefold()
    return not wanted or any(
        wanted in str(fact[key]).casefold().replace("_", " ")
        for key in ("subject", "relation", "value", "sentence")
    )
