"""Reading a premise: who, what and where it speaks of, by simple rules and no model.

Called by ``teller`` for every scene (a premise never changes, so the reading is cached). Whatever
is found here appears in the story under the premise's own words: people join the cast, places are
walked to, things become what the story turns on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.line_template import tidy
from tta_rebuild.storyteller.word_lists import word_list

LONGEST_READ = 3000
"""Characters of a premise that are read; the rest of a very long one is passed over."""


@dataclass(frozen=True, slots=True)
class PremiseReading:
    """What a premise speaks of. All phrases carry their article or are names.

    Attributes:
        opening: the premise's statements, ready to be told, "" if it has none.
        speaks_to_you: True if the opening says "you".
        role: what the premise says that the player is ("guardian angel"), "" if it does not.
        is_lone: True if the role is that of the only person ("A man never sleeps").
        people: such as "the nurse".
        names: names of people, such as "Leonardo DiCaprio".
        places: such as "the grand hall" or "Ft. Knox".
        things: such as "the dripping noise".
    """

    opening: tuple[str, ...]
    speaks_to_you: bool
    role: str
    is_lone: bool
    people: tuple[str, ...]
    names: tuple[str, ...]
    places: tuple[str, ...]
    things: tuple[str, ...]


_IRREGULAR_PEOPLE = {
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "",
    "wives": "wife",
    "witches": "witch",
    "heroes": "hero",
    "thieves": "thief",
}
_COMMANDS = re.compile(
    r"^(?:please\s+)?(?:write|tell|pitch|make|describe|fit|expand|give|create|imagine|use)\b", re.I
)
_META = re.compile(
    r"\b(?:write|reddit|prompts?|paragraphs?|reader|this picture|soundtrack|cliche|"
    r"bonus points|question of the week|words or less|world-building|reboot)\b",
    re.I,
)
_TAGS = re.compile(r"\[\s*[A-Za-z]{1,3}\s*\]")
_COMMAND_TOPIC = re.compile(
    r"^(?:please\s+)?(?:write|tell|pitch|make|describe)\b.*?\b(?:about|in which|where)\s+", re.I
)
_DETACHED = re.compile(r"\s+(['’](?:s|re|ve|m|ll|d)\b|n['’]t\b)", re.I)
_TOKEN = re.compile(r"(?:[^\W_]|\$)+(?:[-'’.][^\W_]+)*|[.,;:!?…“”\"()—-]+")
_NO_TITLE = ("determiners", "without_article", "stops", "verbs", "no_titles")
_PART = re.compile(
    r"(?:[Yy]ou are (?:part of |secretly |such |training to become )?(?:an?|the)"
    r"|[Yy]our job (?:is|was) an?) ([a-z ]+?)"
    r"(?= (?:during|hired|working|in|at|of|and|with|who|on)\b|[,.]|$)"
)
_PERSONAL = {"i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself"}
_FIRST_PERSON_VERBS = {"i'm": "you're", "i've": "you've", "i'll": "you'll", "i'd": "you'd"}


def mended(text: str) -> str:
    """Text with the usual damage of collected prose put right (spaces, split contractions)."""
    text = "".join(ch if ch.isprintable() or ch in "\n\t" else " " for ch in text[:LONGEST_READ])
    text = _TAGS.sub(" ", text)
    text = _DETACHED.sub(r"\1", text)
    text = re.sub(r"\s+(['’])\s+", r"\1 ", text)
    text = re.sub(r"\s*\.{3,}|\s*…", "…", text)
    text = re.sub(r"\bit['’]s (?=only\b|own\b|meta\b)", "its ", text)
    text = re.sub(r"\b(\w+)['’]s (?=finally gets\b)", r"\1 ", text)
    text = re.sub(r"\b(with|the|to|of) \1\b", r"\1", text)
    text = re.sub(r"\$\s+(\d)", r"$\1", text)
    text = re.sub(r"#\s*\d+|\br/\w+", " ", text)
    text = re.sub(r"\s+([.,;:!?”])", r"\1", text)
    text = re.sub(r"“\s+", "“", text)
    return re.sub(r"\s+", " ", text).strip()


def to_second_person(text: str) -> str:
    """``My cat`` → ``Your cat``; quoted speech stays as it is."""

    def turn(found: re.Match[str]) -> str:
        word = found.group()
        new = _PERSONAL.get(word.lower()) or _FIRST_PERSON_VERBS.get(word.lower(), word)
        return new.capitalize() if word[0].isupper() and word.lower() not in ("i",) else new

    parts = re.split(r"(“[^”]*”|\"[^\"]*\")", text)
    for i in range(0, len(parts), 2):
        part = re.sub(r"\b[Ii] am\b", "you are", parts[i])
        part = re.sub(r"\b[Ii] was\b", "you were", part)
        parts[i] = re.sub(r"\b(?:I['’](?:m|ve|ll|d)|I|[Mm]e|[Mm]y|[Mm]ine|[Mm]yself)\b", turn, part)
    return tidy("".join(parts))


@lru_cache(maxsize=64)
def read_premise(theme: str) -> PremiseReading:
    """Who, what and where a premise speaks of; finds nothing in an empty one."""
    text = mended(theme)
    statements = _statements(text)
    phrases, role = _phrases(text)
    names, name_places, name_things = _names(text)
    people: list[str] = []
    places: list[str] = list(name_places)
    things: list[str] = []
    for phrase in phrases:
        head = phrase.split()[-1].lower()
        if person := _person(head):
            if role and role.endswith(person):
                continue
            if head == person:
                people.append(phrase)
            else:  # many of them: what the story is about rather than company in it
                things.append(phrase)
        elif singular(head) in word_list("places"):
            places.append(phrase)
        else:
            things.append(phrase)
    things = [
        t for t in things if not any(name.lower() in t.lower() for name in (*names, *name_places))
    ]
    things += name_things
    things.sort(key=lambda thing: -_mentions(text, thing))
    whole = (*things, *places, *names)
    things = [t for t in things if not any(_part_of(t, other) for other in whole)]
    if re.search(r"\bAI\b", text):
        things.insert(0, "the AI")
    names = [n for n in names if not re.search(rf"\b[Yy]ou are {re.escape(n)}\b", text)]
    lone = "" if role else _lone(statements, people, names)
    if lone:
        people = [p for p in people if p.removeprefix("the ") != lone]
    if not (people or places or things or names or lone):
        things = _bare_nouns(text)
    opening = tuple(to_second_person(s) for s in statements)
    speaks = bool(opening) and bool(re.search(r"\b[Yy]our?\b", opening[0]))
    if not (people or places or things or names) and (lone or role or speaks):
        things = ["your secret"]
    return PremiseReading(
        opening=opening,
        speaks_to_you=speaks,
        role=role or lone,
        is_lone=bool(lone),
        people=_by_head(people)[:4],
        names=_unique(names)[:4],
        places=_unique(places)[:4],
        things=_unique(things)[:8],
    )


def _statements(text: str) -> list[str]:
    kept: list[str] = []
    words = 0
    for sentence in re.split(r"(?<=[.!?…])[”\"]?\s+(?=[A-Z“\"])", text):
        if _COMMANDS.match(sentence) or sentence.endswith("?") or _META.search(sentence):
            continue
        if words and words + len(sentence.split()) > 62:
            break
        if not kept and len(sentence.split()) > 90:
            break
        if sentence.count("“") != sentence.count("”"):
            sentence = sentence.replace("“", "").replace("”", "")
        words += len(sentence.split())
        if words < 4 and not kept:  # a title rather than a statement
            continue
        sentence = sentence[0].upper() + sentence[1:]
        kept.append(sentence if sentence[-1] in ".!?…”" else f"{sentence}.")
    return kept


_NOT_PLAYED = re.compile(r"\b(?:kill\w*|murder\w*|suicid\w*|dies|villain|supervillain|god)\b", re.I)


def _lone(statements: list[str], people: list[str], names: list[str]) -> str:
    """The one person that the premise opens with, where it tells of nobody else: the player."""
    text = " ".join(statements)
    if names or len(people) != 1 or re.search(r"\byou\b", text) or _NOT_PLAYED.search(text):
        return ""
    role = people[0].removeprefix("the ")
    return role if re.match(rf"An? {re.escape(role)}\b", text, re.I) else ""


def _part_of(one: str, other: str) -> bool:
    """True if one phrase is but a piece of another: "Cop" of "Mall Cop"."""
    bare, whole = one.lower().removeprefix("the "), other.lower().removeprefix("the ")
    return bare != whole and bool(re.search(rf"(?:^| ){re.escape(bare)}(?: |$)", whole))


def _bare_nouns(text: str) -> list[str]:
    """Known places and people that are spoken of without an article: "use stairs" → the stairs."""
    known = word_list("places") | word_list("people")
    found = [
        w
        for w in re.findall(r"[a-z]+", text.lower())
        if {w, singular(w)} & known - word_list("no_heads") - {"well"}
    ]
    return [f"the {word}" for word in dict.fromkeys(found)]


def _mentions(text: str, phrase: str) -> int:
    """How often the head of a phrase occurs: what a premise repeats is what it is about."""
    head = singular(phrase.split()[-1].lower())
    return len(re.findall(rf"\b{re.escape(head)}", text.lower()))


def _person(word: str) -> str:
    word = word.lower()
    if word in _IRREGULAR_PEOPLE:
        return _IRREGULAR_PEOPLE[word]
    one = singular(word)
    return one if one in word_list("people") else ""


def _unique(found: list[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for item in found:
        key = item.lower()
        bare = key.split(" ", 1)[-1]
        if not any(bare == k.split(" ", 1)[-1] for k in seen):
            seen[key] = item
    return tuple(seen.values())


def _by_head(people: list[str]) -> tuple[str, ...]:
    """One phrase for each kind of person, the fullest."""
    fullest: dict[str, str] = {}
    for phrase in people:
        head = phrase.split()[-1].lower()
        fullest[head] = max(fullest.get(head, ""), phrase, key=len)
    return tuple(fullest.values())


def _phrases(text: str) -> tuple[list[str], str]:
    """Noun phrases that a determiner opens, with "the"; and the player's role."""
    text = _COMMAND_TOPIC.sub("", text)
    tokens = _TOKEN.findall(text)
    found: list[str] = []
    role = ""
    for i, token in enumerate(tokens):
        low = token.lower()
        title = i == 0 and not any(low in word_list(name) for name in _NO_TITLE)
        if low not in word_list("determiners") and not title:
            continue
        phrase = _phrase_at(tokens, i if title else i + 1, i + 5)
        if title and len(phrase) > 3:
            continue
        phrase = [w for w in phrase if w.lower() not in word_list("superlatives")]
        if not phrase:  # "the worst"
            continue
        words = " ".join(w if _is_name(w) else w.lower() for w in phrase)
        if low in ("a", "an") and [t.lower() for t in tokens[max(0, i - 2) : i]] == ["you", "are"]:
            role = role or words
            continue
        if title and len(phrase) == 1:
            words = words.lower()
            if phrase[0] in word_list("known_places") or words.endswith(("ism", "ness")):
                found.append(phrase[0] if phrase[0] in word_list("known_places") else words)
                continue
        last = phrase[-1].lower()
        if low in ("two", "three", "four", "five") and last != singular(last):
            words = f"{low} {words}"
        found.append(f"{'your' if low in ('your', 'my') else 'the'} {words}")
    if not role and (part := _PART.search(text)):
        role = " ".join(part.group(1).split()[:3])
        found = [f for f in found if f != f"the {role}"]
    return found, "" if role.endswith(("person", "one")) else role


