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
    choice = str(proposal.get("choice") or "")
    found = [entry for entry in (_message(choice, fact) for fact in facts) if entry]
    if not WordFilter({}, rules).allows(choice):
        said = "; ".join(f"{name}: {text}" for name, text in sorted(rules.items()))
        found.append({"message": "it uses what a rule of this world excludes", "fact": said})
    is_vague = pattern("vague").search(choice)
    meaning = 0.5 + 0.15 * (len(choice.split()) >= 4) - 0.3 * bool(is_vague)
    affected = [str(one) for one in proposal.get("affects") or []]
    named = [a for a in affected if a.replace("_", " ").lower() in choice.lower()]
    alignment = 0.5 if not affected else 0.6 + 0.35 * len(named) / len(affected)
    return {
        "contradictions": found,
        "meaningfulness": round(meaning, 2),
        "character_alignment": round(alignment, 2),
        "suggestion": "Change the choice so that the fact can stand." if found else "",
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
