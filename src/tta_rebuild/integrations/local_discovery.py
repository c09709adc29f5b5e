"""Finds servers on this machine that speak OpenAI's protocol: Ollama, LM Studio, llama.cpp, vLLM.

``bootstrap`` asks here for ``--model local``, and ``tta models`` lists what is found. Only loopback
addresses are asked, with one short request each (``GET …/models``) that carries no key.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tta_rebuild.core.errors import ModelUnavailable

USUAL_SERVERS: Mapping[str, str] = {
    "Ollama": "http://127.0.0.1:11434/v1",
    "LM Studio": "http://127.0.0.1:1234/v1",
    "llama.cpp": "http://127.0.0.1:8080/v1",
    "vLLM": "http://127.0.0.1:8000/v1",
}
"""Name → address where each of them listens unless told otherwise."""

_LONGEST_REPLY = 1 << 20
_WINDOW_NAMES = ("loaded_context_length", "max_model_len", "context_length", "context_window")
_NO_STORYTELLERS = ("embed", "rerank", "whisper", "tts", "clip")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalServer:
    """A server that answered.

    Attributes:
        models: those that can write, as the server names them.
        windows: model → tokens of its context, where the server says (vLLM, llama.cpp, LM Studio).
    """

    name: str
    base_url: str
    models: tuple[str, ...]
    windows: Mapping[str, int] = field(default_factory=dict)


async def find_local_servers(
    servers: Mapping[str, str] = USUAL_SERVERS, *, timeout_s: float = 0.7
) -> tuple[LocalServer, ...]:
    """The servers that answer within ``timeout_s``, in the order given.

    Args:
        servers: name → base address (``http://127.0.0.1:11434/v1``).

    Raises:
        ValueError: an address that is not on this machine.
    """
    for address in servers.values():
        if not is_loopback(address):
            raise ValueError(f"{address} is not on this machine: only loopback is looked at")
    looked = await asyncio.gather(
        *(_look(name, address.rstrip("/"), timeout_s) for name, address in servers.items())
    )
    return tuple(found for found in looked if found is not None)


async def choose_local(
    wanted: str = "", servers: Mapping[str, str] = USUAL_SERVERS, *, timeout_s: float = 0.7
) -> tuple[LocalServer, str]:
    """A server and the model to use: ``wanted`` where some server has it, else the first there is.

    ``wanted`` may leave out a tag (``"mistral"`` for ``"mistral:7b"``).

    Raises:
        ModelUnavailable: no server answers, or none has that model; says what to do.
    """
    found = await find_local_servers(servers, timeout_s=timeout_s)
    for server in found:
        for model in server.models:
            if not wanted or model == wanted or model.startswith(f"{wanted}:"):
                return server, model
    if not found:
        tried = ", ".join(f"{name} ({address})" for name, address in servers.items())
        reason = (
            f"no model server answers on this machine (tried {tried}): start one, or name its "
            "address under [servers] in the configuration file"
        )
    elif any(server.models for server in found):
        there = "; ".join(f"{s.name}: {', '.join(s.models)}" for s in found if s.models)
        reason = f"no server on this machine has {wanted} (there are {there}): choose one of them"
    else:
        names = ", ".join(server.name for server in found)
        reason = f"{names} runs but has no model that writes: load one, then try again"
    raise ModelUnavailable(reason, provider="local", model=wanted)


def is_loopback(address: str) -> bool:
    """True for an ``http`` address on this machine's loopback."""
    parts = urlsplit(address)
    if parts.scheme != "http" or not parts.hostname:
        return False
    if parts.hostname == "localhost":
        return True
    try:
        return ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


async def _look(name: str, address: str, timeout_s: float) -> LocalServer | None:
    parts = urlsplit(address)
    try:
        async with asyncio.timeout(timeout_s):
            body = await _get(parts.hostname or "", parts.port or 80, f"{parts.path}/models")
        listed = json.loads(body)
        models = tuple(_names(listed))
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        return None
    return LocalServer(name=name, base_url=address, models=models, windows=windows_of(listed))


async def _get(host: str, port: int, path: str) -> bytes:
    """The body of one small reply; by HTTP/1.0 it comes whole and ends with the connection."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        shown = f"[{host}]" if ":" in host else host
        head = f"GET {path} HTTP/1.0\r\nHost: {shown}:{port}\r\nAccept: application/json\r\n\r\n"
        writer.write(head.encode("ascii"))
        await writer.drain()
        chunks, size = [], 0
        while size < _LONGEST_REPLY and (chunk := await reader.read(65536)):
            chunks.append(chunk)
            size += len(chunk)
    finally:
        writer.close()
    top, _, body = b"".join(chunks).partition(b"\r\n\r\n")
    status = top.split(b" ", 2)[1:2]
    if status != [b"200"]:
        raise ValueError("no list of models")
    return body


def windows_of(listed: Any) -> dict[str, int]:
    """Model → tokens of its context, for the models of a list that says so."""
    found = {}
    for entry in listed.get("data") or () if isinstance(listed, Mapping) else ():
        if not isinstance(entry, Mapping):
            continue
        meta = entry.get("meta") if isinstance(entry.get("meta"), Mapping) else {}
        told = [entry.get(n) for n in _WINDOW_NAMES] + [meta.get("n_ctx")]  # type: ignore[union-attr]
        sizes = [size for size in told if isinstance(size, int) and size > 0]
        if sizes:
            found[str(entry.get("id"))] = sizes[0]
    return found


def _names(listed: object) -> Iterable[str]:
    entries = listed.get("data") if isinstance(listed, Mapping) else None
    if not isinstance(entries, list):
        raise ValueError("no list of models")
    for entry in entries:
        name = entry.get("id") if isinstance(entry, Mapping) else None
        if isinstance(name, str) and not any(word in name.lower() for word in _NO_STORYTELLERS):
            yield name