def _phrase_at(tokens: list[str], start: int, stop: int) -> list[str]:
    """The words of a noun phrase up to its head, none if that could not be told of."""
    phrase: list[str] = []
    for word in tokens[start:stop]:
        bare = word.lower()
        if (
            not word[0].isalnum()
            or bare in word_list("stops")
            or "'" in bare
            or ("’" in bare and not bare.endswith("’s"))
            or (phrase and (bare[0].isdigit() or _is_verb(bare)))
            or (bare in word_list("verbs") and not bare.endswith(("ed", "ing", "en")))
            or bare in word_list("determiners")
        ):
            break
        phrase.append(word)
    trailing = word_list("trailing")
    while phrase and (phrase[-1].lower().endswith("ly") or phrase[-1].lower() in trailing):
        phrase.pop()
    return [] if not phrase or _bad_head(phrase[-1]) else phrase


def _is_verb(word: str) -> bool:
    """Known as a verb, or the third person of one."""
    return word in word_list("verbs") or (
        word.endswith("s") and (word[:-1] in word_list("verbs") or word[:-2] in word_list("verbs"))
    )


def _is_name(word: str) -> bool:
    return len(word) > 1 and (word[0].isupper() or word[-1].isupper())


def _bad_head(word: str) -> bool:
    low = word.lower()
    return (
        low in word_list("no_heads")
        or low in word_list("verbs")
        or len(low) < 3
        or low[0].isdigit()
        or low.endswith(("'s", "’s", "ly"))
    )


