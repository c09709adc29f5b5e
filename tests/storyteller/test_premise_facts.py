"""The facts of a premise: clauses that a story can tell again, in whose mouth ever."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from tests.storyteller.test_whole_plots import WHOLE
from tta_rebuild.lab.prose_lint import blemishes_in
from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.clause_tree import ClauseTree
from tta_rebuild.storyteller.fact_wording import PLAYER, FactWording
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_people import pronouns_of
from tta_rebuild.storyteller.scene_file import packaged, read_world
from tta_rebuild.storyteller.word_lists import word_table
from tta_rebuild.storyteller.world_state import NOWHERE, WorldState

PIANO = (
    "Ruth comes home to the flat above the launderette and finds that her brother Callum has sold "
    "the piano Mum left her. Dad can't speak any more, but he keeps pointing at the wall where it "
    "stood."
)
PARROT = "My parrot said good morning to the empty chair. My sister Nora wants to sell the house."
HIDDEN = "I have secretly written the songs that my brother Ivo sings. Ivo will sing on Sunday."
CALL = "You are the night porter of a closed ward. A bell rings in bed six every night."
FORT = "The guards will not let my brother Ivo out of the fort. Ida and Tom have come with me."
DEV = "My best friend Dev won't talk to me. He has told everybody that I cheated."
MARROW = (
    "On Ceres Station my sister Ilse, the chief engineer, has switched off Marrow, the station's "
    "AI, and she won't say why. There is air for two days. I am Juno, the medic."
)
ORDER = (
    "Rodeo queen Darla has to sell Comanche, the horse that made her. The buyer has come with a "
    "trailer."
)
TRAIN = "The railway reaches the pass on Monday. Three old dragons carry the mail."
# a premise and what its player is after, by the shape of the question
SHAPES = {
    "win_back.deed": (PIANO, "make Callum put it right that he has sold the piano"),
    "understand.happening": (CALL, "find out why a bell rings in bed six"),
    "fight.plan": (PARROT, "keep Nora from selling the house"),
    "survive.plan": (TRAIN, "be ready when the railway reaches the pass"),
    "change.refusal": (FORT, "get the guards to let Ivo out of the fort"),
    "hide.truth": (HIDDEN, "keep Ivo from finding out that you have secretly written the songs"),
    "decide.deed": (ORDER, "decide whether to sell Comanche"),
}
PLOTS = sorted(name for name in packaged("plots") if ".".join(name.split(".")[:2]) in SHAPES)
SAID_ONCE = [  # told by nobody who does not know it; else it is "it"
    name
    for name in PLOTS
    if name.startswith(("hide.truth", "understand.happening.", "decide.deed."))
]
LONG = [name for name in PLOTS if name not in WHOLE]


def said(premise: str, speaker: str = "") -> list[str]:
    """The facts of a premise as somebody tells them to the player."""
    read = read_premise(premise)
    return [FactWording(pronouns_of(read.people), speaker).told(fact) for fact in read.facts]


@pytest.mark.parametrize(
    ("premise", "fact"),
    [
        (PIANO, "Callum has sold the piano your Mum left you"),
        (PIANO, "your dad keeps pointing at the wall where it stood"),
        ("My boss calls me buddy and the ducks took our pond.", "your boss calls you buddy"),
        ("My boss calls me buddy and the ducks took our pond.", "the ducks took your pond"),
        (HIDDEN, "you have secretly written the songs that Ivo sings"),
        (CALL, "the bell rings in bed six every night"),
        ("My gran won't open the attic.", "your gran won’t open the attic"),
        (MARROW, "Ilse has switched off Marrow"),
    ],
)  # fmt: skip
def test_a_clause_is_told_to_whoever_is_played(premise: str, fact: str) -> None:
    read = read_premise(premise)
    wordings = [
        f"{FactWording(pronouns_of(read.people)).told(one)} {one.when}".strip()
        for one in read.facts
    ]

    assert fact in wordings


@pytest.mark.parametrize(
    ("premise", "speaker", "fact"),
    [
        (PIANO, "Callum", "I have sold the piano your Mum left you"),
        (DEV, "Dev", "I have told everybody that you cheated"),
        ("My uncle Bram praises himself every day.", "Bram", "I praise myself"),
        (HIDDEN, "Ivo", "you have secretly written the songs that I sing"),
        ("My aunt Vesna is dancing with her own coat.", "Vesna", "I am dancing with my own coat"),
        ("I have cheated Edmund's real father.", "Edmund", "you have cheated my real father"),
    ],
)  # fmt: skip
def test_whoever_is_in_a_fact_says_it_of_themselves(premise: str, speaker: str, fact: str) -> None:
    assert fact in said(premise, speaker)


@pytest.mark.parametrize(
    "premise",
    [
        "Who took the piano? Would he sell it if she asked?",
        "My brother Ivo sold the horse?",
        "If the dam breaks, the village drowns.",
        "",
        "…",
        "🜂🜁 — ‽",
    ],
)  # fmt: skip
def test_what_is_asked_or_only_possible_is_no_fact(premise: str) -> None:
    assert said(premise) == []


def test_what_may_come_is_no_fact() -> None:
    told = said("The mill stands still until my brother Ivo sells the horse.")

    assert told
    assert not any(one.startswith("Ivo sells") for one in told)


def test_one_who_has_just_been_named_is_he() -> None:
    read = read_premise(PIANO)
    fact = next(fact for fact in read.facts if fact.doer == "Callum")

    told = FactWording(pronouns_of(read.people)).told(fact, again=True)

    assert told == "he has sold the piano your Mum left you"


def test_each_kind_of_fact_has_a_question_of_its_own() -> None:
    shapes = {row["plot"] for row in word_table("facts")["questions"].values()}

    assert shapes == {*SHAPES}
    assert {".".join(name.split(".")[:2]) for name in PLOTS} == shapes


@pytest.mark.parametrize("shape", SHAPES)
def test_a_wish_in_the_players_own_words_is_of_the_fact_that_it_names(shape: str) -> None:
    premise, wish = SHAPES[shape]

    question = read_premise(premise, wish=wish).question

    assert question is not None
    assert question.plot == shape


@pytest.mark.parametrize("wish", ["talk her out of it", "stop her"])
def test_what_is_about_to_be_done_is_to_be_stopped(wish: str) -> None:
    theme = "My sister Judith is about to sell our mother's orchard. I have to talk her out of it."
    question = read_premise(theme, wish=wish).question

    assert question is not None
    assert question.wish == "keep Judith from selling your mother’s orchard"


def test_a_wish_about_something_else_is_of_no_fact() -> None:
    assert read_premise(PIANO, wish="learn to fly").question is None
    bought = read_premise(PIANO, wish="find out who bought the piano").question
    assert bought is not None
    assert bought.fact.doer == "Callum"  # whoever sold it knows


def test_the_wishes_offered_are_of_the_premises_own_facts() -> None:
    wishes = read_premise(PIANO).wishes

    assert any("the piano" in wish or "Callum" in wish for wish in wishes)


async def told_of(ask: Any, shape: str, plot: str, turns: int = 10) -> list[Any]:
    """The replies of a story of one plot, its wish said in the player's own words."""
    premise, wish = SHAPES[shape]
    replies, notes, action = [], dict[str, Any](), ""
    stages = "setup setup setup development development development climax climax".split()
    for turn in range(1, turns + 1):
        stage = stages[turn - 1] if turn <= len(stages) else "resolution"
        reply = await ask(
            theme=premise, seed=4, turn=turn, notes=notes, action=action, stage=stage,
            should_end=turn == turns,
        )  # fmt: skip
        replies.append(reply)
        notes = json.loads(json.dumps(reply["notes"]))
        if turn == 1:
            notes["plot"] = plot
        action = f"I want to {wish}" if turn == 1 else first_of(reply)
        if reply["is_ending"]:
            break
    return replies


