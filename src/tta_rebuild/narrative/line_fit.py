"""How well a line fits whoever says it: profile, state and knowledge, each with its reason.

Called by ``character_state`` for every answer, by the engine for what somebody says aside, and by
the evaluation of voices. No model is asked.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tta_rebuild.core.story import NO_VOICE, Voice
from tta_rebuild.narrative import character_rules as rules
from tta_rebuild.narrative.voice_style import Everybody, manner_of, words_said

LEAST_LINES = 1
"""Lines of somebody from which on their manner of speaking is judged."""

ADDRESSES_THEMSELF, NAMES_THEMSELF = -3.4, 1.5
NOT_THERE, WAS_ADDRESSED = -1.2, 2.2
"""Log-odds, counted in the dialogue of ``voice_style``; of the first two 15 to 473, 161 to 34."""

CANNOT_KNOW, UNBIDDEN = -3.0, -3.0
NEVER_SAID, LIKES_TO_SAY, OTHER_LENGTH = -2.0, 0.7, -1.0
"""Log-odds set by hand."""

SAID_FROM = 0.25
"""Log-odds from which on a measure of manner is named as a reason."""

WORDS_PER_SENTENCE: Mapping[str, tuple[float, float]] = {
    "short": (0, 10),
    "middling": (6, 18),
    "long": (12, math.inf),
}

_INTRODUCED = re.compile(
    r"\b(?:i am|i'm|name is|call me|called|me,|i,|ich bin|heiße)\W+(?:\w+\W+){0,3}$",
    re.IGNORECASE,
)
_BEFORE_ADDRESS = re.compile(r"(?:^|[,.!?;:—–-]\s*)(?:\w+\s+)?$")
_AFTER_ADDRESS = re.compile(r"\s*(?:[,.!?;:—–…]|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Somebody who may say a line.

    Attributes:
        voice: as the author wants it; ``lines``: what they have said so far, oldest first.
        called: words by which others may address them, beside their name: roles, titles.
        matters: texts of what they are, know and remember.
        emotion: before the line; ``traits``: name → strength.
        cannot_know: what the line says that they have had no way to learn, "" for nothing.
        is_there: whether they are where it is said; ``was_addressed``: by name, just before.
        is_unbidden: they are the player's character, and the player did not say so.
    """

    name: str
    voice: Voice = NO_VOICE
    lines: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    matters: tuple[str, ...] = ()
    emotion: str = "neutral"
    traits: Mapping[str, float] = field(default_factory=dict)
    cannot_know: str = ""
    is_there: bool = True
    was_addressed: bool = False
    is_unbidden: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for (above 0) or against a speaker, in log-odds, and why in words.

    ``kind`` is ``voice`` (their manner), ``topic``, ``state``, ``knowledge`` or ``author`` (what
    the author asked of them).
    """

    kind: str
    odds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LineFit:
    """How well a line fits: both scores of the contract in [0, 1], and what they come from.

    1.0 where nothing speaks against it. ``odds`` is the sum of the evidence and ranks speakers.
    """

    consistency_score: float
    personality_alignment: float
    evidence: tuple[Evidence, ...]

    @property
    def odds(self) -> float:
        """Everything together, in log-odds."""
        return sum(one.odds for one in self.evidence)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What speaks against the speaker, in plain words, the weightiest first."""
        against = sorted((e for e in self.evidence if e.odds < 0), key=lambda e: e.odds)
        return tuple(e.reason for e in against if e.reason)


def fit_of(
    line: str, speaker: Speaker, everybody: Everybody, *, emotion: str = "", language: str = "en"
) -> LineFit:
    """How well a line fits a speaker, beside the lines of ``everybody`` in the story.

    ``emotion`` is what it is said with, "" for no other than before. The line itself must be in
    neither profile.
    """
    felt = emotion or speaker.emotion
    stays = rules.consistency(speaker.emotion, felt)
    suits = rules.personality_fit(speaker.traits, felt)
    said = [*_of_manner(line, speaker, everybody, language), *_of_names(line, speaker)]
    if speaker.matters or speaker.lines:
        odds = everybody.topic(line, [*speaker.lines, *speaker.matters])
        said.append(Evidence("topic", odds, f"speaks of what {speaker.name} speaks of, too"))
    if not speaker.is_there:
        said.append(Evidence("state", NOT_THERE, f"{speaker.name} is not there"))
    if speaker.was_addressed:
        said.append(Evidence("state", WAS_ADDRESSED, f"{speaker.name} was spoken to"))
    if speaker.is_unbidden:
        said.append(Evidence("state", UNBIDDEN, f"the player did not say so for {speaker.name}"))
    if speaker.cannot_know:
        why = f"{speaker.name} cannot know: {speaker.cannot_know}"
        said.append(Evidence("knowledge", CANNOT_KNOW, why))
    asked = _of_the_author(line, speaker, language)
    moods = [
        Evidence("state", math.log(stays), f"from {speaker.emotion} to {felt} at once"),
        Evidence("author", math.log(suits), f"{felt} does not suit how {speaker.name} is"),
    ]
    return LineFit(
        consistency_score=round(stays * _score(said), 4),
        personality_alignment=round(suits * _score(asked), 4),
        evidence=tuple(one for one in (*said, *asked, *moods) if one.odds),
    )


