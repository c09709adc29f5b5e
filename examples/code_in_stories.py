"""A story with code in it: found, run where it can do no harm, and judged.

Runs without a key and without a network. With ``E2B_API_KEY`` set, ``E2BExecutor`` takes the place
of ``LocalExecutor`` in one line.

    python examples/code_in_stories.py
"""

from __future__ import annotations

import asyncio

from tta_rebuild.integrations import LocalExecutor
from tta_rebuild.quality.story_code import check_code

STORY = """\
# The clockmaker's door

The door has no handle. Where the lock should be, somebody has chalked a machine:

```python
class Gear:
    def __init__(self, teeth):
        self.teeth = teeth

class Escapement(Gear):
    def tick(self, turns):
        return turns * self.teeth % 12

hour = Escapement(7).tick(5)
print("The hand points to", hour)
```

Under it, in a child's hand, a key that does not fit:

```python
key = "brass"
print(key.turn(hour))
```

And there, in the corner, a line that is no puzzle at all:

```python
print(open("/etc/hostname").read())
```

    tick, and the dust comes down;
    tock, and the dust goes up

Behind the door lies a note:

```json
{"from": "the clockmaker", "opens": [7, 11]}
```
"""


async def main() -> None:
    """Check the story and show what was found."""
    async with LocalExecutor() as executor:
        engines = ", ".join(
            f"{name} {version}" for name, version in (await executor.engines()).items()
        )
        print(f"Engines here: {engines}\n")
        report = await check_code(STORY, executor)
    for checked in report.checked:
        verdict = checked.verdict
        print(f"line {checked.snippet.line}, {checked.snippet.language}: {verdict.verdict}")
        print(f"    {verdict.reason}")
        for line in verdict.output.splitlines():
            print(f"    | {line}")
    print(f"\nA story worth 0.90 by its prose now counts {report.lowered(0.9):.2f}.")


if __name__ == "__main__":
    asyncio.run(main())
