"""The connection to a Temporal server that the settings name, for servers, workers and ``doctor``.

What is wrong with it is told by the setting that it hangs on, and never with what a secret holds.
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import closing, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tta_rebuild.core.clock import Clock
from tta_rebuild.core.errors import ServiceAway, SettingsError
from tta_rebuild.core.telemetry import SCOPE, Telemetry
from tta_rebuild.core.thinned_logs import OncePerKind
from tta_rebuild.settings import Settings

if TYPE_CHECKING:
    from temporalio.client import Client, Interceptor, TLSConfig
    from temporalio.runtime import Runtime
    from temporalio.service import RPCError

NOT_INSTALLED = "turns for workers need the extra: pip install 'tta-rebuild[cluster]'"
NO_DATABASE = (
    "is not set: servers and workers share a database (postgresql://user@host/name), a data "
    "directory is one process's"
)
NO_DEPLOYMENT = "goes with TTA_TEMPORAL_DEPLOYMENT: set both, or neither"
UNREACHABLE = "no Temporal server answers at {address}; start one, or name another"

CONNECTING_S = 10.0
"""How long a connection may take, seconds."""

_ADDRESS = "TTA_TEMPORAL_ADDRESS"
_CA, _CERT, _KEY = "TTA_TEMPORAL_CA_FILE", "TTA_TEMPORAL_CERT_FILE", "TTA_TEMPORAL_KEY_FILE"
_SERVER_NAME = "TTA_TEMPORAL_SERVER_NAME"
_TLS, _API_KEY, _NAMESPACE = "TTA_TEMPORAL_TLS", "TTA_TEMPORAL_API_KEY", "TTA_TEMPORAL_NAMESPACE"

_FAILURES = (
    (r"InvalidCertificate\(Unknown", _CA, "does not hold who signed the certificate of {address}"),
    (r"InvalidCertificate\(NotValidForName", _SERVER_NAME, "{address} has none for {name}"),
    (r"InvalidCertificate\((\w+)", _CA, "the certificate of {address} is not good: {found}"),
    (r"handshake eof|UnrecognisedName", _SERVER_NAME, "{address} hangs up: it may not be {name}"),
    (r"PrivateKeyParseError", _KEY, "holds no private key (PEM)"),
    (r"InconsistentKeys", _KEY, "is not the private key of the certificate in {cert}"),
    (r"InvalidMessage|InvalidContentType", _TLS, "{address} does not speak TLS: set it to false"),
    (r"code: (?:Unauthenticated|PermissionDenied)", _API_KEY, "{address} refuses {key}"),
)  # fmt: skip
"""What the SDK says of a connection that failed → the setting that it hangs on, and what is so."""


async def connected(settings: Settings, telemetry: Telemetry | None = None) -> Client:
    """A client of the Temporal server that the settings name.

    Where spans go anywhere, those of whoever begins a turn go on in the worker that plays it.

    Raises ServiceAway: it does not answer; SettingsError: it is not installed, does not let this
    machine in or has no such namespace, or the stories are in a directory.
    """
    if find_spec("temporalio") is None:
        raise SettingsError("TTA_RUNNER", NOT_INSTALLED)
    if not settings.database_url:
        raise SettingsError("TTA_DATABASE_URL", NO_DATABASE)
    if settings.temporal_build and not settings.temporal_deployment:
        raise SettingsError("TTA_TEMPORAL_BUILD", NO_DEPLOYMENT)
    from temporalio.client import Client
    from temporalio.service import RPCError

    tls = tls_of(settings)
    try:
        async with asyncio.timeout(CONNECTING_S):
            client = await Client.connect(
                settings.temporal_address,
                namespace=settings.temporal_namespace,
                api_key=settings.temporal_api_key.reveal() or None,
                tls=tls or False,
                runtime=_runtime(),
                interceptors=_interceptors(telemetry or Telemetry()),
            )
    except TimeoutError as error:
        raise _away(settings) from error
    except RuntimeError as error:  # what its core says of every failed connection
        raise await _told(str(error), settings, has_tls=tls is not None) from error
    try:
        await ask_for_namespace(client)
    except RPCError as error:
        raise _refused(error, settings) from error
    return client


@cache  # it has threads, and a process needs one
def _runtime() -> Runtime:
    """What Temporal's client runs on; what it has to say goes through the log of this program."""
    from temporalio.runtime import (
        LogForwardingConfig,
        LoggingConfig,
        Runtime,
        TelemetryConfig,
        TelemetryFilter,
    )

    logger = logging.getLogger("tta_rebuild.temporal")
    logger.addFilter(OncePerKind(Clock().now))
    said = LoggingConfig(
        filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
        forwarding=LogForwardingConfig(
            logger=logger,
            append_target_to_name=False,
            prepend_target_on_message=False,
        ),
    )
    return Runtime(telemetry=TelemetryConfig(logging=said))


