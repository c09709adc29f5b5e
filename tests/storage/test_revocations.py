"""What was revoked or taken back since a backup stays so when the backup is restored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tta_rebuild.core.access import AccessToken, SharedLink, new_secret
from tta_rebuild.core.events import StoryOpened
from tta_rebuild.core.story import Premise
from tta_rebuild.storage.backup import backup, restore
from tta_rebuild.storage.story_store import StoryStore

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
ANNA = AccessToken(token_id="a1", player_id="anna", role="player", created_at=NOON)
BEN = replace(ANNA, token_id="b1", player_id="ben")
SESSION = replace(ANNA, token_id="s1", is_session=True)
LINK = SharedLink(share_id="l1", story_id="s", created_at=NOON)
OTHER = replace(LINK, share_id="l2")
SECRETS = {one: new_secret("tta") for one in ("a1", "b1", "s1", "l1", "l2", "d1")}


@pytest.fixture
async def backed_up(tmp_path: Path) -> Path:
    """A backup of a store with two tokens, a session and two links; all is good in it."""
    async with await StoryStore.open(tmp_path / "here") as store:
        await store.create_story(
            "s", "S", [StoryOpened(premise=Premise(theme="A keeper"))], at=NOON
        )
        access = store.access()
        await access.add(ANNA, SECRETS["a1"])
        await access.add(BEN, SECRETS["b1"])
        await access.add(SESSION, SECRETS["s1"], made_from="b1")
        await access.share(LINK, SECRETS["l1"])
        await access.share(OTHER, SECRETS["l2"])
        backup(tmp_path / "here" / "stories.db", tmp_path / "copy.db")
    return tmp_path / "copy.db"


async def good(directory: Path) -> set[str]:
    async with await StoryStore.open(directory) as store:
        access = store.access()
        tokens = {one: await access.token(SECRETS[one]) for one in ("a1", "b1", "s1", "d1")}
        links = {one for one in ("l1", "l2") if await access.shared(SECRETS[one])}
    return links | {name for name, one in tokens.items() if one and one.is_good(LATER)}


async def test_what_was_taken_away_since_the_backup_stays_away(
    tmp_path: Path, backed_up: Path
) -> None:
    here = tmp_path / "here"
    async with await StoryStore.open(here) as store:
        await store.access().revoke("anna", NOON)
        await store.access().revoke("s1", NOON)
        await store.access().unshare("s", "l1")
        await store.access().add(replace(ANNA, token_id="d1", player_id="dora"), SECRETS["d1"])

    made = restore(here / "stories.db", backed_up, now=LATER)

    assert await good(here) == {"b1", "l2"}
    assert (made.access.revoked, made.access.links) == (("a1 of anna",), 1)
    assert (made.access.unchecked, made.access.unchecked_links) == ((), 0)
    assert made.access.gone == ("d1 of dora",)


@pytest.mark.parametrize("is_damaged", [True, False])
async def test_where_nothing_is_known_of_revocations_all_that_is_good_again_is_named(
    tmp_path: Path, backed_up: Path, is_damaged: bool
) -> None:
    there = tmp_path / "there"
    if is_damaged:
        there.mkdir()
        (there / "stories.db").write_bytes(b"no database at all")

    made = restore(there / "stories.db", backed_up, now=LATER)

    assert await good(there) == {"a1", "b1", "s1", "l1", "l2"}
    assert made.access.unchecked == ("a1 of anna", "b1 of ben")
    assert (made.access.unchecked_links, made.access.revoked) == (2, ())
