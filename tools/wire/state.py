"""What the loopback server knows: its settings, and a record of every request."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

CHARS_PER_TOKEN = 4


def tokens_of(text: str) -> int:
    """How many tokens this server counts for a text: one per four characters, rounded up."""
    return math.ceil(len(text) / CHARS_PER_TOKEN)


def labelled(prompt: str, label: str) -> str:
    """What a regular expression finds first in a prompt; "" for nothing."""
    found = re.search(label, prompt) if label else None
    return found[0] if found else ""


@dataclass(slots=True)
class WireSettings:
    """How the server behaves; may be changed between requests.

    Attributes:
        first_token_s: simulated time to the first token; two of them are a range, of which each
            answer draws its own.
        tokens_per_s: simulated speed after it, or a range; 0 for as fast as the wire takes.
        piece_chars: characters of text in one streamed chunk.
        thinking_tokens: billed as output, none of it in the text (not spoken by OpenAI's usage
            unless above 0).
        cached_share: share of the prompt's tokens reported as cached.
        usd_per_million: price of input, cached input and output tokens; ``prices`` by model first.
        reply: the text of every answer; "" for one that fits the request, varied by it.
        words: about how many words of narration a scene reply has.
        rich: answers as full as a good model's: facts and effects by id, lasting lines where they
            are asked for, ever new people and things (see ``story``).
        refuses: request fields that are answered with 400, as local servers do
            (``json_schema``, ``json_object``, ``stream_options``, ``temperature``,
            ``max_completion_tokens``, ``max_tokens``, ``tools``).
        models: what ``/v1/models`` lists; windows: tokens of context that it tells, by model.
        model_version: the model named in replies; "" for the one that was asked.
        label: a regular expression; what it finds first in a prompt is the ``label`` of its record.
        send_usage: False leaves the token counts out, as some local servers do.
    """

    first_token_s: float | Sequence[float] = 0.0
    tokens_per_s: float | Sequence[float] = 0.0
    piece_chars: int = 24
    thinking_tokens: int = 0
    cached_share: float = 0.0
    usd_per_million: tuple[float, float, float] = (0.30, 0.03, 2.50)
    prices: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    reply: str = ""
    words: int = 130
    rich: bool = False
    refuses: tuple[str, ...] = ()
    models: tuple[str, ...] = ("small-model", "large-model")
    windows: dict[str, int] = field(default_factory=dict)
    model_version: str = ""
    label: str = ""
    send_usage: bool = True


@dataclass(slots=True)
class Record:
    """One request as the server saw it. Times are ``time.monotonic()`` of this machine.

    Attributes:
        asked: how the answer was asked for: ``"json_schema"``, ``"json_object"``, ``"tool"``, ""
        pieces_sent: chunks of text that were handed to the connection.
        sent_text: characters of text that were handed to the connection.
        piece_times: when each chunk of text was handed to the connection.
        client_left: True if the client closed the connection before the answer was complete.
        body: the request as JSON (in-process only).
    """

    number: int
    protocol: str
    model: str
    stream: bool
    at: float
    prompt_chars: int = 0
    asked: str = ""
    label: str = ""
    fault: str = ""
    status: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    pieces_planned: int = 0
    pieces_sent: int = 0
    sent_text: int = 0
    piece_times: list[float] = field(default_factory=list)
    bytes_sent: int = 0
    billed_usd: float = 0.0
    client_left: bool = False
    ended_at: float | None = None
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        del values["body"], values["headers"]
        return values
