"""Playing in a browser: turns, forks, boundaries, ratings, files, and keys alone suffice."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.server.web import seeding
from tests.server.web.conftest import (
    Reader,
    RunningServer,
    until,
)
from tests.server.web.reading import plain, scenes_are_told, shown, told

from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action

pytestmark = pytest.mark.browser


@pytest.mark.smoke
def test_a_new_story_is_begun_and_ten_turns_are_played(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("new")
    page.get_by_label("What is it about?").fill("A clockmaker is asked to stop the town's clock")
    page.get_by_role("textbox", name="Name", exact=True).fill("Odo")
    page.get_by_role("button", name="Begin", exact=True).click()
    scenes_are_told(page, 1)
    for turn in range(2, 11):
        if page.locator(".choices button").count() and turn % 3:
            page.keyboard.press("1")
        else:
            field = page.get_by_placeholder("In your own words")
            field.fill("I look around")
            field.press("Enter")
        scenes_are_told(page, turn)
    story = page.url.split("/story/")[1].split("/")[0]
    assert len(told(server, story)) == 10
    assert shown(page) == told(server, story)
    assert page.get_by_placeholder("In your own words").input_value() == ""
    page.reload()
    scenes_are_told(page, 10)
    assert shown(page) == told(server, story)
    assert reader.seen.errors == []


def test_undo_and_fork_keep_what_was_told_and_say_where_one_is(
    reader: Reader, server: RunningServer
) -> None:
    session = server.does(seeding.a_played_story(server.application, 3))
    page = reader.open(f"story/{session.story_id}/main")
    undone = plain(page.locator("#turn-3 .action").inner_text())
    page.get_by_role("button", name="Undo the last scene").click()
    page.locator(".title-page", has_text="branch-2").wait_for()
    scenes_are_told(page, 2)
    assert shown(page) == told(server, session.story_id)[:2]
    said = page.locator(".arrived")
    assert undone in plain(said.inner_text())
    assert "on the branch “branch-2” now" in said.inner_text()
    box = said.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 900, "it is said where one looks"
    page.locator("#turn-1 .tools summary").click()
    page.locator("#turn-1").get_by_role("button", name="Fork here").click()
    page.locator(".title-page", has_text="branch-3").wait_for()
    scenes_are_told(page, 1)
    assert len(shown(page)) == 1
    assert "forked from the branch “branch-2” after scene 1" in said.inner_text()
    page.locator(".choices button").first.click()
    scenes_are_told(page, 2)
    assert said.count() == 0
    assert len(told(server, session.story_id)) == 3
    assert len(server.does(server.application.stories.branches(session.story_id))) == 3


def test_boundaries_become_stricter_and_never_looser(
    reader: Reader, server: RunningServer, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    page.get_by_text("Your boundaries").click()
    violence = page.locator(".boundary", has_text="Violence")
    assert violence.get_by_label("some", exact=True).is_disabled()
    violence.get_by_label("none of it").check()
    page.get_by_label("Keep out").fill("spiders")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Keep to these").click()
    until(page, "document.querySelector('[role=log]').textContent.includes('from the next scene')")
    session = server.does(server.application.stories.resume(story))
    assert dict(session.state.premise.boundaries) == {"violence": "none", "spiders": "none"}
    page.locator(".choices button").first.click()
    scenes_are_told(page, 2)


def test_what_was_held_back_is_said_with_the_reason(reader: Reader, server: RunningServer) -> None:
    page = reader.open("story/{cast}/main".format(**server.stories))
    page.get_by_text("Held back: 2").click()
    held = page.locator(".held").last.inner_text()
    assert "violence: more than you allow" in held
    assert "nobody here can fly" in held


def test_a_paragraph_that_the_storyteller_left_out_is_said_to_be_held_back(
    reader: Reader, server: RunningServer
) -> None:
    theme = "A lighthouse keeper finds a letter that was never sent"
    premise = Premise(theme=theme, boundaries={"letters": "none"}, seed=0)
    session = server.does(server.application.stories.open(premise))
    server.does(session.turn(Action.begin()))
    server.does(session.turn(Action.choose(1)))
    page = reader.open(f"story/{session.story_id}/main")
    page.get_by_text("Held back: 1").click()
    page.get_by_text("the storyteller left out a paragraph").wait_for()


def test_scores_are_for_authors_and_a_free_story_says_once_that_it_is(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("story/{cast}/main".format(**server.stories))
    hand = page.locator(".at-hand")
    assert "scores" not in hand.inner_text()
    page.get_by_label("How you read").click()
    page.get_by_label("Show scores").check()
    page.keyboard.press("Escape")
    assert "82 of 100" in hand.inner_text()
    page.locator("#turn-2 .tools summary").click()
    said = page.locator("main").inner_text()
    assert said.count("cost") == 1
    assert "nothing: it is free" in said
    assert "$0.00" not in said


def test_a_rating_is_kept_as_soon_as_it_is_picked_and_can_be_changed(
    reader: Reader, server: RunningServer, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    page.locator("#turn-1 .tools summary").click()
    page.get_by_label("not at all", exact=True).check()
    page.get_by_text("Kept: you liked it not at all").wait_for()
    (rating,) = server.does(server.application.records.ratings(story))
    assert (rating.rating, rating.comment) == (1, "")
    page.get_by_label("much", exact=True).check()
    page.get_by_text("Kept: you liked it much").wait_for()
    page.get_by_label("What made it so?").fill("the beach")
    page.get_by_role("button", name="Keep these words").click()
    page.get_by_text("with your words").wait_for()
    (rating,) = server.does(server.application.records.ratings(story))
    assert (rating.rating, rating.comment) == (4, "the beach")
    page.reload()
    page.locator("#turn-1 .tools summary").click()
    page.get_by_text("Kept: you liked it much, with your words").wait_for()
    assert page.get_by_label("much", exact=True).is_checked()
    assert page.get_by_label("What made it so?").input_value() == "the beach"


def test_the_keyboard_alone_suffices_from_the_list_to_the_third_scene(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("")

    def tab_to(text: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if text in page.evaluate(
                "document.activeElement.textContent || document.activeElement.placeholder || ''"
            ):
                return
        raise AssertionError(f"Tab never came to {text!r}")

    tab_to("A new story")
    page.keyboard.press("Enter")
    page.get_by_label("What is it about?").wait_for()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "TEXTAREA":
            break
    page.keyboard.type("A letter in a wall")
    tab_to("Begin")
    page.keyboard.press("Enter")
    scenes_are_told(page, 1)
    page.keyboard.press("2")
    scenes_are_told(page, 2)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "TEXTAREA":
            break
    page.keyboard.type("I look around")
    page.keyboard.press("Enter")
    scenes_are_told(page, 3)
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"


def test_the_file_of_a_story_is_saved_and_read_in_again(
    reader: Reader, server: RunningServer, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    page.get_by_text("Save and share").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="The whole story").click()
    path = download.value.path()
    reader.open("")
    page.locator("input[type=file]").set_input_files(path)
    page.locator(".read-in", has_text="It is here twice now.").wait_for()
    copied = page.get_by_role("link", name="Take it up:")
    assert "(copy)" in (copied.text_content() or "")
    page.locator(".stories h2", has_text="(copy)").first.wait_for()
    copied.click()
    page.wait_for_url(re.compile("/story/"))
    scenes_are_told(page, 1)
    assert shown(page) == told(server, story)


@pytest.mark.parametrize("width", [1180, 1280, 1500])
def test_in_the_largest_text_what_is_at_hand_keeps_room_for_its_words(
    chromium: Any, server: RunningServer, story: str, width: int
) -> None:
    reader = Reader(chromium, server.address, viewport={"width": width, "height": 900})
    page = reader.open(f"story/{story}/main")
    page.evaluate("document.documentElement.dataset.size = '5'")
    side, prose = (page.locator(one).first.bounding_box() for one in (".at-hand", ".prose"))
    assert side["width"] >= 200
    assert side["y"] > prose["y"] + prose["height"] or side["x"] > prose["x"] + prose["width"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    reader.context.close()


def test_a_button_that_looks_like_a_link_has_no_patch_behind_it(reader: Reader, story: str) -> None:
    page = reader.open(f"story/{story}/main")
    undo = page.get_by_role("button", name="Undo the last scene")
    undo.hover()
    assert undo.evaluate("one => getComputedStyle(one).backgroundColor") == "rgba(0, 0, 0, 0)"
