"""What every cache of questions in other words does, wherever it keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest

from tests.integrations.fakes import ManualClock, ScriptedProvider, Told, context_of
from tta_rebuild.integrations.llm_provider import LLMRequest
from tta_rebuild.integrations.semantic_cache import MOST_PER_KEY, SemanticCache
from tta_rebuild.integrations.wrappers.semantic import SemanticCachedLLMProvider
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.reading.same_question import SameQuestion

CATALOG = PromptCatalog.load()
ASKED, IN_OTHER_WORDS = "Where did you hide the map?", "Can you tell me where you hid the map?"
PELL = {"name": "Pell", "description": "a ferrywoman"}


class LetterEncoder:
    """How often each letter stands in a text, as a vector of length 1."""

    name = "letters"

    async def encode(self, text: str, asked: LLMRequest | None = None) -> Sequence[float]:
        counts = [text.lower().count(chr(letter)) + 0.01 for letter in range(97, 123)]
        length = sum(count * count for count in counts) ** 0.5
        return [count / length for count in counts]

    async def aclose(self) -> None:
        """There is nothing to close."""


def aside(question: str, **more: Any) -> LLMRequest:
    """What a character is asked aside, as the engine asks it."""
    variables = {"character": PELL, "known": ["The map is old."], "asked_by": "Ada"}
    variables |= {"question": question} | more
    rendered = CATALOG.render("dialogue", variables)
    return LLMRequest(**vars(rendered), context=context_of(), task="dialogue", variables=variables)


def shared(model: ScriptedProvider, cache: SemanticCache | None = None, **more: Any) -> Any:
    return SemanticCachedLLMProvider(
        model,
        cache or SemanticCache(),
        more.pop("encoder", LetterEncoder()),
        SameQuestion(),
        **more,
    )


MakeCache: TypeAlias = Callable[..., SemanticCache]
"""Takes the bounds of the cache."""


async def kept_in(cache: SemanticCache, *texts: str, key: str = "k") -> None:
    encoder = LetterEncoder()
    response = await ScriptedProvider(Told("an answer")).complete(aside(ASKED))
    for text in texts:
        await cache.put(key, await encoder.encode(text), [text], response)


async def texts_near(cache: SemanticCache, text: str, most: int = 4, key: str = "k") -> list[str]:
    near = await cache.nearest(key, await LetterEncoder().encode(text), most)
    return [kept.texts[0] for kept in near]


class SemanticCacheContract:
    """A test class gives ``clock``, and ``make``, whose caches the fixture closes."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock()

    async def test_the_nearest_of_a_key_come_first(self, make: MakeCache) -> None:
        cache = make()
        await kept_in(cache, "aaa", "aab", "zzz")
        await kept_in(cache, "aaa", key="another")

        assert await texts_near(cache, "aab", 2) == ["aab", "aaa"]

    async def test_it_knows_under_which_keys_something_is_kept(self, make: MakeCache) -> None:
        cache = make()
        await kept_in(cache, "aaa")

        assert (await cache.has("k"), await cache.has("another")) == (True, False)

    async def test_old_answers_leave(self, make: MakeCache, clock: ManualClock) -> None:
        cache = make(max_age_s=60)
        await kept_in(cache, "aaa")
        await clock.advance(61)
        await kept_in(cache, "zzz")

        assert await texts_near(cache, "aaa") == ["zzz"]

    async def test_the_oldest_leave_where_there_are_too_many(self, make: MakeCache) -> None:
        cache = make(entries=3)
        await kept_in(cache, "a", "b")
        await kept_in(cache, "c", key="another")
        await kept_in(cache, "d", "e")

        assert sorted(await texts_near(cache, "a")) == ["d", "e"]
        assert await texts_near(cache, "a", key="another") == ["c"]

    async def test_one_key_cannot_fill_the_cache(self, make: MakeCache) -> None:
        cache = make()
        await kept_in(cache, *("a" * n for n in range(1, MOST_PER_KEY + 3)))

        assert len(await texts_near(cache, "a", 500)) == MOST_PER_KEY

    async def test_an_answer_comes_back_as_it_was(self, make: MakeCache) -> None:
        cache, encoder = make(), LetterEncoder()
        response = await ScriptedProvider(Told("Under the keel.")).complete(aside(ASKED))
        await cache.put("k", await encoder.encode(ASKED), [ASKED, "two"], response)

        (kept,) = await cache.nearest("k", await encoder.encode(ASKED), 4)

        assert kept.texts == (ASKED, "two")
        assert kept.response == response

    async def test_vectors_of_another_size_are_not_compared(self, make: MakeCache) -> None:
        cache = make()
        await kept_in(cache, "aaa")

        assert await cache.nearest("k", [1.0], 4) == []

    async def test_a_question_in_other_words_is_answered_from_it(self, make: MakeCache) -> None:
        model = ScriptedProvider(Told("Under the keel."), Told("another"))
        provider = shared(model, make())
        await provider.complete(aside(ASKED))

        assert (await provider.complete(aside(IN_OTHER_WORDS))).text == "Under the keel."
        assert (await provider.complete(aside("Where did you not hide it?"))).text == "another"
