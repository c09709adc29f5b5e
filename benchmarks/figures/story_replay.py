"""7: does ``tta replay`` agree to the byte, in another process with another hash seed?

Random stories are played through ``tta play`` as a person would, by numbers and in free words, with
forks and steps back; then every branch is replayed by processes of their own, once from its
recorded replies and once told anew by the storyteller (``--retell``).
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.alone import quiet_environment

from benchmarks.figures import Row

KITS = ("fantasy", "mystery", "science_fiction", "contemporary", "reflective", "")
WHO = "a clockmaker|two cousins|a retired pilot|an apprentice|the night nurse|a ferryman".split("|")
DOES = "finds|inherits|loses|repairs|is sent|dreams of".split("|")
WHAT = (
    "a map of a town that is not there|the wrong suitcase|a letter forty years late|"
    "a garden under glass|an engine that hums|the last key of the old library"
).split("|")
FREE = (
    "I look behind the oldest door",
    "I ask what they would do in my place",
    "I sing a slow song to whoever listens",
    "I take the long way round and count my steps",
    "I wait until it is quite dark",
    "I tell them the truth, all of it",
)


def measure(quick: bool) -> Iterator[Row]:
    chance = random.Random(77)
    stories = 4 if quick else 20
    tallies = {"replay": [0, 0, 0], "replay --retell": [0, 0, 0]}  # agree, asked, bytes
    forked = turns = 0
    differing: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        for number in range(stories):
            home = Path(place) / f"home{number}"
            theme = f"{chance.choice(WHO)} {chance.choice(DOES)} {chance.choice(WHAT)}"
            kit = chance.choice(KITS)
            options = ["--theme", theme, "--seed", str(chance.randrange(10**6))]
            options += ["--kit", kit] if kit else []
            played = _tta(home, number, ["play", *options], "\n".join(_moves(chance)))
            if played.returncode:
                differing.append(f"story {number} could not be played: {played.stderr[-60:]}")
                continue
            story = _tta(home, 0, ["stories", "list"]).stdout.split()[0]
            tree = _tta(home, 0, ["show", "tree", story]).stdout
            branches = re.findall(r"(\S+) \((\d+) turns?\)", tree)
            forked += len(branches) - 1
            turns += sum(int(count) for _, count in branches)
            for seed, (branch, _) in enumerate(branches, start=100 + number):
                for how, tally in tallies.items():
                    words = [*how.split(), story, "--branch", branch, "--json"]
                    done = _tta(home, seed, words)
                    report = json.loads(done.stdout or "{}")
                    agrees = done.returncode == 0 and report["difference"] is None
                    tally[0] += agrees
                    tally[1] += 1
                    tally[2] += report.get("size_bytes", 0)
                    if not agrees:
                        differing.append(f"{how}: story {number}, {branch}")
    for how, (agree, asked, size) in tallies.items():
        yield Row(
            number="7",
            what=f"tta {how}: branches of {stories} stories, other hash seeds",
            measured=f"{agree} of {asked} ({size:,} bytes)",
            bound="all agree",
            ok=agree == asked > 0,
        )
    yield Row(
        number="7",
        what="turns replayed, forks and steps back among them",
        measured=f"{turns} turns, {forked} forks",
        bound="reported",
        ok=forked > 0,
    )
    for one in differing[:6]:
        yield Row(number="7", what=f"  {one}", measured="", bound="none", ok=False)


def _moves(chance: random.Random) -> Iterator[str]:
    for turn in range(chance.randint(5, 9)):
        dice = chance.random()
        if turn > 1 and dice < 0.15:
            yield "/fork"
        elif turn > 1 and dice < 0.3:
            yield "/undo"
        yield chance.choice(FREE) if chance.random() < 0.35 else str(chance.randint(1, 3))
    yield "/quit"


def _tta(
    home: Path, hash_seed: int, words: Sequence[str], typed: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tta_rebuild", *words],
        env=quiet_environment(home, PYTHONHASHSEED=str(hash_seed), NO_COLOR="1"),
        input=typed,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
