"""From a sentence to who does what to whom: a small rule-based reader of clauses.

Stands under ``prose_reader``, which turns acts into claims; leans on ``verb_places`` and
``noun_phrases``. Works in one pass over the words, with look-ups only; a sentence takes well under
a millisecond. It understands plain narrative English: subject, verb group with negation, tense and
modality, object, phrases of place and means, verbs in a row under one subject, and the passive.
What it does not understand it leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass

from tta_rebuild.reading.lexicon import Family
from tta_rebuild.reading.noun_phrases import NounPhrase, Phrases
from tta_rebuild.reading.sentence_words import BREAKS, Sentence
from tta_rebuild.reading.verb_places import VerbPlaces

__all__ = ["Clause", "ClauseReader", "NounPhrase"]


SENTENCES_KEPT = 512


@dataclass(frozen=True, slots=True)
class Clause:
    """A verb with what belongs to it; roles are phrases as written, None where missing.

    Attributes:
        family: what the verb does; None for "be", "have" and unknown verbs.
        lemma: the verb, with its particle if it has one (``pick_up``).
        roles: S, O, T, F, R, W.
        complement: for "be" and "have": all words that follow, lower case.
        negated, modal, conditional, past: how it is said; ``past`` is true of "had gone".
        can: said with "can", "could" or "able to": an ability rather than an act.
        form: the verb as written.
    """

    family: Family | None
    lemma: str
    roles: dict[str, NounPhrase]
    complement: tuple[str, ...]
    negated: bool
    modal: bool
    conditional: bool
    past: bool
    passive: bool
    can: bool
    form: str


@dataclass(frozen=True, slots=True)
class _VerbGroup:
    """A verb with its auxiliaries, and the words of the sentence that belong to it.

    Attributes:
        begin, end: the words that may belong to it.
        start, place: the first word of the group, and the verb itself, which is the last.
        subject: the phrase that ends where the group begins, None if there is none.
    """

    sentence: Sentence
    lemma: str
    begin: int
    start: int
    place: int
    end: int
    subject: NounPhrase | None

    @property
    def auxiliaries(self) -> tuple[str, ...]:
        """The words before the verb, in lower case."""
        return self.sentence.low[self.start : self.place]

    @property
    def before(self) -> str:
        """The word before the group if it belongs to the same sentence part, else ""."""
        return self.sentence.low[self.start - 1] if self.begin else ""

    @property
    def leading(self) -> str:
        """The verb before this one, "" for the first."""
        return self.sentence.low[self.begin - 1] if self.begin else ""


class ClauseReader(Phrases, VerbPlaces):
    """Finds the acts of a sentence.

    Args:
        lexicon: the words to go by.
    """

    def read(self, text: str) -> list[Clause]:
        """The acts of one sentence, in order. Quoted speech is to be taken out before.

        A sentence is read when it is checked, when it is heard and again as the scene before the
        next one, so what was found is kept for a while.
        """
        known = self._lexicon.acts.get(text)
        if known is None:
            if len(self._lexicon.acts) >= SENTENCES_KEPT:
                self._lexicon.acts.clear()
            known = self._lexicon.acts[text] = self._read(Sentence.of(text))
        return known

    def _read(self, sentence: Sentence) -> list[Clause]:
        places = self._verbs(sentence)
        found: list[Clause] = []
        subject: NounPhrase | None = None
        modal = False
        for place, begin, end in zip(
            places, [0, *(p + 1 for p in places)], [*places[1:], len(sentence.low)], strict=False
        ):
            group = self._group(sentence, begin, place, end)
            infinitive = "to" in group.auxiliaries
            if group.subject is not None and not infinitive:
                subject = group.subject
            modal = self._is_modal(group, infinitive, modal)
            negated = bool(self._negations.intersection(sentence.low[max(0, begin - 1) : place]))
            if found and found[-1].negated:
                joined = group.subject is None and group.before == "or"
                negated = negated or infinitive or joined
            found.append(self._clause(group, subject, negated=negated, modal=modal))
        return found

    def _group(self, sentence: Sentence, begin: int, place: int, end: int) -> _VerbGroup:
        low, start = sentence.low, place
        while start > begin and (
            (word := low[start - 1]) in self._auxiliaries
            or word in self._adverbs
            or word in ("not", "to")
            or (word.endswith("ly") and word not in self._pronouns)
        ):
            start -= 1
        lemma = self._lexicon.lemma.get(low[place], low[place])
        subject = self._subject(sentence, begin, start)
        return _VerbGroup(sentence, lemma, begin, start, place, end, subject)

    def _is_modal(self, group: _VerbGroup, infinitive: bool, carried: bool) -> bool:
        """Whether it is only possible, wanted or asked for; ``carried``: the last was."""
        leading = self._lexicon.lemma.get(group.leading)
        sets = self._lexicon.sets
        if not self._modals.isdisjoint(group.auxiliaries):
            return True
        if group.subject is not None and leading in sets["letting"]:
            return True  # "let Maren hold the cord": it has not happened
        if infinitive:
            return group.leading in self._modals or leading not in sets["actual_before_to"]
        return carried and group.subject is None and group.before in ("and", "or")

    def _clause(
        self, group: _VerbGroup, subject: NounPhrase | None, *, negated: bool, modal: bool
    ) -> Clause:
        low, place, auxiliaries = group.sentence.low, group.place, group.auxiliaries
        stop = self._clause_end(low, place + 1, group.end)
        family, name, after = self._family(low, place, stop, group.lemma)
        passive = (
            group.lemma != "be"
            and any(self._lexicon.lemma.get(w) == "be" for w in auxiliaries)
            and low[place] in self._lexicon.participles
            and not low[place].endswith("ing")
            and not (family is not None and family.name in self._lexicon.sets["intransitive"])
        )
        roles = self._roles(group.sentence, after, stop, passive)
        front = self._front(group.sentence, group.begin, group.start)
        if front is not None and group.lemma != "have":
            roles.setdefault("T", front)
        if subject is not None and passive:
            roles["R" if "O" in roles and "R" not in roles else "O"] = subject
            agent = self._agent(group.sentence, after, stop)
            if agent is not None:
                roles["S"] = agent
        elif subject is not None:
            roles["S"] = subject
        return Clause(
            family=family,
            lemma=name,
            roles=roles,
            complement=low[place + 1 : self._clause_end(low, place + 1, len(low))],
            negated=negated,
            modal=modal,
            conditional=self._conditional(low, place),
            past="had" in auxiliaries or "having" in auxiliaries,
            passive=passive,
            can="can" in auxiliaries or "could" in auxiliaries,
            form=low[place],
        )

    def _family(
        self, low: tuple[str, ...], place: int, stop: int, lemma: str
    ) -> tuple[Family | None, str, int]:
        """What the verb does, its name with its particle, and where its objects begin."""
        options = self._lexicon.phrasal.get(lemma, {})
        best = max(
            (rest for rest in options if low[place + 1 : place + 1 + len(rest)] == rest),
            key=len,
            default=None,
        )
        if best:
            return options[best], "_".join((lemma, *best)), place + 1 + len(best)
        particles = self._lexicon.sets["particles"]
        for ahead in range(place + 2, min(stop, place + 7) if options else 0):
            if (low[ahead],) in options and low[ahead] in particles:
                following = low[ahead + 1] if ahead + 1 < len(low) else "."
                if (
                    following in BREAKS
                    or following in self._joins
                    or following not in self._determiners
                ):
                    return options[(low[ahead],)], f"{lemma}_{low[ahead]}", place + 1
        return self._lexicon.plain.get(lemma), lemma, place + 1

    def _clause_end(self, low: tuple[str, ...], start: int, end: int) -> int:
        ends, openers = self._lexicon.sets["clause_ends"], self._lexicon.sets["clause_openers"]
        for place in range(start, end):
            if low[place] in ends or (place > start and low[place] in openers):
                return place
        return end

    def _conditional(self, low: tuple[str, ...], place: int) -> bool:
        for back in range(place - 1, max(-1, place - 14), -1):
            if low[back] in (",", ";", ":"):
                return False
            if low[back] in self._conditionals:
                return True
        return False
