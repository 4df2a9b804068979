"""`meta-controller demos export|import`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from meta_controller.benchmark import tasks_of
from meta_controller.commands.options import DemosExport, DemosImport
from meta_controller.commands.sets import line_of
from meta_controller.demos.lerobot import load_lerobot, save_lerobot
from meta_controller.demos.make import keep_set, load_set
from meta_controller.demos.minari import load_minari, save_minari
from meta_controller.environments import embodiment_of
from meta_controller.names import TASKS
from meta_controller.registration import environment_id

_MINARI = "minari:"


def export(options: DemosExport, console: Console) -> int:
    """Write a set as LeRobotDataset v3 or for Minari.

    Raises:
        DemonstrationError: There is no such set, or something is there already.
        MissingExtraError: Minari is not installed.
    """
    (name,) = tasks_of((options.task,))
    demos = load_set(options.data, name)
    task = TASKS.load(name)()
    embodiment = embodiment_of(task)
    if options.to == "lerobot":
        rate = 1.0 / (task.body().control_dt * task.repeat)
        save_lerobot(Path(options.out), demos, embodiment, rate)
    else:
        save_minari(options.out, demos, embodiment, environment_id(name))
    console.print(f"{len(demos)} episodes: {options.out}", highlight=False, soft_wrap=True)
    return 0


def bring(options: DemosImport, console: Console) -> int:
    """Read a set that another tool wrote.

    Raises:
        DemonstrationError: It cannot be used for the task.
        MissingExtraError: Minari is not installed.
    """
    (name,) = tasks_of((options.task,))
    task = TASKS.load(name)()
    if options.source.startswith(_MINARI):
        demos = load_minari(options.source.removeprefix(_MINARI), task)
    else:
        demos = load_lerobot(Path(options.source), task)
    card = keep_set(task, replace(demos, task=name), options.data)
    console.print(line_of(card), highlight=False)
    return 0
