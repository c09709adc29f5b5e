"""The facts of a premise: its clauses, each as who does what, that a story can tell again.

"Ruth finds that her brother Callum has sold the piano Mum left her" states, of whoever is played,
that Callum has sold the piano. Called by ``premise``; ``fact_wording`` says a fact in other words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from tta_rebuild.storyteller.clause_parser import ParsedWord
from tta_rebuild.storyteller.clause_tree import (
    AUXILIARIES,
    FINITE,
    MOST_PARSED,
    SUBJECTS,
    ClauseTree,
)
from tta_rebuild.storyteller.fact_mentions import spoken_of
from tta_rebuild.storyteller.fact_pieces import FactPieces
from tta_rebuild.storyteller.fact_wording import PLAYER, FactWording, Piece, PremiseFact
from tta_rebuild.storyteller.noun_phrases import one_of
from tta_rebuild.storyteller.premise_people import (
    PremisePeople,
    PremisePerson,
    pronouns_of,
)
from tta_rebuild.storyteller.word_lists import fact_words, pattern

MOST_WORDS = 16
"""Words of a fact, without its subject and its time."""
BRIEF = 7
"""The same once it is known."""
_NO_PART = ("conj", "cc", "parataxis", "punct", "mark", "preconj", "intj", "meta", "dep")
_BEFORE = ("advmod", "prep", "npadvmod", "advcl", "ccomp")
"""What may stand before a subject and says nothing of who does what."""
_LOOSE = ("relcl", "advcl", "acl", "prep", "npadvmod", "advmod", "appos")
"""What a long fact can do without, what goes first first."""
_CUTS = ("(", ")", ":", ";", "—", "–", "“", "”", '"', "...", "…")
_HANGS = ("IN", "TO", "DT", "CC", "PRP$", "WDT", "WP", "WRB", "POS", ",")
"""Tags with which no fact may end."""


def facts_of(
    text: str, tokens: Sequence[str], cast: PremisePeople, people: Sequence[PremisePerson]
) -> list[PremiseFact]:
    """The facts of a premise.

    Args:
        text: as ``premise`` reads it; ``tokens`` are its words.
        people: everybody but the player.
    """
    who = spoken_of(text, tokens, cast, people)
    pronouns = pronouns_of(people)
    named = [p.name for p in people if p.name]
    plain = text[:MOST_PARSED]
    for beside in ("said_beside", "name_beside", "name_before_clause"):
        plain = pattern(beside).sub(_blank, plain)
    tree = ClauseTree(plain)
    you = {PLAYER: cast.player.pronouns} if cast.player else {}
    found = PremiseFacts(FactPieces(tree, who, pronouns | you, named)).facts()
    return [fact for fact in found if _reads_well(FactWording(pronouns).told(fact))]


def _blank(found: re.Match[str]) -> str:
    """What is said of somebody in passing, as spaces: "asks me, as a friend, to lie", "the
    manager, Piers, wants"."""
    return found["of"] + " " * len(found["beside"])


def _reads_well(told: str) -> bool:
    """Whether a fact says something, and nothing twice."""
    words = told.lower().split()
    is_nothing = pattern("fact_of_nothing").search(told) and not pattern("asks_within").search(told)
    twice = any(a == b for a, b in pairwise(words))
    return (
        not twice
        and not is_nothing
        and not pattern("fact_is_broken").search(told)
        and "whose" not in told.split()[:2]
    )


