"""Where a premise does not say what the player is after they are asked; the story is of that."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest

from tests.storyteller.test_moves_meant import told
from tests.storyteller.test_whole_plots import WHOLE
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.matter_kind import kind_of_matter, plots_of_matter
from tta_rebuild.storyteller.motives import is_of_motive
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_matter import spoken_of
from tta_rebuild.storyteller.premise_told import conflict_of
from tta_rebuild.storyteller.premise_wishes import Subjects, wishes_of
from tta_rebuild.storyteller.scene_file import packaged, paragraphs, read_world, shared_by
from tta_rebuild.storyteller.teller import Teller
from tta_rebuild.storyteller.wishes import wish_acted_on, wished
from tta_rebuild.storyteller.word_lists import word_table
from tta_rebuild.storyteller.world_state import keys_of

KNOCK = "Every night at three somebody knocks on my wall. My brother Tom hears it too."
STATED = "You must find the lost lamp. Your brother Tom is with you."
WISHES = word_table("wishes")
PERCEIVES = {
    *"see hear feel smell can know have had are find could do understand will may need".split()
}
COUNTED = {"gain", "heat", "price", "did_aim", "letting"}
SHAPES = {row["plot"] for row in word_table("facts")["questions"].values()}
OF_FACTS = sorted(
    n for n in packaged("plots") if ".".join(n.split(".")[:2]) in SHAPES or is_of_motive(n)
)
DOTTED = sorted(name for name in packaged("plots") if "." in name and name not in OF_FACTS)
OF_MATTER = [name for name in DOTTED if name not in WHOLE]


def choices_of(reply: dict[str, Any]) -> list[str]:
    return [branch["choice"] for branch in reply["story_branches"]]


def text_of(reply: dict[str, Any]) -> str:
    return " ".join(passage["text"] for passage in reply["passages"])


def test_the_first_scene_asks_what_the_player_is_after() -> None:
    (first,) = told(KNOCK)

    assert len(choices_of(first)) == 3
    assert any(one.startswith("Find out") for one in choices_of(first))
    assert "I want to" in text_of(first)
    assert first["notes"]["scenes"] == []
    assert "you want" not in first["notes"]["understood"]


def test_a_premise_that_says_it_is_not_asked() -> None:
    (first,) = told(STATED)

    assert first["notes"]["scenes"]
    assert "wishes" not in first["notes"]
    assert read_premise(STATED).wishes == ()


def test_a_wish_taken_is_what_the_story_is_told_of() -> None:
    first, second, third = told(KNOCK, "Find out the truth about Tom", "wait")

    assert "Find out the truth about Tom" not in choices_of(first)
    assert second["notes"]["wish"] == "find out the truth about Tom"
    plot = second["notes"]["plot"]
    assert plot.startswith("motive.")  # of what Tom does
    assert "find out the truth about Tom" in text_of(second)
    assert third["notes"]["plot"] == plot
    scenes = {scene.id: scene for scene in read_world(f"plots/{plot}").scenes}
    assert "turn=1" in scenes[second["notes"]["scenes"][0]].when
    assert "turn=1" not in scenes[third["notes"]["scenes"][-1]].when


def test_each_of_the_wishes_offered_can_be_taken() -> None:
    (first,) = told(KNOCK)
    for wish in choices_of(first):
        second = told(KNOCK, wish)[1]

        assert second["notes"]["wish"] == wish[:1].lower() + wish[1:]
        assert second["notes"]["scenes"]


def test_who_does_something_else_has_the_likeliest_wish() -> None:
    first, second = told(KNOCK, "take the lamp")

    assert "You take the lamp" in text_of(second)
    assert "wish" not in second["notes"]
    likeliest = read_premise(KNOCK)
    assert second["notes"]["plot"].partition(".")[0] == likeliest.conflict
    assert choices_of(first)[0].lower() == likeliest.aim.lower()
    assert second["notes"]["scenes"]


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("I want to catch the knocker.", "catch the knocker"),
        ("i'd like to move out", "move out"),
        ("My aim is to sleep at last", "sleep at last"),
        ("find out who it is", "find out who it is"),
        ("Leave the house", "leave the house"),  # as offered
        ("knock back", ""),
        ("I go to the door", ""),
        ("take the letter to Tom", ""),
        ("to the harbour with Tom", ""),
        ("to leave this house", "leave this house"),
    ],
)
def test_what_one_says_that_one_wants_is_a_wish_and_what_one_does_is_none(
    words: str, wish: str
) -> None:
    assert wished(words, ["leave the house"]) == wish


@pytest.mark.parametrize("conflict", WISHES)
def test_a_wish_is_understood_as_of_the_conflict_that_it_is_made_for(conflict: str) -> None:
    for kind, words in WISHES[conflict].items():
        if kind not in ("parts", "only", "at_first"):
            wish = words.format(matter="the lamp", s="s", it="it")
            assert conflict_of(wish) == conflict, wish


def test_every_conflict_has_wishes() -> None:
    assert set(WISHES) == set(word_table("premise_topics")["conflict"])


@pytest.mark.parametrize(
    ("matter", "kind"),
    [
        ("the knocking", "sign"),
        ("your grandmother's letters", "text"),
        ("the spelling bee", "contest"),
        ("the school play", "show"),
        ("the kid", "person"),
        ("the heron", "creature"),
        ("the old mill", "place"),
        ("the watch", "thing"),
        ("your dreams", "self"),
        ("the eclipse", "event"),
    ],
)
def test_what_kind_of_matter_something_is(matter: str, kind: str) -> None:
    assert kind_of_matter(matter, ["the kid"], ["the old mill"]) == kind


def test_a_plot_of_a_matter_is_one_that_there_is() -> None:
    kinds = [*word_table("matter_kinds")["chains"]]
    plots = packaged("plots")
    for conflict in WISHES:
        for kind in kinds:
            assert {*plots_of_matter(conflict, kind)} <= {*plots}
    assert "understand.text.4" in plots_of_matter("understand", "text")
    assert "understand.thing.7" in plots_of_matter("understand", "case")
    assert "steal" in plots_of_matter("steal", "place")
    assert "understand.sign.3" in plots_of_matter("unmask", "sign")


@pytest.mark.parametrize("name", DOTTED)
def test_a_plot_of_a_matter_is_of_a_conflict_and_a_kind(name: str) -> None:
    conflict, kind, *_ = name.split(".")

    assert conflict in WISHES
    assert kind.removeprefix("wonder_") in word_table("matter_kinds")["chains"]


@pytest.mark.parametrize("name", OF_MATTER)
def test_its_own_scenes_come_before_those_that_it_shares(name: str) -> None:
    file, shared = read_world(f"plots/{name}"), shared_by(f"plots/{name}")
    own = [scene for scene in file.scenes if scene.id not in shared]

    assert [scene.id for scene in file.scenes[: len(own)]] == [scene.id for scene in own]
    assert all(scene.weight == 3 or scene.ending == "lost" for scene in own)
    assert {scene.ending for scene in own} >= {"won", "price", "lost", "let_go"}
    assert not any(file_scene.ending for file_scene in file.scenes if file_scene.id in shared)
    assert len(own) >= 30


@pytest.mark.parametrize("name", OF_MATTER)
def test_what_happens_never_acts_for_the_player(name: str) -> None:
    shared = shared_by(f"plots/{name}")
    for scene in read_world(f"plots/{name}").scenes:
        if scene.id not in shared and not scene.ending:
            told_of = re.sub(r"“[^”]*”", "", scene.text)
            does = re.findall(r"(?:^|[.!?\n] ?)You (\w+)", told_of)
            assert not {*does} - PERCEIVES, scene.id


@pytest.mark.parametrize("name", OF_MATTER)
def test_its_scenes_are_about_the_matter_and_take_up_what_was_done(name: str) -> None:
    shared = shared_by(f"plots/{name}")
    own = [scene for scene in read_world(f"plots/{name}").scenes if scene.id not in shared]
    done = {
        key for scene in own for one in scene.choices for key in keys_of(one.then, is_effect=True)
    }
    asked = [
        set().union(keys_of(scene.when), *(keys_of(part[0]) for part in paragraphs(scene.text)))
        for scene in own
    ]

    assert all("atter" in scene.text for scene in own)
    assert sum(bool(keys & done) for keys in asked) >= len(own) / 3
    assert {k for k in done if "." not in k} - COUNTED <= set().union(*asked)


def test_a_short_story_is_told_of_its_own_scenes_alone() -> None:
    replies = told(KNOCK, "find out what is behind the knocking", *["wait"] * 4)
    ids = replies[-1]["notes"]["scenes"]

    assert len(ids) == 5
    assert not {*ids} & shared_by(f"plots/{replies[-1]['notes']['plot']}")


def test_which_of_two_truths_holds_is_set_by_the_seed() -> None:
    fates = [cast_of({"theme": KNOCK, "seed": str(n)}, {}).start["fate"] for n in range(20)]

    assert 4 < sum(map(bool, fates)) < 16
    assert fates[3] == cast_of({"theme": KNOCK, "seed": "3"}, {}).start["fate"]


def test_after_the_decisive_moment_what_has_come_of_it_is_told() -> None:
    replies = told(KNOCK, "find out what is behind the knocking", "wait")
    notes = replies[-1]["notes"]
    notes = {**notes, "state": {**notes["state"], "did_aim": True}}
    asked = {"theme": KNOCK, "world": "", "seed": 3, "turn": 4, "action": "wait", "recent": []}
    after = Teller({**asked, "notes": notes, "stage": "climax", "characters": ()}).scene()
    plot = f"plots/{notes['plot']}"
    scenes = {scene.id: scene for scene in read_world(plot).scenes}

    last = after["notes"]["scenes"][-1]
    assert last not in shared_by(plot)
    assert "stage=resolution" in scenes[last].when


def test_two_wishes_about_the_same_are_not_both_questions() -> None:
    wishes = read_premise("Every night the bell of room 9 rings, and room 9 is empty.").wishes

    assert len([one for one in wishes if one.startswith("find out")]) < 3
    assert len({*wishes}) == len(wishes) == 3


def test_what_is_lost_is_sought_first() -> None:
    assert read_premise("My brother is missing.").wishes[0] == "find your brother"


def test_what_is_going_on_is_among_the_wishes_where_other_conflicts_are_likelier() -> None:
    likely = {"survive": 0.5, "prove": 0.3, "hide": 0.1, "part": 0.1}
    wishes = wishes_of(likely, Subjects((), ("the lamp", "the boat", "the coat"), ()))

    assert wishes[2].wish == "find out what is behind the lamp"


def test_one_of_the_wishes_asks_what_is_going_on() -> None:
    for premise in (KNOCK, "A robot nurse loses her licence.", "The mill closes on Friday."):
        wishes = read_premise(premise).wishes

        assert any(one.startswith("find out") for one in wishes), wishes


@pytest.mark.parametrize(
    ("matter", "told_of"),
    [
        ({"Matter": "The goats", "matter_is": "are"}, "The goats are here, and stay."),
        ({"Matter": "The goat", "matter_is": "is"}, "The goat is here, and stays."),
    ],
)
def test_verbs_after_the_first_go_with_what_it_is_about(
    matter: dict[str, str], told_of: str
) -> None:
    assert template("{Matter} {matter_is} here, and stays.").draft(Random(1), matter) == told_of


def test_somebody_of_unknown_gender_is_they_and_their_verbs_go_with_that() -> None:
    slots = {"matter_it": "they", "matter_is": "is", "matter_was": "was"}
    line = template("It is known where {matter_it} {matter_is} and {matter_it} {matter_was}.")

    assert line.draft(Random(1), slots) == "It is known where they are and they were."


def test_of_somebody_dead_is_told_what_has_become_of_them() -> None:
    theme = "The lido was drained after the boy Toby Marsh drowned. Wet footprints lead to my hut."
    cast = cast_of({"theme": theme, "seed": "1"}, {"wish": "find out the truth about Toby Marsh"})

    assert cast.name.startswith("plots/unmask.person")
    assert cast.start["toby_marsh.at"] == "nowhere"


def test_a_story_that_is_left_at_the_question_tells_no_end_of_another() -> None:
    (first,) = told(KNOCK)
    asked = {"theme": KNOCK, "world": "", "seed": 3, "turn": 2, "action": "", "recent": []}
    more = {"notes": first["notes"], "stage": "setup", "characters": (), "should_end": True}
    end = Teller({**asked, **more}).scene()

    assert end["is_ending"]
    assert end["notes"]["scenes"] == []
    assert len(end["passages"]) == 1


def test_who_is_only_implied_by_a_place_plays_no_part_and_speaks_in_no_scene() -> None:
    theme = "My stepfather coaches football and asks me to chain him in the garage at full moon."
    cast = cast_of({"theme": theme, "seed": "1"}, {})
    implied = {one.id for one in cast.of_kind("person") if cast.start.get(f"{one.id}.implied")}

    assert implied
    assert not implied & {*cast.parts.values()}
    assert all(cast.start[f"{one}.local"] for one in implied)


def test_nothing_is_seen_at_the_opening_but_what_the_premise_has() -> None:
    around = cast_of({"theme": KNOCK, "seed": "3"}, {}).sights
    (first,) = told(KNOCK)

    assert around
    assert len(first["passages"]) == 3, "the premise, who is there, the question"


def test_a_drawer_is_no_place_and_a_cellar_is_one() -> None:
    assert "the third drawer" not in read_premise("There is poison in the third drawer.").places
    assert "the old cellar" in read_premise("There is poison in the old cellar.").places


def test_where_somebody_was_is_a_question_about_them() -> None:
    assert spoken_of("find out where the oven was last night") == ["the oven"]
    assert spoken_of("bring the goat to the fair where the judges wait") == ["the goat"]


@pytest.mark.parametrize(
    ("move", "wish"),
    [
        ("ask Crane about the bridge", "decide what to do about Lieutenant Crane"),
        ("hide the letter", ""),
        ("take Luc to the loft", "hide Luc"),
    ],
)
def test_a_first_move_is_of_the_wish_that_names_whom_it_names(move: str, wish: str) -> None:
    offered = ["decide what to do about Lieutenant Crane", "hide Luc", "show them what you can do"]

    assert wish_acted_on({"wishes": offered}, move) == wish


@pytest.mark.parametrize(
    ("theme", "wish", "is_wonder"),
    [
        (
            "I work at an embassy. Today its papers are in order.",
            "find out what is behind it",
            False,
        ),
        ("There is a lamp, and a book of magic.", "find out what is behind the lamp", True),
        ("The school sent me home for laughing.", "find out why the school sent you home", False),
        ("The lighthouse hums at night.", "find out why the lighthouse hums", True),
    ],
)
def test_a_story_of_a_wonder_needs_one(theme: str, wish: str, *, is_wonder: bool) -> None:
    for seed in range(4):
        plot = told(theme, f"I want to {wish}", seed=seed)[-1]["notes"]["plot"]
        assert ("wonder" in plot) == is_wonder, plot


@pytest.mark.parametrize(
    ("theme", "wish", "topic"),
    [
        ("My sister Ada has sold the piano.", "find out why Ada has sold the piano", "the piano"),
        ("My sister Ada is away.", "decide what to do about Ada", ""),
        ("Dad won't talk.", "find out why your dad won’t talk", ""),
    ],
)
def test_the_topic_is_a_thing_and_nobody(theme: str, wish: str, topic: str) -> None:
    cast = cast_of({"theme": theme, "seed": "3"}, {"wish": wish})

    assert cast.topic() == topic


NOTHINGS = {row["nothing"] for row in WISHES.values() if "nothing" in row}


def test_a_wish_of_nothing_is_offered_only_where_a_premise_has_nothing_else() -> None:
    rich = (
        "My brother Tom has sold the mill to the miller, and the miller wants to burn the letters."
    )
    said = {wish for premise in (rich, KNOCK) for wish in read_premise(premise).wishes}

    assert not said & NOTHINGS
    assert any(wish in read_premise("Everything has changed.").wishes for wish in NOTHINGS)


def test_what_a_thing_does_is_told_as_of_such_a_thing() -> None:
    theme = "I keep the lighthouse. The lamp was never lit on Sundays."
    cast = cast_of({"theme": theme, "seed": "1"}, {"wish": "find out why the lamp was never lit"})

    assert cast.name.startswith("plots/understand.thing.")
    assert cast.slots["matter"] == "the lamp"


def test_where_nothing_is_named_one_holds_out_in_the_place() -> None:
    theme = "I am stuck in the lift."
    cast = cast_of({"theme": theme, "seed": "1"}, {"wish": "come through it alive"})

    assert cast.name.startswith("plots/survive.place")
    assert cast.slots["matter"] == "the lift"


def test_a_wish_that_a_boundary_keeps_out_is_not_offered() -> None:
    theme = "The inspector suspects Ann of the murder, and I have hidden the knife."
    first = Teller(
        {"theme": theme, "seed": 1, "turn": 1, "stage": "setup", "boundaries": {"violence": "none"}}
    ).scene()

    assert not any("murder" in one["choice"] for one in first["story_branches"])
