"""A hundred and more requests that are wrong: each is answered with what to do about it."""

from __future__ import annotations

import json
from typing import Any

from tests.server.bad_requests import rows
from tests.server.serving import Running


async def test_every_bad_request_is_answered_as_a_problem_and_changes_nothing(
    embedded: Running,
) -> None:
    branch = await embedded.story()
    await embedded.play(branch, kind="begin")
    story, wrong = branch.partition("/branches")[0], []
    before = await _all(embedded, branch)

    assert len(rows()) >= 100
    for method, path, body, headers in rows():
        sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {}
        if body is not None and not sent:
            sent = {"content": json.dumps(body).encode()}
            headers = {"Content-Type": "application/json", **headers}
        place = path.format(b=branch, s=story)
        answer = await embedded.client.request(method, place, headers=headers, **sent)
        kind = answer.headers.get("content-type", "")
        is_problem = kind == "application/problem+json" and 400 <= answer.status_code < 500
        said = answer.json() if is_problem else {}
        if not is_problem or said["status"] != answer.status_code or not said["detail"]:
            wrong.append((method, path, str(body)[:80], answer.status_code, answer.text[:200]))
        assert "Traceback" not in answer.text

    assert not wrong
    assert await _all(embedded, branch) == before


async def _all(embedded: Running, branch: str) -> Any:
    stories = (await embedded.client.get("/stories")).json()
    return stories, (await embedded.client.get(branch)).json()
