"""A reply that came as plain prose: its paragraphs, and the numbered list at its end as choices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tta_rebuild.core.story import Choice, Passage
from tta_rebuild.narrative import reply_values as read
from tta_rebuild.narrative.story_values import GeneratedStory, untold
from tta_rebuild.quality.score import FALLBACK_QUALITY

SHORTEST_CHOICE, LONGEST_CHOICE = 10, 200
LONGEST_SCENE = 12_000
"""Characters of one scene that are told; about 2,000 words."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*(?=\s|$)")
_LISTED = re.compile(r"^\s*(?:\d{1,2}[.):]|[A-Ea-e][.)]|[-*•])\s+")
_HEADING = re.compile(r"(?i)\W*(?:choices|options|what (?:do|will|would) you do[^.]*)\W*")
_CHATTER = re.compile(r"(?i)\W*(?:sure|certainly|of course|ok(?:ay)?|here(?:['’]s| is| are))\b")
_MARKDOWN = re.compile(r"\*\*|__|^#{1,6}\s+|^-{3,}$|^```\w*$", re.MULTILINE)


GO_ON = Choice(
    text="Go on from here and see what happens next",
    consequence="The story goes on from this moment.",
)


def read_plain(reply: str, why: str, *, cut: bool = False) -> GeneratedStory | None:
    """The scene in a reply without JSON; None where it holds no prose that may be shown.

    ``why`` it is no JSON stands in ``degraded``. An unfinished sentence at the end of a reply that
    was ``cut`` is left out.
    """
    *_, answer = read.THOUGHT_ENDS.split(reply)
    if read.is_thinking(reply) or read.is_json(answer) or read.is_refusal(answer):
        return None
    lines = _MARKDOWN.sub("", read.clean(answer, len(answer))).strip().splitlines()
    listed = len(lines)
    while listed and (_LISTED.match(lines[listed - 1]) or not lines[listed - 1].strip()):
        listed -= 1
    asked = [choice_text(line) for line in lines[listed:] if line.strip()]
    choices: tuple[Choice, ...] = ()
    if listed and len(asked) > 1 and all(len(line) <= LONGEST_CHOICE for line in asked):
        kept = asked[:-1] if cut else asked
        choices = tuple(Choice(text=t) for t in kept if len(t) >= SHORTEST_CHOICE)
        lines = [line for line in lines[:listed] if not _HEADING.fullmatch(line)]
    elif not listed:  # every paragraph has a number
        lines = [_LISTED.sub("", line, count=1) for line in lines]
    prose = "\n".join(lines).strip()
    told = within(prose, LONGEST_SCENE)
    if cut and not choices:
        told = up_to_last_sentence(told)
    is_cut = "" if told == prose else ", to the last whole sentence"
    if not told:
        return None
    return replace(
        untold(f"{why}; its words are shown as they came{is_cut}"),
        narrative_text=reply,
        story_branches=[{"choice": GO_ON.text, "consequence": GO_ON.consequence}],
        quality_score=FALLBACK_QUALITY,
        passages=tuple(Passage(text=part) for part in paragraphs(told)),
        choices=choices or (GO_ON,),
    )


def is_chatter(story: GeneratedStory) -> bool:
    """Whether it only announces a scene."""
    text = " ".join(passage.text for passage in story.passages)
    return len(text.split()) < 25 and bool(_CHATTER.match(text) or text.endswith(":"))


def choice_text(given: str) -> str:
    """A choice on one line, without its number or bullet and without emphasis."""
    line = " ".join(_MARKDOWN.sub("", given).split())
    return _LISTED.sub("", line, count=1)


def within(text: str, limit: int) -> str:
    """The text, or what of it fits a limit, to its last whole sentence (or word, with "…")."""
    if len(text) <= limit:
        return text
    cut = text[:limit]
    return up_to_last_sentence(cut) or f"{cut.rpartition(' ')[0] or cut}…"


def up_to_last_sentence(text: str) -> str:
    """The text up to the end of its last complete sentence, "" if there is none."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]].rstrip() if ends else ""


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a flat text, long ones cut between sentences (or words)."""
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        part = paragraph.strip()
        while len(part) > 600:
            ends = [m.end() for m in _SENTENCE_END.finditer(part, 0, 600)]
            cut = ends[-1] if ends else part.find(" ", 600)
            cut = cut if cut > 0 else len(part)
            yield part[:cut].strip()
            part = part[cut:].strip()
        if part:
            yield part
