"""What the storyteller is told before a scene: the present, as far as it matters now.

Called by ``engine.turn``. Of bounded size, however long the story: what to bring back from the past
is ``canon.recall``'s decision.
"""

from __future__ import annotations
