"""Whole stories of the embedded storyteller: do they differ by what the player does, repeat, err?

Called by ``cli.eval``. Every premise is played ten turns long in several ways: always the first
choice, always the second, always the third, by waiting, by harsh words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.errors import MoveRefused
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.lab.measures import EvalRow, Share, UnreadCounts
from tta_rebuild.lab.players import turn_on
from tta_rebuild.lab.prose_lint import blemishes_in
from tta_rebuild.lab.told_file import PlainPremise

TURNS = 10
WAYS = ("first", "second", "third", "wait", "break it")
COMMON_FROM_TURN = 3
"""Sentences are compared from this turn on: the opening is the same for all."""

FRAME_SHARE = 0.05
"""A sentence, its names masked, that stands in more than this share of stories is worn out."""

LEAST_FRAME_WORDS = 6


@dataclass(slots=True, kw_only=True)
class PlayCounts(UnreadCounts):
    """Counts over whole stories, named as in JSON; the guide on evaluation says what each means.

    Attributes:
        sentences, common: sentences of the third-choice stories from turn 3, and those of them
            that the first-choice story of the same premise has too.
        several_endings: premises of which the ways of playing came to three endings or more.
        repeated: sentences told twice in one story.
        frames, worn_frames: different sentences with names masked, and those in too many stories.
        passages, blemishes: paragraphs and choices, and those with something wrong.
    """

    premises: int = 0
    stories: int = 0
    sentences: int = 0
    common: int = 0
    several_endings: int = 0
    told: int = 0
    repeated: int = 0
    frames: int = 0
    worn_frames: int = 0
    passages: int = 0
    blemishes: int = 0

    def shares(self) -> list[Share]:
        """What the counts say, in the order in which they are shown."""
        return [
            Share("common", "sentences that another way of playing has too", self.common,
                  self.sentences, False),
            Share("several_endings", "premises with three endings or more", self.several_endings,
                  self.premises, True),
            Share("repeated", "sentences told twice in a story", self.repeated, self.told, False),
            Share("worn_frames", "sentences in more than 5 % of stories", self.worn_frames,
                  self.frames, False),
            Share("blemishes", "paragraphs with something wrong", self.blemishes, self.passages,
                  False),
        ]  # fmt: skip


async def eval_plays(
    application: Application,
    premises: Sequence[PlainPremise],
    counts: PlayCounts,
    *,
    progress: Callable[[str], None],
) -> None:
    """Play every premise in every way, into ``counts``.

    Args:
        application: opened with the embedded storyteller, on a store for this alone.
    """
    frames: Counter[str] = Counter()
    for number, row in enumerate(premises, start=1):
        progress(f"{row.id}: {number} of {len(premises)}")
        told = {way: await _played(application, row, way, number, counts) for way in WAYS}
        counts.premises += 1
        first, third = (_sentences(told[way][COMMON_FROM_TURN - 1 :]) for way in ("first", "third"))
        common = set(first) & set(third)
        counts.sentences += len(third)
        counts.common += len(common)
        endings = {told[way][-1].rpartition("\n\n")[2] for way in WAYS}
        counts.several_endings += len(endings) >= 3
        if len(endings) < 3:
            counts.rows.append(
                EvalRow(story=row.id, kind="endings", text=row.premise, reason=f"{len(endings)}")
            )
        for scenes in told.values():
            frames.update({_masked(s, row.premise) for s in _sentences(scenes)})
    counts.frames = len(frames)
    worn = [(frame, times) for frame, times in frames.most_common()
            if times > max(1.0, FRAME_SHARE * counts.stories)
            and len(frame.split()) >= LEAST_FRAME_WORDS]  # fmt: skip
    counts.worn_frames = len(worn)
    counts.rows += [
        EvalRow(story="all", kind="frames", text=frame, reason=f"in {times} of {counts.stories}")
        for frame, times in worn
    ]


async def _played(
    application: Application, row: PlainPremise, way: str, seed: int, counts: PlayCounts
) -> list[str]:
    """One story's scenes, looked over."""
    premise = Premise(theme=row.premise, title=row.id, seed=seed, length=TURNS)
    session = await application.stories.open(premise)
    scenes: list[str] = []
    while len(scenes) < TURNS and not session.state.ended:
        played = await _turn(session, way, begins=not scenes)
        counts.calls += played.calls
        scenes.append(played.scene.text)
        for paragraph in (*played.scene.text.split("\n\n"), *(c.text for c in played.choices)):
            counts.passages += 1
            wrong = blemishes_in(paragraph)
            counts.blemishes += bool(wrong)
            counts.rows += [
                EvalRow(story=row.id, kind="blemishes", text=paragraph, reason=one,
                        turn=len(scenes))
                for one in wrong
            ]  # fmt: skip
    sentences = [s for s in _sentences(scenes) if len(s.split()) >= LEAST_FRAME_WORDS]
    twice = [sentence for sentence, times in Counter(sentences).items() if times > 1]
    counts.stories += 1
    counts.told += len(sentences)
    counts.repeated += len(twice)
    counts.rows += [
        EvalRow(story=row.id, kind="repeated", text=sentence, reason=way) for sentence in twice
    ]
    return scenes


async def _turn(session: Session, way: str, *, begins: bool) -> Any:
    choices = session.state.choices
    if begins:
        return await turn_on(session, Action.begin())
    if way in ("first", "second", "third") or not choices:
        number = min(len(choices), {"first": 1, "second": 2, "third": 3}.get(way, 1))
        action = Action.choose(number) if choices else Action.say("wait")
        return await turn_on(session, action)
    try:
        return await turn_on(session, Action.say(way))
    except MoveRefused:
        return await turn_on(session, Action.choose(1))


def _sentences(scenes: Sequence[str]) -> list[str]:
    return [s.strip(" “”").lower() for scene in scenes for s in sentences_of(scene)]


def _masked(sentence: str, premise: str) -> str:
    """A sentence without what it has from its premise: words of it, and pronouns."""
    own = set(re.findall(r"\w+", premise.lower())) - {"the", "a", "you", "of", "and", "to", "in"}
    words = re.findall(r"[\w’']+", sentence)
    return " ".join("_" if w in own or w in _PRONOUNS else w for w in words)


_PRONOUNS = frozenset("she he they her him them his their".split())
