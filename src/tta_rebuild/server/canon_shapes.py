"""The shapes of what is true and who is who: people, facts, corrections, judgements."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from tta_rebuild.server.base_shapes import Given, Key, Level, Line, Taken, Text
from tta_rebuild.server.shapes import BranchOut


class TiedOut(Given):
    """What one person feels about another, directed: each in [-1, 1], fear in [0, 1]."""

    other: str
    name: str
    trust: float
    affection: float
    fear: float
    debt: float
    number: float = Field(description="All of it as one number in [-1, 1]")


class PersonOut(Given):
    """Somebody in the story."""

    character_id: str = Field(examples=["mara"])
    name: str
    is_player: bool
    description: str
    feels: str
    arc: str
    traits: dict[str, float]
    goals: dict[str, float]
    reasons: dict[str, str] = Field(description="By goal, what brought them on last")
    ties: dict[str, float] = Field(description="By name, in [-1, 1]")
    bonds: list[str] = Field(description="What they feel about others, in words")
    believes: list[str]
    remembers: list[str]


class PeopleOut(Given):
    """Everybody, in order of appearance."""

    characters: list[PersonOut]


class MomentOut(Given):
    """How somebody changed in a turn; what did not change is empty."""

    turn: int
    emotion: str
    shade: str
    intensity: float
    arc: str
    goals: dict[str, float]
    ties: list[TiedOut]


class PersonInFullOut(PersonOut):
    """Somebody with what they know, and how they have changed."""

    emotion: str
    shade: str
    intensity: float
    knows: list[str]
    tied: list[TiedOut]
    over_time: list[MomentOut]


class TieMomentOut(Given):
    """What somebody felt about another at the end of a turn."""

    turn: int
    number: float


class RelationshipOut(TiedOut):
    """What one person feels about another, now and over time."""

    who: str
    who_name: str
    over_time: list[TieMomentOut]


class RelationshipsOut(Given):
    """What everybody feels about each other."""

    relationships: list[RelationshipOut]


class FactOut(Given):
    """A fact, with where it comes from; `until_turn` is null while it holds."""

    subject: str = Field(examples=["mara"])
    subject_name: str = Field(examples=["Mara"])
    relation: str = Field(examples=["located_in"])
    value: str = Field(examples=["harbour"])
    value_name: str
    says: str = Field(description="The fact in plain words")
    sentence: str = Field(description="The sentence that it comes from, or empty")
    certain: bool
    since: int = Field(description="The position of the event that made it so")
    since_turn: int
    until: int | None
    until_turn: int | None
    taken_back: bool = Field(description="An author says that it was never so; `until` is when")
    known: bool = Field(description="The player's character knows it, or could see it")


class LineOut(Given):
    """A lasting line: what is so in plain words, by number."""

    number: int
    text: str
    about: list[str]
    known_by: list[str]
    weight: int


class ListedLineOut(LineOut):
    """A lasting line in the list of facts."""

    known: bool = Field(description="The player's character knows it")


class LineIn(Taken):
    """What an author says in place of a lasting line; empty: it is taken back."""

    becomes: str = Field("", max_length=400, examples=["The oyster girl has the letter."])


class LinesOut(Given):
    """The lasting lines in force, oldest first."""

    lines: list[LineOut]


class FactsOut(Given):
    """A page of facts, oldest first, and the lasting lines in force."""

    facts: list[FactOut]
    lines: list[ListedLineOut]
    next: int | None
    not_known: int = Field(description="How many of them all the player's character does not know")
    player_name: str = Field(examples=["Mara"], description='Empty: the player is only "you"')


class ClaimIn(Taken):
    """A fact as it stands in the list of facts."""

    subject: str = Field(min_length=1, max_length=200, examples=["mara"])
    relation: str = Field(min_length=1, max_length=80, examples=["located_in"])
    value: str = Field(min_length=1, max_length=400, examples=["harbour"])


class RetconIn(Taken):
    """A fact to be taken back, and what was so instead."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "claim": {"subject": "mara", "relation": "located_in", "value": "harbour"},
                    "becomes": "lighthouse",
                    "dry_run": True,
                }
            ]
        }
    )

    claim: ClaimIn
    becomes: str | None = Field(None, min_length=1, max_length=400, description="The right value")
    how: Literal["keep", "mark", "rewrite"] = Field(
        "keep",
        description="What becomes of what depends on it: kept, marked as doubtful, or told anew "
        "on a fork",
    )
    reason: Line = ""
    dry_run: bool = Field(False, description="Only say what depends on it")


class DependentOut(Given):
    """What would no longer stand, and why."""

    turn: int
    says: str
    ends: bool
    why: str


class RetconOut(Given):
    """What a correction takes back and what depends on that; `branch` is where it was made."""

    says: str
    becomes: str | None
    since_turn: int
    dependents: list[DependentOut]
    branch: BranchOut | None


class ProposedIn(Taken):
    """A choice, or a move of one's own, to be judged."""

    text: str = Field(min_length=1, max_length=4_000, examples=["Open the door"])
    consequence: Text = ""
    affects: list[Key] = Field([], max_length=20)


class ValidateIn(Taken):
    """Choices to be judged; none: those that are offered now."""

    choices: list[ProposedIn] = Field([], max_length=20, examples=[[{"text": "Open the door"}]])


class IssueOut(Given):
    """What is wrong with a choice."""

    severity: Literal["info", "warning", "error"]
    category: str
    message: str
    suggested_fix: str | None


class VerdictOut(Given):
    """What is thought of a choice; scores in [0, 1]."""

    choice: str
    is_valid: bool
    overall_score: float
    consistency_score: float
    meaningfulness_score: float
    character_alignment_score: float
    universe_rules_score: float
    dead_end_risk: float
    issues: list[IssueOut]
    suggestions: list[str]


class VerdictsOut(Given):
    """A verdict for each choice, in order."""

    verdicts: list[VerdictOut]


class BoundariesIn(Taken):
    """Boundaries made tighter; `gentler` keeps heavy matter out altogether."""

    boundaries: dict[Key, Level] = Field({}, max_length=50, examples=[{"violence": "none"}])
    gentler: bool = False


class BoundariesOut(Given):
    """What is kept out, and which of it is stricter now."""

    boundaries: dict[str, str]
    stricter: dict[str, str]


class SideOut(Given):
    """One branch since the parting."""

    branch: BranchOut
    turns: list[ToldThereOut]
    facts: list[str] = Field(description="What holds here and not on the other side")


class ToldThereOut(Given):
    """A turn of one side."""

    turn: int
    action: str
    setting: str


class ComparisonOut(Given):
    """Two branches: what they share, and how they differ."""

    shared_events: int
    shared_turn: int
    one: SideOut
    other: SideOut
    characters: dict[str, dict[str, tuple[Any, Any]]] = Field(
        description="Character id, then field: the value here, the value there"
    )
    names: dict[str, str]


SideOut.model_rebuild()
