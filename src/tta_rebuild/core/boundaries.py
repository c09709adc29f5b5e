"""How a player is told that a move of theirs is kept out by a boundary of their own.

Said by the gate (``safety``) for words, and by the embedded storyteller for what they come to.
"""

from __future__ import annotations


def boundary_refusal(name: str, level: str) -> str:
    """One line that names the boundary, its level as the player gave it, and what can be done."""
    subject = name.replace("_", " ")
    return (
        f"You asked to keep {subject} at '{level}', so this is not played. "
        "Say it another way, or change the boundary for a new story."
    )
