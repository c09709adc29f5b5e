"""The noun phrases of a premise: what is spoken of, found by rules on words and lists of nouns.

Called by ``premise_reading``. A determiner opens a phrase; a word that no noun phrase holds, a verb
or a plural closes it. English only; the lists are in ``data/premise_words.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from tta_rebuild.core.english import singular, verb_forms
from tta_rebuild.storyteller.word_lists import word_table

LONGEST_READ = 5000
"""Characters of a premise that are read; the rest of a longer one is passed over."""

_TOKEN = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*['’]?(?=\W|$)|[^\w\s]")
_DETACHED = re.compile(r"\s+(['’](?:s|re|ve|m|ll|d)\b|n['’]t\b)", re.I)
_MENDS = (
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
_TITLES = re.compile(r"\b(Dr|Mr|Mrs|Ms|Prof|Capt|Lt|Sgt|St)\. ")


@cache
def words_in(name: str) -> frozenset[str]:
    """The words of one list of ``premise_words.toml``."""
    return frozenset(word_table("premise_words")[name].split())


@cache
def prepositions() -> Mapping[str, str]:
    """Head of a place → the preposition that goes with it."""
    table = word_table("premise_words")["prepositions"]
    return MappingProxyType({word: by for by, words in table.items() for word in words.split()})


@cache
def _verbs() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Third persons, pasts and participles of the known verbs, and their forms in -ing."""
    forms = frozenset(form for verb in words_in("verbs") for form in verb_forms(verb))
    doing = frozenset(form for form in forms if form.endswith("ing"))
    done = frozenset(f for f in forms if f.endswith("ed")) | words_in("irregular_verbs")
    return frozenset(f for f in forms if f.endswith("s")), done, doing


def is_third_person(word: str) -> bool:
    """Whether a word is the third person of a known verb or of an auxiliary."""
    return word in _verbs()[0] or word in {"is", "was", "has", "does", "can", "must", "will"}


def mended(text: str) -> str:
    """Text with the usual damage of collected prose put right (spaces, split contractions)."""
    text = "".join(ch if ch.isprintable() or ch in "\n\t" else " " for ch in text[:LONGEST_READ])
    text = _DETACHED.sub(r"\1", text)
    for pattern, instead in _MENDS:
        text = re.sub(pattern, instead, text)
    return text.strip()


def tokens_of(text: str) -> list[str]:
    """Words and punctuation marks, one by one."""
    return _TOKEN.findall(_TITLES.sub(r"\1 ", text))


@lru_cache(maxsize=20_000)
def one_of(noun: str) -> str:
    """The singular of a noun: ``heroes`` → ``hero``; a singular noun stays."""
    low = noun.lower()
    if low in words_in("people") | words_in("places") or low == "series":
        return low
    if low.endswith("oes"):
        return low[:-2]
    one = singular(low)
    return f"{one}e" if one not in words_in("people") and f"{one}e" in words_in("people") else one


