"""What a player may spend a day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.accounts import Accounts, accounts
from tests.server.serving import THEME, HeldTeller, Machines
from tta_rebuild.integrations.prices import Price, Rates

pytestmark = pytest.mark.every_runner


async def test_a_player_who_has_spent_what_they_may_a_day_is_told_to_wait_and_others_play(
    tmp_path: Path, machines: Machines | None
) -> None:
    teller = HeldTeller()
    teller.price = Price(rates=Rates(input=10.0, output=0.0))  # a turn: 0.001
    async with accounts(tmp_path, teller=teller, machines=machines) as there:
        await _spends_and_waits(there)


async def _spends_and_waits(there: Accounts) -> None:
    olga, anna, ben = there.clients["olga"], there.of("anna"), there.of("ben")
    branches = {"anna": await anna.story(), "ben": await ben.story()}
    await anna.play(branches["anna"], kind="begin")

    unknown = await olga.put("/players/nobody/budget", json={"usd_a_day": 1})
    wanted = await olga.put("/players/anna/budget", json={"usd_a_day": 0.0011})
    refused = (await anna.play(branches["anna"], kind="choose", choice=1))[-1]
    aside = await anna.client.post(
        f"{branches['anna']}/asides",
        json={"kind": "think", "text": "Mara"},
        headers={"Idempotency-Key": "aside"},
    )
    at_hand = (await anna.client.get(branches["anna"])).json()
    chat = {"model": "tta", "messages": [{"role": "user", "content": THEME}]}
    url = f"{there.server.address}/v1/chat/completions"
    by_chat = await anna.client.post(url, json=chat)
    *before, others = await ben.play(branches["ben"], kind="begin")
    listed = {one["player_id"]: one for one in (await olga.get("/tokens")).json()["tokens"]}
    raised = await olga.put("/players/anna/budget", json={"usd_a_day": None})
    told = (await anna.play(branches["anna"], kind="choose", choice=1))[-1]

    assert (unknown.status_code, wanted.status_code) == (404, 200)
    assert wanted.json() == {"usd_a_day": 0.0011, "spent_today_usd": pytest.approx(0.001)}
    assert refused.kind == "failed"
    problem = refused.data["problem"]
    assert (problem["status"], problem["type"][-21:]) == (402, "PlayersBudgetExceeded")
    assert "next day" in problem["do"]
    assert aside.status_code == 202
    assert by_chat.status_code == 402
    assert by_chat.json()["error"]["type"] == "insufficient_quota"
    assert others.kind == told.kind == "stored"
    assert "budget" not in str(before), "what Anna has reached is no news for Ben"
    assert at_hand["cost"]["lines"][-1] == "you today $0.0010 of at most $0.00"
    spent = {name: round(one["spent_today_usd"], 6) for name, one in listed.items()}
    assert spent == {"anna": 0.001, "ben": 0.001, "cleo": 0.0, "olga": 0.0}
    assert (listed["anna"]["usd_a_day"], listed["ben"]["usd_a_day"]) == (0.0011, None)
    assert raised.json()["usd_a_day"] is None
