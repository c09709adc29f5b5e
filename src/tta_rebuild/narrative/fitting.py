"""Makes a scene's prompt fit a small model: what matters least is left out first, and said."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from tta_rebuild.core.errors import RequestTooLarge
from tta_rebuild.integrations.llm_provider import LLMRequest
from tta_rebuild.narrative.scene_request import rendered
from tta_rebuild.prompts import PromptCatalog

LEFT_OUT_FIRST = (
    ("recalled", "older events", 0),
    ("previous_context", "lines of what happened before", 0),
    ("recent", "earlier scenes", 1),
    ("lines", "older lines of what is true", 8),
    ("facts", "facts", 4),
)
"""Variable, its plain name, and how many of its entries stay whatever happens; oldest go first."""

CHARS_PER_TOKEN = 3.5
"""On the low side, so that an estimate is rather too large."""
FRAME_TOKENS, SHORTEST_ANSWER = 64, 256


def tokens_in(text: str) -> int:
    """About how many tokens a text has, rather too many; other scripts have more of them."""
    others = sum(1 for char in text if ord(char) > 0x24F)
    return math.ceil((len(text) - others) / CHARS_PER_TOKEN + others) + FRAME_TOKENS


def fitted(
    request: LLMRequest, catalog: PromptCatalog, window_tokens: int, max_tokens: int
) -> tuple[LLMRequest, str] | None:
    """The request so that prompt and answer fit the window, and in words what it leaves out.

    None if it fits as it is. Raises RequestTooLarge: not even the shortest prompt fits, or it is no
    scene.
    """
    room = window_tokens - min(max_tokens, max(SHORTEST_ANSWER, window_tokens // 4))
    needed = tokens_in(request.full_text)
    if needed + max_tokens <= window_tokens:
        return None
    note = ""
    if needed > room and request.task in ("scene", "continue_scene"):
        request, left = _shortened(request, catalog, room)
        needed = tokens_in(request.full_text)
        note = f"to fit a context of {window_tokens} tokens this was left out: {', '.join(left)}"
    if needed > room:
        raise RequestTooLarge(
            f"the prompt of about {needed} tokens and an answer do not fit a context of "
            f"{window_tokens}: give the model a larger one (8192 is enough for any story)",
            window_tokens=window_tokens,
        )
    return replace(request, max_tokens=min(max_tokens, window_tokens - needed)), note


def _shortened(
    request: LLMRequest, catalog: PromptCatalog, room: int
) -> tuple[LLMRequest, list[str]]:
    """Entry by entry less until the prompt fits; how many of each are left out."""
    whole = rendered(catalog, request, request.variables)
    added = request.prompt.removeprefix(whole.prompt) if request.prompt != whole.prompt else ""
    variables: dict[str, Any] = dict(request.variables)
    left = []
    for key, name, kept in LEFT_OUT_FIRST:
        given = variables.get(key) or []
        entries = given.splitlines() if isinstance(given, str) else list(given)
        before = len(entries)
        while entries[kept:] and (over := tokens_in(request.full_text) - room) > 0:
            while entries[kept:] and over > 0:
                over -= math.ceil(len(str(entries.pop(0))) / CHARS_PER_TOKEN)
            variables[key] = "\n".join(entries) if isinstance(given, str) else entries
            again = rendered(catalog, request, variables)
            request = replace(request, prompt=again.prompt + added, system=again.system)
        if before > len(entries):
            left.append(f"{before - len(entries)} {name}")
    return request, left
