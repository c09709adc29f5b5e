"""The world's rules, held against sentences: what may not occur, what must, what has its price.

The checker and ``tta validate`` use it; no model is asked. Rules come from ``rule_text`` or from an
author's own code; who does what is read by ``rule_acts``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.reading.rule_acts import ClassesOf, breaks
from tta_rebuild.reading.rule_text import HOURS, Compiled, WorldRule, compiled
from tta_rebuild.reading.rule_words import phrases

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


@cache
def _idioms() -> re.Pattern[str]:
    return _pattern(phrases("idioms", "phrases"))


class WorldRules:
    """Compiled rules, ready to check sentences.

    Args:
        rules: what ``compiled`` gave, or rules that an author wrote as data.
    """

    def __init__(self, rules: Iterable[WorldRule] = ()) -> None:
        self.rules = tuple(rules)

    def contradictions(
        self,
        sentence: str,
        *,
        hour: str = "",
        told_hour: str = "",
        classes_of: ClassesOf = _nothing_known,
    ) -> Iterator[Contradiction]:
        """Rules that a sentence breaks.

        Args:
            hour: the time of day that holds; ``told_hour``: the one that the sentence tells.
            classes_of: what a name's bearer is, for rules about "the guard".
        """
        low = _idioms().sub(" ", sentence.lower().replace("’", "'"))
        for rule in self.rules:
            match rule.kind:
                case "forbidden":
                    if used := _asserted(rule.words, low):
                        what = f"“{used}” may not occur"
                        yield self._contradiction(rule, "rule_forbidden", sentence, what, 0.92)
                case "conditional":
                    used = _asserted(rule.words, low)
                    if used and not _pattern(rule.price).search(low):
                        what = f"“{used}” occurs without its price"
                        yield self._contradiction(rule, "rule_price", sentence, what, 0.85)
                case "forbidden_act":
                    told = {hour, told_hour} & {*rule.when} or any(
                        phrase in low for phrase, hours in HOURS.items() if hours == rule.when
                    )
                    if (told or not rule.when) and breaks(rule, sentence, classes_of):
                        what = "somebody does what they may not"
                        yield self._contradiction(rule, "rule_act", sentence, what, 0.88)
                case "required":
                    pass

    def missing(self, scene: str) -> list[Contradiction]:
        """Required things that a whole scene does not have; warnings."""
        low = scene.lower()
        return [
            self._contradiction(
                rule,
                "rule_required",
                scene[:80],
                "this scene lacks what every scene must have",
                0.6,
            )
            for rule in self.rules
            if rule.kind == "required" and not _pattern(rule.words).search(low)
        ]

    def _contradiction(
        self, rule: WorldRule, kind: str, sentence: str, what: str, certainty: float
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
