"""The list of facts without what the player's character does not know."""

from __future__ import annotations

from typing import Any

from tests.server.serving import Running
from tests.server.web.seeding import a_story_with_a_cast


async def _facts(served: Running, branch: str, **query: Any) -> dict[str, Any]:
    answer = await served.client.get(f"{branch}/facts", params=query)
    found: dict[str, Any] = answer.json()
    return found


async def test_what_the_character_does_not_know_is_left_out_and_counted(served: Running) -> None:
    session = await a_story_with_a_cast(served.serving.application)
    branch = f"/stories/{session.story_id}/branches/main"

    whole = await _facts(served, branch)
    known = await _facts(served, branch, known=True)
    word = await _facts(served, branch, known=True, word="kettle")

    listed = [*whole["facts"], *whole["lines"]]
    assert known["facts"] == [fact for fact in whole["facts"] if fact["known"]]
    assert known["lines"] == [line for line in whole["lines"] if line["known"]]
    assert known["not_known"] == whole["not_known"] == sum(not one["known"] for one in listed)
    assert "the kettle is in the kitchen" in [f["says"] for f in whole["facts"] if not f["known"]]
    assert "Jonas is in the kitchen" in [fact["says"] for fact in known["facts"]]
    assert (word["facts"], word["not_known"]) == ([], 1)
    assert known["player_name"] == "Mara"


async def test_who_has_met_whom_is_listed_once(embedded: Running) -> None:
    branch = await embedded.story(
        characters=[{"name": "Ines", "is_player": True}, {"name": "Owen"}]
    )
    await embedded.play(branch, kind="begin")
    met = await _facts(embedded, branch, word="has met")
    pairs = [frozenset((one["subject"], one["value"])) for one in met["facts"]]
    assert len(pairs) == len(set(pairs)) > 0
