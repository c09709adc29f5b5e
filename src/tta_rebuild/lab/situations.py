"""Who knows what, measured on made-up situations of which the answer is known by construction.

In each a few people talk in rooms between which the scenes move. Every matter has a word that is
nowhere else and a set of people who may have it: those in the room, those whom a line names, who
did it alone. Then a fork goes on from an earlier turn. Looked at is whatever would be shown as
somebody's or speak for them, on either branch. Called by ``cli.eval``; the same seeds give the same
situations.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.story import CharacterSketch, Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.knowing import view_of
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.state import StoryState
from tta_rebuild.lab.measures import EvalRow
from tta_rebuild.lab.players import play_on
from tta_rebuild.lab.told_file import ToldFact, ToldPassage, ToldReply
from tta_rebuild.lab.told_provider import SPOKEN, ToldProvider
from tta_rebuild.lab.voices import VoiceCounts

MOST_TURNS, MOST_MATTERS = 3, 3
PLAYER = "you"
_SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Something that is to be known by some alone: its ``word``, who may know it, who must."""

    word: str
    may: frozenset[str]
    must: frozenset[str]
    kind: str


class SituationReply(ToldReply):
    """A scene with the lasting lines that a storyteller writes."""

    lines: tuple[dict[str, Any], ...] = ()


@dataclass(slots=True)
class SceneMaker:
    """Makes scenes of one situation, each with the matters that it tells."""

    dice: Random
    people: Sequence[str]
    rooms: int = 0
    words: set[str] = field(default_factory=set)

    def word(self) -> str:
        """A word that is nowhere else."""
        while (word := "".join(self.dice.choices(_SYLLABLES, k=4))) in self.words:
            pass
        self.words.add(word)
        return word

    def scene(self) -> tuple[SituationReply, list[Disclosure]]:
        """One scene of a few rooms."""
        passages: list[ToldPassage] = []
        lines: list[dict[str, Any]] = []
        matters: list[Disclosure] = []
        for _ in range(self.dice.randint(1, MOST_MATTERS)):
            room = self.dice.sample(list(self.people), self.dice.randint(2, len(self.people)))
            passages.append(self._moves_on())
            tell = self.dice.choice((self._talk, self._deed, self._known, self._birth, self._lie))
            if self.dice.random() < 0.3:
                matters.append(self._line(room, lines))
            told, matter = tell(room)
            passages += told
            matters.append(matter)
        branch = {"choice": "Wait and see what comes next", "consequence": "It goes on."}
        made = {"passages": passages, "lines": lines, "story_branches": [branch] * 2}
        return SituationReply.model_validate(made), matters

    def _moves_on(self) -> ToldPassage:
        self.rooms += 1
        place = f"room {self.rooms}"
        moved = ToldFact(subject=PLAYER, relation="located_in", value=place)
        return ToldPassage(text=f"You go on to {place}.", facts=(moved,))

    def _talk(self, room: Sequence[str]) -> tuple[list[ToldPassage], Disclosure]:
        one, other, word = room[0], room[1], self.word()
        said = [
            ToldPassage(text=f"Listen, the {word} is under the floor.", speaker=one),
            ToldPassage(text="I hear you well enough.", speaker=other),
        ]
        return said, Disclosure(word, frozenset(room), frozenset((one, other)), "talk")

    def _deed(self, room: Sequence[str]) -> tuple[list[ToldPassage], Disclosure]:
        who, word = room[0], self.word()
        fact = ToldFact(subject=who, relation="holds", value=word)
        told = [
            ToldPassage(text="More of this soup?", speaker=room[1]),
            ToldPassage(text=f"{who.title()} pockets the {word} unseen.", facts=(fact,)),
        ]
        return told, Disclosure(word, frozenset((who,)), frozenset((who,)), "deed")

    def _known(self, room: Sequence[str]) -> tuple[list[ToldPassage], Disclosure]:
        who, word = room[0], self.word()
        fact = ToldFact(subject=who, relation="knows", value=f"the {word} was sold by night")
        told = [ToldPassage(text=f"{who.title()} has read it in the ledger.", facts=(fact,))]
        return told, Disclosure(word, frozenset((who,)), frozenset((who,)), "knows")

    def _birth(self, room: Sequence[str]) -> tuple[list[ToldPassage], Disclosure]:
        word = self.word()
        fact = ToldFact(subject=room[0], relation="kin", value=f"child of {word}")
        told = [ToldPassage(text="There is an old entry in the register.", facts=(fact,))]
        return told, Disclosure(word, frozenset(), frozenset(), "birth")

    def _lie(self, room: Sequence[str]) -> tuple[list[ToldPassage], Disclosure]:
        """Of somebody's age, which is told rightly before."""
        thing, word = self.word(), self.word()
        true = ToldFact(subject=thing, relation="made_of", value="tin")
        lie = ToldFact(subject=thing, relation="made_of", value=word)
        told = [
            ToldPassage(text=f"The {thing} is made of tin.", facts=(true,)),
            ToldPassage(text=f"The {thing} is made of {word}.", speaker=room[0], facts=(lie,)),
            ToldPassage(text="Is it, indeed?", speaker=room[1]),
        ]
        return told, Disclosure(word, frozenset(room), frozenset(room[:2]), "lie")

    def _line(self, room: Sequence[str], lines: list[dict[str, Any]]) -> Disclosure:
        word, knowers = self.word(), self.dice.sample(list(room), self.dice.randint(1, len(room)))
        text = f"The {word} goes over the border tonight."
        lines.append({"text": text, "about": [word], "known_by": knowers, "weight": 3})
        return Disclosure(word, frozenset(knowers), frozenset(knowers), "line")