def first_of(reply: Any) -> str:
    return str(reply["story_branches"][0]["choice"]) if reply["story_branches"] else "wait"


@pytest.mark.parametrize("plot", PLOTS)
async def test_a_story_of_a_fact_says_it_and_has_no_blemish(
    ask: Any, text_of: Any, plot: str
) -> None:
    shape = ".".join(plot.split(".")[:2])
    replies = await told_of(ask, shape, plot)
    question = read_premise(SHAPES[shape][0], wish=SHAPES[shape][1]).question
    assert question is not None
    key = max(question.content, key=len)

    assert replies[0]["notes"]["wishes"]
    assert replies[-1]["is_ending"]
    assert replies[-1]["notes"]["plot"] == plot
    texts = [text_of(reply) for reply in replies[2:]]
    often = 1 if plot in SAID_ONCE else 2 if plot in WHOLE else len(texts) / 3
    assert sum(key[:4] in text.lower() for text in texts) >= often
    for reply in replies:
        for paragraph in text_of(reply).split("\n\n"):
            assert blemishes_in(paragraph) == [], paragraph


async def test_whoever_does_it_is_not_taken_for_somebody_else(ask: Any) -> None:
    reply = (await told_of(ask, "win_back.deed", "win_back.deed", turns=2))[-1]

    assert PLAYER not in reply["notes"]["state"]
    assert "Callum’s Callum" not in json.dumps(reply, ensure_ascii=False)


