"""Plots of scores and of training, as PNG in the colours of everything else that is shown.

matplotlib is imported when something is drawn; nothing here opens a window or keeps state.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from goat.errors import GoatError
from goat.view import theme
from meta_controller.view.plot_parts import (
    canvas,
    color_of,
    label_ends,
    mark_expert,
    percent,
    png,
    rgb,
    styled,
    unique,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Float64Array = NDArray[np.float64]
Key = tuple[str, str, int]
_HEIGHT, _BAR = 3.6, 0.2  # in
_SMOOTH = 0.03
"""Losses are averaged over this part of a curve's points."""
_AVERAGE = "mean of tasks"


class PlotError(GoatError):
    """Numbers that cannot be plotted."""


@dataclass(frozen=True, slots=True)
class Score:
    """What a method scored in one task.

    Raises:
        PlotError: A number is not finite or out of range.
    """

    method: str
    """How it is called."""
    task: str
    """Its name."""
    demonstrations: int
    """That it was given."""
    mean: float
    """Normalised score: 1 is the expert's return."""
    error: float
    """Standard error of it."""

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not (math.isfinite(self.mean) and math.isfinite(self.error) and self.error >= 0.0):
            raise PlotError(
                f"{self.method} in {self.task}: a score and its error must be finite, and the "
                f"error not negative, got {self.mean} and {self.error}"
            )
        if self.demonstrations < 1:
            raise PlotError(
                f"{self.method} in {self.task}: a score is of at least 1 demonstration, got "
                f"{self.demonstrations}"
            )


@dataclass(frozen=True)
class Curve:
    """The loss of a run.

    Raises:
        PlotError: There are no steps, or not as many as losses, or they do not rise, or a number
            is not finite.
    """

    name: str
    """Of the run."""
    steps: Float64Array
    """(N,) rising."""
    losses: Float64Array
    """(N,) at the steps."""

    def __post_init__(self) -> None:
        """Check the numbers."""
        steps, losses = np.asarray(self.steps, float), np.asarray(self.losses, float)
        if steps.ndim != 1 or steps.shape != losses.shape or not len(steps):
            raise PlotError(
                f"{self.name}: as many steps as losses are needed, got shapes {steps.shape} and "
                f"{losses.shape}"
            )
        if not (np.isfinite(steps).all() and np.isfinite(losses).all()):
            raise PlotError(f"{self.name}: steps and losses must be finite")
        if (np.diff(steps) <= 0.0).any():
            raise PlotError(f"{self.name}: steps must rise")


def score_by_demonstrations(table: Sequence[Score]) -> bytes:
    """Return a PNG of scores over numbers of demonstrations: per method a line with errors.

    Args:
        table: Scores; those of several tasks are averaged.

    Raises:
        PlotError: There are none, one is there twice, or points are of different tasks.
    """
    known = _by_key(table)
    methods, tasks = unique(s.method for s in table), unique(s.task for s in table)
    about = tasks[0] if len(tasks) == 1 else f"mean and standard error of {len(tasks)} tasks"
    with styled():
        figure, axes = canvas(_HEIGHT, ("Score by demonstrations", about), right=methods)
        ends, reached = [], [0.0]
        for number, method in enumerate(methods):
            counts = sorted({s.demonstrations for s in table if s.method == method})
            points = 100.0 * np.array([_average(known, method, tasks, n) for n in counts])
            axes.errorbar(
                counts, points[:, 0], points[:, 1], color=color_of(number), marker="o", capsize=3,
                lw=1.8 if number else 2.8, elinewidth=1.3, zorder=3.0 if number else 4.0,
            )  # fmt: skip
            ends.append((method, float(points[-1, 0])))
            reached += [*(points @ (1.0, 1.0)), *(points @ (1.0, -1.0))]
        _count_axis(axes, sorted({s.demonstrations for s in table}))
        axes.set_ylim(percent(reached))
        mark_expert(axes, upright=False)
        axes.set_ylabel("normalised score, %")
        label_ends(axes, ends)
        return png(figure)


def scores(table: Sequence[Score]) -> bytes:
    """Return a PNG of horizontal bars: per task a group, per method a bar with its error.

    Methods that were tried in all tasks get a bar of their mean too.

    Args:
        table: Scores from one number of demonstrations.

    Raises:
        PlotError: There are none, one is there twice, or numbers of demonstrations differ.
    """
    known = _by_key(table)
    counts = sorted({s.demonstrations for s in table})
    if len(counts) > 1:
        raise PlotError(f"bars are of one number of demonstrations, got {counts}: choose one")
    methods, tasks = unique(s.method for s in table), unique(s.task for s in table)
    rows = [*tasks, _AVERAGE] if len(tasks) > 1 else tasks
    about = f"{counts[0]} demonstration{'s' if counts[0] > 1 else ''}, mean and standard error"
    with styled():
        height = len(rows) * (_BAR * len(methods) + 0.2)
        figure, axes = canvas(height, ("Score by task", about), left=rows, legend=methods)
        for number, method in enumerate(methods):
            for row, name in enumerate(rows):
                chosen = tasks if name == _AVERAGE else [name]
                if all((method, task, counts[0]) in known for task in chosen):
                    found = _average(known, method, chosen, counts[0])
                    _draw_bar(axes, row, (number, len(methods)), found)
        _row_axis(axes, rows, [100.0 * (s.mean + k * s.error) for s in table for k in (-1, 1)])
        return png(figure)


