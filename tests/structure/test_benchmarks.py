"""Benchmarks: found by their names, of one shape, and on their own feet."""

from __future__ import annotations

import ast
import asyncio
import inspect
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchmarks import Row
from benchmarks.__main__ import BEGIN, END, modules, run, write_into
from benchmarks.server_players import Repeating, followed
from benchmarks.workloads.served import Steady, Wanted

from tta_rebuild.engine.turn_dispatch import items_of
from tta_rebuild.engine.turn_runner import TurnRequest
from tta_rebuild.engine.turn_values import update_of

ROOT = Path(__file__).parents[2]
OTHERS = sorted([*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "tools").rglob("*.py")])


@pytest.mark.parametrize("path", OTHERS, ids=lambda p: str(p.relative_to(ROOT)))
def test_benchmarks_and_tools_import_nothing_from_the_tests(path: Path) -> None:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")

    assert not [name for name in found if name.split(".")[0] == "tests"]


@pytest.mark.parametrize("name", modules([]))
def test_every_benchmark_is_one_function_of_its_size(name: str) -> None:
    measure = import_module(f"benchmarks.{name}").measure

    assert list(inspect.signature(measure).parameters) == ["quick"]
    assert inspect.isgeneratorfunction(measure) or inspect.isasyncgenfunction(measure)


def test_a_set_is_chosen_by_its_name_and_an_unknown_one_says_what_there_is() -> None:
    assert all(name.startswith("storage_") for name in modules(["storage"]))
    assert modules(["all"]) == modules([])
    with pytest.raises(SystemExit, match="storage"):
        modules(["stroage"])


async def test_a_player_sends_again_what_a_lost_connection_had_no_answer_to() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nid: 1\nevent: passage\n\n"
    end = b"id: 2\nevent: stored\n\n"
    answers = [
        b"",
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
        cut,
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(end), end),
    ]
    asked = list[bytes]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        if asked[-1].startswith(b"POST"):
            await reader.readexactly(2)
        writer.write(answers[len(asked) - 1])
        writer.close()

    repeated = Counter[str]()
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        transport = Repeating(repeated, httpx.Limits())
        async with httpx.AsyncClient(
            transport=transport, base_url=f"http://127.0.0.1:{port}"
        ) as web:
            made = await web.post("/turns", content=b"{}")
            events = followed(web, "t1", repeated)
            kinds = [await anext(events), await anext(events)]
            await events.aclose()

    assert made.status_code == 202
    assert kinds == ["passage", "stored"]
    assert [one.split(b" ")[0] for one in asked] == [b"POST", b"POST", b"GET", b"GET"]
    assert b"Last-Event-ID: 1\r\n" in asked[-1]
    assert repeated.total() == 2


async def test_the_steady_session_of_a_benchmark_is_played_as_any_other() -> None:
    go = asyncio.Event()
    go.set()
    asked = TurnRequest(key="k", story_id="s", branch_id="b", kind="begin", position=1)
    session: Any = Steady(Wanted(pieces=2, apart_s=0.0), go)

    kinds = [update_of(item, session)[0] async for item in items_of(session, asked)]

    assert kinds == ["passage", "passage", "stored"]


def test_a_benchmark_that_fails_is_short_and_the_others_are_still_measured() -> None:
    rows: list[Row] = []

    run("no_such_benchmark", True, rows.append)

    assert [row.ok for row in rows] == [False]


def test_a_run_is_put_between_the_marks_of_a_page_with_its_date(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    row = Row(what="a call", measured="2 ms", bound="<= 3 ms", ok=True, peer="theirs 4 ms")

    write_into(page, {"models_calls": [row]}, "quick")

    text = page.read_text()
    assert "| a call | 2 ms | <= 3 ms | ok | theirs 4 ms |" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
