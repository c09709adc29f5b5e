"""What the values of settings must be: types that pydantic checks and that say what is allowed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator as After
from pydantic import BaseModel, Field, ValidationInfo, WrapValidator
from pydantic import BeforeValidator as Before
from pydantic_settings import SettingsConfigDict

from tta_rebuild.core.secret import Secret

PROVIDERS = ("offline", "local", "gemini", "anthropic", "openai")


def must(sentence: str) -> WrapValidator:
    """Whatever the type inside objects to is told as this sentence."""

    def checked(value: Any, inner: Any) -> Any:
        with suppress(ValueError):
            read = inner(value)
            if isinstance(read, bool) or not isinstance(value, bool):  # true is no number
                return read
        raise ValueError(f"must be {sentence}")

    return WrapValidator(checked)


def _secret(value: Any) -> Secret:
    return value if isinstance(value, Secret) else Secret(str(value).strip())


def _key(value: Any) -> Secret:
    text = (key := _secret(value)).reveal()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("holds a blank or a character that no key has: copy the key again")
    return key


def _directory(value: Any) -> Path:
    text = str(value) if isinstance(value, (str, Path)) else "\x00"
    if "\x00" in text or re.match(r"[A-Za-z][\w+.-]+:/", text):
        raise ValueError(
            "must be a directory on this machine; the address of a PostgreSQL server goes into "
            "TTA_DATABASE_URL"
        )
    return Path(text).expanduser()


def _database(value: Any) -> Secret:
    address = _secret(value)
    if address and not address.reveal().startswith(("postgresql://", "postgres://")):
        raise ValueError(
            "must be an address such as postgresql://user@host/name; for files set TTA_DATA_DIR"
        )
    return address


def _redis(value: Any) -> Secret:
    address = _secret(value)
    if address and not address.reveal().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must be an address such as redis://host:6379/0")
    return address


def _address(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("must be an address such as http://127.0.0.1:11434/v1")
    return text.rstrip("/")


def model_name(text: str, servers: Collection[str]) -> str:
    """The name of a model, with these servers of one's own. Raises ValueError: it is none."""
    text = text.strip()
    provider, colon, model = text.partition(":")
    if not provider or (colon and not model) or len(text.split()) > 1:
        raise ValueError(
            "must name a model: offline, local, or provider:model such as "
            "gemini:gemini-3.5-flash-lite"
        )
    if provider not in (*PROVIDERS, *servers):
        raise ValueError(f"must begin with one of {', '.join((*PROVIDERS, *servers))}")
    if provider in servers and not model:
        raise ValueError(f"{text}: say which model, as {text}:MODEL")
    return text


def _model_name(text: str, info: ValidationInfo) -> str:
    return model_name(text, info.data.get("servers", ()))


def _encoder_name(text: str, info: ValidationInfo) -> str:
    provider = text.strip().partition(":")[0]
    if provider in ("anthropic", "offline"):
        raise ValueError(
            f"{provider} has no embeddings: must be local, or a model such as "
            "gemini:gemini-embedding-001 or openai:text-embedding-3-small"
        )
    if text.strip().startswith("local:"):
        raise ValueError("must be local alone: name a server of yours under servers, as NAME:MODEL")
    return _model_name(text, info)


def _model_names(value: Any) -> Any:
    names = value.split(",") if isinstance(value, str) else value
    return [n for n in names if n != ""] if isinstance(names, list | tuple) else names


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) != len(names):
        raise ValueError("names a model twice: each may stand in the chain once")
    return names


Lower = Before(lambda v: v.strip().lower() if isinstance(v, str) else v)
Upper = Before(lambda v: v.strip().upper() if isinstance(v, str) else v)


def _care(value: Any) -> Any:
    if str(value).strip().lower() in ("off", "no", "none", "false", "0"):
        raise ValueError(
            "the note cannot be switched off: a program with a care of its own shows its own words "
            "at TurnPaused, and TTA_HELP_LINES replaces lines that are wrong; must be normal or "
            "strict"
        )
    return value


def _country(value: Any) -> str:
    text = value.strip().upper() if isinstance(value, str) else ""
    if not re.fullmatch("[A-Z]{2}", text):
        raise ValueError("must be the two letters of a country (ISO 3166-1), such as GB or DE")
    return text


def _temporal_name(text: str) -> str:
    text = text.strip()
    if not re.fullmatch(r"[\w.-]{1,200}", text):
        raise ValueError("must be a name of letters, digits, dots, dashes and underscores")
    return text


def _host_name(text: str) -> str:
    text = text.strip()
    if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}", text):
        raise ValueError("must be the name of a machine, such as temporal.example")
    return text


def _deployment(text: str) -> str:
    if "." in text:
        raise ValueError("must be a name without dots: one parts it from its version")
    return text


