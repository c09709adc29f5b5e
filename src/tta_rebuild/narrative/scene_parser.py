"""Reads a scene reply while it is still being written.

``SceneReader`` is fed the pieces of a reply as they arrive and says at once what new prose there
is and which passages are complete; ``finish`` gives the whole. The story generator uses it for
streamed and for whole replies alike, so both are understood the same way.

The reader looks at each character once: it follows the JSON's brackets and strings up to where
the text ends, and decodes only the passage (or the flat ``narrative_text``) that is growing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tta_rebuild.core.story import LINE_CHARS, Choice, Claim, DialogueLine, LastingLine, Passage
from tta_rebuild.narrative import reply_values as read
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
from tta_rebuild.narrative.story_values import (
    DraftRestarted,
    GeneratedStory,
    PassageDrafted,
    ProsePiece,
    StoryItem,
)

MOST_BRANCHES, MOST_LINES = 12, 60
LONGEST_CHOICE_KEPT = 300
"""Longer than any that may be offered, so that it is left out with the reason."""

LONGEST_REPLY = 120_000
"""Characters of a reply that are read; what comes after them is ignored."""

BROKE_OFF = "the reply broke off"
MALFORMED = "the reply is malformed"
TOO_LONG = "the scene was far too long: it is told as far as one scene goes"
REFUSED = "the model refused to tell this scene"
ONLY_THOUGHT = "the model thought aloud and never came to the story"
ANEW = DraftRestarted("the model was only thinking aloud")


class SceneReader:
    """Reads one reply. Feed it, then ``finish`` it once."""

    def __init__(self) -> None:
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

    def feed(self, piece: str) -> Iterator[StoryItem]:
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
        while len(self._complete) < min(len(cursor.closed), read.MOST_PASSAGES):
            start, end = cursor.closed[len(self._complete)]
            passage = _passage(loaded(self.text[start:end]) or {})
            room, self._room = self._room, self._room - len(passage.text)
            passage = _fitting(passage, room)
            if not self._complete and _is_refusal(passage):
                passage = replace(passage, text="")
            if passage.text[self._shown :]:
                yield ProsePiece(passage.text[self._shown :], passage.speaker)
            self._shown = 0
            self._complete.append(passage)
            if passage.text.strip():
                yield PassageDrafted(passage)
        if cursor.open_passage >= 0 and len(self._complete) < read.MOST_PASSAGES:
            yield from self._growing_prose(cursor)
        elif cursor.flat_start >= 0 and not cursor.closed:
            yield from self._flat_prose(cursor)

    def _without_thoughts(self) -> Iterator[StoryItem]:
        """Begin behind the last sign that thinking ends, unless the thought is part of a text."""
        searched, self._searched = self._searched, max(0, len(self.text) - 40)
        for last in list(THOUGHT_ENDS.finditer(self.text, searched))[-1:]:
            began = THOUGHT_BEGINS.search(self.text, 0, last.start())
            if began and OBJECT_START.search(self.text, 0, began.start()):
                continue
            if self.has_shown:
                yield ANEW
            self._begin(self.text[last.end() :])

    def _growing_prose(self, cursor: Cursor) -> Iterator[StoryItem]:
        if self._shown >= self._room:
            return
        growing = as_far_as_it_goes(self.text[cursor.open_passage :])
        text, speaker = growing.get("text"), read.word(growing.get("speaker"))
        if not isinstance(text, str) or text.lstrip()[:1] in ("{", "["):
            return  # anything else is read once the passage is complete
        text = within(clean(settled(text), read.LONGEST_PASSAGE), self._room)
        if len(text) > self._shown:
            yield ProsePiece(text[self._shown :], _speaker(speaker))
            self._shown = len(text)

    def _flat_prose(self, cursor: Cursor) -> Iterator[StoryItem]:
        end = cursor.flat_end if cursor.flat_end >= 0 else len(self.text)
        value = as_far_as_it_goes(self.text[cursor.flat_start : end])
        text = clean(settled(value), LONGEST_SCENE) if isinstance(value, str) else ""
        if len(text) > self._flat_shown and text.lstrip()[:1] != "{":
            yield ProsePiece(text[self._flat_shown :])
            self._flat_shown = len(text)

    def finish(self, *, cut: bool = False) -> GeneratedStory:
        """The whole reply as understood, ``cut`` if the provider stopped at its limit.

        ``degraded`` says what of it is missing; it has no passages if a player could read nothing
        in it.
        """
        if is_thinking(self.text):
            return untold(ONLY_THOUGHT)
        cursor = self._cursor
        cursor.follow(self.text)
        if cursor.start < 0:
            return untold(REFUSED if is_refusal(self.text) else "the reply holds no JSON object")
        end = cursor.end if cursor.end >= 0 else len(self.text)
        data = loaded(self.text[cursor.start : end])
        if data is None and end < len(self.text):  # a bracket in a text that is not closed well
            data = loaded(self.text[cursor.start :])
        broken = ""
        if data is None:
            data, broken = _as_far_as_it_goes(self.text[cursor.start :]), MALFORMED
            if len(self.text) >= LONGEST_REPLY:
                broken = TOO_LONG
            elif cut or cursor.end < 0:
                broken = BROKE_OFF
        if not isinstance(data, dict):
            return untold(broken or "the reply is no JSON object")
        return _understood(data, broken, tuple(self._complete))


def _as_far_as_it_goes(text: str) -> Any:
    """The JSON of a broken reply; choices only as far as they are whole."""
    data = as_far_as_it_goes(text)
    if isinstance(data, dict) and "story_branches" in data:
        whole = as_far_as_it_goes(text, cut_strings=False)
        data["story_branches"] = whole.get("story_branches") if isinstance(whole, dict) else []
    return data


def untold(why: str) -> GeneratedStory:
    """A reply that tells nothing; ``REFUSED`` if the model's own no stands in it."""
    return GeneratedStory("", "", [], "", "", [], 0.0, degraded=why)


