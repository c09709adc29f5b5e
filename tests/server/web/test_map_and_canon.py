"""Map, comparison, cast, canon and the reports in a browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
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

from tta_rebuild.core.usage import Attempt, Usage
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


def test_words_that_were_told_are_found_on_whatever_branch(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main/map".format(**server.stories))
    field = page.get_by_label("Find a branch, a scene, or words")
    field.fill("kettle had gone")
    found = page.locator(".found li")
    found.first.wait_for()
    assert "The kettle had gone cold" in found.first.inner_text()
    assert page.locator(".tree li").count() == 2, "the branches stay listed"
    assert page.get_by_text("No branch of that name").count() == 0
    assert_nobody_is_left_out(page)
    field.press("Enter")
    page.locator(".map-pick h2", has_text="main, scene 3").wait_for()
    field.fill("look around")
    found.get_by_text("the other door, scene 3").click()
    page.locator(".map-pick h2", has_text="the other door, scene 3").wait_for()
    field.fill("zzzz")
    page.get_by_text("No branch of that name, and no scene with these words.").wait_for()
    assert page.locator(".tree li").count() == 2


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


def test_the_cast_shows_feelings_goals_bonds_and_what_people_know(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main/cast".format(**server.stories))
    jonas = page.get_by_label("Jonas", exact=True)
    assert "weary" in jonas.inner_text()
    assert "Find the letter's writer" in jonas.inner_text()
    jonas.get_by_text("What Jonas knows").click()
    jonas.get_by_text("scene by scene").wait_for()
    row = page.locator("tr", has_text="Jonas").filter(has_text="Ilse").first
    assert "−0.43" in row.inner_text()
    assert page.locator(".bonds-graph .cold").count() >= 1


def test_a_thing_is_nobody_of_the_cast(reader: Reader, server: RunningServer) -> None:
    page = reader.open("story/{cast}/main/cast".format(**server.stories))
    page.get_by_label("Jonas", exact=True).wait_for()
    names = page.locator(".character h2").all_inner_texts()
    assert {"Mara", "Jonas", "Ilse"} <= set(names)
    assert not {"Kettle", "Mooring rings"} & set(names)


def test_a_fact_cites_a_sentence_that_names_both_sides_or_none(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main/canon".format(**server.stories))
    row = page.locator(".fact-list li")
    page.get_by_role("button", name="Show what Mara does not know yet").click()
    kettle = row.filter(has_text="The kettle is in the kitchen.")
    kettle.wait_for()
    assert kettle.locator("q").count() == 0
    jonas = row.filter(has_text="Jonas is in the kitchen.")
    assert jonas.locator("q").inner_text() == "Jonas sat in the kitchen."
    assert row.filter(has_text="The mooring rings are in the quay.").count() == 1
    assert row.filter(has_text="is called").count() == 0


def test_the_canon_keeps_what_the_players_character_does_not_know_until_it_is_asked_for(
    reader: Reader, server: RunningServer
) -> None:
    session = server.does(seeding.a_story_with_a_cast(server.application))
    other = server.does(seeding.a_story_with_a_cast(server.application))
    page = reader.open(f"story/{session.story_id}/main/canon")
    rows = page.locator(".fact-list li")
    rows.filter(has_text="Jonas is in the kitchen.").wait_for()
    secrets = ("The kettle is in the kitchen.", "Ilse has read the letter.")
    assert not [one for one in secrets if one in page.locator("main").inner_text()]
    show = page.get_by_role("button", name="Show what Mara does not know yet")
    number = int(show.inner_text().rpartition("(")[2].rstrip(")"))
    listed = rows.count()
    show.click()
    rows.filter(has_text="Mara does not know this").first.wait_for()
    assert rows.count() == listed + number
    assert all(one in page.locator("main").inner_text() for one in secrets)
    assert_nobody_is_left_out(page)
    keep_screenshot(page, "canon-whole")
    page.reload()
    page.get_by_role("button", name="Hide what Mara does not know yet").wait_for()
    reader.open(f"story/{other.story_id}/main/canon")
    page.get_by_role("button", name="Show what Mara does not know yet").wait_for()


def test_a_cited_sentence_with_quotation_marks_gets_no_more_of_them(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main/canon".format(**server.stories))
    quotes = """async (text) => {
      const { Quoted } = await import('./components.js');
      const { html, render } = await import('./dom.js');
      const box = document.querySelector('main').appendChild(document.createElement('div'));
      render(html`<${Quoted} text=${text} />`, box);
      return getComputedStyle(box.querySelector('q')).quotes;
    }"""
    assert page.evaluate(quotes, "“I’ve come,” says Jonas.") == "none"
    assert page.evaluate(quotes, "Jonas has come.") != "none"


def test_a_fact_is_corrected_and_what_depends_on_it_is_shown_first(
    reader: Reader, server: RunningServer
) -> None:
    session = server.does(seeding.a_story_with_a_cast(server.application))
    page = reader.open(f"story/{session.story_id}/main/canon")
    page.get_by_label("Find").fill("jonas is in the kitchen")
    until(page, "document.querySelectorAll('.fact-list:first-of-type li').length === 1")
    assert "since scene 3" in page.locator(".fact-list li").first.inner_text()
    page.get_by_role("button", name="Correct: Jonas is in the kitchen").click()
    page.get_by_label("What was so instead").fill("Jonas is in the cellar.")
    page.get_by_role("button", name="See what depends on it").click()
    page.locator("main q", has_text="Jonas is in the cellar.").wait_for()
    page.locator("main").get_by_text("Nothing told later depends on it").wait_for()
    assert not session.state.canon.holds_at("jonas", "located_in", "cellar")
    page.get_by_role("button", name="Correct it").click()
    until(page, "document.querySelector('[role=log]').textContent.includes('is corrected')")
    now = server.does(server.application.stories.resume(session.story_id))
    assert now.state.canon.value("jonas", "located_in") == "cellar"
    page.get_by_label("Also what is over").check()
    old = page.locator(".fact-list li", has_text="Jonas is in the kitchen").filter(
        has_text="it was never so"
    )
    old.wait_for()
    assert old.get_by_role("button").count() == 0


def test_what_is_so_in_plain_words_is_corrected_or_taken_back(
    reader: Reader, server: RunningServer
) -> None:
    session = server.does(seeding.a_story_with_a_cast(server.application))
    page = reader.open(f"story/{session.story_id}/main/canon")
    page.get_by_role("button", name="Show what Mara does not know yet").click()
    page.get_by_role("button", name="Correct: Ilse has read").click()
    page.get_by_label("What is so instead").fill("Ilse has burnt the letter.")
    page.get_by_role("button", name="Correct it").click()
    page.get_by_role("button", name="Correct: Ilse has burnt").click()
    page.get_by_role("button", name="It is not so").click()
    until(page, "!document.querySelector('main').textContent.includes('Ilse has burnt')")
    now = server.does(server.application.stories.resume(session.story_id))
    assert not [one for one in now.state.lines.values() if "Ilse has" in one.text]


def test_a_move_is_judged_while_it_is_written_and_an_outdated_answer_is_dropped(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main/canon".format(**server.stories))
    asked = list[str]()
    page.on(
        "request",
        lambda one: asked.append(one.post_data or "") if one.url.endswith("/validate") else None,
    )
    page.get_by_role("button", name="A move of your own").click()
    page.get_by_label("Your move").press_sequentially(
        "I open the letter and read it aloud", delay=5
    )
    page.locator(".verdict strong").wait_for()
    assert len(asked) == 1, "one question for all the keys pressed in a row"
    assert "read it aloud" in asked[0]
    page.get_by_label("Your move").fill("I stab Ilse with the bread knife until she is dead")
    page.locator(".verdict strong", has_text="It would not hold:").wait_for()
    verdict = page.locator(".verdict strong").inner_text()
    assert "violence" in verdict, "the reason stands in the verdict's own sentence"
    assert page.locator(".verdict .meter").count() == 0
    page.get_by_label("How you read").click()
    page.get_by_label("Show scores").check()
    page.keyboard.press("Escape")
    page.locator(".verdict .meter").first.wait_for()
    page.get_by_role("heading", name="How it does apart from that").wait_for()
    assert_nobody_is_left_out(page)
    page.get_by_role("button", name="Take it to the story").click()
    field = page.get_by_placeholder("In your own words")
    field.wait_for()
    assert field.input_value().startswith("I stab Ilse")


def test_the_dashboard_moves_while_it_is_looked_at(reader: Reader, server: RunningServer) -> None:
    page = reader.open("costs")
    page.get_by_text("This session").first.wait_for()
    attempt = Attempt(
        at=datetime.now(UTC),
        provider="gemini",
        model="a-model",
        task="scene",
        outcome="ok",
        usage=Usage(input_tokens=900, output_tokens=400),
        cost_usd=0.0125,
        latency_s=2.5,
        first_piece_s=0.4,
    )
    before = replace(attempt, at=attempt.at - timedelta(days=1), cost_usd=0.004)
    server.does(server.application.ledger.book_all([before, attempt]))
    row = page.locator("tr", has_text="gemini:a-model").first
    row.wait_for()
    assert "2.5 s" in row.inner_text()
    assert "400 ms" in row.inner_text()
    page.locator(".figures dd", has_text="$0.0165").first.wait_for()
    days = page.get_by_role("region", name="Costs by day").locator("tbody tr")
    days.nth(1).wait_for()
    assert "$0.004" in days.nth(0).inner_text()
    page.locator(".chart canvas").first.wait_for()
    assert_nobody_is_left_out(page)
    keep_screenshot(page, "costs-live")


def test_experiments_analytics_feedback_and_the_score_of_a_text(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("lab")
    page.get_by_text("No experiment has been begun").wait_for()
    page.get_by_role("button", name="How it is played").click()
    page.get_by_text("Where stories stop").wait_for(state="attached")
    page.get_by_role("button", name="What readers say").click()
    page.get_by_role("button", name="Score a text").click()
    page.get_by_label("any piece of prose").fill(
        "The lamp went out. Mara waited, and the sea went on as before."
    )
    page.get_by_role("button", name="Score it").click()
    page.get_by_text("of 100;").wait_for()
    assert reader.seen.errors == []
