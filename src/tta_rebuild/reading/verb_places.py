"""Where the verbs of a sentence are: the last word of each verb group.

Under ``clauses``. Tells verbs from nouns of the same form by what stands before them.
"""

from __future__ import annotations

from tta_rebuild.reading.sentence_words import BREAKS, Sentence, SentenceWords


class VerbPlaces(SentenceWords):
    """Finds verbs."""

    def _verbs(self, sentence: Sentence) -> list[int]:
        """Places of full verbs: the last word of each verb group."""
        found: list[int] = []
        low, lemma = sentence.low, self._lexicon.lemma
        place = 0
        while place < len(low):
            word = low[place]
            if not self._may_be_verb(sentence, place):
                place += 1
            elif word in self._auxiliaries:
                verb, place = self._after_auxiliary(low, place)
                found.append(verb)
            else:
                found.append(place)
                options = self._lexicon.phrasal.get(lemma.get(word, ""), {})
                place += 2 if low[place + 1 : place + 2] in options else 1
        return found

    def _may_be_verb(self, sentence: Sentence, place: int) -> bool:
        low = sentence.low
        word, auxiliary = low[place], low[place] in self._auxiliaries
        if not auxiliary and word not in self._lexicon.lemma:
            # an unknown word in -ed straight after a pronoun is taken for a verb
            if not (len(word) > 4 and word.endswith("ed") and place):
                return False
            if low[place - 1] not in self._pronouns:
                return False
        if place and sentence.words[place][0].isupper() and low[place - 1] not in BREAKS:
            return False
        return auxiliary or not self._is_noun_here(low, place)

    def _after_auxiliary(self, low: tuple[str, ...], place: int) -> tuple[int, int]:
        """The full verb of a group that an auxiliary opens, and where to read on."""
        lemma = self._lexicon.lemma
        ahead = place + 1
        while ahead < len(low) and (
            low[ahead] in self._adverbs
            or low[ahead] in self._auxiliaries
            or low[ahead].endswith("ly")
        ):
            ahead += 1
        known = ahead < len(low) and low[ahead] in lemma
        if known and low[ahead] not in self._determiners:
            form = low[ahead]
            is_be = any(lemma.get(w) == "be" for w in low[place:ahead])
            verbal = form.endswith("ing") or form in self._lexicon.participles
            adjective = form in self._lexicon.sets["verbs_and_adjectives"] and form == lemma[form]
            if not is_be or (verbal and not adjective):
                return ahead, ahead + 1
        last = ahead - 1
        while last > place and low[last] not in self._auxiliaries:
            last -= 1
        return last, ahead + 1 if known else last + 1

    def _is_noun_here(self, low: tuple[str, ...], place: int) -> bool:
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
