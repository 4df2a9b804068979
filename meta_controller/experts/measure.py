"""How much an expert earns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from meta_controller.demos.episodes import fresh
from meta_controller.experts.expert import Expert
from meta_controller.task import Task


@dataclass(frozen=True)
class Earned:
    """Returns of some episodes."""

    returns: NDArray[np.float64]
    """(N,) sums of rewards, at most 1000."""

    @property
    def mean(self) -> float:
        """Of the returns."""
        return float(self.returns.mean())

    @property
    def error(self) -> float:
        """Standard error of the mean; 0 for one episode."""
        count = len(self.returns)
        return float(self.returns.std(ddof=1) / np.sqrt(count)) if count > 1 else 0.0


def measure(
    expert: Expert, task: Task, seed: int = 0, episodes: int = 20, threads: int = 1
) -> Earned:
    """Let an expert do whole episodes.

    Args:
        expert: Acts.
        task: What is done.
        seed: Of the starts.
        episodes: N.
        threads: That physics runs on.
    """
    return Earned(fresh(task, expert.act, episodes, [seed], threads).returns)
