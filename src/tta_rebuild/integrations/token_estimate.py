"""How many tokens a request may take, before the provider has counted them, without a tokenizer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tta_rebuild.core.usage import Usage
from tta_rebuild.integrations.llm_provider import CHARS_PER_TOKEN, LLMRequest

FRAME_TOKENS = 64
"""What roles, turns and the like add to a prompt, at most."""

SCHEMA_IN_WORDS_TOKENS = 256
"""The instruction that goes with a schema where an adapter has to put it into words."""


class TokenEstimate:
    """Likely input tokens per model: four characters per token, until the counts say otherwise.

    A denser text counts at once, a lighter one slowly, so that the estimate errs on the high side.
    """

    def __init__(self) -> None:
        self._chars_per_token: dict[str, float] = {}
        self._last_schema: tuple[Mapping[str, Any] | None, int] = (None, 0)

    def input_tokens(self, model: str, request: LLMRequest) -> int:
        """About as many tokens as the request's prompt has, with a tenth to spare."""
        chars = self._chars(request)
        return round(1.1 * chars / self._chars_per_token.get(model, CHARS_PER_TOKEN)) + 8

    def learn(self, model: str, request: LLMRequest, usage: Usage) -> None:
        """Take note of what the provider counted."""
        chars = self._chars(request)
        if usage.estimated or usage.input_tokens < 32 or chars < 128:
            return
        seen = max(1.0, chars / usage.input_tokens)
        known = self._chars_per_token.get(model, CHARS_PER_TOKEN)
        self._chars_per_token[model] = seen if seen < known else known + 0.05 * (seen - known)

    def most_input_tokens(self, request: LLMRequest) -> int:
        """A count that no tokenizer exceeds: they give at most one token per byte of UTF-8."""
        size = len(request.full_text.encode("utf-8", "surrogatepass")) + FRAME_TOKENS
        if request.schema is not None:
            size += self._schema_chars(request.schema) + SCHEMA_IN_WORDS_TOKENS
        return size

    def _chars(self, request: LLMRequest) -> int:
        chars = len(request.system) + len(request.prompt)
        return chars + (self._schema_chars(request.schema) if request.schema is not None else 0)

    def _schema_chars(self, schema: Mapping[str, Any]) -> int:
        last, chars = self._last_schema
        if last is not schema:
            chars = len(json.dumps(schema))
            self._last_schema = (schema, chars)
        return chars
