"""Recall: what of the past belongs into the next prompt, within a budget of tokens.

Called by ``engine.briefing`` before every scene. Facts come from the canon by index, scenes from
the store's full-text search; neither costs more as the story grows longer.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import STORY, Canon, Fact
from tta_rebuild.core.english import sentences_of

if TYPE_CHECKING:
    from tta_rebuild.storage.story_store import Found

CHARS_PER_TOKEN = 4
FACTS_PER_SUBJECT = 8
CANDIDATES = 24
LINE_CHARS = 320

PINNED = ("alive", "located_in", "holds", "wears", "promise", "kin", "role", "feeling", "state")
"""Relations of those present that a storyteller must always have before them."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_COMMON = frozenset(
    """a about above across after again against all along also although always am among an and any
    are around as ask asks at away back be because been before began behind being between both but
    by call can carefully come could day did do does down each even ever every few find first
    follow for from get give go going good got had has have he hear her here him his how i if in
    into is it its just keep know last leave less let like little long look make many may me more
    most much must my near never new next no not nothing now of off old on once one only open or
    other our out over own part people perhaps place put quite rather really right said same say
    see seem she should show since slowly so some something soon speak still stop such take talk
    tell than that the their them then there these they thing things think this those though three
    through time to together too toward towards try turn two under until up upon us use very walk
    want was way we well went were what when where whether which while who whom whose why will with
    within without word would yes yet you your""".split()
)


Search: TypeAlias = "Callable[[Sequence[str], int], Awaitable[Sequence[Found]]]"
"""Words and a limit → events with any of them, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What was brought back.

    Attributes:
        facts: what holds and matters now, most needed first.
        lines: sentences from earlier scenes, oldest first, each with its turn.
        positions: the events that the lines come from.
    """

    facts: tuple[Fact, ...]
    lines: tuple[str, ...]
    positions: tuple[int, ...]


def telling_words(text: str, limit: int = 12) -> list[str]:
    """The words of a text that say what it is about, in order: names first, no common words."""
    names: list[str] = []
    others: list[str] = []
    for match in _WORD.finditer(text):
        word = match.group()
        low = word.casefold()
        if low in _COMMON or (len(low) < 3 and not low.isdigit()):
            continue
        row = names if word[0].isupper() and match.start() else others
        if low not in names and low not in others:
            row.append(low)
    return (names + others)[:limit]


def words_in(text: str) -> frozenset[str]:
    """The words of a text that say what it is about, in any order; those of English not common."""
    return frozenset(
        low
        for word in _WORD.findall(text)
        if len(low := word.casefold()) > 2 and low not in _COMMON
    )


async def recall(
    canon: Canon,
    action: str,
    present: Sequence[str],
    search: Search,
    *,
    fact_tokens: int = 500,
    line_tokens: int = 400,
    not_after: int,
) -> Recollection:
    """What the next scene needs of the past.

    Args:
        action: what the player is about to do, in words.
        present: ids of those present, the player's character first.
        search: full-text search over the branch's prose.
        fact_tokens, line_tokens: how much may be brought back, in estimated tokens.
        not_after: events after this position are in the prompt anyway.
    """
    facts = facts_for(canon, action, present, fact_tokens)
    lines, positions = await _lines(action, facts, search, line_tokens, not_after)
    return Recollection(facts=facts, lines=lines, positions=positions)


def facts_for(
    canon: Canon, action: str, present: Sequence[str], budget_tokens: int
) -> tuple[Fact, ...]:
    """Facts of those the action names, then of those present, then of the whole story."""
    named = subjects_named(canon, action)
    words = telling_words(action, limit=40)
    ordered: dict[tuple[str, str, str], Fact] = {}

    def take(subject: str, *, pinned_only: bool) -> None:
        about = canon.facts_about(subject)
        about.sort(
            key=lambda f: (
                -_overlap(f"{f.relation} {f.value}", words),
                f.relation not in PINNED,
                -f.since,
            )
        )
        for fact in about[:FACTS_PER_SUBJECT]:
            if not pinned_only or fact.relation in PINNED:
                ordered.setdefault((fact.subject, fact.relation, fact.value), fact)

    for subject in named:
        take(subject, pinned_only=False)
        holder = canon.bearer("holds", subject)
        if holder is not None:
            ordered.setdefault((holder.subject, holder.relation, holder.value), holder)
    for subject in present:
        take(subject, pinned_only=True)
    take(STORY, pinned_only=False)
    kept: list[Fact] = []
    room = budget_tokens * CHARS_PER_TOKEN
    for fact in ordered.values():
        room -= len(fact.subject) + len(fact.relation) + len(fact.value) + 12
        if room < 0:
            break
        kept.append(fact)
    return tuple(kept)


def subjects_named(canon: Canon, text: str, limit: int = 8) -> list[str]:
    """Ids of everything that a text names: longest names first, then single words."""
    words = _WORD.findall(text)[:200]
    found: list[str] = []
    for size in (4, 3, 2, 1):
        for start in range(len(words) - size + 1):
            phrase = words[start : start + size]
            if size == 1 and phrase[0].casefold() in _COMMON:
                continue
            key = key_of(" ".join(phrase))
            for subject in [key, *canon.named(key)][:3]:
                if subject not in found and canon.knows_of(subject):
                    found.append(subject)
    return found[:limit]


async def _lines(
    action: str, facts: Sequence[Fact], search: Search, budget_tokens: int, not_after: int
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    words = telling_words(action)
    if not words:
        return (), ()
    hits = [h for h in await search(words, CANDIDATES) if h.position <= not_after]
    scored = [(_overlap(hit.text, words) + 1.0 / (rank + 2), hit) for rank, hit in enumerate(hits)]
    scored.sort(key=lambda pair: (-pair[0], -pair[1].position))
    room = budget_tokens * CHARS_PER_TOKEN
    kept: list[tuple[int, str]] = []
    for _, hit in scored:
        line = _excerpt(hit, words)
        room -= len(line)
        if room < 0:
            break
        kept.append((hit.position, line))
    kept.sort()
    return tuple(line for _, line in kept), tuple(position for position, _ in kept)


def _overlap(text: str, words: Sequence[str]) -> float:
    low = text.casefold()
    return sum(1.0 for word in words if word in low)


def _excerpt(hit: Found, words: Sequence[str]) -> str:
    """The sentences of an event that have most of the words, with its turn before them."""
    told = sentences_of(" ".join(hit.text.split()))
    best = sorted(range(len(told)), key=lambda i: (-_overlap(told[i], words), i))[:2]
    text = " ".join(told[i] for i in sorted(best) if _overlap(told[i], words) or i == best[0])
    if len(text) > LINE_CHARS:
        text = text[: LINE_CHARS - 1].rsplit(" ", 1)[0] + "…"
    return f"turn {hit.turn}: {text}"
