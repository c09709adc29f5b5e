"""Other web pages stay out: hosts, origins, and what our own pages may load."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.serving import NO_RATE, THEME, Running, running
from tta_rebuild.server.app import ServerOptions

OURS = ("127.0.0.1:1", "localhost", "localhost:8000", "LOCALHOST", "[::1]:8000", "10.0.0.7:80")
NOT_OURS = (
    "evil.example",
    "evil.example:8000",
    "127.0.0.1.evil.example",
    "localhost.evil",
    "",
    "[",
)


@pytest.mark.parametrize("host", OURS)
async def test_this_machine_s_names_and_numbers_are_answered(embedded: Running, host: str) -> None:
    answer = await embedded.client.get("/stories", headers={"Host": host})

    assert answer.status_code == 200


@pytest.mark.parametrize("host", NOT_OURS)
async def test_a_name_that_is_not_ours_is_refused_whatever_is_asked(
    embedded: Running, host: str
) -> None:
    for path in ("/stories", f"{embedded.address}/healthz", f"{embedded.address}/"):
        answer = await embedded.client.get(path, headers={"Host": host})

        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:tta:problem:HostRefused"


async def test_a_name_that_is_allowed_is_answered(tmp_path: Path) -> None:
    options = ServerOptions(hosts=("Stories.example",), limits=NO_RATE)
    async with running(tmp_path, options=options) as served:
        answer = await served.client.get("/stories", headers={"Host": "stories.example:443"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_page_changes_nothing(embedded: Running, headers: dict[str, str]) -> None:
    branch = await embedded.story()
    story = branch.partition("/branches")[0]
    asked = {"Idempotency-Key": "k", **headers}

    made = await embedded.client.post("/stories", json={"theme": THEME}, headers=headers)
    turn = await embedded.client.post(f"{branch}/turns", json={"kind": "begin"}, headers=asked)
    gone = await embedded.client.delete(story, headers=headers)

    assert [one.status_code for one in (made, turn, gone)] == [403, 403, 403]
    assert len((await embedded.client.get("/stories")).json()["stories"]) == 1


async def test_our_own_page_and_a_program_may(embedded: Running) -> None:
    for headers in ({"Origin": embedded.address, "Sec-Fetch-Site": "same-origin"}, {}):
        made = await embedded.client.post("/stories", json={"theme": THEME}, headers=headers)

        assert made.status_code == 201


async def test_no_other_page_may_read_an_answer_or_frame_ours(embedded: Running) -> None:
    headers = {"Origin": "https://evil.example"}
    preflight = {**headers, "Access-Control-Request-Method": "POST"}
    answers = [
        await embedded.client.get("/stories", headers=headers),
        await embedded.client.get("/nothing"),
        await embedded.client.options("/stories", headers=preflight),
        await embedded.client.get(f"{embedded.address}/healthz"),
    ]

    for answer in answers:
        sent = answer.headers
        assert not [name for name in sent if name.startswith("access-control-")]
        assert sent["X-Content-Type-Options"] == "nosniff"
        assert sent["Cross-Origin-Resource-Policy"] == "same-origin"
        policy = sent["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy


async def test_a_story_s_text_is_sent_as_json_and_never_as_a_page(embedded: Running) -> None:
    theme = "<script>alert(1)</script> in a lighthouse, and a keeper."
    branch = await embedded.story(theme=theme)
    story = branch.partition("/branches")[0]

    paths = (story, branch, f"{story}/export?format=markdown")
    answers = [await embedded.client.get(path) for path in paths]

    assert [one.headers["content-type"].partition(";")[0] for one in answers] == [
        "application/json",
        "application/json",
        "text/markdown",
    ]


async def test_pages_are_files_and_what_is_none_is_not_found(tmp_path: Path) -> None:
    web = tmp_path / "web"
    web.mkdir()
    (web / "index.html").write_text("<!doctype html><title>the index</title>")
    (web / "app.js").write_text("export const a = 1;")
    async with running(tmp_path / "d", options=ServerOptions(web=web, limits=NO_RATE)) as served:
        found = {
            path: await served.client.get(f"{served.address}{path}")
            for path in ("/", "/app.js", "/health", "/none.js", "/api/none", "/v1/none")
        }
        put = await served.client.put("/stories")
        no_page = await served.client.get("/premises")
        lost = await served.client.post("/nothing")
        out = await served.client.get(f"{served.address}/..%2f..%2fetc/passwd.txt")

    assert {path: one.status_code for path, one in found.items()} == {
        "/": 200,
        "/app.js": 200,
        "/health": 404,
        "/none.js": 404,
        "/api/none": 404,
        "/v1/none": 404,
    }
    assert "the index" in found["/"].text
    assert "javascript" in found["/app.js"].headers["content-type"]
    assert found["/api/none"].headers["content-type"] == "application/problem+json"
    assert (put.status_code, put.headers["Allow"]) == (405, "GET, POST")
    assert (no_page.status_code, no_page.headers["Allow"]) == (405, "POST")
    assert lost.status_code == 404
    assert out.status_code == 404
