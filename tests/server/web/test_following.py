"""A turn is followed in a browser: streamed, broken off, reloaded, in a second tab, elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from tests.server.web import seeding
from tests.server.web.conftest import (
    HeldServer,
    Proxy,
    Reader,
    RunningServer,
    keep_screenshot,
    until,
)
from tests.server.web.reading import plain, scenes_are_told, shown, told

from tta_rebuild.engine.action import Action

pytestmark = pytest.mark.browser


@pytest.mark.smoke
def test_a_connection_that_breaks_in_mid_stream_loses_and_doubles_nothing(
    chromium: Any, server: RunningServer, proxy: Proxy, story: str
) -> None:
    reader = Reader(chromium, proxy.address)
    page = reader.open(f"story/{story}/main")
    proxy.cut_after = 1
    page.locator(".choices button").first.click()
    scenes_are_told(page, 2)
    assert proxy.cuts == 1
    assert shown(page) == told(server, story)
    said = [plain(one) for one in page.locator("[role=log] p").all_inner_texts()]
    passages = [one for one in said if one and one in told(server, story)[1]]
    assert len(passages) == len(set(passages)) > 1
    reader.context.close()


def test_text_streams_in_an_element_that_is_not_live_and_is_read_out_by_the_log(
    chromium: Any, server: RunningServer, proxy: Proxy, story: str
) -> None:
    reader = Reader(chromium, proxy.address)
    page = reader.open(f"story/{story}/main")
    proxy.hold_after = 1
    page.locator(".choices button").first.click()
    first = page.locator(".live .arrives").first
    first.wait_for()
    text = first.inner_text()
    assert page.locator(".live").evaluate("(one) => one.closest('[aria-live]')") is None
    assert page.locator(".choices button").first.is_disabled()
    log = page.locator("[role=log]")
    assert log.get_attribute("aria-live") == "polite"
    assert plain(text) in [plain(one) for one in log.locator("p").all_inner_texts()]
    assert page.evaluate("document.activeElement.classList.contains('live')")
    server.does(proxy.let_go())
    scenes_are_told(page, 2)
    assert "Your move" in log.inner_text()
    reader.context.close()


def test_without_streaming_the_scene_comes_whole(
    chromium: Any, server: RunningServer, proxy: Proxy, story: str
) -> None:
    reader = Reader(chromium, proxy.address)
    page = reader.open(f"story/{story}/main")
    page.get_by_label("How you read").click()
    page.get_by_label("Show the text as it is told").uncheck()
    page.keyboard.press("Escape")
    proxy.hold_after = 1
    with page.expect_response(lambda answer: answer.url.endswith("/events")):
        page.locator(".choices button").first.click()
    page.get_by_text("The scene is being told").wait_for()
    assert page.locator(".live .arrives").count() == 0
    server.does(proxy.let_go())
    scenes_are_told(page, 2)
    assert shown(page) == told(server, story)
    reader.context.close()


def test_a_page_that_is_reloaded_in_mid_stream_takes_the_turn_up_again(
    chromium: Any, held: HeldServer
) -> None:
    reader, story = Reader(chromium, held.address), held.stories["played"]
    page = reader.open(f"story/{story}/main")
    held.hold()
    page.locator(".choices button").first.click()
    page.locator(".live .arrives").first.wait_for()
    page.reload()
    page.locator(".live .arrives").first.wait_for()
    held.let_go()
    scenes_are_told(page, 2)
    assert shown(page) == told(held, story)
    reader.context.close()


def test_a_second_tab_follows_the_same_turn(chromium: Any, held: HeldServer) -> None:
    reader, story = Reader(chromium, held.address), held.stories["played"]
    first = reader.open(f"story/{story}/main")
    second = reader.open(f"story/{story}/main", reader.tab())
    held.hold()
    first.locator(".choices button").first.click()
    first.locator(".live .arrives").first.wait_for()
    second.locator(".live .arrives").first.wait_for()
    held.let_go()
    for page in (first, second):
        scenes_are_told(page, 2)
        assert shown(page) == told(held, story)
    assert len(told(held, story)) == 2
    reader.context.close()


def test_another_browser_sees_what_was_played_elsewhere(
    reader: Reader, server: RunningServer, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    session = server.does(server.application.stories.resume(story))
    server.does(session.turn(Action.choose(1)))
    page.evaluate("dispatchEvent(new Event('focus'))")
    scenes_are_told(page, 2)
    assert shown(page) == told(server, story)


def test_a_move_made_where_the_story_has_gone_on_is_not_played_and_its_words_stay(
    reader: Reader, server: RunningServer, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    session = server.does(server.application.stories.resume(story))
    server.does(session.turn(Action.choose(1)))
    field = page.get_by_placeholder("In your own words")
    field.fill("I wait for the tide")
    field.press("Enter")
    page.get_by_text("The story went on in another place").wait_for()
    assert field.input_value() == "I wait for the tide"
    assert shown(page) == told(server, story)
    assert len(told(server, story)) == 2


@pytest.mark.parametrize("size", [(1280, 900), (360, 740)])
def test_after_a_move_it_stands_at_the_top_and_what_is_new_below_it(
    chromium: Any, server: RunningServer, size: tuple[int, int]
) -> None:
    width, height = size
    session = server.does(seeding.a_played_story(server.application, 3))
    reader = Reader(chromium, server.address, viewport={"width": width, "height": height})
    page = reader.open(f"story/{session.story_id}/main")
    for turn in (4, 5):
        page.locator(".choices button").first.click()
        scenes_are_told(page, turn)
        until(page, "(n) => document.querySelector(`#turn-${n} .action`)", turn)
        until(
            page,
            "(n) => { const { top } = document.querySelector(`#turn-${n}`).getBoundingClientRect();"
            " const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;"
            " return top >= -2 && (top < 60 || isAtEnd); }",
            turn,
        )
        if height >= 900:
            last = page.locator(".choices button").last.bounding_box()
            assert last["y"] + last["height"] <= height
    keep_screenshot(page, f"after-a-move-{width}")
    reader.context.close()
