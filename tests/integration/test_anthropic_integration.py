"""Anthropic for real: see ``live_provider``."""

from __future__ import annotations

from tests.integration.live_provider import LiveProvider, live

from tta_rebuild.integrations.anthropic_provider import AnthropicProvider


@live("ANTHROPIC_API_KEY")
class TestLiveAnthropic(LiveProvider):
    adapter_class = AnthropicProvider
