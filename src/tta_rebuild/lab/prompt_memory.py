"""What later prompts hold of what happened, and what they give to somebody who cannot know it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tta_rebuild.engine.knowing import view_of
from tta_rebuild.engine.state import StoryState
from tta_rebuild.integrations.llm_provider import LLMRequest
from tta_rebuild.lab.matter import Matter
from tta_rebuild.lab.measures import EvalRow, ToldCounts
from tta_rebuild.lab.told_file import Learnt, ToldStory
from tta_rebuild.lab.told_provider import SPOKEN

VALUE_CHARS = 16
"""Characters of a declared value from which on it is recognised in other words around it."""


class _AfterTurn(NamedTuple):
    """The prompt of a turn's scene, person → texts that were given to them, and the story then."""

    scene: str
    given: Mapping[str, Sequence[str]]
    state: StoryState


class PromptMemory:
    """Collects a story's prompts, turn by turn, and counts ``holds`` and ``secrets`` at the end."""

    def __init__(self, story: ToldStory, matter: Matter) -> None:
        self._story = story
        self._matter = matter
        self._turns: list[_AfterTurn] = []
        self._read = 0

    def after_turn(self, requests: Sequence[LLMRequest], state: StoryState) -> None:
        """Take the requests made since the last turn."""
        new, self._read = requests[self._read :], len(requests)
        given: dict[str, list[str]] = defaultdict(list)
        for request in new:
            for who, text in _given_to(request):
                given[who].append(text)
        scene = next((r.prompt for r in new if r.task == "scene"), "")
        self._turns.append(_AfterTurn(scene, given, state))

    def count(self, counts: ToldCounts) -> None:
        """Add what the prompts so far show to the counts."""
        for number, turn in enumerate(self._story.turns[: len(self._turns)], start=1):
            for sentence in turn.holds:
                self._count_hold(counts, number, sentence)
            for learnt in turn.knows:
                for person in learnt.kept_from:
                    self._count_secret(counts, number, learnt, person)

    def _count_hold(self, counts: ToldCounts, number: int, sentence: str) -> None:
        turns = range(number + 1, len(self._turns) + 1)
        last = next((n for n in turns[:-1] if self._says_again(sentence, n)), len(self._turns))
        later = [n for n in range(number + 1, last + 1) if self._concerns(sentence, n)]
        if not later:
            return
        counts.holds += 1
        lacking = [
            str(n) for n in later if not self._matter.is_in(sentence, [self._turns[n - 1].scene])
        ]
        if not lacking:
            counts.holds_in_prompt += 1
            return
        reason = f"not in the prompt of turn {', '.join(lacking)} (of {len(later)} it concerns)"
        counts.rows.append(EvalRow(self._story.id, "holds_in_prompt", sentence, reason, number))

    def _says_again(self, sentence: str, number: int) -> bool:
        """Whether a sentence of a later turn's ``holds`` takes the place of an earlier one."""
        return any(
            self._matter.is_in(sentence, [later]) for later in self._story.turns[number - 1].holds
        )

    def _concerns(self, sentence: str, number: int) -> bool:
        """Whether a turn has to do with anybody or anything that a sentence names.

        The player's character is in every turn: a sentence that names others too concerns only the
        turns of one of these.
        """
        named = self._matter.named(sentence)
        others = named - {self._story.protagonist} or named
        turn = self._story.turns[number - 1]
        met = set(turn.mentions.values()) | self._matter.named(turn.move.text)
        return bool(others & met)

    def _count_secret(self, counts: ToldCounts, number: int, learnt: Learnt, person: str) -> None:
        counts.secrets += 1
        for later in range(number, len(self._turns) + 1):
            if later > number and self._is_told(learnt, person, later):
                return
            seen = self._turns[later - 1]
            places = [*_views(seen.state, person, learnt.fact)]
            counts.looks += sum(len(texts) for _, texts in places)
            if later > number:
                places.append(("prompt", seen.given.get(person, ())))
            for place, texts in places:
                shown = [text for text in texts if self._matter.gives_away(learnt.fact, text)]
                own = self._own_words(person, later) if shown else []
                shown = [text for text in shown if not _is_among(own, text)]
                if shown:
                    counts.secrets_leaked += 1
                    reason = f"in the {place} of '{person}' at turn {later}: {shown[0]}"
                    counts.rows.append(
                        EvalRow(self._story.id, "secrets_leaked", learnt.fact, reason, number)
                    )
                    return

    def _own_words(self, person: str, last: int) -> list[str]:
        """What the told replies themselves have somebody say, know or believe, up to a turn.

        A told story is consistent, so this is nothing that the engine gave away.
        """
        said = []
        for turn in self._story.turns[:last]:
            for passage in turn.reply.passages:
                speaker = passage.speaker and turn.mentions.get(passage.speaker, passage.speaker)
                if speaker.casefold() == person:
                    said.append(_plain(passage.text))
                for fact in passage.facts:
                    if turn.mentions.get(fact.subject, fact.subject).casefold() == person:
                        said.append(_plain(f"{fact.relation} {fact.value}"))
                        said += [_plain(fact.value)] * (len(fact.value) >= VALUE_CHARS)
        return said

    def _is_told(self, learnt: Learnt, person: str, number: int) -> bool:
        return any(
            known.who == person and self._matter.is_in(learnt.fact, [known.fact])
            for known in self._story.turns[number - 1].knows
        )


def _is_among(own: Sequence[str], text: str) -> bool:
    """Whether a text is one of somebody's own words, or says no more than whose these are."""
    shown = _plain(text)
    return any(shown in said or (len(said) >= VALUE_CHARS and said in shown) for said in own)


def _views(state: StoryState, person: str, cue: str) -> Iterator[tuple[str, Sequence[str]]]:
    """What would be shown as theirs, or told a model that speaks for them, if asked about it."""
    shown = view_of(state, person, cue)
    yield "memory", [memory.text for memory in shown.memories]
    yield "lines", [*shown.known, *shown.beliefs]
    row = shown.for_show()
    ties = [f"{row['name']} {said}" for said in (*row["ties"], *row["goals"], row["feels"])]
    yield "/who", [*row["remembers"], *ties]


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def _given_to(request: LLMRequest) -> Iterator[tuple[str, str]]:
    """Person and text, for all that a prompt marks as what this person remembers or knows."""
    shown = request.variables
    if request.task in SPOKEN:
        yield str(shown["character"]["character_id"]), request.prompt
    for character in shown.get("characters", ()):
        for line in character.get("memory", ()):
            yield str(character["character_id"]), str(line)
    for fact in shown.get("facts", ()):
        if fact.get("relation") == "knows":
            yield str(fact["subject"]), f"{fact['value']}."
