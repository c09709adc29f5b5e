"""What the settings alone tell: the models by name, and the stories; no provider is loaded."""

from __future__ import annotations

from collections.abc import Sequence

from tta_rebuild.settings import Settings
from tta_rebuild.storage.sqlite_list import listed
from tta_rebuild.storage.story_rows import StoryRow

OFFLINE = "offline"
"""The name of the embedded storyteller among the models."""

PROVIDERS = ("gemini", "anthropic", "openai")


def chosen_model(settings: Settings) -> str:
    """The model that is played with: the one named, else by the keys there.

    A key alone spends nothing: without a model named, keys count only with ``USE_REAL_LLM=true``.
    """
    if settings.model:
        return settings.model
    if settings.use_real_llm:
        for name in PROVIDERS:
            if getattr(settings, f"{name}_api_key"):
                return name
    return OFFLINE


def named_chain(settings: Settings) -> tuple[str, ...]:
    """The models to ask, in order, as the settings name them; the model may be left open."""
    if settings.chain and settings.model and settings.model != settings.chain[0]:
        return (settings.model, *(m for m in settings.chain if m != settings.model))
    return settings.chain or (chosen_model(settings), OFFLINE)


def variant_models(settings: Settings) -> tuple[str, ...]:
    """The models that variants of the experiment name, each once."""
    variants = settings.experiment.variants.values() if settings.experiment else ()
    return tuple(dict.fromkeys(variant.model for variant in variants if variant.model))


def is_all_offline(settings: Settings) -> bool:
    """True if the embedded storyteller alone answers everything."""
    names = (*named_chain(settings), *variant_models(settings))
    asked = {name.partition(":")[0] for name in names}
    return asked == {OFFLINE} and not settings.routes


def listed_stories(settings: Settings) -> Sequence[StoryRow] | None:
    """All stories, the latest played first; None if the store has to be opened for it."""
    return None if settings.database_url else listed(settings.data_dir)
