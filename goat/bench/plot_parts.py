"""What the plots of a benchmark are made of: a style, rows of agents, dots, stacks, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from goat.bench.bootstrap import Interval
from goat.bench.style import look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCALE = {"success": 100.0, "spl": 1.0}
"""From a figure to its axis."""
NAMES = {"success": "Success (%)", "spl": "SPL"}
"""Titles of axes."""
ROW = 0.24
"""Height of a row, in."""
INK, SOFT = "#1d2530", "#5c6b80"
_WIDTH = 7.16  # two columns of a paper, in
_GRID = "#e1e7ef"
_STYLE: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"],
    "font.size": 8.5,
    "axes.labelsize": 8.5,
    "axes.titlesize": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "pdf.fonttype": 42,
    "svg.hashsalt": "goat",
    "hatch.linewidth": 0.6,
}


def styled() -> AbstractContextManager[None]:
    """Return a context in which everything is drawn in the house style."""
    import matplotlib as mpl

    style: Any = _STYLE
    return mpl.rc_context(style)


def canvas(
    rows: int, columns: int, height: float, *, share_y: bool = False
) -> tuple[Figure, np.ndarray]:
    """Return a figure of full width and its (rows, columns) axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    figure.set_facecolor("white")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=share_y)
    return figure, axes


def row_axis(axes: Axes, agents: Sequence[str], *, labels: bool = True) -> None:
    """Make the y axis one row per agent, the first on top."""
    axes.set_ylim(len(agents) - 0.4, -0.6)
    axes.set_yticks(range(len(agents)), [look(agent).title for agent in agents])
    axes.tick_params(axis="y", length=0, labelleft=labels)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="y", visible=False)


def unit_axis(axes: Axes, figure: str) -> None:
    """Make the x axis span all that a figure can be."""
    axes.set_xlim(-0.02 * SCALE[figure], 1.02 * SCALE[figure])
    axes.set_xticks(SCALE[figure] * np.array([0.0, 0.25, 0.5, 0.75, 1.0]))
    axes.set_xticklabels(["0", "25", "50", "75", "100"] if figure == "success" else
                         ["0", ".25", ".5", ".75", "1"])  # fmt: skip


def dot(
    axes: Axes, at: tuple[float, float], ci: Interval | None, color: str, **changes: Any
) -> None:
    """Draw a mean at (x, y) with its horizontal interval."""
    x, y = at
    if ci is not None:
        axes.plot(ci, (y, y), color=color, lw=1.6, solid_capstyle="butt", zorder=2)
    form = {"marker": "o", "ms": 4.6, "mfc": color, "mec": color, "mew": 1.2, "ls": "", "zorder": 3}
    axes.plot([x], [y], clip_on=False, **(form | changes))


def scaled(ci: Interval | None, scale: float) -> Interval | None:
    """Return an interval in the units of an axis."""
    return None if ci is None else (scale * ci[0], scale * ci[1])


def label_ends(axes: Axes, ends: Sequence[tuple[str, float]], x: float) -> None:
    """Write the agents' names beside the ends of their lines, moved apart."""
    low, high = axes.get_ylim()
    wanted = sorted(ends, key=lambda end: end[1])
    places = spread_out([end[1] for end in wanted], 0.066 * (high - low), low, high)
    for (agent, end), place in zip(wanted, places, strict=True):
        style = look(agent)
        axes.annotate(
            style.title.replace(" (shortest path)", ""), (x, end), (1.055 * x, place),
            color=style.color, va="center", fontsize=7.5, annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": style.color, "lw": 0.5, "shrinkB": 3,
                "relpos": (0.0, 0.5),
            },
        )  # fmt: skip


def spread_out(values: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return rising places near rising `values`, at least `gap` apart, from `low` to `high`.

    Where there is no room for all, they lie evenly.
    """
    if len(values) * gap > high - low:
        return np.linspace(low, high, len(values)).tolist()
    places = list(values)
    for k in range(len(places)):
        places[k] = max(places[k], low if k == 0 else places[k - 1] + gap)
    for k in reversed(range(len(places))):
        places[k] = min(places[k], high if k == len(places) - 1 else places[k + 1] - gap)
    return places


def dot_legend(figure: Figure, entries: Sequence[tuple[str, str]]) -> None:
    """Explain hollow and filled dots above all axes."""
    from matplotlib.lines import Line2D

    dots = [
        Line2D([], [], ls="", marker="o", ms=5, mec=SOFT, mfc=fill, label=label)
        for label, fill in entries
    ]
    figure.legend(handles=dots, loc="outside upper right", ncols=len(dots))


def stack_bars(
    axes: Axes, values: np.ndarray, names: Mapping[str, tuple[str, str]], least: float
) -> None:
    """Draw rows of stacked bars (rows, parts); parts of `least` or more carry their number."""
    left = np.zeros(len(values))
    for part, (label, color) in zip(values.T, names.values(), strict=True):
        axes.barh(
            range(len(values)), part, 0.72, left, color=color, label=label, ec="white", lw=0.5
        )
        for y in np.flatnonzero(part >= least):
            axes.text(
                left[y] + part[y] / 2, float(y), f"{part[y]:.0f}", ha="center", va="center",
                fontsize=7, color=_readable_on(color),
            )  # fmt: skip
        left += part


def _readable_on(color: str) -> str:
    r, g, b = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return INK if 0.299 * r + 0.587 * g + 0.114 * b > 120 else "white"
