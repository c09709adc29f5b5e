"""What follows a verb in a player's move, cut into phrases: to whom, what, with what, where, how.

Called by ``act_deed`` with a family of verbs of ``act_grammar``, which says what the phrases are.
The words are ``data/words.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.act_grammar import (
    VerbFamily,
    is_adverb,
    is_base,
    is_somebody,
    joined,
    phrase_length,
)
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import is_one, pattern, word_list

_PERSON_OF = {"his": "him", "their": "them", "its": "it", "her": "her", "your": "you"}

_NOUN = "(?:d+(?:[ap]*n+|[ap](?=f|$)|a)?|[hb]a*n+|n+)"
_PHRASE = re.compile(
    "(?P<manner>Mm*[^pEMT]*)"
    rf"|(?P<prep>(?:pf?)*)(?P<noun>{_NOUN}(?:f(?:{_NOUN}|[rhb]|o.+))*|[rhb]|o.+)?"
)
_REPORT = re.compile("(?<!p)[os](?=.)|z?T|B|q(?=.)")
_REPORT_AT_FIRST = re.compile("^[os](?=.)|z?T|B|q(?=.)")


@cache
def _letters() -> Mapping[str, str]:
    """The letter of each small word, by what it may be."""
    lists = {"a": "adverbs", "s": "subjects", "o": "openers", "r": "pronouns", "d": "determiners"}
    lists["p"] = "prepositions"
    found = {word: letter for letter, name in lists.items() for word in word_list(name)}
    both = word_list("determiners") & word_list("pronouns")
    return found | dict.fromkeys(both, "b") | {"of": "f", "her": "h", "not": "z"}


def starts_small(word: str) -> bool:
    """True for a word that begins a phrase of manner, time or place, or another clause."""
    return word in _letters() or is_adverb(word) or phrase_length("manner", [word]) > 0


def is_closed(low: Sequence[str]) -> bool:
    """True if what follows a phrase cannot be the noun that it stands before."""
    first = "".join(low[:1])
    return (
        not first[:1].isalnum()
        or is_adverb(first)
        or is_one(first, "prepositions enders conjunctions openers")
    )


def _tags(low: list[str], spec: VerbFamily) -> str:
    """A letter for each word; what ``_PHRASE`` and ``_REPORT`` go by.

    o opens a clause, s is its subject, T infinitive, B a bare one, q brings what is said, E ends
    the act, Mm manner, p preposition, d determiner, r pronoun, a adverb, x mark, n another word.
    """
    tags, says = "", "said" in spec.takes
    while (k := len(tags)) < len(low):
        word, before, following = low[k], tags[-1:], "".join(low[k + 1 : k + 2])
        letter = _letters().get(word, "a" if is_adverb(word) else "n" if word[0].isalnum() else "x")
        if (
            letter == "n"
            and is_one(re.split("['’]", word)[0], "subjects")
            and "’" in word.replace("'", "’")
        ):
            letter = "s"  # "I'm", "she'll"
        size = phrase_length("manner", low[k:]) if before not in ("d", "h") else 0
        if word == "to" and (is_base(following) or is_one(following, "infinitives")):
            letter = "T"
        elif word in ("it", "you", "nobody", "this") and k and is_one(following, "finite"):
            letter = "s"
        elif is_one(word, "openers") and (says or (word == "that" and before == "n")) and following:
            letter = "o"
        elif (is_one(word, "times_over") and is_closed(low[k + 1 :])) or phrase_length(
            "often", low[k:]
        ):
            many = phrase_length("often", low[k:]) or 1
            letter = "M" + "m" * (many - 1) if is_closed(low[k + many :]) else letter
        elif is_one(word, "enders") and not (word == "before" and spec.takes[0] == "where"):
            is_likened = word == "as" and following in ("if", "though")
            letter = "E" if k or is_likened or word not in ("as", "once") else "o"
        elif size:
            letter = "M" + "m" * (size - 1)
        elif word == "of" and k and (low[k - 1] == "one" or is_one(low[k - 1], "several")):
            letter = "f"  # "tell both of them"
        elif says and before != "p" and word in spec.after["said"]:
            letter = "q"
        elif "bare_infinitive" in spec.after and k and is_base(word) and before not in ("d", "p"):
            letter = "B"
        elif word == "one" and before in ("n", "d"):
            letter = "n"
        elif letter == "d" and k and low[k - 1] in ("last", "first", "next", "other", "same"):
            letter = "n"  # "the last two sandwiches"
        tags += letter
    return tags


def arguments(spec: VerbFamily, rest: list[str], keeps_noun: bool) -> dict[str, str]:
    """The parts of what follows a verb, by the names of ``Act``'s fields, in the second person."""
    tags = _tags([token.lower() for token in rest], spec)
    opens = (_REPORT_AT_FIRST if spec.takes[0] == "object" else _REPORT).search(tags)
    is_said = opens is not None and "said" in spec.takes and "E" not in tags[: opens.start()]
    end = opens.start() if opens is not None and is_said else len(rest)
    said = joined(rest[end + (rest[end : end + 1] == ["that"]) :])
    parts: dict[str, list[str]] = {"said": [said]} if said else {}
    head = [k for k in range(end) if tags[k] != "x"]
    phrases = list(_cut("".join(tags[k] for k in head), [rest[k] for k in head], spec))
    slots = ["object"] if keeps_noun else [s for s in spec.takes if s != "where"] or ["object"]
    bare = [words for prep, words in phrases if not prep]
    for words in bare:
        is_person = (len(bare) > 1 and words is bare[0]) or (
            slots[0] == "said" and is_somebody(words)
        )
        free = [slot for slot in slots if slot not in parts] or ["aside"]
        slot = "person" if is_person and "person" in free else free[0]
        last = words[-1].lower()
        if slot == "person" and not said and is_one(last, "said_things asked_things"):
            slot = "said" if "said" in slots else "object"
            if is_one(last, "asked_things") and words[0].lower() in _PERSON_OF:
                parts["person"] = [_PERSON_OF[words[0].lower()]]
        parts[slot] = words
    for prep, words in _one_by_one(phrases):
        if prep:
            slot, kept = _slot(spec, prep, words, parts)
            parts[slot] = kept if slot == "where" else [*parts.get(slot, ()), *kept]
    parts.pop("aside", None)
    _take_out_result(parts)
    if noun := parts.get("object"):  # "the wardrobe where I found them"
        parts["object"] = pattern("own_clause").sub("", joined(noun)).split()
    return {slot: to_second_person(f"- {joined(words)}")[2:] for slot, words in parts.items()}


