"""What is committed holds no key: the scan refuses one of every kind, and nothing else."""

from __future__ import annotations

import random
import re
import secrets
from pathlib import Path

import pytest
from tests.canary_keys import canary
from tools.scan_secrets import findings

ROOT = Path(__file__).parents[2]
VARIABLES = sorted(
    set(
        re.findall(
            r"^#?\s*(\w*(?:KEY|TOKEN|SECRET))\s*=", (ROOT / ".env.example").read_text(), re.M
        )
    )
)


def test_the_example_names_the_keys_that_are_planted_here() -> None:
    assert {"GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "E2B_API_KEY"} <= set(
        VARIABLES
    )


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".env.example", "{variable}={key}\n"),
        ("settings.yaml", "models:\n  {variable}: {key}\n"),
        ("client.py", '{variable} = "{key}"\n'),
        ("README.md", "Set `{variable}={key}` first.\n"),
        ("cell.ipynb", '{{"source": ["{variable} = \\"{key}\\""]}}\n'),
    ],
)
def test_a_planted_key_is_refused(variable: str, name: str, content: str, tmp_path: Path) -> None:
    key = canary(variable, random.Random(secrets.randbits(64)))
    planted = tmp_path / name
    planted.write_text(content.format(variable=variable, key=key))
    found = findings([planted])
    assert found
    assert key not in repr(found)


@pytest.mark.parametrize("variable", ["GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"])
def test_a_key_without_its_name_is_known_by_its_shape(variable: str, tmp_path: Path) -> None:
    planted = tmp_path / "notes.txt"
    planted.write_text(f"try {canary(variable, random.Random(3))} instead\n")
    assert findings([planted])


def test_an_env_file_is_refused_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LLM_RATE_LIMIT=60\n")
    assert findings([tmp_path / ".env"])


def test_an_example_without_values_passes() -> None:
    assert findings([ROOT / ".env.example"]) == []
