"""Who a premise speaks of, where it plays, what it states: wordings that were once misread."""

from __future__ import annotations

import pytest

from tta_rebuild.storyteller.casting import cast_of
from tta_rebuild.storyteller.fact_wording import FactWording, Finite, Mentioned, PremiseFact
from tta_rebuild.storyteller.premise import read_premise
from tta_rebuild.storyteller.premise_people import pronouns_of
from tta_rebuild.storyteller.world_state import NOWHERE


@pytest.mark.parametrize(
    ("premise", "fact"),
    [
        ("My father Bram has sold the boat, and he means to go.", "Bram means to go"),
        (
            "The king has stolen the voice of my sister.",
            "the king has stolen the voice of your sister",
        ),
        ("The king Aro has stolen the voice of me.", "Aro has stolen your voice"),
    ],
)
def test_who_is_known_to_be_meant_is_meant(premise: str, fact: str) -> None:
    read = read_premise(premise)
    facts = [FactWording(pronouns_of(read.people)).told(one) for one in read.facts]

    assert any(fact in one for one in facts), facts


@pytest.mark.parametrize(
    ("premise", "name", "role"),
    [
        ("im priya, the new shift manager. My boss Marta has left.", "Priya", "manager"),
        ("i'm kofi, 14, and My friend Ada is late.", "Kofi", ""),
        ("my name is lou and i run the ferry at Ross.", "Lou", ""),
        ("I'm tired, the train is late. My boss Marta has left.", "", ""),
    ],
)
def test_ones_own_name_needs_no_capital(premise: str, name: str, role: str) -> None:
    you = read_premise(premise).you

    assert you.name == name
    assert role in you.role


def test_nobody_is_after_themselves() -> None:
    wishes = read_premise("I am Tess. My sister Bea has told the teacher that I copied.").wishes

    assert wishes
    assert not [one for one in wishes if "Tess" in one]


def test_whom_nobody_has_seen_is_missing_and_sought() -> None:
    theme = (
        "Somebody clocks in for Oleg who nobody has seen for two weeks. My boss Marta says that he "
        "is ill. I want to find out what has happened to him."
    )
    cast = cast_of({"theme": theme, "seed": "1"}, {})

    assert cast.start["oleg.at"] == NOWHERE
    assert cast.premise.matter == "Oleg"
    assert cast.name.startswith("plots/find.person")


def test_a_name_behind_what_says_more_of_it_is_the_place() -> None:
    read = read_premise("I am the porter of the closed Hotel Marmont. The maid Bette has vanished.")

    assert "closed" not in read.at
    assert any("Hotel Marmont" in place for place in read.places)


def test_a_sheet_of_paper_is_no_place() -> None:
    read = read_premise("Somebody has looked in the answer sheet. I am a pupil of the old school.")

    assert "sheet" not in read.at


def test_a_ward_is_where_a_nurse_works_and_no_third_person() -> None:
    read = read_premise("im tova, night nurse, and old mr Ives swears someone on the ward is lying")

    assert (read.you.name, read.you.role) == ("Tova", "a night nurse")
    assert [p.name for p in read.people] == ["Mr Ives"]


def test_a_name_among_foreign_words_makes_no_premise_foreign() -> None:
    read = read_premise("Retired officer Hester Muir finds Callum Rae dead. His sister Una lies.")

    assert read.you.name
    assert any(p.name == "Una" for p in read.people)


def test_what_stands_bare_before_a_name_is_what_they_are() -> None:
    read = read_premise("Apothecary Bianca Loredan hides her brother Matteo in the cellar.")

    assert (read.you.name, read.you.role) == ("Bianca Loredan", "an apothecary")


def test_what_is_so_only_if_is_no_fact() -> None:
    facts = read_premise("My driver Tom has lied. If I report him, Tom loses his job.").facts

    assert [fact.does for fact in facts if fact.doer == "Tom"] == ["lied"]


def test_whoever_tells_of_themselves_is_played() -> None:
    theme = "Senator Whitlow has a chief, Corinne, and she has asked me, the intern, to lie."

    assert read_premise(theme).you.name == ""
    assert read_premise("Tell me a story about Ada, who must find her brother.").you.name == "Ada"


