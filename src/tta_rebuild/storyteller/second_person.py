"""The player's "I" told back as "you".

Called by ``act_deed`` and ``premise`` for every phrase that they keep. Works by rules on
words; quoted speech stays as it was spoken.
"""

from __future__ import annotations

import re

from tta_rebuild.storyteller.word_lists import mended, pattern, word_table


def to_second_person(text: str) -> str:
    """The text with its first person (I, my, we …) turned to the second, verbs included.

    ``My cat knew I was alone`` → ``Your cat knew you were alone``. Words in quotation marks stay,
    and so do numbers of kings and wars and the mine that one digs. A sentence keeps its capital.
    """
    told = ""
    for i, part in enumerate(pattern("quoted").split(text)):
        told += part if i % 2 else _turned(mended(part, "first_person"), told)
    return told


def _turned(text: str, told: str) -> str:
    def turn(found: re.Match[str]) -> str:
        word, before = found[0], told + text[: found.start()]
        is_dug = found["mine"] and _is_dug(before, text[found.end() :])
        if is_dug or (word == "I" and pattern("roman_one").search(before)):
            return word
        is_i_first = word == "I" and pattern("sentence_opens").search(before)
        new: str = word_table("words")["second_person"][word.lower()]
        return new.capitalize() if is_i_first or (word != "I" and word[0].isupper()) else new

    return pattern("first_person").sub(turn, text)


def _is_dug(before: str, after: str) -> bool:
    """Whether "mine" is what one digs: "the gold mine", "mine captain", "to mine the bridge"."""
    is_named = pattern("a_mine").search(before)
    opens = not before.strip() and pattern("before_a_noun").match(after)
    return bool(is_named or opens or (before.endswith("to ") and pattern("a_thing").match(after)))
