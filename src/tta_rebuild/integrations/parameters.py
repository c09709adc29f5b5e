"""What is put to a server: a request with everything settled, for a model that takes some of it.

What a model takes is a table (``model_traits.toml``). What a server refuses all the same is left
out of what it is asked from then on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import RequestRejected
from tta_rebuild.integrations.api_errors import api_words
from tta_rebuild.integrations.llm_provider import LLMConfig, LLMRequest

Structured = Literal["schema", "tool", "object", "words"]
"""How JSON is asked for: by schema, as a tool's input, as any JSON object, or only in words."""

_WEAKER: Mapping[Any, Structured] = {"schema": "object", "tool": "words", "object": "words"}


@cache
def traits_of(provider: str, model: str) -> Mapping[str, Any]:
    """The table's row of ``provider:model``; one that is not in it gets the provider's."""
    rows = packaged_toml("tta_rebuild.integrations", "model_traits")["model"]
    name = f"{provider}:{model.removeprefix('models/')}"
    found: dict[str, Any] = {}
    for row in sorted(rows, key=lambda row: len(row["match"])):
        if name.startswith(row["match"]):
            found |= row
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request with everything settled: what the adapter puts to the SDK.

    None is what is not asked for. ``timeout_s`` is until the first piece; ``thinking`` keeps that
    short, in the vendor's own words; ``refused`` are parameters that this server refused before.
    """

    request: LLMRequest
    is_whole: bool
    model: str
    prompt: str
    structured: Structured | None
    temperature: float | None
    top_p: float | None
    max_tokens: int
    timeout_s: float
    thinking: Mapping[str, Any]
    refused: frozenset[str]


class Parameters:
    """Settles requests to the models of one server; ``optional`` parameters can be left out."""

    def __init__(self, optional: frozenset[str], per_token_s: float) -> None:
        self._optional = optional
        self._per_token_s = per_token_s
        self._weaker: dict[str, Structured] = {}
        self._refused: dict[str, frozenset[str]] = {}

    def settled(
        self, request: LLMRequest, config: LLMConfig, traits: Mapping[str, Any], *, is_whole: bool
    ) -> Asked:
        """The request with everything settled that it leaves to the configuration."""
        model = request.model or config.model
        refused = self._refused.get(model, frozenset())
        structured: Structured | None = None
        prompt = request.prompt
        if request.schema is not None:
            structured = self._weaker.get(model, traits["structured"])
            if structured in ("object", "words"):
                written = json.dumps(request.schema, ensure_ascii=False, separators=(",", ":"))
                prompt += "\n\nAnswer with one JSON object and nothing else: no heading, no code "
                prompt += f"fence. It must satisfy this JSON schema:\n{written}"
        temperature = config.temperature if request.temperature is None else request.temperature
        top_p = config.top_p if request.top_p is None else request.top_p
        max_tokens = min(request.max_tokens or config.max_tokens, traits["max_output"])
        samples = traits["temperature"] and "temperature" not in refused
        usual_s = config.timeout_seconds + (self._per_token_s * max_tokens if is_whole else 0.0)
        return Asked(
            request=request,
            is_whole=is_whole,
            model=model,
            prompt=prompt,
            structured=structured,
            temperature=temperature if samples else None,
            top_p=top_p if samples and top_p != 1.0 else None,
            max_tokens=max_tokens,
            timeout_s=request.timeout_seconds or usual_s,
            thinking={} if "thinking" in refused else traits["thinking"],
            refused=refused,
        )

    def learn(self, error: RequestRejected, asked: Asked) -> bool:
        """True if the server refused a parameter that can be left out: then it is, from now on."""
        said = error.message.lower()
        was_sent = {
            "temperature": asked.temperature is not None,
            "thinking": bool(asked.thinking),
        }
        for name, signs in api_words()["refused"].items():
            if name not in self._optional or not re.search(signs, said):
                continue
            if name == "structured":
                if asked.structured in _WEAKER:
                    self._weaker[asked.model] = _WEAKER[asked.structured]
                    return True
            elif name not in asked.refused and was_sent.get(name, True):
                self._refused[asked.model] = asked.refused | {name}
                return True
        return False
