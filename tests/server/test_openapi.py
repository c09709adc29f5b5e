"""The OpenAPI document says what the server does: checked by a stranger's program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.programs import program
from tests.server.serving import Running

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance,negative_data_rejection,"
    "unsupported_method,missing_required_header"
)
DELETE_STORY = "delete_story_api_v1_stories__story__delete"
ALL_BUT_DELETION = ("--exclude-operation-id", DELETE_STORY)


def schemathesis(
    data_dir: Path, *options: str, knows: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run it against a server; ``knows``: with the ids of the story and the turn there."""
    pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    config = ["--config-file", str(Path(__file__).with_name("schemathesis.toml"))] if knows else []
    with program(data_dir, "known") as server:
        document = f"{server.address}/api/v1/openapi.json"
        base = [str(Path(sys.executable).with_name("schemathesis")), *config]
        run = ["run", document, "--no-color", "--seed", "1"]
        return subprocess.run(
            [*base, *run, *options], capture_output=True, text=True, check=False, cwd=data_dir
        )


def test_no_request_that_schemathesis_makes_meets_a_defect_or_an_answer_not_described(
    tmp_path: Path,
) -> None:
    phases = ["--phases", "examples,fuzzing", "--max-examples", "3"]
    done = schemathesis(tmp_path, "--checks", CHECKS, *ALL_BUT_DELETION, *phases)

    assert done.returncode == 0, done.stdout[-6_000:]


@pytest.mark.stress
def test_nor_do_thousands_of_them(tmp_path: Path) -> None:
    phases = ["--phases", "examples,coverage,fuzzing", "--max-examples", "100"]
    done = schemathesis(tmp_path, "--checks", CHECKS, *ALL_BUT_DELETION, *phases)

    assert done.returncode == 0, done.stdout[-6_000:]


@pytest.mark.stress
def test_nor_do_those_that_follow_from_each_other_with_deletion_among_them(tmp_path: Path) -> None:
    # not "use_after_free": DELETE of a turn cancels it, and what is known of it stays
    checks = f"{CHECKS},ensure_resource_availability"
    phases = ["--phases", "stateful", "--mode", "positive", "--max-examples", "80"]
    done = schemathesis(tmp_path, "--checks", checks, *phases, knows=False)

    assert done.returncode == 0, done.stdout[-6_000:]
    assert "No issues found" in done.stdout


@pytest.mark.stress
def test_nor_does_the_deletion_of_a_story_that_is_there(tmp_path: Path) -> None:
    phases = ["--phases", "examples,coverage,fuzzing", "--max-examples", "100"]
    done = schemathesis(
        tmp_path, "--checks", CHECKS, "--include-operation-id", DELETE_STORY, *phases
    )

    assert done.returncode == 0, done.stdout[-6_000:]


async def test_what_makes_a_story_or_a_turn_links_to_what_is_done_with_it(
    embedded: Running,
) -> None:
    document = (await embedded.client.get("/openapi.json")).json()
    operations = {
        op["operationId"]: name for name, path in document["paths"].items() for op in path.values()
    }

    def leads_to(path: str, status: str) -> dict[str, set[str]]:
        links = document["paths"][path]["post"]["responses"][status]["links"].values()
        return {operations[link["operationId"]]: {*link["parameters"]} for link in links}

    story = leads_to("/api/v1/stories", "201")
    turn = leads_to("/api/v1/stories/{story}/branches/{branch}/turns", "202")
    assert story["/api/v1/stories/{story}"] == {"path.story"}
    assert story["/api/v1/stories/{story}/branches/{branch}/turns"] == {
        "path.story",
        "path.branch",
    }
    assert "/api/v1/stories/{story}/shares/{share_id}" not in story
    assert {"/api/v1/turns/{turn_id}", "/api/v1/turns/{turn_id}/events"} == {*turn}


async def test_every_operation_has_a_summary_and_describes_its_problems(embedded: Running) -> None:
    document = (await embedded.client.get("/openapi.json")).json()

    operations = [(name, op) for name, path in document["paths"].items() for op in path.values()]
    assert len(operations) >= 40
    for name, operation in operations:
        assert operation["summary"]
        assert operation["description"]
        [(media_type, problem)] = operation["responses"]["422"]["content"].items()
        is_chat = name.startswith("/v1/")  # a client there knows OpenAI's errors alone
        assert media_type == ("application/json" if is_chat else "application/problem+json")
        assert problem["schema"]["$ref"].endswith("ChatErrorOut" if is_chat else "ProblemOut")


async def test_everything_that_comes_in_has_an_example(embedded: Running) -> None:
    document = (await embedded.client.get("/openapi.json")).json()
    shapes = document["components"]["schemas"]

    def has_example(schema: dict[str, Any]) -> bool:
        if "$ref" in schema:
            schema = shapes[schema["$ref"].rpartition("/")[2]]
        return "examples" in schema or any("examples" in p for p in schema["properties"].values())

    bodies = [
        op["requestBody"]["content"]["application/json"]["schema"]
        for path in document["paths"].values()
        for op in path.values()
        if "requestBody" in op
    ]
    assert len(bodies) >= 12
    assert [body for body in bodies if not has_example(body)] == []
