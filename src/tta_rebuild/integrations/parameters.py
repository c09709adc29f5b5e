"""What is put to a server: a request with everything settled, and what the server has refused.

Part of ``adapter``. A parameter that a server refuses is left out of what it is asked from then on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tta_rebuild.core.errors import RequestRejected
from tta_rebuild.integrations.llm_provider import LLMConfig, LLMRequest
from tta_rebuild.integrations.model_traits import ModelTraits, Structured

_WEAKER: dict[Structured, Structured] = {"schema": "object", "tool": "words", "object": "words"}
_REFUSED_WORDS: dict[str, tuple[str, ...]] = {
    "structured": ("response_format", "json_schema", "responsejsonschema", "output_config.format",
                   "json_object", "response_json_schema", "tool_choice", "structured output"),
    "temperature": ("temperature", "top_p", "topp"),
    "thinking": ("thinking", "reasoning_effort", "effort"),
    "stream_options": ("stream_options",),
    "max_tokens": ("max_tokens",),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request with everything settled: what the adapter puts to the SDK.

    Attributes:
        structured: how JSON is asked for, None for prose.
        temperature, top_p: None where the model refuses them or the default is meant.
        timeout_s: greatest time until the first piece of a stream.
        whole_timeout_s: the same for an answer in one piece.
        refused: names of further parameters that this server has refused before.
    """

    request: LLMRequest
    model: str
    system: str
    prompt: str
    structured: Structured | None
    temperature: float | None
    top_p: float | None
    max_tokens: int
    timeout_s: float
    whole_timeout_s: float
    traits: ModelTraits
    refused: frozenset[str]


class Parameters:
    """Settles requests to the models of one server.

    Args:
        optional: the parameters that can be left out (keys of ``_REFUSED_WORDS``).
    """

    def __init__(self, optional: frozenset[str]) -> None:
        self._optional = optional
        self._weaker: dict[str, Structured] = {}
        self._refused: dict[str, frozenset[str]] = {}

    def settled(
        self, request: LLMRequest, config: LLMConfig, traits: ModelTraits, per_token_s: float
    ) -> Asked:
        """The request with everything settled that it leaves to the configuration.

        Args:
            per_token_s: time for each token that an answer in one piece may have, on top.
        """
        model = request.model or config.model
        refused = self._refused.get(model, frozenset())
        structured: Structured | None = None
        prompt = request.prompt
        if request.schema is not None:
            structured = self._weaker.get(model, traits.structured)
            if structured in ("object", "words"):
                prompt = _with_schema(prompt, request.schema)
        temperature = config.temperature if request.temperature is None else request.temperature
        top_p = config.top_p if request.top_p is None else request.top_p
        max_tokens = min(request.max_tokens or config.max_tokens, traits.max_output)
        samples = traits.temperature and "temperature" not in refused
        return Asked(
            request=request,
            model=model,
            system=request.system,
            prompt=prompt,
            structured=structured,
            temperature=temperature if samples else None,
            top_p=top_p if samples and top_p != 1.0 else None,
            max_tokens=max_tokens,
            timeout_s=request.timeout_seconds or config.timeout_seconds,
            whole_timeout_s=request.timeout_seconds
            or config.timeout_seconds + per_token_s * max_tokens,
            traits=traits,
            refused=refused,
        )

    def learn(self, error: RequestRejected, asked: Asked) -> bool:
        """True if the server refused a parameter that can be left out: then it is, from now on."""
        said = error.message.lower()
        for name, words in _REFUSED_WORDS.items():
            if name not in self._optional or not any(word in said for word in words):
                continue
            if name == "structured":
                weaker = _WEAKER.get(asked.structured) if asked.structured else None
                if weaker is not None:
                    self._weaker[asked.model] = weaker
                    return True
            elif name not in asked.refused and _was_sent(name, asked):
                self._refused[asked.model] = asked.refused | {name}
                return True
        return False


def _was_sent(name: str, asked: Asked) -> bool:
    if name == "temperature":
        return asked.temperature is not None or asked.top_p is not None
    return bool(asked.traits.thinking) if name == "thinking" else True


def _with_schema(prompt: str, schema: Mapping[str, Any]) -> str:
    """The prompt with the schema in words, for models that take none."""
    written = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return (
        f"{prompt}\n\nAnswer with one JSON object and nothing else: no heading, no code fence. "
        f"It must satisfy this JSON schema:\n{written}"
    )
