"""``tta validate``: would this choice fit this story? Does this text contradict itself?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from tta_rebuild.cli import exits
from tta_rebuild.cli.arguments import AsJson, StoryOrFile, WhichBranch, repeated
from tta_rebuild.cli.facts_view import show_contradictions, show_rules
from tta_rebuild.cli.files import story_text
from tta_rebuild.cli.opening import context_of, with_stories
from tta_rebuild.cli.screen import Screen, counted, one_line
from tta_rebuild.cli.story_options import rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tta_rebuild.bootstrap.application import Application
    from tta_rebuild.narrative.branch_validator import BranchValidation

    Judged: TypeAlias = list[tuple[str, BranchValidation]]


def validate(
    ctx: typer.Context,
    story: StoryOrFile,
    choice: Annotated[
        str | None,
        typer.Argument(
            help="What the player would do; without it, what is offered now.", show_default=False
        ),
    ] = None,
    *,
    consequence: Annotated[str, typer.Option(help="What it would lead to.")] = "",
    affects: Annotated[
        list[str] | None, repeated("Whom it concerns: a character's id.", "<id>")
    ] = None,
    branch: WhichBranch = "main",
    rule: Annotated[
        list[str] | None, repeated('For a text file, a rule of its world: no_magic="no magic".')
    ] = None,
    json_: AsJson = False,
) -> None:
    """Check a choice against a story, or a whole text against itself.

    Ends with code 1 if the choice does not fit, or the text contradicts itself for certain.
    Reading a text needs the extra 'parser' and is for English.
    """
    command = context_of(ctx)
    screen = command.screen
    text = story_text(story)
    if text is not None:
        _validate_text(screen, story, text, rules_of(rule or ()), as_json=json_)
        return
    wanted = one_line(choice or "")
    if choice is not None and not wanted:
        raise typer.BadParameter(
            "it is empty; say what the player would do, or leave it out to check what is offered.",
            param_hint="CHOICE",
        )

    async def work(application: Application) -> tuple[Judged, Mapping[str, str]]:
        from tta_rebuild.core.story import Choice

        state = (await application.stories.resume(story, branch)).state
        proposed = list(state.choices)
        if wanted:
            players = [c.character_id for c in state.premise.characters if c.is_player]
            concerned = tuple(affects or players or list(state.characters)[:1])
            proposed = [Choice(text=wanted, consequence=one_line(consequence), affects=concerned)]
        verdicts = await application.stories.judge(story, branch, proposed)
        texts = [choice.text for choice in proposed]
        return list(zip(texts, verdicts, strict=True)), state.premise.rules

    judged, rules = with_stories(command, work)
    if json_:
        for said, result in judged:
            screen.json({"choice": said, **asdict(result)})
    else:
        _show(screen, judged)
        show_rules(screen, rules)
    if not all(result.is_valid for _, result in judged):
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
        show_contradictions(screen, read)
        show_rules(screen, rules)
        screen.say()
        screen.say(
            "Grammar alone finds one contradiction in five at best: silence here is no proof that "
            "a text is sound.",
            "dim",
        )
    if errors:
        raise typer.Exit(exits.FAILED)


def _show(screen: Screen, judged: Judged) -> None:
    if not judged:
        screen.say("Nothing is offered at the end of this branch.")
    for text, result in judged:
        verdict, style = ("fits", "") if result.is_valid else ("does not fit", "red")
        if any(issue.category == "boundary" for issue in result.issues):
            verdict = "would not be played"
        screen.say(text, "bold")
        screen.say(
            f"{result.overall_score:.2f} (consistency {result.consistency_score:.2f}, "
            f"meaning {result.meaningfulness_score:.2f}, "
            f"character {result.character_alignment_score:.2f}, "
            f"rules {result.universe_rules_score:.2f}, dead end {result.dead_end_risk:.2f})",
            style,
            lead=f"{verdict}: ",
            indent=2,
        )
        for issue in result.issues:
            hint = f". {issue.suggested_fix}" if issue.suggested_fix else ""
            screen.entry(f"  {issue.severity.name.lower()}:", f"{issue.message}{hint}", gap=1)
