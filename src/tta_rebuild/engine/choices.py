"""A step of a turn, once the scene has been told: which of its choices may be offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from tta_rebuild.canon.recall import facts_for, subjects_named
from tta_rebuild.core.events import ChoicesOffered
from tta_rebuild.core.story import Choice
from tta_rebuild.engine.action import MAX_ACTION_CHARS
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.messages import message
from tta_rebuild.engine.turn_input import TurnInput
from tta_rebuild.narrative.branch_rules import BranchProposal
from tta_rebuild.narrative.branch_validator import (
    RULES_ALONE,
    BranchValidation,
    BranchValidatorPrimitive,
    IssueSeverity,
    size_objection,
)
from tta_rebuild.reading.lookahead import dead_ends, false_choices

MAX_CHOICES = 5
FEWEST_CHOICES = 2
"""With fewer sound choices than this the player is told so."""

FACT_TOKENS = 300
SUMMARY_LINES = 6


def note_on(offered: ChoicesOffered) -> str:
    """What the player should know of an offer, "" if it is as it should be."""
    if len(offered.choices) >= FEWEST_CHOICES:
        return ""
    return message("one_choice" if offered.choices else "no_choice")


async def offer(
    turn: TurnInput,
    proposed: Sequence[Choice],
    refused: Mapping[str, str],
    gate: Gate,
    validator: BranchValidatorPrimitive,
    *,
    is_by_hand: bool = False,
) -> tuple[ChoicesOffered, str]:
    """Only sound choices: allowed, true, valid, with a way on, and each making a difference.

    With them comes why a model that should have judged them has not, or "". The second reader
    ``refused`` some (text → why). Those ``by_hand`` are asked for boundaries and contradictions.
    """
    rejected = list(refused.items())
    allowed: dict[tuple[str, ...], Choice] = {}
    for choice in (one for one in proposed if one.text not in refused):
        words = tuple(choice.text.casefold().split())
        reason = gate.objection_to(choice) or (None if is_by_hand else size_objection(choice.text))
        if reason is None and words in allowed:
            reason = "says the same as another choice"
        if reason is None:
            allowed[words] = choice
        else:
            rejected.append((choice.text, reason))
    judged = list(allowed.values())
    if is_by_hand:
        return ChoicesOffered(choices=tuple(judged[:MAX_CHOICES]), rejected=tuple(rejected)), ""
    facts = _facts(gate, judged) if judged and validator.llm_provider else ()
    proposals = _proposals(turn, judged, turn.moved, facts)
    verdicts = await validator.validate_all(proposals, turn.context)
    pairs = list(zip(judged, verdicts, strict=True))
    rejected += [
        (choice.text, _reason(verdict)) for choice, verdict in pairs if not verdict.is_valid
    ]
    sound = [choice for choice, verdict in pairs if verdict.is_valid]
    for look in (partial(dead_ends, player=turn.state.player), false_choices):
        found = look(gate.canon, sound)
        rejected += found.items()
        sound = [choice for choice in sound if choice.text not in found]
    unread = next((v.degraded.removeprefix(RULES_ALONE) for v in verdicts if v.degraded), "")
    offered = ChoicesOffered(choices=tuple(sound[:MAX_CHOICES]), rejected=tuple(rejected))
    return offered, unread


def _facts(gate: Gate, choices: Sequence[Choice]) -> tuple[dict[str, str], ...]:
    concerned = list(dict.fromkeys(who for choice in choices for who in choice.affects))
    words = " ".join(f"{choice.text} {choice.consequence}" for choice in choices)
    named = subjects_named(gate.canon, words)
    facts = facts_for(gate.canon, words, named, concerned, FACT_TOKENS)
    return tuple({"subject": f.subject, "relation": f.relation, "value": f.value} for f in facts)


def _proposals(
    turn: TurnInput,
    choices: Sequence[Choice],
    happened: str,
    facts: tuple[dict[str, str], ...] = (),
) -> list[BranchProposal]:
    state, context = turn.state, turn.context
    past = [str(line) for line in state.summary[-SUMMARY_LINES:]]
    return [
        BranchProposal(
            universe_id=context.universe_id or context.workflow_id,
            branch_description=choice.consequence or choice.text,
            choice_text=choice.text,
            affected_characters=list(choice.affects),
            acting=state.player,
            timeline_context=[*past, happened] if happened else past,
            universe_rules=dict(state.premise.rules),
            effects=choice.effects,
            facts=facts,
        )
        for choice in choices
    ]


async def judge(turn: TurnInput, choices: Sequence[Choice]) -> list[BranchValidation]:
    """Verdicts on choices, or a player's own words, as the story stands now; no model is asked."""
    gate, catalog = Gate(turn), turn.dependencies.catalog
    validator = BranchValidatorPrimitive(
        checker=gate.contradictions, catalog=catalog, lengths=(1, MAX_ACTION_CHARS)
    )
    proposals = _proposals(turn, choices, turn.state.action)
    verdicts = await validator.validate_all(proposals, turn.context)
    kept_out = map(gate.objection_to, choices)
    return [verdict.bounded(why) for verdict, why in zip(verdicts, kept_out, strict=True)]


def _reason(verdict: BranchValidation) -> str:
    weight = list(IssueSeverity)
    worst = max(verdict.issues, key=lambda issue: weight.index(issue.severity), default=None)
    return worst.message if worst else "too weak a choice"
