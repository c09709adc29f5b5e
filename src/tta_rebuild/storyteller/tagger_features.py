"""What is seen of each word of a premise: its form, its kind, its neighbours, its clause.

Called by ``premise_tagger`` and its trainer. Of which verb a word is the subject, to what it
belongs and what belongs to it tells the clause parser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from tta_rebuild.core.english import stem
from tta_rebuild.storyteller.clause_parser import ParsedWord
from tta_rebuild.storyteller.noun_phrases import (
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
from tta_rebuild.storyteller.premise_mentions import PremiseMentions
from tta_rebuild.storyteller.token_tree import TokenTree

_EDGE = "^"


def features_of(
    trees: TokenTree, tokens: Sequence[str], phrases: Sequence[Phrase]
) -> list[list[str]]:
    """What is seen of each token of a text; ``phrases`` are its noun phrases by rule."""
    by_form, by_clause = _by_form(tokens, phrases), _by_clause(trees)
    return [[*form, *clause] for form, clause in zip(by_form, by_clause, strict=True)]


def _by_form(tokens: Sequence[str], phrases: Sequence[Phrase]) -> list[list[str]]:
    """Its form, its kind, what the rules say, and its neighbours."""
    low = [t.lower().replace("’", "'") for t in tokens]
    shape = [_shape(t) for t in tokens]
    kinds, rules = [kind_of_word(t) for t in tokens], _by_rule(tokens, phrases)

    def at(column: Sequence[str], place: int) -> str:
        return column[place] if 0 <= place < len(column) else _EDGE

    said = "you" if {"you", "your"} & {*low} else "i" if {"i", "my", "we"} & {*low} else "-"
    of = {i: phrase for phrase in phrases for i in range(phrase.start, phrase.end)}
    rows: list[list[str]] = []
    for i, word in enumerate(low):
        kind, rule, phrase = kinds[i], rules[i], of.get(i)
        ahead, before = "|".join(kinds[i : i + 3]), f"{at(low, i - 2)}_{at(low, i - 1)}"
        row = [
            "b", f"w={word}", f"s={stem(word)}", f"k={kind}", f"e={word[-3:]}", f"r={rule}",
            f"h={shape[i]}{at(shape, i - 1)}", f"h+={shape[i]}{at(shape, i + 1)}",
            f"w-={at(low, i - 1)}", f"w+={at(low, i + 1)}",
            f"w--={at(low, i - 2)}", f"w++={at(low, i + 2)}",
            f"k-={at(kinds, i - 1)}|{kind}", f"k+={kind}|{at(kinds, i + 1)}",
            f"k3={at(kinds, i - 1)}|{kind}|{at(kinds, i + 1)}",
            f"wk={at(low, i - 1)}|{kind}", f"kw={kind}|{at(low, i + 1)}",
            f"r-={at(rules, i - 1)}|{rule}", f"r+={rule}|{at(rules, i + 1)}",
            f"rk={rule}|{kind}", f"ra={rule}|{ahead}",
            f"p={before}", f"f={said}|{rule}", f"f-={said}|{before}",
            f"f^={said}|{rule}|{min(i, 2)}|{at(shape, i - 1)}",
        ]  # fmt: skip
        if phrase:
            part = rule[:1] if i + 1 < phrase.end else f"{rule[:1]}."
            head, after = kind_of_word(phrase.words[-1]), at(kinds, phrase.end)
            by, then = at(low, phrase.start - 1), at(low, phrase.end)
            row += [
                f"ph={part}|{phrase.head}", f"pk={part}|{head}|{after}", f"pa={part}|{rule}|{then}",
                f"pd={part}|{phrase.determiner or '-'}|{head}|{by}",
                f"pf={part}|{said}|{head}|{after}",
                f"pm={part}|{head}|{phrase.is_many}|{phrase.determiner}",
            ]  # fmt: skip
        rows.append(row)
    return rows


def _by_clause(trees: TokenTree) -> list[list[str]]:
    """Its part of speech, what it is in its clause, and to what."""
    rows = [[*_in_clause(trees, word)] if word else ["t=?"] for word in trees.words]
    tags = [_EDGE, *(row[0].removeprefix("t=") for row in rows), _EDGE]
    for i, row in enumerate(rows):
        row += [f"ta={tags[i]}{tags[i + 1]}", f"tt={tags[i]}{tags[i + 1]}{tags[i + 2]}"]
    return rows


def _in_clause(trees: TokenTree, word: ParsedWord) -> Iterator[str]:
    """What a tree says of one word, by the noun whose phrase it is in."""
    tree, noun, kind = trees.tree, trees.noun_of(word), kind_of_word(word.text)
    part = "h" if noun is word else "-"
    above = tree.words[noun.head] if noun.head != noun.index else None
    to = stem(above.text.lower()) if above else _EDGE
    to_kind, to_tag = (kind_of_word(above.text), above.tag) if above else (_EDGE, _EDGE)
    relation, head = noun.relation, kind_of_word(noun.text)
    if relation == "pobj" and above is not None:
        relation, to = f"by_{above.text.lower()}", stem(tree.words[above.head].text.lower())
    yield f"t={word.tag}"
    yield f"td={word.tag}|{word.relation}"
    yield f"tk={word.tag}|{kind}"
    yield f"dk={word.relation}|{kind_of_word(tree.words[word.head].text)}|{kind}"
    yield f"g={part}|{relation}|{to}"
    yield f"gk={part}|{relation}|{to_kind}|{kind}"
    yield f"gr={part}|{relation}|{noun.tag}|{head}"
    if relation == "appos":
        yield f"ah={part}|{to_kind}|{to_tag}|{head}|{noun.tag}"
    if relation == "conj" and above is not None:
        first = stem(tree.words[above.head].text.lower())
        yield f"cg={part}|{to_kind}|{to_tag}|{above.relation}|{first}"
    for one in tree.below(noun.index):
        below = kind_of_word(one.text)
        if one.relation == "appos":
            yield f"ap={part}|{below}|{noun.tag}"
            yield f"at={part}|{one.tag}|{head}"
        elif one.relation == "poss":
            yield f"po={part}|{one.text.lower() if one.tag == 'PRP$' else one.tag}|{head}"
        elif one.relation == "conj":
            yield f"cj={part}|{below}|{one.tag}|{head}"
        elif one.relation == "relcl":
            subject = tree.child(one, "nsubj")
            yield f"rc={part}|{subject.text.lower() if subject else '-'}|{head}"
            yield f"rv={part}|{stem(one.text.lower())}|{subject.tag if subject else '-'}"


def _by_rule(tokens: Sequence[str], phrases: Sequence[Phrase]) -> list[str]:
    """What the rules take each token for: "BP", "IL" …, "-" outside of their phrases."""
    tags = ["-"] * len(tokens)
    somebody = PremiseMentions(tokens, phrases).taken
    for phrase in phrases:
        kind = "P" if phrase.start in somebody else phrase.kind[:2]
        many = phrase.end - phrase.start - 1
        tags[phrase.start : phrase.end] = [f"B{kind}", *[f"I{kind}"] * many]
    return tags


@lru_cache(maxsize=4_096)
def kind_of_word(token: str) -> str:
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
        ("small", bare.capitalize() in words_in("she_names", "he_names")),
        ("-ly", low.endswith("ly")),
    )
    return next((kind for kind, holds in tests if holds), noun_kind(one) or "-")


def _shape(token: str) -> str:
    if not token[0].isalnum():
        return token[0]
    is_owner = "'s" * token.endswith(("'s", "’s"))
    return ("X" if token[0].isupper() else "d" if token[0].isdigit() else "x") + is_owner
