"""Code in a scene: checked where it can do no harm, counted in, and replayed from the log."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from tta_rebuild.bootstrap.guards import code_check_for
from tta_rebuild.core.events import CodeChecked
from tta_rebuild.core.usage import Ledger
from tta_rebuild.engine.action import Action
from tta_rebuild.settings import load_settings


def told(kit, code):
    block = {"facts": [], "text": f"The machine hums.\n\n```python\n{code}\n```\n"}
    return kit.scene("Mara opens the brass casing.", block)


@pytest.fixture
async def checking(kit, tmp_path):
    """Makes a desk whose scenes have their code checked by the embedded engine."""
    async with AsyncExitStack() as stack:
        settings = load_settings({}, tmp_path)
        check = code_check_for(settings, stack, ledger=Ledger())

        def desk(*replies):
            made = kit.desk(*replies)
            made.check_code = check
            return made

        yield desk


async def verdicts(desk, session):
    log = [r.event async for r in desk.store.read(session.branch.branch_id)]
    return [v.verdict for e in log if isinstance(e, CodeChecked) for v in e.verdicts]


async def test_valid_code_leaves_the_quality_as_it_is_and_invalid_code_lowers_it(kit, checking):
    found = {}
    for name, code in (("valid", "print(sum(range(10)))"), ("invalid", "print(undefined_gear)")):
        desk = checking(told(kit, code))
        session = await desk.stories.open(kit.premise)
        await kit.play(session, Action.begin())
        assert await verdicts(desk, session) == [name]
        found[name] = session.state.scene.quality
        assert (await desk.stories.replay(session.story_id)).agrees
    assert found["invalid"] < 0.9 * found["valid"]


async def test_a_scene_without_code_is_not_checked_at_all(kit, checking):
    desk = checking(kit.scene("A plain scene."))
    session = await desk.stories.open(kit.premise)
    await kit.play(session, Action.begin())
    assert await verdicts(desk, session) == []
