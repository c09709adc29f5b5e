"""Where settings come from: sources of pydantic-settings that know the place of each value.

Each gives variable → value, and with ``origin`` how a value is called there and where it stands.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    InitSettingsSource,
    TomlConfigSettingsSource,
)

from tta_rebuild.core.data_files import MAX_CONFIG_BYTES, parse_toml, read_text
from tta_rebuild.core.errors import SettingsError, UnreadableFile
from tta_rebuild.core.secret import Secret

_KEY_ENDINGS = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_DATABASE_URL")


class Options(InitSettingsSource):
    """Options of the command line, such as ``--data-dir``; an empty one is no setting."""

    def __init__(self, settings_cls: type[BaseSettings], options: Mapping[str, Any]) -> None:
        given = {n.strip("-").replace("-", "_"): value for n, value in options.items() if value}
        super().__init__(settings_cls, given)

    def origin(self, variable: str, inner: Sequence[str] = ()) -> tuple[str, str]:
        """The name of a value here, and its place."""
        return self._names[variable], "command line"


class Environment(EnvSettingsSource):
    """The variables of a process; all of them are in ``variables``, those of keys as secrets."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        self.variables = _with_text(environ.items())
        super().__init__(settings_cls)

    def _load_env_vars(self) -> Mapping[str, Any]:
        return _in_capitals(self.variables)

    def origin(self, variable: str, inner: Sequence[str] = ()) -> tuple[str, str]:
        """The name of a value here, and its place."""
        return variable, "environment"


class DotEnv(DotEnvSettingsSource):
    """``.env``, without the expansion of ``$NAME`` that python-dotenv does: keys hold ``$`` too.

    Raises SettingsError for a file that cannot be read.
    """

    def __init__(self, settings_cls: type[BaseSettings], path: Path) -> None:
        self.variables: dict[str, Any] = {}
        self._lines: dict[str, int] = {}
        super().__init__(settings_cls, env_file=path, dotenv_filtering="only_existing")

    def _read_env_file(self, file_path: Path) -> Mapping[str, Any]:
        try:
            text = read_text(file_path, max_bytes=MAX_CONFIG_BYTES)
        except UnreadableFile as error:
            raise SettingsError(".env", str(error)) from None
        values = {}
        for binding in parse_stream(StringIO(text)):
            line = binding.original.line
            if binding.error:
                raise SettingsError(".env", f"line {line} of {file_path} cannot be read")
            if binding.key:
                values[binding.key] = binding.value
                self._lines[binding.key] = line
        self.variables = _with_text(values.items())
        return _in_capitals(self.variables)

    def origin(self, variable: str, inner: Sequence[str] = ()) -> tuple[str, str]:
        """The name of a value here, and its place."""
        return variable, f"{self.env_file}, line {self._lines[variable]}"


class TomlFile(TomlConfigSettingsSource):
    """The configuration file, if there is one; a value in ``[budgets]`` is called ``budgets.day``.

    Args:
        names: what each setting is called in a file; "" for a key, which stands in none.
        variables: where the servers in the file find their keys.

    Raises SettingsError for a file that cannot be read, and for a name that means nothing.
    """

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        path: Path | None,
        names: Mapping[str, str],
        variables: Mapping[str, Any],
    ) -> None:
        self._names, self._variables = names, variables
        self._lines: list[str] = []
        super().__init__(settings_cls, path)

    def _read_files(self, files: Any, deep_merge: bool = False) -> dict[str, Any]:
        if files is None:
            return {}
        try:
            text = read_text(files, max_bytes=MAX_CONFIG_BYTES)
            document = parse_toml(text, str(files))
        except UnreadableFile as error:
            raise SettingsError("TTA_CONFIG", str(error)) from None
        self._lines = text.splitlines()
        known = [name for name in self._names.values() if name]
        keys = [variable for variable, name in self._names.items() if not name]
        values: dict[str, Any] = {}
        for section, content in document.items():
            if isinstance(content, dict) and section not in known:
                values |= {f"{section}.{name}": value for name, value in content.items()}
            else:
                values[section] = content
        for name, value in values.items():
            if name not in known:
                place = self._place(name.split("."))
                raise SettingsError(name, f"{meant(name, known, keys)} ({place})")
            if name == "servers" and isinstance(value, dict):
                values[name] = {n: self._server(n, entry) for n, entry in value.items()}
        return {name: value for name, value in values.items() if value != ""}

    def _server(self, name: str, entry: Any) -> Any:
        """``name = "http://…/v1"``, or a section with ``url`` and the variable that holds the key.

        A key that is not there matters once the server is asked, not before.
        """
        if not isinstance(entry, dict):
            return {"name": name, "url": entry}
        if not set(entry) <= {"url", "key_variable"}:
            place = self._place(["servers", name])
            raise SettingsError(f"servers.{name}", f"takes url and key_variable ({place})")
        key = self._variables.get(str(entry.get("key_variable")), "")
        return {"url": None, "name": name, "key": key, **entry}

    def origin(self, variable: str, inner: Sequence[str] = ()) -> tuple[str, str]:
        """The name of a value here, and its place."""
        name = self._names[variable]
        quoted = (f'"{part}"' if ":" in part else part for part in inner)
        return ".".join((name, *quoted)), self._place([*name.split("."), *inner])

    def _place(self, path: Sequence[str]) -> str:
        """The file and, as far as it can be told, the line of a value: tomllib does not tell it."""
        section: list[str] = []
        best = ""
        for number, line in enumerate(map(str.strip, self._lines), start=1):
            here = f"{self.toml_file_path}, line {number}"
            if line.startswith("["):
                section = _parts(line)
                if section == path[: len(section)]:
                    best = best or here
            elif "=" in line and not line.startswith("#"):
                full = section + _parts(line.partition("=")[0])
                if full == path[: len(full)]:
                    return here
        return best or str(self.toml_file_path)


def meant(name: str, known: Collection[str], keys: Collection[str]) -> str:
    """What to do about a name that is no setting."""
    if name.upper() in keys:
        return f"keys are read from the environment or .env: {name.upper()}"
    close = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"known are: {', '.join(known)}"
    return f"is no setting; {hint}"


def _parts(text: str) -> list[str]:
    """The parts of a dotted TOML key; a quoted part may hold dots."""
    return ["".join(parts) for parts in re.findall(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)", text)]


def _with_text(found: Iterable[tuple[str, str | None]]) -> dict[str, Any]:
    """Those that hold something; a key is a secret from here on."""
    texts = {name: value.strip() for name, value in found if value}
    return {
        name: Secret(text) if name.upper().endswith(_KEY_ENDINGS) else text
        for name, text in texts.items()
        if text
    }


def _in_capitals(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is called like a setting's name in Python or in the file."""
    return {name: value for name, value in variables.items() if name.isupper()}
