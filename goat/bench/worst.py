"""The episodes that went worst, and the way the robot took in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from goat.bench.failures import CAUSES, cause_of
from goat.bench.records import EpisodeRecord
from goat.bench.session import GoalResult
from goat.types import Float64Array

_MOST_TARGETS = 3
_STEP = 0.08  # points closer than this are left out of a picture, m
_MARGIN = 0.6  # around a picture, m
_BODY = 0.36  # drawn width of the robot's trail, m


@dataclass(frozen=True, slots=True)
class Film:
    """The video of an episode that was run anew."""

    file: str
    """Path relative to the page."""
    same: bool
    """The new run gave the same results."""


def worst_episodes(records: Iterable[EpisodeRecord], count: int) -> list[EpisodeRecord]:
    """Return at most `count` episodes with missed goals, the lowest success first, then SPL."""
    missed = [record for record in records if any(cause_of(goal) for goal in record.goals)]
    return sorted(missed, key=_merit)[: max(count, 0)]


def _merit(record: EpisodeRecord) -> tuple[float, float, str, str]:
    good = sum(cause_of(goal) is None for goal in record.goals)
    directness = sum(goal.strict_spl or 0.0 for goal in record.goals)
    number = len(record.goals)
    return good / number, directness / number, record.job.scene, record.job.episode


def episode_card(record: EpisodeRecord, film: Film | None) -> str:
    """Return an episode as HTML: the way it took, and every goal it missed."""
    missed = [(k, goal) for k, goal in enumerate(record.goals, 1) if cause_of(goal)]
    return (
        '<article class="card episode"><header><div>'
        f'<span class="kind">{escape(record.job.scene)} &middot; episode '
        f"{escape(record.job.episode)}</span><h3>{len(missed)} of {len(record.goals)} goals "
        f'missed</h3></div></header><div class="body">{track_svg(record.goals)}'
        f"<div>{_missed_table(missed)}{_film(film)}</div></div></article>"
    )


def _missed_table(missed: Sequence[tuple[int, GoalResult]]) -> str:
    heads = (
        "<th>#</th><th>goal</th><th>why it was missed</th><th>chosen</th><th>wanted</th>"
        '<th class="n">steps</th>'
    )
    rows = "".join(_missed_row(number, goal) for number, goal in missed)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _missed_row(number: int, goal: GoalResult) -> str:
    cause = CAUSES[cause_of(goal) or "error"]
    return (
        f'<tr><td class="n">{number}</td>'
        f'<td>{escape(goal.goal)}<span class="sub">{escape(goal.modality)}</span></td>'
        f'<td>{escape(cause)}<span class="sub">{escape(goal.reason)}</span></td>'
        f"<td>{escape(goal.chosen or 'nothing')}</td><td>{escape(_wanted(goal.targets))}</td>"
        f'<td class="n">{goal.steps}</td></tr>'
    )


def _wanted(targets: Sequence[str]) -> str:
    rest = len(targets) - _MOST_TARGETS
    named = ", ".join(targets[:_MOST_TARGETS]) or "-"
    return f"{named} or {rest} more" if rest > 0 else named


def _film(film: Film | None) -> str:
    if film is None:
        return ""
    source = escape(film.file, quote=True)
    other = (
        ""
        if film.same
        else " It was filmed in a new run that did not end the same: the program or what it "
        "computes with has changed since the benchmark."
    )
    return f'<p class="film"><a href="{source}">Video of the whole episode</a>.{escape(other)}</p>'


def track_svg(goals: Sequence[GoalResult]) -> str:
    """Return the ways of an episode seen from above; empty where none was recorded.

    Ways to goals that were reached are thin, those to missed ones thick; the number of the goal
    stands where each way ends. x points right, y up.
    """
    ways = [_thinned(goal.trajectory) for goal in goals]
    points = np.concatenate([*ways, np.empty((0, 2))])
    if not len(points):
        return ""
    low, high = points.min(axis=0) - _MARGIN, points.max(axis=0) + _MARGIN
    width, height = high - low
    flipped = [np.array([1.0, -1.0]) * way for way in ways]
    unit = max(width, height) / 100.0  # what looks the same at any scale of the picture
    trails = "".join(_line(way, _BODY, "trail") for way in flipped)
    lines, labels = "", ""
    for number, (goal, way) in enumerate(zip(goals, flipped, strict=True), 1):
        kind = "bad" if cause_of(goal) else "good"
        lines += _line(way, (1.1 if kind == "bad" else 0.6) * unit, kind)
        labels += _label(way, number, unit, kind)
    start = next(way[0] for way in flipped if len(way))
    return (
        f'<svg class="track" viewBox="{low[0]:.2f} {-high[1]:.2f} {width:.2f} {height:.2f}" '
        f'role="img"><title>Ways of the episode</title>{trails}{lines}{_start(start, unit)}'
        f"{labels}{_scale_bar(low, unit)}</svg>"
    )


def _thinned(way: Sequence[tuple[float, float]]) -> Float64Array:
    """Return (N, 2) points that are some way apart, and the last one."""
    points = [point for point in way if all(map(math.isfinite, point))]
    kept = points[:1]
    for point in points:
        if math.dist(kept[-1], point) >= _STEP:
            kept.append(point)
    return np.array([*kept, *points[-1:]], np.float64).reshape(-1, 2)


def _line(way: Float64Array, width: float, kind: str) -> str:
    if len(way) < 2:
        return ""
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in way)
    return f'<polyline class="{kind}" stroke-width="{width:.3f}" points="{points}"/>'


def _label(way: Float64Array, number: int, unit: float, kind: str) -> str:
    if not len(way):
        return ""
    x, y = way[-1]
    return (
        f'<circle class="{kind}" cx="{x:.2f}" cy="{y:.2f}" r="{2.3 * unit:.3f}"/>'
        f'<text x="{x:.2f}" y="{y + 1.0 * unit:.2f}" font-size="{2.9 * unit:.3f}">{number}</text>'
    )


def _start(at: Float64Array, unit: float) -> str:
    size = 3.2 * unit
    x, y = at[0] - size / 2, at[1] - size / 2
    return f'<rect class="start" x="{x:.2f}" y="{y:.2f}" width="{size:.3f}" height="{size:.3f}"/>'


def _scale_bar(low: Float64Array, unit: float) -> str:
    x, y = low[0] + 2.0 * unit, -low[1] - 2.0 * unit
    return (
        f'<path class="scale" stroke-width="{0.5 * unit:.3f}" d="M{x:.2f} {y:.2f}h1"/>'
        f'<text class="scale" x="{x + 0.5:.2f}" y="{y - 1.2 * unit:.2f}" '
        f'font-size="{2.9 * unit:.3f}">1 m</text>'
    )
