"""What players say of scenes and how stories are played: kept, joined and counted here alone."""

from __future__ import annotations

import io
import json
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

import tta_rebuild as tta
from tta_rebuild.cli.main import main
from tta_rebuild.core.errors import PositionNotFound, ValidationError
from tta_rebuild.core.usage import Attempt, Usage
from tta_rebuild.lab.analytics import analytics
from tta_rebuild.lab.feedback import feedback_report, rate, rated_scenes

THEME = "A keeper, Joe, tends the lighthouse while a storm nears."


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TTA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("TTA_MODEL", "offline")


def refuse(*_: object) -> None:
    raise AssertionError("something asked the network")


async def story(application: tta.Application, turns: int, *, length: int = 0) -> tta.Session:
    session = await application.stories.open(tta.Premise(theme=THEME, seed=1, length=length))
    await session.turn(tta.Action.begin())
    for _ in range(turns - 1):
        await session.turn(tta.Action.choose(1))
    return session


async def test_a_rating_is_joined_with_model_prompt_variant_and_score() -> None:
    async with tta.open_application() as application:
        told = await story(application, 3)
        await rate(application, told.story_id, 2, "  too short ", turn=1)
        await rate(application, told.story_id, 4)
        await rate(application, told.story_id, 5, "better now")
        scenes = await rated_scenes(application)

        assert [(s.turn, s.rating, s.comment) for s in scenes] == [
            (1, 2, "too short"),
            (3, 5, "better now"),
        ]
        assert scenes[1].model == told.state.scene.told_by  # type: ignore[union-attr]
        assert scenes[1].version == told.state.scene.prompt_version  # type: ignore[union-attr]
        assert scenes[1].quality == told.state.scene.quality  # type: ignore[union-attr]
        [line] = feedback_report(scenes, "version")
        assert (line.key, line.ratings, line.mean, line.comments) == ("scene@5", 2, 3.5, 2)


async def test_a_fork_shares_the_rating_of_a_scene_that_it_shares() -> None:
    async with tta.open_application() as application:
        told = await story(application, 2)
        await application.stories.fork(told.story_id, turn=2, name="other")
        await rate(application, told.story_id, 3)
        await rate(application, told.story_id, 1, branch="other")

        assert [s.rating for s in await rated_scenes(application)] == [1]


async def test_what_cannot_be_rated_says_why() -> None:
    async with tta.open_application() as application:
        told = await story(application, 1)
        for wrong in (0, 6):
            with pytest.raises(ValidationError, match="from 1 to 5"):
                await rate(application, told.story_id, wrong)
        with pytest.raises(ValidationError, match="at most 2,000"):
            await rate(application, told.story_id, 3, "x" * 2_001)
        with pytest.raises(PositionNotFound, match="no scene 7"):
            await rate(application, told.story_id, 3, turn=7)
        begun = await application.stories.open(tta.Premise(theme=THEME))
        with pytest.raises(PositionNotFound):
            await rate(application, begun.story_id, 3)


async def test_stories_are_counted_by_how_they_are_played() -> None:
    async with tta.open_application() as application:
        whole = await story(application, 3, length=3)
        assert whole.state.ended
        part = await story(application, 2)
        await part.turn(tta.Action.say("I look around."))
        fork = await application.stories.fork(part.story_id, turn=1, name="other")
        other = await application.stories.resume(part.story_id, fork.branch_id)
        await other.turn(tta.Action.choose(2))
        await application.stories.open(tta.Premise(theme=THEME))
        await application.ledger.book(_attempt(application, whole.story_id, 0.5))
        await application.ledger.book(_attempt(application, part.story_id, 0.25))

        found = await analytics(application, "version")

    total = found.total
    assert (total.turns, total.stories, total.finished, found.unbegun) == (7, 2, 1, 1)
    assert dict(found.moves) == {"choice": 4, "free": 1}
    assert dict(found.places) == {1: 3, 2: 1}
    assert sum(found.kinds.values()) == 4
    assert [(d.turn, d.reached, d.stopped, d.finished) for d in found.drop_off] == [
        (1, 2, 0, 0),
        (2, 2, 0, 0),
        (3, 2, 1, 1),
    ]
    assert (total.cost_usd, total.cost_per_finished_usd) == (0.75, 0.5)
    [group] = found.groups
    assert (group.key, group.turns) == ("scene@5", 7)
    assert 0 < group.quality <= 1


def _attempt(application: tta.Application, story_id: str, cost_usd: float) -> Attempt:
    from datetime import UTC, datetime

    return Attempt(
        at=datetime.now(UTC), provider="own", model="m", task="scene", outcome="ok",
        usage=Usage(), cost_usd=cost_usd, story_id=story_id, prompt_version="scene@5",
    )  # fmt: skip


