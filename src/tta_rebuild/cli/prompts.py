"""``tta prompts``: the templates that prompts are made of, looked over without asking a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tta_rebuild.bootstrap.variants import catalog_of
from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.exits import FAILED, NothingThere
from tta_rebuild.cli.opening import settings_for
from tta_rebuild.cli.screen import Screen, counted
from tta_rebuild.lab.prompt_diff import as_lines, difference, fingerprint
from tta_rebuild.lab.prompt_lint import lint as lint_all
from tta_rebuild.prompts import PromptCatalog, Template

app = take.group("Show, check and compare the templates of prompts.", no_args_is_help=True)


@app.command("list")
def list_(ctx: typer.Context, *, json_: take.AsJson = False) -> None:
    """List the templates with version, variant and what they are for."""
    rows = [_row(one) for one in _all(catalog_of(settings_for(ctx.obj)))]
    ctx.obj.screen.answer(rows, json_, _show_list)


def _show_list(screen: Screen, rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        screen.entry(row["template"], f"{row['note']} [{row['fingerprint']}]")


@app.command()
def show(
    ctx: typer.Context,
    template: Annotated[str, take.argument("template")] = "",
    *,
    json_: take.AsJson = False,
) -> None:
    """Show a template whole: note, variables, hints, sections and schema."""
    catalog = catalog_of(settings_for(ctx.obj))
    for one in [_found(catalog, template)] if template else _all(catalog):
        if json_:
            ctx.obj.screen.json(_row(one) | {"lines": as_lines(one)})
        else:
            ctx.obj.screen.heading(one.id)
            for line in as_lines(one):
                ctx.obj.screen.say(line)


@app.command()
def lint(ctx: typer.Context, *, json_: take.AsJson = False) -> None:
    """Say what is wrong with the templates; ends with code 1 if something is."""
    problems = lint_all(catalog_of(settings_for(ctx.obj)))
    screen: Screen = ctx.obj.screen
    if json_:
        screen.json(problems, indent=1)
    else:
        for one in problems:
            style = "red" if one.is_error else "yellow"
            screen.entry(one.template, one.says, style=style)
        errors = sum(one.is_error for one in problems)
        hints = len(problems) - errors
        screen.say(f"{counted(errors, 'error')}, {counted(hints, 'hint')}.", "bold")
    if any(one.is_error for one in problems):
        raise typer.Exit(FAILED)


@app.command()
def diff(
    ctx: typer.Context,
    first: Annotated[str, take.argument("old_template")],
    second: Annotated[str, take.argument("new_template")],
) -> None:
    """Show what differs between two templates."""
    catalog = catalog_of(settings_for(ctx.obj))
    lines = difference(_found(catalog, first), _found(catalog, second))
    for line in lines:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        ctx.obj.screen.say(line, style)
    if not lines:
        ctx.obj.screen.say("Nothing differs.")


def _all(catalog: PromptCatalog) -> list[Template]:
    return [one for variants in catalog.templates.values() for one in variants]


def _found(catalog: PromptCatalog, name: str) -> Template:
    """The template of that id, or of that name and variant. Raises NothingThere."""
    for one in _all(catalog):
        plain = one.name + (f"#{one.variant}" if one.variant else "")
        if name in (one.id, plain):
            return one
    known = ", ".join(one.id for one in _all(catalog))
    raise NothingThere(f"there is no template '{name}'; there are {known}")


def _row(template: Template) -> dict[str, Any]:
    return {
        "template": template.id,
        "name": template.name,
        "version": template.version,
        "variant": template.variant,
        "fingerprint": fingerprint(template),
        "note": " ".join(template.note.split()),
        "variables": dict(template.variables),
        "hints": dict(template.hints),
        "has_schema": template.schema is not None,
    }
