"""What is found where the player looks, reads, listens, counts or tries (``data/findings.yaml``).

Called by ``rulebook``: what a label says, what lies in the drawer, how many there are. What has
been found stays so: who does the same again finds it as it was.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tta_rebuild.core.english import number_in, stem
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_writer import ActWriter
from tta_rebuild.storyteller.entities import bare, head_of, is_everybody, short
from tta_rebuild.storyteller.line_template import capital, template
from tta_rebuild.storyteller.noun_phrases import is_animal
from tta_rebuild.storyteller.results import agreeing
from tta_rebuild.storyteller.surroundings import forms_of
from tta_rebuild.storyteller.word_lists import common, packaged_yaml, pattern
from tta_rebuild.storyteller.world_state import YOU

_FEWEST, _MOST = 7, 60
"""How many there are of what is counted."""
_IT = re.compile(r"\{[Ii]ts?\}")


@dataclass(frozen=True, slots=True)
class Finding:
    """What an act has brought to light: told to the player, and true from then on."""

    told: str
    line: str
    is_besides: bool = False  # told after what came of the act, not in its place


def found_by(
    act: Act,
    writing: ActWriter,
    kinds: Collection[str],
    bound: Mapping[str, str],
    slots: Mapping[str, str],
) -> Finding | None:
    """What an act finds out of a thing or a place; None where it looks for nothing.

    Args:
        kinds: what sort of thing the object is, besides its noun.
        bound: ids by their part in the act.
        slots: what the act's own sentences are filled with.
    """
    kind, slots = _kind_of_search(act, kinds), _of_place(act, slots)
    what = bound["object"] or bound["place"]
    is_all = not what and is_everybody(bare(act.object or act.person))
    if is_all or writing.binder.is_person(what):
        kind = "count_people" if kind == "count" else ""
    elif is_animal(head_of(slots.get("object", ""))) and kind not in _table()["of_beasts"]:
        kind = ""
    if not kind or "object" not in slots:
        return None
    if kind == "look" and _is_writing(slots["object"]) and not act.object:
        kind = "read"  # "look in the register"
    if kind != "count" and _is_plots_own(slots["object"], writing):
        return None
    state, key = writing.state, f"{what}.found_{kind}"
    if what and state.values.get(key):
        again = writing.say(_table()["again"], slots)
        return Finding(again, "") if again else None
    if told := _told_in_premise(kind, slots, writing):
        state.values |= {key: True} if what else {}
        return Finding(told, told)
    entries = _table()["found"][kind]
    own = {"view"} if _is_at_window(act) else {*kinds} - {"body"}
    of = own | {head_of(slots["object"]), "any"}
    fitting = (e for e in entries if {*e["of"].split()} & of)
    entry = next(fitting, None)
    rows = list(entry["found"]) if entry else []
    writing.writer.rng.shuffle(rows)
    known = {**slots, **_more_slots(writing, bound), "matter": writing.cast.topic(what)}
    is_many = slots.get("it") == "them"
    for row in rows:
        said = row["say"] + row["line"]
        if (is_many and _IT.search(said)) or ("{matter}" in said and not known["matter"]):
            continue
        if told := writing.writer.line([template(agreeing(row["say"], is_many))], **known):
            state.values |= {key: True} if what else {}
            line = writing.writer.filled(template(agreeing(row["line"], is_many)), **known)
            return Finding(told, line, act.family in ("open", "go") or kind in _table()["besides"])
    return None


def _told_in_premise(kind: str, slots: Mapping[str, str], writing: ActWriter) -> str:
    """What is read or counted where the premise says it, "" where it does not."""
    phrase, premise = slots["object"], writing.cast.premise.told
    if kind == "count" and (many := number_in_premise(phrase, premise)):
        return writing.say(_table()["as_told"], {**slots, "number": many})
    if kind == "read" and (said := said_in_premise(phrase, premise)):
        return agreeing(f"{capital(phrase)} {{o:say}}: “{said}”", slots.get("it") == "them")
    return ""


def said_in_premise(phrase: str, told: Sequence[str]) -> str:
    """What a premise says that stands on a thing: “… a note: "Ten minutes. Smile."”; "" if it
    does not say.
    """
    noun = re.escape(head_of(phrase))
    found = re.search(rf"\b{noun}s?\b(?:{pattern('what_it_says').pattern})", " ".join(told), re.I)
    if found is None:
        return ""
    said = next(one for one in found.groups() if one)
    return capital(said.strip(" .,")) + "." if said[-1:] not in "!?" else capital(said)


def number_in_premise(phrase: str, told: Sequence[str]) -> str:
    """How many of such things there are by the premise, the last that it says, else "".

    It says so of them where it names them in the same breath ("three eggs; there are two now").
    """
    noun, many = stem(head_of(phrase)), ""
    for sentence in told:
        if noun in map(stem, sentence.lower().replace(",", " ").rstrip(".!?").split()):
            said = [one for one in pattern("so_many").findall(sentence) if _is_several(one)]
            many = said[-1] if said else many
    return many.lower()


def _is_several(word: str) -> bool:
    return number_in(word) not in ("", "0", "1")


def _table() -> dict[str, Any]:
    return packaged_yaml("data/findings")


def _is_plots_own(phrase: str, writing: ActWriter) -> bool:
    """Whether a thing is one that the plot has told of: what it is the plot alone knows."""
    head, premise = head_of(phrase), " ".join(writing.cast.premise.told).lower()
    told = " ".join(writing.writer.recent).lower()
    return bool(re.search(rf"\b{re.escape(head)}\b", told)) and head not in premise


def _is_writing(phrase: str) -> bool:
    return head_of(phrase) in common("kinds_of_things")["writing"].split()


def _of_place(act: Act, slots: Mapping[str, str]) -> Mapping[str, str]:
    """The slots of what is looked into: "look in the register" is at the register."""
    if _is_at_window(act):
        return {**slots, **forms_of("object", "the view"), "it": "it", "its": "its", "is": "is"}
    where = pattern("looks_into").fullmatch(act.where)
    if "object" in slots or where is None or act.family not in ("look", "read"):
        return slots
    return {**slots, **forms_of("object", where["what"]), "it": "it", "its": "its", "is": "is"}


def _is_at_window(act: Act) -> bool:
    """Whether one looks out, or goes where one can."""
    is_there = act.family == "go" and act.where.split(" ")[-1] == "window"
    return is_there or (act.family == "look" and bool(pattern("looks_out").search(act.clause)))


def _kind_of_search(act: Act, kinds: Collection[str]) -> str:
    """In which way an act finds something out: ``read``, ``count``, ``inside`` …, or ""."""
    if _is_at_window(act):
        return "look"
    if act.family == "open" and "writing" in kinds:
        return "read"
    if act.family == "open" and "place" in kinds:
        return ""
    if act.family not in ("look", "search") and pattern("to_see_inside").search(act.clause):
        return "inside"
    for kind, acts in _table()["acts"].items():
        is_done = act.verb in acts.get("verbs", "").split(", ")
        is_done |= act.family in acts.get("families", ())
        if is_done and ("of" not in acts or {*acts["of"].split()} & {*kinds}):
            return str(kind)
    return ""


def _more_slots(writing: ActWriter, bound: Mapping[str, str]) -> dict[str, str]:
    """A number, and somebody of the premise, who may be elsewhere."""
    few = writing.writer.rng.choice(("three", "four", "five", "six", "seven", "eight", "nine"))
    slots = {"number": str(writing.writer.rng.randint(_FEWEST, _MOST)), "few": few}
    slots["few_cap"] = capital(few)
    meant = {YOU, *bound.values()}
    people = [p for p in writing.cast.of_kind("person") if p.id not in meant]
    own = [p for p in people if not writing.state.is_any(p.id, "group", "local", "dead")]
    if own:
        slots |= forms_of("someone", short(writing.writer.rng.choice(own).name))
    return slots
