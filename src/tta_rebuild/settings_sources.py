"""Where settings come from: the environment, ``.env`` and a TOML file; each value has its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tta_rebuild.core.data_files import MAX_CONFIG_BYTES, read_text
from tta_rebuild.core.errors import SettingsError, UnreadableFile
from tta_rebuild.core.secret import Secret

_KEY_ENDINGS = ("_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_DATABASE_URL")


@dataclass(frozen=True, slots=True)
class FoundValue:
    """A value, what it is called where it was found, and where that is."""

    value: Any
    name: str
    place: str
    file: SettingsFile | None = None


Source: TypeAlias = Mapping[str, FoundValue]
"""By variable, or by name for what has none."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A TOML file's name and lines: tomllib does not tell where a value stood."""

    name: str
    lines: tuple[str, ...]

    def place(self, path: Sequence[str]) -> str:
        """The file and, as far as it can be told, the line of a value."""
        section: list[str] = []
        best = ""
        for number, line in enumerate(map(str.strip, self.lines), start=1):
            here = f"{self.name}, line {number}"
            if line.startswith("["):
                section = _names(line)
                if section == list(path[: len(section)]):
                    best = best or here
            elif "=" in line and not line.startswith("#"):
                full = section + _names(line.partition("=")[0])
                if full == list(path[: len(full)]):
                    return here
        return best or self.name


def _names(text: str) -> list[str]:
    """The parts of a dotted TOML key; a quoted part may hold dots."""
    return ["".join(parts) for parts in re.findall(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)", text)]


def in_environment(environ: Mapping[str, str]) -> dict[str, FoundValue]:
    """What the environment holds."""
    return _variables((name, value, "environment") for name, value in environ.items())


def in_dotenv(cwd: Path) -> dict[str, FoundValue]:
    """``.env``, without the expansion of ``$NAME`` that python-dotenv does: keys hold ``$`` too."""
    path = cwd / ".env"
    if not path.is_file():
        return {}
    from io import StringIO

    from dotenv.parser import parse_stream

    try:
        bindings = list(parse_stream(StringIO(read_text(path, max_bytes=MAX_CONFIG_BYTES))))
    except UnreadableFile as error:
        raise SettingsError(".env", str(error)) from None
    for binding in bindings:
        if binding.error:
            raise SettingsError(".env", f"line {binding.original.line} of {path} cannot be read")
    return _variables((b.key, b.value, f"{path}, line {b.original.line}") for b in bindings)


def _variables(found: Iterable[tuple[str | None, str | None, str]]) -> dict[str, FoundValue]:
    """Those that hold something; a key is a secret from here on."""
    variables = {}
    for name, value, place in found:
        if name and value and (text := value.strip()):
            is_key = name.upper().endswith(_KEY_ENDINGS)
            variables[name] = FoundValue(Secret(text) if is_key else text, name, place)
    return variables
