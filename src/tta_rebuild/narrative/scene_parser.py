"""Reads a scene reply while it is still being written.

``SceneReader`` is fed the pieces of a reply as they arrive and says at once what new prose there
is and which passages are complete; ``finish`` gives the whole. The story generator uses it for
streamed and for whole replies alike, so both are understood the same way.

The reader looks at each character once: it follows the JSON's brackets and strings up to where
the text ends, and decodes only the passage (or the flat ``narrative_text``) that is growing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from pydantic_core import from_json

from tta_rebuild.core.story import Choice, Claim, DialogueLine, LastingLine, Passage
from tta_rebuild.narrative.json_cursor import Cursor
from tta_rebuild.narrative.scene_shape import (
    LONGEST_PASSAGE,
    MOST_PASSAGES,
    ClaimShape,
    PassageShape,
    SceneShape,
    clean,
)

LONGEST_CHOICE_KEPT = 300
"""Longer than any that may be offered, so that it is left out with the reason."""

LONGEST_REPLY = 120_000
"""Characters of a reply that are read; what comes after them is ignored."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*(?=\s|$)")
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Prose:
    """New text of the passage that is being written; ``speaker`` is "" for prose."""

    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Complete:
    """A passage with nothing more to come."""

    passage: Passage


SceneReading: TypeAlias = Prose | Complete


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneReply:
    """A reply as understood.

    Attributes:
        told: False if there is nothing in it that a player could read.
        broken: "" or, in plain words, what of the reply is missing.
        branches: ``{"choice", "consequence"}`` as given.
        choices: those branches that are fit to be offered (10 to 200 characters).
        lines: lasting lines of the storyteller's own; ``ended_lines``: numbers that it ends.
        happened: one line of what happened.
    """

    told: bool
    broken: str = ""
    scene_id: str = ""
    narrative_text: str = ""
    passages: tuple[Passage, ...] = ()
    dialogue: tuple[DialogueLine, ...] = ()
    setting: str = ""
    tone: str = ""
    branches: tuple[dict[str, str], ...] = ()
    choices: tuple[Choice, ...] = ()
    is_ending: bool = False
    notes: dict[str, Any] = field(default_factory=dict)
    lines: tuple[LastingLine, ...] = ()
    ended_lines: tuple[int, ...] = ()
    happened: str = ""


