"""The plots of a benchmark: each a figure for a paper, the same on the page.

matplotlib is imported when something is drawn; nothing here opens a window or keeps state.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goat.bench.failures import CAUSES
from goat.bench.metrics import STAGES, AgentMetrics, Score
from goat.bench.plot_parts import (
    INK,
    NAMES,
    ROW,
    SCALE,
    SOFT,
    canvas,
    dot,
    dot_legend,
    label_ends,
    row_axis,
    scaled,
    stack_bars,
    styled,
    unit_axis,
)
from goat.bench.style import BOUNDS, CAUSE_COLORS, STAGE_COLORS, look, ordered
from goat.bench.tally import MODALITIES, Difference

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Metrics = Mapping[str, AgentMetrics]


def draw_figures(metrics: Metrics, baseline: str) -> dict[str, Figure]:
    """Return name -> figure of everything there is something to draw of.

    Args:
        metrics: Agent -> figures.
        baseline: Agent whose categories are shown.
    """
    drawers: dict[str, Callable[[Metrics, str], Figure | None]] = {
        "differences": _differences,
        "modalities": _modalities,
        "learning_curve": _learning_curve,
        "visits": _visits,
        "categories": _categories,
        "failures": _failures,
        "step_cost": _step_cost,
    }
    with styled():
        drawn = {name: draw(metrics, baseline) for name, draw in drawers.items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}


def save_figures(figures: Mapping[str, Figure], folder: Path) -> None:
    """Write every figure as PDF and PNG into a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    with styled():
        for name, figure in figures.items():
            figure.savefig(folder / f"{name}.pdf", metadata={"CreationDate": None})
            figure.savefig(folder / f"{name}.png", dpi=200)


def svg_of(figure: Figure) -> bytes:
    """Return a figure as SVG, the same bytes every time."""
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def _value(score: Score, figure: str) -> float | None:
    return score.success if figure == "success" else score.spl


def _learning_curve(metrics: Metrics, baseline: str) -> Figure | None:
    if not any(len(figures.by_index) > 1 for figures in metrics.values()):
        return None
    figure, grid = canvas(1, 2, 2.75)
    for axes, name in zip(grid[0], ("success", "spl"), strict=True):
        ends = []
        longest = max(len(figures.by_index) for figures in metrics.values())
        for agent in ordered(metrics):
            end = _curve(axes, agent, metrics[agent], name, strong=agent == baseline)
            ends += [] if end is None else [(agent, end)]
        axes.set_ylim(-0.02 * SCALE[name], 1.02 * SCALE[name])
        axes.set_xlim(0.8, longest + 0.2)
        axes.set_xticks(range(1, longest + 1))
        axes.set_xlabel("Goal of the episode")
        axes.set_ylabel(NAMES[name])
        label_ends(axes, ends, longest)
    return figure


def _curve(
    axes: Axes, agent: str, figures: AgentMetrics, name: str, *, strong: bool
) -> float | None:
    """Draw a figure over the goal's index with its band; return where the line ends."""
    scores = [scores["strict"] for scores in figures.by_index]
    known = [k for k, score in enumerate(scores) if _value(score, name) is not None]
    if not known:
        return None
    scale, style = SCALE[name], look(agent)
    values = scale * np.array([_value(scores[k], name) for k in known], float)
    bands = [scores[k].ci[name] or (np.nan, np.nan) for k in known]
    low, high = scale * np.array(bands, float).T
    x = np.array(known) + 1
    axes.fill_between(x, low, high, color=style.color, alpha=0.22 if strong else 0.08, lw=0)
    axes.plot(
        x, values, color=style.color, ls=style.line, marker=style.marker,
        lw=2.2 if strong else 1.2, ms=4.5 if strong else 3.2, zorder=4 if strong else 3,
    )  # fmt: skip
    return float(values[-1])


def _modalities(metrics: Metrics, _: str) -> Figure | None:
    agents = ordered(metrics)
    kinds = [
        kind for kind in MODALITIES
        if any(metrics[agent].by_modality[kind]["strict"].n for agent in agents)
    ]  # fmt: skip
    if not kinds:
        return None
    figure, grid = canvas(2, len(kinds) + 1, 2 * (ROW * len(agents) + 0.5), share_y=True)
    for row, name in zip(grid, ("success", "spl"), strict=True):
        for axes, kind in zip(row, (*kinds, "all goals"), strict=True):
            _compare(axes, metrics, agents, kind, name)
            row_axis(axes, agents, labels=axes is row[0])
            unit_axis(axes, name)
            axes.set_xlabel(NAMES[name])
            if name == "success":
                axes.set_title(kind.capitalize(), loc="left", fontweight="bold")
    dot_legend(figure, (("strict", SOFT), ("relaxed", "white")))
    return figure


def _compare(axes: Axes, metrics: Metrics, agents: Sequence[str], kind: str, name: str) -> None:
    """Draw a row per agent: the strict figure filled, the relaxed one hollow."""
    for y, agent in enumerate(agents):
        figures, color = metrics[agent], look(agent).color
        totals = {"strict": figures.strict, "relaxed": figures.relaxed}
        scores = totals if kind == "all goals" else figures.by_modality[kind]
        for rule, changes in (("relaxed", {"mfc": "white", "ms": 4.0}), ("strict", {})):
            value = _value(scores[rule], name)
            if value is not None:
                ci = scaled(scores[rule].ci[name], SCALE[name]) if rule == "strict" else None
                dot(axes, (SCALE[name] * value, y), ci, color, **changes)


