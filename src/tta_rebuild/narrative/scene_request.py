"""From where the story stands to the request that asks a model for a scene.

The request carries the variables (for the embedded storyteller and the cache) and the prompt that a
template makes of them. A small model's is made to fit: what matters least is left out, and said.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from tta_rebuild.canon.relations import built_in
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import RequestTooLarge
from tta_rebuild.core.metaconcepts import Metaconcept, MetaconceptRegistry
from tta_rebuild.core.speech import name_of
from tta_rebuild.core.usage import estimated_tokens
from tta_rebuild.integrations.llm_provider import LLMRequest
from tta_rebuild.narrative.asking import packaged_prompts
from tta_rebuild.prompts import PromptCatalog, RenderedPrompt
from tta_rebuild.prompts.fencing import fenced

if TYPE_CHECKING:
    from tta_rebuild.narrative.story_values import StoryGenerationInput


LEFT_OUT_FIRST = (
    ("recalled", "older events", 0),
    ("previous_context", "lines of what happened before", 0),
    ("recent", "earlier scenes", 1),
    ("lines", "older lines of what is true", 8),
    ("facts", "facts", 4),
)
"""Variable, its plain name, and how many of its entries stay whatever happens; oldest go first."""

FRAME_TOKENS, SHORTEST_ANSWER = 64, 256


def scene_request(
    catalog: PromptCatalog | None,
    wanted: StoryGenerationInput,
    context: TTAContext,
    *,
    rest: Mapping[str, str] | None = None,
) -> LLMRequest:
    """The request for a scene or, given what ``continue_scene`` adds, the rest of one."""
    variables = {**scene_variables(wanted, context), **(rest or {})}
    blank = LLMRequest(
        prompt="",
        context=context,
        task="continue_scene" if rest else "scene",
        variables=variables,
        story_id=wanted.story_id,
        branch_id=wanted.branch_id,
        turn=wanted.turn,
    )
    return replace(blank, **vars(rendered(catalog or packaged_prompts(), blank, variables)))


def rendered(
    catalog: PromptCatalog, request: LLMRequest, variables: Mapping[str, Any]
) -> RenderedPrompt:
    """The words for a scene with these variables; task, context and story are the request's."""
    context = request.context
    boundaries = dict(context.player_boundaries) or {"none given": "keep to what suits all"}
    # what the last scene's reply noted; the embedded storyteller's bookkeeping is for it alone
    notes = variables.get("notes") or {}
    shown = {
        **variables,
        "guidance": guidance(context) or ["Ensure Narrative Quality"],
        "boundaries": boundaries,
        "place_in_story": _place(variables, request.turn),
        "manner": _manner(variables),
        "relations": built_in().described(),
        "notes": {} if notes.keys() >= {"v", "plot", "marks"} else notes,
        "is_opening": not any(variables.get(n) for n in ("action", "recent", "told_so_far")),
    }
    return catalog.render("scene", shown, story_id=request.story_id)


def repairing(request: LLMRequest, answer: str, broken: str) -> LLMRequest:
    """The same request once more, naming what was wrong with the answer."""
    return _once_more(
        request, "repairing", broken=broken, began=fenced("last_answer", answer[:2_000])
    )


def softened(request: LLMRequest) -> LLMRequest:
    """The same request once more, for a gentler scene."""
    return _once_more(request, "softened")


def _once_more(request: LLMRequest, why: str, **words: str) -> LLMRequest:
    said: str = packaged_toml("tta_rebuild.narrative", "once_more")[why]
    return replace(request, prompt=f"{request.prompt}\n\n{said.format(**words)}")


def scene_variables(wanted: StoryGenerationInput, context: TTAContext) -> dict[str, Any]:
    """What a ``scene`` request carries (``core.tasks``), as plain JSON."""
    variables = {one.name: getattr(wanted, one.name) for one in fields(wanted)}
    del variables["story_id"], variables["branch_id"]
    present = [
        {"character_id": i, "name": name_of(str(i))} for i in variables.pop("active_characters")
    ]
    variables |= {
        "turn": wanted.turn or wanted.timeline_position + 1,
        "stage": wanted.stage or "setup",
        "style": variables.pop("narrative_style"),
        "preferences": variables.pop("player_preferences"),
        "characters": wanted.characters or present,
        "boundaries": {str(k): str(v) for k, v in context.player_boundaries.items()},
        "metaconcepts": context.metaconcept_names(),
    }
    plain: dict[str, Any] = json.loads(json.dumps(variables, default=_plain))
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, (set, frozenset)) else str(value)


def guidance(context: TTAContext) -> list[str]:
    """The guidance in force, each name with its description where it has one."""
    lines = []
    for one in context.metaconcepts:
        known = [one] if isinstance(one, Metaconcept) else MetaconceptRegistry.get_by_names([one])
        lines.append(f"{known[0].name}: {known[0].description}" if known else str(one))
    return lines


def _manner(variables: Mapping[str, Any]) -> list[str]:
    """Whose story it is and how it is told: the same in every scene of a story."""
    unnamed = {"name": "no name", "character_id": "player"}
    player = next((c for c in variables["characters"] if c.get("is_player")), unnamed)
    who = f"{player.get('name', '')} (id {player.get('character_id', '')})"
    language = f"Language of passages, branches and lines: {variables['language']}"
    lines = [
        f"Style: {variables['style']}",
        f"The player's character: {who}, told as “you”, present tense",
        f"{language}; keys, ids and relations stay English",
    ]
    return lines[:2] if variables["language"] == "en" else lines


def _place(variables: Mapping[str, Any], turn: int) -> list[str]:
    place = [f"Position in story time: {variables['timeline_position']}"]
    return [*place, f"Scene {turn}", f"Stage of the story: {variables['stage']}"] if turn else place


def tokens_in(text: str) -> int:
    """How many tokens a prompt has, rather too many; other scripts have more of them."""
    return math.ceil(1.15 * estimated_tokens(len(text.encode("utf-8", "replace")))) + FRAME_TOKENS


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
    catalog = catalog.used_in(request.template)
    whole = rendered(catalog, request, request.variables)
    added = request.prompt.removeprefix(whole.prompt)
    variables: dict[str, Any] = dict(request.variables)
    left = []
    for key, name, kept in LEFT_OUT_FIRST:
        given = variables.get(key) or []
        entries = given.splitlines() if isinstance(given, str) else list(given)
        before = len(entries)
        while entries[kept:] and (over := tokens_in(request.full_text) - room) > 0:
            while entries[kept:] and over > 0:
                over -= estimated_tokens(len(str(entries.pop(0))))
            variables[key] = "\n".join(entries) if isinstance(given, str) else entries
            again = rendered(catalog, request, variables)
            request = replace(request, prompt=again.prompt + added, system=again.system)
        if before > len(entries):
            left.append(f"{before - len(entries)} {name}")
    return request, left
