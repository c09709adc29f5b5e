"""What a sentence says in passing about a named person: appositions, possessives, looks.

"Mara, the queen, rose"; "Bram's daughter Mara"; "Mara's blue eyes"; "all nine of Mara's ships".
Used by ``reader`` beside the clauses.
"""

from __future__ import annotations

import re
from functools import cache

from tta_rebuild.canon.relations import number_in
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.story import Claim
from tta_rebuild.reading.lexicon import Lexicon

_NAME = r"(?P<name>[A-Z][a-zà-ÿ]+)"
_OTHER = r"(?P<other>[A-Z][a-zà-ÿ]+)"


@cache
def _patterns(kin_words: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    kin = "|".join(kin_words)
    part = r"(?P<part>eyes|hair|beard|skin|fur|wings)"
    sort = r"(?:younger |older |elder |eldest |youngest |little |big |twin |late |only )?"
    lead = r"(?:only |just |barely |now |aged |already )*"
    have = r"(?:his |her |their |a pair of )?"
    number = r"(?P<count>[a-z]+|\d+)"
    texts = [
        ("kin", rf"{_NAME}, (?:the |a ){sort}(?P<kin>{kin}) of {_OTHER}\b"),
        ("kin", rf"{_NAME}, {_OTHER}'s {sort}(?P<kin>{kin})\b"),
        ("kin", rf"{_OTHER}'s {sort}(?P<kin>{kin}),? {_NAME}\b"),
        ("role", rf"{_NAME}, (?:the|an?) (?P<role>[a-z]+(?: [a-z]+)?)(?: of [^,]+)?,"),
        ("age", rf"{_NAME}, {lead}(?P<age>[a-z]+|\d+)(?: years old)?,"),
        ("look", rf"{_NAME}'s (?P<colour>[a-z]+) {part}\b"),
        ("look", rf"{_NAME}\b[^,.;]*? with {have}(?P<colour>[a-z]+) {part}\b"),
        ("count", rf"(?:[Aa]ll|[Ee]ach) {number} of {_NAME}'s (?P<thing>[a-z]+)\b"),
        ("count", rf"{_NAME}'s {number} (?P<thing>[a-z]+s)\b"),
    ]
    return [(kind, re.compile(text)) for kind, text in texts]


_COLOURS = frozenset(
    [
        *("blue", "green", "brown", "grey", "gray", "black", "hazel", "amber", "violet", "red"),
        *("blond", "blonde", "auburn", "white", "golden", "silver", "dark", "fair", "copper"),
        *("chestnut", "yellow", "pale", "ginger"),
    ]
)


def asides(narration: str, lexicon: Lexicon, canon: Canon) -> list[Claim]:
    """Claims made in passing. "," and "'s" are what they all have, or "with"."""
    if "'s " not in narration and "," not in narration and " with " not in narration:
        return []
    if "’" in narration:
        narration = narration.replace("’", "'")
    found: list[Claim] = []
    for kind, pattern in _patterns(lexicon.phrases["kin"]):
        match = pattern.search(narration)
        if match is None or match["name"] in lexicon.sets["not_names"]:
            continue
        who = canon.id_of(match["name"])
        match kind:
            case "kin":
                value = f"{match['kin']} of {canon.id_of(match['other'])}"
                found.append(Claim(subject=who, relation="kin", value=value))
            case "role":
                noun = match["role"].split()[-1]
                if noun in lexicon.sets["person_nouns"]:
                    found.append(Claim(subject=who, relation="role", value=match["role"]))
            case "age":
                if number_in(match["age"]) not in ("", "0", "1"):
                    found.append(Claim(subject=who, relation="age", value=number_in(match["age"])))
            case "look":
                if match["colour"] in _COLOURS:
                    value = f"{match['colour']} {match['part']}"
                    found.append(Claim(subject=who, relation="trait", value=value))
            case _:
                if number_in(match["count"]) not in ("", "0", "1"):
                    value = f"{number_in(match['count'])} {match['thing']}"
                    found.append(Claim(subject=who, relation="count", value=value))
    return found
