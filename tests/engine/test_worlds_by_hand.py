"""Worlds by hand through the whole engine: what they offer is offered, what happened is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tta_rebuild.cli.main import main
from tta_rebuild.storyteller.scene_file import packaged, read_world

MANY_FLAGS = """
title: Sixty levers
about: Sixty levers, and one of them matters.
people: {}
places: {hall: {name: the hall, at: in the hall}}
start: {here: hall}
scenes:
  - id: begin
    when: turn=1
    text: Sixty levers, all up.
    then: FLAGS
    choices: [{do: Say "the end", next: late}, {do: Climb in, says: "You climb in."}]
  - id: late
    text: You look along the row.
    then: last_lever
    choices: [{do: Pull, next: done}]
  - id: done
    text: |
      (if last_lever, lever_59) It holds.
    ending: won
"""


def test_every_choice_and_flag_of_a_world_is_kept_in_play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "levers.yaml"
    flags = ", ".join(f"lever_{number}" for number in range(60))
    file.write_text(MANY_FLAGS.replace("FLAGS", flags))
    monkeypatch.setenv("TTA_DATA_DIR", str(tmp_path))
    told = ["story", "--world", str(file), "--turns", "3", "--auto", "first", "--model", "offline"]
    assert main([*told, "--json"]) == 0
    turns = [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    offered = [choice for turn in turns for choice in turn.get("choices", [])]
    assert {str(one.get("text", one) if isinstance(one, dict) else one) for one in offered} >= {
        'Say "the end"', "Climb in", "Pull",
    }  # fmt: skip
    assert "It holds." in json.dumps(turns)


@pytest.mark.parametrize("world", packaged("worlds"))
def test_a_world_by_hand_opens_with_its_own_choices(
    world: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTA_DATA_DIR", str(tmp_path))
    assert main(["story", "--world", world, "--turns", "1", "--auto", "--model", "offline"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    first = next(scene for scene in read_world(world).scenes if scene.when == "turn=1")

    assert all(choice.do in shown for choice in first.choices[:1])
