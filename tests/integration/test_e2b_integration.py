"""E2B for real: a handful of snippets in one sandbox, well under a cent.

Runs only with ``USE_REAL_LLM=true`` and ``E2B_API_KEY`` (docs/live-tests.md).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from tests.integration.live_provider import live

from tta_rebuild.integrations.e2b_executor import E2BExecutor
from tta_rebuild.sandbox.snippet import Limits


@pytest.mark.integration
@live("E2B_API_KEY")
class TestLiveE2B:
    @pytest.fixture
    async def executor(self) -> AsyncIterator[E2BExecutor]:
        async with E2BExecutor(os.environ["E2B_API_KEY"], Limits(wall_s=10.0)) as remote:
            yield remote

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("print('the gate', 6 * 7)", "valid"),
            ("class A:\n    pass\nclass B(A):\n    pass\nprint(B.__mro__)", "valid"),
            ("{}['key']", "invalid"),
            ("print(nothing_by_this_name)", "invalid"),
            ("def door(:", "invalid"),
            ("import sys\nsys.exit(0)\n1 / 0", "unverified"),
            ("import os\nos._exit(0)\n1 / 0", "unverified"),
            ("import dragon_lore_9000", "unverified"),
            ("input('Who goes there?')", "unverified"),
        ],
    )
    async def test_the_verdicts_are_those_of_every_executor(
        self, executor: E2BExecutor, code: str, expected: str
    ) -> None:
        verdict = await executor.run(code)
        assert verdict.verdict == expected, verdict

    async def test_a_snippet_reaches_no_network_and_finds_no_key(
        self, executor: E2BExecutor
    ) -> None:
        code = (
            "import os, urllib.request\n"
            "print([v for v in os.environ.values() if v.startswith('e2b_')])\n"
            "urllib.request.urlopen('https://example.com', timeout=3)"
        )
        verdict = await executor.run(code)
        assert verdict.verdict != "valid"
        assert verdict.output.startswith("[]")

    async def test_a_snippet_without_an_end_is_given_up_and_the_next_one_runs(
        self, executor: E2BExecutor
    ) -> None:
        executor.limits = Limits(wall_s=2.0)
        assert (await executor.run("while True:\n    pass")).verdict == "unverified"
        assert (await executor.run("print(1)")).verdict == "valid"
