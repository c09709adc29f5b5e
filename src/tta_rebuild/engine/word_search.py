"""Looking for words in all that a story has told, whatever the branch; the map asks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tta_rebuild.storage.story_store import Branch, StoryStore

PER_BRANCH = 60
"""Hits of one branch at most: those of what it shares with its parent are the parent's."""

EXCERPT_CHARS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTurn:
    """A turn in which words were found, on the branch that it was played on."""

    branch_id: str
    branch: str
    turn: int
    excerpt: str


async def search(store: StoryStore, story_id: str, words: str, limit: int) -> list[FoundTurn]:
    """The turns of all branches with these words as they stand; where there are none, apart."""
    await store.story(story_id)
    branches = await store.branches(story_id)
    apart = words.split()
    found = await _found(store, branches, [words])
    if not found and len(apart) > 1:
        found = await _found(store, branches, apart)
    best: dict[tuple[str, int], FoundTurn] = {}
    for _, one in sorted(found, key=lambda hit: (hit[0], -hit[1].turn)):
        best.setdefault((one.branch_id, one.turn), one)
    return list(best.values())[:limit]


async def _found(
    store: StoryStore, branches: Sequence[Branch], asked: Sequence[str]
) -> list[tuple[float, FoundTurn]]:
    found = []
    for branch in branches:
        for hit in await store.search(branch.branch_id, asked, limit=PER_BRANCH):
            if hit.position > branch.forked_at:
                excerpt = _around(hit.text, asked)
                turn = FoundTurn(
                    branch_id=branch.branch_id, branch=branch.name, turn=hit.turn, excerpt=excerpt
                )
                found.append((hit.rank, turn))
    return found


def _around(text: str, asked: Sequence[str]) -> str:
    """A part of a text around the first of the words that stands in it as it was typed."""
    plain = " ".join(text.split())
    low = plain.casefold()
    first = next((at for word in asked if (at := low.find(word.casefold())) >= 0), 0)
    begin = max(0, first - EXCERPT_CHARS // 2)
    part = plain[begin : begin + EXCERPT_CHARS]
    before, after = "…" * (begin > 0), "…" * (begin + EXCERPT_CHARS < len(plain))
    return f"{before}{part}{after}"
