"""Chat clients of a server: the real SDK of OpenAI, and a front end that keeps the history."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openai

from tests.server.serving import NO_RATE, HeldTeller, Machines, Running, running
from tta_rebuild.core.clock import Clock
from tta_rebuild.server.app import ServerOptions

THEME = "A lighthouse keeper finds a door under the stairs."
LATER = timedelta(seconds=30)


class MovedClock(Clock):
    """A clock whose wall is moved by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def wall(self) -> datetime:
        return self.at


@dataclass
class Chat:
    """A chat client: it keeps the history and sends all of it each time."""

    client: openai.AsyncOpenAI
    headers: dict[str, str] = field(default_factory=dict)
    messages: list[Any] = field(default_factory=list)
    streams: bool = False
    model: str = "tta"
    more: dict[str, Any] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    usage: Any = None

    async def say(self, text: str) -> str:
        """Say something; gives the answer, which is put into the history."""
        self.messages.append({"role": "user", "content": text})
        answer = await self.again()
        self.messages.append({"role": "assistant", "content": answer})
        return answer

    async def again(self) -> str:
        """Send the history as it is."""
        asked: dict[str, Any] = {"model": self.model, "messages": self.messages, **self.more}
        asked["extra_headers"] = self.headers
        complete = self.client.chat.completions.with_raw_response.create
        if not self.streams:
            raw = await complete(**asked)
            self.heads = dict(raw.headers)
            whole = raw.parse()
            self.usage = whole.usage
            assert whole.choices[0].finish_reason == "stop"
            return whole.choices[0].message.content or ""
        raw = await complete(**asked, stream=True, stream_options={"include_usage": True})
        self.heads = dict(raw.headers)
        text, ends = "", []
        async for chunk in raw.parse():
            self.usage = chunk.usage
            for choice in chunk.choices:
                text += choice.delta.content or ""
                ends.append(choice.finish_reason)
        assert ends[-1] == "stop"
        return text

    async def regenerated(self) -> str:
        """Ask for the last answer once more, in its place."""
        self.messages.pop()
        answer = await self.again()
        self.messages.append({"role": "assistant", "content": answer})
        return answer

    async def edited(self, index: int, text: str) -> str:
        """Change what was said there, forget all after it, and send that."""
        del self.messages[index:]
        return await self.say(text)

    @property
    def story(self) -> str:
        return self.heads["x-tta-story"]


@dataclass
class Door:
    """A server and its clients."""

    server: Running
    clock: MovedClock
    client: openai.AsyncOpenAI

    def chat(self, **how: Any) -> Chat:
        return Chat(self.client, **how)

    async def map(self, story: str) -> list[dict[str, Any]]:
        """The branches of a story."""
        found = (await self.server.client.get(f"/stories/{story}/map")).json()
        branches: list[dict[str, Any]] = found["branches"]
        return branches

    async def stories(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.server.client.get("/stories")).json()["stories"]
        return found


@asynccontextmanager
async def opened(
    data_dir: Path, teller: HeldTeller | None = None, machines: Machines | None = None
) -> AsyncIterator[Door]:
    clock = MovedClock()
    options = ServerOptions(limits=NO_RATE, clock=clock)
    async with (
        running(data_dir, teller=teller, options=options, machines=machines) as server,
        client_of(server) as client,
    ):
        yield Door(server, clock, client)


def client_of(server: Running, key: str = "any", retries: int = 0) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=f"{server.address}/v1",
        api_key=key,
        max_retries=retries,
        http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
    )


async def until_running(door: Door, turns: int) -> None:
    while (await door.server.client.get("/health")).json()["turns_running"] < turns:
        pass


def choices_in(answer: str) -> list[str]:
    return re.findall(r"^\d+\. (.+)$", answer, re.MULTILINE)