def _cut(tags: str, tokens: list[str], spec: VerbFamily) -> Iterator[tuple[list[str], list[str]]]:
    """Phrases in order, as (prepositions, words); a clause of time, reason or purpose ends them."""
    takes_two, at = "person" in spec.takes and len(spec.takes) > 1, 0
    while at < len(tags) and tags[at] not in "ET":
        found = next(_PHRASE.finditer(tags, at))
        begin, at = at, max(found.end(), at + 1)
        middle = at if found["manner"] else found.end("prep")
        noun, following = found["noun"], tags[at : at + 1]
        is_second = following in tuple("dhbr") and not (takes_two and middle == begin)
        is_clause = following in ("o", "s") and at + 1 < len(tags)
        takes_two = takes_two and middle > begin
        if noun and (is_clause or (is_second and noun != "r")):
            at = (tags + "E").index("E", at)
        elif noun == "r" and middle > begin and following == "n":
            tags = tags[:at]
        if noun or middle > begin:
            yield tokens[begin:middle], tokens[middle:at]
        elif is_adverb(tokens[begin].lower()):
            yield [tokens[begin]], []


def _slot(
    spec: VerbFamily, prep: list[str], words: list[str], parts: Mapping[str, list[str]]
) -> tuple[str, list[str]]:
    """Which part a phrase with its preposition is, and the words of it to keep."""
    whole, first = [*prep, *words], prep[0].lower()
    before = prep[-1].lower() if prep[-1] != "of" else first
    is_time = first in ("for", "in", "at") and is_one(whole[-1].lower(), "times")
    low = [w.lower() for w in whole]
    is_often = is_one(first, "times_over") or phrase_length("often", low)
    if is_time or is_adverb(first) or is_often or phrase_length("manner", low):
        return "manner", whole
    for slot in ("object", "person"):
        if words and slot not in parts and before in spec.after.get(slot, ()):
            return slot, words
    if words[-1:] == ["ear"] and "person" in spec.takes:
        return "person", [_PERSON_OF.get(words[0].lower(), joined(words))]
    if first in ("with", "using", "via") and words:
        slot = "person" if first == "with" and is_somebody(words) else "instrument"
        return slot if slot not in parts else "aside", words
    is_aside = is_one(first, "asides") or (first == "by" and not words)
    is_goal = "where" not in parts or is_one(before, "goals")
    return "where" if is_goal and not is_aside else "aside", whole


def _one_by_one(
    phrases: list[tuple[list[str], list[str]]],
) -> Iterator[tuple[list[str], list[str]]]:
    """Phrases as they are, but for "off with a knife", which are two."""
    for prep, words in phrases:
        if len(prep) > 1 and is_one(prep[-1].lower(), "means"):
            yield prep[:-1], []
            yield prep[-1:], words
        else:
            yield prep, words


def _take_out_result(parts: dict[str, list[str]]) -> None:
    """What a thing then is, apart from its noun: "shove the hatch open"."""
    words = parts.get("object", [])
    low = [word.lower() for word in words]
    size = 1 + (low[-2:-1] in (["wide"], ["half"], ["bolt"], ["stone"]))
    if (
        len(words) > size
        and is_one(low[-1], "resultatives")
        and not is_one(low[-size - 1], "articles")
    ):
        parts["object"], parts["result"] = words[:-size], words[-size:]


def that_they_do(found: Mapping[str, str]) -> dict[str, str]:
    """Whom one demands something of: "that Mr Grube confess" is to Mr Grube, to confess."""
    words = found.get("said", "").split()
    if found.get("person") or found.get("object"):
        return {}
    for at in range(1, min(len(words), 5)):
        done = words[at].lower()
        is_done = is_base(done) and not is_one(done, "rather_nouns finite prepositions")
        if is_done and is_somebody(words[:at]):
            return {"person": " ".join(words[:at]), "said": f"to {' '.join(words[at:])}"}
    return {}


def noun_of_place(where: str) -> str:
    """The noun of a phrase of place: "in the baking contest" → "contest"."""
    return singular(where.split()[-1].lower()) if where else ""
