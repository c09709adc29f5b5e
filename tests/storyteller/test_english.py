"""The told English, by small closed checks over thousands of sentences of every kit."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tta_rebuild.core.english import sentences_of
from tta_rebuild.storyteller.kit import KIT_NAMES, KitShelf
from tta_rebuild.storyteller.line_template import tidy
from tta_rebuild.storyteller.player_move import in_the_past
from tta_rebuild.storyteller.premise import read_premise

THEMES = (
    "Two witches promise the same child to the same hour. The stairs remember them.",
    "A man never sleeps and doesn't suffer from it.",
    "An honest spy hides the golden letters in a museum.",
    "You are an owl keeper in a tower.",
)
SAID = {
    3: "What happened here?",
    5: "“I do not trust you.”",
    7: "hello",
    9: "kill the thief",
    11: "go to the moon",
    13: "Ich gehe nach Hause",
    15: "I think we should leave",
}

_BLEMISHES = {
    "a slot or a mark left over": r"[{}\[\]|]|\bnpc\b",
    "a space too many": r"  | [,.;:!?]|“ | ”(?!\w)",
    "two stops": r"[,;:][.,;:]|(?<!\.)\.\.(?!\.)|[?!]\.|,,",
    "a word twice": r"\b(the|a|an|of|to|in|and|is|with|that|you|it) \1\b",
    "a before a vowel": r"\b[Aa] (?:[aei]|o(?!n[ce]))\w+",
    "an before a consonant": r"\b[Aa]n [bcdfgjklmnpqrstvwxyz]\w+",
    "a capital after a quotation that goes on": r"[?!,…]” (?:Says|Asks|You (?:say|ask))\b",
    "a capital within a sentence": r"[a-z,;] (?:The|A|An|And|But|Of|There|They|With) [a-z]",
    "a plural with a singular verb": r"(?:^|[.;:,!?] |\b(?:how|that|but|and|when) )"
    r"(?:[Tt]he )?(?:two |golden )?(?:stairs|witches|letters) (?:is|was|has|looks|does)\b",
    "you with a wrong verb": r"(?<!of )(?<!to )(?<!between )\byou (?:is|has|was|does|looks|goes)\b",
    "a place one is brought in": r"brought you (?:in|at|on)\b",
    "a place by itself": r"\b(?:his|her|their) (?:it|is)\b",
}
_SHORT_BUT_WHOLE = 4


async def told(play: Any, text_of: Any, kit: str) -> list[str]:
    """Every passage and choice of some stories told with a kit."""
    texts: list[str] = []
    for seed, theme in enumerate(THEMES):
        for reply in await play(theme, 24, seed=seed, kit=kit, said=SAID):
            texts.append(text_of(reply))
            for branch in reply["story_branches"]:
                texts += [branch["choice"], branch["consequence"]]
    return texts


@pytest.mark.parametrize("kit", KIT_NAMES)
async def test_no_sentence_has_a_blemish_that_a_rule_can_name(
    play: Any, text_of: Any, kit: str
) -> None:
    found = []
    for text in await told(play, text_of, kit):
        for paragraph in text.split("\n\n"):
            for name, pattern in _BLEMISHES.items():
                found += [(name, m.group(), paragraph) for m in re.finditer(pattern, paragraph)]
            if paragraph.count("“") != paragraph.count("”"):
                found.append(("a quotation left open", "“", paragraph))

    assert not found


@pytest.mark.parametrize("kit", KIT_NAMES)
async def test_every_sentence_begins_with_a_capital_and_every_paragraph_ends(
    play: Any, text_of: Any, kit: str
) -> None:
    for text in await told(play, text_of, kit):
        for paragraph in text.split("\n\n"):
            assert re.match(r"[“‘]?[A-ZÀ-Þ0-9]", paragraph), paragraph
            if "\n\n" in text:
                assert re.search(r"[.!?…][”’]?$", paragraph), paragraph


async def test_gestures_have_their_verb(play: Any, text_of: Any) -> None:
    for kit in KIT_NAMES:
        for text in await told(play, text_of, kit):
            assert not re.search(r"\b[A-Z]\w+ (?:past you|at you|over your|at the \w+),", text)
            assert not re.search(r"\band at (?:her|his|their) own hands\b", text)


def test_a_quotation_that_asks_goes_on_in_lower_case() -> None:
    assert tidy("“so?” says Maren, and waits.") == "“So?” says Maren, and waits."
    assert tidy("“who?” you ask. nobody knows.") == "“Who?” you ask. Nobody knows."
    assert tidy("“no.” the door shuts.") == "“No.” The door shuts."


@pytest.mark.parametrize(
    ("clause", "past"),
    [
        ("you promise Ada that you will stay", "you promised Ada that you would stay"),
        ("you tell Jon that he has done well", "you told Jon that he had done well"),
        ("you carry the box, and wait", "you carried the box"),
    ],
)
def test_what_was_done_is_remembered_in_the_past(clause: str, past: str) -> None:
    assert in_the_past(clause) == past


def test_a_premise_may_end_a_phrase_with_a_superlative() -> None:
    reading = read_premise("It was the largest. The lamp was the greatest.")

    assert reading.things == ("the lamp",)


def test_a_lone_person_of_a_premise_is_the_player() -> None:
    reading = read_premise("A hardcore doomsday prepper is living through the apocalypse.")

    assert reading.is_lone
    assert reading.role == "hardcore doomsday prepper"
    assert reading.things == ("the apocalypse",)
    assert not reading.people


@pytest.mark.parametrize(
    "theme",
    [
        "A serial killer is facing trial for a murder.",
        "A man meets a woman.",
        "A soldier dies in the middle of writing a letter.",
    ],
)
def test_nobody_is_made_to_be_a_killer_or_one_of_two(theme: str) -> None:
    assert not read_premise(theme).is_lone


@pytest.mark.parametrize(
    ("theme", "core"),
    [
        ("A 4-D star collides with Earth. The star unrolls it.", "the 4-D star"),
        ("You are the owner of a small restaurant. The restaurant struggles.", "restaurant"),
        ("Two serial killers stumble upon each other.", "the two serial killers"),
        ("The world's first AI is kept in an empty room.", "the AI"),
        ("write a story that will make me never use stairs again.", "the stairs"),
    ],
)
async def test_what_a_premise_turns_on_is_in_its_first_scene_its_chapters_and_its_end(
    play: Any, text_of: Any, theme: str, core: str
) -> None:
    replies = await play(theme, 12, seed=2)

    assert core in text_of(replies[0])
    assert sum(core in text_of(reply) for reply in replies) >= 8
    assert core in text_of(replies[-1])


async def test_no_new_question_is_begun_in_the_last_scene(play: Any, text_of: Any) -> None:
    shelf = KitShelf()
    for turns in range(2, 14):
        last = text_of((await play(THEMES[0], turns, kit="mystery", seed=turns))[-1])
        for strand in shelf.kit("mystery", "").strands:
            for line in strand.steps[0]:
                assert line.source not in last


async def test_long_stories_go_on_through_all_their_questions(play: Any) -> None:
    replies = await play(THEMES[0], 220, kit="fantasy", seed=1, ends=False)

    strands = [reply["notes"]["strand"] for reply in replies]
    assert len(set(strands[100:160])) >= 10
    assert len(set(strands[160:])) >= 10
    sizes = [len(str(reply["notes"])) for reply in replies]
    assert max(sizes[150:]) < 1.2 * max(sizes[60:150])
    assert all(len(sentences_of(reply["passages"][0]["text"])) >= 1 for reply in replies)


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("Who are you?", "the name is"),
        ("Where am I?", "this is"),
        ("What should I do?", "the thing to think about now is"),
    ],
)
async def test_a_plain_question_gets_a_plain_answer(
    play: Any, text_of: Any, words: str, answer: str
) -> None:
    replies = await play(THEMES[1], 4, said={3: words})

    assert answer in text_of(replies[3])


async def test_an_attack_comes_to_nothing_and_nobody_is_hurt(play: Any, text_of: Any) -> None:
    scene = text_of((await play(THEMES[1], 4, said={3: "I stab him with my sword"}))[3])

    assert "you stab" not in scene.lower()
