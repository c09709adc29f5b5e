"""What an ending says was not done, so that it is not told to somebody who has done it.

Called by ``scene_order`` and ``teller``: an ending whose plain text denies a deed of the ledger
does not come, and a paragraph of one that does so is left out. ``data/denials.yaml`` says which
words deny what.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from tta_rebuild.storyteller.act_grammar import verb_at
from tta_rebuild.storyteller.scene_file import SceneEntry, paragraphs
from tta_rebuild.storyteller.word_lists import packaged_yaml
from tta_rebuild.storyteller.world_state import WorldState


@lru_cache(maxsize=4_000)
def denied_in(text: str) -> tuple[str, ...]:
    """The conditions, each of which, where it holds, is denied by a text of an ending.

    ``You did not {aim}. You never knocked back.`` → did_aim/deed.turned, done.knock/deed.knock …
    """
    table = packaged_yaml("data/denials")
    told = re.sub(r"“[^”]*”", "", text)  # what somebody says is theirs
    found = [one["of"] for one in table["denials"] if re.search(one["says"], told, re.I)]
    families = table["families"].split()
    for one in _not_done().finditer(told):
        verb = verb_at(one["verb"].split())
        if verb is not None and verb.family in families:
            found.append(f"done.{verb.family}/deed.{verb.family}")
    return tuple(dict.fromkeys(found))


@cache
def _not_done() -> re.Pattern[str]:
    return re.compile(packaged_yaml("data/denials")["not_done"], re.I)


def denies(text: str, state: WorldState) -> bool:
    """Whether a text says that something was not done which the ledger holds as done."""
    return any(state.holds(one) for one in denied_in(text))


def is_true_ending(scene: SceneEntry, state: WorldState) -> bool:
    """Whether what an ending says in any case agrees with what was done."""
    told = (text for condition, _, text in paragraphs(scene.text) if not condition)
    return not any(denies(text, state) for text in told)
