"""What the player has done: a ledger that plots may ask, and what becomes of the great deeds.

Called by ``rulebook`` for every act that was done and by ``teller`` for a scene. The ledger is in
the state and so in the notes: ``deed.kiss`` and ``deed.kiss.mara`` hold the turn of the last kiss,
``deed.ask.mara`` that of the last act of a family. ``data/deeds.yaml`` says what counts as which
deed, how a later scene and the end speak of it, and by which deeds the question of a premise is
answered: the story turns then (``data/turnings``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from tta_rebuild.core.english import singular, stem, words_of
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_parser import parse_act
from tta_rebuild.storyteller.addressed import is_confession
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import bare, head_of, last_meant, last_word, short
from tta_rebuild.storyteller.line_template import capital, template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.surroundings import forms_of, person_slots
from tta_rebuild.storyteller.word_lists import is_one, packaged_yaml, pattern
from tta_rebuild.storyteller.world_state import YOU, WorldState

MOST_FATES = 3
ROLES = ("turned_who", "turning_who", "slain_one", "held_one")
"""Whom scenes on deeds are about, as slots and in conditions: by whom the story turned …"""

_REMEMBERED = 16
_SMALL = "english openers finite pronouns subjects adverbs determiners"
_HURT_IS_TOLD = (1, 4, 7, 10)
"""Turns after a hurt in which it is told of again."""


def record(
    act: Act, cast: Cast, state: WorldState, *, came: str = "", is_typed: bool = True
) -> None:
    """Enter what has been done, as ``state.bound`` says to whom, if it counts as a deed.

    Args:
        came: the effects that the act had, by which one knows whether it was heard.
        is_typed: False for a choice of the plot's own, whose plot tells what becomes of it.
    """
    person, thing = (str(state.bound.get(role) or "") for role in ("person", "object"))
    now = int(state.get("now"))
    keys = ["", *(f".{one}" for one in dict.fromkeys((person, thing)) if one and one != YOU)]
    if act.family not in kinds_of_deeds():
        state.values |= {f"deed.{act.family}{key}": now for key in keys}
    state.bound["act_said"] = "yes" if act.said else ""
    state.bound["about"] = "yes" if is_about_premise(act, cast) else ""
    state.bound["of_premise"] = "yes" if _names_of_premise(act, cast) else ""
    state.bound["judged"] = "yes" if _asks("win", cast) else ""
    for deed, spec in packaged_yaml("data/deeds")["deeds"].items():
        ways = ({**spec, "or": ()}, *({"when": "", **one} for one in spec.get("or", ())))
        way = next((one for one in ways if _is_so(act, one, came, cast, state)), None)
        if way is None:
            continue
        whom = _named_in(act, way["named"], cast, state) if "named" in way else person
        whom = thing if way.get("whom") == "object" and state.is_any(thing, "person") else whom
        state.bound["person"] = whom
        state.apply(way.get("then", ""))
        keys = ["", *(f".{one}" for one in dict.fromkeys((whom, thing)) if one and one != YOU)]
        state.values |= {f"deed.{deed}{key}": now for key in keys}
        if is_typed:
            rows = [*str(state.values.get("deed.rows") or "").split(), f"{deed}:{whom}:{thing}"]
            state.values["deed.rows"] = " ".join(rows[-_REMEMBERED:])
        if deed in ("kill", "catch") and not state.is_any(whom, "local"):
            state.values["slain_one" if deed == "kill" else "held_one"] = whom
        if cast.is_open and (is_typed or not cast.file.whole):
            _turn(deed, whom, thing, cast, state, is_typed=is_typed)
        state.bound["person"] = person
        return


def record_choice(act: Act, cast: Cast, state: WorldState, *, came: str = "") -> None:
    """A choice of the plot's own is a deed as well, done to whoever of the story it names."""
    named = cast.found(act.person or act.object)
    is_person = named is not None and named.kind == "person"
    state.bound |= {"object": named.id if named else ""}
    state.bound["person"] = state.bound["object"] if is_person else ""
    record(act, cast, state, came=came, is_typed=False)


def record_heard(act: Act, cast: Cast, state: WorldState, came: str) -> None:
    """What somebody was brought to do is a deed of the player's: ``made_confess`` and the like.

    Args:
        came: the effects of the asking, which say whether it was heard.
    """
    is_heard = re.search(r"\bperson\.(?:agreed|persuaded|obeyed)\b", came)
    asked = pattern("asked_to").sub("", act.said) if is_heard else ""
    if not asked:
        return
    inner = parse_act(f"I {asked}")
    whom = cast.found(inner.object or inner.person) if inner.object or inner.person else None
    bound = {one: str(state.bound.get(one) or "") for one in ("object", "person")}
    state.bound["object"] = whom.id if whom else ""
    made = replace(inner, family=f"made_{inner.family}", said=asked, then=None)
    if inner.family:
        record(made, cast, state, came=came)
    state.bound |= bound


