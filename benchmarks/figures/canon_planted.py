"""Planted contradictions (number 1): recall, precision, false blocks and escapes per subtype.

The structured path is given the facts; the prose path reads everything itself, the set-up too.
Only held-out wordings are counted (see ``benchmarks.planted.plants``).
"""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures import Row
from benchmarks.planted.plants import PLANTS, Fact, Plant
from benchmarks.planted.stories import NAMES, Event, Setting, story
from tta_rebuild.canon import Canon
from tta_rebuild.core.events import FactAsserted, PlayerActed
from tta_rebuild.core.story import Choice, Claim
from tta_rebuild.reading import Checker, WorldRules, compiled, dead_ends, false_choices


@dataclass
class Count:
    """Planted and caught, clean and blocked; what escaped, in words."""

    planted: int = 0
    caught: int = 0
    named: int = 0
    clean: int = 0
    blocked: int = 0
    escapes: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)


def claim_of(fact: Fact, sentence: str) -> Claim:
    """A claim; a relation with a leading "-" ends."""
    subject, relation, value = fact
    return Claim(subject=subject, relation=relation.removeprefix("-"), value=value,
        ends=relation.startswith("-"), sentence=sentence)  # fmt: skip


def told(
    events: list[Event], *, structured: bool, rules: WorldRules, count: Count, check: bool
) -> Checker:
    """Tell a story into a canon; with ``check`` every sentence passes the checker first."""
    canon = Canon()
    for name in NAMES if structured else ():
        _assert(canon, Claim(subject=name, relation="name", value=name))
    checker = Checker(canon, rules)
    for event in events:
        if event.cut:
            canon.apply(canon.position + 1, PlayerActed(text="go on"))
            continue
        claims = [claim_of(f, event.sentence) for f in event.facts]
        if structured and not check:
            for claim in claims:
                _assert(canon, claim)
            continue
        findings = checker.check(event.sentence, claims if structured else (), prose=not structured)
        count.clean += 1
        if findings.blocking:
            count.blocked += 1
            count.false.append(f"{event.sentence} ← {findings.blocking[0].message}")
        if structured:
            for claim in claims:
                _assert(canon, claim)
        else:
            checker.take(findings)
            checker.hear(event.sentence)
    return checker


def _assert(canon: Canon, claim: Claim) -> None:
    canon.apply(canon.position + 1, FactAsserted(claim=claim))


def run(
    plant: Plant, wordings: list[str], length: int, seed: int, counts: dict[str, dict[str, Count]]
) -> None:
    """One story of one plant on both paths, with every wording."""
    draw = random.Random(f"{plant.kind} {length} {seed}")
    events, setting = story(draw, plant, length)
    rules = WorldRules(compiled(plant.rules or {}).rules)
    for path in ("structured", "prose"):
        count = counts[path][plant.kind]
        checker = told(events, structured=path == "structured", rules=rules, count=count,
            check=length <= 1000)  # fmt: skip
        for wording in wordings:
            _try(checker, setting, wording, path == "structured", count)


def _try(checker: Checker, setting: Setting, wording: str, structured: bool, count: Count) -> None:
    sentence = setting.fill(wording)
    claims = [claim_of(f, sentence) for f in setting.claims(sentence)] if structured else []
    rules_only = structured and not claims
    findings = checker.check(sentence, claims, prose=not structured or rules_only)
    count.planted += 1
    if findings.blocking:
        count.caught += 1
        count.named += setting.plant.kind in {c.kind for c in findings.blocking} or any(
            c.area == setting.plant.area for c in findings.blocking
        )
    else:
        count.escapes.append(f"{setting.sentence} / {sentence}")


def choices(counts: dict[str, dict[str, Count]], rounds: int) -> None:
    """False choices and dead ends, by declared effects (structured path only)."""
    draw = random.Random(11)
    for _ in range(rounds):
        canon = Canon()
        hero, other = draw.sample(NAMES, 2)
        _assert(canon, Claim(subject=hero, relation="alive", value="true"))
        goes = Claim(subject=hero, relation="located_in", value="mill")
        takes = Claim(subject=hero, relation="holds", value="lamp")
        dies = Claim(subject=hero, relation="alive", value="false")
        pair = [
            Choice(text=f"Go to the mill with {other}", effects=(goes,)),
            Choice(text=f"Stroll over to the mill, {other} behind you", effects=(goes,)),
        ]
        good = [
            Choice(text="Go to the mill", effects=(goes,)),
            Choice(text="Take the lamp", effects=(takes,)),
        ]
        count = counts["structured"]["false_choice"]
        count.planted += 1
        count.caught += bool(false_choices(canon, pair))
        count.named += bool(false_choices(canon, pair))
        count.clean += 1
        count.blocked += bool(false_choices(canon, good))
        count = counts["structured"]["dead_end"]
        count.planted += 1
        end = [Choice(text="Drink the poison to the last drop", effects=(dies,))]
        count.caught += bool(dead_ends(canon, end, player=hero))
        count.named += bool(dead_ends(canon, end, player=hero))
        count.clean += len(good)
        count.blocked += len(dead_ends(canon, good, player=hero))