def test_whoever_is_said_to_speak_is_not_mute_and_who_will_not_is() -> None:
    start = cast_of({"theme": PARROT, "seed": "1"}, {}).start
    refusing = cast_of({"theme": DEV, "seed": "1"}, {"wish": "make peace with Dev"}).start

    assert not start.get("parrot.mute")
    assert not refusing.get("dev.mute")  # it is his story
    elsewhere = cast_of({"theme": DEV, "seed": "1"}, {"wish": "learn to fly"}).start
    assert elsewhere["dev.mute"]


@pytest.mark.parametrize(
    ("theme", "who", "is_there"),
    [
        (PIANO, "callum", True),  # "the piano Mum left her" says nothing of him
        ("My brother Ivo has run away from the mill. He has sold my horse.", "ivo", False),
        ("My cousin Lund arrives on Monday. Nobody has swept the mill.", "lund", False),
        ("My uncle Bram is about to come for the mill. I am Alder.", "bram", False),
        ("I work at the mill. Nobody has seen my brother Ivo since Friday.", "ivo", False),
    ],
)  # fmt: skip
def test_whoever_does_something_now_is_there(theme: str, who: str, is_there: bool) -> None:
    assert (cast_of({"theme": theme, "seed": "1"}, {}).start[f"{who}.at"] != NOWHERE) is is_there


def test_what_the_player_is_is_said_beside_no_fact() -> None:
    wish = {"wish": "find out why Ilse has switched off Marrow"}

    slots = cast_of({"theme": MARROW, "seed": "1"}, wish).slots

    assert slots["fact"] == "Ilse has switched off Marrow"
    assert not [text for slot, text in slots.items() if slot.startswith("also") and "Juno" in text]


def test_a_story_that_goes_on_with_another_question_is_of_no_fact() -> None:
    wish = {"wish": "make Callum put it right that he has sold the piano"}
    of_it = cast_of({"theme": PIANO, "seed": "1"}, {**wish, "plot": "win_back.deed"})
    other = cast_of({"theme": PIANO, "seed": "1"}, {**wish, "plot": "protect"})

    assert of_it.parts["doer"] == "callum"
    assert "fact" in of_it.slots
    assert "doer" not in other.parts
    assert "fact" not in other.slots


def test_in_a_story_of_a_fact_somebody_is_left_to_talk_to() -> None:
    theme, wish = "My boss has taken my name off the plans. My friend Ida is here.", "find out why"
    notes = {"wish": f"{wish} my boss has taken my name off the plans"}

    cast = cast_of({"theme": theme, "seed": "1"}, notes)

    assert cast.name.startswith("plots/motive.")
    assert "ida" not in cast.parts.values()
    assert cast.parts["doer"] == "boss"


def test_a_fact_is_said_in_few_words_once_it_is_known() -> None:
    theme = "My cousin Rosa has hidden the keys of the mill behind the wall of the old bakery."
    wish = {"wish": "find out why Rosa has hidden the keys"}

    first = cast_of({"theme": theme, "seed": "1"}, wish).slots["fact"]
    later = cast_of({"theme": theme, "seed": "1"}, {**wish, "scenes": ["a", "b"]}).slots["fact"]

    assert first.startswith("Rosa has hidden the keys of the mill behind the wall")
    assert later.startswith("Rosa has hidden the keys")
    assert len(later) < len(first)


