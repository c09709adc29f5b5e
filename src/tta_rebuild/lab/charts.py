"""What was measured as pictures, each as PNG and SVG, by matplotlib (the extra ``charts``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tta_rebuild.core.errors import ExecutionError
from tta_rebuild.lab.paired_effects import PairedEffect

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE_INCHES, ROW_INCHES = 8.0, 0.55


def effects_chart(effects: Sequence[PairedEffect], folder: Path, name: str) -> list[Path]:
    """Every difference with its interval, each in its own unit, beside a line at no difference."""
    shown = [one for one in effects if abs(one.low) < float("inf")]
    figure = _figure(max(1, len(shown)) * ROW_INCHES + 0.8)
    rows = figure.subplots(max(1, len(shown)), 1, squeeze=False)
    for one, axes in zip(shown, rows[:, 0], strict=False):
        axes.axvline(0, color="0.6", linewidth=1)
        below, above = one.difference - one.low, one.high - one.difference
        axes.errorbar([one.difference], [0], xerr=[[below], [above]], fmt="o", capsize=4)
        axes.set_yticks([0], [f"{one.metric}\n{one.variant} - {one.baseline}"], fontsize=7)
        axes.tick_params(axis="x", labelsize=6)
        axes.margins(x=0.3)
    figure.suptitle(f"{name}: differences and their intervals", fontsize=10)
    return _saved(figure, folder, "effects")


def bars_chart(
    values: Mapping[str, float], folder: Path, file: str, *, title: str, says: str
) -> list[Path]:
    """A bar for each name."""
    figure = _figure(max(2, len(values)) * 0.4 + 1.2)
    axes = figure.subplots()
    names = list(values)[::-1]
    axes.barh(range(len(names)), [values[name] for name in names])
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel(says, fontsize=8)
    axes.set_title(title, fontsize=10)
    return _saved(figure, folder, file)


def _figure(high_inches: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise ExecutionError("charts need matplotlib: install tta-rebuild[charts]") from error
    return Figure(figsize=(WIDE_INCHES, high_inches), layout="constrained")


def _saved(figure: Figure, folder: Path, file: str) -> list[Path]:
    """Write both files. Raises ExecutionError: the folder cannot be written."""
    paths = [folder / f"{file}.png", folder / f"{file}.svg"]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            figure.savefig(path, dpi=150)
    except OSError as error:
        raise ExecutionError(f"{folder} cannot be written: {error.strerror or error}") from error
    return paths
