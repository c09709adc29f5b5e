"""Workers and servers as programs of their own, told by their environment where all else is."""

from __future__ import annotations

import asyncio
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tools.cluster.servers import ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the servers are that programs share; ``folder`` is theirs to write into.

    Attributes:
        redis: "" for none.
        more: further settings, by the names of their variables.
    """

    folder: Path
    database: str
    temporal: str
    redis: str = ""
    more: Mapping[str, str]

    def environment(self) -> dict[str, str]:
        """The environment of a program here; no other setting of this process comes with it."""
        own = {n: v for n, v in os.environ.items() if not n.startswith(("TTA_", "LLM_"))}
        place = {
            "TTA_DATA_DIR": str(self.folder),
            "TTA_DATABASE_URL": self.database,
            "TTA_TEMPORAL_ADDRESS": self.temporal,
            "TTA_COUNTRY": "DE",
        }
        redis = {"TTA_REDIS_URL": self.redis} if self.redis else {}
        return own | place | redis | dict(self.more)


def begun(
    place: Place, *words: str, module: str = "tta_rebuild"
) -> tuple[subprocess.Popen[str], str]:
    """``tta`` with these arguments, once it has said its first line; and that line.

    ``module`` is another program that takes the same arguments.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words],
        stdout=subprocess.PIPE,
        text=True,
        env=place.environment(),
        cwd=place.folder,
        start_new_session=True,  # a terminal's Ctrl-C does not reach it
    )
    assert process.stdout is not None
    if not (line := process.stdout.readline()):
        raise RuntimeError(f"tta {' '.join(words)} ended at once, with {process.wait()}")
    return process, line


@contextmanager
def worker(place: Place) -> Iterator[subprocess.Popen[str]]:
    """A worker until the block ends."""
    process, _ = begun(place, "worker")
    with ended(process):
        yield process


@contextmanager
def server(place: Place, *, port: int = 0, runner: str = "temporal") -> Iterator[tuple[str, int]]:
    """A server until the block ends: its address, and its process id."""
    process, line = begun(place, "serve", "--runner", runner, "--port", str(port))
    with ended(process):
        found = re.search(r"http://[\d.:]+", line)
        assert found is not None, line
        yield found[0], process.pid


class Fleet:
    """So many workers; ``async with`` begins and ends them."""

    def __init__(self, place: Place, size: int, *options: str) -> None:
        """``options`` are those of ``tta worker``."""
        self._place, self._size, self._module = place, size, "tta_rebuild"
        self._options = options
        self._processes: list[subprocess.Popen[str]] = []
        self._adding: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await asyncio.gather(*(self._add() for _ in range(self._size)))
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*self._adding, return_exceptions=True)
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            with ended(process):
                pass

    @property
    def process_ids(self) -> list[int]:
        """Of the workers that run."""
        return [process.pid for process in self._processes]

    def kill(self, chance: random.Random) -> int:
        """Kill one of them with SIGKILL; gives its process id."""
        process = chance.choice(self._processes)
        self._processes.remove(process)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        return process.pid

    def refill(self) -> None:
        """Begin one more, that is there in some seconds."""
        adding = asyncio.create_task(self._add(), name="a worker begins")
        self._adding.add(adding)
        adding.add_done_callback(self._adding.discard)

    async def shrink(self, size: int) -> None:
        """Have all but so many end, as when they are told to stop; returns once they have."""
        await self._end(self._processes[size:])

    async def deploy(self, module: str) -> None:
        """Have another program in the stead of each, one after the other, as in a deploy."""
        self._module = module
        for process in list(self._processes):
            await self._add()
            await self._end([process])

    async def _end(self, ending: Sequence[subprocess.Popen[str]]) -> None:
        for process in ending:
            self._processes.remove(process)
            process.terminate()
        for process in ending:
            await asyncio.to_thread(process.wait, 40)
            assert process.stdout is not None
            process.stdout.close()

    async def _add(self) -> None:
        process, _ = await asyncio.to_thread(
            begun, self._place, "worker", *self._options, module=self._module
        )
        self._processes.append(process)


def at_the_models(
    folder: Path, url: str, *, rates: tuple[float, float] = (0.3, 2.5)
) -> Mapping[str, str]:
    """Settings for a model server on loopback that bills what it sends (``tools.wire``).

    ``rates`` are US dollars per million tokens, in and out.
    """
    config = folder / "config.toml"
    config.write_text(
        f'[servers]\nwire = "{url}/v1"\n'
        f'[prices."wire:small-model"]\ninput = {rates[0]}\noutput = {rates[1]}\n'
        '[quotas."wire:small-model"]\nrpm = 100000\n',
        encoding="utf-8",
    )
    return {
        "TTA_CONFIG": str(config),
        "TTA_MODEL": "wire:small-model",
        "TTA_CHECKS": "choices",
        "TTA_CACHE": "off",
        "LLM_MAX_COST": "1000",
    }