async def test_after_the_decisive_deed_its_own_plot_goes_on(ask: Any) -> None:
    replies = await told_of(ask, "fight.plan", "fight.plan")
    told = replies[-1]["notes"]["scenes"]

    assert [scene for scene in told if not scene.startswith("fight_plan")] == []


@pytest.mark.parametrize("plot", PLOTS)
async def test_other_facts_are_said_in_every_second_scene_at_most(ask: Any, plot: str) -> None:
    replies = await told_of(ask, ".".join(plot.split(".")[:2]), plot)
    turns = [int(reply["notes"]["state"].get("also_told", 0)) for reply in replies]
    recalled = sorted({*turns} - {0})

    assert not any(b - a < 2 for a, b in pairwise(recalled))


@pytest.mark.parametrize("plot", LONG)
async def test_scenes_of_other_stories_come_last(ask: Any, plot: str) -> None:
    replies = await told_of(ask, ".".join(plot.split(".")[:2]), plot, turns=8)

    own = [s.startswith(plot.replace(".", "_")) for s in replies[-1]["notes"]["scenes"]]
    assert own[0]
    assert own.count(False) <= 1


@pytest.mark.parametrize("shape", sorted({*SHAPES} & {*packaged("plots")}))
def test_a_story_begins_whoever_is_there(shape: str) -> None:
    """A slash joins single terms: "turn=1, !npc/turn=1, npc.mute" asked for somebody mute."""
    openings = [s for s in read_world(f"plots/{shape}").scenes[:4] if s.when.startswith("turn=1")]
    state = WorldState(
        {"here": "home", "home": "home", "turn": 1}, {"npc": "", "doer": "", "to": ""}
    )

    assert len(openings) == 4
    assert any(state.holds(scene.when) for scene in openings)


async def test_a_story_of_no_fact_recalls_one_now_and_then(ask: Any, text_of: Any) -> None:
    replies, notes, action = [], dict[str, Any](), ""
    for turn in range(1, 8):
        reply = await ask(
            theme=DEV, seed=4, turn=turn, notes=notes, action=action, stage="development"
        )
        replies.append(text_of(reply))
        notes = json.loads(json.dumps(reply["notes"]))
        action = "I want to learn to fly" if turn == 1 else first_of(reply)

    assert 1 <= sum("cheated" in text or "talk to you" in text for text in replies[2:]) <= 3


@pytest.mark.parametrize(
    ("text", "verb", "relation"),
    [
        (PIANO, "left", "relcl"),
        ("A bell rings in bed six every night.", "rings", "ROOT"),
    ],
)  # fmt: skip
def test_a_fault_that_a_sentence_shows_is_put_right(text: str, verb: str, relation: str) -> None:
    word = next(w for w in ClauseTree(text).words if w.text == verb)

    assert word.tag.startswith("VB")
    assert word.relation == relation


def test_what_only_says_which_thing_is_meant_is_no_news() -> None:
    theme = (
        "Nadia keeps the books of a small firm that makes brakes for lifts. Her friend Tomas has "
        "copied the reports. A letter says that Matthias, the beekeeper, is Ivo's father. She must "
        "find out who ordered it."
    )
    slots = cast_of({"theme": theme, "seed": "1"}, {"wish": "decide what to do about Tomas"}).slots
    news = [text for slot, text in slots.items() if slot in ("also", "also2", "also3")]

    assert news == ["the letter says that Matthias is Ivo's father"]


@pytest.mark.parametrize(
    ("premise", "fact"),
    [
        ("I always lose to my neighbour Gwyn. At night somebody smashes Gwyn's marrow.",
         "somebody smashes Gwyn’s marrow"),
        ("I am a proofreader. Ann wants a story killed; Lech wants to print it.",
         "Lech wants to print the story"),
    ],
)  # fmt: skip
def test_what_is_owned_and_what_it_means_stay_what_they_are(premise: str, fact: str) -> None:
    assert fact in said(premise)
