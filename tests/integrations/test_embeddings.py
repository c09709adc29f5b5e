"""Embeddings by a provider's own API: priced and budgeted as any call, and never needed."""

from __future__ import annotations

import logging
import math
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tools.wire import Fault, WireServer

from tests.integrations.adapter_tests import request
from tests.integrations.fakes import MemoryLedger, ScriptedProvider, Told
from tests.integrations.semantic_cache_contract import ASKED, IN_OTHER_WORDS, aside, shared
from tta_rebuild.bootstrap.stack_builder import StackBuilder
from tta_rebuild.core.errors import (
    BudgetExceededError,
    CircuitOpen,
    KeyMissing,
    ProviderBusy,
    ProviderError,
    ProviderTimeout,
    ReplyUnusable,
)
from tta_rebuild.core.secret import Secret
from tta_rebuild.integrations.budgets import Budget
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.embeddings import ProviderEncoder
from tta_rebuild.integrations.wrappers.semantic import SemanticCachedLLMProvider
from tta_rebuild.settings import Settings

GEMINI, OPENAI = "gemini:gemini-embedding-001", "openai:text-embedding-3-small"
both = pytest.mark.parametrize("name", [GEMINI, OPENAI], ids=["gemini", "openai"])


class Asking:
    """Encoders as bootstrap builds them, against the wire, with the ledger that they book in."""

    def __init__(self, wire: WireServer, **settings: Any) -> None:
        self.wire, self.ledger = wire, MemoryLedger()
        budgets = settings.pop("budgets", ())
        key = Secret(secrets.token_urlsafe(20))
        self.tracker = CostTracker(self.ledger, budgets)
        self.settings = Settings(
            gemini_api_key=key,
            openai_api_key=key,
            gemini_base_url=wire.url,
            openai_base_url=f"{wire.url}/v1",
            **settings,
        )
        self.builder = StackBuilder(self.settings, self.tracker, None)
        self.opened = list[ProviderEncoder]()

    def encoder(self, name: str, *, patience_s: float = 30.0) -> ProviderEncoder:
        encoder = self.builder.embeddings(name)
        encoder._patience_s = patience_s
        self.opened.append(encoder)
        return encoder


@pytest.fixture
async def asking(wire: WireServer) -> AsyncIterator[Any]:
    async with AsyncExitStack() as stack:

        def made(**settings: Any) -> Asking:
            one = Asking(wire, **settings)

            async def close() -> None:
                for encoder in one.opened:
                    await encoder.aclose()
                await one.tracker.flush()

            stack.push_async_callback(close)
            return one

        yield made


@both
async def test_a_vector_has_length_1_and_costs_what_the_server_bills(
    wire: WireServer, asking: Any, name: str
) -> None:
    wire.settings.prices = {
        "gemini-embedding-001": (0.15, 0, 0),
        "text-embedding-3-small": (0.02, 0, 0),
    }
    here = asking()

    vector = await here.encoder(name).encode(ASKED, request(story_id="s1"))

    await here.tracker.flush()
    await wire.settled()
    (row,) = here.ledger.rows
    assert math.hypot(*vector) == pytest.approx(1.0)
    assert (row.task, row.story_id, row.outcome) == ("embedding", "s1", "ok")
    assert (row.provider, row.model) == tuple(name.split(":"))
    assert (row.usage.input_tokens, row.usage.output_tokens) == (wire.records[0].input_tokens, 0)
    assert row.cost_usd == pytest.approx(wire.billed_usd)
    assert row.cost_usd > 0


@both
async def test_without_a_count_of_tokens_they_are_estimated(
    wire: WireServer, asking: Any, name: str
) -> None:
    wire.settings.send_usage = False
    here = asking()

    await here.encoder(name).encode(ASKED, request())

    await here.tracker.flush()
    usage = here.ledger.rows[0].usage
    assert usage.estimated
    assert usage.input_tokens >= wire.records[0].input_tokens
    assert usage.output_tokens == 0


@both
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rate_limit", ProviderBusy),
        ("unavailable", ProviderBusy),
        ("reset", ProviderBusy),
        ("bad_body", ReplyUnusable),
        ("wrong_content_type", ReplyUnusable),
        ("empty", ReplyUnusable),
        ("bad_key", ProviderError),
        ("cut", ProviderError),
    ],
)
async def test_what_goes_wrong_is_one_of_our_errors_and_is_not_tried_again(
    wire: WireServer, asking: Any, name: str, kind: str, expected: type[ProviderError]
) -> None:
    wire.faults.next(Fault(kind))
    here = asking()

    with pytest.raises(expected):
        await here.encoder(name).encode(ASKED, request())

    assert len(wire.records) == 1


