"""What people are, remember and know is the fold of their branch: live, from snapshots, from disk.

Sessions are played on random branches; each live state must be what the log and what snapshot and
tail give again, and nobody may know what only another branch has told.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.conftest import Desk, Kit, ScriptedStoryteller
from tests.engine.test_remembering import CAST, YOU, said, told

from tta_rebuild.engine import snapshots
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.knowing import view_of
from tta_rebuild.engine.session import Session
from tta_rebuild.engine.snapshots import folded_whole, snapshot_text
from tta_rebuild.engine.state import StoryFold, StoryState
from tta_rebuild.storage.memory_store import MemoryStoryStore
from tta_rebuild.storage.story_store import StoryStore

Opened: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]

NPCS = [one.character_id for one in CAST]
KIT = Kit()
people = st.sampled_from(NPCS)
lines = st.lists(people, min_size=1, max_size=2, unique=True)
passages = st.one_of(
    st.builds(
        lambda who, tone, word: said(who, f"Listen, {word}.", emotion=tone),
        people,
        st.sampled_from(["", "weary", "furious", "calm", "oleaginous"]),
        st.sampled_from(["the mill burns", "I love you", "pay me", "@"]),
    ),
    st.builds(
        lambda one, deed, other: told(f"{one.title()} {deed} {other.title()}."),
        people,
        st.sampled_from(["saves", "threatens", "betrays", "repays", "sees"]),
        people,
    ),
    st.builds(
        lambda who, relation, value: told("So it is.", (who, relation, value)),
        people,
        st.sampled_from(["knows", "promise", "holds", "kin", "believes"]),
        st.sampled_from(["the mill", "sister of bea", "the books", "@"]),
    ),
    st.builds(
        lambda who, value: said(who, "It is so.", ("bea", "kin", value)),
        people,
        st.sampled_from(["sister of lidia", "aunt of lidia"]),
    ),
)
scenes = st.tuples(st.just("scene"), st.lists(passages, min_size=1, max_size=4), lines)
steps = st.lists(
    scenes
    | scenes
    | st.tuples(st.just("fork"), st.floats(0, 1), st.none())
    | st.tuples(st.just("ask"), people, st.none())
    | st.tuples(st.just("arc"), people, st.sampled_from(["climax", None])),
    min_size=3,
    max_size=10,
)


@asynccontextmanager
async def in_memory() -> AsyncIterator[MemoryStoryStore]:
    yield MemoryStoryStore()


@asynccontextmanager
async def on_disk() -> AsyncIterator[StoryStore]:
    with tempfile.TemporaryDirectory() as folder:
        async with await StoryStore.open(Path(folder)) as store:
            yield store


def views(state: StoryState) -> dict[str, Any]:
    """All that anybody may be shown with or speak from."""
    shown = {}
    for who in (*NPCS, "ines"):
        view = view_of(state, who, "who burns the mill, and where is the secret?")
        parts = view.known, view.beliefs, view.memories, view.for_scene()
        shown[who] = *parts, view.for_line(), view.for_show()
    return shown


class Game:
    """One story on several branches; every scene has secrets with a word of its own."""

    def __init__(self, store: Any) -> None:
        self.desk = Desk(ScriptedStoryteller(), store)
        self.sessions: list[Session] = []
        self.secrets: list[dict[str, tuple[int, list[str]]]] = [{}]  # word → its turn, who may know
        self.number = 0

    async def begin(self) -> None:
        self.desk.teller.replies = [KIT.scene("The kitchen is warm.")]
        premise = replace(KIT.premise, characters=(YOU, *CAST))
        self.sessions.append(await self.desk.stories.open(premise))
        await KIT.play(self.sessions[0], Action.begin())

    async def step(self, what: str, how: Any, more: Any) -> None:
        session = self.sessions[-1]
        self.number += 1
        if what == "scene":
            word = f"zq{self.number}x"
            line = {"text": f"The secret {word} is out.", "known_by": more, "weight": 3}
            told_now = [passage | {"text": passage["text"].replace("@", "hm")} for passage in how]
            self.desk.teller.replies = [KIT.scene(*told_now, lines=[line])]
            await KIT.play(session, Action.say(f"I wait until {self.number}"))
            self.secrets[-1][word] = (session.state.turn, more)
        elif what == "fork":
            turn = max(1, round(how * session.state.turn))
            stories, story = self.desk.stories, session.story_id
            fork = await stories.fork(story, turn=turn, branch=session.branch.name)
            self.sessions.append(await stories.resume(story, fork.name))
            past = {w: known for w, known in self.secrets[-1].items() if known[0] <= turn}
            self.secrets.append(past)
        elif what == "ask":
            self.desk.teller.replies = [f"I said so, and I say it again: {self.number} times."]
            async for _ in session.ask(f"{how.title()}, is it so?"):
                pass
        else:
            await session.set_arc_stage(how, more)

    async def check(self) -> None:
        for session, secrets in zip(self.sessions, self.secrets, strict=True):
            again = await self.desk.stories.resume(session.story_id, session.branch.name)
            whole = await folded_whole(self.desk.store, again.branch)
            assert again.state == session.state == whole.present()
            assert views(again.state) == views(session.state) == views(whole.present())
            fold: StoryFold = session._fold
            assert snapshot_text(fold, fold.last) == snapshot_text(whole, whole.last)
            shown = {who: repr(view) for who, view in views(session.state).items()}
            for word in {word for branch in self.secrets for word in branch}:
                may = secrets[word][1] if word in secrets else []
                assert {who for who in NPCS if word in shown[who]} <= set(may), word
                assert word in secrets or word not in shown["ines"]


def play(script: Any, store: Opened) -> None:
    async def played() -> None:
        async with store() as opened:
            game = Game(opened)
            await game.begin()
            for step in script:
                await game.step(*step)
            await game.check()

    with patch.object(snapshots, "TURNS_BETWEEN", 2):
        asyncio.run(played())


@settings(max_examples=60, deadline=None)
@given(steps)
def test_live_state_is_the_fold_of_its_branch_and_of_no_other(script: Any) -> None:
    play(script, in_memory)


@settings(max_examples=8, deadline=None)
@given(steps)
def test_the_same_holds_of_a_story_on_disk(script: Any) -> None:
    play(script, on_disk)
