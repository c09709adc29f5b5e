"""Every message that a room asks for by name is there, and none is there for nobody."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from tta_rebuild.core.data_files import packaged_toml

NAME = re.compile(r'"(\w+)"')
CALL = re.compile(r"\b(?:message|_refused|_rejected)\(([^,)]*)")


@pytest.mark.parametrize("room", ["engine", "cli"])
def test_the_messages_are_those_that_are_asked_for(room: str) -> None:
    known = set(packaged_toml(f"tta_rebuild.{room}", "messages"))
    modules = [f for f in files(f"tta_rebuild.{room}").iterdir() if f.name.endswith(".py")]
    source = "\n".join(module.read_text("utf-8") for module in modules)

    assert {name for call in CALL.findall(source) for name in NAME.findall(call)} <= known
    assert known <= set(NAME.findall(source))
