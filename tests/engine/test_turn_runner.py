"""The runner that plays turns as tasks of its own process."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.engine.care_beside_contract import CareBesideContract
from tests.engine.conftest import MARA, Desk, HeldStoryteller
from tests.engine.turn_runner_contract import CRY, THEME, Played, TurnRunnerContract, asks
from tests.integrations.fakes import ManualClock

from tta_rebuild.bootstrap.serving import TurnNotes
from tta_rebuild.core.errors import BranchBusy, ProviderBusy, StoryError, TooManyTurns
from tta_rebuild.core.events import CareShown
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.in_process_runner import InProcessRunner
from tta_rebuild.engine.session_cache import SessionCache
from tta_rebuild.engine.turn_runner import LAST_NUMBER, RunningTurn
from tta_rebuild.integrations.llm_provider import LLMRequest, LLMResponse
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.story_store import StoryStore
from tta_rebuild.storage.turn_journal import NoteFile


class StoriesWithMara:
    """Stories in each of which Mara can be asked."""

    def __init__(self, stories: Any) -> None:
        self._stories = stories

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stories, name)

    async def open(self, premise: Premise) -> Any:
        return await self._stories.open(replace(premise, characters=(MARA,)))


@asynccontextmanager
async def opened(
    desk: Desk, journal: TurnNotes, most_turns: int = 8, clock: Any = None
) -> AsyncIterator[Played]:
    stories, teller = desk.stories, desk.teller
    assert isinstance(teller, HeldStoryteller)
    sessions, clock = SessionCache(stories), clock or ManualClock()
    ids = iter(range(10**6))
    async with InProcessRunner(
        stories,
        sessions,
        journal,
        new_id=lambda: f"{id(sessions):x}-{next(ids)}",
        clock=clock,
        most_turns=most_turns,
    ) as runner:
        fail_next = teller.replies.append
        yield Played(runner, StoriesWithMara(stories), teller.gate, fail_next, clock)  # type: ignore[arg-type]


@pytest.fixture
def desk() -> Desk:
    return Desk(HeldStoryteller(), MemoryStoryStore())


@pytest.fixture
def journal() -> TurnNotes:
    return TurnNotes(NoteFile(None))


class TestInProcessRunner(TurnRunnerContract, CareBesideContract):
    @asynccontextmanager
    async def opened(self, *, most_turns: int = 8) -> AsyncIterator[Played]:
        async with await StoryStore.open(self.place) as store:
            desk = Desk(HeldStoryteller(), store)
            async with opened(desk, TurnNotes(NoteFile(None)), most_turns) as played:
                yield played

    async def test_at_the_end_what_cannot_be_finished_is_abandoned(self, played: Played) -> None:
        session, turn = await played.held()

        await played.runner.drain(0)

        assert (await played.told(turn))[-1].kind == "abandoned"
        assert (await played.stories.resume(session.story_id)).state.turn == 1


async def broken_off(desk: Desk, journal: TurnNotes) -> tuple[Any, RunningTurn]:
    """A turn that the journal knows as running, as after a kill."""
    async with opened(desk, journal) as played:
        session, turn = await played.held()
        noted = next(one for one in journal.read() if one.turn_id == turn.turn_id)
        played.gate.set()
        await played.runner.cancel(turn.turn_id)
    journal.write(noted)  # what stood there when the process was killed
    return session, noted


async def test_after_a_kill_a_turn_says_that_it_was_interrupted_and_can_be_repeated(
    desk: Desk, journal: TurnNotes
) -> None:
    session, noted = await broken_off(desk, journal)

    async with opened(desk, journal) as played:
        now = await played.runner.turn(noted.turn_id)
        [update] = await played.told(now)
        same = await played.runner.submit(asks(session))
        again = await played.runner.submit(asks(session), again=True)
        updates = await played.told(again)

    assert (now.state, same.turn_id) == ("interrupted", noted.turn_id)
    assert (update.kind, update.number) == ("abandoned", LAST_NUMBER)
    assert updates[-1].kind == "stored"


async def test_a_turn_that_was_interrupted_is_still_what_a_branch_shows_where_a_cry_came_beside_it(
    desk: Desk, journal: TurnNotes
) -> None:
    async with opened(desk, journal) as played:
        session, turn = await played.held()
        await played.runner.submit(asks(session, "k2", kind="say", choice=0, text=CRY))
        [noted] = [one for one in journal.read() if one.request.kind == "choose"]
        await played.runner.cancel(turn.turn_id)
    journal.write(noted)  # what stood there when the process was killed

    async with opened(desk, journal) as played:
        latest = await played.runner.latest_on(session.branch.branch_id)

    assert latest is not None
    assert (latest.turn_id, latest.state) == (turn.turn_id, "interrupted")


class CareReadingStoryteller(HeldStoryteller):
    """Asked whether words are a cry for help, it answers with the ``needs`` in order."""

    needs: list[str]

    async def complete(self, request: LLMRequest) -> LLMResponse:
        response = await super().complete(request)
        is_asked = request.task == "care" and self.needs
        return (
            replace(response, text=f'{{"need": "{self.needs.pop(0)}"}}') if is_asked else response
        )


async def test_a_reader_is_asked_of_doubtful_words_while_a_turn_is_told_unless_too_many_are(
    journal: TurnNotes,
) -> None:
    teller = CareReadingStoryteller()
    teller.needs = ["none", "none"]
    desk = Desk(teller, MemoryStoryStore(), checks="all")
    async with opened(desk, journal, most_turns=2) as played:
        busy, other = [
            await played.stories.open(Premise(theme=THEME, language="de")) for _ in range(2)
        ]
        teller.gate.clear()
        turn = await played.runner.submit(asks(busy, "a", kind="begin", choice=0))
        await played.runner.updates(turn.turn_id, wait_s=5)

        def said(session: Any, key: str) -> Any:
            return asks(session, key, kind="say", choice=0, text="Ich will nicht mehr leben.")

        teller.needs = ["none", "harm"]
        with pytest.raises(BranchBusy):
            await played.runner.submit(said(busy, "b"))
        [paused] = await played.told(await played.runner.submit(said(busy, "c")))
        await played.runner.submit(asks(other, "d", kind="begin", choice=0))
        teller.needs = ["harm"]
        with pytest.raises(TooManyTurns):
            await played.runner.submit(said(busy, "e"))
        teller.gate.set()

    assert (paused.kind, teller.needs) == ("paused", ["harm"])


async def test_a_turn_that_had_just_been_asked_for_is_known_after_a_kill(
    desk: Desk, journal: TurnNotes
) -> None:
    async with opened(desk, journal) as played:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        [noted] = journal.read()
        await played.runner.cancel(turn.turn_id)
    journal.write(noted)

    async with opened(desk, journal) as played:
        now = await played.runner.submit(asks(session))

    assert (noted.turn_id, noted.position) == (turn.turn_id, None)
    assert (now.turn_id, now.state) == (turn.turn_id, "interrupted")


async def test_after_a_kill_just_after_a_turn_was_stored_it_is_no_interrupted_one(
    desk: Desk, journal: TurnNotes
) -> None:
    session, noted = await broken_off(desk, journal)
    stored = await desk.stories.resume(session.story_id)
    async for _ in stored.play(Action.choose(1)):
        pass

    async with opened(desk, journal) as played:
        now = await played.runner.submit(asks(session), again=True)
        [update] = await played.told(now)

    assert (now.turn_id, now.state, now.last["turn"]) == (noted.turn_id, "stored", 2)
    assert (update.kind, update.values["turn"]) == ("stored", 2)


async def test_what_a_turn_still_has_to_store_once_it_is_told_is_stored_before_the_end(
    desk: Desk, journal: TurnNotes
) -> None:
    class Slow(MemoryStoryStore):
        async def append(self, branch_id: str, turn: int, events: Any, **more: Any) -> int:
            for _ in range(50 * isinstance(events[0], CareShown)):
                await asyncio.sleep(0)
            return await super().append(branch_id, turn, events, **more)

    desk.store = Slow()
    async with opened(desk, journal) as played:
        session, turn = await played.held()
        await played.runner.submit(asks(session, "k2", kind="say", choice=0, text=CRY))
        played.gate.set()
        assert (await played.told(turn))[-1].kind == "stored"

    path = await desk.stories.path(session.story_id)
    assert isinstance(path[-1].event, CareShown)


async def test_a_turn_cancelled_while_it_was_being_stored_says_that_it_is_stored(
    desk: Desk, journal: TurnNotes
) -> None:
    class Late(MemoryStoryStore):
        stored = asyncio.Event()

        async def append(self, *given: Any, **more: Any) -> int:
            length = await super().append(*given, **more)
            if given[1] > 1:
                self.stored.set()
                await asyncio.sleep(3600)
            return length

    desk.store = store = Late()
    async with opened(desk, journal) as played:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        await store.stored.wait()

        ended = await played.runner.cancel(turn.turn_id)
        rest = await played.told(turn)

    assert ended.state == "stored"
    assert rest[-1].values["turn"] == 2


@pytest.mark.parametrize(
    ("kind", "text"), [("say", "I wait."), ("ask", "Mara, how many?"), ("think", "Mara")]
)
async def test_a_turn_falls_under_the_budget_of_whose_it_is(
    desk: Desk, journal: TurnNotes, kind: str, text: str
) -> None:
    assert isinstance(desk.teller, HeldStoryteller)
    async with opened(desk, journal) as played:
        session = await played.begun()
        begun = len(desk.teller.requests)
        wanted = asks(session, kind=kind, choice=0, text=text, player_id="anna")
        await played.told(await played.runner.submit(wanted))
        await played.told(await played.runner.submit(replace(wanted, key="k2", player_id="")))

    whose = [one.context.session_state["player_id"] for one in desk.teller.requests]
    assert whose == ["player"] * begun + ["anna", "player"]


async def test_of_a_turn_that_failed_no_word_is_kept_and_of_none_longer_than_its_updates(
    desk: Desk, journal: TurnNotes
) -> None:
    clock = ManualClock()
    async with opened(desk, journal, clock=clock) as played:
        session = await played.begun()
        played.fail_next(ProviderBusy("too many"))
        wanted = asks(session, kind="say", choice=0, text="I open the blue door.")
        turn = await played.runner.submit(wanted)
        await played.told(turn)
        assert isinstance(played.runner, InProcessRunner)
        [failed] = played.runner.failures
        now = await played.runner.turn(turn.turn_id)
        await clock.advance(610)
        later = await played.runner.turn(turn.turn_id)
        same = await played.runner.submit(wanted)

    assert (failed.turn_id, failed.request.text) == (turn.turn_id, "")
    assert (now.request.text, later.request.text) == ("I open the blue door.", "")
    assert same.turn_id == turn.turn_id


async def test_what_ended_more_than_a_day_ago_is_not_taken_up_again(
    desk: Desk, journal: TurnNotes
) -> None:
    clock = ManualClock()
    ends = {"old": timedelta(days=1, seconds=1), "new": timedelta(hours=23)}
    for turn_id, ago in ends.items():
        at = clock.wall() - ago
        request = replace(_request(), key=turn_id)
        turn = RunningTurn(
            turn_id=turn_id, request=request, state="stored", began_at=at, ended_at=at
        )
        journal.write(turn)

    async with opened(desk, journal, clock=clock) as played:
        known = (await played.runner.turn("new")).state
        with pytest.raises(StoryError):
            await played.runner.turn("old")

    assert known == "stored"
    assert [one.turn_id for one in journal.read()] == ["new"]


async def test_the_journal_of_a_story_that_is_gone_has_nothing_of_it(
    desk: Desk, journal: TurnNotes
) -> None:
    async with opened(desk, journal) as played:
        session, other = await played.begun(), await played.begun()
        await played.told(await played.runner.submit(asks(session)))
        await played.told(await played.runner.submit(asks(other, "k2")))
        await played.runner.forget_story(session.story_id)

    assert [one.request.story_id for one in journal.read()] == [other.story_id]


async def test_updates_are_kept_for_ten_minutes_and_the_last_for_a_day(
    desk: Desk, journal: TurnNotes
) -> None:
    clock = ManualClock()
    async with opened(desk, journal, clock=clock) as played:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        whole = await played.told(turn)

        await clock.advance(590)
        assert await played.told(turn) == whole
        await clock.advance(20)
        assert await played.told(turn) == whole[-1:]
        await clock.advance(86_400)
        with pytest.raises(StoryError):
            await played.runner.turn(turn.turn_id)


async def test_no_word_of_the_player_s_stays_in_the_journal_of_a_turn_that_is_over(
    desk: Desk, tmp_path: Path
) -> None:
    path, secret = tmp_path / "turns", "I want to kill myself tonight, for real."
    file = NoteFile(path)
    async with opened(desk, TurnNotes(file)) as played:
        session = await played.begun()
        wanted = asks(session, kind="say", choice=0, text=secret)
        await played.told(await played.runner.submit(wanted))
    file.close()

    assert secret.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


async def test_the_journal_forgets_old_turns_and_those_of_a_story(journal: TurnNotes) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for number, story in enumerate(("a", "b", "c")):
        turn = RunningTurn(
            turn_id=f"t{number}",
            request=replace(_request(), story_id=story),
            state="stored",
            began_at=at,
            ended_at=at.replace(day=number + 1),
        )
        journal.write(turn)

    journal.forget(before=at.replace(day=2))
    journal.forget(story_id="c")

    assert [turn.turn_id for turn in journal.read()] == ["t1"]


def _request() -> Any:
    from tta_rebuild.engine.turn_runner import TurnRequest

    return TurnRequest(key="k", story_id="s", branch_id="s.1", kind="begin")


async def test_a_cache_keeps_the_latest_sessions_and_folds_only_what_is_new(desk: Desk) -> None:
    stories = desk.stories
    one, two, three = [await stories.open(Premise(theme=f"Theme {n}")) for n in range(3)]
    cache = SessionCache(stories, most=2)

    first = await cache.session(one.story_id, one.branch.branch_id)
    await cache.session(two.story_id, two.branch.branch_id)
    async for _ in one.play(Action.begin()):
        pass
    again = await cache.session(one.story_id, one.branch.branch_id)
    await cache.session(three.story_id, three.branch.branch_id)

    assert again is first
    assert again.state.turn == 1
    assert len(cache) == 2
    assert await cache.session(one.story_id, one.branch.branch_id) is first
    await cache.session(two.story_id, two.branch.branch_id)  # loaded anew: three goes
    cache.forget_story(one.story_id)
    assert await cache.session(one.story_id, one.branch.branch_id) is not first


async def test_a_turn_that_is_over_is_known_without_the_task_that_played_it(
    desk: Desk, journal: TurnNotes
) -> None:
    async with opened(desk, journal) as played:
        session = await played.begun()
        turn = await played.runner.submit(asks(session))
        task = next(one for one in asyncio.all_tasks() if turn.turn_id in one.get_name())
        gone = weakref.ref(task)
        await task
        del task
        await asyncio.sleep(0)
        gc.collect()

        assert (await played.runner.turn(turn.turn_id)).state == "stored"
        assert gone() is None
