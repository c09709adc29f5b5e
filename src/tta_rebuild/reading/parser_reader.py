"""A second reader that goes by the grammar of English: for texts, and where no model reads.

What it reads is *unconfirmed*: nothing of it may enter a story's canon as what holds. It reads what
a sentence asserts of people and things: no speech, nothing denied, asked, wished, supposed, dreamt,
remembered, or told of an earlier time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tta_rebuild.canon.declared import assert_claim
from tta_rebuild.canon.fact_check import Contradiction, FactCheck, Telling
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.english import number_in
from tta_rebuild.core.story import CharacterSketch, Claim
from tta_rebuild.reading import english_parse as parse
from tta_rebuild.reading.english_parse import child, word_set
from tta_rebuild.reading.second_reader import Objection, ObjectionKind, Reading, ReadingMatter

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

_UNASKED = (
    "the player decides for their own character",
    "the player's own character says what the player did not say",
)
_BEING = ("be", "remain", "stand", "become", "turn", "lie", "lay")
_OPENING = 2  # the turn of the opening: what the premise says is the first

_SPEECH = re.compile(r'"[^"]*(?:"|$)|“[^”]*(?:”|$)')


class ParserReader:
    """Reads English prose against what holds; of the cast, the player's is "you" and "I"."""

    def __init__(self, canon: Canon, cast: Iterable[CharacterSketch] = ()) -> None:
        self._canon = canon
        self._names = parse.EnglishNames(canon, cast)

    async def read(self, matter: ReadingMatter, context: TTAContext) -> Reading:
        """What narrated passages contradict, and where the player's character speaks unasked."""
        if not matter.language.startswith("en"):
            return Reading(note=f"the parser reads English, not '{matter.language}'")
        try:
            moved = {word.lemma_.lower() for word in parse.load_parser()(matter.move)}
        except parse.ParserMissing as missing:
            return Reading(note=str(missing))
        reader = ParserReader(self._canon.fork(), matter.people or self._names.cast.values())
        silent = not matter.is_opening and not moved & {*word_set("saying"), '"', "“"}
        told = ((n, p.text) for n, p in enumerate(matter.passages) if not p.speaker)
        found = (one for number, text in told for one in reader._objections(number, text, silent))
        return Reading(objections=tuple(found))  # what is spoken is only the speaker's word

    def _objections(self, number: int, text: str, silent: bool) -> Iterator[Objection]:
        player = self._names.player
        for told, contradictions in self.take(text):
            found: list[tuple[ObjectionKind, str, str]] = [
                ("contradiction", c.against, c.message) for c in contradictions if c.blocks
            ]
            done = {c.value for c, _ in told.said if (c.subject, c.relation) == (player, "does")}
            if player and silent and word_set("player_says") & done:
                found.append(("player", *_UNASKED))
            for kind, against, reason in found:
                yield Objection(
                    passage=number, kind=kind, words=told.sentence, against=against, reason=reason
                )

    def take(self, text: str) -> Iterator[tuple[Sentence, list[Contradiction]]]:
        """Read a text on, each sentence into the canon, which the next is held against.

        Give the reader a fork, or a canon that is for this text alone.
        """
        for told in self.sentences(text):
            checks = (FactCheck(self._canon, claim, how) for claim, how in told.said)
            found = [c for check in checks for c in check.contradictions()]
            for claim in told.claims:
                assert_claim(self._canon, claim)
            yield told, list({(c.kind, c.subject, c.against): c for c in found}.values())

    def sentences(self, text: str) -> Iterator[Sentence]:
        """Every sentence of a text with what it asserts, as the canon stands when it is asked.

        Raises ParserMissing: the extra is not installed.
        """
        speech, subject = [found.span() for found in _SPEECH.finditer(text)], ""
        for span in parse.load_parser()(text).sents:
            if span.text.strip():
                quoted = {t.i for t in span if any(a <= t.idx < b for a, b in speech)}
                self._names.next_sentence(subject)
                told = Sentence(span, quoted, self._names)
                yield told
                subject = told.subject