class SceneReader:
    """Reads one reply. Feed it, then ``finish`` it once."""

    def __init__(self) -> None:
        self.text = ""
        self._cursor = Cursor()
        self._shown = 0  # characters of the growing passage already given out
        self._complete: list[Passage] = []
        self._flat_shown = 0
        self._followed = 0

    @property
    def given(self) -> int:
        """How many passages were given out as complete."""
        return sum(1 for passage in self._complete if passage.text.strip())

    @property
    def has_shown(self) -> bool:
        """True once any prose was given out."""
        return bool(self._complete or self._shown or self._flat_shown)

    def feed(self, piece: str) -> Iterator[SceneReading]:
        """What the piece brings: growing prose, then completed passages, in order."""
        room = LONGEST_REPLY - len(self.text)
        if room <= 0 or not piece:
            return
        self.text += piece[:room]
        cursor = self._cursor
        # What is still open is looked at again with each piece, so for something that grows
        # absurdly long only once it has grown by a part: the whole stays linear.
        if (len(self.text) - self._followed) * 32 < len(self.text) - cursor.at - 16_000:
            return
        self._followed = len(self.text)
        cursor.follow(self.text)
        while len(self._complete) < min(len(cursor.closed), MOST_PASSAGES):
            start, end = cursor.closed[len(self._complete)]
            passage = _passage(_loaded(self.text[start:end]))
            if passage.text[self._shown :]:
                yield Prose(passage.text[self._shown :], passage.speaker)
            self._shown = 0
            self._complete.append(passage)
            if passage.text.strip():
                yield Complete(passage)
        if cursor.open_passage >= 0 and len(self._complete) < MOST_PASSAGES:
            yield from self._growing_prose(cursor)
        elif cursor.flat_start >= 0 and not cursor.closed:
            yield from self._flat_prose(cursor)

    def _growing_prose(self, cursor: Cursor) -> Iterator[SceneReading]:
        if self._shown >= LONGEST_PASSAGE:
            return
        growing = _partial(self.text[cursor.open_passage :])
        text, speaker = growing.get("text"), growing.get("speaker")
        if not isinstance(text, str):
            return  # anything else is read once the passage is complete
        text = clean(text, LONGEST_PASSAGE)
        if len(text) > self._shown:
            yield Prose(text[self._shown :], _speaker(speaker) if isinstance(speaker, str) else "")
            self._shown = len(text)

    def _flat_prose(self, cursor: Cursor) -> Iterator[SceneReading]:
        end = cursor.flat_end if cursor.flat_end >= 0 else len(self.text)
        value = _partial(self.text[cursor.flat_start : end])
        text = clean(value, LONGEST_REPLY) if isinstance(value, str) else ""
        if len(text) > self._flat_shown:
            yield Prose(text[self._flat_shown :])
            self._flat_shown = len(text)

    def finish(self, *, cut: bool = False) -> SceneReply:
        """The whole reply as understood.

        Args:
            cut: the provider said that it stopped at its limit.
        """
        cursor = self._cursor
        cursor.follow(self.text)
        if cursor.start < 0:
            return SceneReply(told=False, broken="the reply holds no JSON object")
        whole = self.text[cursor.start : cursor.end if cursor.end >= 0 else len(self.text)]
        data = _loaded(whole)
        broken = ""
        if data is None:
            data = _partial(whole)
            broken = "the reply broke off" if cut or cursor.end < 0 else "the reply is malformed"
        if not isinstance(data, dict):
            return SceneReply(told=False, broken=broken or "the reply is no JSON object")
        shape = SceneShape.model_validate(data)
        reply = _understood(shape, broken, tuple(self._complete))
        if not reply.told and not broken:
            return _untold("the reply has neither passages nor narrative_text")
        return reply


def read_scene(text: str, *, cut: bool = False) -> SceneReply:
    """A whole reply, as ``SceneReader`` understands it."""
    reader = SceneReader()
    for _ in reader.feed(text):
        pass
    return reader.finish(cut=cut)


def _untold(why: str) -> SceneReply:
    return SceneReply(told=False, broken=why)


