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

MASK = "[secret]"

GRAM, SHORTEST_SECRET = 8, 4
"""Any run of ``GRAM`` characters of a secret, in any form, is masked; less gives little away. What
is shorter than ``SHORTEST_SECRET`` is none: masking it would mask ordinary text."""

_PUBLIC_PREFIX = re.compile(
    r"^(?:sk-ant-(?:api|admin)?\d*-?|sk-(?:proj|svcacct|admin|or-v\d)-|sk-|AIzaSy?|AQ\.|e2b_|gh[ops]_|"
    r"github_pat_|hf_|gsk_|xox[abeoprs]-|AKIA|ASIA|glpat-|npm_|pypi-|r8_|pplx-|xai-|nvapi-)"
)

# What keys look like, whoever's they are.
_KEY = re.compile(
    r"""
    \bAIza[\w-]{30,} | \bAQ\.[\w-]{30,} | \bya29\.[\w-]{20,}             # Google
  | \bsk-ant-[\w-]{16,}                                                  # Anthropic
  | \bsk-(?:proj|svcacct|admin|or-v\d)-[\w-]{16,} | \bsk-[A-Za-z0-9]{20,}  # OpenAI and others
  | \be2b_[0-9a-f]{16,} | \bsk_e2b_[\w-]{16,}
  | \bgh[opsur]_[A-Za-z0-9]{20,} | \bgithub_pat_\w{20,} | \bglpat-[\w-]{16,}
  | \bhf_[A-Za-z]{20,} | \bgsk_[A-Za-z0-9]{20,}                          # Hugging Face, Groq
  | \b(?:xai|pplx|nvapi|r8|npm|pypi)[-_][\w-]{20,}
  | \bxox[abeoprs]-[\w-]{10,} | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b            # Slack, AWS
  | \beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+                                # JWT
  | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----(?s:.+?)(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    """,
    re.VERBOSE,
)
# What stands before a key, whatever its shape; the first group stays.
_CARRIERS = (
    r"(\bBearer\s+)[\w.~+/=-]{8,}",
    r"((?:x-api-key|x-goog-api-key|api[-_]?key|access[-_]?token|authorization)"
    r"[\"']?\s*[:=]\s*[\"']?(?:(?:Basic|Bearer)\s+)?)[^\s\"'&,;}\]\[]{8,}",
    r"([?&](?:key|token|api_key|access_token)=)[^&\s\"'\[]{8,}",
    r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]{3,}(?=@)",  # URL with password
)


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
        whole = {form for secret in kept for form in forms(secret)}
        self._whole = sorted(whole, key=len, reverse=True)
        private = [form for secret in kept for form in forms(_PUBLIC_PREFIX.sub("", secret, 1))]
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
        text = _KEY.sub(MASK, self.known(text))
        for pattern in _CARRIERS:
            text = re.sub(pattern, rf"\1{MASK}", text, flags=re.IGNORECASE)
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
