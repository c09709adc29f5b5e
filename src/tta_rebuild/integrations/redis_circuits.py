"""Circuits shared by all workers: what one of them opens is open for all, and one probe is enough.

Each worker judges by its own attempts; the verdict is kept in Redis, and by each for itself where
Redis is away.
"""

from __future__ import annotations

from uuid import uuid4

from tta_rebuild.core import errors
from tta_rebuild.integrations.redis_link import PREFIX, Command, RedisAway, RedisLink
from tta_rebuild.integrations.wrappers.circuit import Circuit, CircuitPolicy

PROBE_S = 120.0
"""A probe without an end, of a killed worker, is forgotten after so long, seconds."""


class RedisCircuit(Circuit):
    """The health of one model (``name``: ``provider:model``), for all workers."""

    def __init__(self, link: RedisLink, name: str, policy: CircuitPolicy | None = None) -> None:
        super().__init__(policy, clock=link.clock)
        self._link = link
        self._keys = (f"{PREFIX}circuit:{name}", f"{PREFIX}circuit:{name}:probes")
        self._probes: list[str] = []

    async def admit(self, model: str) -> bool:
        """As ``Circuit.enter``, by the verdict of all workers."""
        probe = f"{self._link.worker}:{uuid4().hex[:16]}"
        asked = Command("circuit_enter", self._keys, (probe, self.policy.probes, PROBE_S))
        try:
            word, wait_s = await self._link.run(asked)
        except RedisAway:
            return self.enter(model)
        if word == "closed":
            self._opened_at = None
            return False
        self._opened_at = self._clock.now() - self.policy.cool_down_s + float(wait_s)
        if word == "probe":
            self._probes.append(probe)
            self._probing += 1
            return True
        if float(wait_s) > 0:
            return self.enter(model)
        said = f"{model} failed too often just now, another worker finds out whether it is back"
        raise errors.CircuitOpen(said, model=model, retry_after_s=0.0)

    def record(self, model: str, is_probe: bool, worked: bool | None) -> None:
        """What became of an attempt, for all workers."""
        was = self._opened_at
        super().record(model, is_probe, worked)
        verdict = "" if self._opened_at == was else "closed" if self._opened_at is None else "open"
        probe = self._probes.pop() if is_probe and self._probes else ""
        if verdict or probe:
            told = (probe, verdict, self.policy.cool_down_s)
            self._link.send(Command("circuit_tell", self._keys, told))
