"""The noun phrases and names of an English text: the first pass over a premise.

Called by ``premise`` and ``premise_mentions``. A determiner opens a phrase; a word that no noun
phrase holds, a verb or a plural closes it. Its lists are ``data/premise_words.toml``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType

from tta_rebuild.core.english import singular, third_person, verb_forms
from tta_rebuild.storyteller.word_lists import pattern, word_table

_OWNS = ("'s", "’s", "s'", "s’")
_NOUNS, _HEAD = re.compile(r'^nouns: "(?P<nouns>[^"]*)"', re.M), 4_000
PERSONS = ("person", "she", "he")
NOUN_KINDS = (*PERSONS, "animal", "place", "vehicle")
OPENINGS = frozenset('.!?…“":')


@cache
def words_in(*names: str) -> frozenset[str]:
    """The words of one or several lists; first names are those of the lexicon too."""
    lists = [word_table("premise_words")[name] for name in names]
    lists += [word_table("lexicon")[name] for name in names if name.endswith("he_names")]
    return frozenset(w for words in lists for w in words.split())


@cache
def _lexicon() -> Mapping[str, str]:
    kinds = ((kind, word_table("lexicon")[kind]) for kind in NOUN_KINDS)
    return {w: kind for kind, words in kinds for w in words.split()}


def noun_kind(noun: str) -> str:
    """What a noun in the singular is by the lexicon, "" if it is none of these.

    ``person`` (``she``, ``he`` where the noun says it), ``animal``, ``place``, ``vehicle``.
    """
    return _lexicon().get(noun, "")


@cache
def second_persons() -> Mapping[str, str]:
    """Third person of every known verb → the form that goes with "you"."""
    auxiliaries = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go"}
    return MappingProxyType({third_person(v): v for v in words_in("verbs")} | auxiliaries)


@cache
def _participles() -> frozenset[str]:
    forms = {form for verb in words_in("verbs") for form in verb_forms(verb)}
    return frozenset(f for f in forms if f.endswith(("ing", "ed"))) | words_in("irregular_verbs")


def tokens_of(text: str) -> list[str]:
    """Words and punctuation marks, one by one."""
    return pattern("token").findall(pattern("title").sub(r"\1 ", text))


@lru_cache(maxsize=20_000)
def one_of(noun: str) -> str:
    """The singular of a noun: ``heroes`` → ``hero``; a singular noun stays."""
    low = noun.lower()
    if low in words_in("people", "places"):
        return low
    one = low[:-2] if low.endswith("oes") else singular(low)
    is_cut = one != low and one not in words_in("people") and f"{one}e" in words_in("people")
    return f"{one}e" if is_cut else one


def is_plural(noun: str) -> bool:
    """Whether a noun is a plural by its form, or a word for several people."""
    return one_of(noun) != noun.lower() or noun.lower() in {"people", "police", "folk"}


@lru_cache(maxsize=20_000)
def is_person(noun: str) -> bool:
    """Whether a noun in the singular is a word for somebody."""
    if noun.rpartition("-")[2] in words_in("people"):
        return True
    if noun in words_in("not_people") or len(noun) < 5:
        return False
    if noun_kind(noun) in PERSONS:
        return True
    if kind_of_thing(noun):
        return False  # a freezer, a mixer
    does = noun.endswith("er") and not {noun[:-2], noun[:-1]}.isdisjoint(words_in("verbs"))
    return does or noun.endswith(tuple(words_in("people_endings")))


def is_known(word: str) -> bool:
    """Whether a word in lower case is one that the lists have as something else than a noun."""
    return word in words_in("verbs", "stops", "determiners") or word in _participles()


def is_place(noun: str) -> bool:
    """Whether a noun in the singular is a word for a place."""
    return noun in words_in("places") or noun_kind(noun) == "place"


def is_animal(noun: str) -> bool:
    """Whether a noun in the singular is a word for an animal."""
    return noun in words_in("animals") or noun_kind(noun) == "animal"


@cache
def _portable() -> frozenset[str]:
    return frozenset(word_table("lexicon")["portable"].split())


def cut_short(phrase: str) -> str:
    """A phrase without what follows its noun: ``the last letter`` of "… of your dead friend"."""
    return re.split(r" (?:of|that|which|who|from) ", phrase)[0]


def is_verb(word: str) -> bool:
    """Whether a word in lower case may be a verb, in any form."""
    return word in words_in("verbs") or word in second_persons() or word.endswith(("ed", "ing"))


def kind_of_thing(noun: str) -> str:
    """The kind of a thing or place by its noun in the singular: a file of ``interludes``, or ""."""
    return _things().get(noun, "")


@cache
def _things() -> dict[str, str]:
    """Noun → the file that has it; read from their heads alone."""
    folder, found = files("tta_rebuild.storyteller").joinpath("interludes"), dict[str, str]()
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        head = _NOUNS.search(file.read_text("utf-8")[:_HEAD])
        nouns = head["nouns"].split() if head else ()
        found |= {noun: file.name.removesuffix(".yaml") for noun in nouns if noun not in found}
    return found


def is_portable(noun: str) -> bool:
    """Whether a noun in the singular is a word for what somebody can carry off."""
    return noun in _portable()


def without_accents(name: str) -> str:
    """A name as the lists have it: ``Tomás`` → ``Tomas``."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode() or name


