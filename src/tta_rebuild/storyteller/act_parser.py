"""Reads a move: cuts it into its acts, tells speech from deeds, and hands pronouns on.

Called by ``teller`` once a turn, by ``offers``, ``deeds`` and ``possible`` for words of the story.
``act_speech`` knows what is said, ``act_deed`` reads one deed, with the verbs of ``act_grammar``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller import act_grammar as grammar
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_deed import deed, had_done, unknown_verb
from tta_rebuild.storyteller.act_grammar import Lead, is_base, joined, phrase_length
from tta_rebuild.storyteller.act_speech import (
    address_in,
    addressed_at_last,
    after_statement,
    is_statement,
    spoken,
)
from tta_rebuild.storyteller.word_lists import is_one, mended, pattern, word_list

LONGEST_READ = 400
"""Characters of a move that are read; the rest of a very long one is passed over."""


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


def _read(tokens: list[str]) -> list[Act]:
    """The acts of one sentence, or one that only has a problem."""
    words = [token for token in tokens if token[0].isalnum() or token[0] in "“'’"]
    quoted = [token.strip("“” ") for token in tokens if token[0] == "“"]
    text = joined(tokens, keeps_mark=True)
    if not words:
        return []
    if begin := after_statement(tokens):
        return _read(tokens[begin:])
    if len(quoted) == len(words):
        return [_to_whom(spoken(" ".join(quoted)))]
    if tokens[0][0] == "“":
        following = [token for token in tokens if token[0].isalnum()]
        lead = Lead(following)
        is_tag = lead.verb and lead.subject and len(lead.rest) == lead.verb.words
        if lead.verb and not (is_tag or _reports(lead.verb)):
            return [spoken(quoted[0]), *_read(following)]
        tokens = [*following, f"“{' '.join(quoted)}”"]
    elif not quoted and (bare := _bare_speech(text, tokens, [word.lower() for word in words])):
        return [bare]
    is_cry = text.endswith("!") and len(words) < 5
    no_act = spoken(text, "shout") if is_cry else Act(problem="no verb")
    if len(words) > 3 and any(is_one(word.lower(), "english") for word in words):
        no_act = spoken(text)
    parts = [*_parts(tokens)]
    done = [part for part in parts if not _is_state([token.lower() for token in part])]
    return [act for part in done or parts if (act := deed(part))] or [no_act]


def _to_whom(act: Act) -> Act:
    """What is said, to whoever it calls by name: “Dad, it is me”."""
    found = address_in(act.said)
    called = pattern("called").fullmatch(act.said)
    who = found["who"] if found else called[1] if called else ""
    is_name = bool(who) and grammar.is_somebody(who.lower().split())
    return replace(act, person=who) if is_name else act


def _is_state(low: list[str]) -> bool:
    """Whether a part of a move only tells what one knows, or does not care for."""
    lead = Lead(low)
    is_mine = lead.subject in ("i", "we")
    return is_mine and "".join(lead.rest[:1]) in ("care", "know", "mind", "mean", "guess")


def _bare_speech(text: str, tokens: list[str], low: list[str]) -> Act | None:
    """Words that are said rather than done; a question to the game is a problem."""
    if phrase_length("game", low) == len(low):
        return Act(problem="question")
    if phrase_length("nothing", low) == len(low):
        return Act(family="wait", verb="wait", clause="you wait")
    for family in ("apologise", "thank", "refuse", "accept", "greet"):
        size = phrase_length(family, low)
        if size == len(low):
            return spoken(text, family)
        after = tokens[size + 1 :] if size and low[size : size + 1] == ["to"] else []
        if any(grammar.is_somebody(after[:end]) for end in range(1, min(len(after), 4) + 1)):
            return None  # "I apologise to Horst" is told, not said
        if size and family in ("apologise", "thank") and (whom := addressed_at_last(text)):
            return replace(spoken(text, family), person=whom)
        if size and family not in ("accept", "refuse"):
            if text.endswith("?") or (family == "greet" and len(low) - size > 3):
                return spoken(text)
            to_whom = tokens[size : tokens.index(",") if "," in tokens[1:] else None]
            is_anybody = " ".join(to_whom).lower() in word_list("vocatives")
            person = joined(to_whom) if family == "greet" and not is_anybody else ""
            return replace(spoken(text, family), person=person)
    if low[0] == "i" and is_one("".join(low[1:2]), "says"):
        return None  # "I say sure, what would you like" is told, not said
    if said := _addressed(text):
        return said
    called = pattern("called").fullmatch(text)
    name = called[1].lower().split() if called else []
    is_name = name and Lead(name).rest == name and not is_one(name[0], "prepositions")
    if called and (grammar.is_somebody(name) or (is_name and not grammar.verb_at(name))):
        asks = text.endswith("?") or pattern("question").match(called[2])
        return replace(spoken(called[2], "ask" if asks else "tell"), person=called[1])
    is_act = phrase_length("openings", low) or phrase_length("not", low)
    is_question = bool(pattern("question").match(text)) and not is_act
    if is_question and (text.endswith("?") or not re.search(r", (?:I|i|we)\b", text)):
        is_to_game = not pattern("addressed").search(text)
        return Act(problem="question") if is_to_game else spoken(text.rstrip("?") + "?")
    lead = Lead(tokens)
    if low[:1] == ["i"] and lead.verb and lead.verb.base == "have" and had_done(lead, lead.verb):
        return None  # "I have Mr Grube arrested"
    is_said = is_statement(low) or is_statement(low[phrase_length("fillers", low) :])
    return spoken(text) if is_said else None


def _addressed(text: str) -> Act | None:
    """What is said to somebody whom it names: "sir, please begin", "open the door, boss"."""
    found = address_in(text)
    if found is None:
        return None
    end = found.groupdict().get("end") or ""
    asks = "?" in end or found["said"].endswith("?") or pattern("question").match(found["said"])
    said, family = found["said"] + end, "ask" if asks else "tell"
    inner = deed(pattern("move_token").findall(said)) if not asks else None
    if inner and Lead(said.split()).subject and "said" in grammar.families()[inner.family].takes:
        family = inner.family  # "Father, I have to confess something"
    return replace(spoken(said, family), person=found["who"])


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
    verb = earlier.verb or unknown_verb(earlier)
    if not verb or lead.subject in ("i", "i'll", "i'm", "we", "we'll", "let's", "lets"):
        return bool(verb and lead.rest)
    first, *following = [token.lower() for token in [*lead.rest, ""]]
    following = following or [""]
    is_known = grammar.is_rarer(first) or is_base(first)
    is_rarer = is_known and is_one(following[0], "determiners pronouns")
    is_rarer = is_rarer or (is_one(following[0], "objects") and unknown_verb(lead) is not None)
    if [token.lower() for token in after[:2]] in (["try", "to"], ["pretend", "to"]):
        return True
    if not (lead.verb or is_rarer) or lead.subject or is_one(before[-1].lower(), "articles"):
        return False
    if after[0].lower() == "no" and after[1:2] != [","]:
        return False
    if not lead.verb:
        return True
    is_plain = is_base(earlier.rest[0].lower())
    is_begun = any(
        grammar.phrase_length("weak", [after[k].lower()])
        for k in range(len(after) - len(lead.rest))
    )
    if (is_plain and not is_base(first) and not is_begun) or (
        len(lead.rest) == 1 and is_one(first, "rather_nouns")
    ):
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
    whom = ""  # "go to the police and confess"
    for one in earlier:
        goal = re.sub(r"^.*?(?=\b(?:the|an?|my|your|his|her|their)\b|$)", "", one.where)
        is_people = grammar.is_somebody(goal.split()) or is_one(goal.split(" ")[-1], "law")
        whom = goal if one.family == "go" and is_people else whom
        for phrase in (one.object, one.person) if one.object or one.person else (goal,):
            *_, last = phrase.split(" ")
            if phrase and (phrase == one.person or grammar.is_somebody(phrase.split())):
                meant |= dict.fromkeys(("him", "her", "them"), phrase)
            elif phrase and not is_one(phrase.lower(), "pronouns"):
                meant["it" if singular(last) == last else "them"] = phrase
    words = [meant.get(phrase) or phrase for phrase in (act.object, act.person)]
    is_to_them = whom and act.family in ("confess", "ask", "beg", "apologise", "say", "tell")
    return replace(act, object=words[0], person=words[1] or (whom if is_to_them else ""))
