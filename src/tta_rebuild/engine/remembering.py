"""What of a scene everybody takes with them: whom its words reached, what they remember, believe.

Nobody is given what may have been said or done behind their back. What surely reached them is what
they said or did, what was said in an exchange that they took part in, what a scene or a reader
declares of them, and a death before their eyes. The player's character has seen all that is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tta_rebuild.canon.lines import cut_line
from tta_rebuild.canon.view import BELIEF, STORY
from tta_rebuild.core.events import Event, FactAsserted, FactRetracted
from tta_rebuild.core.speech import quoted, speaker_name, spoken_words
from tta_rebuild.core.story import NARRATOR, Claim, LastingLine, Memory, MemoryOrigin, Passage
from tta_rebuild.engine.turn_input import TurnInput

DECLARED = {"knows": 3, "believes": 3, "promise": 3, "met": 2}
"""Relations of what somebody has in mind → how much it weighs in their memory."""

_ELSEWHERE = ("time_of_day", "day")
_BETWEEN = 1
"""Passages of prose over which an answer still answers."""


def reached(passages: Sequence[Passage], people: Mapping[str, str]) -> list[frozenset[str]]:
    """For each passage the ids of those whom it surely reached, its speaker among them.

    Whoever speaks has heard what was said just before and just after, unless the scene went to
    another place or time in between; prose goes by without their noticing, but for a death.
    """
    speakers = [passage.speaker for passage in passages]
    found = []
    for at, passage in enumerate(passages):
        near = {passage.speaker} if passage.speaker else set()
        for step in (-1, 1):
            room = _BETWEEN
            next_to = at + step
            while 0 <= next_to < len(passages) and room >= 0:
                # going on from ``later`` the scene has moved if that passage says so
                later = max(next_to, next_to - step)
                if _moves_on(passages[later], people):
                    break
                if speakers[next_to]:
                    near.add(speakers[next_to])
                    break
                next_to, room = next_to + step, room - 1
        found.append(frozenset(near))
    return found


def _moves_on(passage: Passage, people: Mapping[str, str]) -> bool:
    return any(
        claim.relation in _ELSEWHERE
        or (claim.relation == "located_in" and (claim.subject in people or claim.subject == STORY))
        for claim in passage.facts
    )


def memories_after(
    turn: TurnInput, passages: Sequence[Passage], lines: Sequence[LastingLine], outcome: str
) -> dict[str, tuple[Memory, ...]]:
    """What is new in the memory of everybody, by id."""
    names, player = turn.state.names, turn.state.player
    found: dict[str, dict[str, Memory]] = {}

    def remember(who: str, memory: Memory) -> None:
        found.setdefault(who, {}).setdefault(memory.text, memory)

    if player and turn.moved:
        remember(player, Memory(text=cut_line(turn.moved), weight=2))
    for passage, hearers in zip(passages, reached(passages, names), strict=True):
        for who, memory in _of_passage(turn, passage, hearers):
            remember(who, memory)
    for line in lines:
        for who in line.known_by:
            if who in names:
                remember(who, _of_line(line, passages, who))
    if player and outcome:
        remember(player, Memory(text=cut_line(outcome), weight=2))
    return {who: tuple(memories.values()) for who, memories in found.items()}


def _of_passage(
    turn: TurnInput, passage: Passage, hearers: frozenset[str]
) -> Iterator[tuple[str, Memory]]:
    names, player, speaker = turn.state.names, turn.state.player, passage.speaker
    if speaker:
        feeling = passage.emotion if speaker != player else ""
        yield speaker, Memory(text=cut_line(passage.text), feeling=feeling, about=(speaker,))
        said = f"{speaker_name(speaker, names)}: {quoted(spoken_words(passage.text))}"
        heard = Memory(text=cut_line(said), origin="told", source=speaker, about=(speaker,))
        for who in sorted(hearers | ({player} if player else set())):
            if who != speaker:
                yield who, heard
    for claim in passage.facts:
        if claim.ends:
            continue
        if claim.relation in DECLARED:
            yield claim.subject, _declared(claim, speaker)
        elif (claim.relation, claim.value) == ("alive", "false") and not speaker:
            name = names.get(claim.subject, claim.subject)
            text = turn.state.canon.relations["alive"].say(name, "false")
            for who in sorted(hearers - {claim.subject}):
                yield who, Memory(text=text, weight=3, about=(claim.subject,))


def _declared(claim: Claim, speaker: str) -> Memory:
    text = cut_line(f"{claim.relation}: {claim.value}".replace("_", " "))
    told = speaker not in ("", claim.subject)
    by_oneself: MemoryOrigin = "concluded" if claim.relation == "believes" else "witnessed"
    return Memory(
        text=text,
        origin="told" if told else by_oneself,
        source=speaker if told else "",
        weight=DECLARED[claim.relation],
        about=(claim.subject,),
    )


def _of_line(line: LastingLine, passages: Sequence[Passage], who: str) -> Memory:
    is_there = any(passage.speaker == who for passage in passages)
    origin: MemoryOrigin = "witnessed" if is_there or who in line.about else "told"
    return Memory(text=line.text, origin=origin, weight=line.weight, about=line.about)


def beliefs_after(
    turn: TurnInput, passages: Sequence[Passage], taken: Sequence[Claim]
) -> Iterator[Event]:
    """What hearers come to believe, or no longer do, by what was said to them.

    ``taken`` are the scene's claims as the canon took them: one that is kept as its speaker's word
    alone differs from what is true, and is then a belief of those who heard it.
    """
    state = turn.state
    words = {_matter(c) for c in taken if c.speaker != NARRATOR}
    for passage, hearers in zip(passages, reached(passages, state.names), strict=True):
        for claim in passage.facts if passage.speaker else ():
            is_word_alone = _matter(claim) in words
            for who in sorted(hearers - {state.player, claim.subject}):
                if is_word_alone and who != passage.speaker:
                    yield FactAsserted(claim=replace(claim, speaker=who, certain=False))
                elif not is_word_alone and (was := _belief(turn, who, claim)):
                    yield FactRetracted(claim=was, reason="they were told what is so")


def _matter(claim: Claim) -> tuple[str, str, str, str]:
    return claim.subject, claim.relation, claim.value, claim.sentence


def _belief(turn: TurnInput, who: str, claim: Claim) -> Claim | None:
    """What somebody was made to believe of a matter, where a claim says otherwise."""
    canon = turn.state.canon
    subject = canon.id_of(claim.subject)
    slot = canon.relations.normal(claim.relation, claim.value)[0]
    held = canon.fact(who + BELIEF + subject, claim.relation, slot)
    if (
        held is None
        or held.certain
        or canon.relations.same(claim.relation, held.value, claim.value)
    ):
        return None
    return replace(held.as_claim(), subject=subject, speaker=who)
