"""The remote executor: E2B's real SDK against a server on loopback that speaks its protocol."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator

import pytest

from tests.integrations.e2b_server import (
    CREATE_FAULTS,
    EXECUTE_FAULTS,
    KERNEL_FAULTS,
    E2BServer,
)
from tests.integrations.executor_contract import CodeExecutorContract
from tests.integrations.fakes import ManualClock, MemoryLedger
from tta_rebuild.core.errors import KeyMissing
from tta_rebuild.integrations.e2b_executor import USD_PER_SECOND, E2BEndpoint, E2BExecutor
from tta_rebuild.sandbox.snippet import Limits

QUICK = Limits(wall_s=0.4, output_bytes=4096)


@pytest.fixture
def key() -> str:
    return "e2b_" + secrets.token_hex(20)


@pytest.fixture
async def server(key: str) -> AsyncIterator[E2BServer]:
    async with E2BServer(key) as running:
        yield running


def executor_for(server: E2BServer, key: str, **options: object) -> E2BExecutor:
    endpoint = E2BEndpoint(api_url=server.url, sandbox_url=server.url, domain="sandbox.invalid")
    return E2BExecutor(key, QUICK, endpoint=endpoint, **options)  # type: ignore[arg-type]


@pytest.fixture
async def executor(server: E2BServer, key: str) -> AsyncIterator[E2BExecutor]:
    async with executor_for(server, key) as remote:
        yield remote


class TestE2BExecutor(CodeExecutorContract):
    """Everything that any executor promises."""


@pytest.mark.parametrize("fault", [*EXECUTE_FAULTS, *KERNEL_FAULTS])
@pytest.mark.parametrize("code", ["print('fine')", "1 / 0"])
async def test_trouble_on_the_way_is_never_the_snippets_fault(
    server: E2BServer, executor: E2BExecutor, fault: str, code: str
) -> None:
    server.fault = fault
    verdict = await executor.run(code)
    wrong_anyway = code == "1 / 0" and fault in {"garbage", "not-event", "dropped"}
    assert verdict.verdict == "unverified" or (wrong_anyway and verdict.verdict == "invalid")
    assert not server.running, "a sandbox that did not come through whole is killed"
    server.fault = ""
    assert (await executor.run("print('well again')")).verdict == "valid"


@pytest.mark.parametrize("fault", CREATE_FAULTS)
async def test_no_sandbox_is_no_verdict(
    server: E2BServer, executor: E2BExecutor, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(seconds: float) -> None:
        return None

    monkeypatch.setattr("e2b.retry.asyncio.sleep", at_once)
    server.fault = fault
    verdict = await executor.run("print(1)")
    assert (verdict.verdict, verdict.engine) == ("unverified", "e2b")


async def test_a_refused_key_names_the_variable_and_never_the_key(
    server: E2BServer, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = "e2b_" + secrets.token_hex(20)
    caplog.set_level(logging.DEBUG)
    async with executor_for(server, wrong) as remote:
        verdict = await remote.run("print(1)")
    assert verdict.verdict == "unverified"
    assert "E2B_API_KEY" in verdict.reason
    assert wrong not in repr(verdict) + caplog.text


def test_without_a_key_it_says_which_variable_to_set() -> None:
    with pytest.raises(KeyMissing, match="E2B_API_KEY"):
        E2BExecutor("")


async def test_the_environment_cannot_redirect_the_key(
    server: E2BServer, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with E2BServer(key) as thief:
        for name in ("E2B_API_URL", "E2B_SANDBOX_URL"):
            monkeypatch.setenv(name, thief.url)
        monkeypatch.setenv("E2B_DOMAIN", "thief.invalid")
        monkeypatch.setenv("E2B_DEBUG", "true")
        async with executor_for(server, key) as remote:
            assert (await remote.run("print(1)")).verdict == "valid"
        assert thief.requests == []


async def test_the_key_goes_to_the_api_and_never_into_the_sandbox(
    server: E2BServer, executor: E2BExecutor, key: str
) -> None:
    await executor.run("print(1)")
    for _, path, headers in server.requests:
        if path == "/execute":
            assert key not in str(headers)
    assert key not in str(server.bodies)
    assert server.bodies[0]["allow_internet_access"] is False


async def test_each_snippet_has_a_sandbox_of_its_own_that_is_killed_at_its_end(
    server: E2BServer, executor: E2BExecutor
) -> None:
    for number in range(3):
        assert (await executor.run(f"print({number})")).verdict == "valid"
        assert (server.created, server.killed) == (number + 1, number + 1)
    assert not server.running


async def test_no_more_sandboxes_run_than_allowed(server: E2BServer, key: str) -> None:
    async with executor_for(server, key, sandboxes=2) as remote:
        verdicts = await asyncio.gather(*(remote.run(f"print({n})") for n in range(8)))
        assert {v.verdict for v in verdicts} == {"valid"}
        assert server.most_running == 2


async def test_every_sandbox_is_booked_for_the_time_it_ran(server: E2BServer, key: str) -> None:
    class Steps(ManualClock):
        def now(self) -> float:
            self._now += 10.0
            return self._now

    ledger = MemoryLedger()
    async with executor_for(server, key, ledger=ledger, clock=Steps()) as remote:
        await remote.run("print(1)")
    (row,) = ledger.rows
    assert (row.provider, row.task, row.outcome) == ("e2b", "code", "ok")
    assert row.cost_usd == pytest.approx(10 * USD_PER_SECOND)


async def test_a_cancelled_run_kills_and_books_its_sandbox(server: E2BServer, key: str) -> None:
    ledger = MemoryLedger()
    remote = executor_for(server, key, ledger=ledger)
    task = asyncio.create_task(remote.run("while True:\n    pass"))
    await server.executing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (server.created, server.killed, len(ledger.rows)) == (1, 1, 1)
    await remote.aclose()


async def test_a_printed_nonce_of_its_own_making_does_not_pass_for_the_end(
    executor: E2BExecutor,
) -> None:
    verdict = await executor.run("print('0' * 32)\nraise SystemExit\n1 / 0")
    assert verdict.verdict == "unverified"
