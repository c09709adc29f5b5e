"""Voices measured: does a line rank lower in another character's mouth? No model is asked.

Told stories are played through the engine, so that each line has its speaker, and everybody their
state and knowledge, as of that moment. The line itself is left out of its speaker's profile.
Called by ``cli.eval``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.canon.knowledge import KnowledgeCheck
from tta_rebuild.canon.people import WHAT_THEY_ARE, pronouns_of
from tta_rebuild.canon.recall import telling_words, words_in
from tta_rebuild.core.errors import ReplyUnusable
from tta_rebuild.core.speech import lines_said
from tta_rebuild.core.story import Claim
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.state import StoryState
from tta_rebuild.lab.measures import EvalRow, Share, UnreadCounts
from tta_rebuild.lab.players import play_on
from tta_rebuild.lab.told import premise_of
from tta_rebuild.lab.told_file import ToldStory, ToldTurn
from tta_rebuild.lab.told_provider import ToldProvider
from tta_rebuild.narrative.character_rules import emotion_in
from tta_rebuild.narrative.line_fit import LineFit, Speaker, fit_of, is_addressed
from tta_rebuild.narrative.voice_style import Everybody

SLOW_MS = 10
LEAST_LINES = 3
"""Lines of a speaker whose lines are put into other mouths."""


@dataclass(slots=True, kw_only=True)
class VoiceCounts(UnreadCounts):
    """Swaps: a line under its own speaker against the same line under another of the story.

    Attributes:
        swaps, swaps_lower: with each other speaker, and those that rank lower there.
        well_known, well_known_lower: of these, with others of at least ``LEAST_LINES`` lines, too.
        by_voice: of all swaps, those that rank lower by the manner of speaking alone.
        by_topic, by_state, by_knowledge: the same by what it speaks of, by address, feeling and
            presence, by what they can know.
        first_places: lines that rank highest under their own speaker, of ``lines``.
        looks, leaks: at what would be shown as somebody's who cannot know it; where it stood there.
        known, known_by_whom: matters and people who must know them; those who do.
        planted, recalled: memories among ten thousand; those that half their words bring back.
        slow_recalls: of these, those that took ``SLOW_MS`` or longer.
    """

    swaps: int = 0
    swaps_lower: int = 0
    well_known: int = 0
    well_known_lower: int = 0
    by_voice: int = 0
    by_topic: int = 0
    by_state: int = 0
    by_knowledge: int = 0
    lines: int = 0
    first_places: int = 0
    looks: int = 0
    leaks: int = 0
    known: int = 0
    known_by_whom: int = 0
    planted: int = 0
    recalled: int = 0
    slow_recalls: int = 0

    def misses(self) -> list[EvalRow]:
        """Every swap with its reasons, those that do not rank lower first."""
        first = ("leaks", "recalled", "swaps_lower")
        return sorted(self.rows, key=lambda row: row.kind not in first)

    def shares(self) -> list[Share]:
        """What the counts say, in the order in which they are shown."""
        lines = (
            ("swaps_lower", "lines that rank lower in another's mouth", self.swaps),
            ("well_known_lower", "of these, where both have three lines", self.well_known),
            ("first_places", "lines that rank highest in their own", self.lines),
            ("by_voice", "lower by manner of speaking alone", self.swaps),
            ("by_topic", "lower by topic alone", self.swaps),
            ("by_state", "lower by address, feeling, presence alone", self.swaps),
            ("by_knowledge", "lower by what they can know alone", self.swaps),
        )
        rest = (
            ("leaks", "looks that show what somebody cannot know", self.looks, False),
            ("known_by_whom", "known by whoever must know it", self.known, True),
            ("recalled", "planted memories found again", self.planted, True),
            ("slow_recalls", f"recalls of {SLOW_MS} ms or longer", self.planted, False),
        )
        shares = [Share(name, says, getattr(self, name), of, True) for name, says, of in lines]
        return shares + [Share(n, says, getattr(self, n), of, good) for n, says, of, good in rest]


async def eval_voices(
    application: Application,
    storyteller: ToldProvider,
    stories: Sequence[ToldStory],
    counts: VoiceCounts,
    *,
    progress: Callable[[str], None],
) -> None:
    """Play the stories and count; ``application`` is opened with ``storyteller``, checks off."""
    for story in stories:
        progress(f"{story.id}: {len(story.turns)} turns")
        session = await application.stories.open(premise_of(story))
        said = [line async for line in _lines_of(session, storyteller, story)]
        _count(story, said, counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A line where it stands: who said it, how; the story before its turn.

    ``heard`` is the player's move (``moved``) and what was told before it, ``there`` are those who
    spoke in it, ``last`` is what was said just before; ``knows`` is declared of who says it.
    """

    turn: int
    who: str
    text: str
    emotion: str
    before: StoryState
    heard: str
    last: str
    moved: str
    there: frozenset[str]
    knows: tuple[Claim, ...]


