"""Settings: the environment, ``.env`` and a TOML file become one frozen value, read once.

``bootstrap`` and the commands call ``load_settings``; rooms receive single values, never this one.
What counts, strongest first: an option on the command line (the caller's ``dataclasses.replace``),
the environment, ``.env`` in the working directory, the configuration file, the default. An empty
text is no setting. Keys come from the environment or ``.env`` alone.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.secret import Secret
from tta_rebuild.settings_values import (
    SETTINGS,
    Setting,
    Wrong,
    model_name,
    quota,
    rates,
    server_address,
    shown,
)

APP = "tta"

_KEY_ENDINGS = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelQuota:
    """What may be sent to one model; None is no limit."""

    rpm: int | None = None
    tpm: int | None = None
    rpd: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRates:
    """The user's own price of one model, US dollars per million tokens."""

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that speaks OpenAI's protocol; models there are named ``name:model``."""

    name: str
    base_url: str
    key: Secret = field(default_factory=lambda: Secret(""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. Amounts are US dollars, None is no limit.

    Attributes:
        database_url: a PostgreSQL server that keeps the stories in place of ``data_dir``; may hold
            a password. "" is none.
        model: ``provider:model``, ``"offline"``, ``"local"``, or "" to choose by the keys there.
        chain: models to fall back to, in order; () is the model and then the offline storyteller.
        routes: task → model, for tasks that another model does.
        cache: ``"off"``, ``"memory"`` or ``"disk"``.
        checks_with_model: one more call per turn, which checks its branches (``TTA_CHECKS``).
        max_cost_usd: per session (``LLM_MAX_COST``); the other budgets are off unless set.
        quotas, prices: by ``provider:model``.
        config_file: the configuration file that was read, if any.
        origins: name of the setting → where its value came from.
        notes: what looks like a mistake but is none for certain, to be shown to the user.
    """

    gemini_api_key: Secret = field(default_factory=lambda: Secret(""))
    anthropic_api_key: Secret = field(default_factory=lambda: Secret(""))
    openai_api_key: Secret = field(default_factory=lambda: Secret(""))
    e2b_api_key: Secret = field(default_factory=lambda: Secret(""))
    database_url: Secret = field(default_factory=lambda: Secret(""))
    use_real_llm: bool = False
    rate_limit_rpm: int = 60
    max_cost_usd: float = 10.0
    data_dir: Path = field(default_factory=lambda: _platform_dir("data"))
    model: str = ""
    chain: tuple[str, ...] = ()
    log_level: str = "WARNING"
    budget_per_call_usd: float | None = None
    budget_per_story_usd: float | None = None
    budget_per_player_usd: float | None = None
    budget_per_day_usd: float | None = None
    budget_total_usd: float | None = None
    cache: str = "memory"
    checks_with_model: bool = False
    max_tokens: int = 2000
    temperature: float = 0.7
    timeout_s: float = 30.0
    trace_prompts: bool = False
    routes: Mapping[str, str] = field(default_factory=dict)
    quotas: Mapping[str, ModelQuota] = field(default_factory=dict)
    prices: Mapping[str, ModelRates] = field(default_factory=dict)
    servers: Mapping[str, Server] = field(default_factory=dict)
    config_file: Path | None = None
    origins: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A raw value and where it stands."""

    value: Any
    place: str


def load_settings(
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    config_file: Path | None = None,
) -> Settings:
    """Read all settings.

    Args:
        environ: the environment; None is this process's.
        cwd: where ``.env`` may lie; None is the working directory.
        config_file: the TOML file; None is ``TTA_CONFIG``, or ``config.toml`` in the platform's
            directory for configuration, where it exists.

    Raises:
        SettingsError: a value is wrong. The message names the setting, where it stands and what
            is allowed; it never shows a key.
    """
    cwd = cwd or Path.cwd()
    variables = _variables(os.environ if environ is None else environ, cwd)
    path, document, lines = _document(variables, cwd, config_file)
    table = dict(document)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for setting in SETTINGS:
        found = variables.get(setting.variable)
        in_file = _taken(table, setting.path, f"{path}", lines) if setting.path else None
        base = cwd if found else (path.parent if path else cwd)
        chosen, name = (found, setting.variable) if found else (in_file, ".".join(setting.path))
        if chosen is None:
            continue
        values[setting.field] = _read(setting, name, chosen, base)
        origins[setting.variable] = chosen.place
    place = f"{path}" if path else ""
    servers = dict(_servers(table.pop("servers", {}), variables, place, lines))
    values["servers"] = servers
    values["quotas"] = _each("quotas", table, place, lines, lambda v: ModelQuota(**quota(v)))
    values["prices"] = _each("prices", table, place, lines, lambda v: ModelRates(**rates(v)))
    values["routes"] = _each("routes", table, place, lines, model_name)
    _nothing_left(table, document, place, lines)
    _known_providers(values, servers, origins)
    return Settings(**values, config_file=path, origins=origins, notes=_notes(variables))


def keys_in(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> list[str]:
    """The values of variables that hold keys, however wrong the other settings are.

    For redaction where ``load_settings`` fails: any variable whose name ends as a key's does.
    """
    try:
        variables = _variables(os.environ if environ is None else environ, cwd or Path.cwd())
    except (SettingsError, OSError):
        variables = {n: _Found(v, "") for n, v in (environ or os.environ).items()}
    keys = [str(f.value) for n, f in variables.items() if n.upper().endswith(_KEY_ENDINGS)]
    return [*keys, *(p for f in variables.values() for p in passwords_in(str(f.value)))]


def passwords_in(address: str) -> list[str]:
    """The password of an address ``scheme://user:password@host``, as written and as meant."""
    found = re.match(r"[\w+.-]+://[^/@:]*:(.+)@", address)
    asked = re.findall(r"[?&]password=([^&]+)", address)
    return [
        p for written in ([found[1]] if found else []) + asked for p in (written, unquote(written))
    ]


# -------------------------------------------------------------------------------- the sources


def _variables(environ: Mapping[str, str], cwd: Path) -> dict[str, _Found]:
    """The environment over ``.env``; empty values are left out."""
    found: dict[str, _Found] = {}
    dotenv = cwd / ".env"
    if dotenv.is_file():
        from dotenv.parser import parse_stream

        try:
            with dotenv.open(encoding="utf-8-sig") as lines:
                for binding in parse_stream(lines):
                    if binding.error:
                        line = binding.original.line
                        raise SettingsError(".env", f"line {line} of {dotenv} cannot be read")
                    if binding.key and (binding.value or "").strip():
                        place = f"{dotenv}, line {binding.original.line}"
                        found[binding.key] = _Found((binding.value or "").strip(), place)
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(".env", f"{dotenv} cannot be read ({error})") from None
    for name, value in environ.items():
        if value.strip():
            found[name] = _Found(value.strip(), "environment")
    return found


def _document(
    variables: Mapping[str, _Found], cwd: Path, config_file: Path | None
) -> tuple[Path | None, dict[str, Any], list[str]]:
    """The configuration file: its path, its content, its lines."""
    named = variables.get("TTA_CONFIG")
    path = config_file
    if path is None and named is not None:
        path = cwd / Path(str(named.value)).expanduser()
    if path is None:
        path = _platform_dir("config") / "config.toml"
        if not path.is_file():
            return None, {}, []
    try:
        text = path.read_text(encoding="utf-8-sig")
        return path, tomllib.loads(text), text.splitlines()
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(path), f"is no valid TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError("TTA_CONFIG", f"{path} cannot be read ({reason})") from None


def _taken(
    table: dict[str, Any], path: tuple[str, ...], place: str, lines: list[str]
) -> _Found | None:
    """Take a value out of the document; what nobody takes is a mistake."""
    level: Any = table
    for part in path[:-1]:
        level = level.get(part)
        if not isinstance(level, dict):
            return None
    if path[-1] not in level:
        return None
    if len(path) > 1:
        # The caller's document must stay whole, for line numbers.
        table[path[0]] = level = dict(level)
    value = level.pop(path[-1])
    return _Found(value, _where(place, lines, path)) if value != "" else None


def _where(place: str, lines: list[str], path: tuple[str, ...]) -> str:
    """The file and, as far as it can be told, the line of a value."""
    section: list[str] = []
    best = 0
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            section = [part.strip("\"' ") for part in _dotted(text.strip("[]"))]
            if section == list(path[: len(section)]):
                best = best or number
        elif "=" in text and not text.startswith("#"):
            name = [part.strip("\"' ") for part in _dotted(text.split("=", 1)[0])]
            if section + name == list(path[: len(section) + len(name)]) and name:
                return f"{place}, line {number}"
    return f"{place}, line {best}" if best else place


def _dotted(text: str) -> list[str]:
    """The parts of a dotted TOML key; a quoted part may hold dots."""
    parts, quote = [""], ""
    for char in text.strip():
        if char in "\"'":
            quote = "" if quote == char else (quote or char)
        elif char == "." and not quote:
            parts.append("")
        else:
            parts[-1] += char
    return parts


# --------------------------------------------------------------------------------- the values


def _read(setting: Setting, name: str, found: _Found, base: Path) -> Any:
    try:
        value = setting.parse(found.value)
    except Wrong as wrong:
        raise _error(name, wrong, found, secret=setting.is_key) from None
    return base / value.expanduser() if isinstance(value, Path) else value


def _error(name: str, wrong: Wrong, found: _Found, *, secret: bool = False) -> SettingsError:
    value = "" if secret else shown(found.value)
    return SettingsError(name, f"{wrong}{value} ({found.place})")


def _each(
    section: str, table: dict[str, Any], place: str, lines: list[str], parse: Any
) -> Mapping[str, Any]:
    """A section whose keys are names (of models, of tasks)."""
    content = table.pop(section, {})
    if not isinstance(content, dict):
        raise SettingsError(section, f"must be a section: [{section}] ({place})")
    read: dict[str, Any] = {}
    for name, value in content.items():
        try:
            read[name] = parse(value)
        except Wrong as wrong:
            found = _Found(value, _where(place, lines, (section, name, *wrong.path)))
            path = ".".join((section, f'"{name}"' if ":" in name else name, *wrong.path))
            raise _error(path, wrong, _Found(wrong.value(value), found.place)) from None
    return read


def _servers(
    content: Any, variables: Mapping[str, _Found], place: str, lines: list[str]
) -> Iterator[tuple[str, Server]]:
    """``name = "http://…/v1"``, or a section with ``url`` and the variable that holds the key."""
    if not isinstance(content, dict):
        raise SettingsError("servers", f"must be a section: [servers] ({place})")
    for name, value in content.items():
        entry = {"url": value} if isinstance(value, str) else value
        where = _where(place, lines, ("servers", name))
        if not isinstance(entry, dict) or not set(entry) <= {"url", "key_variable"}:
            raise SettingsError(f"servers.{name}", f"takes url and key_variable ({where})")
        try:
            address = server_address(entry.get("url", ""))
        except Wrong as wrong:
            found = _Found(entry.get("url", ""), where)
            raise _error(f"servers.{name}", wrong, found) from None
        variable = entry.get("key_variable", "")
        found_key = variables.get(str(variable))
        if variable and found_key is None:
            raise SettingsError(
                f"servers.{name}.key_variable",
                f"{variable} is not set: put the key into the environment or .env ({where})",
            )
        key = Secret(str(found_key.value) if found_key else "")
        yield name, Server(name=name, base_url=address, key=key)


def _nothing_left(
    table: Mapping[str, Any], document: Mapping[str, Any], place: str, lines: list[str]
) -> None:
    """Whatever is left in the document has no meaning: a misspelling, most likely."""
    known = [".".join(s.path) for s in SETTINGS if s.path]
    known += ["routes", "quotas", "prices", "servers"]
    keys = {s.variable.lower(): s.variable for s in SETTINGS if s.is_key}
    for name, value in table.items():
        paths = [(name, inner) for inner in value] if isinstance(value, dict) else [(name,)]
        if isinstance(value, dict) and not value and document.get(name):
            continue
        for path in paths:
            dotted, where = ".".join(path), _where(place, lines, path)
            if dotted.lower() in keys:
                variable = keys[dotted.lower()]
                raise SettingsError(
                    dotted, f"keys are read from the environment or .env: {variable} ({where})"
                )
            close = difflib.get_close_matches(dotted, known, 1)
            hint = f"did you mean {close[0]}?" if close else f"known are: {', '.join(known)}"
            raise SettingsError(dotted, f"is no setting; {hint} ({where})")


def _known_providers(
    values: Mapping[str, Any], servers: Mapping[str, Server], origins: Mapping[str, str]
) -> None:
    """Every model that is named belongs to a provider that exists."""
    known = ("offline", "local", "gemini", "anthropic", "openai", *servers)
    named = [("TTA_MODEL", values.get("model", ""))]
    named += [("TTA_CHAIN", model) for model in values.get("chain", ())]
    named += [(f"routes.{task}", model) for task, model in values["routes"].items()]
    for name, model in named:
        provider = model.partition(":")[0]
        if model and provider not in known:
            place = origins.get(name, "configuration file")
            raise SettingsError(
                name,
                f"{shown(model).strip(', ')} ({place}): the provider before the colon must "
                f"be one of {', '.join(known)}",
            )


def _notes(variables: Mapping[str, _Found]) -> tuple[str, ...]:
    """Variables of ours that look misspelt."""
    known = [setting.variable for setting in SETTINGS] + ["TTA_CONFIG"]
    ours = [name for name in variables if name.startswith(("TTA_", "LLM_", "GEMINI_API"))]
    notes = []
    for name in sorted(set(ours) - set(known)):
        close = difflib.get_close_matches(name, known, 1, cutoff=0.8)
        if close:
            notes.append(f"{name} is no setting: did you mean {close[0]}?")
    return tuple(notes)


def _platform_dir(kind: str) -> Path:
    from platformdirs import user_config_path, user_data_path

    return (user_data_path if kind == "data" else user_config_path)(APP, appauthor=False)
