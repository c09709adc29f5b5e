"""The templates of this package (or of another folder), and how one becomes a prompt.

A template is a YAML file under ``templates/``: a name, a version, sections that are sent as the
stable part (``system``, first, where prompt caches find it) and sections that change (``prompt``).
Values never get into fixed text: what a player or a story says stands inside a fence.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
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

    ``weight`` is the variant's share in an experiment, relative to the others' weights.
    """

    name: str
    version: int
    system: tuple[Section, ...]
    prompt: tuple[Section, ...]
    schema: Mapping[str, Any] | None = None
    variant: str = ""
    weight: float = 0.0

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


@dataclass(frozen=True)
class PromptCatalog:
    """All templates: name → its variants, the plain one first; an experiment adds others."""

    templates: Mapping[str, Sequence[Template]] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Traversable | None = None) -> PromptCatalog:
        """Read all templates of a folder; those of this package if none is given.

        Raises SettingsError: a file is no template; the message names it.
        """
        home = folder or resources.files("tta_rebuild.prompts")
        files = sorted((home / "templates").iterdir(), key=lambda f: f.name)
        read = [_read(f, home / "schemas") for f in files if f.name.endswith(".yaml")]
        return cls({template.name: (template,) for template in read})

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
        return RenderedPrompt(system=system, prompt=prompt, template=used.id, schema=used.schema)


def _joined(sections: Sequence[Section], variables: Mapping[str, Any]) -> str:
    texts = (section.rendered(variables) for section in sections)
    return "\n\n".join(text for text in texts if text)


def _read(file: Traversable, schemas: Traversable) -> Template:
    try:
        data = parse_yaml(file.read_text(encoding="utf-8"), file.name)
        schema = None
        if data.get("schema"):
            text = (schemas / f"{data['schema']}.json").read_text(encoding="utf-8")
            schema = parse_json(text, f"{data['schema']}.json")
        system, prompt = (tuple(Section(**s) for s in data[part]) for part in ("system", "prompt"))
        for section in (*system, *prompt):
            if section.form not in FORMS:
                raise ValueError(f"unknown form {section.form!r}")
        name, version = data["name"], int(data["version"])
        return Template(name=name, version=version, system=system, prompt=prompt, schema=schema)
    except (UnreadableFile, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise SettingsError(f"prompt template {file.name}", f"cannot be read: {error}") from error
