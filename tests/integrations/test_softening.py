"""What was refused for its content has one second chance, put more gently."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integrations.fakes import ScriptedProvider, Told, request_of
from tta_rebuild.core.errors import ContentRefused, ProviderBusy
from tta_rebuild.integrations.llm_provider import (
    LLMProvider,
    LLMRequest,
    StreamEnded,
    StreamRestarted,
)
from tta_rebuild.integrations.wrappers.rephrasing import RephrasingLLMProvider

REFUSED = ContentRefused("blocked", reason="SAFETY")


def soften(request: LLMRequest) -> LLMRequest | None:
    return replace(request, prompt=f"{request.prompt} Gently.") if request.task == "scene" else None


def softening(model: LLMProvider) -> RephrasingLLMProvider:
    return RephrasingLLMProvider(model, lambda request, window, answer: None, soften)


async def test_a_refused_scene_is_asked_for_once_more_and_more_gently() -> None:
    model = ScriptedProvider(REFUSED, Told("gentle"))
    response = await softening(model).complete(request_of("Go.", task="scene"))
    assert response.text == "gentle"
    assert [seen.request.prompt for seen in model.seen] == ["Go.", "Go. Gently."]


async def test_a_second_refusal_is_raised() -> None:
    model = ScriptedProvider(REFUSED)
    with pytest.raises(ContentRefused):
        await softening(model).complete(request_of(task="scene"))
    assert len(model.seen) == 2


@pytest.mark.parametrize(("error", "task"), [(REFUSED, "dialogue"), (ProviderBusy("503"), "scene")])
async def test_what_cannot_be_softened_is_asked_once(error: Exception, task: str) -> None:
    model = ScriptedProvider(error)
    with pytest.raises(type(error)):
        await softening(model).complete(request_of(task=task))
    assert len(model.seen) == 1


@pytest.mark.parametrize("in_mid_stream", [True, False])
async def test_a_stream_begins_anew_and_says_so_if_it_had_begun(in_mid_stream: bool) -> None:
    model = ScriptedProvider(
        Told("a hard scene", REFUSED, in_mid_stream=in_mid_stream), Told("gentle")
    )
    provider = softening(model)
    items = [item async for item in provider.stream(request_of(task="scene"))]
    assert any(isinstance(item, StreamRestarted) for item in items) is in_mid_stream
    assert isinstance(items[-1], StreamEnded)
    assert items[-1].response.text == "gentle"
    assert all(seen.closed for seen in model.seen)


async def test_leaving_early_closes_the_stream_inside() -> None:
    model = ScriptedProvider()
    items = softening(model).stream(request_of(task="scene"))
    await anext(items)
    await items.aclose()
    assert model.seen[0].closed
    assert not model.seen[0].finished
