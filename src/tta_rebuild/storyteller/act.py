"""What the player does, in parts: the words of a move read by rules and no model.

Called by ``teller`` once a turn. ``act_grammar`` knows the verbs and what follows them; this file
cuts a move into its acts, tells speech from deeds, and tells the move back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tta_rebuild.core.english import past, singular
from tta_rebuild.storyteller import act_grammar as grammar
from tta_rebuild.storyteller.act_grammar import Lead, is_base, joined, phrase_length
from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.second_person import to_second_person
from tta_rebuild.storyteller.word_lists import is_one, mended, pattern, word_list, word_table

LONGEST_READ = 400
"""Characters of a move that are read; the rest of a very long one is passed over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the player does, in parts; noun phrases keep their determiner and speak of "you"."""

    family: str = ""  # of data/verbs.txt, "do" for other verbs; "" if not understood
    verb: str = ""  # the plain form with its particle: "smash", "turn on"
    object: str = ""  # "the old maps"; a pronoun stays unless the move says who or what it is
    person: str = ""  # whom it is said, given or done to, where that is not the object
    instrument: str = ""  # "a knife" (with, using)
    where: str = ""  # with its preposition: "under the floorboards"
    manner: str = ""  # "slowly", "without a match"
    said: str = ""  # what is said, asked, written, thought: reported, or as spoken
    is_quoted: bool = False  # said holds the words as spoken
    clause: str = ""  # this act and those after it told back: "you break it and run"
    then: Act | None = None  # the next act of a compound move
    problem: str = ""  # of no act: empty, numbers, nonsense, question (to the game), no verb


def parse_act(words: str) -> Act:
    """The move behind the words; one that is no act says why in ``problem``. Never raises."""
    text = _cleaned(words)
    if any(ch.isdigit() for ch in text) and pattern("numbers").match(text):
        return Act(problem="numbers")
    if not any(ch.isalpha() for ch in text):
        return Act(problem="nonsense" if words.strip(" \t\r\n.…,;:!?-–—'\"“”") else "empty")
    low = re.findall(r"[^\W\d_]+", text.lower())
    english = sum(is_one(word, "english determiners") or is_base(word) for word in low)
    foreign = sum(is_one(word, "foreign") or not word.isascii() for word in low)
    if foreign > english:
        return Act(problem="no verb")
    found = [act for sentence in _sentences(text) for act in _read(sentence)]
    if acts := [act for act in found if not act.problem][:6]:
        return _chained(acts)
    is_question = any(act.problem == "question" for act in found)
    other = "no verb" if english or foreign else "nonsense"
    return Act(problem="question" if is_question else other)


def _cleaned(words: str) -> str:
    text = unicodedata.normalize("NFKC", words[: 4 * LONGEST_READ])
    text = "".join(ch for ch in text if ch.isprintable() or ch.isspace())
    text = "".join(ch for ch in text if unicodedata.category(ch) not in ("So", "Sk", "Mn"))
    text = text.lower() if text.isupper() and len(text) > 3 else text
    text = mended(text, "move")[:LONGEST_READ].strip()
    return text + "”" * (text.count("“") > text.count("”"))


def _sentences(text: str) -> Iterator[list[str]]:
    """The tokens of each sentence; what follows "say:" is one quoted token."""
    before, colon, said = text.partition(": ")
    starts = range(before.count(" ") + 1) if colon and "“" not in text else ()
    if any(_reports(grammar.verb_at(before.split()[i:])) for i in starts):
        text = f"{before} “{said}”"
    sentence: list[str] = []
    for token in pattern("move_token").findall(text):
        if sentence and sentence[-1][0] in ".!?…;":
            yield sentence
            sentence = []
        sentence.append(token)
    yield sentence


def _reports(verb: grammar.Verb | None) -> bool:
    return verb is not None and "said" in grammar.families()[verb.family].takes


def _spoken(words: str, family: str = "") -> Act:
    """Words said as they stand."""
    family = family or ("ask" if words.endswith("?") else "say")
    verb = family if family in ("ask", "tell", "shout") else "say"
    clause = f"you {'say' if verb == 'tell' else verb}: “{capital(words)}”"
    return Act(family=family, verb=verb, said=words, is_quoted=True, clause=clause)


def _read(tokens: list[str]) -> list[Act]:
    """The acts of one sentence, or one that only has a problem."""
    words = [token for token in tokens if token[0].isalnum() or token[0] in "“'’"]
    quoted = [token.strip("“” ") for token in tokens if token[0] == "“"]
    text = joined(tokens, keeps_mark=True)
    if not words:
        return []
    if begin := _after_statement(tokens):
        return _read(tokens[begin:])
    if len(quoted) == len(words):
        return [_spoken(" ".join(quoted))]
    if tokens[0][0] == "“":
        following = [token for token in tokens if token[0].isalnum()]
        lead = Lead(following)
        is_tag = lead.verb and lead.subject and len(lead.rest) == lead.verb.words
        if lead.verb and not (is_tag or _reports(lead.verb)):
            return [_spoken(quoted[0]), *_read(following)]
        tokens = [*following, f"“{' '.join(quoted)}”"]
    elif not quoted and (bare := _bare_speech(text, tokens, [word.lower() for word in words])):
        return [bare]
    is_cry = text.endswith("!") and len(words) < 5
    no_act = _spoken(text, "shout") if is_cry else Act(problem="no verb")
    if len(words) > 3 and any(is_one(word.lower(), "english") for word in words):
        no_act = _spoken(text)
    return [act for part in _parts(tokens) if (act := _deed(part))] or [no_act]


def _after_statement(tokens: list[str]) -> int:
    """Where an act begins after what only tells why: "the bus is late, I take a taxi"; else 0."""
    at = tokens.index(",") if "," in tokens[1:] else 0
    before, after = [token.lower() for token in tokens[:at]], Lead(tokens[at + 1 :])
    own = ("i", "i'm", "we", "we're", "you", "you're")
    if not at or not after.verb or {Lead(before).subject, *before[:1]} & {*own}:
        return 0
    if after.verb.family == "think" and len(after.rest) == 1:
        return 0  # "the door is locked, I think"
    first = after.rest[0].lower()
    is_act = is_base(first) and not is_one(first, "rather_nouns finite") and tokens[-1][-1:] != "?"
    is_mine = after.subject in ("", "i", "i'll", "we", "we'll", "let's")
    return at + 1 if is_act and is_mine and _is_statement(before) else 0


def _bare_speech(text: str, tokens: list[str], low: list[str]) -> Act | None:
    """Words that are said rather than done; a question to the game is a problem."""
    if phrase_length("game", low) == len(low):
        return Act(problem="question")
    if phrase_length("nothing", low) == len(low):
        return Act(family="wait", verb="wait", clause="you wait")
    for family in ("apologise", "thank", "refuse", "accept", "greet"):
        size = phrase_length(family, low)
        if size == len(low):
            return _spoken(text, family)
        after = tokens[size + 1 :] if size and low[size : size + 1] == ["to"] else []
        if any(grammar.is_somebody(after[:end]) for end in range(1, min(len(after), 4) + 1)):
            return None  # "I apologise to Horst" is told, not said
        if size and family in ("apologise", "thank") and (whom := _addressed_at_last(text)):
            return replace(_spoken(text, family), person=whom)
        if size and family not in ("accept", "refuse"):
            if text.endswith("?") or (family == "greet" and len(low) - size > 3):
                return _spoken(text)
            person = joined(tokens[size:]) if family == "greet" else ""
            return replace(_spoken(text, family), person=person)
    if said := _addressed(text):
        return said
    called = pattern("called").fullmatch(text)
    name = called[1].lower().split() if called else []
    is_name = name and Lead(name).rest == name and not is_one(name[0], "prepositions")
    if called and (grammar.is_somebody(name) or (is_name and not grammar.verb_at(name))):
        asks = text.endswith("?") or pattern("question").match(called[2])
        return replace(_spoken(called[2], "ask" if asks else "tell"), person=called[1])
    is_act = phrase_length("openings", low) or phrase_length("not", low)
    is_question = bool(pattern("question").match(text)) and not is_act
    if is_question and (text.endswith("?") or not re.search(r", (?:I|i|we)\b", text)):
        is_to_game = not pattern("addressed").search(text)
        return Act(problem="question") if is_to_game else _spoken(text.rstrip("?") + "?")
    lead = Lead(tokens)
    if low[:1] == ["i"] and lead.verb and lead.verb.base == "have" and _had_done(lead, lead.verb):
        return None  # "I have Mr Grube arrested"
    is_said = _is_statement(low) or _is_statement(low[phrase_length("fillers", low) :])
    return _spoken(text) if is_said else None


def _addressed_at_last(text: str) -> str:
    """Whom words name at their end: "I'm sorry, Paul", "forgive me, mother"; "" if nobody."""
    *before, last = re.split(r", ", text.rstrip(".!?… "))
    is_name = before and last[:1].isupper() and grammar.is_somebody(last.split())
    spoken_to = _addressed(text)
    return last if is_name else spoken_to.person if spoken_to else ""


def _addressed(text: str) -> Act | None:
    """What is said to somebody whom it names: "sir, please begin", "open the door, boss"."""
    found = pattern("addressed_first").fullmatch(text) or pattern("addressed_last").fullmatch(text)
    if found is None:
        return None
    end = found.groupdict().get("end") or ""
    asks = "?" in end or found["said"].endswith("?") or pattern("question").match(found["said"])
    said, family = found["said"] + end, "ask" if asks else "tell"
    inner = _deed(pattern("move_token").findall(said)) if not asks else None
    if inner and Lead(said.split()).subject and "said" in grammar.families()[inner.family].takes:
        family = inner.family  # "Father, I have to confess something"
    return replace(_spoken(said, family), person=found["who"])


def _is_statement(low: list[str]) -> bool:
    """True for "I am afraid", "the door is locked", "you should go": said, not done."""
    lead = Lead(low)
    word, following = [*lead.rest, "", ""][:2]
    if lead.subject in ("i'm", "we're"):
        return not word.endswith("ing")
    first = "".join(low[:1]).replace("’", "'")
    if first in ("i've", "we've") and low[1:2] != ["got"]:  # what has been done is told, not done
        return True
    if lead.subject in ("i", "we"):
        is_felt = word in ("feel", "trust") and is_one(following, "determiners")
        return is_one(word, "states") and not is_felt and not (lead.verb and lead.verb.words > 1)
    return bool(pattern("statement").match(" ".join(low)))


def _deed(tokens: list[str]) -> Act | None:
    """One act from the tokens of one part; None if they hold no verb."""
    lead = Lead(tokens)
    verb = lead.verb or _unknown(lead)
    if not verb:
        return _without_verb(tokens, lead)
    if is_one("".join(verb.rest[:1]).lower(), "finite") and not lead.subject:
        return None  # "the fire is out": no verb, but what something is
    if caused := _caused(lead, verb):
        return caused
    family, spec = verb.family, grammar.families()[verb.family]
    quoted = [token.strip("“” ,") for token in verb.rest if token[0] == "“"]
    rest = _without_asides([token for token in verb.rest if token[0] != "“"], spec)
    last = verb.name.split()[-1]
    if last in ("about", "that", "if", "whether") or (last == "for" and spec.takes[0] == "person"):
        rest.insert(0, last)
    found = grammar.arguments(spec, rest, verb.keeps_noun)
    family = _of_travel(family, verb.name, found)
    if family == "attack" and is_one(grammar.noun_of_place(found.get("where", "")), "contests"):
        family = "do"  # "beat Berta in the contest"
    low = {token.lower() for token in rest}
    is_to_you = "said" in spec.takes and lead.subject[:1] in ("i", "w") and low & {"you", "your"}
    is_to_me = "you" in (found.get("object"), found.get("person")) and "me" in low
    if is_to_you or (is_to_me and not lead.subject and not quoted):
        said = joined(tokens, keeps_mark=True)
        spoken = _spoken(said, family if is_to_you else "say")
        return replace(spoken, person=_addressed_at_last(said)) if is_to_you else spoken
    if quoted:
        found = {"object": found.get("said", ""), **found, "said": quoted[0]}
        if quoted[0].endswith("?") and family in ("say", "tell", "whisper", "shout", "write"):
            family = "ask"
    found["manner"] = " ".join([*lead.manner, found.get("manner", "")]).strip()
    told = [t for t in lead.rest[1:] if t[0] not in "“?" and (t in rest or not quoted)]
    clause = joined([*lead.manner, verb.base, *told])
    to_whom = found.get("person", "")
    is_law = family == "give" and is_one(to_whom.split(" ")[-1].lower(), "law")
    if is_law and grammar.is_somebody(found.get("object", "").split()):
        family = "capture"  # "hand him over to the police"
        found |= {"person": "", "where": f"to {to_whom}"}
    to_jail = is_one(grammar.noun_of_place(found.get("where", "")), "jails")
    if to_jail and family in ("take", "lead", "pull", "push", "carry", "send", "put", "go"):
        whom = found.get("object") or found.get("person", "")
        if grammar.is_somebody(whom.split()):  # "take him to prison"
            family, found = "capture", {**found, "object": whom, "person": ""}
    if not quoted and spec.takes[0] in ("person", "object"):
        found |= grammar.that_they_do(found)
    act = Act(family=family, verb=verb.name, is_quoted=bool(quoted), **found)  # type: ignore[arg-type]
    if lead.is_denied:
        said = to_second_person(f"to {clause}")
        act = Act(family="refuse", verb="refuse", said=said, object=act.object, person=act.person)
        clause = f"do not {clause}"
    words = f": “{capital(act.said)}”" if quoted else ""
    return replace(act, clause=to_second_person(f"you {clause}") + words)


def _caused(lead: Lead, verb: grammar.Verb) -> Act | None:
    """Whom one has, gets or makes do something is told to: "have the guard open the gate"."""
    rest, is_get = verb.rest, verb.base == "get"
    if verb.base not in ("have", "get", "make") or not rest:
        return None
    if own := _had_done(lead, verb):
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


def _had_done(lead: Lead, verb: grammar.Verb) -> Act | None:
    """What one has done to somebody is one's own act: "have him arrested", "get Tom freed"."""
    rest = verb.rest
    for at in range(1, min(len(rest), 5)):
        done = grammar.verb_at(rest[at:])
        is_done = done is not None and not is_base(rest[at].lower()) and rest[at][-3:] != "ing"
        if is_done and done is not None and grammar.is_somebody(rest[:at]):
            act = _deed([*done.name.split(), *rest[:at], *done.rest])
            clause = to_second_person(f"you {joined(lead.rest)}")
            return replace(act, clause=clause) if act else None
    return None


