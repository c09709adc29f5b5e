"""Where settings come from: sources of pydantic-settings that know the place of each value."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import pydantic_settings as library
from dotenv.parser import parse_stream

from tta_rebuild.core.data_files import MAX_CONFIG_BYTES, parse_toml, read_text
from tta_rebuild.core.errors import SettingsError, UnreadableFile
from tta_rebuild.core.secret import Secret

SettingsClass: TypeAlias = type[library.BaseSettings]
Names: TypeAlias = Mapping[str, str]
Variables: TypeAlias = Mapping[str, Any]


class Place:
    """Where values stand: in something with a name, some of them in a line of it."""

    where = "given"
    names: Names = MappingProxyType({})
    """What variables are called there, if they are called otherwise."""
    lines: Mapping[tuple[str, ...], int] = MappingProxyType({})
    """By the parts of a value's name."""

    def origin(self, variable: str, *inner: str) -> tuple[str, str]:
        """What a value is called there, and its place as far as it can be told."""
        name = self.names.get(variable, variable)
        path = (*name.split("."), *inner)
        above = (path[:end] for end in range(len(path), 0, -1))
        line = next((self.lines[part] for part in above if part in self.lines), 0)
        quoted = (f'"{part}"' if ":" in part else part for part in inner)
        return ".".join((name, *quoted)), f"{self.where}, line {line}" if line else self.where


class Options(library.InitSettingsSource, Place):
    """Options of the command line, such as ``--data-dir``; an empty one is no setting."""

    where = "command line"

    def __init__(self, settings: SettingsClass, options: Mapping[str, Any]) -> None:
        given = {n.strip("-").replace("-", "_"): value for n, value in options.items() if value}
        super().__init__(settings, given)
        self.names = {v: f"--{v.removeprefix('TTA_').lower().replace('_', '-')}" for v in self()}


class Environment(library.EnvSettingsSource, Place):
    """The variables of a process; ``variables`` are all of them, those of keys as secrets."""

    where = "environment"

    def __init__(self, settings: SettingsClass, environ: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.variables, self.env_vars = _kept(environ)


class DotEnv(library.DotEnvSettingsSource, Place):
    """``.env``; nothing is expanded, as keys hold ``$`` too. Raises SettingsError."""

    variables: Variables = MappingProxyType({})

    def _read_env_file(self, file_path: Path) -> Variables:
        try:
            text = read_text(file_path, max_bytes=MAX_CONFIG_BYTES)
        except UnreadableFile as error:
            raise SettingsError(".env", str(error)) from None
        self.where, found = str(file_path), list(parse_stream(StringIO(text)))
        for binding in found:
            if binding.error:
                line = binding.original.line
                raise SettingsError(".env", f"line {line} of {file_path} cannot be read")
        self.lines = {(b.key,): b.original.line for b in found if b.key}
        self.variables, ours = _kept({b.key: b.value for b in found if b.key})
        return ours


class TomlFile(library.TomlConfigSettingsSource, Place):
    """The configuration file, if there is one; a value in ``[budgets]`` is called ``budgets.day``.

    ``names`` of keys are "": they stand in no file. Servers find their keys in ``variables``.
    Raises SettingsError for a file that cannot be read, and for a name that means nothing.
    """

    def __init__(
        self, settings: SettingsClass, path: Path | None, names: Names, variables: Variables
    ) -> None:
        self.where, self.names, self.variables = str(path), names, variables
        super().__init__(settings, path)

    def _read_files(self, files: Any, deep_merge: bool = False) -> dict[str, Any]:
        if files is None:
            return {}
        try:
            text = read_text(files, max_bytes=MAX_CONFIG_BYTES)
            document = parse_toml(text, self.where)
        except UnreadableFile as error:
            raise SettingsError("TTA_CONFIG", str(error)) from None
        self.lines = _lines(text)
        known = [*filter(None, self.names.values())]
        values: dict[str, Any] = {}
        for name, value in document.items():
            is_group = isinstance(value, dict) and name not in known
            values |= {f"{name}.{n}": v for n, v in value.items()} if is_group else {name: value}
        for name in values:
            if name not in known:
                place = self.origin(name)[1]
                raise SettingsError(name, f"{meant(name, known, self.names)} ({place})")
        if isinstance(servers := values.get("servers"), dict):
            values["servers"] = {name: self._server(name, servers[name]) for name in servers}
        return {name: value for name, value in values.items() if value != ""}

    def _server(self, name: str, entry: Any) -> Any:
        """``name = "http://…/v1"``, or a section with ``url`` and the key's variable."""
        if not isinstance(entry, dict):
            return {"name": name, "url": entry}
        if not set(entry) <= {"url", "key_variable"}:
            name, place = self.origin("servers", name)
            raise SettingsError(name, f"takes url and key_variable ({place})")
        key = self.variables.get(str(entry.get("key_variable")), "")
        return {"url": None, "name": name, "key": key, **entry}


def meant(name: str, known: Collection[str], names: Names) -> str:
    """What to do about a name that is none of those known; ``names`` are as in ``TomlFile``."""
    if names.get(name.upper()) == "":
        return f"keys are read from the environment or .env: {name.upper()}"
    close = get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"known are: {', '.join(known)}"
    return f"is no setting; {hint}"


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """Where sections and values of a TOML text stand, which tomllib does not tell."""
    section: tuple[str, ...] = ()
    lines: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(map(str.strip, text.splitlines()), start=1):
        name, is_value, _ = line.partition("=")
        parts = re.findall(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)", name)  # a quoted part may hold dots
        path = tuple(map("".join, parts))
        if line.startswith("["):
            section = path
            lines.setdefault(section, number)
        elif is_value and not line.startswith("#"):
            lines.setdefault(section + path, number)
    return lines


def _kept(found: Mapping[str, str | None]) -> tuple[Variables, Variables]:
    """All that hold something, keys as secrets from here on; and those that can be settings.

    Not these: what is called like a setting in Python or in the file.
    """
    texts = {name: value.strip() for name, value in found.items() if value and value.strip()}
    endings = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_DATABASE_URL")
    kept = {n: Secret(t) if n.upper().endswith(endings) else t for n, t in texts.items()}
    return kept, {name: value for name, value in kept.items() if name.isupper()}
