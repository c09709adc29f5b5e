"""Told stories played through the real engine with their own replies as the model, and counted.

Called by ``cli.eval``. A told story is consistent, so whatever of it is held back is a false block;
its probes say what should be held back. See ``lab.told_file`` for the format.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.errors import ReplyUnusable
from tta_rebuild.core.events import ModelReplied
from tta_rebuild.core.story import CharacterSketch, Claim, Passage, Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.telling import RULES_ONLY
from tta_rebuild.engine.turn_events import CostReported, SceneRestarted, TurnEvent, TurnRefused
from tta_rebuild.lab.kept_facts import FactKeeping
from tta_rebuild.lab.matter import Matter
from tta_rebuild.lab.measures import EvalRow, ToldCounts, reason_of
from tta_rebuild.lab.own_move import is_about_the_move
from tta_rebuild.lab.people import PeopleSeen
from tta_rebuild.lab.players import play_on
from tta_rebuild.lab.prompt_memory import PromptMemory
from tta_rebuild.lab.told_file import Probe, ToldFact, ToldReply, ToldStory
from tta_rebuild.lab.told_provider import ToldProvider, reading_tasks
from tta_rebuild.storage.story_store import MAIN


async def eval_told(
    application: Application,
    storyteller: ToldProvider,
    stories: Sequence[ToldStory],
    counts: ToldCounts,
    *,
    progress: Callable[[str], None],
    at_once: int = 1,
) -> None:
    """Play and count the stories into ``counts``, which holds what was measured at any moment.

    Args:
        application: opened with ``storyteller`` as its provider, on a store for this alone.
        at_once: how many stories go on beside one another.
    """
    room = asyncio.Semaphore(at_once)

    async def one(story: ToldStory) -> None:
        async with room:
            await _ToldRun(application, storyteller, story, counts, progress).play()

    try:
        async with asyncio.TaskGroup() as group:
            for story in stories:
                group.create_task(one(story))
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


def premise_of(story: ToldStory) -> Premise:
    """The premise as an author would give it."""
    return Premise(
        theme=story.premise,
        title=story.id,
        characters=tuple(
            CharacterSketch(
                character_id=person.id,
                name=person.name,
                description=person.description,
                is_player=person.id == story.protagonist,
                pronouns=person.pronouns,
            )
            for person in story.cast
        ),
        rules=story.rules,
        language=story.language,
    )


def claims_of(facts: Sequence[ToldFact]) -> tuple[Claim, ...]:
    """Declared facts as the engine takes them."""
    return tuple(
        Claim(subject=f.subject, relation=f.relation, value=f.value, ends=f.ends) for f in facts
    )


SAFETY = "safety"
"""The gate that a player's boundaries hold back by: no catch of a contradiction."""


