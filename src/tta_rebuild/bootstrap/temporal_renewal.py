"""The connection to Temporal, made anew when the files of its certificates have changed.

A client of Temporal keeps what its files held when it connected, for every time that it connects
again. So servers and workers look at the files, and go on with another client where they changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tta_rebuild.bootstrap.temporal_link import connected
from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client

LOOKS_EVERY_S = 30.0
"""How often the files are looked at, seconds."""

_log = logging.getLogger("tta_rebuild.turns")


@asynccontextmanager
async def renewing(
    settings: Settings,
    use: Callable[[Client], None],
    *,
    telemetry: Telemetry | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[None]:
    """While the block runs, have a new client used whenever the files have changed.

    One that is not let in is not used: it is tried again at each look, until it is.
    """
    if not _files(settings):
        yield
        return
    looking = asyncio.create_task(
        _look(settings, use, telemetry, clock or Clock()), name="certificates of Temporal"
    )
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.wait([looking])


async def _look(
    settings: Settings, use: Callable[[Client], None], telemetry: Telemetry | None, clock: Clock
) -> None:
    used, told = _held(settings), ""
    while True:
        await clock.sleep(LOOKS_EVERY_S)
        if (found := _held(settings)) == used:
            continue
        try:
            client = await connected(settings, telemetry)
        except SettingsError as error:  # being written, or the server does not know it yet
            if found != told:
                _log.warning("the new certificates for Temporal cannot be used yet: %s", error)
            told = found
            continue
        use(client)
        used = found
        _log.info("certificates have changed: connected to Temporal anew")


def _files(settings: Settings) -> list[str]:
    named = (settings.temporal_ca_file, settings.temporal_cert_file, settings.temporal_key_file)
    return [str(path) for path in named if path is not None]


def _held(settings: Settings) -> str:
    """A digest of what is in the files; it says nothing of it."""
    digest = hashlib.sha256()
    for path in _files(settings):
        try:
            with open(path, "rb") as file:
                digest.update(file.read() + b"\0")
        except OSError:
            digest.update(b"none\0")
    return digest.hexdigest()
