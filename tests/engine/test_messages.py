"""Every message that the engine asks for by name is there, and none is there for nobody."""

from __future__ import annotations

import re
from importlib.resources import files

from tta_rebuild.core.data_files import packaged_toml

ASKED = re.compile(r"(?:message|_refused|_rejected)\(\s*(\"[^)]*)")


def test_the_messages_are_those_that_are_asked_for() -> None:
    sources = [
        f.read_text("utf-8") for f in files("tta_rebuild.engine").iterdir() if ".py" in f.name
    ]
    calls = [call.split(",")[0] for source in sources for call in ASKED.findall(source)]
    asked = {name for call in calls for name in re.findall(r'"(\w+)"', call)}

    assert asked == set(packaged_toml("tta_rebuild.engine", "messages"))
