"""The promises of the first playable story, as a user meets them: rows 1, 2, 4, 5d and 6.

Everything here runs the command ``tta`` (or ``make``) in processes of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.alone import ROOT, quiet_environment

from benchmarks.figures import Row

SHARED = Path(os.environ.get("TTA_SHARED_DATA", ROOT.parent / "shared" / "data"))
WINDOW_TURNS = 20


def measure(quick: bool) -> Iterator[Row]:
    yield from fresh_clone(quick)
    yield from real_premises(quick)
    yield from kills(quick)
    yield from start_up(quick)
    yield from bad_input(quick)


# ------------------------------------------------------------------------------ 1: fresh clone


def fresh_clone(quick: bool) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as place:
        clone = Path(place) / "clone"
        subprocess.run(
            ["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, capture_output=True
        )
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG")}
        environment |= {"TTA_DATA_DIR": f"{place}/stories", "MAKEFLAGS": ""}
        environment |= {k: v for k, v in os.environ.items() if k.startswith("PIP_")}
        base = getattr(sys, "_base_executable", sys.executable)
        how = "environment set up anew"
        if quick:
            _lend_environment(clone)
            how = "environment reused"
        began = time.monotonic()
        played = _make(clone, environment, "play", f"PYTHON={base}")
        seconds = time.monotonic() - began
        turns = played.stdout.count("\n> ") + 1 if played.returncode == 0 else 0
        yield Row(
            number="1",
            what=f"make play on a fresh clone tells a story ({how})",
            measured=f"{turns} scenes, {seconds:.0f} s" if turns else "failed",
            bound="a story",
            ok=played.returncode == 0 and turns >= 2 and "Traceback" not in played.stderr,
        )
        calls_check = "make check" in (clone / ".ci" / "run").read_text()
        if quick:
            planned = _make(clone, environment, "--dry-run", "check", f"PYTHON={base}")
            ok = calls_check and planned.returncode == 0 and "pytest" in planned.stdout
            yield Row(
                number="1",
                what="make test, make check and .ci/run exist (not run in quick mode)",
                measured="they exist" if ok else "missing",
                bound="make test under 600 s",
                ok=ok,
            )
            return
        began = time.monotonic()
        tested = _make(clone, environment, "test", f"PYTHON={base}")
        seconds = time.monotonic() - began
        yield Row(
            number="1",
            what="make test on a fresh clone passes; .ci/run is make check",
            measured=f"{seconds:.0f} s" if tested.returncode == 0 else "failed",
            bound="at most 600 s",
            ok=tested.returncode == 0 and seconds < 600 and calls_check,
        )


def _make(
    clone: Path, environment: dict[str, str], *words: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", *words],
        cwd=clone,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _lend_environment(clone: Path) -> None:
    """Let the clone's Makefile find an environment: this interpreter with the clone's source."""
    programs = clone / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, runs in (("tta", "-m tta_rebuild "), ("python", "")):
        script = programs / name
        script.write_text(
            f'#!/bin/sh\nPYTHONPATH="{clone}/src" exec "{sys.executable}" {runs}"$@"\n'
        )
        script.chmod(0o755)
    (clone / ".venv" / ".base").touch()
    (clone / ".venv" / ".test").touch()


# ---------------------------------------------------------------------------- 2: real premises


def real_premises(quick: bool) -> Iterator[Row]:
    file = SHARED / "premises.jsonl"
    if not file.is_file():
        yield Row(
            number="2",
            what="96 real premises (../shared/data is not here; set TTA_SHARED_DATA)",
            measured="not measured",
            bound="all finish",
            ok=False,
        )
        return
    lines = file.read_text().splitlines()
    if quick:
        lines = lines[:: len(lines) // 12]
    with tempfile.TemporaryDirectory() as place:
        chosen = Path(place) / "premises.jsonl"
        chosen.write_text("\n".join(lines) + "\n")
        command = ["story", "--premises", str(chosen), "--turns", "10", "--auto", "--json"]
        began = time.monotonic()
        done = _tta(Path(place), *command, "--seed", "20261122")
        seconds = time.monotonic() - began
        told = [json.loads(line) for line in done.stdout.splitlines()]
    stories: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in told:
        if line["type"] == "turn":
            stories[line["story_id"]].append(line)
    finished = [x for x in told if x["type"] == "end" and (x["turns"] == 10 or x["ended"])]
    rules = {x["story_id"]: x["rules"] for x in told if x["type"] == "story"}
    yield Row(
        number="2",
        what="stories of real premises, 10 automatic turns, that finish",
        measured=f"{len(finished)} of {len(lines)}, {seconds:.0f} s",
        bound="all",
        ok=done.returncode == 0 and len(finished) == len(lines),
    )
    repeats = [repeated_sentences([turn["text"] for turn in turns]) for turns in stories.values()]
    yield Row(
        number="2",
        what=f"sentences repeated verbatim within {WINDOW_TURNS} turns, all stories",
        measured=str(sum(repeats)),
        bound="0",
        ok=bool(repeats) and not sum(repeats),
    )
    shares = [repeated_4grams([turn["text"] for turn in turns]) for turns in stories.values()]
    yield Row(
        number="2",
        what="share of repeated 4-grams in a story, greatest (median)",
        measured=f"{max(shares, default=1):.3f} ({statistics.median(shares or [1]):.3f})",
        bound="at most 0.20",
        ok=max(shares, default=1) <= 0.20,
    )
    valid, offered = asyncio.run(_valid_choices(stories, rules))
    yield Row(
        number="2",
        what="offered choices that the branch validator holds valid",
        measured=f"{valid} of {offered}",
        bound="all",
        ok=offered > 0 and valid == offered,
    )
    told_ms = sorted(turn["told_ms"] for turns in stories.values() for turn in turns)
    whole_ms = sorted(turn["ms"] for turns in stories.values() for turn in turns)
    yield Row(
        number="2",
        what="whole turn: told and checked, median and p95 (stored, median)",
        measured=f"{_at(told_ms, 0.5):.1f}, {_at(told_ms, 0.95):.1f} ({_at(whole_ms, 0.5):.1f}) ms",
        bound="(a scene alone: story_offline)",
        ok=bool(told_ms),
    )


def sentences(text: str) -> list[str]:
    """The sentences of a text, white space made even."""
    return [s for s in re.split(r"(?<=[.!?…])[\"'”’)]*\s+", " ".join(text.split())) if s]


def repeated_sentences(scenes: Sequence[str]) -> int:
    """How many sentences stood word for word in the same or an earlier scene of the window."""
    last_seen: dict[str, int] = {}
    count = 0
    for turn, scene in enumerate(scenes):
        for sentence in sentences(scene):
            if sentence in last_seen and turn - last_seen[sentence] < WINDOW_TURNS:
                count += 1
            last_seen[sentence] = turn
    return count


def repeated_4grams(scenes: Sequence[str]) -> float:
    """The share of a story's 4-grams of words that have occurred in it before, in [0, 1]."""
    words = re.findall(r"[\w'’]+", " ".join(scenes).lower())
    grams = Counter(zip(words, words[1:], words[2:], words[3:], strict=False))
    total = sum(grams.values())
    return (total - len(grams)) / total if total else 0.0