def _without_asides(rest: list[str], spec: grammar.VerbFamily) -> list[str]:
    """What follows a verb without a remark after a comma: "…, I'm out", "…, rules or no rules"."""
    opens = next((k for k, word in enumerate(rest) if is_one(word.lower(), "openers")), len(rest))
    for at, token in enumerate(rest):
        after = [word.lower() for word in rest[at + 1 :]]
        if token != "," or not after or ("said" in spec.takes and at > opens):
            continue
        is_list = {"and", "or", "&"} & {*after}
        is_apart = is_one(after[0], "determiners pronouns") or not grammar.starts_small(after[0])
        if _is_statement(after) or (is_apart and not is_list and at):
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


def _without_verb(tokens: list[str], lead: Lead) -> Act | None:
    """One goes "north" and "back to the harbour"; in "with the knife I cut it" one reads on."""
    low = [token.lower() for token in tokens]
    if at := next((k for k, word in enumerate(low) if k and word in ("i", "we")), 0):
        before = [",", low[0], *tokens[1:at]] if is_one(low[0], "prepositions enders") else []
        return _deed([*tokens[at:], *before])
    if lead.subject or not is_one("".join(lead.rest[:1]).lower(), "where_alone goals"):
        return None
    where = to_second_person(joined(lead.rest))
    return Act(family="go", verb="go", where=where, clause=f"you go {where}")


