"""The rules that need no model: what in a proposed branch is plainly wrong or weak.

Used by ``branch_validator`` alone. Each rule is a function from a proposal (and its parent's text)
to the issues it finds; words are matched at word boundaries, never inside other words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from tta_rebuild.narrative.branch_values import BranchProposal


@dataclass(frozen=True, slots=True)
class Finding:
    """``severity`` is ``info``, ``warning`` or ``error``."""

    severity: str
    category: str
    message: str
    fix: str


def _words(*words: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(words) + r")\b", re.IGNORECASE)


_BEFORE_AND_AFTER = re.compile(
    r"\bbefore\b[^.!?]*\bbut\b[^.!?]{0,30}\bafter\b|\bafter\b[^.!?]*\bbut\b[^.!?]{0,30}\bbefore\b",
    re.IGNORECASE,
)
_VAGUE = _words(
    "something",
    "somehow",
    "somewhere",
    "somewhat",
    "anything",
    "whatever",
    "stuff",
    "things? happens?",
    "things",
    "maybe",
    "perhaps",
    "possibly",
    "kind of",
    "sort of",
    "or so",
    "et cetera",
    "etc",
)
_CONSEQUENCE = re.compile(
    r"\b(?:lead(?:s|ing)?|led|result(?:s|ing)?|caus(?:es?|ing)|trigger\w*|consequen\w*|therefore|"
    r"because|so that|so the|outcome|will|would|then|chang\w+|reveal\w*|discover\w*|learn\w*|"
    r"uncover\w*|risk\w*|cost\w*|open(?:s|ing)? (?:up|a|the)|becom\w+|mean(?:s|ing)|gain\w*|"
    r"los(?:es?|ing)|earn\w*|transform\w*|bring(?:s|ing)?|forc(?:es?|ing)|allow\w*|begin(?:s|ning)?|"
    r"creat\w+|end(?:s|ing)|impact\w*|affect\w*|creates?|sets? off|turns?|find(?:s|ing)?|makes?)\b",
    re.IGNORECASE,
)
_AGENCY_LOST = re.compile(
    r"\b(?:(?:is|are|was|were|be|being|get|gets)?\s*(?:forced|compelled|coerced|made) to|"
    r"forces? (?:him|her|them|the \w+|\w+) to|no (?:other )?choice|no option|no say|no will|"
    r"against (?:his|her|their|your|its) will|without (?:any )?(?:a )?choice|"
    r"cannot (?:refuse|resist|choose|decide)|can't (?:refuse|resist|choose)|"
    r"unable to (?:refuse|resist|choose)|must obey|mind[- ]control\w*|"
    r"control(?:s|led|ling)? (?:\w+ )?(?:\w+'s|his|her|their|your) (?:mind|will)|"
    r"powerless|helplessly|automatically|involuntarily|without (?:his|her|their|your) consent|"
    r"no matter what (?:he|she|they|you))",
    re.IGNORECASE,
)
_BOUND_TO = _words("must", "ha(?:s|ve) to", "made to", "forced")
_MAGIC = re.compile(
    r"\b(?:magic\w*|spell(?:s|book|bound)?|wizard\w*|witch\w*|sorcer\w*|enchant\w*|conjur\w*|"
    r"warlocks?|hex(?:es)?|curse[sd]?|mage|mages|necromanc\w*|potions?|summon(?:s|ed|ing)?|"
    r"incantation\w*|telepath\w*|supernatural\w*|fireballs?|"
    r"cast(?:s|ing)? (?:a |an |the )?(?:\w+bolt|charm|curse|rune|ward|illusion)s?)\b",
    re.IGNORECASE,
)
_UNREAL = re.compile(
    r"\b(?:dragons?|teleport\w*|unicorns?|time[- ]travel\w*|resurrect\w*|levitat\w*|invisib\w+|"
    r"shape-?shift\w*|werewol\w+|vampires?|ghosts?|fair(?:y|ies)|elves|goblins?|demons?|immortal\w*|"
    r"telekine\w*|superpower\w*|fly(?:ing)? (?:through|over|into) the (?:air|sky))\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:no|not|without|never|pretend\w*|fake\w*|stage|trick\w*|as if by|so-called|n't)\s+"
    r"(?:\w+\s+){0,2}$",
    re.IGNORECASE,
)
_LIMITING = _words("only", "never", "final", "finally", "forever", "no way back", "irreversibl[ey]")
_THE_END = re.compile(r"\bthe end\b", re.IGNORECASE)
_BARE_END = re.compile(r"(?:^|[.!?]\s*)the end\s*(?:[.!]|$)", re.IGNORECASE)
_GAME_OVER = re.compile(r"\bgame over\b|\bstory ends here\b|\bnothing (?:more )?follows\b", re.I)
_EVERYONE_DIES = re.compile(r"\b(?:everyone|everybody|all) (?:dies?|is dead|perish\w*)\b", re.I)

_NEGATOR = re.compile(
    r"\b(?:not|never|no(?: way)?|refus\w+|reject\w*|declin\w+|without|stop\w*|avoid\w*|instead of|"
    r"fail\w* to|"
    r"rather than|deny|den(?:ies|ied)|undo\w*|cancel\w*|revers\w+|don't|doesn't|didn't|won't|"
    r"cannot|can't|isn't|wasn't|neither|nobody|none)\b",
    re.IGNORECASE,
)
_OPPOSITES: tuple[tuple[str, str], ...] = (
    (r"accept|agree|consent|join|take|believ|trust|follow", r"reject|refus|declin|disagree|ignor"),
    (r"trust|believ", r"distrust|mistrust|betray|doubt|disbeliev"),
    (r"help|aid|assist|support|protect|defend", r"abandon|hinder|ignor|sabotag|attack|betray|harm"),
    (r"sav|rescu|spar|heal|reviv", r"kill|murder|slay|destroy|abandon|execut|let \w+ die"),
    (r"stay|remain", r"leav|depart|flee|left"),
    (r"forgiv|pardon", r"condemn|punish|resent|aveng"),
    (r"love", r"hate|despis"),
    (r"fight|attack|confront|resist", r"flee|surrender|submit|avoid|retreat"),
    (r"follow|obey|pursu", r"ignor|disobey|defy|avoid|abandon"),
    (r"join|unite|ally", r"oppos|desert|leav"),
    (r"keep|guard|preserv", r"discard|throw|destroy|surrender|give away"),
    (r"reveal|confess|tell", r"conceal|hid|lie"),
    (r"build|creat|repair|mend", r"destroy|demolish|tear down"),
    (r"peace", r"war"),
    (r"alive|surviv|live", r"dead|die|died|perish"),
)
_SMALL = """
a an the and or but of to in on at by for from with into onto over under as is are was were be
been it its this that these those his her their your my our he she they you we i them him us me
do does did will would can could shall should may might not no never all any some more most
"""
_SMALL_WORDS = frozenset(_SMALL.split())


def _stem(word: str) -> str:
    """A crude stem, enough to see that "trusted" and "trust" are one word."""
    for ending in ("ing", "ied", "ies", "ed", "es", "s", "ly", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def content_stems(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order."""
    words = re.findall(r"[a-z']+", text.lower())
    return [_stem(w.removesuffix("'s")) for w in words if w not in _SMALL_WORDS and len(w) > 2]


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
    already = _NEGATOR.search(parent) is not None
    if not already and (negator := _negator_among(child, things)):
        return negator
    for negation in _NEGATOR.finditer(child):
        clause = re.split(r"[.;:!?]|\b(?:but|and then|while)\b", child[negation.end() :])[0]
        near = content_stems(clause)[:4]
        shared = things.intersection(near)
        if not already and (acts.intersection(near[:2]) and (len(shared) > 1 or len(things) <= 2)):
            return (negation.group() + clause).strip()
        if not already and len(shared) >= 2 and len(shared) * 2 >= len(things):
            return (negation.group() + clause).strip()
    shared_things = things.intersection(content_stems(child))
    for one, other in _OPPOSITES:
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
    for negation in _NEGATOR.finditer(child):
        denied = set(content_stems(child[negation.end() :]))
        if denied & things or not denied:
            return negation.group()
    return ""


