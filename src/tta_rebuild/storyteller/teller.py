"""Tells one scene: what the player did, what the world does in turn, what can be done now.

Called by ``provider`` with the values of the task. Everything that a story needs to remember goes
into the reply's notes and comes back with the next request, so a fork keeps what its branch had.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tta_rebuild.core.story import ARC_STAGES, CHAPTER_SCENES
from tta_rebuild.storyteller.absent import Absent
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.addressed import as_meant
from tta_rebuild.storyteller.answers import answer, authors_words, is_answered
from tta_rebuild.storyteller.casting import cast_of, replace_the_dead
from tta_rebuild.storyteller.changes import claim, corrected, facts_of
from tta_rebuild.storyteller.deeds import fates, notice, record, record_choice, role_slots
from tta_rebuild.storyteller.denials import denies
from tta_rebuild.storyteller.entities import Entity, slug
from tta_rebuild.storyteller.interludes import interludes, is_due
from tta_rebuild.storyteller.line_template import (
    MARK_LENGTH,
    capital,
    fingerprint,
    template,
    tidy,
)
from tta_rebuild.storyteller.line_writer import MARKS_REMEMBERED, LineWriter
from tta_rebuild.storyteller.offers import Offers
from tta_rebuild.storyteller.opening import opening
from tta_rebuild.storyteller.possible import does_aim
from tta_rebuild.storyteller.rulebook import Outcome, Rulebook
from tta_rebuild.storyteller.scene_file import (
    ChoiceEntry,
    SceneEntry,
    packaged,
    paragraphs,
    read_world,
)
from tta_rebuild.storyteller.scene_order import (
    OF_DEEDS,
    OnAct,
    possible_scenes,
    ranked,
    take_a_way,
)
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.world_state import YOU, WorldState

VERSION = 2
LEAST_CHAPTER = 12
"""Scenes of a premise's question before the next is taken up, where a story has no end."""

_TOLD_REMEMBERED = 40
_OF_NOW = ("turn", "now", "roll", "stage", "alone")
"""Values that are worked out anew for every scene."""


