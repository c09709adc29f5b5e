"""What every second reader keeps to: the model and the parser, by the same tests."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tta_rebuild.canon import Canon
from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.errors import ProviderBusy
from tta_rebuild.core.events import FactAsserted, PlayerActed
from tta_rebuild.core.story import CharacterSketch, Claim, LastingLine, Passage
from tta_rebuild.integrations.llm_provider import (
    LLMConfig,
    LLMRequest,
    LLMResponse,
    RequestProvider,
    StreamEnded,
    StreamItem,
)
from tta_rebuild.prompts import PromptCatalog
from tta_rebuild.reading.model_reader import ModelReader
from tta_rebuild.reading.parser_reader import ParserReader
from tta_rebuild.reading.second_reader import ReadingMatter, SecondReader

CONTEXT = TTAContext(
    workflow_id="w",
    correlation_id="c",
    timestamp=datetime(2026, 1, 1, tzinfo=UTC),
    metaconcepts=[],
    player_boundaries={},
)
DEAD = "Bram died in the fire."
MATTER = ReadingMatter(
    passages=(
        Passage(text="Mara looked at the grey sea."),
        Passage(text="She turned round. Bram opened the door of the inn and laughed."),
    ),
    people=(
        CharacterSketch(character_id="mara", name="Mara", pronouns="she"),
        CharacterSketch(character_id="bram", name="Bram", pronouns="he"),
    ),
    lines={4: LastingLine(text=DEAD, about=("bram",))},
)


class SecondReaderContract:
    """A subclass gives ``reader``: who reads ``MATTER`` while Bram is dead."""

    def reader(self) -> SecondReader:
        raise NotImplementedError

    def failing(self) -> tuple[SecondReader, ReadingMatter]:
        """A reader and a matter that it cannot read."""
        raise NotImplementedError

    async def test_an_objection_says_which_passage_which_words_and_what_it_is_against(self) -> None:
        reading = await self.reader().read(MATTER, CONTEXT)

        (found,) = {o.passage: o for o in reading.objections}.values()
        assert (found.passage, found.kind) == (1, "contradiction")
        assert found.words in MATTER.passages[1].text
        assert found.against == DEAD
        assert found.reason

    async def test_a_whole_reading_has_no_note(self) -> None:
        assert not (await self.reader().read(MATTER, CONTEXT)).note

    async def test_what_cannot_be_read_gives_a_note_and_nothing_else(self) -> None:
        reader, matter = self.failing()
        reading = await reader.read(matter, CONTEXT)

        assert reading.note
        assert (reading.objections, reading.lines, reading.ended) == ((), (), ())

    async def test_reading_twice_finds_the_same(self) -> None:
        reader = self.reader()

        assert await reader.read(MATTER, CONTEXT) == await reader.read(MATTER, CONTEXT)


class Answering(RequestProvider):
    """A model that answers every request alike, or is busy."""

    provider = "own"

    def __init__(self, text: str) -> None:
        super().__init__(LLMConfig(model="reader"))
        self._text = text

    async def complete(self, request: LLMRequest) -> LLMResponse:
        if not self._text:
            raise ProviderBusy("busy", provider=self.provider)
        return LLMResponse(
            text=self._text, tokens_used=1, model="reader", finish_reason="stop", provider="own"
        )

    async def stream(self, request: LLMRequest) -> AsyncGenerator[StreamItem, None]:
        yield StreamEnded(await self.complete(request))


class TestModelReader(SecondReaderContract):
    def reader(self) -> SecondReader:
        objection = {"passage": 2, "cites": "4", "words": "Bram opened", "why": "Bram is dead"}
        return self._reader(json.dumps({"objections": [objection]}))

    def failing(self) -> tuple[SecondReader, ReadingMatter]:
        return self._reader(""), MATTER

    @pytest.mark.parametrize("text", ["{}", '{"a": 1}', '{"passages": []}', "[]"])
    async def test_an_answer_with_nothing_that_was_asked_for_is_no_reading(self, text: str) -> None:
        assert (await self._reader(text).read(MATTER, CONTEXT)).note

    @pytest.mark.parametrize("text", ['{"objections": []}', '{"lines": []}'])
    async def test_an_answer_that_finds_nothing_is_one(self, text: str) -> None:
        assert not (await self._reader(text).read(MATTER, CONTEXT)).note

    def _reader(self, text: str) -> SecondReader:
        return ModelReader(Answering(text), PromptCatalog.load(), {})


class TestParserReader(SecondReaderContract):
    def reader(self) -> SecondReader:
        canon = Canon()
        told = Claim(subject="bram", relation="alive", value="false", sentence=DEAD)
        for position in range(1, 4):
            canon.apply(position, PlayerActed(text=""))
        canon.apply(4, FactAsserted(claim=told))
        return ParserReader(canon)

    def failing(self) -> tuple[SecondReader, ReadingMatter]:
        return self.reader(), replace(MATTER, language="de")
