"""A premise is read: who the player is, who else, where, what is at stake; rows by hand."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.storyteller.premise import PremiseReading, read_premise
from tta_rebuild.storyteller.premise_cues import labels_of
from tta_rebuild.storyteller.word_lists import word_table

READ_BY_HAND = Path(__file__).with_name("premises.txt")


def rows() -> list[tuple[str, str, list[str], str]]:
    found: list[tuple[str, str, list[str], str]] = []
    for line in READ_BY_HAND.read_text("utf-8").splitlines()[1:]:
        said = line.strip()
        if not line.startswith("  "):
            found.append((said, "", [], ""))
            continue
        premise, you, people, at = found[-1]
        if said.startswith("you:"):
            you = said.removeprefix("you:").strip()
        elif said.startswith("at:"):
            at = said.removeprefix("at:").strip()
        else:
            people = [*people, said]
        found[-1] = (premise, you, people, at)
    return found


def people_of(reading: PremiseReading) -> list[str]:
    return [f"{p.name} | {p.role} | {p.pronouns}".strip() for p in reading.people]


@pytest.mark.parametrize(("premise", "you", "people", "at"), rows())
def test_a_premise_is_read_as_a_person_reads_it(
    premise: str, you: str, people: list[str], at: str
) -> None:
    reading = read_premise(premise)

    said = f"{reading.you.name} | {reading.you.role} | {reading.you.pronouns}".strip()
    assert said == you
    assert reading.at == at
    assert set(people) <= set(people_of(reading))
    assert reading.conflict in word_table("premise_topics")["conflict"]
    assert reading.tone in {"plain", *labels_of("tone")}


def test_a_premise_is_read_the_same_under_another_hash_seed() -> None:
    program = (
        "import sys;from tta_rebuild.storyteller.premise import read_premise;"
        "told=[read_premise(line) for line in sys.stdin];"
        "print([(r.tone,r.surroundings,r.conflict,r.situation,r.likely,r.is_modern,r.understood,"
        "[p.odds for p in r.people]) for r in told])"
    )
    premises = "\n".join(premise for premise, *_ in rows())
    read = {
        subprocess.run(
            [sys.executable, "-c", program], input=premises, capture_output=True, check=True,
            timeout=60, encoding="utf-8", env={"PYTHONHASHSEED": seed, "PATH": ""},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip

    assert len(read) == 1


@pytest.mark.parametrize(
    ("premise", "told"),
    [
        (
            "A keeper, Joe, tends the lighthouse with his wife Clara while a storm nears",
            "You are Joe, a keeper. "
            "You tend the lighthouse with your wife Clara while a storm nears.",
        ),
        ("My dog Rex knows what I did.", "Your dog Rex knows what you did."),
        (
            "A nurse finds a letter and hides it. She never talks about it.",
            "You are a nurse. You find a letter and hide it. You never talk about it.",
        ),
        (
            "A prisoner on death row is granted a last wish by a strange guard.",
            "You are a prisoner on death row. You are granted a last wish by a strange guard.",
        ),
        (
            "Write a story in which a boy slowly loses his shadow.",
            "You are a boy. You slowly lose your shadow.",
        ),
        (
            "An old man feeds the pigeons every day. Today the pigeons feed him.",
            "You are an old man. You feed the pigeons every day. Today the pigeons feed you.",
        ),
        (
            "A hitman's next target is his own sister, a nun.",
            "You are a hitman. Your next target is your own sister, a nun.",
        ),
        ("A killer walks among us.", "A killer walks among you."),
        (
            "Jack is a postman. He isn't happy and hasn't slept.",
            "You are Jack. You are a postman. You aren't happy and haven't slept.",
        ),
        # Two who could be "he": nobody is made "you" in the wrong place.
        (
            "Mark tells his rival Peter that he has lost.",
            "Mark tells his rival Peter that he has lost.",
        ),
        ("Two brothers share a secret.", "Two brothers share a secret."),
    ],
)
def test_the_statements_are_told_to_the_player_where_nobody_else_can_be_meant(
    premise: str, told: str
) -> None:
    assert " ".join(read_premise(premise).told) == told


@pytest.mark.parametrize(
    "premise", ["The Clockmaker's Daughter", "Write a story about an old dog.", "Who are you?"]
)
def test_a_title_an_order_to_a_writer_and_a_question_tell_nothing(premise: str) -> None:
    assert read_premise(premise).told == ()


def test_the_reading_is_said_in_one_line() -> None:
    reading = read_premise("A keeper, Joe, tends the lighthouse with his wife Clara.")

    who = "You are Joe, a keeper; Clara is your wife; at the lighthouse"
    assert reading.understood == f"{who}."  # what they want is asked


def test_what_the_player_wants_is_said_in_that_line_where_it_is_known() -> None:
    assert "; you want to mend the lamp." in read_premise("You must mend the lamp.").understood


def test_what_players_and_authors_say_of_people_binds() -> None:
    characters = [
        {"name": "Clara", "description": "your wife", "pronouns": "she"},
        {"name": "Ada", "description": "a keeper", "pronouns": "she", "is_player": True},
        {"name": "Bo", "description": "the inspector, tired", "pronouns": "they"},
    ]
    reading = read_premise("A keeper tends a lighthouse. An inspector comes.", characters)

    assert (reading.you.name, reading.you.role, reading.you.pronouns) == ("Ada", "a keeper", "she")
    assert people_of(reading) == ["Clara | your wife | she", "Bo | the inspector | they"]
    assert reading.understood.startswith("You are Ada, a keeper; Clara is your wife; Bo is the")


@pytest.mark.parametrize(
    ("premise", "conflict"),
    [
        ("We have been adrift on the raft for nine days.", "survive"),
        ("No water is left on the raft.", "survive"),
        ("Ingrid must bring a parcel across the border.", "deliver"),
        ("You are held in a tower.", "escape"),
        ("My brother is missing.", "find"),
        ("A teacher hides from the school that she can't read.", "hide"),
        ("He wants my answer by noon: stay or go.", "decide"),
        ("Nobody can explain why every clock in town has stopped.", "understand"),
        ("There has been a strike.", "fight"),
        ("I must decide whether to keep the mill pond.", "decide"),
        ("It is the last day of the lighthouse; it closes at noon.", "farewell"),
        ("A bodyguard minds a child whom nobody wants alive.", "protect"),
        ("Two boys sit here.", "understand"),
    ],
)
def test_what_the_story_is_about_is_told_by_the_words_of_the_premise(
    premise: str, conflict: str
) -> None:
    read = read_premise(premise)

    assert conflict in (read.conflict, *read.likely)


@pytest.mark.parametrize(
    ("premise", "cannot"),
    [
        ("A man never sleeps.", ("sleep",)),
        ("You can't lie. Tomorrow is the trial.", ("lie",)),
        ("You have never been to the sea.", ()),
        ("My neighbour never sleeps.", ()),
        ("A teacher who cannot read hides it.", ("read",)),
    ],
)
def test_what_the_premise_says_that_one_never_does(premise: str, cannot: tuple[str, ...]) -> None:
    assert read_premise(premise).cannot == cannot


def test_what_the_story_must_leave_out() -> None:
    reading = read_premise("Write a ghost story with no blood or death, please.")

    assert reading.excluded == ("blood", "death")
    assert read_premise("There is no law in this town.").excluded == ()


@pytest.mark.parametrize(
    "premise",
    [
        "Ein alter Mann sitzt am Meer und wartet auf seine Tochter, die nie zurückkommt.",
        "Un détective cherche son frère disparu dans les rues du Caire pendant la guerre.",
        "Una mujer encuentra una carta en la casa de su abuela y no sabe quién la escribió.",
        "猫が毎朝傷だらけで帰ってくる。",
        "Старый маяк гаснет, и никто не знает почему.",
    ],
)
def test_a_premise_in_another_language_is_told_as_it_is_and_nothing_is_claimed(
    premise: str,
) -> None:
    reading = read_premise(premise)

    assert reading.told == (premise,)
    assert (reading.you.role, reading.people, reading.places, reading.at) == ("", (), (), "here")


@pytest.mark.parametrize("premise", ["", "   ", "\n", "?!", "1 and 2", "…", "“", "a", "The", "’s"])
def test_a_premise_of_next_to_nothing_is_no_error(premise: str) -> None:
    reading = read_premise(premise)

    assert reading.at == "here"
    assert not reading.people


def test_a_long_premise_is_read_in_time() -> None:
    long = "A keeper, José, tends the lighthouse with his wife Clára while a storm nears. " * 80
    read_premise("A keeper tends a lamp.")  # the word lists, which are loaded once
    start = time.process_time()
    reading = read_premise(long)

    assert time.process_time() - start < 0.5
    assert (reading.you.name, reading.at) == ("José", "at the lighthouse")
    assert len(" ".join(reading.told).split()) < 90


WORDS = st.sampled_from(
    "a the my your his her their two Joe Clara's wife keeper king's of in at with who never is was "
    "ship lighthouse soldiers people couple dies kills writes write about you I , . ! ? … ' ’ “ ” "
    "AI In Paris Dr. named someone somebody's imagine story where children é 1920s -".split()
)


@given(st.lists(WORDS, max_size=25).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_no_premise_is_an_error(premise: str) -> None:
    reading = read_premise(premise, [{"name": "Bo", "description": "your friend"}])

    assert reading.understood.startswith("You are ")
    assert reading.people[0].name == "Bo"
    assert all(person.name or person.role for person in reading.people)
    assert not any(phrase != phrase.strip() for phrase in (*reading.places, *reading.things))


def test_the_same_premise_is_read_once() -> None:
    assert read_premise("A spy comes home.") is read_premise("A spy comes home.")


@pytest.mark.parametrize(
    ("premise", "you", "others"),
    [
        ("I am Inez, the cabin boy, and Tomas is marooned with me.", "Inez", ["Tomas"]),
        ("I'm Nadia, a violin maker. My old lover Viktor wants my shop.", "Nadia", ["Viktor"]),
        ("My name is Karl and my brother is missing.", "Karl", [""]),
    ],
)
def test_who_says_i_am_somebody_is_the_player_and_nobody_else(
    premise: str, you: str, others: list[str]
) -> None:
    reading = read_premise(premise)

    assert reading.you.name == you
    assert [person.name for person in reading.people if person.name != you][:1] == others
    assert all(person.name != you or not you for person in reading.people)


def test_a_statement_is_told_with_its_article_right_and_no_quotation_left_open() -> None:
    told = read_premise("You are a immortal, Ada thinks. It's one you don't walk away from…”").told

    assert "an immortal" in told[0]
    assert told[-1].endswith("from…")


@pytest.mark.parametrize(
    "said", ["my neighbour mr brandt hates me", "I am late and mr brandt shouts"]
)
def test_a_title_in_small_letters_has_its_name_with_it(said: str) -> None:
    assert "Mr Brandt" in [person.name for person in read_premise(said).people]


def test_no_story_opens_in_a_person() -> None:
    read = read_premise(
        "Rusk, an old ferryman, must bring the last foal, Nettle, down from Cold Moor before dark."
    )
    assert "Nettle" not in read.at
    assert "Nettle" not in read.places


def test_what_is_hers_belongs_to_a_woman_rather_than_to_a_noun_of_no_gender() -> None:
    read = read_premise(
        "You want the mill. Marguerite owns it and keeps six silent lodgers. Her old partner Oskar "
        "cannot keep quiet."
    )
    oskar = next(person for person in read.people if person.name == "Oskar")
    assert oskar.role == "Marguerite's old partner"


@pytest.mark.parametrize(
    ("premise", "hero"),
    [
        (
            "The council has closed the well, and Imre, the youngest of the carriers, must say so.",
            "Imre",
        ),
        ("Six cellists led by Odile plan to steal back their rehearsal room.", "Odile"),
        ("Old Barend is dying in the back room. Famke has one night to make him sign.", "Famke"),
        ("A mule named Colonel is elected to the board of the mill.", "Colonel"),
        ("Ragna the net mender comes to a harbour that is on no map.", "Ragna"),
        (
            "Every Sunday the new boy at the orphanage, Lorcan, is asked to carve the roast.",
            "Lorcan",
        ),
        ("Here you can pawn a year of your life. Ines has pawned all but one.", "Ines"),
        ('"You have until Friday," they told Oda Brandt. She has two ledgers left.', "Oda Brandt"),
    ],
)
def test_the_player_is_whom_a_premise_is_about(premise: str, hero: str) -> None:
    assert read_premise(premise).you.name == hero


@pytest.mark.parametrize(
    ("premise", "role"),
    [
        ("I'm eleven. The lift man lets me work the lever.", "an eleven-year-old"),
        ("My aunt Perpetua has hidden a tiger in the wash house.", "a niece or nephew"),
        ("Our landlady speaks to the pipes, and they answer her.", "a tenant"),
        ("You inherit a windmill and the debt that turns it.", "an heir"),
        ("Captain Roos will not leave her charts. You are her apprentice.", "an apprentice"),
        ("You died a miser, and the clerks of heaven have lost your file.", "a miser"),
        ("A fox has moved into my bakery and pays in eggs.", "an owner"),
        ("She sold him the ferry for a song. He sold her the tune.", "a woman"),
        ("The letter was meant for you, a retired umpire from Leeds.", ""),
    ],
)
def test_what_you_are_is_read_from_what_is_yours(premise: str, role: str) -> None:
    assert read_premise(premise).you.role == role


@pytest.mark.parametrize(
    ("premise", "role"),
    [
        ("I am a rumour. I was born on a bus in Hull.", "a rumour"),
        ("u r a juggler with a sore thumb", "a juggler"),
        ("A kite and a swallow are friends, and you, the kite, hang in a tree.", "a kite"),
        ("I'm a photocopier in an office and I want to see the sea.", "a photocopier"),
        ("You are a stone's throw from home.", ""),
        ("I am a bit late for the feast.", ""),
        ("He has been dead since Monday.", "a man"),
        ("My aunt bought a talking oven and it's a spy.", "a niece or nephew"),
    ],
)
def test_whoever_you_are_said_to_be_is_played(premise: str, role: str) -> None:
    assert read_premise(premise).you.role == role


def test_whoever_is_named_and_has_a_role_comes_before_the_others() -> None:
    read = read_premise("The guests wait. A stranger knocks. I and my brother Ivo open the door.")

    assert [one.name or one.role for one in read.people] == ["Ivo", "the stranger", "the guests"]


def test_a_premise_that_names_its_people_has_no_others() -> None:
    alone, named = (
        read_premise(f"I'm a detective in Cairo, and {who} is missing.")
        for who in ("a ruby", "my brother Sam")
    )

    assert "the police" in [one.role for one in alone.people]
    assert [one.name for one in named.people] == ["Sam"]


def test_a_funeral_that_is_over_is_no_place() -> None:
    assert read_premise("Since the funeral Ann does not speak to her brother Bo.").at == "here"
    assert read_premise("At the funeral Ann meets her brother Bo.").at == "at the funeral"


def test_what_haste_makes_of_your_is_read() -> None:
    told = read_premise("you are a thief and ur brother is on a train. ur going to jump").told

    assert told == ("You are a thief and your brother is on a train.", "You're going to jump.")


@pytest.mark.parametrize(
    ("premise", "people"),
    [
        ("Ilse is a mechanic on the ice hauler Cormorant. The cook, Dov, is here.", {"Dov"}),
        ("Ann has a letter: Matthias, the beekeeper next door, is Edmund's real father.",
         {"Matthias", "Edmund"}),
    ],
)  # fmt: skip
def test_a_ship_is_nobody_and_nobody_is_there_twice(premise: str, people: set[str]) -> None:
    assert {one.name or one.role for one in read_premise(premise).people} == people


def test_nobody_is_their_own_brother() -> None:
    read = read_premise("Major Dacre sits. Captain Dacre, his brother, stands. You are Anselm.")

    assert "Captain Dacre's brother" not in [one.role for one in read.people]
