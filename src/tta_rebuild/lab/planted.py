"""Are memories found again after ten thousand events? Told sentences are one person's past.

What the stories say is true later (``holds``) or somebody has learnt (``knows``) is planted among
the sentences from which it was drawn, which come again and again; the cue is every second word of
it. Called by ``cli.eval``; no model is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import cycle, islice

from tta_rebuild.canon.recall import telling_words
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.events import CharacterChanged, Event, RecordedEvent, StoryOpened
from tta_rebuild.core.story import Memory, Premise
from tta_rebuild.engine.state import StoryFold
from tta_rebuild.lab.measures import EvalRow
from tta_rebuild.lab.told_file import ToldStory
from tta_rebuild.lab.voices import SLOW_MS, VoiceCounts

EVENTS, PLANTED, EVENTS_OF_A_TURN = 10_000, 200, 8
WHO = "somebody"


def eval_recall(
    stories: Sequence[ToldStory], counts: VoiceCounts, *, seconds: Callable[[], float]
) -> None:
    """Plant, fold, and look for each; ``seconds`` is a clock that never goes back."""
    told = [
        sentence
        for story in stories
        for turn in story.turns
        for passage in turn.reply.passages
        for sentence in sentences_of(passage.text, story.language)
    ]
    planted = list(dict.fromkeys(text for story in stories for text in _lasting(story)))[:PLANTED]
    if not told or not planted:
        return
    fold, turn = StoryFold(), 0
    for position, event in enumerate(_past(told, planted), start=1):
        turn = position // EVENTS_OF_A_TURN
        at = datetime(2026, 1, 1, tzinfo=UTC)
        fold.apply(RecordedEvent(branch_id="b", position=position, turn=turn, at=at, event=event))
    memories = fold.now.characters[WHO].memories
    memories.recalled("", turn)  # the index is made with the first question
    for text in planted:
        cue = " ".join(telling_words(text, limit=40)[::2])
        began = seconds()
        found = any(memory.text == text for memory in memories.recalled(cue, turn))
        took_ms = 1_000 * (seconds() - began)
        counts.planted += 1
        counts.recalled += found
        counts.slow_recalls += took_ms >= SLOW_MS
        if not found:
            counts.rows.append(EvalRow("recall", "recalled", text, f"not by: {cue}"))


def _lasting(story: ToldStory) -> Iterator[str]:
    for turn in story.turns:
        for text in (*turn.holds, *(learnt.fact for learnt in turn.knows)):
            if len(telling_words(text)) >= 4:
                yield text


def _past(told: Sequence[str], planted: Sequence[str]) -> Iterator[Event]:
    """The opening, and one memory an event; the planted ones lie in the first nine tenths."""
    yield StoryOpened(premise=Premise(theme="a long story"))
    apart = EVENTS * 9 // 10 // len(planted)
    waiting = iter(planted)
    for number, sentence in enumerate(islice(cycle(told), EVENTS - 1)):
        text = next(waiting, sentence) if number % apart == 0 else sentence
        yield CharacterChanged(character_id=WHO, remembers=(Memory(text=text),))