@dataclass
class _ToldRun:
    """One story from its opening to its last probe."""

    application: Application
    storyteller: ToldProvider
    story: ToldStory
    counts: ToldCounts
    progress: Callable[[str], None]

    def __post_init__(self) -> None:
        self.forms = {person.name: person.id for person in self.story.cast}
        for turn in self.story.turns:
            self.forms |= turn.mentions
        self.matter = Matter(self.forms, self.story.language)

    async def play(self) -> None:
        """Play all turns, and judge each turn's probes before the next is played."""
        session = await self.application.stories.open(premise_of(self.story))
        memory = PromptMemory(self.story, self.matter)
        people = PeopleSeen(self.story, premise_of(self.story).characters)
        try:
            for number, turn in enumerate(self.story.turns, start=1):
                self.progress(f"{self.story.id}: turn {number} of {len(self.story.turns)}")
                await self._turn(session, number, people)
                requests = self.storyteller.requests[session.story_id]
                memory.after_turn(requests, session.state)
                people.after_turn(session.state.canon, turn)
                probes = [probe for probe in self.story.probes if probe.after_turn == number]
                await asyncio.gather(*(self._probe(session, probe) for probe in probes))
        finally:
            memory.count(self.counts)
            people.count(self.counts)

    async def _turn(self, session: Session, number: int, people: PeopleSeen) -> None:
        turn = self.story.turns[number - 1]
        move, counts = turn.move, self.counts
        chosen = None
        action = Action.begin() if move.kind == "begin" else Action.say(move.text)
        if move.kind == "choice":
            chosen = self.story.turns[number - 2].reply.story_branches[move.choice - 1]
            offered = [_plain(choice.text) for choice in session.state.choices]
            action = Action.say(chosen.choice)
            if _plain(chosen.choice) in offered:
                action = Action.choose(offered.index(_plain(chosen.choice)) + 1)
        self.storyteller.begin_turn(session.story_id, turn.reply)
        refused, restarts = "", []
        before = session.branch.length
        async with aclosing(_played(session, action)) as events:
            async for event in events:
                match event:
                    case TurnRefused(reason):
                        refused = reason
                    case SceneRestarted(reason):
                        restarts.append(reason)
                    case CostReported(cost_usd, _, calls):
                        counts.cost_usd += cost_usd
                        counts.calls += calls
                    case _:
                        pass
        counts.honest_turns += 1
        counts.moves += move.kind != "begin"
        if refused:
            counts.honest_turns_held += 1
            counts.moves_held += 1
            self._note("moves_held", move.text, f"refused: {refused}", number)
        else:
            moved = is_about_the_move(
                session.state, turn, chosen, self.story.protagonist, self.matter
            )
            self._held(session, number, restarts, is_move=moved and move.kind != "begin")
            self._choices(session, number, turn.reply)
        await self._facts(session, number, before, people)
        await self._read(session, number, before)

    async def _read(self, session: Session, number: int, before: int) -> None:
        """Count whether the model that should have read the scene has done so."""
        scene = session.state.scene
        degraded = scene.degraded if scene and session.branch.length > before else ""
        notes = [note for note in degraded.split("; ") if note.startswith(RULES_ONLY)]
        path = await self.application.stories.path(session.story_id, MAIN)
        replies = [r.event for r in path if r.position > before]
        asked = any(isinstance(e, ModelReplied) and e.task in reading_tasks() for e in replies)
        if asked or notes:
            self.counts.read(self.story.id, "; ".join(notes), turn=number)

    def _held(
        self, session: Session, number: int, restarts: Sequence[str], *, is_move: bool
    ) -> None:
        """Count a turn of which anything was held back or did not arrive."""
        reply = self.story.turns[number - 1].reply
        scene = session.state.scene
        shown = _plain(scene.text) if scene else ""
        missing = [p.text for p in reply.passages if _plain(p.text) not in shown]
        withheld = session.state.withheld
        if not (withheld or restarts or missing):
            return
        counts = self.counts
        counts.honest_turns_held += 1
        counts.moves_held += is_move
        for held in withheld:
            kind = "moves_held" if is_move and held is withheld[0] else "honest_turns_held"
            reason = f"{held.gate}: {held.reason} {held.against}".strip()
            self._note(kind, held.text, reason, number)
        for reason in restarts:
            self._note("honest_turns_held", "", f"the scene began anew: {reason}", number)
        if not withheld:
            degraded = scene.degraded if scene else ""
            for text in missing:
                self._note("honest_turns_held", text, f"not in the scene: {degraded}", number)

    def _choices(self, session: Session, number: int, reply: ToldReply) -> None:
        if reply.is_ending:
            return
        offered = {_plain(choice.text) for choice in session.state.choices}
        rejected = {_plain(text): reason for text, reason in session.state.rejected}
        for branch in reply.story_branches:
            self.counts.choices += 1
            text = _plain(branch.choice)
            if text not in offered:
                self.counts.choices_lost += 1
                why = rejected.get(text, "the scene was not told to its end")
                self._note("choices_lost", branch.choice, why, number)

    async def _facts(self, session: Session, number: int, before: int, people: PeopleSeen) -> None:
        """Compare what the reply declared with what the branch holds and recorded."""
        path = await self.application.stories.path(session.story_id, MAIN)
        events = [recorded.event for recorded in path if recorded.position > before]
        keeping = FactKeeping(session.state.canon, events, self.forms, self.story.language)
        for passage in self.story.turns[number - 1].reply.passages:
            for fact in passage.facts:
                self.counts.facts_declared += 1
                stored = keeping.find(fact, passage.speaker)
                if stored is None:
                    ends = " (ends)" if fact.ends else ""
                    said = f"{fact.subject} {fact.relation} {fact.value}{ends}"
                    self._note("facts_kept", said, passage.text, number)
                    continue
                self.counts.facts_kept += 1
                if stored:
                    people.stored(fact.subject, stored)
        if session.state.scene is not None:
            for told in session.state.scene.passages:
                if told.speaker:
                    people.stored(told.speaker, told.speaker)

    async def _probe(self, session: Session, probe: Probe) -> None:
        """Judge one probe twice: with the facts that a model would declare, and without any."""
        bare = Passage(text=probe.text, speaker=probe.speaker, declared=True)
        counts = self.counts
        for way, passage in (
            ("declared", replace(bare, facts=claims_of(probe.facts))),
            ("undeclared", bare),
        ):
            judged = await session.judge(passage)
            (held,) = judged.withheld
            if judged.calls or judged.note:
                counts.read(self.story.id, judged.note, turn=probe.after_turn, text=probe.text)
            counts.calls += judged.calls
            counts.cost_usd += judged.cost_usd
            if probe.label == "clean":
                counts.clean += way == "declared"
                if held is not None:
                    _add(counts, f"clean_held_{way}")
                    self._note(f"clean_held_{way}", probe.text, reason_of(held), probe.after_turn)
                continue
            _add(counts, way)
            if held is not None and held.gate != SAFETY:
                _add(counts, f"{way}_caught")
            else:
                why = f"{reason_of(held)}; {probe.because}" if held is not None else probe.because
                self._note(f"{way}_caught", probe.text, f"{probe.kind}: {why}", probe.after_turn)

    def _note(self, kind: str, text: str, reason: str, turn: int) -> None:
        self.counts.rows.append(EvalRow(self.story.id, kind, text, reason, turn))


async def _played(session: Session, action: Action) -> AsyncGenerator[TurnEvent, None]:
    """The turn's events; a reply that is no scene counts as a turn that is refused."""
    try:
        async with aclosing(play_on(session, action)) as events:
            async for event in events:
                yield event
    except ReplyUnusable as error:
        yield TurnRefused(f"the reply could not be told: {error}")


def _add(counts: ToldCounts, name: str) -> None:
    setattr(counts, name, getattr(counts, name) + 1)


def _plain(text: str) -> str:
    """Letters and digits alone: quotation marks, emphasis and spaces may change on the way."""
    return "".join(c for c in text.casefold() if c.isalnum())
