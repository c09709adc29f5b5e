"""What a turn's workflow is called by whoever begins it and by the workers that play it.

Plain names, so that neither loads the other's code.
"""

from __future__ import annotations

QUEUE = "tta-turns"
"""The task queue that workers listen to."""

WORKFLOW = "play-turn"
"""The workflow; its one argument, and its id, is the turn's id."""

CANCEL = "cancel"
"""The signal that ends a turn before it is stored; its argument says why, for the player."""
