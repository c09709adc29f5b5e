"""The page of costs: budgets are set there, and people get their tokens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.server.web.conftest import (
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    keep_screenshot,
    serving_apart,
    until,
)

from tta_rebuild.core.access import AccessToken, Role, new_secret

pytestmark = pytest.mark.browser
ROLES: dict[str, Role] = {"olga": "operator", "cleo": "author"}


@pytest.fixture
def peopled(tmp_path: Path) -> Iterator[tuple[RunningServer, dict[str, str]]]:
    """A server with an operator and an author, and their secrets."""
    pytest.importorskip("fastapi", reason="the server is not installed: tta-rebuild[server]")
    from tests.server.serving import NO_RATE

    from tta_rebuild.server.app import ServerOptions

    options = ServerOptions(limits=NO_RATE, accounts=True)
    with serving_apart(tmp_path, options=options) as server:
        secrets = {name: new_secret("tta") for name in ROLES}
        for name, role in ROLES.items():
            made = AccessToken(
                token_id=f"id-{name}", player_id=name, role=role, created_at=datetime.now(UTC)
            )
            server.does(server.application.access.add(made, secrets[name]))
        yield server, secrets


def signed_in(chromium: Any, server: RunningServer, secret: str) -> Reader:
    reader = Reader(chromium, server.address)
    page = reader.page
    page.goto(reader.address)
    page.get_by_label("Access token").fill(secret)
    page.get_by_role("button", name="Enter").click()
    page.get_by_role("heading", name="Stories").wait_for()
    reader.seen.errors.clear()  # that nobody was signed in
    return reader


def test_a_story_gets_a_budget_that_is_changed_and_lifted(
    reader: Reader, server: RunningServer, story: str
) -> None:
    def limit() -> float | None:
        return server.does(server.application.access.story_limits()).get(story)

    page = reader.open("costs")
    page.get_by_label("Story to give a budget").select_option(story)
    amount = page.get_by_label("It may cost in all")
    amount.fill("minus one")
    page.get_by_role("button", name="Set it").click()
    page.get_by_text("Write an amount in US dollars").wait_for()
    assert_nobody_is_left_out(page)
    assert limit() is None
    amount.fill("2,50")
    page.get_by_role("button", name="Set it").click()
    page.locator(".budget-row", has_text="of $2.50").wait_for()
    assert limit() == 2.5
    page.get_by_role("button", name="Change the budget of The letter").click()
    amount.fill("0")
    amount.press("Enter")
    page.locator(".budget-row", has_text="of $0.00").wait_for()
    assert limit() == 0
    page.get_by_role("button", name="Change the budget of The letter").click()
    page.get_by_role("button", name="Lift it").click()
    until(page, "!document.querySelector('.budget-row')")
    assert limit() is None
    assert reader.seen.errors == []


def test_an_operator_gives_a_token_sets_a_budget_and_revokes(
    chromium: Any, peopled: tuple[RunningServer, dict[str, str]]
) -> None:
    server, secrets = peopled
    access = server.application.access
    reader = signed_in(chromium, server, secrets["olga"])
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = reader.open("costs")
    page.get_by_label("Name: letters").fill("dora")
    page.get_by_role("button", name="Make it").click()
    secret = page.get_by_label("Token", exact=True)
    secret.wait_for()
    shown = secret.input_value()
    found = server.does(access.token(shown))
    assert found is not None
    assert (found.player_id, found.role) == ("dora", "player")
    page.get_by_role("button", name="Copy it").click()
    page.get_by_text("It is copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == shown
    assert_nobody_is_left_out(page)
    keep_screenshot(page, "people")
    page.get_by_role("button", name="It is kept, hide it").click()
    assert shown not in page.content()

    page.get_by_role("button", name="Change what dora may spend").click()
    page.get_by_label("They may spend a day").fill("0.5")
    page.get_by_role("button", name="Set it").click()
    page.get_by_text("today of at most $0.50").wait_for()
    assert server.does(access.limits()) == {"dora": 0.5}

    page.get_by_role("button", name="Revoke the player’s token of dora").click()
    page.get_by_role("button", name="No", exact=True).click()
    assert server.does(access.token(shown)) == found
    page.get_by_role("button", name="Revoke the player’s token of dora").click()
    page.get_by_role("button", name="Revoke it").click()
    page.get_by_text("1 token that opens nothing any more").wait_for()
    gone = server.does(access.token(shown))
    assert gone is not None
    assert gone.revoked_at is not None

    page.get_by_role("button", name="Revoke the operator’s token of olga").click()
    page.get_by_role("button", name="Revoke it").click()
    page.get_by_text("It is the last token of an operator").wait_for()
    still = server.does(access.token(secrets["olga"]))
    assert still is not None
    assert still.revoked_at is None
    reader.context.close()


def test_who_is_no_operator_is_told_so_once_and_nothing_is_asked_for(
    chromium: Any, peopled: tuple[RunningServer, dict[str, str]]
) -> None:
    server, secrets = peopled
    reader = signed_in(chromium, server, secrets["cleo"])
    for place in ("costs", "lab"):
        page = reader.open(place)
        page.get_by_text("This page is for those who run the server").wait_for()
        assert page.locator(".problem").count() == 0
        assert page.get_by_role("button", name="Try again").count() == 0
    assert reader.seen.errors == []
    reader.context.close()
