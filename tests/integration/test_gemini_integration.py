"""Gemini for real: see ``live_provider``."""

from __future__ import annotations

from tests.integration.live_provider import LiveProvider, live

from tta_rebuild.integrations.gemini_provider import GeminiLLMProvider


@live("GEMINI_API_KEY")
class TestLiveGemini(LiveProvider):
    adapter_class = GeminiLLMProvider
