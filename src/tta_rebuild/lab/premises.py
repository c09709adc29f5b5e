"""Premises that a person has read, against the storyteller's reading and what it makes of moves.

Called by ``cli.eval``. Everything here is judged by words and heads of phrases: a figure to build
with. What a story is worth is read in the rows, by eyes that have not seen the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tta_rebuild.bootstrap.application import Application
from tta_rebuild.core.english import sentences_of
from tta_rebuild.core.errors import MoveRefused
from tta_rebuild.core.events import FactAsserted, FactRetracted, LineKept, RecordedEvent
from tta_rebuild.core.story import Premise as StoryPremise
from tta_rebuild.engine.action import Action
from tta_rebuild.engine.session import Session
from tta_rebuild.lab.measures import Share
from tta_rebuild.lab.players import turn_on
from tta_rebuild.lab.premise_agreement import (
    SOMEBODY,
    VAGUE_PEOPLE,
    excluded_in,
    head_of,
    heads_of,
    is_place_right,
    is_role_right,
    is_same_person,
    parsed,
    why_misunderstood,
    why_untrue,
)
from tta_rebuild.lab.told_file import PremiseMove, ReadPerson, ReadPremise
from tta_rebuild.storyteller.premise import PremiseReading, read_premise
from tta_rebuild.storyteller.premise_people import PremisePerson

SCENES_READ = 3
"""Scenes in which nothing may be that a premise excludes: the opening and two first choices."""

NEUTRAL = frozenset(("", "they", "it"))
"""What a reading may say of somebody whose pronouns the premise does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PremiseRow:
    """What was looked at and how it was judged, for a reader to judge again.

    Attributes:
        kind: ``people``, ``pronouns``, ``roles``, ``places``, ``must_not`` or ``moves``.
        verdict: "" for what went well, else why not.
        acts: of a move: family, verb, object and person of each act as it was understood.
        prose: of a move the turn's, of ``must_not`` that of the first scenes.
    """

    story: str
    kind: str
    text: str
    verdict: str
    found: str = ""
    acts: tuple[Mapping[str, str], ...] = ()
    facts: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    prose: str = ""
    turn: int = 0

    @property
    def reason(self) -> str:
        """The verdict with what was found."""
        return f"{self.verdict or 'ok'}{': ' + self.found if self.found else ''}"


