"""Secrets are masked in whatever text carries them, on every way out."""

from __future__ import annotations

import base64
import io
import json
import logging
import random
import secrets
import string
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools.find_canaries import CanaryScanner

from tests.canary_keys import canary
from tta_rebuild.core.redaction import (
    MASK,
    RedactingFilter,
    Redactor,
    guard_handlers,
    hint,
)

VARIABLES = ("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "E2B_API_KEY", "OTHER_TOKEN")
FORMS = {
    "plain": lambda key: key,
    "json": lambda key: json.dumps({"key": key}),
    "repr": lambda key: repr({"key": key}),
    "hex": lambda key: key.encode().hex(),
    "HEX": lambda key: key.encode().hex().upper(),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 shifted by one": lambda key: base64.b64encode(f":{key}!".encode()).decode(),
    "base64 shifted by two": lambda key: base64.b64encode(f"u:{key}xy".encode()).decode(),
    "urlsafe base64": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "url": lambda key: quote(f"https://host/?q={key}", safe=""),
    "percent": lambda key: "".join(f"%{b:02x}" for b in key.encode()),
    "start": lambda key: key[: len(key) - 6],
    "end": lambda key: key[-20:],
    "middle": lambda key: f"... {key[-25:-3]} ...",
}


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("form", FORMS)
def test_a_registered_secret_is_masked_in_every_form(variable: str, form: str) -> None:
    key = canary(variable, random.Random(secrets.randbits(64)))
    text = FORMS[form](key)
    assert list(CanaryScanner([key]).leaks(text.encode(), "text")), "the checker sees it"
    clean = Redactor([key]).redact(f"before {text} after")
    assert list(CanaryScanner([key]).leaks(clean.encode(), "text")) == []
    assert clean.startswith("before ")
    assert clean.endswith(" after")


@pytest.mark.parametrize("variable", VARIABLES[:-1])
def test_a_key_that_nobody_registered_is_known_by_its_shape(variable: str) -> None:
    key = canary(variable, random.Random(5))
    assert Redactor().redact(f"call failed for {key}, retrying") == (
        f"call failed for {MASK}, retrying"
    )


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer {}",
        "{{'x-goog-api-key': '{}'}}",
        "GET https://host/v1/models?alt=sse&key={}",
        "postgresql://tta:{}@db.host/stories",
        '{{"api_key": "{}"}}',
    ],
)
def test_what_stands_where_keys_stand_is_masked_whatever_its_shape(text: str) -> None:
    word = secrets.token_hex(12)
    clean = Redactor().redact(text.format(word))
    assert word not in clean
    assert MASK in clean


def test_story_prose_stays_as_it_is() -> None:
    prose = (
        "The key turned. “Bearer of bad news,” she said: token, secret, password — words only. "
        "The skeleton-door https://example.org/a/b?page=2 stood at 12:30; sk-8 was chalked on it."
    )
    keys = [canary(v, random.Random(1)) for v in VARIABLES]
    assert Redactor(keys).redact(prose) == prose


@settings(max_examples=200, deadline=None)
@given(
    before=st.text(max_size=30),
    after=st.text(max_size=30),
    key=st.text(alphabet=string.ascii_letters + string.digits + "-_+/=.%", min_size=16),
)
def test_redaction_is_complete_and_idempotent(before: str, after: str, key: str) -> None:
    redactor = Redactor([key])
    once = redactor.redact(before + key + after)
    assert key not in once
    assert redactor.redact(once) == once


def test_nested_values_are_redacted_throughout() -> None:
    key = secrets.token_urlsafe(30)
    value = {"a": [key, 1, None, (key.encode(), {key})], key: {"b": f"x{key}y"}, "n": 2.5}
    clean = Redactor([key]).value(value)
    assert key not in repr(clean)
    assert clean["n"] == 2.5


def test_empty_and_tiny_secrets_mask_nothing() -> None:
    assert Redactor(["", "  ", "abc"]).redact("abc or not") == "abc or not"


class TestLogging:
    @pytest.fixture
    def key(self) -> str:
        return secrets.token_urlsafe(32)

    @pytest.fixture
    def stream(self) -> io.StringIO:
        return io.StringIO()

    @pytest.fixture
    def logger(self, key: str, stream: io.StringIO) -> logging.Logger:
        handler = logging.StreamHandler(stream)
        handler.addFilter(RedactingFilter(Redactor([key])))
        handler.setFormatter(logging.Formatter("%(message)s %(note)s", defaults={"note": ""}))
        logger = logging.Logger("tests.redaction", logging.DEBUG)
        logger.addHandler(handler)
        return logger

    def test_message_and_arguments(
        self, logger: logging.Logger, stream: io.StringIO, key: str
    ) -> None:
        logger.debug("sent %s with %r", {"key": key}, key.encode())
        assert key not in stream.getvalue()
        assert MASK in stream.getvalue()

    def test_exceptions_with_their_causes(
        self, logger: logging.Logger, stream: io.StringIO, key: str
    ) -> None:
        try:
            try:
                raise ValueError(f"bad key {key}")
            except ValueError as error:
                raise RuntimeError("call failed") from error
        except RuntimeError:
            logger.exception("no scene")
        assert "RuntimeError: call failed" in stream.getvalue()
        assert key not in stream.getvalue()

    def test_extras_and_stacks(self, logger: logging.Logger, stream: io.StringIO, key: str) -> None:
        logger.info("told", extra={"note": f"by {key}"}, stack_info=True)
        assert key not in stream.getvalue()

    def test_a_record_whose_arguments_do_not_fit_is_still_redacted(
        self, logger: logging.Logger, stream: io.StringIO, key: str
    ) -> None:
        logger.info("one %d", key)
        assert key not in stream.getvalue()
        assert MASK in stream.getvalue()

    def test_guarding_covers_what_children_log_and_is_done_once(
        self, stream: io.StringIO, key: str
    ) -> None:
        handler = logging.StreamHandler(stream)
        parent = logging.getLogger("tests.redaction.parent")
        parent.addHandler(handler)
        try:
            guard_handlers(Redactor([key]), [parent])
            guard_handlers(Redactor([key]), [parent])
            logging.getLogger("tests.redaction.parent.child").warning("x %s", key)
        finally:
            parent.removeHandler(handler)
            for guarded in (*logging.getLogger().handlers, logging.lastResort):
                for f in [f for f in guarded.filters if isinstance(f, RedactingFilter)]:
                    guarded.removeFilter(f)
        assert sum(isinstance(f, RedactingFilter) for f in handler.filters) == 1
        assert key not in stream.getvalue()


def test_no_more_than_the_last_four_characters_are_shown() -> None:
    key = secrets.token_hex(20)
    assert hint(key) == f"…{key[-4:]}"
    assert hint("short") == "…"
