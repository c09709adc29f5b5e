"""What a run without a person does when its model fails: waiting, with a clock turned by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tta_rebuild.cli.opening import OnFailure, for_failures, told
from tta_rebuild.cli.screen import Screen
from tta_rebuild.core.errors import KeyRejected, ProviderBusy, ProviderError, QuotaExhausted
from tta_rebuild.engine.action import Action
from tta_rebuild.settings import Settings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class FakeClock:
    """Notes what is slept, and does not."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def wall(self) -> datetime:
        return NOW

    async def sleep(self, delay_s: float) -> None:
        self.slept.append(delay_s)


class FailingSession:
    """Fails as often as it is told, then plays a turn without events."""

    def __init__(self, *errors: ProviderError) -> None:
        self.errors = list(errors)
        self.played: list[Action] = []

    async def play(self, action: Action) -> AsyncIterator[Any]:
        self.played.append(action)
        if self.errors:
            raise self.errors.pop(0)
        for event in ():
            yield event


async def test_waiting_plays_the_same_move_again_until_the_model_is_back() -> None:
    reset = QuotaExhausted(resets_at=NOW + timedelta(hours=2), model="m")
    session = FailingSession(ProviderBusy("busy", retry_after_s=40.0), ProviderBusy("busy"), reset)
    clock = FakeClock()

    await told(session, Action.begin(), None, Screen(), clock)  # type: ignore[arg-type]

    assert clock.slept == [40.0, 30.0, 7200.0]
    assert session.played == [Action.begin()] * 4


async def test_what_no_waiting_mends_ends_the_run() -> None:
    clock = FakeClock()
    with pytest.raises(KeyRejected):
        await told(FailingSession(KeyRejected("no")), Action.begin(), None, Screen(), clock)  # type: ignore[arg-type]
    assert clock.slept == []


@pytest.mark.parametrize(
    ("fields", "wanted", "expected"),
    [
        ({}, None, "offline"),
        ({"model": "gemini"}, None, "stop"),
        ({"model": "gemini", "chain": ("gemini", "offline")}, None, "offline"),
        ({"model": "gemini"}, "wait", "wait"),
    ],
)
def test_a_run_stops_where_a_model_is_named_unless_it_is_told_otherwise(
    fields: dict[str, Any], wanted: OnFailure | None, expected: OnFailure
) -> None:
    assert for_failures(Settings(**fields), wanted)[0] == expected


@pytest.mark.parametrize(
    ("fields", "chain"),
    [
        ({"model": "gemini"}, ("gemini",)),
        ({"model": "openai", "chain": ("gemini", "offline")}, ("openai", "gemini")),
        ({"chain": ("gemini", "offline", "openai")}, ("gemini", "openai")),
        ({}, ()),
    ],
)
def test_stopping_leaves_the_embedded_storyteller_out_of_the_chain(
    fields: dict[str, Any], chain: tuple[str, ...]
) -> None:
    assert for_failures(Settings(**fields), "stop")[1].chain == chain
