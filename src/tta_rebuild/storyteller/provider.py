"""The embedded storyteller as a provider: answers the engine's tasks from their values.

``bootstrap`` puts it at the end of the provider stack; everything above sees an ``LLMProvider``.
It reads ``request.task`` and ``request.variables`` (``core.tasks``) and never the prompt's words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tta_rebuild.core.errors import MoveRefused, RequestRejected
from tta_rebuild.integrations.llm_provider import (
    Items,
    ItemsProvider,
    LLMConfig,
    LLMRequest,
    StreamEnded,
    TextPiece,
    estimated_usage,
)

MODEL = "storyteller-1"


class OfflineProvider(ItemsProvider):
    """Plays a small simulated world: no key, no network, the same words for the same seed.

    It keeps nothing between calls but the files it has read; what a story needs to remember is in
    ``notes`` of each scene. A call costs nothing and takes a few milliseconds.

    Args:
        config: its ``model`` names the storyteller; other knobs have no effect.
    """

    provider = "offline"

    def __init__(self, config: LLMConfig | None = None) -> None:
        super().__init__(config or LLMConfig(model=MODEL))

    async def items(self, request: LLMRequest, *, whole: bool = False) -> Items:
        """The answer in pieces, a passage at a time, or its end alone.

        Raises:
            RequestRejected: the task is unknown, or the world asked for cannot be read.
            MoveRefused: the player's words are no act that can be done; says what can be.
        """
        pieces = self._pieces(request)
        for piece in () if whole else pieces:
            yield TextPiece(piece)
        text, model = "".join(pieces), request.model or self.config.model
        usage = estimated_usage(request.full_text, text)
        yield StreamEnded(self._answered(text, usage, model, "stop", {}))

    def _pieces(self, request: LLMRequest) -> list[str]:
        # here and not above: most commands open a storyteller and never ask it
        from tta_rebuild.storyteller import checks, lines

        variables = request.variables
        if request.task in ("scene", "continue_scene", ""):
            return scene_pieces(self._scene(request, variables))
        if request.task in ("dialogue", "monologue"):
            tell = lines.dialogue if request.task == "dialogue" else lines.monologue
            return [tell(variables)]
        if request.task == "branch_check":
            return [_json(checks.branch_check(variables))]
        raise RequestRejected(
            f"the embedded storyteller does not know the task '{request.task}'; it answers scene, "
            "continue_scene, dialogue, monologue and branch_check",
            provider=self.provider,
            model=self.config.model,
        )

    def _scene(self, request: LLMRequest, variables: Mapping[str, Any]) -> dict[str, Any]:
        from tta_rebuild.storyteller.carry_on import carried_on, is_anothers, rest_of_scene
        from tta_rebuild.storyteller.teller import Teller

        if not request.task:  # a bare prompt: its words are the premise, nothing else is known
            variables = {"theme": request.prompt, "boundaries": request.context.player_boundaries}
        if is_anothers(variables):
            return carried_on(variables)
        if request.task == "continue_scene":
            return rest_of_scene(variables)
        reply = Teller(variables).scene()
        if "declined" in reply:
            raise MoveRefused(reply["declined"])
        return reply


def scene_pieces(reply: Mapping[str, Any]) -> list[str]:
    """A scene reply as JSON text in pieces: the head, each passage, the rest.

    Passages come before choices, so that the telling can begin at once.
    """
    head = {key: reply[key] for key in ("scene_id", "setting_description", "emotional_tone")}
    pieces = [_json(head)[:-1] + ',"passages":[']
    for number, passage in enumerate(reply["passages"]):
        pieces.append(("," if number else "") + _json(passage))
    tail = {key: reply[key] for key in ("story_branches", "is_ending", "notes")}
    tail["lines"] = reply.get("lines", [])
    pieces.append("]," + _json(tail)[1:])
    return pieces


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