def is_about_premise(act: Act, cast: Cast) -> bool:
    """Whether what is done or said is of what a premise speaks, besides the people in it."""
    if not cast.is_open:
        return False
    premise, people = cast.premise, cast.of_kind("person")
    names = {stem(word) for one in people for word in words_of(f"{one.name} {one.role}")}
    matter = _stems(" ".join((*premise.told, premise.aim, premise.matter))) - names
    named = _stems(" ".join((act.verb, act.object, act.said, act.where))) - names
    is_plain = act.said and not named - _stems(act.verb)  # "no, I won't do it"
    is_all = any(is_one(one, "whole_truth") for one in words_of(f"{act.object} {act.said}"))
    is_all |= bool(pattern("whole_story").match(act.said))
    return bool(is_plain or is_all or named & matter)


def _names_of_premise(act: Act, cast: Cast) -> bool:
    """Whether an act names anything or anybody of whom a premise speaks."""
    named = _stems(" ".join((act.verb, act.object, act.person, act.instrument, act.where)))
    premise = cast.premise
    return bool(named & _stems(" ".join((*premise.told, premise.aim, premise.matter))))


def _stems(text: str) -> set[str]:
    return {stem(one) for one in words_of(text) if len(one) > 2 and not is_one(one, _SMALL)}


def _is_so(act: Act, way: Mapping[str, Any], came: str, cast: Cast, state: WorldState) -> bool:
    """Whether an act is a deed in one of the ways in which that can be done."""
    if act.family not in way["acts"].split() or not state.holds(way.get("when", "")):
        return False
    if "came" in way and not re.search(way["came"], came):
        return False
    if "named" in way:
        return bool(_named_in(act, way["named"], cast, state))
    said = act.said or act.clause
    if "mine" in way and act.is_quoted:
        said = to_second_person(said) if is_confession(act) else ""
    return bool(re.search(way.get("said", ""), said, re.I))


def _named_in(act: Act, shape: str, cast: Cast, state: WorldState) -> str:
    """The id of whom words name: by name, or by "you", "he" and "she"; "" if nobody."""
    people = [one for one in cast.of_kind("person") if not state.is_any(one.id, "group")]
    called = {name.lower(): one.id for one in people for name in (one.name, short(one.name))}
    called |= {bare(one.role): one.id for one in people if one.role and " " not in bare(one.role)}
    told = str(state.bound.get("person") or "")
    for pronoun, kind in (("he", "he"), ("him", "he"), ("she", "she"), ("her", "she")):
        last = last_meant(kind, state)
        is_told = told in cast.entities and cast.entities[told].pronouns in (kind, "")
        called[pronoun] = told if is_told else last
    if act.is_quoted:
        called["you"] = told
    names = "|".join(re.escape(one) for one in sorted(called, key=len, reverse=True) if one)
    for found in re.finditer(_alternatives(shape, names), act.said or act.clause, re.I):
        whom = next((one for one in found.groups() if one), "")
        if called.get(whom.lower(), "") not in ("", YOU):
            return called[whom.lower()]
    return ""


def _alternatives(shape: str, names: str) -> str:
    """A pattern in which every WHO is a group for one of the names."""
    return shape.replace("(?P<who>WHO)", rf"\b({names})")


def _turn(
    deed: str, person: str, thing: str, cast: Cast, state: WorldState, *, is_typed: bool
) -> None:
    """Let the story turn, if the deed is what its premise asks for."""
    turnings = packaged_yaml("data/deeds")["turnings"]
    for name, spec in turnings.items():
        if deed not in spec["deeds"].split() or state.get("deed.turning") == name:
            continue
        if not _asks(name, cast):
            continue
        is_plots = not is_typed or (deed == "accuse" and state.bound.get("foreseen"))
        if "own" in spec and is_plots and _told_by(cast) in spec["plots"].split():
            continue
        if "about" in spec and not (state.bound.get("about") or state.bound.get("concerns")):
            continue
        if not _is_done_to(person, thing, spec, cast, state):
            continue
        state.values |= {"deed.turning": name, "turning_who": person, "turning_what": thing}
        state.values["deed.turned_at"] = state.get("now")
        before = list(turnings)
        was = str(state.get("deed.turned") or name)
        if before.index(name) <= before.index(was):  # a lesser answer does not take its place
            state.values |= {"deed.turned": name, "turned_who": person, "turned_what": thing}
        return


def _asks(turning: str, cast: Cast) -> bool:
    """Whether a premise, or the plot that it is told by, asks the question of a turning."""
    spec, premise = packaged_yaml("data/deeds")["turnings"][turning], cast.premise
    text = " ".join((*premise.told, premise.aim, premise.matter))
    plots = {*spec.get("plots", "").split()}
    is_asked = {premise.conflict, premise.situation, _told_by(cast)} & plots
    return bool(is_asked or ("says" in spec and re.search(spec["says"], text, re.I)))


def _told_by(cast: Cast) -> str:
    """The plot of a story, without the number of its version."""
    return cast.name.removeprefix("plots/").partition(".")[0]


