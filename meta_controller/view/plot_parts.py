"""What plots are made of: the dark style, a figure with a title, labels beside their lines."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goat.view import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Float64Array = NDArray[np.float64]
WIDTH = 8.0
"""Of every figure, in."""
_DPI, _TOP, _BOTTOM, _SIDE, _EDGE = 150, 0.9, 0.65, 0.8, 0.25  # px/in, in
_LEGEND = 4  # names in a row
_LETTER = 0.085  # in, width of a letter of a label
_CYCLE: tuple[theme.Color, ...] = (
    theme.ACCENT, theme.TARGET, theme.GOOD, (190, 140, 255), theme.BAD, (90, 214, 222), theme.MUTED,
    (232, 130, 190),
)  # fmt: skip

_LEADER: dict[str, Any] = {"arrowstyle": "-", "lw": 0.8, "relpos": (0.0, 0.5)}


def rgb(color: theme.Color) -> str:
    """Return "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def color_of(number: int) -> str:
    """Return the colour of a method or run by its place in a table."""
    return rgb(_CYCLE[number % len(_CYCLE)])


def styled() -> AbstractContextManager[None]:
    """Return a context in which everything is drawn in the dark style."""
    import matplotlib as mpl

    text, muted, line = rgb(theme.TEXT), rgb(theme.MUTED), rgb(theme.LINE)
    style: Any = {
        "font.family": "sans-serif",
        "font.sans-serif": ["Helvetica", "Arial", "Liberation Sans", "DejaVu Sans"],
        "font.size": 10.0,
        "figure.facecolor": rgb(theme.BACKGROUND),
        "savefig.facecolor": rgb(theme.BACKGROUND),
        "axes.facecolor": rgb(theme.PANEL),
        "axes.edgecolor": line,
        "axes.labelcolor": muted,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.linewidth": 0.0,
        "grid.color": line,
        "grid.linewidth": 0.7,
        "text.color": text,
        "xtick.color": muted,
        "ytick.color": muted,
        "xtick.major.size": 0.0,
        "ytick.major.size": 0.0,
        "xtick.minor.size": 0.0,
        "ytick.minor.size": 0.0,
        "legend.frameon": False,
        "legend.labelcolor": text,
    }
    return mpl.rc_context(style)


def canvas(
    height: float,
    titles: tuple[str, str],
    left: Sequence[str] = (),
    right: Sequence[str] = (),
    legend: Sequence[str] = (),
) -> tuple[Figure, Axes]:
    """Return a figure with a title and a line below it, and its axes.

    Args:
        height: Of the axes, in.
        titles: Title, and what is to be said besides.
        left: Labels that need room beside the axes.
        right: Labels that need room on the other side.
        legend: Names in the order of their colours, if they are explained above the axes.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    room = [max([_SIDE, *(_LETTER * len(name) + 0.3 for name in side)]) for side in (left, right)]
    start, end = (min(inches, 0.3 * WIDTH) / WIDTH for inches in room)
    rows = -(-len(legend) // _LEGEND)
    whole = height + _TOP + _BOTTOM + 0.25 * rows
    figure = Figure(figsize=(WIDTH, whole), dpi=_DPI)
    axes = figure.add_axes((start, _BOTTOM / whole, 1.0 - start - end, height / whole))
    edge, muted = _EDGE / WIDTH, rgb(theme.MUTED)
    figure.text(edge, 1.0 - 0.2 / whole, titles[0], size=15, weight="bold", va="top")
    figure.text(edge, 1.0 - 0.52 / whole, titles[1], size=10, color=muted, va="top")
    if legend:
        figure.legend(
            handles=[Patch(color=color_of(k), label=name) for k, name in enumerate(legend)],
            loc="upper left", bbox_to_anchor=(edge, 1.0 - 0.78 / whole), ncols=_LEGEND,
            borderaxespad=0.0, borderpad=0.0, handlelength=1.0, handleheight=1.0,
        )  # fmt: skip
    return figure, axes


def percent(ends: Sequence[float]) -> tuple[float, float]:
    """Return limits of an axis, %, that has 0 and 100 and some values on it."""
    return 1.08 * min(0.0, *ends), 1.08 * max(100.0, *ends)


def mark_expert(axes: Axes, *, upright: bool) -> None:
    """Draw a line where scores are those of the expert."""
    muted = rgb(theme.MUTED)
    draw = axes.axvline if upright else axes.axhline
    draw(100.0, color=muted, lw=1.2, ls="--", zorder=1.5)
    at, frame = (
        ((100.0, 1.0), axes.get_xaxis_transform())
        if upright
        else ((0.01, 100.0), axes.get_yaxis_transform())
    )
    axes.annotate(
        "expert", at, (0, 3), frame, "offset points", size=8.5, color=muted,
        ha="center" if upright else "left",
    )  # fmt: skip


def label_ends(axes: Axes, ends: Sequence[tuple[str, float]]) -> None:
    """Write names beside the ends of lines, in their colours, moved apart."""
    places = axes.transAxes.inverted().transform(
        axes.transData.transform([(1.0, end) for _, end in ends])
    )[:, 1]
    order = np.argsort(places).tolist()
    for number, place in zip(order, spread(places[order].tolist(), 0.065), strict=True):
        axes.annotate(
            ends[number][0], (1.0, places[number]), (1.035, place), "axes fraction",
            color=color_of(number), va="center", size=10, annotation_clip=False,
            arrowprops=_LEADER | {"color": color_of(number)},
        )  # fmt: skip


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Return rising places near rising values, at least `gap` apart, in 0..1 if there is room."""
    places = list(values)
    for k in range(len(places)):
        places[k] = max(places[k], 0.0 if k == 0 else places[k - 1] + gap)
    for k in reversed(range(len(places))):
        places[k] = min(places[k], 1.0 if k == len(places) - 1 else places[k + 1] - gap)
    return places


def unique(names: Iterable[str]) -> list[str]:
    """Return names in the order in which they first occur."""
    return list(dict.fromkeys(names))


def png(figure: Figure) -> bytes:
    """Return a figure as PNG, the same bytes every time."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()
