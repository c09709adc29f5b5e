"""What the player just did: a choice that was offered, or words of their own, understood simply.

Called by ``teller``. Free words are read for their verb, what it is aimed at, whether they ask,
say, refuse or wait; words that mean nothing are taken kindly and change nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from tta_rebuild.core.english import past
from tta_rebuild.storyteller.line_template import tidy
from tta_rebuild.storyteller.memory import Memory, StoredChoice
from tta_rebuild.storyteller.premise import to_second_person
from tta_rebuild.storyteller.word_lists import word_table

LONGEST_ECHO = 140


@dataclass(frozen=True, slots=True)
class PlayerMove:
    """What the player did.

    Attributes:
        kind: a kind of choice (``ask``, ``go`` …), or of free words: ``say``, ``question``,
            ``refuse``, ``wait``, ``do``, ``fight``, ``puzzle``; "" on the opening turn.
        clause: the act as told to the player, without its full stop: "you ask Mara about it".
        said: the player's own words in quotation marks, where they spoke.
        free: True if the words were the player's own.
    """

    kind: str
    clause: str = ""
    said: str = ""
    npc: str = ""
    thing: str = ""
    dest: str = ""
    detail: str = ""
    free: bool = False


_REFUSES = re.compile(
    r"^(?:no\b|nope|never\b|refuse|decline|"
    r"(?:i|you) (?:refuse|decline|won['’]?t|will not|do(?:n['’]t| not)|"
    r"would rather not|can(?:['’]t|not))|not\b|do nothing of)",
    re.I,
)
_LEADING = re.compile(
    r"^(?:(?:please|then|and|so|okay|ok|well|now|maybe|perhaps|quickly|slowly|carefully|"
    r"quietly|gently)[, ]+)*(?:(?:i|we|you)(?:['’](?:ll|d|m))?\s+"
    r"(?:(?:will|would|want to|would like to|like to|try to|am going to|decide to|choose to|"
    r"should|am|must|can|then|just)\s+)*|let['’]?s\s+|let us\s+|to\s+)?",
    re.I,
)
_ASKS = re.compile(
    r"^(?:what|who|whom|whose|where|why|how|when|which|(?:is|are|was|were|does|did|do|can|could|"
    r"will|would|should) (?:i|you|he|she|it|we|they|this|that|there|the|my|your|anyone|anybody))\b"
)
_SAYS = re.compile(
    r"^(?:(?:hello|hi|hey|greetings|good (?:morning|afternoon|evening|day|night)|goodbye|bye|"
    r"thanks|thank you|yes|yeah|yep|sure|of course|sorry|please|indeed|maybe|perhaps|well)"
    r"(?:[ ,.!]|$)|i(?:['’]m| am) (?!going to)|you(?:['’]re| are) |"
    r"i (?:think|believe|feel|hope|wish|hate|love|like|know|guess|suppose|miss|trust|need(?! to)|"
    r"want (?!to)|do(?:n['’]t| not) )|(?:he|she|it|they|we|this|that|there)(?:['’]s|['’]re| ))"
)
_QUOTED = re.compile(r"[“\"]([^”\"]{1,200})[”\"]")
_WAITS = re.compile(
    r"^(?:\.+|…|wait|nothing|do nothing|continue|go on|next|pass|skip|hm+|ok(?:ay)?)[.!…]*$", re.I
)


def understood(
    action: str, chosen: Mapping[str, Any] | None, memory: Memory, names: Mapping[str, str]
) -> PlayerMove:
    """The act behind the words.

    Args:
        chosen: the choice taken, as offered, or None.
        names: lower-case name → what it names, as ``npc:ID``, ``place:NAME`` or ``thing:NAME``.
    """
    text = str((chosen or {}).get("text") or "") or action
    offer = next((o for o in memory.offers if o.text == text), None)
    if offer is None:
        same = " ".join(text.split()).lower().rstrip(".")
        offer = next((o for o in memory.offers if o.text.lower().rstrip(".") == same), None)
    if offer is not None:
        return _from_offer(offer)
    return _free(text, names)


def _from_offer(offer: StoredChoice) -> PlayerMove:
    return PlayerMove(
        kind=offer.kind,
        clause="you " + offer.text[0].lower() + offer.text[1:].rstrip("."),
        npc=offer.npc,
        thing=offer.thing,
        dest=offer.dest,
        detail=offer.detail,
    )


_THEN = {"will": "would", "has": "had", "have": "had", "is": "was"}


def in_the_past(clause: str) -> str:
    """``you give Mara the key, and wait`` → ``you gave Mara the key``."""
    first = re.split(r",| and | so | to see | while ", clause, maxsplit=1)[0]
    first, that, told = first.partition(" that ")
    told = that + re.sub(
        r"\b(?:will|has|have|is)\b", lambda verb: _THEN[verb.group()], told, count=1
    )
    you, _, rest = first.partition(" ")
    verb, space, object_ = rest.partition(" ")
    return f"{you} {past(verb)}{space}{object_}{told}"


def _clean(text: str) -> str:
    text = "".join(ch if ch.isprintable() else " " for ch in text[:600])
    text = re.sub(r"[<>{}\[\]|`*_#]", " ", text)
    return re.sub(r"\s+", " ", text).strip()


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_ECHO:
        return text
    text = text[:LONGEST_ECHO].rsplit(" ", 1)[0]
    whole = max(text.rfind(mark) for mark in ",;.")
    return (text[:whole] if whole > LONGEST_ECHO // 3 else text).rstrip(" ,;:.")


def _free(text: str, names: Mapping[str, str]) -> PlayerMove:
    text = _clean(text)
    low = text.lower()
    found = _named(low, names)
    if not text or _WAITS.match(text):
        return PlayerMove("wait", free=True, **found)
    quoted = _QUOTED.search(text)
    if quoted:
        words = _ended(quoted.group(1))
        kind = "question" if words.endswith("?") else "say"
        return PlayerMove(kind, said=f"“{words}”", free=True, **found)
    if not re.search(r"[^\W\d_]", text):
        return PlayerMove("puzzle", free=True, **found)
    if text.endswith("?") or _ASKS.match(low):
        asked = _ended(_shortened(text.rstrip("?.! ")) + "?")
        return PlayerMove("question", said=f"“{asked}”", free=True, **found)
    if _REFUSES.match(low):
        return PlayerMove("refuse", free=True, **found)
    if _SAYS.match(low):
        return PlayerMove("say", said=f"“{_ended(_shortened(text))}”", free=True, **found)
    core = text[_LEADING.match(text).end() :].strip(" .!")  # type: ignore[union-attr]
    words_of = re.findall(r"[a-zß-ɏ'’-]+", core.lower())
    if not words_of:  # letters, but none of ours: another script
        return PlayerMove("say", said=f"“{_ended(_shortened(text))}”", free=True, **found)
    verb, kind = _verb(words_of[0])
    if not kind:
        if len(words_of) > 2:
            said = _ended(_shortened(text))
            return PlayerMove("say", said=f"“{said}”", free=True, **found)
        return PlayerMove("puzzle", free=True, **found)
    rest = core[len(words_of[0]) :]
    clause = to_second_person("you " + verb + _shortened(rest))
    clause = "you" + clause[3:]
    if (
        kind == "say"
        and len(words_of) > 1
        and verb in ("say", "shout", "whisper", "yell", "answer")
        and words_of[1] not in ("to", "at", "with", "about", "of", "for", "into")
    ):
        said = _ended(rest.strip(" ,:"))
        return PlayerMove("say", said=f"“{said}”", free=True, **found)
    goal = re.search(
        r"\b(?:to|towards?|for|into)\s+((?:the|a|an|my)?\s*[\w' -]{3,40})$", core, re.I
    )
    detail = to_second_person(goal.group(1).strip()) if goal and kind == "go" else ""
    detail = detail[:1].lower() + detail[1:] if detail.lower().startswith("the ") else detail
    kind = "do" if kind == "say" else kind
    if kind == "fight":
        return PlayerMove("fight", clause=clause, free=True, **found)
    return PlayerMove(kind, clause=clause, detail=detail, free=True, **found)


@cache
def _kinds() -> Mapping[str, str]:
    """Verb → kind; a verb in two kinds belongs to the first."""
    listed = reversed(list(word_table("move_verbs").items()))
    return {verb: kind for kind, verbs in listed for verb in verbs.split()}


def _verb(word: str) -> tuple[str, str]:
    """The verb in its plain form and its kind; ("", "") if unknown."""
    kinds = _kinds()
    ways = [word]
    if word.endswith("ing") and len(word) > 5:
        ways += [word[:-3], word[:-3] + "e", word[:-4]]
    if word.endswith("ed") and len(word) > 4:
        ways += [word[:-2], word[:-1], word[:-3]]
    if word.endswith("s") and len(word) > 3:
        ways += [word[:-1], word[:-2]]
    for way in ways:
        if way in kinds:
            return way, kinds[way]
    return "", ""


def _ended(words: str) -> str:
    words = tidy(words.strip(" ,"))
    return words if words[-1:] in ".!?…" else f"{words}."


def _named(low: str, names: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda n: (-len(n), n)):
        if name and re.search(rf"\b{re.escape(name)}\b", low):
            kind, value = names[name].split(":", 1)
            found.setdefault({"npc": "npc", "place": "dest", "thing": "thing"}[kind], value)
    return found
