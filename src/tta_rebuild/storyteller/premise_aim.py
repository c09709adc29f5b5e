"""What a premise is about, and what the player is after in it: "sell your workshop to Viktor".

Called by ``premise`` with its statements as they are told to the player.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from tta_rebuild.storyteller.noun_phrases import words_in
from tta_rebuild.storyteller.word_lists import pattern, word_table

ENOUGH_HINTS = 3
"""Hints at a situation that mark it as one of its own words does alone."""

_MOST_WORDS = 14


def stated_aim(told: Sequence[str], *, are_many: bool = False) -> str:
    """The first thing that "you" must, want or try to do, a bare infinitive; "" if nothing is.

    Else what the premise tells the player to do: "Find out who did it."

    ``are_many``: the player's character is one of several, who are told of as "they".
    """
    for sentence in told:
        for found in pattern("wanted").finditer(sentence):
            is_mine = re.search(r"\b(?:you|your)\b[^.;:]{0,40}$", sentence[: found.end()], re.I)
            before, colon, after = sentence[found.end() :].partition(": ")
            aim = (colon and _bounded(after)) or _bounded(before)
            if are_many and not is_mine:
                aim = re.sub(r"\btheir\b", "your", re.sub(r"\bthem\b", "you", aim))
            elif not is_mine:
                continue
            if aim:
                return aim
    orders = (sentence[:1].lower() + sentence[1:] for sentence in told if conflict_of(sentence))
    return next(filter(None, map(_bounded, orders)), "")


def conflict_of(aim: str) -> str:
    """The conflict that an aim by its first words belongs to, "" if to none."""
    words = aim.lower().split()[:3]
    rows = word_table("premise_topics")["conflict"].items()
    for begins in ("_".join(words[:n]) for n in range(len(words), 0, -1)):
        if found := next((name for name, row in rows if begins in row["aims"].split()), ""):
            return found
    return ""


def most_spoken(spoken: Collection[str], table: str, otherwise: str) -> str:
    """The conflict or tone of which most words are spoken, the first of equals."""
    rows = word_table("premise_topics")[table].items()
    words = {name: row if isinstance(row, str) else row["words"] for name, row in rows}
    cues = {name: len({*said.split()}.intersection(spoken)) for name, said in words.items()}
    best = max(cues, key=lambda name: cues[name])
    return best if cues[best] else otherwise


def situation_of(spoken: Collection[str], stated: str) -> tuple[str, Mapping[str, str]]:
    """The situation that most speaks for, with its row of ``premise_topics``; "" if none does.

    ``stated``: the conflict of what the premise says the player is after, "" if it does not.
    """
    rows = word_table("premise_topics")["situation"]
    fitting = [n for n, row in rows.items() if not stated or stated in row["conflicts"].split()]
    cues = {name: _cues(rows[name], spoken) for name in fitting}
    best = max(fitting, key=lambda name: cues[name], default="")
    return (best, rows[best]) if cues.get(best, 0) >= ENOUGH_HINTS else ("", {})


def _cues(row: Mapping[str, str], spoken: Collection[str]) -> int:
    words, hints = (len({*row[key].split()}.intersection(spoken)) for key in ("words", "hints"))
    return ENOUGH_HINTS * words + hints


def _bounded(text: str) -> str:
    """The clause that a text begins with, "" if it is none, negative or too long."""
    aim = pattern("aim_ends").split(text.strip(), maxsplit=1)[0]
    aim = pattern("aim_opens").sub("", aim).strip(" ,")
    if len(aim.split()) > _MOST_WORDS:
        aim = pattern("aim_goes_on").split(aim, maxsplit=1)[0].strip(" ,")
    words = aim.split()
    is_verb = bool(words) and words[0].lower() in words_in("verbs") | words_in("states")
    is_whole = 1 < len(words) <= _MOST_WORDS and words[-1].lower() not in words_in("determiners")
    return aim if is_verb and is_whole else ""
