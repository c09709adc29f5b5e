"""One deed: the act that a verb and what follows it make, with whom and what it is done to.

Called by ``act_parser`` for every part of a move. ``act_grammar`` knows the verbs and what they
take, ``act_arguments`` finds that in the words; this file turns it into an ``Act``, and knows what
one has done by others.
"""

from __future__ import annotations

from dataclasses import replace

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller import act_grammar as grammar
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_arguments import (
    arguments,
    noun_of_place,
    starts_small,
    that_they_do,
)
from tta_rebuild.storyteller.act_grammar import Lead, is_base, joined
from tta_rebuild.storyteller.act_speech import addressed_at_last, is_statement, spoken
from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.noun_phrases import is_place
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import is_one, pattern, word_list

KEPT_FROM = "keep from"
"""The verb of an act that is not done: "I don't turn round"."""
_MOVED = frozenset("turn look listen cry laugh smile nod touch sleep fall".split())
_NO_WORD = frozenset("anything a word nothing one single at all".split())


def deed(tokens: list[str]) -> Act | None:
    """One act from the tokens of one part; None if they hold no verb."""
    lead = Lead(tokens)
    verb = lead.verb or unknown_verb(lead)
    if not verb:
        return _without_verb(tokens, lead)
    if is_one("".join(verb.rest[:1]).lower(), "finite") and not lead.subject:
        return None  # "the fire is out": no verb, but what something is
    if caused := _caused(lead, verb):
        return caused
    family, spec = verb.family, grammar.families()[verb.family]
    quoted = [token.strip("“” ,") for token in verb.rest if token[0] == "“"]
    rest = _without_asides([token for token in verb.rest if token[0] != "“"], spec)
    rest = [t for k, t in enumerate(rest) if not _is_emphatic(rest, k)]
    last = verb.name.split()[-1]
    if last in ("about", "that", "if", "whether") or (last == "for" and spec.takes[0] == "person"):
        rest.insert(0, last)
    found = arguments(spec, rest, verb.keeps_noun)
    _not_whom(found)
    if "said" in spec.takes and found.get("person", "").lower() in ("nobody", "no one"):
        clause = to_second_person(f"you {joined([*lead.manner, *lead.rest])}")
        return Act(family="wait", verb="keep silent", clause=clause)
    if family == "attack":
        _aim_at(rest, found)
    family = _of_place(_of_noun(family, verb, found), verb, found)
    family = _of_travel(family, verb.name, found)
    is_whole = verb.words > 1 and lead.rest[1:2] == verb.name.split()[1:2]
    family = _of_motion(family, verb.base, found, is_whole=is_whole)
    if family == "attack" and is_one(noun_of_place(found.get("where", "")), "contests"):
        family = "do"  # "beat Berta in the contest"
    low = {token.lower() for token in rest}
    is_to_you = "said" in spec.takes and lead.subject[:1] in ("i", "w") and low & {"you", "your"}
    is_to_me = "you" in (found.get("object"), found.get("person")) and "me" in low
    if is_to_you or (is_to_me and not lead.subject and not quoted):
        said = joined(tokens, keeps_mark=True)
        aloud = spoken(said, family if is_to_you else "say")
        return replace(aloud, person=addressed_at_last(said)) if is_to_you else aloud
    if quoted:
        found = {"object": found.get("said", ""), **found, "said": quoted[0]}
        if quoted[0].endswith("?") and family in ("say", "tell", "whisper", "shout", "write"):
            family = "ask"
    if verb.base in ("point", "aim") and is_one(found.get("object", "").split(" ")[-1], "weapons"):
        family, found["instrument"] = "threaten", found.pop("object")
    if verb.base == "aim" and not found.get("object"):
        family = "threaten"
    family = _by_object(family, verb, found)
    found["manner"] = " ".join([*lead.manner, found.get("manner", "")]).strip()
    told = [t for t in lead.rest[1:] if t[0] not in "“?" and (t in rest or not quoted)]
    clause = joined([*lead.manner, verb.base, *told])
    family = _of_captor(family, found)
    if not quoted and spec.takes[0] in ("person", "object"):
        found |= that_they_do(found)
    act = Act(family=family, verb=verb.name, is_quoted=bool(quoted), **found)  # type: ignore[arg-type]
    if lead.is_denied:
        act = _not_done(act, clause, lead, tokens, is_speech=not ({*low} - _NO_WORD))
        clause = f"do not {clause}"
    words = f": “{capital(act.said)}”" if quoted else ""
    return replace(act, clause=to_second_person(f"you {clause}") + words)


