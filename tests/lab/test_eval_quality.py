"""``tta eval quality``: told scenes above their twins, marked texts, a judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab import tiny
from tests.quality.test_score_parts import EARLIER, OTHER, SCENE
from tta_rebuild.cli.main import main
from tta_rebuild.lab.intervals import advantage, ranks, spearman, spearman_interval, wilson
from tta_rebuild.lab.quality import Material
from tta_rebuild.lab.quality_judged import figures_of, pieces_of
from tta_rebuild.lab.quality_refit import folds_of
from tta_rebuild.lab.told_file import RatedText, read_quality_rows
from tta_rebuild.quality import SceneAsked, text_quality
from tta_rebuild.quality.judge import CRITERIA, judgement_of


def stories() -> list[dict[str, Any]]:
    keeper = tiny.story()
    keeper |= {
        "id": "keeper",
        "premise": "Mira brings oil to a lighthouse that has gone dark.",
        "cast": [{"id": "mira", "name": "Mira"}, {"id": "tom", "name": "Old Tom"}],
        "protagonist": "mira",
        "probes": [],
    }
    keeper["turns"][0]["reply"] = tiny.reply(
        tiny.passage(EARLIER), branches=(tiny.branch("Carry the oil up the stairs."),)
    )
    move = {"kind": "choice", "text": "Carry the oil up the stairs.", "choice": 1}
    keeper["turns"][1] |= {"move": move, "reply": tiny.reply(*map(tiny.passage, SCENE))}
    del keeper["turns"][2]
    shuttle = json.loads(json.dumps(keeper))
    shuttle |= {"id": "shuttle", "premise": "The shuttle Arden loses air.", "protagonist": "vance"}
    shuttle["cast"] = [{"id": "vance", "name": "Dr. Vance"}, {"id": "ito", "name": "Ito"}]
    shuttle["turns"][0]["reply"]["passages"] = [tiny.passage(text) for text in OTHER]
    del shuttle["turns"][1]
    return [keeper, shuttle]


def rated(number: int, text: str, score: float, **more: Any) -> dict[str, Any]:
    return {"id": f"r{number}", "source": "study", "text": text, "score": score, **more}


SALAD = "the of and a was he to Mira oil it in stairs the with at and of lamp a the "


def figures(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["eval", "quality", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_every_damage_is_counted_and_the_told_scene_is_above(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "s.jsonl", *stories())

    found = figures(capsys, str(file))

    damages = found["damages"]
    assert damages.keys() == {"shuffled", "other_story", "last_again", "filler", "stock", "salad"}
    assert {name: damages[name]["n"] for name in ("shuffled", "salad", "last_again")} == {
        "shuffled": 15,
        "salad": 15,
        "last_again": 1,
    }
    for name in ("last_again", "salad"):
        assert damages[name]["told_above"] == damages[name]["n"] > 0
    assert found["told"] == 3
    assert 0 < found["mean_told"] < 1
    whole = next(row for row in found["scored"] if row["id"] == "keeper/2")
    assert whole["score"] > 0.8
    assert whole["parts"]["form"] > 0.8
    assert len([row for row in found["rows"] if row["kind"] == "shuffled"]) == (
        damages["shuffled"]["n"] - damages["shuffled"]["told_above"]
    )
    assert found == figures(capsys, str(file))


def test_twins_of_ones_own_take_the_place_of_the_packaged_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tiny.write(tmp_path / "s.jsonl", *stories())
    own = tiny.write(tmp_path / "own.jsonl", {"id": "1", "kind": "mumbling", "text": SALAD})

    assert figures(capsys, str(file), str(own))["damages"]["mumbling"]["n"] == 3


def test_marked_texts_are_ranked_and_held_against_length_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        rated(n, SALAD * (8 - n % 4) if n % 2 else " ".join(SCENE[: 1 + n % 3]), 0.9 - n % 2 * 0.8)
        for n in range(30)
    ]
    found = figures(capsys, str(tiny.write(tmp_path / "r.jsonl", *rows)))["rated"]["study"]

    assert found["n"] == 30
    assert found["low"] < found["spearman"] <= found["high"]
    assert found["spearman"] > 0.7 > found["length_alone"]
    assert found["beats_length"]


def test_where_the_score_is_no_better_than_length_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = " ".join(SCENE).split()
    rows = [rated(n, " ".join(words[: 10 + n]), n / 40) for n in range(40)]

    assert main(["eval", "quality", str(tiny.write(tmp_path / "r.jsonl", *rows))]) == 0
    assert "study: no better than the number of words alone" in capsys.readouterr().out


def test_the_better_of_two_versions_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = " ".join(SCENE), SALAD * 6
    rows = [rated(n, (good, bad)[n % 2], (0.9, 0.1)[n % 2], group=f"g{n // 2}") for n in range(6)]
    found = figures(capsys, str(tiny.write(tmp_path / "r.jsonl", *rows)))["rated"]["study"]

    assert (found["pairs"], found["pairs_right"]) == (3, 3)


def test_a_bound_that_is_missed_ends_with_one(tmp_path: Path) -> None:
    file = str(tiny.write(tmp_path / "s.jsonl", *stories()))

    assert main(["eval", "quality", file, "--json", "--fail-under", "salad=99%"]) == 0
    assert main(["eval", "quality", file, "--json", "--fail-under", "salad=16"]) == 1


def test_the_figures_are_put_between_the_marks_of_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, page = str(tiny.write(tmp_path / "s.jsonl", *stories())), tmp_path / "page.md"
    page.write_text("A\n<!-- eval quality: begin -->\nstale\n<!-- eval quality: end -->\nB\n")

    figures(capsys, file, "--into", str(page))
    told = page.read_text()
    assert "| its words shuffled | 15 of 15 |" in told
    assert "stale" not in told
    assert told.startswith("A\n")
    assert told.endswith("\nB\n")

    page.write_text("no place")
    assert main(["eval", "quality", file, "--into", str(page)]) == 2
    assert "has no place for figures" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"id": "r", "text": "x", "score": 7}, "line 1: 'r': score"),
        ({"id": "m", "mark": "high"}, "line 1: 'm': mark"),
        ({"id": "m", "mark": 0.5}, "neither a told story nor a marked text"),
    ],
)
def test_what_cannot_be_measured_is_told_with_its_line(
    row: dict[str, Any], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "quality", str(tiny.write(tmp_path / "r.jsonl", row))]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_what_is_marked_by_hand_is_judged_first(tmp_path: Path) -> None:
    rows = [*stories(), *(rated(n, SCENE[0], 0.5) for n in range(20))]
    marks = [{"id": "keeper/2", "mark": 0.9}, {"id": "r7", "mark": 0.4}]
    material = Material.of(read_quality_rows([tiny.write(tmp_path / "s.jsonl", *rows, *marks)]))

    names = [piece[0] for piece in pieces_of(material, 5)]
    assert names[:2] == ["keeper/2", "r7"]
    assert len(set(names)) == 5
    assert len(pieces_of(material, 1_000)) == 23


def test_a_judge_is_held_against_itself_and_against_the_hand() -> None:
    done, marks = [], {}
    for number in range(10):
        mark = 1 + number % 5
        samples = [dict.fromkeys(CRITERIA, mark), dict.fromkeys(CRITERIA, min(5, mark + 1))]
        piece = (f"p{number}", "text", SceneAsked(), text_quality(SCENE[0]))
        done.append((piece, judgement_of(samples)))
        marks[f"p{number}"] = mark / 5

    found = figures_of(done, marks)
    assert (found.judged, found.marked) == (10, 10)
    assert found.agreement == pytest.approx(0.8)
    assert found.between_runs is not None
    assert found.between_runs > 0.9
    assert found.marks is not None
    assert found.marks > 0.9
    assert found.estimate == 0.0


def test_a_judge_that_is_down_leaves_the_counted_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[servers]\nstudio = "http://127.0.0.1:9/v1"\n', encoding="utf-8")
    monkeypatch.setenv("TTA_CONFIG", str(config))
    file = str(tiny.write(tmp_path / "s.jsonl", *stories()))

    words = ("--json", "--model", "studio:small", "--judge", "2")
    assert main(["eval", "quality", file, *words]) == 1

    found = json.loads(capsys.readouterr().out)
    assert (found["judge"]["judged"], found["judge"]["failed"]) == (0, 2)
    assert found["told"] == 3


def test_intervals_hold_what_the_books_say() -> None:
    assert wilson(9, 10) == (pytest.approx(0.596, abs=1e-3), pytest.approx(0.982, abs=1e-3))
    assert wilson(0, 0) == (0.0, 1.0)
    assert ranks([3.0, 1.0, 3.0]) == [1.5, 0.0, 1.5]
    assert spearman([1, 2, 3, 4], [10, 20, 40, 30]) == pytest.approx(0.8)
    assert spearman([1, 1, 1], [1, 2, 3]) == 0.0
    low, high = spearman_interval(0.5, 100)
    assert (low, high) == (pytest.approx(0.32, abs=0.02), pytest.approx(0.64, abs=0.02))
    better = advantage(range(50), [7 * n % 50 for n in range(50)], range(50))
    assert 0 < better[0] < better[1]


def test_folds_hold_every_key_once() -> None:
    keys = [f"k{n % 9}" for n in range(40)]

    folds = folds_of(keys)
    assert sorted(key for fold in folds for key in fold) == sorted(set(keys))
    assert folds_of(["a", "b", ""]) == []
    assert RatedText(id="a", text="b", score=0.5).source == "texts"
