"""Reads a scene reply while it is still being written.

``SceneReader`` is fed the pieces of a reply as they arrive and says at once what new prose there
is and which passages are complete; ``finish`` gives the whole. The story generator uses it for
streamed and for whole replies alike, so both are understood the same way.

The reader looks at each character once: it follows the JSON's brackets and strings up to where
the text ends, and decodes only the passage (or the flat ``narrative_text``) that is growing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from tta_rebuild.core.story import Choice, Claim, DialogueLine, LastingLine, Passage
from tta_rebuild.narrative.json_cursor import OBJECT_START, Cursor
from tta_rebuild.narrative.json_mending import as_far_as_it_goes, loaded
from tta_rebuild.narrative.plain_reply import (
    LONGEST_SCENE,
    choice_text,
    paragraphs,
    up_to_last_sentence,
    within,
)
from tta_rebuild.narrative.reply_text import (
    THOUGHT_BEGINS,
    THOUGHT_ENDS,
    clean,
    is_json,
    is_refusal,
    is_thinking,
    settled,
)
from tta_rebuild.narrative.scene_shape import (
    LONGEST_PASSAGE,
    MOST_PASSAGES,
    ClaimShape,
    PassageShape,
    SceneShape,
)

LONGEST_CHOICE_KEPT = 300
"""Longer than any that may be offered, so that it is left out with the reason."""

LONGEST_REPLY = 120_000
"""Characters of a reply that are read; what comes after them is ignored."""

BROKE_OFF = "the reply broke off"
MALFORMED = "the reply is malformed"
TOO_LONG = "the scene was far too long: it is told as far as one scene goes"
REFUSED = "the model refused to tell this scene"
ONLY_THOUGHT = "the model thought aloud and never came to the story"


@dataclass(frozen=True, slots=True)
class Prose:
    """New text of the passage that is being written; ``speaker`` is "" for prose."""

    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class Complete:
    """A passage with nothing more to come."""

    passage: Passage


@dataclass(frozen=True, slots=True)
class Anew:
    """What was read so far was thinking aloud: forget it."""


SceneReading: TypeAlias = Prose | Complete | Anew


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneReply:
    """A reply as understood.

    Attributes:
        told: False if there is nothing in it that a player could read.
        broken: "" or, in plain words, what of the reply is missing.
        branches: ``{"choice", "consequence"}`` as given.
        choices: those branches that say something; what is too long or too short to be offered is
            left out later, with the reason.
        lines: lasting lines of the storyteller's own; ``ended_lines``: numbers that it ends.
        happened: one line of what happened.
        refused: the model's own no stands where the scene should be.
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
    refused: bool = False


