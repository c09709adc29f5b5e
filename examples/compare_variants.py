"""Two ways of telling, played side by side and judged; without a model and without a key.

The stories are told by the embedded storyteller, once from a premise, once in a world by hand.
Needs the extra ``experiments``. Run it: ``python examples/compare_variants.py``
"""

import asyncio
import tempfile
from pathlib import Path

import tta_rebuild as tta
from tta_rebuild.lab.experiment import ExperimentRun, settings_for_plays
from tta_rebuild.lab.experiment_plan import ExperimentPlan, PlayedVariant
from tta_rebuild.lab.told_file import PlainPremise

THEMES = (
    "A keeper tends the lighthouse while a storm nears.",
    "Two sisters inherit a bakery by the river.",
    "The night train stops where there is no station.",
    "A gardener finds a letter under the roses.",
    "A clockmaker is asked to mend a clock that runs backwards.",
    "A diver comes up with a box that is dry inside.",
    "A ferryman waits for the last passenger of the season.",
    "Nela rings the bell of a small town.",
)


async def main() -> None:
    """Play eight premises in two variants, and say what the data show."""
    plan = ExperimentPlan(
        name="a world by hand",
        premises="",
        turns=3,
        variants={"premise": PlayedVariant(), "world": PlayedVariant(world="lighthouse")},
    )
    premises = [PlainPremise(id=f"p{n}", premise=theme) for n, theme in enumerate(THEMES)]
    with tempfile.TemporaryDirectory() as folder:
        settings = tta.load_settings(options={"--data-dir": Path(folder), "--model": "offline"})
        settings = settings_for_plays(settings, plan)
        async with tta.open_application(settings, has_fallback=False) as application:
            run = ExperimentRun(application=application, plan=plan, premises=premises)
            await run.begin()
            verdict = await run.run()
    print(f"Winner: {verdict.winner or 'none'}. {verdict.reason}")
    for one in verdict.effects:
        print(f"  {one.metric:28} {one.difference:+.4f} ({one.low:+.4f} to {one.high:+.4f})")


if __name__ == "__main__":
    asyncio.run(main())
