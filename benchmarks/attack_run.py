"""``python -m benchmarks.attack_run [N]``: the attacks (every nth) on every engine, as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
from tests.sandbox.attacks.corpus import ATTACKS, Attack
from tests.sandbox.attacks.watch import HostWatch, left_behind

from tta_rebuild.integrations.code_executor import Limits
from tta_rebuild.integrations.local_executor import LocalExecutor
from tta_rebuild.sandbox import Jail, JailUnavailable
from tta_rebuild.sandbox.confine import Bounds

LIMITS = Limits(wall_s=0.8, cpu_s=1, output_bytes=4096)
BOUNDS = Bounds(cpu_s=1, wall_s=0.8, memory_bytes=512 << 20, file_bytes=1 << 20, output_bytes=4096)


class _JailAlone:
    """The jail without monty before it, so that every attack reaches it."""

    def __init__(self) -> None:
        self.jail = Jail()

    async def run(self, code: str) -> tuple[str, bool]:
        report = await self.jail.run(code, BOUNDS)
        return report.output, report.end == "finished"


class _Whole:
    """An executor as it is offered."""

    def __init__(self, *, use_jail: bool) -> None:
        self.executor = LocalExecutor(LIMITS, use_jail=use_jail)

    async def run(self, code: str) -> tuple[str, bool]:
        verdict = await self.executor.run(code)
        return verdict.output, verdict.verdict == "valid"


async def _attacked(engine: Any, attacks: tuple[Attack, ...]) -> dict[str, Any]:
    harmed: dict[str, list[str]] = {}
    faked = []
    for attack in attacks:
        with tempfile.TemporaryDirectory() as place:
            host = HostWatch(Path(place))
            with host.watching():
                output, passed = await engine.run(host.code(attack))
                if done := host.harm(output):
                    harmed[attack.name] = done
                if attack.fakes_success and passed:
                    faked.append(attack.name)
    return {"attacks": len(attacks), "harmed": harmed, "faked": faked}


async def _main(every: int) -> dict[str, Any]:
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    attacks = ATTACKS[::every]
    found: dict[str, Any] = {"uid": os.geteuid()}
    alone = _JailAlone()
    try:
        await alone.jail.open(BOUNDS)
    except JailUnavailable as error:
        found["jail_problem"] = str(error)
    else:
        found["jail"] = await _attacked(alone, attacks)
    finally:
        await alone.jail.close()
    for name, use_jail in (("monty", False), ("whole", True)):
        engine = _Whole(use_jail=use_jail)
        found[name] = await _attacked(engine, attacks)
        await engine.executor.aclose()
    found["left_behind"] = left_behind(before)
    return found


if __name__ == "__main__":
    every_nth = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    print(json.dumps(asyncio.run(_main(every_nth))))