def _host_and_port(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or re.search(r"[/@\s]", text) or not (port.isdecimal() and 0 < int(port) < 65_536):
        raise ValueError("must be a host and a port, such as 127.0.0.1:7233")
    return text


def _host(text: str) -> str:
    text = text.strip()
    if not re.fullmatch(r"[\w.:-]{1,253}", text):
        raise ValueError(
            "must be an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all"
        )
    return text


Key: TypeAlias = Annotated[Secret, Before(_key)]
YesOrNo: TypeAlias = Annotated[bool, must("true or false")]
Count: TypeAlias = Annotated[int, Field(ge=1), must("a whole number of at least 1")]
_SECONDS = "a number (seconds) of at least 0.1 and at most 3600"
Seconds: TypeAlias = Annotated[float, Field(ge=0.1, le=3600), must(_SECONDS)]
_WAIT = "a number (seconds) of at least 0 and at most 3600"
Wait: TypeAlias = Annotated[float, Field(ge=0, le=3600), must(_WAIT)]
_TOKENS = "a whole number of at least 16 and at most 200000"
MaxTokens: TypeAlias = Annotated[int, Field(ge=16, le=200_000), must(_TOKENS)]
_DEGREES = "a number of at least 0 and at most 2"
Temperature: TypeAlias = Annotated[float, Field(ge=0, le=2), must(_DEGREES)]
_USD = "a number (US dollars) of at least 0"
Usd: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False), must(_USD)]
MostUsd: TypeAlias = Usd | None
LogLevel: TypeAlias = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Upper]
Access: TypeAlias = Annotated[Literal["auto", "tokens", "open"], Lower]
LogFormat: TypeAlias = Annotated[Literal["text", "json"], Lower]
CacheKind: TypeAlias = Annotated[Literal["off", "memory", "disk"], Lower]
Runner: TypeAlias = Annotated[Literal["process", "temporal"], Lower]
HostName: TypeAlias = Annotated[str, After(_host_name)]
TemporalName: TypeAlias = Annotated[str, After(_temporal_name)]
Deployment: TypeAlias = Annotated[TemporalName, After(_deployment)]
HostAndPort: TypeAlias = Annotated[str, After(_host_and_port)]
Host: TypeAlias = Annotated[str, After(_host)]
_PORT = "a port: a whole number of at least 0 (a free one) and at most 65535"
Port: TypeAlias = Annotated[int, Field(ge=0, le=65_535), must(_PORT)]
WhichChecks: TypeAlias = Annotated[Literal["", "all", "choices", "off"], Lower]
Care: TypeAlias = Annotated[Literal["normal", "strict"], Lower, Before(_care)]
Country: TypeAlias = Annotated[str, Before(_country)]
DatabaseUrl: TypeAlias = Annotated[Secret, Before(_database)]
RedisUrl: TypeAlias = Annotated[Secret, Before(_redis)]
Directory: TypeAlias = Annotated[Path, Before(_directory)]
ModelName: TypeAlias = Annotated[str, After(_model_name)]
EncoderName: TypeAlias = Annotated[str, After(_encoder_name)]
ModelNames: TypeAlias = Annotated[tuple[ModelName, ...], Before(_model_names), After(_each_once)]
Address: TypeAlias = Annotated[str, Before(_address)]


RULES = SettingsConfigDict(
    frozen=True,
    extra="forbid",
    hide_input_in_errors=True,
    populate_by_name=True,
    arbitrary_types_allowed=True,
    validate_default=False,
    case_sensitive=True,
    enable_decoding=False,
    dotenv_filtering="only_existing",
)
"""How every model here is: no value of its own appears in an error."""


class _Value(BaseModel):
    model_config = RULES


class ModelQuota(_Value):
    """What may be sent to one model; None is no limit."""

    rpm: Count | None = None
    tpm: Count | None = None
    rpd: Count | None = None


class ModelRates(_Value):
    """The user's own price of one model, US dollars per million tokens."""

    input: Usd
    output: Usd
    cached: Usd | None = None
    cache_write: Usd | None = None


class LiveVariant(_Value):
    """One of the ways of telling that new stories are given; what is empty is as it is set.

    ``prompts`` are names of templates and variants of them, ``weight`` is a share of the stories.
    """

    weight: Annotated[float, Field(ge=0, allow_inf_nan=False), must("a number of at least 0")] = 1.0
    prompts: Mapping[str, str] = {}
    model: Annotated[str, must("the name of a model")] = ""
    temperature: Temperature | None = None
    checks: WhichChecks = ""


class LiveExperiment(_Value):
    """What new stories take part in, each in one of the ``variants``."""

    name: Annotated[str, Field(min_length=1), must("the experiment's name")]
    variants: Mapping[str, LiveVariant]


def known_models(experiment: LiveExperiment | None, info: ValidationInfo) -> LiveExperiment | None:
    """The experiment, if its models can be named so and some variant has a share."""
    if experiment is None:
        return None
    for name, variant in experiment.variants.items():
        try:
            variant.model and _model_name(variant.model, info)
        except ValueError as error:
            raise ValueError(f"{name}: the model {error}") from error
    if not any(variant.weight for variant in experiment.variants.values()):
        raise ValueError("must give some variant a weight above 0")
    return experiment


Experiment: TypeAlias = Annotated[LiveExperiment | None, After(known_models)]


class Server(_Value):
    """A server that speaks OpenAI's protocol; models there are named ``name:model``."""

    name: str
    base_url: Address = Field(validation_alias="url")
    key: Key = Secret("")
    key_variable: Annotated[str, must("the name of an environment variable")] = ""
    """Where the key was looked for; "" if the server is named without one."""

    @property
    def lacks(self) -> str:
        """What is missing before it can be asked, "" if nothing is."""
        is_missing = self.key_variable and not self.key
        return f"{self.key_variable} is not set" if is_missing else ""
