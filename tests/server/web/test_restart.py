"""A page whose server was killed in the middle of a turn, and one that asks who is reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from tests.server.programs import program
from tests.server.web.conftest import Reader, RunningServer
from tests.server.web.test_every_page import AXE
from tests.server.web.test_play import scenes_are_told

THEME = "A lighthouse keeper finds a door under the stairs."


def test_a_turn_that_a_kill_broke_off_says_so_and_is_played_again(
    chromium: Any, tmp_path: Path
) -> None:
    with program(tmp_path, "held") as server:
        asked = httpx.post(f"{server.address}/api/v1/stories", json={"theme": THEME})
        story = asked.json()["story_id"]
        reader = Reader(chromium, server.address)
        page = reader.open(f"story/{story}/main")
        with page.expect_response(lambda answer: answer.url.endswith("/events")):
            page.get_by_role("button", name="Begin the story").click()
        page.locator(".live").wait_for()
        server.kill()
    reader.context.close()
    with program(tmp_path) as server:
        reader = Reader(chromium, server.address)
        page = reader.open(f"story/{story}/main")
        page.get_by_role("heading", name="This turn was interrupted").wait_for()
        assert page.evaluate("document.activeElement.tagName") == "H2"
        page.get_by_role("button", name="Play it again").click()
        scenes_are_told(page, 1)
        assert page.get_by_text("interrupted").count() == 0
        assert reader.seen.errors == []
        reader.context.close()


def test_a_server_that_must_know_who_is_reading_is_given_a_token(
    reader: Reader, server: RunningServer
) -> None:
    given = list[str]()

    def answer(route: Any) -> None:
        token = route.request.headers.get("authorization", "")
        if token != "Bearer a-token":
            problem = {"title": "Who is it?", "status": 401, "detail": "say who", "do": ""}
            route.fulfill(status=401, json=problem, content_type="application/problem+json")
        else:
            given.append(token)
            route.continue_()

    page = reader.page
    page.route("**/api/v1/**", answer)
    page.goto(reader.address)
    page.get_by_role("heading", name="Who is reading?").wait_for()
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [one["id"] for one in found["violations"]] == []
    page.get_by_label("Access token").fill("a-token")
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("heading", name="Stories").wait_for()
    page.locator(".stories li").first.wait_for()
    assert given
    assert page.evaluate("localStorage.getItem('tta.token')") is None
