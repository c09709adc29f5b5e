"""The calls to a model that tell one scene, and what they come to together."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from tta_rebuild.core import errors
from tta_rebuild.core.story import Passage
from tta_rebuild.integrations import llm_provider as model
from tta_rebuild.narrative.scene_asked import asked_of
from tta_rebuild.narrative.scene_parser import (
    BROKE_OFF,
    GO_ON,
    REFUSED,
    SceneReader,
    joined,
    read_plain,
)
from tta_rebuild.narrative.story_values import (
    DraftRestarted,
    GeneratedStory,
    StoryGenerationInput,
    StoryItem,
    untold,
)
from tta_rebuild.quality.score import scene_quality

NOTHING_YET = untold(BROKE_OFF)


@dataclass(slots=True)
class ModelCall:
    """One call to the model: what was asked, and what came of it."""

    asked: model.LLMRequest
    reader: SceneReader = field(default_factory=SceneReader)
    response: model.LLMResponse | None = None
    reply: GeneratedStory = NOTHING_YET
    error: errors.ExecutionError | None = None

    async def listen(
        self, provider: model.LLMProvider, before: tuple[Passage, ...], *, at_once: bool
    ) -> AsyncGenerator[StoryItem, None]:
        """What the answer brings; what was told ``before`` it is told again after a restart."""
        try:
            async with aclosing(provider.items(self.asked, whole=at_once)) as items:
                async for item in items:
                    for piece in self._taken(item):
                        yield piece
                        for passage in before if isinstance(piece, DraftRestarted) else ():
                            yield passage
        except (errors.ProviderError, errors.BudgetExceededError) as error:
            self.error = error
            if isinstance(error, errors.StreamBroken) and self.reader.finish(cut=True).passages:
                self.response = model.LLMResponse(
                    text=self.reader.text,
                    tokens_used=0,
                    model=error.model or provider.config.model,
                    finish_reason="other",
                    provider=error.provider,
                    degraded="the connection to the storyteller broke off",
                )
        if self.response is not None:
            self.reply = self.reader.finish(cut=self.is_cut)
            for passage in self.reply.passages[len(self.reader.given) :]:
                yield passage
        elif self.error is None:
            self.error = errors.ReplyUnusable("the model's stream ended without an end")

    def _taken(self, item: model.StreamItem) -> Iterator[StoryItem]:
        if isinstance(item, model.TextPiece):
            yield from self.reader.feed(item.text)
        elif isinstance(item, model.StreamRestarted):
            self.reader = SceneReader()
            yield DraftRestarted(item.reason)
        else:
            self.response = item.response
            if not self.reader.text:  # it came whole
                yield from self.reader.feed(item.response.text)

    @property
    def _ended(self) -> str:
        return self.response.finish_reason if self.response else ""

    @property
    def is_cut(self) -> bool:
        """The answer stopped before its end."""
        return self._ended in ("length", model.SILENT)

    @property
    def lacks_its_end(self) -> bool:
        """What was told can be asked to be ended: it was cut at its limit, or left half-way."""
        reply = self.reply
        is_half = self._ended == "stop" and reply.degraded == BROKE_OFF and not reply.choices
        return not reply.is_ending and (self._ended == "length" or is_half)

    @property
    def is_refused(self) -> bool:
        """The model would not, for the content."""
        refused = isinstance(self.error, errors.ContentRefused) or self.reply.degraded == REFUSED
        return refused or self._ended in ("safety", "recitation")

    @property
    def plain(self) -> GeneratedStory | None:
        """The prose of an answer that is no JSON, as a scene."""
        if self.response is None or self.reply.passages or self.reply.degraded == REFUSED:
            return None
        return read_plain(self.response.text, self.reply.degraded, cut=self.is_cut)

    @property
    def failure(self) -> errors.ProviderError:
        """A reply that tells nothing, as the error that it is."""
        name = self.response.model if self.response else ""
        other = "or take another model (--model)"
        if self.is_refused:
            said = f"{name} would not tell this scene, even more softly: say it otherwise, {other}"
            return errors.ContentRefused(said, reason="in its reply", model=name)
        said = f"{name} answered with what is no scene ({self.reply.degraded})"
        said += f", also when asked once more: try again, {other}"
        return errors.ReplyUnusable(said, model=name)


def outcome(
    wanted: StoryGenerationInput, request: model.LLMRequest, calls: list[ModelCall]
) -> GeneratedStory:
    """What the calls told together. Raises ExecutionError: why that is nothing."""
    told = [call for call in calls if call.reply.passages]
    call = told[-1] if told else next((call for call in calls if call.plain), calls[-1])
    response, plain = call.response, call.plain
    if told:
        story = _whole(call.reply if len(told) == 1 else joined(told[0].reply, call.reply), wanted)
    elif plain:
        story = plain
    else:
        raise call.error or call.failure
    assert response is not None
    digest = hashlib.sha256(response.text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    kind = "scene" if told else "scene_fallback"
    return replace(
        story,
        scene_id=story.scene_id or f"{kind}_{wanted.timeline_position}_{digest}",
        degraded="; ".join(filter(None, (response.degraded, story.degraded))),
        told_by=f"{response.provider}:{response.model}".removeprefix(":"),
        reply=response.text,
        response=response,
        requests=len(calls),
        request_key=request.key(),
        prompt_version=request.template,
    )


def _whole(story: GeneratedStory, wanted: StoryGenerationInput) -> GeneratedStory:
    """A scene that was read, with its quality and with a way on if that was lost."""
    quality = scene_quality(
        [p.text for p in story.passages],
        lines=[line.text for line in story.dialogue],
        setting=story.setting_description,
        tone=story.emotional_tone,
        choices=[branch["choice"] for branch in story.story_branches],
        is_ending=story.is_ending,
        broken=bool(story.degraded),
        asked=asked_of(wanted),
    ).score
    is_lost = story.degraded and not story.is_ending and not story.choices
    return replace(story, quality_score=quality, choices=(GO_ON,) if is_lost else story.choices)