@both
@pytest.mark.parametrize("numbers", [[], [0.0, 0.0], [float("nan"), 1.0], ["a"], [None]])
async def test_what_is_no_vector_is_no_embedding(
    wire: WireServer, asking: Any, name: str, numbers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.wire.embeddings.letters_of", lambda _: numbers)

    with pytest.raises(ReplyUnusable):
        await asking().encoder(name).encode(ASKED, request())


@both
async def test_one_that_is_slow_is_not_waited_for(wire: WireServer, asking: Any, name: str) -> None:
    wire.faults.always(Fault("hang"))
    encoder = asking().encoder(name, patience_s=0.15)

    with pytest.raises(ProviderTimeout):
        await encoder.encode(ASKED, request())


async def test_one_that_keeps_failing_is_left_alone(wire: WireServer, asking: Any) -> None:
    wire.faults.always(Fault("unavailable"))
    encoder = asking().encoder(GEMINI)
    failures = list[type[Exception]]()
    for _ in range(8):
        with pytest.raises(ProviderError) as caught:
            await encoder.encode(ASKED, request())
        failures.append(type(caught.value))

    assert failures[-1] is CircuitOpen
    assert len(wire.records) == 5


async def test_nothing_is_sent_that_a_budget_does_not_allow(wire: WireServer, asking: Any) -> None:
    here = asking(budgets=[Budget(scope="session", limit_usd=1e-6)])

    with pytest.raises(BudgetExceededError):
        await here.encoder(GEMINI).encode(ASKED, request())

    assert wire.records == []


def test_without_its_key_a_provider_is_no_encoder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    builder = StackBuilder(Settings(), CostTracker(), None)

    with pytest.raises(KeyMissing):
        builder.embeddings("gemini")


async def test_a_server_of_ones_own_is_asked_for_nothing(wire: WireServer, asking: Any) -> None:
    here = asking(servers={"studio": {"name": "studio", "base_url": f"{wire.url}/v1"}})

    await here.encoder("studio:nomic-embed-text").encode(ASKED, request())

    await here.tracker.flush()
    (row,) = here.ledger.rows
    assert (row.provider, row.model) == ("studio", "nomic-embed-text")
    assert wire.records[0].body["encoding_format"] == "float"


# ------------------------------------------------------------------------- with the cache around it


def sharing(model: ScriptedProvider, encoder: ProviderEncoder) -> SemanticCachedLLMProvider:
    provider: SemanticCachedLLMProvider = shared(model, encoder=encoder)
    return provider


@both
async def test_a_question_in_other_words_is_shared_by_a_providers_embeddings(
    asking: Any, name: str
) -> None:
    model = ScriptedProvider(Told("Under the keel."), Told("two"))
    provider = sharing(model, asking().encoder(name))
    await provider.complete(aside(ASKED))

    assert (await provider.complete(aside(IN_OTHER_WORDS))).metadata["cache"] == "semantic"
    assert (await provider.complete(aside("Where did you not hide it?"))).text == "two"


@pytest.mark.parametrize("kind", ["rate_limit", "bad_body", "empty", "unavailable", "reset"])
async def test_without_an_embedding_the_model_is_asked(
    wire: WireServer, asking: Any, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "tta_rebuild.cache")
    model = ScriptedProvider(Told("one"), Told("two"), Told("three"), Told("four"))
    provider = sharing(model, asking().encoder(OPENAI))
    wire.faults.next(Fault(kind), Fault(kind))

    told = [(await provider.complete(aside(ASKED))).text for _ in range(4)]

    assert told == ["one", "two", "three", "three"]  # the third was kept
    assert len([r for r in caplog.records if "encoder fails" in r.getMessage()]) == 1


async def test_a_budget_that_is_used_up_stops_no_question(asking: Any) -> None:
    model = ScriptedProvider(Told("one"), Told("two"))
    here = asking(budgets=[Budget(scope="session", limit_usd=1e-6)])
    provider = sharing(model, here.encoder(OPENAI))

    assert [(await provider.complete(aside(ASKED))).text for _ in range(2)] == ["one", "two"]


async def test_the_application_asks_the_encoder_that_its_settings_name(
    wire: WireServer, tmp_path: Path
) -> None:
    from tta_rebuild import open_application

    wire.settings.reply = "Under the keel."
    key = Secret(secrets.token_urlsafe(20))
    settings = Settings(
        model="openai:gpt-5.4-mini",
        openai_api_key=key,
        openai_base_url=f"{wire.url}/v1",
        semantic_cache="memory",
        semantic_encoder="openai",
        data_dir=tmp_path,
    )
    async with open_application(settings) as opened:
        for question in (ASKED, IN_OTHER_WORDS):
            response = await opened.provider.complete(aside(question))
        await opened.tracker.flush()
        rows = await opened.ledger.attempts(limit=9)

    assert response.metadata["cache"] == "semantic"
    assert sorted((row.task, row.outcome) for row in rows) == [
        ("dialogue", "cached"),
        ("dialogue", "ok"),
        ("embedding", "ok"),
        ("embedding", "ok"),
    ]
