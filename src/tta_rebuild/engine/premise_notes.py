"""What can be said of a premise before its story begins; the command line and the server ask it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from difflib import get_close_matches

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.story import Premise
from tta_rebuild.engine.messages import message

DEFAULT_STYLE = "balanced"
LINE_CHARS = 80
"""Of a rule that a note names, at most."""


def _is_read(premise: Premise, teller: str) -> bool:
    """Whether the embedded storyteller reads the premise by its rules."""
    return teller == "offline" and not premise.world and premise.language == "en"


def is_in_another_language(premise: Premise) -> bool:
    """Whether a premise is in, or asks for, a language that the embedded storyteller has not."""
    from tta_rebuild.storyteller.premise_text import is_english

    language = premise.language.partition("-")[0].lower()
    embedded = packaged_toml("tta_rebuild.engine", "languages")["embedded"].split()
    return language not in embedded or not is_english(premise.theme)


def is_nobody_played(premise: Premise, teller: str) -> bool:
    """Whether the embedded storyteller cannot tell from the premise who the player is."""
    if not _is_read(premise, teller) or any(c.is_player for c in premise.characters):
        return False
    from tta_rebuild.storyteller.premise import read_premise

    read = read_premise(premise.theme)
    is_to_you = "you" in " ".join(read.told).lower().replace("your", "you").split()
    return not (read.you.name or read.you.role or is_to_you)


def likely_plots(premise: Premise, teller: str) -> dict[str, str]:
    """What the story may be about where that is not certain, plot → in words.

    The plot that is told stands first; {} where one is certain or chosen.
    """
    if not _is_read(premise, teller) or premise.plot:
        return {}
    from tta_rebuild.storyteller.premise import read_premise
    from tta_rebuild.storyteller.premise_situation import plot_names

    read = read_premise(premise.theme)
    names, told = plot_names(), read.situation or read.conflict
    others = [plot for plot in read.likely if plot != told][:2]
    return {plot: names[plot] for plot in (told, *others)} if others else {}


def plots_of(premise: Premise, teller: str) -> Mapping[str, str]:
    """Every plot that the embedded storyteller has, in words; {} where it reads no premise."""
    if not _is_read(premise, teller):
        return {}
    from tta_rebuild.storyteller.premise_situation import plot_names

    return plot_names()


def premise_notes(premise: Premise, teller: str, *, mends: str = "") -> Iterator[str]:
    """Before a story begins: how it is understood, and what of it cannot be kept as one thinks.

    ``mends`` says after the first how one can put it right.
    """
    is_offline = teller == "offline"
    if is_offline and not premise.world and is_in_another_language(premise):
        yield message("told_in_english")
    elif _is_read(premise, teller):
        from tta_rebuild.storyteller.premise import read_premise

        people = [asdict(character) for character in premise.characters]
        if understood := read_premise(premise.theme, people, premise.plot).understood:
            yield message("understood", understood=understood, mends=mends)
    if premise.world and not is_offline:
        yield message("world_for_embedded")
    elif premise.world and (premise.characters or premise.length):
        yield message("world_has_its_own")
    from tta_rebuild.reading.world_rules import compiled
    from tta_rebuild.safety.categories import categories_of, category_names

    for name in compiled(premise.rules).left_to_model if premise.rules else ():
        yield message("rule_unchecked", rule=_short(premise.rules[name]))
    for name, level in premise.boundaries.items():
        for category in (listed for listed, own_words in categories_of(name) if own_words):
            close = get_close_matches(category.name, category_names(), 1)
            meant = f"did you mean {close[0]}? " if close else ""
            says = "own_boundary_none" if level == "none" else "own_boundary"
            lists = ", ".join(category_names())
            yield message(says, name=name, level=level, meant=meant, lists=lists)
    if premise.style != DEFAULT_STYLE and is_offline:
        yield message("style_for_model", style=_short(premise.style))


def slug_of(name: str) -> str:
    """An id made from a name: lower case, words joined by ``_``; "" if it has no letter."""
    # NFC last: the lower case of İ is two characters, of which one is no letter
    lower = unicodedata.normalize("NFC", name).lower().replace("i̇", "i")
    return re.sub(r"\W+", "_", lower).strip("_")


def _short(text: str) -> str:
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return words if len(words) <= LINE_CHARS else f"{words[: LINE_CHARS - 1]}…"
