"""The calls to a model that tell one scene, and what they come to together.

Used by ``story_generator``, which decides what is asked next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tta_rebuild.core.errors import (
    ContentRefused,
    ExecutionError,
    ProviderError,
    ReplyUnusable,
    StreamBroken,
)
from tta_rebuild.core.story import Choice
from tta_rebuild.integrations.llm_provider import (
    SILENT,
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamItem,
    StreamRestarted,
    TextPiece,
)
from tta_rebuild.narrative.plain_reply import PlainScene, read_plain
from tta_rebuild.narrative.scene_parser import BROKE_OFF, REFUSED, SceneReader, joined, untold
from tta_rebuild.narrative.story_values import (
    DraftRestarted,
    GeneratedStory,
    StoryGenerationInput,
    StoryItem,
)
from tta_rebuild.quality.score import FALLBACK_QUALITY, scene_quality

NOTHING_YET = untold(BROKE_OFF)
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
    reply: GeneratedStory = NOTHING_YET
    error: ExecutionError | None = None

    def take(self, item: StreamItem) -> Iterator[StoryItem]:
        """What the next piece of the answer brings."""
        if isinstance(item, TextPiece):
            yield from self.reader.feed(item.text)
        elif isinstance(item, StreamRestarted):
            self.reader = SceneReader()
            yield DraftRestarted(item.reason)
        else:
            self.response = item.response

    @property
    def is_cut(self) -> bool:
        """The answer stopped before its end."""
        return bool(self.response and self.response.finish_reason in ("length", SILENT))

    @property
    def lacks_its_end(self) -> bool:
        """What was told has no end that could be asked for: cut at its limit, or left half-way."""
        response, reply = self.response, self.reply
        if response is None or reply.is_ending:
            return False
        is_half = response.finish_reason == "stop" and reply.degraded == BROKE_OFF
        return response.finish_reason == "length" or (is_half and not reply.choices)

    @property
    def is_refused(self) -> bool:
        """The model would not, for the content."""
        if isinstance(self.error, ContentRefused) or self.reply.degraded == REFUSED:
            return True
        return bool(self.response and self.response.finish_reason in ("safety", "recitation"))

    @property
    def plain(self) -> PlainScene | None:
        """The prose of an answer that is no JSON."""
        response = self.response
        if response is None or self.reply.passages or self.reply.degraded == REFUSED:
            return None
        return read_plain(response.text, cut=self.is_cut)

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
            f"{model} answered with what is no scene ({self.reply.degraded}), also when asked once "
            "more: try again, or take another model (--model)",
            model=model,
        )


def outcome(
    wanted: StoryGenerationInput, request: LLMRequest, calls: list[ModelCall]
) -> GeneratedStory | ExecutionError:
    """What the calls told together, or why that is nothing."""
    told = [call for call in calls if call.reply.passages]
    call = told[-1] if told else next((call for call in calls if call.plain), calls[-1])
    if told:
        story = call.reply if len(told) == 1 else joined(told[0].reply, call.reply)
        story = _whole(story)
    elif call.plain:
        story = _of_prose(call.reply.degraded, call.plain)
    else:
        return call.error or call.failure
    response = call.response
    assert response is not None
    digest = hashlib.sha256(response.text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    kind = "scene" if told else "scene_fallback"
    return replace(
        story,
        scene_id=story.scene_id or f"{kind}_{wanted.timeline_position}_{digest}",
        narrative_text=story.narrative_text if told else response.text,
        degraded="; ".join(filter(None, (response.degraded, story.degraded))),
        told_by=f"{response.provider}:{response.model}".removeprefix(":"),
        reply=response.text,
        response=response,
        requests=len(calls),
        request_key=request.key(),
        prompt_version=request.template,
    )


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


def _of_prose(broken: str, plain: PlainScene) -> GeneratedStory:
    """A scene from a reply that was no JSON."""
    note = f"{broken}; its words are shown as they came"
    return replace(
        untold(note + (", to the last whole sentence" if plain.is_cut else "")),
        story_branches=[dict(_GO_ON)],
        quality_score=FALLBACK_QUALITY,
        passages=plain.passages,
        choices=plain.choices or _ONLY_GO_ON,
    )


def _whole(story: GeneratedStory) -> GeneratedStory:
    """A scene that was read, with its quality and with a way on if that was lost."""
    is_lost = bool(story.degraded) and not story.is_ending
    return replace(
        story,
        quality_score=scene_quality(
            [p.text for p in story.passages],
            lines=[line.text for line in story.dialogue],
            setting=story.setting_description,
            tone=story.emotional_tone,
            choices=[branch["choice"] for branch in story.story_branches],
            is_ending=story.is_ending,
            broken=bool(story.degraded),
        ),
        choices=story.choices or (_ONLY_GO_ON if is_lost else ()),
    )