class SceneReader:
    """Reads one reply. Feed it, then ``finish`` it once."""

    def __init__(self) -> None:
        self.text = ""
        self._begin("")

    def _begin(self, text: str) -> None:
        self.text = text
        self._cursor = Cursor()
        self._shown = 0  # characters of the growing passage already given out
        self._complete: list[Passage] = []
        self._room = LONGEST_SCENE
        self._flat_shown = 0
        self._followed = 0
        self._searched = 0

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
        # What is still open is looked at again with each piece, so for something that grows
        # absurdly long only once it has grown by a part: the whole stays linear.
        if (len(self.text) - self._followed) * 32 < len(self.text) - self._cursor.at - 16_000:
            return
        yield from self._without_thoughts()
        if is_thinking(self.text[:4_000]):
            return
        self._followed = len(self.text)
        cursor = self._cursor
        cursor.follow(self.text)
        while len(self._complete) < min(len(cursor.closed), MOST_PASSAGES):
            start, end = cursor.closed[len(self._complete)]
            passage = self._fitting(_passage(loaded(self.text[start:end])))
            if not self._complete and _is_refusal(passage):
                passage = replace(passage, text="")
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

    def _without_thoughts(self) -> Iterator[Anew]:
        """Begin behind the last sign that thinking ends, unless the thought is part of a text."""
        searched, self._searched = self._searched, max(0, len(self.text) - 40)
        for last in list(THOUGHT_ENDS.finditer(self.text, searched))[-1:]:
            began = THOUGHT_BEGINS.search(self.text, 0, last.start())
            if began and OBJECT_START.search(self.text, 0, began.start()):
                continue
            if self.has_shown:
                yield Anew()
            self._begin(self.text[last.end() :])

    def _fitting(self, passage: Passage) -> Passage:
        text = within(passage.text, self._room) if self._room > 0 else ""
        self._room -= len(passage.text)
        return passage if text == passage.text else replace(passage, text=text, facts=())

    def _growing_prose(self, cursor: Cursor) -> Iterator[SceneReading]:
        if self._shown >= self._room:
            return
        growing = as_far_as_it_goes(self.text[cursor.open_passage :])
        text, speaker = growing.get("text"), growing.get("speaker")
        if not isinstance(text, str) or text.lstrip()[:1] in ("{", "["):
            return  # anything else is read once the passage is complete
        text = within(clean(settled(text), LONGEST_PASSAGE), self._room)
        if len(text) > self._shown:
            yield Prose(text[self._shown :], _speaker(speaker) if isinstance(speaker, str) else "")
            self._shown = len(text)

    def _flat_prose(self, cursor: Cursor) -> Iterator[SceneReading]:
        end = cursor.flat_end if cursor.flat_end >= 0 else len(self.text)
        value = as_far_as_it_goes(self.text[cursor.flat_start : end])
        text = clean(settled(value), LONGEST_SCENE) if isinstance(value, str) else ""
        if len(text) > self._flat_shown and text.lstrip()[:1] != "{":
            yield Prose(text[self._flat_shown :])
            self._flat_shown = len(text)

    def finish(self, *, cut: bool = False) -> SceneReply:
        """The whole reply as understood.

        Args:
            cut: the provider said that it stopped at its limit.
        """
        if is_thinking(self.text):
            return _untold(ONLY_THOUGHT)
        cursor = self._cursor
        cursor.follow(self.text)
        if cursor.start < 0:
            if is_refusal(self.text):
                return replace(_untold(REFUSED), refused=True)
            return _untold("the reply holds no JSON object")
        end = cursor.end if cursor.end >= 0 else len(self.text)
        data = loaded(self.text[cursor.start : end])
        if data is None and end < len(self.text):  # a bracket in a text that is not closed well
            data = loaded(self.text[cursor.start :])
        broken = ""
        if data is None:
            data, broken = _as_far_as_it_goes(self.text[cursor.start :])
            if len(self.text) >= LONGEST_REPLY:
                broken = TOO_LONG
            elif cut or cursor.end < 0:
                broken = BROKE_OFF
        if not isinstance(data, dict):
            return _untold(broken or "the reply is no JSON object")
        return _understood(data, broken, tuple(self._complete))


def _as_far_as_it_goes(text: str) -> tuple[Any, str]:
    """The JSON of a broken reply; choices only as far as they are whole."""
    data = as_far_as_it_goes(text)
    if isinstance(data, dict) and "story_branches" in data:
        whole = as_far_as_it_goes(text, cut_strings=False)
        data["story_branches"] = whole.get("story_branches") if isinstance(whole, dict) else []
    return data, MALFORMED


def read_scene(text: str, *, cut: bool = False) -> SceneReply:
    """A whole reply, as ``SceneReader`` understands it."""
    reader = SceneReader()
    for _ in reader.feed(text):
        pass
    return reader.finish(cut=cut)


def _untold(why: str) -> SceneReply:
    return SceneReply(told=False, broken=why)


def _claim(shape: ClaimShape) -> Claim | None:
    if not (shape.subject and shape.relation):
        return None
    return Claim(subject=shape.subject, relation=shape.relation, value=shape.value, ends=shape.ends)


def _claims(shapes: list[ClaimShape]) -> tuple[Claim, ...]:
    return tuple(claim for shape in shapes if (claim := _claim(shape)))


def _passage(data: Any) -> Passage:
    shape = PassageShape.model_validate(data if isinstance(data, dict) else {})
    return _as_passage(shape)


def _is_refusal(passage: Passage) -> bool:
    return not passage.speaker and is_refusal(passage.text)


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


