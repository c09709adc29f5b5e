"""What a trigger says about a character's emotion: the words of ``data/emotions.toml``, read.

Used by ``character_rules``. A trigger may be one word ("fear") or a sentence ("fear grips the
hero"); a word that is denied, or said of somebody else who is there, does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tta_rebuild.core.data_files import packaged_toml

_CLAUSE = re.compile(r"[,;:.!?—]|\b(?:but|yet|while|although|though|until)\b")
_NEVER_SO = re.compile(r"\bnever\b.*\b(?:so|such|more)\s+$")


@dataclass(frozen=True, slots=True)
class _Words:
    """The data file, made ready to search with; ``meaning`` is word → (emotion, kind)."""

    meaning: Mapping[str, tuple[str, str]]
    any_word: re.Pattern[str]
    denied_before: re.Pattern[str]
    denied_after: re.Pattern[str]
    turn_before: re.Pattern[str]
    light: str
    kinds: str
    befalls: str
    particles: str


def _data(part: str) -> Any:
    return packaged_toml("tta_rebuild.narrative", "emotions")[part]


def _any(words: str) -> str:
    return "|".join(map(re.escape, words.split()))


@cache
def _words() -> _Words:
    entries, negation, others = _data("emotions"), _data("negation"), _data("others")
    meaning = {
        word: (emotion, kind)
        for kind in ("causes", "stirring", "felt")
        for emotion, entry in entries.items()
        for word in entry.get(kind, "").split()
    } | {emotion: (emotion, "felt") for emotion in entries}
    light = rf"(?:(?:{_any(negation['light'])})\s+)*"
    return _Words(
        meaning=meaning,
        any_word=re.compile(rf"\b(?:{_any(' '.join(sorted(meaning, reverse=True)))})\b"),
        denied_before=re.compile(rf"(?:\b(?:{_any(negation['before'])})|n't)\s+{light}$"),
        denied_after=re.compile(
            rf"\s+(?:(?:is|was|has|have|had|all)\s+)*(?:{_any(negation['after'])})\b(?! only| just)"
        ),
        turn_before=re.compile(rf"\b(?:{others['turns']})\s+(?:(?:in)?to\s+|by\s+)?{light}$"),
        light=light,
        kinds=rf"(?:(?:{_any(others['kinds'])})\s+)*",
        befalls=rf"(?:{_any(others['befalls'])})\s+",
        particles=rf"(?:(?:{_any(others['particles'])})\s+)*",
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
    words = _words()
    names = _names(others)
    best, best_rank, denied = "", -1, False
    for before, word, after in _clauses(trigger.lower().replace("’", "'").replace("_", " ")):
        emotion, kind = words.meaning[word]
        denied = _is_denied(before, after) or (denied and before.endswith((" or ", " and ")))
        if denied:
            continue
        if names and _of_another(before, after, names, stirring=kind == "stirring"):
            continue
        rank = 0 if kind == "causes" else 2 if words.turn_before.search(before) else 1
        if rank > best_rank:
            best, best_rank = emotion, rank
    return best


def _is_denied(before: str, after: str) -> bool:
    words = _words()
    if words.denied_after.match(after):
        return True
    # "never felt such joy" is no denial
    return words.denied_before.search(before) is not None and not _NEVER_SO.search(before)


def _clauses(text: str) -> Iterator[tuple[str, str, str]]:
    """Every word of emotion, with what stands before and after it in its clause."""
    for clause in _CLAUSE.split(text):
        for found in _words().any_word.finditer(clause):
            yield clause[: found.start()], found.group(), clause[found.end() :]


def _names(others: Iterable[str]) -> str:
    """A pattern for the names of the others, "" for nobody."""
    pieces = {p for other in others for p in re.split(r"[\W_]+", other.lower()) if len(p) > 2}
    return "|".join(sorted(map(re.escape, pieces - {"the", "and"}), reverse=True))


def _of_another(before: str, after: str, names: str, *, stirring: bool) -> bool:
    """Whether a word is said of one of the others, and of nobody else."""
    words = _words()
    alone = rf"{words.particles}(?:{names})\b(?!'s?\b| and\b)"
    if stirring:  # "Mira frightens the hero" is about the hero
        return re.match(rf"\s+{alone}", after) is not None
    if re.match(rf"\s+{words.befalls}{alone}", after):
        return True  # "fear grips Mira"
    if re.search(r"\b(?:an?|the)\s+$", before) and re.match(rf"\s+(?:{names})\b", after):
        return True  # "an angry Mira"
    if re.search(rf"\b(?:{names})'s?\s+{words.kinds}$", before):
        return True  # "Mira's growing fear"
    subject = re.search(rf"\b(?:{names})\s+{words.light}$", before)
    if subject is None:
        return False
    # "Mira feels fear", unless somebody feels it with her
    return not re.search(r"\b(?:and|with|like|or)\s+(?:the\s+)?$", before[: subject.start()])