CAPITALS = "A-Z" + "".join(c for c in map(chr, range(0xC0, 0x250)) if c.isupper())
_CAPITALISED = rf"[{CAPITALS}][a-zß-ɏ]+"
_NAME_RUN = re.compile(
    r"(?<![.!?“:…]\s)(?<![“(])(?<!^)\b(?:(?:St|Ft|Mt|Dr|Mr|Mrs|Ms)\.\s+)?"
    rf"[{CAPITALS}][\w'’-]*\w(?:\s+[{CAPITALS}][\w-]+|\s+of\s+[A-Z]\w+|\s+of\s+the\s+[A-Z]\w+)*"
)
_START_NAME = re.compile(
    rf"(?:^|[.!?:…]\s+)((?:{_CAPITALISED}\s+){{1,3}}{_CAPITALISED}(?:{_CAPITALISED})?"
    rf"|{_CAPITALISED}(?<=\w\w\w)(?=,))"
)
_PLACE_BEFORE = re.compile(r"\b(?:in|at|to|from|of|near|reaches|discovered|into|on)\s+$", re.I)
_PERSON_AFTER = re.compile(
    r"^(?:,| (?:is|was|has|had|turns|says|said|decides|decided|realizes|begins|discovers|just|and|"
    r"wants|must|can|opens|walks|finds|never|always|does|did|loses|comes|goes|takes|keeps|wakes))\b|^,"
)