def _is_emphatic(rest: list[str], at: int) -> bool:
    """Whether a word only says that one does it oneself: "write to the landlord myself"."""
    before = rest[at - 1].lower() if at else ""
    is_self = rest[at].lower() in ("myself", "ourselves", "yourself")
    return is_self and before[:1].isalpha() and not is_one(before, "prepositions conjunctions")


def _not_whom(found: dict[str, str]) -> None:
    """What begins with a conjunction goes on with what is said, and is nobody it is said to."""
    person = found.get("person", "")
    if is_one(person.split(" ")[0].lower(), "conjunctions"):
        found |= {"person": "", "said": found.get("said") or person}


def _aim_at(rest: list[str], found: dict[str, str]) -> None:
    """Whom one shoots something at is who is attacked: "shoot lasers at the clerk"."""
    low, thrown = [token.lower() for token in rest], found.get("object", "")
    if "at" not in low or grammar.is_somebody(thrown.split()):
        return
    whom = to_second_person(joined(rest[low.index("at") + 1 :]))
    if thrown and whom:
        found |= {"object": whom, "instrument": found.get("instrument") or thrown}


def _not_done(act: Act, clause: str, lead: Lead, tokens: list[str], *, is_speech: bool) -> Act:
    """An act that is denied: refused, or only not done ("I don't turn round"), or silence.

    Args:
        is_speech: nothing is named that is not said.
    """
    if is_speech and is_one(act.verb.split()[0], "speaking"):
        return replace(act, family="wait", verb="keep silent", said="", object="")
    before = {token.lower().replace("’", "'") for token in tokens[: -len(lead.rest) or None]}
    if act.family in _MOVED and not before & {"won't", "will", "refuse", "never"}:
        return Act(family="do", verb=KEPT_FROM)
    said = to_second_person(f"to {clause}")
    return Act(family="refuse", verb="refuse", said=said, object=act.object, person=act.person)


def _caused(lead: Lead, verb: grammar.Verb) -> Act | None:
    """Whom one has, gets or makes do something is told to: "have the guard open the gate"."""
    rest, is_get = verb.rest, verb.base == "get"
    if verb.base not in ("have", "get", "make") or not rest:
        return None
    if own := had_done(lead, verb):
        return own
    low = [token.lower() for token in rest]
    for at in range(1, min(len(rest), 6)):
        if not low[at][0].isalnum() or (
            is_one(low[at], "openers prepositions") and low[at] != "to"
        ):
            return None
        who, done = rest[:at], rest[at + is_get :]
        is_done = bool(done) and is_base(done[0].lower()) and (low[at] == "to") == is_get
        is_done = is_done and not is_one(done[0].lower(), "rather_nouns")
        if is_done and grammar.is_somebody(who) and not is_one(low[at - 1], "determiners articles"):
            person, said = (to_second_person(joined(part)) for part in (who, done))
            clause = to_second_person(f"you {joined(lead.rest)}")
            return Act(
                family="tell", verb=verb.base, person=person, said=f"to {said}", clause=clause
            )
    return None


def had_done(lead: Lead, verb: grammar.Verb) -> Act | None:
    """What one has done to somebody is one's own act: "have him arrested", "get Tom freed"."""
    rest = verb.rest
    for at in range(1, min(len(rest), 5)):
        done = grammar.verb_at(rest[at:])
        is_done = done is not None and not is_base(rest[at].lower()) and rest[at][-3:] != "ing"
        if is_done and done is not None and grammar.is_somebody(rest[:at]):
            act = deed([*done.name.split(), *rest[:at], *done.rest])
            clause = to_second_person(f"you {joined(lead.rest)}")
            return replace(act, clause=clause) if act else None
    return None


