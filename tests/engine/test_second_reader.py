"""A turn with a second reader: what it holds back, what it writes, and what happens without it."""

from __future__ import annotations

import json
from dataclasses import replace

from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.core.events import LineEnded, LineKept, ModelReplied, PassageWithheld
from tta_rebuild.core.story import Claim, LastingLine, Passage
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.reading_request import lines_after
from tta_rebuild.engine.turn_events import PassageReleased, TurnWarning
from tta_rebuild.reading.second_reader import Reading

FIRST, KEY, DOOR, LAMP = (
    "The stairs creak.",
    "Tom puts the key into the blue jar.",
    "The cellar door stands open.",
    "Mara turns the lamp down.",
)


def reading(*objections, lines=(), ended=(), choices=()):
    return json.dumps(
        {
            "objections": [
                {"passage": p, "cites": cites, "words": "", "why": why}
                for p, cites, why in objections
            ],
            "choices": [{"choice": c, "cites": cites, "why": why} for c, cites, why in choices],
            "lines": [
                {"passage": at, "text": text, "about": about, "known_by": known, "weight": 3}
                for at, (text, about, known) in enumerate(lines, 1)
            ],
            "ended": list(ended),
        }
    )


def read_by(kit, *replies):
    """An engine whose model tells and reads; the replies come in the order of the calls."""
    return replace(kit.desk(*replies), checks="all")


def shown(seen):
    return [event.passage.text for event in seen if isinstance(event, PassageReleased)]


