"""What the player does: a choice taken, a question answered, an act played by the rules.

Called by ``teller`` for every turn but the first. Says which scene the move leads to, or why
nothing was done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.addressed import as_meant
from tta_rebuild.storyteller.answers import answer, authors_words, is_answered
from tta_rebuild.storyteller.casting import replace_the_dead
from tta_rebuild.storyteller.deeds import record, record_choice
from tta_rebuild.storyteller.kept_out import own_words, why_kept_out
from tta_rebuild.storyteller.line_template import capital, template, tidy
from tta_rebuild.storyteller.lines import story_lines
from tta_rebuild.storyteller.offers import Offers, is_same
from tta_rebuild.storyteller.possible import does_aim
from tta_rebuild.storyteller.rulebook import Outcome
from tta_rebuild.storyteller.scene_draft import SceneDraft
from tta_rebuild.storyteller.scene_file import ChoiceEntry, SceneEntry, read_world
from tta_rebuild.storyteller.scene_order import OF_DEEDS, OnAct, take_a_way
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import mended


class PlayerMove:
    """One move of the player's, told into the draft of the scene.

    Args:
        offers: the choices of the scene before.
        given: the variables of the ``scene`` request.
        notes: those of the scene before.
    """

    def __init__(
        self, draft: SceneDraft, offers: Offers, rng: Random,
        given: Mapping[str, Any], notes: Mapping[str, Any], seed: int,
    ) -> None:  # fmt: skip
        self.draft, self.offers, self.rng = draft, offers, rng
        self.given, self.notes, self.seed = given, notes, seed
        self.cast, self.state, self.writer = draft.cast, draft.state, draft.writer
        self.rules = draft.rules
        self.act = Act()
        self.was_away = bool(self.state.get("away"))
        self.deed: Act | None = None  # a free one, done, that no scene tells
        self.is_remarked = False  # whether somebody who is there makes something of it

    def play(self) -> tuple[SceneEntry | None, str]:
        """Play the move: the scene that it leads to, and why nothing was done, if so."""
        chosen = self.given.get("chosen")
        words = str((chosen or {}).get("text") or self.given.get("action") or "")
        if not words and self.given.get("should_end"):
            return None, ""
        take_a_way(self.state, [one.do for one in self.offers.standing], words, self.seed)
        offer = self.offers.take(words)
        if offer is not None and (offer.then or offer.next or offer.says):
            return self._chosen(offer, words), ""
        if self.cast.is_open and (known := answer(words, self.cast, self.state)):
            return None, known
        words = mended(words.strip(), "asked_of_things") if self.cast.is_open else words
        self.act = act = self._asked_aloud(words) or parse_act(words)
        if act.problem:
            return None, self.rules.declined(act)
        if kept_out := why_kept_out(act, self.cast, self.writer.bounds):
            return None, kept_out
        self.writer.own = own_words(act, self.cast, self.writer.bounds)
        at = OnAct(self.cast, self.state, self.draft.seen, self.rules.binder.in_play())
        ends = self.cast.is_open and bool(self.given.get("should_end"))  # that is told instead
        is_elsewhere = self.state.holds("away/ruined")
        is_general = ends or is_elsewhere or is_answered(act, self.cast, self.state)
        special = None if is_general else at.scene(as_meant(act), self.cast.file)
        if special is not None and not self.cast.is_open:
            return special, ""
        if told := authors_words(act, self.cast, self.state, self.writer, self.rules.binder.npc()):
            self.draft.say(*told)
            self.draft.lines.append(_line_of(words))
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
            is_turning = self.state.get("deed.turned_at") == self.state.get("now")
            follows = self.cast.is_open and outcome.is_done and not (ends or is_turning)
            is_grave = act.family in ("kill", "capture") or not self.cast.file.common
            follows = follows and is_grave  # else whoever is there takes it (``sequel``)
            special = at.scene(act, read_world("data/episodes")) if follows else None
        if self.cast.is_open and outcome.is_done and does_aim(act, self.cast.premise):
            self.state.apply("did_aim, gain+3")
            record(replace(act, family="aim"), self.cast, self.state)
        elif outcome.is_done and (effects := self.offers.decided(act)):
            self.state.apply(effects)
        elif outcome.is_done and (effects := self.offers.leaning(act)):
            self.state.values["deed.leaning"] = effects
        if self.cast.is_open and outcome.is_done and special is None and not ends:
            self.deed = _last_of(act)
        self._happened(outcome)
        return special, ""

    def _chosen(self, offer: ChoiceEntry, words: str) -> SceneEntry | None:
        """Play a choice that the player's words take: the scene that it leads to."""
        self.act = parse_act(words)
        if not is_same(offer.do, words):
            self.draft.say(self._echo(words))
        self.draft.apply(offer.then)
        said = self.writer.line([template(offer.says)]) if offer.says else ""
        if said or not offer.next:
            self.draft.say(said or self._echo(offer.do))
        self.state.values["kind"] = offer.kind
        record_choice(self.act, self.cast, self.state, came=offer.then)
        self.draft.lines.append(_line_of(words))
        return next((one for one in self.cast.file.scenes if one.id == offer.next), None)

    def _asked_aloud(self, words: str) -> Act | None:
        """A bare question is put to whoever is there; one about the game itself is not."""
        is_question = parse_act(words).problem == "question"
        if not is_question or re.search(r"\b(?:I|we) do\b", words):
            return None
        said = words.strip().rstrip("?") + "?"
        if not self.rules.binder.npc():
            wondered = Act(family="think", verb="ask yourself", said=said, is_quoted=True)
            return replace(wondered, clause=f"you ask yourself: “{capital(said)}”")
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
            self.draft.say(text)
        self._be_followed()
        self.draft.lines += outcome.lines
        self.state.values["kind"] = outcome.kind
        if self.cast.is_open:
            replace_the_dead(self.cast, self.state, self.given, self.notes)
            self.writer.slots.update(self.cast.slots)
        self.draft.bind()
        self.is_remarked = bool(outcome.texts) and self.rng.random() < 0.3

    def _be_followed(self) -> None:
        """Where the player only goes elsewhere in a plot told whole, it goes on there.

        Whoever it is about comes along; who leaves or flees has left it.
        """
        is_gone = self.state.get("away") and not self.was_away
        if not (is_gone and self.cast.file.whole) or self.act.family in ("leave", "flee"):
            return
        home, here = self.state.get("home"), self.state.get("here")
        people = [one for one in self.cast.of_kind("person") if self._may_follow(one.id, home)]
        people.sort(key=lambda one: one.id != self.cast.parts.get("doer"))
        if not people:
            return
        self.state.values |= {f"{one.id}.at": here for one in people}
        self.state.values |= {"home": here, "away": False}
        self.writer.slots |= {"who": people[0].name, "Who": capital(people[0].name)}
        self.draft.say(self.writer.line(story_lines()["followed"]))

    def _may_follow(self, person: str, home: object) -> bool:
        is_there = self.state.get(f"{person}.at") == home
        return is_there and not self.state.is_any(person, "local", "dead", "caught", "asleep")


def _last_of(act: Act) -> Act:
    return act if act.then is None else _last_of(act.then)


def _line_of(words: str) -> str:
    """A choice taken, as a line of what was done."""
    act = parse_act(words)
    return tidy(f"{capital(act.clause)}.") if act.clause else ""
