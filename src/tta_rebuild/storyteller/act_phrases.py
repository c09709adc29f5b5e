"""What follows the verb of a player's move: noun phrases, places, tools, and what is reported.

Called by ``deed``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.act_grammar import (
    VerbFamily,
    families,
    is_adverb,
    is_base,
    is_one,
    joined,
    phrase_length,
    small_words,
)
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import word_list

_PERSON_OF = {"his": "him", "their": "them", "its": "it", "her": "her", "your": "you", "my": "me"}


def arguments(family: str, rest: Sequence[str]) -> dict[str, str]:
    """The parts of what follows a verb, by the names of ``Act``'s fields.

    Noun phrases and what is reported are turned to the second person.
    """
    spec = families()[family]
    said, head = _reported(spec, rest[rest[:1] in (["of"], ["Of"]) :])
    parts: dict[str, list[str]] = {}
    chunks = list(_chunks(spec, head))
    _place(spec, family, [words for prep, words in chunks if words and not prep], parts, bool(said))
    for prep, words in chunks:
        if prep:
            slot, kept = _slot(spec, prep, words, parts)
            parts.setdefault(slot, []).extend(kept)
    for slot in ("aside", *(("said",) if said else ())):
        parts.pop(slot, None)
    found = {slot: to_second_person(joined(words)) for slot, words in parts.items() if words}
    if said:
        found["said"] = to_second_person(said)
    return {slot: _lowered(words) for slot, words in found.items()}


def _lowered(words: str) -> str:
    first = words.split(" ")[0]
    is_small = first.lower() in small_words("determiners") | small_words("prepositions")
    return words[:1].lower() + words[1:] if is_small or first in ("You", "That", "With") else words


def _place(
    spec: VerbFamily,
    family: str,
    bare: list[list[str]],
    parts: dict[str, list[str]],
    has_said: bool,
) -> None:
    """Noun phrases without a preposition go to the family's slots."""
    slots = [slot for slot in spec.takes if slot != "where"] or ["object"]
    if len(bare) > 1 and "person" in slots and "person" not in parts:
        parts["person"] = bare.pop(0)
        slots = [slot for slot in slots if slot != "person"] or ["object"]
    for words in bare:
        if (
            "person" in slots
            and "person" not in parts
            and slots[0] == "said"
            and is_somebody(words)
        ):
            parts["person"] = words
            continue
        slot = next(
            (s for s in slots if s not in parts and not (s == "said" and has_said)), "aside"
        )
        last = words[-1].lower()
        if slot == "person" and not has_said:
            if family == "ask" and last in small_words("asked_things"):
                slot = "said"
                parts["person"] = _owner(words)
            elif last in small_words("said_things"):
                slot = "said" if "said" in spec.takes else "object"
        parts[slot] = words


def is_somebody(words: Sequence[str]) -> bool:
    """True for a name, "her", "the guard": somebody rather than something, as far as words tell."""
    head = next(
        (k for k, w in enumerate(words) if k and w.lower() in small_words("joints")), len(words)
    )
    last = words[head - 1] if words else ""
    if len(words) == 1 and last.lower() in small_words("somebody"):
        return True
    return singular(last.lower()) in word_list("people") or (last[:1].isupper() and len(words) < 3)


def _owner(words: list[str]) -> list[str]:
    """Whose something is: "his name" → "him", "the boy's name" → "the boy"; nobody's → nothing."""
    *before, last = words[:-1] or [""]
    if last.endswith(("'s", "’s")):
        return [*before, last[:-2]]
    return [_PERSON_OF[last.lower()]] if last.lower() in _PERSON_OF else []


def _slot(
    spec: VerbFamily, prep: list[str], words: list[str], parts: Mapping[str, list[str]]
) -> tuple[str, list[str]]:
    """Which part a phrase with its preposition is, and the words of it to keep."""
    first, whole = prep[0].lower(), [*prep, *words]
    if words[-1:] == ["ear"] and "said" in spec.takes and "person" not in parts:
        return "person", _owner(words)
    last = words[-1].lower() if words else ""
    low = [word.lower() for word in whole]
    if (
        phrase_length("manner", low)
        or is_adverb(first)
        or (first in ("for", "in", "at") and is_one(last, "times"))
    ):
        return "manner", whole
    before = prep[-1].lower()
    if words and before in spec.object_after and "object" not in parts:
        return "object", words
    if words and before in spec.person_after and "person" not in parts:
        return "person", words
    if first == "with" and "person" not in parts and is_somebody(words):
        return "person", words
    if words and first in ("with", "using", "via"):
        return ("instrument" if "instrument" not in parts else "aside"), words
    if first in spec.said_after and "said" in spec.takes:
        return "said", whole
    if first in ("…", "for", "about", "during", "despite", "except", "till", "until", "by") and (
        first != "by" or not words
    ):
        return "aside", whole
    if "where" in parts:
        is_goal = "where" in spec.takes and before in ("to", "into", "towards")
        if not is_goal or parts["where"][0].lower() in ("to", "into"):
            return "aside", whole
        parts["where"].clear()
    return "where", whole


