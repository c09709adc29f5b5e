"""``tta_rebuild.integrations.llm_provider`` as its callers know it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tta_rebuild import integrations
from tta_rebuild.core import TTAContext
from tta_rebuild.integrations import LLMConfig, LLMProvider, LLMResponse, MockLLMProvider


@pytest.mark.contract("llm_provider#1")
def test_a_config_needs_a_model_alone() -> None:
    config = LLMConfig(model="m")
    assert (config.max_tokens, config.temperature, config.top_p, config.timeout_seconds) == (
        2000,
        0.7,
        1.0,
        30.0,
    )
    assert LLMConfig("m", 10, 0.1, 0.5, 3.0).timeout_seconds == 3.0


@pytest.mark.contract("llm_provider#2")
def test_a_response_is_made_by_keyword() -> None:
    response = LLMResponse(
        text="t", tokens_used=3, model="m", finish_reason="stop", metadata={"a": 1}
    )
    assert (response.text, response.tokens_used, response.model) == ("t", 3, "m")
    assert (response.finish_reason, response.metadata) == ("stop", {"a": 1})


class Echo(LLMProvider):
    async def generate(self, prompt: str, context: TTAContext, **overrides: Any) -> LLMResponse:
        return LLMResponse(
            text=prompt, tokens_used=1, model="echo", finish_reason="stop", metadata={}
        )

    async def generate_stream(
        self, prompt: str, context: TTAContext, **overrides: Any
    ) -> AsyncIterator[str]:
        for word in prompt.split():
            yield word


@pytest.mark.contract("llm_provider#3")
async def test_outside_code_may_write_a_provider_of_two_methods(context: TTAContext) -> None:
    provider = Echo(LLMConfig(model="echo"))
    assert provider.config.model == "echo"
    assert (await provider.generate("hello", context, temperature=0.1)).text == "hello"
    assert [piece async for piece in provider.generate_stream("a b", context)] == ["a", "b"]


@pytest.mark.contract("llm_provider#3")
def test_the_bare_provider_is_abstract() -> None:
    with pytest.raises(TypeError):
        LLMProvider(LLMConfig(model="m"))  # type: ignore[abstract]


@pytest.mark.contract("llm_provider#4")
async def test_the_mock_answers_with_its_text_and_counts(context: TTAContext) -> None:
    mock = MockLLMProvider(response="first", latency_ms=0)
    assert mock.config.model == "mock-model"
    assert mock.call_count == 0
    response = await mock.generate("the prompt", context, temperature=0.2)
    assert (response.text, response.finish_reason) == ("first", "stop")
    assert response.tokens_used > 0
    assert response.metadata == {"call_count": 1, "simulated_latency_ms": 0}
    assert mock.last_prompt == "the prompt"
    mock.response = "second"
    assert (await mock.generate("again", context)).text == "second"
    assert (mock.call_count, mock.last_prompt) == (2, "again")


@pytest.mark.contract("llm_provider#4")
async def test_the_mock_takes_a_config_and_has_an_answer_of_its_own(context: TTAContext) -> None:
    mock = MockLLMProvider(LLMConfig(model="special"), latency_ms=0)
    response = await mock.generate("p", context)
    assert response.model == "special"
    assert response.text
    assert MockLLMProvider().latency_ms == 100


@pytest.mark.contract("llm_provider#4")
@pytest.mark.parametrize("text", ["Hello World", "A much longer text, with several words in it."])
async def test_the_mock_streams_pieces_that_join_to_the_text(
    context: TTAContext, text: str
) -> None:
    mock = MockLLMProvider(response=text, latency_ms=0)
    pieces = [piece async for piece in mock.generate_stream("p", context)]
    assert "".join(pieces) == text
    assert len(pieces) > 1
    assert (mock.call_count, mock.last_prompt) == (1, "p")


@pytest.mark.contract("llm_provider#4")
async def test_a_failing_mock_fails_in_both_modes(context: TTAContext) -> None:
    mock = MockLLMProvider(should_fail=True, latency_ms=0)
    with pytest.raises(Exception, match="Mock LLM provider failure"):
        await mock.generate("p", context)
    with pytest.raises(Exception, match="Mock LLM provider failure"):
        [piece async for piece in mock.generate_stream("p", context)]


@pytest.mark.contract("llm_provider#5")
@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("GeminiLLMProvider", "GEMINI_API_KEY"),
        ("AnthropicProvider", "ANTHROPIC_API_KEY"),
        ("OpenAIProvider", "OPENAI_API_KEY"),
    ],
)
def test_an_adapter_without_a_key_names_the_variable(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    with pytest.raises(Exception, match=variable):
        getattr(integrations, name)()


@pytest.mark.contract("llm_provider#5")
def test_importing_the_adapters_loads_no_sdk() -> None:
    code = (
        "import sys\n"
        "from tta_rebuild.integrations import (\n"
        "    AnthropicProvider, GeminiLLMProvider, OpenAIProvider)\n"
        "homes = {p.__module__ for p in (AnthropicProvider, GeminiLLMProvider, OpenAIProvider)}\n"
        "assert len(homes) == 3, homes\n"
        "loaded = {'google.genai', 'openai', 'anthropic'} & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=_environment())


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