def _is_done_to(
    person: str, thing: str, spec: Mapping[str, Any], cast: Cast, state: WorldState
) -> bool:
    """Whether a deed was done to whom or what a turning asks for."""
    if "not" in spec and state.is_any(person, spec["not"]):
        return False
    is_somebody = person in cast.entities and person != YOU
    is_ours = is_somebody and not state.is_any(person, "local")
    fits = {
        "somebody": is_somebody,
        "person": is_ours,
        "foe": is_ours and not state.is_any(person, "close"),
        "spirit": bool(state.bound.get("spirit")),
        "thing": _is_of_premise(thing, cast),
    }
    return fits[spec["to"]] if "to" in spec else True


def kinds_of_deeds() -> tuple[str, ...]:
    """The deeds that are told of later, besides the families of acts."""
    return tuple(packaged_yaml("data/deeds")["deeds"])


def role_slots(cast: Cast, state: WorldState) -> dict[str, str]:
    """Slots for those whom scenes on deeds are about; conditions may ask of them as well."""
    slots: dict[str, str] = {}
    for role in ROLES:
        state.bound[role] = str(state.values.get(role) or "")
        slots |= _slots_of(role, state.bound[role], cast)
    for role in ("turned_what", "turning_what"):
        what = cast.entities.get(str(state.values.get(role) or ""))
        slots |= forms_of(role, what.name) if what else {}
    return slots


def _slots_of(name: str, entity_id: str, cast: Cast) -> dict[str, str]:
    entity = cast.entities.get(entity_id)
    if entity is None or entity_id == YOU:
        return {}
    return person_slots(name, short(entity.name), entity.pronouns or "they")


def slots_of(entity_id: str, cast: Cast) -> dict[str, str]:
    """Somebody as ``who``, or something as ``what`` with ``what_it`` and ``what_was``."""
    entity = cast.entities.get(entity_id)
    if entity is None or entity.kind == "person":
        return _slots_of("who", entity_id, cast)
    is_many = singular(last_word(entity.name)) != last_word(entity.name)
    number = ("were", "them") if is_many else ("was", "it")
    return forms_of("what", entity.name) | dict(zip(("what_was", "what_it"), number, strict=True))


# ---------------------------------------------------------------- what is told of deeds later


def _rows(cast: Cast, state: WorldState) -> Iterator[tuple[str, Mapping[str, Any], dict[str, str]]]:
    """The deeds that the player typed, newest first: the row, what is said of it, its slots."""
    kinds = packaged_yaml("data/deeds")["deeds"]
    for row in dict.fromkeys(reversed(str(state.values.get("deed.rows") or "").split())):
        deed, person, thing = row.split(":")
        is_out = state.is_any(person, "dead", "caught") and deed not in ("kill", "catch")
        if is_out or state.is_any(person, "group") or deed not in kinds:
            continue
        state.bound |= {"who": person, "what": thing}
        yield row, kinds[deed], slots_of(thing, cast) | slots_of(person, cast)


def notice(cast: Cast, state: WorldState, writer: LineWriter) -> str:
    """How a scene takes notice of a deed of the turns before, each once; of a hurt now and then."""
    now, noticed = int(state.get("now")), str(state.values.get("deed.noticed") or "").split()
    for row, spec, slots in _rows(cast, state):
        deed, person, thing = row.split(":")
        age = now - int(state.values.get(f"deed.{deed}.{person or thing}") or now)
        is_due = age in _HURT_IS_TOLD if deed == "hurt" else row not in noticed and 0 < age < 4
        if is_due and (told := _said(spec.get("later", ()), state, writer, slots)):
            state.values["deed.noticed"] = " ".join([*noticed, row])
            return told
    return ""


def fates(cast: Cast, state: WorldState, writer: LineWriter, told: str) -> str:
    """What became of the greatest deeds that the end has not told of, a sentence or two each."""
    rows = sorted(_rows(cast, state), key=lambda row: -row[1]["weight"])
    said: list[str] = []
    people: list[str] = []
    for row, spec, slots in rows:
        deed, person, thing = row.split(":")
        is_other = spec.get("of_premise") and not _is_of_premise(thing, cast)
        if is_other or (person or thing) in people or len(said) == MOST_FATES:
            continue
        state.bound |= {"who": person, "what": thing}
        is_told = slots.get("who", "") in told and re.search(rf"\b{deed}", told)
        line = "" if is_told else _said(spec.get("fate", ()), state, writer, slots)
        said += [line] if line else []
        people += [person or thing] if line or is_told else []
    return " ".join(said)


def _is_of_premise(thing: str, cast: Cast) -> bool:
    """Whether a premise speaks of a thing."""
    premise = cast.premise
    what = head_of(cast.entities[thing].name) if thing in cast.entities else ""
    text = " ".join((*premise.told, premise.aim, premise.matter)).lower()
    return bool(what) and what in words_of(text)


def _said(entries: Any, state: WorldState, writer: LineWriter, slots: Mapping[str, str]) -> str:
    """One of the lines of the first entry that holds; an entry is a condition and its lines."""
    lines = next((one["say"] for one in entries if state.holds(one.get("if", ""))), ())
    return writer.line([template(capital(line)) for line in lines], **slots)