def _score(evidence: Sequence[Evidence]) -> float:
    """1.0 where the odds are even or better, towards 0 as they fall."""
    odds = sum(one.odds for one in evidence)
    return min(1.0, 2.0 / (1.0 + math.exp(-max(-50.0, odds))))


def _of_manner(line: str, speaker: Speaker, everybody: Everybody, language: str) -> list[Evidence]:
    own = (*speaker.lines, *speaker.voice.samples)
    if len(own) < LEAST_LINES:
        return []
    parts = everybody.parts(line, own)
    return [
        Evidence("voice", odds, _why(name, line, own, speaker.name, language) * (odds < -SAID_FROM))
        for name, odds in parts.items()
    ]


def _why(measure: str, line: str, own: Sequence[str], name: str, language: str) -> str:
    given = manner_of(line, language)
    manners = [manner_of(one, language) for one in own]
    if measure == "length":
        usual = sorted(one.word_count for one in manners)[len(manners) // 2]
        return f"{given.word_count} words; {name} mostly takes about {usual}"
    if measure == "words":
        known = {word for one in own for word in words_said(one)}
        new = [
            w for w in dict.fromkeys(words_said(line)) if w not in known and w not in given.topic
        ]
        return f"words that {name} has not used: {', '.join(new[:4])}" if new else "turns of phrase"
    if measure == "contractions":
        has = "contracted" in given.items[measure]
        return (
            f"contracts words; {name} mostly does not" if has else f"{name} mostly contracts words"
        )
    used = {item for one in manners for item in one.items[measure]}
    new = [item for item in dict.fromkeys(given.items[measure]) if item not in used | {"·"}]
    shown = f" ({' '.join(new[:3])})" if new and measure != "word length" else ""
    return f"{measure} unlike {name}'s{shown}"


def is_addressed(line: str, called: Sequence[str]) -> bool:
    """Whether a line addresses somebody by a part of their name, or another word for them."""
    return any(
        _BEFORE_ADDRESS.search(line[: found.start()]) and _AFTER_ADDRESS.match(line[found.end() :])
        for part in called
        for found in re.finditer(rf"\b{re.escape(part)}\b", line)
    )


def _of_names(line: str, speaker: Speaker) -> list[Evidence]:
    """People address others, and name themselves when they meet somebody."""
    name = speaker.name
    parts = [*re.split(r"[\W_]+", name), *speaker.called]
    for part in (part for part in parts if len(part) > 2):
        how = re.NOFLAG if part in name else re.IGNORECASE
        for found in re.finditer(rf"\b{re.escape(part)}\b", line, how):
            before, after = line[: found.start()], line[found.end() :]
            if _INTRODUCED.search(before):
                return [Evidence("state", NAMES_THEMSELF, f"{name} says their own name")]
            if _BEFORE_ADDRESS.search(before) and _AFTER_ADDRESS.match(after):
                return [Evidence("state", ADDRESSES_THEMSELF, f"{name} would address themself")]
    return []


def _of_the_author(line: str, speaker: Speaker, language: str) -> list[Evidence]:
    voice, found = speaker.voice, list[Evidence]()
    text = f" {' '.join(words_said(line))} "

    def is_said(phrase: str) -> bool:
        return bool(phrase) and f" {' '.join(words_said(phrase))} " in text

    for phrase in filter(is_said, voice.never):
        found.append(Evidence("author", NEVER_SAID, f"{speaker.name} never says “{phrase}”"))
    liked = [phrase for phrase in voice.says if is_said(phrase)]
    if liked:
        found.append(Evidence("author", LIKES_TO_SAY, f"{speaker.name} likes to say “{liked[0]}”"))
    if voice.sentences:
        given = manner_of(line, language)
        length = given.word_count / max(1, len(given.items["openings"]))
        least, most = WORDS_PER_SENTENCE[voice.sentences]
        if not least <= length <= most:
            why = f"{length:.0f} words to a sentence; {speaker.name}'s are {voice.sentences}"
            found.append(Evidence("author", OTHER_LENGTH, why))
    return found