def learning_curves(curves: Sequence[Curve]) -> bytes:
    """Return a PNG of losses by step: smoothed, and faint as they were.

    Raises:
        PlotError: There are none, or two have one name.
    """
    names = [curve.name for curve in curves]
    if not names or len(set(names)) < len(names):
        raise PlotError(f"curves of different names are needed, got {names or 'none'}")
    with styled():
        figure, axes = canvas(_HEIGHT, ("Loss by step", "smoothed; faint: as it was"), right=names)
        ends = []
        for number, curve in enumerate(curves):
            smooth = smoothed(np.asarray(curve.losses, np.float64))
            axes.plot(curve.steps, curve.losses, color=color_of(number), alpha=0.25, lw=0.7)
            axes.plot(curve.steps, smooth, color=color_of(number), lw=2.0, zorder=3.0)
            ends.append((curve.name, float(smooth[-1])))
        _loss_axes(axes, curves)
        label_ends(axes, ends)
        return png(figure)


def smoothed(losses: Float64Array) -> Float64Array:
    """Return (N,) means of each loss and those shortly before and after it."""
    half = round(0.5 * _SMOOTH * len(losses))
    sums = np.concatenate([[0.0], np.cumsum(losses)])
    place = np.arange(len(losses))
    first, last = np.maximum(place - half, 0), np.minimum(place + half + 1, len(losses))
    return (sums[last] - sums[first]) / (last - first)


def _by_key(table: Sequence[Score]) -> dict[Key, Score]:
    known = {(score.method, score.task, score.demonstrations): score for score in table}
    if not known:
        raise PlotError("there are no scores to plot")
    if len(known) < len(table):
        raise PlotError("a method has two scores in one task from as many demonstrations")
    return known


def _average(
    known: Mapping[Key, Score], method: str, tasks: Sequence[str], count: int
) -> tuple[float, float]:
    """Return the mean over tasks and its standard error, of independent scores."""
    missing = [task for task in tasks if (method, task, count) not in known]
    if missing:
        raise PlotError(
            f"{method} has no score in {', '.join(missing)} from {count} demonstrations: points "
            "must be of the same tasks"
        )
    found = [known[method, task, count] for task in tasks]
    mean = sum(score.mean for score in found) / len(found)
    return mean, math.hypot(*(score.error for score in found)) / len(found)


def _count_axis(axes: Axes, counts: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.set_xlim(counts[0] / 1.15, counts[-1] * 1.15)
    axes.set_xlabel("demonstrations")


def _draw_bar(axes: Axes, row: int, place: tuple[int, int], found: tuple[float, float]) -> None:
    """Draw the bar of a method, `place` of how many, with its error and its number."""
    (number, count), (mean, error) = place, (100.0 * found[0], 100.0 * found[1])
    high = 0.8 / count
    y = row + (number - 0.5 * (count - 1)) * high
    axes.barh([y], [mean], 0.86 * high, color=color_of(number))
    axes.plot([mean - error, mean + error], [y, y], color=rgb(theme.TEXT), lw=1.2)
    axes.annotate(
        f"{mean:.0f}", (max(mean + error, 0.0), y), (5, 0), textcoords="offset points",
        va="center", size=8.5, color=rgb(theme.TEXT),
    )  # fmt: skip


def _row_axis(axes: Axes, rows: Sequence[str], ends: Sequence[float]) -> None:
    axes.set_ylim(len(rows) - 0.45, -0.55)
    axes.set_yticks(range(len(rows)), rows, color=rgb(theme.TEXT))
    axes.grid(axis="y", visible=False)
    mark_expert(axes, upright=True)
    axes.set_xlim(percent(ends))
    axes.set_xlabel("normalised score, %")


def _loss_axes(axes: Axes, curves: Sequence[Curve]) -> None:
    from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, MaxNLocator

    if min(float(np.min(curve.losses)) for curve in curves) > 0.0:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_locator(LogLocator(subs=()))
    first = min(float(curve.steps[0]) for curve in curves)
    last = max(float(curve.steps[-1]) for curve in curves)
    axes.set_xlim(first, last if last > first else first + 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
