"""Recall: what of the past belongs into the next prompt, within a budget of tokens.

Called by ``engine.briefing`` before every scene. Facts come from the canon by index, scenes from
the store's full-text search; neither costs more as the story grows longer.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import STORY, Canon, Fact
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import sentences_of

if TYPE_CHECKING:
    from tta_rebuild.storage.story_store import Found

T = TypeVar("T")

CHARS_PER_TOKEN = 4
FACTS_PER_SUBJECT = 12
CANDIDATES = 24
MOST_NAMED = 8
LINE_CHARS = 320

PINNED = ("alive", "located_in", "holds", "wears", "promise", "kin", "role", "feeling", "state")
"""Relations that a storyteller must have before them first."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")


@cache
def _common() -> frozenset[str]:
    return frozenset(packaged_toml("tta_rebuild.canon", "common_words")["english"].split())


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
    found: dict[str, bool] = {}  # word → whether it is written like a name
    for match in _WORD.finditer(text):
        word, low = match.group(), match.group().casefold()
        if low not in _common() and (len(low) > 2 or low.isdigit()):
            found.setdefault(low, word[0].isupper() and match.start() > 0)
    return sorted(found, key=lambda low: not found[low])[:limit]


@lru_cache(maxsize=4096)  # a story's lasting lines are compared with every turn
def words_in(text: str) -> frozenset[str]:
    """The words of a text that say what it is about, in any order; those of English not common."""
    words = frozenset(word.casefold() for word in _WORD.findall(text) if len(word) > 2)
    return words - _common()


async def recall(
    canon: Canon,
    action: str,
    named: Sequence[str],
    present: Sequence[str],
    search: Search,
    *,
    fact_tokens: int = 700,
    line_tokens: int = 400,
    not_after: int,
) -> Recollection:
    """What the next scene needs of the past.

    Args:
        action: what the player is about to do, in words.
        named: ids of what it names, from ``subjects_named``.
        present: ids of those present, the player's character first.
        search: full-text search over the branch's prose.
        fact_tokens, line_tokens: how much may be brought back, in estimated tokens.
        not_after: events after this position are in the prompt anyway.
    """
    facts = facts_for(canon, action, named, present, fact_tokens)
    lines, positions = await _lines(action, facts, search, line_tokens, not_after)
    return Recollection(facts=facts, lines=lines, positions=positions)


def facts_for(
    canon: Canon, action: str, named: Sequence[str], present: Sequence[str], budget_tokens: int
) -> tuple[Fact, ...]:
    """Facts of those the action names, then of those present, then of the whole story."""
    words = telling_words(action, limit=40)
    ordered: dict[tuple[str, str, str], Fact] = {}

    def take(*facts: Fact) -> None:
        for fact in facts:
            ordered.setdefault((fact.subject, fact.relation, fact.value), fact)

    def of(subject: str) -> list[Fact]:
        def rank(f: Fact) -> tuple[float, bool, int]:
            return -_overlap(f"{f.relation} {f.value}", words), f.relation not in PINNED, -f.since

        return sorted(canon.facts_about(subject), key=rank)[:FACTS_PER_SUBJECT]

    for subject in named[:MOST_NAMED]:
        take(*of(subject))
        holder = canon.bearer("holds", subject)
        if holder is not None:
            take(holder)
    for subject in present:
        take(*of(subject))
    take(*of(STORY))
    room = budget_tokens * CHARS_PER_TOKEN
    return tuple(
        _while_there_is_room(
            ordered.values(), room, lambda f: len(f.subject) + len(f.relation) + len(f.value) + 12
        )
    )


def _while_there_is_room(items: Iterable[T], room: int, size: Callable[[T], int]) -> Iterator[T]:
    for item in items:
        room -= size(item)
        if room < 0:
            return
        yield item


def subjects_named(canon: Canon, text: str, limit: int = MOST_NAMED) -> list[str]:
    """Ids of everything that a text names: longest names first, then single words."""
    words = _WORD.findall(text)[:200]
    found: list[str] = []
    for size in (4, 3, 2, 1):
        for start in range(len(words) - size + 1):
            phrase = words[start : start + size]
            if size == 1 and phrase[0].casefold() in _common():
                continue
            key = key_of(" ".join(phrase))
            found += [one for one in canon.named(key)[:2] if one not in found]
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
    lines = ((hit.position, _excerpt(hit, words)) for _, hit in scored)
    room = budget_tokens * CHARS_PER_TOKEN
    kept = sorted(_while_there_is_room(lines, room, lambda line: len(line[1])))
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
