"""N episodes of one task at once: actions in, rewards out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from goat.errors import GoatError
from meta_controller.arena import Arena, Signals
from meta_controller.embodiment import Embodiment, read_embodiment
from meta_controller.task import Start, Task

Float64Array = NDArray[np.float64]


class EpisodeError(GoatError):
    """Episodes that cannot be begun or gone on with."""


def embodiment_of(task: Task) -> Embodiment:
    """Return what acts in a task.

    Raises:
        BodyError: The MJCF cannot be used.
    """
    body = task.body()
    return read_embodiment(body.name, body.compile())


class Environments:
    """All episodes begin and end together."""

    def __init__(self, task: Task, count: int, threads: int = 1) -> None:
        """Compile the body.

        Args:
            task: What is done.
            count: N, how many episodes run side by side.
            threads: That physics runs on.

        Raises:
            BodyError: The MJCF cannot be used.
        """
        self.task, self.count = task, count
        self.arena = Arena(task.body(), count, threads)
        self.embodiment: Embodiment = read_embodiment(self.arena.body.name, self.arena.model)
        low, high = self.arena.control_limits
        self._middle, self._half = 0.5 * (low + high), 0.5 * (high - low)
        self._start: Start | None = None
        self._decisions = 0

    @property
    def done(self) -> bool:
        """Whether the episodes are over."""
        return self._decisions >= self.task.decisions

    def draw(self, rng: np.random.Generator) -> Start:
        """Return N new starts."""
        return self.task.begin(self.arena.model, rng, self.count)

    def reset(self, start: Start) -> Signals:
        """Begin.

        Raises:
            EpisodeError: It is of another number of episodes, or another body.
        """
        wanted = (self.count, self.arena.model.nq), (self.count, self.arena.model.nv)
        if (start.qpos.shape, start.qvel.shape) != wanted:
            raise EpisodeError(
                f"{self.task.name} begins {self.count} episodes with positions and velocities of "
                f"shapes {wanted}, got {start.qpos.shape} and {start.qvel.shape}"
            )
        self._start, self._decisions = start, 0
        self.arena.reset(start.qpos, start.qvel)
        return replace(self.arena.look(), extra=start.extra)

    def step(self, actions: Float64Array) -> tuple[Signals, Float64Array]:
        """Act once in every episode.

        Args:
            actions: (N, A) in [-1, 1]; what is beyond is cut off.

        Returns:
            What is known then, and the rewards (N,) of the control steps together.

        Raises:
            EpisodeError: The episodes are over or have not begun, or an action is not finite.
        """
        if self._start is None or self.done:
            raise EpisodeError(f"no episode of {self.task.name} is under way: call reset first")
        if not np.isfinite(actions).all():
            raise EpisodeError(f"actions of {self.task.name} must be finite")
        control = self._middle + self._half * np.clip(actions, -1.0, 1.0)
        extra = self._start.extra
        seen = [replace(s, extra=extra) for s in self.arena.step(control, self.task.repeat)]
        self._decisions += 1
        return seen[-1], np.sum([self.task.reward(signals) for signals in seen], axis=0)

    def close(self) -> None:
        """End the threads."""
        self.arena.close()
