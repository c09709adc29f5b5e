"""``tta_rebuild.core`` as its callers know it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest

import tta_rebuild
from tta_rebuild.core import (
    ExecutionError,
    Metaconcept,
    MetaconceptCategory,
    MetaconceptRegistry,
    TTAContext,
    TTAPrimitive,
    TTAPrimitiveError,
    ValidationError,
)

NAMES = {
    "therapeutic": [
        "Support Therapeutic Goals",
        "Promote Self-Compassion",
        "Enable Externalization",
        "Support Re-Authoring",
    ],
    "narrative": [
        "Ensure Narrative Quality",
        "Maintain Chronology",
        "Develop Compelling Characters",
        "Create Meaningful Choices",
        "Balance Tone",
    ],
    "safety": [
        "Prioritize Player Agency",
        "Respect Player Boundaries",
        "Provide Content Warnings",
        "Enable Gentle Pacing",
        "Offer Skip Options",
        "Validate Player Experience",
    ],
    "game": [
        "Maintain Challenge Balance",
        "Support System Adaptation",
        "Enable Collaborative Play",
    ],
}

EXPORTS = {
    "tta_rebuild.core.base_primitive": [
        "TTAContext",
        "TTAPrimitive",
        "TTAPrimitiveError",
        "ValidationError",
        "ExecutionError",
    ],
    "tta_rebuild.core.metaconcepts": ["MetaconceptCategory", "Metaconcept", "MetaconceptRegistry"],
    "tta_rebuild.integrations.llm_provider": [
        "LLMConfig",
        "LLMResponse",
        "LLMProvider",
        "MockLLMProvider",
    ],
    "tta_rebuild.narrative.story_generator": [
        "DialogueLine",
        "StoryGenerationInput",
        "GeneratedStory",
        "StoryGeneratorPrimitive",
    ],
    "tta_rebuild.narrative.timeline_manager": [
        "TimelineEvent",
        "BranchPoint",
        "TimelineUpdate",
        "TimelineState",
        "TimelineManagerPrimitive",
    ],
    "tta_rebuild.narrative.character_state": [
        "CharacterState",
        "CharacterInteraction",
        "CharacterResponse",
        "CharacterStatePrimitive",
    ],
    "tta_rebuild.narrative.branch_validator": [
        "IssueSeverity",
        "ValidationIssue",
        "BranchProposal",
        "BranchValidation",
        "BranchValidatorPrimitive",
    ],
}


@pytest.mark.contract("page#1")
@pytest.mark.parametrize("module", EXPORTS)
def test_every_name_comes_from_its_module_and_from_its_package(module: str) -> None:
    package = import_module(module.rsplit(".", 1)[0])
    for name in EXPORTS[module]:
        assert getattr(import_module(module), name) is getattr(package, name)
        assert name in package.__all__


@pytest.mark.contract("page#1")
def test_the_core_names_come_from_tta_rebuild_itself() -> None:
    for module in ("tta_rebuild.core.base_primitive", "tta_rebuild.core.metaconcepts"):
        for name in EXPORTS[module]:
            assert getattr(tta_rebuild, name) is getattr(import_module(module), name)


def _context(**more: Any) -> TTAContext:
    return TTAContext(
        workflow_id="w",
        correlation_id="c",
        timestamp=datetime(2026, 1, 1, tzinfo=UTC),
        metaconcepts=[],
        player_boundaries={"violence": "low"},
        **more,
    )


@pytest.mark.contract("base_primitive#1")
def test_a_context_has_an_empty_session_and_no_universe_unless_given() -> None:
    context = _context()
    assert (context.workflow_id, context.correlation_id) == ("w", "c")
    assert context.session_state == {}
    assert context.universe_id is None
    assert _context(session_state={"a": 1}, universe_id="u").universe_id == "u"


@pytest.mark.contract("base_primitive#1")
def test_two_contexts_do_not_share_their_session() -> None:
    assert _context().session_state is not _context().session_state


@pytest.mark.contract("base_primitive#1")
def test_a_changed_copy_leaves_the_original_as_it_was() -> None:
    context = _context()
    moved = context.with_universe("other")
    guided = moved.with_metaconcepts(["Balance Tone", "Unheard Of"])
    assert (context.universe_id, moved.universe_id, guided.universe_id) == (None, "other", "other")
    assert (context.metaconcepts, moved.metaconcepts) == ([], [])
    assert guided.metaconcepts == ["Balance Tone", "Unheard Of"]
    assert guided.workflow_id == context.workflow_id


@pytest.mark.contract("base_primitive#1")
def test_metaconcepts_may_be_values_or_names_known_or_unknown() -> None:
    known = MetaconceptRegistry.get_all()[0]
    context = _context().with_metaconcepts([known, "Balance Tone", "Unheard Of"])
    assert context.metaconcept_names() == [known.name, "Balance Tone", "Unheard Of"]


class Doubling(TTAPrimitive[int, int]):
    async def execute(self, input_data: int, context: TTAContext) -> int:
        return input_data * 2


@pytest.mark.contract("base_primitive#2")
async def test_a_primitive_has_a_name_and_executes() -> None:
    primitive = Doubling("doubling")
    assert primitive.name == "doubling"
    assert await primitive.execute(21, _context()) == 42
    assert "Doubling" in repr(primitive)
    assert "doubling" in repr(primitive)


@pytest.mark.contract("base_primitive#2")
def test_the_bare_primitive_is_abstract() -> None:
    with pytest.raises(TypeError):
        TTAPrimitive("bare")  # type: ignore[abstract]


@pytest.mark.contract("base_primitive#3")
@pytest.mark.parametrize("kind", [TTAPrimitiveError, ValidationError, ExecutionError])
def test_errors_carry_message_primitive_and_context(kind: type[TTAPrimitiveError]) -> None:
    context = _context()
    error = kind("it went wrong", "Teller", context)
    assert str(error) == "it went wrong"
    assert (error.primitive_name, error.context) == ("Teller", context)
    assert (kind("x").primitive_name, kind("x").context) == (None, None)
    assert kind("x", primitive_name="P", context=None).primitive_name == "P"
    assert isinstance(error, TTAPrimitiveError)


@pytest.mark.contract("base_primitive#3")
def test_a_wrong_input_and_failed_work_are_different_errors() -> None:
    assert not issubclass(ValidationError, ExecutionError)
    assert not issubclass(ExecutionError, ValidationError)


@pytest.mark.contract("metaconcepts#1")
def test_there_are_four_categories() -> None:
    assert [c.name for c in MetaconceptCategory] == ["THERAPEUTIC", "NARRATIVE", "SAFETY", "GAME"]


@pytest.mark.contract("metaconcepts#2")
def test_a_metaconcept_is_immutable_and_knows_its_scope() -> None:
    narrow = Metaconcept("n", MetaconceptCategory.GAME, "d", ["story_generator"])
    wide = Metaconcept(name="w", category=MetaconceptCategory.GAME, description="d", scope=["all"])
    assert narrow.applies_to("story_generator")
    assert not narrow.applies_to("timeline_manager")
    assert wide.applies_to("timeline_manager")
    with pytest.raises(FrozenInstanceError):
        narrow.name = "other"  # type: ignore[misc]


@pytest.mark.contract("metaconcepts#3")
def test_the_registry_finds_by_category_primitive_and_name() -> None:
    everything = MetaconceptRegistry.get_all()
    for category in MetaconceptCategory:
        found = MetaconceptRegistry.get_by_category(category)
        assert found == [m for m in everything if m.category is category]
    for_generator = MetaconceptRegistry.get_for_primitive("story_generator")
    assert for_generator == [m for m in everything if m.applies_to("story_generator")]
    categories = {m.category for m in MetaconceptRegistry.get_for_primitive("therapeutic")}
    assert categories >= {
        MetaconceptCategory.THERAPEUTIC,
        MetaconceptCategory.NARRATIVE,
        MetaconceptCategory.SAFETY,
    }


@pytest.mark.contract("metaconcepts#3")
def test_unknown_names_are_skipped_and_the_registrys_order_is_kept() -> None:
    found = MetaconceptRegistry.get_by_names(["Balance Tone", "Unheard Of", "Maintain Chronology"])
    assert [m.name for m in found] == ["Maintain Chronology", "Balance Tone"]
    assert MetaconceptRegistry.get_by_names([]) == []


@pytest.mark.contract("metaconcepts#3")
def test_changing_a_list_from_the_registry_does_not_change_the_registry() -> None:
    MetaconceptRegistry.get_all().clear()
    assert len(MetaconceptRegistry.get_all()) == 18


@pytest.mark.contract("metaconcepts#4")
def test_the_eighteen_are_there_by_name_each_with_a_description() -> None:
    for category, names in NAMES.items():
        found = MetaconceptRegistry.get_by_category(MetaconceptCategory(category))
        assert {m.name for m in found} == set(names)
        assert len(found) == len(names)
    everything = MetaconceptRegistry.get_all()
    assert len(everything) == 18
    assert len({m.name for m in everything}) == 18
    assert all(len(m.description) > 40 and m.scope for m in everything)
