"""Settings: the environment, ``.env`` and a TOML file become one frozen value, read once.

What counts, strongest first: an option on the command line, the environment, ``.env`` in the
working directory, the configuration file, the default. An empty text is no setting. Keys come from
the environment or ``.env`` alone. (pydantic-settings would read the same sources, but keeps no line
of a value and costs every command 60 ms of CPU.)
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pydantic import AliasChoices, BaseModel, Field, ValidationError

from tta_rebuild import settings_values as kinds
from tta_rebuild.core.data_files import MAX_CONFIG_BYTES, parse_toml, read_text
from tta_rebuild.core.errors import SettingsError, UnreadableFile
from tta_rebuild.core.secret import Secret
from tta_rebuild.settings_sources import FoundValue, SettingsFile, Source, in_dotenv, in_environment
from tta_rebuild.settings_values import RULES, ModelQuota, ModelRates, Server


def _directories() -> Any:
    from platformdirs import PlatformDirs

    return PlatformDirs("tta", appauthor=False)


def _named(default: Any, variable: str, *in_file: str) -> Any:
    """A setting with its variable and, unless it is a key, its dotted name in the file."""
    return Field(default, validation_alias=AliasChoices(variable, *in_file))


class Settings(BaseModel):
    """Everything that can be set. Amounts are US dollars, None is no limit.

    A value given by name is checked as one from a file is. Raises SettingsError.

    Attributes:
        database_url: a PostgreSQL server that keeps the stories in place of ``data_dir``; may hold
            a password. "" is none.
        model: ``provider:model``, ``"offline"``, ``"local"``, or "" to choose by the keys there.
        chain: models to fall back to, in order; () is the model and then the offline storyteller.
        routes: task → model, for tasks that another model does.
        checks: what a model checks; "" is ``off`` for a program's own provider, else ``all``.
        max_cost_usd: per session; the other budgets are off unless set.
        timeout_s: until the first piece of an answer; None is 30, for a server nearby 180.
        silence_timeout_s: between two pieces; None is 30, for a server nearby 60.
        windows: ``provider:model`` → tokens of its context, where the server does not tell.
        gemini_base_url: where Gemini's protocol is spoken, "" at the vendor's; so with the others.
        quotas, prices: by ``provider:model``.
        config_file: the configuration file that was read, if any.
        origins: name of the setting → where its value came from.
        notes: what looks like a mistake but is none for certain, to be shown to the user.
    """

    model_config = RULES

    servers: Mapping[str, Server] = {}  # first: models may be named after them
    gemini_api_key: kinds.Key = _named(Secret(""), "GEMINI_API_KEY")
    anthropic_api_key: kinds.Key = _named(Secret(""), "ANTHROPIC_API_KEY")
    openai_api_key: kinds.Key = _named(Secret(""), "OPENAI_API_KEY")
    e2b_api_key: kinds.Key = _named(Secret(""), "E2B_API_KEY")
    database_url: kinds.DatabaseUrl = _named(Secret(""), "TTA_DATABASE_URL")
    gemini_base_url: kinds.Address = _named("", "TTA_GEMINI_BASE_URL", "base_urls.gemini")
    anthropic_base_url: kinds.Address = _named("", "TTA_ANTHROPIC_BASE_URL", "base_urls.anthropic")
    openai_base_url: kinds.Address = _named("", "TTA_OPENAI_BASE_URL", "base_urls.openai")
    use_real_llm: kinds.YesOrNo = _named(False, "USE_REAL_LLM", "use_real_llm")
    rate_limit_rpm: kinds.Count = _named(60, "LLM_RATE_LIMIT", "rate_limit")
    max_cost_usd: kinds.Usd = _named(10.0, "LLM_MAX_COST", "max_cost")
    data_dir: kinds.Directory = Field(
        default_factory=lambda: _directories().user_data_path,
        validation_alias=AliasChoices("TTA_DATA_DIR", "data_dir"),
    )
    model: kinds.ModelName = _named("", "TTA_MODEL", "model")
    chain: kinds.ModelNames = _named((), "TTA_CHAIN", "chain")
    log_level: kinds.LogLevel = _named("WARNING", "TTA_LOG_LEVEL", "log_level")
    budget_per_call_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_PER_CALL", "budgets.call")
    budget_per_story_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_PER_STORY", "budgets.story")
    budget_per_player_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_PER_PLAYER", "budgets.player")
    budget_per_day_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_PER_DAY", "budgets.day")
    budget_total_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_TOTAL", "budgets.total")
    cache: kinds.CacheKind = _named("memory", "TTA_CACHE", "cache")
    checks: kinds.WhichChecks = _named("", "TTA_CHECKS", "checks")
    max_tokens: kinds.MaxTokens = _named(2000, "TTA_MAX_TOKENS", "max_tokens")
    temperature: kinds.Temperature = _named(0.7, "TTA_TEMPERATURE", "temperature")
    timeout_s: kinds.Seconds | None = _named(None, "TTA_TIMEOUT", "timeout")
    silence_timeout_s: kinds.Seconds | None = _named(None, "TTA_SILENCE_TIMEOUT", "silence_timeout")
    trace_prompts: kinds.YesOrNo = _named(False, "TTA_TRACE_PROMPTS", "trace_prompts")
    routes: Mapping[str, kinds.ModelName] = {}
    quotas: Mapping[str, ModelQuota] = {}
    windows: Mapping[str, kinds.Count] = {}
    prices: Mapping[str, ModelRates] = {}
    config_file: Path | None = None
    origins: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()

    def __init__(self, *sources: Source, **values: Any) -> None:
        found = {name: value for name, value in values.items() if value != ""}
        given = {_VARIABLE_OF.get(n, n): FoundValue(v, n, "given") for n, v in found.items()}
        chosen = _chosen(given, *sources).items()
        try:
            super().__init__(**{name: found.value for name, found in chosen})
        except ValidationError as error:
            raise _told(error, (given, *sources)) from None


def _chosen(*sources: Source) -> dict[str, FoundValue]:
    """Each setting from the strongest source that has it; the strongest comes first."""
    return {name: found for source in reversed(sources) for name, found in source.items()}


_CHOICES = {
    name: [str(choice) for choice in field.validation_alias.choices]
    for name, field in Settings.model_fields.items()
    if isinstance(field.validation_alias, AliasChoices)
}
_VARIABLE_OF = {name: choices[0] for name, choices in _CHOICES.items()}
VARIABLES = tuple(_VARIABLE_OF.values())
KEYS = tuple(choices[0] for choices in _CHOICES.values() if len(choices) == 1)
"""Those of the variables that hold keys."""
_SECTIONS = ("routes", "quotas", "prices", "servers", "windows")
_IN_FILE = {choices[1]: choices[0] for choices in _CHOICES.values() if len(choices) == 2}
_IN_FILE |= {section: section for section in _SECTIONS}
_FIELDS = {"quotas": ModelQuota.model_fields, "prices": ModelRates.model_fields}


def load_settings(
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    config_file: Path | None = None,
    options: Mapping[str, Any] | None = None,
) -> Settings:
    """Read all settings.

    Args:
        environ: the environment; None is this process's.
        cwd: where ``.env`` may lie; None is the working directory.
        config_file: the TOML file; None is ``TTA_CONFIG``, or the platform's own, if it exists.
        options: option → value, such as ``{"--model": "offline"}``; an empty one is no setting.

    Raises SettingsError: it names the setting, its place and what is allowed, and shows no key.
    """
    cwd = cwd or Path.cwd()
    environment = in_environment(os.environ if environ is None else environ)
    dotenv = in_dotenv(cwd)
    variables = dotenv | environment
    if config_file is None and "TTA_CONFIG" in variables:
        config_file = cwd / Path(variables["TTA_CONFIG"].value).expanduser()
    usual = _directories().user_config_path / "config.toml"
    path = config_file or (usual if usual.is_file() else None)
    document = _document(path, variables) if path else {}
    in_options = {
        _VARIABLE_OF[name.strip("-").replace("-", "_")]: FoundValue(value, name, "command line")
        for name, value in (options or {}).items()
        if value
    }
    ours = [{name: s[name] for name in VARIABLES if name in s} for s in (environment, dotenv)]
    sources: list[Source] = [in_options, *ours, document]
    chosen = _chosen(*sources)
    origins = {name: found.place for name, found in chosen.items() if name in VARIABLES}
    settings = Settings(*sources, config_file=path, origins=origins, notes=_notes(variables))
    at = chosen.get("TTA_DATA_DIR")
    base = Path(at.file.name).parent if at and at.file else cwd
    return settings.model_copy(update={"data_dir": base / settings.data_dir})


def keys_in(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> list[str]:
    """The values of variables that hold keys, however wrong the other settings are.

    For redaction where ``load_settings`` fails: any variable whose name ends as a key's does.
    """
    found = in_environment(os.environ if environ is None else environ)
    with suppress(SettingsError, OSError):
        found = in_dotenv(cwd or Path.cwd()) | found
    values = [one.value for one in found.values()]
    keys = [value.reveal() for value in values if isinstance(value, Secret)]
    texts = [*keys, *(value for value in values if isinstance(value, str))]
    return [*keys, *(password for text in texts for password in passwords_in(text))]


def passwords_in(address: str) -> list[str]:
    """The password of an address such as PostgreSQL has, as written and as meant."""
    found = re.findall(r"^[\w+.-]+://[^/@:]*:(.+)@", address)
    found += re.findall(r"[?&]password=([^&]+)", address)
    return [*found, *map(unquote, found)]


def _document(path: Path, variables: Source) -> dict[str, FoundValue]:
    """The configuration file. Raises SettingsError for a name that means nothing."""
    try:
        text = read_text(path, max_bytes=MAX_CONFIG_BYTES)
        document = parse_toml(text, str(path))
    except UnreadableFile as error:
        raise SettingsError("TTA_CONFIG", str(error)) from None
    file = SettingsFile(str(path), tuple(text.splitlines()))
    found = {}
    for section, content in document.items():
        values: dict[tuple[str, ...], Any] = {(section,): content}
        if isinstance(content, dict) and section not in _SECTIONS:
            values = {(section, name): value for name, value in content.items()}
        for names, value in values.items():
            name, place = ".".join(names), file.place(names)
            if name not in _IN_FILE:
                raise SettingsError(name, f"{_meant(name, _IN_FILE)} ({place})")
            if name == "servers" and isinstance(value, dict):
                value = {n: _server(n, entry, variables, file) for n, entry in value.items()}
            if value != "":
                found[_IN_FILE[name]] = FoundValue(value, name, place, file)
    return found


def _server(name: str, entry: Any, variables: Source, file: SettingsFile) -> Any:
    """``name = "http://…/v1"``, or a section with ``url`` and the variable that holds the key.

    A key that is not there matters once the server is asked, not before.
    """
    if not isinstance(entry, dict):
        return {"name": name, "url": entry}
    if not set(entry) <= {"url", "key_variable"}:
        place = file.place(("servers", name))
        raise SettingsError(f"servers.{name}", f"takes url and key_variable ({place})")
    variable = entry.get("key_variable", "")
    found = variables.get(str(variable))
    key = found.value if found else ""
    return {"name": name, "url": entry.get("url"), "key": key, "key_variable": variable}


def _told(error: ValidationError, sources: Sequence[Source]) -> SettingsError:
    """The first thing that is wrong, with its place and what is allowed."""
    first = error.errors(include_input=False, include_url=False)[0]
    variable, *inner = (str(part) for part in first["loc"])
    found = next((s[variable] for s in sources if variable in s), FoundValue("", variable, "given"))
    value, path = found.value, []
    for part in inner:
        if not isinstance(value, Mapping) or part not in value:
            break
        value = value[part]
        path.append(part)
    if found.name == "servers":
        del path[1:]  # how an address stands there is ours to know
    allowed = first["msg"].removeprefix("Value error, ")
    if first["type"] == "missing":
        allowed, value = f"must have {inner[-1]}", {}
    elif first["type"] == "literal_error":
        names = re.findall(r"'(\w+)'", first["ctx"]["expected"])
        allowed = f"must be one of {', '.join(names)}"
    elif first["type"] == "extra_forbidden":
        known = _FIELDS.get(variable, Settings.model_fields)
        allowed, value = _meant(inner[-1] if inner else variable, known), {}
    name = ".".join((found.name, *(f'"{part}"' if ":" in part else part for part in path)))
    place = found.file.place((found.name, *path)) if found.file and path else found.place
    text, is_plain = str(value), isinstance(value, str | int | float)
    if is_plain and len(text) <= 24 and "@" not in text:  # a longer one might be a misplaced key
        allowed += f", not {value!r}"
    return SettingsError(name, f"{allowed} ({place})")


def _meant(name: str, known: Collection[str]) -> str:
    """What to do about a name that is no setting."""
    keys = {key.lower(): key for key in KEYS}
    if name.lower() in keys:
        return f"keys are read from the environment or .env: {keys[name.lower()]}"
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"known are: {', '.join(known)}"
    return f"is no setting; {hint}"


def _notes(variables: Source) -> tuple[str, ...]:
    """Variables of ours that look misspelt."""
    known = [*VARIABLES, "TTA_CONFIG"]
    ours = sorted(n for n in variables if n.startswith(("TTA_", "LLM_", "GEMINI_API")))
    close = {n: difflib.get_close_matches(n, known, 1, 0.8) for n in ours if n not in known}
    return tuple(f"{n} is no setting: did you mean {c[0]}?" for n, c in close.items() if c)
