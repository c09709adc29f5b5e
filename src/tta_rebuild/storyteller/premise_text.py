"""A premise's text as it can be read: what does not print left out, names and owners mended.

Called by ``premise``.
"""

from __future__ import annotations

import re

from tta_rebuild.core.english import article_for
from tta_rebuild.storyteller.line_template import capital
from tta_rebuild.storyteller.noun_phrases import (
    is_known,
    is_person,
    is_portable,
    kind_of_thing,
    noun_kind,
    second_persons,
    words_in,
)
from tta_rebuild.storyteller.word_lists import mended, pattern

LONGEST_READ = 5_000
"""Characters of a premise that are read."""


def readable(theme: str) -> str:
    """A premise's text, cut at ``LONGEST_READ``, with what careless typing leaves out."""
    text = "".join(ch if ch.isprintable() or ch in "\n\t" else " " for ch in theme[:LONGEST_READ])
    text = pattern("small_titled").sub(lambda found: found.group().title(), text)
    text = mended(text, "premise").strip()
    text = pattern("small_own_name").sub(_own_name, text)
    text = pattern("opens_with_work").sub(_small_work, text)
    text = pattern("own_work").sub(_with_article, text)
    if not re.search(r"[A-Z](?<!I)", theme):  # written all small: my sister ruby
        text = pattern("small_name").sub(_capitalised, text)
        text = re.sub(r"\b[a-z]{3,}\b", _as_name, text)
    if not re.search("['’]", text):  # my best friends mother
        text = pattern("small_owner").sub(_with_apostrophe, text)
    return text


def is_english(text: str) -> bool:
    """Whether a text is English, as far as a few words tell."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    if not words or sum(w.isascii() for w in words) < 0.7 * len(words):
        return False
    known = words_in("stops", "determiners") - {"no", "on", "me", "a"}
    share = sum(w in known for w in words) / len(words)
    is_mixed = words_in("foreign") & {*re.findall(r"\b[^\W\d_]+", text)}  # but no name: Una
    return share > 0.3 if is_mixed else share > 0.1 or len(words) <= 14


def _capitalised(found: re.Match[str]) -> str:
    """A name with its capital, where a word before it says that it is one."""
    before, name = found["before"], capital(found["name"])
    is_title = before.strip(". ") in ("mr", "mrs", "ms", "dr")
    is_name = is_title or name in words_in("she_names", "he_names", "also_names")
    is_unknown = not (is_known(found["name"]) or found["name"] in second_persons())
    is_name = is_name or (is_unknown and found["then"] in second_persons())  # my mate tunde says
    return f"{capital(before) if is_title else before}{name}" if is_name else found[0]


def _small_work(found: re.Match[str]) -> str:
    """What somebody is, in small letters: "Apothecary Bianca Loredan" is no name of three words."""
    word = found["work"]
    is_title = {word, word.lower()} & words_in(
        "ranks", "titles", "her_titles", "his_titles", "she_names", "he_names"
    )
    return found[0] if is_title or not is_person(word.lower()) else word.lower()


def _with_article(found: re.Match[str]) -> str:
    """ "I'm Tova, night nurse": with the article that haste leaves out."""
    first = found["work"].split()[0]
    if first in words_in("determiners", "stops") or not is_person(found["work"].split()[-1]):
        return found[0]
    return f"{found['before']}{article_for(first)} {found['work']}"


def _own_name(found: re.Match[str]) -> str:
    """One's own name with its capital: "i'm priya, the new manager"."""
    word = found["name"]
    is_word = is_known(word) or noun_kind(word) or kind_of_thing(word) or is_person(word)
    is_name = capital(word) in words_in("she_names", "he_names", "also_names")
    is_work = found["work"] is None or is_person(found["work"])
    is_name = is_name or not (is_word or found["then"].endswith("the"))  # I'm tired, the …
    is_name &= is_work
    return found["before"] + (capital(word) if is_name else word)


def _as_name(found: re.Match[str]) -> str:
    """A first name that is no other word, with its capital: "it was tyler"."""
    word, name = found[0], capital(found[0])
    is_word = is_known(word) or noun_kind(word) or kind_of_thing(word) or is_portable(word)
    is_word = bool(is_word) or word in second_persons() or is_person(word)
    return name if name in words_in("she_names", "he_names") and not is_word else word


def _with_apostrophe(found: re.Match[str]) -> str:
    """An owner with the apostrophe that a text has left out."""
    is_owner = is_person(found["owner"]) and not (
        is_known(found["then"]) or found["then"] in second_persons()
    )
    return f"{found['before']}{found['owner']}'s " if is_owner else found[0]
