"""Whether what was held back is the player's own move: what they did, as the scene confirms it."""

from __future__ import annotations

from tta_rebuild.canon.relations import key_of
from tta_rebuild.canon.view import Canon
from tta_rebuild.engine.state import StoryState
from tta_rebuild.lab.matter import Matter
from tta_rebuild.lab.told_file import ToldBranch, ToldFact, ToldTurn


def is_about_the_move(
    state: StoryState, turn: ToldTurn, chosen: ToldBranch | None, player: str, matter: Matter
) -> bool:
    """Whether a turn's player was denied what they did.

    So it is where nothing of the scene is left, or where the first passage that was held back
    declares what the choice's effects declare, or a fact whose both sides the move names (the
    player's character goes without saying) and the held text one of. Rather too often than too
    seldom.
    """
    reply = turn.reply
    told = [" ".join(p.text.split()) for p in state.scene.passages] if state.scene else []
    if not any(" ".join(p.text.split()) in told for p in reply.passages) and state.withheld:
        return True
    if not state.withheld:
        return False
    held = " ".join(state.withheld[0].text.split())
    passage = next((p for p in reply.passages if held in " ".join(p.text.split())), None)
    if passage is None:
        return False
    effects = chosen.effects if chosen else ()
    if any(_same(state.canon, fact, effect) for fact in passage.facts for effect in effects):
        return True
    move = chosen.choice if chosen else turn.move.text
    return any(_says(matter, move, held, fact, player) for fact in passage.facts)


def _same(canon: Canon, one: ToldFact, other: ToldFact) -> bool:
    return (
        canon.id_of(one.subject) == canon.id_of(other.subject)
        and key_of(one.relation) == key_of(other.relation)
        and one.ends == other.ends
        and canon.id_of(one.value) == canon.id_of(other.value)
    )


def _says(matter: Matter, move: str, held: str, fact: ToldFact, player: str) -> bool:
    """Whether a move names both sides of a fact, and what was held back one of them."""
    sides = [side for side in (fact.subject, fact.value) if matter.named(side) != {player}]
    return all(matter.is_in(side, [move]) for side in sides) and any(
        matter.is_in(side, [held]) for side in sides
    )
