"""``make cluster``: all begins with one command, says where it is, and ends with Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import httpx
import psutil
import pytest
from tools.cluster import servers

pytestmark = pytest.mark.cluster
ROOT = Path(__file__).parents[2]


def process_of(name: str, said: str) -> int:
    """The process of a part, as it was said."""
    return int(re.findall(rf"^{name} .*process (\d+)$", said, re.MULTILINE)[0])


def test_one_command_begins_all_and_ctrl_c_ends_all() -> None:
    try:
        servers.temporal_program(), servers.postgresql_module(), servers.redis_program()
    except servers.NotHere as error:
        pytest.skip(str(error))
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.cluster", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TTA_MODEL": "offline"},
        start_new_session=True,  # Ctrl-C on a terminal reaches all that it began
    )
    by_hand = list[subprocess.Popen[bytes]]()
    try:
        assert process.stdout is not None
        lines = list[str]()
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        said = "".join(lines)
        addresses = re.findall(r"^server \d +(http://\S+)", said, re.MULTILINE)
        assert len(addresses) == 2
        assert len(re.findall(r"^worker \d", said, re.MULTILINE)) == 2
        with httpx.Client(timeout=60, trust_env=False) as web:
            first, second = (f"{at}/api/v1" for at in addresses)
            story = web.post(f"{first}/stories", json={"theme": "A keeper finds a door."}).json()
            branch = f"stories/{story['story_id']}/branches/main"
            key = {"Idempotency-Key": "k"}
            asked = web.post(f"{first}/{branch}/turns", json={"kind": "begin"}, headers=key).json()
            told = web.get(f"{second}/turns/{asked['turn_id']}/events").text
            health = web.get(f"{second}/health").json()
        begun = psutil.Process(process.pid).children(recursive=True)
        more = process.stdout.readline()
        [first_worker] = re.findall(r"^worker 1 +process (\d+)", said, re.MULTILINE)
        [redis] = [one.pid for one in begun if "redis-server" in " ".join(command_of(one))]
        died = list[str]()
        for killed in (int(first_worker), redis):
            os.kill(killed, signal.SIGKILL)
            died.append(process.stdout.readline())
        again = dict(re.findall(r"^  (PostgreSQL|Redis|Temporal) +(.+)$", said, re.MULTILINE))
        postgresql = process_of("PostgreSQL", said)
        os.kill(postgresql, signal.SIGINT)
        died.append(process.stdout.readline())
        for name in ("Redis", "PostgreSQL"):
            by_hand.append(subprocess.Popen(again[name], shell=True, start_new_session=True))
        at_redis = re.findall(r"^Redis +redis://([\d.]+):(\d+)", said, re.MULTILINE)[0]
        with httpx.Client(timeout=60, trust_env=False) as web:
            is_back, ends = False, time.monotonic() + 30
            while not is_back and time.monotonic() < ends:
                is_back = web.get(f"{second}/health").json()["reached"]["database"]
        socket.create_connection((at_redis[0], int(at_redis[1])), 5).close()
        os.killpg(process.pid, signal.SIGINT)
        ended = process.wait(90)
    finally:
        process.kill()
        for one in by_hand:
            with suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGTERM)
            one.wait(30)
        if process.stdout:
            process.stdout.close()

    assert "event: stored" in told, "asked for at one server, followed at the other"
    assert health["redis"] != "away"
    assert set(again) == {"PostgreSQL", "Redis", "Temporal"}
    assert is_back, "begun again by hand"
    assert process_of("Redis", said) == redis
    assert died == [
        f"worker 1 has ended (process {first_worker}): it is not begun again\n",
        f"Redis has ended (process {redis}): it is not begun again\n",
        f"PostgreSQL has ended (process {postgresql}): it is not begun again\n",
    ]
    assert re.search(r"TTA_DATABASE_URL=\S+ .*TTA_TEMPORAL_ADDRESS=127.*tta worker$", more)
    assert ended == 0
    assert len(begun) >= 6, "Redis, Temporal, two workers, two servers"
    _, alive = psutil.wait_procs(begun, timeout=10)
    assert not alive
    [folder] = re.findall(r"^PostgreSQL .*host=(\S+)/data", unquote(said), re.MULTILINE)
    assert not Path(folder).exists()
    left = [one for one in psutil.process_iter() if folder in " ".join(command_of(one))]
    _, alive = psutil.wait_procs(left, timeout=10)  # what was begun by hand ends on its own
    assert not alive


def test_with_a_slow_model_one_sees_a_killed_workers_turn_told_anew() -> None:
    try:
        servers.temporal_program(), servers.postgresql_module(), servers.redis_program()
    except servers.NotHere as error:
        pytest.skip(str(error))
    process = subprocess.Popen(
        [sys.executable, "-m", "tools.cluster", "--port", "0", "--slow"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )
    try:
        said = "".join(until_all_runs(process))
        [address, _] = re.findall(r"^server \d +(http://\S+)", said, re.MULTILINE)
        seen = list[str]()
        with httpx.Client(timeout=60, trust_env=False, base_url=f"{address}/api/v1/") as web:
            story = web.post("stories", json={"theme": "A keeper finds a door."}).json()
            turns = f"stories/{story['story_id']}/branches/main/turns"
            key = {"Idempotency-Key": "k"}
            asked = web.post(turns, json={"kind": "begin"}, headers=key).json()
            with web.stream("GET", f"turns/{asked['turn_id']}/events") as events:
                for line in events.iter_lines():
                    if line == "event: passage" and line not in seen:
                        [teller] = [w for w in web.get("health").json()["workers"] if w["turns"]]
                        os.kill(int(teller["name"].split("-")[-2]), signal.SIGKILL)
                    if line.startswith("event:"):
                        seen.append(line)
        os.killpg(process.pid, signal.SIGINT)
        ended = process.wait(90)
    finally:
        process.kill()
        if process.stdout:
            process.stdout.close()

    assert "event: restarted" in seen
    assert seen[-1] == "event: stored"
    assert re.search(r"TTA_MODEL=wire:small-model .*tta worker$", said, re.MULTILINE)
    assert ended == 0


def until_all_runs(process: subprocess.Popen[str]) -> list[str]:
    """What it says until its last line, the command for one more worker."""
    assert process.stdout is not None
    lines = list[str]()
    for line in process.stdout:
        lines.append(line)
        if line.endswith("tta worker\n"):
            break
    return lines


def command_of(process: psutil.Process) -> list[str]:
    """How a process was begun; nothing of one that has ended."""
    with suppress(psutil.Error):
        found: list[str] = process.cmdline()
        return found
    return []
