"""Snippets such as stories hold: what is valid is found valid, what is broken is found broken."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.snippets import Example, examples
from tta_rebuild.integrations.local_executor import LocalExecutor


async def verdicts(executor: LocalExecutor, chosen: list[Example]) -> Counter[str]:
    return Counter([(await executor.run(example.code)).verdict for example in chosen])


@pytest.fixture
def valid() -> list[Example]:
    return [e for e in examples() if e.is_valid]


@pytest.fixture
def broken() -> list[Example]:
    return [e for e in examples() if not e.is_valid]


def test_the_corpus_is_as_broad_as_promised(valid: list[Example], broken: list[Example]) -> None:
    assert len(valid) >= 100
    assert len(broken) >= 40
    assert len({e.kind for e in examples()}) >= 5


async def test_with_a_jail_nineteen_of_twenty_verdicts_are_right_and_none_condemns_what_is_valid(
    valid: list[Example], broken: list[Example]
) -> None:
    async with LocalExecutor() as executor:
        if "jail" not in await executor.engines():
            pytest.skip(f"no jail on this machine: {executor.jail_problem}")
        good, bad = await verdicts(executor, valid), await verdicts(executor, broken)

    assert good["valid"] >= 0.95 * len(valid)
    assert good["invalid"] == 0
    assert bad["invalid"] >= 0.95 * len(broken)


async def test_monty_alone_condemns_nothing_that_is_valid(valid: list[Example]) -> None:
    async with LocalExecutor(use_jail=False) as executor:
        assert (await verdicts(executor, valid))["invalid"] == 0
