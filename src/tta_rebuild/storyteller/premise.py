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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from tta_rebuild.core.english import sentences_of
from tta_rebuild.storyteller.fact_wording import PremiseFact
from tta_rebuild.storyteller.line_template import listed
from tta_rebuild.storyteller.noun_phrases import (
    is_person,
    kind_of_thing,
    noun_phrases,
    one_of,
    second_persons,
    tokens_of,
    words_in,
)
from tta_rebuild.storyteller.premise_aim import PremiseAims, Undertaking
from tta_rebuild.storyteller.premise_characters import as_described, with_own_name
from tta_rebuild.storyteller.premise_corrections import corrected
from tta_rebuild.storyteller.premise_cues import most_weighed, weighed
from tta_rebuild.storyteller.premise_facts import facts_of
from tta_rebuild.storyteller.premise_matter import (
    without_verb,
)
from tta_rebuild.storyteller.premise_mentions import PremiseMentions
from tta_rebuild.storyteller.premise_parts import parts_of
from tta_rebuild.storyteller.premise_people import (
    PremisePeople,
    PremisePerson,
    head_of,
    implied_people,
    pronouns_of,
)
from tta_rebuild.storyteller.premise_questions import (
    FactQuestion,
    in_the_way,
    of_what_is_done,
    question_of,
    questions_of,
)
from tta_rebuild.storyteller.premise_ranking import (
    PossibleWish,
    likeliest_first,
    most_likely,
    possible_wishes,
)
from tta_rebuild.storyteller.premise_setting import PremiseSetting
from tta_rebuild.storyteller.premise_tagger import with_tagged
from tta_rebuild.storyteller.premise_text import is_english, readable
from tta_rebuild.storyteller.premise_told import (
    deadline_of,
    statements,
)
from tta_rebuild.storyteller.token_tree import TokenTree
from tta_rebuild.storyteller.word_lists import pattern, word_table

NOBODY = PremisePerson()
MOST_PLACES, MOST_THINGS = 4, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiseReading:
    """What a premise says, and what it clearly implies."""

    told: tuple[str, ...] = ()  # its own statements, mended, to the player; no orders to a writer
    you: PremisePerson = NOBODY  # the player's character; an empty one where it names nobody
    people: tuple[PremisePerson, ...] = ()  # everybody else, most important first
    places: tuple[str, ...] = ()  # noun phrases, first where the story opens
    at: str = "here"  # the opening place with its preposition, "here" if nothing says where
    time: str = ""  # "at night", "" if not said
    things: tuple[str, ...] = ()  # noun phrases, what the premise turns on first
    conflict: str = "understand"  # one of those of data/premise_topics.toml
    situation: str = ""  # the plot that is told of just this ("heist"), "" if none is
    likely: tuple[str, ...] = ()  # the three likeliest of them, () where one is certain
    wishes: tuple[str, ...] = ()  # what the player may be after, () where it is said
    is_chosen: bool = False  # whether the player has said of what it is
    stated: str = ""  # the conflict of what it says the player is after, "" if it does not
    nameless: str = ""  # its text without the names of people
    aim: str = "find out what is going on here"  # what the player is after, a bare infinitive
    matter: str = ""  # what it is all about, a noun phrase; "" if nothing is named
    names_matter: bool = False  # whether the premise has named it, or it is the plot's own
    deadline: str = ""  # "before dawn", "" if nothing is said
    surroundings: str = ""  # the kind of place it opens in, as surroundings.py knows it, or ""
    is_placed: bool = False  # whether that place is of this kind by its name
    tone: str = "plain"  # "plain", or one of those of data/premise_topics.toml
    year: int = 0  # when it plays, 0 if nothing says so
    is_modern: bool = True  # whether it may play today; nothing says that it is of another age
    is_wondrous: bool = False  # whether it speaks of magic, powers or what else cannot be
    cannot: tuple[str, ...] = ()  # verbs that the premise excludes for the player: "sleep"
    excluded: tuple[str, ...] = ()  # what the story must leave out: "gore"
    understood: str = ""  # all this in one line
    facts: tuple[PremiseFact, ...] = ()  # what it states, clause by clause
    question: FactQuestion | None = None  # that of a fact which the player is after, or against


