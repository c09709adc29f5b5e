"""Facts as readers are shown them: in words, with what bears them out, and what was taken back.

The server's list of facts and the command line's ask it. For prompts the words are those of
``knowing``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tta_rebuild.canon.fact_check import plain
from tta_rebuild.canon.people import PLAYER
from tta_rebuild.canon.view import Fact
from tta_rebuild.core.english import for_they
from tta_rebuild.core.events import FactAsserted, FactRetconned, RecordedEvent
from tta_rebuild.core.story import Claim
from tta_rebuild.engine.state import StoryState

NEAR_WORDS = 6
"""Words at most between what a fact is about and what it says, in a sentence that it cites."""

_DETERMINED = re.compile(
    r"(?:the|a|an|my|your|his|her|its|our|their|this|that|no)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


def fact_in_words(state: StoryState, fact: Fact | Claim, names: Mapping[str, str]) -> str:
    """A fact as a sentence without its stop; ``names`` are those known, by id."""
    relation = state.canon.relations[fact.relation]
    subject, value = (names.get(one, plain(one)) for one in (fact.subject, fact.value))
    if state.premise.language != "en":
        return relation.say(subject, value)
    things = fact.subject not in names
    is_thing, is_place = relation.value in ("thing", "person"), relation.value == "place"
    if _is_you(fact.value, names):
        value = "you"
    elif fact.value not in names and (is_thing or (is_place and _takes_article(value, fact))):
        value = _with_article(value)
    is_you = _is_you(fact.subject, names)
    if is_you:
        subject = "you"
    said = relation.say(_with_article(subject) if things and not is_you else subject, value)
    if is_you or (things and _are_many(subject)):
        head, found, rest = said.partition(f"{subject} ")
        verb, gap, after = rest.partition(" ")
        said = f"{head}{found}{for_they(verb)}{gap}{after}"
    return said


def _is_you(one: str, names: Mapping[str, str]) -> bool:
    """Whether an id is the player's character, and that has no name."""
    return one == PLAYER and one not in names


def _with_article(words: str) -> str:
    return words if _DETERMINED.match(words) else f"the {words}"


def _takes_article(place: str, fact: Fact | Claim) -> bool:
    """Whether a place is told of with one: not "home", and not what its sentence writes without."""
    from tta_rebuild.storyteller.word_lists import is_one

    if is_one(place.partition(" ")[0], "prepositions"):
        return False
    before = re.findall(
        rf"((?:[\w'’]+ ){{0,3}})\b{re.escape(place)}\b", fact.sentence, re.IGNORECASE
    )
    return not before or any(map(_DETERMINED.match, " ".join(before).split()))


def _are_many(words: str) -> bool:
    """Whether what has no name of its own is several."""
    from tta_rebuild.storyteller.noun_phrases import is_plural

    head = re.split(r" (?:who|that|which|of|in|with) ", words)[0].split()[-1:]
    return bool(head) and is_plural(head[0])


def says_nothing(fact: Fact, names: Mapping[str, str]) -> bool:
    """Whether a fact only calls somebody, or something, what they are listed as."""
    listed = names.get(fact.subject, plain(fact.subject))
    return fact.relation == "name" and _bare(listed) == _bare(fact.value)


def _bare(words: str) -> str:
    words = plain(words)
    found = _DETERMINED.match(words)
    return words[found.end() if found else 0 :].strip().casefold()


def said_once(
    state: StoryState, facts: Iterable[tuple[Fact, int | None]]
) -> Iterator[tuple[Fact, int | None]]:
    """Facts with when they ended, without those that say an earlier one the other way round."""
    said = set[tuple[str, str, str, int | None]]()
    for fact, until in facts:
        if state.canon.relations[fact.relation].symmetric:
            if (fact.value, fact.relation, fact.subject, until) in said:
                continue
            said.add((fact.subject, fact.relation, fact.value, until))
        yield fact, until


def cited(state: StoryState, fact: Fact, names: Mapping[str, str]) -> str:
    """The sentence that bears a fact out, "" where none is sure to.

    What a reader has read from a sentence cites it. What a storyteller declared has the sentence
    that is likest to it: it is cited if it names both sides, close to each other.
    """
    if not fact.certain or not fact.sentence:
        return fact.sentence
    words = [
        word.casefold().removesuffix("'s").removesuffix("’s")
        for word in _WORD.findall(fact.sentence)
    ]
    subject = _places(words, names.get(fact.subject, plain(fact.subject)))
    if fact.subject in (state.player, PLAYER):
        subject |= {at for at, word in enumerate(words) if word == "you"}
    says = plain(fact.value)
    if state.canon.relations[fact.relation].value == "yes_no":
        says = "dead" if fact.relation == "alive" and says == "false" else fact.relation
    value = _places(words, names.get(fact.value, says))
    is_near = any(abs(a - b) <= NEAR_WORDS for a in subject for b in value)
    return fact.sentence if is_near else ""


def _places(words: Sequence[str], phrase: str) -> set[int]:
    """Where the last word of a phrase stands, or of a name any of its words."""
    wanted = [word.casefold() for word in _WORD.findall(phrase)]
    kept = set(wanted if phrase.istitle() else wanted[-1:])
    return {at for at, word in enumerate(words) if word in kept}


def taken_back(path: Sequence[RecordedEvent]) -> Iterator[tuple[Fact, int]]:
    """The facts of which an author has said that they were never so, and at which event."""
    since: dict[tuple[str, str, str], int] = {}
    for recorded in path:
        match recorded.event:
            case FactAsserted(claim=claim):
                since.setdefault((claim.subject, claim.relation, claim.value), recorded.position)
            case FactRetconned(claim=claim):
                begun = since.pop((claim.subject, claim.relation, claim.value), 0)
                yield (
                    Fact(
                        subject=claim.subject,
                        relation=claim.relation,
                        value=claim.value,
                        since=begun,
                        sentence=claim.sentence,
                        certain=claim.certain,
                    ),
                    recorded.position,
                )
