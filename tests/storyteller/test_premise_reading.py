"""A premise is read: who the player is, who else, where, what is at stake; rows by hand."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.storyteller.premise import CONFLICTS, TONES, PremiseReading, read_premise

# A premise, then what it says: name | role | pronouns of the player and of others, and the place.
READ_BY_HAND = """\
A keeper, Joe, tends the lighthouse with his wife Clara while a storm nears
  you: Joe | a keeper | he
  Clara | your wife | she
  at: at the lighthouse
I'm a detective in 1920s Cairo looking for my missing brother Sam
  you: | a detective |
  Sam | your missing brother | he
  | the police | they
  at: in Cairo
My grandmother's bakery is about to close
  you: |  |
  | your grandmother | she
  | the customers | they
  at: in your grandmother's bakery
You wake up in a hospital with no memory, and the nurse says you have been asleep for ten years.
  you: |  |
  | the nurse |
  at: in the hospital
A lonely astronaut receives a message from a ship that vanished a century ago.
  you: | a lonely astronaut |
  | mission control | they
  at: on the ship
Two sisters inherit an old house by the sea, and one of them hears voices in the walls.
  you: | a sister | she
  | the other sister | she
  at: in the old house
Write about a thief who steals something they can't give back.
  you: | a thief |
  at: here
In a city where nobody dreams, a boy starts selling nightmares.
  you: | a boy | he
  at: in the city
Every night at 3 am your phone rings and a child asks for her mother.
  you: |  |
  | the child | she
  | the child's mother | she
  at: at your home
You are the king's food taster. Today the soup tastes of almonds.
  you: | a king's food taster |
  | the king | he
  at: in the throne room
Dr. Elena Marsh has discovered a cure for aging, but her assistant wants to sell it.
  you: Dr Elena Marsh |  | she
  | your assistant |
  at: here
After the war, a pianist returns to her village to find that no one remembers her.
  you: | a pianist | she
  | the villagers | they
  at: in the village
A group of teenagers break into an abandoned amusement park on Halloween night.
  you: | a teenager |
  | the other teenagers | they
  at: in the abandoned amusement park
You have just married the prince, and on the wedding night he tells you he is a frog.
  you: |  |
  | the prince | he
  | the wedding guests | they
  at: at your home
My boss has invited me to dinner at his mansion, and I am the only guest.
  you: | a guest |
  | your boss | he
  at: at the mansion
Your roommate is a vampire who pays rent in gold coins from the 1600s.
  you: |  |
  | your roommate |
  at: in the old house
A mother writes letters to the son she lost in the war.
  you: | a mother | she
  | the son | he
  at: at your desk
The Clockmaker's Daughter
  you: | a clockmaker's daughter | she
  | the clockmaker |
  at: here
Letters from the Moon
  you: |  |
  at: at your desk
Winter in Prague
  you: |  |
  at: in Prague
I was the best assassin in the guild until I fell in love with my target, Rosa.
  you: | an assassin |
  Rosa | your target | she
  at: here
Tom and Lily are trapped in an elevator during a blackout.
  you: Tom |  | he
  Lily |  | she
  at: in the elevator
An old fisherman catches a mermaid who asks him for one favour.
  you: | an old fisherman | he
  | the mermaid | she
  at: here
The villagers say that nobody who enters the forest comes back. Your daughter has gone in.
  you: |  |
  | the villagers | they
  | your daughter | she
  at: in the forest
A prisoner on death row is granted one last wish by a strange guard.
  you: | a prisoner |
  | the strange guard |
  | the other prisoners | they
  at: in the prison
Captain Ahab's great-granddaughter runs a whale-watching tour.
  you: | Captain Ahab's great-granddaughter |
  at: here
You're a librarian. One day a book is returned that was borrowed 200 years ago.
  you: | a librarian |
  at: in the library
[WP] Your pet parrot starts to speak in the voice of your dead father.
  you: |  |
  | your dead father | he
  at: here
