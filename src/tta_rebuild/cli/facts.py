"""``tta facts``, ``retcon`` and ``validate``: what is true in a story, corrected, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from tta_rebuild.cli import arguments as take
from tta_rebuild.cli import exits
from tta_rebuild.cli import facts_view as views
from tta_rebuild.cli.arguments import argument, number, option, repeated, wrong
from tta_rebuild.cli.inputs import story_text
from tta_rebuild.cli.opening import CommandContext, with_stories
from tta_rebuild.cli.screen import Screen, counted, one_line, words
from tta_rebuild.cli.story_options import rules_of
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
_HOW = (
    "keep what came after, mark it as doubtful, or rewrite from there on a fork; without it only "
    "the plan is shown."
)
_TRUTH = {"yes": "true", "no": "false"}
Verdict: TypeAlias = dict[str, Any]
"""A choice and what is thought of it, with the keys of ``validate --json``."""


def facts(
    ctx: typer.Context,
    story: take.StoryOrFile,
    word: Annotated[str, argument("Only what mentions this word.")] = "",
    *,
    branch: take.WhichBranch = "main",
    turn: Annotated[int | None, number("As of the end of this turn.", 0)] = None,
    json_: take.AsJson = False,
) -> None:
    """Show who is who, where everybody is, and what holds.

    Of a story kept here, or of any English text file (that needs the extra 'parser').
    """
    command, text = ctx.obj, story_text(story)
    screen = command.screen
    lines: Lines = {}
    if text is None:
        state, held, places, lines = _facts_of_story(command, story, branch, turn)
        canon, names, unit, key = state.canon, state.names, "turn", "turn"
    else:
        from tta_rebuild.reading.story_reader import read_story

        if turn is not None:
            raise wrong("--turn", "a text file has no turns.")
        read = read_story(text)
        canon, held, names = read.canon, read.canon.all_now(), {}
        unit, key = "sentence", "sentence_number"
        places = {position: number + 1 for position, number in read.positions.items()}
    if json_:
        for fact in views.facts_with(word, held):
            screen.json(asdict(fact) | {key: places.get(fact.since)})
        return
    if text is not None:
        screen.say(
            f"{one_line(story)}: {counted(len(read.sentences), 'sentence')} read by their grammar. "
            "What is read so is unconfirmed, and most of a text says nothing to it."
        )
    views.show_facts(screen, canon, held, names, lines, word, places=places, unit=unit)
    if text is not None:
        views.show_contradictions(screen, read)


def _facts_of_story(
    command: CommandContext, story: str, branch: str, turn: int | None
) -> tuple[StoryState, list[Fact], dict[int, int], Mapping[int, LastingLine]]:
    """The state now; what holds at the end of a turn; position → turn; the lines in force then.

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
    story: take.WhichStory,
    subject: Annotated[str, argument("Of whom or what, as 'tta facts' names it.")],
    relation: Annotated[str, argument("The relation, such as holds or located_in.")],
    value: Annotated[str, argument("The value that was never so.")],
    *,
    becomes: Annotated[str, option("The value that was so instead.")] = "",
    how: Annotated[How | None, option(_HOW)] = None,
    branch: take.WhichBranch = "main",
    reason: Annotated[str, option("Why; kept in the log.")] = "",
    json_: take.AsJson = False,
) -> None:
    """Take back or correct a fact of a story.

    Shows which later facts depend on it; changes nothing until --how says what becomes of them.
    """
    command = ctx.obj

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


def validate(
    ctx: typer.Context,
    story: take.StoryOrFile,
    choice: Annotated[
        str | None,
        argument("What the player would do; without it, what is offered now.", show_default=False),
    ] = None,
    *,
    consequence: Annotated[str, option("What it would lead to.")] = "",
    affects: Annotated[
        list[str] | None, repeated("Whom it concerns: a character's id.", "<id>")
    ] = None,
    branch: take.WhichBranch = "main",
    rule: Annotated[
        list[str] | None, repeated('For a text file, a rule of its world: no_magic="no magic".')
    ] = None,
    json_: take.AsJson = False,
) -> None:
    """Check a choice against a story, or a whole text against itself.

    Ends with code 1 if the choice does not fit, or the text contradicts itself for certain.
    Reading a text needs the extra 'parser' and is for English.
    """
    command = ctx.obj
    screen, text = command.screen, story_text(story)
    if text is not None:
        _validate_text(screen, story, text, rules_of(rule or ()), as_json=json_)
        return
    wanted = one_line(choice or "")
    if choice is not None and not wanted:
        how = "say what the player would do, or leave it out to check what is offered."
        raise wrong("CHOICE", f"it is empty; {how}")

    async def work(application: Application) -> tuple[list[Verdict], Mapping[str, str]]:
        from tta_rebuild.core.story import Choice

        state = (await application.stories.resume(story, branch)).state
        proposed = list(state.choices)
        if wanted:
            players = [c.character_id for c in state.premise.characters if c.is_player]
            concerned = tuple(affects or players or list(state.characters)[:1])
            proposed = [Choice(text=wanted, consequence=one_line(consequence), affects=concerned)]
        verdicts = await application.stories.judge(story, branch, proposed)
        rows = [{"choice": c.text, **asdict(v)} for c, v in zip(proposed, verdicts, strict=True)]
        return rows, state.premise.rules

    verdicts, rules = with_stories(command, work)
    screen.answer(verdicts, json_, _show_verdicts)
    if not json_:
        views.show_rules(screen, rules)
    if not all(verdict["is_valid"] for verdict in verdicts):
        raise typer.Exit(exits.FAILED)


def _validate_text(
    screen: Screen, name: str, text: str, rules: Mapping[str, str], *, as_json: bool
) -> None:
    from tta_rebuild.reading.story_reader import read_story
    from tta_rebuild.reading.world_rules import WorldRules, compiled

    read = read_story(text, rules=WorldRules(compiled(rules).rules))
    errors = sum(found.contradiction.blocks for found in read.contradictions)
    if as_json:
        for found in read.contradictions:
            screen.json(asdict(found.contradiction) | {"at": found.at, "evidence": found.evidence})
    else:
        screen.say(
            f"{one_line(name)}: {counted(len(read.sentences), 'sentence')} read, "
            f"{counted(len(read.canon.all_now()), 'fact')} read, unconfirmed; "
            f"{counted(errors, 'contradiction')}, "
            f"{counted(len(read.contradictions) - errors, 'doubt')}."
        )
        views.show_contradictions(screen, read)
        views.show_rules(screen, rules)
        no_proof = "silence here is no proof that a text is sound"
        screen.say(f"\nGrammar alone finds one contradiction in five at best: {no_proof}.", "dim")
    if errors:
        raise typer.Exit(exits.FAILED)


def _show_verdicts(screen: Screen, verdicts: list[Verdict]) -> None:
    if not verdicts:
        screen.say("Nothing is offered at the end of this branch.")
    for one in verdicts:
        verdict, style = ("fits", "") if one["is_valid"] else ("does not fit", "red")
        if any(issue["category"] == "boundary" for issue in one["issues"]):
            verdict = "would not be played"
        scores = ", ".join(f"{name} {one[key]:.2f}" for key, name in words("scores").items())
        screen.say(one["choice"], "bold")
        said = f"{one['overall_score']:.2f} ({scores})"
        screen.say(said, style, lead=f"{verdict}: ", indent=2)
        for issue in one["issues"]:
            hint = f". {issue['suggested_fix']}" if issue["suggested_fix"] else ""
            head = f"  {issue['severity'].name.lower()}:"
            screen.entry(head, f"{issue['message']}{hint}", gap=1)
