"""Looks for secrets in whatever a program left behind, in every form that we know to look for.

``python tools/find_canaries.py --env NAME [--env NAME ...] PATH [PATH ...]`` takes the secrets from
environment variables and scans files and trees. Plain, base64 at any alignment, hexadecimal and
URL-encoded text is found wherever it stands, whole or cut off (15 characters suffice); gzip and
zlib streams, zip and tar archives and SQLite databases are opened, also inside each other. Written
apart from ``core.redaction`` on purpose: what hides a form and what looks for it must not share a
mistake. Exits 1 if anything is found; names file and form, never the secret.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import io
import os
import re
import sqlite3
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes

_WINDOW = 8
_WIDTH = {"hex": 2, "url": 3, "utf-16": 2}
"""Characters of a form per character of the secret: shorter pieces would be found by chance."""

_DEEPEST = 4
_LARGEST_INFLATED = 64 << 20
_PREFIX = re.compile(
    rb"^(?:sk-(?:ant-(?:(?:api|admin)\d\d-)?|(?:proj|svcacct|admin|or-v\d)-)?|AIza(?:Sy)?|AQ\.|e2b_)"
)
"""What a provider's keys begin with, and nothing of what follows: that may hold hyphens, too."""

_STREAMS = (
    (b"\x1f\x8b\x08", "gzip", 31),
    *((b"\x78" + level, "zlib", 15) for level in (b"\x01", b"\x5e", b"\x9c", b"\xda")),
)
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A secret found: where, in which form, and which one by its place in the list (from 0)."""

    where: str
    form: str
    secret: int


class CanaryScanner:
    """Finds these secrets. A secret's public prefix (``sk-proj-``) alone is no finding.

    Args:
        secrets: random strings of at least 20 characters.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._pieces: list[tuple[bytes, str, int]] = []
        for number, secret in enumerate(secrets):
            raw = secret.encode()
            private = _PREFIX.sub(b"", raw)
            if len(private) < 2 * _WINDOW:
                private = raw
            for form, text in _texts(private):
                window = _WINDOW * _WIDTH.get(form, 1)
                for start in range(0, len(text) - window + 1, window):
                    self._pieces.append((text[start : start + window], form, number))

    def scan(self, paths: Iterable[Path]) -> list[Leak]:
        """All findings in these files and trees, each place and form once."""
        found: set[Leak] = set()
        for path in paths:
            files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
            for file in files:
                if not file.is_symlink():
                    found.update(self.leaks(file.read_bytes(), str(file)))
                found.update(self.leaks(file.name.encode(), f"{file} (its name)"))
        return sorted(found)

    def leaks(self, data: bytes, where: str, depth: int = 0) -> Iterator[Leak]:
        """Findings in some bytes and in everything packed into them."""
        for piece, form, number in self._pieces:
            if piece in data:
                yield Leak(where, form, number)
        if depth < _DEEPEST:
            for kind, inner in _unpacked(data):
                yield from self.leaks(inner, f"{where} > {kind}", depth + 1)


def _texts(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The forms in which the bytes may stand in a text."""
    yield "plain", raw
    yield "hex", raw.hex().encode()
    yield "hex", raw.hex().upper().encode()
    yield "url", quote_from_bytes(raw, safe=b"").encode()
    yield "url", "".join(f"%{b:02x}" for b in raw).encode()
    yield "url", "".join(f"%{b:02X}" for b in raw).encode()
    yield "utf-16", raw.decode().encode("utf-16-le")
    for before in range(3):
        # the letters that depend on these bytes alone, however many bytes stand before them
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        padded = b"\0" * before + raw + b"\0" * 3
        text = base64.b64encode(padded)[first:last]
        yield "base64", text
        yield "base64", text.replace(b"+", b"-").replace(b"/", b"_")


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Everything packed into the bytes, one layer deep."""
    for magic, kind, wbits in _STREAMS:
        at = data.find(magic)
        while at >= 0:
            inner = _inflated(memoryview(data)[at:], wbits)
            if len(inner) >= _WINDOW:
                yield kind, inner
            at = data.find(magic, at + 1)
    if data[:4] == b"PK\x03\x04" or b"PK\x05\x06" in data[-66000:]:
        yield from _zipped(data)
    if data[257:262] == b"ustar":
        yield from _tarred(data)
    if data[:15] == b"SQLite format 3":
        yield "sqlite", _database(data)
    for run in _BASE64_RUN.finditer(data):
        text = run[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        try:
            inner = base64.b64decode(text[: len(text) // 4 * 4])
        except binascii.Error:
            continue
        if inner.startswith((b"PK\x03\x04", *(magic for magic, _, _ in _STREAMS))):
            yield "base64", inner


def _inflated(data: memoryview, wbits: int) -> bytes:
    """What can be unpacked, also from a stream that is cut off."""
    stream = zlib.decompressobj(wbits)
    out = b""
    for start in range(0, len(data), 4096):
        try:
            out += stream.decompress(data[start : start + 4096], _LARGEST_INFLATED)
        except zlib.error:
            break
        if stream.eof or len(out) > _LARGEST_INFLATED:
            break
    return out


def _zipped(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                yield "zip", member.filename.encode()
                if member.file_size <= _LARGEST_INFLATED:
                    yield f"zip:{member.filename}", archive.read(member)
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError):
        return


def _tarred(data: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is not None:
                    yield f"tar:{member.name}", content.read(_LARGEST_INFLATED)
    except (tarfile.TarError, OSError):
        return


def _database(data: bytes) -> bytes:
    """All values of all tables: in the file a long one is scattered over pages."""
    values = bytearray()
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "copy.db"
        copy.write_bytes(data)
        connection = sqlite3.connect(copy)
        try:
            connection.text_factory = bytes
            tables = connection.execute("select name from sqlite_master where type = 'table'")
            for (table,) in tables.fetchall():
                name = table.decode().replace('"', '""')
                for row in connection.execute(f'select * from "{name}"'):
                    for value in row:
                        values += value if isinstance(value, bytes) else str(value).encode()
                        values += b"\n"
        except sqlite3.Error:
            return bytes(values)  # damaged or foreign: its bytes were searched as they are
        finally:
            connection.close()
    return bytes(values)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--env", action="append", required=True, metavar="NAME")
    options = parser.parse_args()
    missing = [name for name in options.env if not os.environ.get(name)]
    if missing:
        parser.error(f"not set: {', '.join(missing)}")
    leaks = CanaryScanner(os.environ[name] for name in options.env).scan(options.paths)
    for leak in leaks:
        sys.stdout.write(f"{leak.where}: {options.env[leak.secret]} ({leak.form})\n")
    return 1 if leaks else 0


if __name__ == "__main__":
    sys.exit(main())
