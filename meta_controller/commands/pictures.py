"""Pictures of an evaluation: scores by task and by number of demonstrations, losses of the runs."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from meta_controller.evaluation.methods import METHODS
from meta_controller.evaluation.summary import Row
from meta_controller.view.plots import (
    Curve,
    Score,
    learning_curves,
    score_by_demonstrations,
    scores,
)


def draw_scores(rows: Sequence[Row], out: Path) -> None:
    """Write scores_N.png for each number of demonstrations, and demonstrations.png if several.

    Methods that lack a task are left out.
    """
    tasks = {task for row in rows for task in row.tasks}
    whole = [row for row in rows if row.tasks.keys() == tasks]
    table = [
        Score(METHODS[row.method].title, task, row.demonstrations, *values)
        for row in whole
        for task, values in row.tasks.items()
    ]
    counts = sorted({score.demonstrations for score in table})
    for count in counts:
        shown = [score for score in table if score.demonstrations == count]
        (out / f"scores_{count}.png").write_bytes(scores(shown))
    if len(counts) > 1:
        (out / "demonstrations.png").write_bytes(score_by_demonstrations(table))


def draw_losses(runs: Path, out: Path) -> None:
    """Write losses.png of the first seed of every run in a folder; nothing if there is none."""
    curves = [_curve(file) for file in sorted(runs.glob("*-s0/log.csv"))]
    if curves:
        (out / "losses.png").write_bytes(learning_curves(curves))


def _curve(file: Path) -> Curve:
    with file.open(newline="", encoding="utf-8") as lines:
        # A stopped run that goes on from its last save writes some steps again: the later count.
        losses = {int(line["step"]): float(line["loss"]) for line in csv.DictReader(lines)}
    steps = np.array(sorted(losses))
    values = np.array([losses[step] for step in steps])
    return Curve(file.parent.name.removesuffix("-s0"), steps.astype(np.float64), values)
