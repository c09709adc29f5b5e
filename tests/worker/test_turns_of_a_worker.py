"""How many turns a worker tells at once is said by its option, else by its settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.cli.main import main

pytest.importorskip("temporalio", reason="pip install tta-rebuild[cluster]")


@pytest.mark.parametrize(
    ("set_to", "options", "expected"),
    [("", (), 100), ("7", (), 7), ("7", ("--turns", "3"), 3)],
)
def test_a_worker_has_as_many_turns_as_it_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    set_to: str,
    options: tuple[str, ...],
    expected: int,
) -> None:
    found: list[int] = []

    async def work(*_: object, most_turns: int, **__: Any) -> None:
        found.append(most_turns)

    async def at_once(_: object) -> None:
        pass

    monkeypatch.setattr("tta_rebuild.worker.worker.work", work)
    monkeypatch.setattr("tta_rebuild.bootstrap.starting.until_there", at_once)
    monkeypatch.setenv("TTA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TTA_MODEL", "offline")
    if set_to:
        monkeypatch.setenv("TTA_WORKER_TURNS", set_to)

    assert main(["worker", *options]) == 0

    assert found == [expected]
