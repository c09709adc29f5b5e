"""Whom a premise speaks of: which of its noun phrases are somebody, and who of them is the player.

``premise_people`` makes its cast of them. Who is spoken of first is played, unless they die of it,
are hardly played where somebody else is there, or the text says "you" or "I".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tta_rebuild.storyteller.premise_phrases import Phrase, is_person, one_of, words_in

GENDERS = {"he": "he", "him": "he", "his": "he", "himself": "he"} | {
    "she": "she", "her": "she", "hers": "she", "herself": "she"
}  # fmt: skip
_YOU_ARE = re.compile(
    r"(?:\b(?:you|i|we) (?:are|were|am|was|become|became|work as)"
    r"|\b(?:you ['’]re|i ['’]m|(?:you|i) ['’]ve become|you['’]re|i['’]m)"
    r"|\b(?:your|my) (?:job|life|work) (?:is|was)(?: as| being)?"
    r"|(?:^|[.,;] )as|(?:^|[.;] )(?:you|i) ,"
    r"|\b(?:called|hired|chosen|working|employed|posing|disguised|serve|serving) as)"
    r"(?: (?:\w+ly|now|just|still|only|once|being|part of|one of|a member of|among|the|your|"
    r"a (?:family|group|band|crew|team|pair|gang) of))*$",
    re.I,
)
_IS = re.compile(
    r"(?:of [\w ]{2,24} )?(?:is|was|are|were|turns out to be|becomes?|became|works as)"
    r"(?: (?:\w+ly|just|still|now|in fact))?$"
)
_EYES_OF = re.compile(r"\b(?:perspective|point of view|viewpoint|eyes) of$", re.I)
_DIES = re.compile(
    r"^(?:\W|\w+\W+){0,4}?(?:dies|died|is dead|was dead|has died|(?:is|was|are|were) killed|"
    r"(?:is|was) murdered|(?:is|was|has been|have been) (?:kidnapped|abducted|taken)|goes missing|"
    r"has (?:vanished|disappeared)|(?:is|are) (?:gone|missing))\b"
)
_NO_SUBJECT = frozenset(
    "by of from with for to than like in into on at about between against".split()
)
_NAMED = frozenset((",", "named", "called"))
_IS_ROLE = frozenset((",", "is", "was", "the"))
_POSSESSIVE = frozenset(("my", "your", "his", "her", "their", "our"))


@dataclass(slots=True)
class Mention:
    """Somebody of the text: the phrase that names them first, and where they are named."""

    phrase: Phrase
    name: str = ""
    pronouns: str = ""
    is_owner: bool = False
    at: list[int] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        """Whether several are meant."""
        return not self.phrase.is_name and (
            self.phrase.is_many or self.phrase.words[-1].lower() in words_in("groups")
        )


def gender_of(head: str, name: str = "") -> str:
    """The pronouns that a head or a first name says, "" if neither does."""
    first = name.split(" ")[0]
    for pronouns, heads, names in (("she", "women", "she_names"), ("he", "men", "he_names")):
        if head in words_in(heads) or first in words_in(names):
            return pronouns
    return "it" if head in words_in("its") else ""


class Mentions:
    """Everybody of one text.

    Attributes:
        mentions: in the order of the text, without whom "you" are said to be.
        you_are: what the text says that "you" are, None if nothing.
        player: the player's mention, None where the text has none.
        is_second: the text speaks to "you" or of "I".
        used_names: tokens at which names and roles begin that say who somebody else is.
    """

    def __init__(
        self,
        tokens: Sequence[str],
        phrases: Sequence[Phrase],
        *,
        topic_at: int = -1,
    ) -> None:
        self.tokens, self.phrases = tokens, phrases
        self.lows = [t.lower() for t in tokens]
        self.topic_at = topic_at
        self.mentions: list[Mention] = []
        self.you_are: Mention | None = None
        self.used_names: set[int] = set()
        for phrase in phrases:
            self._take(phrase)
        self.is_second = bool(
            re.search(r"\b(?:[Yy]ou|[Yy]ours?|I|[Mm]e|[Mm]y|[Ww]e|[Oo]ur)\b", " ".join(tokens))
        ) or any(
            m.phrase.head in words_in("kin") and not m.phrase.determiner
            for m in self.mentions
            if not m.is_group and not m.name
        )
        self.player = self._player()
        self._find_pronouns()

    # ------------------------------------------------------------------ who is spoken of

    def _take(self, phrase: Phrase) -> None:
        if phrase.start in self.used_names or phrase.determiner in ("no", "any"):
            return
        before = " ".join(self.tokens[max(0, phrase.start - 8) : phrase.start])
        if _EYES_OF.search(before) and not phrase.is_name:
            self.you_are = Mention(phrase, at=[phrase.start], pronouns=gender_of(phrase.head))
            return
        for word in phrase.words[:-1]:  # my grandmother's bakery
            bare = one_of(re.sub(r"['’]s?$", "", word))
            if bare != word.lower() and word[-1] in "s'’" and is_person(bare):
                upto = phrase.words[: phrase.words.index(word)]
                inner = replace(phrase, words=(*upto, re.sub(r"['’]s?$", "", word)))
                self._add(inner).is_owner = True
        if phrase.is_name:
            if self._is_person_name(phrase):
                mention = self._add(phrase, name=self._clean(phrase))
                self._role_after(mention)
        elif phrase.determiner in _POSSESSIVE and phrase.kind != "person":
            if (name := self._name_after(phrase)) and phrase.kind != "place":
                self._add(phrase, name=name)  # my target, Rosa
        elif phrase.kind != "person":
            self._name_after(phrase, is_thing=True)  # the ship Hope
        elif phrase.words[-1].lower() in words_in("groups") and self._is_of_people(phrase):
            return
        elif not self._is_modifier(phrase):
            if self._says_what(phrase):
                return  # your roommate is a vampire
            is_open = phrase.determiner in ("a", "an", "the", "", *words_in("numerals"))
            if is_open and _YOU_ARE.search(before):
                self.you_are = self.you_are or Mention(phrase, at=[phrase.start])
                self.you_are.name = self._name_after(phrase)
                return
            self._add(phrase, name=self._name_after(phrase))

    def _says_what(self, phrase: Phrase) -> bool:
        """Whether a phrase says what somebody is who was named just before."""
        of = next((m.phrase for m in reversed(self.mentions)), None)
        if of is None or of.end > phrase.start:
            return False
        between = " ".join(self.lows[of.end : phrase.start])
        is_one = phrase.determiner in ("a", "an") and of.determiner not in ("a", "an")
        return bool(_IS.match(between)) or (between == "," and is_one)

    def _is_of_people(self, phrase: Phrase) -> bool:
        """Whether a group is one of somebody who is named next: "a family of smugglers"."""
        of = self.lows[phrase.end : phrase.end + 1] == ["of"]
        return of and any(
            p.start == phrase.end + 1 and p.kind == "person" and p.is_many for p in self.phrases
        )

    @staticmethod
    def _clean(phrase: Phrase) -> str:
        return re.sub(r"['’]s?$", "", phrase.text)

    def _add(self, phrase: Phrase, name: str = "") -> Mention:
        for known in self.mentions:
            same_name = name and name.split()[0] in known.name.split()
            same = known.phrase.head == phrase.head and not phrase.is_name
            if same and known.phrase.is_many and not phrase.is_many:
                same = phrase.determiner in ("the", "")
            if same and ({"other", "another"} & {*phrase.words, phrase.determiner}):
                same = False
            if same and phrase.determiner in ("a", "an") and known.phrase.determiner in ("a", "an"):
                same = False
            if same and "other" in self.lows[phrase.start : phrase.start + 2]:
                same = False
            if same_name or (same and not (name and known.name)):
                known.at.append(phrase.start)
                known.name = known.name or name
                return known
        mention = Mention(phrase, name=name, at=[phrase.start, *([phrase.end] if name else [])])
        mention.pronouns = gender_of(phrase.head, name)
        subject = self.lows[max(0, phrase.start - 2) : phrase.start]
        if subject[1:] and subject[1] in ("is", "was") and subject[0] in ("he", "she"):
            mention.pronouns = subject[0]
        if {"female", "woman"} & {w.lower() for w in phrase.words[:-1]}:
            mention.pronouns = "she"
        elif "male" in phrase.words[:-1]:
            mention.pronouns = "he"
        self.mentions.append(mention)
        return mention

    def _is_modifier(self, phrase: Phrase) -> bool:
        """Whether it is but part of a longer noun ("the person 's business practices")."""
        return phrase.words[-1].lower() == "human" and phrase.determiner == ""

    def _is_person_name(self, phrase: Phrase) -> bool:
        first, last = self._clean(phrase).split()[0], self._clean(phrase).split()[-1].lower()
        before = self.lows[phrase.start - 1] if phrase.start else "."
        is_first_name = first in words_in("she_names") | words_in("he_names")
        if is_first_name and before not in ("in", "at", "near"):
            return True
        if first.lower() in words_in("thing_names") or self.is_place_name(phrase):
            return False
        if is_person(first.lower()):
            return True
        after = self.lows[phrase.end] if phrase.end < len(self.lows) else "."
        if before in {"in", "at", "from", "near", "on"} or last in words_in("places"):
            return False
        acts = after.endswith("s") and one_of(after) in words_in("verbs")
        two = len(phrase.words) == 2 and "of" not in phrase.words
        return (
            acts
            or two
            or after in {"is", "was", "has", "who", "and", "must", "can"}
            or (before in {"and", "named", "called", "with", "by"})
        )

    def is_place_name(self, phrase: Phrase) -> bool:
        """Whether a name is that of a place."""
        words = self._clean(phrase).split()
        return words[0] in words_in("known_places") or bool(
            {words[0].lower(), words[-1].lower()} & (words_in("places") | {"mount", "united"})
        )

    def _name_after(self, phrase: Phrase, *, is_thing: bool = False) -> str:
        """The name that stands beside a phrase: "his wife Clara", "a keeper, Joe,"."""
        at = phrase.end
        if phrase.is_many and phrase.determiner != "the":
            return ""
        if is_thing and self.lows[at : at + 1] == [","]:
            return ""
        comma = self.lows[at : at + 1] == [","]
        while at < len(self.lows) and self.lows[at] in _NAMED and at < phrase.end + 2:
            at += 1
        for name in self.phrases:
            if (
                name.is_name
                and name.start == at
                and (self._is_person_name(name) or not self.is_place_name(name))
            ):
                if comma and self.lows[name.end : name.end + 1] not in ([","], ["."], []):
                    return ""
                self.used_names.add(name.start)
                return self._clean(name)
        return ""

    def _role_after(self, mention: Mention) -> None:
        """The role that stands beside a name: "Joe, a keeper," and "Joe is a keeper"."""
        end = mention.phrase.end
        if end >= len(self.lows) or self.lows[end] not in _IS_ROLE:
            return
        start = end if self.lows[end] == "the" else end + 1
        for phrase in self.phrases:
            if phrase.start == start and phrase.kind == "person" and phrase.determiner:
                self.used_names.add(phrase.start)
                mention.phrase = replace(phrase)
                mention.at.append(phrase.start)
                mention.pronouns = mention.pronouns or gender_of(phrase.head)

    # ------------------------------------------------------------------- who is the player

    def _player(self) -> Mention | None:
        if self.topic_at >= 0:
            if {"he", "she"} & set(self.lows[self.topic_at : self.topic_at + 4]):
                return max(
                    self.mentions, key=lambda m: m.phrase.start < self.topic_at, default=None
                )
            after = [m for m in self.mentions if max(m.at) >= self.topic_at and not m.is_owner]
            if after and not self.you_are:
                return after[0]
        if self.you_are:
            return self.you_are
        if self.is_second:
            return None
        able = [m for m in self.mentions if self._can_be_played(m)]
        good = [m for m in able if m.phrase.head not in words_in("hardly_played")]
        subjects = [m for m in good if self._before(m) not in _NO_SUBJECT and not m.is_owner]
        others = [m for m in good if self._before(m) not in ("of", "by") and not m.is_owner]
        owners = [m for m in good if m.is_owner]
        single = [m for m in able if not m.is_group]  # of many aliens nobody is played
        return next(iter(subjects or others or owners or single), None)

    def _before(self, mention: Mention) -> str:
        """The word before somebody; a group of them is no preposition."""
        before = ["", ".", *self.lows[: mention.phrase.start]][-2:]
        is_group_of = before[1] == "of" and before[0] in words_in("groups") | {"group"}
        return "." if is_group_of else before[1]

    def _can_be_played(self, mention: Mention) -> bool:
        start = mention.phrase.start
        after = " ".join(self.lows[mention.phrase.end : mention.phrase.end + 12]).split(" . ")[0]
        is_kin = mention.phrase.determiner in ("his", "her", "their")
        return not (_DIES.search(after) or is_kin or "other" in self.lows[start : start + 2])

    # ------------------------------------------------------------------------- pronouns

    def _find_pronouns(self) -> None:
        """Give every "he" and "her" to the nearest person before it that can be meant."""
        for at, low in enumerate(self.lows):
            around = self.lows[at + 1 : at + 2] + self.lows[max(0, at - 1) : at]
            gender = GENDERS.get(re.split("['’]", low)[0])
            if not gender or "/" in around:
                continue
            before = [
                m
                for m in self.mentions + ([self.you_are] if self.you_are else [])
                if any(start < at for start in m.at) and not m.is_group
            ]
            before.sort(key=lambda m: -max(start for start in m.at if start < at))
            if low == "him" and before and at - max(s for s in before[0].at if s < at) < 5:
                before = before[1:]  # "the man who killed him": somebody else
            if any(m.pronouns == gender for m in before):
                continue
            free = [m for m in before if m.pronouns in ("", gender)]
            if free and not self._is_player_you(free[0]):
                free[0].pronouns = gender

    def _is_player_you(self, mention: Mention) -> bool:
        return mention is self.you_are
