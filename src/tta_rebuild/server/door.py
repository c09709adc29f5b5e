"""The door for chat clients: OpenAI's protocol, so that any of them plays through the engine.

``/v1/models`` and ``/v1/chat/completions``, whole or streamed, with errors in OpenAI's shape. What
a conversation means for its story, ``door_play`` knows.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from time import time
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tta_rebuild.core.errors import TTAError
from tta_rebuild.core.usage import Usage
from tta_rebuild.engine.turn_values import error_values
from tta_rebuild.server.access import Asking, Watch, not_signed_in, watch_of
from tta_rebuild.server.door_answers import Answer, TurnFailed
from tta_rebuild.server.door_history import ChatIn, digest, history_of
from tta_rebuild.server.door_play import ChatMove, DoorPlay
from tta_rebuild.server.problems import MEDIA_TYPE as PROBLEM
from tta_rebuild.server.problems import Problem, problem_of
from tta_rebuild.server.resources import Served, documented
from tta_rebuild.server.streaming import HEADERS, MEDIA_TYPE
from tta_rebuild.storyteller.scene_file import packaged

router = APIRouter(prefix="/v1", tags=["chat clients"])

MODEL = "tta"
STORY_HEADER = "X-TTA-Story"
_STILL_HERE = b": still here\n\n"
_DONE = b"data: [DONE]\n\n"
_MEDIA: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}, MEDIA_TYPE: {}}}
}

Name = Annotated[
    str,
    Header(
        alias=STORY_HEADER,
        max_length=200,
        description="Names the conversation; the id of a story or of a branch goes on with it",
        examples=["my-lighthouse"],
    ),
]
Key = Annotated[str, Header(alias="Idempotency-Key", max_length=200)]
Retry = Annotated[str, Header(alias="X-Stainless-Retry-Count", max_length=9)]


class ChatModelOut(BaseModel):
    """A model that a client can choose."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "tta"


class ChatModelsOut(BaseModel):
    """The models that a client can choose: the storyteller, and the authored worlds."""

    object: str = "list"
    data: list[ChatModelOut]


@router.get("/models")
async def list_chat_models() -> ChatModelsOut:
    """What a chat client offers as models: `tta`, and `tta:WORLD` for each authored world."""
    return ChatModelsOut(data=[ChatModelOut(id=name) for name in models()])


def models() -> list[str]:
    """The names of the models."""
    return [MODEL, *(f"{MODEL}:{world}" for world in packaged("worlds"))]


@router.post("/chat/completions", responses={**documented(404, 409), **_MEDIA})
async def complete_chat(
    wanted: ChatIn,
    request: Request,
    served: Served,
    asking: Asking,
    story: Name = "",
    key: Key = "",
    retry: Retry = "",
) -> Response:
    """The next message of a conversation: the next turn of its story."""
    _check(wanted)
    asked = ChatMove(
        principal=asking,
        history=history_of(wanted.messages),
        name=story.strip() or (wanted.user or "").strip(),
        world=wanted.model.partition(":")[2],
        request_key=digest(key) if key else "",
        is_retry=retry.isdecimal() and int(retry) > 0,
    )
    door: DoorPlay = request.app.state.door
    found = await door.answer(asked)
    redact = request.app.state.redactor.value
    pieces = _begun(found, watch_of(request))
    try:
        first = await anext(pieces)  # so that what fails at once has a status
    except TurnFailed as failed:
        raise _problem(failed, redact) from failed
    completion = _Completion(wanted.model)
    headers = {STORY_HEADER: found.story_id, "X-TTA-Branch": found.branch_id}
    headers = {name: value for name, value in headers.items() if value}
    if wanted.stream:
        has_usage = bool(wanted.stream_options and wanted.stream_options.include_usage)
        stream = _streamed(door, found, completion, first, pieces, has_usage, redact)
        return StreamingResponse(stream, media_type=MEDIA_TYPE, headers={**HEADERS, **headers})
    try:
        text = first + "".join([piece async for piece in pieces])
    except TurnFailed as failed:
        raise _problem(failed, redact) from failed
    if not await request.is_disconnected():
        await door.sent(found)
    return JSONResponse(completion.whole(text, found.usage), headers=headers)


def _check(wanted: ChatIn) -> None:
    if wanted.model not in models():
        said = f"There is no model '{wanted.model[:80]}'; there are: {', '.join(models())}."
        raise Problem(404, "No such model", said, do="Choose one of them.", kind="model_not_found")
    if (wanted.n or 1) != 1:
        said = "A story goes on in one way at a time: n is 1."
        raise Problem(400, "One answer", said, do="Leave n out; ask again for another telling.")


