"""When a reading, an act or a scene agrees with what a person has read of a premise, by words.

Used by ``lab.premises``. Names and heads of phrases decide; what must be true is a share of words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

from tta_rebuild.canon.recall import words_in
from tta_rebuild.core.english import singular, stem
from tta_rebuild.lab.told_file import PremiseMove, ReadPerson
from tta_rebuild.storyteller.noun_phrases import is_person, one_of
from tta_rebuild.storyteller.premise import PremiseReading
from tta_rebuild.storyteller.premise_people import PremisePerson

TRUE_SHARE = 0.6
"""Share of the telling words of what must be true afterwards that a turn has to hold."""

_REFUSED = "refused:"
_POINTING = frozenset("him her it them they he she you there one".split())
VAGUE_PEOPLE = frozenset("somebody someone one whoever whatever human other others those".split())
_VAGUE_PLACES = frozenset("place wherever somewhere anywhere ordinary everyday real".split())
_AT_HOME = frozenset("bedroom kitchen bathroom desk attic cellar".split())
SOMEBODY = VAGUE_PEOPLE | {"person"}
_NO_MATTER = frozenset(
    "else has have had been was were are your you yours whether know knows".split()
)
_SAME = (
    "spouse wife husband",
    "child kid baby",
    "mother mum mom mam mama",
    "father dad daddy papa",
    "grandmother grandma granny gran nan",
    "grandfather grandpa grandad granddad",
    "superhero hero",
    "supervillain villain",
    "home house",
    "stairs staircase",
    "shopkeeper seller owner",
    "guard guards",
    "photo picture",
    "explorer crew",
)
_CUT = re.compile(
    r",|;|\(|\b(?:she|he|they|it|you|i|who|whom|whose|that|which|in|of|at|on|with|from|to|under|behind|beside|aboard|for|"
    r"between|among|before|after|by|than|as|when|where|what|why|how|if|whether|about|into|onto|through|over|against|"
    r"across|around|off|out|up|down|away|round(?= (?:the|a|an|my|his|her|their|your|its)\b)|to)\b"
)
_LEADS_IN = re.compile(
    r"(?:(?:to|for|at|into|onto|against|round|from|out|of|with|through|over|under|between|behind"
    r"|about|in|on|up|down) )+"
)


def head_of(phrase: str) -> str:
    """The noun that a phrase is about: ``the nurse who tends both`` → ``nurse``."""
    plain = phrase.lower().replace("'s", " ")
    lead = _LEADS_IN.match(plain)
    plain = plain[lead.end() :] if lead else plain
    words = re.findall(r"[^\W_]+", _CUT.split(plain, maxsplit=1)[0])
    people = [
        i for i, word in enumerate(words) if one_of(word) in SOMEBODY or is_person(one_of(word))
    ]
    for i in people:
        if i + 1 not in people:
            return one_of(words[i])
    return singular(words[-1]) if words else ""


def heads_of(phrase: str) -> set[str]:
    """The heads of all alternatives: ``the doctor or nurse``, ``a civilian (a clerk)`` → both."""
    parts = [
        p for p in re.split(r"\bor\b|\band\b|, |[()]|\bwho is (?:secretly )?", phrase) if p.strip()
    ]
    heads = {head_of(part) for part in parts}
    heads |= {"".join(part.lower().split()[-2:]) for part in parts}
    heads -= {""}
    return heads.union(*(row.split() for row in _SAME if heads & set(row.split())))


def matter_of(text: str) -> set[str]:
    """Stems of the words that say what a text is about."""
    return {stem(word) for word in words_in(text.replace("’", "'")) if word not in _NO_MATTER}


def is_same_person(read: PremisePerson, wanted: ReadPerson) -> bool:
    """Whether a name or the head of a role agrees; of a vague "whoever" most of its words."""
    if wanted.name or read.name:
        names = {*wanted.name.lower().split()} & {*read.name.lower().split()}
        if names:
            return True
    said, heads = wanted.means, heads_of(read.role)
    if heads & heads_of(said) - SOMEBODY:
        return True
    if read.role.startswith("one of") and said.startswith("one of"):
        return True
    plain = SOMEBODY | {"man", "woman", "thing", "something"}
    if not read.role or not {head_of(said), head_of(read.role)} & plain:
        return False
    of, own = (matter_of(text) - set(map(stem, SOMEBODY)) for text in (said, read.role))
    return len(of & own) >= 0.5 * min(len(of), len(own)) > 0


def is_role_right(read: PremisePerson, wanted: ReadPerson) -> bool:
    """Whether role or kinship agree by a word, and "your" where it is the player's."""
    if not read.role:
        return not wanted.name
    if wanted.means.startswith("your ") and not read.role.startswith("your "):
        return False
    return bool(heads_of(read.role) & heads_of(wanted.means)) or bool(
        matter_of(read.role) & matter_of(wanted.means)
    )


