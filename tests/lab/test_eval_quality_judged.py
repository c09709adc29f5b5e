"""``tta eval quality`` with a judge: what it is shown, what is kept of its answers, whose marks."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tools.wire import WireServer

from tests.lab import tiny
from tests.lab.test_eval_quality import rated
from tests.quality.test_score_parts import SCENE
from tta_rebuild.cli.main import main
from tta_rebuild.lab.quality import asked_of_text
from tta_rebuild.lab.told_file import RatedText
from tta_rebuild.quality import text_quality
from tta_rebuild.quality.judge import CRITERIA

JUDGED = ("--json", "--model", "studio:small", "--samples", "1")


def answer(_: object = None) -> str:
    marks = [{"criterion": name, "why": f"so much {name}", "mark": 4} for name in CRITERIA]
    return json.dumps({"marks": marks})


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WireServer]:
    """A judge that gives every criterion four of five, named ``studio:small``.

    It has a loop and a thread of its own: the command needs the main one.
    """
    wire, loop = WireServer(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(wire.__aenter__(), loop).result()
    config = tmp_path / "config.toml"
    config.write_text(f'[servers]\nstudio = "{wire.url}/v1"\n', encoding="utf-8")
    monkeypatch.setenv("TTA_CONFIG", str(config))
    wire.answer = answer
    yield wire
    asyncio.run_coroutine_threadsafe(wire.__aexit__(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def spoken_story() -> dict[str, Any]:
    """Two turns in which somebody speaks; of one of the people nothing is known but the name."""
    told = tiny.story() | {"id": "keeper", "probes": [], "protagonist": "you"}
    told["cast"] = [
        {"id": "you", "name": "you", "description": ""},
        {"id": "old_tom", "name": "Old Tom", "description": "the keeper"},
    ]
    told["turns"][0]["reply"]["passages"].append(tiny.passage("Who goes?", speaker="old_tom"))
    told["turns"][1]["reply"]["passages"].append(tiny.passage("Go home.", speaker="old_tom"))
    del told["turns"][2]
    return told


def run(*words: str) -> int:
    return main(["eval", "quality", *words])


def prompts(wire: WireServer) -> list[str]:
    return [record.body["messages"][-1]["content"] for record in wire.records]


def test_the_judge_reads_who_speaks_and_no_empty_description(
    studio: WireServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tiny.write(tmp_path / "s.jsonl", spoken_story()))

    assert run(file, *JUDGED) == 0

    second = next(prompt for prompt in prompts(studio) if "Go home." in prompt)
    before, piece = second.split("THE PIECE TO MARK:")
    assert "Old Tom: “Go home.”" in piece
    assert "Old Tom: “Who goes?”" in before
    assert "Old Tom: the keeper\n" in before
    assert "\nyou\nOld Tom: the keeper\n" in before
    assert "you:" not in before
    scored = {row["id"]: row for row in json.loads(capsys.readouterr().out)["scored"]}
    assert run(file, "--json") == 0
    for row in json.loads(capsys.readouterr().out)["scored"]:
        assert scored[row["id"]]["estimate"] == row["score"]


def test_what_decided_each_mark_is_kept_with_the_scene(
    studio: WireServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tiny.write(tmp_path / "s.jsonl", spoken_story()))

    assert run(file, *JUDGED[:-1], "2") == 0

    row = json.loads(capsys.readouterr().out)["scored"][0]
    assert row["samples"] == [dict.fromkeys(CRITERIA, 4)] * 2
    assert row["why"] == {name: [f"so much {name}"] * 2 for name in CRITERIA}


def test_what_went_before_a_text_and_the_move_reach_judge_and_score(
    studio: WireServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, plain = SCENE[0], rated(1, SCENE[0], 0.5)
    placed = plain | {"id": "r2", "previous": text, "move": "Sell the cow to the miller."}
    file = str(tiny.write(tmp_path / "r.jsonl", plain, placed))

    assert run(file, *JUDGED) == 0

    found = {row["id"]: row for row in json.loads(capsys.readouterr().out)["scored"]}
    with_it = [prompt for prompt in prompts(studio) if "Sell the cow to the miller." in prompt]
    assert len(with_it) == 1
    assert with_it[0].count(text) == 2
    assert "WHAT WENT BEFORE:" in with_it[0]
    assert found["r2"]["estimate"] < found["r1"]["estimate"]
    quality = text_quality(text, asked=asked_of_text(RatedText.model_validate(placed)))
    said = " ".join(quality.reasons)
    assert "the move is not taken up" in said
    assert "freshness" in said


def test_marks_of_nothing_are_named_and_counted(
    studio: WireServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = [{"id": name, "mark": 0.5} for name in ("keeper/1", "keeper/9", "kepeer/2")]
    file = str(tiny.write(tmp_path / "s.jsonl", spoken_story(), *marks))

    assert run(file, *JUDGED) == 0

    seen = capsys.readouterr()
    found = json.loads(seen.out)
    assert (found["marks_unmatched"], found["judge"]["marked"]) == (2, 1)
    assert "these marks: keeper/9, kepeer/2" in " ".join(seen.err.split())
    assert studio.records


def test_where_no_mark_belongs_to_anything_no_model_is_asked(
    studio: WireServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = [{"id": f"keeper-{n}", "mark": 0.5} for n in range(12)]
    file = str(tiny.write(tmp_path / "s.jsonl", spoken_story(), *marks))

    assert run(file, *JUDGED) == 2

    said = " ".join(capsys.readouterr().err.split())
    assert "keeper-0, keeper-1" in said
    assert "and 2 more (--all names them)" in said
    assert "a scene's id is story/turn" in said
    assert not studio.records


def test_the_judge_alone_scores_no_twins_and_no_studies(
    studio: WireServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [spoken_story(), *(rated(n, f"{SCENE[0]} {n}.", n / 9) for n in range(8))]
    file = str(tiny.write(tmp_path / "s.jsonl", *rows))

    assert run(file, *JUDGED, "--judge", "3", "--judge-only") == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["told"], found["damages"], found["rated"]) == (0, {}, {})
    assert found["judge"]["judged"] == len(found["scored"]) == len(studio.records) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "without --model there is no judge"),
        ((*JUDGED, "--fail-under", "95%"), "--judge-only scores none"),
    ],
)
def test_the_judge_alone_needs_a_model_and_takes_no_bounds(
    words: tuple[str, ...],
    told: str,
    studio: WireServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = str(tiny.write(tmp_path / "s.jsonl", spoken_story()))

    assert run(file, "--judge-only", *words) == 2
    assert told in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not studio.records
