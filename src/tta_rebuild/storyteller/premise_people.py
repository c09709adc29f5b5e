"""The people of a premise: the player's character, everybody else, and whom it clearly implies.

Called by ``premise``: the second pass, over the noun phrases. Who is spoken of first is played,
unless they die of it, are hardly played where somebody else is there, or the text says "you" or
"I". Whom a premise implies ("a letter home": the family) comes from ``data/premise_topics.toml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tta_rebuild.core.english import article_for
from tta_rebuild.storyteller.noun_phrases import (
    Phrase,
    is_animal,
    is_person,
    is_place_name,
    is_plural,
    noun_kind,
    one_of,
    second_persons,
    without_accents,
    without_s,
    words_in,
)
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import pattern, word_list, word_table

_TOLD = 2  # how much nearer to being played somebody is whom the tagger takes for the player
GENDERS = dict.fromkeys("he him his himself".split(), "he")
GENDERS |= dict.fromkeys("she her hers herself".split(), "she")
MINE, _THEIRS = ("my", "your", "our"), ("his", "her", "their")


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
    title, _, rest = name.partition(" ")
    if rest and is_person(title.lower()):  # Uncle Zaza, Doctor Ada Marsh; Captain Rolf may be both
        return gender_of(title.lower()) or (gender_of("", rest) if " " in rest else "")
    last = phrase.rpartition(" ")[2].removesuffix("-in-law").rpartition("-")[2]  # an ex-husband
    first, head = without_accents(name.split(" ")[0]), one_of(last)
    is_her = (
        head in words_in("women")
        or noun_kind(head) == "she"
        or (re.search(r"(?:[^n]|governe)ess$", head) and is_person(head))
    )
    if is_her or first in words_in("she_names") or " female " in f" {phrase}":
        return "she"
    is_he = head in words_in("men") or noun_kind(head) == "he" or first in words_in("he_names")
    return "he" if is_he else "it" if head in words_in("its") else ""


def head_of(role: str) -> str:
    """The noun of a role without what follows it: ``the nurse who tends both`` → ``nurse``."""
    words = pattern("after_head").split(role)[0].split()
    return one_of(words[-1]) if words else ""


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
        self.lows = [t.lower() for t in tokens]
        self.mentions: list[Mention] = []
        self.you_are: Mention | None = None
        self.taken: set[int] = set()
        said = {re.split("['’]", low)[0] for low in self.lows}
        self.is_second = not words_in("first_and_second").isdisjoint(said)
        of, last = phrases[0] if phrases else None, None
        for phrase in phrases:
            is_none = phrase.determiner in ("no", "any")
            mention = None if is_none else self._take(phrase, of, last)
            of, last = phrase, mention
            if mention and without_s(tokens[phrase.end - 1]) != tokens[phrase.end - 1]:
                mention.is_owner = len(mention.at) == 1
            elif mention:
                self.taken.add(phrase.start)
        by_role = words_in("called_by_role", "kin")  # Grandpa, Uncle Jo
        self.is_second = self.is_second or any(
            m.phrase.words[0].lower() in by_role and not (m.phrase.determiner or m.phrase.is_many)
            for m in self.mentions
        )
        self.player = self._player()
        self._find_pronouns()

    def _low(self, at: int) -> str:
        return self.lows[at] if 0 <= at < len(self.lows) else "."

    # ------------------------------------------------------------------ who is spoken of

    def _take(self, phrase: Phrase, of: Phrase | None, last: Mention | None) -> Mention | None:
        """Whom a phrase speaks of, noted; None if it speaks of nobody. ``last`` was ``of`` it."""
        for at, word in enumerate((phrase.determiner, *phrase.words[:-1])):
            if (bare := without_s(word)) != word and is_person(one_of(bare)):  # the king's taster
                words = (*phrase.words[: max(0, at - 1)], bare.lower())
                by = "" if bare.lower() in words_in("called_by_role") else "the"
                inner = replace(phrase, determiner=phrase.determiner if at else by, words=words)
                self._add(inner).is_owner = True
        again = self._said_again(phrase, of, last) if of and of is not phrase else None
        if again or phrase.start in self.taken:
            return again
        if phrase.is_name:
            return self._add(phrase, name=phrase.text) if self._is_person_name(phrase) else None
        is_of = phrase.is_group and self._low(phrase.end) == "of"
        after = next((p.kind for p in self.phrases if p.start == phrase.end + 1), "")
        if phrase.kind != "person" or (is_of and after == "person"):  # a family of smugglers
            return None
        before = " ".join(self.lows[max(0, phrase.start - 8) : phrase.start])
        is_open = phrase.determiner in words_in("open_determiners") | {""}
        if told := pattern("they_are").search(before):
            may, gender = self._before(phrase.start - 1), GENDERS.get(told["who"], "")
            may = [m for m in may if not gender or m.pronouns in ("", gender)]
            if may and not phrase.is_many:
                return self._is_also(may[0], phrase, gender)
        is_mine = phrase.determiner in MINE and phrase.head in words_in("my_own")  # my character
        is_bare = not (phrase.start or phrase.determiner or phrase.is_many)  # "Vet for dragons. I"
        is_you = self.is_second and is_bare and phrase.head not in words_in("kin")
        is_you = is_you and self._low(phrase.end) in words_in("after_a_job")
        if not (is_mine or is_you or (is_open and pattern("you_are").search(before))):
            is_as = pattern("as_somebody").search(before) and phrase.determiner in ("a", "an")
            return None if is_as else self._add(phrase)  # "posing as a nurse" is nobody new
        me = Mention(phrase, pronouns=gender_of(phrase.text), at=[phrase.start])
        self.you_are = self.you_are or me
        return self.you_are

    def _is_also(self, mention: Mention, phrase: Phrase, said: str) -> Mention:
        """A mention of which this phrase says what they are."""
        if mention.phrase.is_name or mention.phrase.head in words_in("my_own", "plain_people"):
            mention.phrase = phrase
        mention.at.append(phrase.start)
        mention.pronouns = mention.pronouns or said or gender_of(phrase.text)
        return mention

    def _said_again(self, phrase: Phrase, of: Phrase, mention: Mention | None) -> Mention | None:
        """Who was spoken of just before, where this phrase says their name or what they are."""
        between, follows = " ".join(self.lows[of.end : phrase.start]), self._low(phrase.end)
        if of.end > phrase.start or not pattern("same_person").match(between):
            return None
        if phrase.is_name:
            is_one = not of.is_many or of.determiner == "the" or of.is_name
            is_aside = between != "," or follows in (",", ".")
            is_place = phrase.words[0] in words_in("known_places")
            if not (is_one and is_aside) or is_place or (mention and mention.name):
                return None
            is_known = without_accents(phrase.words[0]) in words_in("she_names", "he_names")
            if not mention and between == "" and is_known:  # the night Mrs Pell came
                return None
            if not mention and (between != "," or of.kind != "thing"):
                self.taken.add(phrase.start)  # the ship Hope
            if not mention and (between != "," or of.determiner not in (*MINE, *_THEIRS)):
                return None
            mention = mention or self._add(of)  # my target, Rosa
            mention.name = phrase.text
        else:
            is_open = of.determiner in ("a", "an", "") and not of.is_name
            is_list = between == "," and (is_open or follows in ("and", "or"))  # a cook, a dog
            is_own = phrase.determiner in ("a", "an", "the") or (of.is_name and phrase.determiner)
            if not mention or phrase.kind != "person" or is_list or not is_own:
                return None
            return self._is_also(mention, phrase, "")
        mention.at.append(phrase.start)
        mention.pronouns = mention.pronouns or gender_of("", phrase.text)
        return mention

    def _add(self, phrase: Phrase, name: str = "") -> Mention:
        """The mention of a phrase: one of before, if it can be the same, else a new one."""
        near = {phrase.determiner, *phrase.words, *self.lows[phrase.start : phrase.start + 2]}
        is_new = phrase.is_name or bool(near & {"other", "another"})
        for known in self.mentions:
            of = known.phrase
            same = not is_new and of.head == phrase.head
            if of.is_many and not phrase.is_many:
                same = same and phrase.determiner in ("the", "")
            if {phrase.determiner, of.determiner} <= {"a", "an"}:
                same = False
            if same or (name and name.split()[0] in known.name.split()):
                known.at.append(phrase.start)
                return known
        pronouns = gender_of("" if phrase.is_name else phrase.text, name)
        if self._low(phrase.start - 1) in ("is", "was"):
            pronouns = pronouns or GENDERS.get(self._low(phrase.start - 2), "")
        self.mentions.append(Mention(phrase, name, pronouns, at=[phrase.start]))
        return self.mentions[-1]

    def _is_person_name(self, phrase: Phrase) -> bool:
        if phrase.said:
            return phrase.kind == "person"
        words = phrase.text.split()
        before, after, then = (
            self._low(at) for at in (phrase.start - 1, phrase.end, phrase.end + 1)
        )
        is_in = before in ("in", "at", "near", "from", "on")
        if without_accents(words[0]) in words_in("she_names", "he_names") and not is_in:
            return True
        is_place = is_place_name(phrase) or words[-1].lower() in word_list("places")
        if words[0].lower() in words_in("thing_names") or is_place or is_in or "-" in words[-1]:
            return False
        acts = after in {*second_persons(), "who", "and", "must", "can", "had"}
        acts = acts or (after == "," and (then in ("a", "an", "the") or is_person(then)))
        is_whole = len(words) > 1 and "of" not in words
        return acts or is_whole or before in {"and", "named", "called", "with", "by"}

    # ------------------------------------------------------------------- who is the player

    def _player(self) -> Mention | None:
        named = (m for m in self.mentions if self.played & {*m.name.lower().split()})
        if chosen := next(named, None):
            return chosen
        if self.you_are:
            return self.you_are
        if self.topic_at > 0 and {"he", "she"} & {*self.lows[self.topic_at :][:4]}:
            return next(iter(self._before(self.topic_at)), None)  # … Write about what she does.
        after = [m for m in self.mentions if max(m.at) >= self.topic_at and not m.is_owner]
        if self.topic_at >= 0 and after:
            return after[0]
        told = {p.start for p in self.phrases if p.said == "you"}
        nearer = [m for m in self.mentions if not (m.phrase.is_many or told.isdisjoint(m.at))]
        far = [self._distance(m) - _TOLD * (m in nearer) for m in self.mentions]
        ranked = [(n, m.phrase.start, m) for n, m in zip(far, self.mentions, strict=True)]
        best = min(ranked, key=lambda row: row[:2], default=None)
        return best[2] if best and best[0] < 9 and not self.is_second else None

    def _distance(self, mention: Mention) -> int:
        """How far a mention is from being whom one plays: 0 the subject, 9 nobody."""
        phrase, before = mention.phrase, self._low(mention.phrase.start - 1)
        after = " ".join(self.lows[phrase.end : phrase.end + 12]).split(" . ")[0]
        is_other = "other" in self.lows[phrase.start : phrase.start + 2]
        if phrase.determiner in _THEIRS or is_other or pattern("dies").match(after):
            return 9
        if phrase.head in words_in("hardly_played"):
            return 9 if phrase.is_many else 4
        is_group_of = before == "of" and self._low(phrase.start - 2) in words_in("groups")
        oblique = 3 if before in ("of", "by") else int(before in words_in("oblique"))
        return 2 if mention.is_owner else 0 if is_group_of else oblique

    def _find_pronouns(self) -> None:
        """Give every "he" and "her" to the nearest person before it that can be meant."""
        for at, low in enumerate(self.lows):
            gender = GENDERS.get(re.split("['’]", low)[0], "")
            if not gender or "/" in self.lows[max(0, at - 1) : at + 2]:
                continue
            may = self._before(at)
            if low == "him" and may and at - max(s for s in may[0].at if s < at) < 5:
                may = may[1:]  # "the man who killed him": somebody else
            free = next((m for m in may if m.pronouns == ""), None)
            if free and free is not self.you_are and all(m.pronouns != gender for m in may):
                free.pronouns = gender
        for mention in self.mentions:
            head, is_many = mention.phrase.head, mention.phrase.is_many
            is_beast = head in words_in("animals") or (is_animal(head) and not is_person(head))
            is_beast = is_beast and not (is_many or head in words_in("plain_people"))
            mention.pronouns = mention.pronouns or "it" * is_beast

    def _before(self, at: int, *, groups: bool = False) -> list[Mention]:
        """Whom "he" or "her" (with ``groups`` "their") at a token may mean, the nearest first."""
        said = [m for m in (*self.mentions, self.you_are) if m and min(m.at) < at]
        said = [m for m in said if groups or not m.phrase.is_many]
        return sorted(said, key=lambda m: -max(s for s in m.at if s < at))

    # -------------------------------------------------------------------- what they are called

    def you(self, role: str) -> PremisePerson:
        """The player's character; ``role`` is what the premise implies where it says nothing."""
        if self.player is None:
            said = {GENDERS[low] for low in self.lows if low in GENDERS}
            one = not (role or self.is_second or any(not m.phrase.is_many for m in self.mentions))
            return PremisePerson(role=role, pronouns=said.pop() if one and len(said) == 1 else "")
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
        return PremisePerson(name=self.player.name, role=role, pronouns=self.player.pronouns)

    def others(self) -> list[PremisePerson]:
        """Everybody else, in the order of the text."""
        found: list[PremisePerson] = []
        for mention in self.mentions:
            phrase, many, is_player = mention.phrase, mention.phrase.is_many, mention is self.player
            is_listed = self._low(phrase.end) == "," and any(
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
        found += [_of_role(f"whoever is {what}") for what in pattern("somebody").findall(said)[:1]]
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

    def _owner(self, owner: str, at: int) -> Mention | None:
        wanted = GENDERS.get(owner, "")
        may = self._before(at, groups=not wanted)
        return next((m for m in may if not wanted or m.pronouns in ("", wanted)), None)

    def _role(self, mention: Mention) -> str:
        phrase, owner = mention.phrase, mention.phrase.determiner
        noun = to_second_person(phrase.text) + self._clause(mention)
        names = self.player.name.split() if self.player else []
        is_kin = phrase.head in words_in("kin")
        is_named = owner[:1].isupper() and without_s(owner) != owner
        if owner in _THEIRS:
            of = self._owner(owner, phrase.start)
            if of is self.player and (of or not self.is_second):
                return f"your {noun}"
            ends = "'" if of and of.phrase.is_many else "'s"
            owner = f"{of.name or 'the ' + of.phrase.text}{ends}" if of else owner
            is_named = is_kin
        is_mine = owner in MINE or (not owner and is_kin and not phrase.is_many)
        if phrase.is_name:
            title = phrase.words[0].lower()
            is_title = len(phrase.words) > 1 and is_person(title)
            return f"{'your' if title in words_in('kin') else 'the'} {title}" * is_title
        if is_mine or without_s(owner) in names:
            return f"your {noun}"
        return f"{owner if is_named else 'the'} {'other people' if noun == 'people' else noun}"


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
