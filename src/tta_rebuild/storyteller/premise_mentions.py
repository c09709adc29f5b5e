"""Who is spoken of in a premise: the phrases that mean the same person, and the pronouns.

Called by ``premise_people``: the second pass, over the noun phrases. Somebody is named again by an
apposition ("my target, Rosa"), by what they are said to be, by a noun of the same head, and by "he"
and "her", which mean the nearest person before them that can be meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tta_rebuild.storyteller.noun_phrases import (
    Phrase,
    is_animal,
    is_person,
    is_place_name,
    noun_kind,
    one_of,
    second_persons,
    without_accents,
    without_s,
    words_in,
)
from tta_rebuild.storyteller.word_lists import pattern, word_list

GENDERS = dict.fromkeys("he him his himself".split(), "he")
GENDERS |= dict.fromkeys("she her hers herself".split(), "she")
MINE, THEIRS = ("my", "your", "our"), ("his", "her", "their")


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
    if rest and title in words_in("her_titles", "his_titles"):
        return "she" if title in words_in("her_titles") else "he"
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


def _is_owner(low: str) -> bool:
    return without_s(low) != low


def quoted_in(tokens: Sequence[str]) -> list[bool]:
    """Whether each token is said by somebody in the text."""
    found, is_quoted = list[bool](), False
    for token in tokens:
        is_quoted = not is_quoted if token == '"' else (is_quoted or token == "“") and token != "”"
        found.append(is_quoted)
    return found


class PremiseMentions:
    """Everybody of one text.

    Attributes:
        mentions: in the order of the text, without whom "you" are said to be.
        you_are: whom "you" are said to be, None if the text does not say.
        is_second: the text speaks to "you" or of "I".
        taken: tokens at which the phrases begin that speak of somebody.
    """

    def __init__(self, tokens: Sequence[str], phrases: Sequence[Phrase]) -> None:
        self.phrases, self.lows = phrases, [t.lower() for t in tokens]
        self.mentions: list[Mention] = []
        self.you_are: Mention | None = None
        self.taken: set[int] = set()
        self.quoted = quoted_in(self.lows)
        self.is_second = self._speaks_to_you()
        self._add_unsaid()
        seen = list[tuple[Phrase, Mention | None]]()
        for phrase in phrases:
            is_none = phrase.determiner in ("no", "any", "every", "each")
            before = (one for one in reversed(seen) if one[0].start < phrase.start)  # no owner
            of, last = next(before, (phrases[0], None))
            mention = None if is_none else self._take(phrase, of, last)
            seen.append((phrase, mention))
            if mention and without_s(tokens[phrase.end - 1]) != tokens[phrase.end - 1]:
                mention.is_owner = len(mention.at) == 1
            elif mention:
                self.taken.add(phrase.start)
        by_role = words_in("called_by_role", "kin")  # Grandpa, Uncle Jo
        self.is_second = self.is_second or any(
            m.phrase.words[0].lower() in by_role and not (m.phrase.determiner or m.phrase.is_many)
            for m in self.mentions
        )
        self._find_pronouns()

    def _add_unsaid(self) -> None:
        """Whoever is "she" or "he" from the beginning: "She married him for the visa." """
        for gender, noun in (("she", "woman"), ("he", "man")):
            at = self.lows.index(gender) if gender in self.lows else -1
            opens = (*",;:", "and", "but") if self.is_second else (*".!?", "")
            before = self.lows[at - 1] if at > 0 else ""
            if at < 0 or self.quoted[at] or before not in opens:
                continue
            may = (p for p in self.phrases if p.start < at and (p.is_name or p.kind == "person"))
            said = (gender_of("" if p.is_name else p.text, p.text * p.is_name) for p in may)
            if not any(one in ("", "it", gender) for one in said):
                phrase = Phrase(determiner="a", words=(noun,), start=at, end=at + 1, said="person")
                self.mentions.append(Mention(phrase, pronouns=gender, at=[at]))
        self.mentions.sort(key=lambda m: m.phrase.start)

    def _speaks_to_you(self) -> bool:
        """Whether the text says "you" or "I"; in a speech only where it tells of nobody else."""
        said = [re.split("['’]", low)[0] for low in self.lows]
        plain = {one for one, is_quoted in zip(said, self.quoted, strict=True) if not is_quoted}
        if plain & words_in("first_and_second"):
            return True
        is_of_another = plain & GENDERS.keys() or any(
            p.is_name and p.kind == "person" for p in self.phrases if not self.quoted[p.start]
        )
        return not (is_of_another or words_in("first_and_second").isdisjoint(said))

    def low(self, at: int) -> str:
        """The token at a place in small letters; a full stop outside of the text."""
        return self.lows[at] if 0 <= at < len(self.lows) else "."

    def before(self, at: int, *, groups: bool = False) -> list[Mention]:
        """Whom "he" or "her" (with ``groups`` "their") at a token may mean, the nearest first."""
        said = [m for m in (*self.mentions, self.you_are) if m and min(m.at) < at]
        said = [m for m in said if groups or not m.phrase.is_many]
        return sorted(said, key=lambda m: -max(s for s in m.at if s < at))

    def is_buried(self, mention: Mention) -> bool:
        """Whether a funeral or a grave is said to be somebody's: "since their mother's funeral"."""
        phrase = mention.phrase
        owners = (i for i in range(phrase.start, phrase.end) if _is_owner(self.lows[i]))
        return any(self.low(i + 1) in words_in("of_the_dead") for i in owners)

    def _take(self, phrase: Phrase, of: Phrase | None, last: Mention | None) -> Mention | None:
        """Whom a phrase speaks of, noted; None if it speaks of nobody. ``last`` was ``of`` it."""
        if self.low(phrase.start - 1) == "than" and phrase.determiner in ("a", "an"):
            return None  # a tooth bigger than a cow's
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
        if self._is_what_you_are(phrase):
            self.you_are = self.you_are or Mention(phrase, pronouns="", at=[phrase.start])
            return self.you_are
        is_of = phrase.is_group and self.low(phrase.end) == "of"
        after = next((p.kind for p in self.phrases if p.start == phrase.end + 1), "")
        if phrase.kind != "person" or (is_of and after == "person"):  # a family of smugglers
            return None
        before = " ".join(self.lows[max(0, phrase.start - 8) : phrase.start])
        is_open = phrase.determiner in words_in("open_determiners") | {""}
        if told := pattern("they_are").search(before):
            may, gender = self.before(phrase.start - 1), GENDERS.get(told["who"], "")
            may = [m for m in may if not gender or m.pronouns in ("", gender)]
            if may and not phrase.is_many:
                return self._is_also(may[0], phrase, gender)
        is_mine = phrase.determiner in MINE and phrase.head in words_in("my_own")  # my character
        is_bare = not (phrase.start or phrase.determiner or phrase.is_many)  # "Vet for dragons. I"
        is_you = self.is_second and is_bare and phrase.head not in words_in("kin")
        is_you = is_you and self.low(phrase.end) in words_in("after_a_job")
        is_theirs = phrase.determiner in THEIRS and pattern("i_am").search(before)  # his apprentice
        if not (is_mine or is_you or is_theirs or (is_open and pattern("you_are").search(before))):
            is_as = pattern("as_somebody").search(before) and phrase.determiner in ("a", "an")
            return None if is_as else self._add(phrase)  # "posing as a nurse" is nobody new
        me = Mention(phrase, pronouns=gender_of(phrase.text), at=[phrase.start])
        self.you_are = self.you_are or me
        return self.you_are

    def _is_what_you_are(self, phrase: Phrase) -> bool:
        """Whether it is said that "you" are that, be it a lie or an elevator."""
        before = " ".join(self.lows[max(0, phrase.start - 6) : phrase.start])
        is_one = phrase.determiner in ("a", "an", "the", "") and not phrase.is_many
        is_aside = not before.endswith(" ,") or self.low(phrase.end) == ","
        is_such = phrase.kind in ("person", "thing", "name", "animal") or is_animal(phrase.head)
        is_such &= words_in("measures").isdisjoint(w.lower() for w in phrase.words)
        text = self.lows[phrase.start : phrase.end + 1]
        is_such &= phrase.kind == "person" or all(without_s(one) == one for one in text)
        is_said = self.is_second and not self.quoted[phrase.start] and is_one and is_such
        return bool(is_said and is_aside and pattern("you_are_that").search(before))

    def _is_also(self, mention: Mention, phrase: Phrase, said: str) -> Mention:
        """A mention of which this phrase says what they are."""
        if mention.phrase.is_name or mention.phrase.head in words_in("my_own", "plain_people"):
            mention.phrase = phrase
        mention.at.append(phrase.start)
        mention.pronouns = mention.pronouns or said or gender_of(phrase.text)
        return mention

    def _said_again(self, phrase: Phrase, of: Phrase, mention: Mention | None) -> Mention | None:
        """Who was spoken of just before, where this phrase says their name or what they are."""
        between, follows = " ".join(self.lows[of.end : phrase.start]), self.low(phrase.end)
        between = "" if phrase.is_name and between in words_in("before_names") else between
        if phrase.is_name and follows in (",", ".") and (told := self._told_more_of(phrase)):
            return self._is_called(told, phrase)
        if of.end > phrase.start or not pattern("same_person").match(between):
            return None
        is_apart = mention is None and phrase.is_name and between == "," and follows in (",", ".")
        before = self._nameless_before(of) if is_apart else None
        if before:  # the new kid at school, Ferdinand,
            return self._is_called(before, phrase)
        if phrase.is_name:
            is_one = not of.is_many or of.determiner == "the" or of.is_name
            is_more = follows == "the" and is_person(one_of(self.low(phrase.end + 1)))
            is_aside = between != "," or follows in (",", ".") or is_more  # Mr Plumb the dentist
            is_place = phrase.words[0] in words_in("known_places")
            if not (is_one and is_aside) or is_place or (mention and mention.name):
                return None
            is_known = without_accents(phrase.words[0]) in words_in("she_names", "he_names")
            is_vessel = of.head in words_in("vehicles")  # the supply ship Ottilie
            if not mention and between == "" and is_known and not is_vessel:  # the night Mrs Pell
                return None
            is_called = between.strip(", ") in words_in("naming")
            is_told = phrase.said in ("person", "you") and is_called  # a chandler named Mr Gosse
            if not (mention or is_told) and (between != "," or of.kind != "thing"):
                self.taken.add(phrase.start)  # the ship Hope
            is_own = between == "," and of.determiner in (*MINE, *THEIRS)
            if not (mention or is_told or is_own):
                return None
            mention = mention or self._add(of)  # my target, Rosa
            mention.name = phrase.text
        else:
            is_open = of.determiner in ("a", "an", "") and not of.is_name
            is_list = between == "," and (is_open or follows in ("and", "or"))  # a cook, a dog
            is_owned = bool(phrase.determiner)
            is_own = phrase.determiner in ("a", "an", "the") or (of.is_name and is_owned)
            is_work = of.is_name and not (phrase.is_many or phrase.is_name)  # Ann Roe, sexton,
            is_own = is_own or (is_work and not is_owned)
            is_own = is_own or (is_owned and between.endswith((" is", " was")))
            if not mention or phrase.kind != "person" or is_list or not is_own:
                return None
            return self._is_also(mention, phrase, "")
        mention.at.append(phrase.start)
        mention.pronouns = mention.pronouns or gender_of("", phrase.text)
        return mention

    @staticmethod
    def _is_called(mention: Mention, name: Phrase) -> Mention:
        mention.name = name.text
        mention.at.append(name.start)
        mention.pronouns = mention.pronouns or gender_of("", name.text)
        return mention

    def _nameless(self) -> Mention | None:
        """Whoever was spoken of last, where it is one person, without a name so far."""
        last = self.mentions[-1] if self.mentions else None
        return None if last is None or last.name or last.phrase.is_many else last

    def _nameless_before(self, of: Phrase) -> Mention | None:
        """Somebody without a name to whom a place or thing belongs: "the kid at | school"."""
        last = self._nameless()
        if of.is_name or of.kind not in ("place", "thing") or last is None:
            return None
        is_joined = last.phrase.end == of.start - 1 and self.low(of.start - 1) in words_in(
            "joining"
        )
        return last if is_joined else None

    def _told_more_of(self, name: Phrase) -> Mention | None:
        """Whose name it is behind a clause: "the geologist who found us, Ragnhild Moe,"."""
        if name.said not in ("person", "you") or (last := self._nameless()) is None:
            return None
        said = " ".join(self.lows[last.phrase.end : name.start]).replace(" ,", ",")
        return last if pattern("said_more_of").fullmatch(said) else None

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
        if self.low(phrase.start - 1) in ("is", "was"):
            pronouns = pronouns or GENDERS.get(self.low(phrase.start - 2), "")
        self.mentions.append(Mention(phrase, name, pronouns, at=[phrase.start]))
        return self.mentions[-1]

    def _is_person_name(self, phrase: Phrase) -> bool:
        of = next((p for p in self.phrases if p.end == phrase.start - 1), None)
        is_of_place = of is not None and (
            of.head in words_in("called_of") or (of.kind == "place" and self._may_be_place(phrase))
        )
        if is_of_place and self.low(phrase.start - 1) == "of":  # the island of Harrow
            return False
        if self.low(phrase.start - 1) == "of" and phrase.words[0].lower() in ("saint", "st", "st."):
            return False  # the bell of Saint Orla
        if self.low(phrase.end) == "," and re.fullmatch(r"1\d{3}|20\d\d", self.low(phrase.end + 1)):
            return False  # Florence, 1348.
        if phrase.said:
            return phrase.kind == "person"
        words = phrase.text.split()
        before, after, then = (
            self.low(at) for at in (phrase.start - 1, phrase.end, phrase.end + 1)
        )
        is_in = before in ("in", "at", "near", "from", "on")
        if without_accents(words[0]) in words_in("she_names", "he_names") and not is_in:
            return True
        is_place = is_place_name(phrase) or words[-1].lower() in word_list("places")
        if words[0].lower() in words_in("thing_names") or is_place or is_in or "-" in words[-1]:
            return False
        acts = after in {*second_persons(), "who", "and", "must", "can", "had"}
        acts = acts or (after == "," and (then in ("a", "an", "the") or is_person(then)))
        titled = (one_of(low) for low in self.lows[phrase.end + 1 : phrase.end + 4])
        acts = acts or (after == "the" and any(map(is_person, titled)))  # Ysolde the tax collector
        is_whole = len(words) > 1 and "of" not in words
        return acts or is_whole or before in {"and", "named", "called", "with", "by"}

    @staticmethod
    def _may_be_place(name: Phrase) -> bool:
        """Whether a name is one word, and no first name: "the library of Nineveh"."""
        known = words_in("she_names", "he_names")
        return len(name.words) == 1 and without_accents(name.text) not in known and not name.said

    def _find_pronouns(self) -> None:
        """Give every "he" and "her" to the nearest person before it that can be meant."""
        for at, low in enumerate(self.lows):
            gender = GENDERS.get(re.split("['’]", low)[0], "")
            if not gender or "/" in self.lows[max(0, at - 1) : at + 2]:
                continue
            may = self.before(at)
            if low == "him" and may and at - max(s for s in may[0].at if s < at) < 5:
                may = may[1:]  # "the man who killed him": somebody else
            free = next((m for m in may if m.pronouns == ""), None)
            if free and free is not self.you_are and all(m.pronouns != gender for m in may):
                free.pronouns = gender
        for mention in self.mentions:
            head, is_many = mention.phrase.head, mention.phrase.is_many
            is_beast = head in words_in("animals") or (is_animal(head) and not is_person(head))
            is_beast &= not (is_many or head in words_in("plain_people") or mention.phrase.is_name)
            mention.pronouns = mention.pronouns or "it" * is_beast
