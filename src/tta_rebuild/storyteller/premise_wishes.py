"""What a player may be after where the premise does not say it: three wishes to choose from.

Called by ``premise``. The likeliest conflicts, each about what of the premise it can be about; in
words by ``data/wishes.toml``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tta_rebuild.storyteller.matter_kind import chain_of, is_known_noun, kind_of_matter
from tta_rebuild.storyteller.premise_people import PremisePerson
from tta_rebuild.storyteller.premise_situation import is_clear, undertakings_of
from tta_rebuild.storyteller.surroundings import noun_slots
from tta_rebuild.storyteller.word_lists import word_table

MOST_WISHES = 3
_LIKELY_PART = 0.3
_ASKING = frozenset(("understand", "unmask", "find"))


@dataclass(frozen=True, slots=True)
class Subjects:
    """Whom and what of a premise a wish may be about, the most important first."""

    people: Sequence[PremisePerson]
    matters: Sequence[str]  # noun phrases that it may turn on
    places: Sequence[str]  # noun phrases
    sought: str = ""  # what is lost or looked for, "" if nothing is

    def of_conflict(self, row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """What a wish of a conflict may be about, with its kind, the best first."""
        parts, is_of_one = row["parts"].split(), row.get("only", "") == "parts"
        may = [p for p in self.people if not (is_of_one and p.is_group)]
        fits = {p: max((p.odds.get(one, 0.0) for one in parts), default=0.0) for p in may}
        likely = sorted((p for p in may if fits[p] >= _LIKELY_PART), key=lambda p: -fits[p])
        yield from ((_called(p), "person") for p in likely)
        names = [_called(p) for p in self.people]
        if is_of_one:
            lost = [self.sought] if "sought" in parts and self.sought else []
            yield from ((one, kind_of_matter(one, names, self.places)) for one in lost)
            return
        known = [m for m in self.matters if is_known_noun(m)]
        yield from ((m, kind_of_matter(m, names, self.places)) for m in known)
        yield from ((_called(p), "person") for p in may if parts and p not in likely)


def wishes_of(likely: Mapping[str, float], subjects: Subjects) -> tuple[str, ...]:
    """At most ``MOST_WISHES`` bare infinitives, each of another conflict.

    Args:
        likely: situations and conflicts with their probabilities, the likeliest first.
    """
    found, about = list[str](), Counter[str]()
    for conflict in _with_understanding(undertakings_of(likely), is_sought=bool(subjects.sought)):
        row: Mapping[str, str] = word_table("wishes")[conflict]
        is_asking = conflict in _ASKING
        for matter, kind in subjects.of_conflict(row):
            wish = next((row[one] for one in chain_of(kind) if one in row), "")
            if wish and about[f"{is_asking} {matter}"] + (about[matter] and not is_asking) < 1:
                about.update((matter, f"{is_asking} {matter}"))
                it = noun_slots("it", matter)
                s = "s" * (it["it_is"] == "is")
                found.append(wish.format(matter=matter, s=s, it=it["it_it"]))
                break
        else:
            if "nothing" in row and not about[""]:
                about[""] += 1
                found.append(row["nothing"])
        if len(found) == MOST_WISHES:
            break
    return tuple(dict.fromkeys(found))


def _with_understanding(likely: Mapping[str, float], *, is_sought: bool) -> Sequence[str]:
    """The conflicts, what is going on among the first of them: there is hardly a premise of which
    one might not ask that. Where nothing is likely it comes first, and what is lost is sought.
    """
    conflicts = [*(["find"] if is_sought else []), *likely]
    if {*conflicts[:MOST_WISHES]} & _ASKING:
        return conflicts
    place = MOST_WISHES - 1 if is_clear(likely) else 0
    return [*conflicts[:place], "understand", *conflicts[place:]]


def _called(person: PremisePerson) -> str:
    return person.name or person.role
