"""The calls to a model that tell one scene, and what they come to together.

Used by ``story_generator``, which decides what is asked next.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tta_rebuild.core.errors import (
    ContentRefused,
    ExecutionError,
    ProviderError,
    ReplyUnusable,
    StreamBroken,
)
from tta_rebuild.core.story import Choice
from tta_rebuild.integrations.llm_provider import SILENT, LLMProvider, LLMRequest, LLMResponse
from tta_rebuild.narrative.plain_reply import PlainScene, read_plain
from tta_rebuild.narrative.scene_parser import BROKE_OFF, SceneReader, SceneReply, joined
from tta_rebuild.narrative.story_values import GeneratedStory, StoryGenerationInput
from tta_rebuild.quality.score import FALLBACK_QUALITY, scene_quality

NOTHING_YET = SceneReply(told=False, broken=BROKE_OFF)
_GO_ON = {
    "choice": "Go on from here and see what happens next",
    "consequence": "The story goes on from this moment.",
}
_ONLY_GO_ON = (Choice(text=_GO_ON["choice"], consequence=_GO_ON["consequence"]),)


@dataclass(slots=True)
class ModelCall:
    """One call to the model: what was asked, and what came of it."""

    asked: LLMRequest
    reader: SceneReader = field(default_factory=SceneReader)
    response: LLMResponse | None = None
    reply: SceneReply = NOTHING_YET
    error: ExecutionError | None = None

    @property
    def is_refused(self) -> bool:
        """The model would not, for the content."""
        if isinstance(self.error, ContentRefused) or self.reply.refused:
            return True
        return bool(self.response and self.response.finish_reason in ("safety", "recitation"))

    @property
    def why_again(self) -> str:
        """Why what was shown of it is taken back."""
        if self.is_refused:
            return "the model stopped for the content; once more, softer"
        return "the reply could not be understood"

    @property
    def failure(self) -> ProviderError:
        """A reply that tells nothing, as the error that it is."""
        model = self.response.model if self.response else ""
        if self.is_refused:
            return ContentRefused(
                f"{model} would not tell this scene, even more softly: say it otherwise, or take "
                "another model (--model)",
                reason="in its reply",
                model=model,
            )
        return ReplyUnusable(
            f"{model} answered with what is no scene ({self.reply.broken}), also when asked once "
            "more: try again, or take another model (--model)",
            model=model,
        )


def outcome(
    wanted: StoryGenerationInput, request: LLMRequest, calls: list[ModelCall]
) -> GeneratedStory | ExecutionError:
    """What the calls told together, or why that is nothing."""
    told = [call for call in calls if call.reply.told and call.response is not None]
    if told:
        response, reply = told[-1].response, told[-1].reply
        assert response is not None
        if len(told) > 1:
            reply = joined(told[0].reply, reply)
        return _story(wanted, request, response, reply, len(calls))
    answered = [call for call in calls if call.response is not None]
    for call in answered:
        plain = _read_plain(call)
        if plain is not None and call.response is not None:
            return _plain_story(wanted, request, call, plain, len(calls))
    error = calls[-1].error
    return error if error is not None else calls[-1].failure


def plain_prose(calls: list[ModelCall]) -> PlainScene | None:
    """The prose of the first of the calls that answered with some."""
    return next((plain for call in calls if (plain := _read_plain(call))), None)


def _read_plain(call: ModelCall) -> PlainScene | None:
    if call.response is None or call.reply.refused:
        return None
    return read_plain(call.response.text, cut=call.response.finish_reason in ("length", SILENT))


def broken_off(provider: LLMProvider, text: str, broken: StreamBroken) -> LLMResponse:
    """What had come before the stream broke, as an answer that says so."""
    return LLMResponse(
        text=text,
        tokens_used=0,
        model=broken.model or provider.config.model,
        finish_reason="other",
        provider=broken.provider,
        degraded="the connection to the storyteller broke off",
    )


def _plain_story(
    wanted: StoryGenerationInput,
    request: LLMRequest,
    call: ModelCall,
    plain: PlainScene,
    requests: int,
) -> GeneratedStory:
    response = call.response
    assert response is not None
    broken = f"{call.reply.broken}; its words are shown as they came"
    if plain.is_cut:
        broken += ", to the last whole sentence"
    return GeneratedStory(
        scene_id=f"scene_fallback_{wanted.timeline_position}_{_digest(response)}",
        narrative_text=response.text,
        dialogue=[],
        setting_description="",
        emotional_tone="",
        story_branches=[dict(_GO_ON)],
        quality_score=FALLBACK_QUALITY,
        passages=plain.passages,
        choices=plain.choices or _ONLY_GO_ON,
        degraded=_both(response.degraded, broken),
        told_by=_teller(response),
        reply=response.text,
        response=response,
        requests=requests,
        request_key=request.key(),
        prompt_version=request.template,
    )


def _digest(response: LLMResponse) -> str:
    return hashlib.sha256(response.text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _teller(response: LLMResponse) -> str:
    return f"{response.provider}:{response.model}" if response.provider else response.model


def _story(
    wanted: StoryGenerationInput,
    request: LLMRequest,
    response: LLMResponse,
    reply: SceneReply,
    requests: int,
) -> GeneratedStory:
    return GeneratedStory(
        scene_id=reply.scene_id or f"scene_{wanted.timeline_position}_{_digest(response)}",
        narrative_text=reply.narrative_text,
        dialogue=list(reply.dialogue),
        setting_description=reply.setting,
        emotional_tone=reply.tone,
        story_branches=[dict(branch) for branch in reply.branches],
        quality_score=scene_quality(
            [p.text for p in reply.passages],
            lines=[line.text for line in reply.dialogue],
            setting=reply.setting,
            tone=reply.tone,
            choices=[branch["choice"] for branch in reply.branches],
            is_ending=reply.is_ending,
            broken=bool(reply.broken),
        ),
        passages=reply.passages,
        choices=reply.choices or (() if reply.is_ending or not reply.broken else _ONLY_GO_ON),
        lines=reply.lines,
        ended_lines=reply.ended_lines,
        happened=reply.happened,
        degraded=_both(response.degraded, reply.broken),
        is_ending=reply.is_ending,
        notes=reply.notes,
        told_by=_teller(response),
        reply=response.text,
        response=response,
        requests=requests,
        request_key=request.key(),
        prompt_version=request.template,
    )


def _both(one: str, other: str) -> str:
    return "; ".join(part for part in (one, other) if part)
