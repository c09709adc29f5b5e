"""The fitting wrapper: learns a model's window from the refusal that names it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integrations.fakes import ScriptedProvider, Told, request_of
from tta_rebuild.core.errors import RequestTooLarge
from tta_rebuild.integrations.llm_provider import LLMRequest, StreamEnded
from tta_rebuild.integrations.wrappers.rephrasing import RephrasingLLMProvider


def shorter(request: LLMRequest, window: int, _: int) -> tuple[LLMRequest, str] | None:
    if len(request.prompt) <= window:
        return None
    return replace(request, prompt=request.prompt[:window]), f"cut to {window}"


def no_softer(_: LLMRequest) -> None:
    return None


def too_large(window: int | None) -> RequestTooLarge:
    error = RequestTooLarge("does not fit", model="m")
    error.window_tokens = window
    return error


async def test_a_window_that_is_known_is_kept_to_and_what_is_left_out_is_said() -> None:
    model = ScriptedProvider(Told("Yes."))
    provider = RephrasingLLMProvider(model, shorter, no_softer, 4)
    response = await provider.complete(request_of("0123456789"))
    assert model.seen[0].request.prompt == "0123"
    assert response.degraded == "cut to 4"
    assert (await provider.complete(request_of("012"))).degraded == ""


@pytest.mark.parametrize("stream", [True, False])
async def test_a_refusal_that_names_the_window_is_learnt_from_once(stream: bool) -> None:
    model = ScriptedProvider(Told(error=too_large(6)), Told("Yes."), Told(error=too_large(6)))
    provider = RephrasingLLMProvider(model, shorter, no_softer)

    async def ask() -> str:
        if not stream:
            return (await provider.complete(request_of("0123456789"))).degraded
        items = [item async for item in provider.stream(request_of("0123456789"))]
        assert isinstance(items[-1], StreamEnded)
        return items[-1].response.degraded

    assert await ask() == "cut to 6"
    assert [seen.request.prompt for seen in model.seen] == ["0123456789", "012345"]
    with pytest.raises(RequestTooLarge):  # as small as was told, and still refused
        await ask()
    assert len(model.seen) == 3


async def test_a_refusal_that_names_no_window_is_passed_on() -> None:
    model = ScriptedProvider(Told(error=too_large(None)))
    with pytest.raises(RequestTooLarge):
        await RephrasingLLMProvider(model, shorter, no_softer).complete(request_of())
    assert len(model.seen) == 1