class Teller:
    """One scene in the making.

    Args:
        variables: of a ``scene`` request (``core.tasks``).

    Raises RequestRejected: the world asked for cannot be read.
    """

    def __init__(self, variables: Mapping[str, Any]) -> None:
        notes = variables.get("notes") or {}
        self.notes: Mapping[str, Any] = notes if notes.get("v") == VERSION else {}
        self.turn = max(1, int(variables.get("turn") or 1))
        self.seed = int(variables.get("seed") or 0)
        root = fingerprint(f"{self.seed}:{variables.get('theme') or ''}", 10)
        self.rng = Random(f"{root}:{self.turn}:{variables.get('action') or ''}")
        self.given = {**variables, "seed": root}
        self.cast = cast_of(self.given, self.notes)
        values = {**self.cast.start, **self.notes.get("state", {})}
        stage = str(variables.get("stage") or "setup")
        self.seen: list[str] = list(self.notes.get("scenes", ()))
        self.began = int(self.notes.get("began") or 1)
        if self._is_new_chapter(stage):
            self._begin_chapter(values)
        values |= {"turn": self.turn - self.began + 1, "now": self.turn}
        values["roll"] = self.rng.randrange(10)
        values["stage"] = stage if stage in ARC_STAGES else "development"
        self.state = WorldState(values)
        corrected(self.state, variables.get("facts") or [], self.cast)
        self.before = {} if self.turn == 1 else dict(self.state.values)
        bounds = WordFilter(variables.get("boundaries") or {}, variables.get("rules") or {})
        self.writer = LineWriter(
            self.rng,
            bounds,
            told=self.notes.get("told", ()),
            marks=self.notes.get("marks", ""),
            recent=[str(text) for text in variables.get("recent") or []],
        )
        self.writer.slots.update(self.cast.slots)
        self.rules = Rulebook(self.cast, self.state, self.writer)
        self.scenes = {scene.id: scene for scene in self.cast.file.scenes}
        self.passages: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self.left_out = 0  # paragraphs of the scene that boundaries and rules keep out
        self.act = Act()
        self.named: list[str] = list(self.notes.get("named", ()))
        self.offers = Offers(self.cast, self.state, self.writer, self.rng, self.notes)

    def _is_new_chapter(self, stage: str) -> bool:
        """Whether a story without an end has told its question out and takes up another."""
        told_out = self.turn - self.began >= LEAST_CHAPTER and stage == "setup"
        return self.cast.is_open and told_out and not self.given.get("should_end")

    def _begin_chapter(self, values: dict[str, Any]) -> None:
        others = [name for name in packaged("plots") if f"plots/{name}" != self.cast.name]
        self.cast = cast_of(self.given, {**self.notes, "plot": self.rng.choice(others)})
        values |= self.cast.file.start
        self.began, self.seen = self.turn, []

    def scene(self) -> dict[str, Any]:
        """The scene as a reply in the shape of ``core.tasks``."""
        self._bind()
        following: SceneEntry | None = None
        if self.turn == 1 or not self.notes:
            for text in opening(self.cast, self.state, self.writer):
                self._say(text)
        else:
            following, declined = self._move()
            if declined:
                return {"declined": declined}
        self._tick()
        before = len(self.passages)
        scene = None if following else self._interlude()
        if scene is None:
            may_follow = self._next_scenes(following)
            scene = next((s for s, npc in may_follow if self._tell(s, npc)), None)
        is_over = bool(self.given.get("should_end")) or not self.cast.is_open
        ending = scene is not None and bool(scene.ending) and is_over
        if not self.passages:
            place = self.cast.file.places.get(str(self.state.values.get("here")))
            look = [template(text) for text in place.look] if place else []
            self._say(self.writer.line(look) or "For a while nothing else happens.")
        if ending and self.cast.is_open:
            told = " ".join(one["text"] for one in self.passages[before:])
            self._say(fates(self.cast, self.state, self.writer, told))
        return self._reply(scene, ending)

    def _bind(self, npc: str | None = None) -> None:
        """Let ``npc`` mean somebody, whoever is in play if not said, and the texts name them."""
        if npc is None:
            npc = next(iter(self.rules.binder.in_play()), "")
        self.state.bound["npc"] = npc
        self.state.values["alone"] = not npc
        self.state.bound["home"] = str(self.state.get("home"))
        self.state.values["ruined"] = self.state.holds("home.burnt/home.gone")
        for name in ("npc", "Npc", "npc_they", "npc_them", "npc_their", "Npc_they"):
            self.writer.slots.pop(name, None)
        if npc:
            self.writer.slots.update(self.rules.person_slots(npc, "npc"))
        self.state.bound |= self.cast.parts
        self.writer.slots |= role_slots(self.cast, self.state)
        here = self.cast.entities.get(str(self.state.values.get("here")))
        if here is not None:
            self.writer.slots["here"] = here.name

    # ------------------------------------------------------------------ what the player does

    def _move(self) -> tuple[SceneEntry | None, str]:
        """Play the move: the scene that it leads to, and why nothing was done, if so."""
        chosen = self.given.get("chosen")
        words = str((chosen or {}).get("text") or self.given.get("action") or "")
        if not words and self.given.get("should_end"):
            return None, ""
        take_a_way(self.state, [one.do for one in self.offers.standing], words, self.seed)
        offer = self.offers.take(words)
        if offer is not None and (offer.then or offer.next or offer.says):
            self.act = parse_act(offer.do)
            self._apply(offer.then)
            said = self.writer.line([template(offer.says)]) if offer.says else ""
            if said or not offer.next:
                self._say(said or self._echo(offer.do))
            self.state.values["kind"] = offer.kind
            record_choice(self.act, self.cast, self.state, came=offer.then)
            self.lines.append(_line_of(offer.do))
            return self.scenes.get(offer.next), ""
        if self.cast.is_open and (known := answer(words, self.cast, self.state)):
            return None, known
        self.act = act = self._asked_aloud(words) or parse_act(words)
        if act.problem:
            return None, self.rules.declined(act)
        at = OnAct(self.cast, self.state, self.seen, self.rules.binder.in_play())
        ends = self.cast.is_open and bool(self.given.get("should_end"))  # that is told instead
        is_elsewhere = self.state.holds("away/ruined")
        is_general = ends or is_elsewhere or is_answered(act, self.cast, self.state)
        special = None if is_general else at.scene(as_meant(act), self.cast.file)
        if special is not None and not self.cast.is_open:
            return special, ""
        if told := authors_words(act, self.cast, self.state, self.writer, self.rules.binder.npc()):
            self._say(*told)
            self.lines.append(_line_of(words))
            self.state.values["kind"] = "curious"
            return None, ""
        marks = (*OF_DEEDS, "deed.turned_at")
        turned = [self.state.get(one) for one in marks]
        self.state.bound["foreseen"] = special.id if special is not None else ""
        outcome = self.rules.play(act, is_told=special is None)
        if turned != [self.state.get(one) for one in marks]:
            self.state.values["deed.foreseen"] = special is not None
        if not outcome.texts:
            return None, outcome.declined or self.rules.declined(act)
        if special is not None and outcome.is_done:
            deed = self._echo(words)  # what comes of it the scene tells
            outcome.texts[:] = [deed] if self.writer.allows(deed) else []
        else:
            is_turning = self.state.get("deed.turned_at") == self.turn
            follows = self.cast.is_open and outcome.is_done and not (ends or is_turning)
            special = at.scene(act, read_world("data/episodes")) if follows else None
        if self.cast.is_open and outcome.is_done and does_aim(act, self.cast.premise):
            self.state.apply("did_aim, gain+3")
            record(replace(act, family="aim"), self.cast, self.state)
        self._happened(outcome)
        return special, ""

    def _apply(self, effects: str) -> None:
        """Change the state; whoever has gone away with the player comes back with them."""
        was = self.state.get("here")
        self.state.apply(effects)
        here = self.state.get("here")
        if here != was and self.cast.is_open:
            together = [k for k, at in self.state.values.items() if k.endswith(".at") and at == was]
            self.state.values |= {**dict.fromkeys(together, here), "within": False}
            self.state.values["away"] = self.cast.is_elsewhere(here, self.state.get("home"))

    def _asked_aloud(self, words: str) -> Act | None:
        """A bare question is put to whoever is there; one about the game itself is not."""
        is_question = parse_act(words).problem == "question"
        if not is_question or not self.rules.binder.npc() or re.search(r"\b(?:I|we) do\b", words):
            return None
        said = words.strip().rstrip("?") + "?"
        clause = f"you ask: “{capital(said)}”"
        return Act(family="ask", verb="ask", said=said, is_quoted=True, clause=clause)

    def _echo(self, words: str) -> str:
        act = parse_act(words)
        clause = act.clause or f"you {to_second_person(words)}"
        return tidy(f"{capital(clause)}.")

    def _happened(self, outcome: Outcome) -> None:
        named = self.act.object or self.act.person
        if named and (entity := self.cast.found(named)):
            self.writer.slots |= {"who": entity.name, "Who": capital(entity.name)}
        for text in outcome.texts:
            self._say(text)
        self.lines += outcome.lines
        self.state.values["kind"] = outcome.kind
        if self.cast.is_open:
            replace_the_dead(self.cast, self.state, self.given, self.notes)
            self.writer.slots.update(self.cast.slots)
        self._bind()
        is_remarked = outcome.texts and self.rng.random() < 0.3
        self._say(self.rules.reaction(outcome.kind) if is_remarked else "")

    # ------------------------------------------------------------------ what the world does

    def _tick(self) -> None:
        for tick in self.cast.file.each_turn:
            if self.state.holds(tick.get("if", "")):
                self.state.apply(tick.get("then", ""))

    def _next_scenes(self, following: SceneEntry | None) -> list[tuple[SceneEntry, str]]:
        """What may come now and with whom, the likeliest first; one that a move leads to alone."""
        if following is not None:
            return [(following, str(self.state.bound["npc"]))]
        must_end = bool(self.given.get("should_end"))
        is_last = self.state.get("stage") == "resolution" and self.turn % CHAPTER_SCENES == 0
        ends = {"must_end": must_end, "may_end": is_last or not self.cast.is_open}
        found: dict[str, tuple[SceneEntry, str]] = {}
        for npc in self.rules.binder.in_play() or [""]:
            self.state.bound["npc"] = npc
            for scene in possible_scenes(self.cast, self.state, self.seen, **ends):
                found.setdefault(scene.id, (scene, npc))
        return ranked(found.values(), self.cast, self.state, self.writer, self.rng)

    def _interlude(self) -> SceneEntry | None:
        """One that happens to something of the premise, if it is time for it and it can be told."""
        is_turning = self.state.get("deed.turned_at") == self.turn
        if not self.cast.is_open or is_turning or not is_due(self.state):
            return None
        npc = str(self.state.bound["npc"])
        for phrase, slots, scenes in interludes(self.cast, self.state, self.seen):
            self.writer.slots |= slots
            for scene in sorted(scenes, key=lambda _: self.rng.random()):
                if self._tell(scene, npc):
                    staged = f"{self.state.values.get('staged') or ''} {slug(phrase)}"
                    self.state.values |= {"staged": staged.strip(), "staged_at": self.turn}
                    return scene
        return None

    def _tell(self, scene: SceneEntry, npc: str) -> bool:
        """Tell a scene and what it changes; False if nothing in it can be said now."""
        passages = len(self.passages)
        self._bind(npc)
        if self.cast.is_open and not self._is_ready(scene):
            return False
        absent = Absent(self.cast, self.state)
        if (
            not scene.ending
            and self.turn > 1
            and (told := notice(self.cast, self.state, self.writer))
            and not self.rules.breaks_silence(told)
        ):
            self._say(told)
        for condition, speaker, text in paragraphs(scene.text):
            if not self.state.holds(condition) or not absent.allows(scene, condition, text):
                continue
            if scene.ending and self.cast.is_open and denies(text, self.state):
                continue
            words, before = template(text), self.writer.left_out
            told = self.writer.line([words]) if self.cast.is_open else self.writer.whole(words)
            if self.rules.breaks_silence(told):  # what follows would answer it
                if scene.ending:
                    continue
                break
            if told:
                self._say(told, speaker)
            self.left_out += self.writer.left_out - before
        if len(self.passages) == passages:
            return False
        self._apply(scene.then)
        lasting = [line for one in scene.lines if (line := self._filled(one))]
        self.lines += [line for line in lasting if not self.rules.breaks_silence(line)]
        self.seen.append(scene.id)
        return True

    def _is_ready(self, scene: SceneEntry) -> bool:
        """Whether all that a scene says in any case can be said."""
        slots = self.writer.slots.keys()
        told = (text for condition, _, text in paragraphs(scene.text) if not condition)
        return all(template(text).needs <= slots for text in told)

    def _filled(self, text: str) -> str:
        return self.writer.filled(template(text))

    def _say(self, text: str, speaker: str = "") -> None:
        if not text:
            return
        entity = self.cast.entities.get(self.state.bound.get(speaker, speaker))
        spoken_by = entity.id if entity else ""
        self.passages.append({"facts": [], "text": text, "speaker": spoken_by, "emotion": ""})

    # ------------------------------------------------------------------ the reply

    def _reply(self, scene: SceneEntry | None, is_ending: bool) -> dict[str, Any]:
        facts = facts_of(self.before, self.state.values, self.cast)
        if self.turn == 1:
            facts += [
                claim(one.id, "role", one.role)
                for one in self.cast.of_kind("person")
                if one.role and one.name != one.role and self.state.is_here(one.id)
            ]
        facts += [claim(one.id, "name", one.name) for one in self._newly_named()]
        self.passages[-1]["facts"] = facts
        choices = [] if is_ending else self.offers.after(scene)
        told = " ".join([*(one.do for one in choices), *(one["text"] for one in self.passages)])
        self.rules.binder.remember_told(told)
        here = self.cast.entities[str(self.state.values["here"])]
        time = str(self.state.values.get("time") or self.cast.slots.get("time") or "")
        reply: dict[str, Any] = {
            "scene_id": f"offline-{self.seed}-{self.turn}",
            "setting_description": tidy(
                f"{', '.join(filter(None, (here.at or here.name, time)))}."
            ),
            "emotional_tone": (self.cast.premise if self.cast.is_open else self.cast.file).tone,
            "passages": self.passages,
            "story_branches": [
                {
                    "choice": choice.do,
                    "consequence": "What you do here changes what comes next.",
                    "affects": [e.id for e in self.cast.of_kind("person") if e.name in choice.do],
                }
                for choice in choices
            ],
            "is_ending": is_ending,
            "lines": [
                {"text": line, "about": self._about(line), "known_by": [], "weight": 2}
                for line in dict.fromkeys(filter(None, self.lines))
            ],
            "notes": self._noted(choices),
        }
        if self.left_out:
            reply["notes"]["left_out"] = self.left_out
        if self.turn == 1 and self.cast.premise.understood:
            reply["notes"]["understood"] = self.cast.premise.understood
        return reply

    def _newly_named(self) -> list[Entity]:
        """People met or heard for the first time whose name is another than their id."""
        heard = {passage["speaker"] for passage in self.passages}
        found = []
        for one in self.cast.of_kind("person"):
            is_met = one.id in heard or bool(self.state.values.get(f"{one.id}.met"))
            if is_met and one.id not in self.named:
                self.named.append(one.id)
                found += [one] if one.name.lower() != one.id.replace("_", " ") else []
        return found

    def _about(self, line: str) -> list[str]:
        me = self.cast.entities[YOU].id
        people = [e.id for e in self.cast.of_kind("person") if e.name.lower() in line.lower()]
        return [me, *people] if "you" in line.lower().split() else people or [me]

    def _noted(self, choices: Sequence[ChoiceEntry]) -> dict[str, Any]:
        told = [*self.notes.get("told", ()), "".join(self.writer.prints)]
        marks = self.notes.get("marks", "") + "".join(self.writer.marks)
        made = [list(row) for row in self.notes.get("made", ())]
        made += [[e.id, e.kind, e.name, e.role, e.pronouns] for e in self.rules.binder.made]
        changed = {
            key: value
            for key, value in self.state.values.items()
            if value != self.cast.start.get(key) and key not in _OF_NOW
        }
        return {
            "v": VERSION,
            "began": self.began,
            "plot": self.cast.name.removeprefix("plots/") if self.cast.is_open else "",
            "state": changed,
            "made": made[-60:],
            "scenes": self.seen[-200:],
            "named": self.named[-100:],
            **self.offers.noted(choices),
            "told": told[-_TOLD_REMEMBERED:],
            "marks": marks[-MARKS_REMEMBERED * MARK_LENGTH :],
            "acts": self.rules.understood,
        }


def _line_of(words: str) -> str:
    """A choice taken, as a line of what was done."""
    act = parse_act(words)
    return tidy(f"{capital(act.clause)}.") if act.clause else ""
