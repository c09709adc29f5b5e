"""Tokens, owners, links and conversations are kept, in SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.storage.conftest import Told

from tta_rebuild.core.access import AccessToken, SharedLink, new_secret
from tta_rebuild.core.conversations import ConversationMove
from tta_rebuild.core.errors import StoryNotFound
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.story_store import StoryStore

ANNA = AccessToken(token_id="a1", player_id="anna", role="player", created_at=Told.at())
SESSION = replace(ANNA, token_id="s1", expires_at=Told.at(60), is_session=True)
MOVE = ConversationMove(
    number=0, parent=0, said="d", request_key="", branch_id="s.1", turn_before=0, turn_after=1
)


class AccessContract:
    async def test_a_token_is_known_by_its_secret_alone(self, store: StoryStore) -> None:
        access, secret = store.access(), new_secret("tta")
        await access.add(ANNA, secret)
        await access.used("a1", Told.at(3))

        assert await access.token(secret) == replace(ANNA, used_at=Told.at(3))
        assert await access.token("a1") is None
        assert await access.token(secret.swapcase()) is None

    async def test_a_limit_of_a_player_is_kept_changed_and_lifted(self, store: StoryStore) -> None:
        access = store.access()
        assert await access.limits() == {}
        await access.limit("anna", 0.5)
        await access.limit("ben", 0.0)
        await access.limit("anna", 0.25)
        assert await access.limits() == {"anna": 0.25, "ben": 0.0}
        await access.limit("ben", None)
        assert await access.limits() == {"anna": 0.25}

    async def test_a_budget_of_a_story_is_kept_changed_lifted_and_goes_with_it(
        self, store: StoryStore
    ) -> None:
        access = store.access()
        for story_id in ("one", "other"):
            await store.create_story(story_id, "S", Told.opening(), at=Told.at())
        await access.limit_story("one", 0.5)
        await access.limit_story("other", 0.0)
        await access.limit_story("one", 0.25)
        assert await access.story_limits() == {"one": 0.25, "other": 0.0}
        await access.limit_story("other", None)
        await store.delete("one")
        assert await access.story_limits() == {}
        with pytest.raises(StoryNotFound):
            await access.limit_story("one", 1.0)

    async def test_a_session_ends_with_the_token_it_is_made_from(self, store: StoryStore) -> None:
        access, secret, session = store.access(), new_secret("tta"), new_secret("tta")
        await access.add(replace(ANNA, expires_at=Told.at(30)), secret)
        await access.add(SESSION, session, made_from="a1")

        made = await access.token(session)
        assert made == replace(SESSION, expires_at=Told.at(30))
        assert [one.token_id for one in await access.tokens()] == ["a1"]
        assert [one.token_id for one in await access.revoke("anna", Told.at(5))] == ["a1"]
        assert await access.revoke("anna", Told.at(6)) == []
        gone = await access.token(session)
        assert gone is not None
        assert gone.revoked_at == Told.at(5)
        assert not gone.is_good(Told.at(6))

    async def test_a_session_is_revoked_alone(self, store: StoryStore) -> None:
        access, secret, session = store.access(), new_secret("tta"), new_secret("tta")
        await access.add(ANNA, secret)
        await access.add(SESSION, session, made_from="a1")

        await access.revoke("s1", Told.at(1))

        kept = await access.token(secret)
        assert kept is not None
        assert kept.is_good(Told.at(2))

    async def test_a_story_has_one_owner_or_none(self, store: StoryStore) -> None:
        access = store.access()
        for story_id in ("s", "t"):
            await store.create_story(story_id, "S", Told.opening(), at=Told.at())
        await access.own("s", "anna")
        await access.own("s", "ben")

        assert (await access.owner("s"), await access.owner("t")) == ("ben", "")
        assert await access.owner("none") is None
        assert [await access.owned(who) for who in ("anna", "ben", "")] == [set(), {"s"}, {"t"}]
        await access.own("s", "")
        assert await access.owned("") == {"s", "t"}
        with pytest.raises(StoryNotFound):
            await access.own("none", "anna")

    async def test_a_link_leads_to_its_story_until_it_is_taken_back(
        self, store: StoryStore
    ) -> None:
        access, secret = store.access(), new_secret("read")
        for story_id in ("s", "t"):
            await store.create_story(story_id, "S", Told.opening(), at=Told.at())
        link = SharedLink(share_id="l1", story_id="s", created_at=Told.at())
        await access.share(link, secret)

        assert await access.shared(secret) == link
        assert await access.shares("s") == [link]
        assert not await access.unshare("t", "l1"), "the link is another story's"
        assert await access.unshare("s", "l1")
        assert await access.shared(secret) is None

    async def test_a_conversation_keeps_its_moves_until_it_begins_anew(
        self, store: StoryStore
    ) -> None:
        talks = store.conversations()
        await store.create_story("s", "S", Told.opening(), at=Told.at())
        talk = await talks.begin("anna", "n", "s")
        first = await talks.add(talk, MOVE)
        second = await talks.add(talk, replace(MOVE, parent=first.number))
        await talks.answered(second, Told.at(4))

        assert await talks.find("anna", "n") == talk
        assert await talks.find("ben", "n") is None
        assert await talks.moves(talk) == [first, replace(second, answered_at=Told.at(4))]
        anew = await talks.begin("anna", "n", "s")
        assert await talks.moves(anew) == []

    async def test_all_of_it_goes_with_the_story(self, store: StoryStore) -> None:
        access, talks, secret = store.access(), store.conversations(), new_secret("read")
        await store.create_story("s", "S", Told.opening(), at=Told.at())
        await access.own("s", "anna")
        await access.share(SharedLink(share_id="l1", story_id="s", created_at=Told.at()), secret)
        await talks.add(await talks.begin("anna", "n", "s"), MOVE)

        await store.delete("s")

        assert await access.owned("anna") == set()
        assert await access.shared(secret) is None
        assert await talks.find("anna", "n") is None

    async def test_a_story_and_its_owner_are_kept_together_or_not_at_all(
        self, store: StoryStore
    ) -> None:
        access = store.access()
        with pytest.raises(StoryNotFound):
            async with access.together():
                await store.create_story("s", "S", Told.opening(), at=Told.at())
                await access.own("another", "anna")

        assert await store.stories() == []


class TestInSqlite(AccessContract):
    @pytest.fixture
    def store(self, sqlite_store: StoryStore) -> StoryStore:
        return sqlite_store


class TestInMemory(AccessContract):
    @pytest.fixture
    def store(self) -> StoryStore:
        return MemoryStoryStore()


class TestInPostgresql(AccessContract):
    @pytest.fixture
    async def store(self, postgresql_database: str) -> AsyncIterator[StoryStore]:
        async with await StoryStore.open(postgresql_database) as store:
            yield store


async def test_no_secret_is_in_any_file(tmp_path: Path) -> None:
    secret = new_secret("tta")
    async with await StoryStore.open(tmp_path) as store:
        await store.access().add(ANNA, secret)

    assert len(secret) >= 40
    for file in tmp_path.iterdir():
        assert secret[4:].encode() not in file.read_bytes()
