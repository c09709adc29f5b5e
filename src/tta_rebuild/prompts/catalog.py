"""The templates of this package (or of another folder), and how one becomes a prompt.

A template is a YAML file under ``templates/``: a name, a version, its author's note, its variables,
sections that are sent as the stable part (``system``, first, where prompt caches find it) and
sections that change (``prompt``). Values never get into fixed text: what a player or a story says
stands inside a fence. ``prompts.lint`` looks a template over, ``prompts.diff`` compares two.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import chain
from typing import Any

from tta_rebuild.core.data_files import parse_json, parse_yaml
from tta_rebuild.core.errors import SettingsError, UnreadableFile
from tta_rebuild.prompts.fencing import FORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A piece of a prompt: fixed ``text`` and, after it, the variable that it is to ``show``.

    It is left out where that is empty. ``form`` is a key of ``fencing.FORMS``; ``when`` and
    ``unless`` are variables that must not, and that must be empty; "" for always.
    """

    text: str = ""
    show: str = ""
    form: str = "data"
    when: str = ""
    unless: str = ""

    def rendered(self, variables: Mapping[str, Any]) -> str:
        """The section as text, "" if it has nothing to say."""
        if (self.when and not variables.get(self.when)) or variables.get(self.unless):
            return ""
        if not self.show:
            return self.text.strip()
        value = variables.get(self.show)
        if value in (None, "", [], {}):
            return ""
        shown = FORMS[self.form](self.show, value)
        return f"{self.text.strip()}\n{shown}".strip() if shown else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One version of one prompt, in one variant ("" is the plain one).

    Attributes:
        weight: the variant's share in an experiment, relative to the others' weights.
        note: the author's: what it is for, and why it is as it is.
        variables: what its sections ask for: name → what that is.
        hints: of models: ``temperature`` is asked of them, ``window_tokens`` and ``suits`` tell
            people what it was written for.
    """

    name: str
    version: int
    system: tuple[Section, ...]
    prompt: tuple[Section, ...]
    schema: Mapping[str, Any] | None = None
    variant: str = ""
    weight: float = 0.0
    note: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections, in the order in which they are sent."""
        return (*self.system, *self.prompt)

    @property
    def id(self) -> str:
        """``name@version``, with ``#variant`` if it is one."""
        return f"{self.name}@{self.version}" + (f"#{self.variant}" if self.variant else "")


@dataclass(frozen=True, kw_only=True)
class RenderedPrompt:
    """The fields of a request that a template fills: ``LLMRequest(**vars(rendered), …)``."""

    system: str
    prompt: str
    template: str
    schema: Mapping[str, Any] | None = None
    temperature: float | None = None


@dataclass(frozen=True)
class PromptCatalog:
    """All templates: name → its variants, the plain one first; an experiment adds others."""

    templates: Mapping[str, Sequence[Template]] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Traversable | None = None) -> PromptCatalog:
        """Read all templates of a folder; those of this package if none is given.

        Raises SettingsError: a file is no template; the message names it.
        """
        return cls(_grouped(_templates(folder or resources.files("tta_rebuild.prompts"))))

    def with_variants(self, folder: Traversable) -> PromptCatalog:
        """These templates, and beside them the variants that a folder of one's own has.

        Raises SettingsError: it has no templates, or one of them is no variant of any here.
        """
        if not (folder / "templates").is_dir():
            raise SettingsError("TTA_PROMPTS", f"{folder} has no folder 'templates'")
        own = _templates(folder)
        for one in own:
            where = f"prompt template {one.name}.yaml"
            if one.name not in self.templates:
                raise SettingsError(where, f"name must be one of {', '.join(self.templates)}")
            if not one.variant:
                raise SettingsError(where, "needs a 'variant': a name of its own, such as brief")
        return PromptCatalog(_grouped([*chain(*self.templates.values()), *own]))

    def choosing(self, variants: Mapping[str, str]) -> PromptCatalog:
        """The same, but of these templates the named variant alone: name → variant.

        Raises SettingsError: there is no such template, or no such variant of it.
        """
        chosen = dict(self.templates)
        for name, variant in variants.items():
            found = [one for one in self.templates.get(name, ()) if one.variant == variant]
            if not found:
                known = [one.id for many in self.templates.values() for one in many]
                said = f"there is no variant '{variant}' of it; there are {', '.join(known)}"
                raise SettingsError(f"prompts.{name}", said)
            chosen[name] = (replace(found[0], weight=0.0),)
        return PromptCatalog(chosen)

    def used_in(self, template: str) -> PromptCatalog:
        """The same, choosing the variant that an id such as ``scene@4#brief`` names, if one."""
        name, _, variant = template.partition("#")
        return self.choosing({name.partition("@")[0]: variant}) if variant else self

    def template(self, name: str, *, story_id: str = "") -> Template:
        """The template to use: drawn by the weights, always the same for the same story.

        Raises KeyError: there is no such template.
        """
        variants = self.templates[name]
        weights = [one.weight for one in variants]
        if not any(weights):
            return variants[0]
        return random.Random(f"{name} {story_id}").choices(variants, weights)[0]

    def render(
        self, name: str, variables: Mapping[str, Any], *, story_id: str = ""
    ) -> RenderedPrompt:
        """The prompt for these variables; unknown variables are ignored, missing ones left out."""
        used = self.template(name, story_id=story_id)
        system, prompt = (_joined(part, variables) for part in (used.system, used.prompt))
        return RenderedPrompt(
            system=system,
            prompt=prompt,
            template=used.id,
            schema=used.schema,
            temperature=used.hints.get("temperature"),
        )


