"""The questions that a premise's facts raise, and which of them the player is after.

"Callum has sold the piano" raises why he has, and whether he can be made to put it right. Called by
``premise``; each is a wish in words (``data/facts.toml``) and has a plot of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tta_rebuild.core.english import gerund, stem, words_of
from tta_rebuild.storyteller.entities import bare
from tta_rebuild.storyteller.fact_wording import PLAYER, FactWording, Mentioned, PremiseFact
from tta_rebuild.storyteller.motives import ABOUT, kind_of_deed
from tta_rebuild.storyteller.noun_phrases import words_in
from tta_rebuild.storyteller.word_lists import fact_words, pattern, word_table

_ENOUGH = 0.6
"""The share of a fact's words that a wish must have to be about it."""
_MOST_WORDS, _MOST_TOLD = 22, 2
_UNKNOWN = {"somebody": "who", "someone": "who", "something": "what"}
_IDLE = frozenset("you your yourself they their them he she his her him it its".split())


@dataclass(frozen=True, slots=True)
class FactQuestion:
    """What a player may be after because of a fact."""

    shape: str  # of ``data/facts.toml``
    wish: str  # a bare infinitive
    plot: str  # the conflict and the shape that it has: "hide.truth"
    fact: PremiseFact
    to: str = ""  # who is to be told of it, or must not know it
    weight: int = 0  # how much the premise turns on it
    content: frozenset[str] = frozenset()  # the stems of the fact's words


def questions_of(
    facts: Sequence[PremiseFact], pronouns: Mapping[str, str]
) -> tuple[FactQuestion, ...]:
    """All questions, those on which a premise mostly turns first; ``premise_ranking`` ranks them.

    Args:
        pronouns: of everybody of the premise, by name.
    """
    found = [question for fact in facts for question in _raised(fact, facts, pronouns)]
    found = [one for one in found if len(one.wish.split()) <= _MOST_WORDS]
    return tuple(sorted(found, key=lambda one: -one.weight))


def question_of(wish: str, questions: Sequence[FactQuestion]) -> FactQuestion | None:
    """The question that a wish is, or says in other words."""
    wanted = " ".join(wish.lower().split())
    for one in questions:
        if one.wish.lower() == wanted:
            return one
    if pattern("stops_it").match(wanted):  # talk her out of it
        return next((one for one in questions if one.shape == "stop"), None)
    said = content_of(wish)
    rows: Mapping[str, Mapping[str, str]] = word_table("facts")["questions"]
    fitting = [q for q in questions if re.search(rows[q.shape]["says"], wanted)]
    best = max(fitting, key=lambda q: _shared(q, said), default=None)
    return best if best is not None and _shared(best, said) >= _ENOUGH else None


def of_what_is_done(
    aim: str, conflict: str, matter: str, questions: Sequence[FactQuestion]
) -> FactQuestion | None:
    """That of what somebody does whom the player is after, or does with what they are after.

    To make peace with Ted, who has bought a racehorse, is a matter of the racehorse.

    Args:
        conflict: of the aim, with its ``matter``: a name or a noun phrase.
    """
    table: Mapping[str, str] = word_table("facts")["of_what_is_done"]
    noun = bare(matter)
    for one in questions if noun else ():
        by, to = (
            " ".join(piece for piece in pieces if isinstance(piece, str)).lower()
            for pieces in (one.fact.subject, one.fact.object)
        )
        is_by = one.shape == ABOUT and one.fact.doer == matter
        is_to = one.shape == ABOUT and bool(re.search(rf"\b{re.escape(noun)}\b", to))
        is_itself = one.shape == "behind" and bare(by) == noun
        found = {"by": is_by, "to": is_to, "itself": is_itself}
        if any(holds and conflict in table[how].split() for how, holds in found.items()):
            return replace(one, wish=aim)
    return None


