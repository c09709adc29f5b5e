"""A running turn's calls to models: what they came to, and what is known of one that was cut off.

So a turn that is played anew, after the machine that played it was lost, pays for nothing twice
that was finished, and what was begun stays in the ledger. The engine's wrapper uses it,
``storage.sql_turn_calls`` keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol, Self

from tta_rebuild.core.usage import Usage


class CallPlace(NamedTuple):
    """Which call of a turn it is: the ``nth`` (from 1) of those that ask exactly the same."""

    fingerprint: str
    nth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPace:
    """The most that a model was seen to do lately, and a little more.

    Attributes:
        written_share: what part of a prompt went into the provider's cache, which may cost more.
        output_per_char: tokens in a character of an answer's text.
        output_per_s, thinking_per_s: tokens a second from the first piece on, and before it.
    """

    written_share: float
    output_per_char: float
    output_per_s: float
    thinking_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAsked:
    """What is to be known of a call, so that it can be booked if nobody hears how it ended.

    Attributes:
        at: when its request was about to leave, by the clock of its worker.
        provider, model: whom it was sent to; "" where that is not known.
        input_tokens: of the prompt, estimated; ``prompt_bytes`` is how long that was.
        most_output_tokens: how long the answer may be; 0 where that is not known.
        prompt_version: ``template@version`` of the prompt.
        worker: the name of the machine that sent it, and ``pace`` what that knew of the model.
    """

    at: datetime
    provider: str
    model: str
    task: str
    input_tokens: int
    story_id: str
    branch_id: str
    turn: int
    player_id: str = ""
    session_id: str = ""
    correlation_id: str = ""
    prompt_version: str = ""
    most_output_tokens: int = 0
    prompt_bytes: int = 0
    worker: str = ""
    pace: ModelPace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeard:
    """How far an open call had come when its machine was heard of the last time.

    Attributes:
        at_s, first_s: seconds since 1970 by the worker's clock: then, and at the first piece (None:
            nothing had come).
        chars: of its text.
        fastest: characters a second, at the fastest that it came.
        usage: what the provider had counted by then, None where it counts at the end.
    """

    at_s: float
    first_s: float | None = None
    chars: int = 0
    fastest: float = 0.0
    usage: Usage | None = None

    def values(self) -> Mapping[str, Any]:
        """Plain values, of JSON's kinds."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """What such values say."""
        counted = values.get("usage")
        return cls(**{**values, "usage": None if counted is None else Usage(**counted)})


class TurnCalls(Protocol):
    """Where calls are kept, by turn. All methods may raise StoreError."""

    async def kept(self, turn_id: str) -> Mapping[CallPlace, Mapping[str, Any]]:
        """The whole replies that a turn has had, of JSON's kinds."""
        ...

    async def sending(self, turn_id: str, place: CallPlace, asked: CallAsked) -> None:
        """Note that a request is about to leave."""
        ...

    async def keep(self, turn_id: str, place: CallPlace, reply: Mapping[str, Any]) -> None:
        """Keep the whole reply to a call."""
        ...

    async def drop(self, turn_id: str, place: CallPlace) -> None:
        """Forget a call that was sent and has no reply: what it has cost is booked."""
        ...

    async def open_calls(self, turn_id: str) -> Sequence[tuple[CallPlace, CallAsked]]:
        """The calls that were sent and of which nobody heard more."""
        ...

    async def orphans(self) -> Sequence[tuple[str, CallPlace, CallAsked]]:
        """The same of turns that are over, with the turn's id, where the worker is gone."""
        ...
