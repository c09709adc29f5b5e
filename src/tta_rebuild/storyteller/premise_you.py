"""What "you" are in a premise that says it by something else: "my grandmother", "I teach".

Called by ``premise_people`` where a text speaks to "you" or of "I" and names nobody as the player.
Its words are ``data/premise_you.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType

from tta_rebuild.core.english import article_for, participle, past, verb_forms
from tta_rebuild.storyteller.noun_phrases import Phrase, words_in
from tta_rebuild.storyteller.premise_mentions import MINE, Mention
from tta_rebuild.storyteller.word_lists import pattern, word_table


def implied_role(
    lows: Sequence[str], phrases: Sequence[Phrase], mentions: Sequence[Mention]
) -> str:
    """A role with its article: by an age, by one's work, by whose kin, by whose place; "" if none.

    Args:
        lows: the tokens of the text in lower case.
    """
    ways = (_by_age(lows), _by_work(lows), _by_others(mentions), _by_place(phrases))
    return next((role for way in ways for role in way), "")


def _by_age(lows: Sequence[str]) -> Iterator[str]:
    """ "I'm nine." """
    found = pattern("aged").search(" ".join(lows))
    if found:
        age = found["age"]
        yield f"{'an' if age.startswith(('8', 'e', '11 ', '18 ')) else 'a'} {age}-year-old"


def _by_work(lows: Sequence[str]) -> Iterator[str]:
    """ "I teach the dead to read": a verb of work in the present or perfect tense."""
    for said in pattern("i_do").finditer(" ".join(lows)):
        if role := _roles("doing").get(said["verb"]):
            yield role
            return


def _by_others(mentions: Sequence[Mention]) -> Iterator[str]:
    for mention in mentions:
        phrase = mention.phrase
        by_role = phrase.head in words_in("called_by_role") and not phrase.determiner
        if phrase.determiner not in MINE and not (by_role and not phrase.is_name):
            continue
        words = [w.lower() for w in phrase.words]
        if "late" in words and (role := _roles("late").get(phrase.head)):
            yield role
            return
        both = "_".join([*words[-2:-1], phrase.head])
        role = _roles("to").get(both) or _roles("to").get(phrase.head)
        if role:
            yield role
            return


def _by_place(phrases: Sequence[Phrase]) -> Iterator[str]:
    for phrase in phrases:
        if phrase.determiner in MINE and (role := _roles("at").get(phrase.head)):
            yield role
            return


def workplace_of(role: str) -> str:
    """Where somebody of a role is as a rule: ``baker`` → ``the kitchen``; "" if nowhere."""
    table = word_table("premise_you")["works"].items()
    return next((place for place, roles in table if role in roles.split()), "")


@cache
def _roles(table: str) -> Mapping[str, str]:
    """Word → role with its article, of one table; of verbs all forms."""
    found = dict[str, str]()
    for role, words in word_table("premise_you")[table].items():
        said = role if role.startswith(("a ", "an ")) else f"{article_for(role)} {role}"
        for word in words.split():
            done = (*verb_forms(word), past(word), participle(word))
            forms = done if table == "doing" else (word,)
            found |= dict.fromkeys(forms, said)
    return MappingProxyType(found)
