"""How fast models tell, learnt from whole answers, and what a call that was cut off may have cost.

``kept_replies`` has each answer learnt from; ``turn_steps`` books the open calls of a lost machine
by it.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tta_rebuild.core.turn_calls import CallAsked, CallHeard, ModelPace
from tta_rebuild.core.usage import CHARS_PER_TOKEN, Usage

LATEST_ANSWERS = 50
"""Of so many of a model, to one template, the most of everything is taken."""

NEAREST = 3
"""A prompt's tokens are guessed from so many of nearly its length."""

FEWEST_ANSWERS = 2
"""Nothing is known of a model before it has answered so often."""

SPARE = 1.05
"""A model may be a little faster than it was ever seen to be, and a prompt denser."""

ON_THE_WAY_S = 0.1
"""What a model has sent in the last moment may not have been read, seconds."""


DENSEST, THINNEST = 1 / 2, 1 / 8
"""Tokens in a byte of a prompt, at most and at least: for what one is longer than another."""


@dataclass(frozen=True, slots=True)
class _Answer:
    prompt_bytes: int
    input_tokens: int
    pace: ModelPace


class ModelPaces:
    """Paces by provider, model and template, of the latest answers that this process had whole."""

    def __init__(self) -> None:
        self._seen: defaultdict[tuple[str, str, str], deque[_Answer]] = defaultdict(
            lambda: deque(maxlen=LATEST_ANSWERS)
        )

    def learn(
        self, asked: CallAsked, usage: Usage, *, chars: int, waited_s: float, told_s: float
    ) -> None:
        """Take an answer in: seconds until its first piece, and from there to its end."""
        if usage.estimated or not (chars and usage.output_tokens and usage.input_tokens):
            return
        pace = ModelPace(
            written_share=usage.cache_write_tokens / usage.input_tokens,
            output_per_char=usage.output_tokens / chars,
            output_per_s=usage.output_tokens / max(told_s, 0.01),
            thinking_per_s=usage.thinking_tokens / max(waited_s, 0.01),
        )
        self._seen[_key(asked)].append(_Answer(asked.prompt_bytes, usage.input_tokens, pace))

    def pace(self, asked: CallAsked) -> ModelPace | None:
        """What is known of the model that was asked, here or where it was asked; None: nothing."""
        seen = [answer.pace for answer in self._of(asked)]
        most = _most(seen) if seen else None
        if most is not None and asked.pace is not None:
            return _most([most, asked.pace], spare=1.0)
        return most or asked.pace

    def input_tokens(self, asked: CallAsked) -> int:
        """What a provider counts of the prompt: as much as of those of about the same length."""
        near = sorted(self._of(asked), key=lambda one: abs(one.prompt_bytes - asked.prompt_bytes))
        counts = []
        for answer in near[:NEAREST]:
            more = asked.prompt_bytes - answer.prompt_bytes
            counts.append(answer.input_tokens + more * (DENSEST if more > 0 else THINNEST))
        return math.ceil(max(counts)) if counts else asked.input_tokens

    def _of(self, asked: CallAsked) -> Sequence[_Answer]:
        seen = self._seen.get(_key(asked), ())
        return seen if len(seen) >= FEWEST_ANSWERS else ()


def _most(paces: Sequence[ModelPace], *, spare: float = SPARE) -> ModelPace:
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
        per_char, per_s = pace.output_per_char, max(per_s, pace.output_per_s)
        thought = pace.thinking_per_s * (heard.first_s - sent_s)
    told = heard.chars * per_char
    if heard.usage is not None:
        told = max(told, heard.usage.output_tokens)
        thought = max(thought, heard.usage.thinking_tokens)
    yield told + thought + per_s * max(0.0, until_s - heard.at_s)


def _key(asked: CallAsked) -> tuple[str, str, str]:
    return asked.provider, asked.model, asked.prompt_version
