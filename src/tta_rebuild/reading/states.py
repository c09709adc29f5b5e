"""What sentences with "be", "have", "can" and "know" say: states, traits, kin, roles, hours.

Used by ``reader`` for every clause.
"""

from __future__ import annotations

import re
from typing import Protocol

from tta_rebuild.canon.entities import Entities, Mentions
from tta_rebuild.canon.relations import Relations, key_of
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.english import number_in
from tta_rebuild.core.story import Claim
from tta_rebuild.reading.clauses import Clause
from tta_rebuild.reading.lexicon import Lexicon
from tta_rebuild.reading.noun_phrases import NounPhrase

_AGE = re.compile(r"^(?:only |just |now |already )*(\w+)(?:-| )(?:years|year)(?:-| )(?:old|of age)")
_AFTER_DEAD = frozenset(["and", "now", "for", "these", "in", "by", "at", "on", "since", "to"])


class WhoIsWho(Protocol):
    """Who and what phrases mean; the reader is one."""

    canon: Canon
    entities: Entities

    def identify(self, phrase: NounPhrase, mentions: Mentions) -> str:
        """The id that a phrase stands for, "" if it is not clear."""

    def is_somebody(self, entity: str, mentions: Mentions) -> bool:
        """Whether it is a person."""

    def is_place(self, value: str) -> bool:
        """Whether a noun can be where somebody is."""

    def is_thing(self, value: str, who: str) -> bool:
        """Whether a noun can be held."""