def _is_refusal(passage: Passage) -> bool:
    return not passage.speaker and is_refusal(passage.text)


def _speaker(given: str) -> str:
    name = " ".join(given.split())
    return "" if name.lower() in ("narrator", "none", "null") else name


def _passage(data: dict[str, Any]) -> Passage:
    return Passage(
        text=read.prose(data.get("text")),
        facts=_claims(data.get("facts")),
        speaker=_speaker(read.word(data.get("speaker"))),
        emotion=read.word(data.get("emotion")),
        declared=True,
    )


def _claims(given: Any) -> tuple[Claim, ...]:
    claims = [
        Claim(
            subject=read.word(one.get("subject")),
            relation=read.word(one.get("relation")),
            value=read.value_word(one.get("value")),
            ends=read.flag(one.get("ends")),
        )
        for one in read.objects(given)
    ]
    return tuple(claim for claim in claims if claim.subject and claim.relation)


def _lines(given: Any) -> list[DialogueLine]:
    told = [
        DialogueLine(
            read.word(one.get("character_id")),
            read.text(one.get("text")),
            read.word(one.get("emotion")),
        )
        for one in read.objects(given, MOST_LINES)
    ]
    return [line for line in told if line.text.strip()]


def _lasting(given: Any) -> tuple[LastingLine, ...]:
    told = [
        LastingLine(
            text=read.text(one.get("text"), LINE_CHARS),
            about=read.words(one.get("about")),
            known_by=read.words(one.get("known_by")),
            weight=min(3, max(1, read.number(one.get("weight")))),
            origin="teller",
        )
        for one in read.objects(given, MOST_BRANCHES, "text")
    ]
    return tuple(line for line in told if line.text.strip())


def _choices(branches: list[dict[str, Any]]) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            text=text[:LONGEST_CHOICE_KEPT],
            consequence=read.text(one.get("consequence")),
            effects=_claims(one.get("effects")),
            affects=read.words(one.get("affects")),
        )
        for one in branches
        if (text := choice_text(read.text(one.get("choice"))))
    )


