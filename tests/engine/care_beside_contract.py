"""What every ``TurnRunner`` does with a cry for help while a turn is told, or none can begin."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.turn_runner_contract import CRY, THEME, Played, RunnerTests, asks

from tta_rebuild.core.errors import BranchBusy, TooManyTurns
from tta_rebuild.core.events import CareShown
from tta_rebuild.core.story import Premise


class CareBesideContract(RunnerTests):
    """A cry is answered at once, whatever else is played; what is played does not notice."""

    async def test_a_cry_while_a_turn_is_told_is_answered_at_once_and_the_turn_goes_on(
        self, played: Played
    ) -> None:
        session, turn = await played.held()

        cry = asks(session, "k2", kind="say", choice=0, text=CRY)
        paused = await played.runner.submit(cry)
        told = await played.told(paused)

        assert [update.kind for update in told] == ["paused"]
        assert told[0].values["help_lines"]
        assert told[0].values["go_on"]["after_note"] is True
        assert (await played.runner.submit(cry)).turn_id == paused.turn_id
        running = await played.runner.running_on(session.branch.branch_id)
        latest = await played.runner.latest_on(session.branch.branch_id)
        assert [one and one.turn_id for one in (running, latest)] == [turn.turn_id] * 2
        played.gate.set()
        assert (await played.told(turn))[-1].kind == "stored"
        report = await played.stories.replay(session.story_id)
        assert report.agrees, report.difference

    async def test_a_note_shown_while_a_turn_was_told_is_stored_after_it_and_gone_on_from(
        self, played: Played
    ) -> None:
        session, turn = await played.held()
        cry = asks(session, "k2", kind="say", choice=0, text=CRY)
        await played.runner.submit(cry)
        on = replace(cry, key="k3", after_note=True)

        with pytest.raises(BranchBusy):
            await played.runner.submit(on)
        played.gate.set()
        await played.told(turn)
        went_on = await played.told(await played.runner.submit(on))

        path = await played.stories.path(session.story_id)
        noted = [recorded.event for recorded in path if isinstance(recorded.event, CareShown)]
        assert (went_on[-1].kind, went_on[-1].values["turn"], len(noted)) == ("stored", 3, 1)

    async def test_a_cry_to_somebody_aside_while_a_turn_is_told_is_answered_at_once(
        self, played: Played
    ) -> None:
        session = await played.begun()
        played.gate.clear()
        await played.runner.submit(asks(session))

        cry = asks(session, "k2", kind="ask", choice=0, text=f"Mara, {CRY}")
        told = await played.told(await played.runner.submit(cry))
        played.gate.set()

        assert [update.kind for update in told] == ["paused"]
        assert told[0].values["go_on"] is None
        assert told[0].values["asked"] == cry.text

    async def test_a_question_that_paused_is_known_with_its_words_to_be_asked_again(
        self, played: Played
    ) -> None:
        session = await played.begun()
        cry = asks(session, kind="ask", choice=0, text=f"Mara, {CRY}")
        await played.told(await played.runner.submit(cry))

        paused = await played.runner.latest_on(session.branch.branch_id)

        assert paused is not None
        assert (paused.state, paused.request.text) == ("paused", cry.text)

    async def test_a_cry_that_another_turn_would_come_before_pauses_before_that(
        self, played: Played
    ) -> None:
        session = await played.stories.open(Premise(theme=THEME))
        opening = asks(session, kind="begin", choice=0)
        cry = asks(session, "k2", kind="say", choice=0, text=CRY)

        assert await played.runner.pause(replace(cry, key="k0", text="I go up.")) is None
        paused = await played.runner.pause(cry)
        assert paused is not None
        assert [update.kind for update in await played.told(paused)] == ["paused"]
        latest = await played.runner.latest_on(session.branch.branch_id)
        assert latest is not None
        assert latest.turn_id == paused.turn_id
        await played.told(await played.runner.submit(opening))
        on = replace(cry, key="k3", after_note=True)
        kinds = [update.kind for update in await played.told(await played.runner.submit(on))]

        assert (kinds[0], kinds[-1]) == ("passage", "stored"), "no second note, and no reminder"

    async def test_a_second_cry_while_a_turn_is_told_has_the_whole_note_again(
        self, played: Played
    ) -> None:
        session = await played.begun()
        played.gate.clear()
        await played.runner.submit(asks(session))

        kinds = []
        for key in ("k2", "k3"):
            cry = asks(session, key, kind="say", choice=0, text=CRY)
            kinds += [u.kind for u in await played.told(await played.runner.submit(cry))]
        played.gate.set()

        assert kinds == ["paused", "paused"]

    async def test_a_cry_is_answered_where_no_turn_more_can_begin(self) -> None:
        async with self.opened(most_turns=1) as played:
            one, two = [await played.begun() for _ in range(2)]
            played.gate.clear()
            await played.runner.submit(asks(one))

            cry = asks(two, "k2", kind="say", choice=0, text=CRY)
            told = await played.told(await played.runner.submit(cry))
            played.gate.set()

            assert [update.kind for update in told] == ["paused"]
            on = replace(cry, key="k3", after_note=True)
            await played.runner.drain(5)
            with pytest.raises(TooManyTurns):
                await played.runner.submit(on)

    async def test_soon_after_a_note_the_same_need_gets_a_line_whoever_plays_the_turn(
        self, played: Played
    ) -> None:
        session = await played.begun()
        cry = asks(session, "k2", kind="say", choice=0, text=CRY)
        await played.told(await played.runner.submit(cry))
        on = replace(cry, key="k3", after_note=True)
        await played.told(await played.runner.submit(on))

        again = await played.told(await played.runner.submit(replace(cry, key="k4")))

        first, *_, last = again
        assert (first.kind, first.values["is_care"], last.kind) == ("warning", True, "stored")

    async def test_words_that_are_no_cry_wait_until_a_turn_is_told(self, played: Played) -> None:
        session = await played.begun()
        played.gate.clear()
        await played.runner.submit(asks(session))

        with pytest.raises(BranchBusy):
            await played.runner.submit(asks(session, "k2", kind="say", choice=0, text="I wait."))
        with pytest.raises(BranchBusy):
            await played.runner.submit(asks(session, "k3", kind="ask", choice=0, text="Mara, why?"))
        played.gate.set()
