"""What is said rather than done: words as they stand, whom they address, plain statements.

Called by ``act_parser``, and by ``act_deed`` for what is said to "you" or only remarked.
"""

from __future__ import annotations

import re

from tta_rebuild.storyteller import act_grammar as grammar
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.act_grammar import Lead, is_base
from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.word_lists import is_one, pattern


def spoken(words: str, family: str = "") -> Act:
    """Words said as they stand: a question, an order, a greeting, thanks, or just said."""
    is_sorted, family = bool(family), family or _sort_of_speech(words)
    verb = family if family in ("ask", "tell", "shout") else "say"
    clause = f"you {'say' if verb == 'tell' else verb}: “{capital(words)}”"
    verb = "order" if family == "tell" and not is_sorted else verb
    return Act(family=family, verb=verb, said=words, is_quoted=True, clause=clause)


def _sort_of_speech(words: str) -> str:
    low = re.findall(r"[\w’']+", words.lower().replace("’", "'"))
    if words.endswith("?"):
        return "ask"
    for family in ("greet", "thank", "apologise"):
        if grammar.phrase_length(family, low) > 0 and len(low) < 6:
            return family
    return "tell" if any(map(is_order, re.split(r"[.!?…] ?", words))) else "say"


def is_order(sentence: str) -> bool:
    """Whether a sentence tells somebody to do something: "Put it down", "please, do not go"."""
    low = re.findall(r"[\w’'-]+", sentence.lower().replace("’", "'"))
    while low and is_one(low[0], "before_order"):
        low = low[1:]
    verb = grammar.verb_at(low[:4])
    if verb is None or (len(low) < 2 and verb.words < 2) or low[0].endswith(("ing", "ed")):
        return False
    barred = "rather_nouns english openers states finite adverbs subjects"
    return verb.words > 1 or (is_base(low[0]) and not is_one(low[0], barred))


def after_statement(tokens: list[str]) -> int:
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
    return at + 1 if is_act and is_mine and is_statement(before) else 0


def address_in(text: str) -> re.Match[str] | None:
    """``who`` is spoken to by name and what is ``said``, with its ``end``; None if nobody is."""
    return pattern("addressed_first").fullmatch(text) or pattern("addressed_last").fullmatch(text)


def addressed_at_last(text: str) -> str:
    """Whom words name at their end: "I'm sorry, Paul", "forgive me, mother"; "" if nobody."""
    *before, last = re.split(r", ", text.rstrip(".!?… "))
    is_name = before and last[:1].isupper() and grammar.is_somebody(last.split())
    spoken_to = address_in(text)
    return last if is_name else spoken_to["who"] if spoken_to else ""


def is_statement(low: list[str]) -> bool:
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
