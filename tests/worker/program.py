"""A worker as a program of its own, that can be killed; and the storyteller that it asks.

``python -m tests.worker.program ADDRESS DATABASE FOLDER NAME``. While the folder holds a file
``hold-TASK``, calls for that task stand still half-way; each call adds a line to ``calls``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import tta_rebuild as tta
from tests.engine.conftest import scene
from tta_rebuild.integrations.prices import Price, Rates
from tta_rebuild.worker.worker import work

PRICE = Price(rates=Rates(input=1.0, output=10.0))


class FolderTeller(tta.RequestProvider):
    """Tells the same scene always, as a folder says when."""

    price = PRICE

    def __init__(self, folder: Path, name: str) -> None:
        super().__init__(tta.LLMConfig(model="folder"))
        self._folder, self._name = folder, name

    async def complete(self, request: tta.LLMRequest) -> tta.LLMResponse:
        self._note(request, "begins")
        await self._wait(request)
        return self._told(request)

    async def stream(self, request: tta.LLMRequest) -> AsyncGenerator[tta.StreamItem, None]:
        self._note(request, "begins")
        response = self._told(request)
        half = len(response.text) // 2
        for at in range(0, len(response.text), 40):
            if half <= at < half + 40:
                await self._wait(request)
            yield tta.TextPiece(response.text[at : at + 40])
        self._note(request, "ends")
        yield tta.StreamEnded(response)

    def _told(self, request: tta.LLMRequest) -> tta.LLMResponse:
        text = scene(*(f"Mara counts {n} boats in the harbour." for n in range(1, 9)))
        usage = tta.Usage(input_tokens=100, output_tokens=len(text) // 4)
        return tta.LLMResponse(
            text=text,
            tokens_used=usage.total_tokens,
            model="folder",
            finish_reason="stop",
            usage=usage,
            provider="own",
        )

    async def _wait(self, request: tta.LLMRequest) -> None:
        held = self._folder / f"hold-{request.task}"
        while held.exists():  # noqa: ASYNC110 (a file has no event)
            await asyncio.sleep(0.02)

    def _note(self, request: tta.LLMRequest, what: str) -> None:
        with (self._folder / "calls").open("a") as calls:
            calls.write(f"{self._name} {what} {request.task} {request.turn}\n")


def settings_of(address: str, database: str, folder: Path) -> tta.Settings:
    return tta.Settings(
        data_dir=folder,
        database_url=database,
        runner="temporal",
        temporal_address=address,
        checks="choices",
        country="DE",
        cache="off",
    )


async def main(address: str, database: str, folder: Path, name: str) -> None:
    settings = settings_of(address, database, folder)
    teller = FolderTeller(folder, name)
    async with tta.open_application(settings, provider=teller) as application:
        print("ready", flush=True)
        await work(application, asyncio.Event(), grace_s=0.0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]))