def in_the_way(
    aim: str, questions: Sequence[FactQuestion], *, is_said: bool
) -> FactQuestion | None:
    """What the premise's people do against what the player is after, None if it is nothing.

    Args:
        aim: what the player is after, where it is no question of a fact itself.
        is_said: the player has said so, and the premise has not: then it must be of the same.
    """
    table, said = word_table("facts")["in_the_way"], content_of(aim)
    others = [q for q in questions if q.fact.doer and q.fact.doer not in aim]
    others = [q for q in others if q.content & said or not is_said]
    against = [
        q
        for q in others
        if q.shape in table["shapes"]
        or (q.shape in ("why", "stop") and kind_of_deed(q.fact) in table["deeds"].split())
        or (q.shape == "stop" and q.content & said)
    ]
    best = max(
        against,
        key=lambda q: (len(q.content & said), q.shape in table["shapes"], q.weight),
        default=None,
    )
    return None if best is None else replace(best, shape="way", wish=aim)


def _shared(question: FactQuestion, said: frozenset[str]) -> float:
    """The share of what a fact says that a wish says, too; all of it, if both have its verb."""
    own = question.content
    both = own.intersection(said)
    has_doer = not said.isdisjoint(map(stem, words_of(question.fact.doer)))
    is_enough = has_doer or len(both) >= min(2, len(own))
    return 1.0 if is_enough and stem(question.fact.does) in both else len(both) / max(1, len(own))


def content_of(text: str) -> frozenset[str]:
    """The stems of a text's words, without those that say nothing by themselves."""
    idle = words_in("stops", "determiners") | _IDLE
    return frozenset(stem(word) for word in words_of(text) if word not in idle)


def _raised(
    fact: PremiseFact, facts: Sequence[PremiseFact], pronouns: Mapping[str, str]
) -> Iterator[FactQuestion]:
    """Those that one fact raises."""
    if fact.does in fact_words("beyond") or fact.is_of_unknown:
        return
    late = sum(other.start < fact.start for other in facts)
    is_person = bool(fact.doer) and fact.doer != PLAYER
    of_you = any(isinstance(p, Mentioned) and p.who == PLAYER for p in fact.pieces)

    def asked(shape: str, weight: int, to: str = "") -> FactQuestion:
        return _asked(fact, shape, weight + min(3, late), pronouns, to)

    is_bound = bool({"have", "has", "must", "are", "got"} & {fact.verb, *_texts(fact)})
    is_unable = fact.is_not and {"can", "ca", "could"} & {*_texts(fact)}
    is_deed = fact.kind in ("deed", "doing", "lack", "said", "coming")
    if is_person and is_deed and not (fact.is_passive or fact.is_beside):
        yield asked(ABOUT, 1)
    if fact.doer == PLAYER:
        is_either = "or" in _texts(fact)  # to hide it or to use it is answered by no yes
        if fact.kind == "coming" and fact.base and is_bound and not is_either:
            yield asked("whether", 4)
        is_secret = bool({*_texts(fact)} & fact_words("secret"))
        if fact.kind in ("deed", "doing", "lack", "said"):
            for to in _may_hear(fact, pronouns):
                yield asked("tell", 3 + 3 * is_secret, to)
                yield asked("hide", 2 + 3 * is_secret, to)
        return
    if fact.kind == "coming":
        if is_person and fact.base:
            yield asked("stop", 6)
            yield asked("why", 3)
        if not fact.base:
            yield asked("ready", 4)
        return
    is_past = "did" in _texts(fact) or "could" in _texts(fact)
    if fact.is_not and is_person and fact.verb in ("know", "suspect", "guess"):
        before = [f for f in facts if f.start < fact.start and not f.is_not]
        for known in before[-1:]:
            for shape, weight in (("tell", 6), ("hide", 7)):
                yield _asked(known, shape, weight, pronouns, fact.doer)
        return
    if fact.kind == "lack" and is_person and fact.base and not (is_unable or is_past):
        yield asked("get", 5 + of_you)
    if is_person and fact.asked and kind_of_deed(fact) == "demand":
        yield asked("do", 8)
    if is_person and fact.claim and fact.verb in fact_words("claims") and _is_checked(fact):
        yield asked("true", 6)
    if fact.kind in ("deed", "doing", "lack", "said"):
        shape = "why" if is_person and not fact.is_passive else _UNKNOWN.get(_first(fact), "behind")
        is_mine = any(isinstance(p, Mentioned) and p.who == PLAYER for p in fact.subject)
        if is_mine or (fact.kind == "said" and fact.does in fact_words("minds")):
            return
        is_seen = fact.verb in fact_words("finds") and not fact.is_not
        is_minor = is_unable or is_seen or fact.is_beside or fact.does in fact_words("idle")
        yield asked(shape, 2 if is_minor else 5 if is_person else 4)
        is_wrong = is_person and fact.kind == "deed" and fact.verb in fact_words("wrongs")
        if is_wrong and (of_you or kind_of_deed(fact) in word_table("facts")["mends"]):
            yield asked("mend", 6 + of_you)


