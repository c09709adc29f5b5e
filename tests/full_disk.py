"""A disk that is full, and what a server of stories does on it, until there is room again."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.server.serving import Running

MOST_TURNS = 60


def filled(disk: Path) -> Path:
    """Leave no room on a small file system; gives the file to delete for some."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        for size in (65_536, 512):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    return ballast


async def asked_until_refused(served: Running, branch: str) -> dict[str, Any]:
    """Play on until a turn is not stored; gives the problem that its player is told of."""
    for _ in range(MOST_TURNS):
        asked = await served.ask(branch, kind="choose", choice=1)
        answer: dict[str, Any] = asked.json()
        if asked.status_code != 202:
            return answer
        last = [update async for update in served.follow(answer["turn_id"])][-1]
        if last.kind != "stored":
            assert last.kind == "failed", last
            return dict(last.data["problem"])
    raise AssertionError("the disk is never full")


async def told_turns(served: Running, branch: str) -> list[int]:
    """The numbers of the turns of a branch, each of them whole."""
    turns = (await served.client.get(f"{branch}/turns", params={"limit": 200})).json()["turns"]
    assert all(turn["scene"]["passages"] and turn["choices"] for turn in turns)
    return [turn["turn"] for turn in turns]
