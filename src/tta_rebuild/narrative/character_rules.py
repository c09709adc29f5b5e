"""The rules by which characters change: triggers, relationships, arcs. Plain functions.

Used by ``character_state`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

EMOTION_OF_TRIGGER: Mapping[str, str] = {
    "fear": "fearful",
    "danger": "fearful",
    "threat": "fearful",
    "hope": "hopeful",
    "anger": "angry",
    "betrayal": "angry",
    "injustice": "angry",
    "sad": "sorrowful",
    "sadness": "sorrowful",
    "loss": "sorrowful",
    "grief": "sorrowful",
    "joy": "joyful",
    "happiness": "joyful",
    "triumph": "joyful",
    "success": "joyful",
    "conflict": "conflicted",
    "doubt": "conflicted",
    "determination": "determined",
    "resolve": "determined",
    "challenge": "determined",
    "curiosity": "curious",
    "mystery": "curious",
    "wonder": "curious",
    "surprise": "surprised",
    "guilt": "guilty",
    "shame": "ashamed",
    "gratitude": "grateful",
    "help": "grateful",
    "kindness": "grateful",
    "love": "tender",
    "tenderness": "tender",
    "calm": "calm",
    "peace": "calm",
    "relief": "calm",
    "loneliness": "lonely",
    "unease": "fearful",
    "worry": "fearful",
    "wary": "fearful",
    "frustration": "angry",
    "despair": "sorrowful",
    "longing": "sorrowful",
    "pride": "joyful",
    "excitement": "joyful",
    "courage": "determined",
    "awe": "curious",
    "regret": "guilty",
    "trust": "tender",
    "isolation": "lonely",
}
"""What a trigger makes of a character's emotion."""

_MOOD: Mapping[str, tuple[float, float]] = {
    # pleasantness, arousal; both in [-1, 1], after Russell's circumplex model of affect (1980)
    "neutral": (0.0, 0.0),
    "fearful": (-0.7, 0.7),
    "hopeful": (0.6, 0.2),
    "angry": (-0.7, 0.8),
    "sorrowful": (-0.8, -0.5),
    "joyful": (0.9, 0.6),
    "conflicted": (-0.3, 0.3),
    "determined": (0.3, 0.6),
    "curious": (0.3, 0.4),
    "surprised": (0.1, 0.8),
    "guilty": (-0.6, -0.1),
    "ashamed": (-0.7, -0.1),
    "grateful": (0.7, -0.1),
    "tender": (0.7, -0.2),
    "calm": (0.5, -0.7),
    "lonely": (-0.6, -0.5),
}

_BOLD = {"brave", "bravery", "bold", "courage", "courageous", "strong", "confident", "determined"}
_WARM = {"kind", "kindness", "gentle", "empathy", "empathetic", "caring", "loyal", "compassionate"}
_ANXIOUS = {"anxious", "timid", "cautious", "shy", "fearful", "nervous", "careful"}
_FIERY = {"hot-tempered", "impulsive", "proud", "fierce", "stubborn", "aggressive", "reckless"}
_SUNNY = {"optimistic", "cheerful", "hopeful", "playful", "joyful", "humorous"}

_FITS: tuple[tuple[set[str], Mapping[str, float]], ...] = (
    # How much a trait of that family speaks for (+) or against (-) an emotion.
    (_BOLD, {"determined": 1, "hopeful": 0.5, "fearful": -1, "ashamed": -0.5}),
    (_WARM, {"tender": 1, "grateful": 1, "sorrowful": 0.3, "angry": -0.8}),
    (_ANXIOUS, {"fearful": 1, "conflicted": 0.6, "determined": -0.4, "calm": -0.6}),
    (_FIERY, {"angry": 1, "determined": 0.6, "calm": -0.8}),
    (_SUNNY, {"joyful": 1, "hopeful": 1, "sorrowful": -0.7, "fearful": -0.4}),
)

_WARMING = re.compile(
    r"\b(help|aid|assist|support|sav(?:e|ing)|rescu|protect|comfort|heal|forgiv|trust|thank|"
    r"embrac|befriend|guid|teach|encourag|defend|reconcil|friend|gratitud|kind|hug|cooperat|"
    r"collaborat)\w*",
    re.IGNORECASE,
)
_COOLING = re.compile(
    r"\b(conflict|fight|fought|argu|quarrel|attack|betray|threat|insult|accus|decei|lied|lying|"
    r"steal|stole|hurt|abandon|reject|confront|contradiction|hostil|anger|angry|hate|hatred|mock|enem|"
    r"rival|oppos)\w*",
    re.IGNORECASE,
)
_HELP_STEP, _CONFLICT_STEP, _MEETING_STEP = 0.1, -0.1, 0.02


def emotion_after(trigger: str | None, before: str) -> str:
    """The emotion that a trigger leads to; an unknown trigger, or none, leaves what was."""
    if not trigger:
        return before
    word = trigger.strip().lower()
    return EMOTION_OF_TRIGGER.get(word) or (word if word in _MOOD else before)


def relationship_change(trigger: str | None, scene: str, story_events: Iterable[str]) -> float:
    """How far one meeting moves a relationship: help raises it, conflict lowers it.

    A trigger that speaks of either decides; else the scene does, else the events; a meeting that
    speaks of neither brings people a little closer.
    """
    for text in (trigger or "", scene, " ".join(map(str, story_events))):
        warm, cold = len(_WARMING.findall(text)), len(_COOLING.findall(text))
        if warm or cold:
            return _HELP_STEP if warm >= cold else _cold(text)
    return _MEETING_STEP


def _cold(text: str) -> float:
    return _CONFLICT_STEP * (2 if re.search(r"\bbetray", text, re.IGNORECASE) else 1)


def consistency(before: str, after: str) -> float:
    """1.0 where the emotion stays, less the further it jumps; never below 0.4 (people do jump)."""
    (x1, y1), (x2, y2) = _MOOD.get(before, (0.0, 0.0)), _MOOD.get(after, (0.0, 0.0))
    distance = float(((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5)
    return round(max(0.4, 1.0 - 0.3 * distance), 4)


def personality_fit(traits: Mapping[str, float], emotion: str) -> float:
    """How well an emotion suits the traits, in [0, 1]; 1.0 where nothing speaks against it."""
    against = total = 0.0
    for trait, strength in traits.items():
        for family, fits in _FITS:
            if trait.lower() in family:
                total += abs(strength)
                against -= min(0.0, fits.get(emotion, 0.0)) * abs(strength)
    return round(1.0 - 0.6 * against / total, 4) if total else 1.0


def arc_direction(stage: str, name: str, goal: str) -> str:
    """What would serve the character's arc next, in one sentence."""
    towards = f" towards {goal}" if goal else ""
    return {
        "setup": f"Show {name} in their ordinary world and let something call them out of it"
        f"{towards}.",
        "development": f"Test {name} with setbacks and allies that force a step{towards}.",
        "climax": f"Bring {name} to the decision that cannot be put off, where what they learned"
        f"{towards} is what it takes.",
        "resolution": f"Show how {name} has changed, and what the world looks like after it.",
    }[stage]
