"""Running the server: listens, says where, and ends in good order."""

from __future__ import annotations

import asyncio
import errno
import gc
import ipaddress
import logging
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

import tta_rebuild as tta
from tta_rebuild.bootstrap.application import Application
from tta_rebuild.bootstrap.serving import has_accounts, open_serving
from tta_rebuild.bootstrap.warming import load_storytelling
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.telemetry import Telemetry
from tta_rebuild.engine.turn_runner import TurnRunner
from tta_rebuild.server.app import ServerOptions, create_app
from tta_rebuild.server.collecting import collecting

OPEN_TO_ALL = (
    "{host} is reached from other machines, and nobody has to say who they are: whoever comes "
    "could read and delete every story. Make a token for each player ('tta tokens add NAME'), "
    "keep to 127.0.0.1, or give --anyone if that is meant."
)

NO_NAME = (
    "{host} is no name of a host: give the name alone, without http://, port or path "
    "(stories.example)."
)
NOT_HERE = "{host} is no address of this machine; 127.0.0.1 is one, 0.0.0.0 is all of them."
PORT_TAKEN = (
    "port {port} is taken: end what listens there, give another --port, or 0 for a free one"
)

_log = logging.getLogger("tta_rebuild.server")


class StoryServer(uvicorn.Server):
    """Ends as a storyteller should: turns that run are finished while their readers still hear."""

    def __init__(self, config: uvicorn.Config, runner: TurnRunner, grace_s: float) -> None:
        super().__init__(config)
        self._runner, self._grace_s = runner, grace_s

    async def shutdown(self, sockets: Any = None) -> None:
        """Begin no turn any more, wait for those that run, then close the connections."""
        await self._runner.drain(self._grace_s)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM; a second one does not wait. Nothing is raised again."""
        loop = asyncio.get_running_loop()
        caught = (signal.SIGINT, signal.SIGTERM)
        for number in caught:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)


class ConnectionProtocol(H11Protocol):
    """Leaves nothing of a connection that is over for the collector of garbage.

    A transport of asyncio's refers to itself by what it calls when something can be read. Where
    somebody always plays, such rings would be found too late: one for every connection ever made.
    """

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the transport go as soon as asyncio does."""
        super().connection_lost(exc)
        if hasattr(self.transport, "_read_ready_cb"):
            self.transport._read_ready_cb = None


def config_of(app: FastAPI) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        app,
        http=ConnectionProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
    )


async def serve(
    application: Application,
    options: ServerOptions,
    *,
    host: str,
    port: int,
    anyone: bool = False,
    grace_s: float = 20.0,
    telemetry: Telemetry | None = None,
    on_start: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve until SIGINT or SIGTERM; ``port`` 0 takes a free one. ``on_start`` gets the address.

    Players show tokens if there are any. Raises OSError: the address is taken, or not this
    machine's; SettingsError: others reach it, nobody shows a token, and ``anyone`` is not meant.
    """
    shares = application.settings.access == "auto" and bool(application.settings.database_url)
    options = replace(
        options,
        accounts=options.accounts or await has_accounts(application),
        accounts_may_begin=shares,
    )
    if telemetry is not None:
        options = replace(options, tracer_provider=telemetry.tracer_provider)
    for name in options.hosts:
        if re.search(r"[/@?#\s]|:\d+$", name):
            raise SettingsError("--allowed-host", NO_NAME.format(host=name[:60]))
    named = [("--host", host), *(("--allowed-host", name) for name in options.hosts)]
    flag, reached = next((one for one in named if not is_own_machine(one[1])), ("", ""))
    if reached and not options.accounts and not anyone:
        raise SettingsError(flag, OPEN_TO_ALL.format(host=reached[:60]))
    async with open_serving(
        application,
        most_turns=options.limits.turns_at_once,
        watch=options.metrics,
        telemetry=telemetry,
    ) as serving:
        app = create_app(serving, options)
        config = config_of(app)
        with listening_on(host, port) as listening:
            is_six = listening.family == socket.AF_INET6
            number = listening.getsockname()[1]
            address = f"http://{f'[{host}]' if is_six else host}:{number}"
            on_start(address)
            who = "players show tokens" if options.accounts else "nobody is asked who they are"
            models = ", ".join(application.models)
            _log.info("tta %s serves at %s with %s; %s", tta.__version__, address, models, who)
            loading = asyncio.create_task(_load(app))
            fresh = asyncio.create_task(app.state.metrics.keep_fresh(serving))
            try:
                async with collecting(lambda: serving.runner.running == 0):
                    await StoryServer(config, serving.runner, grace_s).serve([listening])
            finally:
                loading.cancel()
                fresh.cancel()
                _log.info("stopped; every finished turn is kept")


def listening_on(host: str, port: int) -> socket.socket:
    """A socket that listens; what is written to its connections is sent at once.

    asyncio does not see that sockets given to it are of TCP, and leaves the kernel waiting 40 ms
    for an acknowledgement before the second of two small writes. Raises OSError, SettingsError (the
    host is no address of this machine).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=2_048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            said = f"{os.strerror(error.errno)}: {PORT_TAKEN.format(port=port)}"
            raise OSError(error.errno, said) from error
        if error.errno in (errno.EADDRNOTAVAIL, socket.EAI_NONAME):
            raise SettingsError("--host", NOT_HERE.format(host=host[:60])) from error
        raise
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
    return made


async def _load(app: FastAPI) -> None:
    """Load what the first requests need, beside them: in the loop it would stop all of them."""
    await asyncio.to_thread(load_storytelling)
    await asyncio.to_thread(app.openapi)
    gc.freeze()


def is_own_machine(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
