"""No line of the contract without a test, no test of a line that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contract.lines import all_lines, lines_of, page


def test_every_line_of_the_contract_has_a_test() -> None:
    marked = {
        line
        for file in Path(__file__).parent.glob("test_*_contract.py")
        for line in re.findall(r'mark\.contract\("([a-z_]+#\d+)"\)', file.read_text("utf-8"))
    }
    assert marked == all_lines()


def test_the_lines_are_those_of_the_page() -> None:
    found = page()
    if found is None:
        pytest.skip("the contract page does not lie beside this checkout")
    assert lines_of(found.read_text("utf-8")) == all_lines()
