"""A running turn's calls to models: what they came to, kept until the turn is over.

So a turn that is played anew, after the machine that played it was lost, pays for nothing twice
that was finished. The engine's wrapper uses it, ``storage.sql_turn_calls`` keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class CallPlace(NamedTuple):
    """Which call of a turn it is: the ``nth`` (from 1) of those that ask exactly the same."""

    fingerprint: str
    nth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAsked:
    """What is to be known of a call, so that it can be booked if nobody hears how it ended.

    Attributes:
        provider, model: who was to answer first; "" where that is not known.
        input_tokens: of the prompt, estimated.
        most_output_tokens: how long the answer may be; 0 where that is not known.
        prompt_version: ``template@version`` of the prompt.
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


class TurnCalls(Protocol):
    """Where calls are kept, by turn. All methods may raise StoreError."""

    async def begin(
        self, turn_id: str, place: CallPlace, asked: CallAsked
    ) -> Mapping[str, Any] | None:
        """The reply that is kept of a call, of JSON's kinds; None: it is noted as begun."""
        ...

    async def keep(self, turn_id: str, place: CallPlace, reply: Mapping[str, Any]) -> None:
        """Keep the whole reply to a call."""
        ...

    async def drop(self, turn_id: str, place: CallPlace) -> None:
        """Forget a call that was begun: it ended otherwise, and is booked."""
        ...

    async def take_lost(self, turn_id: str) -> Sequence[tuple[CallPlace, CallAsked]]:
        """The calls that were begun and of which nobody heard more; each is given once."""
        ...
