"""What is true and who is who on a branch: people, relationships, facts, corrections, verdicts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from tta_rebuild.canon.view import Fact
from tta_rebuild.core.errors import StoryError
from tta_rebuild.core.events import CharacterChanged
from tta_rebuild.core.story import Bond, Choice, Claim, LastingLine
from tta_rebuild.engine.cast import everybody, names_written
from tta_rebuild.engine.fact_display import (
    cited,
    fact_in_words,
    said_once,
    says_nothing,
    taken_back,
)
from tta_rebuild.engine.knowing import said_in_words, view_of
from tta_rebuild.engine.known_facts import KnownFacts
from tta_rebuild.engine.state import StoryState
from tta_rebuild.lab.feedback import rate, ratings_along
from tta_rebuild.server import canon_shapes as shapes
from tta_rebuild.server.problems import Problem
from tta_rebuild.server.report_shapes import RatingIn, RatingOut, RatingsOut
from tta_rebuild.server.resources import (
    After,
    CharacterId,
    Limit,
    Served,
    TheBranch,
    TheSession,
    documented,
)
from tta_rebuild.server.routes.stories import next_after
from tta_rebuild.server.shapes import BranchOut

router = APIRouter(
    prefix="/stories/{story}/branches/{branch}", tags=["canon"], responses=documented(404)
)


@router.get("/characters")
async def list_characters(session: TheSession) -> shapes.PeopleOut:
    """Everybody in the story."""
    people = [shapes.PersonOut(**one) for one in everybody(session.state)]
    return shapes.PeopleOut(characters=people)


@router.get("/characters/{character_id}")
async def get_character(
    character_id: CharacterId, branch: TheBranch, session: TheSession, served: Served
) -> shapes.PersonInFullOut:
    """One person: how they are, what they know, and how they have changed."""
    state = session.state
    person = next((p for p in everybody(state) if p["character_id"] == character_id), None)
    if person is None:
        names = ", ".join(p["character_id"] for p in everybody(state)[:12])
        said = f"nobody of the id '{character_id}' is in this story; there are: {names or 'none'}"
        raise Problem(404, "Nobody of that id", said, kind="CharacterNotFound")
    path, _ = await served.application.stories.whole(branch)
    view = view_of(state, character_id)
    feeling = view.feeling
    return shapes.PersonInFullOut(
        **person,
        emotion=feeling.emotion,
        shade=view.now.shade,
        intensity=view.now.intensity,
        knows=list(view.known),
        tied=[_tied(to, bond, state) for to, bond in view.now.bonds.items()],
        over_time=[
            _moment(recorded.turn, recorded.event, state)
            for recorded in path
            if isinstance(recorded.event, CharacterChanged)
            and recorded.event.character_id == character_id
        ],
    )


def _tied(to: str, bond: Bond, state: StoryState) -> shapes.TiedOut:
    parts = {name: getattr(bond, name) for name in ("trust", "affection", "fear", "debt", "number")}
    return shapes.TiedOut(other=to, name=state.names.get(to, to), **parts)


def _bonds_of(event: CharacterChanged) -> Mapping[str, Bond]:
    older = {to: Bond.of(number) for to, number in event.relationships.items()}
    return older | dict(event.bonds)


def _moment(turn: int, event: CharacterChanged, state: StoryState) -> shapes.MomentOut:
    return shapes.MomentOut(
        turn=turn,
        emotion=event.emotion,
        shade=event.shade,
        intensity=event.intensity,
        arc=event.arc_stage,
        goals=dict(event.goals),
        ties=[_tied(to, bond, state) for to, bond in _bonds_of(event).items()],
    )


@router.get("/relationships")
async def list_relationships(
    branch: TheBranch, session: TheSession, served: Served
) -> shapes.RelationshipsOut:
    """What everybody feels about each other, now and at the end of each turn."""
    state, over_time = session.state, dict[tuple[str, str], dict[int, float]]()
    path, _ = await served.application.stories.whole(branch)
    for recorded in path:
        if isinstance(event := recorded.event, CharacterChanged):
            for to, bond in _bonds_of(event).items():
                over_time.setdefault((event.character_id, to), {})[recorded.turn] = bond.number
    found = [
        shapes.RelationshipOut(
            **_tied(to, bond, state).model_dump(),
            who=who,
            who_name=state.names.get(who, who),
            over_time=[
                shapes.TieMomentOut(turn=turn, number=number)
                for turn, number in over_time.get((who, to), {}).items()
            ],
        )
        for who, now in state.characters.items()
        for to, bond in now.bonds.items()
    ]
    return shapes.RelationshipsOut(relationships=found)


@router.get("/facts")
async def list_facts(
    branch: TheBranch,
    served: Served,
    after: After = 0,
    limit: Limit = 100,
    word: Annotated[str, Query(max_length=200, description="Only what mentions it")] = "",
    ended: Annotated[bool, Query(description="Also what holds no more")] = False,
    known: Annotated[bool, Query(description="Only what the player's character knows")] = False,
) -> shapes.FactsOut:
    """What holds, since when, and the sentence that it comes from.

    `known` leaves out what the player's character neither knows nor could see, and counts it.
    """
    path, state = await served.application.stories.whole(branch)
    turns = {recorded.position: recorded.turn for recorded in path}
    names = names_written(state.facts) | state.names
    listed = FactLister(state, names, turns, KnownFacts.of_player(state, names))
    held = ((f, until) for f, until in state.canon.ever() if ended or until is None)
    found = [
        listed.row(fact, until)
        for fact, until in said_once(state, held)
        if not says_nothing(fact, names)
    ]
    if ended:
        found += [listed.row(fact, at, taken_back=True) for fact, at in taken_back(path)]
    wanted = word.casefold()
    found = [one for one in found if wanted in f"{one.says}\n{one.sentence}".casefold()]
    lines = [
        shapes.ListedLineOut(**_line(number, line), known=listed.known.knows_line(line))
        for number, line in state.lines.items()
        if wanted in line.text.casefold()
    ]
    hidden = sum(not one.known for one in found) + sum(not one.known for one in lines)
    if known:
        found, lines = [one for one in found if one.known], [one for one in lines if one.known]
    return shapes.FactsOut(
        facts=found[after : after + limit],
        lines=lines,
        next=next_after(after, limit, len(found)),
        not_known=hidden,
        player_name=state.names.get(state.player, ""),
    )


def _line(number: int, line: LastingLine) -> dict[str, Any]:
    return {
        "number": number,
        "text": line.text,
        "about": list(line.about),
        "known_by": list(line.known_by),
        "weight": line.weight,
    }


@dataclass(frozen=True, slots=True)
class FactLister:
    """Makes rows of facts; ``turns`` are those of positions."""

    state: StoryState
    names: Mapping[str, str]
    turns: Mapping[int, int]
    known: KnownFacts

    def row(self, fact: Fact, until: int | None, *, taken_back: bool = False) -> shapes.FactOut:
        """A fact and until which event it held, or at which it was taken back."""
        state, names = self.state, self.names
        return shapes.FactOut(
            subject=fact.subject,
            subject_name=names.get(fact.subject, fact.subject.replace("_", " ")),
            relation=fact.relation,
            value=fact.value,
            value_name=names.get(fact.value, fact.value.replace("_", " ")),
            says=fact_in_words(state, fact, names),
            sentence=cited(state, fact, names),
            certain=fact.certain,
            since=fact.since,
            since_turn=self.turns.get(fact.since, 0),
            until=until,
            until_turn=None if until is None else self.turns.get(until, 0),
            taken_back=taken_back,
            known=self.known.knows(fact),
        )


@router.patch("/lines/{number}", responses=documented(404, 409))
async def correct_line(
    number: Annotated[int, Path(ge=1, le=10**9)],
    wanted: shapes.LineIn,
    branch: TheBranch,
    served: Served,
) -> shapes.LinesOut:
    """Correct a lasting line, or take it back; gives those that are in force then."""
    stories = served.application.stories
    try:
        said = " ".join(wanted.becomes.split())
        lines = await stories.correct_line(branch.story_id, branch.branch_id, number, said)
    except StoryError as error:
        if type(error) is StoryError:
            do = "GET …/facts lists the lines that are in force."
            raise Problem(404, "No such line", str(error), do=do, kind="StoryError") from error
        raise
    return shapes.LinesOut(lines=[shapes.LineOut(**_line(n, line)) for n, line in lines.items()])


@router.post("/retcons", responses=documented(404, 409))
async def retcon(wanted: shapes.RetconIn, branch: TheBranch, served: Served) -> shapes.RetconOut:
    """Take a fact back, or correct it; `dry_run` only says what depends on it."""
    stories = served.application.stories
    claim = Claim(**wanted.claim.model_dump())
    path, state = await stories.whole(branch)
    names = names_written(state.facts) | state.names
    becomes = None
    if wanted.becomes is not None:
        becomes = replace(claim, value=_value_in(wanted.becomes, state, claim, names))
    where = (branch.story_id, branch.branch_id)
    turns = {recorded.position: recorded.turn for recorded in path}
    made = None
    try:
        if wanted.dry_run:
            plan = await stories.plan_retcon(*where, claim, becomes)
        else:
            how, reason = wanted.how, wanted.reason
            made = await stories.retcon(*where, claim, becomes, how=how, reason=reason)
            plan = made.plan
    except StoryError as error:
        if type(error) is StoryError:  # it was never so
            do = "GET …/facts lists what holds."
            raise Problem(409, "It was never so", str(error), do=do, kind="StoryError") from error
        raise
    return shapes.RetconOut(
        says=fact_in_words(state, plan.fact, names),
        becomes=fact_in_words(state, plan.becomes, names) if plan.becomes else None,
        since_turn=turns.get(plan.fact.since, 0),
        dependents=[
            shapes.DependentOut(
                turn=turns.get(one.position, 0),
                says=fact_in_words(state, one.claim, names),
                ends=one.claim.ends,
                why=one.why,
            )
            for one in plan.dependents
        ],
        branch=BranchOut.model_validate(made.branch) if made else None,
    )


def _value_in(said: str, state: StoryState, claim: Claim, names: Mapping[str, str]) -> str:
    """The new value, of a value or of the whole sentence: "Owen is my cousin." is "my cousin"."""
    rest, open_claim = " ".join(said.split()), replace(claim, value="…")
    for told in (fact_in_words(state, open_claim, names), said_in_words(state, open_claim)):
        beginning = told.partition("…")[0]
        if beginning and rest.casefold().startswith(beginning.casefold()):
            rest = rest[len(beginning) :].rstrip(" .")
    if state.canon.relations[claim.relation].value == "place":
        # as places are kept: "in the cellar" is "cellar"
        rest = re.sub(r"^(?:in |inside |at |on )?(?:the )?", "", rest, flags=re.IGNORECASE)
    return rest or said


@router.post("/validate")
async def validate(
    wanted: shapes.ValidateIn, branch: TheBranch, session: TheSession, served: Served
) -> shapes.VerdictsOut:
    """Whether choices, or moves of one's own, would fit as the story stands; no model is asked."""
    state = session.state
    usual = (state.player,) if state.player else tuple(state.characters)[:1]
    choices = [
        Choice(text=c.text, consequence=c.consequence, affects=tuple(c.affects) or usual)
        for c in wanted.choices
    ] or list(state.choices)
    verdicts = await served.application.stories.judge(branch.story_id, branch.branch_id, choices)
    return shapes.VerdictsOut(
        verdicts=[
            shapes.VerdictOut(
                choice=choice.text,
                is_valid=one.is_valid,
                overall_score=one.overall_score,
                consistency_score=one.consistency_score,
                meaningfulness_score=one.meaningfulness_score,
                character_alignment_score=one.character_alignment_score,
                universe_rules_score=one.universe_rules_score,
                dead_end_risk=one.dead_end_risk,
                issues=[
                    shapes.IssueOut(
                        severity=issue.severity.value,
                        category=issue.category,
                        message=issue.message,
                        suggested_fix=issue.suggested_fix,
                    )
                    for issue in one.issues
                ],
                suggestions=one.suggestions,
            )
            for choice, one in zip(choices, verdicts, strict=True)
        ]
    )


@router.patch("/boundaries", responses=documented(404, 409))
async def tighten(wanted: shapes.BoundariesIn, session: TheSession) -> shapes.BoundariesOut:
    """Keep more out from here on; nothing can be loosened while a story is played."""
    stricter = dict(await session.tighten(wanted.boundaries)) if wanted.boundaries else {}
    if wanted.gentler:
        stricter |= dict(await session.make_gentler())
    return shapes.BoundariesOut(
        boundaries=dict(session.state.premise.boundaries), stricter=stricter
    )


@router.get("/ratings")
async def list_ratings(branch: TheBranch, served: Served) -> RatingsOut:
    """What you said of the scenes of a branch, those that it shares with others among them."""
    found = await ratings_along(served.application, branch)
    return RatingsOut(ratings=[RatingOut.model_validate(one) for one in found])


@router.post("/ratings", status_code=201)
async def give_rating(wanted: RatingIn, branch: TheBranch, served: Served) -> RatingOut:
    """Rate a scene, in place of an earlier rating."""
    given = await rate(
        served.application,
        branch.story_id,
        wanted.rating,
        wanted.comment,
        branch=branch.branch_id,
        turn=wanted.turn,
    )
    return RatingOut.model_validate(given)
