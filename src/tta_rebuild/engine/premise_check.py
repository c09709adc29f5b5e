"""Whether a story can begin with a premise as it is given, said before anything is stored.

``Stories.open`` asks here, and the command line before it asks anything else. What ``Premise``
itself refuses is not looked at again; a story that is stored already is never refused for this.
"""

from __future__ import annotations

from tta_rebuild.core.errors import RequestRejected, ValidationError
from tta_rebuild.core.story import Premise

MAX_THEME_CHARS = 20_000
"""Longest theme, in characters: about five thousand words."""

_LANGUAGES = frozenset(
    """aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy
    da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy
    hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li
    ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa
    pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg
    th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu""".split()
)
"""The codes of ISO 639-1."""


def check_premise(premise: Premise) -> None:
    """Raise ValidationError if no story can begin so: its theme, its language, its world."""
    if len(shown(premise.theme)) < 3:
        raise ValidationError("Theme must be at least 3 characters: say what the story is about")
    if len(premise.theme) > MAX_THEME_CHARS:
        raise ValidationError(
            f"the theme has {len(premise.theme):,} characters, at most {MAX_THEME_CHARS:,} can be "
            "taken in; shorten it, and give people and rules by --character and --rule"
        )
    if premise.language.partition("-")[0].lower() not in _LANGUAGES:
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
