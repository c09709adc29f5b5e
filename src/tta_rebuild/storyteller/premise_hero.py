"""Whom a premise is about: the one of its people whom the player is.

Called by ``premise_people``. Everybody who is spoken of is a candidate, and beside them "you" or
"I" where the text says so; a log-linear model ranks them by where and how they are spoken of (the
subject of a sentence, the owner of the others, named, dead …). Its weights,
``data/premise_hero.txt``, are learned by ``tools/train_premise_hero.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tta_rebuild.core.english import stem
from tta_rebuild.storyteller.noun_phrases import (
    OPENINGS,
    is_animal,
    is_verb,
    noun_kind,
    second_persons,
    without_s,
    words_in,
)
from tta_rebuild.storyteller.premise_mentions import (
    GENDERS,
    MINE,
    THEIRS,
    Mention,
    PremiseMentions,
)
from tta_rebuild.storyteller.word_lists import Weights, learned_weights, pattern

_ONE = frozenset("i im ive i'm i've i'd i'll my me mine myself".split())
_SPOKEN_TO = frozenset("you your you're you've you'll you'd yours yourself youre ur".split())
_MANY = frozenset("we us our ours we're we've we'll ourselves".split())
_VERBS_AFTER = 6


def hero_of(found: PremiseMentions, told: Sequence[int] = (), topic_at: int = -1) -> Mention | None:
    """Who is played, None where it is "you" or "I" of the text, or nobody is spoken of.

    Args:
        told: tokens at which phrases begin that the tagger takes for whoever is played.
        topic_at: the token from which on the text speaks of what it is asked to be about.
    """
    weights = learned_weights("premise_hero")
    rows = candidates(found, told)
    asked = [row for row in rows if row[0] is None or max(row[0].at) >= topic_at]
    scored = [(_score(weights, features), mention) for mention, features in asked or rows]
    return max(scored, key=lambda row: row[0], default=(0.0, None))[1]


def _score(weights: Weights, features: Sequence[str]) -> float:
    return sum(weights.get(one, {}).get("hero", 0.0) for one in features)


def candidates(
    found: PremiseMentions, told: Sequence[int] = ()
) -> list[tuple[Mention | None, list[str]]]:
    """Everybody who may be played, with what speaks for them; None for "you" and "I"."""
    context = _Context(found, told)
    rows: list[tuple[Mention | None, list[str]]] = [
        (mention, list(context.of(mention)))
        for mention in found.mentions
        if _may_be_played(found, mention)
    ]
    if found.is_second and not (rows and _is_generic(found)):
        mine = any(m.phrase.determiner in MINE for m in found.mentions)
        rows = [row for row in rows if not (mine and row[0] and row[0].phrase.determiner in _OPEN)]
        rows.append((None, list(context.of_you())))
    return rows


def _is_generic(found: PremiseMentions) -> bool:
    """Whether "you" is anybody ("here you can sell your dreams"), and it is told of a name."""
    told = [m for m in found.mentions if m.name and m.phrase.determiner not in MINE]
    ends = [-1, *(i for i, low in enumerate(found.lows) if low in (".", "!", "?"))]
    sentences = [
        " ".join(found.lows[begin + 1 : end])
        for begin, end in zip(ends, [*ends[1:], len(found.lows)], strict=True)
    ]
    spoken = [s for s in sentences if not words_in("first_and_second").isdisjoint(s.split())]
    is_any = all(pattern("generic_you").search(s) and not _ONE & {*s.split()} for s in spoken)
    return bool(told and spoken) and is_any


def _may_be_played(found: PremiseMentions, mention: Mention) -> bool:
    """Whether somebody is no one's wife, no "other passenger", and no killer who is among us."""
    phrase = mention.phrase
    is_other = "other" in found.lows[phrase.start : phrase.start + 2]
    is_monster = phrase.head in words_in("hardly_played") and not mention.name
    is_dead = bool(pattern("dies").match(" ".join(found.lows[phrase.end : phrase.end + 12])))
    is_dead = is_dead and found.low(phrase.start) not in GENDERS  # he has been dead for a week
    is_alone = len(found.mentions) == 1
    owned = (m.phrase.start for m in found.mentions if m is not mention)
    is_owner = mention.is_owner and len(mention.at) == 1 and not mention.name
    before = (found.low(phrase.start - 2), found.low(phrase.start - 1))
    is_new = before == (",", "and") and phrase.determiner in _OPEN and len(mention.at) == 1
    is_led = found.low(phrase.end) in ("led", "headed", "commanded", "captained")
    is_ill = bool(pattern("ailing").search(" ".join(found.lows[phrase.end : phrase.end + 3])))
    after = (m for m in found.mentions if m.name and m.phrase.start > phrase.end)
    is_first = mention is found.mentions[0]
    pair = (m for m in found.mentions if m.name and m.phrase.end == phrase.start - 1)
    is_joined = before[1] == "and" and mention.name and len(mention.at) == 1 and any(pair)
    return not (
        phrase.determiner in (*THEIRS, *MINE)
        or (phrase.is_many and found.low(phrase.end + 1) == "by" and is_led)
        or (is_ill and any(after))  # Barend is dying, and Famke has one night
        or (is_new and not is_first)  # an old couple run an inn, and a stranger knocks
        or is_other
        or (is_monster and (phrase.is_many or found.is_second))
        or (is_dead and is_alone)
        or found.is_buried(mention)
        or is_joined  # Tom and Lily are trapped
        or (is_owner and phrase.start in owned)  # the clockmaker's daughter
    )


