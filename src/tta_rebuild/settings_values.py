"""What can be set, what it is called, and what a value must be: the table behind ``settings``.

Each parser takes a text (from the environment) or a TOML value, and raises ``Wrong``, which says
what is allowed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tta_rebuild.core.secret import Secret

LONGEST_SHOWN = 32
"""Longer values are not shown in errors: one of them might be a key in the wrong place."""


class Wrong(ValueError):
    """A value is not allowed; the text says what is. ``path`` leads to it inside a section."""

    def __init__(self, allowed: str, path: tuple[str, ...] = ()) -> None:
        super().__init__(allowed)
        self.path = path

    def value(self, whole: Any) -> Any:
        """The wrong value itself, out of the section that was read."""
        for part in self.path:
            whole = whole.get(part, "") if isinstance(whole, Mapping) else ""
        return whole


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its variable, its field in ``Settings``, its place in the TOML file, if any."""

    variable: str
    field: str
    path: tuple[str, ...]
    parse: Callable[[Any], Any]
    is_key: bool = False


def shown(value: Any) -> str:
    """``, not 'value'`` for an error; nothing where it is long, no plain one, or has a user."""
    if isinstance(value, (dict, list)) or len(str(value)) > LONGEST_SHOWN or "@" in str(value):
        return ""
    return f", not {value!r}"


def key(value: Any) -> Secret:
    """A key: visible ASCII without blanks."""
    text = str(value).strip()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise Wrong("holds a blank or a character that no key has: copy the key again")
    return Secret(text)


def yes_or_no(value: Any) -> bool:
    """True or False."""
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off"):
        return False
    raise Wrong("must be true or false")


def whole_number(least: int, most: int | None = None) -> Callable[[Any], int]:
    """A parser of whole numbers in a range."""
    upper = f" and at most {most}" if most is not None else ""
    allowed = f"must be a whole number of at least {least}{upper}"

    def parse(value: Any) -> int:
        try:
            if isinstance(value, (bool, float)):
                raise Wrong(allowed)
            number = int(value)
        except (TypeError, ValueError):
            raise Wrong(allowed) from None
        if number < least or (most is not None and number > most):
            raise Wrong(allowed)
        return number

    return parse


def number(least: float, most: float = math.inf, *, unit: str = "") -> Callable[[Any], float]:
    """A parser of finite numbers in a range."""
    upper = f" and at most {most:g}" if most != math.inf else ""
    allowed = f"must be a number{unit} of at least {least:g}{upper}"

    def parse(value: Any) -> float:
        try:
            if isinstance(value, bool):
                raise Wrong(allowed)
            read = float(value)
        except (TypeError, ValueError):
            raise Wrong(allowed) from None
        if not math.isfinite(read) or not least <= read <= most:
            raise Wrong(allowed)
        return read

    return parse


def one_of(*allowed: str, upper: bool = False) -> Callable[[Any], str]:
    """A parser of one word out of some."""

    def parse(value: Any) -> str:
        text = str(value).strip()
        text = text.upper() if upper else text.lower()
        if text not in allowed:
            raise Wrong(f"must be one of {', '.join(allowed)}")
        return text

    return parse


def directory(value: Any) -> Path:
    """A path; ``~`` and what it is relative to are settled by the caller."""
    if not isinstance(value, str) or "\x00" in value:
        raise Wrong("must be a path")
    if re.match(r"[A-Za-z][\w+.-]+:/", value):
        raise Wrong("must be a path; the address of a PostgreSQL server goes into TTA_DATABASE_URL")
    return Path(value)


def database_url(value: Any) -> Secret:
    """The address of a PostgreSQL server; it may hold a password."""
    text = str(value).strip()
    if not text.startswith(("postgresql://", "postgres://")):
        raise Wrong("must be an address such as postgresql://user@host/name; files: TTA_DATA_DIR")
    return Secret(text)


def model_name(value: Any) -> str:
    """``offline``, ``local``, ``provider`` or ``provider:model``."""
    text = value.strip() if isinstance(value, str) else ""
    provider, colon, model = text.partition(":")
    if not provider or (colon and not model) or any(c.isspace() for c in text):
        raise Wrong(
            "must name a model: offline, local, or provider:model such as "
            "gemini:gemini-3.5-flash-lite"
        )
    return text


