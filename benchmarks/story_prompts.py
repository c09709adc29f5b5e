"""How large the prompts are at turn 1, 10, 100 … of one story, and how much of them stays the same.

An instant model tells the story through the engine (``TTA_CHECKS=off``: scenes with facts, effects
and lasting lines, a canon that grows); at each of these turns a fork is played with every setting
and the requests are looked at. Tokens are the engine's own estimate: one per four characters.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from itertools import pairwise, takewhile
from pathlib import Path
from statistics import mean

from tools.wire import story

from benchmarks import Row
from benchmarks.workloads.loopback_application import PREMISE, next_move
from tta_rebuild.bootstrap.application import open_application
from tta_rebuild.core.usage import estimated_tokens
from tta_rebuild.engine.dependencies import Checks
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
    TextPiece,
    estimated_usage,
)
from tta_rebuild.settings import Settings

CHECKS: tuple[Checks, ...] = ("off", "choices", "all")
WORDS = 170
FORKED_TURNS = 5
"""Turns of a fork: what stays the same is measured from one to the next, over a block of scenes."""
MOST_GROWTH = 1.3
"""A prompt's size at the last turn over that at turn 100."""


class InstantModel(RequestProvider):
    """Tells at once; ``asked`` has the requests that came while ``keeps`` was set."""

    def __init__(self) -> None:
        super().__init__(LLMConfig(model="instant"))
        self.asked: list[LLMRequest] = []
        self.keeps = False

    async def complete(self, request: LLMRequest) -> LLMResponse:
        if self.keeps:
            self.asked.append(request)
        text = story.answer(request.full_text, request.schema, WORDS)
        usage = estimated_usage(request.full_text, text)
        return LLMResponse(
            text=text,
            tokens_used=usage.total_tokens,
            model="instant",
            finish_reason="stop",
            usage=usage,
        )

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        response = await self.complete(request)
        yield TextPiece(response.text)
        yield StreamEnded(response)


async def measure(quick: bool) -> AsyncIterator[Row]:
    milestones = (1, 10, 100, 300) if quick else (1, 10, 100, 1_000, 10_000)
    sizes: dict[tuple[str, int], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        story_id = await _grown(home, "", milestones[0] - 1)
        for turn in milestones:
            await _grown(home, story_id, turn - 1)
            for checks in CHECKS:
                asked = await _asked(home, story_id, turn, checks)
                for row in _rows(asked, turn, checks, sizes):
                    yield row
    last = milestones[-1]
    for what in ("scene (checks off)", "scene (checks all)", "reading"):
        growth = sizes[what, last] / sizes[what, 100]
        yield Row(
            what=f"prompt of a {what}: turn {last:,} over turn 100",
            measured=f"{growth:.2f} x",
            bound=f"<= {MOST_GROWTH} x",
            ok=growth <= MOST_GROWTH,
        )


def _settings(home: Path, checks: Checks) -> Settings:
    return Settings(data_dir=home, checks=checks, cache="off", rate_limit_rpm=1_000_000)


async def _grown(home: Path, story_id: str, turns: int) -> str:
    """The story, told on until it has so many turns."""
    async with open_application(_settings(home, "off"), provider=InstantModel()) as application:
        stories = application.stories
        session = await (stories.resume(story_id) if story_id else stories.open(PREMISE))
        while session.state.turn < turns:
            await session.turn(next_move(session))
        return session.story_id


async def _asked(home: Path, story_id: str, turn: int, checks: Checks) -> list[LLMRequest]:
    """The requests of this turn and the next ones, on a fork."""
    model = InstantModel()
    async with open_application(_settings(home, checks), provider=model) as application:
        name = f"{turn}-{checks}"
        await application.stories.fork(story_id, turn=turn - 1, name=name)
        session = await application.stories.resume(story_id, name)
        model.keeps = True
        for _ in range(FORKED_TURNS):
            await session.turn(next_move(session))
    return model.asked


def _rows(
    asked: Sequence[LLMRequest], turn: int, checks: Checks, sizes: dict[tuple[str, int], float]
) -> list[Row]:
    """One row for each kind of request that this setting makes and no earlier one has."""
    rows = []
    for task in dict.fromkeys(request.task for request in asked):
        if task == "scene" and checks == "choices":
            continue  # the same prompt as with checks off
        requests = [request for request in asked if request.task == task]
        a_turn = len(requests) // FORKED_TURNS
        kind = f"scene (checks {checks})" if task == "scene" else task
        of_the_turn = requests[:a_turn]
        sizes[kind, turn] = sum(_tokens(r.full_text) for r in of_the_turn) / a_turn
        whole = " and ".join(f"{_tokens(r.full_text):,.0f}" for r in of_the_turn)
        fixed, schema = _tokens(requests[0].system), _tokens(json.dumps(requests[0].schema))
        same = [_same_share(*pair) for pair in pairwise(requests[::a_turn])]
        rows.append(
            Row(
                what=f"turn {turn:,}: prompt of a {kind}",
                measured=f"{whole} tokens",
                peer=f"fixed part {fixed:,.0f}; schema besides {schema:,.0f}; same as a turn "
                f"before {mean(same):.0%} of its characters, {min(same):.0%} at least",
            )
        )
    return rows


def _tokens(text: str) -> int:
    return estimated_tokens(len(text))


def _same_share(earlier: LLMRequest, later: LLMRequest) -> float:
    """The share of the later prompt that begins byte for byte like the earlier one."""
    pairs = zip(earlier.full_text, later.full_text, strict=False)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return common / len(later.full_text)