class _Context:
    """What is the same for all candidates of one text."""

    def __init__(self, found: PremiseMentions, told: Sequence[int]) -> None:
        self.found, self.told, self.lows = found, {*told}, found.lows
        self.sentence, self.quoted, number = list[int](), found.quoted, 0
        for low, is_quoted in zip(self.lows, self.quoted, strict=True):
            self.sentence.append(number)
            number += low in ".!?…" and not is_quoted
        said = [GENDERS.get(re.split("['’]", low)[0], "") for low in self.lows]
        self.said = {gender: said.count(gender) for gender in ("he", "she")}
        by_name = [m for m in found.mentions if m.name]
        self.names = min(len(by_name), 3)
        self.has_one = not {*_ONE, *_SPOKEN_TO}.isdisjoint(map(_straight, self.lows))

    def of(self, mention: Mention) -> Iterator[str]:
        """What speaks for or against somebody."""
        phrase, mentions = mention.phrase, self.found.mentions
        order = mentions.index(mention)
        owner = phrase.determiner.lower()
        det = owner if owner in words_in("determiners") else "owner" if owner else "-"
        det = "mine" if owner in MINE else "theirs" if owner in THEIRS else det
        kind = _kind(mention)
        many = "many" if phrase.is_many else "one"
        at = self.sentence[phrase.start]
        named = "named" if mention.name else "nameless"
        yield from (
            "bias", f"order {min(order, 4)}", f"order {min(order, 2)} {named}",
            f"left {min(len(mentions) - order - 1, 3)}", f"det {det}", f"det {det} {min(order, 1)}",
            f"kind {kind}", f"kind {kind} {many}", f"{many}", named, f"{named} of {self.names}",
            f"first {order == 0} {many} {det}", f"{named} {mention.pronouns or '-'}",
            f"often {min(len(mention.at), 4)}",
            f"often {min(len(mention.at), 3)} {named}", f"sentence {min(at, 3)}",
            f"sentence {min(at, 2)} {named}", f"text {self.has_one}",
        )  # fmt: skip
        if not phrase.is_name and phrase.head in words_in("hardly_played"):
            yield "hardly"
        if self.told.intersection(mention.at):
            yield "told"
        if mention.is_owner:
            yield f"owner {len(mention.at) > 1} {named}"
        if self.quoted[phrase.start]:
            yield "quoted"
        said = self.said.get(mention.pronouns, 0)
        other = self.said["he" if mention.pronouns == "she" else "she"]
        is_first = not any(m.pronouns in (mention.pronouns, "") for m in mentions[:order])
        yield f"said {mention.pronouns or '-'} {min(said, 3)} {(said > other) - (said < other)}"
        yield f"said {min(said, 3)} {is_first}"
        owns = [m for m in mentions if m is not mention and self._owns(mention, m)]
        yield f"owns {min(len(owns), 2)}"
        yield from self._around(mention)

    def _owns(self, mention: Mention, other: Mention) -> bool:
        owner = other.phrase.determiner
        bare = without_s(owner).lower()
        if bare != owner.lower():
            called = {*mention.name.lower().split(), mention.phrase.words[-1].lower()}
            return bool(called & {*bare.split()})
        after = mention.phrase.start < other.phrase.start
        return after and owner in THEIRS and GENDERS.get(owner, "they") == mention.pronouns

    def _around(self, mention: Mention) -> Iterator[str]:
        phrase, low = mention.phrase, self.found.low
        before, after = low(phrase.start - 1), low(phrase.end)
        opens = before in OPENINGS or before == "."
        by = "^" if opens else _word(before)
        then = "verb" if after in second_persons().values() and phrase.is_many else _word(after)
        yield f"joins {low(phrase.start - 2) == ','} {before == 'and'} {phrase.determiner in _OPEN}"
        yield from (f"before {by}", f"after {then}", f"by {by} {min(self._order(mention), 1)}")
        rest = self.lows[phrase.end : phrase.end + 12]
        end = next((i for i, one in enumerate(rest) if one in ".!?;"), len(rest))
        if pattern("dies").match(" ".join(rest[:end])):
            yield "dies"
        do = words_in("verbs") if phrase.is_many else frozenset[str]()  # the couple run an inn
        verbs = [one for one in rest[: min(end, _VERBS_AFTER)] if _acts(one) or one in do][:1]
        yield f"acts {bool(verbs)} {opens}"
        yield from (f"does {stem(one)}" for one in verbs)
        begin = phrase.start
        while begin and self.lows[begin - 1] not in ".!?;":
            begin -= 1
        opening = self.lows[begin : phrase.start]
        is_inner = any(one in _INNER for one in opening)
        is_after_verb = any(_acts(one) for one in opening)
        is_aim = any(one in _AIMS for one in rest[:end])
        yield f"inner {is_inner} {is_after_verb}"
        yield f"clause {is_inner} {is_after_verb} {bool(verbs)} {phrase.is_many}"
        yield f"clause {bool(opening)} {is_after_verb} {bool(verbs)} {bool(mention.name)}"
        yield f"aim {is_aim} {opens}"
        if after == "," or low(phrase.start - 1) == ",":
            yield f"aside {bool(mention.name)}"
        later = sum(
            self.lows[at - 1] in OPENINGS
            or (self.lows[at - 1] in (",", "and", "but") and _acts(low(at + 1)))
            for at in mention.at
            if at
        )
        yield f"subject {min(later, 2)}"

    def _order(self, mention: Mention) -> int:
        return self.found.mentions.index(mention)

    def of_you(self) -> Iterator[str]:
        """What speaks for "you" or "I"."""
        lows = [_straight(low) for low in self.lows]
        plain = [low for low, quoted in zip(lows, self.quoted, strict=True) if not quoted]
        many = [low in _MANY for low in plain].count(True)
        ones = [low in _ONE for low in plain].count(True)
        spoken_to = [low in _SPOKEN_TO for low in plain].count(True)
        yield from (
            "you", f"you i {min(ones, 3)}", f"you you {min(spoken_to, 3)}",
            f"you we {min(many, 2)} {bool(ones + spoken_to)}",
            f"you {bool(ones)} {bool(spoken_to)} {bool(many)}",
            f"you {bool(ones + spoken_to)} of {self.names}",
            f"you quoted {any(self.quoted)} {bool(ones + spoken_to + many)} {bool(self.names)}",
        )  # fmt: skip
        text = " ".join(plain)
        generic = len(re.findall(r"\b(?:when|if|once|where|that) you\b|\byou can\b", text))
        yield f"you generic {generic and generic >= spoken_to / 2} {bool(ones)} {bool(self.names)}"
        first = next((i for i, low in enumerate(plain) if low in _ONE | _SPOKEN_TO), len(plain))
        yield f"you first {min(first // 8, 4)}"
        last = next(
            (i for i, low in enumerate(plain[::-1]) if low in _ONE | _SPOKEN_TO), len(plain)
        )
        yield f"you last {min(last // 8, 4)} {bool(self.names)}"


_OPEN = ("a", "an")
_INNER = frozenset(
    "when if until till because that which who whom whose where while after before since how what "
    "why whether although though than like of in at on with from for by to about".split()
)
_AIMS = frozenset("must has have need needs wants want decides tries will until before".split())


def _acts(word: str) -> bool:
    return word in second_persons() or (is_verb(word) and word not in words_in("verbs"))


def _word(low: str) -> str:
    """A word of the closed classes as it is, of others what they are."""
    if low in words_in("stops", "determiners") or not low[:1].isalpha():
        return low
    return "verb" if _acts(low) else "word"


def _straight(low: str) -> str:
    return low.replace("’", "'")


def _kind(mention: Mention) -> str:
    phrase = mention.phrase
    if phrase.is_name:
        return "name"
    if phrase.head in words_in("kin"):
        return "kin"
    if phrase.head in words_in("plain_people"):
        return "plain"
    return "animal" if is_animal(phrase.head) else noun_kind(phrase.head) or "-"
