"""``tta analytics``: how stories are played, counted on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from tta_rebuild.cli import arguments as take
from tta_rebuild.cli.opening import Here, on_stories
from tta_rebuild.cli.screen import Screen, counted
from tta_rebuild.cli.tables import show_table
from tta_rebuild.lab import analytics as lab
from tta_rebuild.lab.analytics import Analytics, By


@on_stories()
async def analytics(
    here: Here,
    *,
    by: Annotated[By, take.option("group_by")] = "model",
    days: Annotated[int, take.number("played_days", 0)] = 0,
    charts: Annotated[Path | None, take.option("charts", "--charts", metavar="<folder>")] = None,
    json_: take.AsJson = False,
) -> None:
    """Count how stories are played; nothing leaves the machine.

    Turns, drop-off, choices, free moves, what was held back, repairs, degraded turns, cost.
    """
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    found = await lab.analytics(here.application, by, since=since)
    if charts is not None:
        from tta_rebuild.lab.charts import bars_chart

        reached = {f"turn {line.turn}": float(line.reached) for line in found.drop_off}
        title, says = "Stories that reached a turn", "stories"
        for path in bars_chart(reached, charts, "drop_off", title=title, says=says):
            here.screen.note(f"drawn: {path}")
    if json_:
        here.screen.json(found.as_json() | {"by": by}, indent=1)
    else:
        _show(here.screen, found, by)


def _show(screen: Screen, found: Analytics, by: By) -> None:
    total = found.total
    if not total.turns:
        screen.say("Nothing was played yet.")
        return
    stories, turns = counted(total.stories, "story"), counted(total.turns, "turn")
    screen.say(f"{stories}, {total.finished} finished, {turns}; {found.unbegun} not begun", "bold")
    each = total.cost_per_finished_usd
    cost = f", ${each:.4f} for each finished story" if each is not None else ""
    screen.say(f"${total.cost_usd:.4f} in all{cost}")
    for head, counts in (
        ("moves", found.moves),
        ("choices, by place", found.places),
        ("choices, by kind", found.kinds),
        ("held back, by gate", total.blocked),
    ):
        screen.entry(f"{head:<18}", _listed(counts))
    screen.entry(f"{'left out':<18}", counted(total.left_out, "choice"))
    screen.entry(f"{'repairs':<18}", f"{total.repairs}; degraded turns: {total.degraded}")
    screen.heading("How far stories come")
    lines = [(line.turn, line.reached, line.stopped, line.finished) for line in found.drop_off]
    show_table(screen, ("turn", "reached", "stopped here", "finished here"), lines)
    screen.heading(f"By {by}")
    heads = (by, "turns", "stories", "finished", "held back", "repairs", "degraded", "quality",
             "US$", "US$ each finished")  # fmt: skip
    rows = [
        (g.key or "none", g.turns, g.stories, g.finished, g.blocked.total(), g.repairs, g.degraded,
         g.quality, g.cost_usd, g.cost_per_finished_usd)
        for g in found.groups
    ]  # fmt: skip
    show_table(screen, heads, rows)


def _listed(counts: Mapping[str, int] | Mapping[int, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(counts.items())) or "none"
