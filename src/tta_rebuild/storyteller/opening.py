"""How a story begins: the premise, what is to be seen, who is there. Called by ``teller``."""

from __future__ import annotations

from collections.abc import Iterator

from tta_rebuild.core.english import plural, words_of
from tta_rebuild.storyteller.casting import Cast
from tta_rebuild.storyteller.entities import head_of
from tta_rebuild.storyteller.line_template import listed, template
from tta_rebuild.storyteller.line_writer import LineWriter
from tta_rebuild.storyteller.lines import story_lines
from tta_rebuild.storyteller.world_state import YOU, WorldState


def opening(cast: Cast, state: WorldState, writer: LineWriter) -> Iterator[str]:
    """The texts before the first scene; whoever is there has met the player."""
    strangers = [one for one in cast.of_kind("person") if not state.is_any(one.id, "local")]
    here = [one for one in strangers if state.is_here(one.id)]
    for person in here:
        state.values[f"{person.id}.met"] = True
    if not cast.is_open:
        return
    if told := " ".join(" ".join(_told(cast, writer)).split()):
        writer.keep(told)
        yield told
    if not cast.premise.told:
        yield writer.line(story_lines()["about"])
    if not cast.file.common:  # else nothing but what the premise has
        yield writer.line([template(sight) for sight in cast.sights])
    names = listed([one.name for one in here[:3]])
    is_one = len(here) == 1 and not state.get(f"{here[0].id}.group")
    lines = story_lines()["with" if names else "alone"]
    yield writer.line(lines, people=names, are="is" if is_one else "are")


def _told(cast: Cast, writer: LineWriter) -> list[str]:
    """The premise's own words, with who is played where they do not say it.

    Where they tell of the player by name or as somebody, that comes after them, as on the back of
    a book.
    """
    told = [text for text in cast.premise.told if writer.allows(text)][:4]
    player, words = cast.entities[YOU], set(words_of(" ".join(told)))
    is_to_you = not words.isdisjoint(("you", "your"))
    if player.role and plural(head_of(player.role)) in words and not is_to_you:
        return [*told, "You are one of them."]
    named = player.name if player.name != "you" and player.name.split()[0].lower() in words else ""
    if told and not is_to_you and (called := named or player.role) and writer.allows(called):
        return [*told, f"You are {called}."]
    is_told = player.role and not cast.premise.you.is_implied
    if is_told and writer.allows(player.role) and head_of(player.role) not in words:
        told.insert(0, f"You are {player.role}.")
    return told