def _loaded(text: str) -> Any:
    """The JSON value, None if there is none; common slips of models are mended."""
    try:
        return from_json(text)
    except ValueError:
        pass
    try:
        mended = _TRAILING_COMMA.sub(lambda m: m.group(1) or "", text)
        return json.loads(mended, strict=False, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return None


def _partial(text: str) -> Any:
    """What can be read of JSON that breaks off; an unfinished string is kept as it is."""
    try:
        return from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return {}


def _claim(shape: ClaimShape) -> Claim | None:
    if not (shape.subject and shape.relation):
        return None
    return Claim(subject=shape.subject, relation=shape.relation, value=shape.value, ends=shape.ends)


def _claims(shapes: list[ClaimShape]) -> tuple[Claim, ...]:
    return tuple(claim for shape in shapes if (claim := _claim(shape)))


def _passage(data: Any) -> Passage:
    shape = PassageShape.model_validate(data if isinstance(data, dict) else {})
    return _as_passage(shape)


def _speaker(given: str) -> str:
    name = " ".join(given.split())
    return "" if name.lower() in ("narrator", "none", "null") else name


def _as_passage(shape: PassageShape) -> Passage:
    return Passage(
        text=shape.text,
        facts=_claims(shape.facts),
        speaker=_speaker(shape.speaker),
        emotion=shape.emotion,
        declared=True,
    )


def _understood(shape: SceneShape, broken: str, complete: tuple[Passage, ...]) -> SceneReply:
    passages = tuple(p for s in shape.passages if (p := _as_passage(s)).text.strip())
    given = tuple(p for p in complete if p.text.strip())
    if broken:
        passages = _whole_ones(passages, given)
    elif passages[: len(given)] != given:  # such as a list that mixes objects and bare texts
        passages = (*given, *(p for p in passages if p not in given))
    narrative = shape.narrative_text
    lines = [
        DialogueLine(line.character_id, line.text, line.emotion)
        for line in shape.dialogue
        if line.text.strip()
    ]
    spoken = [DialogueLine(p.speaker, p.text, p.emotion) for p in passages if p.speaker]
    if passages:
        narrative = narrative or "\n\n".join(p.text for p in passages if not p.speaker)
    else:
        if broken:
            narrative = up_to_last_sentence(narrative)
        passages = (
            *(Passage(text=part) for part in paragraphs(narrative)),
            *(
                Passage(text=line.text, speaker=line.character_id, emotion=line.emotion)
                for line in lines
                if line.text not in narrative
            ),
        )
    if not passages:
        return _untold(broken or "the reply tells nothing")
    dialogue = spoken + [line for line in lines if line not in spoken]
    return SceneReply(
        told=True,
        broken=broken,
        scene_id=shape.scene_id,
        narrative_text=narrative,
        passages=passages,
        dialogue=tuple(dialogue),
        setting=shape.setting_description,
        tone=shape.emotional_tone,
        branches=tuple(
            {"choice": b.choice, "consequence": b.consequence}
            for b in shape.story_branches
            if b.choice.strip()
        ),
        choices=tuple(
            Choice(
                text=text[:LONGEST_CHOICE_KEPT],
                consequence=b.consequence,
                effects=_claims(b.effects),
                affects=tuple(b.affects),
            )
            for b in shape.story_branches
            if (text := " ".join(b.choice.split()))
        ),
        is_ending=shape.is_ending,
        notes=shape.notes,
        lines=tuple(
            LastingLine(
                text=line.text,
                about=tuple(line.about),
                known_by=tuple(line.known_by),
                weight=min(3, max(1, line.weight)),
                origin="teller",
            )
            for line in shape.lines
            if line.text.strip()
        ),
        ended_lines=tuple(shape.ended),
        happened=shape.happened,
    )


def _whole_ones(read: tuple[Passage, ...], given: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """Of a broken reply: the complete passages, and of the next one its complete sentences."""
    if len(read) <= len(given):
        return given
    rest = read[len(given)]
    text = up_to_last_sentence(rest.text)
    if not text:
        return given
    # Its facts are left out: they may speak of what the player does not get to read.
    return (*given, Passage(text=text, speaker=rest.speaker, emotion=rest.emotion))


def joined(first: SceneReply, rest: SceneReply) -> SceneReply:
    """A reply that was cut and the reply that went on from there, as one."""
    return replace(
        rest,
        scene_id=first.scene_id or rest.scene_id,
        narrative_text=f"{first.narrative_text}\n\n{rest.narrative_text}".strip(),
        passages=first.passages + rest.passages,
        dialogue=first.dialogue + rest.dialogue,
        setting=first.setting or rest.setting,
        tone=first.tone or rest.tone,
        branches=rest.branches or first.branches,
        choices=rest.choices or first.choices,
        notes=rest.notes or first.notes,
        lines=first.lines + rest.lines,
        ended_lines=first.ended_lines + rest.ended_lines,
        happened=first.happened or rest.happened,
    )


def up_to_last_sentence(text: str) -> str:
    """The text up to the end of its last complete sentence, "" if there is none."""
    last = 0
    for match in _SENTENCE_END.finditer(text):
        last = match.end()
    return text[:last].rstrip()


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a flat text, long ones cut between sentences."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        part = paragraph.strip()
        while len(part) > 600:
            ends = [m.end() for m in _SENTENCE_END.finditer(part, 0, 600)]
            cut = ends[-1] if ends else min(len(part), LONGEST_PASSAGE)
            yield part[:cut].strip()
            part = part[cut:].strip()
        if part:
            yield part