async def test_held_back_repaired_and_degraded_turns_are_counted() -> None:
    from tta_rebuild.core import events as log
    from tta_rebuild.lab.analytics import TurnGroup

    def replied(task: str) -> log.ModelReplied:
        return log.ModelReplied(
            task=task, request_key="k", text="", model="m", finish_reason="stop", usage=Usage()
        )

    group = TurnGroup()
    scene = tta.Scene(scene_id="s", passages=(), quality=0.4, degraded="cut short")
    group.count(
        [
            replied("scene"),
            log.PassageWithheld(text="x", gate="canon", reason="r"),
            replied("continue_scene"),
            log.PassageWithheld(text="x", gate="safety", reason="r"),
            replied("branch_check"),
            log.SceneTold(scene=scene),
            log.ChoicesOffered(choices=(), rejected=(("a", "b"),)),
        ]
    )
    group.count([replied("scene"), log.SceneTold(scene=tta.Scene(scene_id="s", passages=()))])

    assert (group.turns, group.repairs, group.degraded, group.left_out) == (2, 1, 1, 1)
    assert dict(group.blocked) == {"canon": 1, "safety": 1}
    assert group.quality == pytest.approx(0.2)


# ------------------------------------------------------------------------- the commands


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main([*words, "--json"]) == 0
    out = capsys.readouterr().out
    return json.loads(out) if out.lstrip()[:1] in "[{" else out


def test_while_one_plays_rate_keeps_a_rating_and_says_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "1", "/rate 4 I liked the harbour", "/rate", "/rate six", "/rate 9", "/quit")
    assert main(["play", "--theme", THEME, "--seed", "1"]) == 0

    out = " ".join(capsys.readouterr().out.split())
    assert "Kept with turn 2, on this machine alone." in out
    assert out.count("/rate takes a number from 1 to 5") == 2
    assert "A rating is a number from 1 to 5." in out
    assert asked(capsys, "feedback", "list")["comment"] == "I liked the harbour"


def test_feedback_and_analytics_tell_and_draw_without_the_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["feedback", "list"]) == main(["feedback", "report"]) == main(["analytics"]) == 0
    empty = capsys.readouterr().out
    assert "Nothing was rated yet" in empty
    assert "Nothing was played yet" in empty
    assert main(["story", "--theme", THEME, "--turns", "3", "--auto", "--seed", "1"]) == 0
    capsys.readouterr()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    [row] = [asked(capsys, "stories")]
    which = row["story_id"]

    assert asked(capsys, "feedback", "give", which, "3", "so so", "--turn", "2")["turn"] == 2
    assert main(["feedback", "give", which, "6"]) == 2
    assert main(["feedback", "give", "nobody", "3"]) == 3
    capsys.readouterr()
    folder = str(tmp_path / "charts")
    [line] = asked(capsys, "feedback", "report", "--by", "variant", "--charts", folder)
    assert (line["ratings"], line["mean"], line["key"]) == (1, 3.0, "")
    found = asked(capsys, "analytics", "--charts", folder)
    assert (found["turns"], found["by"], found["moves"]) == (3, "model", {"choice": 2})
    assert found["groups"][0]["key"].startswith("offline:")
    assert asked(capsys, "analytics", "--days", "1")["turns"] == 3
    assert {p.name for p in (tmp_path / "charts").iterdir()} == {
        "ratings.png", "ratings.svg", "drop_off.png", "drop_off.svg",
    }  # fmt: skip
    assert main(["analytics", "--by", "version"]) == 0
    assert main(["feedback", "list"]) == main(["feedback", "report"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "scene@5" in shown
    assert "3 of 5" in shown


def test_a_folder_that_cannot_be_written_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    assert main(["analytics", "--charts", str(tmp_path / "file")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_without_the_extras_a_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["analytics", "--charts", str(tmp_path / "charts")]) == 1
    assert "install tta-rebuild[charts]" in capsys.readouterr().err


def test_prompts_are_listed_shown_checked_and_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "own" / "templates").mkdir(parents=True)
    (tmp_path / "own" / "templates" / "d.yaml").write_text(
        "name: dialogue\nversion: 1\nvariant: bare\n"
        "system:\n- text: Say it as {style}.\nprompt: []\n"
    )
    assert main(["prompts", "lint"]) == 0
    assert "0 errors, 0 hints." in capsys.readouterr().out
    monkeypatch.setenv("TTA_PROMPTS", str(tmp_path / "own"))
    assert main(["prompts", "list"]) == 0
    assert "dialogue@1#bare" in capsys.readouterr().out
    assert asked(capsys, "prompts", "show", "dialogue#bare")["lines"][-1] == "  Say it as {style}."
    assert main(["prompts", "show", "scene"]) == 0
    assert main(["prompts", "show", "scene@99"]) == 3
    assert "there are " in capsys.readouterr().err
    assert main(["prompts", "lint"]) == 1
    assert "{style} is not filled in" in " ".join(capsys.readouterr().out.split())
    problems = json.loads(_json_of(capsys, "prompts", "lint", "--json"))
    assert {p["template"] for p in problems} == {"dialogue@1#bare"}
    assert main(["prompts", "diff", "dialogue", "dialogue#bare"]) == 0
    assert "+ Say it as" in " ".join(capsys.readouterr().out.split())
    assert main(["prompts", "diff", "dialogue", "dialogue"]) == 0
    assert "Nothing differs." in capsys.readouterr().out


def _json_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    main(list(words))
    return capsys.readouterr().out
