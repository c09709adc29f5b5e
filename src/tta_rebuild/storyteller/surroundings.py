"""What a kind of place has: who is in charge, rooms, a way out, a sound; what plots are told with.

Called by ``casting`` for stories from a premise. There is one file for each kind of place in the
folder ``surroundings``; of each of its lists one value is taken and kept for the whole story.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.noun_phrases import cut_short, is_plural, words_in
from tta_rebuild.storyteller.word_lists import packaged_yaml, word_table

ANYWHERE = "anywhere"
PEOPLE = ("keeper", "worker", "stranger")
THINGS_AROUND = ("record", "implement", "trifle", "valuable")
SURROUNDING = (*PEOPLE, "room", "spot", "exit", *THINGS_AROUND, "light")
"""What of them a plot's scene may be about: ``act: read record``."""
_APART = ("sight", "now", *PEOPLE, "room")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One story's surroundings."""

    slots: Mapping[str, str]  # by name, as plots use them: ``keeper``, ``keeper_he``, ``the_tool``
    people: Sequence[tuple[str, str]]  # name and pronoun of who is there besides the premise's
    sights: Sequence[str]  # what can be seen there at the start, one of them to be told
    now: Sequence[str]  # what is seen or heard there at any time, a sentence each


def surroundings_of(
    kind: str, seed: str, taken: Collection[str], *, is_modern: bool = False
) -> Surroundings:
    """The surroundings of one story.

    Args:
        kind: a kind of place as ``data/premise_topics.toml`` names it, "" where none is known.
        is_modern: as they are today, where the kind has that (the folder ``modern``).
        taken: nouns for people whom the premise has itself, so that there are no two captains; and
            names of people here who have died, so that others stand in their places.
    """
    kind = kind or ANYWHERE
    lists = packaged_yaml(f"surroundings/modern/{kind}") if is_modern else {}
    lists = lists or packaged_yaml(f"surroundings/{kind}")
    rng = Random(f"{seed}:{kind}")
    slots: dict[str, str] = {}
    for name in sorted(lists.keys() - {*_APART}):
        slots |= forms_of(name, rng.choice(lists[name]))
    for slot, value in zip(("room", "room2"), rng.sample(lists["room"], 2), strict=True):
        slots |= forms_of(slot, value)
    people = []
    for name in PEOPLE:
        rows = rng.sample(lists[name], len(lists[name]))
        free = (row for row in rows if not {row[0], *row[0].split()} & {*taken})
        words, pronoun = next(free, rows[0])
        slots |= person_slots(name, words, pronoun)
        if name != "stranger":
            people.append((words, pronoun))
    return Surroundings(slots, people, lists["sight"], lists.get("now", ()))


def person_slots(name: str, words: str, pronoun: str) -> dict[str, str]:
    """Somebody as the slots of a part in plots; ``pronoun`` is he, she, it or they."""
    slots = forms_of(name, words)
    for case, said in zip(("he", "him", "his"), cases_of(pronoun), strict=True):
        slots |= forms_of(f"{name}_{case}", said)
    return slots


def noun_slots(name: str, phrase: str) -> dict[str, str]:
    """A thing as slots, with its verbs and pronouns: "the seeds", "are", "they"."""
    noun = cut_short(phrase).split()[-1]
    is_name = noun[:1].isupper()
    is_many = is_plural(noun) and noun.lower() not in words_in("singular_in_s") and not is_name
    verbs = {"is": "are", "has": "have", "was": "were"}
    slots = {f"{name}_{one}": many if is_many else one for one, many in verbs.items()}
    slots |= forms_of(name, phrase) | forms_of(f"{name}_it", "they" if is_many else "it")
    return slots | forms_of(f"{name}_them", "them" if is_many else "it")


def once_known(phrase: str) -> str:
    """What it is called after the first scene: "the piano" of "your late mother's piano"."""
    short = cut_short(phrase)
    owner, _, owned = short.rpartition("'s " if "'s " in short else "’s ")
    short = f"the {owned}" if owner.startswith(("your ", "our ", "my ", "the ")) else short
    return short if len(short.split()) > 1 else phrase


def cases_of(pronoun: str) -> list[str]:
    """A pronoun (I, you, he, she, it, they) as subject, object and owner: he, him, his."""
    cases: str = word_table("words")["cases"][pronoun]
    return cases.split()


def forms_of(name: str, value: str) -> dict[str, str]:
    """A slot and its capital; ``a brass button|the brass button`` has a second form."""
    first, _, later = value.partition("|")
    slots = {name: first, capital(name): capital(first)}
    if later:
        slots |= {f"the_{name}": later, f"The_{name}": capital(later)}
    return slots