async def eval_situations(
    application: Application,
    storyteller: ToldProvider,
    number: int,
    counts: VoiceCounts,
    *,
    progress: Callable[[str], None],
) -> None:
    """Make and look at so many situations; ``application`` is opened with ``storyteller``."""
    for seed in range(1, number + 1):
        if seed % 100 == 0:
            progress(f"situation {seed} of {number}")
        await _Situation(application, storyteller, counts, seed).look()


@dataclass
class _Situation:
    application: Application
    storyteller: ToldProvider
    counts: VoiceCounts
    seed: int

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.maker = SceneMaker(self.dice, ())
        size = self.dice.randint(3, 5)
        self.maker.people = [self.maker.word() for _ in range(size)]

    async def look(self) -> None:
        """Play it, fork it, play on, and look at both branches."""
        stories, turns = self.application.stories, self.dice.randint(2, MOST_TURNS)
        session = await stories.open(self._premise())
        told = [await self._turn(session, number) for number in range(1, turns + 1)]
        aside = await self._aside(session)
        kept = self.dice.randint(1, turns - 1)
        await stories.fork(session.story_id, turn=kept, name="fork")
        fork = await stories.resume(session.story_id, "fork")
        own = await self._turn(fork, kept + 1)
        everything = [m for matters in (*told, own, [aside]) for m in matters]
        past = [m for matters in told[:kept] for m in matters]
        await self._look_at(session, [*(m for ms in told for m in ms), aside], everything)
        await self._look_at(fork, [*past, *own], everything)

    def _premise(self) -> Premise:
        people = (PLAYER, *self.maker.people)
        return Premise(
            theme="A house of many rooms, and what is said in them",
            characters=tuple(
                CharacterSketch(character_id=who, name=who.title(), is_player=who == PLAYER)
                for who in people
            ),
        )

    async def _turn(self, session: Session, number: int) -> list[Disclosure]:
        reply, matters = self.maker.scene()
        self.storyteller.begin_turn(session.story_id, reply)
        # another one each time: the cache answers a request that it has seen
        wait = f"I wait and count to {len(self.maker.words)}"
        action = Action.begin() if number == 1 else Action.say(wait)
        async with aclosing(play_on(session, action)) as events:
            async for _ in events:
                pass
        return matters

    async def _aside(self, session: Session) -> Disclosure:
        who, word = self.dice.choice(list(self.maker.people)), self.maker.word()
        await self._ask(session, who, f"I burnt the {word} myself.")
        return Disclosure(word, frozenset((who,)), frozenset((who,)), "aside")

    async def _ask(self, session: Session, who: str, answer: str) -> str:
        """What a model was given to answer for somebody; "" if nobody was asked."""
        self.storyteller.says = answer
        asked = self.storyteller.requests[session.story_id]
        before = len(asked)
        async with aclosing(session.ask(f"{who.title()}, what do you know?")) as events:
            async for _ in events:
                pass
        return next((r.full_text for r in asked[before:] if r.task in SPOKEN), "")

    async def _look_at(
        self, session: Session, here: Sequence[Disclosure], everything: Sequence[Disclosure]
    ) -> None:
        state = session.state
        asked = self.dice.choice(list(self.maker.people))
        prompt = await self._ask(session, asked, "Nothing that I would tell.")
        for matter in everything:
            is_here = matter in here
            matter = matter if is_here else replace(matter, may=frozenset(), must=frozenset())
            for who in self.maker.people:
                places = [*_places(state, who, matter.word)]
                places += [("prompt", prompt)] if who == asked else []
                self._count(matter, who, places, session.branch.name)

    def _count(
        self, matter: Disclosure, who: str, places: Sequence[tuple[str, str]], branch: str
    ) -> None:
        counts, shown = self.counts, [place for place, text in places if matter.word in text]
        if who not in matter.may:
            counts.looks += len(places)
            counts.leaks += len(shown)
            for place in shown:
                reason = f"in the {place} of {who} on {branch}"
                counts.rows.append(
                    EvalRow(
                        f"situation-{self.seed}", "leaks", f"{matter.kind}: {matter.word}", reason
                    )
                )
        if who in matter.must:
            counts.known += 1
            counts.known_by_whom += bool(shown)


def _places(state: StoryState, who: str, cue: str) -> Iterator[tuple[str, str]]:
    """Whatever is shown as somebody's, or speaks for them."""
    view = view_of(state, who, cue)
    yield "line", json.dumps(view.for_line())
    yield "scene", json.dumps(view.for_scene())
    yield "/who", json.dumps(view.for_show())
    yield "memory", " ".join(memory.text for memory in view.now.memories)