def read_premise(
    theme: str, characters: Sequence[Mapping[str, Any]] = (), plot: str = "", wish: str = ""
) -> PremiseReading:
    """Read a premise of at most 5,000 characters; what ``characters`` say binds over the text.

    Args:
        characters: as in ``core.tasks``; name, description, pronouns, is_player.
        plot: the situation or conflict that it is of; "" finds it out.
        wish: what the player has said that they are after, a bare infinitive.
    """
    keys = ("name", "description", "pronouns", "is_player")
    bound = tuple(tuple(str(c.get(key) or "") for key in keys) for c in characters)
    return _read(theme, bound, plot, wish)


@lru_cache(maxsize=128)
def _read(theme: str, bound: tuple[tuple[str, ...], ...], plot: str, wish: str) -> PremiseReading:
    text = readable(theme)
    unread = PremiseReading(told=(text,) * bool(text))
    played = next((name for name, *_, is_player in bound if is_player), "")
    read = _Reading(text, played).read(plot, wish) if is_english(text) else unread
    you, people = as_described(*with_own_name(text, read.you, read.people), bound)
    own = (you.name, "" if _is_title(you) else you.role)
    parts = [f"You are {', '.join(filter(None, own)) or 'yourself'}"]
    told = [p for p in people if p.name and p.role and not _is_title(p)]
    parts += [f"{p.name} is {p.role}" for p in told]
    others = [p.name or p.role for p in people if p not in told]
    if others:
        parts.append(f"also {listed(others)}")
    parts += [read.at] if read.places else []
    parts += [f"you want to {read.aim}"] if read.nameless and not read.wishes else []
    return replace(read, you=you, people=people, understood=f"{'; '.join(parts)}.")


def _is_title(person: PremisePerson) -> bool:
    """Whether a role is said by the name already: Lieutenant Crane."""
    return person.name.lower().startswith(f"{head_of(person.role)} ")


def people_of(theme: str) -> PremisePeople:
    """Everybody of an English premise, as its text speaks of them."""
    return _Reading(readable(theme)).cast


def spoken_of_in(theme: str) -> tuple[PremiseMentions, list[int]]:
    """Who is spoken of in an English premise, and where the tagger finds whoever is played."""
    read = _Reading(readable(theme))
    told = [p.start for p in read.phrases if p.said == "you"]
    return PremiseMentions(read.tokens, read.phrases), told


def wishes_that_may_be(theme: str) -> Sequence[PossibleWish]:
    """All that the player of an English premise may be after, without an order."""
    read = _Reading(readable(theme))
    read.read()
    return read.possible


