"""Promise 2 of the story issue, on the embedded storyteller itself: 50 turns of every premise.

The provider is asked directly, with a player who takes choices at random; the choices are judged
by the branch validator. Premises are read from the shared data (``TTA_SHARED_DATA``, else
``../shared/data`` beside the repository).
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.figures import Row
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.integrations.llm_provider import LLMRequest
from tta_rebuild.storyteller import OfflineProvider
from tta_rebuild.storyteller.line_template import four_grams, sentences

TURNS = 50
WINDOW = 20
_CONTEXT = TTAContext(
    workflow_id="figures",
    correlation_id="figures",
    timestamp=datetime(2026, 1, 1, tzinfo=UTC),
    metaconcepts=[],
    player_boundaries={},
)


@dataclass
class Told:
    """One automatic story, the choices taken, and how long each scene took."""

    scenes: list[str] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


async def tell(
    provider: OfflineProvider, theme: str, turns: int = TURNS, *, seed: int = 1, **variables: Any
) -> Told:
    """Play a story with a player who takes offered choices at random."""
    told, rng = Told(), Random(seed)
    notes: dict[str, Any] = {}
    chosen: dict[str, Any] | None = None
    for turn in range(1, turns + 1):
        values = {
            "theme": theme,
            "seed": seed,
            "turn": turn,
            "stage": stage_of(turn, turns),
            "should_end": turn == turns,
            "action": str((chosen or {}).get("text", "")),
            "chosen": chosen,
            "facts": [],
            "recent": told.scenes[-WINDOW:],
            "notes": notes,
            **variables,
        }
        request = LLMRequest(
            prompt="the next scene", context=_CONTEXT, task="scene", variables=values
        )
        start = time.process_time()
        response = await provider.complete(request)
        told.milliseconds.append(1000 * (time.process_time() - start))
        reply = json.loads(response.text)
        told.replies.append(reply)
        told.scenes.append("\n\n".join(p["text"] for p in reply["passages"]))
        notes = reply["notes"]
        if reply["story_branches"]:
            branch = rng.choice(reply["story_branches"])
            chosen = {"text": branch["choice"], **branch}
            told.taken.append(branch["choice"])
    return told


def stage_of(turn: int, turns: int) -> str:
    """The stage of the arc, by how far a story of that length has come."""
    share = turn / turns
    if share <= 0.2:
        return "setup"
    return "development" if share <= 0.7 else "climax" if share <= 0.9 else "resolution"


def repeated_sentences(scenes: Iterable[str], window: int = WINDOW) -> list[str]:
    """Sentences that were told before within so many turns."""
    last: dict[str, int] = {}
    repeats = []
    for turn, scene in enumerate(scenes):
        for sentence in sentences(scene):
            plain = sentence.strip(" “”").lower()
            if plain in last and turn - last[plain] <= window:
                repeats.append(sentence)
            last[plain] = turn
    return repeats


def repeated_share(scenes: Iterable[str]) -> float:
    """Tokens of runs of four words that occurred before in the story, over all of them."""
    seen: set[tuple[str, ...]] = set()
    total = repeated = 0
    for scene in scenes:
        for gram in four_grams(scene):
            total += 1
            repeated += gram in seen
            seen.add(gram)
    return repeated / max(1, total)


async def invalid_choices(told: Told, rules: dict[str, str]) -> list[str]:
    """Choices that the branch validator turns down, with its reasons."""
    from tta_rebuild.narrative.branch_validator import BranchProposal, BranchValidatorPrimitive

    validator = BranchValidatorPrimitive()
    bad = []
    for reply, parent in zip(told.replies, [None, *told.taken], strict=False):
        for branch in reply["story_branches"]:
            proposal = BranchProposal(
                universe_id="figures",
                branch_description=branch["consequence"],
                choice_text=branch["choice"],
                affected_characters=branch["affects"],
                universe_rules=rules,
                parent_branch_id=parent,
            )
            verdict = await validator.execute(proposal, _CONTEXT)
            if not verdict.is_valid:
                reasons = "; ".join(issue.message for issue in verdict.issues)
                bad.append(f"{branch['choice']} ({reasons})")
    return bad


def premises() -> list[str]:
    """The real premises, none if the shared data is not here."""
    root = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("TTA_SHARED_DATA") or root.parent / "shared" / "data")
    file = data / "premises.jsonl"
    if not file.exists():
        return []
    return [json.loads(line)["premise"] for line in file.read_text(encoding="utf-8").splitlines()]


async def measure(quick: bool) -> AsyncIterator[Row]:
    themes = premises()
    if not themes:
        yield Row(
            number="2",
            what="the embedded storyteller on real premises",
            measured="skipped: ../shared/data/premises.jsonl is not here",
            bound="96 premises",
            ok=False,
        )
        return
    themes = themes[::24] if quick else themes
    provider = OfflineProvider()
    repeats = 0
    shares: list[float] = []
    times: list[float] = []
    choices = invalid = 0
    for number, theme in enumerate(themes):
        told = await tell(provider, theme, seed=number)
        repeats += len(repeated_sentences(told.scenes))
        shares.append(repeated_share(told.scenes))
        times += told.milliseconds[1:]
        choices += sum(len(reply["story_branches"]) for reply in told.replies)
        invalid += len(await invalid_choices(told, {}))
    what = f"{len(themes)} premises x {TURNS} turns"
    yield Row(
        number="2",
        what=f"storyteller: sentences repeated within {WINDOW} turns, {what}",
        measured=str(repeats),
        bound="0",
        ok=repeats == 0,
    )
    yield Row(
        number="2",
        what="storyteller: share of repeated 4-grams per story, worst (mean)",
        measured=f"{max(shares):.3f} ({statistics.mean(shares):.3f})",
        bound="<= 0.20",
        ok=max(shares) <= 0.20,
    )
    yield Row(
        number="2",
        what="storyteller: offered choices that the branch validator turns down",
        measured=f"{invalid} of {choices}",
        bound="0",
        ok=invalid == 0,
    )
    ordered = sorted(times)
    yield Row(
        number="2",
        what="storyteller: CPU milliseconds per scene, median (99th percentile)",
        measured=f"{statistics.median(ordered):.1f} ({ordered[int(0.99 * len(ordered))]:.1f})",
        bound="< 10",
        ok=statistics.median(ordered) < 10,
    )
