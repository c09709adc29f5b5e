"""A scene, its choices judged, two of them followed into two timelines that share a past.

Runs without a key and without a network: the embedded storyteller tells. Any other provider of
``tta_rebuild.integrations`` takes its place in one line.

    python examples/branching_narrative.py
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import tta_rebuild as tta
from tta_rebuild.storyteller import OfflineProvider

OPENING = tta.StoryGenerationInput(
    theme="A lighthouse keeper finds a door under the stairs that was not there yesterday",
    universe_id="lighthouse",
    timeline_position=0,
    active_characters=["mira"],
    previous_context="",
    player_preferences={},
    turn=1,
    seed=7,
)


def show(story: tta.GeneratedStory) -> None:
    """Print what the player reads."""
    for passage in story.passages:
        print(f"  {passage.text}")
    print()


async def main() -> None:
    """Tell a scene, judge its choices, follow two of them."""
    context = tta.TTAContext(
        workflow_id="lighthouse",
        correlation_id="example",
        timestamp=datetime.now(UTC),
        metaconcepts=["Create Meaningful Choices", "Maintain Chronology"],
        player_boundaries={"violence": "none"},
    )
    provider = OfflineProvider()
    generator = tta.StoryGeneratorPrimitive(provider)
    timeline = tta.TimelineManagerPrimitive()
    validator = tta.BranchValidatorPrimitive(llm_provider=provider)

    scene = await generator.execute(OPENING, context)
    print("The opening:")
    show(scene)

    proposals = [
        tta.BranchProposal(
            universe_id="lighthouse",
            branch_description=choice.consequence or choice.text,
            choice_text=choice.text,
            affected_characters=list(choice.affects) or ["mira"],
        )
        for choice in scene.choices
    ]
    # Something that this world does not allow, to see it refused.
    proposals.append(
        tta.BranchProposal(
            universe_id="lighthouse",
            branch_description="Mira casts a spell, which opens the door.",
            choice_text="Mira opens the door with a magic spell",
            affected_characters=["mira"],
            universe_rules={"no_magic": "no magic allowed"},
        )
    )
    print("The choices, judged (one call for all of them):")
    verdicts = await validator.validate_all(proposals, context)
    for proposal, verdict in zip(proposals, verdicts, strict=True):
        word = "offered" if verdict.is_valid else "withheld"
        print(f"  {word:<9}{verdict.overall_score:.2f}  {proposal.choice_text}")
        for issue in verdict.issues:
            print(f"            {issue.severity.value}: {issue.message}")

    state = await timeline.execute(
        tta.TimelineUpdate(
            "lighthouse", "choice", {"choices": [c.text for c in scene.choices]}, timestamp=0
        ),
        context,
    )
    opening = state.event_history[-1].event_id
    for number, choice in enumerate(scene.choices[:2], start=1):
        branch = f"lighthouse, branch {number}"  # shares the past, goes its own way
        for event in timeline.get_timeline("lighthouse"):
            timeline.record(branch, event)
        following = await generator.execute(
            replace(
                OPENING,
                turn=2,
                timeline_position=1,
                action=choice.text,
                chosen={"text": choice.text, "consequence": choice.consequence},
                recent=[scene.narrative_text],
                notes=scene.notes,
            ),
            context,
        )
        state = await timeline.execute(
            tta.TimelineUpdate(branch, "consequence", {"chosen": choice.text}, 1, [opening]),
            context,
        )
        print(f"\nBranch {number}: {choice.text}")
        show(following)
        print(
            f"  {len(state.event_history)} events, coherence {state.timeline_coherence_score:.2f}"
        )
    print(f"\nThe trunk still has {len(timeline.get_timeline('lighthouse'))} event.")


if __name__ == "__main__":
    asyncio.run(main())
