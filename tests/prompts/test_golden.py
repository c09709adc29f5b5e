"""What is sent does not change unnoticed: a changed template has a new version and a new file."""

from __future__ import annotations

import pytest

from tests.prompts.golden import CATALOG, FOLDER, file_of, rendering

HOW = (
    "this template is sent otherwise than before: raise its version, then "
    "'python -m tests.prompts.golden', and remove the file of the old version"
)


@pytest.mark.parametrize("name", sorted(CATALOG.templates))
def test_a_template_is_sent_as_its_version_was(name: str) -> None:
    template = CATALOG.template(name)

    assert file_of(template).is_file(), f"{template.id} has no golden rendering: {HOW}"
    assert file_of(template).read_text(encoding="utf-8") == rendering(template), HOW


def test_no_rendering_of_a_version_that_is_gone_is_left() -> None:
    there = {path.stem for path in FOLDER.glob("*.txt")}

    assert there == {CATALOG.template(name).id for name in CATALOG.templates}


def test_what_a_player_wrote_is_escaped_in_the_rendering() -> None:
    assert "A bell-ringer &lt;and> a cracked bell." in rendering(CATALOG.template("scene"))