def _unknown(lead: Lead) -> grammar.Verb | None:
    """A verb that no family holds, where it plainly is one: "I defenestrate the duke"."""
    word, following = [*(token.lower() for token in lead.rest[:2]), "", ""][:2]
    lists = "determiners pronouns subjects finite prepositions openers enders adverbs english"
    if is_one(word, f"{lists} hurried") or len(word) < 3 or not pattern("plausible").match(word):
        return None
    is_noun = singular(word) in word_list("people") | word_list("places")
    is_verb = is_one(following, "determiners pronouns prepositions") and not is_noun
    return grammar.rarer_verb(word, lead.rest[1:]) if lead.subject or is_verb else None


def _parts(tokens: list[str]) -> Iterator[list[str]]:
    """The sentence cut where another act begins."""
    marks = (",", ";", "—", *word_list("conjunctions"))
    links = [token.lower() in marks for token in tokens]
    kept = [k for k in range(len(tokens)) if not all(links[k : k + 2])]
    begin = 0
    for n, k in enumerate(kept):
        before, after = ([tokens[i] for i in part] for part in (kept[begin:n], kept[n + 1 :]))
        if links[k] and before and after and _begins_act(before, tokens[k], after):
            yield before
            begin = n + 1
    yield [tokens[i] for i in kept[begin:]]


