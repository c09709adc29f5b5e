"""A whole text that was told elsewhere: read into a canon, with its own contradictions.

``tta facts`` and ``tta validate`` use it for imported stories. Sentences are taken in order, each
checked against what the ones before it made true, then taken in itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.view import Canon, Fact
from tta_rebuild.core.events import FactAsserted, PlayerActed
from tta_rebuild.core.story import Claim
from tta_rebuild.reading.checker import Checker
from tta_rebuild.reading.prose_reader import sentences_of
from tta_rebuild.reading.world_rules import WorldRules


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundContradiction:
    """A contradiction within a text.

    Attributes:
        at: index of the sentence that contradictions, from 0.
        evidence: index of the sentence that it contradicts, None if it is a rule.
    """

    at: int
    evidence: int | None
    contradiction: Contradiction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRead:
    """A text as read.

    Attributes:
        sentences: in order.
        canon: what holds at its end; fact positions lead back to sentences by ``sentence_at``.
        contradictions: in order of the text.
        positions: event position → index of its sentence.
    """

    sentences: tuple[str, ...]
    canon: Canon
    contradictions: tuple[FoundContradiction, ...]
    positions: dict[int, int]

    def sentence_at(self, position: int) -> int | None:
        """The index of the sentence that an event came from."""
        return self.positions.get(position)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """The report's table of facts: subject, fact in words, sentence number, sentence."""
        found = []
        for fact in self.canon.all_now():
            place = self.positions.get(fact.since)
            found.append(
                (
                    fact.subject.replace("_", " "),
                    say(fact, self.canon),
                    str(place + 1) if place is not None else "",
                    fact.sentence,
                )
            )
        return found

    def report(self) -> str:
        """A readable report: who and what, then the contradictions found."""
        subjects: dict[str, list[str]] = {}
        for fact in self.canon.all_now():
            place = self.positions.get(fact.since)
            where = f" [{place + 1}]" if place is not None else ""
            subjects.setdefault(fact.subject, []).append(say(fact, self.canon) + where)
        lines = [
            f"{len(self.sentences)} sentences, {sum(map(len, subjects.values()))} facts "
            f"about {len(subjects)} subjects, {len(self.contradictions)} possible contradictions",
            "",
        ]
        for subject, said in sorted(subjects.items(), key=lambda item: -len(item[1])):
            lines.append(subject.replace("_", " "))
            lines.extend(f"  - {one}" for one in said)
        if self.contradictions:
            lines += ["", "Possible contradictions"]
        for found in self.contradictions:
            lines.append(f"  {found.contradiction.severity}: {found.contradiction.message}")
            lines.append(f"    [{found.at + 1}] {found.contradiction.sentence}")
            if found.evidence is not None:
                lines.append(f"    [{found.evidence + 1}] {found.contradiction.against}")
            lines.append(f"    fix: {found.contradiction.fix}")
        return "\n".join(lines)


def say(fact: Fact, canon: Canon) -> str:
    """A fact in plain words."""
    if fact.relation == "alive":
        return f"{fact.subject.replace('_', ' ')} is {'dead' if fact.value == 'false' else 'alive'}"
    return canon.relations[fact.relation].say(fact.subject, fact.value)


def read_story(
    text: str | Sequence[str],
    *,
    rules: WorldRules | None = None,
    known: Iterable[Claim] = (),
    canon: Canon | None = None,
) -> StoryRead:
    """Read a text (or its sentences) from beginning to end.

    Args:
        text: the whole text, paragraphs apart by newlines, or a list of its sentences.
        rules: the world's rules, if there are any.
        known: what is so before the first sentence.
        canon: read on from here instead of from nothing; it is changed.
    """
    canon = canon or Canon()
    for claim in known:
        canon.apply(canon.position + 1, FactAsserted(claim=claim))
    checker = Checker(canon, rules)
    paragraphs = [text] if isinstance(text, str) else ["\n".join(text)]
    sentences: list[str] = []
    contradictions: list[FoundContradiction] = []
    positions: dict[int, int] = {}
    breaks = _paragraph_starts(paragraphs[0]) if isinstance(text, str) else set()
    listed = list(text) if not isinstance(text, str) else sentences_of(text)
    for number, sentence in enumerate(listed):
        sentences.append(sentence)
        if number in breaks:
            canon.apply(canon.position + 1, PlayerActed(text=""))  # a new paragraph: time may pass
        findings = checker.check(sentence)
        for contradiction in findings.contradictions:
            evidence = (
                positions.get(contradiction.positions[0]) if contradiction.positions else None
            )
            contradictions.append(
                FoundContradiction(at=number, evidence=evidence, contradiction=contradiction)
            )
        began = canon.position
        checker.take(findings)
        checker.hear(sentence)
        for position in range(began + 1, canon.position + 1):
            positions[position] = number
    return StoryRead(
        sentences=tuple(sentences),
        canon=canon,
        contradictions=tuple(contradictions),
        positions=positions,
    )


def _paragraph_starts(text: str) -> set[int]:
    starts: set[int] = set()
    count = 0
    for paragraph in text.split("\n"):
        pieces = sentences_of(paragraph)
        if pieces:
            starts.add(count)
            count += len(pieces)
    return starts
