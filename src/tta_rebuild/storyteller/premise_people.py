"""The people of a premise: the player's character, everybody else, and whom it clearly implies.

Called by ``premise_reading``. What a premise implies ("a letter home": the family) comes from the
topics it speaks of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tta_rebuild.core.english import article_for
from tta_rebuild.storyteller.premise_mentions import GENDERS, Mention, Mentions, gender_of
from tta_rebuild.storyteller.premise_phrases import is_person, one_of, words_in
from tta_rebuild.storyteller.second_person import to_second_person

_SOMEBODY = re.compile(
    r"\b(?:someone|somebody) ?(?:is|['’]s|was)(?! else) ([^.,;!?]{3,60}?) ?(?:[.,;!?]|$)", re.I
)
_ONE_OF_A_KIND = frozenset(
    "best first last only same greatest worst next other different two three".split()
)
_MARRIES = re.compile(r"\bmarr(?:y|ies|ied) (?:the|an?|my|his|her|your|prince|king)\b")


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


class People:
    """The cast of one text.

    Attributes:
        you: the player's character.
        others: everybody else, in the order of the text, then the implied ones.
    """

    def __init__(self, said: Mentions, topics: Iterable[Mapping[str, Any]]) -> None:
        self.said, self.topics = said, list(topics)
        self.tokens, self.lows, self.player = said.tokens, said.lows, said.player
        self.mentions = said.mentions
        self.you, self.others = self._cast()

    def _cast(self) -> tuple[PremisePerson, list[PremisePerson]]:
        others: list[PremisePerson] = []
        you = self._you()
        for mention in self.mentions:
            if mention is self.player:
                others += self._fellows(mention)
            elif mention.phrase.determiner == "two" and not mention.name:
                one = " ".join(w for w in mention.phrase.words[:-1] if w != "different")
                for which in ("first", "second"):
                    role = f"the {which} {one} {mention.phrase.head}".replace("  ", " ")
                    others.append(PremisePerson(role=role, pronouns=gender_of(mention.phrase.head)))
            else:
                many = mention.is_group
                others.append(
                    PremisePerson(
                        name=mention.name,
                        role=self._role(mention),
                        pronouns="they" if many else mention.pronouns,
                        is_group=many,
                    )
                )
        others += self._somebody()
        return you, others + self._implied(you, others)

    def _you(self) -> PremisePerson:
        if self.player is None:
            role = next((t["you"] for t in self.topics if t.get("you")), "")
            said = [GENDERS[low] for low in self.lows if low in GENDERS and not role]
            one = {*said} if not (self.said.is_second or self._is_of_another(said)) else set[str]()
            return PremisePerson(role=role, pronouns=one.pop() if len(one) == 1 else "")
        mention = self.player
        words = [w for w in mention.phrase.words[:-1] if not _is_superlative(w.lower())]
        words.append(mention.phrase.words[-1])
        last = mention.phrase.words[-1].lower()
        of = one_of(words[-2]) if len(words) > 1 else ""
        if mention.phrase.is_name:
            role = ""
        elif last == "people":
            many = {mention.phrase.determiner} & words_in("numerals")
            role = f"one of the {' '.join([*many, mention.phrase.text])}"
        elif last in words_in("groups") and is_person(of):  # an elite bodyguard team
            role = f"{article_for(of)} {of}"
        elif last in words_in("groups"):
            role = f"one of {article_for(words[0])} {' '.join(words)}"
        else:
            clause = "" if mention.is_group else self._noun(mention)[len(mention.phrase.text) :]
            noun = " ".join([*words[:-1], words[-1] if words[-1].isupper() else one_of(last)])
            owner = mention.phrase.determiner
            article = owner if owner[:1].isupper() else article_for(noun.split()[0])
            role = f"{article} {noun}{clause}"
        return PremisePerson(name=mention.name, role=role, pronouns=mention.pronouns)

    def _is_of_another(self, said: Sequence[str]) -> bool:
        """Whether a "he" without a noun may be somebody else who is spoken of."""
        return any(m.pronouns in ("", *said) for m in self.mentions if not m.is_group)

    def _fellows(self, mention: Mention) -> list[PremisePerson]:
        """The rest of a group of which the player is one."""
        head = mention.phrase.words[-1].lower()
        if not mention.is_group or head == "couple":
            return []
        words = " ".join(mention.phrase.words)
        if "two" in (mention.phrase.determiner, *mention.phrase.words) and head == "people":
            return [PremisePerson(role="the other person")]
        if mention.phrase.determiner == "two":
            one = " ".join([*mention.phrase.words[:-1], mention.phrase.head])
            gender = gender_of(mention.phrase.head)
            return [PremisePerson(role=f"the other {one}", pronouns=gender)]
        if head in words_in("groups"):
            return [PremisePerson(role=f"the rest of the {words}", pronouns="they", is_group=True)]
        return [PremisePerson(role=f"the other {words}", pronouns="they", is_group=True)]

    def _noun(self, mention: Mention) -> str:
        """The words of a mention with the clause that says who a plain "man" is."""
        words = mention.phrase.text
        end = mention.phrase.end
        clause: list[str] = []
        if mention.phrase.head in words_in("plain_people") and self.lows[end : end + 1] in (
            ["who"], ["that"], ["in"], ["with"], ["under"]
        ):  # fmt: skip
            for token in self.tokens[end : end + 8]:
                if not token[0].isalnum() or token.lower() in ("and", "but", "every", "is", "was"):
                    break
                clause.append(token)
            mine = {GENDERS.get(word) for word in clause} & {self.player and self.player.pronouns}
            is_mine = mention is not self.player and mine - {None, ""}
            clause = clause if 1 < len(clause) < 8 and not is_mine else []
        return to_second_person(" ".join([words, *clause]))

    def _role(self, mention: Mention) -> str:
        phrase = mention.phrase
        if phrase.is_name:
            return ""
        noun, owner = self._noun(mention), phrase.determiner
        if owner in ("my", "your", "our"):
            return f"your {noun}"
        if not owner and phrase.head in words_in("kin") and not phrase.is_many:
            return f"your {noun}"  # Grandpa
        if owner in ("his", "her", "their"):
            of = self._owner(phrase.start)
            if of is self.player and not (of is None and self.said.is_second):
                return f"your {noun}"
            if phrase.head not in words_in("kin"):
                return f"the {noun}"
            if of and not of.is_group:
                return f"{of.name or 'the ' + of.phrase.text}'s {noun}"
            return f"{owner} {noun}"
        if owner.endswith(("'s", "’s")):
            bare = owner[:-2]
            if self.player is not None and bare in self.player.name.split():
                return f"your {noun}"
            return f"{owner} {noun}" if bare[0].isupper() else f"the {noun}"
        return "the other people" if noun == "people" else f"the {noun}"

    def _owner(self, at: int) -> Mention | None:
        before = [m for m in self.mentions if any(start < at for start in m.at)]
        wanted = GENDERS.get(self.lows[at], "")
        fitting = [
            m for m in before if not wanted or (m.pronouns in ("", wanted) and not m.is_group)
        ]
        return max(fitting, key=lambda m: max(s for s in m.at if s < at), default=None)

    def _somebody(self) -> list[PremisePerson]:
        """Somebody unknown whom the text makes do something: "someone is in the bed with you"."""
        text = " ".join(self.tokens)
        found = _SOMEBODY.search(text)
        people = [PremisePerson(role=f"whoever is {found[1]}")] if found else []
        if worse := re.search(r"\b(?:something) ((?:much|far|even) \w+)\b", text):
            people.append(PremisePerson(role=f"something {worse[1]}", pronouns="it"))
        return people

    def _implied(self, you: PremisePerson, said: Sequence[PremisePerson]) -> list[PremisePerson]:
        heads = {_last(p.role) for p in said}
        found: list[PremisePerson] = []
        for topic in self.topics:
            if set(topic.get("unless", "").split()) & {*self.lows, *map(one_of, self.lows)}:
                continue
            for role, pronouns in topic.get("people", ()):
                is_spouse = role == "your spouse" and _MARRIES.search(" ".join(self.lows))
                players = topic.get("player", "")
                if is_spouse or (players and _last(you.role) not in players.split()):
                    continue
                if _last(role) not in heads and (
                    _last(role) != _last(you.role) or role.startswith("the other")
                ):
                    heads.add(_last(role))
                    many = pronouns == "they"
                    found.append(PremisePerson(role=role, pronouns=pronouns, is_group=many))
        return found[:4]


def _is_superlative(word: str) -> bool:
    return word in _ONE_OF_A_KIND or (word.endswith("est") and word not in ("honest", "modest"))


def _last(role: str) -> str:
    words = re.split(r" (?:who|that|in|of|at|on|with|from) ", role)[0].split()
    return one_of(words[-1]) if words else ""
