"""Settings: the environment, ``.env`` and a TOML file become one frozen value, read once.

What counts, strongest first: an option on the command line, the environment, ``.env`` in the
working directory, the configuration file, the default. An empty text is no setting. Keys come from
the environment or ``.env`` alone.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from platformdirs import PlatformDirs
from pydantic import AliasChoices, BaseModel, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from tta_rebuild import settings_values as kinds
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.secret import Secret, reveal
from tta_rebuild.settings_sources import DotEnv, Environment, Options, Place, TomlFile, meant
from tta_rebuild.settings_values import RULES, ModelQuota, ModelRates, Server

_DIRECTORIES = PlatformDirs("tta", appauthor=False)


def _named(default: Any, variable: str, *in_file: str) -> Any:
    """A setting with its variable and, unless it is a key, its dotted name in the file."""
    return Field(default, validation_alias=AliasChoices(variable, *in_file))


class Settings(BaseSettings):
    """Everything that can be set. Amounts are US dollars, None is no limit.

    A value given by name is checked as one from a file is. Raises SettingsError.

    Attributes:
        database_url: a PostgreSQL server that keeps the stories in place of ``data_dir``; may hold
            a password. "" is none.
        redis_url: a Redis that the workers of several processes share; may hold a password.
        workers: how many those are at least, for the share of each while Redis is away.
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
        prompts_dir: a folder of prompt variants of one's own.
        care: how much it takes until a turn pauses for a player who may be in need.
        country: of the help lines; "" is that of the machine's locale.
        help_lines: an operator's own file of help lines.
        access: whether players of a server show tokens; ``auto`` is once a token was ever made.
        runner: who plays a server's turns: its own ``process``, or workers by ``temporal``.
        temporal_address: ``host:port`` of the Temporal server.
        temporal_namespace, temporal_queue: where in it turns are handed out.
        temporal_deployment: what a worker's version belongs to; "" is a worker without a version.
        temporal_build: its version there; "" is that of the program.
        temporal_tls: whether it is spoken to by TLS; None is where a file, a name or a key is.
        temporal_server_name: the name that it is asked for by TLS, and that its certificate is for;
            "" is that of the address.
        temporal_ca_file: PEM, whom its certificate is signed by; None is whom the machine trusts.
        temporal_cert_file, temporal_key_file: PEM, this machine's certificate and its private key.
        start_wait_s: how long a server or worker that starts waits for what it stands on, seconds.
        worker_turns: turns that a worker tells at once, at most.
        worker_host, worker_port: where a worker says how it is; no port is nowhere, 0 a free one.
        experiment: what new stories take part in; None is nothing.
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
    redis_url: kinds.RedisUrl = _named(Secret(""), "TTA_REDIS_URL")
    workers: kinds.Count = _named(4, "TTA_WORKERS", "workers")
    gemini_base_url: kinds.Address = _named("", "TTA_GEMINI_BASE_URL", "base_urls.gemini")
    anthropic_base_url: kinds.Address = _named("", "TTA_ANTHROPIC_BASE_URL", "base_urls.anthropic")
    openai_base_url: kinds.Address = _named("", "TTA_OPENAI_BASE_URL", "base_urls.openai")
    use_real_llm: kinds.YesOrNo = _named(False, "USE_REAL_LLM", "use_real_llm")
    rate_limit_rpm: kinds.Count = _named(60, "LLM_RATE_LIMIT", "rate_limit")
    max_cost_usd: kinds.Usd = _named(10.0, "LLM_MAX_COST", "max_cost")
    data_dir: kinds.Directory = Field(
        default_factory=lambda: _DIRECTORIES.user_data_path,
        validation_alias=AliasChoices("TTA_DATA_DIR", "data_dir"),
    )
    model: kinds.ModelName = _named("", "TTA_MODEL", "model")
    chain: kinds.ModelNames = _named((), "TTA_CHAIN", "chain")
    log_level: kinds.LogLevel = _named("WARNING", "TTA_LOG_LEVEL", "log_level")
    log_format: kinds.LogFormat = _named("text", "TTA_LOG_FORMAT", "log_format")
    budget_per_call_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_PER_CALL", "budgets.call")
    budget_per_story_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_PER_STORY", "budgets.story")
    budget_per_player_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_PER_PLAYER", "budgets.player")
    budget_per_day_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_PER_DAY", "budgets.day")
    budget_total_usd: kinds.MostUsd = _named(None, "TTA_BUDGET_TOTAL", "budgets.total")
    cache: kinds.CacheKind = _named("memory", "TTA_CACHE", "cache")
    semantic_cache: kinds.CacheKind = _named("off", "TTA_SEMANTIC_CACHE", "semantic_cache")
    semantic_encoder: kinds.EncoderName = _named(
        "local", "TTA_SEMANTIC_ENCODER", "semantic_encoder"
    )
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
    prompts_dir: kinds.Directory | None = _named(None, "TTA_PROMPTS", "prompts")
    care: kinds.Care = _named("normal", "TTA_CARE", "care")
    country: kinds.Country = _named("", "TTA_COUNTRY", "country")
    help_lines: kinds.Directory | None = _named(None, "TTA_HELP_LINES", "help_lines")
    access: kinds.Access = _named("auto", "TTA_ACCESS", "access")
    runner: kinds.Runner = _named("process", "TTA_RUNNER", "runner")
    temporal_address: kinds.HostAndPort = _named(
        "127.0.0.1:7233", "TTA_TEMPORAL_ADDRESS", "temporal_address"
    )
    temporal_namespace: kinds.TemporalName = _named(
        "default", "TTA_TEMPORAL_NAMESPACE", "temporal_namespace"
    )
    temporal_queue: kinds.TemporalName = _named("tta-turns", "TTA_TEMPORAL_QUEUE", "temporal_queue")
    temporal_deployment: kinds.Deployment = _named(
        "", "TTA_TEMPORAL_DEPLOYMENT", "temporal_deployment"
    )
    temporal_build: kinds.TemporalName = _named("", "TTA_TEMPORAL_BUILD", "temporal_build")
    temporal_api_key: kinds.Key = _named(Secret(""), "TTA_TEMPORAL_API_KEY")
    temporal_tls: kinds.YesOrNo | None = _named(None, "TTA_TEMPORAL_TLS", "temporal_tls")
    temporal_server_name: kinds.HostName = _named(
        "", "TTA_TEMPORAL_SERVER_NAME", "temporal_server_name"
    )
    temporal_ca_file: kinds.Directory | None = _named(
        None, "TTA_TEMPORAL_CA_FILE", "temporal_ca_file"
    )
    temporal_cert_file: kinds.Directory | None = _named(
        None, "TTA_TEMPORAL_CERT_FILE", "temporal_cert_file"
    )
    temporal_key_file: kinds.Directory | None = _named(
        None, "TTA_TEMPORAL_KEY_FILE", "temporal_key_file"
    )
    start_wait_s: kinds.Wait = _named(60.0, "TTA_START_WAIT", "start_wait")
    worker_turns: kinds.Count = _named(100, "TTA_WORKER_TURNS", "worker_turns")
    worker_host: kinds.Host = _named("127.0.0.1", "TTA_WORKER_HOST", "worker_host")
    worker_port: kinds.Port | None = _named(None, "TTA_WORKER_PORT", "worker_port")
    experiment: kinds.Experiment = None
    config_file: Path | None = None
    origins: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()

    def __init__(self, _read: Sources | None = None, **values: Any) -> None:
        given = {name: value for name, value in values.items() if value != ""}
        try:
            super().__init__(_read=_read, **given)
        except ValidationError as error:
            raise _told(error, _read or ()) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What counts, strongest first; the defaults come last. A program's values stand alone."""
        read: Sources | None = init_settings().pop("_read")
        if read is None:
            return (init_settings,)
        return init_settings, read.options, read.environment, read.dotenv, read.file


