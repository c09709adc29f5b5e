"""A cry for help in a browser: whom one can reach stays, and nothing of the words is kept."""

from __future__ import annotations

from typing import Any

import pytest
from tests.server.web.conftest import (
    Proxy,
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    keep_screenshot,
    until,
)

pytestmark = pytest.mark.browser

CRY = "I want to kill myself. I mean me, not the keeper."
KEPT = "JSON.stringify([localStorage, sessionStorage])"


def cried(reader: Reader, story: str) -> Any:
    page = reader.open(f"story/{story}/main")
    field = page.get_by_placeholder("In your own words")
    field.fill(CRY)
    field.press("Enter")
    page.locator(".care").wait_for()
    return page


@pytest.mark.parametrize(
    ("answer", "gentler"), [("Go on, with what I wrote", False), ("Go on, but more gently", True)]
)
def test_a_turn_that_paused_goes_on_as_it_was_or_more_gently(
    reader: Reader, server: RunningServer, story: str, answer: str, gentler: bool
) -> None:
    page = cried(reader, story)
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.locator(".care").get_by_role("button", name=answer).click()
    # the move goes on as it was; what this storyteller does with it is its own affair
    page.locator(".refused, #turn-2").first.wait_for()
    assert page.locator(".live .care").count() == 0
    session = server.does(server.application.stories.resume(story))
    assert (dict(session.state.premise.boundaries) != {"violence": "low"}) is gentler


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.stress)])
def test_help_lines_are_links_that_stay_after_stopping_and_are_found_again(
    chromium: Any, server: RunningServer, story: str, scheme: str
) -> None:
    reader = Reader(chromium, server.address, color_scheme=scheme)
    page = cried(reader, story)
    lines = page.locator(".care .help-lines")
    assert lines.locator("a[href='tel:08001110111']").inner_text() == "0800 111 0 111"
    assert lines.locator("a[href='tel:116123']").count() == 1
    assert lines.locator("a[href='https://telefonseelsorge.de']").count() == 1
    assert page.locator(".care p a[href='tel:112']").count() == 1
    assert page.locator(".choices, .own-words").count() == 0, "nothing beside it that looks stuck"
    colour = "(one) => getComputedStyle(one).borderLeftColor"
    rubric = page.locator(".mark").evaluate("(one) => getComputedStyle(one).color")
    assert page.locator(".care").evaluate(colour) != rubric, "not the colour of an error"
    keep_screenshot(page, f"care-{scheme}")
    assert_nobody_is_left_out(page)
    page.get_by_role("button", name="Stop for now").click()
    page.get_by_role("heading", name="Stopped for now").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "H2"
    assert lines.locator("a[href='tel:08001110111']").count() == 1
    keep_screenshot(page, f"care-stopped-{scheme}")
    assert_nobody_is_left_out(page)
    page.get_by_role("button", name="Take the story up again").click()
    page.locator(".choices button").first.wait_for()
    page.get_by_text("Whom you can reach").click()
    again = page.locator(".at-hand .help-lines")
    again.locator("a[href='tel:116123']").first.wait_for()
    assert_nobody_is_left_out(page)
    assert reader.seen.errors == []
    reader.context.close()


def test_a_second_cry_leaves_help_in_sight_when_its_scene_is_told(
    reader: Reader, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    field = page.get_by_placeholder("In your own words")
    for number in (2, 3):
        field.fill("I do not want to live any more. Nobody would miss me.")
        field.press("Enter")
        if number == 2:
            page.get_by_role("button", name="Go on, with what I wrote").click()
        page.locator(f"#turn-{number}").wait_for()
    assert page.locator(".moves .care a[href^='tel:']").count()
    page.locator(".choices button").first.click()
    page.locator("#turn-4").wait_for()
    assert page.locator(".moves .care a[href^='tel:']").count()


def test_the_words_of_a_cry_are_neither_in_the_field_nor_kept_in_the_browser(
    reader: Reader, story: str
) -> None:
    page = cried(reader, story)
    assert "kill" not in page.evaluate(KEPT)
    page.reload()
    page.locator(".care").wait_for()
    assert "kill" not in page.evaluate(KEPT)
    page.get_by_role("button", name="Stop for now").click()
    page.get_by_role("button", name="Take the story up again").click()
    field = page.get_by_placeholder("In your own words")
    assert field.input_value() == ""
    page.reload()
    field.wait_for()
    assert field.input_value() == ""
    assert "kill" not in page.evaluate(KEPT)


def test_a_cry_that_was_reloaded_still_goes_on_with_its_own_words(
    reader: Reader, server: RunningServer, story: str
) -> None:
    page = cried(reader, story)
    page.reload()
    page.get_by_role("button", name="Go on, with what I wrote").click()
    page.locator(".refused, #turn-2, .live .action").first.wait_for()
    until(page, "!document.querySelector('.care')")


def test_axe_finds_nothing_while_a_turn_is_told(
    chromium: Any, server: RunningServer, proxy: Proxy, story: str
) -> None:
    reader = Reader(chromium, proxy.address, reduced_motion="reduce")
    page = reader.open(f"story/{story}/main")
    proxy.hold_after = 1
    page.locator(".choices button").first.click()
    page.locator(".live .arrives").first.wait_for()
    assert_nobody_is_left_out(page)
    server.does(proxy.let_go())
    reader.context.close()