async def _lines_of(
    session: Session, storyteller: ToldProvider, story: ToldStory
) -> AsyncGenerator[_Said, None]:
    forms = pronouns_of(story.language)
    pronouns = {form for kind, all_ in forms.items() if kind != "some" for form in all_}
    for number, turn in enumerate(story.turns, start=1):
        before = session.state
        storyteller.begin_turn(session.story_id, turn.reply)
        try:
            async with aclosing(play_on(session, _action(story, number, turn))) as events:
                async for _ in events:
                    pass
        except ReplyUnusable:
            continue
        scene = session.state.scene
        if scene is None or session.state.turn == before.turn:
            continue
        heard = f"{session.state.action} {before.scene.text if before.scene else ''}"
        there = {p.speaker for p in before.scene.passages} if before.scene else set[str]()
        last = session.state.action
        for passage in scene.passages:
            for who, text in lines_said([passage], session.state.names, pronouns):
                emotion = emotion_in(passage.emotion) if passage.speaker else ""
                yield _Said(
                    turn=number,
                    who=who,
                    text=text,
                    emotion=emotion,
                    before=before,
                    heard=heard,
                    last=last,
                    moved=session.state.action,
                    knows=tuple(c for c in passage.facts if c.relation == "knows"),
                    there=frozenset(there),
                )
                there.add(who)
                last = text
            heard = f"{heard} {passage.text}"


def _action(story: ToldStory, number: int, turn: ToldTurn) -> Action:
    if turn.move.kind == "begin":
        return Action.begin()
    if turn.move.kind == "free":
        return Action.say(turn.move.text)
    return Action.say(story.turns[number - 2].reply.story_branches[turn.move.choice - 1].choice)


def _count(story: ToldStory, said: Sequence[_Said], counts: VoiceCounts) -> None:
    lines = Counter(one.who for one in said)
    for one in said:
        if lines[one.who] < LEAST_LINES:
            continue
        rest = [other for other in said if other is not one]
        everybody = Everybody([other.text for other in rest], story.language)

        own = _fit(story, one, one.who, rest, everybody)
        swapped = {who: _fit(story, one, who, rest, everybody) for who in lines if who != one.who}
        counts.lines += bool(swapped)
        counts.first_places += bool(swapped) and all(own.odds > f.odds for f in swapped.values())
        for who, other in swapped.items():
            is_lower = own.odds > other.odds
            counts.swaps += 1
            counts.swaps_lower += is_lower
            if lines[who] >= LEAST_LINES:
                counts.well_known += 1
                counts.well_known_lower += is_lower
            for kind in ("voice", "topic", "state", "knowledge"):
                name = f"by_{kind}"
                lower = _part(own, kind) > _part(other, kind)
                setattr(counts, name, getattr(counts, name) + lower)
            counts.rows.append(_row(story, one, who, own, other))


def _fit(
    story: ToldStory, line: _Said, who: str, rest: Sequence[_Said], everybody: Everybody
) -> LineFit:
    speaker = _speaker(story, line, who, [one.text for one in rest if one.who == who])
    language = story.language
    return fit_of(line.text, speaker, everybody, emotion=line.emotion, language=language)


def _speaker(story: ToldStory, line: _Said, who: str, lines: Sequence[str]) -> Speaker:
    """Somebody as they are just before the line, with all that they say elsewhere."""
    state = line.before
    now, sketch = state.characters.get(who), {c.id: c for c in story.cast}.get(who)
    name = now.name if now else sketch.name if sketch else who
    canon, names = state.canon, state.names
    told = [canon.relations[f.relation].say(name, f.value) for f in canon.facts_about(who)]
    check = KnowledgeCheck(canon, names, state.lines)
    claims = [replace(claim, subject=who) for claim in line.knows]
    unlearnt = next(iter(check.contradictions(who, claims)), None)
    moved = words_in(line.moved)
    is_own_move = len(moved & words_in(line.text)) > len(words_in(line.text)) / 3
    return Speaker(
        name=name,
        lines=tuple(lines),
        called=_called(state, who, sketch.description if sketch else ""),
        matters=(*([sketch.description] if sketch else ()), *told, *(now.memory if now else ())),
        emotion=now.emotional_state if now else "neutral",
        traits=now.personality_traits if now else {},
        cannot_know=unlearnt.message if unlearnt else "",
        was_addressed=is_addressed(line.last, [part for part in name.split() if len(part) > 2]),
        is_unbidden=who == story.protagonist and not is_own_move,
        is_there=who in {story.protagonist, *line.there} or any(_names_in(name, line.heard)),
    )


def _called(state: StoryState, who: str, description: str) -> tuple[str, ...]:
    """The words of somebody's roles: those of the canon, and what a description begins with."""
    roles = [f.value for f in state.canon.facts_about(who) if f.relation in ("role", "alias")]
    first = re.findall(r"[^\W_]+", description)[:WHAT_THEY_ARE]
    return tuple(telling_words(" ".join([*first, *roles])))


def _names_in(name: str, text: str) -> Iterator[bool]:
    words = {
        word.strip(".,;:!?“”\"'’()").removesuffix("’s").removesuffix("'s") for word in text.split()
    }
    return (part in words for part in name.split() if len(part) > 2)


def _part(fit: LineFit, kind: str) -> float:
    return sum(one.odds for one in fit.evidence if one.kind == kind)


def _row(story: ToldStory, line: _Said, who: str, own: LineFit, other: LineFit) -> EvalRow:
    is_lower = own.odds > other.odds
    names = line.before.names
    against = "; ".join(other.reasons[:3]) or "nothing speaks against it"
    for_own = (
        f"; as {line.who}: {'; '.join(own.reasons[:3])}" if own.reasons and not is_lower else ""
    )
    reason = f"as {names.get(who, who)} {other.odds - own.odds:+.2f}: {against}{for_own}"
    kind = "ranks lower" if is_lower else "swaps_lower"
    return EvalRow(story.id, kind, line.text, reason, line.turn)
