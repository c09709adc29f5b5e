"""Prose into claims, by rule: what a text says to be so, and who says it.

The checker reads drafts with it, ``story_reader`` whole texts. A character's words are that
character's belief; what is asked, supposed, wished or planned is not asserted; who is meant must be
clear. Leans on ``clauses`` for grammar, on ``entities`` for names, on the lexicon for meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache

from tta_rebuild.canon.entities import PRONOUNS, Entities, Mentions
from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.story import NARRATOR, Claim
from tta_rebuild.reading.appositions import asides
from tta_rebuild.reading.clauses import Clause, ClauseReader, NounPhrase
from tta_rebuild.reading.lexicon import Family, Lexicon, built_in_words
from tta_rebuild.reading.scenery import scene_claims
from tta_rebuild.reading.states import StateReader

_QUOTED = re.compile(r"[\"“]([^\"”]*)[\"”]?")
_TITLES = re.compile(r"\b(Mr|Mrs|Ms|Dr|St|Prof|Capt|Lt|Sgt)\.")


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, in order, quotation marks kept with them."""
    return list(_sentences_of(text))


@lru_cache(maxsize=256)
def _sentences_of(text: str) -> tuple[str, ...]:
    found: list[str] = []
    rest = _TITLES.sub(r"\1", text)
    begin = 0
    depth = False
    for place, mark in enumerate(rest):
        if mark in "“”" or mark == '"':
            depth = mark == "“" or (mark == '"' and not depth)
        end = mark == "\n" or (
            mark in ".!?" and (place + 1 == len(rest) or rest[place + 1] in ' \n"”’)') and not depth
        )
        closing = (mark in '"”') and not depth and place and rest[place - 1] in ".!?"
        if closing:
            after = rest[place + 1 : place + 3].strip()
            end = not after or after[:1].isupper() or after[:1] in '"“'
        if end and place + 1 < len(rest) and rest[place + 1] in '"”’)':
            continue
        if end:
            piece = rest[begin : place + 1].strip()
            if piece:
                found.append(piece)
            begin = place + 1
    piece = rest[begin:].strip()
    if piece:
        found.append(piece)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Deed:
    """An act with its roles resolved to ids.

    Attributes:
        roles: S, O, T, F, R, W → id; a role whose bearer is not clear is missing.
        fresh: roles that name something new ("a key"), not something known;
            ``@T`` marks a place that does not say where they are.
        hedged: wished, supposed or asked; it did not happen.
        past: told as past of the past ("had gone").
    """

    family: Family | None
    verb: str
    roles: dict[str, str]
    fresh: frozenset[str]
    negated: bool
    hedged: bool
    past: bool


@dataclass(frozen=True, slots=True)
class SentenceRead:
    """One sentence as understood.

    Attributes:
        claims: what it asserts; beliefs have a speaker, guesses are not ``certain``.
        families: names of all verb families in it, asserted or not.
        told_change: the sentence shifts time ("the next day").
        first_time: it speaks of a first meeting.
        question: it asserts nothing.
        passage: it stands for several sentences taken together (``together``).
    """

    sentence: str
    deeds: tuple[Deed, ...]
    claims: tuple[Claim, ...]
    families: frozenset[str]
    told_change: bool = False
    first_time: bool = False
    question: bool = False
    spoken: bool = False
    passage: bool = False
    people: tuple[str, ...] = field(default=())


def together(read: list[SentenceRead], text: str) -> SentenceRead:
    """Several sentences as one, for claims that name no sentence of their own."""
    if len(read) == 1:
        return replace(read[0], passage=True)
    return SentenceRead(
        sentence=text,
        deeds=tuple(d for r in read for d in r.deeds),
        claims=tuple(c for r in read for c in r.claims),
        families=frozenset(f for r in read for f in r.families),
        told_change=any(r.told_change for r in read),
        first_time=any(r.first_time for r in read),
        question=all(r.question for r in read),
        passage=True,
    )


def _is_short_for(pieces: list[str], thing: str) -> bool:
    """ "The lantern" may be the brass lantern that was spoken of; the tin lantern is not."""
    known = thing.split("_")
    return len(known) > 1 and known[-1] == pieces[-1] and set(pieces) <= set(known)


