"""Asks servers that speak OpenAI's protocol what they have: Ollama, LM Studio, llama.cpp, vLLM."""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tta_rebuild.core.errors import ModelUnavailable
from tta_rebuild.core.secret import Secret

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
    """A server that answered: its models that can write; their contexts in tokens, if it says."""

    name: str
    base_url: str
    models: tuple[str, ...]
    windows: Mapping[str, int] = field(default_factory=dict)


async def find_local_servers(
    servers: Mapping[str, str] = USUAL_SERVERS, *, timeout_s: float = 0.7
) -> tuple[LocalServer, ...]:
    """Those of the servers that answer in time. Raises ValueError for one not on this machine."""
    for address in servers.values():
        if not is_loopback(address):
            raise ValueError(f"{address} is not on this machine: only loopback is looked at")
    asked = [ask_server(n, a, Secret(""), timeout_s=timeout_s) for n, a in servers.items()]
    return tuple(s for s in await asyncio.gather(*asked) if isinstance(s, LocalServer))


async def ask_server(
    name: str, base_url: str, key: Secret, *, timeout_s: float = 3.0
) -> LocalServer | str:
    """What a server has, or in plain words why that cannot be told."""
    address = base_url.rstrip("/")
    try:
        async with asyncio.timeout(timeout_s):
            status, body = await _get(f"{address}/models", key)
        if status in (401, 403):
            return "refuses the key" if key else "wants a key (key_variable in the configuration)"
        if status != 200:
            return f"answers {status} to the question for its models"
        models, windows = _listed(json.loads(body))
        return LocalServer(name=name, base_url=address, models=models, windows=windows)
    except TimeoutError:
        return f"does not answer within {timeout_s:g} s"
    except OSError as error:
        return f"cannot be reached ({error.strerror or type(error).__name__}): is it running?"
    except ValueError:
        return "answers with something that is no list of models: does its address end in /v1?"


async def choose_local(
    wanted: str = "", servers: Mapping[str, str] = USUAL_SERVERS, *, timeout_s: float = 0.7
) -> tuple[LocalServer, str]:
    """A server and the model to use: ``wanted`` where some server has it, else the first there is.

    ``wanted`` may leave out a tag (``"mistral"`` for ``"mistral:7b"``). Raises ModelUnavailable.
    """
    found = await find_local_servers(servers, timeout_s=timeout_s)
    for server in found:
        for model in server.models:
            if not wanted or model == wanted or model.startswith(f"{wanted}:"):
                return server, model
    if there := "; ".join(f"{s.name}: {', '.join(s.models)}" for s in found if s.models):
        reason = f"no server on this machine has {wanted} (there are {there}): choose one of them"
    elif found:
        names = ", ".join(server.name for server in found)
        reason = f"{names} runs but has no model that writes: load one, then try again"
    else:
        tried = ", ".join(f"{name} ({address})" for name, address in servers.items())
        reason = f"no model server answers on this machine (tried {tried}): start one, or name its "
        reason += "address under [servers] in the configuration file"
    raise ModelUnavailable(reason, provider="local", model=wanted)


def is_loopback(address: str) -> bool:
    """True for an ``http`` address on this machine's loopback."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    try:
        return parts.scheme == "http" and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _get(address: str, key: Secret) -> tuple[int, bytes]:
    """Status and body of one small reply; by HTTP/1.0 it comes whole and ends the connection."""
    parts = urlsplit(address)
    is_safe = parts.scheme == "https"
    port = parts.port or (443 if is_safe else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=is_safe or None)
    try:
        head = f"GET {parts.path} HTTP/1.0\r\nHost: {parts.netloc}\r\nAccept: application/json\r\n"
        if key:
            head += f"Authorization: Bearer {key.reveal()}\r\n"
        writer.write(f"{head}\r\n".encode("ascii"))
        await writer.drain()
        reply = b""
        while len(reply) < _LONGEST_REPLY and (chunk := await reader.read(65536)):
            reply += chunk
    finally:
        writer.close()
    top, _, body = reply.partition(b"\r\n\r\n")
    status = (*top.split(b" ", 2), b"", b"")[1]  # int raises ValueError where it is no HTTP
    return int(status), body


def _listed(reply: Any) -> tuple[tuple[str, ...], dict[str, int]]:
    """The models that can write, and the tokens of their contexts where the server says so."""
    if not isinstance(reply, Mapping) or not isinstance(reply.get("data"), list):
        raise ValueError("no list of models")
    names: list[str] = []
    windows: dict[str, int] = {}
    for entry in reply["data"]:
        name = entry.get("id") if isinstance(entry, Mapping) else None
        if not isinstance(name, str):
            continue
        if not any(word in name.lower() for word in _NO_STORYTELLERS):
            names.append(name)
        meta = entry["meta"] if isinstance(entry.get("meta"), Mapping) else {}
        told = [*(entry.get(n) for n in _WINDOW_NAMES), meta.get("n_ctx")]
        sizes = [size for size in told if isinstance(size, int) and size > 0]
        if sizes:
            windows[name] = sizes[0]
    return tuple(names), windows
