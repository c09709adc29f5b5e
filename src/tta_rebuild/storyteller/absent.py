"""Who of a story cannot act any more: dead, held captive, sent away; and what then is not told.

Called by ``teller``, ``scene_order`` and ``offers``, so that it holds without being written into
every plot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import short
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.scene_file import ChoiceEntry, SceneEntry, paragraphs
from tta_rebuild.storyteller.world_state import NOWHERE, Value, WorldState, keys_of

_DONE_TO = ("kill", "capture", "arrest", "send", "lock")
"""Acts after which a plot's own flags know that somebody is out of it."""
_KNOWS = re.compile(r"\w+\.(?:dead|caught|at)|deed\.(?:kill|catch|banish)(?:\.\w+)?")
_OF_ALL = ("gain", "heat", "price")


class Absent:
    """What cannot be told or offered, since somebody in it is out of the story.

    What names one of them is not told, unless it asks for what happened to them: for
    ``PART.dead`` and the like, or for a flag that the plot's own scene of it has set.
    """

    def __init__(self, cast: Cast, state: WorldState) -> None:
        people = (one for one in cast.of_kind("person") if is_out(one.id, cast.start, state))
        self.names = {name for one in people for name in (one.name, short(one.name))}
        self.parts = {part for part, one in cast.parts.items() if is_out(one, cast.start, state)}
        self._known = {
            key
            for scene in (cast.file.scenes if self.parts else ())
            if _is_done_to(scene) and scene.act.partition(" ")[2] in self.parts
            for effects in (scene.then, *(choice.then for choice in scene.choices))
            for key in keys_of(effects, is_effect=True)
            if key not in _OF_ALL
        }

    def allows(self, scene: SceneEntry, condition: str, text: str) -> bool:
        """Whether a paragraph of a scene can be told, with its own condition."""
        if _is_done_to(scene) or not self.named_in(text):
            return True
        asked = keys_of(scene.when, is_so=True) | keys_of(condition, is_so=True)
        return bool(asked & self._known) or any(map(_KNOWS.fullmatch, asked))

    def tells_of(self, told: str) -> bool:
        """Whether a sentence speaks of one of them by name."""
        return any(re.search(rf"\b{re.escape(name)}\b", told) for name in self.names)

    def allows_scene(self, scene: SceneEntry) -> bool:
        """Whether what a scene says in any case can be told."""
        if not self.parts:
            return True
        if scene.act:
            return not self.named_in(scene.text)
        told = (part for part in paragraphs(scene.text) if not part[0])
        return all(self.allows(scene, condition, text) for condition, _, text in told)

    def allows_choice(self, choice: ChoiceEntry, scene: SceneEntry | None) -> bool:
        """Whether a choice of a scene, or one offered before (None), can be offered now."""
        if scene is None:
            return not any(name in choice.do for name in self.names)
        return _is_done_to(scene) or not self.named_in(choice.do)

    def named_in(self, text: str) -> bool:
        """Whether a text names one of them by a slot."""
        return bool(self.parts) and any(
            re.sub("^the_|_h(?:e|im|is)$", "", name.lower()) in self.parts
            for name in template(text).needs
        )


def _is_done_to(scene: SceneEntry) -> bool:
    return scene.act.partition(" ")[0] in _DONE_TO


def is_out(person: str, at_first: Mapping[str, Value], state: WorldState) -> bool:
    """Whether somebody has died, been taken captive or been sent away since the beginning."""
    was = at_first.get(f"{person}.at", NOWHERE)
    is_gone = state.values.get(f"{person}.at", was) == NOWHERE != was
    is_held = state.is_any(person, "caught") and not at_first.get(f"{person}.caught")
    return state.is_any(person, "dead") or is_held or is_gone
