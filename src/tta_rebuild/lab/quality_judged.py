"""Scenes and texts marked by a model as judge, held against itself and against marks by hand.

Called by ``cli.eval`` after ``lab.quality``, with an application whose route of the task
``judgement`` leads to the model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.speech import shown
from tta_rebuild.core.story import Passage
from tta_rebuild.lab.intervals import spearman, spearman_interval
from tta_rebuild.lab.quality import Material, asked_of_text, quality_of
from tta_rebuild.lab.quality_counts import JudgeFigures, QualityCounts
from tta_rebuild.lab.told_file import ToldPassage
from tta_rebuild.lab.twins import ToldScene
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.quality import (
    ModelJudge,
    Quality,
    RubricMarks,
    SceneAsked,
    text_quality,
    with_judgement,
)

AT_ONCE = 4
FEWEST = 5
"""Marks, below which no correlation is given."""

Piece = tuple[str, str, SceneAsked, Quality]
"""Id, text, what it was to fit, and its estimate."""

Judged = tuple[Piece, RubricMarks]


async def eval_judged(
    application: Application,
    material: Material,
    counts: QualityCounts,
    *,
    at_most: int,
    samples: int,
    progress: Callable[[str], None],
) -> None:
    """Have at most so many scenes and texts judged, those marked by hand first, and count."""
    pieces = pieces_of(material, at_most)
    catalog, room = PromptCatalog.load(), asyncio.Semaphore(AT_ONCE)
    done = list[Judged]()

    async def one(piece: Piece) -> None:
        name, text, asked, _ = piece
        async with room:
            progress(f"judging {name}")
            where = {"story_id": f"judged {name}"}
            judge = ModelJudge(application.provider, catalog, samples, where)
            judgement, note = await judge.judge(text, _context(name), asked)
        counts.read(name, note if judgement is None else "", text=text[:80])
        if judgement is not None:
            done.append((piece, judgement))

    try:
        async with asyncio.TaskGroup() as group:
            for piece in pieces:
                group.create_task(one(piece))
    finally:
        marks = material.marks or {text.id: text.score for text in material.texts}
        counts.judge = figures_of(done, marks, failed=len(pieces) - len(done))
        counts.scored = _scored(counts.scored, done)
        counts.calls += sum(len(judgement.samples) for _, judgement in done)
        counts.cost_usd += application.tracker.spent


def pieces_of(material: Material, at_most: int) -> list[Piece]:
    """What is judged: scenes and texts in even steps, all that are marked by hand before others."""
    every = list(_scenes(material.scenes))
    every += [
        (text.id, text.text, asked, text_quality(text.text, asked=asked))
        for text in material.texts
        for asked in (asked_of_text(text),)
    ]
    marked = [piece for piece in every if piece[0] in material.marks][:at_most]
    others = [piece for piece in every if piece[0] not in material.marks]
    room = at_most - len(marked)
    step = max(1.0, len(others) / room) if room else 1.0
    return marked + [others[int(at * step)] for at in range(min(room, len(others)))]


def _scenes(scenes: Iterable[ToldScene]) -> Iterator[Piece]:
    """The scenes, each spoken line with its speaker; the score is that of the lines alone."""
    before = list[str]()
    for scene in scenes:
        if scene.turn == 1:
            before = []
        text = "\n".join(_shown(passage, scene.names) for passage in scene.reply.passages)
        yield scene.id, text, replace(scene.asked, recent=tuple(before)), quality_of(scene)
        before.append(text)


def _shown(passage: ToldPassage, names: Mapping[str, str]) -> str:
    return shown(Passage(text=passage.text, speaker=passage.speaker), names)


def figures_of(done: Sequence[Judged], marks: dict[str, float], *, failed: int = 0) -> JudgeFigures:
    """What the judgements come to."""
    agreements = [j.agreement for _, j in done if j.agreement is not None]
    twice = [j.sample_scores() for _, j in done if len(j.samples) > 1]
    marked = [(piece, j, marks[piece[0]]) for piece, j in done if piece[0] in marks]
    values: dict[str, Any] = {}
    if len(marked) >= FEWEST:
        truth = [mark for *_, mark in marked]
        rho = spearman([j.score for _, j, _ in marked], truth)
        low, high = spearman_interval(rho, len(marked))
        folded = [with_judgement(piece[3], j).score for piece, j, _ in marked]
        values = {
            "marks": round(rho, 4),
            "marks_low": round(low, 4),
            "marks_high": round(high, 4),
            "folded": round(spearman(folded, truth), 4),
            "estimate": round(spearman([p[3].estimate for p, *_ in marked], truth), 4),
        }
    return JudgeFigures(
        judged=len(done),
        failed=failed,
        agreement=round(fmean(agreements), 4) if agreements else None,
        between_runs=(
            round(spearman([one[0] for one in twice], [one[1] for one in twice]), 4)
            if len(twice) >= FEWEST
            else None
        ),
        marked=len(marked),
        **values,
    )


def _scored(rows: Sequence[dict[str, Any]], done: Sequence[Judged]) -> list[dict[str, Any]]:
    """The rows of scenes, those judged with the judge's marks and the score that they lead to."""
    by_id = {piece[0]: (piece[3], judgement) for piece, judgement in done}
    found = {row["id"]: row for row in rows}
    for name, (quality, judgement) in by_id.items():
        folded = with_judgement(quality, judgement)
        found[name] = found.get(name, {"id": name}) | {
            "score": folded.score,
            "estimate": quality.estimate,
            "judged": dict(judgement.marks),
            "samples": [dict(sample) for sample in judgement.samples],
            "why": {name: list(why) for name, why in judgement.why.items()},
        }
    return list(found.values())


def _context(name: str) -> TTAContext:
    return TTAContext(
        workflow_id=f"judged {name}",
        correlation_id=name,
        timestamp=datetime.now(UTC),
        metaconcepts=[],
        player_boundaries={},
    )