async def _valid_choices(
    stories: dict[str, list[dict[str, Any]]], rules: dict[str, dict[str, str]]
) -> tuple[int, int]:
    from datetime import UTC, datetime

    from tta_rebuild.core.base_primitive import TTAContext
    from tta_rebuild.narrative.branch_validator import BranchProposal, BranchValidatorPrimitive

    context = TTAContext(
        workflow_id="figures",
        correlation_id="figures",
        timestamp=datetime(2026, 11, 22, tzinfo=UTC),
        metaconcepts=[],
        player_boundaries={},
    )
    validator = BranchValidatorPrimitive()
    valid = offered = 0
    for story_id, turns in stories.items():
        for turn in turns:
            for choice in turn["choices"]:
                proposal = BranchProposal(
                    universe_id=story_id,
                    branch_description=choice["consequence"] or choice["text"],
                    choice_text=choice["text"],
                    affected_characters=list(choice["affects"]),
                    universe_rules=rules[story_id],
                )
                offered += 1
                valid += (await validator.execute(proposal, context)).is_valid
    return valid, offered


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


# ------------------------------------------------------------------------------------ 4: kills


def kills(quick: bool) -> Iterator[Row]:
    count = 20 if quick else 200
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            [sys.executable, "-m", "tests.cli.killing", str(count), "20261122", f"{place}/data"],
            env=quiet_environment(
                Path(place) / "home", PYTHONPATH=os.pathsep.join([str(ROOT / "src"), str(ROOT)])
            ),
            capture_output=True,
            text=True,
            check=False,
        )
    found = json.loads(done.stdout) if done.returncode == 0 else {}
    yield Row(
        number="4",
        what=f"kill -9 at {count} random moments: lost turns, half turns, stuck",
        measured=(
            f"{found['lost']}, {found['halves']}, {found['stuck']} of {found['turns']} turns"
            if found
            else "failed"
        ),
        bound="0, 0, 0",
        ok=bool(found)
        and found["turns"] > count / 4
        and not (found["lost"] or found["halves"] or found["stuck"]),
    )


