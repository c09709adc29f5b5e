"""A template as plain lines, and what differs between two of them; called by ``cli.prompts``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import unified_diff
from hashlib import blake2b

from tta_rebuild.prompts import Template


def as_lines(template: Template) -> list[str]:
    """All of a template, a fact or line of its text each; equal for templates that do the same."""
    return [*_head(template), *_body(template)]


def fingerprint(template: Template) -> str:
    """Eight characters that change with whatever of a template a model gets."""
    return blake2b("\n".join(_body(template)).encode(), digest_size=4).hexdigest()


def difference(old: Template, new: Template) -> list[str]:
    """The unified diff of two templates, without line ends; empty if nothing differs."""
    lines = unified_diff(as_lines(old), as_lines(new), old.id, new.id, lineterm="")
    return list(lines)


def _head(template: Template) -> Iterator[str]:
    yield f"note: {' '.join(template.note.split())}"
    for name, what in template.variables.items():
        yield f"variable {name}: {what}"


def _body(template: Template) -> Iterator[str]:
    for name, value in template.hints.items():
        yield f"hint {name}: {value}"
    for part, sections in (("system", template.system), ("prompt", template.prompt)):
        for section in sections:
            rules = {"show": section.show, "when": section.when, "unless": section.unless}
            rules |= {"form": section.form} if section.show else {}
            said = " ".join(f"{name}={value}" for name, value in rules.items() if value)
            yield f"[{part}] {said}".rstrip()
            yield from (f"  {line}" for line in section.text.strip().splitlines())
    if template.schema is not None:
        yield "[schema]"
        yield from json.dumps(template.schema, indent=2).splitlines()
