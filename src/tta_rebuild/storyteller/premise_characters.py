"""Who is called what: by the premise itself ("I am Nadia"), by its player or by an author.

Called by ``premise`` once it has read who is spoken of; what is said so binds over the reading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from tta_rebuild.core.english import article_for
from tta_rebuild.storyteller.premise_mentions import gender_of
from tta_rebuild.storyteller.premise_people import PremisePerson, head_of
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import pattern

MOST_PEOPLE = 6


def with_own_name(
    text: str, you: PremisePerson, people: tuple[PremisePerson, ...]
) -> tuple[PremisePerson, tuple[PremisePerson, ...]]:
    """Whoever says "I am Nadia" is the player, and nobody else of the story."""
    found = re.search(pattern("i_am_named"), text)
    if found is None or you.name:
        return you, people
    named = next((p for p in people if p.name.split()[:1] == [found["name"]]), None)
    if named is None and "name" not in found.group().lower().split():
        return you, people  # "I am English"
    role = named.role if named else you.role
    if role.startswith("the "):
        role = f"{article_for(role[4:])} {role[4:]}"
    name, gender = (named.name, named.pronouns) if named else (found["name"], you.pronouns)
    mine = replace(you, name=name, role=role, pronouns=you.pronouns or gender)
    return mine, tuple(p for p in people if p is not named)


def as_described(
    you: PremisePerson, people: Sequence[PremisePerson], bound: Sequence[Sequence[str]]
) -> tuple[PremisePerson, tuple[PremisePerson, ...]]:
    """The people with what the player or author has said of them.

    Args:
        bound: name, description, pronouns and whether it is the player's, of each.
    """
    named, rest = list[PremisePerson](), list(people)
    for name, description, pronouns, is_player in bound:
        role, said = to_second_person(description), pronouns.split("/")[0]
        if is_player:
            pronouns = said or you.pronouns
            you = PremisePerson(name=name, role=role or you.role, pronouns=pronouns)
            rest = [p for p in rest if p.name != name]
            continue
        role = role.split(",")[0].strip()
        alike = [p for p in rest if name == p.name or (role and head_of(p.role) == head_of(role))]
        alike += [p for p in rest if _is_called_by_role(p, name)]  # my mother
        same = next(iter(alike), PremisePerson())
        rest = [p for p in rest if p is not same]
        if pattern("dead_by_now").match(role):
            role = _late(same, name)
        said = said or same.pronouns or gender_of(role, name)
        name = same.name if _is_called_by_role(same, name) else name or same.name
        named.append(replace(same, name=name, role=role or same.role, pronouns=said))
    return you, tuple([*named, *rest][: max(len(named), MOST_PEOPLE)])


def _is_called_by_role(person: PremisePerson, name: str) -> bool:
    """Whether somebody without a name is meant by "my mother"."""
    is_role = name[:1].islower() and not person.name and bool(person.role)
    return is_role and head_of(person.role) == head_of(name)


def _late(person: PremisePerson, name: str) -> str:
    """What somebody is who has died: "your late mother", "the late judge"."""
    is_own = (person.role or name).split(" ")[0].lower() in ("your", "my", "our", "their")
    noun = head_of(person.role) if person.role else "" if name[:1].isupper() else head_of(name)
    return f"{'your' if is_own else 'the'} late {noun or name}"