def is_known(fact: PremiseFact) -> bool:
    """Whether the player does nothing in a fact but know, or have found out, that it is so."""
    return fact.does in fact_words("finds") | fact_words("minds")


def _may_hear(fact: PremiseFact, pronouns: Mapping[str, str]) -> list[str]:
    """Who may be told what the player has done, or must not know it: two of them, named first."""
    named = [p for p in fact.pieces if isinstance(p, Mentioned)]
    cases = ("object", "subject") if is_known(fact) else ("object",)  # Bo knows what he has done
    done_to = {p.who for p in named if p.case in cases}
    others = sorted(pronouns, key=lambda who: not who[:1].isupper())
    may = dict.fromkeys([*(p.who for p in named), *others])
    return [who for who in may if who in pronouns and who not in (*done_to, PLAYER)][:_MOST_TOLD]


def _is_checked(fact: PremiseFact) -> bool:
    """Whether it can be found out if what somebody says is so."""
    return not pattern("no_claim").search(FactWording({}).claim(fact))


def _asked(
    fact: PremiseFact, shape: str, weight: int, pronouns: Mapping[str, str], to: str
) -> FactQuestion:
    row: Mapping[str, str] = word_table("facts")["questions"][shape]
    words = _words(fact, pronouns, to)
    mends: Mapping[str, str] = word_table("facts")["mends"]
    is_mended = shape == "mend" and words["object"] and not fact.is_not
    wish = mends.get(kind_of_deed(fact), row["wish"]) if is_mended else row["wish"]
    wish = wish.format_map(words)
    names = {stem(word) for name in pronouns for word in words_of(name)}
    content = content_of(FactWording(pronouns).told(fact)) - names
    return FactQuestion(shape, wish, row["plot"], fact, to, weight, content)


def _first(fact: PremiseFact) -> str:
    """The first word of a subject that is nobody of the premise."""
    first = fact.subject[0] if fact.subject else ""
    return first.partition(" ")[0].lower() if isinstance(first, str) else ""


def _texts(fact: PremiseFact) -> Iterator[str]:
    for piece in fact.pieces:
        text = (
            "" if isinstance(piece, Mentioned) else piece if isinstance(piece, str) else piece.text
        )
        yield from re.findall(r"\w+", text.lower())


def _words(fact: PremiseFact, pronouns: Mapping[str, str], to: str) -> dict[str, str]:
    """A fact in the forms that wishes need."""
    wording = FactWording(pronouns)
    if to:
        wording.known.add(to)
    told = wording.told(fact)
    base = FactWording(pronouns).base(fact)
    verb, _, rest = base.partition(" ")
    return {
        "fact": told,
        "rest": told.partition(" ")[2],
        "doer": fact.doer,
        "fact_he": FactWording(pronouns).told(fact, again=True) if fact.doer else told,
        "base": base,
        "ing": f"{gerund(verb)} {rest}".strip() if base else "",
        "to": to,
        "when": fact.when,
        "object": FactWording(pronouns).object(fact),
        "asked": FactWording(pronouns).asked(fact, is_apart=True),
        "claim": FactWording(pronouns).claim(fact),
    }