def _joined(sections: Sequence[Section], variables: Mapping[str, Any]) -> str:
    texts = (section.rendered(variables) for section in sections)
    return "\n\n".join(text for text in texts if text)


_PARTS = {"name", "version", "variant", "note", "variables", "schema", "hints", "system", "prompt"}
_HINTS = {"temperature", "window_tokens", "suits"}


def _grouped(templates: Sequence[Template]) -> dict[str, tuple[Template, ...]]:
    """Name → its variants, the plain one first. Raises SettingsError: one is there twice."""
    grouped: dict[str, tuple[Template, ...]] = {}
    for one in templates:
        there = grouped.get(one.name, ())
        if any(other.variant == one.variant for other in there):
            raise SettingsError(f"prompt template {one.id}", "is there twice: rename one variant")
        grouped[one.name] = tuple(sorted((*there, one), key=lambda t: bool(t.variant)))
    return grouped


def _templates(home: Traversable) -> list[Template]:
    files = sorted((home / "templates").iterdir(), key=lambda f: f.name)
    return [_read(f, home / "schemas") for f in files if f.name.endswith(".yaml")]


def _read(file: Traversable, schemas: Traversable) -> Template:
    try:
        data = parse_yaml(file.read_text(encoding="utf-8"), file.name)
        for odd in sorted({*data} - _PARTS) + sorted({*data.get("hints", {})} - _HINTS):
            raise ValueError(f"{odd!r} is no part of a template")
        system, prompt = (tuple(Section(**s) for s in data[part]) for part in ("system", "prompt"))
        for section in (*system, *prompt):
            if section.form not in FORMS:
                raise ValueError(f"unknown form {section.form!r}")
        temperature = data.get("hints", {}).get("temperature", 0.0)
        if not isinstance(temperature, int | float) or not 0 <= temperature <= 2:
            raise ValueError(f"a temperature lies from 0 to 2, not at {temperature!r:.20}")
        return Template(
            name=data["name"],
            version=int(data["version"]),
            system=system,
            prompt=prompt,
            schema=_schema(str(data["schema"]), schemas) if data.get("schema") else None,
            variant=str(data.get("variant", "")),
            note=str(data.get("note", "")).strip(),
            variables={str(name): str(what) for name, what in data.get("variables", {}).items()},
            hints=dict(data.get("hints", {})),
        )
    except (UnreadableFile, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise SettingsError(f"prompt template {file.name}", f"cannot be read: {error}") from error


def _schema(name: str, folder: Traversable) -> Any:
    """A schema of the folder, or of this package."""
    for home in (folder, resources.files("tta_rebuild.prompts") / "schemas"):
        if (home / f"{name}.json").is_file():
            return parse_json((home / f"{name}.json").read_text("utf-8"), f"{name}.json")
    raise ValueError(f"there is no schema {name!r}")
