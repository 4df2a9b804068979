"""`meta-controller evaluate`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from goat.errors import GoatError
from meta_controller.benchmark import tasks_of
from meta_controller.commands.options import Evaluate
from meta_controller.commands.pictures import draw_losses, draw_scores
from meta_controller.commands.sets import ensure_sets
from meta_controller.evaluation.matrix import (
    Cell,
    Score,
    evaluate,
    fill,
    named,
    read_scores,
)
from meta_controller.evaluation.methods import METHODS, Learner, Method, method_of
from meta_controller.evaluation.summary import Row, rows_of
from meta_controller.names import TASKS
from meta_controller.training.adapt import AdaptationConfig

_STAGES = 5
"""Networks on the way of an adaptation that may be selected by their return."""


def evaluate_all(options: Evaluate, console: Console) -> int:
    """Evaluate all methods on all tasks, and print a table.

    Raises:
        UnknownNameError: There is no such task or method.
        ScoresError: The scores of an earlier run cannot be read.
    """
    tasks = tasks_of(options.task)
    names = tuple(METHODS) if options.methods == ("all",) else options.methods
    methods = {name: method_of(name) for name in names}
    ensure_sets(tasks, options.data, console, options.threads)
    torch.set_num_threads(options.threads)
    learner = Learner(
        runs=options.runs,
        model=options.model,
        adaptation=AdaptationConfig(steps=options.steps, threads=options.threads),
        stages=_STAGES if options.select == "return" else 1,
    )
    cells = [
        _cell(Cell(method, task, demos, seed), methods[method], options, learner)
        for seed, demos, task, method in itertools.product(
            options.seeds, options.demos, tasks, methods
        )
    ]
    file = options.out / f"scores_{options.select}.jsonl"

    def score(cell: Cell) -> Score:
        return evaluate(
            cell,
            methods[cell.method],
            TASKS.load(cell.task)(),
            options.data,
            learner,
            options.starts,
        )

    def failed(cell: Cell, error: GoatError) -> None:
        console.print(f"[yellow]{_title(cell)}: {error}[/]", highlight=False)

    with console.status("evaluating") as status:
        for number, found in enumerate(fill(cells, file, score, failed), 1):
            console.print(f"{_title(found.cell)}: {found.normalised:.0%}", highlight=False)
            status.update(f"{number} evaluated")
    wanted = set(cells)
    scores = [found for found in read_scores(file) if found.cell in wanted]
    _finish(scores, cells, options, console)
    return 0 if len(scores) == len(cells) else 2


def _cell(cell: Cell, method: Method, options: Evaluate, learner: Learner) -> Cell:
    """Return a cell with its name; without one, if it cannot be evaluated, which tells why."""
    try:
        return named(cell, method, options.data, learner, options.starts)
    except GoatError:
        return cell


def _title(cell: Cell) -> str:
    return f"{cell.method}, {cell.task}, {cell.demonstrations} demonstrations, seed {cell.seed}"


def _finish(
    scores: list[Score], cells: Sequence[Cell], options: Evaluate, console: Console
) -> None:
    order = {cell: number for number, cell in enumerate(cells)}
    rows = rows_of(sorted(scores, key=lambda score: order[score.cell]))
    if not rows:
        return
    tasks = list(dict.fromkeys(cell.task for cell in cells))
    for demos in options.demos:
        console.print(_table([row for row in rows if row.demonstrations == demos], tasks, demos))
    _write(rows, options.out / f"table_{options.select}.json")
    draw_scores(rows, options.out)
    if options.runs is not None:
        draw_losses(options.runs, options.out)
    console.print(
        f"scores are mean returns over {options.starts} stored starts as shares of the expert's; "
        f"± is the standard error over {len(options.seeds)} training seeds (of a task: over "
        f"starts and seeds); {_selection(options)}\nin {options.out}",
        style="dim",
        highlight=False,
        soft_wrap=True,
    )


def _selection(options: Evaluate) -> str:
    if options.select == "last":
        return "the last network of each adaptation counts"
    return "SELECTED BY EVALUATION RETURN: of each adaptation the network that did best counts"


def _table(rows: list[Row], tasks: list[str], demos: int) -> Table:
    table = Table(
        title=f"{demos} demonstration{'s' if demos > 1 else ''}",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("method", style="bold", overflow="fold")
    for task in tasks:
        table.add_column(task.replace("-", "\n").replace("_", "\n"), justify="right")
    table.add_column("mean", justify="right", style="bold")
    for row in rows:
        shares = [_share(*row.tasks[task]) if task in row.tasks else "" for task in tasks]
        mean = _share(row.mean, row.error) if row.seeds > 1 else f"{100.0 * row.mean:.0f}"
        table.add_row(METHODS[row.method].title, *shares, mean)
    return table


def _share(mean: float, error: float) -> str:
    return f"{100.0 * mean:.0f} ± {100.0 * error:.0f}"


def _write(rows: list[Row], file: Path) -> None:
    document = [
        {
            "method": row.method,
            "demonstrations": row.demonstrations,
            "mean": row.mean,
            "error": row.error,
            "seeds": row.seeds,
            "tasks": {task: list(values) for task, values in row.tasks.items()},
        }
        for row in rows
    ]
    file.write_text(json.dumps(document, indent=1), encoding="utf-8")