def tls_of(settings: Settings) -> TLSConfig | None:
    """How the server is spoken to by TLS; None is not at all. Raises SettingsError for a file."""
    from temporalio.client import TLSConfig

    ca, cert, key = (
        _read(setting, path, holds)
        for setting, path, holds in (
            (_CA, settings.temporal_ca_file, "CERTIFICATE"),
            (_CERT, settings.temporal_cert_file, "CERTIFICATE"),
            (_KEY, settings.temporal_key_file, "PRIVATE KEY"),
        )
    )
    if (cert is None) != (key is None):
        missing, there = (_CERT, _KEY) if cert is None else (_KEY, _CERT)
        raise SettingsError(missing, f"goes with {there}: set both, or neither")
    is_wanted = settings.temporal_tls
    if is_wanted is None:
        given = ca or cert or settings.temporal_api_key or settings.temporal_server_name
        is_wanted = bool(given)
    if not is_wanted:
        return None
    return TLSConfig(
        server_root_ca_cert=ca,
        client_cert=cert,
        client_private_key=key,
        domain=settings.temporal_server_name or None,
    )


def _read(setting: str, path: Path | None, holds: str) -> bytes | None:
    if path is None:
        return None
    try:
        found = path.read_bytes()
    except OSError as error:
        raise SettingsError(setting, f"{path} cannot be read: {error.strerror}") from None
    if not re.search(rb"-----BEGIN [A-Z ]*" + holds.encode(), found):
        kind = "private key" if holds == "PRIVATE KEY" else "certificate"
        raise SettingsError(setting, f"{path} holds no {kind} (PEM)")
    return found


def _interceptors(telemetry: Telemetry) -> list[Interceptor]:
    if not telemetry.is_traced:
        return []
    from opentelemetry import trace
    from temporalio.contrib.opentelemetry import TracingInterceptor

    return [TracingInterceptor(trace.get_tracer(SCOPE, tracer_provider=telemetry.tracer_provider))]


async def ask_for_namespace(client: Client) -> None:
    """Ask whether the server is there and knows our namespace. Raises RPCError."""
    from datetime import timedelta

    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

    wanted = DescribeNamespaceRequest(namespace=client.namespace)
    await client.workflow_service.describe_namespace(wanted, timeout=timedelta(seconds=10))


async def _told(said: str, settings: Settings, *, has_tls: bool) -> SettingsError:
    """What a failed connection hangs on."""
    address, key = settings.temporal_address, _key_of(settings)
    for pattern, setting, text in _FAILURES:
        if found := re.search(pattern, said):
            detail = found[1] if found.groups() else ""
            told = text.format(
                address=address,
                found=detail,
                key=key,
                cert=settings.temporal_cert_file,
                name=settings.temporal_server_name or address.rpartition(":")[0],
            )
            return SettingsError(setting, told)
    if "get_system_info" not in said:
        return _away(settings)
    if not has_tls:
        return await _of_another_kind(address)
    if settings.temporal_cert_file:
        return SettingsError(_CERT, f"{address} does not accept this certificate")
    return SettingsError(_CERT, f"{address} ends the connection: it may want a certificate")


def _away(settings: Settings) -> ServiceAway:
    return ServiceAway(_ADDRESS, UNREACHABLE.format(address=settings.temporal_address))


async def _of_another_kind(address: str) -> SettingsError:
    """What answers at an address that ends a connection without TLS: asked a few plain words."""
    host, _, port = address.rpartition(":")
    answer = b""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(2.0):
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
            with closing(writer):
                writer.write(b"PING\r\n\r\n")
                answer = await reader.read(5)
    for begins, what in ((b"+PONG", "a Redis"), (b"-", "a Redis"), (b"HTTP", "a web server")):
        if answer.startswith(begins):
            return SettingsError(_ADDRESS, f"{what} answers at {address}, no Temporal server")
    return SettingsError(_TLS, f"{address} ends the connection: it may want TLS")


def _refused(error: RPCError, settings: Settings) -> SettingsError:
    from temporalio.service import RPCStatusCode

    address, namespace = settings.temporal_address, settings.temporal_namespace
    if error.status is RPCStatusCode.NOT_FOUND:
        how = "make it with 'temporal operator namespace create'"
        return SettingsError(_NAMESPACE, f"{address} has no namespace {namespace}: {how}")
    if error.status in (RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED):
        return SettingsError(_API_KEY, f"{address} refuses {_key_of(settings)}")
    return _away(settings)


def _key_of(settings: Settings) -> str:
    return "this key" if settings.temporal_api_key else "who shows none"