# --------------------------------------------------------------------------------- 5d: start-up


def start_up(quick: bool) -> Iterator[Row]:
    runs = 9 if quick else 31
    with tempfile.TemporaryDirectory() as place:
        environment = quiet_environment(Path(place) / "home", PYTHONPATH=str(ROOT / "src"))
        programs = {
            "bare": ["-c", "pass"],
            "import": ["-c", "import tta_rebuild"],
            "help": ["-m", "tta_rebuild", "--help"],
        }
        spent: dict[str, list[float]] = {name: [] for name in programs}
        for number in range(runs + 1):
            for name, words in programs.items():
                seconds = _cpu_s([sys.executable, *words], environment)
                if number:  # the first run of each writes the byte code
                    spent[name].append(seconds)
    bare = statistics.median(spent["bare"])
    for name, what, bound_ms in (
        ("import", "import tta_rebuild, CPU over bare Python, median", 60),
        ("help", "tta --help, CPU over bare Python, median", 250),
    ):
        over_ms = (statistics.median(spent[name]) - bare) * 1000
        yield Row(
            number="5d",
            what=f"{what} of {runs}",
            measured=f"{over_ms:.0f} ms",
            bound=f"at most {bound_ms} ms",
            ok=over_ms <= bound_ms,
        )


def _cpu_s(command: Sequence[str], environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# -------------------------------------------------------------------------------- 6: bad input


def bad_input(quick: bool) -> Iterator[Row]:
    from tests.cli import bad_input as bad

    del quick  # all of them are few enough
    failed: list[str] = []
    left_out: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)

        def tta(words: Sequence[str], typed: str) -> bad.Ran:
            done = _tta(place, *words, typed=typed)
            return bad.Ran(done.returncode, done.stdout, done.stderr)

        template = place / "one-story"
        story_id = bad.first_story(template, tta)
        for number, case in enumerate(bad.CASES):
            room = place / f"case-{number}"
            room.mkdir()
            fault = bad.check(case, template, story_id, room, tta)
            failed += [f"{case.name}: {fault}"] if fault else []
        for number, trial in enumerate(bad.TRIALS):
            room = place / f"trial-{number}"
            room.mkdir()
            try:
                fault = bad.attempt(trial, template, story_id, room)
                failed += [f"{trial}: {fault}"] if fault else []
            except bad.NotHere as reason:
                left_out.append(f"{trial} ({reason})")
    total = len(bad.CASES) + len(bad.TRIALS)
    without = f"; without {', '.join(left_out)}" if left_out else ""
    yield Row(
        number="6",
        what=f"bad input: right code, clear message, nothing lost{without}",
        measured=f"{total - len(failed) - len(left_out)} of {total} cases",
        bound="all",
        ok=not failed,
    )
    for fault in failed:
        yield Row(number="6", what=fault, measured="", bound="", ok=False)


def _tta(place: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tta_rebuild", *words],
        env=quiet_environment(place / "home", PYTHONPATH=str(ROOT / "src")),
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
