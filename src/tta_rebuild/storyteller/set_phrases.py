"""Set phrases that are acts though their nouns are no things: "clear my throat", "take a look".

Called by ``act_grammar`` beside its table of verbs. The phrases are ``data/set_phrases.txt``: a
family and its phrases, in which * is where whom or what it is done to stands, ~ whose a noun is,
and self is myself, herself …
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tta_rebuild.core.english import article_for, past, verb_forms
from tta_rebuild.storyteller.word_lists import is_one, pattern

_LONGEST_GAP = 5
"""Words that may stand for one * or ~."""
_GRADING = frozenset(
    "good long proper quick close hard deep big little small last better nice real great short "
    "very brief closer careful".split()
)
"""What may stand before the noun of a phrase: "take a good long look"."""
_WHOM = {"his": "him", "her": "her", "their": "them", "its": "it"}
_MINE = frozenset("my our your the a an".split())


@dataclass(frozen=True, slots=True)
class SetPhrase:
    """A set phrase as it was met.

    Attributes:
        name: its words without what stands between them: "keep an eye on".
        done_to: whom or what it is done to, as words.
        rest: what follows it.
    """

    family: str
    name: str
    base: str
    done_to: Sequence[str]
    rest: Sequence[str]
    words: int


@cache
def phrases() -> Mapping[str, list[tuple[str, list[str], str]]]:
    """By every form of the first verb: its base, the words after it, the family; longest first."""
    found = dict[str, list[tuple[str, list[str], str]]]()
    text = (files("tta_rebuild.storyteller") / "data" / "set_phrases.txt").read_text("utf-8")
    for block in text.split("\n\n")[1:]:
        family, _, listed = block.partition(":")
        for phrase in listed.split(","):
            base, *tail = phrase.split()
            for form in {base, *verb_forms(base), past(base)}:
                found.setdefault(form, []).append((base, tail, family.strip()))
    for rows in found.values():
        rows.sort(key=lambda row: (-len(row[1]), row[1]))
    return found


def set_phrase_at(tokens: Sequence[str]) -> SetPhrase | None:
    """The longest set phrase that the tokens begin with, None if there is none."""
    plain = _ungraded(tokens)
    return _at_first(tokens) or (_at_first(plain) if plain is not tokens else None)


def _at_first(tokens: Sequence[str]) -> SetPhrase | None:
    low = [token.lower().replace("’", "'") for token in tokens]
    for base, tail, family in phrases().get(low[0], ()) if low else ():
        for end, done_to in _matches(tail, tokens, low, 1):
            plain = " ".join(one for one in tail if one not in "*~")
            words = 1 + len(plain.split())
            return SetPhrase(family, f"{base} {plain}", base, done_to, tokens[end:], words)
    return None


def _ungraded(tokens: Sequence[str]) -> Sequence[str]:
    """Tokens without what grades the first noun: "take a good long look"."""
    begin = next((k for k, one in enumerate(tokens[:4]) if one.lower() in ("a", "an")), 0) + 1
    end = begin
    while begin > 1 and {*tokens[end : end + 1]} & _GRADING:
        end += 1
    if not begin < end < len(tokens):
        return tokens
    return [*tokens[: begin - 1], article_for(tokens[end]), *tokens[end:]]


def is_set_phrase(verb: str) -> bool:
    """Whether the name of a verb is that of a set phrase."""
    base = verb.partition(" ")[0]
    names = (" ".join([base, *(one for one in tail if one not in "*~")])
             for first, tail, _ in phrases().get(base, ()) if first == base)  # fmt: skip
    return " " in verb and verb in names


def _matches(
    tail: Sequence[str], tokens: Sequence[str], low: Sequence[str], at: int
) -> Iterator[tuple[int, Sequence[str]]]:
    """Where a phrase ends, and whom it is done to, for each way in which it can be read."""
    if not tail:
        yield at, ()
        return
    first, *others = tail
    if first not in "*~":
        is_it = low[at : at + 1] == [first] or (first == "self" and _is_self(low[at : at + 1]))
        yield from _matches(others, tokens, low, at + 1) if is_it else ()
        return
    if first == "*" and not others:
        yield at, ()  # what follows is what it is done to
        return
    for end in range(at + 1, min(at + _LONGEST_GAP, len(low)) + 1):
        said = low[at:end]
        if not said[-1][0].isalnum() or is_one(said[-1], "conjunctions enders"):
            return
        if first == "~" and not (said[-1] in _MINE or pattern("possessive").match(said[-1])):
            continue
        for last, done_to in _matches(others, tokens, low, end):
            yield last, done_to or _whom(tokens[at:end], first)


def _is_self(low: Sequence[str]) -> bool:
    return bool(low) and low[0].endswith(("self", "selves"))


def _whom(words: Sequence[str], mark: str) -> Sequence[str]:
    """Whom a phrase is done to: "her" of "catch her eye", nobody of "hold my breath"."""
    if mark == "*":
        return words
    last = words[-1].lower().replace("’", "'")
    if last in _WHOM:
        return [_WHOM[last]]
    return () if last in _MINE else [*words[:-1], last.removesuffix("'s").removesuffix("'")]
