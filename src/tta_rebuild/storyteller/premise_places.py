"""The places of a premise: which of its words speak of one.

Called by ``premise``. An averaged structured perceptron (Collins 2002) over what the rules of this
folder say of each word, its form and its neighbours: in 290 premises left out of its training it
named the opening place of 52 % where the rules alone named 39 %. Its weights, in
``data/premise_places.txt``, are learned by ``tools/train_premise_places.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from tta_rebuild.core.english import stem
from tta_rebuild.storyteller.noun_phrases import (
    OPENINGS,
    Phrase,
    is_animal,
    is_person,
    is_place,
    noun_kind,
    one_of,
    second_persons,
    without_accents,
    without_s,
    words_in,
)
from tta_rebuild.storyteller.premise_people import PremisePeople

TAGS = ("O", "B", "I")
"""Outside of a place, its first word, a further one."""

_EDGE = "^"
Weights = Mapping[str, Mapping[str, float]]


def tags_of(rows: Sequence[Sequence[str]], weights: Weights) -> list[str]:
    """The best tags of a text by its features, a row for each token (Viterbi)."""
    best, ways = {_EDGE: 0.0}, list[dict[str, str]]()
    for row in rows:
        score = dict.fromkeys(TAGS, 0.0)
        for feature in row:
            for tag, weight in weights.get(feature, {}).items():
                score[tag] += weight
        now, way = dict[str, float](), dict[str, str]()
        for tag in TAGS:
            before = {p: s for p, s in best.items() if tag != "I" or p in ("B", "I")}
            if before:
                total = {p: s + weights.get(f"T:{p}", {}).get(tag, 0.0) for p, s in before.items()}
                way[tag] = max(total, key=lambda p: total[p])
                now[tag] = total[way[tag]] + score[tag]
        best = now
        ways.append(way)
    tag, tags = max(best, key=lambda t: best[t]), list[str]()
    for way in reversed(ways):
        tags.append(tag)
        tag = way[tag]
    return tags[::-1]


def spans_of(tags: Sequence[str]) -> list[tuple[int, int]]:
    """Begin and end (after its last word) of every place that is tagged."""
    spans = list[tuple[int, int]]()
    for begin in (at for at, tag in enumerate(tags) if tag == "B"):
        end = begin + 1
        while tags[end : end + 1] == ["I"]:
            end += 1
        spans.append((begin, end))
    return spans


def with_places(tokens: Sequence[str], phrases: Sequence[Phrase]) -> list[Phrase]:
    """The noun phrases of a premise, ``phrases`` by rule, with those that are tagged as places."""
    spans = spans_of(tags_of(features_of(tokens, phrases), learned()))
    found = [p for p in phrases if p.end not in {end for _, end in spans}]
    for begin, end in spans:
        same = next((p for p in phrases if p.end == end), None)
        found.append(replace(same or _phrase(tokens, begin, end), said="place"))
    return sorted(found, key=lambda p: (p.start, p.end))


def _phrase(tokens: Sequence[str], begin: int, end: int) -> Phrase:
    """A phrase of these tokens, where the rules have none."""
    first, low = tokens[begin], tokens[begin].lower()
    has_owner = end - begin > 1 and low.endswith(("'s", "’s"))
    determiner = first if has_owner else low if low in words_in("determiners") else ""
    words = tuple(tokens[begin + bool(determiner) : end]) or (first,)
    is_name = not determiner and words[-1][0].isupper()
    if not is_name and (not begin or tokens[begin - 1] in OPENINGS):
        words = (words[0].lower(), *words[1:])
    return Phrase(determiner=determiner, words=words, start=begin, end=end, is_name=is_name)


def features_of(tokens: Sequence[str], phrases: Sequence[Phrase]) -> list[list[str]]:
    """What is seen of each token: its form, its kind, what the rules say, and its neighbours."""
    low = [t.lower().replace("’", "'") for t in tokens]
    shape = [_shape(t) for t in tokens]
    kinds, rules = [_kind(t) for t in tokens], _by_rule(tokens, phrases)

    def at(column: Sequence[str], place: int) -> str:
        return column[place] if 0 <= place < len(column) else _EDGE

    rows: list[list[str]] = []
    for i, word in enumerate(low):
        kind, rule = kinds[i], rules[i]
        ahead = "|".join(kinds[i : i + 3])
        rows.append([
            "b", f"w={word}", f"s={stem(word)}", f"k={kind}", f"e={word[-3:]}", f"r={rule}",
            f"h={shape[i]}{at(shape, i - 1)}", f"h+={shape[i]}{at(shape, i + 1)}",
            f"w-={at(low, i - 1)}", f"w+={at(low, i + 1)}",
            f"w--={at(low, i - 2)}", f"w++={at(low, i + 2)}",
            f"k-={at(kinds, i - 1)}|{kind}", f"k+={kind}|{at(kinds, i + 1)}",
            f"k3={at(kinds, i - 1)}|{kind}|{at(kinds, i + 1)}",
            f"wk={at(low, i - 1)}|{kind}", f"kw={kind}|{at(low, i + 1)}",
            f"r-={at(rules, i - 1)}|{rule}", f"r+={rule}|{at(rules, i + 1)}",
            f"rk={rule}|{kind}", f"ra={rule}|{ahead}",
        ])  # fmt: skip
    return rows


def _by_rule(tokens: Sequence[str], phrases: Sequence[Phrase]) -> list[str]:
    """What the rules take each token for: "BP", "IL" …, "-" outside of their phrases."""
    tags = ["-"] * len(tokens)
    somebody = PremisePeople(tokens, phrases, -1).taken
    for phrase in phrases:
        kind = "P" if phrase.start in somebody else phrase.kind[:2]
        many = phrase.end - phrase.start - 1
        tags[phrase.start : phrase.end] = [f"B{kind}", *[f"I{kind}"] * many]
    return tags


def _kind(token: str) -> str:
    """What a word is by the lexicon and the lists, in a few letters."""
    low = without_s(token.lower())
    bare, one = without_accents(without_s(token)), one_of(low)
    tests = (
        ("name", bare in words_in("she_names", "he_names")),
        ("town", bare in words_in("known_places")),
        ("kin", one in words_in("kin")),
        ("group", low in words_in("groups", "group_people")),
        ("place", is_place(one)),
        ("beast", is_animal(one)),
        ("person", is_person(one)),
        ("stop", low in words_in("stops", "determiners")),
        ("verb", low in words_in("verbs") or low in second_persons()),
        ("-ly", low.endswith("ly")),
    )
    return next((kind for kind, holds in tests if holds), noun_kind(one) or "-")


def _shape(token: str) -> str:
    if not token[0].isalnum():
        return token[0]
    is_owner = "'s" * token.endswith(("'s", "’s"))
    return ("X" if token[0].isupper() else "d" if token[0].isdigit() else "x") + is_owner


@cache
def learned() -> Weights:
    """The weights as they are packaged."""
    text = files("tta_rebuild.storyteller").joinpath("data/premise_places.txt").read_text("utf-8")
    rows = (line.split(" ") for line in text.splitlines() if line and not line.startswith("# "))
    return {
        row[0]: {tag: int(weight) / 100 for tag, _, weight in (p.partition(":") for p in row[1:])}
        for row in rows
    }
