"""A loopback server that speaks the wire protocols of Gemini, OpenAI and Anthropic, with faults.

In a test::

    async with WireServer() as wire:
        wire.faults.next(Fault("rate_limit", retry_after_s=2.0))
        provider = GeminiLLMProvider(api_key="any", base_url=wire.url)
        ...
        assert wire.records[-1].status == 429

From a benchmark, in a process of its own (so that its CPU is not counted)::

    with RunningWire(first_token_s=0.45, tokens_per_s=180) as wire:
        ... wire.url, wire.records(), wire.script([...]), wire.reset()
"""

from tools.wire.faults import Fault, FaultScript
from tools.wire.process import RunningWire
from tools.wire.server import WireServer
from tools.wire.state import Record, WireSettings

__all__ = ["Fault", "FaultScript", "Record", "RunningWire", "WireServer", "WireSettings"]