class Sources(NamedTuple):
    """What ``load_settings`` reads."""

    options: Options
    environment: Environment
    dotenv: DotEnv
    file: TomlFile


_NAMES = {
    str(alias.choices[0]): "".join(map(str, alias.choices[1:]))
    for field in Settings.model_fields.values()
    if isinstance(alias := field.validation_alias, AliasChoices)
}
"""Variable → its dotted name in the file, "" for a key."""
VARIABLES = tuple(_NAMES)
KEYS = tuple(variable for variable, in_file in _NAMES.items() if not in_file)
"""Those of the variables that hold keys."""
_PATHS = {
    "TTA_DATA_DIR": "data_dir",
    "TTA_PROMPTS": "prompts_dir",
    "TTA_HELP_LINES": "help_lines",
    "TTA_TEMPORAL_CA_FILE": "temporal_ca_file",
    "TTA_TEMPORAL_CERT_FILE": "temporal_cert_file",
    "TTA_TEMPORAL_KEY_FILE": "temporal_key_file",
}
"""What is beside the file that names it, or else in the working directory."""
_SECTIONS = {
    name: name for name in ("routes", "quotas", "prices", "servers", "windows", "experiment")
}


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
    environment = Environment(Settings, os.environ if environ is None else environ)
    dotenv = DotEnv(Settings, cwd / ".env")
    variables = {**dotenv.variables, **environment.variables}
    if config_file is None and "TTA_CONFIG" in variables:
        config_file = cwd / Path(variables["TTA_CONFIG"]).expanduser()
    usual = _DIRECTORIES.user_config_path / "config.toml"
    path = config_file or (usual if usual.is_file() else None)
    file = TomlFile(Settings, path, _NAMES | _SECTIONS, variables)
    read = Sources(Options(Settings, options or {}), environment, dotenv, file)
    source_of = {variable: source for source in reversed(read) for variable in source()}
    origins = {v: source.origin(v)[1] for v, source in source_of.items() if v in VARIABLES}
    settings = Settings(read, config_file=path, origins=origins, notes=_notes(variables))
    places = dict[str, Path]()
    for variable, name in _PATHS.items():
        if found := getattr(settings, name):
            beside = path.parent if path and source_of.get(variable) is file else cwd
            places[name] = beside / found
    return settings.model_copy(update=places)


