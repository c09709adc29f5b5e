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


def schemathesis(data_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run it against a server that knows a story and a turn, all but the deletion of the story."""
    pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    config = Path(__file__).with_name("schemathesis.toml")
    with program(data_dir, "known") as server:
        document = f"{server.address}/api/v1/openapi.json"
        base = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)]
        run = ["run", document, "--no-color", "--seed", "1", "--checks", CHECKS]
        return subprocess.run(
            [*base, *run, "--exclude-operation-id", DELETE_STORY, *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=data_dir,
        )


def test_no_request_that_schemathesis_makes_meets_a_defect_or_an_answer_not_described(
    tmp_path: Path,
) -> None:
    done = schemathesis(tmp_path, "--phases", "examples,fuzzing", "--max-examples", "3")

    assert done.returncode == 0, done.stdout[-6_000:]


@pytest.mark.stress
def test_nor_do_thousands_of_them(tmp_path: Path) -> None:
    phases = "examples,coverage,fuzzing,stateful"
    done = schemathesis(tmp_path, "--phases", phases, "--max-examples", "100")

    assert done.returncode == 0, done.stdout[-6_000:]


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
