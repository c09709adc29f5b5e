"""A proposed branch, and the rules that need no model: what in it is plainly wrong or weak.

Patterns and texts are in ``data/branches.toml``; words are matched at word boundaries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import sentences_of, stem
from tta_rebuild.core.speech import name_parts
from tta_rebuild.core.story import Claim
from tta_rebuild.reading.world_rules import compiled

_THE_END = re.compile(r"\bthe end\b", re.IGNORECASE)
_BARE_END = re.compile(r"(?:^|[.!?]\s*)the end\s*(?:[.!]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BranchProposal:
    """A branch somebody would like to offer.

    Attributes:
        timeline_context: what has happened, in plain sentences, oldest first.
        universe_rules, parent_branch_id: name → text; the choice text of the branch before.
        effects, facts: what it would make true; what holds now (CLAIMs as in ``core.tasks``).
        acting: the character whose choice it is; a choice need not name its own actor.
    """

    universe_id: str
    branch_description: str
    choice_text: str
    affected_characters: list[str]
    timeline_context: list[str] = field(default_factory=list)
    universe_rules: dict[str, str] = field(default_factory=dict)
    parent_branch_id: str | None = None
    effects: tuple[Claim, ...] = ()
    facts: tuple[dict[str, Any], ...] = ()
    acting: str = ""


def branch_data(part: str) -> Any:
    """An entry of the data file."""
    return packaged_toml("tta_rebuild.narrative", "branches")[part]


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(branch_data(name)) + r")\b", re.IGNORECASE)


def _stems(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order."""
    words, small = re.findall(r"[a-z']+", text.lower()), set(branch_data("small").split())
    return [stem(w.removesuffix("'s")) for w in words if w not in small and len(w) > 2]


def negates(child: str, parent: str) -> str:
    """The words with which a text negates what its parent branch did, "" if it does not.

    Either a negation right before the parent's own act ("do not trust the stranger"), a negation
    among all of the parent's words, or an opposite act on the same thing ("abandon the village"
    after "save the village").
    """
    child, parent = child.replace("’", "'"), parent.replace("’", "'")
    order = _stems(parent)
    if not order or _pattern("negation").search(parent):
        return ""
    acts, things, said = set(order[:2]), set(order), set(_stems(child))
    for negation in _pattern("negation").finditer(child):
        denied = set(_stems(child[negation.end() :]))
        # after the parent's last word it counts too ("… the elder? Never!"), unless it goes on to
        # deny something else ("…, without waking the guard")
        if things <= said and (denied & things or not denied):
            return negation.group()
        clause = re.split(r"[.;:!?]|\b(?:but|and then|while)\b", child[negation.end() :])[0]
        near = _stems(clause)[:4]
        shared = things.intersection(near)
        is_its_act = acts.intersection(near[:2]) and (len(shared) > 1 or len(things) <= 2)
        if is_its_act or (len(shared) >= 2 and len(shared) * 2 >= len(things)):
            return (negation.group() + clause).strip()
    for pair in branch_data("opposites"):
        for act, opposite in (pair, pair[::-1]):
            in_parent, in_child = _begun(act, parent), _begun(opposite, child)
            if in_parent is None or in_child is None or _begun(opposite, parent):
                continue  # or the parent speaks of both itself
            if (things & said) - set(_stems(in_parent.group())):
                return in_child.group()
    return ""


def _begun(words: str, text: str) -> re.Match[str] | None:
    return re.search(rf"\b(?:{words})\w*", text, re.IGNORECASE)


def findings(proposal: BranchProposal) -> Iterator[tuple[str, dict[str, str]]]:
    """What is wrong with a branch: entries of ``[issues]``, each with the words to fill it with."""
    choice, told = proposal.choice_text, proposal.branch_description
    parent = proposal.parent_branch_id or ""  # the id is the parent's choice text
    if _pattern("before_and_after").search(f"{choice}. {told}"):
        yield "time", {}
    if words := negates(choice, parent) or negates(told, parent):
        yield "parent", {"parent": parent.strip(), "words": words}
    if vague := _pattern("vague").search(choice) or _pattern("vague").search(told):
        yield "vague", {"words": vague.group()}
    if not _pattern("consequence").search(told) or _pattern("no_consequence").search(told):
        yield "no_consequence", {}
    if not any(c.strip() for c in proposal.affected_characters):
        yield "nobody", {}
    for character in proposal.affected_characters:
        names = name_parts(character) or [character.lower().strip()]
        is_named = any(n and re.search(rf"\b{re.escape(n)}", choice.lower()) for n in names)
        if character != proposal.acting and not is_named:
            yield "unnamed", {"who": character}
    lost = _pattern("agency_lost").search(choice) or _pattern("bound_to").search(choice)
    if lost := lost or _pattern("agency_lost").search(told):
        yield "agency", {"words": " ".join(lost.group().split())}
    rules = compiled(proposal.universe_rules)
    broken: dict[str, str] = {}
    for sentence in sentences_of(f"{choice}. {told}"):
        for found in rules.contradictions(sentence):
            broken.setdefault(found.subject, found.message)
    for rule, why in broken.items():
        yield "universe", {"rule": rule, "why": why}


def dead_end_risk(proposal: BranchProposal) -> float:
    """How likely the story finds no way on after this choice, in [0, 1]."""
    choice = proposal.choice_text
    text = f"{choice}. {proposal.branch_description}"
    is_over = bool(_pattern("game_over").search(text))
    risk = 0.6 * is_over + 0.5 * bool(_pattern("everyone_dies").search(text))
    if _BARE_END.search(choice) or (_THE_END.search(choice) and is_over):
        risk += 0.3
    risk += 0.25 * min(2, len({m.group().lower() for m in _pattern("limiting").finditer(text)}))
    if not any(c.strip() for c in proposal.affected_characters):
        risk += 0.2
    return min(1.0, round(risk, 4))
