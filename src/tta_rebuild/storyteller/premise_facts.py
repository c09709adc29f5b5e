"""The facts of a premise: its clauses, each as who does what, that a story can tell again.

"Ruth finds that her brother Callum has sold the piano Mum left her" states, of whoever is played,
that Callum has sold the piano. Called by ``premise``; ``fact_wording`` says a fact in other words.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from tta_rebuild.storyteller.clause_parser import Word, parse
from tta_rebuild.storyteller.clause_repairs import repaired
from tta_rebuild.storyteller.fact_wording import PLAYER, FactWording, Finite, Mentioned, Piece, PremiseFact
from tta_rebuild.storyteller.noun_phrases import Phrase, is_person, one_of, without_s
from tta_rebuild.storyteller.premise_mentions import GENDERS
from tta_rebuild.storyteller.premise_people import PremisePeople, PremisePerson
from tta_rebuild.storyteller.word_lists import pattern, word_table

MOST_READ = 1_500
"""Characters of a premise whose clauses are read."""
MOST_WORDS = 16
"""Words of a fact, without its subject and its time."""
_SUBJECTS = ("nsubj", "nsubjpass", "expl", "csubj")
_AUXILIARIES = ("aux", "auxpass")
_NO_PART = ("conj", "cc", "parataxis", "punct", "mark", "preconj", "intj", "meta", "dep")
_BEFORE = ("advmod", "prep", "npadvmod", "advcl", "ccomp")
"""What may stand before a subject and says nothing of who does what."""
_LOOSE = ("relcl", "advcl", "acl", "prep", "npadvmod", "advmod", "appos")
"""What a long fact can do without, what goes first first."""
_BESIDE_A_NOUN = ("relcl", "appos", "acl", "punct", "advcl", "parataxis", "conj", "cc")
_CUTS = ("(", ")", ":", ";", "—", "–", "“", "”", '"', "...", "…")
_HANGS = ("IN", "TO", "DT", "CC", "PRP$", "WDT", "WP", "WRB", "POS", ",")
"""Tags with which no fact may end."""
_FIRST = ("i", "we", "you", "me", "us", "myself", "yourself", "ourselves", "my", "our", "your")
_THEY = ("them", "they", "their", "themselves")


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(str(word_table("facts")[name]).split())


def facts_of(
    text: str, tokens: Sequence[str], cast: PremisePeople, people: Sequence[PremisePerson]
) -> list[PremiseFact]:
    """The facts of a premise.

    Args:
        text: as ``premise`` reads it; ``tokens`` are its words.
        people: everybody but the player.
    """
    starts, at = list[int](), 0
    for token in tokens:
        found = text.find(token, at)
        starts.append(found)
        at = found + len(token) if found >= 0 else at
    called = {p.at: called_in_story(p) for p in people if p.at >= 0}
    phrases = {phrase.start: phrase for phrase in cast.phrases}
    who: dict[int, str] = {}
    for mention in cast.mentions:
        name = PLAYER if mention is cast.player else called.get(mention.phrase.start, "")
        for place in mention.at if name else ():
            phrase = phrases.get(place)
            known = {*mention.phrase.words, *(phrase.words if phrase and phrase.is_name else ())}
            who |= dict.fromkeys(starts[_span(phrase, place, tokens, known)], name)
    pronouns = {called_in_story(p): p.pronouns or "they" for p in people}
    named = [p.name for p in people if p.name]
    you = {PLAYER: cast.player.pronouns} if cast.player else {}
    found = PremiseFacts(text, who, pronouns | you, named).facts()
    return [fact for fact in found if _reads_well(FactWording(pronouns).told(fact))]


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


def _reads_well(told: str) -> bool:
    """Whether a fact says something, and nothing twice."""
    words = told.lower().split()
    twice = any(a == b for a, b in zip(words, words[1:], strict=False))
    return not twice and not pattern("fact_of_nothing").search(told) and "whose" not in told.split()[:2]


def called_in_story(person: PremisePerson) -> str:
    """The name by which a story knows somebody: a proper one, or what they are."""
    return person.name or pattern("relative_clause").sub("", person.role)


class PremiseFacts:
    """The facts of one text.

    Args:
        text: the premise, as ``premise`` has mended it.
        who: the character offset of a word → of whom it speaks: ``PLAYER``, or a name as the story
            calls them.
        pronouns: of everybody by that name.
        named: those who have a name of their own.
    """

    def __init__(
        self, text: str, who: Mapping[int, str], pronouns: Mapping[str, str], named: Collection[str]
    ) -> None:
        sentences = [repaired(sentence) for sentence in parse(text[:MOST_READ])]
        self.words = [word for sentence in sentences for word in sentence]
        self.asked = {w.index for s in sentences if s and s[-1].text == "?" for w in s}
        self.who = {w.index: who[w.start] for w in self.words if w.start in who}
        self.pronouns, self.named = pronouns, named
        self.below: dict[int, list[Word]] = {}
        for word in self.words:
            if word.head != word.index:
                self.below.setdefault(word.head, []).append(word)

    def facts(self) -> list[PremiseFact]:
        """All of them, in the order of the text."""
        found = [self._fact(verb) for verb in self.words if self._is_stated(verb)]
        return [fact for fact in found if fact]

    # ------------------------------------------------------------------------------- the clauses

    def _is_stated(self, verb: Word) -> bool:
        """Whether a verb's clause is said to be so: no question, condition or mere opinion."""
        if not _is_verb(verb) or verb.index in self.asked:
            return False
        above, relation = self.words[verb.head], verb.relation
        if verb.head == verb.index:
            return True
        if relation in ("conj", "parataxis"):
            while not (_is_verb(above) or above.head == above.index):
                above = self.words[above.head]
            return self._is_stated(above)
        if relation == "relcl":
            own = self._child(verb, *_SUBJECTS)
            return own is not None and own.tag in ("WDT", "WP")
        if relation == "advcl":
            mark = self._child(verb, "mark")
            return mark is not None and mark.text.lower() in _words("so_it_is")
        if relation == "ccomp":
            is_known = above.text.lower() in _words("finds") or above.index > verb.index
            return is_known and self._is_stated(above)
        return False

    def _fact(self, verb: Word) -> PremiseFact | None:
        subject = self._subject(verb)
        kept = self._predicate(verb)
        is_finite = (w for w in kept if w.tag in ("VBZ", "VBP", "VBD", "MD") and self._is_of(w, verb))
        finite = next(is_finite, None)
        if subject is None or finite is None or {"would", "should", "'d"} & {finite.text.lower()}:
            return None
        when, kept = self._time(verb, kept)
        kept = self._bounded(verb, kept)
        who = self._whose(subject)
        said = self._subject_pieces(subject) if not who else ()
        if len(kept) < 2 or not (who or said) or self.who.get(kept[-1].index, "").startswith("?"):
            return None
        pieces = self._pieces(kept, finite, who)
        fact = PremiseFact(
            doer=who,
            pronoun="you" if who == PLAYER else self._pronoun(who, subject),
            subject=said,
            pieces=tuple(pieces),
            when=when,
            verb=verb.text.lower(),
            does=(self._child(verb, "xcomp") or verb).text.lower(),
            base=self._base(verb, kept, who),
            is_not=self._is_not(verb, said),
            is_now=finite.tag in ("VBZ", "VBP"),
            start=verb.start,
        )
        return replace(fact, kind=self._kind(fact, finite, verb, kept))

    def _child(self, word: Word, *relations: str) -> Word | None:
        return next((c for c in self.below.get(word.index, ()) if c.relation in relations), None)

    def _subtree(self, word: Word) -> Iterator[Word]:
        yield word
        for child in self.below.get(word.index, ()):
            yield from self._subtree(child)

    @staticmethod
    def _is_of(word: Word, verb: Word) -> bool:
        return word.index == verb.index or word.head == verb.index

    def _subject(self, verb: Word) -> Word | None:
        own = self._child(verb, *_SUBJECTS)
        if own is not None and own.tag in ("WDT", "WP") and verb.relation == "relcl":
            return self.words[verb.head]
        if own is not None:
            return None if own.tag in ("WDT", "WP", "DT", "EX") else own
        above = self.words[verb.head]
        return self._subject(above) if verb.relation == "conj" and _is_verb(above) else None

    def _predicate(self, verb: Word) -> list[Word]:
        """The words of a clause from its verb on, in order."""
        out: set[int] = set()
        mine = self.below.get(verb.index, ())
        begun = min((c.index for c in mine if c.relation in (*_SUBJECTS, *_AUXILIARIES)), default=-1)
        for child in mine:
            is_list = child.relation in ("conj", "cc") and not _is_verb(child)
            is_list &= child.index > verb.index
            is_out = child.relation in (*_NO_PART, *_SUBJECTS) and not is_list
            is_ahead = child.index < verb.index and child.relation in _BEFORE
            if is_out or (is_ahead and not begun < child.index):
                out |= {w.index for w in self._subtree(child)}
        for child in mine:  # a further clause that hangs on to a part of it: "Mum, and he knows it"
            for word in self._subtree(child):
                if word.relation == "conj" and _is_verb(word) and self._child(word, *_SUBJECTS):
                    out |= {w.index for w in self._subtree(word)}
        kept = sorted((w for w in self._subtree(verb) if w.index not in out), key=lambda w: w.index)
        told: list[Word] = []
        for word in kept:
            gap = range(told[-1].index + 1, word.index) if told else range(0)
            is_cut = any(self.words[i].text in (*_CUTS, ",") or i in out and self.words[i].relation == "conj" for i in gap)
            is_cut = is_cut and word.index > verb.index
            if is_cut or word.text in _CUTS or (word.text == "," and word.index > verb.index and self._opens_clause(word)):
                break
            told.append(word)
        return told

    def _opens_clause(self, comma: Word) -> bool:
        """Whether a comma parts a clause off, and not two adjectives or the members of a list."""
        return comma.head == comma.index or not self.words[comma.head].tag.startswith(("NN", "JJ"))

    def _time(self, verb: Word, kept: list[Word]) -> tuple[str, list[Word]]:
        """When it is, as the premise says it, and the predicate without it."""
        for child in self.below.get(verb.index, ()):
            if child.relation not in ("prep", "npadvmod", "advmod"):
                continue
            span = sorted(self._subtree(child), key=lambda w: w.index)
            lows = [w.text.lower() for w in span]
            if len(span) <= 6 and _words("times") & {*map(one_of, lows)} and not {",", ":"} & {*lows}:
                first = span[0].text if span[0].tag == "NNP" else lows[0]
                at = {w.index for w in span}
                return " ".join([first, *(w.text for w in span[1:])]), [w for w in kept if w.index not in at]
        return "", kept

    def _bounded(self, verb: Word, kept: list[Word]) -> list[Word]:
        """A predicate of at most ``MOST_WORDS`` that ends where it may end."""
        for loose in _LOOSE:
            for word in [w for w in reversed(kept) if w.relation == loose and w.index > verb.index]:
                gone = {w.index for w in self._subtree(word)}
                if len(kept) > MOST_WORDS and kept[-1].index in gone:
                    kept = [w for w in kept if w.index not in gone]
        while kept and _may_not_end(kept[-1]):
            kept = kept[:-1]
        return kept if len(kept) <= MOST_WORDS + 4 else []

    def _is_not(self, verb: Word, said: Sequence[Piece]) -> bool:
        first = said[0] if said else ""
        is_nobody = isinstance(first, str) and first.split(" ")[0].lower() in _words("nobodies")
        never = (c for c in self.below.get(verb.index, ()) if c.text.lower() == "never")
        return is_nobody or self._child(verb, "neg") is not None or any(never)

    # --------------------------------------------------------------------------------- the words

    def _whose(self, subject: Word) -> str:
        if subject.text.lower() in ("i", "you", "we"):
            return PLAYER
        if self._child(subject, "conj") is not None:
            return ""  # "Salvor Tam and his daughter Wren"
        if subject.text.lower() in GENDERS:
            return self._who_is(subject) or ""
        beside = [w for w in self._noun_phrase(subject) if w.relation in ("compound", "appos")]
        return next((self.who[w.index] for w in (subject, *beside) if w.index in self.who), "")

    def _who_is(self, pronoun: Word) -> str | None:
        """Whom "he" or "her" means: as is known, else the subject before that it may mean."""
        if pronoun.index in self.who:
            return self.who[pronoun.index]
        gender, is_owner = GENDERS[pronoun.text.lower()], pronoun.relation == "poss"
        above = self.words[pronoun.head]
        for word in reversed(self.words[: pronoun.index]):
            who = self.who.get(word.index)
            is_own = word.head == above.index and not is_owner
            if who and word.relation in _SUBJECTS and not is_own:
                if self.pronouns.get(who) in (gender, "", "they"):
                    return who
        alike = [who for who, said in self.pronouns.items() if said == gender]
        return PLAYER if alike == [PLAYER] else None

    def _pronoun(self, who: str, subject: Word) -> str:
        low = subject.text.lower()
        if who or low in GENDERS:
            return self.pronouns.get(who) or GENDERS.get(low, "they")
        is_many = subject.tag in ("NNS", "NNPS") or self._child(subject, "conj") is not None
        is_many |= low in ("they", "everyone", "everybody", "someone", "somebody", "nobody")
        return "they" if is_many or is_person(one_of(low)) else "it"

    def _noun_phrase(self, noun: Word) -> Iterator[Word]:
        yield noun
        for child in self.below.get(noun.index, ()):
            if child.relation not in _BESIDE_A_NOUN:
                yield from self._subtree(child)

    def _subject_pieces(self, subject: Word) -> tuple[Piece, ...]:
        """A subject that is nobody of the premise; () where it is not known what it means."""
        low = subject.text.lower()
        if low in ("it", *_THEY, *GENDERS):
            meant = self._meant(subject)
            return self._subject_pieces(meant) if meant else ()
        joined = self._child(subject, "conj")
        span = [*self._noun_phrase(subject)]
        if joined is not None:
            first = next((c for c in self.below.get(subject.index, ()) if c.relation == "cc"), None)
            span += [*([first] if first else []), *self._noun_phrase(joined)]
        span.sort(key=lambda w: w.index)
        pieces = self._pieces(span, None, "")
        if pieces and isinstance(pieces[0], str):
            pieces[0] = re.sub(r"^(?:an?|the|this|another)\b", "the", pieces[0], flags=re.I)
            is_plain = span[0].tag not in ("NNP", "NNPS", "PRP") and not pieces[0].isupper()
            pieces[0] = (pieces[0][:1].lower() if is_plain else pieces[0][:1]) + pieces[0][1:]
        return tuple(pieces)

    def _meant(self, pronoun: Word) -> Word | None:
        """What "it" means: the nearest thing of the clauses before."""
        if pronoun.text.lower() != "it":
            return None
        wanted = ("NN", "NNP")
        own = {w.index for w in self._subtree(self._clause_of(pronoun))}
        before = [w for w in self.words[: pronoun.index] if w.tag in wanted and w.index not in own]
        before = [w for w in before if w.text.lower() not in _words("anybody")]
        before = [w for w in before if w.index not in self.who and w.relation not in ("compound", "npadvmod", "poss")]
        before = [w for w in before if not _words("times") & {one_of(w.text)}]
        best = [w for w in before if w.relation in ("nsubj", "nsubjpass", "dobj", "attr")]
        return (best or before or [None])[-1]

    def _clause_of(self, word: Word) -> Word:
        """The verb with a subject of its own that a word belongs to."""
        while word.head != word.index:
            word = self.words[word.head]
            if _is_verb(word) and self._child(word, *_SUBJECTS) and word.tag in ("VBZ", "VBP", "VBD"):
                break
        return word

    def _pieces(self, kept: Sequence[Word], finite: Word | None, doer: str) -> list[Piece]:
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

    def _thing(self, it: Word, kept: Sequence[Word]) -> str:
        """What "it" means, in a word or two; "" where it may be said in the fact itself."""
        verb = self.words[it.head]
        is_clause = it.relation in _SUBJECTS and verb.tag in ("VBZ", "VBP", "VBD")
        meant = None if is_clause or verb.text.lower() in ("doing", "do", "does") else self._meant(it)
        if meant is None or meant.index in {w.index for w in kept}:
            return ""
        beside = [c for c in self.below.get(meant.index, ()) if c.relation in ("amod", "compound")]
        words = [w.text for w in (*beside, meant) if w.index <= meant.index]
        return f"the {' '.join(words)}"

    def _subject_of(self, word: Word, finite: Word | None, doer: str) -> str | None:
        """Of whom a verb is that changes with its person, "" of a thing; None if it is none."""
        if finite is not None and word.index == finite.index:
            return doer
        if word.tag not in ("VBZ", "VBP", "VBD") and not word.text.endswith("s"):
            return None
        verb = self.words[word.head] if word.relation in _AUXILIARIES else word
        subject = self._child(verb, *_SUBJECTS)
        if subject is None:
            return None
        if subject.text.lower() in ("i", "we", "you"):
            return PLAYER
        return self._who_is(subject) if subject.text.lower() in GENDERS else self.who.get(subject.index)

    @staticmethod
    def _written(word: Word, kept: Sequence[Word]) -> str:
        """A word as it is written out: "'m" → "am", "nt" → "n't"."""
        low = word.text.lower().replace("’", "'")
        if low in ("'s", "s") and word.tag != "POS":
            rest = [w for w in kept if w.index > word.index]
            after = next((w for w in rest if _is_verb(w)), None)
            has = {w.relation for w in rest if after and w.head == after.index} & {"dobj", "ccomp", "xcomp", "prt"}
            is_had = after is not None and after.tag == "VBN" and (word.relation == "aux" or has or after.text in ("got", "been"))
            return "has" if is_had else "is"
        if low == "'d":
            return "would" if word.tag == "MD" else "had"
        forms: Mapping[str, str] = word_table("facts")["written_out"]
        return forms.get(low, "I" if low == "i" else word.text)

    def _spans(self, kept: Sequence[Word], doer: str) -> dict[int, tuple[str, Word, set[int]]]:
        """The noun phrases of people by their first word; of two, one in the other, the outer."""
        found: dict[int, tuple[str, Word, set[int]]] = {}
        inside, at = set[int](), {w.index for w in kept}
        heads = [w for w in kept if w.index in self.who and w.tag.startswith("NN")]
        heads = [w for w in heads if w.relation != "compound" and self.who[w.index] != doer]
        for head in sorted(heads, key=lambda w: -len([*self._noun_phrase(w)])):
            named = self.who[head.index]
            span = {w.index for w in self._noun_phrase(head)} & at
            if head.index in inside or not span:
                continue
            while self.who.get(after := max(span) + 1) == named and after in at:
                span.add(after)  # her brother Callum
            if named in self.named or named == PLAYER:
                loose = [c for c in self.below.get(head.index, ()) if self._says_who(c)]
                span |= {w.index for c in loose for w in self._subtree(c)} & at
                span |= {i - 1 for i in span if self.words[i - 1].text == ","} & at
            inside |= span
            found[min(span)] = (named, head, span)
        return found

    def _says_who(self, word: Word) -> bool:
        """Whether what hangs on to a name only says more of who it is: "the shy baker, who …"."""
        is_apart = self.words[min(w.index for w in self._subtree(word)) - 1].text == ","
        is_named = word.relation == "appos" and (is_apart or word.index in self.who)
        return is_named or word.relation == "relcl"

    def _mention(
        self, word: Word, spans: Mapping[int, tuple[str, Word, set[int]]], doer: str
    ) -> tuple[Mentioned | None, set[int]]:
        """Somebody as a piece, and the words that say who it is."""
        if word.index in spans:
            named, head, span = spans[word.index]
            is_owner = head.relation == "poss" or self._child(head, "case") is not None
            case = "owner" if is_owner else "subject" if head.relation in _SUBJECTS else "object"
            return Mentioned(named, case, is_pronoun=False), span
        low = word.text.lower()
        is_self = low.endswith(("self", "selves"))
        is_subject = word.relation in _SUBJECTS
        case = "owner" if word.relation == "poss" else "self" if is_self else "subject" if is_subject else "object"
        who = PLAYER if low in _FIRST else self.who.get(word.index)
        if low in GENDERS and not is_self:
            who = self._who_is(word)
        above = self.words[word.head]
        is_nested = self.words[above.index - 1].text.lower() in GENDERS or above.relation in _SUBJECTS
        if who is None and not is_nested and (is_self or case == "owner") and low not in _FIRST:
            who = doer if self.pronouns.get(doer) in (GENDERS.get(low, "they"), "") else None
        return (Mentioned(who, case, is_pronoun=True), {word.index}) if who else (None, set())

    def _base(self, verb: Word, kept: Sequence[Word], doer: str) -> tuple[Piece, ...]:
        """What is meant to be done, from a bare infinitive on; () where nothing is."""
        inner = next((w for w in kept if w.tag == "VB"), None)
        if inner is None or self._subject_of(inner, None, doer) is not None:
            return ()
        is_meant = inner.index == verb.index or (inner.head == verb.index and inner.relation == "xcomp")
        rest = [w for w in kept if w.index >= inner.index]
        return tuple(self._pieces(rest, None, doer)) if is_meant else ()

    # ----------------------------------------------------------------------------------- the kind

    def _kind(self, fact: PremiseFact, finite: Word, verb: Word, kept: Sequence[Word]) -> str:
        """``coming``, ``deed``, ``doing``, ``lack``, ``said`` or ``state``."""
        low, is_present = verb.text.lower(), finite.tag in ("VBZ", "VBP")
        xcomp = self._child(verb, "xcomp")
        is_will = finite.text.lower() in ("will", "'ll", "’ll", "shall", "must")
        is_meant = xcomp is not None and low in _words("intends") and bool(fact.base)
        is_dated = is_present and bool({*map(one_of, fact.when.lower().split())} & _words("ahead"))
        if fact.is_not:
            return "lack"
        if is_will or is_meant or is_dated:
            return "coming"
        if self._child(verb, "ccomp") is not None and low in _words("says"):
            return "said"
        helped = any(w.relation in _AUXILIARIES and self._is_of(w, verb) for w in kept)
        if low in _words("states") and not helped:
            return "state"
        has_done = any(w.tag == "VBN" and self._is_of(w, verb) for w in kept)
        return "deed" if finite.tag == "VBD" or has_done else "doing"


def _may_not_end(word: Word) -> bool:
    """Whether no clause ends with a word: "the", a comma."""
    is_loose = word.tag in _HANGS and word.relation not in ("prt", "prep")
    return is_loose or not re.search(r"\w", word.text)


def _is_verb(word: Word) -> bool:
    return word.tag.startswith("VB") or word.tag == "MD"
