"""The people of a premise in its story: who is there, dead or away, and what they are to you.

Called by ``casting``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tta_rebuild.storyteller.entities import Entity, head_of, slug
from tta_rebuild.storyteller.fact_wording import PremiseFact
from tta_rebuild.storyteller.hindrances import mute_people, spelled_out
from tta_rebuild.storyteller.motives import has_motive, kind_of_deed
from tta_rebuild.storyteller.noun_phrases import is_animal, is_person, second_persons, words_in
from tta_rebuild.storyteller.premise import PremiseReading
from tta_rebuild.storyteller.premise_people import PremisePerson, called_in_story
from tta_rebuild.storyteller.word_lists import fact_words, is_one, pattern, word_table
from tta_rebuild.storyteller.world_state import NOWHERE, Value

_AT_FIRST = "(?:and|but|then|now|so|tonight|today|yesterday|this morning|this evening),?"
_CLAUSE = "[^.;!?,]*"
_NO_DEEDS = frozenset("is are was were has have had does lies rests used".split())
"""What somebody dead may be said to do."""
_BY_WORDS = ("demand", "promise", "tell", "bar", "accuse", "banish")
"""The kinds of deeds that nobody does who cannot speak."""
_SEEK = ("find", "win_back")
_AFTER_DEATH = "funeral|wake|grave|ashes|estate|burial|memorial|headstone|obituary|inquest"
_GONE, _GONE_IF_TOLD = 0.75, 0.15
"""How likely somebody is not there before they are not; the rules alone are right of one in two."""


def add_people(
    premise: PremiseReading,
    theme: str,
    ids: Mapping[str, str],
    entities: dict[str, Entity],
    start: dict[str, Value],
    said: Mapping[str, Value],
) -> dict[str, Mapping[str, float]]:
    """Add whom the premise speaks of, and return what part each of them may have.

    Args:
        ids: those of the cast, by name in lower case.
        said: the state so far, with the pronouns by which the player has spoken of somebody.
    """
    here, odds = str(start["here"]), dict[str, Mapping[str, float]]()
    for person in premise.people:
        name = called_in_story(person)
        key = ids.get(person.name.lower()) or slug(name)
        if key in entities or not name:
            continue
        pronouns = str(said.get(f"{key}.pronouns") or person.pronouns)
        entities[key] = Entity(key, "person", name, person.role, pronouns)
        odds[key] = person.odds
        is_sought = premise.conflict in _SEEK and _is_sought(premise.aim, person)
        does = [fact for fact in premise.facts if fact.doer == name]
        is_expected = any(f.kind == "coming" and is_one(f.does, "arrives") for f in does)
        is_up = any(fact.is_now and fact.kind != "state" for fact in does)
        is_late = is_called_late = "late" in person.role.split()[:2]  # your late mother
        is_dead = any(_is_death(fact, name) for fact in premise.facts)
        is_dead &= not _is_about(does, person)
        is_late |= is_dead and person.odds.get("dead") != 0.0  # said to be alive
        is_taken = any(_is_taken(fact, name) for fact in premise.facts)
        is_taken &= person.odds.get("away") != 0.0
        is_gone = is_late or is_taken or (_is_gone(theme, person) and not _is_about(does, person))
        is_gone |= any(f.is_not and is_one(f.does, "arrives") for f in does)  # has not come home
        is_said_gone = is_gone or is_dead or _is_away(theme, person)
        is_back = is_said_gone and not is_called_late and _is_seen_after(premise.told, person)
        is_gone &= not is_back
        is_said = is_sought or is_expected or is_gone
        is_away = is_said or person.is_only_owner
        start |= {f"{key}.at": NOWHERE if is_away else here, f"{key}.person": True}
        is_so = {
            "unplaced": (person.is_only_owner or is_expected)  # there as soon as they are needed
            and not (is_sought or is_gone),
            "group": person.is_group,
            "implied": person.is_implied,
            "local": person.is_implied,  # belongs to such a place, and nothing is told of them
            "asleep": _is_told(theme, person, "sleeps") and not is_up,
            "dying": _is_told(theme, person, "ailing"),
            "returned": is_back,  # whatever has been said of them
            "family": head_of(person.role) in words_in("kin") - words_in("beloved"),
        }
        start |= {f"{key}.{one}": True for one, holds in is_so.items() if holds}
        ties = ["foe"] if _is_told_of(theme, person, "done_by") else _ties_of(person)
        for tie in ties:
            start[f"{key}.{tie}"] = True
    people = {key: one for key, one in entities.items() if f"{key}.person" in start}
    start |= dict.fromkeys((f"{key}.mute" for key in _mute(premise, people)), True)
    return odds


def _mute(premise: PremiseReading, people: Mapping[str, Entity]) -> Iterator[str]:
    """Who cannot speak, or will not: as the premise says, and animals unless they do."""
    told = spelled_out(premise.told, people.values())
    mute = mute_people(told, tuple(one.name for one in people.values()))
    told_of = premise.question and has_motive(premise.question.shape) and premise.question.fact
    spoken = [f for f in premise.facts if is_one(f.verb, "speaks")]
    mute |= {f.doer.lower() for f in spoken if f.is_not}
    if told_of in spoken:  # whose story it is says why they will not
        mute.discard(told_of.doer.lower())
    heard = {f.doer.lower() for f in spoken if not f.is_not}
    heard |= {f.doer.lower() for f in premise.facts if kind_of_deed(f) in _BY_WORDS}
    is_tale = is_animal(head_of(premise.you.role))  # animals talk where the hero is one
    for key, one in people.items():
        low, head = one.name.lower(), head_of(one.role or one.name)
        is_beast = is_animal(head) and not is_person(head)
        if low in mute or (is_beast and not is_tale and low not in heard):
            yield key


def _ties_of(person: PremisePerson) -> list[str]:
    """What somebody is to the player: ``close``, ``foe``, ``above``."""
    role = pattern("relative_clause").sub("", person.role).lower().split()
    if words_in("hostile") & {*role}:
        return ["foe"]
    heads = {noun_of(person), *role[-1:], person.name.split(" ")[0].lower()}
    ties = word_table("premise_topics")["ties"].items()
    return [tie for tie, words in ties if heads & {*words.split()}]


def noun_of(person: PremisePerson) -> str:
    """What somebody is, in a word: ``the nurse who tends both`` → ``nurse``."""
    return head_of(pattern("relative_clause").sub("", person.role))


def _is_about(does: Sequence[PremiseFact], person: PremisePerson) -> bool:
    """Whether somebody is seen to do something now, and not to go or to die."""
    if person.odds.get("dead", 0.0) > _GONE or any(is_one(f.does, "leaves") for f in does):
        return False
    return any(f.is_now and not f.is_not and f.kind != "state" for f in does)


def _is_seen_after(told: Sequence[str], person: PremisePerson) -> bool:
    """Whether somebody does something now, after all that has been said of them: whoever was
    buried at noon "walks into the saloon", the drowned sister "is sitting at the stove".
    """
    name = rf"\b(?P<who>{re.escape(person.name or noun_of(person))})\b"
    pronoun = rf"^(?:{_AT_FIRST} )?(?P<who>{person.pronouns or 'he|she'})\b"
    for before, sentence in pairwise(["", *told]):
        if re.search(rf"{name}[^.;!?]*{pattern('dead_unawares').pattern}", sentence, re.I):
            return True
        ways = (name, pronoun) if re.search(name, before, re.I) else (name,)
        clauses = (found for way in ways for found in re.finditer(way + _CLAUSE, sentence, re.I))
        if any(map(_acts_now, clauses)):
            return True
    return False


def _acts_now(found: re.Match[str]) -> bool:
    """Whether a verb that is done now stands right behind somebody."""
    said = found.string[found.start("who") : found.end()]
    if pattern("comes_back").search(f"{found.string[: found.start('who')]} … {said}"):
        return True
    words = said.lower().split()
    verb = next((one for one in words[1:4] if one in second_persons()), "")
    is_doing = verb in ("is", "are") and any(map(pattern("doing").fullmatch, words[2:5]))
    return is_doing or (verb in second_persons() and verb not in _NO_DEEDS)


def _is_death(fact: PremiseFact, name: str) -> bool:
    """Whether somebody has died by a fact: "She died on Tuesday", "Ann buried my brother"."""
    has_died = fact.doer == name and fact.does in fact_words("dies")
    return _is_past(fact) and (has_died or _is_done(fact, name, "done_away"))


def _is_taken(fact: PremiseFact, name: str) -> bool:
    """Whether somebody is elsewhere by a fact: "The storm has taken my brother", "was jailed"."""
    is_swept = not (fact.doer or fact.is_passive) and _is_done(fact, name, "swept_off")
    return _is_past(fact) and (is_swept or _is_done(fact, name, "carried_off"))


def _is_past(fact: PremiseFact) -> bool:
    return fact.kind == "deed" and not fact.is_not


def _is_done(fact: PremiseFact, name: str, deeds: str) -> bool:
    """Whether one of those deeds is done to somebody."""
    to = fact.doer if fact.is_passive else fact.done_to
    return to == name and fact.does in fact_words(deeds)


def _is_gone(theme: str, person: PremisePerson) -> bool:
    """Whether somebody is dead or not there, by what is learned and by what the premise says."""
    likely = max(person.odds.get("away", 0.0), person.odds.get("dead", 0.0))
    least = _GONE_IF_TOLD if _is_away(theme, person) else _GONE
    return likely > least if person.odds else least == _GONE_IF_TOLD


def _is_away(theme: str, person: PremisePerson) -> bool:
    """Whether the premise says that somebody is dead, missing or not there, or a secret."""
    if pattern("secret").search(person.role):
        return True
    name = re.escape(person.name or noun_of(person))
    if re.search(rf"\b(?:not|no|without|n['’]t have an?) (?:the )?{name}\b", theme, re.I):
        return True
    if re.search(rf"\b{name}['’]s (?:{_AFTER_DEATH})\b", theme, re.I):
        return True
    said = [*re.finditer(rf"\b{name}\b(?P<owns>['’])?", theme, re.I)]
    is_late = any(pattern("late").search(theme[: m.start()]) for m in said)  # "our late father"
    is_late |= any(pattern("they_killed").search(theme[: m.start()]) for m in said if not m["owns"])
    is_killed = _is_told_of(theme, person, "who_killed") or _is_told_of(theme, person, "unseen")
    return is_late or is_killed or _is_told(theme, person, "away")


def _is_told_of(theme: str, person: PremisePerson, deed: str) -> bool:
    """Whether a premise speaks of somebody soon after a deed: "who poisoned", "held by"."""
    name = re.escape(person.name or noun_of(person))
    return bool(re.search(rf"{pattern(deed).pattern}[^.;!?]{{0,40}}\b{name}\b", theme))


def _is_told(theme: str, person: PremisePerson, words: str) -> bool:
    """Whether a premise says one of those words of somebody."""
    name = re.escape(person.name or noun_of(person))
    after = r"(?:[ ,]+[\w'’]+){0,8}(?:[.;] (?:he|she|they) (?:\w+ ){0,2})?"
    said = re.finditer(rf"(?:\w+ ){{0,2}}\b{name}\b{after}", theme, re.I)
    return any(map(pattern(words).search, (person.role, *(found.group() for found in said))))


def _is_sought(aim: str, person: PremisePerson) -> bool:
    """Whether an aim is to find somebody or to bring them back."""
    name = re.escape(person.name or noun_of(person))
    return bool(pattern("seeks").match(aim) and re.search(rf"\b{name}\b", aim, re.I))
