"""How characters feel, change and speak, where no model does it for them.

The words are in ``data/emotions.toml`` and ``data/characters.toml``. The same moment always gets
the same line.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache, partial
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.speech import name_parts

_CLAUSE = re.compile(r"[,;:.!?—]|\b(?:but|yet|while|although|though|until)\b")
_NEVER_SO = re.compile(r"\bnever\b.*\b(?:so|such|more)\s+$")
_WITH = re.compile(r"\b(?:and|with|like|or)\s+(?:the\s+)?$")
_ARTICLE = re.compile(r"\b(?:an?|the)\s+$")

_data = partial(packaged_toml, "tta_rebuild.narrative")


@cache
def _meanings() -> Mapping[str, tuple[str, str]]:
    """Word → the emotion and whether it is ``felt``, ``stirring`` or one of its ``causes``."""
    entries = _data("emotions")["emotions"]
    return {
        word: (emotion, kind)
        for kind in ("causes", "stirring", "felt")
        for emotion, entry in entries.items()
        for word in entry.get(kind, "").split()
    } | {emotion: (emotion, "felt") for emotion in entries}


@lru_cache(maxsize=256)
def _filled(pattern: str, names: tuple[str, ...] = ()) -> re.Pattern[str]:
    """A pattern of the data with its lists put into it."""
    data = _data("emotions")
    lists = data["negation"] | data["others"]
    words = {name: [w.replace("_", " ") for w in text.split()] for name, text in lists.items()}
    words |= {"names": list(names), "emotional": sorted(_meanings(), reverse=True)}
    either = {name: f"(?:{'|'.join(map(re.escape, of))})" for name, of in words.items()}
    return re.compile(data["patterns"][pattern].format(**either))


def emotion_in(trigger: str, others: Iterable[str] = ()) -> str:
    """The emotion that a trigger brings to a character, "" if it speaks of none.

    What is felt goes before what merely causes feelings, and the first named before later ones, but
    "fear turns to hope" ends in hope. What is said of one of the ``others`` alone does not count.
    """
    parts = {part for other in others for part in name_parts(other)} - {"the", "and"}
    names = tuple(sorted(parts, reverse=True))
    text = trigger.lower().replace("’", "'").replace("_", " ")
    best, best_rank, denied = "", -1, False
    for clause in _CLAUSE.split(text):
        for found in _filled("emotional").finditer(clause):
            before, after = clause[: found.start()], clause[found.end() :]
            emotion, kind = _meanings()[found.group()]
            denied = bool(
                _filled("denied_after").match(after)
                or (_filled("denied_before").search(before) and not _NEVER_SO.search(before))
                or (denied and before.endswith((" or ", " and ")))
            )
            if denied or (names and _of_another(before, after, names, kind == "stirring")):
                continue
            rank = 0 if kind == "causes" else 2 if _filled("turns_into").search(before) else 1
            if rank > best_rank:
                best, best_rank = emotion, rank
    return best


def _of_another(before: str, after: str, names: tuple[str, ...], stirring: bool) -> bool:
    """Whether a word is said of one of the others, and of nobody else."""
    if stirring:  # "Mira frightens the hero" is about the hero
        return bool(_filled("alone", names).match(after))
    subject = _filled("subject", names).search(before)
    return bool(
        _filled("befalls", names).match(after)  # "fear grips Mira"
        or (_ARTICLE.search(before) and _filled("named", names).match(after))  # "an angry Mira"
        or _filled("owned", names).search(before)  # "Mira's growing fear"
        # "Mira feels fear", unless somebody feels it with her
        or (subject and not _WITH.search(before[: subject.start()]))
    )


def consistency(before: str, after: str) -> float:
    """1.0 where the emotion stays, less the further it jumps; never below 0.4 (people do jump)."""
    entries = _data("emotions")["emotions"]
    moods = (entries.get(emotion, {}).get("mood", (0.0, 0.0)) for emotion in (before, after))
    return round(max(0.4, 1.0 - 0.3 * math.dist(*moods)), 4)


def personality_fit(traits: Mapping[str, float], emotion: str) -> float:
    """How well an emotion suits the traits, in [0, 1]; 1.0 where nothing speaks against it."""
    against = total = 0.0
    for trait, strength in traits.items():
        for family in _data("characters")["families"]:
            if trait.lower() in family["traits"].split():
                total += abs(strength)
                against -= min(0.0, family["fits"].get(emotion, 0.0)) * abs(strength)
    return round(1.0 - 0.6 * against / total, 4) if total else 1.0


def arc_direction(stage: str, name: str, goal: str) -> str:
    """What would serve the character's arc next, in one sentence."""
    direction: str = _data("characters")["arcs"][stage]
    return direction.format(name=name, towards=f" towards {goal}" if goal else "")


def spoken_line(name: str, emotion: str, *seed: object) -> str:
    """One line of direct speech, with the speaker's name: ``Mira says: "..."``."""
    voice = _voice(emotion)
    line = _picked(voice["says"], name, emotion, *seed)
    return f'{name} {voice["manner"]}: "{line}"'


def thought(name: str, emotion: str, goal: str, scene: str, *seed: object) -> str:
    """What goes through the character's mind; names the goal if there is one."""
    line = _picked(_voice(emotion)["thinks"], name, emotion, scene, *seed)
    if goal:
        wanted = _picked(_data("characters")["goals"]["thoughts"], name, goal, scene, *seed)
        return f"{line} {wanted.format(goal=goal)}"
    first = scene.strip().split("\n")[0].rstrip(".!? ")
    shortened = first if len(first) <= 80 else first[:80].rsplit(" ", 1)[0] + " …"
    return f"{line} ({shortened}.)"


def _voice(emotion: str) -> Any:
    voices = _data("characters")["voices"]
    return voices.get(emotion, voices["neutral"])


def _picked(lines: Sequence[str], *seed: object) -> str:
    digest = hashlib.sha256("\x1f".join(map(str, seed)).encode()).digest()
    return lines[int.from_bytes(digest[:4], "big") % len(lines)]