def _reported(spec: VerbFamily, rest: Sequence[str]) -> tuple[str, list[str]]:
    """What is reported ("that …", "to …", "who …"), and the words before it."""
    if "said" not in spec.takes:
        return "", list(rest)
    low = [token.lower() for token in rest]
    for k, word in enumerate(low):
        before = low[k - 1] if k else ""
        is_away = word == "to" and is_one(before, "where_alone")
        if is_one(before, "prepositions") and not is_away:
            continue
        following = low[k + 1] if k + 1 < len(low) else ""
        if (
            spec.bare_infinitive
            and k
            and is_base(word)
            and before not in small_words("determiners") - {"her"}
        ):
            return joined(rest[k:]), list(rest[:k])
        if _opens_report(spec, word, following, k):
            k -= before == "not"
            return joined(rest[k + (word == "that") :]), list(rest[:k])
        if word in spec.said_after and following:
            ends = (j for j in range(k + 2, len(low)) if low[j] in spec.person_after - {"for"})
            end = next(ends, len(low))
            return joined(rest[k:end]), [*rest[:k], *rest[end:]]
    return "", list(rest)


def _opens_report(spec: VerbFamily, word: str, following: str, k: int) -> bool:
    is_object_first = spec.takes[0] == "object"
    if word in small_words("openers"):
        is_demonstrative = word == "that" and not following
        return not is_demonstrative and not (k and is_object_first)
    if word == "to":
        return is_base(following) or (
            following.isalpha()
            and following not in small_words("determiners") | small_words("pronouns")
            and following in ("be", "have", "do", "not", "never")
        )
    if word in (
        "i",
        "he",
        "she",
        "we",
        "they",
        "there",
        "i'm",
        "he's",
        "she's",
        "they're",
        "we're",
        "it's",
    ):
        return not (k and is_object_first) and bool(following)
    return word in ("it", "you", "nobody", "this") and following in small_words("finite") and k > 0


def _chunks(spec: VerbFamily, tokens: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Phrases in order, as (prepositions, words); a clause of time, reason or purpose ends them."""
    prep: list[str] = []
    words: list[str] = []
    takes_two = "person" in spec.takes and len(spec.takes) > 1
    is_relative = is_manner = False
    low = [token.lower() for token in tokens]
    k = -1
    while (k := k + 1) < len(tokens):
        token, word, following = tokens[k], low[k], " ".join(low[k + 1 : k + 2])
        is_open = not words or _waits_for_noun(words)
        if _ends(spec, word, following, k, is_relative):
            break
        size = 0 if is_relative or (words and is_open) else phrase_length("manner", low[k:])
        if size or (
            word in small_words("prepositions") and not is_relative and not (words and is_open)
        ):
            if words or size or is_manner:
                yield prep, words
                prep, words = [], []
            is_manner = bool(size)
            prep += tokens[k : k + max(size, 1)]
            k += max(size, 1) - 1
        elif is_relative or not word[0].isalnum():
            words += [token] if word[0].isalnum() else []
        elif (is_adverb(word) or word in small_words("adverbs")) and not (words and is_open):
            if is_adverb(word):
                yield [token], []
        else:
            if (not words and not prep and is_one(word, "fused")) or (
                words and not is_open and _opens_relative(word, following)
            ):
                is_relative = True
            elif words and _begins_another(words, token, low[k:], takes_two and not prep):
                if (takes_two and not prep) or words[0].lower() in small_words("pronouns"):
                    yield prep, words
                    prep, words = ([] if takes_two else ["…"]), []
                    takes_two = False
                else:
                    is_relative = True
            words.append(token)
    yield prep, words


def _waits_for_noun(words: list[str]) -> bool:
    """True after "the" and "all the", not after "the big one"."""
    last = words[-1].lower()
    return last == "of" or (
        last in small_words("determiners") - {"her"} and not (last == "one" and len(words) > 1)
    )


def _opens_relative(word: str, following: str) -> bool:
    if word in small_words("openers"):
        return True
    return word in small_words("subjects") - {"it", "you"} and bool(following)


def _ends(spec: VerbFamily, word: str, following: str, k: int, is_relative: bool) -> bool:
    if word == "before" and spec.takes[0] == "where" and following in small_words("determiners"):
        return False
    if word in small_words("enders") and (k or word not in ("as", "once")):
        return True
    if is_relative or word != "to":
        return False
    return (is_base(following) or following in ("be", "have", "do")) and not following.endswith("s")


def _begins_another(words: list[str], token: str, rest: list[str], takes_two: bool) -> bool:
    """True if a second noun phrase begins here: "her | the key", "the box | the wizard said"."""
    first, word = words[0].lower(), token.lower()
    if len(words) == 1 and first in small_words("pronouns") - small_words("determiners"):
        return True
    determiners = small_words("determiners") - {"one", "other", "same", "own"}
    if word in determiners | small_words("pronouns"):
        return not _waits_for_noun(words)
    if not takes_two:
        return False
    if words == ["her"] and "to" not in rest and rest[-1] not in small_words("asked_things"):
        return True
    return all(w[0].isupper() for w in words) and token[0].islower()


def as_text(tokens: Sequence[str]) -> str:
    """A whole sentence as text, with the ? or ! at its end."""
    return joined(tokens).rstrip("?!") + (
        tokens[-1] if tokens[-1:] and tokens[-1][0] in "!?" else ""
    )
