"""The note to a player in need, on the screen and as JSON, and what they answer to it."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import tta_rebuild as tta
from tta_rebuild.cli.screen import Screen, words

Answer: TypeAlias = Literal["go_on", "gentler", "stop", ""]
"""What a player chose after the note; "" for words of their own."""


def show_note(screen: Screen, note: tta.CareNote, *, can_choose: bool = True) -> None:
    """The note, whom one can reach, and the three ways on."""
    screen.say(f"\n{note.text}\n")
    for line in note.lines:
        screen.entry(line.name, line.contact, head_style="bold")
    screen.say()
    if can_choose:
        show_choices(screen)


def show_choices(screen: Screen) -> None:
    """The three ways on after the note."""
    screen.numbered(words("care_choices").values())


def note_as_json(note: tta.CareNote) -> dict[str, Any]:
    """The note for another program: it shows it, and answers by a line of ``choices``."""
    lines = [{"name": line.name, "contact": line.contact, "web": line.web} for line in note.lines]
    about = {"note": note.text, "help_lines": lines, "emergency": note.emergency}
    return {**about, "choices": list(words("care_choices").values())}


def answer_of(line: str) -> Answer:
    """What a line chooses: a number, or the words of the choice."""
    said = line.strip().lower().rstrip(".!")
    for number, (answer, text) in enumerate(words("care_choices").items(), 1):
        if said in (str(number), answer.replace("_", " "), text.split(",")[0].lower()):
            found: Answer = answer
            return found
    return ""
