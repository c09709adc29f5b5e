"""From a sentence to who does what to whom: a small rule-based reader of clauses.

Stands under ``reader``, which turns acts into claims; leans on ``verb_places`` and ``phrases``.
Works in one pass over the words, with look-ups only; a sentence takes well under a millisecond. It
understands plain narrative English: subject, verb group with negation, tense and modality, object,
phrases of place and means, verbs in a row under one subject, and the passive. What it does not
understand it leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass

from tta_rebuild.reading.lexicon import Family
from tta_rebuild.reading.noun_phrases import NounPhrase, Phrases
from tta_rebuild.reading.sentence_words import BREAKS, words_of
from tta_rebuild.reading.verb_places import VerbPlaces

__all__ = ["Clause", "ClauseReader", "NounPhrase"]

_LETTING = frozenset(
    ["let", "help", "ask", "want", "tell", "order", "beg", "invite", "urge", "allow"]
)
_INTRANSITIVE = frozenset(["move", "arrive", "stay", "die", "collapse", "mental"])


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


class ClauseReader(Phrases, VerbPlaces):
    """Finds the acts of a sentence.

    Args:
        lexicon: the words to go by.
    """

    def read(self, sentence: str) -> list[Clause]:
        """The acts of one sentence, in order. Quoted speech is to be taken out before.

        A sentence is read when it is checked, when it is heard and again as the scene before the
        next one, so what was found is kept for a while.
        """
        known = self._lexicon.acts.get(sentence)
        if known is None:
            if len(self._lexicon.acts) >= SENTENCES_KEPT:
                self._lexicon.acts.clear()
            known = self._lexicon.acts[sentence] = self._read(sentence)
        return known

    def _read(self, sentence: str) -> list[Clause]:
        words = words_of(sentence)
        low = [w.lower() for w in words]
        verbs = self._verbs(words, low)
        acts: list[Clause] = []
        subject: NounPhrase | None = None
        carried_modal = False
        for number, place in enumerate(verbs):
            begin = verbs[number - 1] + 1 if number else 0
            end = verbs[number + 1] if number + 1 < len(verbs) else len(words)
            act, subject, carried_modal = self._act(
                words, low, place, begin, end, subject, carried_modal, acts
            )
            if act is not None:
                acts.append(act)
        return acts

    def _act(
        self,
        words: list[str],
        low: list[str],
        place: int,
        begin: int,
        end: int,
        subject: NounPhrase | None,
        carried_modal: bool,
        acts: list[Clause],
    ) -> tuple[Clause | None, NounPhrase | None, bool]:
        lemma = self._lexicon.lemma.get(low[place], low[place])
        # the verb group: auxiliaries, adverbs and negation before the verb
        group = place
        while group > begin and (
            low[group - 1] in self._auxiliaries
            or low[group - 1] in self._adverbs
            or low[group - 1] in ("not", "to")
            or (low[group - 1].endswith("ly") and low[group - 1] not in self._pronouns)
        ):
            group -= 1
        auxiliaries = low[group:place]
        infinitive = "to" in auxiliaries
        own = self._subject(words, low, begin, group)
        if own is not None and not infinitive:
            subject = own
        before = set(low[max(0, begin - 1) : place])
        negated = bool(before & self._negations)
        modal = bool(set(auxiliaries) & self._modals)
        if infinitive:
            leading = low[begin - 1] if begin else ""
            modal = (
                modal
                or leading in self._modals
                or self._lexicon.lemma.get(leading)
                not in (
                    "begin",
                    "start",
                    "continue",
                    "go",
                    "come",
                    "manage",
                    "bend",
                    "kneel",
                    "lean",
                    "use",
                )
            )
            if acts and acts[-1].negated:
                negated = True
        elif own is None and begin and low[group - 1 : group] and low[group - 1] in ("and", "or"):
            modal = modal or carried_modal
        if acts and own is None and begin and low[group - 1 : group] == ["or"] and acts[-1].negated:
            negated = True
        conditional = self._conditional(low, place)
        if own is not None and begin and self._lexicon.lemma.get(low[begin - 1]) in _LETTING:
            modal = True  # "let Maren hold the cord": it has not happened
        passive = False
        if lemma != "be":
            be = any(self._lexicon.lemma.get(w) == "be" for w in auxiliaries)
            passive = (
                be and low[place] in self._lexicon.participles and not low[place].endswith("ing")
            )
        past = "had" in auxiliaries or ("having" in auxiliaries)
        if lemma in ("be", "have") and "had" in auxiliaries:
            past = True
        stop = self._clause_end(low, place + 1, end)
        family, name, after = self._family(low, place, stop, lemma)
        if passive and family is not None and family.name in _INTRANSITIVE:
            passive = False
        roles = self._roles(words, low, after, stop, passive)
        front = self._front(words, low, begin, group) if lemma != "have" else None
        if front is not None:
            roles.setdefault("T", front)
        if subject is not None:
            if passive:
                if "O" in roles and "R" not in roles:
                    roles["R"] = subject
                else:
                    roles["O"] = subject
                agent = self._agent(words, low, after, stop)
                if agent is not None:
                    roles["S"] = agent
            else:
                roles["S"] = subject
        complement = tuple(low[place + 1 : self._clause_end(low, place + 1, len(low))])
        can = bool(set(auxiliaries) & {"can", "could"})
        act = Clause(
            family,
            name,
            roles,
            complement,
            negated,
            modal,
            conditional,
            past,
            passive,
            can,
            low[place],
        )
        return act, subject, modal

    def _family(
        self, low: list[str], place: int, stop: int, lemma: str
    ) -> tuple[Family | None, str, int]:
        options = self._lexicon.phrasal.get(lemma)
        if options:
            best: tuple[str, ...] = ()
            for rest in options:
                if len(rest) <= len(best):
                    continue
                if tuple(low[place + 1 : place + 1 + len(rest)]) == rest:
                    best = rest
            if best:
                return options[best], "_".join((lemma, *best)), place + 1 + len(best)
            for ahead in range(place + 2, min(stop, place + 7)):
                if (low[ahead],) in options and low[ahead] in self._lexicon.sets["particles"]:
                    following = low[ahead + 1] if ahead + 1 < len(low) else "."
                    if (
                        following in BREAKS
                        or following in self._joins
                        or following not in self._determiners
                    ):
                        return options[(low[ahead],)], f"{lemma}_{low[ahead]}", place + 1
        return self._lexicon.plain.get(lemma), lemma, place + 1

    def _clause_end(self, low: list[str], start: int, end: int) -> int:
        for place in range(start, end):
            if low[place] in (";", ":", ".", "!", "?", "—", "–"):
                return place
            if (
                low[place]
                in (
                    "but",
                    "because",
                    "while",
                    "although",
                    "though",
                    "until",
                    "before",
                    "after",
                    "when",
                    "so",
                    "who",
                    "which",
                    "where",
                    "as",
                    "that",
                    "if",
                )
                and place > start
            ):
                return place
        return end

    def _conditional(self, low: list[str], place: int) -> bool:
        for back in range(place - 1, max(-1, place - 14), -1):
            if low[back] in (",", ";", ":"):
                return False
            if low[back] in self._conditionals:
                return True
        return False