def model_names(value: Any) -> tuple[str, ...]:
    """Several of them: a TOML list, or a text with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise Wrong("must be a list of models, separated by commas")
    names = tuple(model_name(part) for part in parts if part != "")
    if len(set(names)) != len(names):
        raise Wrong("names a model twice: each may stand in the chain once")
    return names


def server_address(value: Any) -> str:
    """``http://`` or ``https://``, a host, and the path up to ``/v1``."""
    text = value.strip() if isinstance(value, str) else ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise Wrong("must be an address such as http://127.0.0.1:11434/v1")
    return text.rstrip("/")


def quota(value: Any) -> dict[str, int]:
    """``{rpm, tpm, rpd}``, any of them."""
    return _fields(value, dict.fromkeys(("rpm", "tpm", "rpd"), whole_number(1)))


def rates(value: Any) -> dict[str, float]:
    """``{input, output}`` and perhaps ``{cached, cache_write}``, USD per million tokens."""
    per_million = number(0, unit=" (US dollars per million tokens)")
    names = ("input", "output", "cached", "cache_write")
    read = _fields(value, dict.fromkeys(names, per_million))
    if "input" not in read or "output" not in read:
        raise Wrong("must have input and output (US dollars per million tokens)")
    return read


def _fields(value: Any, parsers: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not set(value) <= set(parsers):
        raise Wrong(f"takes {', '.join(parsers)}")
    read = {}
    for name, raw in value.items():
        try:
            read[name] = parsers[name](raw)
        except Wrong as wrong:
            raise Wrong(str(wrong), (name,)) from None
    return read


_USD = number(0, unit=" (US dollars)")

SETTINGS: tuple[Setting, ...] = (
    Setting("GEMINI_API_KEY", "gemini_api_key", (), key, is_key=True),
    Setting("ANTHROPIC_API_KEY", "anthropic_api_key", (), key, is_key=True),
    Setting("OPENAI_API_KEY", "openai_api_key", (), key, is_key=True),
    Setting("E2B_API_KEY", "e2b_api_key", (), key, is_key=True),
    Setting("TTA_DATABASE_URL", "database_url", (), database_url, is_key=True),
    Setting("USE_REAL_LLM", "use_real_llm", ("use_real_llm",), yes_or_no),
    Setting("LLM_RATE_LIMIT", "rate_limit_rpm", ("rate_limit",), whole_number(1)),
    Setting("LLM_MAX_COST", "max_cost_usd", ("max_cost",), _USD),
    Setting("TTA_DATA_DIR", "data_dir", ("data_dir",), directory),
    Setting("TTA_MODEL", "model", ("model",), model_name),
    Setting("TTA_CHAIN", "chain", ("chain",), model_names),
    Setting(
        "TTA_LOG_LEVEL",
        "log_level",
        ("log_level",),
        one_of("DEBUG", "INFO", "WARNING", "ERROR", upper=True),
    ),
    Setting("TTA_BUDGET_PER_CALL", "budget_per_call_usd", ("budgets", "call"), _USD),
    Setting("TTA_BUDGET_PER_STORY", "budget_per_story_usd", ("budgets", "story"), _USD),
    Setting("TTA_BUDGET_PER_PLAYER", "budget_per_player_usd", ("budgets", "player"), _USD),
    Setting("TTA_BUDGET_PER_DAY", "budget_per_day_usd", ("budgets", "day"), _USD),
    Setting("TTA_BUDGET_TOTAL", "budget_total_usd", ("budgets", "total"), _USD),
    Setting("TTA_CACHE", "cache", ("cache",), one_of("off", "memory", "disk")),
    Setting("TTA_CHECKS", "checks_with_model", ("checks",), yes_or_no),
    Setting("TTA_MAX_TOKENS", "max_tokens", ("max_tokens",), whole_number(16, 200_000)),
    Setting("TTA_TEMPERATURE", "temperature", ("temperature",), number(0, 2)),
    Setting("TTA_TIMEOUT", "timeout_s", ("timeout",), number(0.1, 3600, unit=" (seconds)")),
    Setting("TTA_TRACE_PROMPTS", "trace_prompts", ("trace_prompts",), yes_or_no),
)
"""Every setting that has a variable; ``routes``, ``quotas``, ``prices`` and ``servers`` are TOML
sections of their own."""
