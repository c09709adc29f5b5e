"""What a person's nature rules out: the blind do not read, the mute do not speak.

Used by both checks for fixed traits; a table of data, small on purpose.
"""

from __future__ import annotations

from tta_rebuild.canon.view import Canon, Fact

_BARRED = {
    ("sight", "blind"): "see watch read look stare gaze glance spot peer study examine aim squint",
    ("speech", "mute"): "say speak talk shout whisper sing answer reply tell yell murmur explain",
    ("hearing", "deaf"): "hear listen overhear",
    ("literacy", "illiterate"): "read write scribble",
}
_TABLE = {key: frozenset(verbs.split()) for key, verbs in _BARRED.items()}


def deeds_barred_by(canon: Canon, trait: Fact) -> frozenset[str]:
    """Lemmas of what somebody with this trait cannot do."""
    group, _ = canon.relations.normal("trait", trait.value)
    return _TABLE.get((group, canon.relations.normal("trait", trait.value)[1]), frozenset())
