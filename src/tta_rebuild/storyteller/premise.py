"""Reading a premise: who the player is, who and what else it speaks of, where, what is at stake.

Called by ``casting`` for every scene (a premise never changes, so the reading is cached). Three
passes: ``noun_phrases`` finds what is spoken of, ``premise_people`` says who is who, and here the
rest is told apart and the sentences are made. Rules on words only: what cannot be told stays empty
rather than guessed, and of a premise in another language nothing is claimed. What a kind of place
or event implies is in ``data/premise_topics.toml``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from tta_rebuild.core.english import sentences_of
from tta_rebuild.storyteller.noun_phrases import (
    Phrase,
    noun_phrases,
    one_of,
    second_persons,
    tokens_of,
    words_in,
)
from tta_rebuild.storyteller.premise_people import (
    GENDERS,
    MINE,
    People,
    PremisePerson,
    gender_of,
    head_of,
    implied_people,
    is_place_name,
)
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import word_table

CONFLICTS = tuple(
    "find escape win_back protect decide forgive survive unmask deliver prove hide understand "
    "fight change part".split()
)
TONES = ("plain", "warm", "comic", "wistful", "sombre", "tense", "ominous", "wonder")
NOBODY = PremisePerson()
MOST_PEOPLE, MOST_PLACES, MOST_THINGS, MOST_WORDS_TOLD, LONGEST_READ = 6, 4, 8, 70, 5000

_MENDS = (
    (r"\s+(['’](?:s|re|ve|m|ll|d)\b|n['’]t\b)", r"\1"),
    (r"\[\s*\w{1,4}\s*\]|#\s*\d+|\br/\w+", " "),
    (r"\s+(['’])\s+", r"\1 "),
    (r"\s*\.{3,}|\s*…", "…"),
    (r"\$\s+(\d)", r"$\1"),
    (r"\s+([.,;:!?”])", r"\1"),
    (r"“\s+", "“"),
    (r"\bFt\. ", "Fort "),
    (r"\bMt\. ", "Mount "),
    (r"\b(\w+) \1\b(?<!\bthat)(?<!\bhad)", r"\1"),
    (r"\s+", " "),
)
_COMMAND = re.compile(
    rf"(?:please\s+|now\s+)*(?:{'|'.join(words_in('commands'))})\b(?!['’])|"
    r"an? (?:\w+ )?(?:story|tale)\b",
    re.I,
)
_ASKED_FOR = re.compile(
    r".*?(?:\b(?:about|in which|where(?:in)?|featuring|involving|that goes with|between|"
    r"imagine(?: that)?|(?:story|tale|account|scene) of|(?:letter|diary|story|tale) (?=from|by))"
    r"|: )\s*(?P<topic>.+)$",
    re.I,
)
_CLAUSE_ASKED_FOR = re.compile(r"\b(?:in which|where|imagine(?: that)?)\s+(?P<clause>.+)$", re.I)
_TIME = re.compile(
    r"\b(?:at (?:night|dawn|dusk|noon|midnight|sunset|sunrise|christmas)|"
    r"(?:in|until|during) (?:the )?(?:(?:early|late|dead of) )?(?:winter|summer|spring|autumn|"
    r"morning|evening|afternoon|night|\d{4}s?|\d{3}s|middle ages)|"
    r"on (?:christmas|halloween|new year)[’'\w]*(?: \w*day| eve)?|"
    r"one (?:morning|evening|night)|tonight)\b",
    re.I,
)
_CANNOT = re.compile(
    r"(?P<who>[\w’']+)(?: who)?(?: (?:has|have|had|is|are|was|were))? "
    r"(?:never|can(?:['’]?t| ?not)|unable to|not able to|with (?:\w+ )?no (?:concept|need|idea) of)"
    r"(?: ever)? (?P<verb>\w+)"
)
_WITHOUT = re.compile(
    r"\b(?:no|without(?: any)?|avoid|nothing with) ([a-z]+)(?:,? (?:or|and|nor) ([a-z]+))?"
)
_AIM = re.compile(r"\b(?:(?:look|search|hunt)(?:s|es|ing)? for|find(?:s|ing)?|seek(?:s|ing)?) $")
_IS_LOST = ("is missing", "is gone", "has vanished", "has disappeared", "goes missing")
_GOES_HOME = re.compile(
    r"\b(?:comes?|came|gets?|got|goes|go|at|back|return\w*|arrives?) home\b", re.I
)
_BETWEEN = r"(?: (?:\w+ly|never|always|just|still|also|only|now|then|once|even|soon))*"
_VERB = r"(?P<verb>\w+?)(?=n['’]t\b|\b(?!['’]))"
_VERB_AFTER = re.compile(rf"(?P<between>{_BETWEEN} ){_VERB}")
_JOINED = re.compile(rf"(?P<before>(?:,|\band|\bbut|\bor|\bthen){_BETWEEN} ){_VERB}")
_IS_SAME_WITH_YOU = re.compile(
    r"(?:\w+ed|and|can|could|may|must|shall|should|will|would|had|did|"
    rf"{'|'.join(words_in('irregular_verbs'))})$"
)
_BESIDE = re.compile(r" (?:in|on|at|of|from|with|under) (?P<verb>.*)")
_OF_ANOTHER = re.compile(
    r"\b(?:who|that|which|while|when|because|until|as|where|if|what|how)\b", re.I
)
_AT = {"into": "in", "onto": "on", "in": "in", "at": "at", "on": "on"} | {
    by: by for by in ("inside", "outside", "aboard", "near", "under", "behind", "beside", "beneath")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiseReading:
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


def read_premise(theme: str, characters: Sequence[Mapping[str, Any]] = ()) -> PremiseReading:
    """Read a premise of at most 5,000 characters; what ``characters`` say binds over the text.

    Args:
        characters: as in ``core.tasks.CharacterVariables``; name, description, pronouns, is_player.
    """
    keys = ("name", "description", "pronouns", "is_player")
    return _read(theme, tuple(tuple(str(c.get(key) or "") for key in keys) for c in characters))


@lru_cache(maxsize=128)
def _read(theme: str, bound: tuple[tuple[str, ...], ...]) -> PremiseReading:
    text = "".join(ch if ch.isprintable() or ch in "\n\t" else " " for ch in theme[:LONGEST_READ])
    for pattern, instead in _MENDS:
        text = re.sub(pattern, instead, text)
    text = text.strip()
    if not text or not _is_english(text):
        you, people = _bound(NOBODY, [], bound)
        said = _understood(you, people, "")
        return PremiseReading(
            told=(text,) * bool(text), you=you, people=tuple(people), understood=said
        )
    reading = _Reading(text)
    you, people = _bound(reading.you, reading.others, bound)
    places, at = reading.places()
    things = reading.things(places)
    conflict = _most_spoken("conflict", reading.spoken, "understand")
    return PremiseReading(
        told=reading.told(),
        you=you,
        people=tuple(people[:MOST_PEOPLE]),
        places=tuple(places[:MOST_PLACES]),
        at=at,
        time=reading.time(),
        things=tuple(things[:MOST_THINGS]),
        conflict=conflict,
        question=_question(conflict, reading.aim(), people, things, at),
        tone=_most_spoken("tone", reading.spoken, "plain"),
        cannot=reading.cannot(),
        excluded=reading.excluded(),
        understood=_understood(you, people[:MOST_PEOPLE], at),
    )


def _is_english(text: str) -> bool:
    words = re.findall(r"[^\W\d_]+", text.lower())
    if not words or sum(w.isascii() for w in words) < 0.7 * len(words):
        return False
    known = words_in("stops") | words_in("determiners") - {"no", "on", "me", "a"}
    share = sum(w in known for w in words) / len(words)
    if words_in("foreign") & {*words}:
        return share > 0.3
    return share > 0.1 or len(words) <= 14


def _spoken_in(text: str) -> frozenset[str]:
    """Every word of a text, in the singular too, and its runs of two and three: "must_find"."""
    words = [re.sub(r"['’]s?$|['’]", "", t.lower()) for t in tokens_of(text) if t[0].isalnum()]
    runs = ("_".join(words[i : i + n]) for n in (2, 3) for i in range(len(words)))
    return frozenset([*words, *map(one_of, words), *runs])


def _most_spoken(table: str, spoken: frozenset[str], otherwise: str) -> str:
    """The conflict or tone of which most words are spoken, the first of equals."""
    rows = word_table("premise_topics")[table]
    cues = {
        name: len(spoken & {*(row if isinstance(row, str) else row["words"]).split()})
        for name, row in rows.items()
    }
    best = max(cues, key=lambda name: cues[name])
    return best if cues[best] else otherwise


def _question(
    conflict: str, aim: str, people: Sequence[PremisePerson], things: Sequence[str], at: str
) -> str:
    row = word_table("premise_topics")["conflict"][conflict]
    turning = [t for t in things if head_of(t) in str(row["words"]).split()]
    thing = next(iter((*turning, *things)), "all this")
    return str(row["question"]).format(
        who=next((p.name or p.role for p in people), "those who need you"),
        thing=thing,
        aim=aim or ("what you are looking for" if conflict == "find" else thing),
        place=at.partition(" ")[2] or "here",
    )


def _understood(you: PremisePerson, people: Sequence[PremisePerson], at: str) -> str:
    """``You are Joe, a keeper; Clara is your wife; also the doctor; at the lighthouse.``"""
    parts = [f"You are {', '.join(filter(None, (you.name, you.role))) or 'yourself'}"]
    parts += [f"{p.name} is {p.role}" for p in people if p.name and p.role]
    others = [p.name or p.role for p in people if not (p.name and p.role)]
    if others:
        parts.append(f"also {', '.join(others[:-1])}{' and ' * (len(others) > 1)}{others[-1]}")
    return "; ".join(filter(None, (*parts, at))) + "."


def _bound(
    you: PremisePerson, people: Sequence[PremisePerson], bound: Sequence[Sequence[str]]
) -> tuple[PremisePerson, list[PremisePerson]]:
    """The people with what the player or author has said of them."""
    named, rest = list[PremisePerson](), list(people)
    for name, description, pronouns, is_player in bound:
        description, pronouns = to_second_person(description), pronouns.split("/")[0]
        if is_player:
            role = description or you.role
            you = PremisePerson(name=name, role=role, pronouns=pronouns or you.pronouns)
            rest = [p for p in rest if p.name != name]
            continue
        role = description.split(",")[0].strip()
        head = head_of(role)
        alike = (p for p in rest if (p.name and p.name == name) or (head and head_of(p.role) == head))
        same = next(alike, NOBODY)
        rest = [p for p in rest if p is not same]
        said = pronouns or same.pronouns or gender_of(role, name)
        named.append(replace(same, name=name or same.name, role=role or same.role, pronouns=said))
    return you, named + rest


def _the(phrase: Phrase) -> str:
    """A phrase as the player reads it: "your bedroom", "the old lamp", "Fort Knox"."""
    owner = phrase.determiner
    if phrase.is_name:
        return phrase.text
    if owner in MINE:
        return f"your {to_second_person(phrase.text)}"
    if owner[:1].isupper() and owner.endswith(("'s", "’s")):
        return f"{owner} {phrase.text}"
    return f"the {phrase.text}"


class _Reading:
    """One English premise, taken apart."""

    def __init__(self, text: str) -> None:
        cut = [re.split(r"(?<=…)\s+(?=[A-Z“])", sentence) for sentence in sentences_of(text)]
        self.sentences = [part for parts in cut for part in parts] or [text]
        self.commands = [s for s in self.sentences if _COMMAND.match(s)]
        words = tokens_of(text)
        has_verb = any(w.lower() in {*second_persons(), "are", "has", "must"} for w in words[1:])
        is_said = has_verb or self.commands or text[-1] in ".!?" or len(words) > 6
        self.is_title = not is_said
        matter = [self._matter(s) for s in self.sentences]
        self.text = " ".join(filter(None, matter))
        if self.is_title:
            known = words_in("known_places") | words_in("she_names") | words_in("he_names")
            self.text = " ".join(w if w in known else w.lower() for w in words)
        self.spoken = _spoken_in(re.sub(r"\bfinds? \w+sel(?:f|ves)\b", "", self.text))
        self.tokens = tokens_of(self.text)
        self.phrases = noun_phrases(self.tokens, is_title=self.is_title)
        rows = word_table("premise_topics")["setting"].values()
        ranked = [(len({*row["words"].split()} & self.spoken), row) for row in rows]
        self.settings = [row for n, row in sorted(ranked, key=lambda r: -r[0]) if n]
        topic_at = -1
        if asked := [i for i, s in enumerate(self.sentences) if _COMMAND.match(s) and matter[i]]:
            topic_at = len(tokens_of(" ".join(filter(None, matter[: asked[0]]))))
        self.cast = People(self.tokens, self.phrases, topic_at=topic_at)
        self.you = self.cast.you(next((s["you"] for s in self.settings if s.get("you")), ""))
        self.others = self.cast.others()
        me = head_of(self.you.role)
        fitting = [s for s in self.settings if me in s.get("player", me).split() or not me]
        roles = [role for s in fitting for role in s.get("people", ())]
        self.others += implied_people(roles, self.you, self.others)

    def _matter(self, sentence: str) -> str:
        """A sentence without what it says to a writer: "Write a story about a cat" → "a cat"."""
        if not _COMMAND.match(sentence):
            return sentence
        topic = _ASKED_FOR.match(sentence)
        return topic["topic"] if topic else _COMMAND.sub("", sentence, count=1).strip()

    # ------------------------------------------------------------------ places, things, time

    def places(self) -> tuple[list[str], str]:
        """The places, first where the story opens, and that one with its preposition."""
        ranked: list[tuple[int, int, str, str]] = []
        by_place = {
            w: by for by, ws in word_table("premise_words")["prepositions"].items() for w in ws.split()
        }
        for phrase in self.phrases:
            near = [t.lower() for t in self.tokens[max(0, phrase.start - 2) : phrase.start]][::-1]
            before = next((t for t in near[: 1 + phrase.is_name] if t in _AT), "")
            is_ship = phrase.head in words_in("vehicles")
            is_place = phrase.kind == "place"
            if phrase.is_name:  # in rural Alabama
                is_free = phrase.start not in self.cast.taken
                is_place = is_free and (is_place_name(phrase) or before in ("in", "at", "near"))
                is_place = is_place and phrase.text.lower() not in words_in("thing_names")
            is_aboard = before or phrase.determiner == "the"
            if not is_place or (is_ship and not is_aboard):
                continue
            is_big = {phrase.head, phrase.text.lower()} & words_in("too_big")
            is_there = before and (phrase.is_name or is_ship)
            rank = bool(before) - 3 * (bool(is_big) and not is_there)
            name = _the(phrase)
            at = _AT.get(before) or by_place.get(phrase.words[0 if phrase.is_name else -1].lower())
            ranked.append((-rank, phrase.start, name, f"{at or 'in'} {name}"))
        if _GOES_HOME.search(self.text):
            ranked.append((1, 999, "your home", "at your home"))
        if implied := next((s["place"] for s in self.settings if s.get("place")), ""):
            at = by_place.get(one_of(implied.split()[-1]), "in")
            ranked.append((1, 998, implied, f"{at} {implied}"))
        ranked.sort()
        names = list(dict.fromkeys(name for _, _, name, _ in ranked))
        is_vague = names[:1] in (["the world"], ["the universe"], ["the field"])
        return names, ranked[0][3] if ranked and not is_vague else "here"

    def things(self, places: Sequence[str]) -> list[str]:
        """What is no person and no place, the most spoken of first."""
        said = Counter(map(one_of, self.tokens))
        found = {
            _the(phrase): said[phrase.head]
            for phrase in self.phrases
            if phrase.kind in ("thing", "name")
            and not (phrase.head in words_in("groups") | {"group", "bunch", "edge"})
            and not (phrase.start in self.cast.taken or phrase.determiner in ("no", "any"))
        }
        return sorted(found.keys() - {*places}, key=lambda name: (-found[name], [*found].index(name)))

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
        """Verbs that the text says the player never does or cannot do; of others they say nothing."""
        player, found = self.cast.player, list[str]()
        mine = {"you", "i", "and", "culture"} | ({self.you.pronouns} if player else set())
        mine |= {player.phrase.head, *self.you.name.lower().split()} if player else set()
        known = words_in("verbs") - words_in("cannot_is_no_act")
        for said in _CANNOT.finditer(self.text):
            verb = said["verb"].lower()
            bases = (verb, second_persons().get(verb, ""), verb.removesuffix("ing"))
            if said["who"].lower() in mine:
                found += [base for base in bases if base in known][:1]
        return tuple(dict.fromkeys(found))

    def excluded(self) -> tuple[str, ...]:
        """What an order to the writer leaves out: "no gore or death"."""
        found = [w for s in self.commands for m in _WITHOUT.finditer(s) for w in m.groups() if w]
        return tuple(dict.fromkeys(w for w in found if w not in words_in("stops")))

    # ------------------------------------------------------------------------- the statements

    def told(self) -> tuple[str, ...]:
        """The statements, to the player; a title and an order to a writer tell nothing."""
        kept: list[str] = []
        for sentence in () if self.is_title else self.sentences:
            clause = sentence
            if sentence in self.commands:
                found = _CLAUSE_ASKED_FOR.search(sentence)
                clause = found["clause"] if found else ""
            is_meta = {w.lower() for w in tokens_of(clause)} & words_in("meta")
            if not clause or clause.endswith("?") or is_meta:
                continue
            if kept and len(" ".join([*kept, clause]).split()) > MOST_WORDS_TOLD:
                break
            clause = to_second_person(clause[0].upper() + clause[1:])
            kept.append(clause if clause[-1] in '.!?…”"' else f"{clause}.")
        return self._to_player(kept) or tuple(kept)

    def _to_player(self, told: Sequence[str]) -> tuple[str, ...] | None:
        """The statements with a lone third person as "you", None where somebody else may be meant.

        Whoever is played opens the first of them, and is said once: "You are Joe, a keeper."
        """
        player, pronouns = self.cast.player, self.you.pronouns
        if not told or not player or self.cast.is_second or player.phrase.is_many:
            return None
        others = {m.pronouns for m in self.cast.mentions if m is not player and not m.phrase.is_many}
        said = {t.lower() for sentence in told for t in tokens_of(sentence)}
        gender = pronouns if pronouns in ("he", "she") and not others & {"", pronouns} else ""
        if said & ({*GENDERS} | {"they", "them", "their"}) and not gender:
            return None
        nouns = [] if player.phrase.is_name else [re.escape(player.phrase.text)]
        names = [re.escape(n) for n in (self.you.name, *self.you.name.split()[:1]) if n]
        called = [rf"(?:an?|the) {n},? {m}\b,?" for n in nouns for m in names]
        called += [rf"{m}, (?:an?|the) {n}\b,?" for n in nouns for m in names]
        called += [*(rf"(?:an?|the|this) {n}\b" for n in nouns), *(rf"{m}\b" for m in names)]
        subject = re.compile("|".join(called + [rf"\b{gender}\b"] * bool(gender)), re.I)
        opens = subject.match(told[0])
        if not opens:
            return None
        role, rest = self.you.role, told[0][opens.end() :]
        if beside := _BESIDE.match(rest):  # a cook in the kitchen is ordered
            verb = next((w for w in beside["verb"].split() if w in second_persons()), "")
            head, _, tail = rest.partition(f" {verb} ")
            role, rest = role + head, f" {verb} {tail}"
            if not verb or role.endswith((" the", " a", " and")) or "," in head:
                return None
        turned = [_as_you(s, subject, gender) for s in (opens[0] + rest, *told[1:])]
        if not all(turned):
            return None
        is_said = re.match(r"You (?:are|were) (?:an?|the) ", turned[0] or "")
        line = ", ".join(filter(None, (self.you.name, "" if is_said else role)))
        return tuple(filter(None, (f"You are {line}." * bool(line), *turned)))


def _as_you(sentence: str, subject: re.Pattern[str], gender: str) -> str | None:
    """A sentence with its subject and their pronouns as "you", None where a verb is not known."""
    told, at, known = "", 0, second_persons()
    for found in subject.finditer(sentence):
        you = "you" if told.strip() or sentence[: found.start()].strip() else "You"
        after = _VERB_AFTER.match(sentence, found.end())
        if owns := re.match(r"['’]s\b", sentence[found.end() :]):
            ending, end = "'re" if found[0].lower() == gender else "r", found.end() + owns.end()
        elif after and after["verb"].lower() in known:
            ending, end = f"{after['between']}{known[after['verb'].lower()]}", after.end()
        elif you == "You" and not (after and _IS_SAME_WITH_YOU.match(after["verb"])):
            return None
        else:
            ending, end = "", found.end()
        told, at = told + sentence[at : found.start()] + you + ending, end
    told += sentence[at:]
    first = re.search(r"\byou\b|$", told, re.I)
    assert first
    stop = _OF_ANOTHER.search(told, first.end())
    upto = stop.start() if stop else len(told)

    def turn(found: re.Match[str]) -> str:
        verb = found["verb"]
        is_verb = verb in known and verb not in words_in("noun_verbs")
        return f"{found['before']}{known[verb] if is_verb else verb}"

    told = told[: first.end()] + _JOINED.sub(turn, told[first.end() : upto]) + told[upto:]
    if gender:
        own, him = {"he": ("his", "him"), "she": (r"her(?= (?!to|and|in|at|on|that|with|for|from)\w)", "her")}[gender]
        told = re.sub(rf"\b{own}\b", "your", told)
        told = re.sub(rf"\b{own}\b", "Your", told, flags=re.I)
        told = re.sub(rf"\b{him}(self)?\b", r"you\1", told).replace("youself", "yourself")
    return told