def _begins_act(before: list[str], link: str, after: list[str]) -> bool:
    lead, earlier = Lead(after), Lead(before)
    verb = earlier.verb or _unknown(earlier)
    if not verb or lead.subject in ("i", "i'll", "i'm", "we", "we'll", "let's", "lets"):
        return bool(verb and lead.rest)
    first, *following = [token.lower() for token in [*lead.rest, ""]]
    is_rarer = grammar.is_rarer(first) and is_one(following[0], "determiners pronouns")
    if not (lead.verb or is_rarer) or lead.subject or is_one(before[-1].lower(), "articles"):
        return False
    if after[0].lower() == "no" and after[1:2] != [","]:
        return False
    if not lead.verb:
        return True
    is_plain = is_base(earlier.rest[0].lower())
    if (is_plain and not is_base(first)) or (len(lead.rest) == 1 and is_one(first, "rather_nouns")):
        return False
    asked = re.search(r"\bto (\w+)", " ".join(verb.rest).lower())
    told = grammar.verb_at([asked[1]]) if asked and _reports(verb) and link != "then" else None
    if told and told.family == "wait" and lead.verb.family in ("go", "enter", "climb", "leave"):
        return True  # who is told to wait does not go
    return told is None or verb.family in ("refuse", "try")


def _chained(acts: list[Act]) -> Act:
    """The acts as one, each handed on to the next."""
    for i in range(1, len(acts)):
        acts[i], last = _resolved(acts[i], acts[:i]), acts[i - 1]
        needs = "needs_object" in grammar.families()[last.family].after
        if needs and last.clause == f"you {last.verb}":
            acts[i - 1] = replace(last, object=acts[i].object)
        is_of_it = "same_object" in grammar.families()[acts[i].family].after
        if is_of_it and last.object and acts[i].clause == f"you {acts[i].verb}":
            acts[i] = replace(acts[i], object=last.object)  # "find the violin and play"
    whole = acts.pop()
    for act in reversed(acts):
        clause = f"{act.clause}{',' if whole.then else ' and'} {whole.clause.removeprefix('you ')}"
        whole = replace(act, clause=clause, then=whole)
    return whole


