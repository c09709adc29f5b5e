"""``tta show``, ``fork``, ``compare`` and ``replay``: a story and its branches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import typer

from tta_rebuild.cli import arguments as take
from tta_rebuild.cli import exits, story_view
from tta_rebuild.cli.facts import facts
from tta_rebuild.cli.facts_view import fact_line
from tta_rebuild.cli.opening import Here, on_stories
from tta_rebuild.cli.screen import MOVE_CHARS, Screen, counted, one_line, words
from tta_rebuild.core import events as told
from tta_rebuild.core.speech import script
from tta_rebuild.engine.comparison import Comparison, Side

if TYPE_CHECKING:
    from tta_rebuild.engine.replay import ReplayReport

app = take.group("Show timeline, branches, people, facts.", no_args_is_help=True)
app.command()(facts)


@app.command()
@on_stories()
async def timeline(
    here: Here,
    story: take.WhichStory,
    *,
    branch: take.WhichBranch = "main",
    json_: take.AsJson = False,
) -> None:
    """What happened, turn by turn."""
    session = await here.stories.resume(story, branch)
    path = await here.stories.path(session.story_id, session.branch.branch_id)
    by_turn = groupby((recorded for recorded in path if recorded.turn), attrgetter("turn"))
    turns = [_turn(list(own), session.state.names) for _, own in by_turn]
    here.screen.answer(turns, json_, _show_timeline)


def _turn(recorded: Sequence[told.RecordedEvent], names: Mapping[str, str]) -> story_view.Row:
    row: story_view.Row = {
        "turn": recorded[0].turn,
        "at": recorded[0].at.isoformat(timespec="seconds"),
        **dict.fromkeys(("action", "setting", "text"), ""),
        **{name: [] for name in ("facts", "ended", "never_so", "held_back")},
        **dict.fromkeys(("told_by", "degraded"), ""),
        "ends_story": False,
    }
    for event in map(attrgetter("event"), recorded):
        match event:
            case told.PlayerActed(text=text):
                row["action"] = text
            case told.SceneTold(scene=scene):
                row |= {"setting": scene.setting, "text": script(scene, names)}
                hint = story_view.WHY_HINT
                row |= {"told_by": scene.told_by, "degraded": scene.degraded.replace(hint, "")}
            case told.FactAsserted(claim=claim):
                row["facts"].append(fact_line(claim, names))
            case told.FactRetracted(claim=claim):
                row["ended"].append(fact_line(claim, names))
            case told.FactRetconned(claim=claim):
                row["never_so"].append(fact_line(claim, names))
            case told.PassageWithheld(reason=reason):
                row["held_back"].append(reason)
            case told.StoryEnded():
                row["ends_story"] = True
    return row


def _show_timeline(screen: Screen, turns: Sequence[story_view.Row]) -> None:
    teller = ""
    for turn in turns:
        told_by = "offline" if turn["told_by"].startswith("offline:") else turn["told_by"]
        by = f" · told by {one_line(told_by)}" if told_by not in ("", teller) else ""
        teller = told_by or teller
        screen.say(f"turn {turn['turn']} · {turn['at'][:16].replace('T', ' ')}{by}", "bold cyan")
        if turn["action"]:
            screen.entry("  >", one_line(turn["action"], MOVE_CHARS))
        setting = f"[{one_line(turn['setting'], 60)}] " if turn["setting"] else ""
        screen.say(setting + one_line(turn["text"], 160), indent=5)
        for mark, says, lines in (
            ("+", "", turn["facts"]),
            ("-", "", turn["ended"]),
            ("~", "never so: ", turn["never_so"]),
            ("!", "held back: ", turn["held_back"]),
            ("!", "", [turn["degraded"]]),
        ):
            for line in filter(None, lines):
                style = "yellow" if mark == "!" else "dim"
                screen.entry(f"  {mark}", says + one_line(line), style=style)
        if turn["ends_story"]:
            screen.say("The story ends here.", "bold", indent=5)
    if not turns:
        screen.say("Nothing has been told on this branch yet.")


@app.command()
@on_stories()
async def tree(here: Here, story: take.WhichStory, *, json_: take.AsJson = False) -> None:
    """The branches as a tree."""
    row = await here.stories.find(story)
    branches = await here.stories.branches(row.story_id)
    here.screen.answer(branches, json_, partial(story_view.show_tree, title=row.title))


@app.command()
@on_stories()
async def character(
    here: Here,
    story: take.WhichStory,
    name: Annotated[str, take.argument("person")] = "",
    *,
    branch: take.WhichBranch = "main",
    json_: take.AsJson = False,
) -> None:
    """One person of the story, or all of them."""
    people = story_view.cast((await here.stories.resume(story, branch)).state, name)
    here.screen.answer(people, json_, partial(story_view.show_cast, in_full=bool(name)))


@on_stories(changes=True)
async def fork(
    here: Here,
    story: take.WhichStory,
    *,
    turn: Annotated[int, take.number("fork_turn", 0)],
    branch: take.WhichBranch = "main",
    name: Annotated[str, take.option("fork_name")] = "",
    json_: take.AsJson = False,
) -> None:
    """Begin another way from a turn.

    The old way stays as it is.
    """
    named = one_line(name, 60) or None
    made = await here.stories.fork(story, branch=branch, turn=turn, name=named)
    shared = counted(made.turn, "turn") if made.turn else "the premise, and tells its own opening"
    how = f'Play it: tta play --story {made.story_id[:8]} --branch "{made.name}"'
    said = f"The branch '{made.name}' shares {shared}. {how}"
    here.screen.answer(made, json_, lambda screen, _: screen.say(said))


@on_stories()
async def compare(
    here: Here,
    story: take.WhichStory,
    first: Annotated[str, take.argument("first")],
    second: Annotated[str, take.argument("second")],
    *,
    json_: take.AsJson = False,
) -> None:
    """Show how two branches differ.

    Where they part, and what differs in turns, people and facts.
    """
    found = await here.stories.compare(story, first, second)
    here.screen.answer(found, json_, _show_comparison, indent=1)


def _show_comparison(screen: Screen, found: Comparison) -> None:
    one, other = found.one.branch.name, found.other.branch.name
    shared = counted(found.shared_turn, "turn")
    if found.one.branch.branch_id == found.other.branch.branch_id:
        screen.say(f"That is the same branch twice: '{one}', {shared}.")
        return
    screen.say(f"'{one}' and '{other}' share {shared}.")
    for side in (found.one, found.other):
        _show_side(screen, side, found.names)
    labels = words("labels")
    for character_id, differing in found.characters.items():
        screen.heading(found.names.get(character_id, character_id))
        for name, values in differing.items():
            screen.say(f"{labels.get(name, name.replace('_', ' '))}:", indent=2)
            for branch, value in zip((one, other), values, strict=True):
                screen.entry(f"    {one_line(branch, 20)}:", _in_words(value, found.names), gap=1)


def _show_side(screen: Screen, side: Side, names: Mapping[str, str]) -> None:
    screen.heading(f"{side.branch.name}: {counted(len(side.actions), 'turn')} of its own")
    settings = {turn: setting for turn, _, setting in side.scenes}
    for turn, action in side.actions:
        place = f" [{one_line(settings[turn], 60)}]" if settings.get(turn) else ""
        screen.entry(f"  {turn}", f"{one_line(action, MOVE_CHARS)}{place}")
    for fact in side.facts:
        screen.entry("  only here:", fact_line(fact, names), style="dim")


def _in_words(value: object, names: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        listed = [f"{names.get(name, name)} {number:.2f}" for name, number in value.items()]
        return ", ".join(listed) or "none"
    if isinstance(value, list):
        return "; ".join(one_line(text, MOVE_CHARS) for text in value) or "nothing"
    return one_line(str(value)) or "none"


@on_stories()
async def replay(
    here: Here,
    story: take.WhichStory,
    *,
    branch: take.WhichBranch = "main",
    json_: take.AsJson = False,
) -> None:
    """Play a story again from its log.

    Says whether every byte agrees; ends with code 1 if not.
    """
    report = await here.stories.replay(story, branch)
    here.screen.answer(report, json_, _show_replay)
    if not report.agrees:
        raise typer.Exit(exits.FAILED)


def _show_replay(screen: Screen, report: ReplayReport) -> None:
    there = report.difference
    if there is None:
        turns, events = counted(report.turns, "turn"), counted(report.events, "event")
        screen.say(f"Every byte agrees: {turns}, {events}, {report.size_bytes:,} bytes.")
    else:
        screen.say(f"It differs at turn {there.turn}, event '{there.kind}':", "bold")
        screen.entry("  log  ", there.logged or "(nothing)")
        screen.entry("  again", there.replayed or "(nothing)")
