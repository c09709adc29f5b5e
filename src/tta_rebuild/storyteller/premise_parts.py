"""What part everybody of a premise has in it: who is dying, who did it, to whom the letter goes.

Called by ``premise``. A logistic regression for each of ``PARTS`` over what is said of somebody and
near them. Its weights, ``data/premise_parts.txt``, are learned by ``tools/train_premise_parts.py``.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache

from tta_rebuild.core.english import stem
from tta_rebuild.storyteller.act_grammar import family_of
from tta_rebuild.storyteller.noun_phrases import (
    Phrase,
    is_animal,
    is_verb,
    noun_kind,
    one_of,
    without_s,
    words_in,
)
from tta_rebuild.storyteller.premise_mentions import GENDERS, Mention
from tta_rebuild.storyteller.premise_people import PremisePeople
from tta_rebuild.storyteller.word_lists import learned_weights, pattern, word_table

PARTS = (
    *("away", "dead", "dying", "asleep", "held"),
    *("close", "foe", "above"),
    *("sought", "addressee", "beloved", "rival", "culprit", "suspect", "victim", "wronged"),
    *("ally", "guarded", "authority", "giver", "holder", "knower", "machine", "beast", "ghost"),
    *("leaving", "newcomer", "spoken_of"),
)
"""Where somebody is if not simply there, what they are to the player, what they do in the story."""

_BEFORE, _AFTER = 6, 8
_STOPS = frozenset(".!?;")
_RULES = ("ailing", "away", "sleeps", "done_by", "who_killed", "secret")
"""Patterns that tell something of whoever is spoken of near them."""


def parts_of(people: PremisePeople, mention: Mention) -> dict[str, float]:
    """Each part with its probability."""
    scores, weights = dict.fromkeys(PARTS, 0.0), learned_weights("premise_parts")
    for feature, value in features_of(people, mention).items():
        for part, weight in weights.get(feature, {}).items():
            scores[part] += weight * value
    return {part: 1 / (1 + math.exp(-max(-30.0, score))) for part, score in scores.items()}


def features_of(people: PremisePeople, mention: Mention) -> dict[str, float]:
    """What speaks for a part: a feature and its value in (0, 1]."""
    phrase, lows = mention.phrase, people.lows
    stems = _stems(tuple(lows))
    number = people.mentions.index(mention)
    owner = phrase.determiner.lower()
    found = defaultdict[str, float](float)
    whole = [
        "*",
        f"det {'owner' if without_s(owner) != owner else owner or '-'}",
        f"order {min(number, 3)} of {min(len(people.mentions), 4)}",
        f"kind {_kind(mention)}",
        f"pronoun {mention.pronouns}",
        f"often {min(len(mention.at), 3)}",
    ]
    whole += [f"head {stem(phrase.head)}", f"head* {stem(phrase.head)}"] * (not phrase.is_name)
    whole += [f"word {stem(word.lower())}" for word in phrase.words[:-1] if not phrase.is_name]
    ties = word_table("premise_topics")["ties"].items()
    called = {phrase.head, *(word.lower() for word in phrase.words)}
    whole += [f"tie {tie}" for tie, words in ties if called & {*words.split()}]
    whole += ["hostile"] * bool(called & words_in("hostile"))
    whole += ["named"] * bool(mention.name) + ["owns"] * mention.is_owner
    found |= dict.fromkeys(whole, 1.0)
    text = (s for low, s in zip(lows, stems, strict=True) if low not in words_in("stops"))
    found |= {f"text {one}": 0.3 for one in text}
    found |= dict.fromkeys(_said_to_be(lows, phrase), 1.0)
    for begin, end in _spoken_of(people, mention):
        for feature in _near(lows, stems, begin, end):
            found[feature] = 1.0 if feature[1] != " " else 0.6
    return found


def _said_to_be(lows: Sequence[str], phrase: Phrase) -> Iterator[str]:
    """Nouns that stand beside somebody's own: "the ship's computer, Dolly", "Dolly, a robot"."""
    beside = [lows[phrase.start - 2]] if phrase.start > 1 and lows[phrase.start - 1] == "," else []
    rest = lows[phrase.end : phrase.end + 5]
    if (
        rest[:1] == [","]
        and rest[1:2]
        and rest[1] in ("a", "an", "the", "my", "his", "her", "your")
    ):
        beside += [low for low in rest[2:] if noun_kind(one_of(low))][:1]
    for noun in beside:
        yield f"also {stem(noun)}"
        yield f"also kind {noun_kind(one_of(noun)) or '-'}"


def _near(lows: Sequence[str], stems: Sequence[str], begin: int, end: int) -> Iterator[str]:
    """Features of the words round one place where somebody is spoken of."""
    before, after = ["^", "^"], list[str]()
    for at in range(max(0, begin - _BEFORE), begin):
        before = ["^", "^"] if lows[at] in _STOPS else [*before, stems[at]]
    for at in range(end, min(len(lows), end + _AFTER)):
        if lows[at] in _STOPS:
            break
        after.append(stems[at])
    then = [*after, "$", "$"]
    yield f"-1 {before[-1]}"
    yield f"-2 {before[-2]} {before[-1]}"
    yield f"+1 {then[0]}"
    yield f"+2 {then[0]} {then[1]}"
    yield f"+- {before[-1]} {then[0]}"
    yield from (f"b {one}" for one in before[2:])
    yield from (f"a {one}" for one in after)
    clause = lows[end : end + len(after)]
    verbs = [low for low in clause if is_verb(low)][:1] or ["-"]
    yield from (f"does {stem(verbs[0])}", f"does* {family_of(verbs[0])}")
    earlier = lows[max(0, begin - len(before) + 2) : begin]
    verbs = [low for low in earlier if is_verb(low)][-1:] or ["-"]
    yield from (f"done {stem(verbs[0])}", f"done* {family_of(verbs[0])}")
    yield from (f"b* {family}" for low in earlier if (family := family_of(low)))
    yield from (f"a* {family}" for low in clause if (family := family_of(low)))
    said = " ".join((*earlier[-3:], *lows[begin:end], *clause))
    yield from (f"rule {one}" for one in _RULES if pattern(one).search(said))
    if lows[end - 1].endswith(("'s", "’s", "s'", "s’")):
        yield f"owns {then[0]}"


def _spoken_of(people: PremisePeople, mention: Mention) -> Iterator[tuple[int, int]]:
    """Begin and end of whatever speaks of somebody: their phrase, their name, "he" or "her"."""
    others = sorted(
        (at, one) for one in range(len(people.mentions)) for at in people.mentions[one].at
    )
    mine = people.mentions.index(mention)
    for at in mention.at:
        yield at, mention.phrase.end if at == mention.phrase.start else at + 1
    if mention.pronouns not in ("he", "she"):
        return
    for at, low in enumerate(people.lows):
        if GENDERS.get(re.split("['’]", low)[0]) != mention.pronouns:
            continue
        before = (others[i][1] for i in range(bisect_left(others, (at, 0)) - 1, -1, -1))
        alike = ("", mention.pronouns)
        if next((one for one in before if people.mentions[one].pronouns in alike), -1) == mine:
            yield at, at + 1


def _kind(mention: Mention) -> str:
    head = mention.phrase.head
    if mention.phrase.is_name:
        return "name"
    kin = "kin" * (head in words_in("kin"))
    return kin or ("animal" if is_animal(head) else noun_kind(head) or "-")


@cache
def _stems(lows: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(stem(re.sub("['’]s?$", "", low) or low) for low in lows)
