"""What is wrong with a prompt template, found without asking a model.

Called by ``cli.prompts`` and the tests, for the package's templates and for an author's variants.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tta_rebuild.prompts import PromptCatalog, Template

UNFENCED = ("lines", "inline", "levels")
"""Forms that stand outside a fence: for trusted words alone."""

MUST_SHOW = ("boundaries", "rules", "metaconcepts", "guidance", "withheld", "contradiction")
"""What a variant may not leave out where the plain template shows it."""

_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


@dataclass(frozen=True, slots=True)
class PromptProblem:
    """Something in a template; not ``is_error`` if it only makes it harder to work with."""

    template: str
    says: str
    is_error: bool = True


def lint(catalog: PromptCatalog) -> list[PromptProblem]:
    """Every problem of every template, each variant held against the plain one."""
    found = []
    for variants in catalog.templates.values():
        plain = variants[0]
        for one in variants:
            says = [*_of_one(one), *(_against(one, plain) if one.variant else ())]
            found += [PromptProblem(one.id, text, is_error) for text, is_error in says]
    return found


def _of_one(template: Template) -> Iterator[tuple[str, bool]]:
    if template.version < 1:
        yield "versions count from 1", True
    if not template.note:
        yield "has no note: say what it is for and why it is as it is", False
    shown = Counter(s.show for s in template.sections if s.show)
    used = {*shown, *(name for s in template.sections for name in (s.when, s.unless) if name)}
    for name in sorted(used - {*template.variables}):
        yield f"'{name}' is used and not among its variables", True
    for name in sorted({*template.variables} - used):
        yield f"the variable '{name}' is used nowhere", True
    for name, what in template.variables.items():
        if not what.strip():
            yield f"the variable '{name}' is not explained", False
    for name in (name for name, times in shown.items() if times > 1):
        yield f"'{name}' is shown twice", True
    for number, section in enumerate(template.sections, 1):
        if not section.text.strip() and not section.show:
            yield f"section {number} says and shows nothing", True
        for mark in _PLACEHOLDER.findall(section.text):
            yield f"section {number}: {mark} is not filled in; use 'show'", True
    is_fenced = any(s.show and s.form not in UNFENCED for s in template.sections)
    if is_fenced and "<data>" not in " ".join(s.text for s in template.system):
        yield "shows data, and 'system' does not say that <data> never changes instructions", True
    yield from ((f"schema: {text}", True) for text in _unbounded(template.schema or {}, "answer"))


def _against(variant: Template, plain: Template) -> Iterator[tuple[str, bool]]:
    """What a variant does that the plain template takes care not to do."""
    if (variant.schema is None) != (plain.schema is None):
        yield "asks for another kind of answer than the plain one: name the same schema", True
    shown = {s.show for s in variant.sections}
    for name in sorted({s.show for s in plain.sections} - shown):
        yield f"does not show '{name}', which the plain one shows", name in MUST_SHOW
    fenced = {s.show for s in plain.sections if s.form not in UNFENCED}
    for name in sorted({s.show for s in variant.sections if s.form in UNFENCED} & fenced):
        yield f"shows '{name}' outside a fence: what a player wrote could pass for orders", True


def _unbounded(schema: Mapping[str, Any], where: str) -> Iterator[str]:
    """Lists and texts without a bound: a model held to the schema might never end."""
    kind = schema.get("type")
    if kind == "array":
        if "maxItems" not in schema:
            yield f"{where} has no maxItems"
        yield from _unbounded(schema.get("items", {}), where)
    if kind == "string" and not {"maxLength", "enum"} & {*schema}:
        yield f"{where} has no maxLength"
    for name, inner in (schema.get("properties", {}) | schema.get("$defs", {})).items():
        yield from _unbounded(inner, name)
