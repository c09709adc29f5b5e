"""What a run without a person at the keyboard does when its model fails: stop, wait, or go on.

Turns of the embedded storyteller would spoil, unseen, a batch that names a model.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import tta_rebuild as tta
from tta_rebuild.cli.arguments import OnFailure
from tta_rebuild.cli.opening import CommandContext, settings_for, with_application
from tta_rebuild.cli.screen import Screen
from tta_rebuild.cli.turn_view import TurnResult, play_turn
from tta_rebuild.core import errors

if TYPE_CHECKING:
    from tta_rebuild.cli.story_options import StoryOptions
    from tta_rebuild.core.clock import Clock

SHORTEST_WAIT_S, LONGEST_WAIT_S = 15.0, 900.0

MAY_PASS = (
    errors.CircuitOpen,
    errors.ProviderBusy,
    errors.QuotaExhausted,
    errors.QuotaFull,
    errors.StreamBroken,
)
PlayTurn: TypeAlias = Callable[..., Awaitable[TurnResult]]
"""``play_turn``, or ``told``."""


def with_storyteller(
    command: CommandContext,
    work: Callable[[tta.Application, PlayTurn], Awaitable[None]],
    options: StoryOptions,
    *,
    quiet: bool = False,
) -> None:
    """Open the application with the models that suit the options, and tell with it.

    ``work`` gets what plays a turn: it waits for a model that fails where that is wished for.
    """
    settings = settings_for(command, model=options.model)
    decision, settings = for_failures(settings, options.on_failure)
    play = partial(told, notes=command.screen) if decision == "wait" else play_turn
    with_application(command, lambda opened: work(opened, play), settings, warm=True, quiet=quiet)


def for_failures(
    settings: tta.Settings, wanted: OnFailure | None
) -> tuple[OnFailure, tta.Settings]:
    """What was wished for, or what suits the models that are set; and the settings for it.

    The embedded storyteller stays in their chain only where it may go on in a model's place.
    """
    from tta_rebuild.bootstrap.model_names import OFFLINE, chosen_model, named_chain

    models = tuple(model for model in named_chain(settings) if model != OFFLINE)
    is_kept_offline = OFFLINE in (*settings.chain, chosen_model(settings))
    decision = wanted or ("offline" if is_kept_offline else "stop")
    if decision == "offline" or not models:
        return decision, settings
    return decision, settings.model_copy(update={"chain": models})


async def told(
    session: tta.Session,
    move: tta.Action,
    screen: Screen | None,
    notes: Screen,
    clock: Clock | None = None,
) -> TurnResult:
    """Play a turn, and again after a while as long as what failed may pass.

    Raises what no waiting mends (a wrong key, an unknown model, a used-up budget).
    """
    from tta_rebuild.core.clock import SystemClock

    clock, wait_s = clock or SystemClock(), SHORTEST_WAIT_S
    while True:
        try:
            return await play_turn(session, move, screen)
        except MAY_PASS as error:
            asked_s = getattr(error, "retry_after_s", None) or 0.0
            if isinstance(error, errors.QuotaExhausted):
                asked_s = (error.resets_at - clock.wall()).total_seconds()
            now_s = max(asked_s, wait_s)
            notes.note(f"{error} (trying again in {now_s:.0f} s; Ctrl-C stops)", "yellow")
            await clock.sleep(now_s)
            wait_s = min(LONGEST_WAIT_S, 2 * wait_s)