async def _begun(found: Answer, watch: Watch | None) -> AsyncGenerator[str, None]:
    """The pieces of an answer. Raises Problem: who asked may not follow it any more."""
    loop = asyncio.get_running_loop()
    looked_at = loop.time()
    if watch:
        found.wait_s = watch.looked_s
    async with aclosing(found.pieces) as pieces:
        async for piece in pieces:
            if watch and loop.time() - looked_at >= watch.looked_s:
                if not await watch.may_follow():
                    raise not_signed_in()
                looked_at = loop.time()
            yield piece


def _problem(failed: TurnFailed, redact: Callable[[Any], Any]) -> Problem:
    body = redact(problem_of(_whole(failed)))
    problem = Problem(body["status"], body["title"])
    problem.body = body
    return problem


def _whole(failed: TurnFailed) -> Mapping[str, Any]:
    return {"errors": (), "detail": "", "retry_after_s": None} | dict(failed.values)


async def _streamed(
    door: DoorPlay,
    found: Answer,
    completion: _Completion,
    first: str,
    pieces: AsyncGenerator[str, None],
    has_usage: bool,
    redact: Callable[[Any], Any],
) -> AsyncIterator[bytes]:
    """The answer as chunks; a client that leaves ends this, and not the turn."""
    async with aclosing(pieces):
        yield completion.chunk({"role": "assistant", "content": first})
        try:
            async for piece in pieces:
                yield completion.chunk({"content": piece}) if piece else _STILL_HERE
        except Problem as problem:
            yield _event(error_of(problem.body))
            return
        except (TurnFailed, TTAError) as error:
            failed = isinstance(error, TurnFailed)
            values = _whole(error) if isinstance(error, TurnFailed) else error_values(error)
            body = redact(problem_of(values))
            yield _event(error_of(body))
            if failed:
                yield _DONE
            return
        yield completion.chunk({}, finish="stop")
        if has_usage:
            yield completion.usage_chunk(found.usage)
        yield _DONE
        await door.sent(found)


class _Completion:
    """A chat completion in OpenAI's shapes."""

    def __init__(self, model: str) -> None:
        self._head = {"id": f"chatcmpl-{uuid4().hex}", "created": int(time()), "model": model}

    def whole(self, text: str, usage: Usage) -> dict[str, Any]:
        """All of it at once."""
        said = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": said, "finish_reason": "stop", "logprobs": None}
        head = {**self._head, "object": "chat.completion"}
        return {**head, "choices": [choice], "usage": usage_of(usage)}

    def chunk(self, delta: Mapping[str, Any], finish: str | None = None) -> bytes:
        """A part of it."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _event({**self._head, "object": "chat.completion.chunk", "choices": [choice]})

    def usage_chunk(self, usage: Usage) -> bytes:
        """The part after the last that says what was used."""
        head = {**self._head, "object": "chat.completion.chunk", "choices": []}
        return _event({**head, "usage": usage_of(usage)})


def usage_of(usage: Usage) -> dict[str, Any]:
    """What the models have read and written for it, all calls of the turn together."""
    written = usage.output_tokens + usage.thinking_tokens
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": written,
        "total_tokens": usage.input_tokens + written,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.thinking_tokens},
    }


def _event(values: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(values, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
}


def error_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """A problem as OpenAI tells errors; what to do about it stands in the message."""
    status = int(body["status"])
    usual = "invalid_request_error" if status < 500 else "server_error"
    code = "invalid_api_key" if status == 401 else str(body["type"]).rpartition(":")[2]
    said = " ".join(part for part in (body["detail"], body["do"]) if part)
    return {
        "error": {
            "message": said,
            "type": _TYPES.get(status, usual),
            "param": None,
            "code": None if code == "blank" else code,
        }
    }


class DoorErrors:
    """Tells every problem of the door, wherever it comes from, in OpenAI's shape."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a problem in answer to one of the door's is told anew."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def told(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                is_problem = Headers(raw=message["headers"]).get("content-type") == PROBLEM
                start = message if is_problem else {}
            if not start:
                await send(message)
                return
            body += message.get("body", b"")
            if message["type"] == "http.response.body" and not message.get("more_body"):
                new = json.dumps(error_of(json.loads(body)), ensure_ascii=False).encode()
                headers = MutableHeaders(raw=start["headers"])
                headers["content-type"] = "application/json"
                headers["content-length"] = str(len(new))
                await send(start)
                await send({"type": "http.response.body", "body": new})

        await self._app(scope, receive, told)
