"""A second reader that goes by the grammar of English: for texts, and where no model reads.

What it reads is *unconfirmed*: every claim is marked as not certain, and nothing of it may enter a
story's canon as what holds. It reads what a sentence asserts of people and things: no speech,
nothing denied, asked, wished, supposed, dreamt, remembered, or told of an earlier time.
Contradictions are the arithmetic of ``canon.fact_check``. Leans on ``sentence_claims``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tta_rebuild.canon.contradiction import Contradiction
from tta_rebuild.canon.declared import assert_claim
from tta_rebuild.canon.fact_check import FactCheck, Telling
from tta_rebuild.canon.view import Canon
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.story import CharacterSketch, Claim
from tta_rebuild.reading import english_parse as parse
from tta_rebuild.reading.english_names import EnglishNames
from tta_rebuild.reading.second_reader import Objection, Reading, ReadingMatter
from tta_rebuild.reading.sentence_claims import SentenceClaims


@dataclass(frozen=True, slots=True)
class SentenceSaid:
    """A sentence and what it asserts: claims, each with how it is told."""

    sentence: str
    said: tuple[tuple[Claim, Telling], ...]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What it says to be so beyond the moment."""
        return tuple(claim for claim, _ in self.said if claim.relation not in ("does", "uses"))


class ParserReader:
    """Reads English prose against a canon.

    Args:
        canon: what holds.
        cast: who matters, with pronouns where they are known; the player's is "you" and "I".
    """

    def __init__(self, canon: Canon, cast: Iterable[CharacterSketch] = ()) -> None:
        self._canon = canon
        self._cast = tuple(cast)
        self._names = EnglishNames(canon, self._cast)

    async def read(self, matter: ReadingMatter, context: TTAContext) -> Reading:
        """What narrated passages contradict, and where the player's character speaks unasked."""
        if not matter.language.startswith("en"):
            return Reading(note=f"the parser reads English, not '{matter.language}'")
        try:
            moved = {word.lemma_.lower() for word in parse.load_parser()(matter.move)}
        except parse.ParserMissing as missing:
            return Reading(note=str(missing))
        reader = ParserReader(self._canon.fork(), _cast_of(matter) or self._cast)
        silent = not matter.is_opening and not moved & {*parse.words().sets["saying"], '"', "“"}
        found: list[Objection] = []
        for number, passage in enumerate(matter.passages):
            if not passage.speaker:  # else it is only the speaker's word
                found.extend(reader._objections(number, passage.text, silent))
        return Reading(objections=tuple(found))

    def _objections(self, number: int, text: str, silent: bool) -> Iterator[Objection]:
        for told, contradictions in self.take(text):
            for one in contradictions:
                if one.blocks:
                    yield Objection(
                        passage=number,
                        kind="contradiction",
                        words=told.sentence,
                        against=one.against,
                        reason=one.message,
                    )
            speaks = any(
                c.relation == "does"
                and c.subject == self._names.player
                and c.value in parse.words().sets["player_says"]
                for c, _ in told.said
            )
            if silent and speaks and self._names.player:
                yield Objection(
                    passage=number,
                    kind="player",
                    words=told.sentence,
                    against="the player decides for their own character",
                    reason="the player's own character says what the player did not say",
                )

    def take(self, text: str) -> Iterator[tuple[SentenceSaid, list[Contradiction]]]:
        """Read a text on, each sentence into the canon, which the next is held against.

        Give the reader a fork, or a canon that is for this text alone.
        """
        for told in self.sentences(text):
            checks = (FactCheck(self._canon, claim, how) for claim, how in told.said)
            found = [c for check in checks for c in check.contradictions()]
            yield told, list({(c.kind, c.subject, c.against): c for c in found}.values())
            for claim in told.claims:
                assert_claim(self._canon, claim)

    def sentences(self, text: str) -> Iterator[SentenceSaid]:
        """Every sentence of a text with what it asserts, as the canon stands when it is asked.

        Raises:
            ParserMissing: the extra is not installed.
        """
        speech = parse.speech_in(text)
        for span in parse.load_parser()(text).sents:
            if span.text.strip():
                quoted = {t.i for t in span if any(a <= t.idx < b for a, b in speech)}
                sentence = SentenceClaims(span, quoted, self._names)
                yield SentenceSaid(sentence.text, tuple(sentence.said()))
                self._names.after(sentence.subject)


def _cast_of(matter: ReadingMatter) -> list[CharacterSketch]:
    return [
        CharacterSketch(
            character_id=p.id,
            name=p.name,
            description=p.about,
            pronouns=p.pronouns,
            is_player=p.id == matter.player,
        )
        for p in matter.people
    ]
