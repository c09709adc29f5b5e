"""A scene as it grows: its passages, what lasts of it, and whom its texts mean.

Made by ``teller`` for every turn; ``player_move`` adds what the player does, ``teller`` the scenes
that follow, ``scene_reply`` makes the reply of it.
"""

from __future__ import annotations

from typing import Any

from tta_rebuild.storyteller.absent import Absent
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.deeds import notice, role_slots
from tta_rebuild.storyteller.denials import denies
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.lines import story_lines
from tta_rebuild.storyteller.rulebook import Rulebook
from tta_rebuild.storyteller.scene_file import SceneEntry, paragraphs
from tta_rebuild.storyteller.world_state import WorldState

RECALL, RECALL_IN_WHOLE = 1, 5
"""Turns between two at which another fact of the premise may be said beside."""
REMIND_EVERY = 3
"""Turns from one scene that says a fact of the premise to the next."""
PLACE_AT = 4
"""The scene of a plot told whole that begins with something of its place: later such a sentence
would stand between two that are tense."""
AIM_EVERY = 4
"""Turns from one scene that names what the player is after to the next."""


class SceneDraft:
    """What a turn tells so far, over the state that it changes.

    Attributes:
        rules: of the player's acts.
        passages: as in a scene reply, the facts still empty.
        lines: what lasts of it, in plain sentences.
        left_out: paragraphs of scenes that boundaries and rules keep out.

    Args:
        seen: the ids of the scenes told before, to which those of this turn are added.
    """

    def __init__(self, cast: Cast, state: WorldState, writer: LineWriter, seen: list[str]) -> None:
        self.cast, self.state, self.writer, self.seen = cast, state, writer, seen
        self.rules = Rulebook(cast, state, writer)
        self.passages: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self.left_out = 0

    def bind(self, npc: str | None = None) -> None:
        """Let ``npc`` mean somebody, whoever is in play if not said, and the texts name them."""
        if npc is None:
            npc = next(iter(self.rules.binder.in_play()), "")
        self.state.bound["npc"] = npc
        self.state.values["alone"] = not npc
        self.state.bound["home"] = str(self.state.get("home"))
        self.state.values["ruined"] = self.state.holds("home.burnt/home.gone")
        for name in ("npc", "Npc", "npc_they", "npc_them", "npc_their", "Npc_they", "Npc_their"):
            self.writer.slots.pop(name, None)
        if npc:
            self.writer.slots.update(self.rules.telling.person_slots(npc, "npc"))
            if self.cast.facts is not None:
                self.writer.slots |= self.cast.facts.spoken("npc", self.cast.entities[npc].name)
        self.state.bound |= {**self.cast.parts, "whom": self.cast.id_of_matter()}
        self.writer.slots |= role_slots(self.cast, self.state)
        here = self.cast.entities.get(str(self.state.values.get("here")))
        if here is not None:
            self.writer.slots["here"] = here.name

    def say(self, text: str, speaker: str = "") -> None:
        """Add a passage, spoken by somebody (an id, or a role such as ``npc``) if said so."""
        if not text:
            return
        entity = self.cast.entities.get(self.state.bound.get(speaker, speaker))
        spoken_by = entity.id if entity else ""
        self.passages.append({"facts": [], "text": text, "speaker": spoken_by, "emotion": ""})

    def apply(self, effects: str) -> None:
        """Change the state; whoever has gone away with the player comes back with them."""
        was = self.state.get("here")
        self.state.apply(effects)
        here = self.state.get("here")
        if here != was and self.cast.is_open:
            together = [k for k, at in self.state.values.items() if k.endswith(".at") and at == was]
            self.state.values |= {**dict.fromkeys(together, here), "within": False}
            self.state.values["away"] = self.cast.is_elsewhere(here, self.state.get("home"))

    def tell(self, scene: SceneEntry, npc: str) -> bool:
        """Tell a scene and what it changes; False if nothing in it can be said now."""
        self.bind(npc)
        if self.cast.is_open and not self._is_ready(scene):
            return False
        passages = len(self.passages)
        absent = Absent(self.cast, self.state)
        self._name_the_aim(scene)
        if (
            not scene.ending
            and int(self.state.get("now")) > 1
            and (told := notice(self.cast, self.state, self.writer))
            and not self.rules.breaks_silence(told)
        ):
            self.say(told)
        for condition, speaker, text in paragraphs(scene.text):
            if not self.state.holds(condition) or not absent.allows(scene, condition, text):
                continue
            if scene.ending and self.cast.is_open and denies(text, self.state):
                continue
            words, before = template(text), self.writer.left_out
            told = self.writer.line([words]) if self.cast.is_open else self.writer.whole(words)
            if "also" in condition and (absent.tells_of(told) or not self._may_recall(told)):
                continue
            if self.rules.breaks_silence(told):  # what follows would answer it
                if scene.ending:
                    continue
                break
            if told:
                self.say(told, speaker)
            self.left_out += self.writer.left_out - before
        if len(self.passages) == passages:
            return False
        self._show_the_place(scene, passages)
        self._remind(scene, absent)
        self.apply(scene.then)
        lasting = [line for one in scene.lines if (line := self._filled(one))]
        self.lines += [line for line in lasting if not self.rules.breaks_silence(line)]
        self.seen.append(scene.id)
        return True

    def _show_the_place(self, scene: SceneEntry, at: int) -> None:
        """Begin a scene of a plot told whole with what is seen or heard there just then.

        Args:
            at: the number of its first passage.
        """
        now = int(self.state.get("now"))
        is_due = self.cast.file.whole and now == PLACE_AT
        is_there = not scene.ending and self.state.holds("!away, !ruined")
        lines = [template(text) for text in self.cast.passing] if is_due and is_there else []
        if told := self.writer.line(lines):
            self.say(told)
            self.passages.insert(at, self.passages.pop())

    def _may_recall(self, told: str) -> bool:
        """Whether another fact of the premise may be said beside; noted if it is."""
        now, last = int(self.state.get("now")), int(self.state.values.get("also_told") or -2)
        least = RECALL_IN_WHOLE if self.cast.file.whole else RECALL
        if told and (now == last or now - last > least):
            self.state.values["also_told"] = now
            return True
        return last == now

    def _remind(self, scene: SceneEntry, absent: Absent) -> None:
        """Say one of the premise's facts now and then, where the plot does not turn on one."""
        now, facts = int(self.state.get("now")), self.cast.facts
        is_due = not (now % REMIND_EVERY or scene.ending or self.state.get("away"))
        if facts is None or facts.question or self.cast.file.whole or not is_due:
            return
        said = "reminder" if now // REMIND_EVERY % 2 else "reminder2"
        told = self.writer.line(story_lines()[said])
        if not (absent.tells_of(told) or self.rules.breaks_silence(told)):
            self.say(told)

    def _name_the_aim(self, scene: SceneEntry) -> None:
        """Let ``aim`` be what the player is after now and then, and else "do it"."""
        now = int(self.state.get("now"))
        is_due = now - int(self.state.values.get("aim_told") or -AIM_EVERY) >= AIM_EVERY
        if "{aim}" in scene.text and (is_due or scene.ending):
            self.state.values["aim_told"] = now
            self.writer.slots["aim"] = self.cast.slots["aim"]
        elif self.cast.is_open:
            self.writer.slots["aim"] = "do it"

    def _is_ready(self, scene: SceneEntry) -> bool:
        """Whether all that a scene says in any case can be said."""
        slots = self.writer.slots.keys()
        told = (text for condition, _, text in paragraphs(scene.text) if not condition)
        return all(template(text).needs <= slots for text in told)

    def _filled(self, text: str) -> str:
        return self.writer.filled(template(text))
