"""Playing in a browser: the text is the story's whatever happens, and keys alone suffice."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.server.web import seeding
from tests.server.web.conftest import (
    HeldServer,
    Proxy,
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    keep_screenshot,
    until,
)

from tta_rebuild.core.events import SceneTold
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action

pytestmark = pytest.mark.browser


def told(server: RunningServer, story: str, branch: str = "main") -> list[str]:
    """The scenes of a branch as they are stored, a text each."""
    path = server.does(server.application.stories.path(story, branch))
    return [plain(one.event.scene.text) for one in path if isinstance(one.event, SceneTold)]


def plain(text: str) -> str:
    """A text without what typesetting changes."""
    text = text.replace("“", '"').replace("”", '"').replace("’", "'").replace("‘", "'")
    return re.sub(r"\s+", " ", text).strip()


def shown(page: Any) -> list[str]:
    """The scenes on the page, a text each."""
    scenes = page.locator(".turn:not(.live)").evaluate_all(
        "(all) => all.map((turn) => [...turn.querySelectorAll('p:not(.action):not(.warning)')]"
        ".filter((p) => !p.closest('.tools, .action')).map((p) => p.textContent).join(' '))"
    )
    return [plain(one) for one in scenes]


def scenes_are_told(page: Any, count: int) -> None:
    until(
        page,
        "(n) => document.querySelectorAll('.turn:not(.live)').length >= n"
        " && !document.querySelector('.live')",
        count,
    )


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