def consistency_findings(proposal: BranchProposal, parent: str) -> Iterator[Finding]:
    """What does not fit the order of time or the branch before."""
    text = f"{proposal.choice_text}. {proposal.branch_description}"
    if _BEFORE_AND_AFTER.search(text):
        yield Finding(
            "warning",
            "consistency",
            "Temporal ambiguity: the branch places the same thing both before and after",
            "Say clearly when it happens, in one place of the story's time",
        )
    words = negates(proposal.choice_text, parent) or negates(proposal.branch_description, parent)
    if words:
        yield Finding(
            "error",
            "consistency",
            f"The branch contradicts its parent branch '{parent.strip()}': it says '{words}'",
            "Let the branch follow from what was chosen before, or show what changes it",
        )


def meaningfulness_findings(proposal: BranchProposal, parent: str) -> Iterator[Finding]:
    """What makes a choice weigh little."""
    vague = _VAGUE.search(proposal.choice_text) or _VAGUE.search(proposal.branch_description)
    if vague:
        yield Finding(
            "warning",
            "meaningfulness",
            f"Vague wording: '{vague.group()}' does not say what happens",
            "Name the act, the person and the thing that it is about",
        )
    if not _CONSEQUENCE.search(proposal.branch_description):
        yield Finding(
            "info",
            "meaningfulness",
            "The description names no consequence of the choice",
            "Say what the choice leads to, costs or reveals",
        )
    if not any(c.strip() for c in proposal.affected_characters):
        yield Finding(
            "warning",
            "meaningfulness",
            "No character is affected by this branch",
            "Name at least one character for whom it makes a difference",
        )


