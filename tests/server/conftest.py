"""A server for each test that asks for one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

pytest.importorskip(
    "fastapi", reason="the server is not installed: pip install tta-rebuild[server]"
)

from tests.server.serving import HeldTeller, Machines, Running, running


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have tests marked ``every_runner`` run on a server whose turns workers play, too."""
    marked = metafunc.definition.get_closest_marker
    if "machines" in metafunc.fixturenames and marked("every_runner") and not marked("one_process"):
        workers = pytest.param("workers", marks=pytest.mark.cluster)
        metafunc.parametrize("machines", ["process", workers], indirect=True)


@pytest.fixture
def machines(request: pytest.FixtureRequest) -> Machines | None:
    """Where workers play a server's turns; None where it plays them itself."""
    if getattr(request, "param", "process") == "process":
        return None
    return Machines(
        temporal=request.getfixturevalue("temporal"),
        database=request.getfixturevalue("postgresql_database"),
    )


@pytest.fixture
async def served(tmp_path: Path, machines: Machines | None) -> AsyncIterator[Running]:
    """A server with a storyteller that can be held back."""
    async with running(tmp_path, teller=HeldTeller(), machines=machines) as server:
        yield server


@pytest.fixture
async def embedded(tmp_path: Path, machines: Machines | None) -> AsyncIterator[Running]:
    """A server with the embedded storyteller."""
    async with running(tmp_path, machines=machines) as server:
        yield server