def _resolved(act: Act, earlier: Sequence[Act]) -> Act:
    """A pronoun becomes what the move said before: "open the box and burn it"."""
    meant: dict[str, str] = {}
    for one in earlier:
        goal = re.sub(r"^.*?(?=\b(?:the|an?|my|your|his|her|their)\b|$)", "", one.where)
        for phrase in (one.object, one.person) if one.object or one.person else (goal,):
            *_, last = phrase.split(" ")
            if phrase and (phrase == one.person or grammar.is_somebody(phrase.split())):
                meant |= dict.fromkeys(("him", "her", "them"), phrase)
            elif phrase and not is_one(phrase.lower(), "pronouns"):
                meant["it" if singular(last) == last else "them"] = phrase
    words = [meant.get(phrase) or phrase for phrase in (act.object, act.person)]
    return replace(act, object=words[0], person=words[1])


def clause_in_past(clause: str) -> str:
    """``you give Mara the key and run`` → ``you gave Mara the key and ran``; speech stays."""
    parts = re.split(r"(“[^”]*”)", clause)
    for i in range(0, len(parts), 2):
        told, that, reported = parts[i].partition(" that ")
        told = pattern("tensed").sub(
            lambda m: m[1] + (past(m[2]) if m[1].startswith("you ") or is_base(m[2]) else m[2]),
            told,
        )
        for now, then in word_table("words")["shifted"] if that else ():
            reported = re.sub(rf"\b{now}\b", then, reported, count=1)
        parts[i] = told + that + reported
    return "".join(parts)
