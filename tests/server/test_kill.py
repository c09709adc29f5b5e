"""kill -9 of the server in the middle of turns, and what is there after the restart."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.programs import Program, program
from tests.server.serving import API, THEME


def client(server: Program) -> httpx.Client:
    return httpx.Client(base_url=f"{server.address}{API}", timeout=20, trust_env=False)


def ask(web: httpx.Client, branch: str, key: str, **wanted: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": key}
    answer = web.post(f"{branch}/turns", json=wanted, headers=headers)
    assert answer.status_code == 202, answer.text
    turn: dict[str, Any] = answer.json()
    return turn


def events(web: httpx.Client, turn: dict[str, Any]) -> str:
    return web.get(f"/turns/{turn['turn_id']}/events").text


def test_a_turn_broken_off_by_a_kill_says_so_and_can_be_repeated(tmp_path: Path) -> None:
    with program(tmp_path, "held") as server, client(server) as web:
        story = web.post("/stories", json={"theme": THEME}).json()
        branch = f"/stories/{story['story_id']}/branches/main"
        broken = ask(web, branch, "k", kind="begin")
        with web.stream("GET", f"/turns/{broken['turn_id']}/events") as stream:
            next(stream.iter_text())
            server.kill()

    with program(tmp_path) as server, client(server) as web:
        turn = web.get(f"/turns/{broken['turn_id']}").json()
        present = web.get(branch).json()
        rest = web.get(f"/turns/{broken['turn_id']}/events", headers={"Last-Event-ID": "3"}).text
        same = ask(web, branch, "k", kind="begin")
        again = ask(web, branch, "k", kind="begin", again=True)
        told = events(web, again)

        assert (turn["state"], turn["can_repeat"]) == ("interrupted", True)
        assert (present["turn"], present["interrupted"]["turn_id"]) == (0, broken["turn_id"])
        assert "event: abandoned" in rest
        assert same["turn_id"] == broken["turn_id"]
        assert "event: stored" in told
        assert web.get(branch).json()["turn"] == 1


@pytest.mark.parametrize("kills", [2, pytest.param(25, marks=pytest.mark.stress)])
def test_no_finished_turn_is_lost_or_doubled_by_kills_at_any_moment(
    tmp_path: Path, kills: int
) -> None:
    chance, keys = random.Random(5), [f"key-{n}" for n in range(1_000)]
    with program(tmp_path) as server, client(server) as web:
        story = web.post("/stories", json={"theme": THEME}).json()
        branch = f"/stories/{story['story_id']}/branches/main"
        assert "event: stored" in events(web, ask(web, branch, "first", kind="begin"))
    stored, at = 1, 0
    for _ in range(kills):
        with program(tmp_path) as server, client(server) as web:
            until_s = chance.uniform(0.05, 0.5)
            stored, at = _played(web, branch, keys, at, stored, until_s)
            server.kill()

    with program(tmp_path) as server, client(server) as web:
        present = web.get(branch).json()
        told = web.get(f"{branch}/turns", params={"limit": 200}).json()["turns"]
        repeated = ask(web, branch, keys[at], kind="choose", choice=1, again=True)
        events(web, repeated)
        after = web.get(branch).json()["turn"]

    assert stored <= present["turn"] <= stored + 1  # the last may be stored and not yet said
    assert [turn["turn"] for turn in told] == list(range(1, present["turn"] + 1))
    assert all(turn["scene"] and turn["choices"] for turn in told)
    assert after == stored + 1


def _played(
    web: httpx.Client, branch: str, keys: list[str], at: int, stored: int, until_s: float
) -> tuple[int, int]:
    """Play on until a moment, perhaps in the middle of a turn; what is said to be stored counts."""
    end_s = time.monotonic() + until_s
    while time.monotonic() < end_s:
        turn = ask(web, branch, keys[at], kind="choose", choice=1, again=True)
        while time.monotonic() < end_s:
            now = web.get(f"/turns/{turn['turn_id']}").json()
            if now["state"] == "stored":
                stored, at = stored + 1, at + 1
                break
            assert now["state"] == "running", now
    return stored, at


def test_a_server_that_is_told_to_stop_ends_in_good_order(tmp_path: Path) -> None:
    with program(tmp_path) as server, client(server) as web:
        story = web.post("/stories", json={"theme": THEME}).json()
        branch = f"/stories/{story['story_id']}/branches/main"
        turn = ask(web, branch, "k", kind="begin")
        server.process.terminate()

        assert server.process.wait(15) == 0

    with program(tmp_path) as server, client(server) as web:
        assert web.get(f"/turns/{turn['turn_id']}").json()["state"] in ("stored", "abandoned")
        assert web.get(branch).json()["running"] is None
