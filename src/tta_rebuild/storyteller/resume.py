"""Going on from the last good sentence, after a passage of a scene was held back.

Called by ``provider`` for the task ``continue_scene``. The scene is told again as it would have
been (same seed, same turn); what was read already is passed over, what was held back is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tta_rebuild.core.english import sentences_of
from tta_rebuild.storyteller.carry_on import carried_on
from tta_rebuild.storyteller.teller import Teller


def rest_of_scene(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The rest of a scene as a scene reply of its own.

    Where nothing of the scene is ours (another model began it), it is closed in a line or two.
    """
    told = str(variables.get("told_so_far") or "")
    withheld = str(variables.get("withheld") or "")
    reply = Teller(variables).scene()
    told_sentences = {_plain(s) for s in sentences_of(told)}
    held_back = {_plain(s) for s in sentences_of(withheld)}
    passages = [p for p in reply["passages"] if _sentences(p) and not _sentences(p) & held_back]
    rest = [p for p in passages if not _sentences(p) & told_sentences]
    if told and len(rest) == len(passages):
        return carried_on(variables)
    reply["passages"] = rest or passages[-1:]
    return reply


def _sentences(passage: Mapping[str, Any]) -> set[str]:
    return {_plain(s) for s in sentences_of(passage["text"])}


def _plain(sentence: str) -> str:
    return " ".join(sentence.lower().strip(' “”"').split())
