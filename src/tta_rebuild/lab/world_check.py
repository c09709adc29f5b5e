"""Checks a file of scenes as a linter would, and plays it: for authors, by ``tta worlds --check``.

``problems`` looks at the file alone; ``play_through`` plays it many times by chance and says which
scenes and endings were met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from tta_rebuild.storyteller.act_grammar import families
from tta_rebuild.storyteller.deeds import kinds_of_deeds
from tta_rebuild.storyteller.fact_cast import PARTS_OF_FACTS
from tta_rebuild.storyteller.motives import has_motive
from tta_rebuild.storyteller.scene_file import ChoiceEntry, WorldFile, paragraphs
from tta_rebuild.storyteller.surroundings import SURROUNDING
from tta_rebuild.storyteller.teller import Teller
from tta_rebuild.storyteller.world_state import NOWHERE, YOU, idle_terms, keys_of

MOST_TURNS = 60
_GIVEN = frozenset(
    "here turn stage time weather roll kind alone npc gain heat price "
    "last_person last_it last_he last_she last_they way_taken did_aim away fate "
    "fact also also2 also3 reason when "
    "matter.portable matter.named matter.place matter.alive deadline.named".split()
)
_PROPERTIES = frozenset(
    "at here trust met dead hurt asleep caught broken burnt gone open locked lit hidden worn fixed "
    "group person afraid asked sealed close foe above mute".split()
)


def problems(world: WorldFile) -> list[str]:
    """What is wrong or unused in a file, a sentence each; none if it is clean."""
    ids = {scene.id for scene in world.scenes}
    things = {*world.people, *world.places, *world.things}
    known = {*things, *world.parts, *(PARTS_OF_FACTS if not world.places else ())}
    asked, changed = _asked(world), _changed(world)
    led_to = {choice.next for choice in _all_choices(world) if choice.next}
    return [
        *(f"a choice leads to '{one}', which is no scene" for one in sorted(led_to - ids)),
        *(f"scene '{s.id}' cannot be reached: it has no when and no act, and nothing leads to it"
          for s in world.scenes if not s.when and not s.act and s.id not in led_to),
        *_acts_unknown(world, known),
        *(f"'{idle}' is asked for twice in '{condition}': a slash joins single terms, not what "
          "stands between commas"
          for condition in _conditions(world) for idle in idle_terms(condition)),
        *(f"'{key}' is asked for, and nothing ever sets it"
          for key in sorted(asked - changed - set(world.start)) if not _is_given(key, known)),
        *(f"'{key}' is set, and nothing ever asks for it"
          for key in sorted((changed | set(world.start)) - asked) if not _is_given(key, known)),
        *(f"place '{key}' leads to '{way}', which is no place"
          for key, place in world.places.items() for way in place.ways if way not in world.places),
        *(f"'{key}' is at '{at}', which is nowhere in the file"
          for key, at in (*((k, p.at) for k, p in world.people.items()),
                          *((k, t.at) for k, t in world.things.items()))
          if at not in (*things, YOU, NOWHERE)),
        *(f"scene '{s.id}' is a dead end: no choice of its own or of the world's can follow"
          for s in world.scenes if not s.ending and not s.choices and not world.choices),
        *([] if any(s.ending for s in world.scenes) else ["there is no ending"]),
    ]  # fmt: skip


def _acts_unknown(world: WorldFile, known: set[str]) -> Iterator[str]:
    for scene in world.scenes:
        family, _, target = scene.act.partition(" ")
        if family and family not in families():
            yield f"scene '{scene.id}' waits for the act '{family}', which is none"
        of_plots = ("npc", "matter", *SURROUNDING, *world.parts)
        is_known = target in known or (not world.places and target in of_plots)
        if target and not is_known:
            yield f"scene '{scene.id}' waits for '{target}', which is nowhere in the file"


def _is_given(key: str, things: set[str]) -> bool:
    first, dot, rest = key.partition(".")
    if first == "asks":
        return has_motive(rest)
    if first == "deed":
        deed, _, whom = rest.partition(".")
        return deed in {*families(), *kinds_of_deeds()} and whom in {"", "npc", *things}
    known = first in things or first in ("npc", YOU)
    return key in _GIVEN or (not dot and known) or (known and rest in _PROPERTIES)


def _all_choices(world: WorldFile) -> Iterator[ChoiceEntry]:
    yield from world.choices
    for scene in world.scenes:
        yield from scene.choices


def _conditions(world: WorldFile) -> list[str]:
    conditions = [choice.if_ for choice in _all_choices(world)]
    conditions += [tick.get("if", "") for tick in world.each_turn]
    for scene in world.scenes:
        conditions.append(scene.when)
        conditions += [condition for condition, _, _ in paragraphs(scene.text)]
    return conditions


def _asked(world: WorldFile) -> set[str]:
    return {key for condition in _conditions(world) for key in keys_of(condition)}


def _changed(world: WorldFile) -> set[str]:
    effects = [choice.then for choice in _all_choices(world)]
    effects += [scene.then for scene in world.scenes]
    effects += [tick.get("then", "") for tick in world.each_turn]
    return {key for effect in effects for key in keys_of(effect, is_effect=True)}


@dataclass(slots=True)
class PlayedThrough:
    """What many plays by chance have met.

    Attributes:
        scenes: scene → in how many plays it came.
        endings: ending scene → how many plays came to it.
        open_ends: plays that had come to no ending after ``MOST_TURNS`` turns.
        turns: turns of the plays that ended, in order.
    """

    scenes: dict[str, int] = field(default_factory=dict)
    endings: dict[str, int] = field(default_factory=dict)
    open_ends: int = 0
    turns: list[int] = field(default_factory=list)


def play_through(
    name: str, plays: int, seed: int = 0, progress: Callable[[int], None] = lambda done: None
) -> PlayedThrough:
    """Play a world by chance, taking any choice offered. Raises RequestRejected as reading does."""
    found = PlayedThrough()
    for number in range(plays):
        _play_once(name, Random(f"{seed}:{number}"), found)
        progress(number + 1)
    return found


def _play_once(name: str, rng: Random, found: PlayedThrough) -> None:
    variables = {"world": name, "theme": name, "seed": rng.randrange(10**6), "stage": "development"}
    notes: dict[str, object] = {}
    met: set[str] = set()
    action = ""
    for turn in range(1, MOST_TURNS + 1):
        teller = Teller({**variables, "turn": turn, "notes": notes, "action": action})
        reply = teller.scene()
        met.update(teller.draft.seen)
        if reply["is_ending"]:
            last = teller.draft.seen[-1]
            found.endings[last] = found.endings.get(last, 0) + 1
            found.turns.append(turn)
            break
        notes = reply["notes"]
        offered = [branch["choice"] for branch in reply["story_branches"]]
        action = rng.choice(offered) if offered else "wait"
    else:
        found.open_ends += 1
    for scene in met:
        found.scenes[scene] = found.scenes.get(scene, 0) + 1


def never_met(world: WorldFile, found: PlayedThrough) -> list[str]:
    """Scenes that came in no play; those that wait for a free act apart."""
    return [s.id for s in world.scenes if not found.scenes.get(s.id) and not s.act]
