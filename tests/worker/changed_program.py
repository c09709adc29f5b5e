"""The next program: ``tta`` with one step more in the workflow of a turn, guarded as it must be."""

from __future__ import annotations

import sys

from temporalio import workflow

from tta_rebuild.engine.temporal_names import WORKFLOW
from tta_rebuild.worker.workflow import _FOR_A_MINUTE, PlayTurn


@workflow.defn(name=WORKFLOW)
class Guarded(PlayTurn):
    """Turns that an earlier program began go on as they began."""

    @workflow.run
    async def run(self, turn_id: str) -> None:
        if workflow.patched("looks-twice"):
            await self._step("admit", _FOR_A_MINUTE, turn_id)
        await super().run(turn_id)


@workflow.defn(name=WORKFLOW)
class Unguarded(PlayTurn):
    """What a deploy must not be."""

    @workflow.run
    async def run(self, turn_id: str) -> None:
        await workflow.sleep(0.01)
        await super().run(turn_id)


def main() -> None:
    """``tta``, whose workers have the guarded workflow."""
    from tta_rebuild.cli.main import main as tta
    from tta_rebuild.worker import worker

    worker.PlayTurn = Guarded  # type: ignore[misc]
    sys.exit(tta())


if __name__ == "__main__":
    main()
