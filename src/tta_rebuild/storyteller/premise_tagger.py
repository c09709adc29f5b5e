"""The places and the people of a premise: which of its words speak of one.

Called by ``premise``. An averaged structured perceptron (Collins 2002) over what is seen of each
word (``tagger_features``), once for each label set of ``TAGS``. Of 4,236 people in the premises of
seven writers, each left out of its training once, 74 % are tagged, and 86 % of what is tagged are
people. Its weights, ``data/premise_*.txt``, are learned by ``tools/train_premise_tagger.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from tta_rebuild.storyteller.noun_phrases import (
    OPENINGS,
    Phrase,
    is_person,
    is_place_name,
    kind_of_thing,
    one_of,
    without_accents,
    without_s,
    words_in,
)
from tta_rebuild.storyteller.tagger_features import features_of, kind_of_word
from tta_rebuild.storyteller.token_tree import TokenTree
from tta_rebuild.storyteller.word_lists import Weights

TAGS: Mapping[str, Sequence[str]] = {
    "places": ("O", "B", "I"),
    "people": ("O", "B", "I", "BY", "IY"),
}
"""Outside, first word, a further one; with ``Y`` of whoever is played."""

_EDGE = "^"
_TOLD = {"places": "place", "people": "person"}


def tags_of(
    rows: Sequence[Sequence[str]], weights: Weights, label_set: str = "places"
) -> list[str]:
    """The best tags of a text by its features, a row for each token (Viterbi)."""
    tags, best, ways = TAGS[label_set], {_EDGE: 0.0}, list[dict[str, str]]()
    for row in rows:
        score = dict.fromkeys(tags, 0.0)
        for feature in row:
            for tag, weight in weights.get(feature, {}).items():
                score[tag] += weight
        now, way = dict[str, float](), dict[str, str]()
        for tag in tags:
            may = [p for p in best if tag[0] != "I" or p in ("B" + tag[1:], tag)]
            total = {p: best[p] + weights.get(f"T:{p}", {}).get(tag, 0.0) for p in may}
            if total:
                way[tag] = max(total, key=lambda p: total[p])
                now[tag] = total[way[tag]] + score[tag]
        best = now
        ways.append(way)
    tag, found = max(best, key=lambda t: best[t]), list[str]()
    for way in reversed(ways):
        found.append(tag)
        tag = way[tag]
    return found[::-1]


def spans_of(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Begin, end (after its last word) and the kind, "" or "Y", of whatever is tagged."""
    spans = list[tuple[int, int, str]]()
    for begin in (at for at, tag in enumerate(tags) if tag[0] == "B"):
        end, kind = begin + 1, tags[begin][1:]
        while tags[end : end + 1] == [f"I{kind}"]:
            end += 1
        spans.append((begin, end, kind))
    return spans


def with_tagged(trees: TokenTree, tokens: Sequence[str], phrases: Sequence[Phrase]) -> list[Phrase]:
    """The noun phrases of a premise, ``phrases`` by rule, told as place or person where tagged."""
    rows = features_of(trees, tokens, phrases)
    found = [*phrases]
    for label_set in TAGS:
        spans = _with_titles(tokens, spans_of(tags_of(rows, learned(label_set), label_set)))
        for begin, end, kind in spans:
            is_owner = without_s(tokens[end - 1]) != tokens[end - 1]
            same = next((p for p in found if p.is_name and p.start < end <= p.end), None)
            if same and begin < same.start:  # my sister | Ruby
                before_it = (p for p in found if begin <= p.start < p.end == same.start)
                same = next((p for p in before_it if p.determiner or is_person(p.head)), same)
                end = same.end
            same = same or next((p for p in found if p.end == end), None)
            if same is None and _is_adjective_of_name(tokens, begin, end):
                continue
            same = same or _phrase(tokens, begin, end)
            before = tokens[max(0, begin - 1) : begin]
            is_other = _is_plain_object if label_set == "places" else _is_lasting_place
            if is_other(same, before) or same.words[-1].isdigit():
                continue
            gone = [p for p in found if begin <= p.start < end and not (is_owner and p.end > end)]
            gone = [p for p in gone if not (p.is_name and p.end == same.start)]  # Ann | the cook
            found = [p for p in found if p.end != same.end and p not in gone]
            if not _is_indefinite(same):
                told = replace(same, said="you" if kind else _TOLD[label_set])
                is_named = bool({*before} & words_in("naming"))  # a goat named Brigadier
                found.append(told if is_named else _as_noun(told))
    groups = {p.end for p in found if p.is_group and tokens[p.end : p.end + 1] == ["of"]}
    of_group = {p.end for p in found if p.start - 1 in groups}
    kept = [
        replace(p, said="thing")
        if (p.kind == "person" and not (p.said or p.determiner or not p.start or p.end in of_group))
        or (not p.is_name and p.head in words_in("vehicles") and p.kind == "person")
        else p
        for p in found
    ]  # without a determiner the rules alone do not tell: "amputees", "hope"
    return sorted(kept, key=lambda p: (p.start, p.end))