She was a nurse. He was a soldier. They met at the train station the day the war began.
  you: | a nurse | she
  | the soldier | he
  | the other passengers | they
  at: at the train station
A time traveler keeps visiting the same coffee shop on the same day, hoping to save the waitress.
  you: | a time traveler |
  | the waitress | she
  | the customers | they
  at: in the coffee shop
The princess doesn't want to be rescued. She and the dragon have an arrangement.
  you: | a princess | she
  | the dragon |
  at: in the castle
Tell me the story of a blind painter and her rival.
  you: | a blind painter | she
  | your rival |
  at: here
Alone on a desert island, a chef finds a crate full of spices.
  you: | a chef |
  at: on the desert island
God quits. The job is offered to you.
  you: |  |
  at: in the temple
A small-town sheriff, Ellen Ward, hides the fact that her husband robbed the bank.
  you: Ellen Ward | a small-town sheriff | she
  | your husband | he
  at: at the bank
You can't lie. You are about to be called as a witness in your best friend's trial.
  you: | a witness |
  | your best friend |
  | the judge |
  at: in the courtroom
The colony ship Hope has been flying for 300 years, and the crew has forgotten why.
  you: | one of a crew |
  | the rest of the crew | they
  at: on the colony ship
Your twin brother comes home after seven years, but something about him is wrong.
  you: |  |
  | your twin brother | he
  at: at your home
An elderly couple run the only inn on a mountain pass, and a wounded stranger knocks at the door.
  you: | one of an elderly couple |
  | the wounded stranger |
  | your spouse |
  at: on the mountain pass
Make it funny: a knight who is afraid of horses must ride to save the kingdom.
  you: | a knight |
  at: in the castle
I never learned to swim, and now the ship is sinking.
  you: |  |
  at: on the ship
The doctor told my wife that she has a year to live. She wants to rob a bank.
  you: |  |
  | the doctor |
  | your wife | she
  at: at the bank
Maya, a cartographer, must deliver a map to the rebels before dawn.
  you: Maya | a cartographer | she
  | the rebels | they
  at: here
You and your sister Anna run a circus that is losing money.
  you: |  |
  Anna | your sister | she
  at: in the circus
A story without violence: two old friends meet at a funeral.
  you: | an old friend |
  | the other old friend |
  | the mourners | they
  at: at the funeral
Jack is a postman in a village of witches.
  you: Jack | a postman | he
  | the witches | they
  | the villagers | they
  at: in the village
You work as a translator for the aliens. You have just mistranslated on purpose.
  you: | a translator |
  | the aliens | they
  at: here
A retired thief is asked for one last job by her own daughter.
  you: | a retired thief | she
  | your daughter | she
  at: here
I am a ghostwriter, and the senator whose memoir I am writing has just confessed to a murder.
  you: | a ghostwriter |
  | the senator |
  | the police | they
  at: at your desk
As the youngest knight of the realm, you are sent to negotiate with a giant.
  you: | a knight |
  | the giant |
  at: in the castle
The train stops in a tunnel and all the other passengers are gone.
  you: |  |
  | the passengers | they
  at: in the tunnel
Sir Gareth and his squire Pip ride through a forest that moves at night.
  you: Sir Gareth |  | he
  Pip | your squire |
  at: in the forest
A nun finds a baby on the steps of the convent in the middle of a snowstorm.
  you: | a nun | she
  | the baby |
  at: in the convent
The mayor of a small town discovers that all of its citizens are clones, including his wife.
  you: | a mayor | he
  | the citizens | they
  | your wife | she
  at: in the small town
My daughter's imaginary friend knows things about my past that nobody could know.
  you: |  |
  | your daughter | she
  | your daughter's imaginary friend |
  at: here
It's 1943. Marta hides a pilot in her attic.
  you: Marta |  | she
  | the pilot |
  at: in the attic
An inventor builds a machine that can undo a single mistake.
  you: | an inventor |
  at: here
After your funeral, you wake up on a bus.
  you: |  |
  | the mourners | they
  at: on the bus
