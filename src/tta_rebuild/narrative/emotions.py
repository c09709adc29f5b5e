"""What a trigger says about a character's emotion: the words of ``data/emotions.toml``, read.

A trigger may be one word ("fear") or a sentence ("fear grips the hero"); a word that is denied, or
said of somebody else who is there, does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.narrative.inputs import name_parts

_CLAUSE = re.compile(r"[,;:.!?—]|\b(?:but|yet|while|although|though|until)\b")
_NEVER_SO = re.compile(r"\bnever\b.*\b(?:so|such|more)\s+$")
_WITH = re.compile(r"\b(?:and|with|like|or)\s+(?:the\s+)?$")


def _data(part: str) -> Any:
    return packaged_toml("tta_rebuild.narrative", "emotions")[part]


@cache
def _meanings() -> Mapping[str, tuple[str, str]]:
    """Word → the emotion and whether it is ``felt``, ``stirring`` or one of its ``causes``."""
    entries = _data("emotions")
    return {
        word: (emotion, kind)
        for kind in ("causes", "stirring", "felt")
        for emotion, entry in entries.items()
        for word in entry.get(kind, "").split()
    } | {emotion: (emotion, "felt") for emotion in entries}


def _any_of(words: Iterable[str]) -> str:
    return "|".join(map(re.escape, words))


@cache
def _words(table: str, part: str, times: str = "") -> str:
    """A pattern for one of an entry's words, or for as many as ``times`` says."""
    one = f"(?:{_any_of(_data(table)[part].split())})"
    return rf"(?:{one}\s+){times}" if times else one


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """A word of emotion; a denial before it, one after it, and what turns into it."""
    light, turns = _words("negation", "light", "*"), _data("others")["turns"]
    gone = rf"\s+(?:(?:is|was|has|have|had|all)\s+)*{_words('negation', 'after')}\b(?! only| just)"
    return (
        re.compile(rf"\b(?:{_any_of(sorted(_meanings(), reverse=True))})\b"),
        re.compile(rf"(?:\b{_words('negation', 'before')}|n't)\s+{light}$"),
        re.compile(gone),
        re.compile(rf"\b(?:{turns})\s+(?:(?:in)?to\s+|by\s+)?{light}$"),
    )


def mood(emotion: str) -> tuple[float, float]:
    """Pleasantness and arousal, both in [-1, 1]; the middle for an unknown emotion."""
    pleasant, aroused = _data("emotions").get(emotion, {}).get("mood", (0.0, 0.0))
    return pleasant, aroused


def emotion_in(trigger: str, others: Iterable[str] = ()) -> str:
    """The emotion that a trigger brings to a character, "" if it speaks of none.

    What is felt goes before what merely causes feelings, and the first named before later ones, but
    "fear turns to hope" ends in hope. What is said of one of the ``others`` alone does not count.
    """
    emotional, denial_before, denial_after, turn_before = _patterns()
    parts = {part for other in others for part in name_parts(other)} - {"the", "and"}
    names = _any_of(sorted(parts, reverse=True))
    text = trigger.lower().replace("’", "'").replace("_", " ")
    best, best_rank, denied = "", -1, False
    for clause in _CLAUSE.split(text):
        for found in emotional.finditer(clause):
            before, after = clause[: found.start()], clause[found.end() :]
            emotion, kind = _meanings()[found.group()]
            denied = bool(
                denial_after.match(after)
                or (denial_before.search(before) and not _NEVER_SO.search(before))
                or (denied and before.endswith((" or ", " and ")))
            )
            if denied or (names and _of_another(before, after, names, kind == "stirring")):
                continue
            rank = 0 if kind == "causes" else 2 if turn_before.search(before) else 1
            if rank > best_rank:
                best, best_rank = emotion, rank
    return best


def _of_another(before: str, after: str, names: str, stirring: bool) -> bool:
    """Whether a word is said of one of the others, and of nobody else."""
    alone = rf"{_words('others', 'particles', '*')}(?:{names})\b(?!'s?\b| and\b)"
    if stirring:  # "Mira frightens the hero" is about the hero
        return re.match(rf"\s+{alone}", after) is not None
    if re.match(rf"\s+{_words('others', 'befalls')}\s+{alone}", after):
        return True  # "fear grips Mira"
    if re.search(r"\b(?:an?|the)\s+$", before) and re.match(rf"\s+(?:{names})\b", after):
        return True  # "an angry Mira"
    if re.search(rf"\b(?:{names})'s?\s+{_words('others', 'kinds', '*')}$", before):
        return True  # "Mira's growing fear"
    subject = re.search(rf"\b(?:{names})\s+{_words('negation', 'light', '*')}$", before)
    # "Mira feels fear", unless somebody feels it with her
    return subject is not None and not _WITH.search(before[: subject.start()])