def is_plural(noun: str) -> bool:
    """Whether a noun is a plural by its form, or a word for several people."""
    return one_of(noun) != noun.lower() or noun.lower() in {"people", "police", "folk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A noun phrase; ``start`` and ``end`` count tokens, ``end`` is the one after it.

    ``determiner`` is in lower case, "" if there is none; a name has none and ``is_name``.
    """

    determiner: str
    words: tuple[str, ...]
    start: int
    end: int
    is_name: bool = False

    @property
    def head(self) -> str:
        """The last word, in the singular and in lower case."""
        return one_of(self.words[-1])

    @property
    def text(self) -> str:
        """All its words but the determiner."""
        return " ".join(self.words)

    @property
    def is_many(self) -> bool:
        """Whether it is a plural."""
        return is_plural(self.words[-1]) or self.determiner in words_in("numerals")

    @property
    def kind(self) -> str:
        """``person``, ``place``, ``thing``, or "" where the head says nothing by itself."""
        head, bare = self.head, self.words[-1].lower()
        if self.is_name:
            return "name"
        whole = "".join(self.words[-2:]).lower()
        if is_person(head) or one_of(whole) in words_in("people"):
            return "person"
        if head in words_in("no_heads") or bare in words_in("no_heads"):
            return ""
        if bare in words_in("groups") and (self.determiner or bare in _BARE_GROUPS):
            return "person" if bare in words_in("group_people") | {"team", "crew"} else "thing"
        is_place = {head, bare} & words_in("places")
        return "place" if is_place else "thing"


_BARE_GROUPS = frozenset(("authorities", "police", "parents"))


def is_person(noun: str) -> bool:
    """Whether a noun in the singular is a word for somebody."""
    if (last := noun.rpartition("-")[2]) in words_in("people"):
        return True
    if noun in words_in("not_people") or len(noun) < 5:
        return False
    does = noun.endswith("er") and {noun[:-2], noun[:-1]} & words_in("verbs")
    is_so = len(noun) > 6 and noun.endswith(tuple(words_in("people_endings")))
    return bool(does or is_so) and last == noun


def noun_phrases(tokens: Sequence[str], *, is_title: bool = False) -> list[Phrase]:
    """The noun phrases and names, in order; in a title every phrase counts, elsewhere only those
    that a determiner opens, those in the plural and those of a known person or place."""
    found: list[Phrase] = []
    at = 0
    while at < len(tokens):
        low = tokens[at].lower()
        phrase = None
        if end := _name_end(tokens, at):
            words = tuple(tokens[at:end])
            if words[-1].endswith(("'s", "’s")):  # Facebook's users
                phrase = _phrase(tokens, end - 1, " ".join(words))
            phrase = phrase or Phrase(determiner="", words=words, start=at, end=end, is_name=True)
        elif low in words_in("determiners"):
            phrase = _phrase(tokens, at, low)
        elif low.endswith(("'s", "’s", "s'", "s’")) and low not in words_in("stops"):
            phrase = _phrase(tokens, at, tokens[at])
        elif tokens[at][0].isalpha() and low not in words_in("stops"):
            phrase = _phrase(tokens, at, "")
            if (
                (phrase and not (is_title or phrase.is_many or phrase.kind in ("person", "place")))
                or (phrase and not is_title and not _stands_bare(tokens, phrase))
                or (phrase and found and not is_title and _is_said_of(tokens, found[-1], phrase))
            ):
                phrase = None
        if phrase:
            found.append(phrase)
        at = phrase.end if phrase else at + 1
    return found


def _phrase(tokens: Sequence[str], at: int, determiner: str) -> Phrase | None:
    """The phrase that begins here, or None if no noun follows."""
    first = at + bool(determiner)
    while first < len(tokens) and (_is_adverb(tokens[first]) or tokens[first].lower() in _MORE):
        first += 1
    end = first
    while end < len(tokens) and end - first < 6:
        word = tokens[end]
        if word == "," and end > first and _is_list_of_adjectives(tokens, end):
            end += 1
            continue
        if end > first and _ends(tokens, first, end, determiner):
            break
        is_stop = word.lower() in words_in("stops") - _INSIDE or "n't" in word.replace("’", "'")
        if not word[0].isalnum() or is_stop:
            break
        end += 1
    while end > first and tokens[end - 1].lower() in _INSIDE | words_in("numerals"):
        end -= 1
    words = [w for w in tokens[first:end] if w != ","]
    if words and words[0].istitle() and (at == 0 or tokens[at - 1] in _STOPS):
        words[0] = words[0].lower()
    if not words or not words[-1][0].isalpha():
        return None
    return Phrase(determiner=determiner, words=tuple(words), start=at, end=end)


_STOPS = frozenset('.!?…“":')
_MORE = frozenset(("other", "same", "own", "very", "once", "most", "only", "two", "three"))
_INSIDE = frozenset(("other", "near", "own", "only"))


def _is_list_of_adjectives(tokens: Sequence[str], comma: int) -> bool:
    """``a small, dusty shop``: the word after the comma is followed by a known noun."""
    after = [t.lower() for t in tokens[comma + 1 : comma + 3]]
    return (
        len(after) == 2
        and after[0] not in words_in("stops") | words_in("determiners") | words_in("people")
        and tokens[comma + 1][0].islower()
        and (is_person(one_of(after[1])) or one_of(after[1]) in words_in("places"))
        and not is_third_person(after[0])
    )


def _ends(tokens: Sequence[str], first: int, at: int, determiner: str) -> bool:
    """Whether the phrase that began at ``first`` is over before this word."""
    word, before = tokens[at], tokens[at - 1]
    low, last = word.lower(), before.lower()
    if last.endswith(("'s", "’s", "s'", "s’")):
        return False
    if is_plural(last) and not (low[0].isalpha() and is_person(one_of(low)) and len(last) < 5):
        return True
    if word[0].isupper() and word[1:].islower() and before[0].islower():
        return True  # his wife Clara
    if _is_adverb(word):
        return True
    third, done, doing = _verbs()
    follows = tokens[at + 1].lower() if at + 1 < len(tokens) else "."
    goes_on = is_person(one_of(follows)) or one_of(follows) in words_in("places")
    if low in done | doing:
        return not goes_on
    is_doing = is_person(one_of(last)) and follows in words_in("stops")
    if low in words_in("verbs") and (follows in _AFTER_VERBS or is_doing):
        return True
    if low.endswith("s") and not low.endswith(("ss", "us", "is")) and len(low) > 3:
        is_verb = low in third and low not in words_in("noun_verbs")
        if determiner in words_in("singular_determiners") or is_person(one_of(last)):
            return low in third or determiner in words_in("singular_determiners")
        return is_verb and not goes_on
    return False


_AFTER_VERBS = frozenset(
    "the a an my your his her their its themselves himself herself them him it us you me to "
    "that".split()
)


def _is_adverb(word: str) -> bool:
    return word.endswith("ly") and word.lower() not in words_in("adjectives_ly")


def _stands_bare(tokens: Sequence[str], phrase: Phrase) -> bool:
    """Whether a phrase without a determiner is none by mistake: a verb, an adjective, "as well"."""
    low = tokens[phrase.start].lower()
    before = tokens[phrase.start - 1].lower() if phrase.start else "."
    if before in _BEFORE_VERBS and (low in words_in("verbs") or low.endswith("s")):
        return False
    if is_third_person(low) and low not in words_in("noun_verbs") and before.isalpha():
        return False
    if phrase.is_many or low in _AT_HOME_CALLED:
        return True
    if phrase.kind == "place":
        return before in {"in", "at", "to", "from", "into", "on", "inside", "near", "outside"}
    return bool(_name_end(tokens, phrase.end)) if phrase.end < len(tokens) else False


def _is_said_of(tokens: Sequence[str], subject: Phrase, phrase: Phrase) -> bool:
    """Whether what looks like a plural is the verb of the phrase before: "a storm nears"."""
    after = phrase.start - subject.end
    is_next = after == 0 or (after == 1 and tokens[subject.end] == "," and subject.is_name)
    is_verb = is_third_person(tokens[phrase.start].lower()) or phrase.kind == "thing"
    return is_next and is_verb and not subject.is_many and tokens[phrase.start].endswith("s")


_AT_HOME_CALLED = frozenset("grandpa grandma granddad mom mum dad".split())
_BEFORE_VERBS = frozenset("to you i we they it he she who that can must will not never".split())


def _name_end(tokens: Sequence[str], at: int) -> int:
    """The token after the name that begins here, 0 if none does."""
    if not _is_capital(tokens[at]):
        return 0
    end = at + 1
    while end < len(tokens):
        if _is_capital(tokens[end]):
            end += 1
        elif tokens[end] in ("of", "the") and any(map(_is_capital, tokens[end + 1 : end + 2])):
            if tokens[end] == "the" and tokens[end - 1] != "of":
                break
            end += 2
        elif tokens[end : end + 1] == ["of"] and tokens[end + 1 : end + 2] == ["the"]:
            if not any(map(_is_capital, tokens[end + 2 : end + 3])):
                break
            end += 3
        else:
            break
    words = [w.lower() for w in tokens[at:end]]
    opens = at == 0 or tokens[at - 1] in _STOPS
    known = {"she_names", "he_names", "known_places"}
    is_known = any(tokens[at] in words_in(name) for name in known)
    if words[-1] in words_in("stops") | words_in("determiners") or tokens[end - 1][-1] in "'’":
        return 0
    follows = tokens[end].lower() if end < len(tokens) else "."
    if not is_known and is_person(one_of(words[-1])):
        return 0  # an American, the Europeans
    if opens and not is_known:
        common = (
            words_in("stops") | words_in("determiners") | words_in("verbs") | words_in("places")
        )
        is_role = is_person(one_of(words[0]))
        if words[0] in common or (is_role and (len(words) == 1 or is_plural(words[0]))):
            return 0
        if (
            len(words) == 1
            and follows == "and"
            and any(map(_is_capital, tokens[end + 1 : end + 2]))
        ):
            return end  # Tristan and Isolde
        if len(words) == 1:
            return end if tokens[at] in tokens[at + 1 :] and not words[0].endswith("s") else 0
    before = tokens[at - 1].lower() if at else ""
    if before in words_in("determiners") and (
        follows.isalpha() and follows not in words_in("stops") and not is_third_person(follows)
    ):
        return 0
    return end


def _is_capital(word: str) -> bool:
    return (
        len(word) > 1 and word[0].isupper() and not word.isupper() and word[:2] not in ("I'", "I’")
    )
