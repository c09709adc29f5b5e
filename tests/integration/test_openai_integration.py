"""OpenAI for real: see ``live_provider``."""

from __future__ import annotations

from tests.integration.live_provider import LiveProvider, live

from tta_rebuild.integrations.openai_provider import OpenAIProvider


@live("OPENAI_API_KEY")
class TestLiveOpenAI(LiveProvider):
    adapter_class = OpenAIProvider
