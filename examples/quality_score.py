"""How good is a scene? Its score with the reasons, and what shuffling its sentences costs.

Runs without a key and without a network.

    python examples/quality_score.py
"""

from __future__ import annotations

from tta_rebuild.quality import Quality, SceneAsked, scene_quality

ASKED = SceneAsked(
    premise="Mira brings oil to a lighthouse that has gone dark. Her father drowned off its rock.",
    cast=("Mira: a chandler's daughter", "Old Tom: the keeper of the lighthouse"),
    move="Carry the oil can up the stairs to the keeper.",
    recent=("Mira rowed to the island at dusk with a can of oil between her feet.",),
    words=(60, 150),
)
TOLD = [
    "Mira climbed the stairs with the oil can knocking at her knee.",
    "On the third landing a door stood open, and a man sat behind it with his boots in a basin.",
    "“You took your time,” said Old Tom.",
    "“Eleven nights I have been without oil.”",
    "Mira set the can down beside the basin.",
    "On the wall over his head hung a chart, and somebody had drawn a red ring around the rock.",
]
SCENES = {
    "as told": TOLD,
    "shuffled": [TOLD[at] for at in (3, 5, 1, 4, 2, 0)],
    "of another story": [
        "Commander Ito sealed the aft hatch of the shuttle Arden from the wrong side.",
        "“Forty minutes of air,” Vance said over the radio. “Less, if you keep talking.”",
    ],
    "worn-out": [
        "A shiver ran down Mira's spine as time stood still on the stairs of the lighthouse.",
        "Little did she know that nothing would ever be the same. It was now or never.",
    ],
}


def scored(passages: list[str]) -> Quality:
    """The quality of the passages as a scene of this story."""
    return scene_quality(
        passages,
        setting="The third landing of the lighthouse",
        tone="wary",
        choices=("Ask Tom about the chart.", "See to his foot.", "Fill the lamp."),
        asked=ASKED,
    )


def main() -> None:
    """Score each version and say why."""
    for name, passages in SCENES.items():
        quality = scored(passages)
        print(f"{name}: {quality.score:.3f} ({quality.low:.2f} to {quality.high:.2f})")
        for reason in quality.reasons:
            print(f"    {reason}")


if __name__ == "__main__":
    main()
