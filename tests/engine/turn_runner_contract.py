"""What every ``TurnRunner`` keeps to on every database.

``test_turn_runner`` runs it for the runner of one process, ``worker.test_temporal_runner`` for the
one of several machines.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.core.errors import (
    BranchBusy,
    KeyReused,
    ProviderBusy,
    TooManyTurns,
    TurnNotFound,
)
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.stories import Stories
from tta_rebuild.engine.turn_runner import RunningTurn, TurnRequest, TurnRunner, TurnUpdate

CRY = "I want to kill myself tonight, for real."
THEME = "A lighthouse keeper finds a door under the stairs"


@dataclass
class Played:
    """A runner with the stories that it plays, and a storyteller that can be held back.

    ``gate`` is set unless the storyteller shall wait in the middle of a scene.
    """

    runner: TurnRunner
    stories: Stories
    gate: asyncio.Event
    fail_next: Any
    clock: Any

    async def begun(self) -> Session:
        """A story whose opening is told."""
        session = await self.stories.open(Premise(theme=THEME))
        async for _ in session.play(Action.begin()):
            pass
        return session

    async def held(self) -> tuple[Session, RunningTurn]:
        """A story whose second turn is being told, and waits half-way for the gate."""
        session = await self.begun()
        self.gate.clear()
        turn = await self.runner.submit(asks(session))
        await self.runner.updates(turn.turn_id, wait_s=5)
        return session, turn

    async def told(self, turn: RunningTurn) -> list[TurnUpdate]:
        """All updates of a turn, up to the last."""
        return [update async for update in self.runner.tail(turn.turn_id)]


def asks(session: Session, key: str = "k1", **more: Any) -> TurnRequest:
    """A request for a choice on a session's branch."""
    wanted = {"kind": "choose", "choice": 1} | more
    branch = session.branch
    return TurnRequest(key=key, story_id=branch.story_id, branch_id=branch.branch_id, **wanted)


class RunnerTests(ABC):
    """Tests of any runner."""

    place: str
    """Where ``StoryStore.open`` opens the stories."""

    @pytest.fixture(autouse=True, params=["SQLite", "PostgreSQL"])
    def _database(self, request: pytest.FixtureRequest, tmp_path: Path) -> None:
        is_server = request.param == "PostgreSQL"
        found = request.getfixturevalue("postgresql_database") if is_server else tmp_path
        self.place = str(found)

    @abstractmethod
    def opened(self, *, most_turns: int = 8) -> AbstractAsyncContextManager[Played]:
        """A runner, opened, with stories at ``place``."""

    @pytest.fixture
    async def played(self) -> AsyncIterator[Played]:
        async with self.opened() as played:
            yield played