class Sentence:
    """A sentence, read verb by verb: its words, the id of the first person who is the subject of a
    verb ("" for nobody), and what is ``said`` to happen now: claims, and how each is told.
    """

    def __init__(self, span: Span, quoted: set[int], names: parse.EnglishNames) -> None:
        self.sentence, self.subject = span.text.strip(), ""
        self._span, self._quoted, self._names, self._canon = span, quoted, names, names.canon
        unreal, self._words = word_set("unreal_words"), set[str]()
        for token in span:
            self._words |= {token.lemma_.lower(), token.lower_}
        self._cues = [t for t in span if unreal & {t.lemma_.lower(), t.lower_}]
        self.said = () if self.sentence.endswith("?") else tuple(self._said())

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What it says to be so beyond the moment."""
        return tuple(claim for claim, _ in self.said if claim.relation not in ("does", "uses"))

    def _said(self) -> Iterator[tuple[Claim, Telling]]:
        for verb in self._span:
            if verb.i in self._quoted or verb.pos_ not in ("VERB", "AUX"):
                continue
            subject = parse.subject_of(verb)
            who = self._names.person(subject)
            self.subject = self.subject or who
            if subject is not None and self._is_asserted(verb):
                for claim, is_change in self._claims(verb, subject, who):
                    yield self._told(claim, is_change or self._has("ruin_words"))
        for claim in self._numbers():
            yield self._told(claim, True)

    def _has(self, words: str) -> bool:
        return not word_set(words).isdisjoint(self._words)

    def _told(self, claim: Claim, is_change: bool) -> tuple[Claim, Telling]:
        who, canon = claim.subject, self._canon
        dead = canon.holds_at(who, "alive", "false") if who in self._names.cast else None
        return replace(claim, sentence=self.sentence, certain=False), Telling(
            as_change=is_change,
            declared=True,
            may_haunt=dead is not None and canon.turn_of(dead.since) <= _OPENING,
            of_a_body=self._has("body_words") or claim.relation == "located_in",
        )

    def _is_asserted(self, verb: Token) -> bool:
        """Whether the verb tells what happens now: followed up to the root of its sentence."""
        above = {verb, *verb.ancestors}
        for cue in self._cues:  # a dream, a memory, a tale, a habit, a supposition
            path = [cue, *cue.ancestors]
            clause = next((t for t in path if t.pos_ in ("VERB", "AUX")), path[-1])
            if cue in above or clause in above or (cue.pos_ != "ADV" and cue.i < verb.i):
                return False
        if any(t.lower_ in ("every", "each") and t.head.dep_ == "npadvmod" for t in self._span):
            return False
        if any(c.dep_ == "aux" and c.lemma_ == "have" and c.tag_ == "VBD" for c in verb.children):
            return False  # "had gone"
        return all(self._is_real(here) for here in (verb, *verb.ancestors))

    def _is_real(self, verb: Token) -> bool:
        """Whether a word on the way to the root leaves what stands under it real."""
        if verb.i in self._quoted or any(c.tag_ == "MD" or c.dep_ == "neg" for c in verb.children):
            return False
        marks = {c.lower_ for c in verb.children if c.dep_ in ("mark", "advmod", "prep")}
        if verb.dep_ == "advcl":
            return not marks & word_set("unreal_marks") and not _is_infinitive(verb)
        if verb.dep_ in ("ccomp", "xcomp", "pcomp", "csubj", "parataxis"):
            head = verb.head.lemma_.lower()
            # two clauses that a comma joins are parsed as if one were said in the other
            joined = verb.dep_ == "ccomp" and verb.i < verb.head.i
            return head in word_set("real_heads") or (joined and head not in word_set("saying"))
        return not _is_infinitive(verb)

    def _claims(self, verb: Token, subject: Token, who: str) -> Iterator[tuple[Claim, bool]]:
        """What a verb asserts, and whether as a change."""
        lemma, passive = verb.lemma_.lower(), subject.dep_ == "nsubjpass"
        particle, around = child(verb, "prt"), parse.prepositions(verb)
        tried = [f"{lemma}+{particle.lower_}"] if particle else [f"{lemma}+{w}" for w, _ in around]
        name = next((n for n in tried if n in parse.effects()), tried[0] if particle else lemma)
        if who and not passive and lemma not in word_set("of_the_dead"):
            yield _claim(who, "does", lemma), False
        if lemma in _BEING:
            yield from self._being(verb, subject, who)
        elif passive and child(verb, "agent") is None and self._side(verb, "state", "alive"):
            yield from self._state(verb, subject, who, False)
            return
        resting = name in word_set("resting")
        roles = self._roles(verb, subject, who, name, resting)
        for effect in parse.effects().get(name, ()):
            role, relation, target = effect.removeprefix("-").split()
            one = roles.get("thing" if relation == "state" else role, "")
            value = roles.get(target, "") if len(target) == 1 else target
            if one and value and one != value:
                claim = _claim(one, relation, value, ends=effect.startswith("-"))
                yield claim, not resting or relation == "located_in"
        used = [self._names.thing(noun) for word, noun in around if word == "with"]
        if lemma not in word_set("of_lost_things"):
            acted = dict.fromkeys((roles.get("thing", ""), roles.get("T", "")))
            used += [t for t in acted if self._canon.holds_at(t, "state", "destroyed") is not None]
        for thing in filter(None, used if who else ()):
            yield _claim(who, "uses", thing), False

    def _roles(
        self, verb: Token, subject: Token, who: str, name: str, resting: bool
    ) -> dict[str, str]:
        """Who and what a verb joins: S, O, R, T as the data file names them."""
        names, roles, passive = self._names, {"S": who}, subject.dep_ == "nsubjpass"
        acted = subject if passive else child(verb, "dobj")
        if passive:
            agent = child(verb, "agent")
            roles["S"] = names.person(child(agent, "pobj")) if agent is not None else ""
        if (dative := child(verb, "dative")) is not None:
            roles["R"] = names.person(child(dative, "pobj") if dative.tag_ == "IN" else dative)
        for word, noun in parse.prepositions(verb):
            if name == f"{verb.lemma_}+{word}":
                acted = noun
            elif word == "to" and "R" not in roles and names.person(noun):
                roles["R"] = names.person(noun)
            elif word in word_set("where" if resting else "whereto") and not child(noun, "poss"):
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
        is_change = verb.lemma_ in ("become", "turn")
        told = [c for c in verb.children if c.dep_ in ("acomp", "attr", "oprd")]
        for said in (*told, *(c for t in told for c in t.children if c.dep_ == "conj")):
            lemma = said.lemma_.lower()
            years = next((number_in(c.text) for c in said.subtree if c.like_num), "")
            if who and years and (said.like_num or said.lower_ == "old"):
                yield _claim(who, "age", years), is_change
            elif said.pos_ in ("ADJ", "VERB") or said.dep_ == "acomp":
                yield from self._state(said, subject, who, is_change)
            elif who and lemma in word_set("kin"):
                other = self._names.person(child(said, "poss"))
                if other not in ("", who):
                    yield _claim(who, "kin", f"{lemma} of {other}"), is_change
            elif who and lemma in word_set("people") and parse.determiners(said) & {"a", "an"}:
                yield _claim(who, "role", parse.name_of(said).lower()), True

    def _state(
        self, word: Token, subject: Token, who: str, is_change: bool
    ) -> Iterator[tuple[Claim, bool]]:
        one = who or self._names.thing(subject)
        relation = self._side(word, *(("alive", "state", "trait") if who else ("state",)))
        if one and relation and not (who and child(word, "prep")):
            # what a person is said to be is often meant in another sense
            yield _claim(one, relation, word.lower_), is_change or relation != "state"

    def _side(self, word: Token, *relations: str) -> str:
        """The first of the relations of whose opposed words this is one."""
        known = self._canon.relations
        return next((r for r in relations if known.side(r, word.lower_) is not None), "")

    def _numbers(self) -> Iterator[Claim]:
        """ "Two flares are left", "all three letters": a number of what is counted already."""
        counted = dict[str, tuple[str, str]]()
        for fact in self._canon.all_now():
            if fact.relation == "count":
                slot = self._canon.relations.normal("count", fact.value)[0]
                noun = parse.head_of(slot or fact.subject).rstrip("s")
                counted.setdefault(noun, (fact.subject, slot))
        for token in self._span if counted and not self._cues else ():
            of, number = token.head, number_in(token.text) if token.dep_ == "nummod" else ""
            subject, slot = counted.get(of.lemma_.lower(), ("", ""))
            near = {t.lower_ for t in (*of.subtree, of.head, *of.head.children)}
            if number and subject and token.i not in self._quoted and near & word_set("left"):
                yield _claim(subject, "count", f"{number} {of.text}" if slot else number)


def _claim(subject: str, relation: str, value: str, *, ends: bool = False) -> Claim:
    return Claim(subject=subject, relation=relation, value=value, ends=ends)


def _is_infinitive(verb: Token) -> bool:
    return verb.tag_ == "VB" and any(c.lower_ == "to" for c in verb.children)
