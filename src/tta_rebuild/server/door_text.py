"""How a story looks in a chat: passages, choices as a numbered list, and what commands show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tta_rebuild.core import events as log
from tta_rebuild.core.data_files import packaged_toml
from tta_rebuild.core.events import RecordedEvent
from tta_rebuild.core.speech import quoted
from tta_rebuild.engine.cast import everybody, names_written
from tta_rebuild.engine.fact_display import fact_in_words, said_once, says_nothing
from tta_rebuild.engine.state import StoryState
from tta_rebuild.engine.turn_values import Values, choice_values, passage_values


def words(name: str, /, **said: object) -> str:
    """The text of that name in ``data/door.toml``, filled in."""
    text: str = packaged_toml("tta_rebuild.server", "door")[name]
    return text.format(**said)


def aside(text: str) -> str:
    """A remark that is no part of the story."""
    return f"*({text})*"


def passage(values: Mapping[str, Any]) -> str:
    """A paragraph; a spoken one after the name of who speaks."""
    if speaker := values["speaker"]:
        return f"**{speaker}:** {quoted(values['text'])}"
    return str(values["text"])


def choices(offered: Sequence[Mapping[str, Any]]) -> str:
    """Choices as a numbered list."""
    return "\n".join(f"{one['number']}. {one['text']}" for one in offered)


def of_update(kind: str, values: Values) -> str:
    """What is shown of something seen of a turn, "" for nothing."""
    match kind:
        case "passage":
            return passage(values)
        case "warning":
            return aside(values["text"])
        case "restarted":
            return aside(words("restarted", reason=values["reason"]))
        case "scene":
            return after_scene(values["degraded"], values["is_ending"])
        case "choices":
            return choices(values["choices"])
        case "refused":
            return words("refused", reason=values["reason"])
        case "paused":
            return care(values)
        case "aside":
            answer = values["answer"] or ", ".join(values["reasons"])
            return f"**{values['name']}:** {answer}"
        case "abandoned":
            return aside(words("abandoned", reason=values["reason"]))
    return ""


def after_scene(degraded: str, is_ending: bool) -> str:
    """What is said after a scene's last words."""
    said = [aside(degraded)] if degraded else []
    return "\n\n".join([*said, aside(words("the_end"))] if is_ending else said)


def care(values: Values) -> str:
    """The note to a player in need: whom one can reach, and the ways on."""
    lines = [f"- **{line['name']}**: {line['contact']}" for line in values["help_lines"]]
    return "\n\n".join(part for part in (values["note"], "\n".join(lines), words("go_on")) if part)


def told(turn: Sequence[RecordedEvent], names: Mapping[str, str]) -> list[str]:
    """The paragraphs of a turn as it is stored, as they were while it was played."""
    shown = []
    for recorded in turn:
        match recorded.event:
            case log.SceneTold(scene=scene):
                shown += [passage(passage_values(one, names)) for one in scene.passages]
                shown.append(after_scene(scene.degraded, scene.is_ending))
            case log.ChoicesOffered(choices=offered):
                shown.append(choices(choice_values(offered)))
    return [paragraph for paragraph in shown if paragraph]


def present(state: StoryState) -> str:
    """The last scene and its choices."""
    if state.scene is None:
        return words("nothing_told")
    shown = [passage(passage_values(one, state.names)) for one in state.scene.passages]
    shown.append(after_scene(state.scene.degraded, state.ended))
    shown.append(choices(choice_values(state.choices)))
    return "\n\n".join(paragraph for paragraph in shown if paragraph)


def helped() -> str:
    """What can be typed."""
    rows = packaged_toml("tta_rebuild.server", "door")["help"].items()
    return "\n".join([words("help_head"), "", *(f"- `{head}`: {text}" for head, text in rows)])


def who(state: StoryState, name: str) -> str:
    """The people of a story, or those whom a name means."""
    wanted, shown = name.casefold(), []
    for person in everybody(state):
        if wanted in person["name"].casefold():
            you = words("you") if person["is_player"] else ""
            feels = f"feels {person['feels']}" if person["feels"] else ""
            about = [part for part in (person["description"], feels) if part]
            shown.append(f"- **{person['name']}**{you}: {'; '.join(about) or '?'}")
    return "\n".join(shown) or words("nobody")


def facts(state: StoryState, word: str) -> str:
    """What holds, or what of it mentions a word."""
    names = names_written(state.facts) | state.names
    held = said_once(state, ((fact, None) for fact in state.facts))
    says = [fact_in_words(state, f, names) for f, _ in held if not says_nothing(f, names)]
    says += [line.text for line in state.lines.values()]
    found = [one for one in dict.fromkeys(says) if word.casefold() in one.casefold()]
    return "\n".join(f"- {one}" for one in found) or words("no_facts")


def why(state: StoryState) -> str:
    """What was held back, or not offered, of the last turn."""
    shown = [f"- {held.text} ({held.gate}: {held.reason})" for held in state.withheld]
    shown += [f"- {text} ({reason})" for text, reason in state.rejected]
    if state.scene and state.scene.degraded:
        shown.append(f"- {state.scene.degraded}")
    return "\n".join(shown) or words("nothing_held")
