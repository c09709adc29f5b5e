"""The checker: a draft against what holds, before anybody reads it.

The gate asks it for every passage, ``BranchValidatorPrimitive`` for every proposal, ``tta
validate`` for whole texts. Two ways in: claims that came with the text (compared by the rules of
their relations), and the prose itself (read by rule, then compared the same way, and its deeds held
against what they need). Findings are deterministic; no model is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tta_rebuild.canon.contradiction import Contradiction, Findings
from tta_rebuild.canon.entities import Mentions
from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import STORY, Canon
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.events import FactAsserted
from tta_rebuild.core.story import NARRATOR, Claim
from tta_rebuild.reading.claim_check import ClaimCheck
from tta_rebuild.reading.deed_check import DeedCheck
from tta_rebuild.reading.lexicon import Lexicon, built_in_words
from tta_rebuild.reading.prose_reader import ProseReader, SentenceRead, together
from tta_rebuild.reading.support import likeness_of, names_both_sides, supports
from tta_rebuild.reading.world_rules import WorldRules

_PROSE_FACTOR = 0.93
"""What was read by rule is a little less sure than what was declared."""


class _Draft:
    """What is found while a draft is checked against a canon, sentence by sentence."""

    def __init__(self, canon: Canon, lexicon: Lexicon) -> None:
        self.canon = canon
        self.lexicon = lexicon
        self.by_claims = ClaimCheck(canon, lexicon)
        self.by_deeds = DeedCheck(canon, lexicon)
        self.found: list[Contradiction] = []
        self.kept: list[Claim] = []
        self.dropped: list[Claim] = []
        self.read: list[Claim] = []

    def hold(self, claim: Claim, way: SentenceRead) -> None:
        """Hold a claim against what is so, if the text supports it; drop it otherwise."""
        if not supports(way.sentence, claim, self.canon, self.lexicon, way.families):
            self.dropped.append(claim)
            return
        self.kept.append(claim)
        self.found.extend(self.by_claims.contradictions(claim, way))

    def prose(self, read: SentenceRead) -> Iterable[Contradiction]:
        """The contradictions of what a sentence itself says and tells to be done."""
        for claim in read.claims:
            if claim.speaker != NARRATOR:
                continue
            factor = _PROSE_FACTOR if claim.certain else 0.7
            for contradiction in self.by_claims.contradictions(claim, read):
                yield replace(contradiction, certainty=round(contradiction.certainty * factor, 3))
        yield from self.by_deeds.contradictions(read)


class Checker:
    """Finds contradictions between a draft and a canon.

    Args:
        canon: what holds; give a fork (``canon.fork()``) where the draft's own facts are to count
            for its later passages, and call ``take`` after each.
        rules: the world's rules.
        lexicon: the words that prose is read by.
    """

    def __init__(
        self, canon: Canon, rules: WorldRules | None = None, lexicon: Lexicon | None = None
    ) -> None:
        self.canon = canon
        self.rules = rules or WorldRules()
        self._lexicon = lexicon or built_in_words()
        self._reader = ProseReader(canon, self._lexicon)
        self._mentions = Mentions()

    def contradictions(
        self, text: str, claims: Sequence[Claim] = (), *, speaker: str = NARRATOR
    ) -> list[Contradiction]:
        """The contradictions of a draft, surest first."""
        return list(self.check(text, claims, speaker=speaker).contradictions)

    def check(
        self,
        text: str,
        claims: Sequence[Claim] = (),
        *,
        speaker: str = NARRATOR,
        prose: bool = True,
    ) -> Findings:
        """Check a sentence, passage, branch description or choice.

        Args:
            text: the draft.
            claims: the facts that came with it; each is held against the sentence it names.
            speaker: who says it; a character's words are beliefs and contradict nothing.
            prose: False to compare the claims alone.
        """
        pieces = sentences_of(text)
        canon = self.canon if len(pieces) < 2 else self.canon.fork()
        reader = self._reader if canon is self.canon else ProseReader(canon, self._lexicon)
        mentions = self._mentions.copy()
        draft = _Draft(canon, self._lexicon)
        understood: list[SentenceRead] = []
        waiting, placed = self._placed(pieces, claims, text)
        for number, sentence in enumerate(pieces):
            read = reader.read_sentence(sentence, speaker=speaker, mentions=mentions)
            understood.append(read)
            mine, waiting = _claims_of(sentence, waiting, last=number + 1 == len(pieces))
            loose = placed.get(number, [])
            for claim in mine:
                draft.hold(claim, read)
            if loose:
                # What a passage told before counts for a claim that names no sentence: a change in
                # its first sentence makes way for a fact stated in its last.
                so_far = together(understood, text)
                for claim in loose:
                    draft.hold(claim, self._way(claim, so_far, read))
            if prose and speaker == NARRATOR:
                draft.found.extend(draft.prose(read))
                draft.found.extend(self._by_rules(sentence, read, canon))
            certain = [c for c in read.claims if c.certain]
            draft.read.extend(certain)
            if canon is not self.canon:
                _assert(canon, [*mine, *loose] or certain)
        if not pieces:
            for claim in claims:
                draft.kept.append(claim)
                draft.found.extend(draft.by_claims.contradictions(claim, None))
        return Findings(
            contradictions=tuple(_distinct(draft.found)),
            claims=tuple(draft.kept if claims else draft.read),
            dropped=tuple(draft.dropped),
        )

    def check_effects(self, effects: Iterable[Claim], text: str = "") -> list[Contradiction]:
        """The contradictions of what a choice would make true; changes count as told."""
        by_claims = ClaimCheck(self.canon, self._lexicon)
        found: list[Contradiction] = []
        for claim in effects:
            found.extend(
                by_claims.contradictions(
                    replace(claim, sentence=claim.sentence or text), None, told=True
                )
            )
        return list(_distinct(found))

    def take(self, findings: Findings) -> None:
        """Let what a passage asserts count for the passages that follow (use on a fork)."""
        _assert(self.canon, findings.claims)

    def hear(self, text: str) -> None:
        """Note who an earlier text speaks of, so that pronouns in the next one are clear."""
        self._reader.read(text, mentions=self._mentions)

    def _placed(
        self, pieces: Sequence[str], claims: Sequence[Claim], text: str
    ) -> tuple[list[Claim], dict[int, list[Claim]]]:
        """The claims that name their sentence, and the others at the sentence that says them."""
        if len(pieces) < 2:
            return list(claims), {}
        tied = [c for c in claims if c.sentence and not _is_whole(c.sentence, text)]
        loose = [c for c in claims if c not in tied]
        if not loose:
            return tied, {}
        mentions = self._mentions.copy()
        read = self._reader.read(text, mentions=mentions)
        placed: dict[int, list[Claim]] = {}
        for claim in loose:
            likeness = [
                # said twice: once in each of two sentences
                -1.0
                if replace(claim, sentence=piece) in placed.get(number, ())
                else likeness_of(understood, claim, self.canon, self._lexicon)
                - 0.5 * any(c.value == claim.value for c in placed.get(number, ()))
                for number, (piece, understood) in enumerate(zip(pieces, read, strict=True))
            ]
            best = likeness.index(max(likeness))
            placed.setdefault(best, []).append(replace(claim, sentence=pieces[best]))
        return tied, placed

    def _way(self, claim: Claim, so_far: SentenceRead, read: SentenceRead) -> SentenceRead:
        """The passage up to here; of a sentence that names both sides, only their own deeds."""
        if not names_both_sides(read, claim, self.canon, self._lexicon):
            return so_far
        who = self.canon.id_of(claim.subject)
        own = {d.family.name for d in so_far.deeds if d.family and who in d.roles.values()}
        return replace(so_far, passage=False, families=read.families | own)

    def _by_rules(self, sentence: str, read: SentenceRead, canon: Canon) -> Iterable[Contradiction]:
        if not self.rules.rules:
            return ()
        told = next((c.value for c in read.claims if c.relation == "time_of_day"), "")

        def classes_of(name: str) -> list[str]:
            who = canon.id_of(name)
            return [key_of(canon.value(who, one) or "") for one in ("role", "species")]

        return self.rules.contradictions(
            sentence,
            hour=key_of(canon.value(STORY, "time_of_day") or ""),
            told_hour=told,
            classes_of=classes_of,
        )


def _assert(canon: Canon, claims: Iterable[Claim]) -> None:
    for claim in claims:
        canon.apply(canon.position + 1, FactAsserted(claim=claim))


def _claims_of(
    sentence: str, waiting: list[Claim], *, last: bool
) -> tuple[list[Claim], list[Claim]]:
    """The claims tied to this sentence; at the last one, whatever is left."""
    if last:
        return waiting, []
    flat = " ".join(sentence.split())
    mine = [c for c in waiting if c.sentence and " ".join(c.sentence.split()) in flat]
    return mine, [c for c in waiting if c not in mine]


def _is_whole(sentence: str, text: str) -> bool:
    return len(sentence) > 0 and " ".join(sentence.split()) == " ".join(text.split())


def _distinct(found: Iterable[Contradiction]) -> list[Contradiction]:
    best: dict[tuple[str, str, str], Contradiction] = {}
    for contradiction in found:
        key = (contradiction.kind, contradiction.subject, contradiction.sentence)
        if key not in best or best[key].certainty < contradiction.certainty:
            best[key] = contradiction
    return sorted(best.values(), key=lambda c: (-c.certainty, c.kind, c.subject))
