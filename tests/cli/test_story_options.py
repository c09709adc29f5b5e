"""What the options say becomes a premise; what cannot be understood is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer

from tta_rebuild.cli.inputs import read_premises
from tta_rebuild.cli.story_options import StoryOptions, plot_named, premise_notes, premise_of
from tta_rebuild.core.errors import UnreadableFile
from tta_rebuild.engine.stories import MAX_THEME_CHARS
from tta_rebuild.safety import SafetyGate


def theme_as_told(text: str) -> str:
    return premise_of(text, StoryOptions()).theme


def test_a_character_may_have_goals_beside_a_voice() -> None:
    text = "Josk: a warden; wants: keep the gate shut; Wants: peace; speaks: gruff"
    (josk,) = premise_of("A wreck", StoryOptions(character=[text])).characters
    assert josk.goals == ("keep the gate shut", "peace")
    assert josk.voice.register == "gruff"


def test_a_character_may_have_a_voice() -> None:
    text = "Josk: a warden; stern=0.8; speaks: gruff; sentences: short; says: aye, mark me"
    options = StoryOptions(character=[f"{text}; never: please; line: Shut, it stays shut."], seed=1)
    (josk,) = premise_of("A wreck", options).characters

    assert josk.traits == {"stern": 0.8}
    assert (josk.voice.register, josk.voice.sentences) == ("gruff", "short")
    assert (josk.voice.says, josk.voice.never) == (("aye", "mark me"), ("please",))
    assert josk.voice.samples == ("Shut, it stays shut.",)


def test_a_character_has_a_name_a_description_and_traits() -> None:
    options = StoryOptions(
        character=["Mara Voss: a stubborn diver; brave=0.8, shy=0.1", "Ben"], seed=1
    )

    mara, ben = premise_of("A wreck", options).characters

    assert (mara.character_id, mara.name, mara.description) == (
        "mara_voss",
        "Mara Voss",
        "a stubborn diver",
    )
    assert mara.traits == {"brave": 0.8, "shy": 0.1}
    assert (mara.is_player, ben.is_player) == (True, False)


@pytest.mark.parametrize(
    ("options", "option", "says"),
    [
        (StoryOptions(character=[": nobody"]), "--character", "begin with a name"),
        (StoryOptions(character=["Mara; brave=9"]), "--character", "from 0 to 1"),
        (StoryOptions(character=["Mara; sings: low"]), "--character", "says nothing of a voice"),
        (StoryOptions(character=["Mara; sentences: tiny"]), "--character", "short, middling, long"),
        (StoryOptions(character=["Mara; brave=very"]), "--character", "from 0 to 1"),
        (StoryOptions(character=["Mara", "mara"]), "--character", "name of their own"),
        (StoryOptions(rule=["no_magic="]), "--rule", "is no rule"),
        (StoryOptions(boundary=["violence"]), "--boundary", "none, low, medium, high"),
        (StoryOptions(boundary=["violence=some"]), "--boundary", "none, low, medium, high"),
    ],
)
def test_a_wish_that_cannot_be_understood_is_named(
    options: StoryOptions, option: str, says: str
) -> None:
    with pytest.raises(typer.BadParameter, match=says) as caught:
        premise_of("A wreck", options)

    assert caught.value.param_hint == option


def test_a_rule_may_name_itself() -> None:
    premise = premise_of("A wreck", StoryOptions(rule=["No magic allowed here at all", "a=b = c"]))

    assert premise.rules == {"no_magic_allowed_here": "No magic allowed here at all", "a": "b = c"}


def test_boundaries_are_categories_with_levels() -> None:
    premise = premise_of("A wreck", StoryOptions(boundary=["Violence=LOW", "self harm=none"]))

    assert premise.boundaries == {"violence": "low", "self_harm": "none"}


@pytest.mark.parametrize(
    ("theme", "says"),
    [
        ("", "at least 3 characters"),
        (" \n\t ", "at least 3 characters"),
        ("\x00\x1b[2J\x07", "at least 3 characters"),
        ("ab", "at least 3 characters"),
        ("x" * 1_000_000, f"1,000,000 characters, at most {MAX_THEME_CHARS:,}"),
    ],
)
def test_a_theme_that_cannot_be_told_says_why(theme: str, says: str) -> None:
    with pytest.raises(typer.BadParameter, match=says):
        theme_as_told(theme)


def test_odd_unicode_is_kept_and_control_characters_are_not() -> None:
    assert (
        theme_as_told("Zoe\u0301 \x1b[31mund\x00 der Rege\u202en 雨 🎭")
        == "Zoé und der Regen 雨 🎭"
    )


def test_half_of_a_surrogate_pair_does_not_get_in() -> None:
    theme_as_told("a broken \udce9 byte").encode("utf-8")


def test_without_a_seed_each_story_has_its_own() -> None:
    seeds = {premise_of("A wreck", StoryOptions()).seed for _ in range(5)}

    assert len(seeds) == 5


def test_premises_come_as_json_or_as_plain_lines(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"id": "h1", "premise": "A wreck"}\n\nA plain line\n{"theme": "Third"}\n')

    assert [(line.name, line.theme) for line in read_premises(file)] == [
        ("h1", "A wreck"),
        ("3", "A plain line"),
        ("4", "Third"),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no premise"),
        (b'{"premise": "fine"}\n{broken\n', "line 2"),
        (b'{"id": 4}\n', 'no "premise"'),
        (b'{"premise": ["a"]}\n', 'no "premise"'),
        (b"caf\xe9 at night\n", "not UTF-8"),
        (b"\xff\xfe\x00\x00", "not UTF-8"),
    ],
)
def test_a_file_of_premises_that_cannot_be_used_is_refused_before_anything_begins(
    tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "p.jsonl"
    file.write_bytes(content)

    with pytest.raises((typer.BadParameter, UnreadableFile)) as caught:
        read_premises(file)

    assert says in f"{getattr(caught.value, 'param_hint', '')} {caught.value}"


def test_a_file_of_premises_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"nowhere\.txt cannot be read"):
        read_premises(tmp_path / "nowhere.txt")


@pytest.mark.parametrize("name", ["Łukasz", "İpek", "Ólafur Þór", "Đorđe", "ßeta", "Юлия", "玉"])
def test_an_id_keeps_every_letter_of_a_name(name: str) -> None:
    (sketch,) = premise_of("A wreck", StoryOptions(character=[name])).characters

    assert sketch.name == name
    letters = sum(c.isalpha() for c in name)
    assert len(sketch.character_id.replace("_", "")) == letters


def test_a_category_without_a_list_of_words_says_how_it_is_kept_out() -> None:
    premise = premise_of("A wreck", StoryOptions(boundary=["violance=none", "foo=low"]))

    understood, typo, foo = premise_notes(premise, "offline")

    assert understood.startswith("Understood: ")

    assert "did you mean violence?" in typo
    assert "that word and its forms are kept out, and nothing else" in typo
    assert "nothing is held back" in foo
    assert "spiders" in foo
    options = StoryOptions(boundary=["blood=none", "fear/horror=low"], plot="survive")
    known = premise_of("A wreck", options)
    assert len(list(premise_notes(known, "offline"))) == 1


def test_a_style_is_for_a_model_and_the_built_in_storyteller_says_so() -> None:
    premise = premise_of("A wreck", StoryOptions(style="weird"))

    assert [note[:13] for note in premise_notes(premise, "offline")][1:2] == ["Style 'weird'"]
    assert list(premise_notes(premise, "gemini:any")) == []


def test_a_slash_names_two_categories_and_both_are_kept_out() -> None:
    premise = premise_of("A wreck", StoryOptions(boundary=["fear/horror=none"]))

    assert SafetyGate(premise.boundaries).finding("It was a night of horror.") is not None


def test_the_plots_that_a_premise_could_also_be_of_are_named() -> None:
    premise = premise_of("Something knocks in the wall at night.", StoryOptions())
    told = replace(premise, plot="haunted")

    assert any("(/wrong " in note for note in premise_notes(premise, "offline"))
    assert [note for note in premise_notes(told, "offline") if "also be" in note] == []


@pytest.mark.parametrize(
    ("said", "plot"),
    [("contest", "contest"), ("plot: win back", "win_back"), ("Clara: your wife", ""), ("it", "")],
)
def test_a_plot_is_named_by_its_word_alone(said: str, plot: str) -> None:
    assert plot_named(said) == plot


def test_a_plot_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(typer.BadParameter, match=r"no plot 'bogus': take one of .*haunted"):
        premise_of("A wreck", StoryOptions(plot="bogus"))
