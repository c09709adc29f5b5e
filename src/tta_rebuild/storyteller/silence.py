"""What lets somebody speak: so that whoever cannot is never made to.

Called by ``rulebook``, for the texts of rules and of scenes.
"""

from __future__ import annotations

import re

from tta_rebuild.storyteller.entities import Entity, short
from tta_rebuild.storyteller.word_lists import common

SPOKEN = re.compile(
    r"“(?!\}})|\{v:(?:say|ask|tell|answer|call|whisper|mutter|hum|repeat|remark|admit|promise|shout|sing|talk)\}"
    r"|\brepeat it\b|\bsaying\b"
)
"""What in a text of the rules lets somebody speak."""


def speaks(who: Entity, text: str) -> bool:
    """Whether a text tells that somebody says something: by name, or where nobody else says it."""
    name, verbs = rf"\b{re.escape(short(who.name))}\b", common("spoken_verbs")
    if not re.search(name, re.sub("“[^”]*”", "", text)):
        return False  # nobody speaks who is only spoken of
    if re.search(rf"{name}(?: \w+){{0,2}} (?:{verbs})\b|\b(?:{verbs}) {name}", text):
        return True
    own = {"", who.pronouns, who.pronouns.capitalize()}
    said_by = re.findall(
        rf"”,? (?:{verbs}) (?:the |an? |your )?(\w+)"
        rf"|(\w+) (?:{verbs})\b(?=[^“”.]{{0,40}}“)|”,? (\w+) (?:{verbs})\b",
        text,
    )
    speakers = {*(one for found in said_by for one in found)} - {""}
    return "“" in text and speakers <= own
