"""Embeddings of both protocols that have them: how often each letter stands in the text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.wire.gemini import Gemini
from tools.wire.openai import OpenAI
from tools.wire.protocol import Ask
from tools.wire.state import tokens_of


def letters_of(text: str) -> list[float]:
    """A number for each letter from a to z, none of them 0."""
    return [text.lower().count(chr(letter)) + 0.01 for letter in range(97, 123)]


class GeminiEmbedding(Gemini):
    """``batchEmbedContents``."""

    @staticmethod
    def read(body: Mapping[str, Any], path: Mapping[str, str]) -> Ask:
        (one,) = body["requests"]
        text = "".join(part["text"] for part in one["content"]["parts"])
        return Ask(model=path["model"], prompt=text, stream=False)

    def whole(self, text: str, finish: str) -> Mapping[str, Any]:
        self.record.output_tokens = 0
        asked = self.read(self.record.body, {"model": self.model}).prompt
        found = [] if finish == "empty" else [{"values": letters_of(asked)}]
        reply: dict[str, Any] = {"embeddings": found}
        if self.send_usage:
            reply["usageMetadata"] = {"promptTokenCount": tokens_of(asked)}
        return reply


class OpenAIEmbedding(OpenAI):
    """``/v1/embeddings``."""

    @staticmethod
    def read(body: Mapping[str, Any], path: Mapping[str, str]) -> Ask:
        return Ask(model=body["model"], prompt=body["input"], stream=False)

    def whole(self, text: str, finish: str) -> Mapping[str, Any]:
        self.record.output_tokens = 0
        asked = str(self.record.body["input"])
        row = {"object": "embedding", "index": 0, "embedding": letters_of(asked)}
        reply: dict[str, Any] = {"object": "list", "model": self.model}
        reply["data"] = [] if finish == "empty" else [row]
        if self.send_usage:
            tokens = tokens_of(asked)
            reply["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}
        return reply
