"""Cast and canon: how people are, what is true, corrected, and a move of one's own judged."""

from __future__ import annotations

import pytest
from tests.server.web import seeding
from tests.server.web.conftest import (
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    keep_screenshot,
    until,
)

pytestmark = pytest.mark.browser


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
    page.get_by_role("button", name="Correct this: Jonas is in the kitchen").click()
    page.get_by_label("What was so instead").fill("Jonas is in the cellar.")
    page.get_by_role("button", name="See what depends on it").click()
    page.locator("main q", has_text="Jonas is in the cellar.").wait_for()
    page.locator("main").get_by_text("Nothing told later depends on it").wait_for()
    assert not session.state.canon.holds_at("jonas", "located_in", "cellar")
    page.get_by_role("button", name="Correct it").click()
    until(
        page, "document.querySelector('[role=log]').textContent.includes('Corrected. It says now')"
    )
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
    page.get_by_role("button", name="Correct this: Ilse has read").click()
    page.get_by_label("What is so instead").fill("Ilse has burnt the letter.")
    page.get_by_role("button", name="Correct it").click()
    page.get_by_role("button", name="Correct this: Ilse has burnt").click()
    page.get_by_role("button", name="It is not so").click()
    until(
        page,
        "[...document.querySelectorAll('.fact-list')]"
        ".every((one) => !one.textContent.includes('Ilse has burnt'))",
    )
    page.locator("main .note", has_text="Taken back: “Ilse has burnt the letter.”").wait_for()
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
