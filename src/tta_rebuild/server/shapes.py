"""What comes in and goes out, with examples: the shapes of stories, branches and turns.

The routes of stories, branches and turns take and give them; ``presenting`` makes those of scenes.
``base_shapes`` has what all shapes share.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from tta_rebuild.server.base_shapes import Given, Key, Level, Line, Taken


class VoiceIn(Taken):
    """How somebody speaks."""

    register_: Line = Field("", alias="register", examples=["gruff, old-fashioned"])
    sentences: Literal["", "short", "middling", "long"] = ""
    says: list[Line] = Field([], max_length=20)
    never: list[Line] = Field([], max_length=20)
    samples: list[Line] = Field([], max_length=20)


class CharacterIn(Taken):
    """Somebody of a new story."""

    name: str = Field(min_length=1, max_length=80, examples=["Mara"])
    character_id: str = Field("", max_length=80, pattern=r"^[\w-]*$")
    description: str = Field("", max_length=1_000, examples=["the keeper's daughter"])
    pronouns: str = Field("", max_length=20, examples=["she"])
    is_player: bool = False
    traits: dict[Key, Annotated[float, Field(ge=0, le=1)]] = Field({}, max_length=20)
    goals: list[Line] = Field([], max_length=20)
    arc: dict[Key, Line] = Field({}, max_length=4)
    voice: VoiceIn | None = None


class StoryIn(Taken):
    """The premise of a new story."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "theme": "A lighthouse keeper finds a door under the stairs.",
                    "characters": [{"name": "Mara", "description": "the keeper"}],
                    "rules": ["No magic."],
                    "boundaries": {"violence": "low"},
                }
            ]
        }
    )

    theme: str = Field("", max_length=20_000, description="May be left out with a world")
    title: str = Field("", max_length=120)
    characters: list[CharacterIn] = Field([], max_length=50)
    rules: list[Annotated[str, Field(min_length=1, max_length=400)]] = Field([], max_length=50)
    boundaries: dict[Key, Level] = Field({}, max_length=50)
    metaconcepts: list[Key] = Field([], max_length=20)
    world: str = Field("", pattern=r"^[\w-]{0,80}$", description="The name of an authored world")
    plot: str = Field("", pattern=r"^[\w-]{0,80}$", description="One of the likely plots")
    style: str = Field("balanced", max_length=80)
    length: int = Field(0, ge=0, le=100_000, description="Scenes; 0: as many as one likes")
    seed: int | None = Field(None, ge=0, lt=2**31)
    language: str = Field("en", max_length=20)
    model: str = Field("", max_length=120, description="One of the chain; empty: its first")


class PlotOut(Given):
    """What a story may be about."""

    plot: str = Field(examples=["heist"])
    called: str = Field(examples=["a heist"])


class PremiseOut(Given):
    """How a premise is understood by who would tell it; nothing is stored."""

    teller: str = Field(examples=["offline"])
    notes: list[str] = Field(description="How it is understood, and what of it cannot be kept")
    likely_plots: dict[str, str] = Field(description="What it may be about, the first is told")
    asks_who_is_played: bool
    plots: list[PlotOut] = Field(description="All that there are, where a plot is taken at all")


class StoryOut(Given):
    """A story in the list."""

    story_id: str = Field(examples=["3f9c1a7be402"])
    title: str = Field(examples=["A lighthouse keeper finds a door"])
    created_at: datetime
    updated_at: datetime
    branches: int = Field(examples=[1])
    turns: int = Field(examples=[4])


class ImportedOut(StoryOut):
    """A story that was taken in; `copy_of` are the ids of the same ones that were there before."""

    copy_of: list[str]
    notes: list[str] = Field(description="What to tell who sent it")


class NewStoryOut(StoryOut):
    """A story that was just begun."""

    branch_id: str = Field(examples=["3f9c1a7be402.1"])
    notes: list[str] = Field(description="How it is understood, and what of it cannot be kept")
    likely_plots: dict[str, str] = Field(
        description="What it may be about, in words; beginning anew with one as `plot` settles it"
    )
    asks_who_is_played: bool = Field(description="Whether nobody can tell whom one plays")


class StoriesOut(Given):
    """A page of stories, the latest played first."""

    stories: list[StoryOut]
    next: int | None = Field(description="What to ask for as `after`; null: there are no more")


class TitleIn(Taken):
    """Another title."""

    title: str = Field(min_length=1, max_length=120, examples=["The door"])


class BranchOut(Given):
    """A branch: its parent's path up to `forked_at`, and its own events from there."""

    branch_id: str = Field(examples=["3f9c1a7be402.1"])
    story_id: str
    name: str = Field(examples=["main"])
    parent_id: str | None
    forked_at: int = Field(description="Events shared with the parent")
    length: int = Field(description="Events along the path: the position")
    turn: int = Field(description="The last turn")
    created_at: datetime


class BranchesOut(Given):
    """A page of branches, in the order in which they were made."""

    branches: list[BranchOut]
    next: int | None


