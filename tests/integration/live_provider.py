"""What every adapter must do against the live service: the same few calls, a cent or two in all.

Runs only with ``USE_REAL_LLM=true`` and a key (docs/live-tests.md).
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
from tests.integrations.adapter_tests import SCENE_SCHEMA, context, request, told

from tta_rebuild.bootstrap.application import open_application
from tta_rebuild.core.errors import KeyRejected, ModelUnavailable
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.turn_events import PassageReleased, TurnStored
from tta_rebuild.integrations.adapter import Adapter
from tta_rebuild.integrations.llm_provider import LLMConfig, TextPiece
from tta_rebuild.narrative import (
    CharacterInteraction,
    CharacterStatePrimitive,
    StoryGenerationInput,
    StoryGeneratorPrimitive,
    TimelineManagerPrimitive,
    TimelineUpdate,
)
from tta_rebuild.settings import Settings


def reason_to_skip(key_variable: str) -> str:
    """Why the live tests of a provider do not run; "" if they do."""
    if os.environ.get("USE_REAL_LLM", "").lower() not in ("true", "1", "yes", "on"):
        return "USE_REAL_LLM is not true: live tests cost money"
    return "" if os.environ.get(key_variable) else f"{key_variable} is not set"


def live(key_variable: str) -> pytest.MarkDecorator:
    """Skips, with the reason, where the live service may not be called."""
    reason = reason_to_skip(key_variable)
    return pytest.mark.skipif(bool(reason), reason=reason)


@pytest.mark.integration
class LiveProvider:
    """Subclass it as ``TestX`` with the adapter; ``live(variable)`` marks the subclass."""

    adapter_class: type[Adapter]

    @pytest.fixture
    async def adapter(self) -> AsyncIterator[Adapter]:
        config = LLMConfig(
            model=os.environ.get("TTA_LIVE_MODEL") or self.adapter_class.default_model,
            max_tokens=1500,
            timeout_seconds=60,
        )
        made = self.adapter_class(config=config)
        yield made
        await made.aclose()

    async def test_a_line_of_prose_comes_back_counted(self, adapter: Adapter) -> None:
        response = await adapter.generate("Write one sentence about a lighthouse.", context())
        assert "light" in response.text.lower()
        assert response.finish_reason == "stop"
        assert response.usage.output_tokens > 0
        assert not response.usage.estimated

    async def test_a_schema_is_kept(self, adapter: Adapter) -> None:
        prompt = (
            "Tell a scene of two passages on a ferry at night, and three choices "
            "(objects with choice and consequence) for the player."
        )
        response = await adapter.complete(request(prompt=prompt, schema=SCENE_SCHEMA))
        scene = json.loads(response.text)
        assert scene["passages"]
        assert scene["story_branches"]

    async def test_a_stream_grows_and_ends_with_the_whole(self, adapter: Adapter) -> None:
        asked = request(prompt="Tell a scene of about 150 words on a ferry.", schema=None)
        pieces, response = await told(adapter, asked)
        assert len(pieces) > 1
        assert "".join(piece.text for piece in pieces) == response.text

    async def test_a_stream_can_be_left(self, adapter: Adapter) -> None:
        asked = request(prompt="Tell a scene of about 600 words on a ferry.", schema=None)
        async with aclosing(adapter.stream(asked)) as items:
            first = await anext(items)
        assert isinstance(first, TextPiece)
        assert (await adapter.generate("Say yes.", context())).text

    async def test_the_token_limit_is_told(self, adapter: Adapter) -> None:
        asked = request(prompt="Tell a long story about a ferry.", schema=None, max_tokens=200)
        response = await adapter.complete(asked)
        assert response.finish_reason == "length"

    async def test_an_unknown_model_is_unavailable(self, adapter: Adapter) -> None:
        with pytest.raises(ModelUnavailable):
            await adapter.complete(request(model="no-such-model-0815", schema=None))

    async def test_a_wrong_key_is_refused_and_not_shown(self) -> None:
        key = "wrong-" + secrets.token_hex(16)
        adapter = self.adapter_class(key)
        with pytest.raises(KeyRejected) as caught:
            await adapter.generate("Say yes.", context())
        assert key not in str(caught.value)
        await adapter.aclose()

    async def test_the_whole_way_from_a_theme_to_a_scene(self, adapter: Adapter) -> None:
        opening = StoryGenerationInput(
            theme="A lighthouse keeper finds a door that was not there yesterday",
            universe_id="live",
            timeline_position=0,
            active_characters=["mira"],
            previous_context="",
            player_preferences={},
        )
        story = await StoryGeneratorPrimitive(adapter).execute(opening, context())
        assert "fallback" not in story.scene_id
        assert story.story_branches
        assert story.quality_score > 0.5

    async def test_the_complete_story_workflow(self, adapter: Adapter, tmp_path: Path) -> None:
        """Three turns on the whole stack, then each primitive by itself, for a cent or two."""
        limit_usd = 0.20
        settings = Settings(
            data_dir=tmp_path,
            model=f"{adapter.provider}:{adapter.config.model}",
            max_cost_usd=limit_usd,
            checks="choices",
        )
        async with open_application(
            settings, make_adapter=lambda _name, _config: adapter
        ) as application:
            session = await application.stories.open(
                Premise(theme="A ferryman reads his own letters")
            )
            for action in (
                Action.begin(),
                Action.choose(1),
                Action.say("I open the oldest letter"),
            ):
                if action.kind == "choose" and not session.state.choices:
                    action = Action.say("I wait for the next passenger")
                events = [event async for event in session.play(action)]
                assert any(isinstance(event, PassageReleased) for event in events)
                assert isinstance(events[-1], TurnStored)
            scene = session.state.scene
            assert scene is not None
            assert scene.told_by.startswith(adapter.provider)
            story = TimelineUpdate("live", "story_beat", {"scene": scene.passages[0].text}, 1)
            assert (await TimelineManagerPrimitive().execute(story, context())).current_position
            answer = await CharacterStatePrimitive(llm_provider=application.provider).execute(
                CharacterInteraction(
                    character_id="orla",
                    scene_context=scene.passages[0].text,
                    emotional_trigger="hope",
                ),
                context(),
            )
            assert answer.dialogue
            await application.tracker.flush()
            rows = await application.ledger.attempts()
        assert 0 < sum(row.cost_usd for row in rows) < limit_usd
        assert {row.task for row in rows} >= {"scene", "branch_check"}
