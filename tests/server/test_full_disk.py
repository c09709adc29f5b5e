"""The disk under a server of one machine is full: turns fail in words, and go on once it is not."""

from __future__ import annotations

from pathlib import Path

from tests.full_disk import asked_until_refused, filled, told_turns
from tests.server.serving import HeldTeller, running


async def test_a_turn_on_a_full_disk_fails_in_words_and_the_next_is_played_once_there_is_room(
    small_disk: Path,
) -> None:
    async with running(small_disk, teller=HeldTeller()) as served:
        branch = await served.story()
        await served.play(branch, kind="begin")
        ballast = filled(small_disk)
        problem = await asked_until_refused(served, branch)
        looked = await served.client.get(branch)
        full = looked.json()["turn"]
        again = await asked_until_refused(served, branch)
        ballast.unlink()
        told = await served.play(branch, kind="choose", choice=1)
        turns = await told_turns(served, branch)
    async with running(small_disk) as served:
        found = await told_turns(served, branch)

    assert looked.status_code == 200, "what is there can be looked at"
    assert (problem["status"], problem["type"]) == (507, "urn:tta:problem:StoreFull")
    assert again["type"] == problem["type"]
    assert told[-1].kind == "stored"
    assert told[-1].data["turn"] == full + 1, "nothing of those that failed is there"
    assert turns == found == list(range(1, full + 2))
