"""What the player of a premise is after, and what it turns on. Called by ``premise``.

As the player says, else as the premise says, else the likeliest of what they may be after.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from tta_rebuild.storyteller.noun_phrases import OPENINGS, Phrase, words_in
from tta_rebuild.storyteller.premise_matter import (
    as_said,
    is_spoken_of,
    matter_of,
    matters_of,
    spoken_of,
)
from tta_rebuild.storyteller.premise_mentions import GENDERS
from tta_rebuild.storyteller.premise_people import PremisePeople, PremisePerson
from tta_rebuild.storyteller.premise_situation import CERTAIN, plot_of, situations_of
from tta_rebuild.storyteller.premise_told import conflict_of, stated_aim
from tta_rebuild.storyteller.premise_wishes import Subjects, Wished, wishes_of
from tta_rebuild.storyteller.wish_reading import meant_by_pronoun, read_wish, with_names
from tta_rebuild.storyteller.word_lists import is_one, pattern, word_table

_MOST_MATTERS, _LIKELY_ENOUGH = 4, 0.4
"""What it may turn on; how likely a situation must be for its own matter: "the wedding"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaking:
    """What the player is after; the fields as in ``premise.PremiseReading``."""

    aim: str
    stated: str
    conflict: str
    situation: str
    wishes: tuple[Wished, ...]
    is_meant: bool  # whether the premise itself speaks of the first wish
    matter: str
    names_matter: bool
    likely: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PremiseAims:
    """Reads one premise's undertaking.

    Attributes:
        nameless: its text without the names of people.
        corrected: what the player has said since that they are after, "" if nothing.
    """

    tokens: Sequence[str]
    phrases: Sequence[Phrase]
    cast: PremisePeople
    you: PremisePerson
    nameless: str
    corrected: str

    def read(
        self, told: Sequence[str], people: Sequence[PremisePerson], places: Sequence[str],
        plot: str, wish: str,
    ) -> Undertaking:  # fmt: skip
        """What the player is after: as they say, as the premise says, else the likeliest."""
        stated, is_certain = (wish, True) if wish else self._stated_aim(told)
        is_open = stated and re.search(f"(?:whether|if) to {re.escape(stated)}", " ".join(told))
        is_said, meant = bool(wish or self.corrected), ""
        of_aim = "decide" if is_open else conflict_of(stated)
        matters, topics = self._matters(), word_table("premise_topics")
        if is_said:
            stated = with_names(stated, people)
            of_aim, meant = read_wish(stated, people, matters)
        elif stated:
            meant = meant_by_pronoun(stated, people)
        likely, sought = situations_of(self.nameless, of_aim), self._sought()
        best, odds = next(iter(likely.items()))
        own = topics["situation"].get(best, {}) if odds >= _LIKELY_ENOUGH else {}
        matters += [own["matter"]] if "matter" in own else []
        is_asked = not (plot or is_certain) and bool(self.tokens)
        told_of = [p for p in people if not p.is_implied]
        wishes = wishes_of(likely, Subjects(told_of, matters, places, sought)) if is_asked else ()
        aim = stated or next((one.wish for one in wishes), "")
        after = {plot: 1.0} if plot else likely
        situation, conflict = plot_of(after, "" if plot else of_aim or conflict_of(aim))
        row = topics["situation"].get(situation) or topics["conflict"][conflict]
        is_of_things = (plot and situation) or conflict not in words_in("turn_on_somebody")
        shunned = {one for p in people for one in (p.name, p.role)} if is_of_things else set[str]()
        spoken, turns_on = self._turns_on(aim, places, set() if wish or wishes else shunned)
        whole = [m for m in matters if m in aim] if wishes else []
        lost = spoken_of(sought or "what is lost") if "{sought}" in row["aim"] else []
        named = meant or next(iter((*sorted(whole, key=len)[-1:], *spoken, *lost, *turns_on)), "")
        if is_open:
            aim = f"decide whether to {aim}"
        if not aim:
            is_named = bool(named and named not in places[:1])
            usual: str = row.get("aim_named", row["aim"]) if is_named else row["aim"]
            aim = usual.format(sought=sought or "what is lost", matter=named)
        elif stated and turns_on and not (named in aim or pattern("it_is_all").search(aim)):
            named = turns_on[0] if aim.endswith(" it") else named
            aim = re.sub(r"\bit\b", named or "it", aim, count=1)
        if wishes and aim not in (one.wish for one in wishes):
            wishes = (Wished(aim, conflict), *wishes)
        return Undertaking(
            aim=aim, stated=of_aim, conflict=conflict, situation=situation, wishes=wishes,
            matter=named or row.get("matter", ""), names_matter=bool(named),
            is_meant=bool(stated or sought),
            likely=tuple(likely)[:3] if max(likely.values()) < CERTAIN else (),
        )  # fmt: skip

    def _stated_aim(self, told: Sequence[str]) -> tuple[str, bool]:
        """What the player has said that they are after, else what the premise says of it.

        With it whether that is certain.
        """
        player = self.cast.player
        are_many = player is not None and player.phrase.is_many
        called = player.phrase.head if player is not None and are_many else self.you.name
        said = stated_aim(told, called, self.you.pronouns, are_many=are_many)
        return (self.corrected, True) if self.corrected else said

    def _turns_on(
        self, aim: str, places: Sequence[str], shunned: Collection[str]
    ) -> tuple[list[str], list[str]]:
        """What the aim speaks of, in its order, without ``shunned``; what is ranked first."""
        may = [p for p in self.phrases if not self._is_setting(p, places)]
        phrase = matter_of(
            self.tokens,
            self._meant_by_it(aim) or may,
            self.cast.taken,
            is_meant="it" in aim.split(),
        )
        turns_on = [self.called(phrase)] if phrase else []
        spoken = [one for one in spoken_of(aim) if one not in shunned]
        spoken += [one for one in turns_on if is_spoken_of(one, aim)]
        return sorted(spoken, key=lambda one: aim.find(one.partition(" ")[2] or one)), turns_on

    def _matters(self) -> list[str]:
        """What it may turn on, as the player calls it, the likeliest first."""
        found = matters_of(self.tokens, self.phrases, self.cast.taken)
        called = [self.called(phrase) for phrase in found if not is_one(phrase.head, "times")]
        return called[:_MOST_MATTERS]

    def _meant_by_it(self, aim: str) -> list[Phrase]:
        """What "it" of an aim may mean: whatever its sentence has named before ("sell it")."""
        verb = re.search(r"(\w+) it\b", aim)
        said = [*zip(self.cast.lows, self.cast.lows[1:], strict=False)]
        at = said.index((verb[1], "it")) if verb and (verb[1], "it") in said else 0
        first = aim.split()[0].lower() if aim else ""
        at = max((i for i in range(at) if self.cast.lows[i] == first), default=at)
        begin = max((i for i in range(at) if self.tokens[i] in OPENINGS), default=-1)
        may = (p for p in self.phrases if begin < p.start and p.end <= at)
        return [p for p in may if not is_one(p.head, "times")]

    def _is_setting(self, phrase: Phrase, places: Sequence[str]) -> bool:
        """Whether a phrase is but where the story opens: "I work nights at the planetarium"."""
        by = self.tokens[max(0, phrase.start - 1) : phrase.start]
        is_reached = any(token.lower() in words_in("here_by") for token in by)
        return is_reached and as_said(phrase) in places[:1]

    def called(self, phrase: Phrase) -> str:
        """A phrase to the player: "his mother" is "your mother" where the player is he."""
        owner, player = phrase.determiner.lower(), self.cast.player
        is_theirs = player is not None and player.phrase.is_many and owner == "their"
        is_mine = is_theirs or (owner in GENDERS and GENDERS[owner] == self.you.pronouns)
        if self.cast.is_second:
            return as_said(phrase)

        def mine(found: re.Match[str]) -> str:
            return "of your " if self.cast.is_players(found["owner"], phrase.start) else found[0]

        words = re.sub(r"\bof (?P<owner>his|her|their) ", mine, phrase.text)
        phrase = replace(phrase, words=tuple(words.split()))
        return f"your {phrase.text}" if is_mine else as_said(phrase)

    def _sought(self) -> str:
        """What is looked for, "" if nothing is."""
        for phrase in self.phrases:
            before = " ".join(self.tokens[max(0, phrase.start - 3) : phrase.start])
            after = " ".join(self.tokens[phrase.end : phrase.end + 2])
            is_lost = pattern("is_lost").match(after) or phrase.words[0] in ("missing", "lost")
            if is_lost or pattern("aim").search(before):
                return self.called(phrase)
        return ""
