"""How facts, contradictions, rules and corrections look on the screen. Used by ``canon``, ``validate``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tta_rebuild.cli.screen import Screen, counted, one_line

if TYPE_CHECKING:
    from tta_rebuild.canon.retcon import RetconPlan
    from tta_rebuild.canon.view import Canon, Fact
    from tta_rebuild.reading.story_reader import StoryRead

_WHO = frozenset(
    ["alive", "name", "alias", "role", "kin", "age", "species", "born_in", "trait", "ability"]
)
_WHERE = frozenset(["located_in", "part_of", "far_from"])
SECTIONS = ("Who", "Where", "What holds")


def show_facts(
    screen: Screen,
    canon: Canon,
    facts: Sequence[Fact],
    places: Mapping[int, int],
    unit: str,
    *,
    word: str = "",
) -> None:
    """Facts under ``SECTIONS``, by subject, each with its relation and where it was told.

    Args:
        places: event position → number of the turn or sentence (``unit``) it came from.
    """
    grouped: dict[str, dict[str, list[Fact]]] = {name: {} for name in SECTIONS}
    for fact in facts:
        section = SECTIONS[0 if fact.relation in _WHO else 1 if fact.relation in _WHERE else 2]
        grouped[section].setdefault(fact.subject, []).append(fact)
    subjects = len({fact.subject for fact in facts})
    screen.say(
        f"{counted(len(facts), 'fact')} about {counted(subjects, 'subject')}"
        + (f" with '{one_line(word, 60)}'." if word else " at the end.")
    )
    for name, by_subject in grouped.items():
        screen.say()
        screen.say(name, "bold")
        if not by_subject:
            screen.say("nothing is known", "dim", indent=2)
        for subject, own in sorted(by_subject.items()):
            screen.say(one_line(_display(canon, subject), 60), indent=2)
            for fact in own:
                told = places.get(fact.since)
                source = f" [{unit} {told}]" if told else ""
                if not fact.certain:
                    source = f"{source} (inferred)"
                screen.entry(f"    {fact.relation}:", f"{_words(fact)}{source}", gap=1)


def show_contradictions(screen: Screen, read: StoryRead) -> None:
    """What a text contradicts in itself, each with both sentences."""
    screen.say()
    screen.say("Contradictions", "bold")
    if not read.contradictions:
        screen.say("no sentence contradicts an earlier one, as far as rules can tell", indent=2)
    for found in read.contradictions:
        contradiction = found.contradiction
        screen.entry(f"  {contradiction.severity}:", one_line(contradiction.message), gap=1)
        screen.entry(f"    sentence {found.at + 1}:", one_line(contradiction.sentence), gap=1)
        if found.evidence is not None:
            against = read.sentences[found.evidence]
            screen.entry(f"    sentence {found.evidence + 1}:", one_line(against), gap=1)
        elif contradiction.against:
            screen.entry("    against:", one_line(contradiction.against), gap=1)
        if contradiction.fix:
            screen.entry("    fix:", one_line(contradiction.fix), gap=1)


def show_rules(screen: Screen, rules: Mapping[str, str]) -> None:
    """Which of a world's rules are checked by rule, and which only a model can judge."""
    from tta_rebuild.reading.world_rules import compiled

    if not rules:
        return
    made = compiled(rules)
    kinds = {rule.name: rule.kind for rule in made.rules}
    screen.say()
    screen.say("World rules", "bold")
    for name, text in rules.items():
        how = f"checked ({kinds[name]})" if name in kinds else "left to the model"
        screen.entry(f"  {one_line(name, 30)}:", f"{one_line(text)} -- {how}", gap=1)


def show_plan(screen: Screen, plan: RetconPlan, turns: Mapping[int, int]) -> None:
    """What a correction takes back, and every event that depends on it."""
    fact = plan.fact
    screen.entry(
        "never so:",
        f"{_plain(fact.subject)} {fact.relation} {_plain(fact.value)} "
        f"[turn {turns.get(fact.since, 0)}]",
    )
    if plan.becomes is not None:
        screen.entry("but:", f"{_plain(fact.subject)} {fact.relation} {_plain(plan.becomes.value)}")
    if not plan.dependents:
        screen.say("No later event depends on it.")
        return
    screen.say(f"{counted(len(plan.dependents), 'later event')} would no longer stand:")
    for dependent in plan.dependents:
        claim = dependent.claim
        ends = "no longer " if claim.ends else ""
        screen.entry(
            f"  turn {turns.get(dependent.position, 0)}:",
            f"{_plain(claim.subject)} {ends}{claim.relation} {_plain(claim.value)}: "
            f"{one_line(dependent.why)}",
            gap=1,
        )


def _display(canon: Canon, subject: str) -> str:
    return canon.value(subject, "name") or _plain(subject)


def _words(fact: Fact) -> str:
    if fact.relation == "alive":
        return "no" if fact.value == "false" else "yes"
    return one_line(_plain(fact.value))


def _plain(name: str) -> str:
    return one_line(name.replace("_", " "))
