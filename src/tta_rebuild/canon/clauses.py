"""From a sentence to who does what to whom: a small rule-based reader of clauses.

Stands under ``reader``, which turns acts into claims. Works in one pass over the words, with
look-ups only; a sentence takes well under a millisecond. It understands plain narrative English:
subject, verb group with negation, tense and modality, object, phrases of place and means, verbs in
a row under one subject, and the passive. What it does not understand it leaves out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tta_rebuild.canon.lexicon import Family, Lexicon

_WORD = re.compile(
    r"[A-Za-zÀ-ÿ]+(?:['’][A-Za-z]+)?(?:-[A-Za-zÀ-ÿ]+)*|\d+(?:[.,]\d+)?|[,;:.!?()—–-]"
)
_BREAKS = frozenset(",;:.!?()—–-")
_ADVERBS = frozenset(
    [
        "then",
        "also",
        "still",
        "just",
        "even",
        "already",
        "only",
        "always",
        "often",
        "soon",
        "quietly",
        "slowly",
        "quickly",
        "once",
        "now",
        "again",
        "finally",
        "almost",
        "ever",
        "never",
        "really",
        "carefully",
        "softly",
        "gently",
        "suddenly",
        "both",
        "together",
        "too",
        "there",
        "here",
        "simply",
        "calmly",
        "silently",
        "long",
        "later",
        "first",
        "somehow",
        "not",
        "n't",
    ]
)
_JOINS = frozenset(
    [
        "and",
        "then",
        "but",
        "or",
        "while",
        "as",
        "before",
        "after",
        "until",
        "so",
        "yet",
        "when",
        "because",
        "that",
        "which",
        "who",
        "where",
        "though",
        "although",
        "since",
        "if",
        "unless",
        "whose",
        "than",
    ]
)
_NUMERALS = frozenset(
    [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "twelve",
        "twenty",
    ]
)
_INTO = frozenset(["to", "into", "inside", "onto", "toward", "towards", "aboard"])
_LETTING = frozenset(
    ["let", "help", "ask", "want", "tell", "order", "beg", "invite", "urge", "allow"]
)
_INTRANSITIVE = frozenset(["move", "arrive", "stay", "die", "collapse", "mental"])
_RELATIVE = frozenset(["who", "which", "that"])


@dataclass(frozen=True, slots=True)
class Phrase:
    """A noun phrase: its words without determiner, and what stood before it."""

    words: tuple[str, ...]
    determiner: str
    start: int
    end: int
    preposition: str = ""

    @property
    def text(self) -> str:
        """The words, joined."""
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Act:
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
    roles: dict[str, Phrase]
    complement: tuple[str, ...]
    negated: bool
    modal: bool
    conditional: bool
    past: bool
    passive: bool
    can: bool
    form: str


def words_of(sentence: str) -> list[str]:
    """Words and marks of a sentence, "n't" taken apart."""
    found: list[str] = []
    for token in _WORD.findall(sentence):
        low = token.replace("’", "'")
        if low.lower().endswith("n't"):
            stem = low[:-3]
            found.append({"ca": "can", "wo": "will", "sha": "shall"}.get(stem.lower(), stem))
            found.append("not")
        elif low.lower() == "cannot":
            found.extend(("can", "not"))
        elif low.lower().endswith(("'re", "'ve", "'ll", "'m", "'d")):
            stem, _, tail = low.partition("'")
            found.append(stem)
            found.append(
                {"re": "are", "ve": "have", "ll": "will", "m": "am", "d": "had"}[tail.lower()]
            )
        else:
            found.append(low)
    return found


class Clauses:
    """Finds the acts of a sentence.

    Args:
        lexicon: the words to go by.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        sets = lexicon.sets
        self._determiners = sets["determiners"]
        self._auxiliaries = sets["auxiliaries"]
        self._modals = sets["modals"]
        self._conditionals = sets["conditionals"]
        self._to = sets["prepositions_to"]
        self._from = sets["prepositions_from"]
        self._prepositions = (
            self._to
            | self._from
            | {
                "with",
                "of",
                "without",
                "using",
                "than",
                "like",
                "as",
                "about",
                "against",
                "between",
                "before",
                "after",
                "until",
                "since",
                "during",
            }
        )
        self._negations = sets["negations"]
        self._pronouns = frozenset(
            [
                "he",
                "she",
                "they",
                "it",
                "we",
                "i",
                "you",
                "him",
                "her",
                "them",
                "us",
                "me",
                "himself",
                "herself",
                "themselves",
                "itself",
            ]
        )

    def read(self, sentence: str) -> list[Act]:
        """The acts of one sentence, in order. Quoted speech is to be taken out before."""
        words = words_of(sentence)
        low = [w.lower() for w in words]
        verbs = self._verbs(words, low)
        acts: list[Act] = []
        subject: Phrase | None = None
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

    # ------------------------------------------------------------------------------ verbs

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
            if place and words[place][0].isupper() and low[place - 1] not in _BREAKS:
                place += 1
                continue
            if word not in self._auxiliaries and self._is_noun_here(words, low, place):
                place += 1
                continue
            if word in self._auxiliaries:
                ahead = place + 1
                while ahead < count and (
                    low[ahead] in _ADVERBS
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
        if before.endswith("'s") or before in _NUMERALS:
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
            and low[back] not in _BREAKS
            and low[back] not in _JOINS
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

    def _act(
        self,
        words: list[str],
        low: list[str],
        place: int,
        begin: int,
        end: int,
        subject: Phrase | None,
        carried_modal: bool,
        acts: list[Act],
    ) -> tuple[Act | None, Phrase | None, bool]:
        lemma = self._lexicon.lemma.get(low[place], low[place])
        # the verb group: auxiliaries, adverbs and negation before the verb
        group = place
        while group > begin and (
            low[group - 1] in self._auxiliaries
            or low[group - 1] in _ADVERBS
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
        act = Act(
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
                        following in _BREAKS
                        or following in _JOINS
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

    # ------------------------------------------------------------------------------ phrases

    def _subject(self, words: list[str], low: list[str], begin: int, group: int) -> Phrase | None:
        """The noun phrase that ends where the verb group begins."""
        end = group
        if end > begin and low[end - 1] in _RELATIVE and end - 1 > begin:
            end -= 1  # "Mara, who came": the one before "who"
        while end > begin and low[end - 1] in (",",):
            end -= 1
        start = end
        while start > begin and self._in_phrase(words, low, start - 1):
            start -= 1
        if start == end:
            return None
        phrase = self._phrase(words, low, start, end)
        if phrase is None:
            return None
        # "the key of the tower opened", "the man in the hat": take the head, not the last noun
        before = low[start - 1] if start > begin else ""
        if before in (
            "of",
            "in",
            "with",
            "from",
            "at",
            "on",
            "by",
            "under",
            "near",
            "behind",
            "beside",
            "inside",
            "for",
        ):
            for inner in range(start + 1, end):  # "in the library Mara": two phrases
                if words[inner][:1].isupper() and not words[inner - 1][:1].isupper():
                    return self._phrase(words, low, inner, end)
            head = self._subject(words, low, begin, start - 1)
            if head is not None:
                return head
            return None if before != "of" else phrase
        if before == "," and start - 1 > begin:
            # an apposition: "Mara, the smith, opened"
            head = self._subject(words, low, begin, start - 1)
            if (
                head is not None
                and head.words
                and head.words[0][:1].isupper()
                and phrase.determiner
            ):
                return head
        return phrase

    def _front(self, words: list[str], low: list[str], begin: int, group: int) -> Phrase | None:
        """The place in "In the library Mara leaned back"."""
        if begin and low[begin - 1] not in _BREAKS:
            return None
        if begin >= group or low[begin] not in ("in", "inside", "at"):
            return None
        end = begin + 1
        while end < group and self._in_phrase(words, low, end):
            begins_name = words[end][:1].isupper() and words[end - 1][:1].islower()
            if end > begin + 1 and begins_name and low[end - 1] not in self._determiners:
                break
            end += 1
        phrase = self._phrase(words, low, begin + 1, end)
        return replace(phrase, preposition=low[begin]) if phrase is not None else None

    def _in_phrase(self, words: list[str], low: list[str], place: int) -> bool:
        word = low[place]
        if (
            word in _BREAKS
            or word in _JOINS
            or word in self._prepositions
            or word in self._auxiliaries
        ):
            return False
        return word not in ("to", "not", "there", "then", "never")

    def _phrase(self, words: list[str], low: list[str], start: int, end: int) -> Phrase | None:
        determiner = ""
        while start < end and (
            low[start] in self._determiners
            or low[start] in _ADVERBS
            or (low[start].endswith("ly") and start + 1 < end and words[start + 1][:1].isupper())
        ):
            if low[start] in self._determiners:
                if low[start] == "her" and start + 1 == end:
                    break
                determiner = low[start]
            start += 1
        while end > start + 1 and (low[end - 1] in _ADVERBS or low[end - 1].endswith("ly")):
            end -= 1
        if start >= end:
            return None
        return Phrase(tuple(words[start:end]), determiner, start, end)

    def _roles(
        self, words: list[str], low: list[str], start: int, stop: int, passive: bool
    ) -> dict[str, Phrase]:
        roles: dict[str, Phrase] = {}
        place = start
        role = "O"
        preposition = ""
        broken = False
        while place < stop:
            word = low[place]
            if word in ("with", "using"):
                role, place = "W", place + 1
                continue
            if word in self._from:
                role, place = "F", place + 1
                continue
            if word == "of":
                role, place = "OF", place + 1
                continue
            if word == "about":
                role, place = "ABOUT", place + 1
                continue
            if word == "to":
                role, place, preposition = ("X" if broken else "TO"), place + 1, word
                continue
            if word == "by" and passive:
                role, place = "X", place + 1
                continue
            if word in self._to:
                role = "X" if broken else "INTO" if word in _INTO else "T"
                place, preposition = place + 1, word
                continue
            if word in self._prepositions or word in ("by", "and", "or"):
                role, place = "X", place + 1
                continue
            if word in _BREAKS:
                role, place, broken = "X", place + 1, True
                continue
            ahead = place
            while (
                ahead < stop
                and self._in_phrase(words, low, ahead)
                and not (
                    ahead > place
                    and (
                        low[ahead] in self._determiners
                        or (low[ahead] in self._pronouns)
                        or low[ahead].endswith("ly")
                        or (
                            low[ahead - 1] in self._pronouns
                            and low[ahead - 1] not in ("her", "his")
                        )
                        or (
                            words[ahead][0].isupper() != words[ahead - 1][0].isupper()
                            and low[ahead - 1] not in self._determiners
                            and words[ahead - 1][0].isupper()
                        )
                    )
                )
            ):
                ahead += 1
                if low[ahead - 1].endswith("'s"):
                    continue
            if ahead == place:
                place += 1
                continue
            phrase = self._phrase(words, low, place, ahead)
            if phrase is not None and preposition:
                phrase = replace(phrase, preposition=preposition)
            if phrase is not None:
                if role == "O" and "O" in roles and "R" not in roles:
                    # two objects in a row: "gave Bram the key"
                    roles["R"], roles["O"] = roles["O"], phrase
                elif role == "TO":
                    roles.setdefault("R", phrase)
                    roles["T"] = phrase
                elif role == "INTO":
                    roles["T"] = phrase
                else:
                    roles.setdefault(role, phrase)
            place = ahead
            if role != "O":
                role = "X"
        return roles

    def _agent(self, words: list[str], low: list[str], start: int, stop: int) -> Phrase | None:
        for place in range(start, stop):
            if low[place] == "by":
                ahead = place + 1
                while ahead < stop and self._in_phrase(words, low, ahead):
                    ahead += 1
                return self._phrase(words, low, place + 1, ahead)
        return None
