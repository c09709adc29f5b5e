"""Tells the next scene: from where the story stands to prose, lines, choices.

The first of the four primitives. The engine streams it (``tell``, ``continue_from``); callers
outside ``execute`` it. Both make one call to the model and read the reply with the same parser.
They ask once more where the reply was cut at its limit (to go on), refused for its content (more
softly) or not to be understood (naming what was wrong), and say in ``degraded`` what was not as it
should be.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from typing import TypeAlias

from tta_rebuild.core.base_primitive import TTAContext, TTAPrimitive
from tta_rebuild.core.errors import (
    BudgetExceededError,
    ContentRefused,
    ProviderError,
    ReplyUnusable,
    StreamBroken,
    ValidationError,
)
from tta_rebuild.core.story import Choice, DialogueLine, Passage
from tta_rebuild.integrations.llm_provider import (
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    StreamItem,
    StreamRestarted,
    TextPiece,
)
from tta_rebuild.narrative.inputs import is_blank, wrong_kind
from tta_rebuild.narrative.scene_parser import (
    Complete,
    Prose,
    SceneReader,
    SceneReply,
    joined,
    paragraphs,
)
from tta_rebuild.narrative.scene_request import repairing, scene_request, softened
from tta_rebuild.narrative.story_values import (
    DraftRestarted,
    GeneratedStory,
    PassageDrafted,
    ProsePiece,
    StoryDrafted,
    StoryGenerationInput,
    StoryItem,
)
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.quality.score import FALLBACK_QUALITY, scene_quality

__all__ = [
    "DialogueLine",
    "DraftRestarted",
    "GeneratedStory",
    "PassageDrafted",
    "ProsePiece",
    "StoryDrafted",
    "StoryGenerationInput",
    "StoryGeneratorPrimitive",
    "StoryItem",
]


class StoryGeneratorPrimitive(TTAPrimitive[StoryGenerationInput, GeneratedStory]):
    """Asks a model for the next scene.

    Args:
        llm_provider: who tells.
        catalog: the prompt templates; None loads those of the package on first use.
    """

    def __init__(
        self,
        llm_provider: LLMProvider,
        name: str = "StoryGenerator",
        *,
        catalog: PromptCatalog | None = None,
    ) -> None:
        super().__init__(name)
        self.llm_provider = llm_provider
        self._catalog = catalog

    async def execute(
        self, input_data: StoryGenerationInput, context: TTAContext
    ) -> GeneratedStory:
        """Tell the scene in one go.

        Raises:
            ValidationError: theme, universe or position is wrong.
            ProviderError: the model failed.
        """
        self._validate(input_data, context)
        async with aclosing(self._told(input_data, context, _at_once)) as items:
            async for item in items:
                if isinstance(item, StoryDrafted):
                    return item.story
        raise ReplyUnusable("the model told nothing", model=self.llm_provider.config.model)

    def tell(
        self, input_data: StoryGenerationInput, context: TTAContext
    ) -> AsyncGenerator[StoryItem, None]:
        """Tell the scene while it is being written; ``StoryDrafted`` comes last.

        Closing the generator early ends the call behind it. Raises as ``execute`` does.
        """
        self._validate(input_data, context)
        return self._told(input_data, context, _streamed)

    def continue_from(
        self,
        input_data: StoryGenerationInput,
        context: TTAContext,
        *,
        told_so_far: str,
        withheld: str,
        contradiction: str,
    ) -> AsyncGenerator[StoryItem, None]:
        """Go on with a scene of which a sentence was held back (see ``ContinueSceneVariables``).

        Gives the remaining passages and the choices, as ``tell`` does.
        """
        self._validate(input_data, context)
        rest = {"told_so_far": told_so_far, "withheld": withheld, "contradiction": contradiction}
        return self._told(input_data, context, _streamed, rest)

    async def _told(
        self,
        wanted: StoryGenerationInput,
        context: TTAContext,
        ask: _Asking,
        rest: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[StoryItem, None]:
        """One call, and a second one where the first was cut, refused or not understood."""
        request = asked = scene_request(self._templates(), wanted, context, rest=rest)
        first: tuple[LLMResponse, SceneReply] | None = None
        for is_second in (False, True):
            reader, response = SceneReader(), None
            try:
                async with aclosing(ask(self.llm_provider, asked)) as items:
                    async for item in items:
                        if isinstance(item, TextPiece):
                            for reading in reader.feed(item.text):
                                yield _item(reading)
                        elif isinstance(item, StreamRestarted):
                            reader = SceneReader()
                            yield DraftRestarted(item.reason)
                            for passage in first[1].passages if first else ():
                                yield PassageDrafted(passage)
                        elif isinstance(item, StreamEnded):
                            response = item.response
            except StreamBroken as broken:
                if reader.finish(cut=True).told:
                    response = _broken_off(self.llm_provider, reader.text, broken)
                elif first is None:
                    raise
            except (ProviderError, BudgetExceededError) as error:
                if isinstance(error, ContentRefused) and not is_second:
                    asked = softened(request)
                    if reader.has_shown:
                        yield DraftRestarted("the model stopped for the content; once more, softer")
                    continue
                if first is None:
                    raise
            if response is None:
                if first is None:
                    raise ReplyUnusable("the model's stream ended without an end")
                for last in _ending(_story(wanted, request, *first, 2), first[1]):
                    yield last
                return
            reply = reader.finish(cut=response.finish_reason == "length")
            for passage in reply.passages[reader.given :] if reply.told else ():
                yield PassageDrafted(passage)
            if not is_second and response.provider != "offline":
                again = self._second_request(wanted, context, request, response, reply)
                if again is not None:
                    asked, first = again, (response, reply)
                    if reader.has_shown and not reply.told:
                        yield DraftRestarted("the reply could not be understood")
                    continue
            response, reply = _both_replies(first, (response, reply))
            for last in _ending(_story(wanted, request, response, reply, 1 + is_second), reply):
                yield last
            return

    def _second_request(
        self,
        wanted: StoryGenerationInput,
        context: TTAContext,
        request: LLMRequest,
        response: LLMResponse,
        reply: SceneReply,
    ) -> LLMRequest | None:
        """What to ask after a first reply that will not do, None if it will."""
        if reply.told and response.finish_reason == "length" and not reply.is_ending:
            told = "\n\n".join(passage.text for passage in reply.passages)
            before = str(request.variables.get("told_so_far", ""))
            rest = {
                "told_so_far": f"{before}\n\n{told}".strip(),
                "withheld": str(request.variables.get("withheld", "")),
                "contradiction": str(request.variables.get("contradiction", "")),
            }
            return scene_request(self._templates(), wanted, context, rest=rest)
        if reply.told:
            return None
        if response.finish_reason in ("safety", "recitation"):
            return softened(request)
        return repairing(request, response.text, reply.broken)

    def _templates(self) -> PromptCatalog:
        if self._catalog is None:
            self._catalog = PromptCatalog.load()
        return self._catalog

    def _validate(self, wanted: StoryGenerationInput, context: TTAContext) -> None:
        position = wanted.timeline_position
        if is_blank(wanted.theme) or len(wanted.theme.strip()) < 3:
            problem = "Theme must be at least 3 characters"
        elif is_blank(wanted.universe_id):
            problem = "Universe ID is required"
        elif not isinstance(position, int) or position < 0:
            problem = f"Timeline position must be non-negative, not {position!r:.60}"
        else:
            problem = wrong_kind(
                {"active_characters": wanted.active_characters},
                {"player_preferences": wanted.player_preferences or {}},
            )
        if problem:
            raise ValidationError(problem, self.name, context)


_GO_ON = {
    "choice": "Go on from here and see what happens next",
    "consequence": "The story goes on from this moment.",
}
_ONLY_GO_ON = (Choice(text=_GO_ON["choice"], consequence=_GO_ON["consequence"]),)


def _item(reading: Prose | Complete) -> StoryItem:
    if isinstance(reading, Complete):
        return PassageDrafted(reading.passage)
    return ProsePiece(reading.text, reading.speaker)


_Asking: TypeAlias = Callable[[LLMProvider, LLMRequest], AsyncGenerator[StreamItem, None]]


def _streamed(provider: LLMProvider, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
    return provider.stream(request)


async def _at_once(provider: LLMProvider, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
    response = await provider.complete(request)
    yield TextPiece(response.text)
    yield StreamEnded(response)


def _ending(story: GeneratedStory, reply: SceneReply) -> Iterator[StoryItem]:
    """What comes last: the passages that no reader gave out before, and the whole."""
    for passage in () if reply.told else story.passages:
        yield PassageDrafted(passage)
    yield StoryDrafted(story)


def _both_replies(
    first: tuple[LLMResponse, SceneReply] | None, second: tuple[LLMResponse, SceneReply]
) -> tuple[LLMResponse, SceneReply]:
    """What two calls told together: the second alone, the first alone, or one after the other."""
    if first is not None and not second[1].told:
        return first
    if first is None or not first[1].told:
        return second
    return second[0], joined(first[1], second[1])


def _broken_off(provider: LLMProvider, text: str, broken: StreamBroken) -> LLMResponse:
    return LLMResponse(
        text=text,
        tokens_used=0,
        model=broken.model or provider.config.model,
        finish_reason="other",
        provider=broken.provider,
        degraded="the connection to the storyteller broke off",
    )


def _story(
    wanted: StoryGenerationInput,
    request: LLMRequest,
    response: LLMResponse,
    reply: SceneReply,
    requests: int,
) -> GeneratedStory:
    digest = hashlib.sha256(response.text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    teller = f"{response.provider}:{response.model}" if response.provider else response.model
    if not reply.told:
        return GeneratedStory(
            scene_id=f"scene_fallback_{wanted.timeline_position}_{digest}",
            narrative_text=response.text,
            dialogue=[],
            setting_description="",
            emotional_tone="",
            story_branches=[dict(_GO_ON)],
            quality_score=FALLBACK_QUALITY if response.text.strip() else 0.0,
            passages=tuple(Passage(text=part) for part in paragraphs(response.text)),
            choices=_ONLY_GO_ON,
            degraded=_both(response.degraded, f"{reply.broken}; its words are shown as they came"),
            told_by=teller,
            reply=response.text,
            response=response,
            requests=requests,
            request_key=request.key(),
            prompt_version=request.template,
        )
    return GeneratedStory(
        scene_id=reply.scene_id or f"scene_{wanted.timeline_position}_{digest}",
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
        told_by=teller,
        reply=response.text,
        response=response,
        requests=requests,
        request_key=request.key(),
        prompt_version=request.template,
    )


def _both(one: str, other: str) -> str:
    return "; ".join(part for part in (one, other) if part)
