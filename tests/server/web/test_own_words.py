"""What a player writes in a browser: moves, questions, an end; refused, long, asked aside."""

from __future__ import annotations

from typing import Any

import pytest
from tests.server.web.conftest import (
    HeldServer,
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    until,
)
from tests.server.web.reading import plain, scenes_are_told, told

from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action

pytestmark = pytest.mark.browser


def test_a_move_that_is_refused_keeps_its_words(reader: Reader, server: RunningServer) -> None:
    premise = Premise(theme="A harbour in the fog", boundaries={"violence": "none"}, seed=3)
    session = server.does(server.application.stories.open(premise))
    server.does(session.turn(Action.begin()))
    page = reader.open(f"story/{session.story_id}/main")
    field = page.get_by_placeholder("In your own words")
    field.fill("I stab the keeper")
    field.press("Enter")
    page.locator(".refused").wait_for()
    assert "violence" in page.locator(".refused").inner_text()
    assert field.input_value() == "I stab the keeper"
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    with page.expect_response(lambda answer: answer.url.endswith("/branches/main")):
        page.evaluate("dispatchEvent(new Event('focus'))")
    assert page.locator(".refused").count() == 1, "looking whether it went on changes nothing here"
    assert field.input_value() == "I stab the keeper"
    assert len(told(server, session.story_id)) == 1


def test_a_long_move_is_counted_never_cut_and_folded_once_it_is_told(
    reader: Reader, server: RunningServer, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    field = page.get_by_placeholder("In your own words")
    words = "I walk along the beach and look at what the tide has left. " * 70
    field.fill(words)
    page.get_by_text("130 characters too long").wait_for()
    assert field.input_value() == words
    assert field.get_attribute("aria-invalid") == "true"
    assert page.get_by_role("button", name="Go on", exact=True).is_disabled()
    assert_nobody_is_left_out(page)
    field.fill(words[:3600])
    page.get_by_text("400 characters left").wait_for()
    field.press("Enter")
    scenes_are_told(page, 2)
    folded = page.locator("#turn-2 details.action")
    box = folded.bounding_box()
    assert box is not None
    assert box["height"] < 150
    folded.locator("summary").click()
    assert words[3000:3050].strip() in plain(folded.inner_text())


def test_somebody_is_asked_aside_and_it_is_no_turn(
    reader: Reader, server: RunningServer, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    page.get_by_label("What it is").select_option("ask")
    page.get_by_placeholder("A name and your question").fill("Jonas, who are you?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".aside-said").wait_for()
    assert "Jonas" in page.locator(".aside-said").inner_text()
    assert len(told(server, story)) == 1


def test_who_can_be_asked_is_there_to_be_picked(reader: Reader, story: str) -> None:
    page = reader.open(f"story/{story}/main")
    page.get_by_label("What it is").select_option("ask")
    page.locator(".own-words").get_by_role("button", name="Jonas", exact=True).click()
    field = page.locator(".own-words textarea")
    assert field.input_value() == "Jonas, "
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    assert_nobody_is_left_out(page)


def test_a_number_typed_in_the_field_takes_that_choice(reader: Reader, story: str) -> None:
    page = reader.open(f"story/{story}/main")
    second = page.locator(".choices button span").nth(1).inner_text()
    field = page.get_by_placeholder("In your own words")
    field.fill("2")
    field.press("Enter")
    scenes_are_told(page, 2)
    assert plain(page.locator("#turn-2 .action").inner_text()) == plain(second)
    assert field.input_value() == ""


def test_a_move_after_an_aside_is_made_where_the_branch_stands_now(
    reader: Reader, server: RunningServer, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    page.reload()
    page.get_by_label("What it is").select_option("ask")
    page.get_by_placeholder("A name and your question").fill("Jonas, who are you?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".aside-said").wait_for()
    session = server.does(server.application.stories.resume(story))
    page.get_by_label("What it is").select_option("say")
    field = page.get_by_placeholder("In your own words")
    field.fill("I wait for the tide")
    is_move = lambda one: one.method == "POST" and one.url.endswith("/turns")  # noqa: E731
    with page.expect_request(is_move) as sent:
        field.press("Enter")
    assert sent.value.post_data_json["position"] == session.branch.length
    scenes_are_told(page, 2)
    assert page.get_by_text("The story went on in another place").count() == 0


def test_a_question_that_is_refused_keeps_its_words(reader: Reader, story: str) -> None:
    page = reader.open(f"story/{story}/main")
    page.get_by_label("What it is").select_option("ask")
    field = page.get_by_placeholder("A name and your question")
    field.fill("Hannibal, who are you?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".refused", has_text="Nobody called").wait_for()
    assert field.input_value() == "Hannibal, who are you?"
    field.fill("Jonas, who are you?")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".aside-said").wait_for()
    until(page, "document.querySelector('textarea').value === ''")


def test_the_embedded_storyteller_says_what_it_does_with_words_to_an_end(
    reader: Reader, held: HeldServer, chromium: Any, story: str
) -> None:
    page = reader.open(f"story/{story}/main")
    page.get_by_label("What it is").select_option("end")
    page.get_by_text("plays your words as your last deed. The end that follows is").wait_for()
    field = page.get_by_placeholder("A last deed of yours, or nothing at all")
    field.wait_for()
    assert_nobody_is_left_out(page)
    page.get_by_label("What it is").select_option("say")
    until(page, "!document.querySelector('main').textContent.includes('as your last deed')")

    other = Reader(chromium, held.address)
    page = other.open(f"story/{held.stories['played']}/main")
    page.get_by_label("What it is").select_option("end")
    page.get_by_placeholder("How it should end, or nothing at all").wait_for()
    assert page.get_by_text("as your last deed").count() == 0, "a model can be told an end"
    other.context.close()


@pytest.mark.parametrize("size", [(1280, 900), (360, 740)])
def test_a_long_paste_leaves_the_field_and_its_button_on_the_screen(
    chromium: Any, server: RunningServer, story: str, size: tuple[int, int]
) -> None:
    width, height = size
    reader = Reader(chromium, server.address, viewport={"width": width, "height": height})
    page = reader.open(f"story/{story}/main")
    page.get_by_placeholder("In your own words").fill("The lamp went out. " * 900)
    heights = page.evaluate(
        "['.own-words textarea', '.own-words'].map((one) =>"
        " document.querySelector(one).getBoundingClientRect().height)"
    )
    assert heights[0] <= height * 0.4
    assert heights[1] <= height * 0.7
    reader.context.close()