class TurnRunnerContract(RunnerTests):
    """A turn runs apart, once for a key, and every reader of it sees the same."""

    async def test_a_turn_is_told_in_numbered_updates_that_end_once_it_is_stored(
        self, played: Played
    ) -> None:
        session = await played.begun()

        turn = await played.runner.submit(asks(session))
        updates = await played.told(turn)

        assert [update.number for update in updates] == list(range(1, len(updates) + 1))
        assert [u.kind for u in updates][-4:] == ["scene", "choices", "cost", "stored"]
        assert [u for u in updates if u.is_last] == updates[-1:]
        now = await played.runner.turn(turn.turn_id)
        assert (now.state, now.updates) == ("stored", len(updates))
        assert now.last["turn"] == 2
        assert (await played.stories.resume(session.story_id)).state.turn == 2

    async def test_the_same_key_is_the_same_turn_however_often_and_when_it_comes(
        self, played: Played
    ) -> None:
        session = await played.begun()

        turns = await asyncio.gather(*(played.runner.submit(asks(session)) for _ in range(5)))
        await played.told(turns[0])
        later = await played.runner.submit(asks(session), again=True)

        assert {turn.turn_id for turn in (*turns, later)} == {turns[0].turn_id}
        assert (await played.stories.resume(session.story_id)).state.turn == 2

    async def test_a_turn_of_before_its_player_was_known_is_the_same_by_its_key(
        self, played: Played
    ) -> None:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        same = await played.runner.submit(asks(session, player_id="anna"))
        await played.told(turn)
        later = await played.runner.submit(asks(session, player_id="anna", position=1))

        assert {one.turn_id for one in (same, later)} == {turn.turn_id}

    async def test_a_key_is_for_one_move(self, played: Played) -> None:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))

        with pytest.raises(KeyReused) as refused:
            await played.runner.submit(asks(session, choice=2))

        assert refused.value.turn_id == turn.turn_id

    async def test_a_reader_goes_on_after_any_number_and_reads_the_same(
        self, played: Played
    ) -> None:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        whole = await played.told(turn)

        for after in range(len(whole) + 1):
            rest = [u async for u in played.runner.tail(turn.turn_id, after)]
            assert rest == whole[after:]
            assert list(await played.runner.updates(turn.turn_id, after=after)) == rest

    async def test_a_reader_who_comes_in_the_middle_gets_what_was_and_what_comes(
        self, played: Played
    ) -> None:
        session = await played.begun()
        played.gate.clear()
        turn = await played.runner.submit(asks(session))
        early = asyncio.create_task(played.told(turn))
        first = await played.runner.updates(turn.turn_id, wait_s=5)
        late = asyncio.create_task(played.told(turn))

        assert (await played.runner.turn(turn.turn_id)).state == "running"
        played.gate.set()

        assert await early == await late
        assert (await early)[: len(first)] == list(first)

    async def test_a_wait_for_updates_ends_without_any(self, played: Played) -> None:
        session = await played.begun()
        played.gate.clear()
        turn = await played.runner.submit(asks(session))
        seen = len(await played.runner.updates(turn.turn_id, wait_s=5))

        assert not await played.runner.updates(turn.turn_id, after=seen + 99, wait_s=0.01)

    async def test_a_branch_plays_one_turn_at_a_time_and_another_branch_its_own(
        self, played: Played
    ) -> None:
        session, other = await played.begun(), await played.begun()
        played.gate.clear()
        turn = await played.runner.submit(asks(session))

        with pytest.raises(BranchBusy) as busy:
            await played.runner.submit(asks(session, "k2"))
        beside = await played.runner.submit(asks(other, "k3"))

        assert busy.value.turn_id == turn.turn_id
        running = await played.runner.running_on(session.branch.branch_id)
        assert running is not None
        assert running.turn_id == turn.turn_id
        played.gate.set()
        await played.told(turn)
        await played.told(beside)
        assert await played.runner.running_on(session.branch.branch_id) is None

    async def test_so_many_turns_at_once_and_no_more(self) -> None:
        async with self.opened(most_turns=2) as played:
            one, two, three = [await played.begun() for _ in range(3)]
            played.gate.clear()
            running = [await played.runner.submit(asks(s, f"k{s.story_id}")) for s in (one, two)]

            with pytest.raises(TooManyTurns) as refused:
                await played.runner.submit(asks(three))

            assert refused.value.retry_after_s > 0
            played.gate.set()
            for turn in running:
                await played.told(turn)
            assert await played.runner.submit(asks(three))

    async def test_a_cancelled_turn_stores_nothing_and_its_key_may_play_it_again(
        self, played: Played
    ) -> None:
        session, turn = await played.held()

        ended = await played.runner.cancel(turn.turn_id)
        played.gate.set()

        assert ended.state == "abandoned"
        assert (await played.stories.resume(session.story_id)).state.turn == 1
        assert (await played.runner.submit(asks(session))).turn_id == turn.turn_id
        anew = await played.runner.submit(asks(session), again=True)
        assert anew.turn_id != turn.turn_id
        assert (await played.told(anew))[-1].kind == "stored"

    async def test_what_is_stored_cannot_be_cancelled(self, played: Played) -> None:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        await played.told(turn)

        assert (await played.runner.cancel(turn.turn_id)).state == "stored"

    async def test_a_turn_that_fails_says_which_error_it_was(self, played: Played) -> None:
        session = await played.begun()
        played.fail_next(ProviderBusy("the model is busy", retry_after_s=7.0))

        updates = await played.told(await played.runner.submit(asks(session)))

        assert updates[-1].kind == "failed"
        assert updates[-1].values["errors"][0] == "ProviderBusy"
        assert updates[-1].values["retry_after_s"] == 7.0

    async def test_a_move_that_cannot_be_played_is_refused(self, played: Played) -> None:
        session = await played.begun()

        updates = await played.told(await played.runner.submit(asks(session, choice=99)))

        assert [update.kind for update in updates] == ["refused"]

    async def test_a_turn_pauses_with_whom_one_can_reach_and_goes_on_after_it(
        self, played: Played
    ) -> None:
        session = await played.begun()
        cry = asks(session, kind="say", choice=0, text=CRY)

        paused = await played.told(await played.runner.submit(cry))
        on = asks(session, "k2", kind="say", choice=0, text=cry.text, after_note=True)
        went_on = await played.told(await played.runner.submit(on))

        assert [update.kind for update in paused] == ["paused"]
        assert paused[0].values["help_lines"]
        assert paused[0].values["go_on"]["after_note"] is True
        assert went_on[-1].kind == "stored"

    async def test_a_question_aside_runs_as_a_turn_does(self, played: Played) -> None:
        session = await played.begun()
        ask = asks(session, kind="ask", choice=0, text="Mara, how many boats are there?")

        updates = await played.told(await played.runner.submit(ask))

        assert updates[-1].kind == "aside"
        assert updates[-1].values["character_id"] == "mara"
        assert (await played.stories.resume(session.story_id)).state.turn == 1

    async def test_who_saw_an_older_present_is_told_so(self, played: Played) -> None:
        session = await played.begun()
        older = asks(session, position=session.branch.length - 1)

        updates = await played.told(await played.runner.submit(older))

        assert updates[-1].values["errors"][0] == "PositionConflict"

    async def test_what_another_writer_stored_meanwhile_is_played_on_from(
        self, played: Played
    ) -> None:
        session = await played.begun()
        await played.told(await played.runner.submit(asks(session)))
        elsewhere = await played.stories.resume(session.story_id)
        async for _ in elsewhere.play(Action.choose(1)):
            pass

        updates = await played.told(await played.runner.submit(asks(session, "k2")))

        assert updates[-1].values["turn"] == 4

    async def test_before_the_end_turns_are_finished_and_none_begins(self, played: Played) -> None:
        session, other = await played.begun(), await played.begun()
        played.gate.clear()
        turn = await played.runner.submit(asks(session))
        await played.runner.updates(turn.turn_id, wait_s=5)
        draining = asyncio.create_task(played.runner.drain(30))
        await asyncio.sleep(0)

        with pytest.raises(TooManyTurns):
            await played.runner.submit(asks(other, "k2"))
        played.gate.set()
        await draining

        assert (await played.runner.turn(turn.turn_id)).state == "stored"

    async def test_a_story_is_forgotten_with_its_turns(self, played: Played) -> None:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        await played.told(turn)

        await played.runner.forget_story(session.story_id)

        with pytest.raises(TurnNotFound):
            await played.runner.turn(turn.turn_id)
        assert await played.runner.latest_on(session.branch.branch_id) is None

    async def test_a_turn_that_nobody_knows_is_not_found(self, played: Played) -> None:
        with pytest.raises(TurnNotFound):
            await played.runner.turn("none")
        with pytest.raises(TurnNotFound):
            await played.runner.updates("none")

    async def test_what_goes_in_and_comes_out_are_plain_values(self, played: Played) -> None:
        import json
        from dataclasses import asdict

        session = await played.begun()
        request = asks(session)
        updates = await played.told(await played.runner.submit(request))

        assert TurnRequest(**json.loads(json.dumps(asdict(request)))) == request
        for update in updates:
            again = TurnUpdate(**json.loads(json.dumps(asdict(update))))
            assert replace(again) == update
