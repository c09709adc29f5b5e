"""What a player may be after where the premise does not say it, by the situation that it is of.

Called by ``premise``. The likeliest conflicts, each about what of the premise it can be about; in
words by ``data/wishes.toml``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tta_rebuild.storyteller.matter_kind import chain_of, is_known_noun, kind_of_matter
from tta_rebuild.storyteller.noun_phrases import is_person
from tta_rebuild.storyteller.premise_people import PremisePerson, head_of
from tta_rebuild.storyteller.premise_situation import is_clear, undertakings_of
from tta_rebuild.storyteller.surroundings import noun_slots
from tta_rebuild.storyteller.word_lists import word_table

MOST_WISHES, _FIRST = 8, 3
_LIKELY_PART, _LIKELY_ONLY = 0.3, 0.5
_ASKING = frozenset(("understand", "unmask", "find"))


@dataclass(frozen=True, slots=True)
class Wished:
    """A wish of a conflict: what it is about, of which kind that is, how likely the conflict is."""

    wish: str  # a bare infinitive
    conflict: str
    matter: str = ""  # a name or a noun phrase, "" if nothing
    kind: str = "nothing"
    odds: float = 0.0


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
        names = [_called(p) for p in self.people]
        is_wild = parts == ["beast"]  # nobody of a name is come through alive
        may = [p for p in self.people if not ((is_of_one and p.is_group) or (is_wild and p.name))]
        may = [p for p in may if not (is_wild and is_person(head_of(p.role)) and not p.is_group)]
        fits = {p: max((p.odds.get(one, 0.0) for one in parts), default=0.0) for p in may}
        least = _LIKELY_ONLY if is_of_one else _LIKELY_PART
        likely = sorted((p for p in may if fits[p] >= least), key=lambda p: -fits[p])
        if "sought" in parts and self.sought:
            yield self.sought, kind_of_matter(self.sought, names, self.places)
        yield from ((_called(p), "person") for p in likely)
        if is_of_one:
            return
        known = [m for m in self.matters if is_known_noun(m)]
        if "at_first" in row:
            known = [m for m in known if m not in self.places[1:]]
        yield from ((m, kind_of_matter(m, names, self.places)) for m in known)
        yield from ((_called(p), "person") for p in may if parts and p not in likely)


def wishes_of(likely: Mapping[str, float], subjects: Subjects) -> tuple[Wished, ...]:
    """At most ``MOST_WISHES``, each of another conflict, the likeliest first.

    Args:
        likely: situations and conflicts with their probabilities, the likeliest first.
    """
    found, about = dict[str, Wished](), Counter[str]()
    vague = list[Wished]()
    for conflict in _with_understanding(undertakings_of(likely), is_sought=bool(subjects.sought)):
        row: Mapping[str, str] = word_table("wishes")[conflict]
        for matter, kind in (*subjects.of_conflict(row), ("", "nothing")):
            wish = next((row[one] for one in (*chain_of(kind), "nothing") if one in row), "")
            asked = f"{matter} {conflict in _ASKING}"
            if not wish or about[asked] or (about[matter] and conflict not in _ASKING):
                continue
            it = noun_slots("it", matter or "it")
            s = "s" * (it["it_is"] == "is")
            about.update((matter, asked))
            said = wish.format(matter=matter, s=s, it=it["it_it"])
            one = Wished(said, conflict, matter, kind, likely.get(conflict, 0.0))
            if matter or conflict in _ASKING:
                found.setdefault(said, one)
            else:
                vague.append(one)
            break
        if len(found) == MOST_WISHES:
            break
    few = vague[: max(0, _FIRST - len(found))]  # of nothing of the premise, where it has no more
    return (*found.values(), *(one for one in few if one.wish not in found))


def _with_understanding(likely: Mapping[str, float], *, is_sought: bool) -> Sequence[str]:
    """The conflicts, what is going on among the first of them: there is hardly a premise of which
    one might not ask that. Where nothing is likely it comes first, and what is lost is sought.
    """
    conflicts = [*(["find"] if is_sought else []), *likely]
    if {*conflicts[:_FIRST]} & _ASKING:
        return conflicts
    place = _FIRST - 1 if is_clear(likely) else 0
    return [*conflicts[:place], "understand", *conflicts[place:]]


def _called(person: PremisePerson) -> str:
    return person.name or person.role
