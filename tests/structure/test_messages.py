"""Every text that a room asks for by name is there, and none is there for nobody."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tta_rebuild.core.data_files import packaged_toml

NAME = re.compile(r'"(\w+)"')
TABLES = {
    ("engine", "messages"): r"\b(?:message|_refused|_rejected)\(([^,)]*)",
    ("cli", "messages"): r"\bmessage\(([^,)]*)",
    ("storage", "queries"): r"\bquery\(([^,)]*)",
    ("cli", "help"): r"\b(?:take\.|= |, |\[)(?:option|argument|number|repeated)\(([^,)]*)",
}


@pytest.mark.parametrize(("room", "table"), list(TABLES))
def test_the_texts_are_those_that_are_asked_for(room: str, table: str) -> None:
    known = set(packaged_toml(f"tta_rebuild.{room}", table))
    modules = [f for f in files(f"tta_rebuild.{room}").iterdir() if f.name.endswith(".py")]
    source = "\n".join(module.read_text("utf-8") for module in modules)
    asked = {
        name for call in re.findall(TABLES[room, table], source) for name in NAME.findall(call)
    }

    assert asked
    assert asked <= known
    assert known <= set(NAME.findall(source))