def _understood(
    data: dict[str, Any], broken: str, complete: tuple[Passage, ...], depth: int = 0
) -> SceneReply:
    shape = SceneShape.model_validate(data)
    passages = tuple(p for s in shape.passages if (p := _as_passage(s)).text.strip())
    if passages and _is_refusal(passages[0]):
        passages = passages[1:]
        if not passages:
            return replace(_untold(REFUSED), refused=True)
    given = tuple(p for p in complete if p.text.strip())
    if broken:
        passages = _whole_ones(passages, given)
    elif passages[: len(given)] != given:  # such as a list that mixes objects and bare texts
        passages = (*given, *(p for p in passages if p not in given))
    narrative = shape.narrative_text
    if is_json(narrative) and narrative.lstrip().startswith("{"):
        inner = loaded(narrative)  # a scene in the place of its text
        if isinstance(inner, dict) and not depth:
            return _understood(inner, broken, complete, depth=1)
        narrative = ""
    lines = [
        DialogueLine(line.character_id, line.text, line.emotion)
        for line in shape.dialogue
        if line.text.strip()
    ]
    spoken = [DialogueLine(p.speaker, p.text, p.emotion) for p in passages if p.speaker]
    if passages:
        narrative = narrative or "\n\n".join(p.text for p in passages if not p.speaker)
    else:
        passages = _flat_passages(up_to_last_sentence(narrative) if broken else narrative, lines)
    if not passages:
        return _nothing_told(data, broken)
    if _is_refusal(passages[0]) and len(passages) == 1:
        return replace(_untold(REFUSED), refused=True)
    fitting = _within_scene(passages)
    if fitting != passages or _listed_passages(data) > MOST_PASSAGES:
        broken = broken or TOO_LONG
    return SceneReply(
        told=True,
        broken=broken,
        scene_id=shape.scene_id,
        narrative_text=within(narrative, LONGEST_SCENE),
        passages=fitting,
        dialogue=tuple(spoken + [line for line in lines if line not in spoken]),
        setting=shape.setting_description,
        tone=shape.emotional_tone,
        branches=tuple(
            {"choice": b.choice, "consequence": b.consequence}
            for b in shape.story_branches
            if b.choice.strip()
        ),
        choices=_choices(shape),
        is_ending=shape.is_ending,
        notes=shape.notes,
        lines=_lasting(shape),
        ended_lines=tuple(shape.ended),
        happened=shape.happened,
    )


def _lasting(shape: SceneShape) -> tuple[LastingLine, ...]:
    return tuple(
        LastingLine(
            text=line.text,
            about=tuple(line.about),
            known_by=tuple(line.known_by),
            weight=min(3, max(1, line.weight)),
            origin="teller",
        )
        for line in shape.lines
        if line.text.strip()
    )


def _flat_passages(narrative: str, lines: list[DialogueLine]) -> tuple[Passage, ...]:
    return (
        *(Passage(text=part) for part in paragraphs(narrative)),
        *(
            Passage(text=line.text, speaker=line.character_id, emotion=line.emotion)
            for line in lines
            if line.text not in narrative
        ),
    )


def _nothing_told(data: dict[str, Any], broken: str) -> SceneReply:
    """Why a reply without any prose tells nothing: a refusal under another name, or just that."""
    words = [v for v in data.values() if isinstance(v, str)]
    if any(is_refusal(word) for word in words) or data.keys() & {"refusal", "error"}:
        return replace(_untold(REFUSED), refused=True)
    known = {"passages", "narrative_text"} & data.keys()
    nothing = "the reply tells nothing" if known else ""
    return _untold(broken or nothing or "the reply has neither passages nor narrative_text")


def _listed_passages(data: dict[str, Any]) -> int:
    listed = data.get("passages")
    return len(listed) if isinstance(listed, list) else 0


def _within_scene(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """As many of the passages as one scene holds, the last one to its last whole sentence."""
    kept: list[Passage] = []
    room = LONGEST_SCENE
    for passage in passages:
        if room <= 0:
            break
        text = within(passage.text, room)
        kept.append(passage if text == passage.text else replace(passage, text=text, facts=()))
        room -= len(passage.text)
    return tuple(kept)


def _choices(shape: SceneShape) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            text=text[:LONGEST_CHOICE_KEPT],
            consequence=b.consequence,
            effects=_claims(b.effects),
            affects=tuple(b.affects),
        )
        for b in shape.story_branches
        if (text := choice_text(b.choice))
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
