"""Recall: what of the past belongs into the next prompt, within a budget of tokens.

Neither facts nor the sentences of scenes cost more as the story grows longer.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from tta_rebuild.canon.view import STORY, Canon, Fact
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.usage import CHARS_PER_TOKEN

if TYPE_CHECKING:
    from tta_rebuild.storage.story_store import Found

T = TypeVar("T")

FACT_TOKENS, LINE_TOKENS = 700, 400
FACTS_PER_SUBJECT, MOST_NAMED, CANDIDATES, LINE_CHARS = 12, 8, 24, 320

PINNED = ("alive", "located_in", "holds", "wears", "promise", "kin", "role", "feeling", "state")
"""Relations that a storyteller must have before them first."""

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")

Search: TypeAlias = "Callable[[Sequence[str], int], Awaitable[Sequence[Found]]]"
"""Full-text search over a branch: words and a limit → events with any of them, best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What was brought back: facts that matter now, most needed first; sentences from earlier
    scenes, oldest first, each with its turn; and the positions of the events that they come from.
    """

    facts: tuple[Fact, ...]
    lines: tuple[str, ...]
    positions: tuple[int, ...]


@cache
def _common() -> frozenset[str]:
    return frozenset(packaged_toml("tta_rebuild.canon", "common_words")["english"].split())


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
    not_after: int,
) -> Recollection:
    """What the next scene needs of the past, for what the player is about to do, in words.

    ``named`` are ids of what that names, ``present`` of those present, the player's character
    first; events after the position ``not_after`` are in the prompt anyway.
    """
    words = telling_words(action)
    hits = [h for h in await search(words, CANDIDATES) if h.position <= not_after] if words else []
    scored = [(_overlap(hit.text, words) + 1.0 / (rank + 2), hit) for rank, hit in enumerate(hits)]
    scored.sort(key=lambda pair: (-pair[0], -pair[1].position))
    lines = ((hit.position, _excerpt(hit, words)) for _, hit in scored)
    kept = sorted(within_budget(lines, LINE_TOKENS, lambda line: len(line[1])))
    return Recollection(
        facts=facts_for(canon, action, named, present, FACT_TOKENS),
        lines=tuple(line for _, line in kept),
        positions=tuple(position for position, _ in kept),
    )


def facts_for(
    canon: Canon, action: str, named: Sequence[str], present: Sequence[str], budget_tokens: int
) -> tuple[Fact, ...]:
    """Facts of those the action names, then of those present, then of the whole story."""
    words = telling_words(action, limit=40)
    ordered: dict[tuple[str, str, str], Fact] = {}

    def take(subject: str, *more: Fact | None) -> None:
        def rank(f: Fact) -> tuple[float, bool, int]:
            return -_overlap(f"{f.relation} {f.value}", words), f.relation not in PINNED, -f.since

        facts = sorted(canon.facts_about(subject), key=rank)[:FACTS_PER_SUBJECT]
        for fact in filter(None, (*facts, *more)):
            ordered.setdefault((fact.subject, fact.relation, fact.value), fact)

    for subject in named[:MOST_NAMED]:
        take(subject, canon.bearer("holds", subject))
    for subject in (*present, STORY):
        take(subject)

    def size(fact: Fact) -> int:
        return len(fact.subject) + len(fact.relation) + len(fact.value) + 12

    return tuple(within_budget(ordered.values(), budget_tokens, size))


def within_budget(items: Iterable[T], tokens: int, size: Callable[[T], int]) -> Iterator[T]:
    """The first items, as far as a budget reaches; ``size`` gives the characters of one."""
    room = tokens * CHARS_PER_TOKEN
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
            found += [one for one in canon.named(" ".join(phrase))[:2] if one not in found]
    return found[:limit]


def _overlap(text: str, words: Sequence[str]) -> float:
    low = text.casefold()
    return sum(1.0 for word in words if word in low)


def _excerpt(hit: Found, words: Sequence[str]) -> str:
    """The sentences of an event that have most of the words, with its turn before them."""
    told = sentences_of(" ".join(hit.text.split()))
    shared = [_overlap(sentence, words) for sentence in told]
    best = sorted(range(len(told)), key=lambda i: (-shared[i], i))[:2]
    text = " ".join(told[i] for i in sorted(best) if shared[i] or i == best[0])
    if len(text) > LINE_CHARS:
        text = text[: LINE_CHARS - 1].rsplit(" ", 1)[0] + "…"
    return f"turn {hit.turn}: {text}"
