"""The words of a fact as pieces: who is meant, which verbs go with whom, and the text between.

Called by ``premise_facts``; ``fact_wording`` puts the pieces together for whoever says them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tta_rebuild.storyteller.clause_parser import ParsedWord
from tta_rebuild.storyteller.clause_tree import AUXILIARIES, SUBJECTS, ClauseTree
from tta_rebuild.storyteller.fact_wording import PLAYER, Finite, Mentioned, Piece
from tta_rebuild.storyteller.noun_phrases import is_person, one_of
from tta_rebuild.storyteller.premise_mentions import GENDERS
from tta_rebuild.storyteller.word_lists import fact_words, word_table

_FIRST = ("i", "we", "you", "me", "us", "myself", "yourself", "ourselves", "my", "our", "your")
_THEY = ("them", "they", "their", "themselves")


class FactPieces:
    """What the words of one text mean.

    Args:
        who: the character offset of a word → of whom it speaks: ``PLAYER``, or a name as the story
            calls them.
        pronouns: of everybody by that name.
        named: those who have a name of their own.
    """

    def __init__(
        self,
        tree: ClauseTree,
        who: Mapping[int, str],
        pronouns: Mapping[str, str],
        named: Collection[str],
    ) -> None:
        self.tree, self.pronouns, self.named = tree, pronouns, named
        self.who = {w.index: who[w.start] for w in tree.words if w.start in who}

    def whose(self, subject: ParsedWord) -> str:
        """Who a subject is: ``PLAYER``, a name, or "" for what is nobody."""
        if subject.text.lower() in ("i", "you", "we"):
            return PLAYER
        if subject.text.lower() == "one" and subject.relation == "attr":
            is_one = self.tree.child(self.tree.words[subject.head], *SUBJECTS)
            return self.whose(is_one) if is_one is not None else ""  # I am the one who stayed
        if self.tree.child(subject, "conj") is not None:
            return ""  # "Salvor Tam and his daughter Wren"
        if subject.text.lower() in GENDERS:
            return self._who_is(subject) or ""
        beside = [w for w in self.tree.noun_phrase(subject) if w.relation in ("compound", "appos")]
        return next((self.who[w.index] for w in (subject, *beside) if w.index in self.who), "")

    def _who_is(self, pronoun: ParsedWord) -> str | None:
        """Whom "he" or "her" means: as is known, else the subject before that it may mean."""
        if pronoun.index in self.who:
            return self.who[pronoun.index]
        gender, is_owner = GENDERS[pronoun.text.lower()], pronoun.relation == "poss"
        above = self.tree.words[pronoun.head]
        doing = {above.index}  # whose subjects "him" does not mean: he wants to hand him over
        while above.relation == "xcomp" and above.head not in doing:
            above = self.tree.words[above.head]
            doing.add(above.index)
        before = [
            self.who[word.index]
            for word in reversed(self.tree.words[: pronoun.index])
            if word.index in self.who
            and word.relation in SUBJECTS
            and (is_owner or word.head not in doing)
        ]
        for may in ((gender,), ("", "they")):
            for who in before:
                if self.pronouns.get(who) in may:
                    return who
        alike = [who for who, said in self.pronouns.items() if said == gender]
        return PLAYER if alike == [PLAYER] else None

    def pronoun(self, who: str, subject: ParsedWord) -> str:
        """The pronoun that a subject is followed up by."""
        low = subject.text.lower()
        if who or low in GENDERS:
            return self.pronouns.get(who) or GENDERS.get(low, "they")
        is_many = subject.tag in ("NNS", "NNPS") or self.tree.child(subject, "conj") is not None
        is_many |= low in ("they", "everyone", "everybody", "someone", "somebody", "nobody")
        return "they" if is_many or is_person(one_of(low)) else "it"

    def subject_pieces(self, subject: ParsedWord) -> tuple[Piece, ...]:
        """A subject that is nobody of the premise; () where it is not known what it means."""
        low = subject.text.lower()
        if low in ("it", *_THEY, *GENDERS):
            meant = self._meant(subject)
            return self.subject_pieces(meant) if meant else ()
        joined = self.tree.child(subject, "conj")
        span = [*self.tree.noun_phrase(subject)]
        if joined is not None:
            first = next((c for c in self.tree.below(subject.index) if c.relation == "cc"), None)
            span += [*([first] if first else []), *self.tree.noun_phrase(joined)]
        span.sort(key=lambda w: w.index)
        pieces = self.pieces(span, None, "")
        if pieces and isinstance(pieces[0], str):
            pieces[0] = re.sub(r"^(?:an?|the|this|another)\b", "the", pieces[0], flags=re.I)
            is_plain = span[0].tag not in ("NNP", "NNPS", "PRP") and not pieces[0].isupper()
            pieces[0] = (pieces[0][:1].lower() if is_plain else pieces[0][:1]) + pieces[0][1:]
        return tuple(pieces)

    def _meant(self, pronoun: ParsedWord) -> ParsedWord | None:
        """What "it" means: the nearest thing of the clauses before."""
        if pronoun.text.lower() != "it":
            return None
        wanted = ("NN", "NNP")
        clause = self.tree.clause_of(pronoun)
        subject = self.tree.child(clause, *SUBJECTS) or clause
        first = min(w.index for w in self.tree.subtree(subject))
        own = {w.index for w in self.tree.subtree(clause) if w.index >= first}
        before = [
            w for w in self.tree.words[: pronoun.index] if w.tag in wanted and w.index not in own
        ]
        before = [w for w in before if w.text.lower() not in fact_words("anybody")]
        before = [
            w
            for w in before
            if w.index not in self.who and w.relation not in ("compound", "npadvmod", "poss")
        ]
        before = [w for w in before if not fact_words("times") & {one_of(w.text)}]
        best = [w for w in before if w.relation in ("nsubj", "nsubjpass", "dobj", "attr")]
        if pronoun.relation in SUBJECTS:  # what acts goes on acting
            best = [w for w in best if w.relation.startswith("nsubj")] or best
        return next(reversed(best or before), None)

    def pieces(
        self, kept: Sequence[ParsedWord], finite: ParsedWord | None, doer: str
    ) -> list[Piece]:
        """Words as pieces: whoever is mentioned, the verbs of persons, and text between them."""
        spans = self._spans(kept, doer)
        pieces: list[Piece] = []
        skip: set[int] = set()
        for place, word in enumerate(kept):
            if word.index in skip:
                continue
            before = kept[place - 1] if place else None
            is_joined = before is None or before.start + len(before.text) == word.start
            low, own = word.text.lower(), self._written(word, kept)
            is_part = is_joined and (own == word.text or own == "n’t")
            space = "" if not pieces or is_part else " "
            if low in _FIRST or low in GENDERS or low in _THEY or word.index in spans:
                mention, span = self._mention(word, spans, doer)
                if mention is not None:
                    skip |= span
                    last = pieces[-1] if pieces else ""
                    if isinstance(last, Mentioned) and last.who == mention.who:
                        continue  # Marrow, the station's AI
                    pieces.append(replace(mention, space=" " * bool(pieces)))
                    continue
            if low == "it" and (thing := self._thing(word, kept)):
                pieces.append(f"{space}{thing}")
                continue
            of = self._subject_of(word, finite, doer)
            if of is not None:
                pieces.append(Finite(own, space, of))
            elif pieces and isinstance(pieces[-1], str):
                pieces[-1] += space + own
            else:
                pieces.append(space + own)
        return pieces

    def _thing(self, it: ParsedWord, kept: Sequence[ParsedWord]) -> str:
        """What "it" means, in a word or two; "" where it may be said in the fact itself."""
        verb = self.tree.words[it.head]
        is_clause = it.relation in SUBJECTS and verb.tag in ("VBZ", "VBP", "VBD")
        meant = (
            None if is_clause or verb.text.lower() in ("doing", "do", "does") else self._meant(it)
        )
        if meant is None or meant.index in {w.index for w in kept}:
            return ""
        beside = [c for c in self.tree.below(meant.index) if c.relation in ("amod", "compound")]
        words = [w.text for w in (*beside, meant) if w.index <= meant.index]
        return f"the {' '.join(words)}"

    def _subject_of(self, word: ParsedWord, finite: ParsedWord | None, doer: str) -> str | None:
        """Of whom a verb is that changes with its person, "" of a thing; None if it is none."""
        if finite is not None and word.index == finite.index:
            return doer
        if word.tag not in ("VBZ", "VBP", "VBD") and not word.text.endswith("s"):
            return None
        verb = self.tree.words[word.head] if word.relation in AUXILIARIES else word
        subject = self.tree.child(verb, *SUBJECTS)
        if subject is None:
            return None
        if subject.text.lower() in ("i", "we", "you"):
            return PLAYER
        return (
            self._who_is(subject)
            if subject.text.lower() in GENDERS
            else self.who.get(subject.index)
        )

    @staticmethod
    def _written(word: ParsedWord, kept: Sequence[ParsedWord]) -> str:
        """A word as it is written out: "'m" → "am", "nt" → "n't"."""
        low = word.text.lower().replace("’", "'")
        if low in ("'s", "s") and word.tag != "POS":
            rest = [w for w in kept if w.index > word.index]
            after = next((w for w in rest if w.is_verb), None)
            has = {w.relation for w in rest if after and w.head == after.index} & {
                "dobj",
                "ccomp",
                "xcomp",
                "prt",
            }
            is_had = (
                after is not None
                and after.tag in ("VBN", "VBD")
                and (word.relation == "aux" or has or after.text in ("got", "been"))
            )
            return "has" if is_had else "is"
        if low == "'d":
            return "would" if word.tag == "MD" else "had"
        forms: Mapping[str, str] = word_table("facts")["written_out"]
        return forms.get(low, "I" if low == "i" else word.text)

    def _spans(
        self, kept: Sequence[ParsedWord], doer: str
    ) -> dict[int, tuple[str, ParsedWord, set[int]]]:
        """The noun phrases of people by their first word; of two, one in the other, the outer."""
        found: dict[int, tuple[str, ParsedWord, set[int]]] = {}
        inside, at = set[int](), {w.index for w in kept}
        heads = [w for w in kept if w.index in self.who and w.tag.startswith("NN")]
        heads = [w for w in heads if w.relation != "compound" and self.who[w.index] != doer]
        for head in sorted(heads, key=lambda w: -len([*self.tree.noun_phrase(w)])):
            named = self.who[head.index]
            span = {w.index for w in self.tree.noun_phrase(head)} & at
            if head.index in inside or not span:
                continue
            while self.who.get(after := max(span) + 1) == named and after in at:
                span.add(after)  # her brother Callum
            if named in self.named or named == PLAYER:
                loose = [c for c in self.tree.below(head.index) if self._says_who(c)]
                span |= {w.index for c in loose for w in self.tree.subtree(c)} & at
                span |= {i - 1 for i in span if self.tree.words[i - 1].text == ","} & at
            inside |= span
            found[min(span)] = (named, head, span)
        return found

    def _says_who(self, word: ParsedWord) -> bool:
        """Whether what hangs on to a name only says more of who it is: "the shy baker, who …"."""
        is_apart = self.tree.words[min(w.index for w in self.tree.subtree(word)) - 1].text == ","
        is_named = word.relation == "appos" and (is_apart or word.index in self.who)
        return is_named or word.relation == "relcl"

    def _mention(
        self, word: ParsedWord, spans: Mapping[int, tuple[str, ParsedWord, set[int]]], doer: str
    ) -> tuple[Mentioned | None, set[int]]:
        """Somebody as a piece, and the words that say who it is."""
        if word.index in spans:
            named, head, span = spans[word.index]
            is_owner = head.relation == "poss" or self.tree.child(head, "case") is not None
            case = "owner" if is_owner else "subject" if head.relation in SUBJECTS else "object"
            return Mentioned(named, case, is_pronoun=False), span
        low = word.text.lower()
        is_self = low.endswith(("self", "selves"))
        is_subject = word.relation in SUBJECTS
        is_subject &= low not in ("me", "us", "him", "her", "them")  # help her rob it
        case = "self" if is_self else "subject" if is_subject else "object"
        case = "owner" if word.relation == "poss" else case
        who = PLAYER if low in _FIRST else self.who.get(word.index)
        if low in GENDERS and not is_self:
            who = self._who_is(word)
        above = self.tree.words[word.head]
        is_nested = (
            self.tree.words[above.index - 1].text.lower() in GENDERS or above.relation in SUBJECTS
        )
        if who is None and not is_nested and (is_self or case == "owner") and low not in _FIRST:
            who = doer if self.pronouns.get(doer) in (GENDERS.get(low, "they"), "") else None
        return (Mentioned(who, case, is_pronoun=True), {word.index}) if who else (None, set())

    def base(self, verb: ParsedWord, kept: Sequence[ParsedWord], doer: str) -> tuple[Piece, ...]:
        """What is meant to be done, from a bare infinitive on; () where nothing is."""
        inner = self.meant_verb(verb, kept)
        if inner is None or self._subject_of(inner, None, doer) is not None:
            return ()
        return tuple(self.pieces([w for w in kept if w.index >= inner.index], None, doer))

    def meant_verb(self, verb: ParsedWord, kept: Sequence[ParsedWord]) -> ParsedWord | None:
        """The verb of what is meant to be done: "sell" of "is about to sell"."""
        inner = next((w for w in kept if w.tag == "VB"), None)
        if inner is None or inner.index == verb.index:
            return inner
        above = self.tree.words[inner.head]
        above = self.tree.words[above.head] if above.text.lower() == "about" else above
        return inner if above.index == verb.index and inner.relation == "xcomp" else None
