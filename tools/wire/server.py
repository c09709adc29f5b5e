"""The loopback server itself: routes, pacing, faults, bills.

``WireServer`` runs in the test's own event loop; ``python -m tools.wire`` runs it alone
(``process.RunningWire`` starts and stops that) and is steered over ``/_wire/...``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web
from tools.wire import replies, story
from tools.wire.anthropic import Anthropic
from tools.wire.embeddings import GeminiEmbedding, OpenAIEmbedding
from tools.wire.faults import BEFORE_THE_ANSWER, ENDED_BY, IN_THE_TEXT, Fault, FaultScript
from tools.wire.gemini import Gemini
from tools.wire.openai import OpenAI
from tools.wire.pace import Pace
from tools.wire.protocol import Ask, Protocol
from tools.wire.state import CHARS_PER_TOKEN, Record, WireSettings, labelled, tokens_of

_KEY_HEADERS = ("x-goog-api-key", "x-api-key", "authorization")


class WireServer:
    """A server on an ephemeral loopback port; use it with ``async with``.

    Attributes:
        url: ``http://127.0.0.1:port``; OpenAI's base is ``url + "/v1"``.
        faults: the script; settings: pace, prices, replies; records: all requests so far.
        answer: settable, ``(ask) -> text``, in place of the built-in replies.
        keys: if not empty, the keys that are accepted.
    """

    def __init__(self, settings: WireSettings | None = None, **options: Any) -> None:
        self.settings = settings or WireSettings(**options)
        self.faults = FaultScript()
        self.records: list[Record] = []
        self.answer: Callable[[Ask], str] | None = None
        self.keys: set[str] = set()
        self.keep_records = True
        self.url = ""
        self._released = asyncio.Event()
        self._changed = asyncio.Condition()
        self._open = 0
        self._numbers = 0
        self._runner: web.AppRunner | None = None

    # ------------------------------------------------------------------ life

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post(
            r"/{version:v1|v1beta|v1alpha}/models/{model:[^:/]+}:{method}", self._gemini
        )
        app.router.add_post("/v1/chat/completions", self._openai)
        app.router.add_post("/v1/embeddings", self._openai)
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/messages", self._anthropic)
        app.router.add_post("/_wire/{order}", self._order)
        app.router.add_get("/_wire/records", self._show)
        self._runner = web.AppRunner(
            app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.release()
        if self._runner is not None:
            await self._runner.cleanup()

    # ------------------------------------------------------- what tests look at

    @property
    def billed_usd(self) -> float:
        """The sum of all bills so far."""
        return sum(record.billed_usd for record in self.records)

    def release(self) -> None:
        """End every ``hang`` and ``stall`` that has no time of its own, now and from now on."""
        self._released.set()

    async def settled(self, timeout_s: float = 5.0) -> None:
        """Wait until no request is open: every record is complete, departures included."""
        async with asyncio.timeout(timeout_s), self._changed:
            await self._changed.wait_for(lambda: self._open == 0)

    def reset(self) -> None:
        """Forget records and faults; settings stay."""
        self.records.clear()
        self.faults.clear()
        self._released.clear()

    # ------------------------------------------------------------- one request

    async def _gemini(self, request: web.Request) -> web.StreamResponse:
        embeds = request.match_info["method"] == "batchEmbedContents"
        return await self._handle(request, GeminiEmbedding if embeds else Gemini)

    async def _openai(self, request: web.Request) -> web.StreamResponse:
        embeds = request.path.endswith("/embeddings")
        return await self._handle(request, OpenAIEmbedding if embeds else OpenAI)

    async def _anthropic(self, request: web.Request) -> web.StreamResponse:
        return await self._handle(request, Anthropic)

    async def _models(self, request: web.Request) -> web.StreamResponse:
        if self.keys and not self._key_is_good(request):
            return web.json_response({"error": {"message": "no such key"}}, status=401)
        windows = self.settings.windows
        listed = [
            {"id": name, "object": "model", "created": 0, "owned_by": "library"}
            | ({"max_model_len": windows[name]} if name in windows else {})
            for name in self.settings.models
        ]
        return web.json_response({"object": "list", "data": listed})

    async def _handle(self, request: web.Request, speaks: type[Protocol]) -> web.StreamResponse:
        began = time.monotonic()
        body = await request.json()
        self._numbers += 1
        try:
            ask = speaks.read(body, request.match_info)
        except (KeyError, TypeError, AttributeError) as error:
            return web.json_response({"error": {"message": f"unreadable: {error!r}"}}, status=400)
        record = Record(
            number=self._numbers,
            protocol=speaks.name,
            model=ask.model,
            stream=ask.stream,
            at=began,
            prompt_chars=len(ask.prompt),
            asked=ask.asked,
            label=labelled(ask.prompt, self.settings.label),
        )
        if self.keep_records:
            record.body = body
            record.headers = {k.lower(): v for k, v in request.headers.items()}
            self.records.append(record)
        settings = self.settings
        protocol = speaks(
            record, model_version=settings.model_version, send_usage=settings.send_usage
        )
        self._open += 1
        try:
            return await self._answer(request, protocol, ask)
        except (asyncio.CancelledError, ConnectionError):
            record.client_left = True
            raise
        finally:
            record.ended_at = time.monotonic()
            self._bill(record)
            self._open -= 1
            async with self._changed:
                self._changed.notify_all()

    async def _answer(
        self, request: web.Request, protocol: Protocol, ask: Ask
    ) -> web.StreamResponse:
        record = protocol.record
        fault = self.faults.take(ask.model)
        if fault is None and self.keys and not self._key_is_good(request):
            fault = Fault("bad_key")
        record.fault = fault.kind if fault else ""
        if fault is not None and fault.kind in BEFORE_THE_ANSWER:
            return await self._refuse(request, protocol, fault)
        refused = sorted(ask.used & set(self.settings.refuses))
        if refused:
            record.fault = f"refuses {refused[0]}"
            return self._error(protocol, Fault("invalid"), field=refused[0])
        text = self.answer(ask) if self.answer else self.settings.reply
        if not text:
            respond = story.answer if self.settings.rich else replies.answer
            text = respond(ask.prompt, ask.schema, self.settings.words)
        if fault is not None and fault.kind in IN_THE_TEXT:
            text = replies.spoil(text, fault.kind)
        finish = "stop"
        if ask.max_tokens and tokens_of(text) > ask.max_tokens:
            text, finish = text[: ask.max_tokens * CHARS_PER_TOKEN], "max_tokens"
        if fault is not None and fault.kind in ENDED_BY:
            finish = fault.kind
            text = text[: fault.after_pieces * self.settings.piece_chars]
            if finish in ("blocked", "empty"):
                text = ""
        record.input_tokens = tokens_of(ask.prompt)
        record.cached_tokens = int(record.input_tokens * self.settings.cached_share)
        if finish != "blocked":
            record.thinking_tokens = self.settings.thinking_tokens
        record.status = 200
        if ask.stream:
            return await self._stream(request, protocol, text, finish, fault)
        return await self._whole(request, protocol, text, finish, fault)

    # ------------------------------------------------------------- ways to answer

    def _error(
        self, protocol: Protocol, fault: Fault, *, field: str = "candidate_count"
    ) -> web.StreamResponse:
        protocol.field = field
        refusal = protocol.refusal(fault)
        protocol.record.status = refusal.status
        return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)

    async def _refuse(
        self, request: web.Request, protocol: Protocol, fault: Fault
    ) -> web.StreamResponse:
        record = protocol.record
        match fault.kind:
            case "reset":
                self._reset_connection(request)
                return web.Response()
            case "hang":
                await self._wait(fault)
                return self._error(protocol, Fault("deadline"))
            case "bad_gateway":
                record.status = 502
                page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
                return web.Response(status=502, text=page, content_type="text/html")
            case "wrong_content_type":
                record.status = 200
                page = "<html><body>Sign in to the network</body></html>"
                return web.Response(text=page, content_type="text/html")
            case "bad_body":
                record.status = 200
                kind = "text/event-stream" if record.stream else "application/json"
                return web.Response(text='data: {"candidates": [{"conte\n\n', content_type=kind)
            case _:
                return self._error(protocol, fault)

    async def _whole(
        self, request: web.Request, protocol: Protocol, text: str, finish: str, fault: Fault | None
    ) -> web.StreamResponse:
        record, settings = protocol.record, self.settings
        record.output_tokens = tokens_of(text)
        seconds = Pace.of(settings, record.number).due_s(
            record.output_tokens + record.thinking_tokens
        )
        if fault is not None and fault.kind in ("slow_first_byte", "stall"):
            await self._wait(fault)
        if seconds:
            await asyncio.sleep(seconds)
        body = json.dumps(protocol.whole(text, finish)).encode()
        if fault is not None and fault.kind == "stream_error":
            return self._error(protocol, Fault("unavailable"))
        if fault is not None and fault.kind in ("cut", "quiet_cut"):
            half = web.StreamResponse(headers={"Content-Type": "application/json"})
            half.content_length = len(body)
            await half.prepare(request)
            await half.write(body[: len(body) // 2])
            self._close_connection(request)
            return half
        record.pieces_planned = record.pieces_sent = 1
        record.sent_text, record.bytes_sent = len(text), len(body)
        return web.Response(body=body, content_type="application/json")

    async def _stream(
        self, request: web.Request, protocol: Protocol, text: str, finish: str, fault: Fault | None
    ) -> web.StreamResponse:
        record, settings = protocol.record, self.settings
        size = max(1, settings.piece_chars)
        pieces = [text[start : start + size] for start in range(0, len(text), size)]
        record.pieces_planned = len(pieces)
        stop_at = len(pieces)
        if fault is not None and fault.kind in ("stall", "cut", "quiet_cut", "stream_error"):
            stop_at = min(stop_at, fault.after_pieces)
        elif fault is not None and fault.kind == "slow_first_byte":
            await self._wait(fault)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        pace, began = Pace.of(settings, record.number), time.monotonic()

        async def send(event: str) -> None:
            data = event.encode()
            if data:
                await response.write(data)
                record.bytes_sent += len(data)

        await send(protocol.opening())
        for index, piece in enumerate(pieces):
            if index == stop_at:
                break
            due_s = pace.due_s(record.sent_text / CHARS_PER_TOKEN + record.thinking_tokens)
            if due_s:
                await asyncio.sleep(max(0.0, began + due_s - time.monotonic()))
            record.sent_text += len(piece)
            record.output_tokens = tokens_of(text[: record.sent_text])
            record.pieces_sent += 1
            record.piece_times.append(time.monotonic())
            await send(protocol.piece(piece))
        if stop_at < len(pieces) or (fault is not None and fault.kind == "cut"):
            assert fault is not None
            if fault.kind == "cut":
                self._close_connection(request)
                return response
            if fault.kind == "stall":
                await self._wait(fault)
                for piece in pieces[stop_at:]:
                    record.sent_text += len(piece)
                    record.output_tokens = tokens_of(text[: record.sent_text])
                    record.pieces_sent += 1
                    await send(protocol.piece(piece))
            if fault.kind == "stream_error":
                await send(protocol.broken())
            if fault.kind != "stall":
                await response.write_eof()
                return response
        await send(protocol.ending(finish))
        await response.write_eof()
        return response

    # ------------------------------------------------------------------- parts

    async def _wait(self, fault: Fault) -> None:
        if fault.seconds is not None:
            await asyncio.sleep(fault.seconds)
        else:
            await self._released.wait()

    @staticmethod
    def _close_connection(request: web.Request) -> None:
        """What was written still arrives, then the connection ends before its time."""
        if request.transport is not None:
            request.transport.close()

    @staticmethod
    def _reset_connection(request: web.Request) -> None:
        transport = request.transport
        if transport is None:
            return
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    def _key_is_good(self, request: web.Request) -> bool:
        given = [request.headers.get(name, "") for name in _KEY_HEADERS]
        return any(value.removeprefix("Bearer ") in self.keys for value in given if value)

    def _bill(self, record: Record) -> None:
        fresh, cached, output = self.settings.prices.get(
            record.model, self.settings.usd_per_million
        )
        record.billed_usd = (
            (record.input_tokens - record.cached_tokens) * fresh
            + record.cached_tokens * cached
            + (record.output_tokens + record.thinking_tokens) * output
        ) / 1e6

    # ------------------------------------------------------------------- admin

    async def _show(self, request: web.Request) -> web.StreamResponse:
        return web.json_response([record.as_json() for record in self.records])

    async def _order(self, request: web.Request) -> web.StreamResponse:
        order = await request.json()
        match request.match_info["order"]:
            case "script":
                self.faults.load(order)
            case "settings":
                for name, value in order.items():
                    if name == "keep_records":
                        self.keep_records = bool(value)
                    else:
                        setattr(self.settings, name, value)
            case "reset":
                self.reset()
            case "release":
                self.release()
            case unknown:
                return web.json_response({"unknown": unknown}, status=404)
        return web.json_response({"billed_usd": self.billed_usd, "requests": self._numbers})
