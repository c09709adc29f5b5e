"""Stories as a whole: forks, rewinds, comparisons, replays, files."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from tta_rebuild.core.errors import (
    BranchNotFound,
    ContentRefused,
    ImportRejected,
    PositionNotFound,
    StoryNotFound,
    ValidationError,
)
from tta_rebuild.core.events import EventCodec, SceneTold
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.exchange import without_html
from tta_rebuild.engine.stories import MAX_THEME_CHARS, Stories, title_of
from tta_rebuild.storage.memory_store import MemoryStoryStore


async def test_a_story_taken_up_again_is_as_it_was_left(begun, kit):
    desk, session = begun
    await kit.play(session, Action.choose(1), Action.say("I wave at the gull"))
    again = await desk.stories.resume(session.story_id)
    assert again.state == session.state
    assert again.state.facts == session.state.facts


async def test_a_story_is_found_by_id_by_the_beginning_of_it_and_by_title(begun):
    desk, session = begun
    for name in (
        session.story_id,
        session.story_id[:3],
        "A lighthouse keeper finds a door under the stairs",
    ):
        assert (await desk.stories.find(name)).story_id == session.story_id


async def test_a_story_of_an_earlier_version_with_a_retired_event_goes_on_and_replays(kit):
    desk = kit.desk()
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    data = await kit.exported(desk, session.story_id)
    events = data["branches"][0]["events"]
    told = next(i for i, row in enumerate(events) if row["kind"] == "scene_told")
    old = {"event_id": "turn-1-scene", "event_type": "story_beat", "timestamp": 2}
    retired = events[told] | {"kind": "timeline_marked", "version": 1, "data": old}
    events.insert(told + 1, retired)

    copy = await desk.stories.import_story(data)
    again = await desk.stories.resume(copy.story_id)
    assert again.state.position == len(events)
    assert again.state.choices == session.state.choices
    await kit.play(again, Action.choose(1))
    assert (await desk.stories.replay(copy.story_id)).agrees


async def test_an_import_that_breaks_off_leaves_nothing(begun, kit):
    desk, session = begun
    data = await kit.exported(desk, session.story_id)

    class Breaking(MemoryStoryStore):
        async def append(self, *args, **named):
            raise asyncio.CancelledError

    store = Breaking()
    with pytest.raises(asyncio.CancelledError):
        await Stories(desk.stories._dependencies, store).import_story(data)
    assert await store.stories() == []


async def test_an_unknown_story_branch_or_turn_is_named_and_says_what_there_is(begun):
    desk, session = begun
    with pytest.raises(StoryNotFound, match="tta stories"):
        await desk.stories.resume("nowhere")
    with pytest.raises(BranchNotFound, match="main"):
        await desk.stories.resume(session.story_id, "nowhere")
    with pytest.raises(PositionNotFound):
        await desk.stories.fork(session.story_id, turn=99)


async def test_an_ambiguous_name_asks_for_more(begun, kit):
    desk, _ = begun
    await desk.stories.open(kit.premise)
    with pytest.raises(StoryNotFound, match="several"):
        await desk.stories.find("A lighthouse keeper finds a door under the stairs")


async def test_a_fork_shares_the_past_and_nothing_else(begun, kit):
    desk, session = begun
    await kit.play(session, Action.choose(1))
    branch = await desk.stories.fork(session.story_id, turn=1)
    other = await desk.stories.resume(session.story_id, branch.name)
    assert other.state.turn == 1
    await kit.play(other, Action.choose(2))
    assert session.state.action != other.state.action
    assert (await desk.stories.resume(session.story_id)).state == session.state


async def test_a_rewind_is_a_fork_so_nothing_is_lost(begun, kit):
    desk, session = begun
    await kit.play(session, Action.choose(1), Action.choose(2))
    back = await desk.stories.rewind(session, 2)
    assert back.state.turn == 1
    assert (await desk.stories.resume(session.story_id)).state.turn == 3


async def test_going_back_to_before_the_beginning_is_refused(begun, kit):
    desk, session = begun
    back = await desk.stories.rewind(session, 1)
    assert back.state.turn == 0
    await kit.play(back, Action.begin())
    assert back.state.turn == 1


async def test_a_comparison_says_where_two_branches_part_and_what_differs(begun, kit):
    desk, session = begun
    branch = await desk.stories.fork(session.story_id, turn=1)
    other = await desk.stories.resume(session.story_id, branch.name)
    desk.teller.replies.append(
        kit.scene(
            {
                "facts": [{"subject": "mara", "relation": "holds", "value": "rope"}],
                "text": "Mara takes the rope.",
            }
        )
    )
    await kit.play(session, Action.choose(1))
    await kit.play(other, Action.choose(2))
    found = await desk.stories.compare(session.story_id, "main", branch.name)
    assert (found.shared_turn, found.shared_events) == (1, branch.forked_at)
    assert found.one.actions == ((2, "Follow Mara down to the harbour"),)
    assert found.other.actions == ((2, "Ask Mara where the lamp came from"),)
    assert any("rope" in fact.value for fact in found.one.facts)
    assert not any("rope" in fact.value for fact in found.other.facts)


async def test_a_replay_agrees_byte_for_byte_on_every_branch(begun, kit):
    desk, session = begun
    await kit.play(session, Action.choose(1), Action.say("I ask Mara about the boats"))
    branch = await desk.stories.fork(session.story_id, turn=2)
    other = await desk.stories.resume(session.story_id, branch.name)
    await kit.play(other, Action.choose(2), Action.end())
    for name in ("main", branch.name):
        report = await desk.stories.replay(session.story_id, name)
        assert report.agrees, report.difference
    assert report.turns == 4


async def test_a_replay_agrees_where_a_passage_was_held_back_and_where_a_call_failed(kit):
    dead = {
        "facts": [{"subject": "mara", "relation": "alive", "value": "false"}],
        "text": "Mara is dead.",
    }
    contradiction = kit.scene(
        "The wind turns.", "Mara laughs and walks to the door.", "The lamp swings."
    )
    desk = kit.desk(
        kit.scene(dead),
        contradiction,
        kit.scene("The door stands alone in the dusk."),
        ContentRefused("blocked", reason="SAFETY"),
        kit.scene("A softer scene by the sea."),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(
        session, Action.begin(), Action.say("I look at the door"), Action.say("I go to the sea")
    )
    assert session.state.turn == 3
    report = await desk.stories.replay(session.story_id)
    assert report.agrees, report.difference


async def test_a_replay_finds_a_log_that_was_tampered_with(begun, kit):
    desk, session = begun
    data = await kit.exported(desk, session.story_id)
    for row in data["branches"][0]["events"]:
        if row["kind"] == SceneTold.KIND:
            row["data"]["scene"]["passages"][0]["text"] = "Somebody else wrote this."
    forged = await desk.stories.import_story(data)
    report = await desk.stories.replay(forged.story_id)
    assert not report.agrees
    assert report.difference.kind == SceneTold.KIND
    assert "Somebody else" in report.difference.logged


async def test_a_story_goes_out_and_in_again_unchanged(begun, kit):
    desk, session = begun
    await kit.play(session, Action.choose(1))
    branch = await desk.stories.fork(session.story_id, turn=1, name="other way")
    other = await desk.stories.resume(session.story_id, branch.name)
    await kit.play(other, Action.choose(2))
    data = await kit.exported(desk, session.story_id)
    copy = await desk.stories.import_story(data)
    again = await kit.exported(desk, copy.story_id)
    assert _events(again) == _events(data)
    assert copy.title == data["title"]
    taken_up = await desk.stories.resume(copy.story_id, "other way")
    assert taken_up.state == other.state


async def test_stories_as_long_as_each_other_are_no_copies_if_one_move_or_branch_differs(kit):
    desk = kit.desk()
    ids = []
    for move, name in (("I wait", "b"), ("I wait", "b"), ("I run", "b"), ("I wait", "c")):
        desk.teller.replies = [kit.scene("Mara looks up."), kit.scene("Mara nods.")]
        session = await desk.stories.open(kit.premise)
        await kit.play(session, Action.begin(), Action.say(move))
        await desk.stories.fork(session.story_id, turn=1, name=name)
        ids.append(session.story_id)
    same = await desk.stories.copies(await desk.stories.find(ids[0]))
    assert [row.story_id for row in same] == [ids[1]]


def _events(data):
    return [(b["name"], b["forked_at"], b["events"]) for b in data["branches"]]


@pytest.mark.parametrize(
    "break_it",
    [
        lambda d: d.clear(),
        lambda d: d.update(format="novel"),
        lambda d: d.update(version=99),
        lambda d: d["branches"].clear(),
        lambda d: d["branches"][0].update(parent_id="x"),
        lambda d: d["branches"][0]["events"].pop(0),
        lambda d: d["branches"][0]["events"][0].update(kind="miracle"),
        lambda d: d["branches"][0]["events"][0].update(data={"premise": 3}),
        lambda d: d["branches"][0]["events"][-1].update(turn=0),
        lambda d: d["branches"].append(
            {"branch_id": "b", "name": "b", "parent_id": "zz", "forked_at": 1, "events": []}
        ),
        lambda d: d["branches"].append(d["branches"][0]),
    ],
)
async def test_a_file_that_is_no_story_is_refused_and_stores_nothing(begun, kit, break_it):
    desk, session = begun
    data = await kit.exported(desk, session.story_id)
    break_it(data)
    with pytest.raises(ImportRejected):
        await desk.stories.import_story(data)
    assert len(await desk.stories.list()) == 1


async def test_a_refused_file_is_told_the_first_place_that_is_wrong(begun, kit):
    desk, session = begun
    data = await kit.exported(desk, session.story_id)
    data["branches"][0]["forked_at"] = "early"
    with pytest.raises(ImportRejected, match=r"\(branches\.0\.forked_at: .*integer"):
        await desk.stories.import_story(data)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"theme": ""}, "at least 3"),
        ({"theme": "x" * (MAX_THEME_CHARS + 1)}, "at most"),
        ({"length": -1}, "negative"),
        ({"boundaries": {"violence": "some"}}, "none, low, medium or high"),
    ],
)
async def test_a_premise_that_cannot_be_played_says_what_to_change(kit, change, word):
    desk = kit.desk()
    with pytest.raises(ValidationError, match=word):
        await desk.stories.open(replace(kit.premise, **change))
    assert await desk.stories.list() == []


async def test_markdown_reads_as_a_story_with_the_players_moves(begun, kit):
    desk, session = begun
    await kit.play(session, Action.choose(1))
    text = await desk.stories.markdown(session.story_id)
    assert "> Follow Mara down to the harbour\n\n## 2. the harbour\n\n" in text
    assert session.state.scene.passages[0].text in text


async def test_a_chapter_without_a_place_is_headed_by_its_number_alone(kit):
    desk = kit.desk(kit.scene("Rain falls on the roof.", setting_description=""))
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    assert "\n\n## 1\n\n" in await desk.stories.markdown(session.story_id)


async def test_tags_in_a_story_are_words_in_its_markdown(kit):
    desk = kit.desk()
    theme = "A keeper <script>alert(1)</script> of a lamp &lt;b&gt; & 1 < 2"
    session = await desk.stories.open(replace(kit.premise, theme=theme))
    await kit.play(session, Action.begin(), Action.say("I read <img src=x onerror=alert(2)>"))
    text = await desk.stories.markdown(session.story_id)
    shown = MarkdownIt("commonmark").render(text)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "& 1 < 2" in text


def test_code_in_a_story_stays_and_no_fence_hides_a_tag():
    code = "```python\nif a <b: print('&amp;')\n```\n"
    assert without_html(f"<p>\n\n{code}") == f"&lt;p>\n\n{code}"
    hidden = "<div>\n```\n\n```\n<script>alert(1)</script>\n```\n"
    assert "<script" not in MarkdownIt("commonmark").render(without_html(hidden))


def test_a_title_is_the_first_words_of_the_theme():
    assert title_of("A short one") == "A short one"
    assert title_of("word " * 40) == " ".join(["word"] * 11) + "…"


@pytest.mark.parametrize("seed", range(5))
async def test_the_log_folded_again_equals_the_live_state_whatever_was_done(kit, seed):
    """Random play with forks and rewinds: two thousand moves on a dozen branches each."""
    chance = random.Random(seed)
    desk = kit.desk()
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    live = {session.branch.name: session}
    for step in range(400):
        name = chance.choice(sorted(live))
        current = live[name]
        roll = chance.random()
        if roll < 0.1 and len(live) < 12:
            turn = chance.randint(1, current.state.turn)
            branch = await desk.stories.fork(session.story_id, branch=name, turn=turn)
            live[branch.name] = await desk.stories.resume(session.story_id, branch.name)
        elif roll < 0.15 and len(live) < 12:
            back = await desk.stories.rewind(current, 1)
            live[back.branch.name] = back
        elif current.state.turn == 0:
            await kit.play(current, Action.begin())
        elif roll < 0.6:
            await kit.play(current, Action.choose(chance.randint(1, 2)))
        else:
            await kit.play(current, Action.say(f"I walk to pier {step} and call for Mara"))
    codec = EventCodec()
    for name, current in live.items():
        fresh = await desk.stories.resume(session.story_id, name)
        assert fresh.state == current.state
        assert fresh.state.facts == current.state.facts
        async for recorded in desk.store.read(current.branch.branch_id):
            assert codec.from_json(*codec.to_json(recorded.event)) == recorded.event


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"theme": "\x00\x01\x02\x03"}, "at least 3 characters"),
        ({"language": "xx"}, "'xx' is no language"),
        ({"language": ""}, "ISO 639-1"),
        ({"world": "nowhere"}, "no world 'nowhere': choose one of"),
        ({"world": "nowhere.yaml"}, "nowhere.yaml cannot be read"),
        ({"boundaries": {"violence": "loww"}}, "must be none, low, medium or high"),
    ],
)
async def test_what_no_story_can_begin_with_is_refused_before_it_is_stored(change, why, begun, kit):
    desk, _ = begun
    before = await desk.stories.list()

    with pytest.raises(ValidationError, match=why):
        await desk.stories.open(replace(kit.premise, **change))

    assert await desk.stories.list() == before


@pytest.mark.parametrize(
    "change",
    [
        {"language": "pt-BR"},
        {"world": "lighthouse"},
        {"theme": "sea"},
        {"theme": "x" * MAX_THEME_CHARS},
    ],
)
async def test_what_a_story_can_just_begin_with_is_taken(change, begun, kit):
    desk, _ = begun
    assert await desk.stories.open(replace(kit.premise, **change))


@pytest.mark.parametrize("name", ["", "  ", "\x07"])
async def test_a_branch_of_no_name_is_refused(name, begun):
    desk, session = begun
    with pytest.raises(ValidationError, match="at least one character"):
        await desk.stories.fork(session.story_id, turn=1, name=name)
    assert len(await desk.stories.branches(session.story_id)) == 1
