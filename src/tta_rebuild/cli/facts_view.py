"""How facts, contradictions, rules and corrections look on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from tta_rebuild.canon.lines import numbered
from tta_rebuild.canon.people import PLAYER
from tta_rebuild.cli.screen import Screen, counted, message, one_line, words
from tta_rebuild.core.events import LineEnded, LineKept
from tta_rebuild.engine.cast import names_written
from tta_rebuild.engine.fact_display import says_nothing

if TYPE_CHECKING:
    from tta_rebuild.canon.retcon import RetconPlan
    from tta_rebuild.canon.view import Canon, Fact
    from tta_rebuild.core.story import Claim, LastingLine
    from tta_rebuild.engine.retcons import Retconned
    from tta_rebuild.reading.story_reader import StoryRead

SECTIONS = ("Who", "Where", "What holds")
_subject = attrgetter("subject")


def facts_with(word: str, facts: Iterable[Fact]) -> list[Fact]:
    """The facts that mention a word; all of them for ""."""
    said = ((fact, (fact.subject, fact.relation, fact.value, fact.sentence)) for fact in facts)
    texts = ((fact, "\n".join(parts).casefold().replace("_", " ")) for fact, parts in said)
    return [fact for fact, text in texts if word.casefold() in text]


class FactList(NamedTuple):
    """What holds at a time, to be shown; ``names`` are of those whose name is no fact.

    ``places``: event position → number of the turn, or of the sentence where that is the ``unit``.
    """

    canon: Canon
    held: Sequence[Fact]
    names: Mapping[str, str] = {}
    lines: Mapping[int, LastingLine] = {}
    places: Mapping[int, int] = {}
    unit: str = "turn"


def show_facts(screen: Screen, found: FactList, word: str) -> None:
    """What mentions a word: of the facts, under ``SECTIONS``, and of the lasting lines."""
    canon, names = found.canon, {**names_written(found.held), **found.names}
    facts = facts_with(word, found.held)
    # a subject's name stands above the others
    called = {f.subject: _name(canon, f.subject, names) for f in facts}
    facts = [f for f in facts if not says_nothing(f, called)]
    mentioned = f" that mention{'s' * (len(facts) == 1)} '{one_line(word, 60)}'" if word else ""
    about = f", about {counted(len({fact.subject for fact in facts}), 'subject')}"
    there_are = "There are no facts" if word and not facts else counted(len(facts), "fact")
    screen.say(f"{there_are}{mentioned}{about if facts or not word else ''}.")
    for section in SECTIONS:
        here = [f for f in facts if words("sections").get(f.relation, SECTIONS[2]) == section]
        if here or not word:
            screen.heading(section)
        if not here and not word:
            screen.say("nothing is known", "dim", indent=2)
        for subject, own in groupby(sorted(here, key=_subject), _subject):
            screen.say(one_line(_name(canon, subject, names), 60), "bold", indent=2)
            for fact in own:
                told = found.places.get(fact.since)
                source = f" [{found.unit} {told}]" if told else ""
                source += "" if fact.certain else " (unconfirmed)"
                value = {"true": "yes", "false": "no"}.get(fact.value, _plain(fact.value))
                if fact.relation not in ("role", "alias", "name") and value not in ("yes", "no"):
                    value = one_line(_name(canon, fact.value, names))
                head = f"    {_plain(fact.relation)}:"
                screen.entry(head, f"{value}{source}", gap=1, head_style="")
    heading = "Kept in plain words, by number"
    for number, line in found.lines.items():
        known_by = tuple(names.get(who, who) for who in line.known_by)
        text = numbered(number, replace(line, known_by=known_by))
        if word.casefold() in text.casefold():
            if heading:
                screen.heading(heading)
            heading = ""
            screen.say(f"  {one_line(text)}")


def fact_line(fact: Claim | Fact, names: Mapping[str, str] | None = None) -> str:
    """A fact in one line; ``names`` are those of the people, by id."""
    named = names or {}
    subject = _plain(_named(fact.subject, named))
    relation = _plain(fact.relation)
    if fact.value in ("true", "false"):
        return f"{subject}: {'not ' if fact.value == 'false' else ''}{relation}"
    return f"{subject}: {relation} {_plain(_named(fact.value, named))}"


def show_reading(screen: Screen, name: str, read: StoryRead) -> None:
    """How much was read of a text, and how far that may be trusted."""
    errors = sum(found.contradiction.blocks for found in read.contradictions)
    counts = {
        "sentences": counted(len(read.sentences), "sentence"),
        "facts": counted(len(read.canon.all_now()), "fact"),
        "errors": counted(errors, "contradiction"),
        "doubts": counted(len(read.contradictions) - errors, "doubt"),
    }
    screen.say(message("read_by_grammar", name=one_line(name), **counts))


def show_contradictions(screen: Screen, read: StoryRead) -> None:
    """What a text contradicts in itself, each with both sentences."""
    screen.heading("Contradictions")
    if not read.contradictions:
        screen.say("no sentence contradicts an earlier one, as far as grammar can tell", indent=2)
    for found in read.contradictions:
        one, against = found.contradiction, ("against", found.contradiction.against)
        if found.evidence is not None:
            against = f"sentence {found.evidence + 1}", read.sentences[found.evidence]
        screen.entry(f"  {one.severity}:", one_line(one.message), gap=1)
        for name, text in ((f"sentence {found.at + 1}", one.sentence), against, ("fix", one.fix)):
            if text:
                screen.entry(f"    {name}:", one_line(text), gap=1)


def show_rules(screen: Screen, rules: Mapping[str, str]) -> None:
    """Which of a world's rules are checked by rule, and which only a model can judge."""
    from tta_rebuild.reading.world_rules import compiled

    if not rules:
        return
    made = compiled(rules)
    kinds = {rule.name: rule.kind.replace("_", " ") for rule in made.rules}
    screen.heading("World rules")
    for name, text in rules.items():
        how = f"checked ({kinds[name]})" if name in kinds else "left to the model"
        if name in kinds and name in made.left_to_model:
            how += ", in part: the rest is left to the model"
        screen.entry(f"  {one_line(name, 30)}:", f"{one_line(text)} -- {how}", gap=1)