@dataclass(slots=True, kw_only=True)
class PremiseCounts:
    """Counts over read premises, named as in JSON; the guide on evaluation says what each means.

    Attributes:
        places_known, scenes_read: premises whose place, whose first scenes were looked at so far.
        unread, readings: none; what the other counts of readers have.
    """

    premises: int = 0
    people: int = 0
    people_found: int = 0
    pronouns_right: int = 0
    roles_right: int = 0
    places_right: int = 0
    must_not_hit: int = 0
    moves: int = 0
    moves_understood: int = 0
    moves_true: int = 0
    rows: list[PremiseRow] = field(default_factory=list)
    scenes_read: int = 0
    unread: int = 0
    readings: int = 0
    calls: int = 0
    cost_usd: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The counts, and every row."""
        names = [share.name for share in self.shares()]
        counts = {name: getattr(self, name) for name in ("premises", "people", *names[:5], "moves")}
        return (
            counts
            | {name: getattr(self, name) for name in names[5:]}
            | {"rows": [asdict(row) for row in self.rows]}
        )

    def shares(self) -> list[Share]:
        """What the counts say, in the order in which they are shown."""
        found = self.people_found
        lines = (
            ("people_found", "people found", self.people, True),
            ("pronouns_right", "of these with the right pronouns", found, True),
            ("roles_right", "of these with the right role", found, True),
            ("places_right", "opening places", self.premises, True),
            ("must_not_hit", "stories with what the premise excludes", self.scenes_read, False),
            ("moves_understood", "moves understood as act and object", self.moves, True),
            ("moves_true", "moves that came true or were refused", self.moves, True),
        )
        return [Share(name, says, getattr(self, name), of, good) for name, says, of, good in lines]

    def misses(self) -> list[PremiseRow]:
        """The rows that did not go well."""
        return [row for row in self.rows if row.verdict]


# -------------------------------------------------------------------------------- the reading


def judge_reading(row: ReadPremise, counts: PremiseCounts) -> None:
    """Count people, pronouns, roles and the place of one premise."""
    reading = read_premise(row.premise)
    left = list(reading.people)
    counts.premises += 1
    wanted = row.protagonist
    _person(row, wanted, _player_read(reading, wanted), counts)
    for person in sorted(row.people, key=lambda p: not p.name):
        alike = [one for one in left if is_same_person(one, person)]
        alike.sort(key=lambda one: not heads_of(one.role) & heads_of(person.means) - SOMEBODY)
        read = next(iter(alike), None)
        if read:
            left.remove(read)
        _person(row, person, read, counts)
    is_right = is_place_right(reading, row.places)
    counts.places_right += is_right
    verdict = "" if is_right else "another place"
    found = f"{reading.at} {list(reading.places)}"
    counts.rows.append(
        PremiseRow(
            story=row.id, kind="places", text=" / ".join(row.places), verdict=verdict, found=found
        )
    )


def _player_read(reading: PremiseReading, wanted: ReadPerson) -> PremisePerson | None:
    """The player as read: a "somebody" is found where the reading claims nobody."""
    is_nobody = not (reading.you.role or reading.you.name)
    if is_nobody:
        is_vague = head_of(wanted.means) in VAGUE_PEOPLE | {"person"}
        return reading.you if is_vague and not wanted.name else None
    is_same = is_same_person(reading.you, wanted)
    return reading.you if is_same else None


def _person(
    row: ReadPremise, wanted: ReadPerson, read: PremisePerson | None, counts: PremiseCounts
) -> None:
    counts.people += 1
    text = f"{wanted.name} {wanted.means} ({wanted.pronouns})".strip()

    def note(kind: str, verdict: str) -> None:
        found = f"{read.name} {read.role} ({read.pronouns})".strip() if read else ""
        counts.rows.append(
            PremiseRow(story=row.id, kind=kind, text=text, verdict=verdict, found=found)
        )

    note("people", "" if read else "not found")
    if read is None:
        return
    counts.people_found += 1
    may = NEUTRAL if wanted.pronouns == "unknown" else {wanted.pronouns}
    is_right = read.pronouns in may
    counts.pronouns_right += is_right
    note("pronouns", "" if is_right else "other pronouns")
    is_vague = not (read.role or read.name)
    has_role = is_vague or is_role_right(read, wanted)
    counts.roles_right += has_role
    note("roles", "" if has_role else "another role")


# -------------------------------------------------------------------------------- the playing


async def eval_premises(
    application: Application,
    premises: Sequence[ReadPremise],
    counts: PremiseCounts,
    *,
    progress: Callable[[str], None],
    plays: bool = True,
) -> None:
    """Read every premise and play its moves from the opening, into ``counts``.

    Args:
        application: opened with the embedded storyteller, on a store for this alone.
        plays: False reads only.
    """
    for number, row in enumerate(premises, start=1):
        progress(f"{row.id}: {number} of {len(premises)}")
        judge_reading(row, counts)
        if not plays:
            continue
        session = await application.stories.open(StoryPremise(theme=row.premise, title=row.id))
        prose = [await _played(session, Action.begin(), counts)]
        for move in row.moves:
            branch = await application.stories.fork(session.story_id, turn=1)
            fork = await application.stories.resume(session.story_id, branch.name)
            await _move(application, fork, row, move, counts)
        await _first_scenes(session, row, prose, counts)


async def _played(session: Session, action: Action, counts: PremiseCounts) -> str:
    played = await turn_on(session, action)
    counts.calls += played.calls
    counts.cost_usd += played.cost_usd
    return played.scene.text


async def _first_scenes(
    session: Session, row: ReadPremise, prose: list[str], counts: PremiseCounts
) -> None:
    while len(prose) < SCENES_READ and session.state.choices:
        prose.append(await _played(session, Action.choose(1), counts))
    sentences = [sentence for text in prose for sentence in sentences_of(text)]
    hit = excluded_in(row.must_not, sentences, row.premise)
    counts.scenes_read += 1
    counts.must_not_hit += bool(hit)
    counts.rows.append(
        PremiseRow(
            story=row.id,
            kind="must_not",
            text=row.premise,
            verdict=hit and f"hit by word: {hit}",
            prose="\n\n".join(prose),
            turn=len(prose),
        )
    )


async def _move(
    application: Application,
    session: Session,
    row: ReadPremise,
    move: PremiseMove,
    counts: PremiseCounts,
) -> None:
    """Play one move, and judge what it was understood as and what came of it."""
    counts.moves += 1
    before, acts, prose, refused = session.branch.length, list[dict[str, str]](), "", ""
    try:
        prose = await _played(session, Action.say(move.text), counts)
        acts = _acts_of(session)
    except MoveRefused as error:
        refused, acts = str(error), parsed(move.text)
    branch = session.branch.branch_id
    path = await application.stories.path(session.story_id, branch) if prose else ()
    facts, lines = _added(recorded for recorded in path if recorded.position > before)
    misunderstood = min((why_misunderstood(move, act) for act in acts), key=len, default="no act")
    untrue = why_untrue(move, refused, (*facts, *lines), prose)
    counts.moves_understood += not misunderstood
    counts.moves_true += not untrue
    counts.rows.append(
        PremiseRow(
            story=row.id,
            kind="moves",
            text=move.text,
            verdict="; ".join(filter(None, (misunderstood, untrue))),
            found=f"refused: {refused}" if refused else "",
            acts=tuple(acts),
            facts=tuple(facts),
            lines=tuple(lines),
            prose=prose,
            turn=2,
        )
    )


def _acts_of(session: Session) -> list[dict[str, str]]:
    """The acts that the storyteller notes that the move was, in order."""
    noted = session.state.scene.notes.get("acts") if session.state.scene else None
    return [{str(k): str(v) for k, v in act.items()} for act in noted or ()]


def _added(path: Iterable[RecordedEvent]) -> tuple[list[str], list[str]]:
    """The facts and lasting lines that a turn has made true, in plain words."""
    facts, lines = list[str](), list[str]()
    for recorded in path:
        match recorded.event:
            case FactAsserted(claim=claim):
                facts.append(f"{claim.subject} {claim.relation} {claim.value}".replace("_", " "))
            case FactRetracted(claim=claim):
                ended = f"{claim.subject} {claim.relation} {claim.value}".replace("_", " ")
                facts.append(f"no longer: {ended}")
            case LineKept(line=line):
                lines.append(line.text)
            case _:
                pass
    return facts, lines
