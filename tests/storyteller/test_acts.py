"""The rules of acts, as data: every one can be read, told and reached."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from tta_rebuild.core.data_files import parse_yaml
from tta_rebuild.storyteller.act_grammar import families
from tta_rebuild.storyteller.act_writer import conjugated
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.world_state import keys_of

FOLDER = Path(str(files("tta_rebuild.storyteller") / "data" / "acts"))
RESULTS = parse_yaml((FOLDER.parent / "results.yaml").read_text("utf-8"), "results", is_ours=True)[
    "results"
]
FAMILIES = sorted(path.stem for path in FOLDER.glob("[a-z]*.yaml"))


def test_every_family_of_verbs_has_its_rules() -> None:
    assert set(families()) <= set(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_rules_of_a_family_can_be_read_and_told(family: str) -> None:
    entry = parse_yaml((FOLDER / f"{family}.yaml").read_text("utf-8"), family, is_ours=True)
    told = []
    for rule in entry["rules"]:
        keys_of(rule.get("when", ""))
        keys_of(rule.get("then", ""), is_effect=True)
        assert "as" not in rule or rule["as"] in FAMILIES
        told += [text for way in ("text", "cost", "fail") for text in rule.get(way, ())]
        told += [rule["line"]] if "line" in rule else []
        ways = len({"as", "text", "cost", "fail"} & set(rule))
        assert ways == 1 or (ways == 0 and family in RESULTS)
    for text in told:
        template(conjugated(text, False, True))
    assert "when" not in entry["rules"][-1]  # so that one always fits, by "as" too
    plain = [text for one in RESULTS.get(family, ()) for text in one["say"]]
    assert sum(len(rule.get("text", ())) for rule in entry["rules"]) + len(plain) >= 2


@pytest.mark.parametrize(
    ("text", "one", "they", "many"),
    [
        ("{They} {v:nod}.", "{They} nods.", "{They} nod.", "{They} nod."),
        ("{Person} {v:go}.", "{Person} goes.", "{Person} goes.", "{Person} go."),
        ("“So,” {v:say} {person}.", "“So,” says {person}.", "“So,” says {person}.",
         "“So,” say {person}."),
    ],
)  # fmt: skip
def test_a_verb_agrees_with_the_name_or_pronoun_beside_it(
    text: str, one: str, they: str, many: str
) -> None:
    assert conjugated(text, are_many=False, is_they=False) == one
    assert conjugated(text, are_many=False, is_they=True) == they
    assert conjugated(text, are_many=True, is_they=True) == many


@pytest.mark.parametrize("family", sorted(RESULTS))
def test_a_result_is_told_in_one_or_two_short_sentences_and_stays_true(family: str) -> None:
    for entry in RESULTS[family]:
        assert entry["line"].endswith(".")
        keys_of(entry.get("then", ""), is_effect=True)
        for text in entry["say"]:
            template(re.sub(r"\{o:[a-z]+\}", "does", text))
            longest = re.sub(r"\[([^\]]*)\]", lambda m: max(m[1].split("|"), key=len), text)
            assert len(longest) < 110, text


SETTING = re.compile(
    r"\{(?:the_)?(?:keeper|worker|stranger|crowd|room|spot|exit|record|implement|trifle|valuable|"
    r"food|chore|bell|light|noise|weather|mishap|rumour|custom|matter|aim)",
    re.I,
)
FREQUENT = "ask tell say search look listen give show".split()


@pytest.mark.parametrize("family", FREQUENT)
def test_frequent_acts_are_told_with_and_without_the_surroundings(family: str) -> None:
    entry = parse_yaml((FOLDER / f"{family}.yaml").read_text("utf-8"), family, is_ours=True)
    texts = [rule["text"] for rule in entry["rules"] if "text" in rule]

    assert any(SETTING.search(text) for told in texts for text in told)
    for told in texts:
        plain = [text for text in told if not SETTING.search(text)]
        assert len(plain) >= 3 or not plain or len(told) <= 4, told
