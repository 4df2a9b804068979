"""From scores to the numbers of a table: means over tasks, errors over training seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from meta_controller.evaluation.matrix import Score


@dataclass(frozen=True)
class Row:
    """One method with so many demonstrations."""

    method: str
    """A name in `METHODS`."""
    demonstrations: int
    """How many."""
    tasks: dict[str, tuple[float, float]]
    """Task -> mean normalised score over seeds and starts, standard error over starts and seeds."""
    mean: float
    """Of all tasks."""
    error: float
    """Standard error of it over training seeds; 0 for one seed."""
    seeds: int
    """How many training seeds."""


def rows_of(scores: Iterable[Score]) -> list[Row]:
    """Return a row per method and number of demonstrations, in the order of the scores."""
    groups: dict[tuple[str, int], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.cell.method, score.cell.demonstrations), []).append(score)
    return [_row(method, count, found) for (method, count), found in groups.items()]


def _row(method: str, count: int, scores: list[Score]) -> Row:
    tasks: dict[str, list[Score]] = {}
    seeds: dict[int, list[float]] = {}
    for score in scores:
        tasks.setdefault(score.cell.task, []).append(score)
        seeds.setdefault(score.cell.seed, []).append(score.normalised)
    means = [float(np.mean(values)) for values in seeds.values()]
    whole = {len(values) for values in seeds.values()} == {len(tasks)}
    error = float(np.std(means, ddof=1) / np.sqrt(len(means))) if len(means) > 1 and whole else 0.0
    return Row(
        method,
        count,
        {task: _of_task(found) for task, found in tasks.items()},
        float(np.mean([np.mean([s.normalised for s in found]) for found in tasks.values()])),
        error,
        len(means),
    )


def _of_task(scores: list[Score]) -> tuple[float, float]:
    """Return mean and standard error; starts are alike in all seeds, so errors add up per seed."""
    normalised = [score.normalised for score in scores]
    within = np.mean([score.error for score in scores])
    count = len(scores)
    between = np.std(normalised, ddof=1) / np.sqrt(count) if count > 1 else 0.0
    return float(np.mean(normalised)), float(np.hypot(within, between))
