"""What a page shows of a story, and what is stored of it, alike."""

from __future__ import annotations

import re
from typing import Any

from tests.server.web.conftest import RunningServer, until

from tta_rebuild.core.events import SceneTold


def told(server: RunningServer, story: str, branch: str = "main") -> list[str]:
    """The scenes of a branch as they are stored, a text each."""
    path = server.does(server.application.stories.path(story, branch))
    return [plain(one.event.scene.text) for one in path if isinstance(one.event, SceneTold)]


def plain(text: str) -> str:
    """A text without what typesetting changes."""
    text = text.replace("“", '"').replace("”", '"').replace("’", "'").replace("‘", "'")
    return re.sub(r"\s+", " ", text).strip()


def shown(page: Any) -> list[str]:
    """The scenes on the page, a text each."""
    scenes = page.locator(".turn:not(.live)").evaluate_all(
        "(all) => all.map((turn) => [...turn.querySelectorAll('p:not(.action):not(.warning)')]"
        ".filter((p) => !p.closest('.tools, .action')).map((p) => p.textContent).join(' '))"
    )
    return [plain(one) for one in scenes]


def scenes_are_told(page: Any, count: int) -> None:
    until(
        page,
        "(n) => document.querySelectorAll('.turn:not(.live)').length >= n"
        " && !document.querySelector('.live')",
        count,
    )