class _Reading:
    """One English premise, taken apart."""

    def __init__(self, text: str, played: str = "") -> None:
        cut = [re.split(r"(?<=…)\s+(?=[A-Z“])", sentence) for sentence in sentences_of(text)]
        whole = [part for parts in cut for part in parts] or [text]
        self.sentences, self.corrections = corrected(whole)
        self.commands = [s for s in self.sentences if pattern("command").match(s)]
        words = tokens_of(text)
        has_verb = any(w.lower() in {*second_persons(), "are", "has", "must"} for w in words[1:])
        self.is_title = len(words) <= 6 and not (has_verb or self.commands or text[-1] in ".!?")
        matter = [self._matter(s) for s in self.sentences]
        self.text = " ".join(filter(None, matter))
        if self.is_title:
            known = words_in("known_places", "she_names", "he_names")
            self.text = " ".join(w if w in known else w.lower() for w in words)
        self.tokens = tokens_of(self.text)
        self.phrases = noun_phrases(self.tokens, is_title=self.is_title)
        if not self.is_title:
            trees = TokenTree.of(self.text, self.tokens)
            self.phrases = with_tagged(trees, self.tokens, self.phrases)
        names = words_in("she_names", "he_names")  # Rob robs nobody, Ellen Ward is in no hospital
        named = [
            p for p in self.phrases if p.is_name and ({*p.words[:1]} & names or p.said == "you")
        ]
        names |= {word for phrase in named for word in phrase.words[1:] if phrase.said != "place"}
        said = [t for t in self.tokens if t[0].isalnum() and (self.is_title or t not in names)]
        bare = [re.sub(r"['’]s?$|['’]", "", t.lower()) for t in said]
        self.nameless = " ".join(t for t in self.tokens if self.is_title or t not in names)
        runs = {"_".join(bare[i : i + n]) for n in (2, 3) for i in range(len(bare))}
        self.spoken = {*bare, *map(one_of, bare), *runs}
        rows = word_table("premise_topics")["setting"].values()
        ranked = [(len({*row["words"].split()} & self.spoken), row) for row in rows]
        self.settings = [row for n, row in sorted(ranked, key=lambda r: -r[0]) if n]
        asked = [i for i, s in enumerate(self.sentences) if s in self.commands and matter[i]]
        before = " ".join(filter(None, matter[: asked[0]])) if asked else ""
        topic_at = len(tokens_of(before)) if asked else -1
        self.cast = PremisePeople(self.tokens, self.phrases, topic_at, played)
        self.possible: Sequence[PossibleWish] = ()

    @staticmethod
    def _matter(sentence: str) -> str:
        """A sentence without what it says to a writer: "Write a story about a cat" → "a cat"."""
        if not pattern("command").match(sentence):
            return sentence
        topic = pattern("asked_for").match(sentence)
        return topic["topic"] if topic else pattern("command").sub("", sentence, count=1).strip()

    def read(self, plot: str = "", wish: str = "") -> PremiseReading:
        """All that is read, without what players and authors say of people."""
        self.you = you = self.cast.you(next((s["you"] for s in self.settings if "you" in s), ""))
        own = re.search(pattern("i_am_named"), self.text)
        phrases = [p for p in self.phrases if not own or p.words[0] != own["name"]]
        self.aims = PremiseAims(
            self.tokens, phrases, self.cast, you, self.nameless, self.corrections.aim
        )
        people, no_people = self._people(you)
        places, at = (setting := self._setting()).places(people, you.role)
        things = self._things(places) + [p.role for p in no_people]
        told = statements(() if self.is_title else self.sentences, self.commands, self.cast, you)
        facts = facts_of(self.text, self.tokens, self.cast, people)
        others = [p for p in people if not own or p.name.split(" ")[0] != own["name"]]
        called = pronouns_of(p for p in people if not p.is_implied)

        def aims(wanted: str) -> Undertaking:
            return self.aims.read(told, others, places, plot, wanted)

        after, wishes, question = self._wanted(facts, called, aims, "" if plot else wish)
        question = None if plot else question
        asked = None if question is None or question.shape == "way" else question
        topics, around = word_table("premise_topics"), setting.surroundings(places)
        its = topics["situation"].get(after.situation, {})
        time = pattern("time").search(self.text)
        return PremiseReading(
            told=told,
            you=you,
            people=tuple(p for p in people if p.name or p.role),
            places=tuple(places[:MOST_PLACES]),
            at=at,
            time=re.sub(r"^in (?=\d+s)", "in the ", time[0]) if time else "",
            things=tuple(things[:MOST_THINGS]),
            conflict=asked.plot.partition(".")[0] if asked else after.conflict,
            situation=after.situation,
            is_chosen=bool(plot),
            stated=after.stated,
            nameless=self.nameless,
            likely=after.likely,
            wishes=wishes,
            aim=asked.wish if asked else after.aim,
            facts=tuple(facts),
            question=question,
            matter=after.matter,
            names_matter=after.names_matter,
            deadline=deadline_of(self.text),
            surroundings=around or its.get("surroundings", ""),
            is_placed=setting.is_told(places, around),
            tone=most_weighed(weighed(self.nameless, "tone"), "plain"),
            year=setting.year(),
            is_modern=setting.is_modern(),
            is_wondrous=bool(self.spoken & {*topics["wonders"]["words"].split()}),
            cannot=self._cannot(),
            excluded=self._excluded(),
        )

    def _wanted(
        self,
        facts: Sequence[PremiseFact],
        called: Mapping[str, str],
        aims: Callable[[str], Undertaking],
        wish: str,
    ) -> tuple[Undertaking, tuple[str, ...], FactQuestion | None]:
        """What the player is after, the wishes to choose from, the question that it is of."""
        after = aims(wish)
        self.possible = possible_wishes(
            after.wishes,
            questions_of(facts, called),
            facts,
            self.text,
            called,
            is_first_meant=after.is_meant,
        )
        wishes = most_likely(self.possible) if after.wishes else ()
        wanted, ranked = wish or next(iter(wishes), ""), likeliest_first(self.possible)
        question = question_of(wanted, ranked) if wanted else None
        if question is None and wishes and wanted != after.aim:
            after = replace(
                aims(wanted),
                situation=after.situation,
                likely=after.likely,
                stated=after.stated,
            )
        if question is None and wanted:
            question = of_what_is_done(after.aim, after.conflict, after.matter, ranked)
        is_said = bool(wish)
        return after, wishes, question or in_the_way(after.aim, ranked, is_said=is_said)

    # ----------------------------------------------------------------- people, places, things

    def _people(self, you: PremisePerson) -> tuple[list[PremisePerson], list[PremisePerson]]:
        """The people with their parts, the best known first, and what was only taken for one.

        A premise that names anybody names them all; to another whoever there must be is added.
        """
        odds = {m.phrase.start: parts_of(self.cast, m) for m in self.cast.mentions}
        found = [replace(p, odds=odds.get(p.at, {})) for p in self.cast.others()]
        things = [p for p in found if _is_a_thing(p, self.text)]
        people = [*self.corrections.people([p for p in found if p not in things])]
        if not any(person.name for person in people):
            me = head_of(you.role)
            fitting = [s for s in self.settings if not s.get("player") or me in s["player"].split()]
            roles = [role for s in fitting for role in s.get("people", ())]
            people += implied_people(roles, you, people)
        return sorted(people, key=lambda p: (p.is_group, not p.name, not p.role)), things

    def _setting(self) -> PremiseSetting:
        return PremiseSetting(
            text=self.text,
            tokens=self.tokens,
            phrases=self.phrases,
            nameless=self.nameless,
            spoken=self.spoken,
            implied=self._implied_place(),
            begins_at=self.corrections.at,
        )

    def _implied_place(self) -> str:
        """The place of what is spoken of, "" if none; not of a funeral "since" which it is told."""
        over = pattern("over_since").findall(" ".join(self.tokens))
        gone = {one_of(word) for said in over for word in re.findall(r"\w+", said.lower())}
        fitting = (s for s in self.settings if gone.isdisjoint(s["words"].split()))
        return next((s["place"] for s in fitting if "place" in s), "")

    def _things(self, places: Sequence[str]) -> list[str]:
        """What is no person and no place, the most spoken of first."""
        said, found = Counter(map(one_of, self.tokens)), dict[str, int]()
        for phrase in map(without_verb, self.phrases):
            is_none = phrase.start in self.cast.taken or phrase.determiner in ("no", "any")
            is_group = phrase.head in words_in("groups") | {"group", "bunch", "edge"}
            is_vehicle = phrase.kind == "place" and phrase.head in words_in("vehicles")
            if (is_vehicle or phrase.kind in ("thing", "name")) and not (is_none or is_group):
                found[self.aims.called(phrase)] = said[phrase.head]
        return sorted((t for t in found if t not in places), key=lambda t: -found[t])

    def _excluded(self) -> tuple[str, ...]:
        """What an order to a writer leaves out: "without gore"."""
        said = [w for s in self.commands for m in pattern("without").findall(s) for w in m]
        return tuple(dict.fromkeys(w for w in said if w and w not in words_in("stops")))

    def _cannot(self) -> tuple[str, ...]:
        """Verbs that the player never does or cannot do; what others cannot says nothing."""
        mine, player, found = {"you", "i", "and", "culture"}, self.cast.player, list[str]()
        if player:
            mine |= {player.phrase.head, self.you.pronouns, *self.you.name.lower().split()}
        for said in pattern("cannot").finditer(self.text):
            verb = said["verb"].lower()
            bases = (verb, second_persons().get(verb, ""), verb.removesuffix("ing"))
            known = [b for b in bases if b in words_in("verbs") - words_in("cannot_is_no_act")]
            found += known[:1] if said["who"].lower() in mine else []
        return tuple(dict.fromkeys(found))


def _is_a_thing(person: PremisePerson, text: str) -> bool:
    """Whether what was taken for somebody is a freezer or a boat, and has no mind to speak."""
    kind = kind_of_thing(head_of(person.role))
    is_somebody = person.name or kind in ("", "animal") or is_person(head_of(person.role))
    is_alive = max(person.odds.get(one, 0.0) for one in ("machine", "beast")) >= 0.3
    if is_somebody or not is_alive:
        return not is_somebody
    of_mind, head = pattern("of_mind").pattern, re.escape(head_of(person.role))
    return not re.search(rf"\b{head}(?: \w+){{0,3}} {of_mind}", text)
