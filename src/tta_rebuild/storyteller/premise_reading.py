"""Reading a premise: who the player is, who and what else it speaks of, where, what is at stake.

Called by ``teller`` for every scene (a premise never changes, so the reading is cached). Works by
rules on words: what cannot be told stays empty rather than guessed. Phrases are told to the player:
"my brother" is "your brother". A premise in another language is told as it is and nothing is
claimed of it. The lists are ``data/premise_words.toml`` and ``data/premise_topics.toml``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from tta_rebuild.core.english import sentences_of
from tta_rebuild.storyteller.premise_mentions import Mentions, gender_of
from tta_rebuild.storyteller.premise_people import People, PremisePerson
from tta_rebuild.storyteller.premise_phrases import (
    Phrase,
    is_third_person,
    mended,
    noun_phrases,
    one_of,
    prepositions,
    tokens_of,
    words_in,
)
from tta_rebuild.storyteller.premise_told import told_to_player
from tta_rebuild.storyteller.premise_topics import most_spoken, spoken_in, topics_of
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import word_table

CONFLICTS = tuple(
    "find escape win_back protect decide forgive survive unmask deliver prove hide understand "
    "fight change part".split()
)
TONES = ("plain", "warm", "comic", "wistful", "sombre", "tense", "ominous", "wonder")
NOBODY = PremisePerson()
MOST_PEOPLE, MOST_PLACES, MOST_THINGS, MOST_WORDS_TOLD = 6, 4, 8, 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Premise:
    """What a premise says, and what it clearly implies.

    Attributes:
        told: its own statements, mended, to the player; commands to a writer are left out.
        you: the player's character; an empty one where the premise names nobody.
        people: everybody else, most important first.
        places: noun phrases, first where the story opens; none if nothing says where.
        at: the opening place with its preposition, "here" if nothing says where.
        time: "at night", "" if not said.
        things: noun phrases, what the premise turns on first.
        conflict: one of CONFLICTS.
        question: what the story asks, one sentence to the player.
        tone: one of TONES.
        cannot: verbs that the premise excludes for the player: "sleep".
        excluded: what the story must leave out: "gore".
        understood: all this in one line.
    """

    told: tuple[str, ...] = ()
    you: PremisePerson = NOBODY
    people: tuple[PremisePerson, ...] = ()
    places: tuple[str, ...] = ()
    at: str = "here"
    time: str = ""
    things: tuple[str, ...] = ()
    conflict: str = "understand"
    question: str = "What is going on here?"
    tone: str = "plain"
    cannot: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    understood: str = ""


def read_premise(theme: str, characters: Sequence[Mapping[str, Any]] = ()) -> Premise:
    """Read a premise of at most 5,000 characters; what ``characters`` say binds over the text.

    Args:
        characters: as in ``core.tasks.CharacterVariables``; name, description, pronouns, is_player.
    """
    bound = tuple(
        (
            str(c.get("name") or ""),
            to_second_person(str(c.get("description") or "")),
            str(c.get("pronouns") or "").split("/")[0],
            bool(c.get("is_player")),
        )
        for c in characters
    )
    return _read(theme, bound)


@lru_cache(maxsize=128)
def _read(theme: str, bound: tuple[tuple[str, str, str, bool], ...]) -> Premise:
    text = mended(theme)
    if not text or not _is_english(text):
        told = (" ".join(text.split()),) if text else ()
        you, people = _bound(PremisePerson(), [], bound)
        return Premise(told=told, you=you, people=tuple(people), understood=_line(you, people, ""))
    reading = _Reading(text)
    you, people = _bound(reading.you, reading.people, bound)
    places, at = reading.places()
    things = reading.things(places)
    conflict = most_spoken("conflict", reading.spoken, "understand")
    return Premise(
        told=reading.told(),
        you=you,
        people=tuple(people[:MOST_PEOPLE]),
        places=tuple(places[:MOST_PLACES]),
        at=at,
        time=reading.time(),
        things=tuple(things[:MOST_THINGS]),
        conflict=conflict,
        question=_question(conflict, reading.aim(), people, things, at),
        tone=most_spoken("tone", reading.spoken, "plain"),
        cannot=reading.cannot(),
        excluded=reading.excluded(),
        understood=_line(you, people, at),
    )


def _is_english(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text.lower())
    if not words or sum(w.isascii() for w in words) < 0.7 * len(words):
        return False
    known = words_in("stops") | words_in("determiners") - {"no", "on", "me", "a"}
    share = sum(w in known for w in words) / len(words)
    if set(words) & _FOREIGN:
        return share > 0.3
    return share > 0.1 or len(words) <= 14


_FOREIGN = frozenset(
    "der die das und ein eine ist le la les un une des du et est el los las una y il lo gli di "
    "che e de het een en da do os as den det og att som är".split()
)


def _question(
    conflict: str, aim: str, people: Sequence[PremisePerson], things: Sequence[str], at: str
) -> str:
    who = next((p.name or p.role for p in people), "those who need you")
    thing = next(iter(things), "all this")
    aim = aim or ("what you are looking for" if conflict == "find" else thing)
    row = word_table("premise_topics")["conflict"][conflict]
    place = at.split(" ", 1)[-1] if " " in at else "here"
    said = row["question"].format(who=who, thing=thing, aim=aim, place=place)
    return str(said)


def _line(you: PremisePerson, people: Sequence[PremisePerson], at: str) -> str:
    """``You are Joe, a keeper; Clara is your wife; also the doctor; at the lighthouse.``"""
    who = ", ".join(filter(None, (you.name, you.role))) or "yourself"
    parts = [f"You are {who}"]
    parts += [f"{p.name} is {p.role}" for p in people if p.name and p.role]
    others = [p.name or p.role for p in people if not (p.name and p.role)]
    if others:
        parts.append(f"also {', '.join(others[:-1])}{' and ' * (len(others) > 1)}{others[-1]}")
    return "; ".join(filter(None, (*parts, at))) + "."


def _bound(
    you: PremisePerson, people: list[PremisePerson], bound: Iterable[tuple[str, str, str, bool]]
) -> tuple[PremisePerson, list[PremisePerson]]:
    """The people with what the player or author has said of them."""
    named: list[PremisePerson] = []
    rest = list(people)
    for name, description, pronouns, is_player in bound:
        if is_player:
            role = description or you.role
            you = PremisePerson(name=name, role=role, pronouns=pronouns or you.pronouns)
            rest = [p for p in rest if p.name != name]
            continue
        head = one_of((re.findall(r"\w+", description.split(",")[0]) or [""])[-1])
        same = next(
            (p for p in rest if (p.name and p.name == name) or (head and _head(p.role) == head)),
            PremisePerson(),
        )
        rest = [p for p in rest if p is not same]
        gender = pronouns or same.pronouns or gender_of(head, name)
        role = description.split(",")[0].strip() or same.role
        named.append(replace(same, name=name or same.name, role=role, pronouns=gender))
    return you, named + rest


def _head(role: str) -> str:
    words = re.split(r" (?:who|that|in|of|at|on|with|from) ", role)[0].split()
    return one_of(words[-1]) if words else ""


# ------------------------------------------------------------------------------------ a reading

_COMMAND = re.compile(
    rf"^(?:please\s+|now\s+)*(?:{'|'.join(words_in('commands'))})\b(?!['’])", re.I
)
_ASKED_FOR = re.compile(
    r"^.*?\b(?:about|in which|where(?:in)?|featuring|involving|that goes with|to use|between|"
    r"(?:story|tale|account|scene) of|(?:letter|diary|story|tale) (?=from|by))\s*(?P<topic>.+)$",
    re.I,
)
_PLAIN = frozenset("is are was were has have had do does did can must will goes".split())
_TIME = re.compile(
    r"\b(?:at (?:night|dawn|dusk|noon|midnight|sunset|sunrise|christmas)|"
    r"(?:in|until|during) (?:the )?"
    r"(?:(?:early|late|dead of) )?(?:winter|summer|spring|autumn|morning|evening|afternoon|night|"
    r"\d{4}s?|\d{3}s|middle ages)|on (?:christmas|halloween|new year)[’'\w]*(?: \w*day| eve)?|"
    r"one (?:morning|evening|night)|tonight)\b",
    re.I,
)
_CANNOT = re.compile(
    r"\b(?:never|can['’]?t|can ?not|unable to|not able to|"
    r"no (?:concept|need|notion|idea) (?:of|to))"
    r"(?: ever)? (?P<verb>\w+)",
    re.I,
)
_WITHOUT = re.compile(
    r"\b(?:no|without(?: any)?|nothing with) ([a-z]+)(?:,? (?:or|and|nor) ([a-z]+))?"
)
_AIM = re.compile(r"\b(?:(?:look|search|hunt)(?:s|es|ing)? for|find(?:s|ing)?|seek(?:s|ing)?) $")
_IS_LOST = frozenset(("is missing", "is gone", "has vanished", "has disappeared", "goes missing"))
_AT = {"into": "in", "onto": "on", "in": "in", "at": "at", "on": "on"} | {
    by: by for by in ("inside", "outside", "aboard", "near", "under", "behind", "beside", "beneath")
}


class _Reading:
    """One English premise, taken apart."""

    def __init__(self, text: str) -> None:
        cut = [re.split(r"(?<=…)\s+(?=[A-Z“])", sentence) for sentence in sentences_of(text)]
        self.sentences = [part for parts in cut for part in parts] or [text]
        self.commands = [s for s in self.sentences if _COMMAND.match(s)]
        words = tokens_of(text)
        has_verb = any(w.lower() in _PLAIN or is_third_person(w.lower()) for w in words[1:])
        self.is_title = len(words) <= 6 and not (has_verb or self.commands or text[-1] in ".!?")
        matter = [self._matter(s) for s in self.sentences]
        self.text = " ".join(filter(None, matter))
        if self.is_title:
            known = words_in("known_places") | words_in("she_names") | words_in("he_names")
            self.text = " ".join(w if w in known else w.lower() for w in words)
        self.spoken = spoken_in(" ".join([self.text, *self.commands]))
        self.tokens = tokens_of(self.text)
        self.phrases = noun_phrases(self.tokens, is_title=self.is_title)
        self.topics = topics_of(self.spoken)
        topic_at = -1
        if asked := [s for s in self.commands if _ASKED_FOR.match(s)]:
            at = self.sentences.index(asked[0])
            topic_at = len(tokens_of(" ".join(filter(None, matter[:at]))))
        self.cast = Mentions(self.tokens, self.phrases, topic_at=topic_at)
        people = People(self.cast, self.topics)
        self.you, self.people = people.you, people.others

    def _matter(self, sentence: str) -> str:
        """A sentence without what it says to a writer: "Write a story about a cat" → "a cat"."""
        if sentence not in self.commands:
            return sentence
        topic = _ASKED_FOR.match(sentence)
        return topic["topic"] if topic else _COMMAND.sub("", sentence).strip()

    def told(self) -> tuple[str, ...]:
        """The statements, to the player; a title and an order to a writer tell nothing."""
        kept: list[str] = []
        for sentence in () if self.is_title else self.sentences:
            clause = sentence
            if sentence in self.commands:
                found = re.search(r"\b(?:in which|where|imagine(?: that)?)\s+(.+)$", sentence, re.I)
                clause = found[1] if found else ""
            is_meta = {w.lower() for w in tokens_of(clause)} & words_in("meta")
            if not clause or clause.endswith("?") or is_meta:
                continue
            if kept and len(" ".join([*kept, clause]).split()) > MOST_WORDS_TOLD:
                break
            clause = to_second_person(clause[0].upper() + clause[1:])
            kept.append(clause if clause[-1] in '.!?…”"' else f"{clause}.")
        return self._to_player(tuple(kept))

    def _to_player(self, told: tuple[str, ...]) -> tuple[str, ...]:
        player = self.cast.player
        if self.cast.is_second or (player.is_group if player else not self.you.pronouns):
            return told
        if self.you.pronouns == "it":
            return told
        others = [m for m in self.cast.mentions if m is not player and not m.is_group]
        may = {m.pronouns for m in others if m.pronouns != "it"}
        gender = self.you.pronouns if not {"", self.you.pronouns} & may else ""
        said = " ".join(told).lower()
        if not gender and re.search(r"\b(?:he|she|him|his|her|himself|herself)\b", said):
            return told
        noun = player.phrase.text if player and not player.phrase.is_name else ""
        return told_to_player(told, noun, player.name if player else "", gender) or told

    def places(self) -> tuple[list[str], str]:
        """The places, first where the story opens, and that one with its preposition."""
        ranked: list[tuple[int, int, str, str]] = []
        for phrase in self.phrases:
            taken = {at for m in self.cast.mentions for at in m.at} | self.cast.used_names
            is_name = phrase.is_name and phrase.start not in taken
            before = self.tokens[phrase.start - 1].lower() if phrase.start else ""
            if is_name and before not in _AT and phrase.start > 1:  # in rural Alabama
                before = self.tokens[phrase.start - 2].lower()
            if is_name and not (self.cast.is_place_name(phrase) or before in ("in", "at", "near")):
                continue
            if not is_name and phrase.kind != "place":
                continue
            is_aboard = before in _AT or (phrase.determiner == "the" and len(phrase.words) == 1)
            is_ship = phrase.head in words_in("vehicles")
            if is_ship and not is_aboard:
                continue
            big = phrase.head in words_in("too_big") or phrase.text.lower() in words_in("too_big")
            is_there = (is_name and before in _AT) or (before == "on" and is_ship)
            rank = (2 if before in _AT else 1) - 3 * (big and not is_there)
            name = _the(phrase)
            at = _AT.get(before) or prepositions().get(phrase.words[0 if is_name else -1].lower())
            ranked.append((-rank, phrase.start, name, f"{at or 'in'} {name}"))
        if re.search(
            r"\b(?:comes?|came|gets?|got|goes|go|at|back|return\w*|arrives?) home\b", self.text
        ):
            ranked.append((0, 999, "your home", "at your home"))
        implied = next((t["place"] for t in self.topics if t.get("place")), "")
        if implied:
            at = prepositions().get(one_of(implied.split()[-1]), "in")
            ranked.append((-1, 998, implied, f"{at} {implied}"))
        ranked.sort()
        names = list(dict.fromkeys(name for _, _, name, _ in ranked))
        is_vague = bool(ranked) and ranked[0][2] in ("the world", "the universe", "the field")
        return names, ranked[0][3] if ranked and not is_vague else "here"

    def things(self, places: Sequence[str]) -> list[str]:
        """What is no person and no place, the most spoken of first."""
        found: dict[str, int] = {}
        said = Counter(map(one_of, self.tokens))
        taken = {at for mention in self.cast.mentions for at in mention.at} | self.cast.used_names
        for phrase in self.phrases:
            is_group = phrase.head in words_in("groups") | {"group", "bunch", "edge"}
            if phrase.start in taken or is_group or phrase.kind not in ("thing", "name"):
                continue
            name = _the(phrase)
            if name in places or phrase.determiner in ("no", "any"):
                continue
            found[name] = said[phrase.head]
        return sorted(found, key=lambda name: -found[name])

    def aim(self) -> str:
        """What is looked for, "" if nothing is."""
        for phrase in self.phrases:
            before = " ".join(self.tokens[max(0, phrase.start - 3) : phrase.start]) + " "
            after = " ".join(self.tokens[phrase.end : phrase.end + 2]).lower()
            is_lost = phrase.words[0].lower() in ("missing", "lost") or after in _IS_LOST
            if is_lost or _AIM.search(before.lower()):
                return _the(phrase)
        return ""

    def time(self) -> str:
        """When, in the premise's words."""
        found = _TIME.search(self.text)
        return re.sub(r"^in (?=\d+s)", "in the ", found[0]) if found else ""

    def cannot(self) -> tuple[str, ...]:
        """Verbs that the text says the player never does or cannot do."""
        verbs = [self._base(found["verb"].lower()) for found in _CANNOT.finditer(self.text)]
        return tuple(dict.fromkeys(filter(None, verbs)))

    @staticmethod
    def _base(verb: str) -> str:
        known = words_in("verbs") - {"want", "know", "see", "meet", "let", "need", "make", "expect"}
        for base in (
            verb,
            verb.removesuffix("s"),
            verb.removesuffix("es"),
            verb.removesuffix("ing"),
        ):
            if base in known:
                return base
        return ""

    def excluded(self) -> tuple[str, ...]:
        """What an order to the writer leaves out: "no gore or death"."""
        found = [w for s in self.commands for m in _WITHOUT.finditer(s) for w in m.groups() if w]
        return tuple(dict.fromkeys(w for w in found if w not in words_in("stops")))


def _the(phrase: Phrase) -> str:
    """A phrase as the player reads it: "your bedroom", "the old lamp", "Fort Knox"."""
    if phrase.is_name:
        return re.sub(r"['’]s?$", "", phrase.text)
    owner = phrase.determiner
    if owner in ("my", "your", "our"):
        return f"your {to_second_person(phrase.text)}"
    if owner in ("two", "three", "four", "five", "six", "seven"):
        return f"the {owner} {phrase.text}"
    if owner.endswith(("'s", "’s")) and owner[0].isupper() and len(owner) > 4:
        return f"{owner} {phrase.text}"
    return f"the {phrase.text}"
