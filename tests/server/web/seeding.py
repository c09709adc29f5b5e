"""Stories for the pages to show: one played, one with a cast in full, one of 10,000 turns."""

from __future__ import annotations

import random

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core import events as log
from tta_rebuild.core.story import (
    Bond,
    CharacterSketch,
    Choice,
    Claim,
    LastingLine,
    Passage,
    Premise,
    Scene,
)
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session

LETTER = Premise(
    title="The letter",
    theme="A lighthouse keeper finds a letter that was never sent",
    characters=(
        CharacterSketch(character_id="mara", name="Mara", description="the keeper", is_player=True),
        CharacterSketch(
            character_id="jonas",
            name="Jonas",
            description="a fisherman who came back",
            traits={"patient": 0.8, "proud": 0.6},
            goals=("find the letter's writer",),
        ),
        CharacterSketch(character_id="ilse", name="Ilse", description="the postmistress"),
    ),
    rules={"rule_1": "Nobody can read minds"},
    boundaries={"violence": "low"},
    seed=7,
)
SPOKEN = "I wrote it, and I was glad it never left the house."


async def a_played_story(application: Application, turns: int = 3) -> Session:
    """The letter, told by the embedded storyteller."""
    session = await application.stories.open(LETTER)
    await session.turn(Action.begin())
    for _ in range(turns - 1):
        await session.turn(Action.choose(1))
    return session


async def a_story_with_a_cast(application: Application) -> Session:
    """The letter with feelings, bonds, goals, facts, something held back, and a line spoken."""
    session = await a_played_story(application, 2)
    store, branch = application.stories._store, session.branch
    scene = Scene(
        scene_id="by-hand",
        passages=(
            Passage(text="The kettle had gone cold. Jonas turned the envelope over twice."),
            Passage(text=SPOKEN, speaker="jonas", emotion="weary"),
            Passage(text="<b>Nobody</b> said *anything* for a while; the lamp went round."),
        ),
        setting="In the kitchen.",
        told_by="offline:storyteller-1",
        quality=0.82,
    )
    told: list[log.Event] = [
        log.PlayerActed(text="I ask Jonas who wrote it", choice=0),
        log.SceneTold(scene=scene),
        log.FactAsserted(
            claim=Claim(subject="jonas", relation="holds", value="letter", sentence=scene.text[:60])
        ),
        log.FactAsserted(
            claim=Claim(
                subject="jonas",
                relation="located_in",
                value="kitchen",
                sentence="Jonas sat in the kitchen.",
            )
        ),
        log.FactAsserted(
            claim=Claim(subject="kettle", relation="located_in", value="kitchen", sentence=SPOKEN)
        ),
        log.FactAsserted(claim=Claim(subject="mooring_rings", relation="located_in", value="quay")),
        log.LineKept(line=LastingLine(text="Ilse has read the letter.", about=("ilse",))),
        log.PassageWithheld(
            text="He struck the table with the knife.",
            gate="safety",
            reason="violence: more than you allow",
            against="",
        ),
        log.CharacterChanged(
            character_id="jonas",
            emotion="sad",
            shade="weary",
            intensity=0.7,
            goals={"find the letter's writer": 0.4},
            bonds={
                "mara": Bond(trust=0.6, affection=0.5),
                "ilse": Bond(trust=-0.5, affection=-0.2, fear=0.3),
            },
        ),
        log.CharacterChanged(
            character_id="mara", bonds={"jonas": Bond(trust=0.3, affection=0.2, debt=0.2)}
        ),
        log.ChoicesOffered(
            choices=(
                Choice(text="Ask him to read it aloud", affects=("jonas",)),
                Choice(text="Put the letter back where it was"),
                Choice(text="Go up to the lamp and think"),
            ),
            rejected=(("Fly to the mainland", "nobody here can fly"),),
        ),
    ]
    await store.append(
        branch.branch_id,
        3,
        told,
        expected=branch.length,
        at=application.stories._dependencies.clock(),
    )
    return await application.stories.resume(branch.story_id)


def a_scene(turn: int) -> list[log.Event]:
    """A small turn."""
    scene = Scene(
        scene_id=f"s{turn}",
        passages=(Passage(text=f"It is the hour of scene {turn}. The lamp turns."),),
    )
    return [
        log.PlayerActed(text=f"Wait, for the time {turn}"),
        log.SceneTold(scene=scene),
        log.ChoicesOffered(choices=(Choice(text="Wait a little longer"),)),
    ]


async def a_large_story(application: Application, turns: int = 10_000, branches: int = 300) -> str:
    """A story of so many turns on so many branches, forked at random; gives its id."""
    session = await application.stories.open(
        Premise(theme="Ten thousand turns of the lamp", title="The long map", seed=1)
    )
    store, at = application.stories._store, application.stories._dependencies.clock()
    chance, story = random.Random(5), session.story_id
    length, turn = session.branch.length, 0
    per_branch = turns // branches
    known: list[tuple[str, int]] = []
    branch_id = session.branch.branch_id
    for n in range(branches):
        if n:
            parent, last = known[int(chance.random() ** 2 * len(known))]
            turn = chance.randint(max(1, last - per_branch), last)
            position = await store.turn_end(parent, turn)
            made = await store.fork(parent, position, name=f"way {n}", at=at)
            branch_id, length = made.branch_id, made.length
        for _ in range(per_branch):
            turn += 1
            length = await store.append(branch_id, turn, a_scene(turn), expected=length, at=at)
        known.append((branch_id, turn))
    return story


async def a_story_with_two_ways(application: Application) -> Session:
    """The story with a cast, and a branch beside it on which two scenes are told."""
    session = await a_story_with_a_cast(application)
    await application.stories.fork(session.story_id, turn=1, name="the other door")
    other = await application.stories.resume(session.story_id, "the other door")
    await other.turn(Action.choose(2))
    await other.turn(Action.say("I look around"))
    return session
