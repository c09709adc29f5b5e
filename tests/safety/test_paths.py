"""Nothing reaches the player before its check: every way from a model, a file or a keyboard."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.safety.table import PATHS, telling
from tta_rebuild.core.errors import ImportRejected
from tta_rebuild.core.events import PassageWithheld
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.turn_events import PassageReleased, TurnRefused, TurnWarning
from tta_rebuild.integrations.wrappers.cached import CachedLLMProvider

BAD = "Rowan stabbed the watchman in the yard"
MARK = "watchman"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("piece_chars", [1, 7, 4_000])
async def test_what_is_ruled_out_reaches_the_player_on_no_path(kit, path, piece_chars):
    table = kit.table(*telling(path, BAD))
    table.teller.piece_chars = piece_chars
    session = await table.begin(violence="none")
    assert MARK not in table.shown
    told = [e.passage.text for e in table.seen if isinstance(e, PassageReleased)]
    assert told  # and the player still has a scene
    assert MARK not in await table.stories.markdown(session.story_id)
    facts = [str(fact) for fact in session.state.canon.all_now()]
    assert not any(MARK in fact for fact in facts)


@pytest.mark.parametrize("path", [p for p in PATHS if p not in ("fact", "effect", "both halves")])
async def test_the_same_words_are_shown_on_every_path_where_nothing_rules_them_out(kit, path):
    table = kit.table(*telling(path, BAD))
    await table.begin()
    assert MARK in table.shown


@pytest.mark.parametrize("chars", range(1, 60))
async def test_no_cut_between_two_pieces_of_a_stream_lets_anything_through(kit, chars):
    table = kit.table(kit.reply(f"The sea is grey. {BAD}.", kit.calm))
    table.teller.piece_chars = chars
    await table.begin(violence="none")
    assert MARK not in table.shown


async def test_every_event_of_a_turn_is_clean_at_the_moment_it_is_seen(kit):
    table = kit.table(kit.reply(kit.calm, f"{BAD}."), kit.reply("The tide turns."))
    table.teller.piece_chars = 1
    await table.begin(violence="none")
    released = [e.passage.text for e in table.seen if isinstance(e, PassageReleased)]
    assert released == [kit.calm, "The tide turns."]


async def test_a_phrase_cannot_hide_in_the_seam_of_two_passages(kit):
    table = kit.table(kit.reply("Somebody had put a bullet", "in the captain, they say."))
    await table.begin(violence="low")
    assert "captain" not in table.shown


async def test_a_phrase_cannot_hide_in_the_seam_of_two_scenes(kit):
    table = kit.table(kit.reply("Somebody had put a bullet"), kit.reply("in the captain."))
    session = await table.begin(violence="low")
    await table.play(session, Action.say("I listen"))
    assert "captain" not in table.shown


async def test_a_stream_that_begins_anew_is_checked_from_its_new_beginning(kit):
    table = kit.table(kit.reply("The sea is grey."))
    table.teller.restart_with = kit.reply(kit.calm, f"{BAD}.")
    await table.begin(violence="none")
    assert MARK not in table.shown


async def test_a_seam_forgets_what_a_restart_took_back(kit):
    table = kit.table(kit.reply("in the captain's cabin a clock ticks."))
    table.teller.restart_with = kit.reply("He put a bullet")
    await table.begin(violence="low")
    assert "clock ticks" in table.shown


async def test_the_repair_is_checked_like_the_first_telling_and_the_scene_ends_soundly(kit):
    table = kit.table(kit.reply(f"{BAD}."), kit.reply(f"{BAD} once more."))
    session = await table.begin(violence="none")
    assert MARK not in table.shown
    assert "cut short" in table.shown
    log = await table.stories.path(session.story_id)
    held = [r.event for r in log if isinstance(r.event, PassageWithheld)]
    assert len(held) == 2
    assert {h.gate for h in held} == {"safety"}
    assert all(h.against == "violence" for h in held)


async def test_what_comes_from_the_cache_is_checked_again(kit):
    table = kit.table(kit.reply(kit.calm, f"{BAD}."), kit.reply("The tide turns."))
    table.provider = CachedLLMProvider(table.teller)
    for _ in range(2):
        await table.begin(violence="none")
        assert len(table.teller.requests) == 2  # the second story asks for nothing new
        assert MARK not in table.shown
    await table.begin(gore="none")  # nobody gets another player's answers either
    assert len(table.teller.requests) > 2


async def test_the_players_own_words_are_refused_kindly_and_cost_nothing(kit):
    table = kit.table()
    session = await table.begin(violence="none")
    asked = len(table.teller.requests)
    seen = await table.play(session, Action.say("I k1ll the guard"))
    assert isinstance(seen[-1], TurnRefused)
    assert "violence" in seen[-1].reason
    assert len(table.teller.requests) == asked


async def test_a_speaker_whom_the_author_named_may_speak_whatever_the_name(kit):
    table = kit.table(kit.reply({"text": "Good day.", "speaker": "mara"}))
    await table.begin(mara="none")
    assert "Good day." in table.shown


async def test_a_content_warning_comes_before_what_it_warns_of(kit):
    table = kit.table(kit.reply(kit.calm, f"{BAD}."))
    await table.begin(violence="high")
    texts = [
        e.text if isinstance(e, TurnWarning) else e.passage.text
        for e in table.seen
        if isinstance(e, TurnWarning | PassageReleased)
    ]
    assert texts.index("content warning: violence") < texts.index(f"{BAD}.")
    assert texts.index("content warning: violence") > texts.index(kit.calm)


async def test_nobody_is_warned_of_what_is_held_back(kit):
    table = kit.table(kit.reply(f"{BAD}. His intestines spilled over his belt."))
    await table.begin(violence="none", gore="high")
    assert "content warning" not in table.shown


async def export_of(table: Any, story_id: str) -> dict[str, Any]:
    return json.loads("\n".join([line async for line in table.stories.export(story_id)]))


async def exported(kit: Any, table: Any, **boundaries: str) -> dict[str, Any]:
    """A story told without boundaries, and then given some by hand."""
    session = await table.begin()
    data = await export_of(table, session.story_id)
    data["branches"][0]["events"][0]["data"]["premise"]["boundaries"] = boundaries
    return data


@pytest.mark.parametrize("path", ["passage", "flat dialogue", "choice", "setting", "no JSON"])
async def test_an_imported_story_that_breaks_its_own_boundaries_is_refused(kit, path):
    table = kit.table(*telling(path, BAD))
    data = await exported(kit, table, violence="none")
    before = [row.story_id for row in await table.stories.list()]
    with pytest.raises(ImportRejected, match=r"turn 1.*violence.*--allow-boundary-breaks"):
        await table.stories.import_story(data)
    assert [row.story_id for row in await table.stories.list()] == before


async def test_an_imported_story_may_be_taken_in_as_it_is(kit):
    table = kit.table(*telling("passage", BAD))
    data = await exported(kit, table, violence="none")
    row = await table.stories.import_story(data, allow_boundary_breaks=True)
    assert MARK in await table.stories.markdown(row.story_id)


async def test_an_imported_title_is_judged_too(kit):
    table = kit.table()
    data = await exported(kit, table, violence="none") | {"title": "How the miller was murdered"}
    with pytest.raises(ImportRejected, match="the title"):
        await table.stories.import_story(data)


async def test_an_imported_story_with_boundaries_that_mean_nothing_is_refused(kit):
    table = kit.table()
    data = await exported(kit, table, violence="purple")
    with pytest.raises(ImportRejected, match="violence=purple"):
        await table.stories.import_story(data)


async def test_what_was_held_back_does_not_stand_in_the_way_of_export_and_import(kit):
    table = kit.table(kit.reply(kit.calm, f"{BAD}."))
    session = await table.begin(violence="none")
    row = await table.stories.import_story(await export_of(table, session.story_id))
    assert row.turns == 1


@pytest.mark.parametrize("path", ["setting", "tone", "passage", "choice"])
async def test_emphasis_inside_a_word_hides_nothing(kit, path):
    table = kit.table(*telling(path, "Rowan st_abb_ed the watchman in the yard"))
    await table.begin(violence="none")
    assert MARK not in table.shown
