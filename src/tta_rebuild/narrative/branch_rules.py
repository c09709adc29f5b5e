"""The rules that need no model: what in a proposed branch is plainly wrong or weak.

Used by ``branch_validator`` alone. Each rule is a function from a proposal (and its parent's text)
to the issues it finds; words are matched at word boundaries, never inside other words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from tta_rebuild.core.english import sentences_of, stem
from tta_rebuild.narrative.branch_values import BranchProposal, IssueSeverity, ValidationIssue
from tta_rebuild.reading.world_rules import WorldRules, compiled

_THE_END = re.compile(r"\bthe end\b", re.IGNORECASE)
_BARE_END = re.compile(r"(?:^|[.!?]\s*)the end\s*(?:[.!]|$)", re.IGNORECASE)


@cache
def _data() -> Mapping[str, Any]:
    return tomllib.loads(
        (files("tta_rebuild.narrative") / "data" / "branches.toml").read_text("utf-8")
    )


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(_data()[name]) + r")\b", re.IGNORECASE)


@cache
def _small_words() -> frozenset[str]:
    return frozenset(_data()["small"].split())


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
    if not parent_stems:
        return ""
    acts, things = set(parent_stems[:2]), set(parent_stems)
    already = _pattern("negation").search(parent) is not None
    if not already and (negator := _negator_among(child, things)):
        return negator
    for negation in _pattern("negation").finditer(child):
        clause = re.split(r"[.;:!?]|\b(?:but|and then|while)\b", child[negation.end() :])[0]
        near = content_stems(clause)[:4]
        shared = things.intersection(near)
        if not already and (acts.intersection(near[:2]) and (len(shared) > 1 or len(things) <= 2)):
            return (negation.group() + clause).strip()
        if not already and len(shared) >= 2 and len(shared) * 2 >= len(things):
            return (negation.group() + clause).strip()
    shared_things = things.intersection(content_stems(child))
    for one, other in _data()["opposites"]:
        for said, opposite in ((one, other), (other, one)):
            in_parent = re.search(rf"\b(?:{said})\w*", parent, re.IGNORECASE)
            in_child = re.search(rf"\b(?:{opposite})\w*", child, re.IGNORECASE)
            if in_parent is None or in_child is None or already:
                continue
            if re.search(rf"\b(?:{opposite})\w*", parent, re.IGNORECASE):
                continue  # the parent speaks of both itself
            object_stems = shared_things - set(content_stems(in_parent.group()))
            if object_stems:
                return in_child.group()
    return ""


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


def consistency_findings(proposal: BranchProposal, parent: str) -> Iterator[ValidationIssue]:
    """What does not fit the order of time or the branch before."""
    text = f"{proposal.choice_text}. {proposal.branch_description}"
    if _pattern("before_and_after").search(text):
        yield ValidationIssue(
            IssueSeverity.WARNING,
            "consistency",
            "Temporal ambiguity: the branch places the same thing both before and after",
            "Say clearly when it happens, in one place of the story's time",
        )
    words = negates(proposal.choice_text, parent) or negates(proposal.branch_description, parent)
    if words:
        yield ValidationIssue(
            IssueSeverity.ERROR,
            "consistency",
            f"The branch contradicts its parent branch '{parent.strip()}': it says '{words}'",
            "Let the branch follow from what was chosen before, or show what changes it",
        )


def meaningfulness_findings(proposal: BranchProposal, parent: str) -> Iterator[ValidationIssue]:
    """What makes a choice weigh little."""
    vague = _pattern("vague").search(proposal.choice_text) or _pattern("vague").search(
        proposal.branch_description
    )
    if vague:
        yield ValidationIssue(
            IssueSeverity.WARNING,
            "meaningfulness",
            f"Vague wording: '{vague.group()}' does not say what happens",
            "Name the act, the person and the thing that it is about",
        )
    told = proposal.branch_description
    if not _pattern("consequence").search(told) or _pattern("no_consequence").search(told):
        yield ValidationIssue(
            IssueSeverity.INFO,
            "meaningfulness",
            "The description names no consequence of the choice",
            "Say what the choice leads to, costs or reveals",
        )
    if not any(c.strip() for c in proposal.affected_characters):
        yield ValidationIssue(
            IssueSeverity.WARNING,
            "meaningfulness",
            "No character is affected by this branch",
            "Name at least one character for whom it makes a difference",
        )


def character_findings(proposal: BranchProposal, parent: str) -> Iterator[ValidationIssue]:
    """What does not fit the characters, or takes their will from them."""
    choice = proposal.choice_text.lower()
    for character in proposal.affected_characters:
        if character == proposal.acting:
            continue
        names = [w for w in re.split(r"[\W_]+", character.lower()) if len(w) > 2]
        names = names or [character.lower().strip()]
        if not any(name and re.search(rf"\b{re.escape(name)}", choice) for name in names):
            yield ValidationIssue(
                IssueSeverity.INFO,
                "character",
                f"The affected character '{character}' is not mentioned in the choice",
                f"Let the choice say what it means for '{character}'",
            )
    lost = (
        _pattern("agency_lost").search(proposal.choice_text)
        or _pattern("bound_to").search(proposal.choice_text)
        or _pattern("agency_lost").search(proposal.branch_description)
    )
    if lost:
        yield ValidationIssue(
            IssueSeverity.WARNING,
            "character",
            f"The choice takes a character's agency away: '{' '.join(lost.group().split())}'",
            "Let the character decide, even between hard options",
        )


def universe_findings(proposal: BranchProposal, parent: str) -> Iterator[ValidationIssue]:
    """What the world's rules do not allow; those that cannot be checked so are left to a model."""
    rules = WorldRules(compiled(proposal.universe_rules).rules)
    broken: set[str] = set()
    for sentence in sentences_of(f"{proposal.choice_text}. {proposal.branch_description}"):
        for found in rules.contradictions(sentence):
            if found.subject not in broken:
                broken.add(found.subject)
                yield ValidationIssue(
                    IssueSeverity.ERROR,
                    "universe",
                    f"Breaks the universe rule '{found.subject}': {found.message}",
                    f"Reach the same end within the rule '{found.subject}', or change that rule",
                )


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


RULES: Mapping[str, Callable[[BranchProposal, str], Iterator[ValidationIssue]]] = {
    "consistency": consistency_findings,
    "meaningfulness": meaningfulness_findings,
    "character": character_findings,
    "universe": universe_findings,
}
