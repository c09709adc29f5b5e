"""A story that an experiment gives a way of telling keeps it: on forks, after a restart, anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.engine.conftest import CATALOG, Desk, Kit

import tta_rebuild as tta
from tta_rebuild.bootstrap.variants import assigned, assignment_by
from tta_rebuild.core.errors import SettingsError
from tta_rebuild.core.events import SceneTold, VariantAssigned
from tta_rebuild.engine.dependencies import Dependencies, VariantStack
from tta_rebuild.engine.variants import told_as
from tta_rebuild.narrative.scene_request import fitted, rendered
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.settings_values import LiveExperiment, LiveVariant

PLAIN = CATALOG.template("scene")
BRIEF = replace(PLAIN, variant="brief", version=1)
BOTH = PromptCatalog({**CATALOG.templates, "scene": (PLAIN, BRIEF)})
WARM = VariantAssigned(
    experiment="e", variant="warm", prompts={"scene": "brief"}, temperature=1.3, checks="off"
)
TRIAL = LiveExperiment(
    name="e",
    variants={
        "plain": LiveVariant(weight=3),
        "warm": LiveVariant(weight=1, prompts={"scene": "brief"}, temperature=1.3, checks="off"),
    },
)


def dependencies_of(desk: Desk, **changed: Any) -> Dependencies:
    plain: Dependencies = desk.stories._dependencies
    return replace(plain, catalog=BOTH, **changed)


def stories_of(desk: Desk, **changed: Any) -> tta.Stories:
    return tta.Stories(dependencies_of(desk, **changed), desk.store)


async def test_a_new_story_is_told_as_its_variant_says_and_every_scene_says_so(kit: Kit) -> None:
    desk = kit.desk()
    stories = stories_of(desk, assign=lambda story_id: WARM)
    session = await stories.open(kit.premise)
    await kit.play(session, tta.Action.begin(), tta.Action.choose(1))

    asked = [request for request in desk.teller.requests if request.task == "scene"]
    assert {(r.template, r.temperature) for r in asked} == {("scene@1#brief", 1.3)}
    path = await stories.path(session.story_id)
    scenes = [r.event.scene for r in path if isinstance(r.event, SceneTold)]
    assert [scene.prompt_version for scene in scenes] == ["scene@1#brief"] * 2
    assert session.state.variant == WARM


async def test_it_keeps_its_variant_whatever_is_set_later_and_on_its_forks(kit: Kit) -> None:
    desk = kit.desk()
    begun = await stories_of(desk, assign=lambda story_id: WARM).open(kit.premise)
    await kit.play(begun, tta.Action.begin())

    later = stories_of(desk)  # no experiment is set any more
    await later.fork(begun.story_id, turn=1, name="other")
    for branch in ("main", "other"):
        session = await later.resume(begun.story_id, branch)
        await kit.play(session, tta.Action.choose(1))
        assert session.state.variant == WARM
    assert desk.teller.requests[-1].template == "scene@1#brief"
    assert (await later.open(kit.premise)).state.variant is None


async def test_it_is_played_again_from_its_log_byte_for_byte(kit: Kit) -> None:
    desk = kit.desk()
    stories = stories_of(desk, assign=lambda story_id: WARM)
    session = await stories.open(kit.premise)
    await kit.play(session, tta.Action.begin(), tta.Action.choose(1))

    report = await stories.replay(session.story_id)

    assert report.agrees, report.difference
    exported = await kit.exported(desk, session.story_id)
    again = await stories.import_story(exported)
    assert (await stories.resume(again.story_id)).state.variant == WARM


async def test_a_story_of_an_earlier_program_replays_without_the_version_of_its_scenes(
    kit: Kit,
) -> None:
    desk = kit.desk()
    session = await desk.stories.open(kit.premise)
    await kit.play(session, tta.Action.begin())
    exported = await kit.exported(desk, session.story_id)
    for event in exported["branches"][0]["events"]:
        if event["kind"] == "scene_told":
            assert event["data"]["scene"].pop("prompt_version") == PLAIN.id

    older = await desk.stories.import_story(exported)

    assert (await desk.stories.replay(older.story_id)).agrees


def test_what_is_no_longer_there_is_as_usual_and_said_once(kit: Kit) -> None:
    gone = VariantAssigned(
        experiment="e", variant="gone", prompts={"scene": "lost"}, model="studio:lost"
    )
    dependencies = dependencies_of(kit.desk())
    for _ in range(2):
        told = told_as(dependencies, gone)
    assert (told.provider, told.catalog) == (dependencies.provider, BOTH)
    assert [note.split(", ")[1] for note in dependencies.notices] == [
        "whose scene#lost is not set up here: the usual one is used",
        "whose studio:lost is not set up here: the usual one is used",
    ]


def test_a_variant_s_model_brings_its_own_checks(kit: Kit) -> None:
    other = kit.desk().teller
    dependencies = dependencies_of(
        kit.desk(), tellers={"studio:other": VariantStack(provider=other, checks="all")}
    )
    variant = VariantAssigned(experiment="e", variant="v", model="studio:other")

    told = told_as(dependencies, variant)

    assert (told.provider, told.checks) == (other, "all")
    assert told_as(dependencies, replace(variant, checks="choices")).checks == "choices"


def test_stories_are_drawn_by_weight_and_the_same_story_always_alike() -> None:
    assign = assignment_by(TRIAL, BOTH)
    drawn = {f"s{n}": assign(f"s{n}") for n in range(2_000)}

    assert all(assign(story) == found for story, found in drawn.items())
    share = sum(found == assigned(TRIAL, "warm") for found in drawn.values()) / len(drawn)
    assert 0.21 < share < 0.29
    assert assignment_by(None, BOTH)("s1") is None
    with pytest.raises(SettingsError, match="no variant 'brief'"):
        assignment_by(TRIAL, CATALOG)


async def test_a_prompt_that_is_shortened_to_fit_stays_that_of_its_variant(kit: Kit) -> None:
    wordy = replace(PLAIN, variant="wordy", system=(*PLAIN.system[:3], PLAIN.system[0]))
    catalog = PromptCatalog({"scene": (PLAIN, wordy)})
    desk = kit.desk()
    dependencies = replace(dependencies_of(desk), catalog=catalog.choosing({"scene": "wordy"}))
    session = await tta.Stories(dependencies, desk.store).open(kit.premise)
    await kit.play(session, tta.Action.begin())
    [request] = [r for r in desk.teller.requests if r.task == "scene"]
    long = replace(request, variables={**request.variables, "recent": ["A word. " * 400] * 9})
    chosen = catalog.choosing({"scene": "wordy"})
    long = replace(long, **vars(rendered(chosen, long, long.variables)))

    fit = fitted(long, catalog, 4096, 512)

    assert fit is not None
    shorter, note = fit
    assert "left out" in note
    assert shorter.template == request.template == f"scene@{PLAIN.version}#wordy"
    assert shorter.prompt.count("Tell the next scene now.") == 1


async def test_the_settings_reach_a_story_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "tta.toml").write_text(
        """
        model = "offline"
        data_dir = "here"
        [experiment]
        name = "e"
        [experiment.variants.other]
        temperature = 1.5
        model = "offline"
        """
    )
    settings = tta.load_settings({}, tmp_path, tmp_path / "tta.toml")
    async with tta.open_application(settings) as application:
        session = await application.stories.open(tta.Premise(theme="A mill on a river"))
        played = await session.turn(tta.Action.begin())

    assert session.state.variant == VariantAssigned(
        experiment="e", variant="other", model="offline", temperature=1.5
    )
    assert played.scene.prompt_version == PLAIN.id
    assert not played.warnings


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ('name = "e"\nvariants = {}', "some variant a weight above 0"),
        ('name = "e"\n[experiment.variants.a]\nweight = -1', "a number of at least 0"),
        ('name = "e"\n[experiment.variants.a]\nmodel = "nobody"', "must begin with one of"),
        ('name = "e"\n[experiment.variants.a]\nmodle = "x"', "modle"),
        ('name = "e"\n[experiment.variants.a]\nchecks = "some"', "checks.*must be one of"),
        ("[experiment.variants.a]\nweight = 1", "must have name"),
        ('name = "e"\n[experiment.variants.a]\nprompts = {scene = 3}', "prompts"),
    ],
)
def test_an_experiment_that_cannot_be_is_told_with_its_place(
    tmp_path: Path, toml: str, says: str
) -> None:
    (tmp_path / "tta.toml").write_text(f"[experiment]\n{toml}\n")
    with pytest.raises(SettingsError, match=says) as caught:
        tta.load_settings({}, tmp_path, tmp_path / "tta.toml")
    assert "experiment" in str(caught.value)