def is_place_right(reading: PremiseReading, places: Sequence[str]) -> bool:
    """Whether the opening place shares a telling word with any that a reader named.

    "here" claims nothing and is right where the reader names no kind of place either.
    """
    if reading.at == "here":
        return head_of(places[0]) in _VAGUE_PLACES
    found = matter_of(reading.at) | {stem(word) for word in heads_of(reading.at)}
    found |= {stem("home")} if head_of(reading.at.split(" ", 1)[-1]) in _AT_HOME else set()
    return any(found & (matter_of(p) | {stem(w) for w in heads_of(p)}) for p in places)


def excluded_in(sentences: Iterable[str], prose: Sequence[str], premise: str) -> str:
    """The first sentence of which all telling words stand in one sentence of the prose, else "".

    Of one that says nothing but what the premise speaks of too, words cannot tell.
    """
    for wrong in sentences:
        words = matter_of(wrong)
        if len(words) < 2 or words <= matter_of(premise):
            continue
        if any(words <= matter_of(said) and _denies(said) == _denies(wrong) for said in prose):
            return wrong
    return ""


def _denies(text: str) -> bool:
    return bool(re.search(r"\b(?:no|not|never|nobody|nothing|without|none)\b|n['’]t\b", text))


def why_misunderstood(move: PremiseMove, act: Mapping[str, str]) -> str:
    """Why an act is not the one that a reader has seen in the move, "" if it is.

    A pronoun that the move itself uses agrees with whatever it stands for; a verb with its particle
    ("take hostage") with the verb that a reader has named.
    """
    if not act.get("family"):
        return "no act"
    verb = act.get("verb", "")
    named = {act["family"], verb, verb.partition(" ")[0]}
    if not named & {family_of(move.act), move.act}:
        return f"read as {act['family']}, not {move.act}"
    said = [act.get(part, "") for part in ("object", "person", "place", "tool", "words")]
    if any(one.lower() in _POINTING and one.lower() in _words(move.text) for one in said if one):
        return ""
    if not move.object:
        return ""
    wanted = heads_of(move.object)
    if not any(wanted & heads_of(one) for one in said if one):
        return f"of {next(filter(None, said), 'nothing')}, not {move.object}"
    return ""


def why_untrue(move: PremiseMove, refused: str, canon: Collection[str], prose: str) -> str:
    """Why what must be true afterwards is not, "" if it is.

    The share of its telling words that facts, lines and prose hold must reach ``TRUE_SHARE``, and
    the canon must hold one of them: prose that but repeats the move makes nothing true.
    """
    if move.after.startswith(_REFUSED):
        return "" if refused else "should have been refused"
    if refused:
        return "was refused"
    wanted, held = matter_of(move.after), matter_of(" ".join(canon))
    if not wanted & held:
        return "nothing of it in canon"
    share = len(wanted & (held | matter_of(prose))) / len(wanted)
    return "" if share >= TRUE_SHARE else f"{share:.0%} of what must be true"


@cache
def family_of(verb: str) -> str:
    """The family of acts that a verb belongs to; "do" for one that is not known."""
    return next((act["family"] for act in parsed(f"{verb} it")), "do")


def parsed(words: str) -> list[dict[str, str]]:
    """What the storyteller reads in a move that was not played."""
    from tta_rebuild.storyteller.act import Act
    from tta_rebuild.storyteller.act_parser import parse_act

    found: list[dict[str, str]] = []
    act: Act | None = parse_act(words)
    while act is not None and act.family:
        named = {"object": act.object, "person": act.person, "place": act.where}
        found.append({"family": act.family, "verb": act.verb, **named})
        act = act.then
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())
