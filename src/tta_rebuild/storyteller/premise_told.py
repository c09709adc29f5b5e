"""A premise of somebody told to the one who plays them: "A man never sleeps" → "You never sleep".

Called by ``premise_reading`` where one person alone can be meant. All or nothing: where a "he" may
be somebody else, or a verb cannot be turned, the premise stays in the third person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tta_rebuild.storyteller.premise_phrases import words_in

_AUXILIARIES = {"is": "are", "was": "were", "has": "have", "does": "do", "goes": "go"}
_BETWEEN = r"(?:(?:\w+ly|never|always|just|still|also|only|now|then|once|even|soon)\s+)*"
_VERB = r"(?P<verb>[a-z]+?)(?P<rest>n['’]t\b|\b)(?!['’])"
_OF_ANOTHER = re.compile(
    r"\b(?:who|that|which|while|when|because|until|as|where|if|what|how)\b", re.I
)
_MODALS = frozenset("can could may might must shall should will would had did".split())
_ALIKE = r"(?:'s|’s)(?= (?:\w+ing|\w+ed|going|not|a|an|the)\b)"


def told_to_player(
    sentences: Sequence[str], noun: str, name: str, gender: str
) -> tuple[str, ...] | None:
    """The sentences with the player's character as "you", None if that cannot be told for sure.

    Args:
        noun: what the character is called without determiner, "" if only by name.
        gender: "he" or "she" where every such pronoun is theirs, else "".
    """
    called = []
    if noun and name:
        called.append(rf"(?:an?|the) {re.escape(noun)},? {re.escape(name)}\b,?")
        called.append(rf"{re.escape(name)}, (?:an?|the) {re.escape(noun)}\b,?")
    called += [rf"(?:an?|the|this) {re.escape(noun)}\b"] if noun else []
    called += [rf"{re.escape(part)}\b" for part in ([name, name.split()[0]] if name else [])]
    called += [rf"{gender}\b"] if gender else []
    subject = re.compile(rf"\b(?:{'|'.join(called)})", re.I)
    opened = [_opened(sentence, noun) if noun else sentence for sentence in sentences]
    turned = [_turned(sentence, subject, gender) for sentence in opened]
    if any(sentence is None for sentence in turned):
        return None
    return tuple(sentence for sentence in turned if sentence)


def _opened(sentence: str, noun: str) -> str:
    """``A cook in the kitchen is ordered …`` → ``You are a cook in the kitchen, and you are …``."""
    opens = re.match(rf"(an?) {re.escape(noun)} (?:in|on|at|of|from|with|under) ", sentence, re.I)
    if not opens:
        return sentence
    for found in re.finditer(r"\b([a-z]+) ", sentence):
        before = sentence[: found.start()].split()
        if found.start() < len(opens[0]) or "," in sentence[: found.start()]:
            continue
        plain = _second(found[1]) if found[1].endswith("s") else None
        is_noun = found[1] in words_in("noun_verbs") or before[-1] in words_in("determiners")
        if plain and not is_noun and before[-1] not in words_in("stops"):
            subject = sentence[: found.start()].strip()
            rest = sentence[found.end(1) :]
            return f"You are {subject[0].lower()}{subject[1:]}, and you {plain}{rest}"
    return sentence


def _turned(sentence: str, subject: re.Pattern[str], gender: str) -> str | None:
    told, at = "", 0
    if sentence.startswith("You are "):  # told by _opened
        return _pronouns(sentence, gender) if gender else sentence
    for found in subject.finditer(sentence):
        if found.start() < at:
            continue
        told += sentence[at : found.start()]
        you = "You" if not told.strip() or told.rstrip()[-1:] in ".!?“" else "you"
        rest = sentence[found.end() :]
        if re.match(r"['’]s ", rest) and not re.match(_ALIKE, rest):
            told, at = told + f"{you}r", found.end() + 2
            continue
        if owned := re.match(_ALIKE, rest):
            told, at = f"{told}{you}'re", found.end() + owned.end()
            continue
        verb = re.match(rf"\s+{_BETWEEN}{_VERB}", rest)
        plain = _second(verb["verb"]) if verb else ""
        if verb is None or plain is None:
            told, at = told + you, found.end()
            if verb is not None:
                return None
            continue
        start = verb.start("verb")
        told += you + rest[:start] + plain
        at = found.end() + verb.end("verb")
    whole = _joined(told + sentence[at:])
    if whole and re.search(r"\byou (?:are|were) you\b", whole, re.I):
        return None
    return whole if whole is None or not gender else _pronouns(whole, gender)


def _second(verb: str) -> str | None:
    """The form of a verb that goes with "you", None for what is no known verb."""
    if verb in _AUXILIARIES:
        return _AUXILIARIES[verb]
    known = words_in("verbs")
    for base in (verb[:-3] + "y" if verb.endswith("ies") else verb[:-1], verb[:-2]):
        if verb.endswith("s") and base in known:
            return base
    is_same = verb in _MODALS | words_in("irregular_verbs") | known or verb.endswith("ed")
    return verb if is_same else None


def _joined(sentence: str) -> str | None:
    """The sentence with the verbs that go on from "you": "you work and sleeps" → "sleep"."""
    first = re.search(r"\b[Yy]ou\b", sentence)
    if not first:
        return sentence
    other = _OF_ANOTHER.search(sentence, first.end())
    stop = other.start() if other else len(sentence)

    def turn(found: re.Match[str]) -> str:
        plain = _second(found["verb"]) if found["verb"].endswith("s") else None
        return found["before"] + (plain or found["verb"]) + found["rest"]

    pattern = rf"(?P<before>(?:,|\band|\bbut|\bor|\bthen)\s+{_BETWEEN}){_VERB}"
    return (
        sentence[: first.end()]
        + re.sub(pattern, turn, sentence[first.end() : stop])
        + sentence[stop:]
    )


def _pronouns(sentence: str, gender: str) -> str:
    forms = {"he": ("him", "his", "himself"), "she": ("her", "hers", "herself")}[gender]

    def turn(found: re.Match[str]) -> str:
        low = found[0].lower()
        owns = low == "his" or (low == "her" and re.match(r" \w+", sentence[found.end() :]))
        owns = owns and not re.match(
            r" (?:to|and|in|at|on|that|with|for|from)\b", sentence[found.end() :]
        )
        new = "yourself" if low.endswith("self") else "your" if owns else "you"
        return new.capitalize() if found[0][0].isupper() else new

    return re.sub(rf"\b(?:{'|'.join(forms)})\b", turn, sentence, flags=re.I)
