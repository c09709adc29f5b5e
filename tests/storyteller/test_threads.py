"""What a premise leaves open, and the scenes that are told of just that."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tta_rebuild.lab.prose_lint import blemishes_in
from tta_rebuild.storyteller.act import parse_act
from tta_rebuild.storyteller.casting import Cast, cast_of
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.scene_file import packaged, paragraphs, read_world
from tta_rebuild.storyteller.threads import KINDS, next_hook, settled_by
from tta_rebuild.storyteller.world_state import WorldState

HOSPICE = (
    "I have one last afternoon with my grandmother Halina in the hospice. She can't speak since "
    "the stroke. I never told her that I sold her house in Lublin."
)
PARTY = (
    "You come home for your father's birthday. Your brother Min-jun has told everybody that you "
    "are a doctor. You dropped out two years ago."
)
BIG = "I am a sexton. The miller's daughter Ilse has stolen the bell. Somebody rings it nightly."


def cast(theme: str) -> Cast:
    return cast_of({"theme": theme, "seed": "1"}, {})


@pytest.mark.parametrize(
    ("theme", "kind", "what"),
    [
        (HOSPICE, "secret", "that you sold her house in Lublin"),
        (HOSPICE, "hour", "the end of the afternoon"),
        (PARTY, "lie", "that you are a doctor"),
        ("My boss Greta has mistaken me for the new director and wants advice.", "lie",
         "that you are the new director"),
        ("My wife Ana thinks I sell insulation. On full moons I hold the river back.", "lie",
         "that you sell insulation"),
        (BIG, "wrong", "the miller's daughter Ilse has stolen the bell"),
        (BIG, "mystery", "somebody rings it nightly"),
        ("I must win the cup. My rival Otto cheats.", "aim", "win the cup"),
        ("I am in love with Pavel, the baker. He leaves tomorrow.", "hour", "tomorrow"),
        ("My aunt Rosa has asked me to burn her letters.", "request",
         "your aunt Rosa has asked you to burn her letters"),
        ("I am a farmer. My uncle Joe turns up at the door after ten years.", "comer", "Joe"),
    ],
)  # fmt: skip
def test_a_thread_is_a_matter_that_the_premise_states(theme: str, kind: str, what: str) -> None:
    assert what in cast(theme).slots[kind]


def test_the_most_telling_thread_is_the_main_one() -> None:
    assert cast(HOSPICE).threads.main == "secret"
    assert cast("The lamp is out. The sea is rising.").threads.main == "hook"


def test_a_hook_says_whom_it_means_and_begins_small_and_not_every_sentence_is_one() -> None:
    theme = "You are Priya, a teacher. Your pupil Callum is a liar. He sets fires at school."

    assert cast(theme).threads.hooks == (
        "your pupil Callum is a liar",
        "Callum sets fires at school",
    )


@pytest.mark.parametrize("theme", [HOSPICE, PARTY, BIG])
async def test_nobody_and_nothing_comes_in_that_the_premise_does_not_have(
    play: Any, theme: str
) -> None:
    made = cast(theme)
    people = {one.name for one in made.of_kind("person")}

    assert not people - {p.name or p.role for p in made.premise.people}
    assert not {"keeper", "worker", "stranger", "crowd", "food"} & made.slots.keys()
    for reply in await play(theme, 10):
        for passage in reply["passages"]:
            assert blemishes_in(passage["text"]) == []


async def test_the_matter_of_the_premise_is_spoken_of_in_most_scenes(
    play: Any, text_of: Any
) -> None:
    hooks = [hook.lower() for hook in cast(PARTY).threads.hooks]
    told = [text_of(reply).lower() for reply in await play(PARTY, 10)]

    spoken = [any(hook in text for hook in hooks) or "you are a doctor" in text for text in told]
    assert sum(spoken) >= 4


async def test_who_cannot_speak_says_nothing_in_any_scene(play: Any, text_of: Any) -> None:
    assert cast(HOSPICE).start["halina.mute"]
    for reply in await play(HOSPICE, 10):
        assert not re.search(r"”,? (?:says|asks|calls) Halina|Halina (?:says|asks)", text_of(reply))


def test_an_animal_speaks_where_the_hero_is_one() -> None:
    assert cast("My dog Rex has found a bone.").start["rex.mute"]
    assert "rex.mute" not in cast("I am a cat. My friend is the dog Rex.").start


@pytest.mark.parametrize(
    ("move", "flag"),
    [
        ("I tell Halina that I sold her house in Lublin", "secret.out"),
        ("sell the house in Lublin", ""),
        ("tell Halina about the weather", ""),
    ],
)
def test_a_move_settles_the_thread_that_it_is_about(move: str, flag: str) -> None:
    assert flag in settled_by(parse_act(move), cast(HOSPICE).threads)
    assert bool(flag) == bool(settled_by(parse_act(move), cast(HOSPICE).threads))


def test_what_is_settled_is_said_no_more_and_who_is_gone_is_not_named() -> None:
    threads = cast(HOSPICE).threads
    values: dict[str, Any] = {"home": "hospice", "here": "hospice"}
    hooks = {next_hook(threads, WorldState({**values, "hooks_told": n}), ()) for n in range(9)}
    told = {"secret.out": True, **values}
    after = {next_hook(threads, WorldState({**told, "hooks_told": n}), ()) for n in range(9)}

    assert hooks - after == {"you never told her that you sold her house in Lublin"}
    assert not any("Halina" in next_hook(threads, WorldState(values), ["Halina"]) for _ in "a")


def test_a_sure_situation_has_its_own_plot_if_the_premise_has_people_for_it() -> None:
    theme = "Sister Ruth, the safecracker, and our driver Joe rob the bank vault with me. "

    assert cast(theme + "The guard Otto hates us.").name == "plots/heist"
    assert cast(theme).name == cast(PARTY).name == "plots/own"


@pytest.mark.parametrize("kind", packaged("threads"))
def test_scenes_of_threads_name_nothing_but_their_thread_and_who_is_there(kind: str) -> None:
    anywhere = {"hook", "Hook", "here", "Here", "prize", "prize_it"}
    person = {f"{who}{case}" for who in ("npc", "Npc") for case in ("", "_he", "_him", "_his")}
    own = {kind, kind.capitalize()} if kind in KINDS else set()
    own |= {"wish": {"aim"}, "deadline": {"hour"}}.get(kind, set())
    part = {"wrong": "doer", "arrival": "comer"}.get(kind, "nobody")
    own |= {f"{w}{case}" for w in (part, part.capitalize()) for case in ("", "_he", "_him", "_his")}
    for scene in read_world(f"threads/{kind}").scenes:
        texts = [*(text for _, _, text in paragraphs(scene.text)), *scene.lines]
        texts += [words for choice in scene.choices for words in (choice.do, choice.says)]
        needs = {slot for text in texts for slot in template(text).needs}
        assert needs <= anywhere | person | own, scene.id
        always = {s for c, _, t in paragraphs(scene.text) if not c for s in template(t).needs}
        assert "npc" in scene.when or not (always & person), scene.id
        assert len(scene.choices) == (0 if scene.ending else 3), scene.id
        says = [t for c, _, t in paragraphs(scene.text) if "npc.mute" not in c]
        speaks = any(re.search(r"”,? (?:\w+ )?\{[Nn]pc(?:_he)?\}|\{[Nn]pc\} says", t) for t in says)
        assert not speaks or "!npc.mute" in scene.when, scene.id
