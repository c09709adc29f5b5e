"""``tta facts``, ``retcon`` and ``validate``: what is true in a story, corrected, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Annotated, Any, Literal, TypeAlias

import typer

import tta_rebuild as tta
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli import exits
from tta_rebuild.cli import facts_view as views
from tta_rebuild.cli.inputs import story_text
from tta_rebuild.cli.opening import CommandContext, Here, on_stories, with_stories
from tta_rebuild.cli.screen import Screen, message, one_line, words
from tta_rebuild.cli.story_options import rules_of
from tta_rebuild.core.errors import PositionNotFound
from tta_rebuild.core.events import FactRetconned, LineEnded
from tta_rebuild.engine.state import StoryFold
from tta_rebuild.reading.story_reader import StoryRead, read_story
from tta_rebuild.reading.world_rules import WorldRules, compiled

How = Literal["keep", "mark", "rewrite"]
_TRUTH = {"yes": "true", "no": "false"}
Verdict: TypeAlias = dict[str, Any]
"""A choice and what is thought of it, with the keys of ``validate --json``."""


def facts(
    ctx: typer.Context,
    story: take.StoryOrFile,
    word: Annotated[str, take.argument("word")] = "",
    *,
    branch: take.WhichBranch = "main",
    turn: Annotated[int | None, take.number("as_of_turn", 0)] = None,
    json_: take.AsJson = False,
) -> None:
    """Show who is who, where everybody is, and what holds.

    Of a story kept here, or of any English text file (that needs the extra 'parser').
    """
    screen, text, read = ctx.obj.screen, story_text(story), None
    if text is None:
        found = _facts_of_story(ctx.obj, story, branch, turn)
    elif turn is not None:
        raise take.wrong("--turn", "a text file has no turns.")
    else:
        read = _read(text)
        places = {position: number + 1 for position, number in read.positions.items()}
        found = views.FactList(read.canon, read.canon.all_now(), places=places, unit="sentence")
    if json_:
        key = "turn" if read is None else "sentence_number"
        for fact in views.facts_with(word, found.held):
            screen.json(asdict(fact) | {key: found.places.get(fact.since)})
        return
    if read is not None:
        views.show_reading(screen, story, read)
    views.show_facts(screen, found, word)
    if read is not None:
        views.show_contradictions(screen, read)


def _read(text: str, rules: Mapping[str, str] | None = None) -> StoryRead:
    return read_story(text, rules=WorldRules(compiled(rules).rules) if rules else None)


def _facts_of_story(
    command: CommandContext, story: str, branch: str, turn: int | None
) -> views.FactList:
    """What holds at the end of a turn (None: now), and the lasting lines in force then.

    A line that a later correction ended is left out: as with facts, it never was so.
    """
    path = with_stories(command, lambda application: application.stories.path(story, branch))
    folded, turns, corrected = StoryFold(), {r.position: r.turn for r in path}, -1
    for recorded in path:
        folded.apply(recorded)
        match recorded.event:
            case _ if turn is None or recorded.turn <= turn:
                at, lines = recorded.position, folded.now.lines
            case FactRetconned():
                corrected = recorded.turn
            case LineEnded(number=number) if corrected == recorded.turn:
                lines = {n: line for n, line in lines.items() if n != number}
    last, now = path[-1].turn, folded.present()
    if turn is not None and turn > last:
        raise PositionNotFound(f"the branch '{branch}' has no turn {turn}; its last is {last}")
    return views.FactList(now.canon, now.canon.all_now(at), now.names, lines, turns)


@on_stories(changes="how")
async def retcon(
    here: Here,
    story: take.WhichStory,
    subject: Annotated[str, take.argument("subject")],
    relation: Annotated[str, take.argument("relation")],
    value: Annotated[str, take.argument("value")],
    *,
    becomes: Annotated[str, take.option("becomes")] = "",
    how: Annotated[How | None, take.option("how")] = None,
    branch: take.WhichBranch = "main",
    reason: Annotated[str, take.option("reason")] = "",
    json_: take.AsJson = False,
) -> None:
    """Take back or correct a fact of a story.

    Shows which later facts depend on it; changes nothing until --how says what becomes of them.
    """
    turns = {r.position: r.turn for r in await here.stories.path(story, branch)}
    relation_id = relation.replace(" ", "_")
    wrong = tta.Claim(subject=subject, relation=relation_id, value=_TRUTH.get(value, value))
    right = replace(wrong, value=_TRUTH.get(becomes, becomes)) if becomes else None
    made, why = None, one_line(reason)
    if how:
        made = await here.stories.retcon(story, branch, wrong, right, how=how, reason=why)
    plan = made.plan if made else await here.stories.plan_retcon(story, branch, wrong, right)
    if json_:
        here.screen.json({"plan": plan, "how": how, "branch": made.branch if made else None})
    else:
        views.show_plan(here.screen, plan, turns, made)


def validate(
    ctx: typer.Context,
    story: take.StoryOrFile,
    choice: Annotated[str | None, take.argument("choice", show_default=False)] = None,
    *,
    consequence: Annotated[str, take.option("consequence")] = "",
    affects: Annotated[take.Texts, take.repeated("affects", "<id>")] = None,
    branch: take.WhichBranch = "main",
    rule: Annotated[take.Texts, take.repeated("text_rule")] = None,
    json_: take.AsJson = False,
) -> None:
    """Check a choice against a story, or a whole text against itself.

    Ends with code 1 if the choice does not fit, or the text contradicts itself for certain.
    Reading a text needs the extra 'parser' and is for English.
    """
    screen, text, wanted = ctx.obj.screen, story_text(story), one_line(choice or "")
    rules: Mapping[str, str] = rules_of(rule or ())
    if text is not None:
        read = _read(text, rules)
        for found in read.contradictions if json_ else ():
            screen.json(asdict(found.contradiction) | {"at": found.at, "evidence": found.evidence})
        if not json_:
            views.show_reading(screen, story, read)
            views.show_contradictions(screen, read)
        fits = not any(found.contradiction.blocks for found in read.contradictions)
    elif choice is not None and not wanted:
        raise take.wrong("CHOICE", message("empty_choice"))
    else:

        async def work(application: tta.Application) -> tuple[list[Verdict], Mapping[str, str]]:
            state = (await application.stories.resume(story, branch)).state
            usual = [state.player] if state.player else [*state.characters][:1]
            whom, leads_to = tuple(affects or usual), one_line(consequence)
            own = tta.Choice(text=wanted, consequence=leads_to, affects=whom) if wanted else None
            proposed = [own] if own else list(state.choices)
            judged = await application.stories.judge(story, branch, proposed)
            pairs = zip(proposed, judged, strict=True)
            return [{"choice": c.text, **asdict(one)} for c, one in pairs], state.premise.rules

        verdicts, rules = with_stories(ctx.obj, work)
        screen.answer(verdicts, json_, _show_verdicts)
        fits = all(verdict["is_valid"] for verdict in verdicts)
    if not json_:
        views.show_rules(screen, rules)
    if not fits:
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
