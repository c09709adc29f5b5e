"""What somebody feels, how strongly and for how long, and what they feel about others.

The words are in ``data/emotions.toml`` and ``data/characters.toml``. A tone outside the list goes
to the emotion that it lies nearest to and keeps its own word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.narrative.character_rules import emotion_in

NEUTRAL, USUAL, OF_A_TONE, STRONG, STEP = "neutral", 0.6, 0.4, 0.9, 0.25
"""Intensities: of an emotion that is named, a tone, the strongest words; what an adverb adds."""

LEAST = 0.1
"""Of an intensity; what is felt less is over."""

LASTS_TURNS = 3
MEETING = {"trust": 0.02, "affection": 0.02}
"""What a meeting does that brings people neither closer nor apart."""

_SHADE_CHARS = 40
_data = partial(packaged_toml, "tta_rebuild.narrative")


@dataclass(frozen=True, slots=True)
class Feeling:
    """An emotion of the list, the very word for it ("" where that is the same), how strong it is.

    ``emotion`` is "" for a word that nobody knows: then what they felt before goes on under it.
    """

    emotion: str
    shade: str
    intensity: float

    def in_words(self) -> str:
        """Such as "very angry" or "a little weary"; "" for nothing in particular."""
        said = self.shade or ("" if self.emotion == NEUTRAL else self.emotion)
        by_least = _data("emotions")["degrees"]["words"].items()
        degrees = [word for least, word in by_least if self.intensity >= float(least)]
        if not said or not (degrees or not self.intensity):
            return ""
        has_its_own = " " in said or (said in _strong() and self.intensity >= USUAL)
        return said if has_its_own or not degrees else f"{degrees[-1]} {said}".strip()


@cache
def _tones() -> Mapping[str, str]:
    entries = _data("emotions")["emotions"].items()
    return {word: name for name, entry in entries for word in entry.get("shades", "").split()}


@cache
def _strong() -> frozenset[str]:
    entries = _data("emotions")["emotions"].values()
    return frozenset(word for entry in entries for word in entry.get("strong", "").split())


def feeling_of(tone: str, traits: Mapping[str, float]) -> Feeling | None:
    """What a tone, such as a line is said in, makes of somebody with these traits, if anything."""
    text = " ".join(tone.lower().replace("_", " ").split()).strip(" .,;:!")
    words = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text)
    if not words:
        return None
    emotion = emotion_in(text)
    intensity = USUAL if emotion else OF_A_TONE
    emotion = emotion or next((e for e in map(_of_word, words) if e), "")
    if _strong().intersection(words):
        intensity = STRONG
    degrees = _data("emotions")["degrees"]
    intensity += STEP * bool(set(degrees["more"].split()).intersection(words))
    intensity -= STEP * bool(set(degrees["less"].split()).intersection(words))
    return shaped(
        Feeling(emotion, "" if text == emotion else text[:_SHADE_CHARS], intensity), traits
    )


def _of_word(word: str) -> str:
    """The emotion of a tone in any of its forms: wry, wryly, weariness."""
    tones = _tones()
    return next((tones[form] for form in _forms(word) if form in tones), "")


def _forms(word: str) -> Iterator[str]:
    yield word
    for ending in ("ly", "ness"):
        if word.endswith(ending):
            bare = word.removesuffix(ending)
            yield from (bare, bare + "le", bare + "l")
            if bare.endswith("i"):
                yield bare[:-1] + "y"


def shaped(feeling: Feeling, traits: Mapping[str, float]) -> Feeling:
    """The feeling as strong as it is in somebody with these traits."""
    much = feeling.intensity * (1 + 0.4 * _leaning(traits, feeling.emotion))
    return replace(feeling, intensity=round(max(LEAST, min(1.0, much)), 3))


def faded(feeling: Feeling, turns: int, traits: Mapping[str, float]) -> Feeling:
    """What is left of a feeling after some turns; neutral once it is over.

    One whose intensity is 0 was set by hand and stays.
    """
    if not feeling.intensity or turns <= 0:
        return feeling
    lasts = _data("emotions")["emotions"].get(feeling.emotion, {}).get("lasts", LASTS_TURNS)
    lasts *= 1 + 0.5 * _leaning(traits, feeling.emotion)
    left = round(feeling.intensity * 0.5 ** (turns / lasts), 3)
    return replace(feeling, intensity=left) if left >= LEAST else Feeling(NEUTRAL, "", 0.0)


def _leaning(traits: Mapping[str, float], emotion: str) -> float:
    """How far traits incline somebody to an emotion, in [-1, 1]."""
    for_it = total = 0.0
    for trait, strength in traits.items():
        for family in _data("characters")["families"]:
            if trait.lower() in family["traits"].split():
                total += abs(strength)
                for_it += family["fits"].get(emotion, 0.0) * abs(strength)
    return for_it / total * min(1.0, total) if total else 0.0


@dataclass(frozen=True, slots=True)
class BondChange:
    """How far something moves a bond, by dimension; ``feels`` is the emotion that it brings."""

    moves: Mapping[str, float]
    feels: str = ""


@cache
def _kinds() -> tuple[tuple[re.Pattern[str], BondChange, bool], ...]:
    """Pattern, change, and whether it brings people closer."""
    return tuple(
        (
            re.compile(rf"\b(?:{'|'.join(kind['words'].split())})\w*", re.IGNORECASE),
            BondChange(kind["moves"], kind.get("feels", "")),
            kind["moves"].get("trust", 0.0) > 0,
        )
        for kind in _data("characters")["bonds"].values()
    )


def bond_change(*texts: str) -> BondChange | None:
    """How far a meeting moves a bond: help raises it, conflict lowers it.

    The first text that speaks of either decides; None if none does.
    """
    for text in texts:
        counted = [(len(said.findall(text)), change, is_warm) for said, change, is_warm in _kinds()]
        warm = sum(count for count, _, is_warm in counted if is_warm)
        cold = sum(count for count, _, is_warm in counted if not is_warm)
        if warm or cold:
            of_these = [one for one in counted if one[0] and one[2] == (warm >= cold)]
            return max(of_these, key=_weight)[1]
    return None


def _weight(counted: tuple[int, BondChange, bool]) -> float:
    return sum(map(abs, counted[1].moves.values()))
