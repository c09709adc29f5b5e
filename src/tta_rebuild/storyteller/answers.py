"""What is answered to looking and to asking. Called by ``teller`` and ``rulebook``.

In a world by hand its author has written the answers; in a story from a premise they are what the
premise says of it and what has become of it since (``data/answers``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from tta_rebuild.core.english import stem, words_of
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.deeds import slots_of
from tta_rebuild.storyteller.entities import Entity, bare, short
from tta_rebuild.storyteller.line_template import capital, template, tidy
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.motives import is_of_motive
from tta_rebuild.storyteller.premise_questions import content_of
from tta_rebuild.storyteller.word_lists import packaged_yaml
from tta_rebuild.storyteller.world_state import NOWHERE, YOU, WorldState

_NO_MATTER = {
    stem(w)
    for w in "have been were what where when which that this from with your about does".split()
}


def authors_words(
    act: Act, cast: Cast, state: WorldState, writer: LineWriter, npc: str
) -> tuple[str, str] | None:
    """What the world's file has for looking at this or asking that, and who says it.

    Args:
        npc: who is spoken to where nobody is named.
    """
    file, named = cast.file, act.object or act.person or act.where
    entity = cast.found(named) if named else None
    asked = entity.id if entity else npc
    who = file.people.get(asked)
    if not _is_seen(act, entity, state):
        return None
    texts: list[str] = []
    if who is not None and act.family in ("ask", "tell", "say"):
        topic = set(words_of(f"{act.said} {act.object}"))
        texts = next((t for key, t in who.asked.items() if topic & set(words_of(key))), [])
    elif act.family in ("look", "search", "read", "listen", "touch"):
        place = file.places.get(entity.id if entity else str(state.get("here")))
        thing = file.things.get(entity.id) if entity else None
        person = file.people.get(entity.id) if entity else None
        texts = thing.look if thing else person.about if person else place.look if place else []
    told = writer.line([template(text) for text in texts])
    is_speech = told.startswith("“") and who is not None
    return (told, asked if is_speech else "") if told else None


def _is_seen(act: Act, entity: Entity | None, state: WorldState) -> bool:
    """Whether what is looked at or asked is here."""
    return state.is_seen(entity.id) if entity else not (act.object or act.person)


def asked_about(act: Act, cast: Cast) -> Entity | None:
    """Whom or what an act looks at or asks about: "look at Vehl", "ask Pim who Vehl is"."""
    if act.family == "look":
        return cast.found(act.object or act.person)
    found = re.search(packaged_yaml("data/answers")["topics"], act.said)
    is_asked = act.family in ("ask", "tell") and found is not None
    return cast.found(found["topic"]) if is_asked and found else None


def form_of(act: Act) -> dict[str, str]:
    """What rules ask of a question: its ``form``, if it is ``about_them``, or a ``secret``."""
    if act.family != "ask" or not act.said:
        return {"form": "", "about_them": "", "secret": ""}
    table, said = packaged_yaml("data/answers"), act.said.strip()
    form = next((one for one, fits in table["forms"].items() if re.search(fits, said, re.I)), "")
    is_theirs = re.search(table["to_you" if act.is_quoted else "to_them"], said, re.I)
    hides = re.search(table["hides"], said, re.I)
    return {
        "form": form,
        "about_them": "yes" if is_theirs else "",
        "secret": "yes" if hides else "",
    }


def is_of_theirs(said: str, cast: Cast, person: str) -> bool:
    """Whether a question is about what the premise tells of whoever is asked.

    Of that they know more than it says, and do not need to be told what it does.
    """
    whom = cast.entities.get(person)
    if whom is None or not cast.is_open:
        return False
    called = {bare(short(whom.name)), bare(whom.role)} - {""}
    theirs = [one for one in cast.premise.told if any(name in one.lower() for name in called)]
    own_words = _matter(" ".join(called))
    return bool(_matter(said) & _matter(" ".join(theirs)) - own_words)


def is_of_story(said: str, cast: Cast, recent: Sequence[str]) -> bool:
    """Whether a question is about the premise or what the last scenes told, or says of nothing."""
    named = content_of(said) - content_of(cast.called())
    return not named or bool(named & content_of(" ".join((*cast.premise.told, *recent))))


def told_about(said: str, cast: Cast, speaker: str) -> str:
    """The sentence of the premise that says most of what a question asks about, "" if none does.

    None where it speaks of whoever is asked: they do not speak of themselves by name.
    """
    asked, mine = _matter(said), cast.entities.get(speaker)
    rated = [
        (len(asked & _matter(one)), one)
        for one in cast.premise.told
        if mine is None or short(mine.name) not in one
    ]
    most, told = max(rated, default=(0, ""), key=lambda row: row[0])
    return told if most >= 2 else ""


def _matter(text: str) -> set[str]:
    return {stem(word) for word in words_of(text) if len(word) > 3} - _NO_MATTER


def is_of_wishes(act: Act) -> bool:
    """Whether somebody is asked what they want."""
    return act.family == "ask" and bool(re.search(packaged_yaml("data/answers")["wants"], act.said))


def is_answered(act: Act, cast: Cast, state: WorldState) -> bool:
    """Whether what somebody is asked has an answer of its own, and is no matter of the plot's."""
    topic = asked_about(act, cast) if cast.is_open and act.family != "look" else None
    is_known = topic is not None and bool(known_of(topic, cast, state))
    form = form_of(act)["form"]
    if cast.file.whole and form in ("", "why") and _asks_plot(act, cast):
        return False
    return is_known or (cast.is_open and (bool(form) or is_of_wishes(act)))


