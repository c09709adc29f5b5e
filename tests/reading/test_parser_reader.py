"""The reader that goes by grammar: what it reads, what it leaves alone, what contradicts."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tta_rebuild.canon import Canon
from tta_rebuild.cli.main import main
from tta_rebuild.core.events import FactAsserted, PlayerActed
from tta_rebuild.core.story import CharacterSketch, Claim, Passage
from tta_rebuild.reading import english_parse
from tta_rebuild.reading.parser_reader import ParserReader
from tta_rebuild.reading.second_reader import ReadingMatter

MakeCanon = Callable[..., Canon]
CAST = (
    CharacterSketch(character_id="mara", name="Mara Voss", pronouns="she", is_player=True),
    CharacterSketch(
        character_id="bram", name="Bram", description="the captain's driver", pronouns="he"
    ),
    CharacterSketch(character_id="agnes", name="Agnes", pronouns="she"),
)
PEOPLE = [("mara", "alive", "true"), ("bram", "alive", "true")]


def read(canon: Canon, text: str) -> list[str]:
    found = [c for told in ParserReader(canon, CAST).sentences(text) for c in told.claims]
    return [f"{'-' if c.ends else ''}{c.subject} {c.relation} {c.value}" for c in found]


def kinds(canon: Canon, text: str) -> list[str]:
    taken = ParserReader(canon.fork(), CAST).take(text)
    return [c.kind for _, found in taken for c in found if c.blocks]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Mara took the silver lamp from the shelf.", ["mara holds silver_lamp"]),
        ("Bram gave Mara the letter.", ["-bram holds letter", "mara holds letter"]),
        ("The letter was given to Mara by Bram.", ["-bram holds letter", "mara holds letter"]),
        ("Bram died in the night.", ["bram alive false"]),
        ("The captain's driver was killed by Mara.", ["bram alive false"]),
        (
            "Mara ran into the chapel and dropped the lamp.",
            "mara located_in chapel,-mara holds lamp",
        ),
        ("Bram is thirty years old.", ["bram age 30"]),
        ("The old mill burned down.", ["old_mill state destroyed"]),
        ("The gate was locked.", ["gate state locked"]),
        ("Agnes is the sister of Bram. Agnes is Bram's sister.", ["agnes kin sister of bram"]),
        ("You take the rope.", ["mara holds rope"]),
        ("Bram came in. He picked up the axe.", ["bram holds axe"]),
    ],
)
def test_a_plain_sentence_gives_its_facts(
    canon_of: MakeCanon, text: str, says: list[str] | str
) -> None:
    assert read(canon_of(*PEOPLE), text) == (says.split(",") if isinstance(says, str) else says)


@pytest.mark.parametrize(
    "text",
    [
        "“Bram died in the fire,” said Mara.",
        "Bram did not take the lamp.",
        "Bram could take the lamp.",
        "Did Bram take the lamp?",
        "If Bram takes the lamp, all is lost.",
        "Mara dreamed that Bram died.",
        "Mara thought that Bram took the lamp.",
        "Bram had taken the lamp.",
        "Bram wanted to take the lamp.",
        "Every evening Bram took the lamp.",
        "Had Bram taken the lamp, she would have wept.",
        "In the song Bram dies.",
        "She took the lamp.",
        "The war broke him.",
    ],
)
def test_what_is_said_denied_supposed_dreamt_or_past_gives_nothing(
    canon_of: MakeCanon, text: str
) -> None:
    assert read(canon_of(*PEOPLE), text) == []


def test_everything_that_is_read_is_unconfirmed(canon_of: MakeCanon) -> None:
    (told,) = ParserReader(canon_of(*PEOPLE), CAST).sentences("Bram gave Mara the letter.")
    assert [claim.certain for claim in told.claims] == [False, False]
    assert {claim.sentence for claim in told.claims} == {"Bram gave Mara the letter."}


DEAD = ("bram", "alive", "false")


def later(canon: Canon, *facts: tuple[str, str, str], ends: bool = False) -> Canon:
    """The same canon some turns on, in which these came to be (or ended)."""
    for _ in range(3):
        canon.apply(canon.position + 1, PlayerActed(text=""))
    for subject, relation, value in facts:
        told = Claim(subject=subject, relation=relation, value=value)
        canon.apply(canon.position + 1, FactAsserted(claim=told))
    canon.apply(canon.position + 1, PlayerActed(text=""))
    return canon


@pytest.mark.parametrize(
    ("known", "text", "kind"),
    [
        (DEAD, "Bram opened the door.", "dead_acts"),
        (DEAD, "The captain's driver climbed out and lit a pipe.", "dead_acts"),
        (DEAD, "Then came a cough, and Bram calling for his dog.", "dead_acts"),
        (
            ("treaty with Sarn", "state", "destroyed"),
            "The treaty lay whole on the table.",
            "destroyed_used",
        ),
        (("old lamp", "state", "destroyed"), "Mara raised the old lamp.", "destroyed_used"),
        (("bram", "holds", "iron key"), "Mara polished the iron key.", "given_away"),
        (("bram", "holds", "iron key"), "Her hand closed on the iron key.", ""),
        (("bram", "holds", "iron key"), "Your hand closes on the iron key.", "given_away"),
        (("story", "count", "2 flares"), "Three flares are left.", "count_changed"),
        (("bram", "age", "40"), "Bram is thirty years old.", "age_changed"),
        (DEAD, "Bram lay on the stairs.", ""),
        (DEAD, "Mara remembered how Bram opened the door.", ""),
        (DEAD, "Mara dreamed that Bram laughed.", ""),
        (DEAD, "“Bram laughed at me,” said Mara.", ""),
        (DEAD, "Had Bram lived, he would have laughed.", ""),
        (DEAD, "Bram had laughed at that.", ""),
        (DEAD, "The Bram pulled at her ropes in the harbour.", ""),
        (DEAD, "Bram Holt brought the bread.", ""),
        (("bram", "holds", "iron key"), "Bram gave Mara the iron key.", ""),
        (("bram", "holds", "iron key"), "Mara found another key and took a key.", ""),
        (("treaty with Sarn", "state", "destroyed"), "A clerk mended the treaty.", ""),
        (("story", "count", "3 flares"), "Two flares are left.", ""),
        (("story", "count", "2 flares"), "There were three flares on Friday.", ""),
    ],
)
def test_only_what_cannot_stand_beside_what_holds_contradicts(
    canon_of: MakeCanon, known: tuple[str, str, str], text: str, kind: str
) -> None:
    assert kinds(later(canon_of(*PEOPLE), known), text) == ([kind] if kind else [])


def test_what_a_sentence_says_counts_for_the_next(canon_of: MakeCanon) -> None:
    canon = later(canon_of(*PEOPLE))
    assert kinds(canon, "Bram died there. Bram took the lamp.") == ["dead_acts"]
    assert kinds(canon, "Bram gave Mara the map. Bram unfolded the map.") == ["given_away"]


def test_a_pronoun_that_could_mean_somebody_unnamed_means_nobody(canon_of: MakeCanon) -> None:
    canon = later(canon_of(*PEOPLE), ("agnes", "alive", "false"))
    assert kinds(canon, "She closed the eyes of Agnes. Then she told the boy the name.") == []


def objections(canon: Canon, **more: Any) -> list[str]:
    matter = ReadingMatter(player="mara", people=CAST, **more)
    reading = asyncio.run(ParserReader(canon).read(matter, None))  # type: ignore[arg-type]
    return [objection.kind for objection in reading.objections]


@pytest.mark.parametrize(
    ("move", "text", "found"),
    [
        ("Take the lamp.", "You run down to him and confess it all.", ["player"]),
        ("Tell Bram the truth.", "You run down to him and confess it all.", []),
        ("“It was me.”", "“It was me,” you say.", []),
        ("Take the lamp.", "You could confess it all. You take the lamp.", []),
        ("Take the lamp.", "Bram confesses it all.", []),
    ],
)
def test_the_players_character_says_only_what_the_player_said(
    canon_of: MakeCanon, move: str, text: str, found: list[str]
) -> None:
    assert objections(canon_of(*PEOPLE), move=move, passages=(Passage(text=text),)) == found


def test_a_spoken_passage_is_its_speakers_word_alone(canon_of: MakeCanon) -> None:
    canon = later(canon_of(*PEOPLE), DEAD)
    spoken = Passage(text="Bram opened the door.", speaker="mara")
    assert objections(canon, passages=(spoken,)) == []


@pytest.fixture
def _without_spacy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "spacy", None)
    english_parse.load_parser.cache_clear()
    yield
    english_parse.load_parser.cache_clear()


@pytest.mark.usefixtures("_without_spacy")
@pytest.mark.parametrize("command", ["facts", "validate"])
def test_without_the_extra_a_text_is_not_read_and_the_command_that_installs_it_is_named(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "tale.txt"
    text.write_text("Mara died.")
    assert main([command, str(text)]) != 0
    shown = capsys.readouterr()
    assert "pip install 'tta-rebuild[parser]'" in " ".join((shown.out + shown.err).split())
    assert "Traceback" not in shown.err


@pytest.mark.usefixtures("_without_spacy")
def test_without_the_extra_a_reading_says_so_in_its_note(canon_of: MakeCanon) -> None:
    matter = ReadingMatter(passages=(Passage(text="Mara died."),))
    reading = asyncio.run(ParserReader(canon_of()).read(matter, None))  # type: ignore[arg-type]
    assert "tta-rebuild[parser]" in reading.note
    assert reading.objections == ()
