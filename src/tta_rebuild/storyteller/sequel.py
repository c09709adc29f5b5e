"""What follows a deed of the player's own: how whoever is there takes it, and what can be done now.

Called by ``teller``, which tells it instead of a scene of the plot. The texts are those of
``data/sequels.yaml``, by the sort of the deed and by how the person stands to the player.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_writer import ActWriter, conjugated
from tta_rebuild.storyteller.beyond import is_spirit
from tta_rebuild.storyteller.entities import head_of
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.noun_phrases import is_animal
from tta_rebuild.storyteller.scene_file import ChoiceEntry
from tta_rebuild.storyteller.word_lists import packaged_yaml
from tta_rebuild.storyteller.world_state import YOU

_NEW_CHOICES = 2


@dataclass(frozen=True, slots=True)
class Sequel:
    """How a deed is taken, and what fits next."""

    told: str
    choices: Sequence[ChoiceEntry]


def sequel_of(act: Act, writing: ActWriter, taken: Sequence[str]) -> Sequel | None:
    """What follows a deed that has just been told; None where nobody is there to take it.

    Args:
        taken: the words of choices taken before.
    """
    bound, state = writing.state.bound, writing.state
    done_to = (bound.get("person", ""), bound.get("object", ""))
    whom = next((one for one in done_to if one and writing.binder.is_person(one)), "")
    who = whom if _may_speak(whom, writing) else _least_heard(writing)
    sort = _sort_of(act, is_theirs=bool(whom) and whom == who)
    if not sort or not who:
        return None
    state.values[f"{who}.heard_at"] = state.get("now")
    slots = writing.person_slots(who, "person")
    of_act = writing.slots(act, bound)
    if "object" in of_act and not writing.binder.is_person(bound["object"]):
        named = ("object", "Object", "it", "its", "is", "It")
        slots |= {k: v for k, v in of_act.items() if k in named}
    topic = writing.cast.topic(who)
    slots |= {"matter": topic}
    table = packaged_yaml("data/sequels")
    mood = writing.mood_of(who)
    if who == writing.cast.parts.get("doer") and mood == "friend":
        mood = "neutral"  # whose deed the story turns on does not plot against themselves
    texts = [text for text in table["told"][sort][mood] if topic or "{matter}" not in text]
    number = writing.number_of(who)
    told = writing.writer.line([template(conjugated(text, *number)) for text in texts], **slots)
    rows = [row for row in table["choices"][sort] if topic or "{matter}" not in str(row)]
    writing.writer.rng.shuffle(rows)
    choices = (_choice_of(row, who, writing, slots) for row in rows)
    new = [one for one in choices if one.do not in taken]
    return Sequel(told, new[:_NEW_CHOICES]) if told else None


def _choice_of(
    row: Mapping[str, str], who: str, writing: ActWriter, slots: Mapping[str, str]
) -> ChoiceEntry:
    """A choice of the table, with whoever has taken the deed in it."""
    number = writing.number_of(who)
    said = {
        key: writing.writer.filled(template(conjugated(row[key], *number)), **slots)
        for key in ("do", "says")
    }
    then = row["then"].replace("person.", f"{who}.")
    return ChoiceEntry.model_validate({**row, **said, "then": then})


def _least_heard(writing: ActWriter) -> str:
    """Who of those that are there has not taken a deed for the longest; "" if nobody is."""
    state = writing.state
    people = [one for one in writing.binder.here() if _may_speak(one, writing)]
    own = [one for one in people if not state.is_any(one, "local")]
    return min(own or people, key=lambda one: int(state.get(f"{one}.heard_at")), default="")


def _may_speak(who: str, writing: ActWriter) -> bool:
    """Whether somebody is there, single and able to say something."""
    if who not in writing.binder.here() or who == YOU:
        return False
    person = writing.cast.entities[who]
    is_beast = is_animal(head_of(person.role or person.name))
    is_silent = writing.state.is_any(who, "group", "caught", "asleep", "mute")
    return not (is_beast or is_silent or is_spirit(who, writing.cast, writing.state))


def _sort_of(act: Act, *, is_theirs: bool) -> str:
    """The sort of a deed: ``take``, ``confess`` …, "" for one that is none.

    Args:
        is_theirs: whether it is done or said to whoever takes it.
    """
    table = packaged_yaml("data/sequels")["acts"]
    sort = next((sort for sort, families in table.items() if act.family in families.split()), "")
    if sort == "harm" and is_theirs:
        return "harmed"
    needs_them = sort in ("give", "comfort", "confess")
    return "" if needs_them and not is_theirs else sort
