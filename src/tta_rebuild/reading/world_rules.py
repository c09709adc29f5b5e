"""The world's rules, held against sentences: what may not occur, and what has its price.

The gate and ``tta validate`` use it; no model is asked. Rules come from ``rule_text`` or from an
author's own code; who does what is read by ``rule_acts``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.reading.rule_acts import ClassesOf, breaks
from tta_rebuild.reading.rule_text import Compiled, WorldRule, compiled
from tta_rebuild.reading.rule_words import table

__all__ = ["Compiled", "WorldRule", "WorldRules", "compiled"]

_DENIALS = re.compile(
    r"\b(?:no|not|n't|never|without|nobody|nothing|none|isn't|wasn't|doesn't|don't|didn't|cannot|"
    r"lack of|myth|myths|legend|story|stories|tale|tales|pretend\w*|imagin\w*|dream\w*|believ\w*|"
    r"if only|as if|like a|fairy)\b"
)


def _nothing_known(name: str) -> Collection[str]:
    return ()


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    parts = [re.escape(w.rstrip("*")) + (r"\w*" if w.endswith("*") else "") for w in words]
    return re.compile(r"\b(?:" + "|".join(parts) + r")\b")


class WorldRules:
    """Compiled rules, ready to check sentences.

    Args:
        rules: what ``compiled`` gave, or rules that an author wrote as data.
    """

    def __init__(self, rules: Iterable[WorldRule] = ()) -> None:
        self.rules = tuple(rules)

    def contradictions(
        self, sentence: str, *, hour: str = "", classes_of: ClassesOf = _nothing_known
    ) -> Iterator[Contradiction]:
        """Rules that a sentence breaks.

        Args:
            hour: the time of day that holds.
            classes_of: what a name's bearer is, for rules about "the guard".
        """
        idioms = _pattern(tuple(table("idioms")["phrases"]))
        low = idioms.sub(" ", sentence.lower().replace("’", "'"))
        for rule in self.rules:
            used = _asserted(rule.words, low) if rule.words else ""
            if rule.kind == "forbidden_act":
                if _is_the_hour(rule, hour, low) and breaks(rule, sentence, classes_of):
                    yield _broken(
                        rule, "rule_act", sentence, "somebody does what they may not", 0.88
                    )
            elif used and rule.kind == "forbidden":
                yield _broken(rule, "rule_forbidden", sentence, f"“{used}” may not occur", 0.92)
            elif used and not _pattern(rule.price).search(low):
                what = f"“{used}” occurs without its price"
                yield _broken(rule, "rule_price", sentence, what, 0.85)


def _is_the_hour(rule: WorldRule, hour: str, low: str) -> bool:
    """Whether it is one of the hours of a rule, or the sentence says so."""
    told = (phrase for phrase, hours in table("hours").items() if tuple(hours.split()) == rule.when)
    return not rule.when or hour in rule.when or any(phrase in low for phrase in told)


def _broken(
    rule: WorldRule, kind: str, sentence: str, what: str, certainty: float
) -> Contradiction:
    return Contradiction(
        kind=kind,
        area="world",
        message=f"{what}: the world's rule “{rule.text}”",
        sentence=sentence,
        against=rule.text,
        subject=rule.name,
        fix=f"keep to the rule “{rule.text}”",
        certainty=certainty,
    )


def _asserted(words: tuple[str, ...], low: str) -> str:
    """The first of the words that a text has without denying it or telling it as fancy."""
    for hit in _pattern(words).finditer(low):
        begin = max(low.rfind(mark, 0, hit.start()) for mark in (",", ";", ".", "—")) + 1
        if not _DENIALS.search(low[begin : hit.start()]):
            return hit.group()
    return ""
