"""`meta-controller list`."""

from __future__ import annotations

from collections import defaultdict

from rich.console import Console
from rich.table import Table

from meta_controller.benchmark import HELD_OUT, TRAINING
from meta_controller.commands.options import List
from meta_controller.evaluation.methods import METHODS
from meta_controller.experts.names import EXPERTS
from meta_controller.model.config import SIZES
from meta_controller.names import TASKS
from meta_controller.training.pretrained import shipped


def list_names(options: List, console: Console) -> int:
    """Print what can be named."""
    console.print(_tasks(), end="\n\n")
    table = _plain("methods", "name", "what it is")
    for method in METHODS.values():
        table.add_row(method.name, method.title)
    console.print(table, end="\n\n")
    table = _plain("sizes", "name", "features", "blocks over joints", "over time", "rank")
    for name, config in SIZES.items():
        sizes = config.width, config.structure_blocks, config.blocks, config.rank
        table.add_row(name, *map(str, sizes))
    console.print(table, end="\n\n")
    networks = ", ".join(shipped()) or "none"
    console.print(f"trained networks of the package: {networks}", highlight=False)
    return 0


def _tasks() -> Table:
    table = _plain("tasks", "body", "expert", "no expert")
    bodies: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for name in TASKS.names():
        body, _, kind = name.partition("-")
        bodies[body][0 if name in EXPERTS.names() else 1].append(kind + _mark(name))
    for body, (able, unable) in bodies.items():
        table.add_row(body, ", ".join(able), ", ".join(unable))
    table.caption = "* learned from, ° held out; reacher_N_sSEED and arm_N_sSEED are tasks too"
    table.caption_justify = "left"
    return table


def _mark(name: str) -> str:
    return "*" if name in TRAINING else "°" if name in HELD_OUT else ""


def _plain(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column(columns[0], style="bold", min_width=16)
    for column in columns[1:]:
        table.add_column(column)
    return table
