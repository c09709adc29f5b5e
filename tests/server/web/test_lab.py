"""What an operator looks at: costs that move, experiments, feedback, scores."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.server.web.conftest import (
    Reader,
    RunningServer,
    assert_nobody_is_left_out,
    keep_screenshot,
)

from tta_rebuild.core.usage import Attempt, Usage

pytestmark = pytest.mark.browser


def test_the_dashboard_moves_while_it_is_looked_at(reader: Reader, server: RunningServer) -> None:
    page = reader.open("costs")
    page.get_by_text("This session").first.wait_for()
    attempt = Attempt(
        at=datetime.now(UTC),
        provider="gemini",
        model="a-model",
        task="scene",
        outcome="ok",
        usage=Usage(input_tokens=900, output_tokens=400),
        cost_usd=0.0125,
        latency_s=2.5,
        first_piece_s=0.4,
    )
    before = replace(attempt, at=attempt.at - timedelta(days=1), cost_usd=0.004)
    server.does(server.application.ledger.book_all([before, attempt]))
    row = page.locator("tr", has_text="gemini:a-model").first
    row.wait_for()
    assert "2.5 s" in row.inner_text()
    assert "400 ms" in row.inner_text()
    page.locator(".figures dd", has_text="$0.0165").first.wait_for()
    days = page.get_by_role("region", name="Costs by day").locator("tbody tr")
    days.nth(1).wait_for()
    assert "$0.004" in days.nth(0).inner_text()
    page.locator(".chart canvas").first.wait_for()
    assert_nobody_is_left_out(page)
    keep_screenshot(page, "costs-live")


def test_experiments_analytics_feedback_and_the_score_of_a_text(
    reader: Reader, server: RunningServer
) -> None:
    page = reader.open("lab")
    page.get_by_text("No experiment has been begun").wait_for()
    page.get_by_role("button", name="How it is played").click()
    page.get_by_text("Where stories stop").wait_for(state="attached")
    page.get_by_role("button", name="What readers say").click()
    page.get_by_role("button", name="Score a text").click()
    page.get_by_label("any piece of prose").fill(
        "The lamp went out. Mara waited, and the sea went on as before."
    )
    page.get_by_role("button", name="Score it").click()
    page.get_by_text("of 100;").wait_for()
    assert reader.seen.errors == []
