"""What one person knows, for a prompt that is theirs alone.

Only what is surely theirs: lines that name them among those who know, or that a storyteller or a
reader left open to everybody; facts of themselves; what may be known of others by meeting them; and
what they believe. A sentence of a scene that nobody marked is left out: it may have been whispered.
"""

from __future__ import annotations

from collections.abc import Iterator

from tta_rebuild.canon.fact_check import plain
from tta_rebuild.canon.knowledge import PUBLIC, KnowledgeCheck
from tta_rebuild.canon.lines import lines_for
from tta_rebuild.canon.recall import within_budget
from tta_rebuild.canon.view import STORY
from tta_rebuild.core.story import LastingLine
from tta_rebuild.engine.state import StoryState

_SHOWN_ELSEWHERE = ("alive", "name", "feeling", "trait")
"""Relations of somebody themself that their prompt shows as what they are."""

KNOWN_TOKENS, FACT_TOKENS = 800, 300


def known_to(state: StoryState, who: str, words: str) -> list[str]:
    """Sentences of what somebody knows: what matters for these words, then the facts."""
    check = KnowledgeCheck(state.canon, state.names, state.lines)
    theirs = {
        number: line
        for number, line in state.lines.items()
        if _is_open_to(line, who) and check.may_know(who, line.text)
    }
    lines = lines_for(theirs, [who, state.player], words, KNOWN_TOKENS)
    facts = within_budget(_facts(state, who), FACT_TOKENS, len)
    return list(dict.fromkeys([*(line.text for line in lines.values()), *facts]))


def _is_open_to(line: LastingLine, who: str) -> bool:
    return who in line.known_by if line.known_by else line.origin != "scene"


def _facts(state: StoryState, who: str) -> Iterator[str]:
    canon, names = state.canon, state.names

    def said(subject: str, relation: str, value: str) -> str:
        name = names.get(subject, plain(subject))
        return canon.relations[relation].say(name, names.get(value, plain(value)))

    for fact in canon.facts_about(who):
        if fact.relation not in _SHOWN_ELSEWHERE:
            yield said(who, fact.relation, fact.value)
    for fact in canon.beliefs_of(who):
        yield f"{names.get(who, who)} believes: {said(fact.subject, fact.relation, fact.value)}"
    for other in (STORY, *names):
        for fact in canon.facts_about(other) if other != who else ():
            is_news = (fact.relation, fact.value) != ("alive", "true")
            if is_news and fact.relation in PUBLIC and fact.relation != "name":
                yield said(other, fact.relation, fact.value)
