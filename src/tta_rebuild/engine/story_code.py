"""Code in a scene: run where it can do no harm, and its verdicts kept with the turn.

Called by ``engine.turn`` for scenes that hold a fenced block; most do not, and cost nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from tta_rebuild.core.events import CodeChecked, CodeVerdictNoted
from tta_rebuild.core.story import Scene

CodeCheck: TypeAlias = Callable[[str], Awaitable[tuple[CodeVerdictNoted, ...]]]
"""A scene's text → one verdict per block of code in it."""


async def code_checked(scene: Scene, check: CodeCheck | None) -> CodeChecked | None:
    """The verdicts on the scene's code, None if it holds none or nobody can check it."""
    if check is None or not ("```" in scene.text or "~~~" in scene.text):
        return None
    verdicts = await check(scene.text)
    return CodeChecked(verdicts=verdicts) if verdicts else None


def quality_after(scene: Scene, checked: CodeChecked | None) -> float:
    """The scene's quality with its code counted in: only invalid code lowers it."""
    if checked is None or not any(v.verdict == "invalid" for v in checked.verdicts):
        return scene.quality
    from tta_rebuild.quality.story_code import INVALID_CODE_FACTOR

    return scene.quality * INVALID_CODE_FACTOR
