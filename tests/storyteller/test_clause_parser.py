"""Premises as dependency trees, by the packaged weights."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tta_rebuild.storyteller.clause_parser import ParsedWord, parse
from tta_rebuild.storyteller.premise import read_premise

MOST_BYTES = 2_500_000


def words_of(text: str) -> list[ParsedWord]:
    return [word for sentence in parse(text) for word in sentence]


def relations(text: str) -> set[tuple[str, str, str]]:
    """(head, relation, word) of every word; a root's head is ""."""
    words = words_of(text)
    return {
        ("" if word.head == word.index else words[word.head].text, word.relation, word.text)
        for word in words
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "My brother stole the mayor's horse.",
            "stole nsubj brother; stole dobj horse; horse poss mayor; - ROOT stole",
        ),
        (
            "The old woman gave her son a silver ring.",
            "gave nsubj woman; gave dative son; gave dobj ring; woman amod old",
        ),
        (
            "You are a baker in a small town.",
            "are nsubj You; are attr baker; baker prep in; in pobj town",
        ),
        ("She is afraid of the sea.", "is nsubj She; is acomp afraid; afraid prep of; of pobj sea"),
        (
            "The letters were hidden by the priest.",
            "hidden nsubjpass letters; hidden auxpass were; hidden agent by; by pobj priest",
        ),
        (
            "I want to find my father.",
            "want nsubj I; want xcomp find; find aux to; find dobj father",
        ),
        (
            "He thinks that the doctor lied.",
            "thinks ccomp lied; lied nsubj doctor; lied mark that",
        ),
        (
            "The man who killed the king lives next door.",
            "lives nsubj man; man relcl killed; killed nsubj who; killed dobj king",
        ),
        (
            "When the rain stopped, the children left the cave.",
            "left advcl stopped; stopped nsubj rain; left nsubj children; left dobj cave",
        ),
        (
            "Anna did not open the door and ran away.",
            "open neg not; open aux did; open conj ran; open cc and; open dobj door",
        ),
        ("He picked up the lantern.", "picked prt up; picked dobj lantern"),
        (
            "There is a stranger in the kitchen.",
            "is expl There; is attr stranger; in pobj kitchen",
        ),
    ],
)
def test_the_relations_of_plain_sentences_are_found(text: str, expected: str) -> None:
    wanted = {tuple(one.split(" ")) for one in expected.replace("- ROOT", " ROOT").split("; ")}

    assert wanted <= relations(text)


def test_a_careless_text_reads_as_a_careful_one() -> None:
    found = relations("i dont know who stole my dads boat")

    assert {
        ("know", "nsubj", "i"),
        ("know", "aux", "do"),
        ("know", "neg", "nt"),
        ("know", "ccomp", "stole"),
        ("stole", "dobj", "boat"),
    } <= found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't and won't go.", "I ca n't and wo n't go ."),
        ("I can’t see Dad’s car", "I ca n’t see Dad ’s car"),
        ("dont wait, im late", "do nt wait , i m late"),
        ("theres nobody, hes gone, wont you go", "there s nobody , he s gone , wo nt you go"),
        ("a well-known man—mine", "a well - known man — mine"),
        ("“Run!” she said...", "“ Run ! ” she said ..."),
        ("Mr. Bell paid $5 at 5pm (twice).", "Mr. Bell paid $ 5 at 5 pm ( twice ) ."),
        ("We cannot, we gotta, we're off", "We can not , we got ta , we 're off"),
        ("3 km/h; 10% of it", "3 km / h ; 10 % of it"),
    ],
)
def test_words_are_cut_as_spacy_cuts_them(text: str, expected: str) -> None:
    assert [word.text for word in words_of(text)] == expected.split(" ")


def test_sentences_are_told_apart_and_words_are_numbered_over_the_whole_text() -> None:
    text = "A ship sinks. Nobody knows why! You were aboard.\n\nNow they ask you"
    sentences = parse(text)

    assert [s[0].text for s in sentences] == ["A", "Nobody", "You", "Now"]
    assert [w.index for s in sentences for w in s] == list(range(len(words_of(text))))


@given(st.text())
def test_every_word_stands_where_it_says_and_hangs_on_one_of_its_sentence(text: str) -> None:
    sentences = parse(text)
    for sentence in sentences:
        own = {word.index for word in sentence}
        assert [w.index for w in sentence if w.head == w.index and w.relation == "ROOT"]
        assert sum(w.head == w.index for w in sentence) == 1
        for word in sentence:
            assert text[word.start : word.start + len(word.text)] == word.text
            assert word.head in own
            assert word.relation
            assert word.tag
    assert "".join(w.text for s in sentences for w in s) == "".join(text.split())


@pytest.mark.parametrize("text", ["", " ", "\n\n \t", "\u00a0"])
def test_a_text_without_words_has_no_sentences(text: str) -> None:
    assert parse(text) == ()


@pytest.mark.parametrize(
    "text", ["🐉🐉 fly", "\u200bLo\u0301la waits", "数 ١٢ ß", "\ud800 lone", "-", "'s"]
)
def test_odd_characters_are_words_like_others(text: str) -> None:
    assert "".join(word.text for word in words_of(text)) == "".join(text.split())


@pytest.mark.parametrize(
    "unit", ["the dog that saw my sister ran and ", "((((((((((( ", "a.b", "("]
)
def test_the_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    def seconds(text: str) -> float:
        begin = time.process_time()
        parse(text)
        return time.process_time() - begin

    parse("warm")
    short = min(seconds(unit * 150) for _ in range(3))
    long = min(seconds(unit * 1500) for _ in range(2))

    assert long < 25 * max(short, 0.002)


def test_five_thousand_words_are_read() -> None:
    assert len(words_of("the old man sold a boat " * 834)) == 5004


def test_the_weights_are_small_and_untouched_by_an_import() -> None:
    data = files("tta_rebuild.storyteller").joinpath("data").joinpath("clause_parser.bin")
    code = (
        "from tta_rebuild.storyteller import clause_parser as c;"
        "print(c.clause_model.cache_info().currsize);"
        "c.parse('A');c.parse('B');print(c.clause_model.cache_info().misses)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert len(data.read_bytes()) <= MOST_BYTES
    assert ran.stdout.split() == ["0", "1"]


def test_a_long_chain_of_words_is_read_without_an_error() -> None:
    read = read_premise("My brother Tom has sold " + "the sister of " * 90 + "the mill.")

    assert read.told
