"""The scene reader: growing text, flat and passage shapes, and whatever else a model sends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tta_rebuild.core.story import Claim, DialogueLine, Passage
from tta_rebuild.narrative.scene_parser import LONGEST_REPLY, SceneReader
from tta_rebuild.narrative.story_values import GeneratedStory
from tta_rebuild.prompts.reply_values import LONGEST_SCENE, paragraphs, up_to_last_sentence

SCENE: dict[str, Any] = {
    "passages": [
        {
            "facts": [{"subject": "mira", "relation": "holds", "value": "lamp", "ends": False}],
            "text": 'Mira lifts the lamp. "Quiet," says the wind. 😀 é',
        },
        {"facts": [], "speaker": "tom", "emotion": "wary", "text": "Who is there?"},
    ],
    "setting_description": "a stair",
    "emotional_tone": "hushed",
    "story_branches": [
        {
            "choice": "Answer the voice on the stair",
            "consequence": "Tom comes down",
            "effects": [{"subject": "mira", "relation": "met", "value": "tom"}],
            "affects": ["mira", "tom"],
        },
        {"choice": "Too short", "consequence": ""},
    ],
    "is_ending": False,
    "notes": {"threads": ["the cup"], "plan": "Tom"},
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
field_names = st.sampled_from(
    ["passages", "narrative_text", "dialogue", "story_branches", "notes", "is_ending", "scene_id"]
)
texts = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cf"]), min_size=1, max_size=60
)
passages = st.fixed_dictionaries(
    {"text": texts}, optional={"speaker": st.sampled_from(["", "tom"]), "facts": json_values}
)


def read_scene(text: str, *, cut: bool = False) -> GeneratedStory:
    reader = SceneReader()
    for _ in reader.feed(text):
        pass
    return reader.finish(cut=cut)


def pieces(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def test_passages_carry_their_facts_and_speakers() -> None:
    reply = read_scene(json.dumps(SCENE))
    assert reply.passages
    assert reply.degraded == ""
    assert reply.passages[0].facts == (Claim(subject="mira", relation="holds", value="lamp"),)
    assert reply.passages[1] == Passage(text="Who is there?", speaker="tom", emotion="wary")
    assert reply.dialogue == [DialogueLine("tom", "Who is there?", "wary")]
    assert reply.narrative_text == SCENE["passages"][0]["text"]
    assert [c.text for c in reply.choices] == ["Answer the voice on the stair", "Too short"]
    assert reply.choices[0].affects == ("mira", "tom")
    assert reply.choices[0].effects == (Claim(subject="mira", relation="met", value="tom"),)
    assert len(reply.story_branches) == 2
    assert reply.notes == {"threads": ["the cup"], "plan": "Tom"}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_passages_are_given_out_as_they_are_complete(size: int, ascii_only: bool) -> None:
    reader = SceneReader()
    whole = json.dumps(SCENE, ensure_ascii=ascii_only)
    complete = [read for piece in pieces(whole, size) for read in reader.feed(piece)]
    reply = reader.finish()
    assert tuple(complete) == reply.passages
    assert reply == read_scene(json.dumps(SCENE))


def test_a_passage_is_given_out_with_the_very_piece_that_ends_it() -> None:
    reader = SceneReader()
    head = '{"passages": [{"facts": [], "text": "The rain'
    assert list(reader.feed(head)) == list(reader.feed(" falls")) == list(reader.feed('."')) == []
    assert list(reader.feed("}")) == [Passage(text="The rain falls.")]


def test_flat_prose_is_told_at_the_end() -> None:
    reader = SceneReader()
    flat = '{"scene_id": "s", "narrative_text": "It rains.\\n\\nIt stops.", "dialogue": []}'
    assert [item for piece in pieces(flat, 3) for item in reader.feed(piece)] == []
    assert [p.text for p in reader.finish().passages] == ["It rains.", "It stops."]


def test_flat_lines_become_spoken_passages_unless_the_prose_has_them() -> None:
    flat = {
        "narrative_text": '"Hush," she says.',
        "dialogue": [
            {"character_id": "a", "text": "Hush,", "emotion": "calm"},
            {"character_id": "b", "text": "Why?", "emotion": "wary"},
        ],
    }
    reply = read_scene(json.dumps(flat))
    assert [(p.speaker, p.text) for p in reply.passages] == [
        ("", '"Hush," she says.'),
        ("b", "Why?"),
    ]
    assert len(reply.dialogue) == 2


@pytest.mark.parametrize(
    "wrapped",
    [
        "```json\n%s\n```",
        "Sure! {Here} it is: %s I hope you like it {smile}.",
        "%s\n```",
        "\ufeff  %s",
    ],
)
def test_what_stands_around_the_json_does_not_matter(wrapped: str) -> None:
    assert read_scene(wrapped % json.dumps(SCENE)) == read_scene(json.dumps(SCENE))


@pytest.mark.parametrize(
    "slip",
    [
        '{"passages": [{"text": "One.", "facts": [],},], "story_branches": [],}',
        '{"passages": [{"text": "One.\nTwo."}]}',
        '{"passages": ["One."]}',
        '{"passages": {"text": "One."}}',
        '{"passages": [{"text": ["One.", "Two."]}]}',
        '{"narrative_text": ["One.", "Two."], "dialogue": null, "story_branches": "Go on then"}',
        '{"passages": [{"text": "One.", "facts": "none", "speaker": null}], "notes": []}',
    ],
)
def test_common_slips_are_understood(slip: str) -> None:
    reply = read_scene(slip)
    assert reply.passages
    assert reply.degraded == ""
    assert "One." in reply.passages[0].text


@pytest.mark.parametrize(
    "text", ["", "no json", "[1, 2]", "42", "null", "{}", '{"a": 1}', '{"passages": []}', "{,}"]
)
def test_what_tells_nothing_says_so(text: str) -> None:
    reply = read_scene(text)
    assert not reply.passages
    assert reply.degraded


@pytest.mark.parametrize("at", range(10, len(json.dumps(SCENE)), 7))
def test_a_cut_reply_keeps_whole_passages_and_whole_sentences(at: int) -> None:
    whole = read_scene(json.dumps(SCENE))
    cut = read_scene(json.dumps(SCENE)[:at], cut=True)
    assert cut.degraded == "the reply broke off"
    for got, meant in zip(cut.passages, whole.passages, strict=False):
        assert meant.text.startswith(got.text)
        assert got == meant or got.text == up_to_last_sentence(got.text)


def test_a_malformed_end_does_not_lose_the_passages_before_it() -> None:
    reply = read_scene('{"passages": [{"text": "One."}, {"text": "Two \\q bad"}], "x": }')
    assert reply.passages
    assert reply.passages[0].text == "One."
    assert reply.degraded == "the reply is malformed"


@given(st.one_of(json_values, st.dictionaries(field_names, json_values)))
@settings(max_examples=300, deadline=None)
def test_no_json_makes_it_fail(value: Any) -> None:
    reply = read_scene(json.dumps(value))
    assert reply.passages or reply.degraded


@given(st.text(alphabet='{}[]",:\\ntfu0passagesx1 '), st.integers(1, 5))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_it_fail_and_pieces_change_nothing(text: str, size: int) -> None:
    reader = SceneReader()
    for piece in pieces('{"passages": [' + text, size):
        list(reader.feed(piece))
    reply = reader.finish()
    assert reply == read_scene('{"passages": [' + text)


@given(st.lists(passages, min_size=1, max_size=5), st.integers(1, 40), st.booleans())
@settings(max_examples=200, deadline=None)
def test_streamed_passages_are_the_final_ones(
    told: list[dict[str, Any]], size: int, ascii_only: bool
) -> None:
    reader, complete = SceneReader(), []
    for piece in pieces(json.dumps({"passages": told}, ensure_ascii=ascii_only), size):
        complete += list(reader.feed(piece))
    assert reader.finish().passages == tuple(complete)


def test_what_is_sound_but_unfinished_is_not_mended() -> None:
    reader = SceneReader()
    for piece in '{"passages": [{"facts": {"0": "", "": {"": ""}}, "text": "It rains."}]}':
        given = list(reader.feed(piece))
        assert not reader.given or reader.given[0].text == "It rains.", given
    assert len(reader.given) == 1


def test_absurd_sizes_are_bounded() -> None:
    reply = read_scene(
        json.dumps(
            {
                "passages": [{"text": "x" * 9_000, "facts": [{"subject": "s"}] * 999}] * 100,
                "story_branches": [{"choice": "y" * 5_000}] * 100,
                "notes": {str(n): "z" * 5_000 for n in range(500)},
            }
        )[:LONGEST_REPLY]
    )
    assert len(reply.passages) <= 60
    assert sum(len(p.text) for p in reply.passages) <= LONGEST_SCENE + 1
    big = read_scene(
        json.dumps({"passages": [{"text": "A."}], "story_branches": [{"choice": "y" * 5_000}] * 9})
    )
    assert all(len(choice.text) <= 300 for choice in big.choices)
    assert read_scene('{"passages": [{"text": 1' + "0" * 5_000 + "}]}") is not None


def test_control_characters_and_broken_code_points_are_removed() -> None:
    reply = read_scene(
        '{"narrative_text": "a\\u0000b\\u001b[31mc\\u202ed\\ud800e. \\ud83d\\ude00"}'
    )
    assert reply.narrative_text == "abcde. 😀"


@given(st.text(max_size=3_000))
@settings(deadline=None)
def test_paragraphs_lose_no_word(text: str) -> None:
    assert "".join("".join(paragraphs(text)).split()) == "".join(text.split())
