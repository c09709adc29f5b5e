"""The prompts in use and the variants of an experiment, from the settings to what plays them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tta_rebuild.bootstrap.model_names import OFFLINE, named_chain, variant_models
from tta_rebuild.core.events import VariantAssigned
from tta_rebuild.engine.dependencies import Checks, VariantStack
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.settings import Settings
from tta_rebuild.settings_values import LiveExperiment

if TYPE_CHECKING:
    from tta_rebuild.bootstrap.stack_builder import StackBuilder


def catalog_of(settings: Settings) -> PromptCatalog:
    """The package's templates, with the variants of one's own folder. Raises SettingsError."""
    catalog = PromptCatalog.load()
    return catalog.with_variants(settings.prompts_dir) if settings.prompts_dir else catalog


def assigned(experiment: LiveExperiment, variant: str) -> VariantAssigned:
    """A variant of an experiment as the log keeps it."""
    chosen = experiment.variants[variant]
    return VariantAssigned(
        experiment=experiment.name,
        variant=variant,
        prompts=dict(chosen.prompts),
        model=chosen.model,
        temperature=chosen.temperature,
        checks=chosen.checks,
    )


def assignment_by(
    experiment: LiveExperiment | None, catalog: PromptCatalog
) -> Callable[[str], VariantAssigned | None]:
    """What draws a new story's variant by the weights: the same id always draws the same.

    Raises SettingsError: a variant names a prompt that the catalog does not have.
    """
    if experiment is None:
        return lambda story_id: None
    for variant in experiment.variants.values():
        catalog.choosing(variant.prompts)
    names = list(experiment.variants)
    weights = [variant.weight for variant in experiment.variants.values()]

    def assign(story_id: str) -> VariantAssigned:
        chance = random.Random(f"{experiment.name} {story_id}")
        return assigned(experiment, chance.choices(names, weights)[0])

    return assign


async def tellers_of(
    builder: StackBuilder, settings: Settings, stack: AsyncExitStack, chain: Sequence[str] = ()
) -> Mapping[str, VariantStack]:
    """A stack for every model that a variant or a story may name, in ``stack`` until the end.

    A story may name any of the ``chain``, of which the first is the usual one; the embedded
    storyteller that was chosen asks nobody else.
    """
    tellers = {}
    for name in dict.fromkeys([*variant_models(settings), *chain[1:]]):
        others = named_chain(settings) if builder.has_fallback and name != OFFLINE else ()
        models = await builder.found(dict.fromkeys([name, *others]))
        provider = await builder.stack(models)
        stack.push_async_callback(provider.aclose)
        tellers[name] = VariantStack(provider=provider, checks=checks_of(settings, models))
    return tellers


def checks_of(settings: Settings, models: Sequence[str], *, is_own: bool = False) -> Checks:
    """What a model checks: as set, else all of it for a model of the list, nothing for one's own.

    The embedded storyteller is no reader, unless the task is routed to somebody else.
    """
    if tuple(models) == (OFFLINE,) and not (is_own or settings.routes):
        return "off"
    return settings.checks or ("off" if is_own else "all")
