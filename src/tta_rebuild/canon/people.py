"""People are one: every id, name, surname, title and role that a story uses leads to one id.

So "Captain Verrin", "the warden" and ``josk`` are one man. Works by the words of names, roles and
descriptions, in every language; what could mean two is left as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import STORY, Canon
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.story import CharacterSketch

WHAT_THEY_ARE = 4
"""Words at the beginning of a description that say what somebody is ("warden of the house")."""

PLAYER = "player"
"""The id of the player's character where the author gave none."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
WORLD_WORDS = frozenset("story world time weather day setting welt monde mundo".split())


class People:
    """Resolves what a reply calls somebody, by the canon and the cast as the author gave it.

    ``language`` is the story's, for its pronouns; ``player`` the id of the player's character.
    """

    def __init__(
        self, canon: Canon, sketches: Sequence[CharacterSketch], language: str = "en"
    ) -> None:
        self._canon = canon
        self._sketches = {sketch.character_id: sketch for sketch in sketches}
        self.player = next((s.character_id for s in sketches if s.is_player), PLAYER)
        forms = pronouns_of(language)
        self._open = tuple(f"{word} " for word in forms.get("some", ()))
        self._pronouns = {
            form: kind for kind, all_ in forms.items() if kind != "some" for form in all_
        }

    def id_of(self, phrase: str, near: str = "", present: Sequence[str] = ()) -> str:
        """The id of whom or what a phrase means; its own key where nobody known is meant.

        ``near`` is the passage that it stands in; those ``present`` are meant rather than others.
        """
        key = key_of(phrase)
        if key in self._sketches or key == self.player:
            return key
        if key in WORLD_WORDS:
            return STORY
        pronoun = self._pronouns.get(phrase.strip().casefold())
        if pronoun is not None:
            return self._by_pronoun(pronoun, near, present) or key
        found = self._canon.id_of(phrase)
        if found != key or self._canon.knows_of(key):
            return found
        return self._by_words(phrase, present) or key

    def is_own_name(self, phrase: str, who: str) -> bool:
        """Whether a phrase calls somebody what the author does, not by a name they go under.

        True of whoever the author did not sketch: all that is known of them the story said.
        """
        sketch = self._sketches.get(who)
        if sketch is None or key_of(phrase) == who:
            return True
        are = _WORD.findall(sketch.description)[:WHAT_THEY_ARE]
        given = _words(" ".join([who, sketch.name, *are]))
        return self.is_pronoun(phrase) or bool(_words(key_of(phrase)) & given)

    def is_pronoun(self, phrase: str) -> bool:
        """Whether a phrase is a pronoun of the third person: whom it means is a guess."""
        return self._pronouns.get(phrase.strip().casefold(), "you") != "you"

    def _by_pronoun(self, kind: str, near: str, present: Sequence[str]) -> str:
        if kind == "you":
            return self.player
        everybody = list(dict.fromkeys((*present, *self._sketches)))
        sure = [who for who in everybody if self._called(who) == kind]
        fitting = sure or [who for who in everybody if not self._called(who)]
        low = near.casefold()
        words = ((word, who) for who in fitting for word in self._name_words(who))
        if named := [(low.find(word), who) for word, who in words if word in low]:
            return min(named)[1]
        nearest = [who for who in fitting if who in present and who != self.player] or sure
        return nearest[0] if nearest else ""

    def _called(self, who: str) -> str:
        sketch = self._sketches.get(who)
        words = _WORD.findall(sketch.pronouns.casefold()) if sketch else []
        return self._pronouns.get(words[0], words[0]) if words else ""

    def _by_words(self, phrase: str, present: Sequence[str]) -> str:
        """The one whose name has these words, else the one whom they describe."""
        words = _words(key_of(phrase))
        if not words:
            return ""
        everybody = list(dict.fromkeys((*present, *self._sketches)))
        upper = {w.casefold() for w in _WORD.findall(phrase) if w[:1].isupper() and len(w) > 2}
        by_name = [who for who in everybody if upper & self._name_words(who)]
        if by_name:  # "Hester Pole" is not Hester
            who = by_name[0]
            is_another = upper - self._name_words(who) - self._described(who)
            return "" if len(by_name) > 1 or is_another else who
        if phrase.strip().casefold().startswith(self._open):
            return ""
        described = [who for who in everybody if words <= self._described(who)]
        if len(described) > 1:
            described = [who for who in described if who in present]
        return described[0] if len(described) == 1 else ""

    def _name_words(self, who: str) -> frozenset[str]:
        return self._said_of(who, ("name", "alias"))

    def _described(self, who: str) -> frozenset[str]:
        sketch = self._sketches.get(who)
        are = _WORD.findall(sketch.description)[:WHAT_THEY_ARE] if sketch else ()
        return self._said_of(who, ("name", "alias", "role")) | _words(" ".join(are))

    def _said_of(self, who: str, relations: tuple[str, ...]) -> frozenset[str]:
        said = [f.value for f in self._canon.facts_about(who) if f.relation in relations]
        sketch = self._sketches.get(who)
        return _words(" ".join([*said, sketch.name if sketch else ""]))


def _words(text: str) -> frozenset[str]:
    return frozenset(w.casefold() for w in _WORD.findall(text.replace("_", " ")) if len(w) > 2)


def pronouns_of(language: str) -> dict[str, list[str]]:
    """Kind (``you``, ``she`` … and ``some``) → its forms; {} for a language that has none here."""
    table: dict[str, dict[str, list[str]]] = packaged_toml("tta_rebuild.canon", "pronouns")
    return table.get(language.partition("-")[0].lower(), {})
