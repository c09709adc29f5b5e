"""Where the verbs of a sentence are: the last word of each verb group.

Under ``clauses``. Tells verbs from nouns of the same form by what stands before them.
"""

from __future__ import annotations

from tta_rebuild.reading.sentence_words import BREAKS, SentenceWords


class VerbPlaces(SentenceWords):
    """Finds verbs."""

    def _verbs(self, words: list[str], low: list[str]) -> list[int]:
        """Places of full verbs: the last word of each verb group."""
        found: list[int] = []
        lemma = self._lexicon.lemma
        count = len(low)
        place = 0
        while place < count:
            word = low[place]
            if (
                word not in lemma
                and word not in self._auxiliaries
                and not self._looks_finite(words, low, place)
            ):
                place += 1
                continue
            if place and words[place][0].isupper() and low[place - 1] not in BREAKS:
                place += 1
                continue
            if word not in self._auxiliaries and self._is_noun_here(words, low, place):
                place += 1
                continue
            if word in self._auxiliaries:
                ahead = place + 1
                while ahead < count and (
                    low[ahead] in self._adverbs
                    or low[ahead] in self._auxiliaries
                    or low[ahead].endswith("ly")
                ):
                    ahead += 1
                if ahead < count and low[ahead] in lemma and low[ahead] not in self._determiners:
                    was = low[place:ahead]
                    is_be = any(lemma.get(w) == "be" for w in was)
                    form = low[ahead]
                    verbal = not is_be or form.endswith("ing") or form in self._lexicon.participles
                    if verbal and not (
                        is_be
                        and form in ("open", "dead", "light", "clean", "empty", "dry", "shut")
                        and form == lemma[form]
                    ):
                        found.append(ahead)
                        place = ahead + 1
                        continue
                adjective = ahead < count and low[ahead] in lemma
                last = ahead - 1
                while last > place and low[last] not in self._auxiliaries:
                    last -= 1
                if lemma.get(low[last]) in ("be", "have", "do") or low[last] in self._auxiliaries:
                    found.append(last)
                place = ahead + 1 if adjective else last + 1
                continue
            found.append(place)
            options = self._lexicon.phrasal.get(lemma.get(word, ""), {})
            place += 2 if place + 1 < count and (low[place + 1],) in options else 1
        return found

    def _looks_finite(self, words: list[str], low: list[str], place: int) -> bool:
        """An unknown word in -ed straight after a name or pronoun is taken for a verb."""
        word = low[place]
        return (
            len(word) > 4 and word.endswith("ed") and place > 0 and low[place - 1] in self._pronouns
        )

    def _is_noun_here(self, words: list[str], low: list[str], place: int) -> bool:
        word, before = low[place], low[place - 1] if place else ""
        if before in self._determiners and before != "that":
            return (
                before not in ("her", "his", "all", "both", "each")
                or not self._past_form(word)
                or before in ("his",)
            )
        if before.endswith("'s") or before in self._before_nouns:
            return True
        if before in ("of", "with", "for", "from", "by") and not word.endswith("ing"):
            return True
        if before in ("in", "into", "on", "at", "through", "under") and not word.endswith("ing"):
            return True
        if word.endswith("ing") and before in self._prepositions:
            return False
        if before == "to":
            return self._lexicon.lemma[word] != word if word in self._lexicon.lemma else True
        # an adjective or noun between a determiner and this word: "the old guard"
        back = place - 1
        steps = 0
        while (
            back >= 0
            and steps < 2
            and low[back] not in BREAKS
            and low[back] not in self._joins
            and low[back] not in self._prepositions
            and low[back] not in self._auxiliaries
        ):
            if low[back] in self._determiners:
                # "the guard walks": a finite form after "the N" is a verb, a bare form a noun
                return self._lexicon.lemma.get(word) == word and not self._past_form(word)
            back -= 1
            steps += 1
        return False

    def _past_form(self, word: str) -> bool:
        return word.endswith("ed") or (
            word in self._lexicon.participles and self._lexicon.lemma.get(word) != word
        )

    # ------------------------------------------------------------------------------ one act