async def test_what_the_reader_objects_to_is_not_shown_and_the_storyteller_goes_on(kit):
    desk = read_by(
        kit,
        kit.scene(FIRST, KEY, DOOR, LAMP),
        reading(lines=[("The cellar door is locked.", ["door"], [])]),
        reading((1, "77", "it is locked")),  # no such line: no objection
        kit.scene(FIRST, LAMP, DOOR, KEY),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    (number,) = session.state.lines
    desk.teller.replies[1:] = [
        reading(),
        reading((1, str(number), "the door is locked")),
        kit.scene("Nobody has a key."),
        reading(),
    ]
    seen = await kit.play(session, Action.say("I wait"))
    assert shown(seen) == [FIRST, LAMP, "Nobody has a key."]
    (held,) = session.state.withheld
    assert (held.gate, held.text, held.against) == ("reader", DOOR, "The cellar door is locked.")
    repair = [r for r in desk.teller.requests if r.task == "continue_scene"][-1]
    assert repair.variables["withheld"] == DOOR


async def test_the_opening_sentence_is_out_before_the_reader_has_answered(kit):
    desk = read_by(kit, kit.scene(FIRST, KEY, DOOR), reading(), reading())
    session = await desk.stories.open(kit.premise)
    before = []
    async for event in session.play(Action.begin()):
        if isinstance(event, PassageReleased):
            tasks = [request.task for request in desk.teller.requests]
            before.append((event.passage.text, tasks.count("reading")))
    assert before[0] == (FIRST, 0)
    assert [text for text, _ in before] == [FIRST, KEY, DOOR]


async def test_lasting_lines_of_the_reader_come_back_in_the_next_prompt_and_end(kit):
    line = ("Tom hid the key in the blue jar; only Tom knows it.", ["tom", "key"], ["tom"])
    desk = read_by(kit, kit.scene(FIRST, KEY), reading(lines=[line]), reading())
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    ((number, kept),) = session.state.lines.items()
    assert (kept.text, kept.known_by, kept.origin) == (line[0], ("tom",), "reader")
    desk.teller.replies = [kit.scene(FIRST, DOOR), reading(ended=[number]), reading()]
    await kit.play(session, Action.say("I ask Tom about the key"))
    scene = [r for r in desk.teller.requests if r.task == "scene"][-1]
    assert scene.variables["lines"] == [f"{number}. {line[0]} [known to: tom]"]
    assert number not in session.state.lines
    log = [r.event async for r in desk.store.read(session.branch.branch_id)]
    assert [type(e) for e in log if isinstance(e, (LineKept, LineEnded))][:1] == [LineKept]
    assert [e.number for e in log if isinstance(e, LineEnded)] == [number]


async def test_a_reader_that_fails_leaves_the_turn_whole_and_says_so(kit):
    desk = read_by(kit, kit.scene(FIRST, KEY, DOOR), ProviderBusy("no"), "no JSON at all")
    session = await desk.stories.open(kit.premise)
    seen = await kit.play(session, Action.begin())
    assert shown(seen) == [FIRST, KEY, DOOR]
    assert any("checked by rule only" in e.text for e in seen if isinstance(e, TurnWarning))


async def test_without_a_reader_the_lists_of_words_decide_what_the_boundaries_hold_back(kit):
    stab = "He stabbed the watchman."
    for answer, expected in ((reading(), [FIRST, KEY, stab]), ("nothing", [FIRST, KEY])):
        desk = read_by(kit, kit.scene(FIRST, KEY, stab), reading(), answer, kit.scene("It rains."))
        session = await desk.stories.open(replace(kit.premise, boundaries={"violence": "low"}))
        seen = await kit.play(session, Action.begin())
        assert shown(seen)[: len(expected)] == expected
        assert (stab in shown(seen)) is (stab in expected)


async def test_a_choice_that_the_reader_refuses_is_not_offered_and_says_why(kit):
    line = ("Tom is dead.", ["tom"], [])
    desk = read_by(kit, kit.scene(FIRST, KEY), reading(lines=[line]), reading())
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    (number,) = session.state.lines
    desk.teller.replies = [
        kit.scene(FIRST, DOOR, LAMP),
        reading(),
        reading(choices=[(1, str(number), "he is dead")]),
    ]
    await kit.play(session, Action.say("I look around"))
    assert session.state.rejected[0] == ("Follow Mara down to the harbour", "he is dead")
    assert [c.text for c in session.state.choices] == ["Ask Mara where the lamp came from"]


async def test_a_story_that_was_read_replays_to_the_same_bytes(kit):
    desk = read_by(
        kit,
        kit.scene(FIRST, KEY, DOOR, LAMP),
        reading(lines=[("Tom has the key.", ["tom"], [])]),
        reading((2, "PLAYER", "she decides for you")),
        kit.scene("The rain goes on.", KEY),
        reading(),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    log = [r.event async for r in desk.store.read(session.branch.branch_id)]
    assert [e.task for e in log if isinstance(e, ModelReplied)] == [
        "scene",
        "continue_scene",
        "reading",
        "reading",
        "reading",
    ]
    assert len([e for e in log if isinstance(e, PassageWithheld)]) == 1
    unread = replace(desk, checks="off")  # a replay goes by the log, not by today's settings
    report = await unread.stories.replay(session.story_id)
    assert report.agrees, report.difference


async def test_what_a_passage_said_that_nobody_got_to_read_leaves_no_line(kit):
    lines = [("The stairs are old.", [], []), ("The key is in the jar.", ["key"], [])]
    desk = read_by(
        kit,
        kit.scene(FIRST, KEY, DOOR),
        reading((2, "PLAYER", "she decides for you"), lines=lines),
        kit.scene("The rain goes on."),
        reading(),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    assert [line.text for line in session.state.lines.values()] == ["The stairs are old."]


async def test_the_choices_of_a_scene_that_is_cut_short_are_offered_all_the_same(kit):
    held = reading((1, "PLAYER", "she decides for you"))
    desk = read_by(kit, kit.scene(FIRST, KEY, DOOR), reading(), held, kit.scene(DOOR), held)
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    assert "cut short" in session.state.scene.degraded
    assert len(session.state.choices) == 2


async def test_a_storyteller_that_is_read_is_not_asked_for_lasting_lines(kit):
    for checks, asked in (("all", False), ("off", True)):
        desk = replace(kit.desk(kit.scene(FIRST), reading()), checks=checks)
        session = await desk.stories.open(kit.premise)
        await kit.play(session, Action.begin())
        assert ("lines: up to nine" in desk.teller.requests[0].system) is asked


async def test_a_draft_that_began_anew_is_read_again_and_replays_to_the_same_bytes(kit):
    desk = read_by(kit)
    whole = kit.scene(FIRST, KEY, DOOR, LAMP)
    desk.teller._next = lambda request: reading() if request.task == "reading" else whole
    desk.teller.restart_with = kit.scene(DOOR, LAMP, KEY)[:-40]
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    log = [r.event async for r in desk.store.read(session.branch.branch_id)]
    assert [e.task for e in log if isinstance(e, ModelReplied)] == ["scene", "reading", "reading"]
    report = await desk.stories.replay(session.story_id)
    assert report.agrees, report.difference


async def test_an_hour_and_a_whereabouts_of_long_ago_are_not_what_is_so_now(kit):
    first = {
        "text": "Mara stood on the quay.",
        "facts": [
            {"subject": "mara", "relation": "located_in", "value": "quay"},
            {"subject": "story", "relation": "time_of_day", "value": "night"},
            {"subject": "story", "relation": "day", "value": "Friday"},
        ],
    }
    scenes = [item for one in (first, LAMP, DOOR, KEY) for item in (kit.scene(one), reading())]
    desk = read_by(kit, *scenes)
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin(), *[Action.say("I wait")] * 3)
    now = [r.variables["now"] for r in desk.teller.requests if r.task == "reading"]
    told = ["day: Friday", "time of day: night", "mara: last at quay"]
    assert [list(one) for one in now] == [[], told, told, told[:1]]


async def test_a_choice_refused_with_the_passage_before_it_is_not_offered(kit):
    desk = read_by(
        kit,
        kit.scene(FIRST, KEY, DOOR),
        reading(),
        reading((1, "P1", "it is locked")),
        kit.scene(LAMP),
        reading((1, "P1", "there is no lamp"), choices=[(1, "P1", "the door is locked")]),
    )
    session = await desk.stories.open(kit.premise)
    seen = await kit.play(session, Action.begin())
    assert shown(seen) == [FIRST, KEY]
    ((text, why),) = session.state.rejected
    assert why == "the door is locked"
    assert text not in [c.text for c in session.state.choices]


async def test_new_lines_of_several_readings_go_by_the_numbers_that_follow(begun):
    _, session = begun
    one, two, three = (LastingLine(text=text) for text in (KEY, DOOR, LAMP))
    state = replace(session.state, lines={7: one})
    found = [Reading(lines=(two, three), ended=(7,)), Reading(lines=(one,)), Reading(ended=(8,))]
    assert lines_after(state, found) == {9: three, 10: one}


async def test_passages_are_judged_unplayed_by_the_rules_and_by_the_reader(kit):
    had = {"subject": "tom", "relation": "holds", "value": "line"}
    death = {"subject": "tom", "relation": "alive", "value": "false"}
    told = {"text": "Tom had the line. Tom died in the storm.", "facts": [had, death]}
    desk = read_by(
        kit,
        kit.scene(told),
        reading(lines=[("The cellar door is locked.", ["door"], [])]),
    )
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    (number,) = session.state.lines
    deed = Claim(subject="tom", relation="does", value="opened the jar")
    proposed = [Passage(text=text) for text in ("Tom opened the jar.", LAMP, DOOR)]
    proposed[0] = replace(proposed[0], facts=(replace(deed, sentence=proposed[0].text),))

    desk.teller.replies = [reading((2, str(number), "it is locked"))]
    judged = await session.judge(*proposed)
    assert [held and held.gate for held in judged.withheld] == ["canon", None, "reader"]
    assert (judged.calls, judged.note) == (1, "")

    desk.teller.replies = [ProviderBusy("no answer")]
    judged = await session.judge(*proposed)
    assert [held and held.gate for held in judged.withheld] == ["canon", None, None]
    assert judged.note
    assert session.state.turn == 1
