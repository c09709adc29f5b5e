"""Asks a model one question by a template; for the primitives that can do without a model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.tasks import Task
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.prompts import PromptCatalog

packaged_prompts = cache(PromptCatalog.load)
"""The package's own templates, read on first use."""


async def answer_to(
    provider: LLMProvider,
    catalog: PromptCatalog | None,
    task: Task,
    variables: Mapping[str, Any],
    context: TTAContext,
    max_tokens: int | None = None,
) -> str:
    """The model's answer; which story, branch and turn it is for, the context says.

    Raises ``ProviderError`` and ``BudgetExceededError``.
    """
    state = context.session_state
    rendered = (catalog or packaged_prompts()).render(task, variables)
    request = LLMRequest(
        prompt=rendered.prompt,
        system=rendered.system,
        template=rendered.version,
        schema=rendered.schema,
        context=context,
        task=task,
        variables=variables,
        max_tokens=max_tokens,
        story_id=context.workflow_id,
        branch_id=str(state.get("branch_id", "")),
        turn=int(state.get("turn", 0)),
    )
    return (await provider.complete(request)).text