class ProseReader:
    """Reads prose against a canon (whose names it resolves).

    Args:
        canon: who and what is known.
        lexicon: the words; an author may add families to them.
    """

    def __init__(self, canon: Canon, lexicon: Lexicon | None = None) -> None:
        self.canon = canon
        self.lexicon = lexicon or built_in_words()
        self.entities = Entities(canon)
        self._clauses = ClauseReader(self.lexicon)
        self._states = StateReader(self.lexicon, canon.relations)

    def read(
        self, text: str, *, speaker: str = NARRATOR, mentions: Mentions | None = None
    ) -> list[SentenceRead]:
        """Every sentence of a text; ``mentions`` carries who was spoken of before."""
        mentions = mentions if mentions is not None else Mentions()
        return [
            self.read_sentence(s, speaker=speaker, mentions=mentions) for s in sentences_of(text)
        ]

    def read_sentence(
        self, sentence: str, *, speaker: str = NARRATOR, mentions: Mentions | None = None
    ) -> SentenceRead:
        """One sentence."""
        mentions = mentions if mentions is not None else Mentions()
        narration, spoken = _apart(sentence)
        question = narration.rstrip().endswith("?")
        claims: list[Claim] = []
        deeds: list[Deed] = []
        families: set[str] = set()
        for act in self._clauses.read(narration):
            if act.family is not None and not self._at_rest(act):
                families.add(act.family.name)
            deed = self._deed(act, mentions, question)
            deeds.append(deed)
            if not deed.hedged:
                claims.extend(self._effects(deed, mentions))
                claims.extend(self._states.claims(act, deed.roles, self, mentions))
            elif act.can and not act.conditional and not question:
                claims.extend(self._states.ability(act, deed.roles))
        claims.extend(scene_claims(narration))
        claims.extend(asides(narration, self.lexicon, self.canon))
        low = " " + narration.lower() + " "
        told = any(f" {p} " in low or f" {p}," in low for p in self.lexicon.phrases["time_shift"])
        first = any(p in low for p in self.lexicon.phrases["first_time"])
        said: list[Claim] = []
        if spoken and speaker == NARRATOR:
            who = self._speaker(deeds)
            for piece in spoken:
                said.extend(self._spoken(piece, who, mentions))
        whole = [replace(c, sentence=sentence, speaker=speaker) for c in claims] + [
            replace(c, sentence=sentence) for c in said
        ]
        return SentenceRead(
            sentence=sentence,
            deeds=tuple(deeds),
            claims=tuple(whole),
            families=frozenset(families),
            told_change=told,
            first_time=first,
            question=question,
            spoken=bool(spoken) and not narration.strip(" ,.!?"),
            people=tuple(mentions.people),
        )

    # ------------------------------------------------------------------------------ who is meant

    def identify(self, phrase: NounPhrase, mentions: Mentions) -> str:
        """The id that a phrase stands for, "" if it is not clear."""
        low = phrase.text.lower()
        if low in PRONOUNS:
            return self.entities.resolve(low, mentions).entity
        if low in ("i", "you", "we", "me", "us", "nobody", "someone", "everyone", "no one"):
            return ""
        words = list(phrase.words)
        for place, word in enumerate(words):
            if word.lower().endswith(("'s", "s'")) and place + 1 < len(words):
                words = words[place + 1 :]
                break
        # "Mara" at the head of a phrase such as "Mara Voss" or "Captain Mara"
        is_name = words[0][:1].isupper() and (
            words[0] not in self.lexicon.sets["not_names"] or len(words) > 1
        )
        named = [w for w in words if w[:1].isupper()]
        if is_name and named:
            known = self.canon.id_of(" ".join(named))
            mentions.note(known, is_person=not phrase.determiner)
            return known
        key = key_of(" ".join(words))
        pieces = key.split("_")
        for start in range(len(pieces)):
            part = "_".join(pieces[start:])
            found = self.canon.named(part)
            if len(found) == 1:
                person = self.entities.is_person(found[0])
                mentions.note(found[0], is_person=person)
                return found[0]
            if len(found) > 1:
                clear = self.entities.resolve(key, mentions)
                return clear.entity
        things = [t for t in mentions.things if t == key or _is_short_for(pieces, t)]
        if len(things) == 1 and phrase.determiner not in self.lexicon.sets["indefinite"]:
            mentions.note(things[0], is_person=False)
            return things[0]
        mentions.note(key, is_person=pieces[-1] in self.lexicon.sets["person_nouns"])
        return key

    def _deed(self, act: Clause, mentions: Mentions, question: bool) -> Deed:
        roles: dict[str, str] = {}
        fresh: set[str] = set()
        for role in ("S", "O", "R", "T", "F", "W"):
            phrase = act.roles.get(role)
            if phrase is None:
                continue
            if role != "S" and phrase.words[-1].lower() in self.lexicon.sets["seasons_time"]:
                continue
            if act.family is None and role == "O":
                continue
            found = self.identify(phrase, mentions)
            if found:
                roles[role] = found
                if phrase.determiner in self.lexicon.sets["indefinite"] or (
                    not phrase.determiner
                    and phrase.words[0].islower()
                    and phrase.text.lower() not in PRONOUNS
                ):
                    fresh.add(role)
        place = act.roles.get("T")
        if place is not None and not _is_whereabouts(act, place):
            fresh.add("@T")  # "under every nail" says where something is, not where they are
        return Deed(
            act.family,
            act.lemma,
            roles,
            frozenset(fresh),
            act.negated,
            act.modal or act.conditional or question,
            act.past,
        )

    def _at_rest(self, act: Clause) -> bool:
        """ "The door was locked" describes; "was locked by the guard" tells a change."""
        resting = self.lexicon.sets["resting_participles"]
        return act.passive and act.form in resting and "by" not in act.complement

    def _speaker(self, deeds: list[Deed]) -> str:
        for deed in deeds:
            if deed.family is not None and deed.family.name in ("speak", "tell", "promise"):
                who = deed.roles.get("S") or deed.roles.get("O")
                if who:
                    return who
        return "somebody"

    def _spoken(self, piece: str, who: str, mentions: Mentions) -> list[Claim]:
        found: list[Claim] = []
        for sentence in sentences_of(piece):
            if sentence.endswith("?"):
                continue
            for act in self._clauses.read(sentence):
                deed = self._deed(act, mentions, False)
                if not deed.hedged:
                    found.extend(replace(c, speaker=who) for c in self._effects(deed, mentions))
                    found.extend(
                        replace(c, speaker=who)
                        for c in self._states.claims(act, deed.roles, self, mentions)
                    )
        return found

    # ------------------------------------------------------------------------------ what becomes so

    def _effects(self, deed: Deed, mentions: Mentions) -> list[Claim]:
        """What an act makes so; nothing if it was negated."""
        if deed.family is None or deed.negated:
            return []
        found: list[Claim] = []
        roles = dict(deed.roles)
        if deed.verb == "lay" and "O" in roles:
            return []
        if deed.family.name in ("destroy", "break", "open", "close", "empty", "light") and (
            "O" not in roles and "S" in roles
        ):
            roles["O"] = roles["S"]
        for effect in deed.family.effects:
            who = roles.get(effect.who)
            if not who:
                continue
            value = roles.get(effect.value) if len(effect.value) == 1 else effect.value
            if value is None:
                continue
            if effect.relation == "located_in" and (
                not self.is_place(value) or (effect.value == "T" and "@T" in deed.fresh)
            ):
                continue
            if effect.relation in ("holds", "wears", "knows") and not self.is_thing(value, who):
                continue
            if effect.relation in ("holds", "wears") and not self.is_somebody(who, mentions):
                continue
            if effect.relation == "met" and not self.is_somebody(value, mentions):
                continue
            found.append(
                Claim(subject=who, relation=effect.relation, value=value, ends=effect.ends)
            )
        return found

    def is_somebody(self, entity: str, mentions: Mentions) -> bool:
        """Whether the canon or the text so far treats it as a person."""
        return entity in mentions.people or self.entities.is_person(entity)

    def is_place(self, value: str) -> bool:
        """Whether a noun can be where somebody is: no hour, no manner, no part of a body."""
        last = value.rsplit("_", 1)[-1]
        return last not in self.lexicon.sets["not_places"] and not self.entities.is_person(value)

    def is_thing(self, value: str, who: str) -> bool:
        """Whether a noun can be held: no body part, nothing abstract."""
        last = value.rsplit("_", 1)[-1]
        return last not in self.lexicon.sets["mass_objects"] and value != who


_WHERE = frozenset(["in", "at", "inside", "within", "aboard"])
_WHERETO = frozenset(["to", "into", "inside", "onto", "toward", "towards", "aboard", "at", "in"])


def _is_whereabouts(act: Clause, place: NounPhrase) -> bool:
    if place.determiner in ("every", "each", "any", "no", "some"):
        return False
    resting = act.family is None or act.family.name == "stay"
    return place.preposition in (_WHERE if resting else _WHERETO)


def _apart(sentence: str) -> tuple[str, list[str]]:
    """Narration with quoted speech taken out, and the speech."""
    if '"' not in sentence and "“" not in sentence:
        return sentence, []
    spoken = [m.group(1) for m in _QUOTED.finditer(sentence)]
    return _QUOTED.sub(", ", sentence).strip(" ,"), spoken