class StateReader:
    """Claims from clauses of being, having, being able and knowing.

    Args:
        lexicon: closed sets of words.
        relations: for the groups of opposed words.
    """

    def __init__(self, lexicon: Lexicon, relations: Relations) -> None:
        self._lexicon = lexicon
        self._relations = relations
        self._kin = lexicon.sets["kin"]

    def claims(
        self, act: Clause, roles: dict[str, str], who: WhoIsWho, mentions: Mentions
    ) -> list[Claim]:
        """What one clause says to be so; hedged clauses are not given here."""
        match act.lemma:
            case "be":
                return self._being(act, roles, who, mentions)
            case "have" | "possess" | "own" | "carry" | "hold" | "keep":
                return self._having(act, roles, who, mentions)
            case "belong":
                owner = roles.get("R") or roles.get("T")
                thing = roles.get("S")
                if owner and thing:
                    return [_claim(owner, "owns", thing, ends=act.negated)]
            case "know" | "meet" | "see":
                return self._knowing(act, roles, who, mentions)
            case "swear" | "promise" | "vow" | "pledge":
                return self._promising(act, roles)
            case "call" | "name" | "be_named":
                return self._naming(act, roles)
            case "make" if act.passive and act.complement[:1] == ("of",):
                thing = roles.get("O", "")
                if thing and not act.negated:
                    return [
                        _claim(thing, "made_of", " ".join(_until_break([*act.complement[1:3]])))
                    ]
            case _:
                pass
        return []

    def ability(self, act: Clause, roles: dict[str, str]) -> list[Claim]:
        """ "could not swim": only of verbs without an object, which name a skill."""
        subject = roles.get("S", "")
        if not subject or "O" in roles or act.passive or (act.family is None and act.lemma == "be"):
            return []
        if act.complement[:1] and act.complement[0] not in (".", ",", ";", "!", "and", "at", "a"):
            return []
        return [
            _claim(
                subject,
                "ability",
                f"not {act.lemma}" if act.negated else act.lemma,
                certain=act.negated,
            )
        ]

    # ------------------------------------------------------------------------------ be

    def _being(
        self, act: Clause, roles: dict[str, str], who: WhoIsWho, mentions: Mentions
    ) -> list[Claim]:
        phrase = act.roles.get("S")
        words = [w for w in act.complement if w not in self._lexicon.sets["levels"]]
        negated = act.negated or words[:1] in (["not"], ["never"], ["no"])
        while words and words[0] in ("not", "never", "no"):
            words = words[1:]
        if phrase is None or not words:
            return []
        plain = _until_break(words)
        part_of_it = self._of_a_part(phrase, plain, negated, who, mentions)
        if part_of_it is not None:
            return [part_of_it]
        subject = roles.get("S", "")
        if not subject or phrase.words[-1].lower() in ("it", "weather", "sky", "there"):
            return []
        age = _AGE.match(" ".join(plain))
        if age and number_in(age.group(1)):
            return [_claim(subject, "age", number_in(age.group(1)))]
        if plain[0] in ("in", "at", "inside", "aboard", "within") or (
            plain[0] == "on" and not who.is_somebody(subject, mentions)
        ):
            place = roles.get("T")
            located = place and who.is_place(place) and not negated
            return [_claim(subject, "located_in", place)] if place and located else []
        if len(plain) == 1 and number_in(plain[0]) not in ("", "1"):
            somebody = who.is_somebody(subject, mentions)
            return [_claim(subject, "age", number_in(plain[0]))] if somebody else []
        if plain[0] == "born" and roles.get("T") and not negated:
            return [_claim(subject, "born_in", roles["T"])]
        told = _set_phrase(subject, plain, negated)
        return self._adjective_or_noun(act, subject, plain, negated, who) if told is None else told

    def _of_a_part(
        self,
        phrase: NounPhrase,
        plain: list[str],
        negated: bool,
        who: WhoIsWho,
        mentions: Mentions,
    ) -> Claim | None:
        """ "Mara's eyes were green", "her name was Iva", "Mara's mother was Ana"."""
        owner, part = _owned(phrase.words)
        if not owner and phrase.determiner in ("his", "her", "their") and len(phrase.words) == 1:
            owner = who.entities.resolve(
                {"his": "he", "her": "she", "their": "they"}[phrase.determiner], mentions
            ).entity
            part = phrase.words[-1].lower()
        if not owner or not part:
            return None
        bearer = who.canon.id_of(owner)
        if part in self._relations.parts and not negated:
            return _claim(bearer, "trait", f"{_colour(plain)} {part}")
        if part == "name":
            return _claim(bearer, "name", plain[0], ends=negated)
        if part in self._kin and not negated:
            return _claim(who.canon.id_of(plain[0]), "kin", f"{part} of {bearer}")
        return None

    def _adjective_or_noun(
        self, act: Clause, subject: str, plain: list[str], negated: bool, who: WhoIsWho
    ) -> list[Claim]:
        found: list[Claim] = []
        kin = self._kin_claim(act, subject, plain, who)
        if kin is not None:
            return [] if negated else [kin]
        has_article = plain[0] in ("a", "an", "the", "his", "her", "their", "our", "my")
        bare = plain[1:] if has_article else plain
        if not bare:
            return []
        if not has_article:
            for size in (2, 1):
                word = " ".join(bare[:size])
                for relation in ("state", "trait", "feeling"):
                    if self._relations.side(relation, word) is not None:
                        person = who.entities.is_person(subject)
                        if relation == "feeling" and not (
                            person or act.roles["S"].words[0][:1].isupper()
                        ):
                            continue
                        if relation == "state" and self._relations.side("feeling", word) and person:
                            continue
                        found.append(
                            _claim(
                                subject,
                                relation,
                                f"not {word}" if negated else word,
                                certain=relation != "feeling",
                            )
                        )
                        return found
            return found
        noun = _noun(bare)
        if noun in self._lexicon.sets["person_nouns"] or noun in ("s", ""):
            role = " ".join(bare[: bare.index(noun) + 1])
            found.append(_claim(subject, "role", role, ends=negated, certain=plain[0] != "a"))
        elif self._relations.side("trait", "a " + noun) or noun in ("vegetarian", "vegan", "liar"):
            word = "a " + noun if self._relations.side("trait", "a " + noun) else noun
            found.append(_claim(subject, "trait", f"not {word}" if negated else word))
        elif noun in self._lexicon.sets["species"]:
            found.append(_claim(subject, "species", noun, ends=negated))
        return found

    def _kin_claim(
        self, act: Clause, subject: str, plain: list[str], who: WhoIsWho
    ) -> Claim | None:
        """ "the sister of Bram", "Bram's sister"."""
        words = [w for w in plain if w not in self._lexicon.sets["before_kin"]]
        if len(words) >= 3 and words[0] in self._kin and words[1] == "of":
            return _claim(subject, "kin", f"{words[0]} of {who.canon.id_of(_name(words[2:]))}")
        if len(words) >= 2 and words[0].endswith("'s") and words[1] in self._kin:
            return _claim(
                subject,
                "kin",
                f"{words[1]} of {who.canon.id_of(words[0].removesuffix(chr(39) + 's'))}",
            )
        return None

    # ------------------------------------------------------------------------------ have, know …

    def _having(
        self, act: Clause, roles: dict[str, str], who: WhoIsWho, mentions: Mentions
    ) -> list[Claim]:
        subject = roles.get("S", "")
        phrase = act.roles.get("O")
        if not subject or phrase is None:
            return []
        words = [w.lower() for w in phrase.words]
        if words[-1] in self._relations.parts and act.lemma == "have":
            if len(words) > 1:
                return [_claim(subject, "trait", " ".join(words[-2:]))]
            return []
        if phrase.determiner == "no" and act.lemma in ("have", "carry", "hold"):
            thing = who.identify(phrase, mentions)
            return [_claim(subject, "holds", thing, ends=True)] if thing else []
        number = number_in(words[0]) if len(words) > 1 else ""
        if number and number != "1" and act.lemma in ("have", "own", "possess", "carry"):
            return [_claim(subject, "count", f"{number} {words[-1]}")]
        thing = who.identify(phrase, mentions)
        if not thing or not who.is_thing(thing, subject):
            return []
        if not who.is_somebody(subject, mentions):
            return []
        if act.lemma in ("own", "possess"):
            return [_claim(subject, "owns", thing, ends=act.negated)]
        if phrase.determiner in ("the", "his", "her", "this", "that") or act.lemma == "carry":
            if act.lemma == "hold" and words[-1] in ("door", "gate"):
                return []
            # "holds it to the light": to hold is not yet to have
            return [_claim(subject, "holds", thing, ends=act.negated, certain=act.lemma != "hold")]
        return []

    def _knowing(
        self, act: Clause, roles: dict[str, str], who: WhoIsWho, mentions: Mentions
    ) -> list[Claim]:
        subject = roles.get("S", "")
        if not subject:
            return []
        phrase = act.roles.get("O")
        other = who.identify(phrase, mentions) if phrase is not None else ""
        if act.lemma in ("meet", "know", "see") and act.negated:
            if other and who.is_somebody(other, mentions) and (act.past or act.lemma != "see"):
                return [_claim(subject, "stranger_to", other)]
            if act.lemma != "know":
                return []
        if act.lemma == "know":
            if other and who.is_somebody(other, mentions):
                long = {"for", "since", "well", "years"} & set(act.complement) or act.past
                return [_claim(subject, "met", other, certain=bool(long))]
            ignorant = act.complement[:1] in (("nothing",), ("little",))
            topic = _topic(act.complement[1:] if ignorant else act.complement)
            if topic:
                relation = "unaware_of" if act.negated or ignorant else "knows"
                return [_claim(subject, relation, topic)]
        return []

    def _promising(self, act: Clause, roles: dict[str, str]) -> list[Claim]:
        subject = roles.get("S", "")
        words = [w for w in act.complement if w not in (",", "that")]
        for mark in ("never", "not"):
            if mark in words:
                rest = _until_break(words[words.index(mark) + 1 :])
                rest = [w for w in rest if w not in ("to", "again", "he", "she", "would")]
                if subject and rest:
                    return [_claim(subject, "promise", "never " + " ".join(rest))]
        return []

    def _naming(self, act: Clause, roles: dict[str, str]) -> list[Claim]:
        """ "was called Dorn" (passive, with the name as what is left over)."""
        name = act.roles.get("O")
        bearer = roles.get("R", "")
        if not act.passive or name is None or not bearer or not name.words[0][:1].isupper():
            return []
        return [_claim(bearer, "name", name.text, ends=act.negated)]


