"""What one parsed English sentence asserts, as claims: the reader's grammar.

Used by ``parser_reader``. Nothing that is said, denied, asked, wished, supposed, dreamt, remembered
or told of an earlier time is asserted. Leans on ``english_parse`` and ``english_names``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tta_rebuild.canon.fact_check import Telling
from tta_rebuild.core.english import number_in
from tta_rebuild.core.story import Claim
from tta_rebuild.reading import english_parse as parse
from tta_rebuild.reading.english_names import EnglishNames

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

_BEING = ("be", "remain", "stand", "become", "turn", "lie", "lay")


class SentenceClaims:
    """One sentence under reading."""

    def __init__(self, span: Span, quoted: set[int], names: EnglishNames) -> None:
        self.text = span.text.strip()
        self.subject = ""
        self._span, self._quoted, self._names = span, quoted, names
        self._sets = parse.words().sets
        lemmas = {t.lemma_.lower() for t in span} | {t.lower_ for t in span}
        unreal = self._sets["unreal_words"]
        self._cues = [t for t in span if t.lemma_.lower() in unreal or t.lower_ in unreal]
        self._body = bool(lemmas & self._sets["body_words"])
        self._later = bool(lemmas & self._sets["time_shift"])
        self._ruined = bool(lemmas & self._sets["ruin_words"])

    def said(self) -> Iterator[tuple[Claim, Telling]]:
        """What the sentence asserts, verb by verb."""
        if self.text.endswith("?"):
            return
        for verb in self._span:
            if verb.i in self._quoted or verb.pos_ not in ("VERB", "AUX"):
                continue
            subject = parse.subject_of(verb)
            who = self._names.person(subject)
            self.subject = self.subject or who
            if subject is not None and self._is_asserted(verb):
                for claim, change in self._claims(verb, subject, who):
                    yield self._told(claim, change=change or self._ruined)
        yield from self._numbers()

    def _told(self, claim: Claim, *, change: bool) -> tuple[Claim, Telling]:
        return replace(claim, sentence=self.text, certain=False), Telling(
            as_change=change,
            declared=True,
            after_a_while=self._later,
            of_a_body=self._body or claim.relation == "located_in",  # a body lies somewhere too
        )

    # ------------------------------------------------------------------------ what is only said

    def _is_asserted(self, verb: Token) -> bool:
        """Whether the verb tells what happens now: followed up to the root of its sentence."""
        if parse.is_past_perfect(verb) or self._is_fancy(verb):
            return False
        here = verb
        while here.i not in self._quoted and not (parse.is_denied(here) or parse.has_modal(here)):
            marks = {c.lower_ for c in here.children if c.dep_ in ("mark", "advmod", "prep")}
            if here.dep_ == "advcl" and marks & self._sets["unreal_marks"]:
                return False
            if here.dep_ in ("ccomp", "xcomp", "pcomp", "csubj", "parataxis"):
                if not self._is_real_under(here.head, here):
                    return False
            elif here.tag_ == "VB" and any(c.lower_ == "to" for c in here.children):
                return False
            if here.head == here:
                return True
            here = here.head
        return False

    def _is_real_under(self, head: Token, verb: Token) -> bool:
        lemma = head.lemma_.lower()
        if lemma in self._sets["real_heads"]:
            return True
        # two clauses that a comma joins are parsed as if one were said in the other
        return verb.dep_ == "ccomp" and verb.i < head.i and lemma not in self._sets["saying"]

    def _is_fancy(self, verb: Token) -> bool:
        """Whether a word makes it a dream, a memory, a tale, a habit or a supposition."""
        above = {verb, *verb.ancestors}
        return any(
            cue in above or parse.clause_of(cue) in above or (cue.pos_ != "ADV" and cue.i < verb.i)
            for cue in self._cues
        ) or any(t.lower_ in ("every", "each") and t.head.dep_ == "npadvmod" for t in self._span)

    # ------------------------------------------------------------------------ what is asserted

    def _claims(self, verb: Token, subject: Token, who: str) -> Iterator[tuple[Claim, bool]]:
        lemma, particle = verb.lemma_.lower(), parse.child(verb, "prt")
        after = [f"{lemma}+{word}" for word, _ in parse.prepositions(verb)]
        tried = [f"{lemma}+{particle.lower_}"] if particle is not None else [*after, lemma]
        words = parse.words()
        name = next((n for n in tried if n in words.effects), tried[-1])
        passive = subject.dep_ == "nsubjpass"
        if who and not passive and lemma not in self._sets["of_the_dead"]:
            deed = Claim(subject=who, relation="does", value=lemma)
            yield deed, self._names.may_be_a_ghost(who)
        if lemma in _BEING:
            yield from self._being(verb, subject, who)
        elif passive and parse.child(verb, "agent") is None and self._is_state(verb):
            yield from self._state(verb, subject, who, change=False)
            return
        resting = name in words.resting
        roles = self._roles(verb, subject, who, name, resting=resting)
        for role, relation, target, ends in words.effects.get(name, ()):
            one = roles.get("thing" if relation == "state" else role, "")
            value = roles.get(target, "") if len(target) == 1 else target
            if one and value and one != value:
                claim = Claim(subject=one, relation=relation, value=value, ends=ends)
                yield claim, not resting or relation == "located_in"
        for word, noun in parse.prepositions(verb):
            if who and word == "with" and self._names.thing(noun):
                yield Claim(subject=who, relation="uses", value=self._names.thing(noun)), False
        for gone in {roles.get("thing", ""), roles.get("T", "")} - {""}:
            if who and lemma not in self._sets["of_lost_things"] and self._names.is_gone(gone):
                yield Claim(subject=who, relation="uses", value=gone), False

    def _roles(
        self, verb: Token, subject: Token, who: str, name: str, *, resting: bool
    ) -> dict[str, str]:
        """Who and what a verb joins: S, O, R, T as the data file names them."""
        names, roles, passive = self._names, dict[str, str](), subject.dep_ == "nsubjpass"
        acted = subject if passive else parse.child(verb, "dobj")
        agent = parse.child(verb, "agent") if passive else None
        roles["S"] = who
        if passive:
            roles["S"] = names.person(parse.child(agent, "pobj")) if agent is not None else ""
        dative = parse.child(verb, "dative")
        if dative is not None:
            taker = parse.child(dative, "pobj") if dative.tag_ == "IN" else dative
            roles["R"] = names.person(taker)
        where = self._sets["where" if resting else "whereto"]
        for word, noun in parse.prepositions(verb):
            if name == f"{verb.lemma_}+{word}":
                acted = noun
            elif word == "to" and "R" not in roles and names.person(noun):
                roles["R"] = names.person(noun)
            elif word in where and parse.child(noun, "poss") is None:
                roles.setdefault("T", names.thing(noun))
        if acted is not None:
            somebody = names.person(acted)
            roles["O"] = somebody or names.thing(acted)
            roles["thing"] = "" if somebody else roles["O"]
        elif not who and not self._quoted:
            roles["thing"] = names.thing(subject)  # "the door opens"
        return roles

    def _being(self, verb: Token, subject: Token, who: str) -> Iterator[tuple[Claim, bool]]:
        """What somebody or something is: state, trait, age, kin, role."""
        change = verb.lemma_ in ("become", "turn")
        told = [c for c in verb.children if c.dep_ in ("acomp", "attr", "oprd")]
        for said in (*told, *(c for t in told for c in t.children if c.dep_ == "conj")):
            lemma = said.lemma_.lower()
            years = next((number_in(c.text) for c in said.subtree if c.like_num), "")
            if who and years and (said.like_num or said.lower_ == "old"):
                yield Claim(subject=who, relation="age", value=years), change
            elif said.pos_ in ("ADJ", "VERB") or said.dep_ == "acomp":
                yield from self._state(said, subject, who, change=change)
            elif who and lemma in self._sets["kin"]:
                other = self._names.person(parse.child(said, "poss"))
                if other and other != who:
                    yield Claim(subject=who, relation="kin", value=f"{lemma} of {other}"), change
            elif who and lemma in self._sets["people"] and parse.determiners(said) & {"a", "an"}:
                yield Claim(subject=who, relation="role", value=parse.name_of(said).lower()), True

    def _is_state(self, word: Token) -> bool:
        return any(self._names.side(r, word.lower_) for r in ("state", "alive"))

    def _state(
        self, word: Token, subject: Token, who: str, *, change: bool
    ) -> Iterator[tuple[Claim, bool]]:
        one, value = who or self._names.thing(subject), word.lower_
        relations = ("alive", "state", "trait") if who else ("state",)
        relation = next((r for r in relations if self._names.side(r, value)), "")
        if one and relation and not (who and parse.child(word, "prep")):
            # what a person is said to be is often meant in another sense
            yield Claim(subject=one, relation=relation, value=value), change or relation != "state"

    def _numbers(self) -> Iterator[tuple[Claim, Telling]]:
        """ "Two flares are left", "all three letters": a number of what is counted already."""
        for token in self._span:
            noun, number = token.head, number_in(token.text)
            if token.dep_ != "nummod" or token.i in self._quoted or self._cues or not number:
                continue
            near = {t.lower_ for t in (*noun.subtree, noun.head, *noun.head.children)}
            claim = self._names.counted(noun, number) if near & self._sets["left"] else None
            if claim is not None:
                yield self._told(claim, change=True)
