"""What the semantic cache is made of, as the settings say; ``stack_builder`` puts it into stacks.

Its parts are loaded only where ``TTA_SEMANTIC_CACHE`` is not ``off``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tta_rebuild.bootstrap.sharing import Shared
from tta_rebuild.integrations.cost_tracker import CostTracker
from tta_rebuild.integrations.llm_provider import LLMProvider
from tta_rebuild.settings import Settings

if TYPE_CHECKING:
    from tta_rebuild.integrations.semantic_cache import Encoder, SemanticCache
    from tta_rebuild.integrations.wrappers.semantic import IsSame

FILE_NAME = "shared.db"
"""In the data directory, with ``TTA_SEMANTIC_CACHE=disk``."""
LOCAL = "local"
"""The encoder of this machine, among the values of ``TTA_SEMANTIC_ENCODER``."""


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


def semantic_sharing_of(
    settings: Settings,
    embeddings: Callable[[str], Encoder],
    shared: Shared | None = None,
) -> SemanticSharing | None:
    """What the settings ask for; None for ``off``.

    ``embeddings`` makes the encoder of a provider's API by its name. With ``memory``, what all
    workers share is in Redis where there is one. Raises SettingsError: the extra is missing.
    """
    if settings.semantic_cache == "off":
        return None
    from tta_rebuild.reading.same_question import SameQuestion

    return SemanticSharing(
        cache=_cache(settings, shared),
        encoder=_encoder(settings.semantic_encoder, embeddings),
        is_same=SameQuestion(),
    )


def _cache(settings: Settings, shared: Shared | None) -> SemanticCache:
    from tta_rebuild.integrations.semantic_cache import SemanticCache

    if settings.semantic_cache == "memory" and shared is not None:
        return shared.questions()
    path = settings.data_dir / FILE_NAME if settings.semantic_cache == "disk" else None
    return SemanticCache(path)


def _encoder(name: str, embeddings: Callable[[str], Encoder]) -> Encoder:
    if name != LOCAL:
        return embeddings(name)
    from tta_rebuild.integrations.local_encoder import LocalEncoder

    return LocalEncoder()
