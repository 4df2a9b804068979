"""A search for an expert that can be stopped at any time, and keeps policies of all skills.

FOLDER/TASK.search.safetensors   where the search is
FOLDER/TASK.safetensors          a ladder of policies from poor to best
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from meta_controller.learning.ars import Iteration, RandomSearch, SearchConfig
from meta_controller.learning.linear import (
    Ladder,
    LinearPolicy,
    PolicyFileError,
    empty_ladder,
    load_ladder,
)
from meta_controller.task import Task

_RUNG = 1.1
"""A policy is kept when it earns so many times what the last rung earned ..."""
_LEAST = 20.0
"""... and at least so much more."""
_SMOOTH = 3
"""Iterations over which returns are averaged."""
_SAVE_EVERY = 30.0  # s


@dataclass(frozen=True, slots=True)
class Report:
    """How a search goes."""

    iterations: int
    """All of them, those of earlier runs too."""
    minutes: float
    """CPU time of this run."""
    last: Iteration
    """What came of the last one."""


class Search:
    """A search in a folder; it goes on where an earlier one of the same task was stopped."""

    def __init__(self, task: Task, folder: Path, config: SearchConfig, seed: int = 0) -> None:
        """Begin or go on.

        Args:
            task: What is to be learned.
            folder: Where the search and what it found is kept.
            config: How it is searched.
            seed: Of everything that is random, for a search that begins.

        Raises:
            PolicyFileError: What is in the folder is damaged or of another body.
        """
        self._search, self._task = RandomSearch(task, config, seed), task
        self._state = folder / f"{task.name}.search.safetensors"
        self._found = folder / f"{task.name}.safetensors"
        policy = self._search.policy
        self.ladder = empty_ladder(policy.weights.shape[1], policy.weights.shape[0])
        """What was found so far."""
        self._means: list[float] = []
        folder.mkdir(parents=True, exist_ok=True)
        if self._state.exists():
            self._resume()

    def run(self, minutes: float, say: Callable[[Report], None]) -> Ladder:
        """Search for so many minutes of CPU time; what was found is saved every half minute.

        Args:
            minutes: Of CPU time.
            say: Told after each iteration.
        """
        began = saved = time.process_time()
        while time.process_time() - began < 60.0 * minutes:
            before = self._search.policy
            last = self._search.iterate()
            self._means.append(last.mean)
            self._climb(before)
            now = time.process_time()
            if now - saved > _SAVE_EVERY:
                self._save()
                saved = now
            say(Report(len(self._means), (now - began) / 60.0, last))
        self._save()
        self._search.close()
        return self.ladder

    def _climb(self, policy: LinearPolicy) -> None:
        value = float(np.mean(self._means[-_SMOOTH:]))
        ladder = self.ladder
        if len(ladder) and value <= ladder.returns[-1]:
            return
        below = ladder.returns[-2] if len(ladder) > 1 else 0.0
        if len(ladder) and ladder.returns[-1] < max(_RUNG * below, below + _LEAST):
            ladder = ladder.without(len(ladder) - 1)  # too near to the rung below
        self.ladder = ladder.above(policy, value)

    def _save(self) -> None:
        state = self._search.state() | {"means": np.array(self._means)}
        part = self._state.with_name(f"{self._state.name}.part")
        save_file(state, part)
        part.replace(self._state)
        self.ladder.save(self._found, self._task.name, self._search.digest)

    def _resume(self) -> None:
        try:
            state = load_file(self._state)
            self._means = state["means"].tolist()
        except Exception as error:
            raise PolicyFileError(
                f"{self._state} cannot be gone on with: {error}; delete it to begin anew"
            ) from error
        self._search.restore(state)
        if self._found.exists():
            actions, features = self._search.policy.weights.shape
            self.ladder = load_ladder(self._found, features, actions)
