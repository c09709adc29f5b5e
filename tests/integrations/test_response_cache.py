"""What was answered before costs nothing, is the same, and is never what it should not be."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integrations.fakes import (
    ManualClock,
    MemoryLedger,
    ScriptedProvider,
    Told,
    context_of,
    request_of,
    settle,
)
from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import (
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    StreamItem,
    TextPiece,
)
from tta_rebuild.integrations.response_cache import ResponseCache
from tta_rebuild.integrations.wrappers.cached import CachedLLMProvider


async def read(provider: LLMProvider, request: LLMRequest | None = None) -> list[StreamItem]:
    return [item async for item in provider.stream(request or request_of())]


def text_of(items: list[StreamItem]) -> str:
    return "".join(item.text for item in items if isinstance(item, TextPiece))


# ------------------------------------------------------------------------------ what is found


async def test_the_same_request_is_answered_once_and_again_for_nothing() -> None:
    model = ScriptedProvider(Told("one"), Told("two"))
    provider = CachedLLMProvider(model)
    first = await provider.complete(request_of())
    second = await provider.complete(replace(request_of(), turn=9, story_id="other"))
    assert (first.text, second.text) == ("one", "one")
    assert second.metadata["cache"] == "memory"
    assert second.cost_usd == 0.0
    assert len(model.seen) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Something else."},
        {"system": "Be brief."},
        {"temperature": 0.1},
        {"max_tokens": 10},
        {"model": "another"},
        {"schema": {"type": "object"}},
        {"task": "scene"},
        {"variables": {"seed": 2}},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_whoever_asks_something_else_gets_an_answer_of_their_own(
    change: dict[str, object],
) -> None:
    model = ScriptedProvider(Told("{}"))
    provider = CachedLLMProvider(model)
    await provider.complete(request_of())
    await provider.complete(replace(request_of(), **change))  # type: ignore[arg-type]
    assert len(model.seen) == 2


async def test_stacks_of_another_scope_do_not_share_answers_and_those_of_the_same_do() -> None:
    cache = ResponseCache()
    model = ScriptedProvider(Told("one"), Told("two"))
    texts = [
        (await CachedLLMProvider(model, cache, scope=scope).complete(request_of())).text
        for scope in ("gemini offline", "gemini claude", "gemini offline")
    ]
    assert texts == ["one", "two", "one"]


async def test_stacks_with_other_models_or_settings_do_not_share_answers() -> None:
    cache = ResponseCache()
    small, large = ScriptedProvider(model="small"), ScriptedProvider(model="large")
    await CachedLLMProvider(small, cache).complete(request_of())
    await CachedLLMProvider(large, cache).complete(request_of())
    assert len(large.seen) == 1


@pytest.mark.parametrize(
    ("told", "request_"),
    [
        (Told("cut off in the mid", finish_reason="length"), request_of()),
        (Told("  "), request_of()),
        (Told("no JSON"), request_of(schema={"type": "object"})),
    ],
    ids=["cut", "empty", "of another shape"],
)
async def test_what_is_no_whole_answer_is_not_kept(told: Told, request_: LLMRequest) -> None:
    model = ScriptedProvider(told)
    provider = CachedLLMProvider(model)
    for _ in range(2):
        await provider.complete(request_)
        await read(provider, request_)
    assert len(model.seen) == 4


async def test_a_degraded_answer_is_not_kept() -> None:
    class Degraded(ScriptedProvider):
        async def complete(self, request: LLMRequest) -> LLMResponse:
            return replace(await super().complete(request), degraded="taken over")

    model = Degraded()
    provider = CachedLLMProvider(model)
    await provider.complete(request_of())
    await provider.complete(request_of())
    assert len(model.seen) == 2


async def test_answers_grow_old_and_leave() -> None:
    clock = ManualClock()
    model = ScriptedProvider()
    provider = CachedLLMProvider(model, ResponseCache(max_age_s=3600.0, clock=clock))
    await provider.complete(request_of())
    await clock.advance(3599.0)
    await provider.complete(request_of())
    assert len(model.seen) == 1
    await clock.advance(2.0)
    await provider.complete(request_of())
    assert len(model.seen) == 2


async def test_the_least_recently_used_leaves_memory_first() -> None:
    model = ScriptedProvider()
    provider = CachedLLMProvider(model, ResponseCache(entries=2))
    for prompt in ("a", "b", "a", "c", "a", "b"):
        await provider.complete(request_of(prompt))
    assert [seen.request.prompt for seen in model.seen] == ["a", "b", "c", "b"]


async def test_an_answer_from_the_cache_is_a_row_that_cost_nothing() -> None:
    ledger = MemoryLedger()
    tracker = CostTracker(ledger, clock=ManualClock())
    provider = CachedLLMProvider(ScriptedProvider(), tracker=tracker)
    await provider.complete(request_of(task="scene"))
    await provider.complete(request_of(task="scene"))
    await tracker.flush()
    (row,) = ledger.rows
    assert (row.outcome, row.cost_usd, row.task) == ("cached", 0.0, "scene")
    assert (row.latency_s, row.first_piece_s, row.usage) == (0.0, None, Usage())


# -------------------------------------------------------------------------------- streams


async def test_a_kept_stream_is_replayed_in_pieces_that_join_to_the_same_text() -> None:
    text = "A long scene. " * 50
    model = ScriptedProvider(Told(text))
    provider = CachedLLMProvider(model)
    await read(provider)
    items = await read(provider)
    assert len(items) > 3
    assert text_of(items) == text
    assert isinstance(items[-1], StreamEnded)
    assert items[-1].response.metadata["cache"] == "memory"
    assert (await provider.complete(request_of())).text == text
    assert len(model.seen) == 1


async def test_a_stream_that_was_left_early_is_not_kept() -> None:
    model = ScriptedProvider()
    provider = CachedLLMProvider(model)
    items = provider.stream(request_of())
    await anext(items)
    await items.aclose()
    assert model.seen[0].closed
    assert not model.seen[0].finished
    await read(provider)
    assert len(model.seen) == 2


# ------------------------------------------------------------------------- single flight


async def test_a_hundred_that_ask_the_same_at_once_are_one_call() -> None:
    clock = ManualClock()
    model = ScriptedProvider(Told("same", takes_s=1.0), clock=clock)
    provider = CachedLLMProvider(model, ResponseCache(clock=clock))
    calls = [asyncio.create_task(provider.complete(request_of())) for _ in range(100)]
    await clock.advance(2.0)
    responses = [call.result() for call in calls]
    assert {response.text for response in responses} == {"same"}
    assert len(model.seen) == 1
    assert sum(response.metadata.get("cache") == "shared" for response in responses) == 99


async def test_a_hundred_streams_of_the_same_are_one_call() -> None:
    clock = ManualClock()
    model = ScriptedProvider(Told("same text for all", takes_s=1.0), clock=clock)
    provider = CachedLLMProvider(model, ResponseCache(clock=clock))
    readers = [asyncio.create_task(read(provider)) for _ in range(100)]
    await clock.advance(2.0)
    assert {text_of(reader.result()) for reader in readers} == {"same text for all"}
    assert len(model.seen) == 1


async def test_one_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    clock = ManualClock()
    model = ScriptedProvider(Told("same", takes_s=1.0), clock=clock)
    provider = CachedLLMProvider(model, ResponseCache(clock=clock))
    first = asyncio.create_task(provider.complete(request_of()))
    await settle()
    second = asyncio.create_task(provider.complete(request_of()))
    await settle()
    first.cancel()
    await clock.advance(2.0)
    assert first.cancelled()
    assert second.result().text == "same"
    assert len(model.seen) == 1


async def test_when_the_last_one_leaves_the_call_ends() -> None:
    clock = ManualClock()
    model = ScriptedProvider(Told(takes_s=9.0), clock=clock)
    provider = CachedLLMProvider(model, ResponseCache(clock=clock))
    calls = [asyncio.create_task(provider.complete(request_of())) for _ in range(3)]
    await settle()
    for call in calls:
        call.cancel()
    await settle()
    assert model.seen[0].closed
    later = asyncio.create_task(provider.complete(request_of()))
    await clock.advance(10.0)
    assert later.done()
    assert len(model.seen) == 2


async def test_a_reader_who_comes_late_gets_the_stream_from_its_beginning() -> None:
    model = ScriptedProvider(Told("from the very beginning", pieces=6))
    provider = CachedLLMProvider(model)
    early = provider.stream(request_of())
    first = await anext(early)
    late = asyncio.create_task(read(provider))
    rest = [item async for item in early]
    assert text_of([first, *rest]) == "from the very beginning"
    assert text_of(await late) == "from the very beginning"
    assert len(model.seen) == 1


async def test_a_failure_reaches_everybody_who_waits_and_is_not_kept() -> None:
    clock = ManualClock()
    model = ScriptedProvider(Told(error=ProviderBusy("503"), takes_s=1.0), Told(), clock=clock)
    provider = CachedLLMProvider(model, ResponseCache(clock=clock))
    calls = [asyncio.create_task(provider.complete(request_of())) for _ in range(5)]
    readers = [asyncio.create_task(read(provider)) for _ in range(5)]
    await clock.advance(2.0)
    assert all(isinstance(call.exception(), ProviderBusy) for call in calls)
    assert not any(reader.exception() for reader in readers)
    assert (await provider.complete(request_of())).text == Told().text


# ---------------------------------------------------------------------------------- the file


async def test_answers_live_on_in_the_file(tmp_path: Path) -> None:
    told = Told("kept", usage=Usage(input_tokens=7, output_tokens=5, thinking_tokens=3))
    model = ScriptedProvider(told)
    first = CachedLLMProvider(model, ResponseCache(tmp_path / "cache.db"))
    original = await first.complete(request_of())
    await first.aclose()
    second = CachedLLMProvider(model, ResponseCache(tmp_path / "cache.db"))
    again = await second.complete(request_of())
    await second.aclose()
    assert len(model.seen) == 1
    assert again == replace(original, metadata={"cache": "file"})


async def test_the_file_holds_neither_prompt_nor_context(tmp_path: Path) -> None:
    provider = CachedLLMProvider(
        ScriptedProvider(Told("an answer")), ResponseCache(tmp_path / "cache.db")
    )
    request = replace(
        request_of("a very private prompt"), context=context_of(player_id="player-ada")
    )
    await provider.complete(request)
    await provider.aclose()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"an answer" in kept
    assert b"private" not in kept
    assert b"player-ada" not in kept


async def test_the_file_stays_within_its_size_and_drops_what_was_not_used(tmp_path: Path) -> None:
    clock = ManualClock()
    path = tmp_path / "cache.db"
    cache = ResponseCache(path, max_bytes=20_000, clock=clock)
    provider = CachedLLMProvider(ScriptedProvider(Told("x" * 1000)), cache)
    for number in range(40):
        await clock.advance(1.0)
        await provider.complete(request_of(f"prompt {number}"))
        await provider.complete(request_of("prompt 0"))
    model = provider.wrapped
    assert isinstance(model, ScriptedProvider)
    assert [seen.request.prompt for seen in model.seen].count("prompt 0") == 1
    await provider.aclose()
    database = sqlite3.connect(path)
    (size,) = database.execute("SELECT SUM(size) FROM answers").fetchone()
    database.close()
    assert size <= 20_000


async def test_old_answers_leave_the_file_too(tmp_path: Path) -> None:
    clock = ManualClock()
    path = tmp_path / "cache.db"
    cache = ResponseCache(path, max_age_s=60.0, clock=clock)
    provider = CachedLLMProvider(ScriptedProvider(), cache)
    await provider.complete(request_of("old"))
    await clock.advance(61.0)
    await provider.complete(request_of("new"))
    await provider.aclose()
    database = sqlite3.connect(path)
    (count,) = database.execute("SELECT COUNT(*) FROM answers").fetchone()
    database.close()
    assert count == 1


async def test_a_damaged_file_is_done_without_and_what_to_do_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "cache.db"
    path.write_bytes(b"this is no database, " * 100)
    provider = CachedLLMProvider(ScriptedProvider(), ResponseCache(path))
    for prompt in ("one", "two", "two"):
        last = await provider.complete(request_of(prompt))
    await provider.aclose()
    assert last.metadata["cache"] == "memory"
    (record,) = caplog.records
    assert f"{path} cannot be used" in record.getMessage()
    assert "delete it if it is damaged" in record.getMessage()


async def test_a_file_that_cannot_be_opened_is_done_without_and_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").write_text("no folder")
    path = tmp_path / "taken" / "cache.db"
    provider = CachedLLMProvider(ScriptedProvider(), ResponseCache(path))
    await provider.complete(request_of())
    assert (await provider.complete(request_of())).metadata["cache"] == "memory"
    await provider.complete(request_of("another"))
    await provider.aclose()
    assert [r.message.count("going on without it") for r in caplog.records] == [1]


async def test_two_processes_share_the_file(tmp_path: Path) -> None:
    path = tmp_path / "cache.db"
    first = CachedLLMProvider(ScriptedProvider(), ResponseCache(path))
    await first.complete(request_of("first"))
    model = ScriptedProvider()
    second = CachedLLMProvider(model, ResponseCache(path))
    assert (await second.complete(request_of("first"))).metadata["cache"] == "file"
    await second.complete(request_of("second"))
    await second.aclose()
    assert (await first.complete(request_of("second"))).metadata["cache"] == "file"
    await first.aclose()


async def test_closing_twice_is_safe(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "cache.db")
    await cache.aclose()
    await cache.aclose()
    assert await cache.get("key") is None
