"""Blemishes of told English that a pattern can name: marks left over, agreement, articles, doubles.

Used by ``lab.plays`` and by the tests of the storyteller.
"""

from __future__ import annotations

import re

BLEMISHES = {
    "a slot or a mark left over": r"[{}\[\]|]|\bnpc\b",
    "a space too many": r"  | [,.;:!?]|“ | ”(?!\w)",
    "two stops": r"[,;:][.,;:]|(?<!\.)\.\.(?!\.)|[?!]\.|,,",
    "a word twice": r"\b(the|a|an|of|to|in|and|is|with|you|it) \1\b",
    "a before a vowel": r"\b[Aa] (?:[aei]|o(?!n[ce]))\w+",
    "an before a consonant": r"\b[Aa]n [bcdfgjklmnpqrstvwxyz]\w+",
    "a capital after a quotation that goes on": r"[?!,…]” (?:Says|Asks|You (?:say|ask))\b",
    "you with a wrong verb": r"(?:^|[.;:!?] |\b(?:and|but|that|when|if) )[Yy]ou "
    r"(?:is|has|was|does|looks|goes)\b",
    "they with a wrong verb": r"\b[Tt]hey (?:is|has|was|does|looks|goes|nods|says)\b",
    "she or he with a wrong verb": r"(?:^|[.;:!?] )(?:[Ss]he|[Hh]e) (?:are|have|were|do|say)\b",
    "a place by itself": r"\b(?:his|her|their) (?:it|is)\b",
}


def blemishes_in(paragraph: str) -> list[str]:
    """What is wrong with a paragraph, each with the words; [] if nothing is found."""
    found = [
        f"{name}: {match.group()}"
        for name, pattern in BLEMISHES.items()
        if (match := re.search(pattern, paragraph))
    ]
    if paragraph.count("“") != paragraph.count("”"):
        found.append("a quotation left open")
    return found
