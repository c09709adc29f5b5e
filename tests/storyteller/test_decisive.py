"""What a premise asks for and the player does counts: in the ledger, and at the end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.core.errors import MoveRefused
from tta_rebuild.storyteller import casting
from tta_rebuild.storyteller.act_grammar import verb_at
from tta_rebuild.storyteller.denials import denied_in, denies
from tta_rebuild.storyteller.meant_choice import settled_by
from tta_rebuild.storyteller.scene_file import (
    ChoiceEntry,
    SceneEntry,
    packaged,
    paragraphs,
    read_world,
)
from tta_rebuild.storyteller.word_lists import packaged_yaml
from tta_rebuild.storyteller.world_state import WorldState

MOVES = Path(__file__).with_name("deciding_moves.txt")
BELL = (
    "The bell of room 12 rings every night, though nobody has lain there since Mr Halloran died. "
    "You are Joy, the night nurse; Deb is your colleague."
)
MILL = "Rosa and her brother Emil keep a mill. Their father Anton died in spring. You are Rosa."
WRONGED = "Paul went to prison because of you, Hanna. He is back. You want Paul to forgive you."
CHANCY = ("own_up", "arrest", "catch", "learn", "win_over", "sorry", "accuse")
"""Deeds that need somebody else to give way, which they may refuse once."""


def moves() -> Iterator[tuple[int, str, str, str, str]]:
    plot = premise = ""
    for number, line in enumerate(MOVES.read_text("utf-8").splitlines()):
        if line.startswith("== "):
            plot, premise = (part.strip() for part in line[3:].split("|", 1))
        elif line and not line.startswith("#"):
            move, deed = line.rsplit(" => ", 1)
            yield number, plot, premise, move, deed


async def told(ask: Any, theme: str, *typed: str, **more: Any) -> list[Any]:
    """The replies to an opening, some moves and the choice that ends the story."""
    replies: list[Any] = [await ask(theme=theme, turn=1, stage="setup", **{"seed": 5, **more})]
    for turn, move in enumerate((*typed, "1", "1"), start=2):
        last = replies[-1]
        choice = last["story_branches"][0]["choice"] if move == "1" else ""
        ends = turn == len(typed) + 3
        stage = "resolution" if ends else "climax" if turn > 2 or "win" in more else "development"
        reply = await ask(
            theme=theme, turn=turn, stage=stage, should_end=ends, notes=last["notes"],
            action=choice or move, chosen={"text": choice} if choice else None,
            **{"seed": 5, **more},
        )  # fmt: skip
        replies.append(reply)
    return replies


def ending_of(reply: Any) -> SceneEntry:
    last, notes = reply["notes"]["scenes"][-1], reply["notes"]
    files = (f"plots/{notes['plot']}", "data/turnings", "data/episodes")
    return next(s for name in files for s in read_world(name).scenes if s.id == last and s.ending)


async def test_what_players_type_at_the_decisive_moment_counts(ask: Any) -> None:
    """Measured over the whole set, since what somebody is asked to do they may refuse."""
    found: Counter[str] = Counter()
    for number, plot, premise, move, deed in moves():
        found["moves"] += 1
        tries = range(4) if deed in CHANCY else range(1)
        for again in tries:
            try:
                replies = await told(ask, premise, move, plot=plot, seed=number + 1000 * again)
            except MoveRefused:
                break
            state = replies[1]["notes"]["state"]
            if deed == "-" or state.get(f"deed.{deed}") or again == tries[-1]:
                found["understood"] += 1
                found["in the ledger"] += deed == "-" or bool(state.get(f"deed.{deed}"))
                if state.get("deed.turned"):
                    found["turned"] += 1
                    found["lost all the same"] += ending_of(replies[-1]).ending in (
                        "lost",
                        "let_go",
                    )
                break

    assert found["moves"] > 150
    assert found["understood"] > 0.97 * found["moves"]
    assert found["in the ledger"] > 0.9 * found["moves"]
    assert found["turned"] > 0.7 * found["moves"]
    assert not found["lost all the same"]


GENERAL = [
    ("You are Ilse and want to forgive your brother Jon.", "forgive Jon"),
    ("You, Ilse, have to find out who stole the jug. Bo and Ada are here.", "accuse Bo of it"),
    ("Your friend Jon, who is dying, wants you to say goodbye. You are Ilse.", "tell Jon goodbye"),
    ("You, Ilse, must tell your sister Ada the truth.", "tell Ada the truth about our mother"),
]


@pytest.mark.parametrize("name", packaged("plots"))
async def test_no_plot_ends_as_lost_once_the_question_is_answered(
    ask: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(casting, "chosen_plot", lambda *_, **__: name)
    for theme, move in GENERAL:
        replies = await told(ask, theme, move)
        state, ending = replies[-1]["notes"]["state"], ending_of(replies[-1])
        is_plots = replies[1]["notes"]["scenes"][-1].startswith("act_") and "accuse" in move
        if not is_plots:  # else it has a scene for that, and knows whether it was the right one
            assert state.get("deed.turned"), (name, move)
            assert ending.ending in ("won", "price"), (name, move, ending.id)
        plain = [text for condition, _, text in paragraphs(ending.text) if not condition]
        assert not any(denies(text, WorldState(dict(state))) for text in plain), ending.id


NOT = r"(?:did not|didn[’']t|never|have not|haven[’']t|had not|hadn[’']t|could not|couldn[’']t)"
NOT_DONE = re.compile(rf"\b[Yy]ou(?:[’']ve|[’']d)? {NOT} (\w+(?: \w+)?)")


def denials() -> Iterator[tuple[str, str, str, str]]:
    """Where an ending of a plot says that the player has not done what they may have done."""
    families = packaged_yaml("data/denials")["families"].split()
    for name in packaged("plots"):
        for scene in read_world(f"plots/{name}").scenes:
            for condition, _, text in paragraphs(scene.text) if scene.ending else ():
                said = re.sub(r"“[^”]*”", "", text)
                for found in NOT_DONE.finditer(said):
                    verb = verb_at(found[1].split())
                    is_aim = said[found.end() :].lstrip().startswith(("{aim}", "to {aim}"))
                    if is_aim or found[1] == "{aim}" or (verb and verb.family in families):
                        yield f"{name}.{scene.id}", condition, text, found[0]


def test_an_ending_says_that_something_was_not_done_only_where_the_ledger_can_tell() -> None:
    unknown = [f"{where}: {words}" for where, _, text, words in denials() if not denied_in(text)]

    assert len(list(denials())) > 20
    assert not unknown


@pytest.mark.parametrize(
    ("text", "done", "is_denied"),
    [
        ("You did not {aim}. It rains.", "did_aim", True),
        ("You set out to {aim}. It has not come to that.", "deed.turned", True),
        ("You never knocked back.", "done.knock", True),
        ("You never knocked back.", "done.ask", False),
        ("He died at the hand of a person unknown.", "deed.own_up", True),
        ("You set out to {aim}, and you have done it.", "deed.turned", False),
        ("“You did not ask,” says Bo.", "done.ask", False),
    ],
)
def test_what_an_ending_denies_is_read_from_its_words(
    text: str, done: str, is_denied: bool
) -> None:
    assert denies(text, WorldState({done: True})) is is_denied
    assert not denies(text, WorldState({}))


@pytest.mark.parametrize(
    "move",
    [
        "Mr Halloran, I am here now",
        "ask Mr Halloran what he is asking for",
        "ask the ghost what it wants",
        "Mr Halloran, you can rest now",
        "whisper to Mr Halloran that it is over",
        "knock back",
    ],
)
async def test_the_dead_who_haunt_a_place_are_spoken_to_and_answer_by_signs(
    ask: Any, text_of: Any, move: str
) -> None:
    _, reply, *_ = await told(ask, BELL, move, plot="haunted")
    state = reply["notes"]["state"]

    assert state.get("deed.turned") == "lay"
    assert not re.search(r"says (?:Mr )?Halloran|Halloran says|you are there", text_of(reply), re.I)


@pytest.mark.parametrize(
    "move", ["tell Anton that I miss him", "say to my dead father: I am sorry", "ask Anton why"]
)
async def test_elsewhere_what_is_said_to_the_dead_is_a_quiet_act(
    ask: Any, text_of: Any, move: str
) -> None:
    _, reply, *_ = await told(ask, MILL, move, plot="win_back")

    assert reply["notes"]["state"].get("you.spoke_to_dead")
    assert not re.search(r"says Anton|Anton says", text_of(reply))


@pytest.mark.parametrize("move", ["kiss Mr Halloran", "give Mr Halloran the key"])
async def test_a_refusal_gives_a_whole_sentence_of_the_premise(ask: Any, move: str) -> None:
    with pytest.raises(MoveRefused) as refused:
        await told(ask, BELL, move, plot="understand")

    assert "the bell of room 12 rings every night" in str(refused.value)


@pytest.mark.parametrize(
    ("move", "deed", "turned"),
    [
        ("I say to Paul: “I sent an innocent man to prison.”", "confess", "confess"),
        ("Paul, I lied about you", "confess", "confess"),
        ("beg Paul to forgive me", "sorry", "forgive"),
        ("I'm sorry, Paul", "sorry", "forgive"),
        ("tell Paul I forgive him", "forgive", "forgive"),
    ],
)
async def test_what_is_owed_to_somebody_is_answered_by_them(
    ask: Any, text_of: Any, move: str, deed: str, turned: str
) -> None:
    _, reply, *_ = await told(ask, WRONGED, move, plot="forgive")

    assert reply["notes"]["state"].get(f"deed.{deed}.paul")
    assert reply["notes"]["state"].get("deed.turned") == turned
    assert "Keep it from" not in text_of(reply)


async def test_what_somebody_was_brought_to_do_is_a_deed_of_the_players(ask: Any) -> None:
    theme = "Kevin has stolen the till. You, Nadia, want to find out who the thief is."
    for seed in range(6):
        _, reply, *_ = await told(ask, theme, "get Kevin to own up", plot="unmask", seed=seed)
        state = reply["notes"]["state"]
        was_heard = "did it" in " ".join(line["text"] for line in reply["lines"])
        assert bool(state.get("deed.own_up.kevin")) is was_heard
        if was_heard:
            assert state["deed.turned"] == "name"
            break
    else:
        pytest.fail("Kevin never gave way")


@pytest.mark.parametrize(
    ("move", "told_of"),
    [
        ("let the music lead into silence", "the music leads into silence"),
        ("let it lead into the sea", "it leads into the sea"),
        ("let Emil speak first", "Emil speaks first"),
    ],
)
async def test_what_is_let_happen_happens(ask: Any, text_of: Any, move: str, told_of: str) -> None:
    _, reply, *_ = await told(ask, MILL, move, plot="decide")

    assert told_of in text_of(reply) or told_of in str(reply["lines"])


async def test_a_plots_own_choice_accuses_nobody_for_the_player(ask: Any) -> None:
    """Whether it is the right one the plot knows."""
    premise = "Bo has been poisoned. You, Ilse, want to find out who did it. Ada and Jon are here."
    opening = await ask(theme=premise, seed=5, turn=1, stage="setup", plot="murder")
    notes = opening["notes"]
    notes["offers"][0] |= {"do": "Accuse Ada", "then": "gain+1", "says": "She laughs."}
    reply = await ask(
        theme=premise, seed=5, turn=2, notes=notes, action="Accuse Ada", plot="murder"
    )

    assert reply["notes"]["state"]["deed.accuse.ada"] == 2
    assert not reply["notes"]["state"].get("deed.turned")


@pytest.mark.parametrize(
    ("effects", "settled"),
    [
        ("did_aim, price+1, denounced, gave_up_name", "did_aim, price+1"),
        ("did_aim, denounced", "did_aim, denounced"),
    ],
)
def test_a_hard_choice_settles_the_plot_and_no_more_is_done_by_it(
    effects: str, settled: str
) -> None:
    assert settled_by(ChoiceEntry(do="Say it", then=effects)) == settled