def without_s(word: str) -> str:
    """A word without its possessive ending: ``king's`` → ``king``."""
    return re.sub(r"['’]s?$", "", word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A noun phrase; ``start`` and ``end`` count tokens, ``end`` is the one after it.

    ``determiner`` is "" if there is none; a name has none, and ``is_name``. ``said``: "place",
    "person" or "you" where the whole text tells that it is one.
    """

    determiner: str
    words: tuple[str, ...]
    start: int
    end: int
    is_name: bool = False
    said: str = ""

    @property
    def head(self) -> str:
        """The last word, in the singular and in lower case."""
        return one_of(without_s(self.words[-1]))

    @property
    def text(self) -> str:
        """All its words but the determiner."""
        return without_s(" ".join(self.words)) if self.is_name else " ".join(self.words)

    @property
    def is_group(self) -> bool:
        """Whether it ends with a word for several people: a crew, a family."""
        return not self.is_name and self.words[-1].lower() in words_in("groups")

    @property
    def is_many(self) -> bool:
        """Whether several are meant: a plural, or a group."""
        is_some = is_plural(self.words[-1]) or self.determiner in words_in("numerals") - {"one"}
        return (is_some and not self.is_name) or self.is_group

    @property
    def kind(self) -> str:
        """``person``, ``place``, ``thing``, ``name``, or "" where the head says nothing."""
        head, last = self.head, self.words[-1].lower()
        if self.said:
            return "person" if self.said == "you" else self.said
        if self.is_name or is_person(head):
            return "name" if self.is_name else "person"
        if {head, last} & words_in("no_heads"):
            return ""
        if last in words_in("group_people") and (self.determiner or is_plural(last)):
            return "person"
        return "place" if is_place(head) or last in words_in("places") else "thing"


def is_place_name(phrase: Phrase) -> bool:
    """Whether a name is that of a place."""
    words = phrase.text.split()
    ends = {words[0].lower(), words[-1].lower()}
    return words[0] in words_in("known_places") or bool(ends & words_in("place_name_words"))


def noun_phrases(tokens: Sequence[str], *, is_title: bool = False) -> list[Phrase]:
    """The noun phrases and names, in order.

    In a title every phrase counts, elsewhere only those that a determiner or an owner opens, and
    of the others those in the plural and those of a known person or place.
    """
    found: list[Phrase] = []
    at = 0
    while at < len(tokens):
        low, phrase = tokens[at].lower(), None
        is_owner = low.endswith(_OWNS) and low not in words_in("stops")
        if _is_numbered(tokens, at):
            called, said = (low, tokens[at + 1]), "place" if is_place(low) else "thing"
            phrase = Phrase(
                determiner="", words=called, start=at, end=at + 2, is_name=True, said=said
            )
        elif end := _name_end(tokens, at):
            words = tuple(tokens[at:end])
            if words[-1].endswith(_OWNS):  # Captain Ahab's daughter
                phrase = _phrase(tokens, end - 1, " ".join(words))
            phrase = phrase or Phrase(determiner="", words=words, start=at, end=end, is_name=True)
        elif low in words_in("determiners") or is_owner:
            phrase = _phrase(tokens, at, tokens[at] if is_owner else low)
            if phrase and not is_owner and (end := _name_end(tokens, phrase.end)):
                phrase = _named(phrase, tokens[phrase.end : end], end)
        elif low[0].isalpha() and low not in words_in("stops") and not _is_adverb(low):
            phrase = _phrase(tokens, at, "")
            if phrase and not is_title and not _stands_bare(tokens, phrase, found):
                phrase = None
        found += [phrase] if phrase else []
        at = phrase.end if phrase else at + 1
    return found


def _named(phrase: Phrase, name: Sequence[str], end: int) -> Phrase:
    """A phrase, or the name behind it that it only says more of: "the closed Hotel Marmont"."""
    last = phrase.words[-1].lower()
    if not (last.endswith("ed") and is_known(last)) or name[-1].endswith(_OWNS):
        return phrase
    return Phrase(determiner="", words=tuple(name), start=phrase.start, end=end, is_name=True)


def _is_numbered(tokens: Sequence[str], at: int) -> bool:
    """Whether a noun and its number begin here, and name one thing: "room 12"."""
    low, number = tokens[at].lower(), [*tokens[at + 1 : at + 2], ""][0]
    before = tokens[at - 1].lower() if at else "."
    is_after = before in words_in("determiners")
    return low in words_in("numbered") and number.isdigit() and not is_after


def _phrase(tokens: Sequence[str], at: int, determiner: str) -> Phrase | None:
    """The phrase that begins here, None if no noun follows."""
    first = at + bool(determiner)
    while any(_is_adverb(t) or t.lower() in words_in("skipped") for t in tokens[first : first + 1]):
        first += 1
    end = first
    while end < min(len(tokens), first + 6) and not _is_over(tokens, end, first, determiner):
        end += 1
    while end > first and tokens[end - 1].lower() in words_in("not_last", "numerals"):
        end -= 1
    words = [w for w in tokens[first:end] if w != ","]
    if not words or not words[-1][0].isalpha():
        return None
    if first == at and (at == 0 or tokens[at - 1] in OPENINGS):
        words[0] = words[0] if words[0].isupper() else words[0].lower()
    words[-1] = re.sub("(?<=.)['’]s$", "", words[-1])  # my wife's on their side
    return Phrase(determiner=determiner, words=tuple(words), start=at, end=end)


def _is_over(tokens: Sequence[str], at: int, first: int, determiner: str) -> bool:
    """Whether the phrase whose words begin at ``first`` ends before this token."""
    word, low, last = tokens[at], tokens[at].lower(), tokens[at - 1].lower()
    follows, then = [*map(str.lower, tokens[at + 1 : at + 3]), ".", "."][:2]
    if low == "next" and at > first and follows in ("door", "to"):  # the beekeeper next door
        return True
    if word == "," and at > first:  # a small, dusty shop
        is_adjective = follows not in words_in("stops", "determiners") and not _is_known(follows)
        return not (is_adjective and _is_known(then) and tokens[at + 1][0].islower())
    if not word[0].isalnum() or low in words_in("stops") - words_in("not_last") or "n't" in low:
        return True
    if at == first or last.endswith(_OWNS):
        return False
    if low in words_in("numerals") and (_is_known(last) or kind_of_thing(one_of(last))):
        return True  # the sea | one last time
    is_new_name = _is_capital(word) and tokens[at - 1][0].islower()
    if is_plural(last) or is_new_name or _is_adverb(word):
        return True
    if low in words_in("naming") and _is_capital([*tokens[at + 1 : at + 2], "."][0]):
        return True  # a goat named | Brigadier
    if low in _participles():
        return not _is_known(follows)
    if low in words_in("verbs"):
        is_done = is_person(one_of(last)) and follows in words_in("stops")
        return is_done or follows in words_in("after_a_verb")
    after_person = is_person(one_of(last)) and not _is_known(low)
    ends = after_person or determiner in words_in("singular_determiners")
    return is_plural(low) and (ends or low in second_persons())


def _is_known(noun: str) -> bool:
    return is_person(one_of(noun)) or is_place(one_of(noun))


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and word.lower() not in words_in("adjectives_ly")


def _stands_bare(tokens: Sequence[str], phrase: Phrase, found: Sequence[Phrase]) -> bool:
    """Whether a phrase without a determiner is one: no verb, no adjective, no "as well"."""
    low, before = tokens[phrase.start].lower(), [".", *tokens[: phrase.start]][-1].lower()
    last, is_plain = phrase.words[-1], phrase.kind != "person"
    is_verb = low in second_persons() and low not in words_in("noun_verbs")
    may_be_verb = low in words_in("verbs") or low.endswith("s")
    is_done = before in words_in("before_a_verb") and may_be_verb
    if is_done or (is_verb and before not in OPENINGS):
        return False
    if is_plain and (last[0].isupper() or (low in _participles() and before.isalpha())):
        return False
    if found and (is_verb or phrase.kind == "thing") and low.endswith("s"):  # a storm nears
        is_next = phrase.start - found[-1].end <= (before == "," and found[-1].is_name)
        if is_next and not found[-1].is_many:
            return False
    is_job = not (is_plain or phrase.start) and [*tokens, "."][phrase.end] in words_in(
        "after_a_job"
    )
    is_there = phrase.kind == "place" and before in words_in("before_a_place")
    is_named = not is_plain and (phrase.is_many or bool(_name_end(tokens, phrase.end)))
    return is_plural(last) or low in words_in("called_by_role") or is_there or is_named or is_job


def _is_capital(word: str) -> bool:
    return word[0].isupper() and word[1:2].islower()


def _name_end(tokens: Sequence[str], at: int) -> int:
    """The token after the name that begins here, 0 if none does."""
    end = at
    while end < len(tokens):
        link = int(end > at and tokens[end] == "of")
        link += link and tokens[end + 1 : end + 2] == ["the"]
        if not any(map(_is_capital, tokens[end + link : end + link + 1])):
            break
        end += link + 1
    is_day = tokens[at : at + 1] and tokens[at].lower() in words_in("calendar")
    if end == at or is_day or tokens[end - 1][-1] in "'’":
        return 0
    words = [w.lower() for w in tokens[at:end]]
    follows, then = [*map(str.lower, tokens[end : end + 2]), ".", "."][:2]
    is_known = without_accents(tokens[at]) in words_in("known_places", "she_names", "he_names")
    is_named = at > 0 and tokens[at - 1].lower() in words_in("naming")
    is_role = not (is_known or is_named) and is_person(one_of(words[-1]))  # an American
    is_adjective = words[0] in words_in("before_a_name") and len(words) > 1  # Old Matthias
    if is_role or is_adjective or words[-1] in words_in("stops", "determiners"):
        return 0
    if not is_known and (at == 0 or tokens[at - 1] in OPENINGS):
        is_again = tokens[at] in tokens[at + 1 :] and not words[0].endswith("s")
        is_pair = follows == "and" and any(map(_is_capital, tokens[end + 1 : end + 2]))
        acts = follows in second_persons() or (follows == "," and then in ("a", "an", "the"))
        acts = acts or (follows == "," and then in ("who", "whose"))  # Appu, who printed them
        acts = acts and not words[0].endswith(tuple(words_in("no_name_ends")))
        is_titled = any(is_person(t.lower()) for t in tokens[end + 1 : end + 4])
        acts = acts or (follows == "the" and is_titled)  # Ysolde the tax collector
        is_name = len(words) > 1 or is_pair or is_again or acts
        if not is_name or words[0] in words_in("stops", "determiners", "verbs", "places"):
            return 0
    is_modifier = follows.isalpha() and follows not in {*words_in("stops"), *second_persons()}
    return 0 if at and tokens[at - 1].lower() in words_in("determiners") and is_modifier else end
