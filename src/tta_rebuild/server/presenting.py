"""Values of the engine as the shapes that go out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tta_rebuild.bootstrap.model_names import variant_models
from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.bootstrap.spending import budget_of_player, spent_by_scope, spent_in_words
from tta_rebuild.core.events import PassageWithheld
from tta_rebuild.core.story import Passage, Scene
from tta_rebuild.engine.aside import people_here
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.turn_runner import REPEATABLE, RunningTurn
from tta_rebuild.engine.turn_values import choice_values, passage_values
from tta_rebuild.server import shapes

API = "/api/v1"


def turn_out(turn: RunningTurn) -> shapes.TurnOut:
    """A turn as it stands."""
    asked = turn.request
    return shapes.TurnOut(
        turn_id=turn.turn_id,
        key=asked.key.rpartition("\n")[2],
        story_id=asked.story_id,
        branch_id=asked.branch_id,
        kind=asked.kind,
        text=asked.text,
        choice=asked.choice or None,
        state=turn.state,
        began_at=turn.began_at,
        ended_at=turn.ended_at,
        updates=turn.updates,
        last=dict(turn.last) if turn.state != "failed" else {},
        events=f"{API}/turns/{turn.turn_id}/events",
        can_repeat=turn.state in REPEATABLE,
    )


def scene_out(scene: Scene, turn: int, names: dict[str, str]) -> shapes.SceneOut:
    """A scene, with the names of those who speak."""
    return shapes.SceneOut(
        turn=turn,
        scene_id=scene.scene_id,
        passages=[passage_out(passage, names) for passage in scene.passages],
        setting=scene.setting,
        tone=scene.tone,
        stage=scene.stage,
        quality=scene.quality,
        told_by=scene.told_by,
        degraded=scene.degraded,
        is_ending=scene.is_ending,
    )


def passage_out(passage: Passage, names: dict[str, str]) -> shapes.PassageOut:
    """A passage, as it is seen while a turn is played."""
    return shapes.PassageOut.model_validate(passage_values(passage, names))


async def present_out(
    served: Serving, session: Session, title: str, player_id: str = ""
) -> shapes.PresentOut:
    """The present of a branch, as that player sees it."""
    state, branch = session.state, session.branch
    teller = _teller_of(served, state)
    running = await served.runner.running_on(branch.branch_id)
    latest = await served.runner.latest_on(branch.branch_id)
    broken = latest if latest and latest.state == "interrupted" else None
    return shapes.PresentOut(
        story_id=branch.story_id,
        title=title,
        branch=shapes.BranchOut.model_validate(branch),
        turn=state.turn,
        position=branch.length,
        ended=state.ended,
        action=state.action,
        scene=scene_out(state.scene, state.turn, state.names) if state.scene else None,
        choices=[shapes.ChoiceOut(**one) for one in choice_values(state.choices)],
        not_offered=[shapes.NotOfferedOut(text=t, reason=r) for t, r in state.rejected],
        withheld=withheld_out(state.scene, state.withheld),
        boundaries=dict(state.premise.boundaries),
        cost=await spent_out(served, branch.story_id, player_id),
        model=teller,
        model_before=_told_before(state, teller),
        language=state.premise.language,
        player=state.names.get(state.player, ""),
        people_here=list(people_here(state).values()),
        running=turn_out(running) if running else None,
        interrupted=turn_out(broken) if broken else None,
    )


def withheld_out(
    scene: Scene | None, withheld: Iterable[PassageWithheld]
) -> list[shapes.WithheldOut]:
    """What was held back of a scene; the embedded storyteller says what it left out itself."""
    rows = [shapes.WithheldOut.model_validate(one) for one in withheld]
    left_out = scene.notes.get("left_out") if scene else None
    if isinstance(left_out, int) and left_out > 0:
        what = "a paragraph" if left_out == 1 else f"{left_out} paragraphs"
        reason = f"the storyteller left out {what} with what you or the rules keep out"
        rows.append(shapes.WithheldOut(text="", gate="teller", reason=reason, against=""))
    return rows


async def spent_out(served: Serving, story_id: str, player_id: str) -> shapes.SpentOut:
    """What a story and this session have cost, and the budgets that a player falls under."""
    tracker = served.application.tracker
    spent_usd = await spent_by_scope(tracker, story_id)
    lines = spent_in_words(tracker, spent_usd, await tracker.story_limit_usd(story_id))
    access = served.application.access
    own = await budget_of_player(access, tracker, player_id) if player_id else None
    if own is not None and own.usd_a_day is not None:
        lines.append(f"you today ${own.spent_today_usd:.4f} of at most ${own.usd_a_day:.2f}")
    return shapes.SpentOut(
        story_usd=spent_usd["story"], session_usd=spent_usd["session"], lines=lines
    )


def _teller_of(served: Serving, state: StoryState) -> str:
    named = state.variant.model if state.variant else ""
    settings: Any = served.application.settings
    models = served.application.models
    return named if named in (*variant_models(settings), *models) else models[0]


def _told_before(state: StoryState, teller: str) -> str:
    told_by = state.scene.told_by if state.scene else ""
    return "" if told_by.startswith(teller) else "offline" if told_by[:8] == "offline:" else told_by
