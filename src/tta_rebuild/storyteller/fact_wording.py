"""A fact of a premise in other words: told to the player, or by somebody whom it concerns.

"Callum has sold the piano Mum left you" says Callum as "I have sold the piano Mum left you".
Called by ``fact_cast`` and ``premise_questions``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tta_rebuild.core.english import for_they
from tta_rebuild.storyteller.noun_phrases import second_persons, words_in
from tta_rebuild.storyteller.surroundings import cases_of
from tta_rebuild.storyteller.word_lists import pattern

PLAYER = "you"


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Somebody in a fact."""

    who: str  # PLAYER, or a name as the story calls them
    case: str  # subject, object, owner, self
    is_pronoun: bool
    space: str = ""


@dataclass(frozen=True, slots=True)
class Finite:
    """A verb that goes with somebody, as the premise has it."""

    text: str
    space: str = ""
    of: str = ""  # whose, "" of a thing


Piece = str | Mentioned | Finite


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiseFact:
    """One clause of a premise."""

    doer: str  # PLAYER, the name of somebody of the premise, or "" (then ``subject``)
    pronoun: str  # the doer's: you, he, she, it, they
    subject: tuple[Piece, ...]
    pieces: tuple[Piece, ...]  # from the verb on
    brief: tuple[Piece, ...] = ()  # the same in a few words, once it is known
    when: str = ""  # "on Sunday", "" if not said
    verb: str = ""
    does: str = ""  # the verb of what is kept up, meant or begun, else ``verb``
    base: tuple[Piece, ...] = ()  # what is meant to be done, a bare infinitive
    object: tuple[Piece, ...] = ()  # what it is done to, a noun phrase
    asked: tuple[Piece, ...] = ()  # what the player is to do, a bare infinitive
    claim: tuple[Piece, ...] = ()  # what somebody says is so, a clause
    is_not: bool = False
    is_now: bool = False  # whether it is told in the present or the perfect
    kind: str = ""  # coming, deed, doing, lack, said, state
    is_passive: bool = False  # whether it is done to the subject
    is_beside: bool = False  # only says which one is meant: "the church that meets in a pool"
    start: int = 0  # the offset of the verb

    @property
    def done_to(self) -> str:
        """Whom it is done to, PLAYER or a name; "" if nobody, or something of theirs."""
        one = self.object[0] if len(self.object) == 1 else ""
        return one.who if isinstance(one, Mentioned) else ""

    @property
    def is_of_unknown(self) -> bool:
        """Whether somebody in it is only "he" or "them", and it is not known who that is."""
        texts = " ".join(piece for piece in self.pieces if isinstance(piece, str))
        return bool(pattern("loose_pronoun").search(texts))


