"""Told scenes and their damaged twins, for ``lab.quality``.

A twin keeps the form of its scene (passages, setting, tone, choices) and is worse in one way. Where
something is drawn, it is drawn from a seed of its own: the same files give the same twins.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.speech import described, quoted
from tta_rebuild.lab.told_file import StandIn, ToldReply, ToldStory
from tta_rebuild.quality.parts import SceneAsked

DAMAGES = {
    "shuffled": "its sentences shuffled",
    "other_story": "another story's scene",
    "last_again": "the last scene again",
    "filler": "generic filler",
    "stock": "stock phrases",
    "salad": "its words shuffled",
}
DRAWS = 5
"""Twins of a scene by a damage that is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldScene:
    """A scene as the player reads it, what it was to fit, and the story's people, id to name."""

    story: str
    turn: int
    passages: tuple[str, ...]
    reply: ToldReply
    asked: SceneAsked
    names: Mapping[str, str]

    @property
    def id(self) -> str:
        """``story/turn``."""
        return f"{self.story}/{self.turn}"

    @property
    def text(self) -> str:
        """The passages as one text."""
        return "\n".join(self.passages)


def scenes_of(story: ToldStory) -> list[ToldScene]:
    """The scenes of a story in order, each with what went before it."""
    found = list[ToldScene]()
    for number, turn in enumerate(story.turns, start=1):
        asked = SceneAsked(
            premise=story.premise,
            cast=[described(person.name, person.description) for person in story.cast],
            known=list(story.rules.values()),
            move=turn.move.text,
            recent=tuple(scene.text for scene in found),
            language=story.language,
        )
        passages = (quoted(p.text) if p.speaker else p.text for p in turn.reply.passages)
        found.append(
            ToldScene(
                story=story.id,
                turn=number,
                passages=tuple(passages),
                reply=turn.reply,
                asked=asked,
                names={person.id: person.name for person in story.cast},
            )
        )
    return found


def twins_of(
    scene: ToldScene, all_scenes: Sequence[ToldScene], stand_ins: Sequence[StandIn]
) -> Iterator[tuple[str, ToldScene]]:
    """Each damage with a twin."""
    chance = random.Random(scene.id)
    language, many = scene.asked.language, len(scene.passages)
    sentences = [one for text in scene.passages for one in sentences_of(text, language)]
    words = " ".join(scene.passages).split()
    for _ in range(DRAWS):
        yield "shuffled", replace(scene, passages=_cut(_shuffled(sentences, chance), many))
        yield "salad", replace(scene, passages=_cut(_shuffled(words, chance), many))
    others = [
        other
        for other in all_scenes
        if other.story != scene.story and other.asked.language == language
    ]
    for other in chance.sample(others, min(DRAWS, len(others))):
        yield "other_story", replace(scene, passages=other.passages, reply=other.reply)
    for other in all_scenes:
        if other.story == scene.story and other.turn == scene.turn - 1:
            yield "last_again", replace(scene, passages=other.passages, reply=other.reply)
    for kind in dict.fromkeys(one.kind for one in stand_ins):
        texts = [one.text for one in stand_ins if one.kind == kind and one.language == language]
        for text in chance.sample(texts, min(DRAWS, len(texts))):
            yield kind, replace(scene, passages=_cut(sentences_of(text, language), many))


def _shuffled(pieces: Sequence[str], chance: random.Random) -> list[str]:
    """In another order, where there is one."""
    shuffled = list(pieces)
    while len(set(pieces)) > 1 and shuffled == list(pieces):
        chance.shuffle(shuffled)
    return shuffled


def _cut(pieces: Sequence[str], many: int) -> tuple[str, ...]:
    """So many passages of about as many pieces each."""
    size = max(1, -(-len(pieces) // many))
    return tuple(" ".join(pieces[at : at + size]) for at in range(0, len(pieces), size))
