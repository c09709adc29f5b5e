"""What an experiment has given to a story, put in force: prompts, model, temperature, checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.events import VariantAssigned
from tta_rebuild.engine.dependencies import Dependencies
from tta_rebuild.engine.messages import message
from tta_rebuild.integrations import llm_provider as llm

TELLING: Sequence[str] = ("scene", "continue_scene", "dialogue", "monologue")
"""Tasks that a variant's temperature is for; who checks stays sober."""


class WarmedLLMProvider(llm.WrapperProvider):
    """Tells at a temperature of its own; other tasks are asked as they were."""

    def __init__(self, wrapped: llm.LLMProvider, temperature: float) -> None:
        super().__init__(wrapped)
        self._temperature = temperature

    def items(self, request: llm.LLMRequest, *, whole: bool = False) -> llm.Items:
        """Pass the request on with the temperature."""
        if request.task in TELLING:
            request = replace(request, temperature=self._temperature)
        return self.wrapped.items(request, whole=whole)


def told_as(dependencies: Dependencies, variant: VariantAssigned | None) -> Dependencies:
    """What a story of this variant is told with; what is no longer there is as usual, and said."""
    if variant is None:
        return dependencies
    catalog, provider, checks = dependencies.catalog, dependencies.provider, dependencies.checks
    for name, chosen in variant.prompts.items():
        try:
            catalog = catalog.choosing({name: chosen})
        except SettingsError:
            _say(dependencies, variant, f"{name}#{chosen}")
    if variant.model in dependencies.tellers:
        teller = dependencies.tellers[variant.model]
        provider, checks = teller.provider, teller.checks
    elif variant.model:
        _say(dependencies, variant, variant.model)
    if variant.temperature is not None:
        provider = WarmedLLMProvider(provider, variant.temperature)
    checks = variant.checks or checks
    return replace(dependencies, catalog=catalog, provider=provider, checks=checks)


def _say(dependencies: Dependencies, variant: VariantAssigned, missing: str) -> None:
    name = "variant_lacks" if variant.experiment else "model_lacks"
    said = message(name, variant=variant.variant, missing=missing)
    if said not in dependencies.notices:
        dependencies.notices.append(said)
