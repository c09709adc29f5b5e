"""What a played story came to, in numbers; and which of them may decide an experiment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tta_rebuild.core import events as log
from tta_rebuild.core.events import RecordedEvent
from tta_rebuild.core.records import PlayRecord
from tta_rebuild.core.story import Scene
from tta_rebuild.quality.score import measured

CONTRADICTION_GATES = ("canon", "reader")
"""Gates that hold back what does not fit; the others hold back what the player keeps out."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What a number says, and which way is ``better`` (1 up, -1 down, 0 neither)."""

    says: str
    better: int


METRICS: Mapping[str, Metric] = {
    "quality": Metric("quality of the scenes, 0 to 1", 1),
    "quality.sentence_variety": Metric("spread of the sentences' lengths", 1),
    "quality.lexical_diversity": Metric("share of different words in 50", 1),
    "quality.repeated_4grams": Metric("share of four words in a row told before", -1),
    "quality.repeated_sentences": Metric("share of sentences told before", -1),
    "quality.dialogue_share": Metric("share of words in quotation marks", 0),
    "contradictions": Metric("passages held back a turn: they did not fit", -1),
    "blocked": Metric("passages held back a turn: the player keeps that out", -1),
    "repairs": Metric("times a turn that a model was asked again", -1),
    "degraded": Metric("share of turns that were not as they should be", -1),
    "cost_usd": Metric("US dollars a story", -1),
    "latency_s": Metric("seconds a turn", -1),
    "first_words_s": Metric("seconds until the first passage", -1),
    "words": Metric("words a scene", 0),
}
"""In the order in which they are shown."""

GUARDS = ("contradictions", "blocked", "degraded")
"""Nobody wins who is clearly worse in one of these."""


def quality_parts(scenes: Sequence[Scene]) -> dict[str, float]:
    """The mean quality of scenes, and of all that was told its parts, as ``METRICS`` names them."""
    if not scenes:
        return {}
    parts = measured("\n\n".join(scene.text for scene in scenes))
    names = [name.partition(".")[2] for name in METRICS if name.startswith("quality.")]
    mean = sum(scene.quality for scene in scenes) / len(scenes)
    return {"quality": mean, **{f"quality.{name}": float(getattr(parts, name)) for name in names}}


def repairs_in(replies: Iterable[log.ModelReplied]) -> int:
    """How often, in one turn, a storyteller was asked once more for the scene."""
    asked = [reply for reply in replies if reply.task in ("scene", "continue_scene")]
    return max(0, len(asked) - 1)


def outcome_of(
    path: Sequence[RecordedEvent],
    *,
    cost_usd: float,
    turn_s: Sequence[float],
    first_words_s: Sequence[float],
) -> dict[str, float]:
    """The metrics of one story from its log; the rest was measured while it was played."""
    told = [r.event.scene for r in path if isinstance(r.event, log.SceneTold)]
    held = [r.event for r in path if isinstance(r.event, log.PassageWithheld)]
    turns = max(1, len(told))
    by_turn: dict[int, list[log.ModelReplied]] = {}
    for recorded in path:
        if isinstance(recorded.event, log.ModelReplied):
            by_turn.setdefault(recorded.turn, []).append(recorded.event)
    misfits = sum(one.gate in CONTRADICTION_GATES for one in held)
    return quality_parts(told) | {
        "contradictions": misfits / turns,
        "blocked": (len(held) - misfits) / turns,
        "repairs": sum(map(repairs_in, by_turn.values())) / turns,
        "degraded": sum(bool(scene.degraded) for scene in told) / turns,
        "cost_usd": cost_usd,
        "latency_s": sum(turn_s) / max(1, len(turn_s)),
        "first_words_s": sum(first_words_s) / max(1, len(first_words_s)),
        "words": sum(len(scene.text.split()) for scene in told) / turns,
        "turns": float(len(told)),
    }


def means_of(plays: Sequence[PlayRecord], variant: str) -> Mapping[str, float]:
    """The mean of every metric over the plays of a variant, as far as they have it."""
    own = [play.outcome for play in plays if play.variant == variant]
    names = [*METRICS, "turns"]
    found = {name: [one[name] for one in own if name in one] for name in names}
    means = {name: sum(each) / len(each) for name, each in found.items() if each}
    return {"plays": float(len(own)), **means}
