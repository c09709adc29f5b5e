"""Judging without a model: the task ``branch_check``.

Called by ``provider``. Says what arithmetic on the facts can say and nothing more: no
contradiction found is not the same as none there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.word_lists import pattern


def branch_check(variables: Mapping[str, Any]) -> dict[str, Any]:
    """One judgement per proposal, in order, in the shape of ``core.tasks``."""
    facts = [f for f in variables.get("facts") or [] if isinstance(f, Mapping)]
    rules = variables.get("rules") or {}
    proposals = [p for p in variables.get("proposals") or [] if isinstance(p, Mapping)]
    return {"branches": [_judged(p, facts, rules) for p in proposals]}


def _judged(
    proposal: Mapping[str, Any], facts: Sequence[Mapping[str, Any]], rules: Mapping[str, str]
) -> dict[str, Any]:
    choice = str(
        proposal.get("choice_text") or proposal.get("choice") or proposal.get("text") or ""
    )
    outcome = str(proposal.get("branch_description") or proposal.get("consequence") or "")
    text = f"{choice} {outcome}"
    found = [_message(text, fact) for fact in facts]
    contradictions = [entry for entry in found if entry]
    if not WordFilter({}, rules).allows(text):
        contradictions.append(
            {"message": "it uses what a rule of this world excludes", "fact": _rules(rules)}
        )
    meaning = (
        0.5 + 0.3 * bool(pattern("consequence").search(outcome)) + 0.15 * (len(choice.split()) >= 4)
    )
    meaning -= 0.3 * bool(pattern("vague").search(choice))
    affected = [
        str(a) for a in proposal.get("affected_characters") or proposal.get("affects") or []
    ]
    named = [a for a in affected if a.replace("_", " ").lower() in text.lower()]
    alignment = 0.5 if not affected else 0.6 + 0.35 * len(named) / len(affected)
    return {
        "contradictions": contradictions,
        "meaningfulness": round(min(1.0, max(0.0, meaning)), 2),
        "character_alignment": round(alignment, 2),
        "suggestion": "" if not contradictions else "Change the choice so that the fact can stand.",
    }


def _message(text: str, fact: Mapping[str, Any]) -> dict[str, str]:
    """Acting together with someone who is not alive is what words alone can show."""
    subject = str(fact.get("subject") or "")
    value = str(fact.get("value") or "").lower()
    if fact.get("relation") != "alive" or value not in ("false", "no") or fact.get("ends"):
        return {}
    name = subject.replace("_", " ")
    acts = rf"\b(?:ask|tell|meet|follow|help|give|with|talk to|show)\b[^.]*\b{re.escape(name)}\b"
    if name and re.search(acts, text, re.I):
        return {"message": f"{name} is no longer alive", "fact": f"{subject} alive {value}"}
    return {}


def _rules(rules: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {text}" for name, text in sorted(rules.items()))