def _without_asides(rest: list[str], spec: grammar.VerbFamily) -> list[str]:
    """What follows a verb without a remark after a comma: "…, I'm out", "…, rules or no rules"."""
    opens = next((k for k, word in enumerate(rest) if is_one(word.lower(), "openers")), len(rest))
    for at, token in enumerate(rest):
        after = [word.lower() for word in rest[at + 1 :]]
        if token == "but" and is_statement(after):
            return rest[:at]
        if token != "," or not after or ("said" in spec.takes and at > opens):
            continue
        is_list = {"and", "or", "&"} & {*after}
        is_apart = is_one(after[0], "determiners pronouns") or not starts_small(after[0])
        if is_statement(after) or (is_apart and not is_list and at):
            return rest[:at]
    return rest


def _of_travel(family: str, verb: str, found: dict[str, str]) -> str:
    """The family of a verb that means going away, by what it goes with, else its own.

    "Leave the ship in the lifeboat", "drive away with Ruth", "take the train to Paris".
    """
    what = " ".join(found.get("object", "").lower().split()[-1:])
    if verb.startswith("leave") and singular(what) in word_list("places"):
        return "leave"
    if family == "take" and found.get("where", "").startswith("to ") and is_one(what, "rides"):
        return "go"
    is_gone = family == "leave" or verb in ("drive away", "drive off")
    if is_gone and not (found.get("object") or found.get("person")):
        along = found.get("instrument", "").partition(" and ")[0]
        if grammar.is_somebody(along.split()):
            found |= {"person": along, "instrument": ""}
        return "leave"
    return family


def _of_noun(family: str, verb: grammar.Verb, found: dict[str, str]) -> str:
    """The family of a deed that its noun says: "give the rope a tug", "offer Ada a mint".

    What one sets off is not broken by it ("fire the torpedoes").
    """
    what = found.get("object", "")
    head = singular(what.split(" ")[-1].lower())
    first = what.split(" ")[0].lower()
    whom = found.get("person") or (what if grammar.is_somebody(what.split()) else "")
    if family == "give" and is_one(head, "deeds_given") and found.get("person"):
        found |= {"object": found["person"], "person": ""}
        return grammar.family_of(head) or family
    if family in ("look", "search") and is_one(first, "openers") and " " in what:
        found |= {"said": what, "object": ""}  # "see if it moves"
    if family == "attack" and is_one(head, "weapons missiles") and not whom:
        return "do"
    if family == "offer" and verb.base == "swap" and not whom:
        return "do"
    if family == "offer" and whom and first in ("a", "an") and not is_one(head, "offers"):
        return "give"
    return family


def _of_place(family: str, verb: grammar.Verb, found: dict[str, str]) -> str:
    """The family of a deed that where it goes says: "clap a hand over my mouth"."""
    what, where = found.get("object", ""), found.get("where", "")
    way, _, faced = where.partition(" ")
    if verb.base == "turn" and way.startswith("toward") and grammar.is_somebody(faced.split()):
        found |= {"object": faced, "where": ""}
    if verb.name == "call out" and (way == "out" or found.get("said", "").startswith("to ")):
        return "call"  # "call Ada out of the house"
    if verb.base == "clap" and where and (hand := what or found.get("said", "")):
        found |= {"object": hand, "said": ""}
        return "put"
    if verb.base == "breathe" and (what or where):
        found |= {"object": ""}
        return "do"
    return family


def _of_motion(family: str, verb: str, found: dict[str, str], *, is_whole: bool) -> str:
    """The family of a verb of motion that is done to something: "slide the cup across the table".

    "Shove" and "knock" are blows only if they are to somebody.
    """
    what = found.get("object", "")
    is_person = grammar.is_somebody(what.split())
    if family == "attack" and verb == "shove" and what and not is_person:
        return "push"
    if family == "leave" and verb == "get" and _is_moved(what) and not (is_person or is_whole):
        return "take"  # "get the lamp out of the box"
    if family != "go" or not is_one(verb, "moves_things") or not _is_moved(what):
        return family
    if is_person:
        return "lead" if not is_one(what.lower(), "reflexive") else family
    if found.get("where") == "round":
        return family  # "walk the usual round"
    return "put" if found.get("where") else "push"