def _understood(
    data: dict[str, Any], broken: str, complete: tuple[Passage, ...], depth: int = 0
) -> GeneratedStory:
    listed = read.objects(data.get("passages"), read.MOST_PASSAGES, "text")
    notes = data.get("notes")
    passages = tuple(p for one in listed if (p := _passage(one)).text.strip())
    if passages and _is_refusal(passages[0]):
        passages = passages[1:]
        if not passages:
            return untold(REFUSED)
    given = tuple(p for p in complete if p.text.strip())
    if broken:
        passages = _whole_ones(passages, given)
    elif passages[: len(given)] != given:  # such as a list that mixes objects and bare texts
        passages = (*given, *(p for p in passages if p not in given))
    narrative = read.text(data.get("narrative_text"), read.LONGEST_PASSAGE)
    if is_json(narrative) and narrative.lstrip().startswith("{"):
        inner = loaded(narrative)  # a scene in the place of its text
        if isinstance(inner, dict) and not depth:
            return _understood(inner, broken, complete, depth=1)
        narrative = ""
    lines = _lines(data.get("dialogue"))
    spoken = [DialogueLine(p.speaker, p.text, p.emotion) for p in passages if p.speaker]
    if passages:
        narrative = narrative or "\n\n".join(p.text for p in passages if not p.speaker)
    else:
        passages = _flat_passages(up_to_last_sentence(narrative) if broken else narrative, lines)
    if not passages:
        return _nothing_told(data, broken)
    if _is_refusal(passages[0]) and len(passages) == 1:
        return untold(REFUSED)
    fitting = _within_scene(passages)
    if fitting != passages or len(read.listed(data.get("passages"))) > read.MOST_PASSAGES:
        broken = broken or TOO_LONG
    branches = read.objects(data.get("story_branches"), MOST_BRANCHES, "choice")
    return GeneratedStory(
        scene_id=read.word(data.get("scene_id")),
        narrative_text=within(narrative, LONGEST_SCENE),
        dialogue=spoken + [line for line in lines if line not in spoken],
        setting_description=read.text(data.get("setting_description")),
        emotional_tone=read.text(data.get("emotional_tone")),
        story_branches=[
            {"choice": choice, "consequence": read.text(one.get("consequence"))}
            for one in branches
            if (choice := read.text(one.get("choice"))).strip()
        ],
        quality_score=0.0,
        passages=fitting,
        choices=_choices(branches),
        lines=_lasting(data.get("lines")),
        ended_lines=read.numbers(data.get("ended")),
        happened=read.text(data.get("happened")),
        degraded=broken,
        is_ending=read.flag(data.get("is_ending")),
        notes=read.bounded(notes) if isinstance(notes, dict) else {},
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


def _nothing_told(data: dict[str, Any], broken: str) -> GeneratedStory:
    """Why a reply without any prose tells nothing: a refusal under another name, or just that."""
    words = [v for v in data.values() if isinstance(v, str)]
    if any(is_refusal(word) for word in words) or data.keys() & {"refusal", "error"}:
        return untold(REFUSED)
    known = {"passages", "narrative_text"} & data.keys()
    nothing = "the reply tells nothing" if known else ""
    return untold(broken or nothing or "the reply has neither passages nor narrative_text")


def _within_scene(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """As many of the passages as one scene holds, the last one to its last whole sentence."""
    kept: list[Passage] = []
    room = LONGEST_SCENE
    for passage in passages:
        if room > 0:
            kept.append(_fitting(passage, room))
        room -= len(passage.text)
    return tuple(kept)


def _fitting(passage: Passage, room: int) -> Passage:
    text = within(passage.text, room) if room > 0 else ""
    return passage if text == passage.text else replace(passage, text=text, facts=())


def _whole_ones(found: tuple[Passage, ...], given: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """Of a broken reply: the complete passages, and of the next one its complete sentences."""
    if len(found) <= len(given):
        return given
    rest = found[len(given)]
    text = up_to_last_sentence(rest.text)
    if not text:
        return given
    # Its facts are left out: they may speak of what the player does not get to read.
    return (*given, Passage(text=text, speaker=rest.speaker, emotion=rest.emotion))


def joined(first: GeneratedStory, rest: GeneratedStory) -> GeneratedStory:
    """A reply that was cut and the reply that went on from there, as one."""
    added = ("passages", "dialogue", "lines", "ended_lines")
    kept = ("scene_id", "setting_description", "emotional_tone", "happened")
    latest = ("story_branches", "choices", "notes")
    return replace(
        rest,
        narrative_text=f"{first.narrative_text}\n\n{rest.narrative_text}".strip(),
        **{name: getattr(first, name) + getattr(rest, name) for name in added},
        **{name: getattr(first, name) or getattr(rest, name) for name in kept},
        **{name: getattr(rest, name) or getattr(first, name) for name in latest},
    )
