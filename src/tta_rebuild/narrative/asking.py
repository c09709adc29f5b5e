"""Asking a model one question by a template; for the primitives that can do without a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from tta_rebuild.core.base_primitive import TInput, TOutput, TTAContext, TTAPrimitive
from tta_rebuild.core.tasks import Task
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.prompts import PromptCatalog

packaged_prompts = cache(PromptCatalog.load)
"""The package's own templates, read on first use."""


class AskingPrimitive(TTAPrimitive[TInput, TOutput]):
    """Asks ``llm_provider``, where there is one, by the templates of a catalog or the package."""

    def __init__(
        self, name: str, llm_provider: LLMProvider | None, catalog: PromptCatalog | None
    ) -> None:
        super().__init__(name)
        self.llm_provider = llm_provider
        self._catalog = catalog

    async def _answer(
        self, task: Task, variables: Mapping[str, Any], context: TTAContext, **knobs: Any
    ) -> str:
        """The model's words, booked on the context's story. Raises what ``complete`` raises."""
        assert self.llm_provider is not None
        state = context.session_state
        request = LLMRequest(
            **vars((self._catalog or packaged_prompts()).render(task, variables)),
            context=context,
            task=task,
            variables=variables,
            story_id=context.workflow_id,
            branch_id=str(state.get("branch_id", "")),
            turn=int(state.get("turn", 0)),
            **knobs,
        )
        return (await self.llm_provider.complete(request)).text