def test_a_monk_is_nobodys_brother() -> None:
    theme = "I am the novice. Our cook is out, and brother Anselm has hidden a wolf in the cellar."
    roles = {one.name: one.role for one in read_premise(theme).people}

    assert roles["Anselm"] == "the brother"


def test_the_late_are_not_there() -> None:
    theme = (
        "Marta wants to sell her late mother's farmhouse outside Ljubljana before winter. Her "
        "brother Anton, who nursed their mother through her last three years, refuses to sign and "
        "goes on sleeping in the kitchen."
    )
    cast = cast_of({"theme": theme, "seed": "1"}, {"wish": "get Anton to sign"})

    assert cast.start["late_mother.at"] == NOWHERE
    assert not cast.start.get("late_mother.unplaced")


def test_rain_is_nobodys_doing() -> None:
    facts = read_premise("My friend Bea has sold her half. It is raining.").facts

    assert [fact.does for fact in facts] == ["sold"]


@pytest.mark.parametrize(
    ("name", "description", "role"),
    [
        ("my mother", "dead", "your late mother"),
        ("Edmund", "he drowned last year", "your late brother"),
        ("Edmund", "drowned last year", "your late brother"),
        ("my uncle", "buried on Monday", "your late uncle"),
    ],
)
def test_who_is_said_to_be_dead_is_not_there(name: str, description: str, role: str) -> None:
    theme = "My mother and my brother Edmund keep the orchard. Edmund wants to sell it."
    said = [{"name": name, "description": description, "character_id": "x"}]
    people = read_premise(theme, said).people
    start = cast_of({"theme": theme, "seed": "1", "characters": said}, {}).start

    assert [one.role for one in people if "late" in one.role] == [role]
    assert [at for key, at in start.items() if key.endswith(".at")].count(NOWHERE) == 1


def test_every_member_of_a_crew_is_nobody_of_its_own() -> None:
    theme = "You are the medic. Every member of the crew has had the same dream."

    assert "the member" not in [one.role for one in read_premise(theme).people]


def test_a_fact_does_not_break_off() -> None:
    theme = (
        "You are the second mate. Captain Brandt refuses to turn back for the lifeboat that the "
        "wireless boy Tobin swears he heard calling, because a submarine may be using it as bait."
    )
    read = read_premise(theme)
    (refused,) = (fact for fact in read.facts if fact.doer.endswith("Brandt"))

    told_of = FactWording(pronouns_of(read.people)).told(refused)
    assert told_of == "Captain Brandt refuses to turn back for the lifeboat"


@pytest.mark.parametrize(
    ("theme", "at", "is_placed"),
    [
        ("I work on the ward. My sister Ida is there.", "on the ward", True),
        ("My aunt Ida lives with my cousin Bo in Cornwall.", "in Cornwall", False),
        ("Since the funeral of my aunt I live with Bo in the barn.", "in the barn", True),
        ("I found the note in the pocket of the coat.", "here", False),
        ("A shipmate has got off the bus.", "here", False),
    ],
)
def test_where_it_plays_is_known_by_the_name_of_the_place(
    theme: str, at: str, is_placed: bool
) -> None:
    read = read_premise(theme)

    assert (read.at, read.is_placed) == (at, is_placed)
    assert bool(cast_of({"theme": theme, "seed": "1"}, {}).passing) is is_placed


def test_who_says_what_they_are_is_not_you_twice() -> None:
    theme = "Priya is the night pharmacist at a city hospital. Callum wants her to sign the sheet."
    assert read_premise(theme).told[1] == "You are the night pharmacist at a city hospital."


def test_what_is_of_several_has_no_second_s() -> None:
    guests = Mentioned("the guests", "owner", is_pronoun=False, space=" ")
    pieces = (Finite("has", of="Tom"), " sat at", guests, " table")
    fact = PremiseFact(doer="Tom", pronoun="he", subject=(), pieces=pieces)

    assert FactWording({"the guests": "they"}).told(fact) == "Tom has sat at the guests’ table"
