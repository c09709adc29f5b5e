"""Tells the next scene: from where the story stands to prose, lines, choices.

The first of the four primitives. The engine streams it (``tell``, ``continue_from``); callers
outside ``execute`` it. Both make one call to the model, read the reply with the same parser, ask
once more where it cannot be understood, and say in ``degraded`` what was not as it should be.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from tta_rebuild.core.base_primitive import TTAContext, TTAPrimitive
from tta_rebuild.core.errors import ReplyUnusable, StreamBroken, ValidationError
from tta_rebuild.core.story import Choice, DialogueLine, Passage
from tta_rebuild.integrations.llm_provider import (
    LLMProvider,
    LLMRequest,
    LLMResponse,
    StreamEnded,
    StreamRestarted,
    TextPiece,
)
from tta_rebuild.narrative.scene_parser import Complete, Prose, SceneReader, SceneReply, paragraphs
from tta_rebuild.narrative.scene_request import scene_request
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


@dataclass(frozen=True, slots=True)
class StoryGenerationInput:
    """Where the story stands. The first six are required; the engine fills in the rest.

    Attributes:
        theme: at least 3 characters.
        timeline_position: place in story time, from 0.
        turn, stage, should_end, action, chosen, facts, recent, recalled, rules, notes, seed,
            title, kit, characters: as in ``core.tasks.SceneVariables``.
        story_id, branch_id: for the ledger and for experiments.
    """

    theme: str
    universe_id: str
    timeline_position: int
    active_characters: list[str]
    previous_context: str
    player_preferences: dict[str, Any]
    narrative_style: str = "balanced"
    turn: int = 0
    stage: str = ""
    should_end: bool = False
    action: str = ""
    chosen: Mapping[str, Any] | None = None
    facts: Sequence[Mapping[str, Any]] = ()
    recent: Sequence[str] = ()
    recalled: Sequence[str] = ()
    rules: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    title: str = ""
    kit: str = ""
    characters: Sequence[Mapping[str, Any]] = ()
    story_id: str = ""
    branch_id: str = ""


@dataclass(frozen=True, slots=True)
class GeneratedStory:
    """A scene as the model told it, not yet checked by anybody.

    Attributes:
        narrative_text: the prose; ``dialogue``: the spoken lines.
        story_branches: ``{"choice", "consequence"}`` each.
        quality_score: [0, 1], see ``quality.score``.
        passages: prose and lines in the order of telling, with the facts they assert.
        choices: the branches that are fit to be offered.
        degraded: "" or, in plain words, what was not as it should be (shown to the player).
        told_by: ``provider:model``.
        response: the model's answer, with usage and cost; ``reply`` is its text.
        requests: how many calls it took (2 if the first reply could not be understood).
        request_key, prompt_version: of the request that was answered.
    """

    scene_id: str
    narrative_text: str
    dialogue: list[DialogueLine]
    setting_description: str
    emotional_tone: str
    story_branches: list[dict[str, str]]
    quality_score: float
    passages: tuple[Passage, ...] = ()
    choices: tuple[Choice, ...] = ()
    degraded: str = ""
    is_ending: bool = False
    notes: Mapping[str, Any] = field(default_factory=dict)
    told_by: str = ""
    reply: str = ""
    response: LLMResponse | None = None
    requests: int = 1
    request_key: str = ""
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class ProsePiece:
    """Some more text of the passage being written, as soon as it is there.

    ``speaker`` is "" for prose and where the reply has not said yet who speaks.
    """

    text: str
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class PassageDrafted:
    """A passage is complete; the pieces since the last one join to its text."""

    passage: Passage


@dataclass(frozen=True, slots=True)
class DraftRestarted:
    """Forget all pieces and passages so far: the scene begins anew."""

    reason: str


@dataclass(frozen=True, slots=True)
class StoryDrafted:
    """The last item: the scene as a whole, with every passage already given out."""

    story: GeneratedStory


StoryItem: TypeAlias = ProsePiece | PassageDrafted | DraftRestarted | StoryDrafted


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
        request = scene_request(self._templates(), input_data, context)
        response = await self.llm_provider.complete(request)
        reply = _read(response)
        requests = 1
        if not reply.told and _worth_asking_again(response):
            requests = 2
            second = await self.llm_provider.complete(_repairing(request, response, reply))
            again = _read(second)
            if again.told:
                response, reply = second, again
        return _story(input_data, request, response, reply, requests)

    def tell(
        self, input_data: StoryGenerationInput, context: TTAContext
    ) -> AsyncGenerator[StoryItem, None]:
        """Tell the scene while it is being written; ``StoryDrafted`` comes last.

        Closing the generator early ends the call behind it. Raises as ``execute`` does.
        """
        self._validate(input_data, context)
        return self._streamed(input_data, scene_request(self._templates(), input_data, context))

    def continue_from(
        self,
        input_data: StoryGenerationInput,
        context: TTAContext,
        *,
        told_so_far: str,
        withheld: str,
        clash: str,
    ) -> AsyncGenerator[StoryItem, None]:
        """Go on with a scene of which a sentence was held back (see ``ContinueSceneVariables``).

        Gives the remaining passages and the choices, as ``tell`` does.
        """
        self._validate(input_data, context)
        request = scene_request(
            self._templates(),
            input_data,
            context,
            task="continue_scene",
            more={"told_so_far": told_so_far, "withheld": withheld, "clash": clash},
        )
        return self._streamed(input_data, request)

    async def _streamed(
        self, input_data: StoryGenerationInput, request: LLMRequest
    ) -> AsyncGenerator[StoryItem, None]:
        first: LLMResponse | None = None
        asked = request
        for requests in (1, 2):
            reader, response = SceneReader(), None
            try:
                async with aclosing(self.llm_provider.stream(asked)) as items:
                    async for item in items:
                        if isinstance(item, TextPiece):
                            for reading in reader.feed(item.text):
                                yield _item(reading)
                        elif isinstance(item, StreamRestarted):
                            reader = SceneReader()
                            yield DraftRestarted(item.reason)
                        elif isinstance(item, StreamEnded):
                            response = item.response
            except StreamBroken as broken:
                if not reader.finish(cut=True).told:
                    raise
                response = _broken_off(self.llm_provider, reader.text, broken)
            if response is None:
                raise ReplyUnusable(
                    "the model's stream ended without an end", model=self.llm_provider.config.model
                )
            reply = reader.finish(cut=response.finish_reason == "length")
            if requests == 1 and not reply.told and _worth_asking_again(response):
                first = response
                asked = _repairing(request, response, reply)
                if reader.has_shown:
                    yield DraftRestarted("the reply could not be understood")
                continue
            if not reply.told and first is not None:
                response = first
            story = _story(input_data, request, response, reply, requests)
            for passage in story.passages[reader.given :]:
                yield PassageDrafted(passage)
            yield StoryDrafted(story)
            return

    def _templates(self) -> PromptCatalog:
        if self._catalog is None:
            self._catalog = PromptCatalog.load()
        return self._catalog

    def _validate(self, wanted: StoryGenerationInput, context: TTAContext) -> None:
        problem = ""
        if len((wanted.theme or "").strip()) < 3:
            problem = "Theme must be at least 3 characters"
        elif not (wanted.universe_id or "").strip():
            problem = "Universe ID is required"
        elif wanted.timeline_position < 0:
            problem = f"Timeline position must be non-negative, not {wanted.timeline_position}"
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


def _read(response: LLMResponse) -> SceneReply:
    reader = SceneReader()
    for _ in reader.feed(response.text):
        pass
    return reader.finish(cut=response.finish_reason == "length")


def _worth_asking_again(response: LLMResponse) -> bool:
    """The embedded storyteller would say the same again; a model may heed the form."""
    return response.provider != "offline"


def _repairing(request: LLMRequest, response: LLMResponse, reply: SceneReply) -> LLMRequest:
    from tta_rebuild.prompts.fencing import fenced

    start = response.text[:2_000]
    return replace(
        request,
        prompt=f"{request.prompt}\n\nYour last answer could not be used: {reply.broken}. It began:"
        f"\n{fenced('last_answer', start)}\n\nAnswer once more, with one complete JSON object in "
        "the form described and nothing before or after it.",
    )


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