def _with_titles(
    tokens: Sequence[str], spans: Sequence[tuple[int, int, str]]
) -> list[tuple[int, int, str]]:
    """The spans, with a title that was taken for somebody joined to its name: "Mrs | Bell"."""
    joined, titles = list[tuple[int, int, str]](), words_in("titles", "her_titles", "his_titles")
    for begin, end, kind in spans:
        last = joined[-1] if joined else None
        if last and last[1] == begin and tokens[begin - 1] in titles:
            joined[-1] = (last[0], end, last[2] or kind)
        else:
            joined.append((begin, end, kind))
    return joined


def _is_plain_object(phrase: Phrase, before: Sequence[str]) -> bool:
    """Whether a name stands where that of a place does not: "who drowned old Pell Tarrow"."""
    by = "".join(before).lower()
    is_free = by.isalpha() and by not in words_in("stops", "determiners")
    return phrase.is_name and is_free and not is_place_name(phrase)


def _is_lasting_place(phrase: Phrase, before: Sequence[str]) -> bool:
    """Whether a place or thing is nobody: "who robbed the bank", "our old van"."""
    is_thing = not (phrase.is_name or is_person(phrase.head)) and _never_acts(phrase.head)
    is_thing |= not phrase.is_name and phrase.head in words_in("vehicles")  # the ice hauler Hope
    return is_thing or (phrase.kind == "place" and bool(before) and before[0] not in OPENINGS)


def _never_acts(noun: str) -> bool:
    """Whether a noun is of a kind that never acts as somebody; animals and machines may."""
    return kind_of_thing(noun) not in ("", "animal", "machine", "picture", "toy")


def _is_adjective_of_name(tokens: Sequence[str], begin: int, end: int) -> bool:
    """Whether a word is only what a name has before it: "old Mr Bell"."""
    word, after = tokens[begin], "".join(tokens[end : end + 1])
    is_one = end - begin == 1 and word.islower() and after[:1].isupper()
    return is_one and not is_person(one_of(word))


def _is_indefinite(phrase: Phrase) -> bool:
    return phrase.words[-1].lower() in words_in("nobody", "determiners", "stops")


def _as_noun(phrase: Phrase) -> Phrase:
    """A phrase that is no name: "Grandad bets the tractor", "Crew of a Zeppelin"."""
    word = phrase.words[0]
    kind = kind_of_word(word)
    if phrase.words == (word.lower(),) and not phrase.determiner and kind == "small":
        return replace(phrase, words=(word.capitalize(),), is_name=True)  # bring cake for linda
    is_noun = (
        phrase.is_name
        and len(phrase.words) == 1
        and without_accents(word) not in words_in("she_names", "he_names")
    )
    if not is_noun or phrase.said == "place" or kind not in ("kin", "group", "person"):
        return phrase
    return replace(phrase, words=(without_s(word.lower()),), is_name=False)


def _phrase(tokens: Sequence[str], begin: int, end: int) -> Phrase:
    """A phrase of these tokens, where the rules have none."""
    first, low = tokens[begin], tokens[begin].lower()
    has_owner = end - begin > 1 and low.endswith(("'s", "’s"))
    determiner = first if has_owner else low if low in words_in("determiners") else ""
    words = [*tokens[begin + bool(determiner) : end]] or [first]
    words[-1] = without_s(words[-1]) or words[-1]
    is_name = not determiner and words[-1][0].isupper()
    if not is_name and (not begin or tokens[begin - 1] in OPENINGS):
        words[0] = words[0].lower()
    return Phrase(determiner=determiner, words=tuple(words), start=begin, end=end, is_name=is_name)


@cache
def learned(label_set: str) -> Weights:
    """The weights for one label set as they are packaged, in hundredths."""
    data = files("tta_rebuild.storyteller").joinpath("data")
    text = data.joinpath(f"premise_{label_set}.txt").read_text("utf-8")
    found = dict[str, dict[str, float]]()
    for line in text.splitlines()[1:]:
        feature, *weights = line.split(" ")
        found[feature] = row = dict[str, float]()
        for one in weights:
            tag, weight = one.rsplit(":", 1)
            row[tag] = int(weight)
    return found
