"""The people of a premise: the player's character, everybody else, and whom it clearly implies.

Called by ``premise``: the second pass, over the noun phrases. Who is spoken of first is played,
unless they die of it, are hardly played where somebody else is there, or the text says "you" or
"I". Whom a premise implies ("a letter home": the family) comes from ``data/premise_topics.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from tta_rebuild.core.english import article_for
from tta_rebuild.storyteller.noun_phrases import (
    Phrase,
    is_person,
    is_plural,
    one_of,
    second_persons,
    without_s,
    words_in,
)
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import word_table

GENDERS = dict.fromkeys("he him his himself".split(), "he") | dict.fromkeys(
    "she her hers herself".split(), "she"
)
MINE = ("my", "your", "our")
_THEIRS = ("his", "her", "their")
_YOU_ARE = re.compile(
    r"(?:\b(?:you|i|we) (?:are|were|am|was|become|became|work as)"
    r"|\b(?:you ['’]re|i ['’]m|(?:you|i) ['’]ve become|you['’]re|i['’]m)"
    r"|\b(?:your|my) (?:job|life|work) (?:is|was)(?: as| being)?"
    r"|\b(?:my|your) \w+ (?:day|night|year|week|shift) as(?: its)?"
    r"|(?:^|[.] )as|(?:^|[.;] )(?:you|i) ,|\b(?:perspective|point of view|eyes) of"
    r"|\b(?:called|hired|chosen|employed|posing|disguised|serve|serving) as)"
    r"(?: (?:\w+ly|now|just|still|only|once|being|part of|one of|a member of|among|the|your|"
    r"a (?:family|group|band|crew|team|pair|gang) of))*$"
)
_DIES = re.compile(
    r"(?:\W|\w+\W+){0,4}?(?:died|dies|(?:is|was|has been) (?:dead|gone|missing|killed|murdered|"
    r"kidnapped|abducted|taken)|goes missing|has (?:died|vanished|disappeared))\b"
)
_SAME = re.compile(  # what stands between two phrases that mean one person
    r"(?:,?(?: ?(?:named|called))?|(?:of [\w ]{2,24} )?(?:is|was|are|were|becomes?|became|"
    r"turns out to be|works as)(?: (?:\w+ly|just|still|now|in fact|called))?)$"
)
_SOMEBODY = re.compile(
    r"\b(?:someone|somebody) ?(?:is|['’]s|was)(?! else) ([^.,;!?]{3,60}?) ?(?:[.,;!?]|$)", re.I
)
_HEAD = re.compile(r" (?:who|that|in|of|at|on|with|from) ")
_OBLIQUE = frozenset("from with for to than like in into on at about between against".split())
_ONE_OF_A_KIND = frozenset("best first last only same greatest worst next other different".split())


@dataclass(frozen=True, slots=True, kw_only=True)
class PremisePerson:
    """Somebody of a premise.

    Attributes:
        name: a proper name as the premise has it, "" if none.
        role: a noun phrase, to the player: "the nurse", "your wife"; of the player "a detective".
        pronouns: "she", "he", "it", "they" (a group, or said so), "" where it is not said.
        is_group: more than one.
    """

    name: str = ""
    role: str = ""
    pronouns: str = ""
    is_group: bool = False


@dataclass(slots=True)
class Mention:
    """Somebody of the text: the phrase that names them first, and where they are spoken of."""

    phrase: Phrase
    name: str = ""
    pronouns: str = ""
    is_owner: bool = False
    at: list[int] = field(default_factory=list)


def gender_of(phrase: str, name: str = "") -> str:
    """The pronouns that a noun phrase or a first name says, "" if neither does."""
    words = phrase.lower().split()
    head, first = one_of(words[-1]) if words else "", name.split(" ")[0]
    for pronouns, heads, names in (("she", "women", "she_names"), ("he", "men", "he_names")):
        if head in words_in(heads) or first in words_in(names):
            return pronouns
        if {"she": "female", "he": "male"}[pronouns] in words:
            return pronouns
    return "it" if head in words_in("its") else ""


def head_of(role: str) -> str:
    """The noun of a role without what follows it: ``the nurse who tends both`` → ``nurse``."""
    words = _HEAD.split(role)[0].split()
    return one_of(words[-1]) if words else ""


class People:
    """Everybody of one text.

    Attributes:
        mentions: in the order of the text, without whom "you" are said to be.
        player: the player's mention, None where the text has none.
        is_second: the text speaks to "you" or of "I".
        taken: tokens at which the phrases begin that speak of somebody.
    """

    def __init__(
        self, tokens: Sequence[str], phrases: Sequence[Phrase], *, topic_at: int = -1
    ) -> None:
        self.tokens, self.phrases, self.topic_at = tokens, phrases, topic_at
        self.lows = [t.lower() for t in tokens]
        self.mentions: list[Mention] = []
        self.you_are: Mention | None = None
        self.taken: set[int] = set()
        self._last: tuple[Phrase, Mention | None] | None = None
        for phrase in phrases:
            mention = None if phrase.determiner in ("no", "any") else self._take(phrase)
            self._last = (phrase, mention)
            if mention:
                self.taken.add(phrase.start)
        said = {"you", "your", "yours", "i", "me", "my", "we", "us", "our", "ours"}
        mum = [m for m in self.mentions if m.phrase.head in words_in("called_by_role")]
        by_role = any(not m.phrase.determiner and not m.name for m in mum)
        self.is_second = bool(said & {*self.lows}) or by_role
        self.player = self._player()
        self._find_pronouns()

    # ------------------------------------------------------------------ who is spoken of

    def _take(self, phrase: Phrase) -> Mention | None:
        """Whom a phrase speaks of, noted; None if it speaks of nobody."""
        for at, word in enumerate(phrase.words[:-1]):  # my grandmother's bakery
            bare = without_s(word)
            if bare != word and is_person(one_of(bare)):
                self._add(replace(phrase, words=(*phrase.words[:at], bare))).is_owner = True
        owner = without_s(phrase.determiner)
        if owner != phrase.determiner and is_person(one_of(owner)):  # the king's taster
            bare_owner = replace(phrase, determiner="the", words=(owner,))
            self._add(bare_owner).is_owner = True
        before = " ".join(self.lows[max(0, phrase.start - 8) : phrase.start])
        known = self._said_again(phrase)
        if known or phrase.start in self.taken:
            return known
        if phrase.is_name:
            is_person_name = self._is_person_name(phrase)
            return self._add(phrase, name=phrase.text) if is_person_name else None
        if phrase.kind != "person" or (phrase.text.lower() == "human" and not phrase.determiner):
            return None
        after = [p for p in self.phrases if p.start == phrase.end + 1]
        is_of = phrase.words[-1].lower() in words_in("groups") and self._low(phrase.end) == "of"
        if is_of and after and after[0].kind == "person":  # a family of smugglers
            return None
        is_open = phrase.determiner in ("a", "an", "the", "its", "", *words_in("numerals"))
        if is_open and _YOU_ARE.search(before):
            self.you_are = self.you_are or Mention(phrase, at=[phrase.start])
            return self.you_are
        return self._add(phrase)

    def _said_again(self, phrase: Phrase) -> Mention | None:
        """Who was spoken of just before, where this phrase says their name or what they are."""
        if self._last is None:
            return None
        of, mention = self._last
        between = " ".join(self.lows[of.end : phrase.start])
        if not _SAME.match(between) or of.end > phrase.start:
            return None
        if phrase.is_name:
            is_aside = between != "," or self._low(phrase.end) in (",", ".")
            is_one = not of.is_many or of.determiner == "the" or of.kind == "name"
            is_place = phrase.words[0] in words_in("known_places")
            if not is_aside or not is_one or is_place or (mention and mention.name):
                return None
            if mention is None:
                if between in ("", ", named", "named", ", called", "called") or of.kind != "thing":
                    self.taken.add(phrase.start)  # the ship Hope
                    return None
                if of.determiner not in (*MINE, *_THEIRS):
                    return None
                mention = self._add(of)  # my target, Rosa
            mention.name = phrase.text
            mention.pronouns = mention.pronouns or gender_of("", phrase.text)
            mention.at.append(phrase.start)
            return mention
        is_list = between == "," and of.determiner in ("a", "an", "") and not of.is_name
        if mention is None or phrase.kind != "person" or is_list or not phrase.determiner:
            return None
        if between == "," and self._low(phrase.end) in ("and", "or"):
            return None
        if phrase.determiner not in ("a", "an", "the") and not mention.phrase.is_name:
            return None
        mention.at.append(phrase.start)
        mention.pronouns = mention.pronouns or gender_of(phrase.text)
        if mention.phrase.is_name:
            mention.phrase = phrase
        return mention

    def _low(self, at: int) -> str:
        return self.lows[at] if at < len(self.lows) else "."

    def _add(self, phrase: Phrase, name: str = "") -> Mention:
        """The mention of a phrase: one of before, if it can be the same, else a new one."""
        others = {"other", "another"} & {*phrase.words, *self.lows[phrase.start : phrase.start + 2]}
        for known in self.mentions:
            same_name = name and name.split()[0] in known.name.split()
            same = known.phrase.head == phrase.head and not phrase.is_name and not others
            if known.phrase.is_many and not phrase.is_many:
                same = same and phrase.determiner in ("the", "")
            if phrase.determiner in ("a", "an") and known.phrase.determiner in ("a", "an"):
                same = False
            if same_name or same:
                known.at.append(phrase.start)
                return known
        pronouns = gender_of("" if phrase.is_name else phrase.text, name)
        if self._low(phrase.start - 1) in ("is", "was") and phrase.start > 1:
            pronouns = pronouns or GENDERS.get(self.lows[phrase.start - 2], "")
        mention = Mention(phrase, name=name, at=[phrase.start], pronouns=pronouns)
        self.mentions.append(mention)
        return mention

    def _is_person_name(self, phrase: Phrase) -> bool:
        words = phrase.text.split()
        before = self.lows[phrase.start - 1] if phrase.start else "."
        is_in = before in ("in", "at", "near", "from", "on")
        if words[0] in words_in("she_names") | words_in("he_names") and not is_in:
            return True
        if words[0].lower() in words_in("thing_names") or is_place_name(phrase) or is_in:
            return False
        after = self._low(phrase.end)
        acts = after in second_persons() or after in {"who", "and", "must", "can", "had"}
        acts = acts or (after == "," and self._low(phrase.end + 1) in ("a", "an", "the"))
        two = len(words) == 2 and is_person(words[0].lower())
        near = before in {"and", "named", "called", "with", "by"}
        return acts or two or near or (len(words) > 1 and "of" not in words)

    # ------------------------------------------------------------------- who is the player

    def _player(self) -> Mention | None:
        if self.you_are:
            return self.you_are
        if {"he", "she"} & {*self.lows[self.topic_at :][:4]} and self.topic_at > 0:
            return next(iter(self._before(self.topic_at)), None)  # … Write about what she does.
        after = [m for m in self.mentions if max(m.at) >= self.topic_at and not m.is_owner]
        if self.topic_at >= 0 and after:
            return after[0]
        if self.is_second:
            return None
        ranked = [(self._distance(m), m.phrase.start, m) for m in self.mentions]
        able = [row for row in ranked if row[0] < 9]
        return min(able, key=lambda row: row[:2])[2] if able else None

    def _distance(self, mention: Mention) -> int:
        """How far a mention is from being whom one plays: 0 the subject, 9 nobody."""
        phrase, after = mention.phrase, " ".join(self.lows[mention.phrase.end :][:12])
        before = self._low(phrase.start - 1) if phrase.start else "."
        if before == "of" and self._low(phrase.start - 2) in words_in("groups") | {"group"}:
            before = "."
        is_other = "other" in self.lows[phrase.start : phrase.start + 2]
        if phrase.determiner in _THEIRS or is_other or _DIES.match(after.split(" . ")[0]):
            return 9
        if phrase.head in words_in("hardly_played"):
            return 9 if phrase.is_many else 4
        if mention.is_owner:
            return 2
        return 3 if before in ("of", "by") else int(before in _OBLIQUE)

    def _find_pronouns(self) -> None:
        """Give every "he" and "her" to the nearest person before it that can be meant."""
        for at, low in enumerate(self.lows):
            gender = GENDERS.get(re.split("['’]", low)[0], "")
            if not gender or "/" in self.lows[max(0, at - 1) : at + 2]:
                continue
            before = self._before(at)
            if low == "him" and before and at - max(s for s in before[0].at if s < at) < 5:
                before = before[1:]  # "the man who killed him": somebody else
            if any(m.pronouns == gender for m in before):
                continue
            free = next((m for m in before if m.pronouns == ""), None)
            if free and free is not self.you_are:
                free.pronouns = gender

    def _before(self, at: int, *, groups: bool = False) -> list[Mention]:
        """Whom "he" or "her" (with ``groups`` "their") at a token may mean, the nearest first."""
        said = [m for m in (*self.mentions, self.you_are) if m]
        near = [
            m for m in said if any(s < at for s in m.at) and (groups or not m.phrase.is_many)
        ]
        return sorted(near, key=lambda m: -max(s for s in m.at if s < at))

    # -------------------------------------------------------------------- what they are called

    def you(self, role: str) -> PremisePerson:
        """The player's character; ``role`` is what the premise implies where it says nothing."""
        if self.player is None:
            said = {GENDERS[low] for low in self.lows if low in GENDERS}
            one = not (role or self.is_second or any(not m.phrase.is_many for m in self.mentions))
            return PremisePerson(role=role, pronouns=said.pop() if one and len(said) == 1 else "")
        mention, phrase = self.player, self.player.phrase
        if phrase.is_name:
            return PremisePerson(name=mention.name, pronouns=mention.pronouns)
        superlative = [
            w for w in phrase.words[:-1]
            if w.lower() in _ONE_OF_A_KIND or (w.endswith("est") and w not in ("honest", "modest"))
        ]  # fmt: skip
        words = [w for w in phrase.words if w not in superlative]
        last = words[-1].lower()
        if last == "people":
            many = " ".join([*{phrase.determiner} & words_in("numerals"), phrase.text])
            role = f"one of the {many}"
        elif last in words_in("groups") and len(words) > 1 and is_person(one_of(words[-2])):
            role = f"{article_for(words[-2])} {words[-2].lower()}"  # an elite bodyguard team
        elif last in words_in("groups"):
            role = f"one of {article_for(words[0])} {' '.join(words)}"
        else:
            one = words[-1] if words[-1].isupper() else one_of(last)
            noun = " ".join([*words[:-1], one])
            owner = phrase.determiner
            article = owner if owner[:1].isupper() else article_for(noun.split()[0])
            if owner.endswith(("'s", "’s")) and not owner[:1].isupper():
                article = f"{article_for(owner)} {owner}"
            role = f"{article} {noun}" + ("" if phrase.is_many else self._clause(mention))
        return PremisePerson(name=mention.name, role=role, pronouns=mention.pronouns)

    def others(self) -> list[PremisePerson]:
        """Everybody else, in the order of the text."""
        found: list[PremisePerson] = []
        for mention in self.mentions:
            phrase, many = mention.phrase, mention.phrase.is_many
            one = " ".join([*(w for w in phrase.words[:-1] if w != "different"), phrase.head])
            if mention is self.player:
                found += self._fellows(phrase, one)
            elif phrase.determiner == "two" and not mention.name:
                roles = (f"the first {one}", f"the second {one}")
                found += [PremisePerson(role=r, pronouns=gender_of(one)) for r in roles]
            else:
                role = self._role(mention)
                pronouns = "they" if many else mention.pronouns
                found.append(
                    PremisePerson(name=mention.name, role=role, pronouns=pronouns, is_group=many)
                )
        said = " ".join(self.tokens)
        found += [PremisePerson(role=f"whoever is {what}") for what in _SOMEBODY.findall(said)[:1]]
        worse = re.findall(r"\bsomething (?:much |far |even )?worse\b", said)[:1]
        return found + [PremisePerson(role=what, pronouns="it") for what in worse]

    @staticmethod
    def _fellows(phrase: Phrase, one: str) -> list[PremisePerson]:
        """The rest of a group of which the player is one."""
        if not phrase.is_many or phrase.head == "couple":
            return []
        if "two" in (phrase.determiner, *phrase.words):
            noun = "person" if phrase.head == "people" else one
            return [PremisePerson(role=f"the other {noun}", pronouns=gender_of(one))]
        is_group = phrase.words[-1].lower() in words_in("groups")
        role = f"the {'rest of the' if is_group else 'other'} {phrase.text}"
        return [PremisePerson(role=role, pronouns="they", is_group=True)]

    def _clause(self, mention: Mention) -> str:
        """The clause that says who a plain "man" is: " who killed him", "" for any other noun."""
        end, clause = mention.phrase.end, list[str]()
        opens = self._low(end) in ("who", "that", "in", "with", "under")
        if mention.phrase.head not in words_in("plain_people") or not opens:
            return ""
        for token in self.tokens[end : end + 8]:
            if not token[0].isalnum() or token.lower() in ("and", "but", "every", "is", "was"):
                break
            clause.append(token)
        mine = {GENDERS.get(word) for word in clause} & {self.player and self.player.pronouns}
        is_mine = mention is not self.player and mine - {None, ""}
        good = 1 < len(clause) < 8 and not is_mine
        return to_second_person(f" {' '.join(clause)}") if good else ""

    def _role(self, mention: Mention) -> str:
        phrase, owner = mention.phrase, mention.phrase.determiner
        if phrase.is_name:
            return ""
        noun = to_second_person(phrase.text) + self._clause(mention)
        is_kin = phrase.head in words_in("kin")
        if owner in MINE or (not owner and is_kin and not phrase.is_many):
            return f"your {noun}"
        if owner in _THEIRS:
            wanted = GENDERS.get(owner, "")
            may = self._before(phrase.start, groups=not wanted)
            of = next((m for m in may if not wanted or m.pronouns in ("", wanted)), None)
            if of is self.player and not (of is None and self.is_second):
                return f"your {noun}"
            if of and is_kin:
                return f"{of.name or 'the ' + of.phrase.text}'s {noun}"
            return f"{owner} {noun}" if is_kin else f"the {noun}"
        if owner.endswith(("'s", "’s")):
            if self.player is not None and owner[:-2] in self.player.name.split():
                return f"your {noun}"
            return f"{owner} {noun}" if owner[0].isupper() else f"the {noun}"
        return "the other people" if noun == "people" else f"the {noun}"


def is_place_name(phrase: Phrase) -> bool:
    """Whether a name is that of a place."""
    words = phrase.text.split()
    ends = {words[0].lower(), words[-1].lower()}
    return words[0] in words_in("known_places") or bool(ends & words_in("place_name_words"))


def implied_people(
    roles: Iterable[str], you: PremisePerson, said: Sequence[PremisePerson]
) -> list[PremisePerson]:
    """Those of the roles of a setting that the premise has not, by any of their names."""
    alike = [frozenset(row.split()) for row in word_table("premise_words")["alike"]]
    heads = {head_of(p.role) for p in (you, *said)}
    known, found = {p.role for p in said}, list[PremisePerson]()
    for role in roles:
        head = head_of(role)
        is_fellow = head == head_of(you.role) and role.startswith("the other")
        is_had = heads & {head}.union(*(row for row in alike if head in row))
        if role in known or (is_had and not is_fellow):
            continue
        heads.add(head)
        known.add(role)
        many = head in words_in("groups") | {"control", "rest"} or is_plural(_HEAD.split(role)[0].split()[-1])
        pronouns = "they" if many else gender_of(role)
        found.append(PremisePerson(role=role, pronouns=pronouns, is_group=many))
    return found[:4]
