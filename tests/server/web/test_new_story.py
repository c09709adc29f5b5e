"""The page of a new story: how a premise is understood, who tells it, and in which language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.server.serving import HeldTeller
from tests.server.web.conftest import (
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    keep_screenshot,
    serving_apart,
    until,
)
from tests.server.web.reading import scenes_are_told

from tta_rebuild.core.story import Premise

pytestmark = pytest.mark.browser

THEME = "Ada, a clockmaker, is asked to stop the clock of the town"


def test_how_a_premise_is_understood_is_said_before_the_story_begins_and_can_be_mended(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("new")
    page.get_by_label("What is it about?").fill(THEME)
    understood = page.locator(".understood")
    understood.get_by_text("Understood: You are Ada, a clockmaker").wait_for()
    assert "It reads English" in page.locator("form").inner_text()
    kind = page.get_by_label("Kind of story")
    kind.select_option("heist")
    understood.get_by_text("a heist").first.wait_for()
    page.get_by_role("textbox", name="Name", exact=True).fill("Odo")
    page.get_by_label("Who they are").fill("her apprentice")
    understood.get_by_text("You are Odo").wait_for()
    keep_screenshot(page, "new-understood")
    assert_nobody_is_left_out(page)
    page.get_by_role("button", name="Begin", exact=True).click()
    scenes_are_told(page, 1)
    story = page.url.split("/story/")[1].split("/")[0]
    premise = server.does(server.application.stories.resume(story)).state.premise
    assert (premise.plot, premise.characters[0].name) == ("heist", "Odo")
    assert "Understood: You are Odo" in page.locator(".understood-line").inner_text()
    page.get_by_role("button", name="Not so?").click()
    page.get_by_label("What is it about?").wait_for()
    assert page.get_by_label("What is it about?").input_value() == THEME
    assert page.get_by_role("textbox", name="Name", exact=True).input_value() == "Odo"
    assert kind.input_value() == "heist"


def test_a_premise_in_another_language_says_before_that_it_will_be_told_in_english(
    reader: Reader,
) -> None:
    page = reader.open("new")
    theme = "Un gardien de phare trouve une lettre que personne ne lui a jamais envoyée"
    page.get_by_label("What is it about?").fill(theme)
    page.locator(".understood").get_by_text("tells in English alone").wait_for()
    assert "English: the embedded storyteller has no other" in page.locator("form").inner_text()


def test_nothing_written_is_said_beside_the_field_and_nothing_moves_while_it_loads(
    reader: Reader,
) -> None:
    page = reader.page
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => list.getEntries().forEach((one) =>"
        " { window.moved += one.value; })).observe({ type: 'layout-shift', buffered: true });"
    )
    reader.open("new")
    page.get_by_label("What is it about?").wait_for()
    page.wait_for_timeout(200)
    assert page.evaluate("window.moved") < 0.02
    page.get_by_role("button", name="Begin", exact=True).click()
    page.get_by_text("Say in a sentence what it is about").wait_for()
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert_nobody_is_left_out(page)


def test_a_model_of_the_chain_is_chosen_for_a_story_and_a_language_that_it_has(
    chromium: Any, tmp_path: Path
) -> None:
    with serving_apart(tmp_path, teller=HeldTeller(), has_fallback=True) as server:
        reader = Reader(chromium, server.address)
        page = reader.open("new")
        page.get_by_label("What is it about?").fill(THEME)
        page.get_by_label("Language").select_option("de")
        page.get_by_label("Language").select_option("")
        page.get_by_label("Code of the language").fill("klingon")
        page.get_by_role("button", name="Begin", exact=True).click()
        page.get_by_text("“klingon” is no language").wait_for()
        assert page.url.endswith("#/new")
        page.get_by_label("Code of the language").fill("de-AT")
        page.get_by_role("button", name="Begin", exact=True).click()
        scenes_are_told(page, 1)
        assert "counts 1" in page.locator("#turn-1").inner_text()
        reader.open("new")
        page.get_by_label("What is it about?").fill(THEME)
        page.get_by_label("The embedded storyteller").check()
        assert page.get_by_label("Code of the language").count() == 0
        keep_screenshot(page, "new-two-tellers")
        page.get_by_role("button", name="Begin", exact=True).click()
        scenes_are_told(page, 1)
        assert "boats in the harbour" not in page.locator("#turn-1").inner_text()
        told_by = page.locator(".at-hand dd").first.inner_text()
        assert told_by == "the embedded storyteller"
        until(page, "!document.querySelector('.live')")
        assert reader.seen.errors == []
        reader.context.close()


def test_stories_of_one_title_are_told_apart_in_the_list(
    reader: Reader, server: RunningServer
) -> None:
    for _ in range(2):
        server.does(server.application.stories.open(Premise(theme="Twins at the mill")))
    page = reader.open("")
    twins = page.locator(".stories > li", has_text="Twins at the mill")
    twins.nth(1).wait_for()
    assert all("begun" in text for text in twins.all_inner_texts())
