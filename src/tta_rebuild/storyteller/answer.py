"""What the player did, told back to them with what comes of it.

Called by ``teller`` for every scene but the first.
"""

from __future__ import annotations

import re
from typing import Any

from tta_rebuild.storyteller.drafted_passage import DraftedPassage, claim
from tta_rebuild.storyteller.line_template import tidy
from tta_rebuild.storyteller.memory import DEEDS_REMEMBERED
from tta_rebuild.storyteller.player_move import PlayerMove, in_the_past
from tta_rebuild.storyteller.scene_context import SceneContext
from tta_rebuild.storyteller.word_lists import word_list

_FREE_POOLS = {
    "say": "free_say",
    "question": "free_ask",
    "refuse": "free_refuse",
    "wait": "free_wait",
    "puzzle": "free_puzzled",
    "fight": "free_fight",
}


def answer(scene: SceneContext, act: PlayerMove) -> list[DraftedPassage]:
    """What the player did, and what comes of it."""
    pools = scene.kit.pools
    more: dict[str, str] = {}
    if act.clause and scene.bounds.allows(act.clause):
        more["act"] = act.clause
    if act.said and scene.bounds.allows(act.said):
        more["said"] = act.said
        more["said_on"] = re.sub(r"\.”$", ",”", act.said)
    blocked = (act.clause and "act" not in more) or (act.said and "said" not in more)
    if blocked:
        return [DraftedPassage(scene.writer.line(pools["free_stayed"]))]
    if act.free and act.kind in _FREE_POOLS:
        text = scene.writer.line(pools[_FREE_POOLS[act.kind]], **more)
        if act.kind == "question":
            text += " " + _reply_to(scene, act)
        elif act.kind == "say":
            text += " " + scene.writer.line(pools["free_heard"], **more)
        scene.memory.kinds.append(act.kind)
        return [DraftedPassage(tidy(text))]
    return [_deed(scene, act, more)]


def _deed(scene: SceneContext, act: PlayerMove, more: dict[str, str]) -> DraftedPassage:
    """What the player did, with its result and what it makes true."""
    pools = scene.kit.pools
    first = scene.writer.line(pools["free_do" if act.free else "echo"], **more)
    if not first and more.get("act"):
        first = tidy(more["act"]) + "."
        scene.writer.keep(first)
    thing = act.thing or scene.writer.slots.get("held", "")
    facts = _made_true(scene, act)
    pool = f"result_{act.kind}"
    usable = bool(act.thing) or not (act.free and act.kind in ("take", "give", "show", "do"))
    if act.free and act.kind == "go" and not act.dest:
        usable = False
        if act.detail:
            more["goal"] = act.detail
            return DraftedPassage(scene.writer.line(pools["free_impossible_place"], **more))
    result = scene.writer.line(
        pools[pool if usable and pool in pools else "free_result"],
        **{**more, **({"thing": thing} if thing else {})},
    )
    _remember(scene, act)
    return DraftedPassage(tidy(f"{first} {result}"), facts)


def _made_true(scene: SceneContext, act: PlayerMove) -> list[dict[str, Any]]:
    me, partner, memory = scene.world.player_id, scene.partner(), scene.memory
    match act.kind:
        case "take" if act.thing:
            holder = memory.holders.get(act.thing)
            memory.holders[act.thing] = me
            lost = [claim(holder, "holds", act.thing, ends=True)] if holder else []
            return [*(lost if holder != me else []), claim(me, "holds", act.thing)]
        case "give" if memory.holders.get(act.thing) == me:
            memory.holders[act.thing] = partner.character_id
            return [
                claim(me, "holds", act.thing, ends=True),
                claim(partner.character_id, "holds", act.thing),
            ]
        case "promise":
            want = f"to stand by {partner.name} over {scene.writer.slots['want']}"
            return [claim(me, "promise", want)]
        case "tell":
            known = f"what you know of {act.detail or scene.writer.slots['focus']}"
            return [claim(partner.character_id, "knows", known)]
        case "help":
            return [claim(partner.character_id, "feeling", "grateful")]
    return []


def _remember(scene: SceneContext, act: PlayerMove) -> None:
    memory = scene.memory
    memory.kinds.append(act.kind)
    memorable = act.kind in word_list("memorable_acts") and not act.clause.startswith("you see ")
    if act.clause and memorable and len(act.clause) < 90:
        memory.deeds = [*memory.deeds, in_the_past(act.clause)][-DEEDS_REMEMBERED:]


def _plainly_known(scene: SceneContext, asked: str) -> str:
    """What anybody present could tell: their name, the place, what this is about."""
    partner, slots = scene.partner(), scene.writer.slots
    if re.search(r"\bwho are you\b|\byour name\b", asked):
        role = f", {partner.role}" if partner.role else ""
        return f"the name is {partner.name}{role}"
    if re.search(r"\bwhere (?:am i|are we)\b|\bthis place\b", asked):
        return f"this is {scene.here().name}"
    if re.search(
        r"\bwhat(?:['’]s| is| has)? (?:happen\w*|going on|all this|this about)|"
        r"\bwhat (?:should|shall|can|do|must) (?:i|we) do\b",
        asked,
    ):
        about = f", and behind that, {scene.core}" if scene.core else ""
        return f"the thing to think about now is {slots['want']}{about}"
    return ""


def _reply_to(scene: SceneContext, act: PlayerMove) -> str:
    memory = scene.memory
    partner = scene.partner()
    known = ""
    if act.npc and (person := memory.person(act.npc)) and person is not partner:
        near = "here" if act.npc in memory.present else "not far off, as far as anyone can tell"
        known = f"{person.name} is {near}"
    elif act.thing and act.thing in memory.holders:
        holder = memory.holders[act.thing]
        who = memory.person(holder)
        known = (
            f"you have {act.thing} yourself"
            if holder == scene.world.player_id
            else f"{who.name if who else 'somebody else'} has {act.thing}"
        )
    elif plain := _plainly_known(scene, act.said.lower()):
        known = plain
    elif act.dest:
        known = f"{act.dest} can be reached on foot, and it is worth the walk"
    if known:
        return scene.writer.line(scene.kit.pools["free_answer_known"], known=known)
    return scene.writer.line(scene.kit.pools["free_answer_unknown"])
