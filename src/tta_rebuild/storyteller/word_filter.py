"""What must not be said: words that a player's boundaries or a world's rules keep out.

Called by ``teller`` for every candidate sentence, choice and piece of the premise. Everything
here works on words, because the storyteller's own material is words: a sentence that would use
one is never written, whatever premise or plot it came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tta_rebuild.core.english import singular
from tta_rebuild.storyteller.word_lists import pattern, word_list, word_table

_NONE = frozenset({"none", "no", "off", "avoid", "exclude", "0", "false", "never"})
_KEPT_OUT = _NONE | {"low"}


@dataclass(frozen=True, slots=True)
class KeptOut:
    """A boundary of the player's by which words are kept out.

    ``name`` and ``level`` are as the player gave them; ``category`` is the one of the table that
    they mean, "" for a word of their own. ``is_none``: there is to be nothing of it at all.
    """

    name: str
    level: str
    category: str
    is_none: bool


class WordFilter:
    """Answers one question about a text: may it be said?

    Args:
        boundaries: category → level; ``none`` and ``low`` keep a category out. An unknown
            category is taken as the word to avoid itself (``spiders``).
        rules: name → text; ``no magic``, ``realistic`` and any other ``no <word>`` are obeyed.
    """

    def __init__(self, boundaries: Mapping[str, str], rules: Mapping[str, str]) -> None:
        banned: list[str] = []
        unreal: list[str] = []
        self._kept_out: list[tuple[KeptOut, str]] = []
        for category, given in sorted(boundaries.items()):
            level = str(given).strip()
            if level.lower() in _KEPT_OUT:
                banned += (words := _banned_by(category))
                is_none = level.lower() in _NONE
                kept_out = KeptOut(category, level, _category_of(category), is_none)
                self._kept_out.append((kept_out, " ".join(words)))
        for name, text in sorted(rules.items()):
            rule = f"{str(name).replace('_', ' ')}. {text}".lower()
            if "realis" in rule:
                unreal += _words_of("magic") + _words_of("unreal")
            for found in pattern("forbids").finditer(rule):
                if found.group(1) not in word_list("rule_filler"):
                    unreal += _banned_by(found.group(1))
        self._bounds = _pattern(" ".join(dict.fromkeys(banned)))
        self._rules = _pattern(" ".join(dict.fromkeys(unreal)))

    def allows(self, text: str, own: Iterable[str] = ()) -> bool:
        """True if the text uses none of the words kept out.

        In what are the player's ``own`` words a boundary of theirs keeps nothing out; a rule does.
        """
        if self._rules is not None and self._rules.search(text):
            return False
        for words in own:
            text = text.replace(words, "")
        return self._bounds is None or self._bounds.search(text) is None

    def kept_out(self, word: str) -> KeptOut | None:
        """The boundary that a word falls under, one at ``none`` before others, if there is one."""
        found = [
            boundary
            for boundary, words in self._kept_out
            if (ways := _pattern(words)) is not None and ways.search(word)
        ]
        return max(found, key=lambda one: one.is_none, default=None)


def _banned_by(name: str) -> list[str]:
    return _words_of(_category_of(name)) or [
        f"{singular(word).removesuffix('y')}*" for word in re.findall(r"[a-z]{3,}", _key(name))
    ]


def _category_of(name: str) -> str:
    key, table = _key(name), word_table("banned_words")
    other = next((one for one, others in table["names"].items() if key in others), "")
    return other or (key if key in table["words"] else "")


def _key(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _words_of(category: str) -> list[str]:
    words: str = word_table("banned_words")["words"].get(category, "")
    return words.split()


@lru_cache(maxsize=64)
def _pattern(words: str) -> re.Pattern[str] | None:
    if not words:
        return None
    ways = [re.escape(w[:-1]) + r"\w*" if w.endswith("*") else re.escape(w) for w in words.split()]
    return re.compile(rf"\b(?:{'|'.join(ways)})\b", re.I)