def _of_captor(family: str, found: dict[str, str]) -> str:
    """The family of an act by which somebody is handed over or locked up, else its own."""
    to_whom, where = found.get("person", ""), found.get("where", "")
    if family == "surrender" and where.startswith("to ") and grammar.is_somebody(to_whom.split()):
        found |= {"object": to_whom, "person": ""}
        return "capture"  # "give up the deserter to the patrol"
    is_law = family == "give" and is_one(to_whom.split(" ")[-1].lower(), "law")
    if is_law and grammar.is_somebody(found.get("object", "").split()):
        found |= {"person": "", "where": f"to {to_whom}"}
        return "capture"  # "hand him over to the police"
    to_jail = is_one(noun_of_place(where), "jails")
    if to_jail and family in ("take", "lead", "pull", "push", "carry", "send", "put", "go"):
        whom = found.get("object") or to_whom
        if grammar.is_somebody(whom.split()):  # "take him to prison"
            found |= {"object": whom, "person": ""}
            return "capture"
    return family


def _by_object(family: str, verb: grammar.Verb, found: dict[str, str]) -> str:
    """The family of a verb that means another thing with such an object: "draw my pistol"."""
    what = found.get("object", "")
    last = what.split(" ")[-1].lower()
    if verb.name == "put on" and is_one(last, "switched"):
        return "turn_on"
    is_own = what.startswith(("your ", "the ")) and not found.get("where")
    if verb.base == "draw" and is_one(last, "weapons") and is_own:
        return "threaten"
    if what and verb.name in ("set out", "lay out") and not grammar.is_somebody(what.split()):
        return "put"
    if verb.name == "slip into" and is_place(singular(last)):
        return "enter"
    if verb.name == "lock out" and grammar.is_somebody(what.split()):
        return "send"
    if verb.base in ("smother", "throttle") and grammar.is_somebody(what.split()):
        return "kill"
    if verb.base in ("jam", "wedge") and found.get("where"):
        return "put"
    return family


def _is_moved(what: str) -> bool:
    """Whether a phrase after a verb of motion is moved, rather than a way or a ride."""
    last = singular(what.lower().split(" ")[-1]) if what else ""
    is_way = last in word_list("places") or is_one(last, "rides ways times")
    return bool(last) and not is_way


def _without_verb(tokens: list[str], lead: Lead) -> Act | None:
    """One goes "north" and "back to the harbour"; in "with the knife I cut it" one reads on."""
    low = [token.lower() for token in tokens]
    if at := next((k for k, word in enumerate(low) if k and word in ("i", "we")), 0):
        before = [",", low[0], *tokens[1:at]] if is_one(low[0], "prepositions enders") else []
        return deed([*tokens[at:], *before])
    if lead.subject or not is_one("".join(lead.rest[:1]).lower(), "where_alone goals"):
        return None
    where = to_second_person(joined(lead.rest))
    return Act(family="go", verb="go", where=where, clause=f"you go {where}")


def unknown_verb(lead: Lead) -> grammar.Verb | None:
    """A verb that no family holds, where it plainly is one: "I defenestrate the duke"."""
    word, following = [*(token.lower() for token in lead.rest[:2]), "", ""][:2]
    lists = "determiners pronouns subjects finite prepositions openers enders adverbs english"
    if is_one(word, f"{lists} hurried") or len(word) < 3 or not pattern("plausible").match(word):
        return None
    is_noun = singular(word) in word_list("people") | word_list("places")
    is_verb = is_one(following, "determiners pronouns prepositions") and not is_noun
    return grammar.rarer_verb(word, lead.rest[1:]) if lead.subject or is_verb else None
