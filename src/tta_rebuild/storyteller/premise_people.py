"""The people of a premise: the player's character, everybody else, and whom it clearly implies.

Called by ``premise``, after ``premise_mentions`` has found who is spoken of. Who is
played ``premise_hero`` tells. Whom a premise implies ("a letter home": the family) comes from
``data/premise_topics.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tta_rebuild.core.english import article_for
from tta_rebuild.storyteller.noun_phrases import (
    Phrase,
    is_person,
    is_plural,
    one_of,
    without_s,
    words_in,
)
from tta_rebuild.storyteller.premise_hero import hero_of
from tta_rebuild.storyteller.premise_mentions import (
    GENDERS,
    MINE,
    THEIRS,
    Mention,
    PremiseMentions,
    gender_of,
)
from tta_rebuild.storyteller.premise_you import implied_role
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import pattern, word_table


@dataclass(frozen=True, slots=True, kw_only=True)
class PremisePerson:
    """Somebody of a premise."""

    name: str = ""  # a proper name as the premise has it, "" if none
    role: str = ""  # a noun phrase, to the player: "the nurse", "your wife"; of them "a detective"
    pronouns: str = ""  # "she", "he", "it", "they" (a group, or said so), "" where it is not said
    is_group: bool = False  # more than one
    is_only_owner: bool = False  # nothing is said of them but that something is theirs
    is_implied: bool = False  # not spoken of, but there must be somebody: a judge at a trial
    at: int = -1  # the token at which they are spoken of first, -1 where they are not
    odds: Mapping[str, float] = field(default_factory=dict, hash=False)  # by ``premise_parts``


def head_of(role: str) -> str:
    """The noun of a role without what follows it: ``the nurse who tends both`` → ``nurse``."""
    words = pattern("after_head").split(role)[0].split()
    return one_of(words[-1]) if words else ""


def called_in_story(person: PremisePerson) -> str:
    """The name by which a story knows somebody: a proper one, or what they are."""
    return person.name or pattern("relative_clause").sub("", person.role)


def pronouns_of(people: Iterable[PremisePerson]) -> dict[str, str]:
    """The pronouns of people, by that name; "they" where they are not said."""
    return {called_in_story(p): p.pronouns or "they" for p in people}


class PremisePeople:
    """Everybody of one text.

    Attributes:
        mentions: in the order of the text, without whom "you" are said to be.
        player: the player's mention, None where the text has none.
        is_second: the text speaks to "you" or of "I".
        taken: tokens at which the phrases begin that speak of somebody.
    """

    def __init__(
        self, tokens: Sequence[str], phrases: Sequence[Phrase], topic_at: int, played: str = ""
    ) -> None:
        self.tokens, self.phrases, self.topic_at = tokens, phrases, topic_at
        self.played = {*played.lower().split()}  # words of a name that the player has chosen
        self._found = PremiseMentions(tokens, phrases)
        self.lows, self.mentions = self._found.lows, self._found.mentions
        self.is_second, self.taken = self._found.is_second, self._found.taken
        self.player = self._player()
        if self.player and self.player is not self._found.you_are:
            self.is_second = False  # "all of us tie down what we love", and it is told of Oskar

    def _player(self) -> Mention | None:
        named = (m for m in self.mentions if self.played & {*m.name.lower().split()})
        if chosen := next(named, None):
            return chosen
        if self._found.you_are:
            return self._found.you_are
        if self.topic_at > 0 and {"he", "she"} & {*self.lows[self.topic_at :][:4]}:
            # … Write about what she does.
            return next(iter(self._found.before(self.topic_at)), None)
        if self.is_second and pattern("it_is_me").search(self._unquoted()):
            return None
        told = [p.start for p in self.phrases if p.said == "you"]
        hero = hero_of(self._found, told, self.topic_at)
        listed = (m for m in self.mentions if hero and m.name and self._group_of(m) is hero)
        return next(listed, hero)

    def _group_of(self, mention: Mention) -> Mention | None:
        """Of whom somebody is named as one: "two rival florists, Bea and Oskar"; else None."""
        at = mention.phrase.start
        for one in self.mentions:
            between = self.lows[one.phrase.end : at]
            names = {low for m in self.mentions if m.name for low in m.name.lower().split()}
            is_listed = between[:1] == [","] and {*between} <= names | {",", "and"}
            if one.phrase.is_many and not one.name and is_listed:
                return one
        return None

    def _unquoted(self) -> str:
        """The text but for what is said in it."""
        rows = zip(self.lows, self._found.quoted, strict=True)
        return " ".join(low for low, is_quoted in rows if not is_quoted)

    def you(self, role: str) -> PremisePerson:
        """The player's character; ``role`` is what the premise implies where it says nothing."""
        if self.player is None:
            said = {GENDERS[low] for low in self.lows if low in GENDERS}
            one = not (role or self.is_second or any(not m.phrase.is_many for m in self.mentions))
            pronouns = said.pop() if one and len(said) == 1 else ""
            own = implied_role(self.lows, self.phrases, self.mentions) if self.is_second else ""
            is_own = own and not role
            return PremisePerson(role=role or own, pronouns=pronouns, is_implied=bool(is_own))
        phrase, role = self.player.phrase, ""
        words = [w for w in phrase.words[:-1] if not pattern("superlative").match(w.lower())]
        last, owner = phrase.words[-1], phrase.determiner
        if phrase.is_group and words and is_person(one_of(words[-1])):
            role = _indefinite(words[-1].lower())  # an elite bodyguard team
        elif phrase.is_group:
            noun = " ".join([*words, last])
            is_counted = owner in words_in("numerals")
            role = f"one of {f'the {owner} {noun}' if is_counted else _indefinite(noun)}"
        elif not phrase.is_name:
            owners = [owner] if without_s(owner) != owner else []
            noun = " ".join([*owners, *words, last if last.isupper() else one_of(last)])
            role = noun if owners and owner[0].isupper() else _indefinite(noun)
            role += "" if phrase.is_many else self._clause(self.player)
        elif work := self._work_before(phrase) or _title(phrase) or self._of_group(self.player):
            role = _indefinite(work)
        return PremisePerson(name=self.player.name, role=role, pronouns=self.player.pronouns)

    def others(self) -> list[PremisePerson]:
        """Everybody else, in the order of the text."""
        found: list[PremisePerson] = []
        for mention in self.mentions:
            phrase, many, is_player = mention.phrase, mention.phrase.is_many, mention is self.player
            is_listed = self._found.low(phrase.end) == "," and any(
                p.is_name and p.start == phrase.end + 1 for p in self.phrases
            )
            if many and is_listed and not is_player:
                continue  # "two brothers, Gus and Leo"
            one = " ".join([*(w for w in phrase.words[:-1] if w != "different"), phrase.head])
            one = "person" if phrase.head == "people" else one
            if "two" in (phrase.determiner, *phrase.words) and not mention.name:
                which = ("other",) if is_player else ("first", "second")
                found += [_of_role(f"the {w} {one}") for w in which]
            elif not is_player:
                pronouns, role = "they" if many else mention.pronouns, self._role(mention)
                row = PremisePerson(
                    name=mention.name, role=role, pronouns=pronouns, is_group=many,
                    at=phrase.start,
                )  # fmt: skip
                is_owner = mention.is_owner and len(mention.at) == 1
                found.append(replace(row, is_only_owner=is_owner))
            elif many and phrase.head != "couple":
                rest = f"the {'rest of the' if phrase.is_group else 'other'} {phrase.text}"
                found.append(replace(_of_role(rest), pronouns="they", is_group=True))
        said = " ".join(self.tokens)
        found += [_whoever(one) for one in [*pattern("somebody").finditer(said)][:1]]
        return found + [_of_role(what) for what in pattern("worse").findall(said)[:1]]

    def _clause(self, mention: Mention) -> str:
        """The clause that says who a plain "man" is: " who killed him", "" for any other noun."""
        said = pattern("clause").match(" ".join(self.tokens[mention.phrase.end :][:9]))
        if mention.phrase.head not in words_in("plain_people") or not said:
            return ""
        mine = {GENDERS.get(word, "") for word in said["clause"].split()} - {""}
        is_mine = self.player not in (None, mention) and self.player.pronouns in mine
        return "" if is_mine else to_second_person(f" {said['clause']}")

    def is_players(self, owner: str, at: int) -> bool:
        """Whether "his", "her" or "their" at a token means the player's character."""
        return self.player is not None and self._owner(owner, at) is self.player

    def _owner(self, owner: str, at: int, of: Mention | None = None) -> Mention | None:
        """Whom "his" or "their" at a token means; nobody is the brother ``of`` themselves."""
        wanted = GENDERS.get(owner.lower(), "")
        may = [m for m in self._found.before(at, groups=not wanted) if m is not of]
        fitting = [m for m in may if not wanted or m.pronouns in ("", wanted)]
        if self.player in fitting and not self._is_of_another(wanted, fitting, at):
            return self.player  # whose story it is has the wives and brothers in it
        surely = (m for m in fitting if m.name or m.pronouns)  # a starter owns less than Ann
        return next(surely, next(iter(fitting), None))

    def _is_of_another(self, wanted: str, fitting: Sequence[Mention], at: int) -> bool:
        """Whether "his" at a token is not, before all, that of the player's character.

        It is another's where one opens a clause of the same sentence: "Gus says his wife".
        """
        if self.player is None or not wanted or self.player.pronouns != wanted or self.is_second:
            return True
        first = 1 + max((i for i in range(at) if self.lows[i] in ".!?;"), default=-1)
        others = [m for m in fitting if m is not self.player and m.pronouns == wanted]
        others = [m for m in others if m.phrase.determiner not in THEIRS]  # his apprentice, and …
        opens = ("", *".,;:—!?")
        said = (place for m in others for place in m.at if first <= place < at)
        return any(self._found.low(place - 1) in opens for place in said)

    def _role(self, mention: Mention) -> str:
        phrase, owner = mention.phrase, mention.phrase.determiner
        noun = to_second_person(phrase.text) + self._clause(mention)
        is_late = self._found.is_buried(mention) and "late" not in phrase.words
        noun = f"late {noun}" if is_late else noun
        names = self.player.name.split() if self.player else []
        is_kin = phrase.head in words_in("kin")
        is_named = owner[:1].isupper() and without_s(owner) != owner
        if owner in THEIRS:
            of = self._owner(owner, phrase.start, mention)
            is_ours = owner == "their" and is_kin and not (of and of.phrase.is_many)
            if (of is self.player and (of or not self.is_second)) or (is_ours and self.player):
                return f"your {noun}"  # "their mother", of Ann and her brother
            ends = "'" if of and of.phrase.is_many else "'s"
            owner = f"{of.name or 'the ' + of.phrase.text}{ends}" if of else owner
            is_named = is_kin and of is not None
        is_monk = mention.name and not phrase.is_name and phrase.head in words_in("orders")
        is_mine = owner in MINE or (not owner and is_kin and not (phrase.is_many or is_monk))
        if phrase.is_name:
            title = _title(phrase)
            if not title:
                work = self._work_before(phrase) or self._of_group(mention)
                return f"the {work}" if work else ""
            is_kin = title in words_in("kin") - words_in("orders")  # uncle Bo, but Sister Agnes
            return f"{'your' if is_kin else 'the'} {'late ' * is_late}{title}"
        if is_mine or without_s(owner) in names:
            return f"your {noun}"
        return f"{owner if is_named else 'the'} {'other people' if noun == 'people' else noun}"

    def _of_group(self, mention: Mention) -> str:
        """What one of a group is: "removal man" of two removal men; "" of nobody's."""
        group = self._group_of(mention)
        if group is None or group.phrase.head in words_in("plain_people"):
            return ""
        words = [w for w in group.phrase.words[:-1] if w.lower() not in words_in("numerals")]
        return " ".join([*words, group.phrase.head])

    def _work_before(self, phrase: Phrase) -> str:
        """What stands bare before a name: "retired customs officer" of "… Hester Muir", or ""."""
        first = phrase.start
        while first and self.tokens[first - 1].isalpha() and self.tokens[first - 1].islower():
            low = self.tokens[first - 1]
            if low in words_in("stops", "determiners") or (
                first == phrase.start and not is_person(low)
            ):
                break
            first -= 1
        return " ".join(self.tokens[first : phrase.start])