def _visits(metrics: Metrics, _: str) -> Figure | None:
    agents = [
        agent for agent in ordered(metrics)
        if all(metrics[agent].by_visit[visit]["strict"].n for visit in ("first", "revisit"))
    ]  # fmt: skip
    if not agents:
        return None
    figure, grid = canvas(1, 2, 1.6 * ROW * len(agents) + 0.75, share_y=True)
    for axes, name in zip(grid[0], ("success", "spl"), strict=True):
        for y, agent in enumerate(agents):
            color, scores = look(agent).color, metrics[agent].by_visit
            for visit, shift, fill in (("first", -0.16, "white"), ("revisit", 0.16, color)):
                score = scores[visit]["strict"]
                value = _value(score, name)
                if value is not None:
                    ci = scaled(score.ci[name], SCALE[name])
                    dot(axes, (SCALE[name] * value, y + shift), ci, color, mfc=fill)
        row_axis(axes, agents, labels=axes is grid[0][0])
        unit_axis(axes, name)
        axes.set_xlabel(NAMES[name])
    dot_legend(figure, (("First visit", "white"), ("Revisit", SOFT)))
    return figure


def _categories(metrics: Metrics, baseline: str) -> Figure | None:
    shown = baseline if baseline in metrics else ordered(metrics)[0]
    found = {k: v["strict"] for k, v in metrics[shown].by_category.items() if v["strict"].n}
    if not found:
        return None
    names = sorted(found, key=lambda name: (-(found[name].success or 0), -(found[name].spl or 0)))
    figure, grid = canvas(1, 2, 0.19 * len(names) + 0.6, share_y=True)
    for axes, name in zip(grid[0], ("success", "spl"), strict=True):
        for y, category in enumerate(names):
            value = SCALE[name] * (_value(found[category], name) or 0.0)
            axes.barh(y, value, 0.68, color=look(shown).color, alpha=0.75, lw=0)
            ci = scaled(found[category].ci[name], SCALE[name])
            if ci is not None:
                axes.plot(ci, (y, y), color=INK, lw=0.9, solid_capstyle="butt")
        row_axis(axes, names, labels=axes is grid[0][0])
        axes.set_yticks(range(len(names)), [f"{n} ({found[n].n})" for n in names])
        unit_axis(axes, name)
        axes.set_xlabel(NAMES[name])
    return figure


def _failures(metrics: Metrics, _: str) -> Figure | None:
    judged = [agent for agent in ordered(metrics) if metrics[agent].strict.n]
    agents = [agent for agent in judged if agent not in BOUNDS] or judged
    if not any(sum(metrics[agent].failures.values()) for agent in agents):
        return None
    figure, grid = canvas(1, 1, ROW * len(agents) + 0.95)
    axes: Axes = grid[0, 0]
    shares = np.array(
        [
            [100.0 * metrics[agent].failures[cause] / metrics[agent].strict.n for cause in CAUSES]
            for agent in agents
        ]
    )
    names = {cause: (words.capitalize(), CAUSE_COLORS[cause]) for cause, words in CAUSES.items()}
    stack_bars(axes, shares, names, least=4.0)
    row_axis(axes, agents)
    axes.set_xlim(0, min(100.0, 1.05 * float(shares.sum(axis=1).max())))
    axes.set_xlabel("Goals missed under the strict rule (%)")
    figure.legend(loc="outside upper center", ncols=len(names), columnspacing=1.0, handlelength=1.0)
    return figure


def _step_cost(metrics: Metrics, _: str) -> Figure | None:
    agents = [agent for agent in ordered(metrics) if metrics[agent].cost_ms]
    if not agents:
        return None
    stages = [s for s in STAGES if any(s in metrics[agent].cost_ms for agent in agents)]
    if not stages:
        return None
    figure, grid = canvas(1, 1, ROW * len(agents) + 0.95)
    axes: Axes = grid[0, 0]
    costs = np.array(
        [[metrics[agent].cost_ms.get(stage, 0.0) for stage in stages] for agent in agents]
    )
    total = float(costs.sum(axis=1).max())
    names = {stage: (stage.capitalize(), STAGE_COLORS[stage]) for stage in stages}
    stack_bars(axes, costs, names, least=max(0.04 * total, 1.0))
    row_axis(axes, agents)
    axes.set_xlabel("CPU time per step (ms)")
    figure.legend(loc="outside upper center", ncols=len(names), columnspacing=1.2, handlelength=1.0)
    return figure


def _differences(metrics: Metrics, _: str) -> Figure | None:
    compared = {agent: metrics[agent].differences for agent in ordered(metrics)}
    agents = [
        agent
        for agent, d in compared.items()
        if agent not in BOUNDS and d is not None and d.strict["success"]
    ]
    if not agents:
        return None
    figure, grid = canvas(1, 2, ROW * len(agents) + 0.6, share_y=True)
    for axes, name in zip(grid[0], ("success", "spl"), strict=True):
        axes.axvline(0.0, color=SOFT, lw=0.9)
        for y, agent in enumerate(agents):
            differences = compared[agent]
            found = None if differences is None else differences.strict[name]
            if found is not None:
                _gap(axes, y, found, SCALE[name], look(agent).color)
        row_axis(axes, agents, labels=axes is grid[0][0])
        what = "Success (points)" if name == "success" else "SPL"
        axes.set_xlabel(f"{what}, difference to {look(_against(compared)).title}")
    return figure


def _against(compared: Mapping[str, Any]) -> str:
    return next(differences.against for differences in compared.values() if differences)


def _gap(axes: Axes, y: float, found: Difference, scale: float, color: str) -> None:
    fill = color if found.excludes_0 else "white"
    dot(axes, (scale * found.difference, y), scaled(found.ci, scale), color, mfc=fill)
