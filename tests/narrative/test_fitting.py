"""A prompt that does not fit a window: what is left out, in which order, and what is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tta_rebuild.core.errors import RequestTooLarge
from tta_rebuild.narrative.scene_request import fitted, repairing, scene_request, tokens_in
from tta_rebuild.narrative.story_generator import StoryGenerationInput
from tta_rebuild.prompts import PromptCatalog

CATALOG = PromptCatalog.load()
WANTED = StoryGenerationInput(
    theme="A lamp in an old tower",
    universe_id="u",
    timeline_position=2,
    active_characters=["mara"],
    previous_context="\n".join(f"Line {n} of what happened before." for n in range(14)),
    player_preferences={},
    turn=9,
    action="I listen at the stair.",
    recent=[f"Scene {n}. " + "The rain goes on. " * 40 for n in range(3)],
    recalled=[f"Older event {n} of some length, told in a sentence." for n in range(12)],
    facts=[{"subject": f"door_{n:02}", "relation": "state", "value": "open"} for n in range(20)],
)


def size_of(request: Any) -> int:
    return tokens_in(request.full_text)


def test_a_prompt_that_fits_stays_as_it_is(context: Any) -> None:
    request = scene_request(CATALOG, WANTED, context)
    assert fitted(request, CATALOG, 32_000, 2_000) is None


@pytest.mark.parametrize("less", [100, 400, 700, 820])
def test_what_matters_least_goes_first_and_is_counted(context: Any, less: int) -> None:
    request = scene_request(CATALOG, WANTED, context)
    window = (size_of(request) - less) * 4 // 3
    found = fitted(request, CATALOG, window, 4_000)
    assert found is not None
    short, said = found

    assert short.max_tokens is not None
    assert size_of(short) + short.max_tokens <= window
    assert f"to fit a context of {window} tokens this was left out: " in said
    assert "Older event 0 " not in short.full_text
    assert "I listen at the stair." in short.full_text
    assert "Scene 2. " in short.full_text  # the last scene always stays
    gone = [n for n in range(20) if f"door_{n:02}" not in short.full_text]
    if gone:  # facts only when all that comes before them has gone
        assert "Older event 11" not in short.full_text
        assert "Line 13 of what" not in short.full_text
        assert "Scene 1. " not in short.full_text
        assert f"{len(gone)} facts" in said


def test_the_request_stays_the_same_for_those_who_look_at_its_values(context: Any) -> None:
    request = scene_request(CATALOG, WANTED, context)
    found = fitted(request, CATALOG, size_of(request), 4_000)
    assert found is not None
    assert found[0].variables == request.variables


def test_what_was_added_to_the_prompt_stays(context: Any) -> None:
    request = repairing(scene_request(CATALOG, WANTED, context), "no JSON", "it held no JSON")
    found = fitted(request, CATALOG, size_of(request), 4_000)
    assert found is not None
    assert found[0].prompt.endswith("nothing before or after it.")
    assert "Older event 0 " not in found[0].prompt


def test_a_window_too_small_for_any_scene_says_what_would_be_enough(context: Any) -> None:
    request = scene_request(CATALOG, WANTED, context)
    with pytest.raises(RequestTooLarge, match="8192 is enough"):
        fitted(request, CATALOG, 512, 4_000)


def test_another_script_counts_more_tokens(context: Any) -> None:
    plain, other = "a" * 400, "\u65e5" * 400
    assert tokens_in(other) > 2 * tokens_in(plain)
    request = scene_request(CATALOG, replace(WANTED, theme=other), context)
    assert size_of(request) > size_of(scene_request(CATALOG, replace(WANTED, theme=plain), context))
