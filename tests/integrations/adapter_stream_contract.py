"""What every adapter does with a stream that does not go well, on the loopback server."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from tools.wire import Fault, WireServer

from tests.integrations.adapter_tests import AdapterTests, both_ways, failure, request
from tta_rebuild.core.errors import (
    ProviderBusy,
    ProviderTimeout,
    StreamBroken,
)
from tta_rebuild.integrations.llm_provider import (
    StreamEnded,
)


class AdapterStreamContract(AdapterTests):
    """Streams that break, go silent, take long or are left."""

    # -------------------------------------------------------------------------- broken streams

    @pytest.mark.parametrize("kind", ["cut", "quiet_cut", "stream_error"])
    async def test_a_stream_that_breaks_keeps_the_text_that_came(
        self, wire: WireServer, kind: str
    ) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault(kind, after_pieces=6))
        error = await failure(adapter, request(), stream=True)
        assert isinstance(error, StreamBroken)
        assert len(error.text) == 6 * wire.settings.piece_chars
        await adapter.aclose()

    async def test_a_whole_answer_that_is_cut_is_to_be_tried_again(self, wire: WireServer) -> None:
        adapter = self.make(wire)
        wire.faults.next(Fault("cut"))
        error = await failure(adapter, request(), stream=False)
        assert type(error) is ProviderBusy
        await adapter.aclose()

    @both_ways
    async def test_no_answer_within_the_time_allowed_is_a_timeout(
        self, wire: WireServer, stream: bool
    ) -> None:
        adapter = self.make(wire)
        await adapter.complete(request())  # the SDK's import is no part of what is timed here
        wire.faults.next(Fault("hang"))
        error = await failure(adapter, request(timeout_seconds=0.4), stream=stream)
        assert isinstance(error, ProviderTimeout)
        await wire.settled()
        assert wire.records[-1].client_left
        await adapter.aclose()

    async def test_silence_after_a_few_words_is_a_broken_stream_and_closes_the_connection(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire, piece_timeout_s=0.1)
        await adapter.complete(request())
        wire.faults.next(Fault("stall", after_pieces=2))
        error = await failure(adapter, request(), stream=True)
        assert isinstance(error, StreamBroken)
        assert "went silent after" in error.message
        await wire.settled()
        assert wire.records[-1].pieces_sent == 2
        assert wire.records[-1].client_left
        await adapter.aclose()

    async def test_what_had_come_of_a_stream_that_goes_silent_is_kept_and_says_so(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire, piece_timeout_s=0.1)
        await adapter.complete(request())
        wire.settings.reply = "The rain goes on and nobody says a word. " * 20
        wire.faults.next(Fault("stall", after_pieces=10))
        items = [item async for item in adapter.stream(request())]
        assert isinstance(items[-1], StreamEnded)
        response = items[-1].response
        assert response.text == wire.settings.reply[:240]
        assert response.finish_reason == "silent"
        assert "went silent after 53 words (none for 0.1 s)" in response.degraded
        wire.faults.next(Fault("stall", after_pieces=10))
        with pytest.raises(StreamBroken, match="went silent"):
            async for _ in adapter.generate_stream("Tell.", request().context):
                pass
        await adapter.aclose()

    async def test_a_stream_may_last_longer_than_its_limits_as_long_as_it_speaks(
        self, wire: WireServer
    ) -> None:
        adapter = self.make(wire, piece_timeout_s=0.3)
        await adapter.complete(request())
        wire.settings.reply = "The rain goes on. " * 12
        wire.settings.tokens_per_s = 60
        items = [item async for item in adapter.stream(request(timeout_seconds=0.4))]
        assert isinstance(items[-1], StreamEnded)
        assert items[-1].response.finish_reason == "stop"
        seen = wire.records[-1]
        assert seen.ended_at is not None
        assert seen.ended_at - seen.at > 0.7
        await adapter.aclose()

    # --------------------------------------------------------------------------------- leaving

    async def test_leaving_a_stream_closes_the_connection_at_once(self, wire: WireServer) -> None:
        wire.faults.next(Fault("stall", after_pieces=8))
        adapter = self.make(wire)
        async with aclosing(adapter.stream(request())) as items:
            for _ in range(8):
                await anext(items)
        await wire.settled()
        (record,) = wire.records
        assert record.client_left
        assert record.pieces_sent == 8
        await adapter.aclose()

    async def test_cancelling_the_reader_closes_the_connection_too(self, wire: WireServer) -> None:
        wire.faults.next(Fault("stall", after_pieces=8))
        adapter = self.make(wire)
        seen = asyncio.Event()

        async def read() -> None:
            count = 0
            async for _ in adapter.stream(request()):
                count += 1
                if count == 8:
                    seen.set()

        reader = asyncio.create_task(read())
        await seen.wait()
        await asyncio.sleep(0)
        reader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reader
        await wire.settled()
        assert wire.records[0].client_left
        assert wire.records[0].pieces_sent == 8
        await adapter.aclose()

    async def test_an_adapter_that_has_closed_a_stream_still_works(self, wire: WireServer) -> None:
        wire.faults.next(Fault("stall", after_pieces=2))
        adapter = self.make(wire)
        async with aclosing(adapter.stream(request())) as items:
            await anext(items)
        assert (await adapter.complete(request())).text
        await adapter.aclose()
        await adapter.aclose()
