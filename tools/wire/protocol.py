"""What the three wire protocols have in common, so that faults and pacing are written once."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.wire.faults import Fault
from tools.wire.state import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request, read. ``used`` names the fields that a local server might refuse."""

    model: str
    prompt: str
    stream: bool
    schema: Mapping[str, Any] | None = None
    asked: str = ""
    max_tokens: int | None = None
    used: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is an error."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class Protocol(ABC):
    """Reads requests and writes answers of one vendor. One instance per request."""

    name: str
    line_end = "\n\n"
    field = ""
    """The request's field that an "invalid" refusal is about."""

    def __init__(self, record: Record, *, model_version: str, send_usage: bool) -> None:
        self.record = record
        self.model = model_version or record.model
        self.send_usage = send_usage

    @staticmethod
    @abstractmethod
    def read(body: Mapping[str, Any], path: Mapping[str, str]) -> Ask:
        """The request; raises KeyError or TypeError where it is not one of this protocol."""

    @abstractmethod
    def refusal(self, fault: Fault) -> Refusal:
        """The error for a fault of ``faults.BEFORE_THE_ANSWER`` that is an HTTP status."""

    @abstractmethod
    def whole(self, text: str, finish: str) -> Mapping[str, Any]:
        """The answer in one piece. ``finish`` is "stop" or the fault that ended it."""

    @abstractmethod
    def opening(self) -> str:
        """What a stream sends before its first piece of text."""

    @abstractmethod
    def piece(self, text: str) -> str:
        """One piece of text; the record's counts include it already."""

    @abstractmethod
    def ending(self, finish: str) -> str:
        """What a stream sends after its last piece of text."""

    @abstractmethod
    def broken(self) -> str:
        """An error object in mid-stream."""

    def event(self, value: Mapping[str, Any], name: str = "") -> str:
        """One server-sent event."""
        head = f"event: {name}\n" if name else ""
        return f"{head}data: {json.dumps(value, separators=(',', ':'))}{self.line_end}"
