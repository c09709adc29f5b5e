"""``tta validate``: would this choice fit this story, and if not, why not?"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli import exits
from tta_rebuild.cli.opening import desk, in_workshop
from tta_rebuild.cli.screen import Screen, one_line

if TYPE_CHECKING:
    from tta_rebuild.bootstrap import Workshop
    from tta_rebuild.core.story import Choice
    from tta_rebuild.engine.state import StoryState
    from tta_rebuild.narrative.branch_validator import BranchValidation

WhichStory = Annotated[str, typer.Argument(help="A story: its id, the start of it, or its title.")]


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
    json_: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Check a choice against a story.

    Ends with code 1 if it does not fit.
    """
    at = desk(ctx)
    wanted = one_line(choice)

    async def work(workshop: Workshop) -> list[tuple[str, BranchValidation]]:
        from tta_rebuild.core.story import Choice

        state = (await workshop.stories.resume(story, branch)).state
        if not wanted:
            return [(c.text, await _judge(state, c)) for c in state.choices]
        players = [c.character_id for c in state.premise.characters if c.is_player]
        concerned = tuple(affects or players or list(state.characters)[:1])
        proposed = Choice(text=wanted, consequence=one_line(consequence), affects=concerned)
        return [(wanted, await _judge(state, proposed))]

    judged = in_workshop(at, work)
    if not judged and not json_:
        at.screen.say("Nothing is offered at the end of this branch.")
    for text, result in judged:
        if json_:
            at.screen.raw(json.dumps({"choice": text, **asdict(result)}, ensure_ascii=False))
        else:
            _show(at.screen, text, result)
    if not all(result.is_valid for _, result in judged):
        raise typer.Exit(exits.FAILED)


async def _judge(state: StoryState, choice: Choice) -> BranchValidation:
    from datetime import datetime

    from tta_rebuild.core.base_primitive import TTAContext
    from tta_rebuild.narrative.branch_validator import BranchProposal, BranchValidatorPrimitive

    proposal = BranchProposal(
        universe_id="story",
        branch_description=choice.consequence or choice.text,
        choice_text=choice.text,
        affected_characters=list(choice.affects),
        universe_rules=dict(state.premise.rules),
        parent_branch_id=state.action or None,
        effects=choice.effects,
    )
    context = TTAContext(
        workflow_id="validate",
        correlation_id="validate",
        timestamp=datetime.now(UTC),
        metaconcepts=list(state.premise.metaconcepts),
        player_boundaries=state.premise.boundaries,
    )
    return await BranchValidatorPrimitive().execute(proposal, context)


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
