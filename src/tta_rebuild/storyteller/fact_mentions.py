"""Of whom the words of a premise speak, character by character.

Called by ``premise_facts``: the clause parser cuts words otherwise than the reading of people.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from tta_rebuild.storyteller.fact_wording import PLAYER
from tta_rebuild.storyteller.noun_phrases import Phrase, without_s
from tta_rebuild.storyteller.premise_people import PremisePeople, PremisePerson, called_in_story
from tta_rebuild.storyteller.token_tree import token_starts


def spoken_of(
    text: str, tokens: Sequence[str], cast: PremisePeople, people: Sequence[PremisePerson]
) -> dict[int, str]:
    """The offset of each word that names somebody → PLAYER, or the name by which a story has them.

    Args:
        people: everybody but the player.
    """
    starts = token_starts(text, tokens)
    called = {p.at: called_in_story(p) for p in people if p.at >= 0}
    phrases = {phrase.start: phrase for phrase in cast.phrases}
    who: dict[int, str] = {}
    for mention in cast.mentions:
        name = PLAYER if mention is cast.player else called.get(mention.phrase.start, "")
        for place in mention.at if name else ():
            phrase = phrases.get(place)
            known = {*mention.phrase.words, *mention.name.split()}
            known |= {*(phrase.words if phrase and phrase.is_name else ())}
            span = _span(phrase, place, tokens, known)
            for start, token in zip(starts[span], tokens[span], strict=True):
                parts = (part.start() for part in re.finditer(r"\w+", token))  # ex-fiance
                who |= {start + begin: name for begin in parts if start >= 0}
    return who


def _span(
    phrase: Phrase | None, place: int, tokens: Sequence[str], known: Collection[str]
) -> slice:
    """The tokens by which somebody is known: a name's, a noun, the "mother" of "my mother's house".

    ``known``: the words that speak of them.
    """
    if phrase is None:
        return slice(place, place + 1)
    bare = {i: without_s(tokens[i]) for i in range(phrase.start, phrase.end)}
    owners = [i for i, word in bare.items() if word != tokens[i] and word in known]
    if owners:
        return slice(phrase.start if phrase.is_name else owners[0], owners[0] + 1)
    return slice(phrase.start if phrase.is_name else phrase.end - 1, phrase.end)
