"""Reads a scene reply while it is still being written, and one that came as plain prose.

Only the passage that is growing is decoded, so each character is looked at a few times at most.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import Any

from tta_rebuild.core.story import Choice, Claim, DialogueLine, LastingLine, Passage
from tta_rebuild.narrative.story_values import (
    DraftRestarted,
    GeneratedStory,
    StoryItem,
    untold,
)
from tta_rebuild.prompts import reply_values as read
from tta_rebuild.prompts.json_mending import OBJECT, as_far_as_it_goes, is_open, object_at
from tta_rebuild.quality.score import FALLBACK_QUALITY

MOST_BRANCHES, MOST_LINES, LONGEST_REPLY = 12, 60, 120_000
LONGEST_CHOICE_KEPT = 300
"""Longer than any that may be offered, so that it is left out with the reason."""

BROKE_OFF = "the reply broke off"
MALFORMED = "the reply is malformed"
TOO_LONG = "the scene was far too long: it is told as far as one scene goes"
REFUSED = "the model refused to tell this scene"
ONLY_THOUGHT = "the model thought aloud and never came to the story"
ANEW = DraftRestarted("the model was only thinking aloud")

GO_ON = Choice(
    text="Go on from here and see what happens next",
    consequence="The story goes on from this moment.",
)
_HEADING = re.compile(r"(?i)\W*(?:choices|options|what (?:do|will|would) you do[^.]*)\W*")
_CHATTER = re.compile(r"(?i)\W*(?:sure|certainly|of course|ok(?:ay)?|here(?:['’]s| is| are))\b")
_PASSAGES = re.compile(r'"passages"\s*:\s*\[')
_NEXT = re.compile(r"[\s,]*\{")


class SceneReader:
    """Reads one reply. Feed it, then ``finish`` it once."""

    def __init__(self) -> None:
        self._begin("")

    def _begin(self, text: str) -> None:
        self.text = text
        self.given: list[Passage] = []  # as complete
        self._at = 0  # where the next passage begins
        self._room = read.LONGEST_SCENE
        self._seen = 0

    def feed(self, piece: str) -> Iterator[StoryItem]:
        """The passages that the piece completes, in order."""
        before = len(self.text)
        self.text += piece[: LONGEST_REPLY - before]
        # What is still open is looked at again with each piece, so for something that grows
        # absurdly long only once it has grown by a part: the whole stays linear.
        grown, open_now = len(self.text) - self._seen, len(self.text) - self._at
        if len(self.text) == before or grown * 32 < open_now - 16_000:
            return
        yield from self._without_thoughts()
        if read.is_thinking(self.text[:4_000]):
            return
        seen, self._seen = self._seen, len(self.text)
        if not self._at and (begun := _PASSAGES.search(self.text)):
            self._at = begun.end()
        while self._at and (begun := _NEXT.match(self.text, self._at)):
            if len(self.given) == read.MOST_PASSAGES:
                return
            start = begun.end() - 1
            may_end = self.text.find("}", max(seen, start)) >= 0
            found = object_at(self.text, start) if may_end else None
            if found is None:
                return
            self._at = found[1]
            yield from self._completed(_passage(found[0]))

    def _completed(self, passage: Passage) -> Iterator[StoryItem]:
        room, self._room = self._room, self._room - len(passage.text)
        passage = _fitting(passage, room)
        if not self.given and _is_refusal(passage):
            passage = replace(passage, text="")
        if passage.text.strip():
            self.given.append(passage)
            yield passage

    def _without_thoughts(self) -> Iterator[StoryItem]:
        """Begin behind the last sign that thinking ends, unless the thought is part of a text."""
        for last in list(read.THOUGHT_ENDS.finditer(self.text, max(0, self._seen - 40)))[-1:]:
            began = read.THOUGHT_BEGINS.search(self.text, 0, last.start())
            if began and OBJECT.search(self.text, 0, began.start()):
                continue
            if self.given:
                yield ANEW
            self._begin(self.text[last.end() :])

    def finish(self, *, cut: bool = False) -> GeneratedStory:
        """The whole reply as understood, ``cut`` if the provider stopped at its limit.

        It has no passages if a player could read nothing in it.
        """
        if read.is_thinking(self.text):
            return untold(ONLY_THOUGHT)
        begun = OBJECT.search(self.text)
        if begun is None:
            refused = read.is_refusal(self.text)
            return untold(REFUSED if refused else "the reply holds no JSON object")
        given = tuple(self.given)
        if found := object_at(self.text, begun.start()):
            return _understood(found[0], "", given)
        text = self.text[begun.start() :]
        broken = BROKE_OFF if cut or is_open(text) else MALFORMED
        data = as_far_as_it_goes(text)
        if "story_branches" in data:  # no choice is told that may have been cut
            whole = as_far_as_it_goes(text, cut_strings=False)
            data["story_branches"] = whole.get("story_branches")
        return _understood(data, TOO_LONG if len(self.text) >= LONGEST_REPLY else broken, given)


def _is_refusal(passage: Passage) -> bool:
    return not passage.speaker and read.is_refusal(passage.text)


def _speaker(given: Any) -> str:
    name = read.word(given)
    return "" if name.lower() in ("narrator", "none", "null") else name


def _claims(given: Any) -> tuple[Claim, ...]:
    claims = (Claim(**_read(_CLAIM, one)) for one in read.objects(given))
    return tuple(claim for claim in claims if claim.subject and claim.relation)


def _lasting(given: Any) -> tuple[LastingLine, ...]:
    lines = (read.lasting_line(one, "teller") for one in read.objects(given, MOST_BRANCHES, "text"))
    return tuple(line for line in lines if line.text)


_Shape = dict[str, Callable[[Any], Any]]
"""Key of a reply and field of the value → what is taken from what stands there."""
_CLAIM: _Shape = {
    "subject": read.word,
    "relation": read.word,
    "value": read.value_word,
    "ends": read.flag,
}
_LINE: _Shape = {"character_id": read.word, "text": read.text, "emotion": read.word}
_CHOICE: _Shape = {"consequence": read.text, "effects": _claims, "affects": read.words}
_PASSAGE: _Shape = {"text": read.prose, "facts": _claims, "speaker": _speaker, "emotion": read.word}
_SCENE: _Shape = {
    "scene_id": read.word,
    "setting_description": read.text,
    "emotional_tone": read.text,
    "lines": _lasting,
    "happened": read.text,
    "is_ending": read.flag,
    "notes": lambda given: read.bounded(given) if isinstance(given, dict) else {},
}


def _read(shape: _Shape, data: dict[str, Any]) -> dict[str, Any]:
    return {name: taken(data.get(name)) for name, taken in shape.items()}


def _passage(data: dict[str, Any]) -> Passage:
    return Passage(**_read(_PASSAGE, data), declared=True)


def _understood(
    data: dict[str, Any], broken: str, given: tuple[Passage, ...], *, is_inner: bool = False
) -> GeneratedStory:
    listed = read.listed(data.get("passages"))
    told = read.objects(listed, read.MOST_PASSAGES, "text")
    passages = tuple(p for one in told if (p := _passage(one)).text.strip())
    if passages and _is_refusal(passages[0]):
        passages = passages[1:]
    rest = passages[len(given) :]
    if broken:  # what is left of a passage that broke off; its facts may speak of what is not
        ends = ((p, read.up_to_last_sentence(p.text)) for p in rest[:1])
        rest = tuple(replace(p, text=text, facts=(), declared=False) for p, text in ends if text)
    passages = given + rest
    narrative = read.text(data.get("narrative_text"), read.LONGEST_PASSAGE)
    if read.is_json(narrative) and narrative.lstrip().startswith("{"):
        inner = object_at(narrative.lstrip())  # a scene in the place of its text
        if inner and not is_inner:
            return _understood(inner[0], broken, given, is_inner=True)
        narrative = ""
    told = read.objects(data.get("dialogue"), MOST_LINES)
    lines = [line for one in told if (line := DialogueLine(**_read(_LINE, one))).text.strip()]
    spoken = [DialogueLine(p.speaker, p.text, p.emotion) for p in passages if p.speaker]
    if passages:
        narrative = narrative or "\n\n".join(p.text for p in passages if not p.speaker)
    else:
        told_whole = read.up_to_last_sentence(narrative) if broken else narrative
        passages = _flat_passages(told_whole, lines)
    if not passages or (len(passages) == 1 and _is_refusal(passages[0])):
        return untold(_why_nothing(data, broken))
    fitting = _within_scene(passages)
    if fitting != passages or len(listed) > read.MOST_PASSAGES:
        broken = broken or TOO_LONG
    branches = read.objects(data.get("story_branches"), MOST_BRANCHES, "choice")
    return GeneratedStory(
        narrative_text=read.within(narrative, read.LONGEST_SCENE),
        dialogue=spoken + [line for line in lines if line not in spoken],
        story_branches=[
            {"choice": choice, "consequence": read.text(one.get("consequence"))}
            for one in branches
            if (choice := read.text(one.get("choice"))).strip()
        ],
        quality_score=0.0,
        passages=fitting,
        choices=tuple(
            Choice(text=text[:LONGEST_CHOICE_KEPT], **_read(_CHOICE, one))
            for one in branches
            if (text := read.choice_text(read.text(one.get("choice"))))
        ),
        ended_lines=read.numbers(data.get("ended")),
        degraded=broken,
        **_read(_SCENE, data),
    )


def _flat_passages(narrative: str, lines: list[DialogueLine]) -> tuple[Passage, ...]:
    unsaid = [line for line in lines if line.text not in narrative]
    return (
        *(Passage(text=part) for part in read.paragraphs(narrative)),
        *(Passage(text=li.text, speaker=li.character_id, emotion=li.emotion) for li in unsaid),
    )


def _why_nothing(data: dict[str, Any], broken: str) -> str:
    """Why a reply without any prose tells nothing: a refusal under another name, or just that."""
    said = map(read.text, (*data.values(), *read.listed(data.get("passages"))))
    if any(map(read.is_refusal, said)) or data.keys() & {"refusal", "error"}:
        return REFUSED
    if broken or data.keys() & {"passages", "narrative_text"}:
        return broken or "the reply tells nothing"
    return "the reply has neither passages nor narrative_text"


def _within_scene(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """As many of the passages as one scene holds, the last one to its last whole sentence."""
    lengths = (len(passage.text) for passage in passages)
    rooms = accumulate(lengths, operator.sub, initial=read.LONGEST_SCENE)
    fitting = zip(passages, rooms, strict=False)
    return tuple(_fitting(passage, room) for passage, room in fitting if room > 0)


def _fitting(passage: Passage, room: int) -> Passage:
    text = read.within(passage.text, room) if room > 0 else ""
    return passage if text == passage.text else replace(passage, text=text, facts=())


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


def read_plain(reply: str, why: str, *, cut: bool = False) -> GeneratedStory | None:
    """The scene in a reply without JSON, and ``why`` it has none; None: no prose may be shown.

    An unfinished sentence at the end of a reply that was ``cut`` is left out.
    """
    *_, answer = read.THOUGHT_ENDS.split(reply)
    if read.is_thinking(reply) or read.is_json(answer) or read.is_refusal(answer):
        return None
    lines = read.MARKDOWN.sub("", read.clean(answer, len(answer))).strip().splitlines()
    listed = len(lines)
    while listed and (read.LISTED.match(lines[listed - 1]) or not lines[listed - 1].strip()):
        listed -= 1
    asked = [read.choice_text(line) for line in lines[listed:] if line.strip()]
    choices: tuple[Choice, ...] = ()
    if listed and len(asked) > 1 and all(len(line) <= read.LONGEST_CHOICE for line in asked):
        kept = asked[:-1] if cut else asked
        choices = tuple(Choice(text=t) for t in kept if len(t) >= read.SHORTEST_CHOICE)
        lines = [line for line in lines[:listed] if not _HEADING.fullmatch(line)]
    elif not listed:  # every paragraph has a number
        lines = [read.LISTED.sub("", line, count=1) for line in lines]
    prose = "\n".join(lines).strip()
    told = read.within(prose, read.LONGEST_SCENE)
    if cut and not choices:
        told = read.up_to_last_sentence(told)
    is_cut = "" if told == prose else ", to the last whole sentence"
    if not told:
        return None
    return replace(
        untold(f"{why}; its words are shown as they came{is_cut}"),
        narrative_text=reply,
        story_branches=[{"choice": GO_ON.text, "consequence": GO_ON.consequence}],
        quality_score=FALLBACK_QUALITY,
        passages=tuple(Passage(text=part) for part in read.paragraphs(told)),
        choices=choices or (GO_ON,),
    )


def is_chatter(story: GeneratedStory) -> bool:
    """Whether it only announces a scene."""
    text = " ".join(passage.text for passage in story.passages)
    return len(text.split()) < 25 and bool(_CHATTER.match(text) or text.endswith(":"))
