"""TLS before a server that speaks none: a proxy, with certificates made for the test.

``wanted_key`` makes it refuse calls without that API key, as a server that knows keys does.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import h2.config
import h2.connection
import h2.events
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

UNAUTHENTICATED = "16"
REFUSED = ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME


@dataclass
class Authority:
    """Signs certificates for this machine; ``folder`` gets its own as ``NAME.pem``."""

    folder: Path
    name: str = "authority"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def __post_init__(self) -> None:
        own = self._of(self.name, self.key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.file = self.folder / f"{self.name}.pem"
        self.file.write_bytes(_pem(own.sign(self.key, hashes.SHA256())))

    def certify(self, name: str, *, host: str = "") -> tuple[Path, Path]:
        """The files of a certificate and of its key; for this machine, or for another ``host``."""
        key = ec.generate_private_key(ec.SECP256R1())
        here: list[x509.GeneralName] = [x509.DNSName(host or "localhost")]
        if not host:
            here.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        made = self._of(name, key).add_extension(x509.SubjectAlternativeName(here), critical=False)
        cert_file, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        cert_file.write_bytes(_pem(made.sign(self.key, hashes.SHA256())))
        encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        key_file.write_bytes(key.private_bytes(encoding, form, serialization.NoEncryption()))
        return cert_file, key_file

    def _of(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@asynccontextmanager
async def tls_before(
    address: str,
    authority: Authority,
    *,
    wants_certificate: bool = False,
    wanted_key: str = "",
    port: int = 0,
    host: str = "",
    is_asked_by_name: bool = False,
) -> AsyncIterator[str]:
    """The address at which TLS is spoken in front of that one; its end ends all connections.

    Its certificate is for this machine, or for another ``host``; who asks for no such machine may
    be refused.
    """
    to_host, _, to_port = address.rpartition(":")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.certify("server", host=host))
    if is_asked_by_name:
        context.sni_callback = lambda _, asked, __: None if asked == host else REFUSED
    context.set_alpn_protocols(["h2"])
    if wants_certificate:
        context.load_verify_locations(authority.file)
        context.verify_mode = ssl.CERT_REQUIRED
    open_ones = set[asyncio.Task[None]]()

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _closing(writer):
            begun = b""
            if wanted_key and not (begun := await _allowed(reader, writer, wanted_key)):
                return
            to_reader, to_writer = await asyncio.open_connection(to_host, int(to_port))
            async with _closing(to_writer):
                to_writer.write(begun)
                await asyncio.gather(_copied(reader, to_writer), _copied(to_reader, writer))

    def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(passed_on(reader, writer))
        open_ones.add(task)
        task.add_done_callback(open_ones.discard)

    server = await asyncio.start_server(came, "127.0.0.1", port, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(open_ones):
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)


@asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        with suppress(OSError):
            yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _allowed(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wanted_key: str
) -> bytes:
    """What came up to the first call, if that shows the key; else it is refused."""
    config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
    connection, begun = h2.connection.H2Connection(config), b""
    connection.initiate_connection()
    while data := await reader.read(65_536):
        begun += data
        for event in connection.receive_data(data):
            if not isinstance(event, h2.events.RequestReceived):
                continue
            headers, number = dict(event.headers or []), event.stream_id or 1
            if headers.get("authorization") == f"Bearer {wanted_key}":
                return begun
            refusal = [(":status", "200"), ("content-type", "application/grpc")]
            refusal.append(("grpc-status", UNAUTHENTICATED))
            connection.send_headers(number, refusal, end_stream=True)
            writer.write(connection.data_to_send())
            await writer.drain()
            await reader.read()
            return b""
    return b""
