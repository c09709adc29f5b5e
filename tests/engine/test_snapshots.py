"""A story taken up from a snapshot is the story that its whole log tells, or the log is folded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.core.errors import HistoryNotLoaded, StoreFull
from tta_rebuild.core.events import (
    CharacterChanged,
    ChoicesOffered,
    FactAsserted,
    FactRetconned,
    FactRetracted,
    PassageWithheld,
    PlayerActed,
    SceneTold,
    StoryOpened,
)
from tta_rebuild.core.story import CharacterSketch, Choice, Claim, Memory, Passage, Premise, Scene
from tta_rebuild.engine import snapshots
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.snapshots import folded, folded_whole, keep_snapshot, shape, snapshot_text
from tta_rebuild.storage.memory_store import MemoryStoryStore

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PEOPLE = ("ada", "bo", "cy smith", "di smith")
CAST = tuple(CharacterSketch(character_id=p, name=p.title()) for p in PEOPLE[:2])

claims = st.builds(
    Claim,
    subject=st.sampled_from((*PEOPLE, "lamp", "Smith")),
    relation=st.sampled_from(("holds", "located_in", "role", "name", "kin", "open", "feeling")),
    value=st.sampled_from((*PEOPLE, "lamp", "pier", "true", "smith", "happy")),
    speaker=st.sampled_from(("narrator", "narrator", "ada")),
    sentence=st.sampled_from(("", "So it is\u2028here.")),
)
turns = st.lists(
    st.builds(FactAsserted, claim=claims)
    | st.builds(FactRetracted, claim=claims)
    | st.builds(
        CharacterChanged,
        character_id=st.sampled_from(PEOPLE),
        emotion=st.sampled_from(("", "happy", "afraid")),
        name=st.sampled_from(("", "Smith")),
        remembers=st.lists(st.builds(Memory, text=st.sampled_from("ab")), max_size=2).map(tuple),
    )
    | st.builds(PassageWithheld, text=st.just("x"), gate=st.just("canon"), reason=st.just("y")),
    max_size=5,
)
steps = st.lists(
    st.tuples(st.just("turn"), turns)
    | st.tuples(st.just("turn"), turns)
    | st.tuples(st.just("snapshot"), st.none())
    | st.tuples(st.just("fork"), st.floats(0, 1))
    | st.tuples(st.just("retcon"), st.tuples(claims, st.none() | claims)),
    min_size=4,
    max_size=24,
)


def turn_of(number, facts):
    return [
        PlayerActed(text=f"I do {number}"),
        SceneTold(scene=Scene(scene_id=f"s{number}", passages=(Passage(text=f"Scene {number}."),))),
        *facts,
        ChoicesOffered(choices=(Choice(text=f"Go on with {number}"),)),
    ]


def answers(folded):
    """What the next turn may ask of a fold."""
    canon = folded.fork()
    facts = canon.all_now()
    return {
        "facts": facts,
        "beliefs": canon.beliefs_of("ada"),
        "turns": [folded.turn_of(fact.since) for fact in facts],
        "began": canon.turn_began_at(),
        "named": [canon.named(name) for name in ("smith", "ada", "lamp")],
        "known": [canon.knows_of(name) for name in (*PEOPLE, "pier", "x")],
        "last": [canon.last_of(who, "holds", "lamp") for who in PEOPLE],
    }


@settings(max_examples=150, deadline=None)
@given(steps)
def test_snapshot_and_tail_give_what_the_whole_log_gives_under_forks_and_retcons(script):
    async def told():
        store = MemoryStoryStore()
        opening = [StoryOpened(premise=Premise(theme="a pier", characters=CAST))]
        branches = [await store.create_story("sea", "Sea", opening, at=NOON)]
        for number, (what, how) in enumerate(script, start=1):
            branch = await store.branch(branches[-1].branch_id)
            at = NOON + timedelta(seconds=number)
            if what == "turn":
                events = turn_of(number, how)
                await store.append(
                    branch.branch_id, branch.turn + 1, events, expected=branch.length, at=at
                )
            elif what == "retcon":
                events = [FactRetconned(claim=how[0], becomes=how[1])]
                await store.append(
                    branch.branch_id, branch.turn, events, expected=branch.length, at=at
                )
            elif what == "fork":
                turn = round(how * branch.turn)
                position = await store.turn_end(branch.branch_id, turn)
                branches.append(await store.fork(branch.branch_id, position, at=at))
            else:
                fold = await folded(store, branch)
                fold.snapshot_turn = -snapshots.TURNS_BETWEEN  # one is due
                await keep_snapshot(store, branch, fold)
        for branch in await store.branches("sea"):
            quick, whole = await folded(store, branch), await folded_whole(store, branch)
            assert quick.present() == whole.present()
            assert answers(quick.canon) == answers(whole.canon)
            texts = [snapshot_text(f, f.last) for f in (quick, whole)]
            assert texts[0] == texts[1]

    asyncio.run(told())


class CountingStore(MemoryStoryStore):
    """Counts the events that are read."""

    def __init__(self):
        super().__init__()
        self.events_read = 0

    async def read(self, branch_id, *, after=0, upto=None):
        async for recorded in super().read(branch_id, after=after, upto=upto):
            self.events_read += 1
            yield recorded


@pytest.fixture
async def played(kit):
    """A desk and a session of 25 turns."""
    desk = kit.desk()
    desk.store = CountingStore()
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), *[Action.choose(1 + n % 2) for n in range(24)])
    desk.store.events_read = 0
    return desk, session


async def test_opening_reads_the_turns_since_the_last_snapshot_and_no_more(played):
    desk, session = played
    again = await desk.stories.resume(session.story_id)
    a_turn = session.branch.length / session.branch.turn
    assert desk.store.events_read <= 1 + 6 * a_turn
    assert again.state == session.state
    assert again.state.facts == session.state.facts


async def test_a_fork_opens_from_the_snapshot_on_the_path_that_it_shares(played):
    desk, session = played
    fork = await desk.stories.fork(session.story_id, turn=22)
    await desk.stories.resume(session.story_id, fork.name)
    assert desk.store.events_read < fork.length / 2
    early = await desk.stories.fork(session.story_id, turn=3)
    assert (await desk.stories.resume(session.story_id, early.name)).state.turn == 3


async def test_a_story_played_on_from_a_snapshot_replays_to_the_byte(played, kit):
    desk, session = played
    again = await desk.stories.resume(session.story_id)
    await kit.play(again, *[Action.say(f"I ask Mara about boat {n}") for n in range(4)])
    report = await desk.stories.replay(session.story_id)
    assert (report.turns, report.agrees) == (29, True)


async def stored(desk, session):
    return await desk.store.latest_snapshot(session.branch.branch_id, shape())


@pytest.mark.parametrize(
    "harm", [lambda t: t.replace("Mara", "Nora"), lambda t: t[:-9], lambda t: "", lambda t: "x\nx"]
)
async def test_a_damaged_snapshot_is_not_believed(played, harm):
    desk, session = played
    position, text = await stored(desk, session)
    await desk.store.save_snapshot(session.branch.branch_id, position, shape(), harm(text))
    again = await desk.stories.resume(session.story_id)
    assert again.state == session.state
    assert desk.store.events_read >= session.branch.length


async def test_a_snapshot_of_another_story_is_not_believed(played, kit):
    desk, session = played
    position, text = await stored(desk, session)
    other = await desk.stories.open(Premise(theme="another theme altogether"))
    await kit.play(other, Action.begin(), *[Action.choose(2)] * 24)
    await desk.store.save_snapshot(other.branch.branch_id, position, shape(), text)
    assert (await desk.stories.resume(other.story_id)).state == other.state


async def test_a_snapshot_of_another_program_is_not_read(played, monkeypatch):
    desk, session = played
    monkeypatch.setattr(snapshots, "shape", lambda: "present/another")
    assert (await desk.stories.resume(session.story_id)).state == session.state
    assert desk.store.events_read >= session.branch.length


async def test_what_was_so_before_a_snapshot_is_asked_of_the_log_and_never_guessed(played):
    desk, session = played
    canon = (await desk.stories.resume(session.story_id)).state.canon
    with pytest.raises(HistoryNotLoaded):
        canon.facts_about("mara", at=5)
    with pytest.raises(HistoryNotLoaded):
        canon.entries_after("mara", 5)
    assert canon.turn_of(5) == 1


async def test_a_turn_is_stored_although_its_snapshot_cannot_be(kit):
    class Full(MemoryStoryStore):
        async def save_snapshot(self, branch_id, position, shape, state):
            raise StoreFull("no space left")

    desk = kit.desk()
    desk.store = Full()
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), *[Action.choose(1)] * 22)
    assert (await desk.stories.resume(session.story_id)).state == session.state


async def test_an_imported_story_is_folded_once(played, kit):
    desk, session = played
    copy = await desk.stories.import_story(await kit.exported(desk, session.story_id))
    await desk.stories.resume(copy.story_id)
    desk.store.events_read = 0
    await desk.stories.resume(copy.story_id)
    assert desk.store.events_read == 1


async def test_the_name_of_the_shape_changes_when_the_fold_does():
    """If this fails, the same events now fold to something else: raise ``FOLD`` too."""
    store = MemoryStoryStore()
    opening = [StoryOpened(premise=Premise(theme="a pier", characters=CAST))]
    branch = await store.create_story("sea", "Sea", opening, at=NOON)
    length = branch.length
    for number, (who, relation, value) in enumerate(
        [("ada", "holds", "lamp"), ("bo", "holds", "lamp"), ("ada", "located_in", "pier")] * 9, 1
    ):
        claim = Claim(subject=who, relation=relation, value=value)
        changed = CharacterChanged(
            character_id=who, emotion="happy", remembers=(Memory(text=f"{number}"),)
        )
        events = turn_of(number, [FactAsserted(claim=claim), changed])
        length = await store.append(branch.branch_id, number, events, expected=length, at=NOON)
    whole = await folded_whole(store, await store.branch(branch.branch_id))
    digest = sha256(snapshot_text(whole, whole.last).encode()).hexdigest()[:12]
    assert (snapshots.FOLD, digest) == (13, "8763ff2c0cb3")
