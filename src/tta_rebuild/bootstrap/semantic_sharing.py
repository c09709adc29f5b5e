"""What the semantic cache is made of, as the settings say; ``stack_builder`` puts it into stacks.

Its parts are loaded only where ``TTA_SEMANTIC_CACHE`` is not ``off``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.settings import Settings

if TYPE_CHECKING:
    from tta_rebuild.integrations.semantic_cache import Encoder, SemanticCache
    from tta_rebuild.integrations.wrappers.semantic import IsSame

FILE_NAME = "shared.db"
"""In the data directory, with ``TTA_SEMANTIC_CACHE=disk``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticSharing:
    """The parts of the semantic cache that all stacks have in common."""

    cache: SemanticCache
    encoder: Encoder
    is_same: IsSame

    def around(self, provider: LLMProvider, *, tracker: CostTracker, scope: str) -> LLMProvider:
        """The provider, its answers shared; ``scope`` names the models of its chain."""
        from tta_rebuild.integrations.wrappers.semantic import SemanticCachedLLMProvider

        return SemanticCachedLLMProvider(
            provider, self.cache, self.encoder, self.is_same, tracker=tracker, scope=scope
        )


def semantic_sharing_of(settings: Settings) -> SemanticSharing | None:
    """What the settings ask for; None for ``off``. Raises SettingsError: the extra is missing."""
    if settings.semantic_cache == "off":
        return None
    from tta_rebuild.integrations.local_encoder import LocalEncoder
    from tta_rebuild.integrations.semantic_cache import SemanticCache
    from tta_rebuild.reading.same_question import SameQuestion

    path = settings.data_dir / FILE_NAME if settings.semantic_cache == "disk" else None
    return SemanticSharing(
        cache=SemanticCache(path), encoder=LocalEncoder(), is_same=SameQuestion()
    )