def _claim(
    subject: str, relation: str, value: str, *, ends: bool = False, certain: bool = True
) -> Claim:
    return Claim(subject=subject, relation=relation, value=value, ends=ends, certain=certain)


def _set_phrase(subject: str, plain: list[str], negated: bool) -> list[Claim] | None:
    """What "dead", "made of", "unable to", "called" and "part of" say; None for other words."""
    first, second = plain[0], (plain[1] if len(plain) > 1 else "")
    if first in ("dead", "alive"):
        if first == "dead" and second and second not in _AFTER_DEAD:
            return []
        return [_claim(subject, "alive", "false" if (first == "dead") != negated else "true")]
    if first == "made" and second == "of" and not negated:
        return [_claim(subject, "made_of", " ".join(plain[2:4]))]
    if first in ("unable", "incapable") or plain[:2] == ["able", "to"]:
        verb = plain[2] if second in ("to", "of") and len(plain) > 2 else ""
        can = first == "able" and not negated
        return [_claim(subject, "ability", verb if can else f"not {verb}")] if verb else []
    if first in ("called", "named", "known") and second:
        name = plain[2] if second == "as" and len(plain) > 2 else second
        return [_claim(subject, "alias" if first == "known" else "name", name)]
    if " ".join(plain).startswith(("part of", "a part of")) and not negated:
        return [_claim(subject, "part_of", " ".join(plain[plain.index("of") + 1 :]))]
    return None


def _until_break(words: list[str]) -> list[str]:
    found: list[str] = []
    for word in words:
        if word in (",", ";", ":", ".", "!", "?", "(", ")", "—", "–", "and", "but", "-"):
            break
        found.append(word)
    return found or words[:1]


def _owned(words: tuple[str, ...]) -> tuple[str, str]:
    for place, word in enumerate(words):
        if word.endswith("'s") and place + 1 < len(words):
            return word.removesuffix("'s"), words[-1].lower()
    return "", ""


def _colour(words: list[str]) -> str:
    kept = [w for w in words if w not in ("a", "an", "the", "of", "as", "like")]
    return " ".join(kept[:2])


def _noun(words: list[str]) -> str:
    for place, word in enumerate(words):
        if word in ("of", "in", "at", "from", "who", "with", "on", "for", "by", "to", "and"):
            return words[place - 1] if place else ""
    return words[-1]


def _name(words: list[str]) -> str:
    return " ".join(_until_break([w for w in words if w not in ("the",)][:2]))


def _topic(words: tuple[str, ...]) -> str:
    rest = _until_break([w for w in words if w not in ("that", "about", "of", "the", "a", "all")])
    return key_of(" ".join(rest[:6])) if rest and rest[0] not in (".",) else ""
