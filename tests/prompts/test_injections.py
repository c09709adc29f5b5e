"""Whatever story text says, it stays inside its fence: the prompt around it does not change."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.prompts.injections import INJECTIONS
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.prompts.fencing import LONGEST_DATA, fenced, one_line

CATALOG = PromptCatalog.load()
FENCE = re.compile(r'<data name="([a-z0-9_]*)">\n(.*?)\n</data>', re.DOTALL)


def scene_values(said: str) -> dict[str, Any]:
    """Everything that a player or an earlier scene can have written."""
    return {
        "guidance": ["Balance Tone: light and dark"],
        "boundaries": {"violence": "low"},
        "rules": {"no_magic": said, said: "x"},
        "theme": said,
        "title": said,
        "preferences": {said: [said]},
        "style": said,
        "place_in_story": ["Scene 3"],
        "characters": [{"character_id": said, "name": said, "memory": [said]}],
        "facts": [{"subject": said, "relation": said, "value": said}],
        "lines": [said, said],
        "cast": [said],
        "recalled": [said, said],
        "previous_context": said,
        "recent": [said],
        "notes": {"threads": [said]},
        "chosen": {"text": said, "consequence": said},
        "action": said,
        "told_so_far": said,
        "withheld": said,
        "contradiction": said,
    }


def other_values(said: str) -> dict[str, Any]:
    return {
        "metaconcepts": ["Balance Tone"],
        "boundaries": {"violence": "low"},
        "character": {"name": said, "memory": [said]},
        "scene_context": said,
        "story_events": [said],
        "interacting_with": [said],
        "trigger": said,
        "goal": said,
        "rules": {said: said},
        "facts": [{"subject": said, "relation": said, "value": said}],
        "recent": [said],
        "proposals": [{"choice": said, "description": said}],
        "people": [said],
        "now": [said],
        "lines": [said],
        "move": said,
        "earlier": said,
        "passages": [said],
        "choices": [said],
        "language": said,
    }


def around_the_fences(name: str, said: str) -> tuple[str, list[str]]:
    """The prompt with the insides of its fences cut out, and the names of the fences."""
    values = scene_values(said) if "scene" in name else other_values(said)
    rendered = CATALOG.render(name, values)
    whole = f"{rendered.system}\n\n{rendered.prompt}"
    example = "between <data> and </data>"
    return FENCE.sub("[data]", whole.replace(example, "")), [m[0] for m in FENCE.findall(whole)]


def test_the_corpus_is_large() -> None:
    assert len(set(INJECTIONS)) >= 40


@pytest.mark.parametrize("name", sorted(CATALOG.templates))
@pytest.mark.parametrize("said", INJECTIONS, ids=range(len(INJECTIONS)))
def test_no_injection_changes_the_prompt_around_its_fence(name: str, said: str) -> None:
    outside, fences = around_the_fences(name, said)
    assert (outside, fences) == around_the_fences(name, "a calm sentence")
    assert "<data" not in outside
    assert "</data" not in outside


@given(st.text(max_size=400))
@settings(deadline=None)
def test_no_text_at_all_leaves_its_fence(said: str) -> None:
    inside = FENCE.fullmatch(fenced("x", said))
    assert inside is not None
    assert "<" not in inside[2]
    fenced("x", said).encode()


@given(st.text(max_size=2_000))
@settings(deadline=None)
def test_a_line_outside_a_fence_is_one_short_line_without_tags(said: str) -> None:
    line = one_line(said)
    assert len(line.splitlines()) <= 1
    assert len(line) <= 300
    assert "<" not in line
    assert ">" not in line


@pytest.mark.parametrize("said", INJECTIONS, ids=range(len(INJECTIONS)))
def test_a_boundary_is_words_on_a_line_of_its_own(said: str) -> None:
    rendered = CATALOG.render("scene", {"boundaries": {"violence": said, said: "low"}})
    lines = rendered.system.split("PLAYER BOUNDARIES:\n")[1].splitlines()
    assert len(lines) == 2
    for line in lines:
        assert re.fullmatch(r"- [\w \-.,'()/%…]{0,60}: [\w \-.,'()/%…]{0,60}", line)


def test_what_is_too_long_is_cut_in_the_middle_and_says_so() -> None:
    shown = fenced("x", "a" * LONGEST_DATA + "tail")
    assert "4 characters left out" in shown
    assert shown.endswith("tail\n</data>")
