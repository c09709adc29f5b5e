"""Made-up situations: who must know does, who cannot does not, and a leak is counted."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.lab import tiny
from tests.lab.test_eval_characters import story
from tta_rebuild.cli.main import main
from tta_rebuild.engine import knowing, remembering
from tta_rebuild.lab import planted
from tta_rebuild.lab.situations import SceneMaker


@pytest.fixture
def counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON of the command over one told story and some situations."""

    def run(situations: int) -> dict[str, Any]:
        file = tiny.write(tmp_path / "stories.jsonl", story())
        options = ["--situations", str(situations), "--json"]
        assert main(["eval", "characters", str(file), *options]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


def test_nobody_is_shown_what_they_cannot_know_and_whoever_must_know_it_does(counted: Any) -> None:
    found = counted(8)
    assert found["looks"] > 1_000
    assert found["leaks"] == 0
    assert found["known_by_whom"] == found["known"] > 50


def test_words_that_reach_everybody_would_be_counted_as_leaks(
    counted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def everybody(passages: Any, people: Any) -> list[frozenset[str]]:
        return [frozenset(people)] * len(passages)

    monkeypatch.setattr(remembering, "reached", everybody)
    found = counted(4)
    assert found["leaks"] > 0
    assert {row["kind"] for row in found["rows"]} >= {"leaks"}


def test_facts_of_birth_shown_to_everybody_would_be_counted_as_leaks(
    counted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(knowing, "OWN", knowing.OWN | {"kin"})
    assert counted(8)["leaks"] > 0


def test_the_same_seed_makes_the_same_scene_and_each_matter_has_a_word_of_its_own() -> None:
    def made(seed: int) -> Any:
        maker = SceneMaker(Random(seed), ("ann", "bob", "cid"))
        return [maker.scene() for _ in range(9)]

    assert made(1) == made(1) != made(2)
    words = [matter.word for _, matters in made(1) for matter in matters]
    assert len(words) == len(set(words))
    kinds = {matter.kind for _, matters in made(1) for matter in matters}
    assert kinds == {"talk", "deed", "knows", "birth", "lie", "line"}


def test_planted_memories_are_counted_and_one_that_is_not_found_is_named(
    counted: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted, "EVENTS", 400)
    found = counted(0)
    assert (found["planted"], found["recalled"]) == (0, 0), "the story has nothing to plant"
    told = story()
    told["turns"][0]["holds"] = ["Bram buried the copper kettle behind the old chapel."]
    told["turns"][1]["knows"] = [
        {"who": "nela", "fact": "Olga has sold the bridge to the miller.", "not": []}
    ]
    file = tiny.write(tmp_path / "more.jsonl", told)
    assert planted.PLANTED >= 2
    counts = planted.VoiceCounts()
    stories = planted_stories(file)
    planted.eval_recall(stories, counts, seconds=lambda: 0.0)
    assert (counts.planted, counts.recalled, counts.slow_recalls) == (2, 2, 0)
    monkeypatch.setattr("tta_rebuild.canon.memory.RELEVANCE", 0.0)
    monkeypatch.setattr("tta_rebuild.canon.memory.NEAREST", 0)
    counts = planted.VoiceCounts()
    clock = iter(range(0, 9))
    planted.eval_recall(stories, counts, seconds=lambda: float(next(clock)))
    assert counts.recalled < 2
    assert counts.slow_recalls == 2
    assert [row.kind for row in counts.rows] == ["recalled"] * (2 - counts.recalled)


def planted_stories(file: Path) -> Any:
    from tta_rebuild.lab.told_file import ToldStory, read_rows

    return read_rows([file], ToldStory)
