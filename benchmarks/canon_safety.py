"""A sentence through the safety gate: all boundaries against one, and linear in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks import Row
from benchmarks.timing import at_most, least_cpu_ms
from tta_rebuild.safety import SafetyGate
from tta_rebuild.safety.categories import category_names

CALM = (
    "The old keeper climbed the stairs slowly, lamp in hand, and listened to the wind that "
    "rattled the windows of the tower."
)
HEAVY = "Nobody saw who k1lled the keeper, but there was bl00d on the stairs and a knife below."
CALLS = 200


def measure(quick: bool) -> Iterator[Row]:
    every = dict.fromkeys(category_names(), "none")
    one, all_ = SafetyGate({"violence": "low"}), SafetyGate(every)
    long_text = " ".join([CALM] * 100)
    assert all_.finding(HEAVY)
    assert not all_.finding(long_text)

    def times(work: Callable[[], object]) -> Callable[[], object]:
        return lambda: [work() for _ in range(CALLS)]

    taken = least_cpu_ms(
        {
            "one": times(lambda: one.finding(CALM)),
            "every": times(lambda: all_.finding(CALM)),
            "heavy": times(lambda: all_.finding(HEAVY)),
            "made": times(lambda: SafetyGate(every)),
            "words": times(lambda: [" ".join(CALM.split()) for _ in range(100)]),
            "long": lambda: [all_.finding(long_text) for _ in range(CALLS // 20)],
        },
        rounds=3 if quick else 15,
    )
    yardstick = f"100 x split and join {taken['words'] / CALLS:.3f} ms"
    for name, what in (
        ("one", "a sentence, one boundary"),
        ("every", "a sentence, every boundary"),
        ("heavy", "a sentence with disguised words, every boundary"),
        ("made", "making a gate"),
    ):
        yield Row(what=what, measured=f"{taken[name] / CALLS:.3f} ms CPU", peer=yardstick)
    ratio = taken["every"] / taken["one"]
    yield at_most("every boundary over one", ratio, 2.0, "x")
    ratio = taken["long"] * 20 / taken["every"] / 100
    yield at_most("100 sentences at once over one at a time", ratio, 1.5, "x")
