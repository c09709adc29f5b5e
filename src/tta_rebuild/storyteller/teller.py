"""Tells one scene: what the player did, what the world does in turn, what can be done now.

Called by ``provider`` with the values of the task. Everything that a story needs to remember goes
into the reply's notes and comes back with the next request, so a fork keeps what its branch had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from tta_rebuild.core.story import ARC_STAGES, CHAPTER_SCENES
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.changes import corrected
from tta_rebuild.storyteller.deeds import fates
from tta_rebuild.storyteller.entities import slug
from tta_rebuild.storyteller.interludes import interludes, is_due
from tta_rebuild.storyteller.line_template import MARK_LENGTH, fingerprint, template
from tta_rebuild.storyteller.line_writer import MARKS_REMEMBERED, LineWriter
from tta_rebuild.storyteller.lines import story_lines
from tta_rebuild.storyteller.meant_choice import DECISIVE
from tta_rebuild.storyteller.offers import Offers
from tta_rebuild.storyteller.opening import opening
from tta_rebuild.storyteller.player_move import PlayerMove
from tta_rebuild.storyteller.plot_choice import plot_for
from tta_rebuild.storyteller.premise_situation import plot_names
from tta_rebuild.storyteller.scene_draft import SceneDraft
from tta_rebuild.storyteller.scene_file import ChoiceEntry, SceneEntry
from tta_rebuild.storyteller.scene_order import possible_scenes, ranked
from tta_rebuild.storyteller.scene_reply import reply_of, scene_facts
from tta_rebuild.storyteller.sequel import Sequel, sequel_of
from tta_rebuild.storyteller.wishes import wish_acted_on, wish_of, wishes_offered
from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.world_state import WorldState

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
        self.wish = wish_of(self.notes, str(variables.get("action") or ""))
        self.is_asked = "wishes" in self.notes  # what the player is after
        self.has_said = bool(self.wish)
        self.wish = self.wish or wish_acted_on(self.notes, str(variables.get("action") or ""))
        self.cast = cast_of(self.given, {**self.notes, "wish": self.wish})
        values = {**self.cast.start, **self.notes.get("state", {})}
        stage = str(variables.get("stage") or "setup")
        self.seen: list[str] = list(self.notes.get("scenes", ()))
        self.began = int(self.notes.get("began") or 1)
        if self._is_new_chapter(stage):
            self._begin_chapter(values)
        elif self.is_asked:
            self.began = self.turn
        values |= {"turn": self.turn - self.began + 1, "now": self.turn}
        values["roll"] = self.rng.randrange(10)
        values["stage"] = stage if stage in ARC_STAGES else "development"
        self.state = WorldState(values)
        self._pass_the_climax()
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
        self.draft = SceneDraft(self.cast, self.state, self.writer, self.seen)
        self.rules = self.draft.rules
        self.named: list[str] = list(self.notes.get("named", ()))
        self.offers = Offers(self.cast, self.state, self.writer, self.rng, self.notes)

    def _is_new_chapter(self, stage: str) -> bool:
        """Whether a story without an end has told its question out and takes up another."""
        told_out = self.turn - self.began >= LEAST_CHAPTER and stage == "setup"
        return self.cast.is_open and told_out and not self.given.get("should_end")

    def _begin_chapter(self, values: dict[str, Any]) -> None:
        told = self.cast.name.removeprefix("plots/").partition(".")[0]
        others = sorted(plot_names().keys() - {told})
        plot = plot_for(self.cast.premise, self.rng.choice(others), str(self.given["seed"]))
        self.cast = cast_of(self.given, {**self.notes, "wish": self.wish, "plot": plot})
        values |= self.cast.file.start
        self.began, self.seen = self.turn, []

    def scene(self) -> dict[str, Any]:
        """The scene as a reply in the shape of ``core.tasks``."""
        self.draft.bind()
        following: SceneEntry | None = None
        deed: Act | None = None
        if self.turn == 1 or not self.notes:
            for text in opening(self.cast, self.state, self.writer):
                self.draft.say(text)
            if self._asks():
                self.draft.say(self.writer.line(story_lines()["wish_asked"]))
                return self._reply(None, is_ending=False)
        elif self.is_asked and self.given.get("should_end") and not self.given.get("action"):
            self.draft.say(self.writer.line(story_lines()["left_at_once"]))
            return self._reply(None, is_ending=True)
        elif self.is_asked and self.has_said:
            self.draft.say(self.writer.line(story_lines()["wish_said"]))
            self.draft.lines.append(f"You wanted to {self.wish}.")
        else:
            move = PlayerMove(self.draft, self.offers, self.rng, self.given, self.notes, self.seed)
            following, declined = move.play()
            if declined:
                return {"declined": declined}
            deed = move.deed
            if deed is not None and self._may_pause() and (sequel := self._sequel(deed)):
                self._tick()
                self.state.values["sequel_at"] = self.turn
                return self._reply(None, is_ending=False, new=sequel.choices)
            if move.is_remarked:
                self.draft.say(self.rules.telling.reaction(str(self.state.values.get("kind"))))
        self._tick()
        self._settle_by_deeds()
        self._pass_the_climax()
        before = len(self.draft.passages)
        scene = None if following else self._interlude()
        if scene is None:
            scene = self._told(following) or self._told(following, with_others=True)
        if scene is None and deed is not None:  # the plot waits for a decision
            self._sequel(deed)
        is_over = bool(self.given.get("should_end")) or not self.cast.is_open
        ending = scene is not None and bool(scene.ending) and is_over
        if not self.draft.passages:
            place = self.cast.file.places.get(str(self.state.values.get("here")))
            look = [template(text) for text in place.look] if place else []
            self.draft.say(self.writer.line(look) or "For a while nothing else happens.")
        if ending and self.cast.is_open:
            told = " ".join(one["text"] for one in self.draft.passages[before:])
            self.draft.say(fates(self.cast, self.state, self.writer, told))
        return self._reply(scene, ending)

    def _may_pause(self) -> bool:
        """Whether a deed may be taken in before the plot goes on.

        Never twice in a row, nor when the plot comes to a head or a deed has turned it.
        """
        is_quiet = self.state.holds("stage=setup/stage=development, !away, !ruined") and not (
            self.given.get("should_end") or self.state.get("deed.turned_at") == self.turn
        )
        is_begun = bool(self.seen) and self.cast.file.common  # its question has been put
        return is_quiet and is_begun and self.turn - int(self.state.get("sequel_at")) > 1

    def _sequel(self, deed: Act) -> Sequel | None:
        """How a deed is taken, told; None where nobody is there to take it."""
        sequel = sequel_of(deed, self.rules.telling, self.offers.taken)
        if sequel is not None:
            self.draft.say(sequel.told)
        return sequel

    def _asks(self) -> bool:
        """Whether the player is to say first what they are after."""
        is_beginning = self.turn == 1 and not self.given.get("should_end")
        return is_beginning and bool(self.cast.premise.wishes)

    def _pass_the_climax(self) -> None:
        """Let what follows the decisive deed follow at once."""
        is_decided = self.state.holds("/".join(sorted(DECISIVE)))
        if self.state.get("stage") == "climax" and is_decided:
            self.state.values["stage"] = "resolution"

    def _settle_by_deeds(self) -> None:
        """Where the story must end undecided, what the player has done of their own decides it."""
        is_open = not self.state.holds("/".join(sorted(DECISIVE)))
        if self.given.get("should_end") and is_open:
            self.state.apply(str(self.state.values.get("deed.leaning") or ""))

    def _tick(self) -> None:
        for tick in self.cast.file.each_turn:
            if self.state.holds(tick.get("if", "")):
                self.state.apply(tick.get("then", ""))

    def _told(
        self, following: SceneEntry | None, *, with_others: bool = False
    ) -> SceneEntry | None:
        """The scene that comes now, told into the draft; None if there is none that can be."""
        may_follow = self._next_scenes(following, with_others=with_others)
        return next((s for s, npc in may_follow if self.draft.tell(s, npc)), None)

    def _next_scenes(
        self, following: SceneEntry | None, *, with_others: bool
    ) -> list[tuple[SceneEntry, str]]:
        """What may come now and with whom, the likeliest first; one that a move leads to alone."""
        if following is not None:
            return [(following, str(self.state.bound["npc"]))]
        must_end = bool(self.given.get("should_end"))
        is_last = self.state.get("stage") == "resolution" and self.turn % CHAPTER_SCENES == 0
        ends = {"must_end": must_end, "may_end": is_last or not self.cast.is_open}
        ends |= {"with_others": with_others}
        found: dict[str, tuple[SceneEntry, str]] = {}
        about = self.cast.id_of_matter()  # nobody whom others speak of speaks as one of them
        others = [one for one in self.rules.binder.in_play() if one != about]
        for npc in others or [""]:
            self.state.bound["npc"] = npc
            for scene in possible_scenes(self.cast, self.state, self.seen, **ends):
                found.setdefault(scene.id, (scene, npc))
        words = str(self.given.get("action") or "")
        return ranked(found.values(), self.cast, self.state, self.writer, self.rng, words)

    def _interlude(self) -> SceneEntry | None:
        """One that happens to something of the premise, if it is time for it and it can be told."""
        is_turning = self.state.get("deed.turned_at") == self.turn
        if self.cast.file.common or not self.cast.is_open or is_turning or not is_due(self.state):
            return None
        npc = str(self.state.bound["npc"])
        for phrase, slots, scenes in interludes(self.cast, self.state, self.seen):
            self.writer.slots |= slots
            for scene in sorted(scenes, key=lambda _: self.rng.random()):
                if self.draft.tell(scene, npc):
                    staged = f"{self.state.values.get('staged') or ''} {slug(phrase)}"
                    self.state.values |= {"staged": staged.strip(), "staged_at": self.turn}
                    return scene
        return None

    def _reply(
        self, scene: SceneEntry | None, is_ending: bool, new: Sequence[ChoiceEntry] = ()
    ) -> dict[str, Any]:
        passages = self.draft.passages
        passages[-1]["facts"] = scene_facts(self.draft, self.before, self.named)
        asked = filter(self.writer.allows, self.cast.premise.wishes if self._asks() else ())
        choices = [] if is_ending else wishes_offered([*asked]) or self.offers.after(scene, new)
        told = " ".join([*(one.do for one in choices), *(one["text"] for one in passages)])
        self.rules.binder.remember_told(told)
        if self.turn == 1:
            self.rules.binder.remember_the_first()
        return reply_of(
            self.draft, choices, self._noted(choices),
            scene_id=f"offline-{self.seed}-{self.turn}", is_ending=is_ending,
        )  # fmt: skip

    def _noted_plot(self) -> dict[str, Any]:
        """The plot that the story is told by, or the wishes that will decide it."""
        if self._asks():
            return {"plot": "", "wishes": list(self.cast.premise.wishes)}
        plot = self.cast.name.removeprefix("plots/") if self.cast.is_open else ""
        return {"plot": plot} | ({"wish": self.wish} if self.wish else {})

    def _noted(self, choices: Sequence[ChoiceEntry]) -> dict[str, Any]:
        told = [*self.notes.get("told", ()), "".join(self.writer.prints)]
        marks = self.notes.get("marks", "") + "".join(self.writer.marks)
        made = [list(row) for row in self.notes.get("made", ())]
        made += [[e.id, e.kind, e.name, e.role, e.pronouns] for e in self.rules.binder.made]
        understood = self.cast.premise.understood
        changed = {
            key: value
            for key, value in self.state.values.items()
            if value != self.cast.start.get(key) and key not in _OF_NOW
        }
        return {
            "v": VERSION,
            "began": self.began,
            **self._noted_plot(),
            "state": changed,
            "made": made[-60:],
            "scenes": self.seen[-200:],
            "named": self.named[-100:],
            **self.offers.noted(choices),
            "told": told[-_TOLD_REMEMBERED:],
            "marks": marks[-MARKS_REMEMBERED * MARK_LENGTH :],
            "acts": self.rules.understood,
            **({"left_out": self.draft.left_out} if self.draft.left_out else {}),
            **({"understood": understood} if self.turn == 1 and understood else {}),
        }
