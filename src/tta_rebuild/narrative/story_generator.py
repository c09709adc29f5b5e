"""Tells the next scene: from where the story stands to prose, lines, choices.

One call to the model is made, and another where the reply was cut at its limit (to go on), refused
for its content (more softly) or not to be understood (naming what was wrong); where that does not
help either, the next model of the chain is asked. Nothing that is no prose is ever told.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace

from tta_rebuild.core.base_primitive import TTAContext, TTAPrimitive
from tta_rebuild.core.checks import missing, wrong_kind
from tta_rebuild.core.errors import ValidationError
from tta_rebuild.core.story import DialogueLine as DialogueLine
from tta_rebuild.integrations import llm_provider as model
from tta_rebuild.narrative.scene_parser import is_chatter
from tta_rebuild.narrative.scene_request import repairing, scene_request, softened
from tta_rebuild.narrative.story_calls import ModelCall, outcome
from tta_rebuild.narrative.story_values import DraftRestarted as DraftRestarted
from tta_rebuild.narrative.story_values import GeneratedStory as GeneratedStory
from tta_rebuild.narrative.story_values import StoryGenerationInput as StoryGenerationInput
from tta_rebuild.narrative.story_values import StoryItem as StoryItem
from tta_rebuild.prompts import PromptCatalog

MOST_CALLS = 5
_SOFTER = "the model stopped for the content; once more, softer"
_UNCLEAR = "the reply could not be understood"


class StoryGeneratorPrimitive(TTAPrimitive[StoryGenerationInput, GeneratedStory]):
    """Asks a model for the next scene; without a catalog by the templates of the package."""

    def __init__(
        self,
        llm_provider: model.LLMProvider,
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
        """Tell the scene in one go. Raises ValidationError and ProviderError."""
        self._validate(input_data, context)
        async with aclosing(self._told(input_data, context, at_once=True)) as items:
            *_, story = [item async for item in items]
        assert isinstance(story, GeneratedStory)
        return story

    def tell(
        self, input_data: StoryGenerationInput, context: TTAContext
    ) -> AsyncGenerator[StoryItem, None]:
        """Tell the scene while it is being written; closing this early ends the call behind it."""
        self._validate(input_data, context)
        return self._told(input_data, context)

    def continue_from(
        self,
        input_data: StoryGenerationInput,
        context: TTAContext,
        *,
        told_so_far: str,
        withheld: str,
        contradiction: str,
    ) -> AsyncGenerator[StoryItem, None]:
        """The rest of a scene of which a sentence was held back: see ``core.tasks``."""
        self._validate(input_data, context)
        rest = {"told_so_far": told_so_far, "withheld": withheld, "contradiction": contradiction}
        return self._told(input_data, context, rest)

    async def _told(
        self,
        wanted: StoryGenerationInput,
        context: TTAContext,
        rest: Mapping[str, str] | None = None,
        *,
        at_once: bool = False,
    ) -> AsyncGenerator[StoryItem, None]:
        """One call, and further ones where the first was cut, refused or not understood."""
        request = scene_request(self._catalog, wanted, context, rest=rest)
        calls: list[ModelCall] = []
        asked: model.LLMRequest | None = request
        while asked is not None:
            call = ModelCall(asked)
            before = calls[0].reply.passages if calls else ()
            async with aclosing(call.listen(self.llm_provider, before, at_once=at_once)) as items:
                async for item in items:
                    yield item
            calls.append(call)
            asked = self._next_request(wanted, context, request, calls)
            if asked is not None and call.reader.given and not call.reply.passages:
                yield DraftRestarted(_SOFTER if call.is_refused else _UNCLEAR)
        story = outcome(wanted, request, calls)
        for passage in () if any(call.reply.passages for call in calls) else story.passages:
            yield passage
        yield story

    def _next_request(
        self,
        wanted: StoryGenerationInput,
        context: TTAContext,
        request: model.LLMRequest,
        calls: list[ModelCall],
    ) -> model.LLMRequest | None:
        """What to ask after these calls, None if they will do or nothing is left to ask."""
        last, is_first = calls[-1], len(calls) == 1
        if last.response is None:
            return softened(request) if is_first and last.is_refused else None
        if last.reply.passages:
            if not is_first or not last.lacks_its_end:
                return None
            given = request.variables
            rest = {name: str(given.get(name, "")) for name in ("withheld", "contradiction")}
            told = (str(given.get("told_so_far", "")), *(p.text for p in last.reply.passages))
            rest["told_so_far"] = "\n\n".join(told).strip()
            return scene_request(self._catalog, wanted, context, rest=rest)
        if last.response.provider == "offline" or calls[0].reply.passages:
            return None
        if is_first and last.is_refused:
            return softened(request)
        if is_first and last.response.finish_reason != model.SILENT:
            return repairing(request, last.reader.text, last.reply.degraded)
        plain = next((call.plain for call in calls if call.plain), None)
        place = last.response.metadata.get("place")
        if len(calls) >= MOST_CALLS or place is None or (plain and not is_chatter(plain)):
            return None
        return replace(request, passed_over=model.PassedOver(place, last.failure))

    def _validate(self, wanted: StoryGenerationInput, context: TTAContext) -> None:
        position, problem = wanted.timeline_position, ""
        if missing(wanted, "theme") or len(wanted.theme.strip()) < 3:
            problem = "Theme must be at least 3 characters"
        elif missing(wanted, "universe_id"):
            problem = "Universe ID is required"
        elif not isinstance(position, int) or position < 0:
            problem = f"Timeline position must be non-negative, not {position!r:.60}"
        preferences = ("player_preferences",) if wanted.player_preferences else ()
        if problem := problem or wrong_kind(wanted, "active_characters", *preferences):
            raise ValidationError(problem, self.name, context)
