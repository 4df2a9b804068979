"""Experts that were found by search: linear laws of the state, in files that come with the package.

They are written by `meta-controller demos search`. Bodies with other feet or legs are led as the
original is, unless there is a file of their own.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Signals
from meta_controller.environments import Environments
from meta_controller.learning.linear import Features, load_ladder
from meta_controller.task import Task

FOLDER = Path(str(files("meta_controller") / "policies"))
"""Where they are, TASK.safetensors each."""


def found_names() -> tuple[str, ...]:
    """Return the tasks that have one."""
    return tuple(sorted(file.stem for file in FOLDER.glob("*.safetensors")))


def original_of(task: str) -> str:
    """Return the task that "walker_largefoot-walk" is a variant of: "walker-walk"."""
    body, _, kind = task.partition("-")
    return f"{body.partition('_')[0]}-{kind}"


class FoundExpert:
    """The policy whose return came nearest to the skill's share of the best one's."""

    def __init__(self, task: Task, skill: float, folder: Path = FOLDER) -> None:
        """Read it.

        Raises:
            PolicyFileError: It cannot be read, or is of another body.
        """
        environments = Environments(task, 1)
        signals = environments.reset(environments.draw(np.random.default_rng(0)))
        self._task = task
        self._features = Features(environments.embodiment, task.tell(signals).shape[1])
        actions = environments.arena.model.nu
        environments.close()
        path = folder / f"{task.name}.safetensors"
        if not path.exists():
            path = folder / f"{original_of(task.name)}.safetensors"
        self._policy = load_ladder(path, self._features.size, actions).policy(skill)

    def act(self, signals: Signals) -> NDArray[np.float64]:
        """Return (N, A) normalised actions in [-1, 1]."""
        return self._policy.act(self._features.of(signals, self._task.tell(signals)))
