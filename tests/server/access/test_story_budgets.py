"""What a story may cost in all, set over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.accounts import accounts
from tests.server.serving import HeldTeller, Machines, Running, running
from tta_rebuild.integrations.prices import Price, Rates

pytestmark = pytest.mark.every_runner

TURN_USD = 0.001


def paid_teller() -> HeldTeller:
    """One whose turns cost ``TURN_USD`` each."""
    teller = HeldTeller()
    teller.price = Price(rates=Rates(input=10.0, output=0.0))
    return teller


@pytest.fixture
async def paid(tmp_path: Path, machines: Machines | None) -> AsyncIterator[Running]:
    """A server of one person, whose storyteller costs something."""
    async with running(tmp_path, teller=paid_teller(), machines=machines) as server:
        yield server


async def set_to(served: Running, branch: str, usd: Any) -> tuple[int, dict[str, Any]]:
    """Set the budget of a branch's story; gives the answer."""
    story = branch.split("/")[2]
    answer = await served.client.put(f"/stories/{story}/budget", json={"usd": usd})
    return answer.status_code, answer.json()


async def test_a_story_costs_no_more_than_its_own_budget_until_that_is_raised(
    paid: Running,
) -> None:
    dear, other = await paid.story(title="Dear"), await paid.story()
    await paid.play(dear, kind="begin")

    made = await set_to(paid, dear, 0.0011)
    refused = (await paid.play(dear, kind="choose", choice=1))[-1]
    elsewhere = (await paid.play(other, kind="begin"))[-1]
    listed = (await paid.client.get("/budgets")).json()["budgets"]
    at_hand = (await paid.client.get(dear)).json()["cost"]["lines"]
    raised = await set_to(paid, dear, 1)
    told = (await paid.play(dear, kind="choose", choice=1))[-1]
    lifted = await set_to(paid, dear, None)

    assert made == (200, listed[0])
    assert "this story $0.0010 of at most $0.00" in at_hand
    assert (listed[0]["title"], listed[0]["usd"]) == ("Dear", 0.0011)
    assert listed[0]["spent_usd"] == pytest.approx(TURN_USD)
    problem = refused.data["problem"]
    assert (problem["status"], problem["type"][-19:]) == (402, "BudgetExceededError")
    assert "this story's own budget" in problem["detail"]
    assert elsewhere.kind == told.kind == "stored"
    assert (raised[0], lifted[1]["usd"]) == (200, None)
    assert (await paid.client.get("/budgets")).json() == {"budgets": []}


@pytest.mark.one_process
@pytest.mark.parametrize("usd", [-1, 10**7, "much", True])
async def test_a_budget_that_is_no_amount_is_refused(paid: Running, usd: Any) -> None:
    branch = await paid.story()
    status, problem = await set_to(paid, branch, usd)
    assert (status, problem["status"]) == (422, 422)
    assert "usd" in problem["detail"]
    assert (await set_to(paid, "/stories/none/", 1))[0] == 404


async def test_an_operator_sets_the_budget_of_any_story_and_sees_no_title_of_another_s(
    tmp_path: Path,
) -> None:
    async with accounts(tmp_path, teller=paid_teller()) as there:
        annas = await there.of("anna").story(title="What nobody else may read")
        olgas = await there.of("olga").story(title="Olga's own")
        assert (await set_to(there.of("anna"), annas, 1))[0] == 403
        status, made = await set_to(there.of("olga"), annas, 1)
        assert (status, made["title"]) == (200, "a story of anna")
        assert (await set_to(there.of("olga"), olgas, 1))[0] == 200
        listed = (await there.clients["olga"].get("/budgets")).json()["budgets"]
        assert {one["title"] for one in listed} == {"a story of anna", "Olga's own"}
        assert (await there.clients["olga"].get(annas)).status_code == 404
