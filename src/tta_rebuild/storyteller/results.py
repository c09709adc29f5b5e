"""What plainly comes of an act whose rule has no words of its own (``data/results``).

Called by ``rulebook``: a lamp is lit, a letter is ash, her hair is combed. Also what of a deed is
told back and kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from tta_rebuild.core.english import participle, third_person
from tta_rebuild.storyteller.act import Act, clause_in_past
from tta_rebuild.storyteller.act_deed import KEPT_FROM
from tta_rebuild.storyteller.entities import POINTING, head_of
from tta_rebuild.storyteller.line_template import capital, tidy
from tta_rebuild.storyteller.noun_phrases import is_animal, noun_kind
from tta_rebuild.storyteller.set_phrases import is_set_phrase
from tta_rebuild.storyteller.word_lists import common, is_one, packaged_yaml

_OF_OBJECT = re.compile(r"\{o:([a-z]+)\}")
_SLOT = re.compile(r"\{([A-Za-z_]+)\}")


def result_of(act: Act, kinds: Collection[str], slots: Mapping[str, str]) -> dict[str, Any]:
    """The entry that fits an act: ``say``, ``line`` and perhaps ``then``; {} if there is none.

    Args:
        kinds: what sort of thing the object is, besides its noun.
        slots: what there is to fill sentences with; an entry whose line needs more does not fit.
    """
    is_doing = act.family == "stop" and act.object.endswith("ing") and " " not in act.object
    is_told = act.verb == KEPT_FROM or is_set_phrase(act.verb)
    if is_doing or (act.family == "do" and (is_told or is_one(head_of(act.object), "missiles"))):
        return {}  # it says itself all that comes of it
    table = packaged_yaml("data/results")["results"]
    verb = act.verb.replace(" ", "_")
    result = table["result"] if act.result else []
    for entry in (*result, *table.get(act.family, table["do"])):
        is_verb = verb in entry["verbs"].split() if "verbs" in entry else True
        is_kind = bool({*entry["of"].split()} & {*kinds}) if "of" in entry else True
        is_bare = bool(entry.get("bare")) == ("object" not in slots)
        if is_verb and is_kind and is_bare and {*_SLOT.findall(entry["line"])} <= slots.keys():
            is_many = slots.get("it") == "them"
            says = [f"{{You_do}} {agreeing(text, is_many)}" for text in entry["say"]]
            return {**entry, "say": says, "line": agreeing(entry["line"], is_many)}
    return {}


def done(verb: str) -> str:
    """The participle of a verb with its particle: ``tie up`` → ``tied up``."""
    first, _, rest = verb.partition(" ")
    return f"{participle(first)} {rest}".strip()


def agreeing(text: str, is_many: bool) -> str:
    """``{o:land}`` as "land" for several things, as "lands" for one."""
    return _OF_OBJECT.sub(lambda m: m[1] if is_many else third_person(m[1]), text)


def there(where: str) -> str:
    """Where one then is: "into the car" → "in the car"; "" where one cannot tell."""
    table, words = packaged_yaml("data/results")["stands"], where.split()
    towards, still, on_the_way = table["towards"], table["still"].split(), table["on_the_way"]
    while len(words) > 2 and words[0] in on_the_way.split() and words[1] in (*towards, *still):
        words = words[1:]
    first, place = "".join(words[:1]), " ".join(words[1:])
    if not place:
        return ""
    if first in ("out", "off", "away") and words[1] in ("of", "from"):
        return f"{'out of' if first == 'out' else 'away from'} {' '.join(words[2:])}"
    return f"{towards.get(first, first)} {place}" if first in (*towards, *still) else ""


def then_so(act: Act, is_many: bool) -> str:
    """What becomes of an act's object, by a word or phrase at its end: "open", "out of the wall".

    "" where the act does not say.
    """
    particle = act.where or "".join(act.verb.split()[1:2])
    alone = packaged_yaml("data/results")["stands"]["alone"].get(particle, "")
    said = act.result or (alone if act.object else "") or there(act.where)
    its, it = ("their", "they") if is_many else ("its", "it")
    return agreeing(said.replace("{its}", its).replace("{it}", it), is_many)


def kinds_of(act: Act, bound: Mapping[str, str]) -> set[str]:
    """What sort of thing an act is done to: its noun, and the kinds that it is of."""
    head = head_of(act.object)
    kinds = {kind for kind in common("kinds_of_things") if bound.get(kind)}
    return kinds | {head, noun_kind(head)} | ({"animal"} if is_animal(head) else set())


def said_too(act: Act, line: str) -> str:
    """The deed itself in the past, where the rule's line leaves out what was named or said."""
    named = (head_of(phrase) for phrase in (act.object, act.person, act.where, act.instrument))
    is_left_out = any(one and one not in line.lower() for one in named if one not in POINTING)
    is_left_out |= not line.startswith("You ") and done(act.verb) not in line
    is_left_out |= bool(act.said) and act.said.rstrip(".!?").lower() not in line.lower()
    told = clause_in_past(own_clause(act)) if is_left_out or not line else ""
    return tidy(f"{capital(told)}.") if told else ""


def with_names(line: str, names: Mapping[str, str]) -> str:
    """A line that lasts with names for its pronouns: "You gave it to her" → "… the map to Ida".

    Args:
        names: what the pronouns of the line stand for, ``it`` or ``her`` → a name. "Her" that owns
            something, and what stands in quotation marks, stays.
    """
    parts = re.split(r"(“[^”]*”)", line)
    for pronoun, name in names.items():
        small = "to|with|at|in|on|from|about|for|and|that|by|into|out|off|what|why|how|who|if"
        after = rf"(?! ?\w)|(?= (?:{small})\b)"
        found = re.compile(rf"(?<=\w )\b{pronoun}\b(?:{after if pronoun == 'her' else ''})")
        parts[0] = found.sub(name.replace("\\", ""), parts[0], count=1)
    return "".join(parts)


def own_clause(act: Act) -> str:
    """What is told of one step of a move: the whole without the steps that follow."""
    clause = act.clause
    if act.then is not None:
        clause = clause.removesuffix(act.then.clause.removeprefix("you "))
        clause = re.sub(r"[\s,;]*\b(?:and|then|but|,)*\s*$", "", clause).rstrip(" ,;")
    return clause.rstrip(".!?")
