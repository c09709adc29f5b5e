"""Who has a link reads along, and no more."""

from __future__ import annotations

from tests.server.access.asked import RULES, naming, sent
from tests.server.accounts import Accounts


async def test_a_link_reads_one_story_and_changes_nothing(
    there: Accounts, annas: dict[str, str]
) -> None:
    other = (await there.of("anna").story()).split("/")[2]
    headers = {"X-TTA-Share": annas["secret"]}

    for operation in naming(RULES):
        answer = await sent(there.nobody, operation, annas, headers=headers)
        if RULES[operation] == "reader":
            assert answer.status_code in (200, 404), (operation, answer.text)
            elsewhere = await sent(
                there.nobody, operation, annas | {"story": other}, headers=headers
            )
            assert elsewhere.status_code == 404
        else:
            assert answer.status_code == 401, operation
    shown = await there.nobody.get("/shared", headers=headers)
    present = await there.nobody.get(f"/stories/{annas['story']}/branches/main", headers=headers)
    assert shown.json()["story_id"] == annas["story"]
    assert present.json()["turn"] == 2
    assert (
        await there.clients["ben"].get(f"/stories/{annas['story']}", headers=headers)
    ).is_success

    gone = f"/stories/{annas['story']}/shares/{annas['share_id']}"
    assert (await there.clients["anna"].delete(gone)).status_code == 204
    assert (await there.nobody.get("/shared", headers=headers)).status_code == 404
    late = await there.nobody.get(f"/stories/{annas['story']}", headers=headers)
    assert late.status_code == 401


async def test_a_reader_by_link_does_not_see_what_is_being_played(
    there: Accounts, annas: dict[str, str]
) -> None:
    anna, branch = there.of("anna"), f"/stories/{annas['story']}/branches/main"
    assert there.server.teller is not None
    there.server.teller.gate.clear()
    await anna.ask(branch, kind="say", text="I whisper the password.")

    headers = {"X-TTA-Share": annas["secret"]}
    seen = await there.nobody.get(branch, headers=headers)
    own = (await anna.client.get(branch)).json()
    there.server.teller.gate.set()

    assert own["running"]["text"] == "I whisper the password."
    assert seen.json()["running"] is None
    assert "password" not in seen.text
