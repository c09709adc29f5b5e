"""Second step of a turn: the scene is told, and every passage passes the gate before it is shown.

Called by ``engine.turn``. A passage that contradictions is held back; the storyteller is asked once to go
on from the last good sentence with the contradiction named; if that contradictions too, the scene ends soundly
and says so.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TypeAlias

from tta_rebuild.core.base_primitive import TTAContext
from tta_rebuild.core.events import PassageWithheld
from tta_rebuild.core.story import Passage
from tta_rebuild.engine.gate import Gate
from tta_rebuild.engine.turn_events import PassageReleased, SceneRestarted, TurnWarning
from tta_rebuild.narrative.story_generator import (
    DraftRestarted,
    GeneratedStory,
    PassageDrafted,
    StoryDrafted,
    StoryGenerationInput,
    StoryGeneratorPrimitive,
    StoryItem,
)

CUT_SHORT = "The moment holds there, unfinished, and waits for what you do."
"""What stands in for a scene of which nothing could be shown."""

CUT_SHORT_NOTE = (
    "this scene was cut short: what came next did not fit what is true or allowed here (/why "
    "tells more)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldScene:
    """A scene as it was shown: the last item of ``tell``.

    Attributes:
        story: the storyteller's last draft, None if even its end was not reached.
        passages: what was released.
        withheld: what was not.
        degraded: "" or what was not as it should be.
    """

    story: GeneratedStory | None
    passages: tuple[Passage, ...]
    withheld: tuple[PassageWithheld, ...]
    degraded: str


TellingItem: TypeAlias = PassageReleased | SceneRestarted | TurnWarning | ToldScene


async def tell(
    generator: StoryGeneratorPrimitive,
    wanted: StoryGenerationInput,
    context: TTAContext,
    gate: Gate,
) -> AsyncGenerator[TellingItem, None]:
    """Tell the scene through the gate; ``ToldScene`` comes last. Raises ``ProviderError``."""
    passages: list[Passage] = []
    withheld: list[PassageWithheld] = []
    notes: list[str] = []
    story: GeneratedStory | None = None
    warned: set[str] = set()

    drafts: AsyncGenerator[StoryItem, None] = generator.tell(wanted, context)
    for is_repair in (False, True):
        contradiction: PassageWithheld | None = None
        kept = len(passages)
        gate.mark()
        async with aclosing(drafts):
            async for item in drafts:
                if isinstance(item, DraftRestarted):
                    del passages[kept:]
                    gate.restart()
                    yield SceneRestarted(item.reason)
                    for passage in passages:
                        yield PassageReleased(passage)
                elif isinstance(item, PassageDrafted):
                    good, contradiction = gate.examine(item.passage)
                    if good is not None:
                        for text in gate.warnings(good):
                            if text not in warned:
                                warned.add(text)
                                yield TurnWarning(text)
                        passages.append(good)
                        yield PassageReleased(good)
                    if contradiction is not None:
                        break
                elif isinstance(item, StoryDrafted):
                    story = item.story
        if contradiction is None:
            break
        withheld.append(contradiction)
        story = None
        if is_repair:
            notes.append(CUT_SHORT_NOTE)
        else:
            drafts = generator.continue_from(
                wanted,
                context,
                told_so_far="\n\n".join(p.text for p in passages),
                withheld=contradiction.text,
                contradiction=f"{contradiction.reason} {contradiction.against}".strip(),
            )

    if not passages:
        passages.append(Passage(text=CUT_SHORT))
        yield PassageReleased(passages[0])
    if story is not None and story.degraded:
        notes.insert(0, story.degraded)
    yield ToldScene(
        story=story,
        passages=tuple(passages),
        withheld=tuple(withheld),
        degraded="; ".join(notes),
    )
