"""What every server tells of all machines: workers, turns that wait, and what answers.

Each looks for itself, so all tell about the same: whoever asks several takes one (``max``).
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from tta_rebuild.bootstrap.reached import Reached, reached
from tta_rebuild.bootstrap.serving import Serving
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.telemetry import observe
from tta_rebuild.engine.turn_runner import TurnQueue

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

OLD_S = 60.0
"""What was seen so long ago is told no more, seconds."""

QUEUE = {
    "workers": "Workers that take turns",
    "turns_running": "Turns that are not over, of all servers",
    "turns_waiting": "Turns that no worker has begun yet",
}


class ClusterFigures:
    """The figures of all machines as they were when somebody last looked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen, self._seen_s = Reached(parts={}, queue=None), -math.inf

    async def refresh(self, serving: Serving) -> None:
        """Look; a second at most."""
        self._seen = await reached(serving)
        self._seen_s = self._clock.now()

    def watch(self, meter: Meter) -> None:
        """Observe what was seen."""
        observe(
            meter,
            "tta.reachable",
            "1 if the database, Temporal or Redis answers this server, 0 if it does not",
            lambda: [(int(is_so), {"part": name}) for name, is_so in self._fresh.parts.items()],
        )
        observe(
            meter,
            "tta.redis.away",
            "1 while Redis cannot be used and this server keeps to its share",
            lambda: [
                (int(not is_so), {}) for n, is_so in self._fresh.parts.items() if n == "redis"
            ],
        )
        for name, about in QUEUE.items():
            observe(meter, f"tta.cluster.{name}", about, partial(self._of_queue, name))
        observe(
            meter,
            "tta.cluster.workers_lost",
            "Workers that were killed, or are not heard of, in the last ten minutes",
            lambda: self._of_queue("workers_lost"),
        )
        observe(
            meter,
            "tta.cluster.turns_waiting_oldest",
            "How long the oldest of the turns that wait does so",
            lambda: self._of_queue("oldest_s"),
            "s",
        )

    @property
    def _fresh(self) -> Reached:
        is_old = self._clock.now() - self._seen_s > OLD_S
        return Reached(parts={}, queue=None) if is_old else self._seen

    def _of_queue(self, name: str) -> list[tuple[float, dict[str, str]]]:
        queue = self._fresh.queue
        value = _values(queue)[name] if queue is not None else None
        return [(value, {})] if value is not None else []


def _values(queue: TurnQueue) -> dict[str, float | None]:
    lost = sum(one.state in ("gone", "silent") for one in queue.members)
    return {
        "workers": queue.workers,
        "workers_lost": lost if queue.has_database else None,
        "turns_running": queue.running,
        "turns_waiting": queue.waiting,
        "oldest_s": queue.longest_s,
    }