class PremiseFacts:
    """The facts of one text, as its words are meant."""

    def __init__(self, meant: FactPieces) -> None:
        self.meant, self.tree = meant, meant.tree

    def facts(self) -> list[PremiseFact]:
        """All of them, in the order of the text."""
        found = [self._fact(verb) for verb in self.tree.words if self._is_stated(verb)]
        return [fact for fact in found if fact]

    def _is_stated(self, verb: ParsedWord) -> bool:
        """Whether a verb's clause is said to be so: no question, condition or mere opinion."""
        if not verb.is_verb or verb.index in self.tree.asked:
            return False
        above, relation = self.tree.words[verb.head], verb.relation
        if self._is_conditional(verb):
            return False
        if verb.head == verb.index:
            return True
        if relation in ("conj", "parataxis"):
            while not (above.is_verb or above.head == above.index):
                above = self.tree.words[above.head]
            return self._is_stated(above)
        if relation == "relcl":
            own = self.tree.child(verb, *SUBJECTS)
            return own is not None and own.tag in ("WDT", "WP")
        if relation == "advcl":
            mark = self.tree.child(verb, "mark")
            after = self.tree.words[mark.index + 1].text.lower() if mark is not None else "if"
            is_so = mark is not None and mark.text.lower() in fact_words("so_it_is")
            return is_so and after not in ("if", "though")  # as if nothing were wrong
        if relation == "ccomp":
            is_known = above.text.lower() in fact_words("finds") or above.index > verb.index
            return is_known and self._is_stated(above)
        return False

    def _is_conditional(self, verb: ParsedWord) -> bool:
        """Whether a clause is so only if another is: "if she reports him, he loses his job"."""
        clauses = (c for c in self.tree.below(verb.index) if c.relation == "advcl")
        marks = (self.tree.child(clause, "mark") for clause in clauses)
        if verb.text.lower() in fact_words("offers"):
            return False
        return any(mark is not None and mark.text.lower() in ("if", "unless") for mark in marks)

    def _fact(self, verb: ParsedWord) -> PremiseFact | None:
        subject = self.tree.subject(verb)
        kept = self._predicate(verb)
        is_finite = (w for w in kept if w.tag in FINITE and ClauseTree.is_of(w, verb))
        finite = next(is_finite, None)
        spoken = {word.text.lower() for word in (verb, *kept[-1:])}
        is_weather = bool(spoken & fact_words("weather"))
        if (
            subject is None
            or finite is None
            or is_weather
            or {"would", "should", "'d"} & {finite.text.lower()}
        ):
            return None
        when, timeless = self._time(verb, kept)
        kept = self._bounded(verb, timeless if len(timeless) > 1 else kept)
        who = self.meant.whose(subject)
        said = self.meant.subject_pieces(subject) if not who else ()
        if len(kept) < 2 or not (who or said):
            return None
        pieces = self.meant.pieces(kept, finite, who)
        brief = self._bounded(verb, kept, BRIEF)
        is_whole = len(brief) > 2 and not self._is_cut(brief, kept)
        does = self._does(verb, kept)
        fact = PremiseFact(
            doer=who,
            pronoun="you" if who == PLAYER else self.meant.pronoun(who, subject),
            subject=said,
            pieces=tuple(pieces),
            brief=tuple(self.meant.pieces(brief, finite, who)) if is_whole else (),
            when=when,
            verb=verb.text.lower(),
            does=does.text.lower(),
            base=self.meant.base(verb, kept, who),
            object=self._known(self.meant.pieces(self._object(does, kept), None, who)),
            asked=tuple(self.meant.pieces(self._asked((verb, does), kept), None, who)),
            is_not=self._is_not(verb, said),
            is_now=finite.tag in ("VBZ", "VBP"),
            claim=tuple(self.meant.pieces(self._claim(verb, kept), None, who)),
            is_passive=self.tree.child(verb, "nsubjpass", "auxpass") is not None,
            is_beside=verb.relation == "relcl",
            start=verb.start,
        )
        return replace(fact, kind=self._kind(fact, finite, verb, kept))

    def _predicate(self, verb: ParsedWord) -> list[ParsedWord]:
        """The words of a clause from its verb on, in order."""
        out: set[int] = set()
        mine = self.tree.below(verb.index)
        begun = min((c.index for c in mine if c.relation in (*SUBJECTS, *AUXILIARIES)), default=-1)
        for child in mine:
            is_list = child.relation in ("conj", "cc") and not child.is_verb
            is_list &= child.index > verb.index
            is_out = child.relation in (*_NO_PART, *SUBJECTS) and not is_list
            is_ahead = child.index < verb.index and child.relation in _BEFORE
            if is_out or (is_ahead and not begun < child.index):
                out |= {w.index for w in self.tree.subtree(child)}
        for child in mine:  # a further clause that hangs on to a part of it: "Mum, and he knows it"
            for word in self.tree.subtree(child):
                if word.relation == "conj" and word.is_verb and self.tree.child(word, *SUBJECTS):
                    out |= {w.index for w in self.tree.subtree(word)}
        kept = sorted(
            (w for w in self.tree.subtree(verb) if w.index not in out), key=lambda w: w.index
        )
        told: list[ParsedWord] = []
        for word in kept:
            gap = range(told[-1].index + 1, word.index) if told else range(0)
            is_cut = any(
                self.tree.words[i].text in (*_CUTS, ",")
                or (i in out and self.tree.words[i].relation == "conj")
                for i in gap
            )
            is_cut = is_cut and word.index > verb.index
            if (
                is_cut
                or word.text in _CUTS
                or (word.text == "," and word.index > verb.index and self._opens_clause(word))
            ):
                break
            told.append(word)
        return told

    def _opens_clause(self, comma: ParsedWord) -> bool:
        """Whether a comma parts a clause off, and not two adjectives or the members of a list."""
        return comma.head == comma.index or not self.tree.words[comma.head].tag.startswith(
            ("NN", "JJ")
        )

    def _time(self, verb: ParsedWord, kept: list[ParsedWord]) -> tuple[str, list[ParsedWord]]:
        """When it is, as the premise says it, and the predicate without it."""
        for child in self.tree.below(verb.index):
            if child.relation not in ("prep", "npadvmod", "advmod"):
                continue
            span = sorted(self.tree.subtree(child), key=lambda w: w.index)
            lows = [w.text.lower() for w in span]
            if (
                len(span) <= 6
                and fact_words("times") & {*map(one_of, lows)}
                and not {",", ":"} & {*lows}
            ):
                first = span[0].text if span[0].tag == "NNP" else lows[0]
                at = {w.index for w in span}
                return " ".join([first, *(w.text for w in span[1:])]), [
                    w for w in kept if w.index not in at
                ]
        return "", kept

    def _bounded(
        self, verb: ParsedWord, kept: list[ParsedWord], most: int = MOST_WORDS
    ) -> list[ParsedWord]:
        """A predicate of at most ``most`` words, if it can be cut, that ends where it may end."""
        for loose in _LOOSE:
            for word in [w for w in reversed(kept) if w.relation == loose and w.index > verb.index]:
                gone = {w.index for w in self.tree.subtree(word)}
                if len(kept) > most and kept[-1].index in gone:
                    kept = [w for w in kept if w.index not in gone]
        while kept and (hanging := self._hangs(kept)):
            kept = [word for word in kept if word not in hanging]
        return kept if len(kept) <= MOST_WORDS + 4 else []

    def _is_cut(self, brief: Sequence[ParsedWord], kept: Sequence[ParsedWord]) -> bool:
        """Whether a short form has lost what its verb needs: "let Ivo" of "let Ivo out of it"."""
        after = kept[len(brief) : len(brief) + 2] if brief == kept[: len(brief)] else []
        return len(after) == 2 and all(word.tag in ("IN", "TO", "RP") for word in after)

    def _hangs(self, kept: Sequence[ParsedWord]) -> list[ParsedWord]:
        """What a predicate cannot end with: "the", "in" without a boat, "that Tobin swears"."""
        last, here = kept[-1], {word.index for word in kept}
        if _may_not_end(last):
            return [last]
        after = [child for child in self.tree.below(last.index) if child.index > last.index]
        is_cut = any(child.index not in here for child in after if child.relation != "punct")
        if is_cut and last.text.lower() in fact_words("claims"):
            return [*self.tree.subtree(last)]
        return [last] if is_cut and last.relation == "prep" else []

    def _is_not(self, verb: ParsedWord, said: Sequence[Piece]) -> bool:
        first = said[0] if said else ""
        is_nobody = isinstance(first, str) and first.split(" ")[0].lower() in fact_words("nobodies")
        is_nobody |= self._is_to_nobody(verb) or verb.text.lower() in fact_words("refuses")
        never = (c for c in self.tree.below(verb.index) if c.text.lower() == "never")
        return is_nobody or self.tree.child(verb, "neg") is not None or any(never)

    def _does(self, verb: ParsedWord, kept: Sequence[ParsedWord]) -> ParsedWord:
        """The verb of what is done: "sell" of "wants to sell", "wants" of "wants you to sell"."""
        if self._is_of_another(verb):
            return verb
        return self.meant.meant_verb(verb, kept) or self.tree.child(verb, "xcomp") or verb

    @staticmethod
    def _known(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        """What a deed is done to, () where it is only "it" or "him" and not known what or who."""
        return () if pieces in (["it"], ["him"], ["her"], ["them"]) else tuple(pieces)

    def _object(self, does: ParsedWord, kept: Sequence[ParsedWord]) -> list[ParsedWord]:
        """What is done to: "the land" of "plans to sell the land to a company"."""
        noun = self.tree.child(does, "dobj")
        is_self = noun is not None and noun.text.lower().endswith(("self", "selves"))
        if (
            noun is None
            or is_self
            or {noun.text.lower()} & (fact_words("anybody") | fact_words("amounts"))
        ):
            return []
        apart = [c for c in self.tree.below(noun.index) if c.relation == "prep"]
        apart = [c for c in apart if c.text.lower() != "of"]
        gone = {w.index for c in apart for w in self.tree.subtree(c)}
        span = {w.index for w in self.tree.noun_phrase(noun)} - gone
        return [w for w in kept if w.index in span]

    def _asked(self, verbs: Sequence[ParsedWord], kept: Sequence[ParsedWord]) -> list[ParsedWord]:
        """What the player is to do: "sign it" of "wants me to sign it", "refuses to let me"."""
        if verbs[0].text.lower() in fact_words("offers"):
            return self._condition(verbs[0])
        for verb in verbs:
            inner = self.tree.child(verb, "xcomp", "ccomp") if self._is_of_another(verb) else None
            to = inner and (self.tree.child(inner, *SUBJECTS) or self.tree.child(verb, "dobj"))
            is_mine = to is not None and (
                to.text.lower() in ("me", "us", "you") or self.meant.whose(to) == PLAYER
            )
            if inner is not None and is_mine:
                return [w for w in kept if w.index >= inner.index]
        return []

    def _condition(self, offer: ParsedWord) -> list[ParsedWord]:
        """What the player is to do for it: "lie" of "offers me a house if I lie for him"."""
        after = self.tree.words[offer.index + 1 : offer.index + 1 + MOST_WORDS]
        for mark, subject, *rest in zip(after, after[1:], after[2:], after[3:], strict=False):
            if mark.text in _CUTS or mark.text == ".":
                break
            if mark.text.lower() == "if" and subject.text.lower() in ("i", "we", "you"):
                verb = next((w for w in rest if w.tag in ("VB", "VBP")), None)
                said = self._predicate(verb) if verb else []
                return (
                    self._bounded(verb, [w for w in said if w.index >= verb.index]) if verb else []
                )
        return []

    def _claim(self, verb: ParsedWord, kept: Sequence[ParsedWord]) -> list[ParsedWord]:
        """What is said to be so: "the well is his" of "says that the well is his"."""
        inner = self.tree.child(verb, "ccomp")
        if inner is None or inner.index < verb.index:
            return []
        own = {w.index for w in self.tree.subtree(inner)}
        mark = self.tree.child(inner, "mark")
        return [w for w in kept if w.index in own and w != mark]

    def _is_of_another(self, verb: ParsedWord) -> bool:
        """Whether somebody wants, asks or orders another to do something."""
        inner = self.tree.child(verb, "xcomp", "ccomp")
        if inner is None or inner.tag != "VB" or inner.index < verb.index:
            return False
        subject = self.tree.child(inner, *SUBJECTS) or self.tree.child(verb, "dobj")
        return subject is not None and verb.index < subject.index < inner.index

    def _is_to_nobody(self, verb: ParsedWord) -> bool:
        """Whether what is done is done to nobody: "will let nobody across"."""
        after = self.tree.words[verb.index + 1 : verb.index + 2]
        return any(word.text.lower() in fact_words("nobodies") for word in after)

    def _kind(
        self, fact: PremiseFact, finite: ParsedWord, verb: ParsedWord, kept: Sequence[ParsedWord]
    ) -> str:
        """``coming``, ``deed``, ``doing``, ``lack``, ``said`` or ``state``."""
        low, is_present = verb.text.lower(), finite.tag in ("VBZ", "VBP")
        is_will = finite.text.lower() in ("will", "'ll", "’ll", "shall", "must")
        is_meant = low in fact_words("intends") and bool(fact.base)
        is_dated = is_present and bool(
            {*map(one_of, fact.when.lower().split())} & fact_words("ahead")
        )
        if fact.is_not:
            return "lack"
        has_done = any(w.tag == "VBN" and ClauseTree.is_of(w, verb) for w in kept)
        if is_will or is_meant or (is_dated and not has_done):
            return "coming"
        if self.tree.child(verb, "ccomp") is not None and low in fact_words("says"):
            return "said"
        helped = any(w.relation in AUXILIARIES and ClauseTree.is_of(w, verb) for w in kept)
        if low in fact_words("states") and not (helped or self._is_of_another(verb)):
            return "state"
        return "deed" if finite.tag == "VBD" or has_done else "doing"


def _may_not_end(word: ParsedWord) -> bool:
    """Whether no clause ends with a word: "the", a comma."""
    is_loose = word.tag in _HANGS and word.relation not in ("prt", "prep")
    return is_loose or not re.search(r"\w", word.text)
