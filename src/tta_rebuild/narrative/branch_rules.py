"""The rules that need no model: what in a proposed branch is plainly wrong or weak.

Used by ``branch_validator`` alone; patterns and texts are in ``data/branches.toml``. Words are
matched at word boundaries, never inside other words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.english import sentences_of, stem
from tta_rebuild.narrative.branch_proposal import BranchProposal
from tta_rebuild.reading.world_rules import WorldRules, compiled

_THE_END = re.compile(r"\bthe end\b", re.IGNORECASE)
_BARE_END = re.compile(r"(?:^|[.!?]\s*)the end\s*(?:[.!]|$)", re.IGNORECASE)


def branch_data(part: str) -> Any:
    """An entry of the data file."""
    return packaged_toml("tta_rebuild.narrative", "branches")[part]


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(branch_data(name)) + r")\b", re.IGNORECASE)


@cache
def _small_words() -> frozenset[str]:
    return frozenset(branch_data("small").split())


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order."""
    words = re.findall(r"[a-z']+", text.lower())
    return [stem(w.removesuffix("'s")) for w in words if w not in _small_words() and len(w) > 2]


def negates(child: str, parent: str) -> str:
    """The words with which a text negates what its parent branch did, "" if it does not.

    Either a negation right before the parent's own act ("do not trust the stranger"), or an
    opposite act on the same thing ("abandon the village" after "save the village").
    """
    child, parent = child.replace("’", "'"), parent.replace("’", "'")
    parent_stems = content_stems(parent)
    if not parent_stems or _pattern("negation").search(parent):
        return ""
    acts, things = set(parent_stems[:2]), set(parent_stems)
    if negator := _negator_among(child, things):
        return negator
    for negation in _pattern("negation").finditer(child):
        clause = re.split(r"[.;:!?]|\b(?:but|and then|while)\b", child[negation.end() :])[0]
        near = content_stems(clause)[:4]
        shared = things.intersection(near)
        is_its_act = acts.intersection(near[:2]) and (len(shared) > 1 or len(things) <= 2)
        if is_its_act or (len(shared) >= 2 and len(shared) * 2 >= len(things)):
            return (negation.group() + clause).strip()
    shared_things = things.intersection(content_stems(child))
    for one, other in branch_data("opposites"):
        for said, opposite in ((one, other), (other, one)):
            in_parent, in_child = _begun(said, parent), _begun(opposite, child)
            if in_parent is None or in_child is None or _begun(opposite, parent):
                continue  # or the parent speaks of both itself
            if shared_things - set(content_stems(in_parent.group())):
                return in_child.group()
    return ""


def _begun(words: str, text: str) -> re.Match[str] | None:
    return re.search(rf"\b(?:{words})\w*", text, re.IGNORECASE)


def _negator_among(child: str, things: set[str]) -> str:
    """The negation in a text that holds all of the parent's words, "" if there is none.

    A negation after the last of them counts too ("… the elder? Never!"), unless it goes on to
    deny something else ("…, without waking the guard").
    """
    if not things <= set(content_stems(child)):
        return ""
    for negation in _pattern("negation").finditer(child):
        denied = set(content_stems(child[negation.end() :]))
        if denied & things or not denied:
            return negation.group()
    return ""


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
        if character != proposal.acting and not _is_named(character, choice.lower()):
            yield "unnamed", {"who": character}
    if lost := (
        _pattern("agency_lost").search(choice)
        or _pattern("bound_to").search(choice)
        or _pattern("agency_lost").search(told)
    ):
        yield "agency", {"words": " ".join(lost.group().split())}
    yield from _of_the_universe(proposal)


def _is_named(character: str, choice: str) -> bool:
    names = [w for w in re.split(r"[\W_]+", character.lower()) if len(w) > 2]
    names = names or [character.lower().strip()]
    return any(name and re.search(rf"\b{re.escape(name)}", choice) for name in names)


def _of_the_universe(proposal: BranchProposal) -> Iterator[tuple[str, dict[str, str]]]:
    """What the world's rules do not allow; those that cannot be checked so are left to a model."""
    rules = WorldRules(compiled(proposal.universe_rules).rules)
    broken: set[str] = set()
    for sentence in sentences_of(f"{proposal.choice_text}. {proposal.branch_description}"):
        for found in rules.contradictions(sentence):
            if found.subject not in broken:
                broken.add(found.subject)
                yield "universe", {"rule": found.subject, "why": found.message}


def dead_end_risk(proposal: BranchProposal) -> float:
    """How likely the story finds no way on after this choice, in [0, 1]."""
    choice = proposal.choice_text
    text = f"{choice}. {proposal.branch_description}"
    risk = 0.0
    if _pattern("game_over").search(text):
        risk += 0.6
    if _BARE_END.search(choice) or (_THE_END.search(choice) and _pattern("game_over").search(text)):
        risk += 0.3
    if _pattern("everyone_dies").search(text):
        risk += 0.5
    risk += 0.25 * min(2, len({m.group().lower() for m in _pattern("limiting").finditer(text)}))
    if not any(c.strip() for c in proposal.affected_characters):
        risk += 0.2
    return min(1.0, round(risk, 4))
