"""Whether a story can begin with a premise as it is given, said before anything is stored.

``Stories.open`` asks here, and the command line before it asks anything else. What ``Premise``
itself refuses is not looked at again; a story that is stored already is never refused for this.
"""

from __future__ import annotations

from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.errors import RequestRejected, ValidationError
from tta_rebuild.core.story import Premise

MAX_THEME_CHARS = 20_000
"""Longest theme, in characters: about five thousand words."""


def check_premise(premise: Premise) -> None:
    """Raise ValidationError if no story can begin so: its theme, its language, its world."""
    if len(shown(premise.theme)) < 3:
        raise ValidationError("Theme must be at least 3 characters: say what the story is about")
    if len(premise.theme) > MAX_THEME_CHARS:
        raise ValidationError(
            f"the theme has {len(premise.theme):,} characters, at most {MAX_THEME_CHARS:,} can be "
            "taken in; shorten it, and give people and rules by --character and --rule"
        )
    languages = packaged_toml("tta_rebuild.engine", "languages")["iso_639_1"].split()
    if premise.language.partition("-")[0].lower() not in languages:
        raise ValidationError(
            f"'{premise.language:.40}' is no language; write its ISO 639-1 code, such as en, de or "
            "pt-BR"
        )
    if premise.world.strip():
        from tta_rebuild.storyteller.scene_file import read_world

        try:
            read_world(premise.world)
        except RequestRejected as error:
            raise ValidationError(str(error)) from error


def shown(text: str) -> str:
    """What of a text can be seen: without control characters, and spaces around it."""
    return "".join(char for char in text if char.isprintable()).strip()