def keys_in(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> list[str]:
    """The values of variables that hold keys, for redaction where ``load_settings`` fails."""
    values = [*Environment(Settings, os.environ if environ is None else environ).variables.values()]
    with suppress(SettingsError, OSError):
        values += DotEnv(Settings, (cwd or Path.cwd()) / ".env").variables.values()
    keys = [value.reveal() for value in values if isinstance(value, Secret)]
    return [*keys, *(word for value in values for word in passwords_in(reveal(value)))]


def passwords_in(address: str) -> list[str]:
    """The password of an address such as PostgreSQL has, as written and as meant."""
    found = re.findall(r"^[\w+.-]+://[^/@:]*:(.+)@", address)
    found += re.findall(r"[?&]password=([^&]+)", address)
    return [*found, *map(unquote, found)]


def _told(error: ValidationError, sources: Iterable[Any]) -> SettingsError:
    """The first thing that is wrong, with its place and what is allowed."""
    first = error.errors(include_url=False)[0]
    variable, *inner = [part for part in first["loc"] if isinstance(part, str)]
    allowed, value = first["msg"].removeprefix("Value error, "), first["input"]
    if first["type"] == "missing":
        allowed = f"must have {inner.pop()}"
    elif first["type"] == "literal_error":
        names = re.findall(r"'(\w+)'", first["ctx"]["expected"])
        allowed = f"must be one of {', '.join(names)}"
    elif first["type"] == "extra_forbidden":
        models: dict[str, type[BaseModel]] = {"quotas": ModelQuota, "prices": ModelRates}
        known = models.get(variable, Settings).model_fields
        allowed, value = meant([variable, *inner][-1], known, _NAMES), None
    if variable == "servers":
        del inner[1:]  # how an address stands there is ours to know
    source = next((source for source in sources if variable in source()), Place())
    name, place = source.origin(variable, *inner)
    text, is_plain = str(value), isinstance(value, str | int | float)
    if is_plain and len(text) <= 24 and "@" not in text:  # a longer one might be a misplaced key
        allowed += f", not {value!r}"
    return SettingsError(name, f"{allowed} ({place})")


def _notes(variables: Iterable[str]) -> tuple[str, ...]:
    """Variables of ours that look misspelt."""
    known = [*VARIABLES, "TTA_CONFIG"]
    ours = sorted(n for n in variables if n.startswith(("TTA_", "LLM_", "GEMINI_API")))
    close = {n: difflib.get_close_matches(n, known, 1, 0.8) for n in ours if n not in known}
    return tuple(f"{n} is no setting: did you mean {c[0]}?" for n, c in close.items() if c)