def show_plan(
    screen: Screen, plan: RetconPlan, turns: Mapping[int, int], made: Retconned | None
) -> None:
    """What a correction takes back, what depends on that, and, once ``made``, what it did."""
    told = turns.get(plan.fact.since, 0)  # 0 for the premise
    screen.entry("never so:", f"{fact_line(plan.fact)} [turn {told}]")
    if plan.becomes is not None:
        screen.entry("but:", fact_line(plan.becomes))
    depend = f"{counted(len(plan.dependents), 'later fact')} would no longer stand:"
    screen.say(depend if plan.dependents else "No later fact depends on it.")
    for one in plan.dependents:
        said = f"{'no longer ' if one.claim.ends else ''}{fact_line(one.claim)}"
        head = f"  turn {turns.get(one.position, 0)}:"
        screen.entry(head, f"{said}: {one_line(one.why)}", gap=1)
    if made is None:
        screen.say("Nothing is changed yet: repeat it with --how keep, mark or rewrite.")
        return
    branch, story = made.branch, made.branch.story_id[:8]
    screen.say(f"Corrected on the branch '{branch.name}'.")
    for event in made.events:
        if isinstance(event, LineEnded):
            screen.say(f"The lasting line {event.number} said so and has ended.")
        elif isinstance(event, LineKept):
            kept = numbered(0, event.line).removeprefix("0. ")
            screen.say(f"A lasting line in its place: {kept}")
    if made.how == "rewrite":
        turns_shared = counted(branch.turn, "turn")
        screen.say(message("rewritten", turns=turns_shared, story=story, branch=branch.name))
        if 0 < told <= branch.turn:
            screen.say(message("told_the_old_way", turn=told, story=story, before=told - 1))


def _name(canon: Canon, subject: str, names: Mapping[str, str]) -> str:
    return canon.value(subject, "name") or _named(subject, names)


def _named(one: str, names: Mapping[str, str]) -> str:
    return names.get(one) or ("you" if one == PLAYER else _plain(one))


def _plain(name: str) -> str:
    return one_line(name.replace("_", " "))
