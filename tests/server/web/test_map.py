"""The map of a story: drawn, walked with keys, searched, and branches compared."""

from __future__ import annotations

from typing import Any

import pytest
from tests.server.web import seeding
from tests.server.web.conftest import (
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    keep_screenshot,
    until,
)

from tta_rebuild.engine.action import Action

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def large(server: RunningServer) -> str:
    return server.does(seeding.a_large_story(server.application))


@pytest.mark.stress  # makes ten thousand turns
def test_ten_thousand_turns_are_painted_and_moved_quickly(
    chromium: Any, server: RunningServer, large: str
) -> None:
    paints = []
    for _ in range(3):
        reader = Reader(chromium, server.address)
        page = reader.open(f"story/{large}/main/map")
        page.locator(".tree").wait_for()
        paints.append(page.evaluate("performance.getEntriesByName('map first paint')[0].duration"))
        if len(paints) < 3:
            reader.context.close()
    assert min(paints) < 300, f"milliseconds from asking to the first paint: {paints}"
    frames = page.evaluate(
        """async () => {
          const canvas = document.querySelector('canvas'), times = [];
          const box = canvas.getBoundingClientRect();
          const [clientX, clientY] = [box.x + 300, box.y + box.height / 2];
          let last = performance.now();
          for (let n = 0; n < 90; n++) {
            const deltaY = n % 30 < 15 ? -90 : 90;
            canvas.dispatchEvent(new WheelEvent('wheel', { deltaY, clientX, clientY }));
            await new Promise(requestAnimationFrame);
            times.push(performance.now() - last);
            last = performance.now();
          }
          return times.sort((a, b) => a - b);
        }"""
    )
    keep_screenshot(page, "map-large")
    assert frames[len(frames) // 2] < 33, "milliseconds a frame, the median"
    reader.context.close()


def test_a_long_run_is_one_pill_until_it_is_unfolded_and_lanes_are_used_again(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("")
    branches = [
        branch("a", None, 0, 1, 100),
        branch("b", "a", 10, 11, 12),
        branch("c", "a", 60, 61, 70),
        branch("d", "c", 5, None, 5),
    ]
    found = page.evaluate(
        """async (branches) => {
          const { laidOut, runKey, wayTo } = await import('./map_layout.js');
          const folded = laidOut(branches), long = folded.runs.find((run) => run.hidden > 40);
          const open = laidOut(branches, new Set([runKey(long.branch, long.from)]));
          return {
            hidden: folded.runs.map((run) => run.hidden),
            nodes: [folded.nodes.length, open.nodes.length],
            lanes: ['a', 'b', 'c'].map((id) => folded.of.get(id).lane),
            owner: folded.of.get('d').owner.name,
            way: [...wayTo(folded, 'c')],
          };
        }""",
        branches,
    )
    assert found["hidden"] == [3, 4, 49, 39, 8, 0]
    assert found["nodes"][1] == found["nodes"][0] + 49
    assert found["lanes"] == [0, 1, 1], "b has ended where c begins: one lane serves both"
    assert found["owner"] == "a", "a fork of what c shares with a hangs on a"
    assert found["way"] == [["c", float("inf")], ["a", 60]]


def branch(
    name: str, parent: str | None, fork_turn: int, first_turn: int | None, last_turn: int
) -> dict[str, Any]:
    """A branch as the map has it."""
    row = {"branch_id": name, "name": name, "parent": parent, "fork_turn": fork_turn}
    return row | {"first_turn": first_turn, "last_turn": last_turn, "ending": False}


@pytest.mark.smoke
def test_the_map_is_walked_with_keys_and_forked_from(reader: Reader, server: RunningServer) -> None:
    session = server.does(seeding.a_story_with_two_ways(server.application))
    page = reader.open(f"story/{session.story_id}/main/map")
    page.locator("canvas").focus()
    page.keyboard.press("ArrowRight")
    page.locator(".map-pick h2", has_text="main, scene 1").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(".map-pick h2", has_text="main, scene 2").wait_for()
    page.keyboard.press("ArrowDown")
    page.locator(".map-pick h2", has_text="the other door, scene 2").wait_for()
    page.get_by_role("button", name="Fork here").click()
    page.locator(".prose").wait_for()
    assert len(server.does(server.application.stories.branches(session.story_id))) == 3


def test_the_list_is_the_maps_twin_and_search_finds_a_branch_and_a_scene(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main/map".format(**server.stories))
    rows = page.locator(".tree li")
    rows.first.wait_for()
    assert rows.count() == 2
    assert "scenes 2 to 3, from scene 1 of main" in rows.nth(1).inner_text()
    page.get_by_label("Find a branch, a scene, or words").fill("door")
    until(page, "document.querySelectorAll('.tree li').length === 1")
    page.get_by_label("Find a branch, a scene, or words").fill("main 2")
    page.get_by_role("button", name="Jump there").click()
    page.locator(".map-pick h2", has_text="main, scene 2").wait_for()
    page.get_by_text("Every scene of this branch").click()
    page.locator(".scenes button", has_text="3. I ask Jonas").click()
    page.locator(".map-pick h2", has_text="main, scene 3").wait_for()


def test_words_that_were_told_are_found_on_whatever_branch_and_jumped_to(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main/map".format(**server.stories))
    field = page.get_by_label("Find a branch, a scene, or words")
    field.fill("kettle had gone")
    field.press("Enter")
    page.locator(".map-pick h2", has_text="main, scene 3").wait_for()
    log = page.locator("[role=log]")
    assert "No branch of that name" not in log.inner_text(), "asked before the words were found"
    found = page.locator(".found li")
    assert "The kettle had gone cold" in found.first.inner_text()
    rows = page.locator(".tree li")
    assert [row.split()[0] for row in rows.all_inner_texts()] == ["main"]
    assert page.get_by_text("No branch of that name").count() == 0
    assert_nobody_is_left_out(page)
    field.fill("look around")
    found.get_by_text("the other door, scene 3").click()
    page.locator(".map-pick h2", has_text="the other door, scene 3").wait_for()
    page.get_by_role("heading", name="Branches that fit").wait_for()
    assert [row.startswith("the other door") for row in rows.all_inner_texts()] == [True]


def test_every_press_jumps_to_the_next_scene_with_the_words(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main/map".format(**server.stories))
    field = page.get_by_label("Find a branch, a scene, or words")
    field.fill("letter")
    found = page.locator(".found li")
    found.nth(1).wait_for()
    count, seen = found.count(), list[str]()
    for n in range(count + 1):
        field.press("Enter")
        page.locator(f".found li:nth-child({n % count + 1}) [aria-current=true]").wait_for()
        seen.append(page.locator(".map-pick h2").inner_text())
    assert len(set(seen)) == count > 1
    assert seen[0] == seen[-1], "after the last comes the first"


def test_where_nothing_fits_that_is_said_and_nothing_else_is_shown(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main/map/2".format(**server.stories))
    page.locator(".map-pick h2", has_text="main, scene 2").wait_for()
    field = page.get_by_label("Find a branch, a scene, or words")
    field.fill("zzzz")
    page.get_by_text("No branch of that name, and no scene with these words.").wait_for()
    assert page.locator(".tree li, .found li, .map-pick h2").count() == 0
    field.fill("zz")
    page.get_by_text("Words are looked for from 3 letters on").wait_for()
    field.fill("")
    page.get_by_role("heading", name="All branches").wait_for()
    assert page.locator(".tree li").count() == 2


def test_a_fork_without_scenes_of_its_own_repeats_no_number_on_the_map(
    reader: Reader, server: RunningServer
) -> None:
    session = server.does(seeding.a_played_story(server.application, 2))
    server.does(server.application.stories.fork(session.story_id, turn=1, name="untold"))
    reader.context.add_init_script(
        "window.written = []; const fill = CanvasRenderingContext2D.prototype.fillText;"
        "CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {"
        " window.written.push(text); return fill.call(this, text, ...at); };"
    )
    page = reader.open(f"story/{session.story_id}/main/map")
    page.locator(".tree").wait_for()
    page.evaluate("window.written.length = 0")
    page.get_by_role("button", name="All", exact=True).click()
    until(page, "window.written.includes('untold')")
    written = page.evaluate("window.written.slice(0, window.written.indexOf('untold') + 1)")
    assert written.count("1") == 1


@pytest.mark.smoke
def test_two_branches_stand_side_by_side(reader: Reader, server: RunningServer) -> None:
    page = reader.open("story/{cast}/main/map/3".format(**server.stories))
    page.locator(".map-pick").get_by_role("button", name="Compare").click()
    page.locator(".tree").get_by_role("link", name="Compare with main").click()
    page.get_by_text("They share everything up to scene 1").wait_for()
    scene = page.locator(".pair").nth(1)
    assert seeding.SPOKEN.strip(".") in scene.locator(".side").nth(0).inner_text().replace(
        "\u00a0", " "
    )
    keep_screenshot(page, "compare-text")
    page.get_by_role("button", name="What is true").click()
    sides = page.locator(".sides > section")
    assert sides.count() == 2
    assert "Jonas is in the kitchen" in sides.nth(0).inner_text()
    page.get_by_role("button", name="How people are").click()
    assert "weary" in page.locator("main").inner_text()
    assert reader.seen.errors == []


def test_paragraphs_that_two_branches_share_are_marked(
    reader: Reader, server: RunningServer
) -> None:
    session = server.does(seeding.a_played_story(server.application, 1))
    stories, story = server.application.stories, session.story_id
    server.does(stories.fork(story, turn=1, name="again"))
    for branch in ("main", "again"):
        told = server.does(stories.resume(story, branch))
        server.does(told.turn(Action.choose(1)))
    page = reader.open(f"story/{story}/main/compare/again")
    page.locator(".pair").wait_for()
    sides = page.locator(".side")
    paragraphs = sides.nth(0).locator(".turn p:not(.action)").count()
    assert sides.nth(0).locator(".same").count() == paragraphs > 0
    assert sides.nth(1).locator(".same").count() == paragraphs
