"""``tta validate``: would this choice fit this story? Does this text contradict itself?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli import exits
from tta_rebuild.cli.asking import rules_of
from tta_rebuild.cli.canon_views import show_contradictions, show_rules
from tta_rebuild.cli.opening import Desk, desk, in_workshop
from tta_rebuild.cli.screen import Screen, counted, one_line
from tta_rebuild.cli.story_file import text_of_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tta_rebuild.bootstrap import Application
    from tta_rebuild.narrative.branch_validator import BranchValidation

WhichStory = Annotated[
    str, typer.Argument(help="A story (id, the start of it, or title), or a text file.")
]


def validate(
    ctx: typer.Context,
    story: WhichStory,
    choice: Annotated[
        str, typer.Argument(help="What the player would do; without it, what is offered now.")
    ] = "",
    consequence: Annotated[str, typer.Option(help="What it would lead to.")] = "",
    affects: Annotated[
        list[str] | None, typer.Option(help="Whom it concerns: a character's id. Repeatable.")
    ] = None,
    branch: Annotated[str, typer.Option(help="The branch to check against.")] = "main",
    rule: Annotated[
        list[str] | None,
        typer.Option(help='For a text file, a rule of its world: no_magic="no magic". Repeatable.'),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Check a choice against a story, or a whole text against itself.

    Ends with code 1 if the choice does not fit, or the text contradicts itself for certain.
    """
    at = desk(ctx)
    text = text_of_file(story)
    if text is not None:
        _validate_text(at, story, text, rules_of(rule or ()), as_json=json_)
        return
    wanted = one_line(choice)

    async def work(
        application: Application,
    ) -> tuple[list[tuple[str, BranchValidation]], Mapping[str, str]]:
        from tta_rebuild.core.story import Choice

        state = (await application.stories.resume(story, branch)).state
        proposed = list(state.choices)
        if wanted:
            players = [c.character_id for c in state.premise.characters if c.is_player]
            concerned = tuple(affects or players or list(state.characters)[:1])
            proposed = [Choice(text=wanted, consequence=one_line(consequence), affects=concerned)]
        verdicts = await application.stories.judge(story, branch, proposed)
        return [
            (c.text, verdict) for c, verdict in zip(proposed, verdicts, strict=True)
        ], state.premise.rules

    judged, rules = in_workshop(at, work)
    if not judged and not json_:
        at.screen.say("Nothing is offered at the end of this branch.")
    for said, result in judged:
        if json_:
            at.screen.raw(json.dumps({"choice": said, **asdict(result)}, ensure_ascii=False))
        else:
            _show(at.screen, said, result)
    if not json_:
        show_rules(at.screen, rules)
    if not all(result.is_valid for _, result in judged):
        raise typer.Exit(exits.FAILED)


def _validate_text(
    at: Desk, name: str, text: str, rules: Mapping[str, str], *, as_json: bool
) -> None:
    from tta_rebuild.reading.story_reader import read_story
    from tta_rebuild.reading.world_rules import WorldRules, compiled

    read = read_story(text, rules=WorldRules(compiled(rules).rules))
    errors = sum(found.contradiction.blocks for found in read.contradictions)
    if as_json:
        for found in read.contradictions:
            row = asdict(found.contradiction) | {"at": found.at, "evidence": found.evidence}
            at.screen.raw(json.dumps(row, ensure_ascii=False))
    else:
        at.screen.say(
            f"{one_line(name)}: {counted(len(read.sentences), 'sentence')} read, "
            f"{counted(len(read.canon.all_now()), 'fact')} understood, "
            f"{counted(errors, 'contradiction')}, "
            f"{counted(len(read.contradictions) - errors, 'doubt')}."
        )
        show_contradictions(at.screen, read)
        show_rules(at.screen, rules)
        at.screen.say()
        at.screen.say(
            "Rules read a part of the sentences only: silence here is no proof that a text is "
            "sound.",
            "dim",
        )
    if errors:
        raise typer.Exit(exits.FAILED)


def _show(screen: Screen, text: str, result: BranchValidation) -> None:
    verdict = "fits" if result.is_valid else "does not fit"
    screen.say(text, "bold")
    screen.say(
        f"{verdict}: {result.overall_score:.2f} (consistency {result.consistency_score:.2f}, "
        f"meaning {result.meaningfulness_score:.2f}, "
        f"character {result.character_alignment_score:.2f}, "
        f"rules {result.universe_rules_score:.2f}, dead end {result.dead_end_risk:.2f})",
        indent=2,
    )
    for issue in result.issues:
        hint = f". {issue.suggested_fix}" if issue.suggested_fix else ""
        screen.entry(f"  {issue.severity.name.lower()}", f"{issue.message}{hint}")
