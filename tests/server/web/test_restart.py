"""A page whose server was killed in the middle of a turn, and one that asks who is reading."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.server.programs import program
from tests.server.web import seeding
from tests.server.web.conftest import (
    Proxy,
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    serving_apart,
    until,
)
from tests.server.web.reading import scenes_are_told

from tta_rebuild.core.access import SharedLink, new_secret
from tta_rebuild.engine.action import Action

pytestmark = pytest.mark.browser

THEME = "A lighthouse keeper finds a door under the stairs."


@pytest.mark.stress  # begins a program twice
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
        boxes = [
            page.get_by_role("button", name=name).bounding_box()
            for name in ("Play it again", "Leave it")
        ]
        assert boxes[0]
        assert boxes[1]
        assert boxes[1]["x"] - boxes[0]["x"] - boxes[0]["width"] >= 8, "the two do not touch"
        text = page.locator(".live .note p").first.bounding_box()
        assert text
        assert boxes[0]["x"] == pytest.approx(text["x"], abs=1), "and stand where the text begins"
        page.get_by_role("button", name="Play it again").click()
        scenes_are_told(page, 1)
        assert page.get_by_text("interrupted").count() == 0
        assert reader.seen.errors == []
        reader.context.close()


def test_a_server_that_must_know_who_is_reading_is_given_a_token(
    chromium: Any, tmp_path: Path
) -> None:
    tta = [sys.executable, "-m", "tta_rebuild", "--data-dir", str(tmp_path)]
    made = subprocess.run(
        [*tta, "tokens", "add", "anna"], capture_output=True, text=True, check=True
    )
    process = subprocess.Popen(
        [*tta, "serve", "--port", "0", "--model", "offline"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        reader = Reader(chromium, address)
        _sign_in(reader, made.stdout.strip())
        _is_told_once_what_is_not_for_players(reader)
        _read_along(Reader(chromium, address), reader)
        _share_and_sign_out(Reader(chromium, address), reader)
        reader.context.close()
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _sign_in(reader: Reader, token: str) -> None:
    page = reader.page
    page.goto(reader.address)
    page.get_by_role("heading", name="Who is reading?").wait_for()
    assert_nobody_is_left_out(page)
    page.get_by_label("Access token").fill("wrong")
    page.get_by_role("button", name="Enter").click()
    page.get_by_text("not known").first.wait_for()
    page.get_by_label("Access token").fill(token)
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("heading", name="Stories").wait_for()
    [cookie] = reader.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    assert token not in page.evaluate("JSON.stringify([localStorage, sessionStorage])")


def _is_told_once_what_is_not_for_players(reader: Reader) -> None:
    page = reader.open("costs")
    page.get_by_text("This page is for those who run the server").wait_for()
    assert page.locator(".problem").count() == 0
    reader.open()


def _read_along(guest: Reader, owner: Reader) -> None:
    """Somebody without a token reads a story by a link, and nothing else."""
    link = owner.page.evaluate(
        """async () => {
            const post = async (path, body) => (await fetch(`api/v1/${path}`, {
                method: "POST", body: JSON.stringify(body),
                headers: { "Content-Type": "application/json", "Idempotency-Key": "k" } })).json();
            const made = await post("stories", { theme: "Two sisters inherit a bakery." });
            const turns = `stories/${made.story_id}/branches/main/turns`;
            const turn = await post(turns, { kind: "begin" });
            await (await fetch(`api/v1/turns/${turn.turn_id}/events`)).text();
            return (await post(`stories/${made.story_id}/shares`)).link;
        }"""
    )
    page = guest.page
    page.goto(guest.address + link.removeprefix("/"))
    page.get_by_text("bakery").first.wait_for()
    scenes_are_told(page, 1)
    assert "shared" not in page.url
    page.goto(guest.address)
    page.reload()
    page.get_by_role("heading", name="Who is reading?").wait_for()
    guest.context.close()


def test_a_reading_link_shows_new_scenes_without_a_reload(chromium: Any, tmp_path: Path) -> None:
    from tests.server.serving import NO_RATE

    from tta_rebuild.server.app import ServerOptions

    options = ServerOptions(limits=NO_RATE, accounts=True)
    with serving_apart(tmp_path, options=options) as server:
        access, secret = server.application.access, new_secret("read")
        session = server.does(seeding.a_played_story(server.application, 1))
        story = session.story_id
        server.does(access.own(story, "anna"))
        link = SharedLink(share_id="link", story_id=story, created_at=datetime.now(UTC))
        server.does(access.share(link, secret))
        reader = Reader(chromium, server.address)
        page = reader.page
        page.clock.install()
        page.goto(f"{server.address}/#/shared/{secret}")
        scenes_are_told(page, 1)
        page.get_by_text("new scenes come by themselves").wait_for()
        server.does(session.turn(Action.choose(1)))
        assert page.locator(".turn").count() == 1
        page.clock.run_for(8_500)
        scenes_are_told(page, 2)
        reader.context.close()


def _share_and_sign_out(guest: Reader, owner: Reader) -> None:
    """The link is made and taken back on the page; a guest can do nothing but read."""
    page = owner.open("")
    page.reload()
    page.locator(".stories h2 a").first.click()
    page.get_by_text("Save and share").click()
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("The link, shown this once").input_value()
    assert_nobody_is_left_out(page)
    guest.page.goto(link)
    guest.page.get_by_text("You read along by a link").wait_for()
    scenes_are_told(guest.page, 1)
    guest.page.get_by_text("Only whose story it is plays it").wait_for()
    assert guest.page.locator(".choices, .own-words, .rate").count() == 0
    assert guest.page.get_by_text("Costs").count() == 0
    assert_nobody_is_left_out(guest.page)
    while (back := page.get_by_role("button", name="Take it back")).count():
        left = back.count()
        back.first.click()
        until(page, "(n) => document.querySelectorAll('.held [aria-label]').length < n", left)
    guest.page.reload()
    guest.page.get_by_role("heading", name="Who is reading?").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Who is reading?").wait_for()
    assert owner.context.cookies() == []
    guest.context.close()


def test_a_link_that_is_followed_while_the_server_is_down_says_so_and_opens_once_it_is_back(
    chromium: Any, server: RunningServer, proxy: Proxy, story: str
) -> None:
    reader = Reader(chromium, proxy.address)
    page = reader.open(f"story/{story}/main")
    told = page.locator("#turn-1").inner_text()
    server.does(proxy.close())
    page.get_by_role("link", name="Map", exact=True).click()
    page.get_by_text("“Map” opens by itself once it is back").wait_for()
    assert page.locator("#turn-1").inner_text() == told, "the page stays"
    assert_nobody_is_left_out(page)
    page.get_by_role("button", name="Stay here").click()
    until(page, "!document.querySelector('.problem')")
    assert page.url.endswith(f"story/{story}/main")
    page.get_by_role("link", name="Cast", exact=True).click()
    page.get_by_text("“Cast” opens by itself").wait_for()
    server.does(proxy.open())
    page.get_by_role("heading", name="Cast").wait_for()
    page.get_by_label("Jonas", exact=True).wait_for()
    assert page.locator(".problem").count() == 0
    reader.context.close()


def test_a_story_that_is_not_there_leads_to_those_that_are(reader: Reader) -> None:
    page = reader.page
    page.goto(f"{reader.address}#/story/nosuchstory")
    page.get_by_text("nosuchstory").wait_for()
    page.locator(".problem").get_by_role("link", name="All stories").click()
    page.get_by_role("heading", name="Stories").wait_for()