You are one of five strangers locked in a museum overnight.
  you: | a stranger |
  at: in the museum
The siege has lasted a year. Captain Rolf must decide whether to surrender the castle.
  you: Captain Rolf |  |
  at: in the castle
A teacher finds a gun in a pupil's bag.
  you: | a teacher |
  | the pupil |
  at: at the school
the old mill
  you: |  |
  at: in the old mill
Midnight at the Museum
  you: |  |
  at: at the museum
A cook in the royal kitchen is ordered to poison the queen's supper.
  you: | a cook |
  | the queen | she
  at: in the royal kitchen
Sam and his dog are the last survivors on Mars.
  you: Sam |  | he
  | your dog |
  at: on Mars
You inherit your uncle's pawnshop and find a door in the cellar that was not there yesterday.
  you: |  |
  | your uncle | he
  | the customers | they
  at: in the cellar
Grandpa never talked about the war until the day a stranger came to his door.
  you: |  |
  | your grandpa | he
  | the stranger |
  at: in the old house
You, a humble baker, have been mistaken for the king.
  you: | a humble baker |
  | the king | he
  at: in the throne room
The witch's apprentice accidentally turned her into a toad, and the villagers are at the gate.
  you: | a witch's apprentice |
  | the witch | she
  | the villagers | they
  at: at the gate
Two rival chefs fall in love during a cooking contest.
  you: | a rival chef |
  | the other rival chef |
  at: in the kitchen
The prime minister's translator, Ines Duarte, hears something she should not have heard.
  you: Ines Duarte | a prime minister's translator | she
  | the prime minister |
  at: in the government office
A boy and his robot walk across the desert to find the sea.
  you: | a boy | he
  | your robot | it
  at: in the desert
Your wife Helen has been replaced by someone who looks exactly like her.
  you: |  |
  Helen | your wife | she
  at: here
The monks of the mountain monastery have kept silent for a century; today the youngest one speaks.
  you: | a monk | he
  | the other monks | they
  at: in the mountain monastery
I work the night shift at a petrol station in the desert, and the same car comes by every hour.
  you: |  |
  at: at the petrol station
A hitman's next target is his own sister, a nun.
  you: | a hitman | he
  | your sister | she
  at: in the church
You were kidnapped by pirates when you were six.
  you: |  |
  | the pirates | they
  at: here
A killer walks among us.
  you: |  |
  | the killer |
  at: here
Amara, an interpreter, knows the voice of the accused.
  you: Amara | an interpreter |
  at: here
Old Matthias Brandt had run the ferry since his wife Hedwig died.
  you: Matthias Brandt |  | he
  Hedwig | your wife | she
  at: on the ferry
We are the last crew of the station, and the air is going.
  you: | one of a crew |
  at: at the station
"""


def rows() -> list[tuple[str, str, list[str], str]]:
    found: list[tuple[str, str, list[str], str]] = []
    for line in READ_BY_HAND.splitlines():
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
    assert reading.conflict in CONFLICTS
    assert reading.tone in TONES


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

    assert reading.understood == "You are Joe, a keeper; Clara is your wife; at the lighthouse."


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
        ("A storm comes down on a hut in the mountains.", "survive"),
        ("The siege has lasted a year.", "survive"),
        ("Ingrid must bring a parcel across the border.", "deliver"),
        ("You are held in a tower.", "escape"),
        ("My brother is missing.", "find"),
        ("A teacher hides from the school that she can't read.", "hide"),
        ("My wife lies to me about Thursdays.", "unmask"),
        ("Something strange is in the well, and it sings.", "understand"),
        ("Two villages go to war over a goat.", "fight"),
        ("It is the last day of the lighthouse; it closes at noon.", "part"),
        ("A bodyguard minds a child whom nobody wants alive.", "protect"),
        ("Two boys find themselves in an empty town.", "understand"),
    ],
)
def test_what_the_story_is_about_is_told_by_the_words_of_the_premise(
    premise: str, conflict: str
) -> None:
    assert read_premise(premise).conflict == conflict


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