class ForkIn(Taken):
    """Where a new branch parts."""

    turn: int = Field(ge=0, le=10**9, description="The last turn that both share", examples=[1])
    branch: str = Field("main", min_length=1, max_length=120)
    name: str | None = Field(None, min_length=1, max_length=120, examples=["the other door"])


class UndoIn(Taken):
    """How far back."""

    turns: int = Field(1, ge=1, le=10**9, examples=[1])


class PassageOut(Given):
    """A paragraph of a scene; `speaker` is "" for prose."""

    text: str
    kind: Literal["prose", "line"]
    speaker: str
    speaker_id: str
    emotion: str


class SceneOut(Given):
    """A scene as it was told."""

    turn: int
    scene_id: str
    passages: list[PassageOut]
    setting: str
    tone: str
    stage: str
    quality: float
    told_by: str
    degraded: str = Field(description="In plain words what did not go well, or empty")
    is_ending: bool


class ChoiceOut(Given):
    """Something that may be done next."""

    number: int = Field(examples=[1])
    text: str = Field(examples=["Open the door"])


class NotOfferedOut(Given):
    """A choice that was not offered, and why."""

    text: str
    reason: str


class WithheldOut(Given):
    """A passage that was held back, by which gate and why."""

    text: str
    gate: str
    reason: str
    against: str


class SpentOut(Given):
    """What was spent, in US dollars; `lines` says it in words, with the limits that are set."""

    story_usd: float
    session_usd: float
    lines: list[str]


class TurnOut(Given):
    """A turn that was asked for."""

    turn_id: str
    key: str
    story_id: str
    branch_id: str
    kind: Literal["begin", "choose", "say", "end", "ask", "think"]
    text: str = Field(description="Empty once the words are no longer kept")
    choice: int | None
    state: Literal[
        "running", "stored", "refused", "paused", "aside", "failed", "abandoned", "interrupted"
    ]
    began_at: datetime
    ended_at: datetime | None
    updates: int = Field(description="The number of the last event")
    last: dict[str, Any] = Field(description="The last event's data, once it is over")
    events: str = Field(examples=["/api/v1/turns/6f1de0c2/events"])
    can_repeat: bool = Field(description="Whether the same key may be sent with `again`")


class PresentOut(Given):
    """A branch as it stands."""

    story_id: str
    title: str
    branch: BranchOut
    turn: int
    position: int
    ended: bool
    action: str = Field(description="What the player did last")
    scene: SceneOut | None
    choices: list[ChoiceOut]
    not_offered: list[NotOfferedOut]
    withheld: list[WithheldOut]
    boundaries: dict[str, str]
    cost: SpentOut
    model: str = Field(description="Who tells the next turn", examples=["offline"])
    model_before: str = Field(description="Who told the last scene, where that is another")
    language: str = Field(description="Of the story", examples=["en"])
    player: str = Field(description="The name of whom one plays, or empty")
    people_here: list[str] = Field(description="Names of those who can be asked aside now")
    running: TurnOut | None = Field(description="The turn that is being played now")
    interrupted: TurnOut | None = Field(description="The last turn, where it was broken off")


class TurnIn(Taken):
    """A move of the player."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "begin"},
                {"kind": "choose", "choice": 1, "position": 14},
                {"kind": "say", "text": "I hold the lamp up to the door."},
            ]
        }
    )

    kind: Literal["begin", "choose", "say", "end"]
    choice: int | None = Field(None, ge=1, le=100)
    text: str = Field("", max_length=20_000)
    after_note: bool = Field(False, description="The same move again, after it paused with a note")
    position: int | None = Field(
        None, ge=0, le=10**9, description="Where the branch stood as it was seen; else 409"
    )
    again: bool = Field(False, description="Play it again, if nothing of it was stored")


class AsideIn(Taken):
    """A question to one person aside, or a look into somebody's head."""

    kind: Literal["ask", "think"] = "ask"
    text: str = Field(
        min_length=1, max_length=20_000, examples=["Mara, where does the lamp come from?"]
    )
    after_note: bool = False
    again: bool = False


class ToldTurnOut(Given):
    """A turn as it was told."""

    turn: int
    branch_id: str = Field(description="The branch that it was played on")
    at: datetime
    action: str
    choice: int | None
    scene: SceneOut | None
    choices: list[ChoiceOut]
    not_offered: list[NotOfferedOut]
    withheld: list[WithheldOut]
    cost_usd: float
    ends_story: bool


class ToldTurnsOut(Given):
    """A page of turns, oldest first."""

    turns: list[ToldTurnOut]
    next: int | None


class EventOut(Given):
    """An event of the log; what `data` holds depends on its kind."""

    position: int
    turn: int
    branch_id: str
    at: datetime
    kind: str = Field(examples=["scene_told"])
    version: int
    data: dict[str, Any]


class EventsOut(Given):
    """A page of events, oldest first."""

    events: list[EventOut]
    next: int | None