def collected(quick: bool, which: str = "held") -> dict[str, dict[str, Count]]:
    """All counts: path → subtype → count."""
    counts: dict[str, dict[str, Count]] = {
        "structured": defaultdict(Count),
        "prose": defaultdict(Count),
    }
    lengths = {10: 4, 100: 3} if quick else {10: 12, 100: 6, 1_000: 1, 10_000: 1}
    for number, plant in enumerate(PLANTS):
        for length, seeds in lengths.items():
            if length == 10_000 and number % 4:
                continue  # the longest stories for every fourth subtype: minutes instead of hours
            for seed in range(seeds):
                run(plant, getattr(plant, which), length, seed, counts)
    choices(counts, 20 if quick else 200)
    return counts


def clean_sentences() -> list[tuple[list[str], list[str]]] | None:
    """Human timelines with the branches that people judged consistent; None if not at hand."""
    home = Path(os.environ.get("TTA_SHARED_DATA", "../shared/data")) / "contradiction"
    if not home.is_dir():
        return None
    found: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for name in ("trip", "pasta"):
        for line in (home / f"{name}.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["label"] == "consistent":
                found[tuple(row["timeline"])].append(row["branch"])
    return [(list(k), v) for k, v in found.items()]


def human_false_blocks(limit: int) -> tuple[int, int, list[str]] | None:
    """Clean human sentences read in order: how many were blocked, of how many."""
    cleaned = clean_sentences()
    if cleaned is None:
        return None
    draw = random.Random(2)
    blocked = total = 0
    examples: list[str] = []
    for timeline, branches in draw.sample(cleaned, min(limit, len(cleaned))):
        checker = Checker(Canon())
        for sentence in [*timeline, branches[0]]:
            findings = checker.check(sentence)
            total += 1
            if findings.blocking:
                blocked += 1
                examples.append(f"{sentence} ← {findings.blocking[0].message}")
            checker.take(findings)
            checker.hear(sentence)
    return blocked, total, examples


def measure(quick: bool) -> Iterator[Row]:
    """Quick: stories up to 100 events."""
    counts = collected(quick)
    bounds = {"structured": (0.99, 0.005), "prose": (0.80, 0.02)}
    for path, by_kind in counts.items():
        planted = sum(c.planted for c in by_kind.values())
        caught = sum(c.caught for c in by_kind.values())
        named = sum(c.named for c in by_kind.values())
        clean = sum(c.clean for c in by_kind.values())
        blocked = sum(c.blocked for c in by_kind.values())
        least, most = bounds[path]
        for kind, count in sorted(by_kind.items()):
            yield Row(
                number="1",
                what=f"{path}: {kind}, {count.planted - count.caught} of {count.planted} escaped",
                measured=f"recall {count.caught / max(1, count.planted):.3f}",
                bound="reported",
                ok=True,
            )
        yield Row(number="1", what=f"{path}: recall over {len(by_kind)} subtypes",
            measured=f"{caught / planted:.4f} of {planted}", bound=f">= {least}",
            ok=caught / planted >= least)  # fmt: skip
        yield Row(number="1", what=f"{path}: precision (caught over caught and false)",
            measured=(
f"{caught / max(1, caught + blocked):.4f}"
), bound="reported", ok=True)  # fmt: skip
        yield Row(number="1", what=f"{path}: caught for the right class of reason",
            measured=f"{named / max(1, caught):.4f}", bound="reported", ok=True)  # fmt: skip
        yield Row(number="1", what=f"{path}: false blocks in the clean stories",
            measured=f"{blocked / max(1, clean):.4f} of {clean}", bound=f"<= {most}",
            ok=blocked / max(1, clean) <= most)  # fmt: skip
    human = human_false_blocks(200 if quick else 4_000)
    if human is None:
        yield Row(number="1", what="prose: false blocks on clean human sentences",
            measured="shared data not found", bound="<= 0.02", ok=False)  # fmt: skip
    else:
        yield Row(number="1", what="prose: false blocks on clean human sentences",
            measured=f"{human[0] / human[1]:.4f} of {human[1]}", bound="<= 0.02",
            ok=human[0] / human[1] <= 0.02)  # fmt: skip
