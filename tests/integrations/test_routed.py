"""Each task goes to the model that was chosen for it."""

from __future__ import annotations

from tests.integrations.fakes import ScriptedProvider, Told, request_of
from tta_rebuild.integrations.llm_provider import StreamEnded
from tta_rebuild.integrations.wrappers.fallback import RoutedLLMProvider


def routed() -> tuple[RoutedLLMProvider, ScriptedProvider, ScriptedProvider]:
    strong, cheap = ScriptedProvider(Told("strong")), ScriptedProvider(Told("cheap"))
    return RoutedLLMProvider(strong, {"dialogue": cheap, "branch_check": cheap}), strong, cheap


async def test_a_task_with_a_route_goes_its_way_and_all_others_to_the_default() -> None:
    provider, _, _ = routed()
    assert (await provider.complete(request_of(task="dialogue"))).text == "cheap"
    assert (await provider.complete(request_of(task="scene"))).text == "strong"
    assert (await provider.complete(request_of())).text == "strong"


async def test_streams_are_routed_and_closed_alike() -> None:
    provider, _, cheap = routed()
    items = [item async for item in provider.stream(request_of(task="branch_check"))]
    assert isinstance(items[-1], StreamEnded)
    assert items[-1].response.text == "cheap"
    stream = provider.stream(request_of(task="branch_check"))
    await anext(stream)
    await stream.aclose()
    assert cheap.seen[1].closed
    assert not cheap.seen[1].finished


async def test_each_provider_is_closed_once_however_many_routes_it_has() -> None:
    provider, strong, cheap = routed()
    await provider.aclose()
    assert (strong.closed, cheap.closed) == (1, 1)
