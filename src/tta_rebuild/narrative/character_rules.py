"""How characters change, and what they say, where no model does it for them. Plain functions.

Used by ``character_state`` alone; the words are in ``data/characters.toml``. A line is chosen by
the character, the emotion and how much the character has lived through, so the same moment always
gets the same line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.narrative.emotions import emotion_in, mood

_HELP_STEP, _CONFLICT_STEP, _MEETING_STEP = 0.1, -0.1, 0.02


def _data(part: str) -> Any:
    return packaged_toml("tta_rebuild.narrative", "characters")[part]


@cache
def _beginnings(kind: str) -> re.Pattern[str]:
    words = "|".join(_data("meetings")[kind].split())
    return re.compile(rf"\b(?:{words})\w*", re.IGNORECASE)


@lru_cache(maxsize=64)  # a scene is the same for everybody who meets in it
def _times(kind: str, text: str) -> int:
    return len(_beginnings(kind).findall(text))


def emotion_after(trigger: str | None, before: str, others: Iterable[str] = ()) -> str:
    """The emotion that a trigger leads to; an unknown trigger, or none, leaves what was."""
    return emotion_in(trigger or "", others) or before


def relationship_change(trigger: str | None, scene: str, story_events: Iterable[str]) -> float:
    """How far one meeting moves a relationship: help raises it, conflict lowers it.

    A trigger that speaks of either decides; else the scene does, else the events; a meeting that
    speaks of neither brings people a little closer.
    """
    for text in (trigger or "", scene, " ".join(map(str, story_events))):
        warm, cold = (_times(kind, text) for kind in ("warming", "cooling"))
        if warm or cold:
            betrayed = 2 if re.search(r"\bbetray", text, re.IGNORECASE) else 1
            return _HELP_STEP if warm >= cold else _CONFLICT_STEP * betrayed
    return _MEETING_STEP


def consistency(before: str, after: str) -> float:
    """1.0 where the emotion stays, less the further it jumps; never below 0.4 (people do jump)."""
    (x1, y1), (x2, y2) = mood(before), mood(after)
    distance = float(((x1 - x2) ** 2 + (y1 - y2) ** 2) ** 0.5)
    return round(max(0.4, 1.0 - 0.3 * distance), 4)


def personality_fit(traits: Mapping[str, float], emotion: str) -> float:
    """How well an emotion suits the traits, in [0, 1]; 1.0 where nothing speaks against it."""
    against = total = 0.0
    for trait, strength in traits.items():
        for family in _data("families"):
            if trait.lower() in family["traits"].split():
                total += abs(strength)
                against -= min(0.0, family["fits"].get(emotion, 0.0)) * abs(strength)
    return round(1.0 - 0.6 * against / total, 4) if total else 1.0


def arc_direction(stage: str, name: str, goal: str) -> str:
    """What would serve the character's arc next, in one sentence."""
    direction: str = _data("arcs")[stage]
    return direction.format(name=name, towards=f" towards {goal}" if goal else "")


def spoken_line(name: str, emotion: str, *seed: object) -> str:
    """One line of direct speech, with the speaker's name: ``Mira says: "..."``."""
    voice = _voice(emotion)
    line = _picked(voice["says"], name, emotion, *seed)
    return f'{name} {voice["manner"]}: "{line}"'


def thought(name: str, emotion: str, goal: str, scene: str, *seed: object) -> str:
    """What goes through the character's mind; names the goal if there is one."""
    line = _picked(_voice(emotion)["thinks"], name, emotion, *seed)
    if goal:
        wanted = _picked(_data("goals")["thoughts"], name, goal, *seed)
        return f"{line} {wanted.format(goal=goal)}"
    first = scene.strip().split("\n")[0].rstrip(".!? ")
    shortened = first if len(first) <= 80 else first[:80].rsplit(" ", 1)[0] + " …"
    return f"{line} ({shortened}.)"


def _voice(emotion: str) -> Any:
    voices = _data("voices")
    return voices.get(emotion, voices["neutral"])


def _picked(lines: Sequence[str], *seed: object) -> str:
    digest = hashlib.sha256("\x1f".join(map(str, seed)).encode()).digest()
    return lines[int.from_bytes(digest[:4], "big") % len(lines)]