def character_findings(proposal: BranchProposal, parent: str) -> Iterator[Finding]:
    """What does not fit the characters, or takes their will from them."""
    choice = proposal.choice_text.lower()
    for character in proposal.affected_characters:
        names = [w for w in re.split(r"[\W_]+", character.lower()) if len(w) > 2]
        names = names or [character.lower().strip()]
        if not any(name and re.search(rf"\b{re.escape(name)}", choice) for name in names):
            yield Finding(
                "info",
                "character",
                f"The affected character '{character}' is not mentioned in the choice",
                f"Let the choice say what it means for '{character}'",
            )
    lost = (
        _AGENCY_LOST.search(proposal.choice_text)
        or _BOUND_TO.search(proposal.choice_text)
        or _AGENCY_LOST.search(proposal.branch_description)
    )
    if lost:
        yield Finding(
            "warning",
            "character",
            f"The choice takes a character's agency away: '{' '.join(lost.group().split())}'",
            "Let the character decide, even between hard options",
        )


def universe_findings(proposal: BranchProposal, parent: str) -> Iterator[Finding]:
    """What the world's rules do not allow."""
    text = f"{proposal.choice_text}. {proposal.branch_description}"
    for name, rule in proposal.universe_rules.items():
        said = f"{name} {rule}".lower().replace("_", " ").replace("-", " ")
        forbidden: list[re.Pattern[str]] = []
        no_magic = r"\b(no|without|non|forbid\w*|ban\w*|lacks?|never)\b.{0,20}\bmagic"
        gone = r"\bmagic\w*\b.{0,25}\b(not|n't|forbidden|banned|impossible|prohibited|never)"
        if re.search(no_magic, said) or re.search(gone, said):
            forbidden.append(_MAGIC)
        if re.search(r"\brealis(?:tic|m)\b|\breal world\b", said) and "unrealistic" not in said:
            forbidden += [_UNREAL, _MAGIC]
        for pattern in forbidden:
            used = _asserted(pattern, text)
            if used:
                yield Finding(
                    "error",
                    "universe",
                    f"Breaks the universe rule '{name}' ({rule}): no room for '{used}'",
                    f"Reach the same end without '{used}', or change the rule '{name}'",
                )
                break


def _asserted(pattern: re.Pattern[str], text: str) -> str:
    """The first match that is not itself denied ("without magic", "no dragons")."""
    for match in pattern.finditer(text):
        if not _DENIED.search(text[: match.start()]):
            return match.group()
    return ""


def dead_end_risk(proposal: BranchProposal) -> float:
    """How likely the story finds no way on after this choice, in [0, 1]."""
    choice = proposal.choice_text
    text = f"{choice}. {proposal.branch_description}"
    risk = 0.0
    if _GAME_OVER.search(text):
        risk += 0.6
    if _BARE_END.search(choice) or (_THE_END.search(choice) and _GAME_OVER.search(text)):
        risk += 0.3
    if _EVERYONE_DIES.search(text):
        risk += 0.5
    risk += 0.25 * min(2, len({m.group().lower() for m in _LIMITING.finditer(text)}))
    if not any(c.strip() for c in proposal.affected_characters):
        risk += 0.2
    return min(1.0, round(risk, 4))


RULES: Mapping[str, Callable[[BranchProposal, str], Iterator[Finding]]] = {
    "consistency": consistency_findings,
    "meaningfulness": meaningfulness_findings,
    "character": character_findings,
    "universe": universe_findings,
}
