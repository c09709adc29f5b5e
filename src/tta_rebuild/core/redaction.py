"""Redaction: takes secrets out of everything that leaves the program as text.

Registered secrets are found in whatever form text can carry them (plain, cut off at either end,
base64 at any alignment, hexadecimal, URL-encoded, escaped), others by their shape.
"""

from __future__ import annotations

import base64
import json
import logging
import re
import traceback
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from tta_rebuild.core.data_files import packaged_toml

MASK = "[secret]"

GRAM, SHORTEST_SECRET = 8, 4
"""Any run of ``GRAM`` characters of a secret, in any form, is masked; less gives little away. What
is shorter than ``SHORTEST_SECRET`` is none: masking it would mask ordinary text."""


def forms(secret: str) -> set[str]:
    """Every form in which text may carry the secret: itself and its common encodings."""
    raw = secret.encode("utf-8", "surrogatepass")
    found = {secret, raw.hex(), raw.hex().upper(), json.dumps(secret)[1:-1], repr(secret)[1:-1]}
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    quoted.add("".join(f"%{byte:02X}" for byte in raw))
    found |= quoted | {re.sub("%[0-9A-F]{2}", lambda m: m[0].lower(), q) for q in quoted}
    for shift in range(3):
        # bytes before the secret shift its bits within the letters: drop the letters they share
        text = base64.b64encode(b"\0" * shift + raw).decode()
        whole = text.rstrip("=")
        inner = whole[(0, 2, 3)[shift] : len(whole) - (1 if len(whole) < len(text) else 0)]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {form for form in found if len(form) >= SHORTEST_SECRET}


class Redactor:
    """Masks secrets (not very short ones) in text and plain values."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        kept = [s for one in secrets if len(s := one.strip()) >= SHORTEST_SECRET]
        shapes = packaged_toml("tta_rebuild.core", "key_shapes")
        self._key = re.compile(shapes["key"], re.VERBOSE)
        self._carriers = [re.compile(shape, re.IGNORECASE) for shape in shapes["carriers"]]
        prefix = re.compile(shapes["public_prefix"], re.VERBOSE)
        whole = {form for secret in kept for form in forms(secret)}
        self._whole = sorted(whole, key=len, reverse=True)
        private = [form for secret in kept for form in forms(prefix.sub("", secret, 1))]
        self._grams = {form[i : i + GRAM] for form in private for i in range(len(form) - GRAM + 1)}

    def __bool__(self) -> bool:
        """Whether any secret is registered."""
        return bool(self._whole)

    def known(self, text: str) -> str:
        """The text with every registered secret in it replaced by ``MASK``, whatever its form."""
        for secret in self._whole:
            text = text.replace(secret, MASK)
        parts, done = [], 0
        for start in range(len(text) - GRAM + 1) if self._grams else ():
            if text[start : start + GRAM] in self._grams:
                if start >= done:
                    parts += [text[done:start], MASK]
                done = start + GRAM
        return "".join(parts) + text[done:]

    def redact(self, text: str) -> str:
        """The same for what only looks like a secret, too. Idempotent."""
        text = self._key.sub(MASK, self.known(text))
        for carrier in self._carriers:
            text = carrier.sub(rf"\1{MASK}", text)
        return text

    def value(self, value: Any) -> Any:
        """A plain value with all text in it redacted: keys too, bytes as far as they are text."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, bytes):
            return self.redact(value.decode("latin-1")).encode("latin-1")
        if isinstance(value, Mapping):
            return {self.value(k): self.value(v) for k, v in value.items()}
        if isinstance(value, list | set | frozenset):
            return type(value)(map(self.value, value))
        return tuple(map(self.value, value)) if isinstance(value, tuple) else value

    def traceback(self, error: BaseException) -> str:
        """A crash report: the whole traceback with causes, redacted."""
        return self.redact("".join(traceback.format_exception(error)))


class RedactingFilter(logging.Filter):
    """Redacts records as a handler takes them; on a logger it would miss its children's."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place; always let it pass."""
        try:
            record.msg = self._redactor.redact(record.getMessage())
        except (TypeError, ValueError, KeyError):  # arguments that do not fit their message
            record.msg = self._redactor.redact(f"{record.msg} {record.args!r}")
        record.args = None
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = "".join(traceback.format_exception(record.exc_info[1])).rstrip("\n")
            record.exc_info = None  # else a handler would format it anew
        for name in ("exc_text", "stack_info", *(record.__dict__.keys() - _PLAIN_FIELDS)):
            record.__dict__[name] = self._redactor.value(record.__dict__[name])
        return True


_PLAIN_FIELDS = logging.LogRecord("", 0, "", 0, "", (), None).__dict__.keys() | {"message"}


def guard_handlers(redactor: Redactor, loggers: Iterable[logging.Logger] = ()) -> None:
    """Put the filter on every handler that the root logger and those given have now, once."""
    handlers = [h for logger in (logging.getLogger(), *loggers) for h in logger.handlers]
    for handler in (*handlers, logging.lastResort):
        if handler is not None and not any(isinstance(f, RedactingFilter) for f in handler.filters):
            handler.addFilter(RedactingFilter(redactor))


def hint(secret: str) -> str:
    """What may be shown of a key that is there: its last four characters, if it is long enough."""
    return f"…{secret[-4:]}" if len(secret) >= 16 else "…"