class FactWording:
    """A fact as somebody says it to the player.

    Args:
        pronouns: of everybody, by name.
        speaker: who says it; "" the storyteller.
        are_many: the speaker says it for several.
    """

    def __init__(
        self, pronouns: Mapping[str, str], speaker: str = "", *, are_many: bool = False
    ) -> None:
        self.pronouns, self.speaker = pronouns, speaker
        self.me = "we" if are_many else "I"
        self.known: set[str] = set()
        self.last: dict[str, str] = {}
        self.is_apart = False  # said without the rest, so that nobody is only "him" in it

    def told(self, fact: PremiseFact, *, again: bool = False) -> str:
        """The clause; ``again``: with the doer as "he", who has just been named."""
        if again:
            self.known.add(fact.doer)
            subject = self.me if fact.doer and fact.doer == self.speaker else fact.pronoun
            self.last[fact.doer] = subject
        elif fact.doer:
            subject = self._person(fact.doer, "subject", is_pronoun=False)
        else:
            subject = self._words(fact.subject)
        said = f"{subject} {self._words(fact.pieces)}"
        is_cut = said.count(",") == 1  # what stood between it and another is left out
        return pattern("comma_before_verb").sub(" ", said) if is_cut else said

    def base(self, fact: PremiseFact) -> str:
        """What is meant to be done, or refused, of which the doer has just been named."""
        self.known.add(fact.doer)
        said = re.sub(r"^decide (?:whether|if) to ", "", self._words(fact.base))
        return re.sub(r"\b(?:nobody|no one)\b", "you", said)

    def object(self, fact: PremiseFact) -> str:
        """What it is done to, as it is called once it is known: "the land"; "" if to nothing."""
        self.known.add(fact.doer)
        said = re.sub(r"^(?:an?|this|that|some)\b", "the", self._words(fact.object).lstrip())
        first = said.partition(" ")[0]
        is_owned = bool(fact.object) and isinstance(fact.object[0], Mentioned)
        is_whole = is_owned or first in words_in("determiners") or first[:1].isupper()
        return said if is_whole or not said else f"the {said}"

    def asked(self, fact: PremiseFact, *, is_apart: bool = False) -> str:
        """What the player is to do, a bare infinitive; "" if nothing.

        Args:
            is_apart: said where the doer has not just been named.
        """
        self.is_apart = is_apart
        self.known |= set() if is_apart else {fact.doer}
        return self._words(fact.asked)

    def claim(self, fact: PremiseFact) -> str:
        """What somebody says is so, a clause; "" if nothing."""
        self.is_apart = True
        return self._words(fact.claim).removeprefix("that ")

    def _person(self, who: str, case: str, *, is_pronoun: bool) -> str:
        if who in (PLAYER, self.speaker):
            kind = "you" if who == PLAYER else self.me
        elif (
            case == "self" or who in self.known or (is_pronoun and self.known and not self.is_apart)
        ):
            kind = self.pronouns.get(who) or "they"
        else:
            self.known.add(who)
            kind = ""
        who = self._own(who)
        owner = f"{who}’" if pattern("plural_owner").search(who) else f"{who}’s"
        word = _in_case(kind, case) if kind else owner if case == "owner" else who
        self.last[who] = word
        return word

    def _own(self, name: str) -> str:
        """Somebody as the speaker calls them: of Edmund's father Edmund says "my father"."""
        whose, owns, rest = name.partition(" ")
        is_mine = self.speaker and whose in (f"{self.speaker}'s", f"{self.speaker}’s")
        return f"{'our' if self.me == 'we' else 'my'}{owns}{rest}" if is_mine else name

    def _words(self, pieces: tuple[Piece, ...]) -> str:
        out = ""
        for piece in pieces:
            if isinstance(piece, Mentioned):
                word = self._person(piece.who, piece.case, is_pronoun=piece.is_pronoun)
                out += piece.space + word
            elif isinstance(piece, Finite):
                out += piece.space + agreeing(piece.text, self.last.get(piece.of, ""))
            else:
                out += piece
        return re.sub(r"\bthe (\w+) of (you|me)\b", _owned, out)


def _owned(found: re.Match[str]) -> str:
    return f"{'your' if found[2] == 'you' else 'my'} {found[1]}"


def _in_case(pronoun: str, case: str) -> str:
    """A pronoun as subject, object, owner or self."""
    subject, other, owner = cases_of(pronoun)
    ends = "selves" if pronoun in ("they", "we") else "self"
    first = owner if pronoun in ("I", "you", "we") else other
    return {"subject": subject, "object": other, "owner": owner, "self": f"{first}{ends}"}[case]


def agreeing(verb: str, subject: str) -> str:
    """A verb as it goes with I, you, we or they; with any other subject it stays."""
    if subject == "I" and verb in ("is", "are", "was", "were"):
        return "am" if verb in ("is", "are") else "was"
    if subject not in ("I", "you", "we", "they"):
        return verb
    if verb == "am":
        return verb if subject == "I" else "are"
    return second_persons().get(verb) or for_they(verb)
