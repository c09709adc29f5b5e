"""Plots that tell one course of events in a dozen scenes of their own: what all of them keep to.

The guide page "The embedded storyteller" has the steps for authors.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from tests.storyteller.test_moves_meant import told
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.deeds import record, record_choice
from tta_rebuild.storyteller.denials import denied_in
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.scene_file import (
    SceneEntry,
    packaged,
    paragraphs,
    read_world,
    shared_by,
)
from tta_rebuild.storyteller.word_filter import WordFilter
from tta_rebuild.storyteller.world_state import WorldState, keys_of

STEPS = {
    "_open": "turn=1",
    "_sign": "turn>=2, stage=setup/stage=development",
    "_other": "turn>=2, stage=setup/stage=development, npc, !npc.mute",
    "_left": "turn>=2, stage=setup/stage=development, !npc",
    "_slip": "turn>=3, stage=development",
    "_deed": "turn>=3, stage=development",
    "_now": "stage=climax, !did_aim, !letting",
    "_after": "stage=resolution, did_aim",
    "_rest": "stage=resolution, letting",
    "_end_won": "stage=resolution, did_aim, price<2",
    "_end_price": "stage=resolution, did_aim, price>=2",
    "_end_let_go": "stage=resolution, letting",
    "_end_lost": "stage=resolution",
}
OF_DILEMMAS = {  # in place of those of STEPS, where the player is asked to do a thing
    "_now": "stage=climax, !did_it, !refused, !letting",
    "_did": "stage=resolution, did_it",
    "_refused": "stage=resolution, refused",
    "_rest": "stage=resolution, letting",
    "_end_price": "stage=resolution, did_it",
    "_end_won": "stage=resolution, refused",
}
WITH_NPC = ", npc, !npc.mute"
OF_MOTIVES = sorted(name for name in packaged("plots") if name.startswith("motive."))
WHOLE = sorted(
    name for name, path in packaged("plots").items() if "\nwhole: true\n" in path.read_text("utf-8")
)
OF_SECRETS = sorted(name for name in packaged("plots") if name.startswith("hide.truth."))
SECRET_ENDS = {
    "_end_won": "stage=resolution, did_it",
    "_end_price": "stage=resolution, refused",
}
DILEMMAS = [n for n in WHOLE if n.startswith(("motive.demand.asked.", "decide.deed."))]
CLAIMS = [name for name in OF_MOTIVES if name.startswith("motive.tell.claim.")]
OF_MATTERS = sorted({*WHOLE} - {*OF_MOTIVES})
COUNTED = {"gain", "heat", "price", "npc.trust", "doer.trust", "to.trust"}
COUNTED |= {"did_aim", "letting", "did_it", "refused"}


_WAYS = ("did_aim, gain+2", "did_aim, price+2", "letting")


def own_scenes(plot: str) -> dict[str, SceneEntry]:
    """The scenes of a plot that no other has, by what they are: ``_open``, ``_now`` …"""
    shared, scenes = shared_by(f"plots/{plot}"), read_world(f"plots/{plot}").scenes
    return {_step(s.id): s for s in scenes if s.id not in shared}


def _step(scene: str) -> str:
    """What a scene is by its id: ``_end_won`` of ``sell_place1_end_won``."""
    found = re.search(r"_(?:end_\w+|[a-z]+2?)$", scene)
    assert found is not None
    return found[0]


def steps_of(plot: str) -> dict[str, str]:
    """The steps that a plot has, and when each may come."""
    usual = {step: when for step, when in STEPS.items() if step != "_after"}
    ends = SECRET_ENDS if plot in OF_SECRETS else {}
    return {**usual, **OF_DILEMMAS, **ends} if plot in (*DILEMMAS, *OF_SECRETS) else STEPS


def texts_of(scene: SceneEntry) -> list[tuple[str, str]]:
    """All that a player may read of a scene, each with what must hold for it."""
    said = [(f"{scene.when}, {condition}", text) for condition, _, text in paragraphs(scene.text)]
    for choice in scene.choices:
        said += [(f"{scene.when}, {choice.if_}", text) for text in (choice.do, choice.says)]
    return said


@pytest.mark.parametrize("plot", WHOLE)
def test_a_plot_told_whole_has_all_its_steps(plot: str) -> None:
    scenes, is_of_motive = own_scenes(plot), plot in OF_MOTIVES

    steps = steps_of(plot)
    plain = {step: scenes[step].when for step in steps}
    plain |= {step: when.replace(WITH_NPC, "") for step, when in plain.items() if step != "_other"}
    assert plain == steps
    whom = "doer" if is_of_motive else "to" if plot in OF_SECRETS else "npc"
    assert scenes["_asked"].act == f"ask {whom}"
    turn = scenes["_turn" if "_turn" in scenes else "_favour"].when
    assert turn.replace(WITH_NPC, "") == "turn>=3, stage=development"
    assert "_looked" not in scenes or scenes["_looked"].act in ("look matter", "look to")
    for step, scene in scenes.items():  # who may be missing has a scene without them beside
        if WITH_NPC in scene.when and step != "_other":
            other = scenes[step.removesuffix("2")] if step.endswith("2") else scenes[f"{step}2"]
            assert WITH_NPC not in other.when, step
    for step, scene in scenes.items():
        assert len(scene.choices) == (0 if scene.ending else 3), step
        assert len(scene.lines) == 1, step
        assert [part for part in paragraphs(scene.text) if not part[0]] or step == "_after", step
    thens = [choice.then for choice in scenes["_now"].choices]
    is_dilemma = plot in (*DILEMMAS, *OF_SECRETS)
    ways = ("did_it", "refused", "letting") if is_dilemma else _WAYS
    assert [sum(way in then for then in thens) for way in ways] == [1, 1, 1]


@pytest.mark.parametrize("plot", OF_MOTIVES)
def test_a_story_of_a_motive_tells_its_reason_and_what_comes_of_it(plot: str) -> None:
    scenes = own_scenes(plot)

    named = r"\{(?:[Ff]act|[Oo]bject|asked|[Cc]laim)"
    assert re.search(named, scenes["_now"].text)
    for asked in () if plot in (*DILEMMAS, *CLAIMS) else ("stop", "mend", "get", "way"):
        assert f"(if asks.{asked})" in scenes["_end_won"].text


@pytest.mark.parametrize("plot", WHOLE)
def test_a_plot_told_whole_names_nobody_and_nothing_that_may_be_missing(plot: str) -> None:
    for step, scene in own_scenes(plot).items():
        for condition, text in texts_of(scene):
            needs = {slot.lower() for slot in template(text).needs}
            if any(slot.startswith("npc") or slot.endswith("_npc") for slot in needs):
                assert "npc" in condition, step
            for slot in ("also2", "also"):
                if any(one.startswith(slot) for one in needs):
                    assert slot in condition, step
                    break
            if "aim" in needs and plot in OF_MOTIVES:
                assert "asks.way" in condition, step
            if "deadline" in needs:
                assert "deadline.named" in condition, step
            if "fact_inf" in needs and plot in OF_MOTIVES:
                assert "asks.stop" in condition or "asks.get" in condition, step


@pytest.mark.parametrize("plot", WHOLE)
def test_no_flag_of_a_plot_told_whole_is_set_or_asked_for_nothing(plot: str) -> None:
    scenes = own_scenes(plot).values()
    done = set[str]().union(
        *(keys_of(one.then, is_effect=True) for s in scenes for one in (s, *s.choices))
    )
    asked = {key for s in scenes for condition, _ in texts_of(s) for key in keys_of(condition)}
    given = {"turn", "stage", "npc", "npc.mute", "fact", "also", "also2", "also3", "doer.here"}
    given |= {
        "to.here",
        "to.mute",
        "whom.here",
        "whom.mute",
        "deadline.named",
        "matter.portable",
        "matter.alive",
        "matter.place",
    }
    given |= {f"asks.{one}" for one in ("why", "about", "stop", "mend", "get", "way")}

    assert done - asked - COUNTED == set()
    assert asked - done - COUNTED - given == set()


def test_no_sentence_is_in_two_plots_told_whole() -> None:
    told_in: Counter[str] = Counter()
    for plot in WHOLE:
        texts = {text for scene in own_scenes(plot).values() for _, text in texts_of(scene)}
        told_in.update({s for text in texts for s in re.split(r"(?<=[.!?”]) ", text)})

    twice = [one for one, count in told_in.items() if count > 1 and len(one.split()) > 7]
    assert twice == []


CLOCK = "My clock must run by noon, and it has never run. My friend Wim is with me in the shop."


def test_a_short_story_of_such_a_plot_is_told_of_its_own_scenes_alone() -> None:
    replies = told(CLOCK, "I want to make the clock run", *["wait"] * 5)
    plot, ids = replies[-1]["notes"]["plot"], replies[-1]["notes"]["scenes"]

    assert plot in WHOLE
    assert len(ids) == 6
    assert not {*ids} & shared_by(f"plots/{plot}")


def test_such_a_plot_tells_the_facts_itself_and_no_reminder_beside() -> None:
    replies = told(CLOCK, "I want to make the clock run", *["wait"] * 5)
    text = " ".join(p["text"] for reply in replies for p in reply["passages"])

    assert "that was there from the first" not in text
    assert "Nobody has forgotten" not in text


WRONGED = "My brother Tom has done me wrong. He stands at the mill, and I must forgive Tom."


def test_a_choice_of_such_a_plot_turns_the_story_only_as_it_says_itself() -> None:
    cast = cast_of({"theme": WRONGED, "seed": "1"}, {"wish": "forgive Tom"})
    typed, chosen = (WorldState({**cast.start, "turn": 4, "now": 4}) for _ in range(2))
    act = parse_act("Forgive Tom")

    for state in (typed, chosen):
        state.bound |= {"person": "tom", "object": ""}
    record(act, cast, typed)
    record_choice(act, cast, chosen)

    assert cast.file.whole
    assert typed.get("deed.turned")
    assert not chosen.get("deed.turned")


def test_another_fact_is_recalled_every_fourth_turn_at_most() -> None:
    theme = "My brother Tom has sold the mill. My sister Ada has burned the hay. Ada is here."
    replies = told(theme, "Find out why Tom has sold the mill", *["wait"] * 7)
    texts = [" ".join(p["text"] for p in reply["passages"]) for reply in replies[1:]]
    recalled = [number for number, text in enumerate(texts) if "the hay" in text]

    assert recalled
    assert not any(later - first < 4 for first, later in pairwise(recalled))


def test_a_word_or_two_may_be_said_again() -> None:
    writer = LineWriter(Random(1), WordFilter({}, {}))

    assert writer.line([template("“No,” says Tom. He puts the cup away for good.")])
    assert writer.line([template("“No,” says Tom. He has lost the key to the mill.")])
    assert not writer.line([template("He has lost the key to the mill. So he waits.")])


def test_where_its_scenes_are_told_the_next_turns_have_no_vague_ones_of_others() -> None:
    replies = told(CLOCK, "I want to make the clock run", *["wait"] * 9)
    notes = replies[-1]["notes"]

    assert len(replies) == 11
    assert not {*notes["scenes"]} & shared_by(f"plots/{notes['plot']}")


@pytest.mark.parametrize("plot", [*DILEMMAS, *OF_SECRETS])
def test_no_end_of_a_decision_says_that_nothing_was_said(plot: str) -> None:
    ends = [scene for scene in own_scenes(plot).values() if scene.ending not in ("", "lost")]
    plain = [text for s in ends for condition, _, text in paragraphs(s.text) if not condition]

    assert not [text for text in plain if "done.say/deed.say" in denied_in(text)]
