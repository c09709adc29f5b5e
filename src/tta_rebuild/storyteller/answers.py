"""What is answered to looking at something and to asking somebody. Called by ``teller``.

In a world by hand its author has written the answers.
"""

from __future__ import annotations

from tta_rebuild.core.english import words_of
from tta_rebuild.storyteller.act import Act
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import Entity
from tta_rebuild.storyteller.line_template import template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.world_state import WorldState


def authors_words(
    act: Act, cast: Cast, state: WorldState, writer: LineWriter, npc: str
) -> tuple[str, str] | None:
    """What the world's file has for looking at this or asking that, and who says it.

    Args:
        npc: who is spoken to where nobody is named.
    """
    file, named = cast.file, act.object or act.person or act.where
    entity = cast.found(named) if named else None
    asked = entity.id if entity else npc
    who = file.people.get(asked)
    if not _is_seen(act, entity, state):
        return None
    texts: list[str] = []
    if who is not None and act.family in ("ask", "tell", "say"):
        topic = set(words_of(f"{act.said} {act.object}"))
        texts = next((t for key, t in who.asked.items() if topic & set(words_of(key))), [])
    elif act.family in ("look", "search", "read", "listen", "touch"):
        place = file.places.get(entity.id if entity else str(state.get("here")))
        thing = file.things.get(entity.id) if entity else None
        person = file.people.get(entity.id) if entity else None
        texts = thing.look if thing else person.about if person else place.look if place else []
    told = writer.line([template(text) for text in texts])
    is_speech = told.startswith("“") and who is not None
    return (told, asked if is_speech else "") if told else None


def _is_seen(act: Act, entity: Entity | None, state: WorldState) -> bool:
    """Whether what is looked at or asked is here."""
    return state.is_seen(entity.id) if entity else not (act.object or act.person)
