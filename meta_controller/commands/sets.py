"""Demonstration sets of a command: what is missing is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from meta_controller.benchmark import TRAINING
from meta_controller.demos import make
from meta_controller.demos.cards import Card
from meta_controller.names import TASKS


def recipe_of(task: str, shaking: float = 0.1, seed: int = 0, threads: int = 1) -> make.Recipe:
    """Return how a task's set is made: training sets have more episodes, of several skills."""
    recipe = make.TRAINING if task in TRAINING else make.HELD_OUT
    return replace(recipe, shaking=shaking, seed=seed, threads=threads)


def ensure_sets(tasks: Sequence[str], data: Path, console: Console, threads: int = 1) -> None:
    """Make the sets that are missing; any set that is there is taken as it is.

    Raises:
        UnknownNameError: A task does not exist or has no expert.
    """
    for task in tasks:
        if make.read_card(data / task) is None:
            console.print(f"making demonstrations of {task}", style="dim", highlight=False)
            card = make.make_set(TASKS.load(task)(), data, recipe_of(task, threads=threads))
            console.print(line_of(card), style="dim", highlight=False)


def line_of(card: Card) -> str:
    """Return a card in one line."""
    cloned = ", ".join(f"{count}: {share:.0%}" for count, share in sorted(card.cloned.items()))
    usable = "" if card.usable else "; it cannot be cloned, do not use it"
    return f"{card.task}: expert {card.expert:.0f}, clones of {cloned}{usable}"
