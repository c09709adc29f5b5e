"""What keeps other web pages out of a server that a browser on the same machine can reach.

The text of a story is untrusted, and so is every page that is open beside ours: a request must name
a host that is ours (else another site's name could point here), what changes something must come
from our own pages, and our pages run no script and load nothing but our own files.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tta_rebuild.server.problems import answer, body_of

OWN_NAMES = ("localhost",)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
ALWAYS_SENT = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class BrowserSafety:
    """Checks where a request comes from, and sends the headers that browsers go by.

    ``hosts`` are names under which the server may be reached, besides this machine's own and any
    address in numbers, which no other site's name can stand for.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = {name.lower() for name in (*hosts, *OWN_NAMES)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on if it may come from there."""
        if scope["type"] != "http":
            if scope["type"] != "websocket":
                await self._app(scope, receive, send)
            return

        async def safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS_SENT.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(("/api/", "/v1/")):
                    headers.setdefault("Cache-Control", "no-store")
                else:
                    headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            said = "This server does not answer to the name in the request's Host header."
            do = "Reach it under its own name, or name that one with --allowed-host."
            refusal = answer(body_of(403, "Not this host", said, do=do, kind="HostRefused"))
            await refusal(scope, receive, safely)
        elif scope["method"] not in SAFE_METHODS and not _comes_from(host, headers):
            said = "What changes something must come from the server's own pages."
            do = "Open the server's own page; a program leaves the Origin header out."
            refusal = answer(body_of(403, "From another site", said, do=do, kind="OriginRefused"))
            await refusal(scope, receive, safely)
        else:
            await self._app(scope, receive, safely)

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name.rstrip(".") in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _comes_from(host: str, headers: Headers) -> bool:
    """Whether a request comes from a page of this host, or from no page at all."""
    origin = headers.get("origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc.lower() == host.lower() != ""
        except ValueError:
            return False
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")
