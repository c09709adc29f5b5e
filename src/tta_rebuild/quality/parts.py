"""The parts of a scene's quality that can be counted, each with its reason.

Each part gives a value in [0, 1], 1 for nothing to find fault with, and says how much of the whole
it can take away. A part that does not apply, or that a language's data do not reach, has no value.
Called by ``quality.score``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from statistics import fmean, pstdev

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.quality.order import OrderContext, order_value
from tta_rebuild.quality.prose import (
    ReadProse,
    SmallWords,
    matter,
    read_prose,
    root,
    roots,
    small_words,
)
from tta_rebuild.quality.stock import stock_phrases_in

RECENT_SCENES = 3
"""Last scenes that a scene must not repeat."""

_STOPS, _ENDS = frozenset(".!?;"), frozenset('.!?;…:”"»“')

WORDS_OF_A_SCENE = (90, 220)
"""What the template ``scene`` asks for."""

CONTEXT_WORDS = (10, 60)
"""Words that say something in a context: up to so many it is not held against a scene, from so many
on in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPart:
    """One part: ``value`` in [0, 1] or None, the share of the whole that it can take, and why."""

    name: str
    value: float | None
    takes: float
    reason: str = ""

    @property
    def factor(self) -> float:
        """What the whole is multiplied with for this part."""
        return 1.0 if self.value is None else 1.0 - self.takes * (1.0 - self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneAsked:
    """What a scene was to fit; what is empty is not asked about.

    Attributes:
        premise: theme, title and world; ``known`` what else holds: rules, facts, lines.
        cast: names, with descriptions if there are any.
        move: what the player did, in their words or those of the choice.
        recent: the last scenes, oldest first.
        words: the fewest and most that were asked for; None for any number.
    """

    premise: str = ""
    cast: Sequence[str] = ()
    known: Sequence[str] = ()
    move: str = ""
    recent: Sequence[str] = ()
    tone: str = ""
    words: tuple[int, int] | None = WORDS_OF_A_SCENE
    language: str = "en"


def ramp(value: float, low: float, high: float) -> float:
    """0 up to ``low``, 1 from ``high``, straight in between."""
    return max(0.0, min(1.0, (value - low) / (high - low)))


def share(part: int, of: int) -> float:
    """A part of a whole, 0 of nothing."""
    return part / of if of else 0.0


def form(
    words: int,
    *,
    has_voices: bool,
    setting: str,
    tone: str,
    choices: Sequence[str],
    is_ending: bool,
) -> QualityPart:
    """Whether everything is there: prose, voices, setting, tone, and choices unless it ends."""
    given = [" ".join(choice.lower().split()) for choice in choices if choice.strip()]
    distinct, named = len(set(given)), len(setting.split())
    found = {
        "prose": (0.35, ramp(words, 10, 90) * (1 - 0.5 * ramp(words, 700, 1500))),
        "choices": (0.25, 1.0 if is_ending else min(1, distinct / 3) * share(distinct, len(given))),
        "a setting": (0.18, 1.0 if named > 1 else 0.8 * named),
        "a tone": (0.10, float(bool(tone.strip()))),
        "a voice": (0.12, 1.0 if has_voices else 0.4),
    }
    short = [name for name, (_, value) in found.items() if value < 0.5]
    return QualityPart(
        name="form",
        value=sum(weight * value for weight, value in found.values()),
        takes=1.0,
        reason=f"short of {', '.join(short)}" if short else "",
    )


def body(words: int) -> QualityPart:
    """The form of a bare text: whether there is enough of it to tell something."""
    value = ramp(math.log(max(1, words)), math.log(20), math.log(400))
    reason = f"{words} words are little" if value < 0.3 else ""
    return QualityPart(name="form", value=value, takes=0.4, reason=reason)


def soundness(prose: ReadProse) -> QualityPart:
    """Whether the words make sentences at all: small words in their places, no marks astray."""
    small, words = small_words(prose.language), prose.words
    if not small.is_known or len(words) < 8:
        return QualityPart(name="soundness", value=None, takes=0.8)
    has_capitals = any(token[0].isupper() for one in prose.sentences for token in one.tokens)
    breaks = [
        words for one in prose.sentences for words in _breaks(one.tokens, small, has_capitals)
    ]
    function = share(sum(word in small.function for word in words), len(words))
    longest = share(len(words), len(prose.sentences))
    value = min(
        1 - ramp(share(len(breaks), len(words)), 0.015, 0.045),
        ramp(function, 0.10, 0.25) * (1 - ramp(function, 0.72, 0.85)),
        1 - ramp(longest, 60, 120),
    )
    reason = f"words that make no sentence: {', '.join(breaks[:3])}" if breaks else ""
    if not breaks and value < 1:
        reason = "hardly any of the small words that join a sentence"
    return QualityPart(name="soundness", value=value, takes=0.8, reason=reason if value < 1 else "")


def _breaks(tokens: Sequence[str], small: SmallWords, has_capitals: bool) -> Iterator[str]:
    """Pairs of neighbours in a sentence that no sentence of sense has."""
    lower = [token.lower() for token in tokens]
    words = [token for token in tokens if token[0].isalnum()]
    if has_capitals and words and words[0][0].islower():
        yield f"… {words[0]}"
    if lower[-1] not in _ENDS:
        lower.append(".")
    for at, (a, b) in enumerate(pairwise(lower)):
        strays = tokens[at + 1 : at + 2] == (b.capitalize(),) and a[0].isalnum() and len(b) > 1
        if _clash(a, b, small) or (strays and b in small.function):
            yield f"{a} {b}"


def _clash(a: str, b: str, small: SmallWords) -> bool:
    if a not in small.function:
        return False
    if b in _STOPS:
        return a in small["never_at_the_end"] or a in small["only_before_nouns"]
    if a in small["only_before_nouns"]:
        return b in small["never_before_nouns"]
    if a in small["subject"]:
        return b in small["only_before_nouns"] or b in small["subject"]
    return a == b and a not in small["may_double"]


def freshness(prose: ReadProse, recent: Sequence[str]) -> QualityPart:
    """Whether it says anything twice, or what the last scenes said, in the same words or nearly."""
    words, told = prose.words, [read_prose(text, prose.language) for text in recent]
    told = told[-RECENT_SCENES:]
    own = _grams(words)
    inside = share(len(own) - len(set(own)), len(own))
    before = {gram for scene in told for gram in _grams(scene.words)}
    again = share(sum(gram in before for gram in set(own)), len(set(own)))
    earlier = [one.content for scene in told for one in scene.sentences]
    near = [at for at, one in enumerate(prose.sentences) if _is_said(one.content, earlier)]
    own_near = [
        at
        for at, one in enumerate(prose.sentences)
        if _is_said(one.content, [other.content for other in prose.sentences[:at]])
    ]
    count = len(prose.sentences)
    said = max(inside + share(len(own_near), count), again + share(len(near), count))
    reason = ""
    if said > 0.1:
        what = "the last scenes" if again + share(len(near), count) >= said else "itself"
        reason = f"repeats {what} in {round(100 * min(1, said))} % of its sentences or phrases"
    return QualityPart(name="freshness", value=1 - ramp(said, 0.03, 0.5), takes=0.7, reason=reason)


def _grams(words: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(words[at : at + 4]) for at in range(len(words) - 3)]


def _is_said(content: frozenset[str], earlier: Sequence[frozenset[str]]) -> bool:
    """Whether a sentence says nearly what an earlier one said: two thirds of the words of both."""
    return len(content) > 2 and any(
        len(content & other) >= 2 / 3 * len(content | other) for other in earlier if other
    )


def grounding(prose: ReadProse, setting: str, asked: SceneAsked) -> QualityPart:
    """Whether it tells of this story: its people, its matter, and what the player just did."""
    language = asked.language
    cast = {
        word
        for one in asked.cast
        for word in _words(one.partition(":")[0], language)
        if len(word) > 2
    }
    cast -= small_words(language).function
    sources = [asked.premise, *asked.cast, *asked.known, *asked.recent[-RECENT_SCENES:], asked.move]
    context, named = matter(filter(None, sources), language)
    found: list[tuple[float, float, str]] = []
    if (names := prose.names) and (cast or asked.recent):
        known = cast | named
        found.append((1.0, ramp(share(len(names & known), len(names)), 0.0, 0.6), "unknown names"))
    if cast:
        is_there = bool(cast & {word for w in prose.words for word in (w, w.removesuffix("'s"))})
        found.append((1.0, 1.0 if is_there else 0.3, "nobody of the cast is named"))
    if context:
        own = prose.content | roots(read_prose(setting, language).words, language)
        found.append((1.5, ramp(share(len(own & context), len(own)), 0.08, 0.25), "other matter"))
    if move := roots(read_prose(asked.move, language).words, language):
        answered = share(len(move & prose.content), len(move))
        found.append((1.0, ramp(answered, 0.0, 0.35), "the move is not taken up"))
    if not found:
        return QualityPart(name="grounding", value=None, takes=0.0)
    return QualityPart(
        name="grounding",
        value=sum(weight * value for weight, value, _ in found) / sum(w for w, _, _ in found),
        takes=0.5 * ramp(len(context), *CONTEXT_WORDS),
        reason="; ".join(why for _, value, why in found if value < 0.5),
    )


def concreteness(prose: ReadProse) -> QualityPart:
    """Whether it shows things and people rather than naming what they amount to."""
    small, language, words = small_words(prose.language), prose.language, prose.words
    said = [word for word in words if word not in small.function]
    if not small["concrete"] or len(said) < 15:
        return QualityPart(name="concreteness", value=None, takes=0.2)
    concrete, abstract = _kinds(language)
    airy = [word for word in said if root(word, language) in abstract]
    vague = [word for word in words if word in small["vague"]]
    solid = sum(root(word, language) in concrete for word in said) + len(prose.names)
    value = (
        0.45 * (1 - ramp(len(airy) / len(said), 0.03, 0.16))
        + 0.45 * ramp(solid / len(said), 0.03, 0.20)
        + 0.10 * (1 - ramp(len(vague) / len(words), 0.01, 0.05))
    )
    shown = ", ".join(list(dict.fromkeys([*airy, *vague]))[:6])
    reason = f"more named than shown: {shown}" if value < 0.6 else ""
    return QualityPart(name="concreteness", value=value, takes=0.2, reason=reason)


@cache
def _kinds(language: str) -> tuple[frozenset[str], frozenset[str]]:
    """Roots of concrete and of abstract words."""
    small = small_words(language)
    kinds = (small["concrete"], small["abstract"])
    concrete, abstract = (frozenset(root(word, language) for word in kind) for kind in kinds)
    return concrete, abstract - concrete


def stock(prose: ReadProse) -> QualityPart:
    """Whether it does without worn-out phrases."""
    words = prose.words
    found = stock_phrases_in(words, prose.language)
    rate = 100 * share(len(found), len(words))
    value = 1 - ramp(rate, 0.2, 3.0) if small_words(prose.language).is_known else None
    said = ", ".join(f"“{one}”" for one in dict.fromkeys(found[:4]))
    return QualityPart(name="stock", value=value, takes=0.15, reason=said)


def variety(prose: ReadProse) -> QualityPart:
    """Whether its sentences differ in length."""
    lengths = [len(one.words) for one in prose.sentences]
    if len(lengths) < 3:
        return QualityPart(name="variety", value=None, takes=0.13)
    value = ramp(pstdev(lengths) / fmean(lengths), 0.1, 0.5)
    reason = "its sentences are all about as long" if value < 0.3 else ""
    return QualityPart(name="variety", value=value, takes=0.13, reason=reason)


def richness(prose: ReadProse) -> QualityPart:
    """Whether it has as many different words as a text of its length has.

    Different roots over a power of the words that say something, which grows as they do (Herdan),
    and the share of different words in any 50 (MATTR, Covington, McFall 2010).
    """
    words, function = prose.words, small_words(prose.language).function
    said = [root(word, prose.language) for word in words if word not in function]
    if len(said) < 10:
        return QualityPart(name="richness", value=None, takes=0.5)
    windows = [words[at : at + 50] for at in range(0, max(1, len(words) - 49), 5)]
    diversity = fmean(len(set(window)) / len(window) for window in windows)
    value = 0.8 * ramp(len(set(said)) / len(said) ** 0.7, 1.2, 3.0) + 0.2 * ramp(
        diversity, 0.45, 0.8
    )
    reason = "few different words for its length" if value < 0.7 else ""
    return QualityPart(name="richness", value=value, takes=0.5, reason=reason)


def length(words: int, asked: tuple[int, int] | None, *, is_ending: bool = False) -> QualityPart:
    """Whether it is about as long as was asked for; an ending may take twice as long."""
    if asked is None or asked[0] > asked[1]:
        return QualityPart(name="length", value=None, takes=0.15)
    fewest, most = asked[0], asked[1] * (2 if is_ending else 1)
    value = ramp(words, 0.3 * fewest, 0.9 * fewest) * (1 - ramp(words, 1.1 * most, 3 * most))
    reason = f"{words} words where {fewest} to {most} were asked for" if value < 0.9 else ""
    return QualityPart(name="length", value=value, takes=0.15, reason=reason)


def tone(prose: ReadProse, told: str, asked: str) -> QualityPart:
    """Whether the tone named, and the words, go with the tone that was asked for.

    Where none was asked for, whether the words go with the tone named. A tone that no list knows
    has no value.
    """
    families = packaged_toml("tta_rebuild.quality", "tones").get(prose.language[:2], {})
    own = _families(told, families, "named", prose.language)
    asked_for = _families(asked, families, "named", prose.language)
    wanted = asked_for or own
    if not wanted:
        return QualityPart(name="tone", value=None, takes=0.1)
    against = {name for one in wanted for name in families[one]["against"]} - wanted
    carried = {
        name: sum(
            root(w, prose.language) in _roots_of(families[name]["told"], prose.language)
            for w in prose.words
        )
        for name in wanted | against
    }
    for_it = sum(carried[name] for name in wanted)
    against_it = sum(carried[name] for name in against)
    value = 1 - ramp(share(against_it, for_it + against_it), 0.6, 1.0) * ramp(against_it, 1, 5)
    reason = "" if value > 0.5 else "the words go against the tone"
    if asked_for and own & against and not own & wanted:
        value, reason = 0.2 * value, f"told as {told!r} where {asked!r} was asked for"
    return QualityPart(name="tone", value=value, takes=0.1, reason=reason)


def _words(text: str, language: str) -> list[str]:
    return read_prose(text, language).words


def _families(text: str, families: dict[str, dict[str, str]], key: str, language: str) -> set[str]:
    said = {root(word, language) for word in _words(text, language)}
    return {name for name, one in families.items() if said & _roots_of(one[key], language)}


@cache
def _roots_of(words: str, language: str) -> frozenset[str]:
    return frozenset(root(word, language) for word in words.split())


def order(prose: ReadProse, setting: str, choices: Sequence[str], asked: SceneAsked) -> QualityPart:
    """Whether its sentences stand in an order that tells something."""

    def said(text: str) -> frozenset[str]:
        return (
            roots(read_prose(text, asked.language).words, asked.language) if text else frozenset()
        )

    before = asked.recent[-1] if asked.recent else asked.premise
    last = read_prose(before, asked.language).sentences[-3:] if before else ()
    context = OrderContext(
        move=said(asked.move),
        before=frozenset[str]().union(*(one.content for one in last)),
        setting=said(setting),
        choices=said(" ".join(choices)),
    )
    value = order_value(prose.sentences, asked.language, context)
    reason = "" if value is None or value >= 0.3 else "its sentences might as well stand otherwise"
    takes = 0.1 if asked.move or asked.recent else 0.05  # by itself an order says little
    return QualityPart(name="order", value=value, takes=takes, reason=reason)
