"""How fast models tell, learnt from whole answers, and what a call that was cut off may have cost.

``kept_replies`` has each answer learnt from; ``turn_steps`` books the open calls of a lost machine
by it.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tta_rebuild.core.turn_calls import CallAsked, CallHeard, ModelPace
from tta_rebuild.core.usage import CHARS_PER_TOKEN, Attempt, Usage

LATEST_ANSWERS = 50
"""Of so many of a model the most of everything is taken."""

FEWEST_ANSWERS = 2
"""Nothing is known of how fast a model is before it has answered so often."""

SHORTEST_S = 0.2
"""Nothing is learnt of its pace from an answer that came in a shorter time, seconds."""

SPARE = 1.03
"""A model may be a little faster than it was ever seen to be."""

ON_THE_WAY_S = 0.05
"""What a model has sent in the last moment may not have been read, seconds."""

DENSEST, THINNEST = 1 / 3, 1 / 8
"""Tokens in a byte of a prompt, at most and at least: for what one is longer than another."""


@dataclass(frozen=True, slots=True)
class _Prompt:
    """A prompt that was counted."""

    size_bytes: int
    tokens: int


class ModelPaces:
    """What this process has learnt from the latest whole answers: of models, and of prompts."""

    def __init__(self) -> None:
        self._paces: defaultdict[tuple[str, str], deque[ModelPace]] = defaultdict(
            lambda: deque(maxlen=LATEST_ANSWERS)
        )
        self._prompts: defaultdict[tuple[str, str, str], deque[_Prompt]] = defaultdict(
            lambda: deque(maxlen=LATEST_ANSWERS)
        )

    def learn(
        self, asked: CallAsked, usage: Usage, *, chars: int, waited_s: float, told_s: float
    ) -> None:
        """Take an answer in: seconds until its first piece, and from there to its end."""
        if usage.estimated or not (chars and usage.output_tokens and usage.input_tokens):
            return
        self._learn(
            (asked.provider, asked.model),
            usage,
            per_char=usage.output_tokens / chars,
            waited_s=waited_s,
            told_s=told_s,
        )
        prompt = _Prompt(asked.prompt_bytes, usage.input_tokens)
        self._prompts[_template(asked)].append(prompt)

    def learn_of(self, attempts: Sequence[Attempt]) -> None:
        """Take in what a ledger has of attempts that ended well: how fast they were answered."""
        for row in attempts:
            if row.outcome == "ok" and row.first_piece_s is not None and not row.usage.estimated:
                told_s = row.latency_s - row.first_piece_s
                whose = (row.provider, row.model)
                spent = {"waited_s": row.first_piece_s, "told_s": told_s}
                self._learn(whose, row.usage, per_char=0.0, **spent)

    def _learn(
        self,
        whose: tuple[str, str],
        usage: Usage,
        *,
        per_char: float,
        waited_s: float,
        told_s: float,
    ) -> None:
        pace = ModelPace(
            written_share=usage.cache_write_tokens / max(1, usage.input_tokens),
            output_per_char=per_char,
            output_per_s=usage.output_tokens / max(told_s, 0.01),
            thinking_per_s=usage.thinking_tokens / max(waited_s, 0.01),
        )
        if told_s >= SHORTEST_S:
            self._paces[whose].append(pace)

    def pace(self, asked: CallAsked) -> ModelPace | None:
        """What is known of the model that was asked, here or where it was asked; None: nothing."""
        seen = self._paces.get((asked.provider, asked.model), ())
        if len(seen) < FEWEST_ANSWERS:
            return asked.pace
        most = _most(seen, spare=SPARE)
        return most if asked.pace is None else _most([most, asked.pace], spare=1.0)

    def input_tokens(self, asked: CallAsked) -> int:
        """What a provider counts of the prompt, by that of nearly its length; else the estimate."""

        def more(prompt: _Prompt) -> int:
            return asked.prompt_bytes - prompt.size_bytes

        seen = self._prompts.get(_template(asked), ())
        if not seen:
            return asked.input_tokens
        near = min(seen, key=lambda one: (abs(more(one)), -one.tokens))
        return math.ceil(near.tokens + more(near) * (DENSEST if more(near) > 0 else THINNEST))


def _most(paces: Collection[ModelPace], *, spare: float) -> ModelPace:
    names = ModelPace.__slots__
    most = {name: spare * max(getattr(one, name) for one in paces) for name in names}
    return ModelPace(**most | {"written_share": min(1.0, most["written_share"])})


def usage_when_lost(
    asked: CallAsked, heard: CallHeard | None, until_s: float, paces: ModelPaces
) -> Usage:
    """What may have been billed of a call that was cut off by ``until_s``, and hardly less.

    The least of what bounds the answer: how long it was allowed to be; how much the model tells in
    the time that it had; and what had come when the machine was heard of, with what the model
    tells in the time since. Seconds are of the worker's clock, since 1970.
    """
    sent_s, pace = asked.at.timestamp(), paces.pace(asked)
    if heard is not None and heard.at_s < sent_s:  # of an earlier attempt at the same
        heard = None
    bounds = [float(asked.most_output_tokens)] if asked.most_output_tokens else []
    bounds += _bounds(sent_s, heard, max(until_s, sent_s) + ON_THE_WAY_S, pace)
    output = math.ceil(min(bounds, default=0.0))
    counted = heard.usage if heard is not None else None
    if counted is not None and counted.input_tokens:
        return Usage(
            input_tokens=counted.input_tokens,
            cached_tokens=counted.cached_tokens,
            cache_write_tokens=counted.cache_write_tokens,
            output_tokens=max(output, counted.output_tokens + counted.thinking_tokens),
            estimated=True,
        )
    tokens = paces.input_tokens(asked)
    written = math.ceil(tokens * (1.0 if pace is None else pace.written_share))
    return Usage(
        input_tokens=tokens, cache_write_tokens=written, output_tokens=output, estimated=True
    )


def _bounds(
    sent_s: float, heard: CallHeard | None, until_s: float, pace: ModelPace | None
) -> Iterator[float]:
    """What the answer had at most, in tokens, by all that is known."""
    if pace is not None:
        yield max(pace.output_per_s, pace.thinking_per_s) * (until_s - sent_s)
    if heard is None or heard.first_s is None:
        return
    per_char, per_s = 1 / CHARS_PER_TOKEN, heard.fastest / CHARS_PER_TOKEN
    thought = 0.0
    if pace is not None:
        per_char = pace.output_per_char or per_char
        per_s = max(heard.fastest * per_char, pace.output_per_s)
        thought = pace.thinking_per_s * (heard.first_s - sent_s)
    told = heard.chars * per_char
    if heard.usage is not None:
        told = max(told, heard.usage.output_tokens)
        thought = max(thought, heard.usage.thinking_tokens)
    yield told + thought + per_s * max(0.0, until_s - heard.at_s)


def _template(asked: CallAsked) -> tuple[str, str, str]:
    return asked.provider, asked.model, asked.prompt_version