def _names(text: str) -> tuple[list[str], list[str], list[str]]:
    people: list[str] = []
    places: list[str] = []
    things: list[str] = []
    spans = [(m.start(), m.group()) for m in _NAME_RUN.finditer(text)]
    spans += [(m.start(1), m.group(1)) for m in _START_NAME.finditer(text)]
    for start, found in sorted(spans):
        name = re.sub(r"['’]s?$", "", found).strip()
        if text[start + len(found) :].startswith(":") or text[:start].endswith(": "):
            continue  # the title of a work
        words = [w for w in name.split() if w not in word_list("no_names")]
        if not words or name in word_list("no_names") or words != name.split():
            continue
        if words[0].lower() in word_list("stops") | word_list("verbs") or (
            len(name) > 3 and name.isupper()
        ):
            continue
        before, after = text[:start], text[start + len(found) :]
        last = words[-1].lower()
        if name.lower() in word_list("thing_names"):
            things.append(name)
        elif (
            last in word_list("places")
            or name.startswith(("Ft.", "St.", "Mt.", "United"))
            or words[0] in word_list("known_places")
        ):
            places.append(name)
        elif (
            _person(last) or _PERSON_AFTER.match(after) or (len(words) == 2 and " of " not in name)
        ):
            people.append(name)
        elif _PLACE_BEFORE.search(before):
            places.append(name)
        else:
            things.append(name)
    return people, places, things