def _asks_plot(act: Act, cast: Cast) -> bool:
    """Whether somebody is asked what a plot is about: its deed the doer, its matter anybody."""
    asked = cast.found(act.person) if act.person else None
    if asked is None:
        return False
    about = frozenset(_matter(cast.premise.matter))
    if question := cast.facts.question if cast.facts else None:
        about = question.content
        if is_of_motive(cast.name) and asked.id != cast.parts.get("doer"):
            return False
    said = _matter(act.said) - _matter(asked.name)
    return not said or bool(said & about)


def answer(words: str, cast: Cast, state: WorldState) -> str:
    """The answer to a question such as "where is the map?", "" if it is none or not known."""
    found = re.match(packaged_yaml("data/answers")["questions"], words.strip(), re.I)
    entity = cast.found(re.sub("^my ", "", found["topic"])) if found else None
    for asked in ("where", "have"):
        state.bound[f"is_{asked}"] = (found[asked] or "") if found else ""
    return known_of(entity, cast, state) if entity is not None else ""


def known_of(entity: Entity, cast: Cast, state: WorldState, *, speaker: str = "") -> str:
    """What the premise says of somebody or something, and what has become of it since.

    Args:
        speaker: who says it and does not speak of themselves by name.
    """
    if entity.id == YOU or not cast.is_open:
        return ""
    at = str(state.values.get(f"{entity.id}.at") or "")
    holder = cast.entities.get(at if at != YOU and state.is_any(at, "person") else "")
    person, thing = (entity.id, "") if entity.kind == "person" else ("", entity.id)
    is_away = person if at == NOWHERE else ""
    state.bound |= {"who": person, "what": thing, "is_away": is_away}
    state.bound["is_held"] = holder.id if holder else ""
    slots = slots_of(entity.id, cast) | {"Holder": capital(short(holder.name)) if holder else ""}
    now = []
    for entries in packaged_yaml("data/answers")["state"]:
        line = next((one["say"] for one in entries if state.holds(one["if"])), "")
        now += [tidy(template(line).draft(Random(0), slots))] if line else []
    if state.bound.get("is_where") or state.bound.get("is_have"):
        return " ".join(now)
    name, mine = re.escape(bare(short(entity.name))), cast.entities.get(speaker)
    told = [one for one in cast.premise.told if re.search(rf"\b{name}\b", one, re.I)]
    told = [one for one in told if mine is None or short(mine.name) not in one]
    if not told and entity.role not in ("", entity.name):
        told = [f"{capital(entity.name)} is {entity.role}."]
    return " ".join([*told[:1], *now])
