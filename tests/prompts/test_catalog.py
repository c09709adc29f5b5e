"""Templates: what there is, what a prompt is made of, variants of an experiment."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tta_rebuild.canon.relations import built_in
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.prompts.catalog import Section

CATALOG = PromptCatalog.load()


def write(folder: Path, text: str) -> Path:
    (folder / "templates").mkdir()
    (folder / "schemas").mkdir()
    (folder / "templates" / "odd.yaml").write_text(text, encoding="utf-8")
    return folder


def test_there_is_a_template_for_every_task_that_a_primitive_asks() -> None:
    assert set(CATALOG.templates) == {
        "scene",  # and continue_scene
        "dialogue",
        "monologue",
        "branch_check",
        "care",
        "judgement",
        "reading",
    }
    for variants in CATALOG.templates.values():
        assert variants[0].version >= 1
        assert variants[0].variant == ""


def test_the_scene_schema_asks_for_the_facts_before_the_text() -> None:
    schema = CATALOG.render("scene", {}).schema
    assert schema is not None
    passage = schema["properties"]["passages"]["items"]
    assert list(passage["properties"]) == ["facts", "speaker", "emotion", "text"]
    assert next(iter(schema["properties"])) == "passages"


def test_every_schema_is_bounded_so_that_a_grammar_constrained_model_ends_in_time() -> None:
    def check(schema: dict[str, object]) -> None:
        if schema.get("type") == "object":
            properties = schema["properties"]
            assert isinstance(properties, dict)
            assert set(schema["required"]) <= set(properties)  # type: ignore[call-overload]
            for inner in properties.values():
                check(inner)
        if schema.get("type") == "array":
            assert schema["maxItems"], schema
            check(schema["items"])  # type: ignore[arg-type]
        if schema.get("type") == "string":
            assert schema["maxLength"], schema

    for name in ("scene", "reading", "branch_check"):
        schema = json.loads(json.dumps(CATALOG.template(name).schema))
        for one in (schema, *schema.get("$defs", {}).values()):
            check(one)


def test_the_fixed_part_of_a_scene_takes_less_than_900_tokens() -> None:
    template = CATALOG.template("scene")
    fixed = CATALOG.render(
        "scene", {"relations": built_in().described(), "writes_lines": True}
    ).system
    schema = json.dumps(template.schema, separators=(",", ":"))
    assert (len(fixed) + len(schema)) / 4 < 900


def test_what_is_empty_is_left_out_with_its_heading() -> None:
    rendered = CATALOG.render("scene", {"theme": "a mill", "action": "", "recent": []})
    assert "a mill" in rendered.system
    assert "THE PLAYER'S MOVE" not in rendered.prompt
    assert "THE SCENES BEFORE" not in rendered.prompt


def test_the_last_scene_is_asked_for_only_when_the_story_should_end() -> None:
    assert "last scene" in CATALOG.render("scene", {"should_end": True}).prompt
    assert "last scene" not in CATALOG.render("scene", {"should_end": False}).prompt


def test_a_section_may_depend_on_another_variable() -> None:
    section = Section(text="Hello", when="a", unless="b")
    assert section.rendered({"a": 1}) == "Hello"
    assert section.rendered({}) == ""
    assert section.rendered({"a": 1, "b": 1}) == ""


def test_a_variant_is_drawn_by_weight_and_stays_with_its_story() -> None:
    plain = CATALOG.template("scene")
    brief = replace(plain, variant="brief", weight=3.0)
    catalog = PromptCatalog({"scene": (replace(plain, weight=1.0), brief)})
    drawn = {f"s{n}": catalog.template("scene", story_id=f"s{n}").id for n in range(2_000)}
    assert drawn == {s: catalog.template("scene", story_id=s).id for s in drawn}
    share = Counter(drawn.values())["scene@5#brief"] / len(drawn)
    assert 0.70 < share < 0.80
    assert catalog.render("scene", {}, story_id="s1").template == drawn["s1"]


def test_without_weights_everybody_gets_the_plain_one() -> None:
    assert {CATALOG.template("scene", story_id=str(n)).id for n in range(50)} == {"scene@5"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name: odd",
        "name: [",
        "name: odd\nversion: two\nsystem: []\nprompt: []",
        "name: odd\nversion: 1\nsystem: [{show: x, form: spell}]\nprompt: []",
        "name: odd\nversion: 1\nschema: missing\nsystem: []\nprompt: []",
        "name: odd\nversion: 1\nsystem: [{shout: x}]\nprompt: []",
        "name: !!python/object/apply:os.getcwd []\nversion: 1\nsystem: []\nprompt: []",
    ],
)
def test_a_file_that_is_no_template_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"odd\.yaml"):
        PromptCatalog.load(write(tmp_path, text))
