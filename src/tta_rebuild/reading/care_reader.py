"""A language model asked whether a player's own words are a cry for help, where words alone leave
it open. Called by ``engine.care``; its answer is data from outside, one of three words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.errors import BudgetExceededError, ProviderError
from tta_rebuild.integrations.llm_provider import LLMProvider, LLMRequest
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.prompts.json_mending import object_in

NeedRead: TypeAlias = Literal["harm", "danger", "none"]

MAX_TOKENS = 60
_ANSWERS: Mapping[object, NeedRead] = {"harm": "harm", "danger": "danger", "none": "none"}


@dataclass(frozen=True, slots=True)
class CareReader:
    """Asks a model once, by requests of the task ``care``.

    ``where`` are story, branch and turn for the ledger, as ``LLMRequest`` names them.
    """

    provider: LLMProvider
    catalog: PromptCatalog
    where: Mapping[str, Any]

    async def read(
        self, words: str, scene: str, context: TTAContext
    ) -> tuple[NeedRead | None, str]:
        """What the words are, said after the ``scene``; None, and why, if no answer was usable."""
        variables = {"words": words, "scene": scene}
        request = LLMRequest(
            **vars(self.catalog.render("care", variables)) | {"temperature": 0.0},
            context=context,
            task="care",
            variables=variables,
            max_tokens=MAX_TOKENS,
            **self.where,
        )
        try:
            response = await self.provider.complete(request)
        except (BudgetExceededError, ProviderError) as error:
            return None, f"the reader failed ({error})"
        said = object_in(response.text).get("need")
        need = _ANSWERS.get(said) if isinstance(said, str) else None
        return need, "" if need else "the reader's answer could not be read"
