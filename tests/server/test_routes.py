"""What the routes tell of a story that was played, and change in it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from tests.server.serving import Running
from tests.server.web.seeding import a_story_with_a_cast
from tta_rebuild.core.errors import ModelUnavailable

pytestmark = pytest.mark.every_runner


async def _get(server: Running, path: str, **query: Any) -> Any:
    answer = await server.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _sent(server: Running, method: str, path: str, body: Any = None) -> Any:
    answer = await server.client.request(method, path, json=body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def _played(server: Running, turns: int) -> str:
    """A story of so many turns; gives the path of its branch."""
    branch = await server.story(characters=[{"name": "Mara", "traits": {"brave": 0.8}}])
    await server.play(branch, kind="begin")
    for _ in range(turns - 1):
        await server.play(branch, kind="choose", choice=1)
    return branch


async def test_a_new_story_says_how_it_is_understood(embedded: Running) -> None:
    wanted = {
        "theme": "A lighthouse keeper finds a door under the stairs.",
        "rules": ["People here speak softly of the sea and its moods."],
        "boundaries": {"dragons": "low"},
    }
    made = await embedded.client.post("/stories", json=wanted)
    story = made.json()

    assert made.headers["Location"] == f"/api/v1/stories/{story['story_id']}"
    assert any("dragons" in note for note in story["notes"])
    assert any(note.startswith("Not checked: the rule") for note in story["notes"])
    assert not [note for note in story["notes"] if "/wrong" in note or "--" in note]


async def test_a_world_by_hand_is_played_without_a_theme(embedded: Running) -> None:
    worlds = (await _get(embedded, "/worlds"))["worlds"]
    branch = await embedded.story(theme="", world=worlds[0]["world"])

    told = await embedded.play(branch, kind="begin")

    assert told[-1].kind == "stored"
    assert (await _get(embedded, branch))["title"].startswith(worlds[0]["title"])


async def test_turns_and_events_come_in_pages_that_make_the_whole(served: Running) -> None:
    branch = await _played(served, 5)

    def pages(path: str, key: str) -> Any:
        async def read() -> list[Any]:
            rows, after = list[Any](), 0
            while after is not None:
                page = await _get(served, f"{branch}/{path}", after=after, limit=2)
                assert len(page[key]) <= 2
                rows, after = rows + page[key], page["next"]
            return rows

        return read()

    turns, events = await pages("turns", "turns"), await pages("events", "events")
    present = await _get(served, branch)

    assert [turn["turn"] for turn in turns] == [1, 2, 3, 4, 5]
    assert turns[-1]["scene"] == present["scene"]
    assert turns[-1]["choices"] == present["choices"]
    assert turns[-1]["choice"] == 1
    assert [event["position"] for event in events] == list(range(1, present["position"] + 1))
    assert sum(event["kind"] == "scene_told" for event in events) == 5


async def test_undo_and_fork_make_branches_that_the_map_shows(served: Running) -> None:
    branch = await _played(served, 4)
    story = branch.partition("/branches")[0]

    back = await _sent(served, "POST", f"{branch}/undo", {"turns": 2})
    undone = f"{story}/branches/{back['branch']['branch_id']}"
    fork = await _sent(served, "POST", f"{story}/branches", {"turn": 1, "name": "other"})
    deep = {"turn": 1, "branch": back["branch"]["branch_id"], "name": "deep"}
    await _sent(served, "POST", f"{story}/branches", deep)
    await served.play(undone, kind="choose", choice=2)
    rows = {row["name"]: row for row in (await _get(served, f"{story}/map"))["branches"]}

    assert back["turn"] == 2
    turns = ("fork_turn", "first_turn", "last_turn", "ending")
    assert {name: tuple(row[key] for key in turns) for name, row in rows.items()} == {
        "main": (0, 1, 4, False),
        "branch-2": (2, 3, 3, False),
        "other": (1, None, 1, False),
        "deep": (1, None, 1, False),
    }
    assert rows["other"]["parent"] == rows["main"]["branch_id"]
    titles = await _get(served, f"{story}/map/titles", branch=back["branch"]["branch_id"])
    assert [(one["turn"], one["branch_id"]) for one in titles["titles"]] == [
        (1, rows["main"]["branch_id"]),
        (2, rows["main"]["branch_id"]),
        (3, rows["branch-2"]["branch_id"]),
    ]
    assert fork["turn"] == 1


async def test_two_branches_are_compared(served: Running) -> None:
    branch = await _played(served, 2)
    story = branch.partition("/branches")[0]
    back = await _sent(served, "POST", f"{branch}/undo", {"turns": 1})
    other = back["branch"]["branch_id"]
    await served.play(f"{story}/branches/{other}", kind="choose", choice=2)

    found = await _get(served, f"{story}/compare", one="main", other=other)

    assert found["shared_turn"] == 1
    assert [turn["turn"] for turn in found["one"]["turns"]] == [2]
    assert found["one"]["turns"][0]["action"] != found["other"]["turns"][0]["action"]


async def test_an_end_is_shown_on_the_map_and_nothing_follows_it(embedded: Running) -> None:
    branch = await _played(embedded, 1)
    await embedded.play(branch, kind="end")

    [row] = (await _get(embedded, f"{branch.partition('/branches')[0]}/map"))["branches"]
    refused = await embedded.play(branch, kind="say", text="I go on.")

    assert row["ending"] is True
    assert (await _get(embedded, branch))["ended"] is True
    assert [update.kind for update in refused] == ["refused"]


async def test_a_story_goes_out_and_comes_in_again(embedded: Running) -> None:
    branch = await _played(embedded, 2)
    story = branch.partition("/branches")[0]
    exported = await embedded.client.get(f"{story}/export")
    text = await embedded.client.get(f"{story}/export", params={"format": "markdown"})

    made = await _sent(embedded, "POST", "/stories/import", json.loads(exported.text))
    copy = f"/stories/{made['story_id']}/branches/main"

    assert text.text.startswith("# ")
    assert "attachment" in exported.headers["content-disposition"]
    both = [(await _get(embedded, path))["scene"] for path in (branch, copy)]
    assert both[0] == both[1]


async def test_a_story_that_is_here_already_is_taken_in_as_a_copy_and_named_so(
    embedded: Running,
) -> None:
    branch = await _played(embedded, 1)
    story = branch.partition("/branches")[0]
    exported = json.loads((await embedded.client.get(f"{story}/export")).text)

    first = await _sent(embedded, "POST", "/stories/import", exported)
    second = await _sent(embedded, "POST", "/stories/import", exported)
    await embedded.play(branch, kind="choose", choice=1)
    other = await _sent(embedded, "POST", "/stories/import", exported | {"title": "The door"})

    title = exported["title"]
    assert (first["title"], second["title"]) == (f"{title} (copy)", f"{title} (copy 2)")
    assert first["copy_of"] == [story.rpartition("/")[2]]
    assert f"'{title} (copy)'" in first["notes"][1]
    assert other["title"] == "The door (copy)"
    assert title not in [one.split("'")[1] for one in other["notes"]], "the first is played on"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"Once upon a time", "it is not JSON, or was cut off on its way"),
        (b'{"format": "tta-story", "bra', "it is not JSON, or was cut off on its way"),
        (b"\xff\xfe", "it is not JSON"),
        (b"", "it is empty"),
        (b"[1, 2]", "something else than an exported story"),
        (b'{"name": "a character card"}', "something else than an exported story"),
    ],
)
async def test_a_file_that_is_no_story_is_refused_in_plain_words(
    embedded: Running, body: bytes, says: str
) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await embedded.client.post("/stories/import", content=body, headers=headers)

    problem = answer.json()
    assert (answer.status_code, problem["title"]) == (422, "This is no story file")
    assert problem["detail"].startswith("This is no story file: ")
    assert says in problem["detail"]
    assert "Export" in problem["do"]


@pytest.mark.parametrize("path", ["/stories", "/stories/import", "/evaluate"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_a_body_that_does_not_say_that_it_is_json_is_told_how_to(
    embedded: Running, path: str, kind: str
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = await embedded.client.post(path, content=b'{"theme": "A door."}', headers=headers)

    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.json()["do"]


async def test_a_story_is_found_renamed_and_deleted_for_good(embedded: Running) -> None:
    branch = await _played(embedded, 1)
    story = branch.partition("/branches")[0]
    turn = await embedded.ask(branch, "k", kind="choose", choice=1)
    [_ async for _ in embedded.follow(turn.json()["turn_id"])]

    await _sent(embedded, "PATCH", story, {"title": "The door"})
    found = await _get(embedded, "/stories", title="door")
    await _sent(embedded, "DELETE", story)
    gone = [story, branch, f"/turns/{turn.json()['turn_id']}"]

    assert [one["title"] for one in found["stories"]] == ["The door"]
    assert [(await embedded.client.get(path)).status_code for path in gone] == [404, 404, 404]


async def test_people_are_shown_with_what_they_know_and_how_they_changed(served: Running) -> None:
    branch = await _played(served, 3)

    people = (await _get(served, f"{branch}/characters"))["characters"]
    mara = await _get(served, f"{branch}/characters/mara")
    ties = await _get(served, f"{branch}/relationships")

    assert (people[0]["character_id"], people[0]["traits"]) == ("mara", {"brave": 0.8})
    assert mara["over_time"][0]["turn"] == 0
    assert mara["remembers"] == people[0]["remembers"]
    assert isinstance(ties["relationships"], list)


@pytest.mark.parametrize(
    "typed",
    ["cellar", "the cellar", "in the cellar", "Jonas is in the cellar.", "jonas is in cellar"],
)
async def test_a_place_is_corrected_however_it_is_typed_and_shown_in_one_way(
    served: Running, typed: str
) -> None:
    session = await a_story_with_a_cast(served.serving.application)
    branch = f"/stories/{session.story_id}/branches/main"
    claim = {"subject": "jonas", "relation": "located_in", "value": "kitchen"}

    wanted = {"claim": claim, "becomes": typed}
    planned = await _sent(served, "POST", f"{branch}/retcons", {**wanted, "dry_run": True})
    await _sent(served, "POST", f"{branch}/retcons", {**wanted, "reason": "a slip"})
    facts = (await _get(served, f"{branch}/facts", word="jonas is in"))["facts"]

    shown = ["Jonas is in the kitchen", "Jonas is in the cellar"]
    assert [planned["says"], planned["becomes"]] == shown
    assert [(fact["value"], fact["says"]) for fact in facts] == [("cellar", shown[1])]


async def test_facts_have_their_source_and_their_end_and_can_be_corrected(
    served: Running,
) -> None:
    branch = await _played(served, 1)
    claim = {"subject": "mara", "relation": "alive", "value": "true"}
    facts = (await _get(served, f"{branch}/facts", word="mara"))["facts"]
    [alive] = [fact for fact in facts if fact["relation"] == "alive"]

    wanted = {"claim": claim, "becomes": "false"}
    planned = await _sent(served, "POST", f"{branch}/retcons", {**wanted, "dry_run": True})
    before = await _get(served, branch)
    made = await _sent(served, "POST", f"{branch}/retcons", {**wanted, "reason": "a slip"})
    after = (await _get(served, f"{branch}/facts", word="mara"))["facts"]

    assert (alive["says"], alive["since_turn"], alive["until"]) == ("Mara is alive", 0, None)
    assert planned["branch"] is None
    assert made["branch"]["length"] > before["position"]
    assert [f["value"] for f in after if f["relation"] == "alive"] == ["false"]
    assert (await _get(served, branch))["position"] == made["branch"]["length"]
    told = await served.play(branch, kind="choose", choice=1)
    assert told[-1].kind == "stored"


async def test_a_move_of_one_s_own_is_judged_without_a_model(served: Running) -> None:
    assert served.teller is not None
    branch = await _played(served, 1)
    calls = served.teller.calls

    own = await _sent(served, "POST", f"{branch}/validate", {"choices": [{"text": "Open it."}]})
    offered = await _sent(served, "POST", f"{branch}/validate", {})

    assert 0 <= own["verdicts"][0]["overall_score"] <= 1
    present = await _get(served, branch)
    assert [v["choice"] for v in offered["verdicts"]] == [c["text"] for c in present["choices"]]
    assert served.teller.calls == calls


async def test_boundaries_only_become_tighter(served: Running) -> None:
    branch = await served.story(boundaries={"violence": "low"})
    await served.play(branch, kind="begin")

    made = await _sent(
        served, "PATCH", f"{branch}/boundaries", {"boundaries": {"violence": "none"}}
    )
    looser = await served.client.patch(
        f"{branch}/boundaries", json={"boundaries": {"violence": "medium"}}
    )
    gentler = await _sent(served, "PATCH", f"{branch}/boundaries", {"gentler": True})

    assert made["stricter"] == {"violence": "none"}
    assert looser.status_code == 422
    assert gentler["stricter"]
    assert (await _get(served, branch))["boundaries"]["violence"] == "none"


async def test_ones_ratings_are_given_again_along_the_branch_and_no_others(
    served: Running,
) -> None:
    branch = await _played(served, 3)
    story = branch.partition("/branches")[0]
    await _sent(served, "POST", f"{story}/branches", {"turn": 2, "name": "other"})
    other = f"{story}/branches/other"
    await served.play(other, kind="say", text="I look up.")
    for path, turn, rating in ((branch, 3, 1), (branch, 1, 2), (branch, 2, 3), (other, 3, 5)):
        await _sent(served, "POST", f"{path}/ratings", {"rating": rating, "turn": turn})
    await _sent(served, "POST", f"{other}/ratings", {"rating": 4, "turn": 1, "comment": "gulls"})

    found = {path: (await _get(served, f"{path}/ratings"))["ratings"] for path in (branch, other)}

    shown = {path: [(one["turn"], one["rating"]) for one in rows] for path, rows in found.items()}
    assert shown == {branch: [(1, 4), (2, 3), (3, 1)], other: [(1, 4), (2, 3), (3, 5)]}
    assert found[branch][0]["comment"] == "gulls"


async def test_a_scene_is_rated_and_the_reports_count_it(served: Running) -> None:
    branch = await _played(served, 2)

    await _sent(served, "POST", f"{branch}/ratings", {"rating": 4, "comment": "the gulls"})
    feedback = await _get(served, "/feedback", by="story")
    analytics = await _get(served, "/analytics")
    costs = await _get(served, "/costs", by="model")
    health = await _get(served, "/health")
    models = await _get(served, "/models")

    assert [(one["rating"], one["turn"]) for one in feedback["ratings"]] == [(4, 2)]
    assert feedback["report"][0]["mean"] == 4
    assert analytics["total"]["turns"] == 2
    assert analytics["moves"] == {"choice": 1}
    assert [line["attempts"] for line in costs["lines"]] == [served.teller.calls]  # type: ignore[union-attr]
    assert health["latest"][0]["outcomes"] == {"ok": served.teller.calls}  # type: ignore[union-attr]
    assert models["chain"]


async def test_the_health_tells_of_turns_disk_and_what_failed_last(served: Running) -> None:
    branch = await _played(served, 2)
    assert served.teller is not None
    served.teller.errors.append(ModelUnavailable("there is no such model any more"))
    await served.play(branch, kind="choose", choice=1)

    health = await _get(served, "/health")

    assert health["turns"] == {"stored": 2, "failed": 1}
    assert [(one["what"], one["problem"]) for one in health["errors"]] == [
        ("turn choose", "ModelUnavailable")
    ]
    assert 0 < health["disk"]["free_bytes"] <= health["disk"]["total_bytes"]
    assert 0 <= health["uptime_s"] < 60


async def test_analytics_are_kept_for_a_while_and_say_of_when_they_are(served: Running) -> None:
    branch = await _played(served, 1)
    first = await _get(served, "/analytics")
    await served.play(branch, kind="choose", choice=1)

    kept = await _get(served, "/analytics")
    others = await _get(served, "/analytics", by="version")
    anew = await _get(served, "/analytics", at_most_s=0)

    assert (kept["total"]["turns"], kept["counted_at"]) == (1, first["counted_at"])
    assert others["total"]["turns"] == anew["total"]["turns"] == 2
    assert anew["counted_at"] > first["counted_at"]


async def test_a_text_is_scored_with_its_parts(embedded: Running) -> None:
    text = "The lamp went out at nine. Mara waited on the stair, and nobody came up to her."

    found = await _sent(embedded, "POST", "/evaluate", {"text": text})

    assert found["low"] <= found["score"] <= found["high"]
    assert found["parts"]


async def test_the_process_says_that_it_lives_and_takes_turns(embedded: Running) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await embedded.client.get(f"{embedded.address}{path}")

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def _parts(dependant: Dependant) -> Iterator[Any]:
    for part in dependant.dependencies:
        yield part.call
        yield from _parts(part)


async def test_no_part_of_a_route_takes_a_thread(served: Running) -> None:
    app = served.server.config.app
    found = {
        part
        for route in iter_route_contexts(app.routes)  # type: ignore[union-attr]
        if isinstance(dependant := getattr(route, "dependant", None), Dependant)
        for part in _parts(dependant)
    }

    assert len(found) > 4
    assert [part.__name__ for part in found if not inspect.iscoroutinefunction(part)] == []