def _title(phrase: Phrase) -> str:
    """What somebody is by the title before their name: "captain" of Captain Oyelaran, or ""."""
    title = phrase.words[0].lower()
    return title if phrase.is_name and len(phrase.words) > 1 and is_person(title) else ""


def _whoever(found: re.Match[str]) -> PremisePerson:
    """Of whom no more is known than what they do: "somebody knocks" → whoever knocks."""
    does = re.sub(r"^['’]s ", "is ", found["is"]) + found["does"]
    role = to_second_person(f"whoever {' '.join(does.split())}")
    return PremisePerson(role=re.sub(r" (['’])", r"\1", role))


def _of_role(role: str) -> PremisePerson:
    """Somebody of whom no more is known than the role."""
    last = pattern("after_head").split(role)[0].split()[-1]
    many = is_plural(last) or one_of(last) in words_in("groups", "implied_groups")
    return PremisePerson(role=role, pronouns="they" if many else gender_of(role), is_group=many)


def _indefinite(noun: str) -> str:
    return f"{article_for(noun.split()[0])} {noun}"


def implied_people(
    roles: Iterable[str], you: PremisePerson, said: Sequence[PremisePerson]
) -> list[PremisePerson]:
    """Those of the roles of a setting that the premise has not, by any of their names."""
    alike = [frozenset(row.split()) for row in word_table("premise_words")["alike"]]
    heads, known = {head_of(p.role) for p in (you, *said)}, {p.role for p in said}
    heads |= {"doctor"} if any(p.name.startswith("Dr") for p in (you, *said)) else set()
    found: list[PremisePerson] = []
    for role in roles:
        head = head_of(role)
        is_fellow = head == head_of(you.role) and role.startswith("the other")
        is_had = heads & {head}.union(*(row for row in alike if head in row))
        if role in known or (is_had and not is_fellow):
            continue
        heads, known = heads | {head}, known | {role}
        found.append(replace(_of_role(role), is_implied=True))
    return found[:4]
