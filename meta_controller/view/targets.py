"""Where targets are: they belong to an episode and are no part of what is simulated."""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from meta_controller.arena import Arena, Signals
from meta_controller.demos.episodes import Demonstrations
from meta_controller.task import Start, Task
from meta_controller.view.camera import TARGET, Camera

Float64Array = NDArray[np.float64]
_STEPS = 200
_FULL = 0.99
"""Of the greatest reward."""
_LARGEST = 0.1
"""Greatest radius, in distances of the camera."""


class Targets:
    """Targets of one task."""

    def __init__(self, task: Task, camera: Camera) -> None:
        """Find out what the task says of its targets.

        Args:
            task: With targets or without.
            camera: That looks at the plane in which its body moves.
        """
        arena = Arena(task.body(), 1)
        start = task.begin(arena.model, np.random.default_rng(0), 1)
        self.size = _size(start)
        """Numbers that say where a target is; 0 where there is none."""
        self._tip, self.radius = camera.lookat, 0.0
        self._axes = np.abs(camera.axes[:2]).argmax(axis=1)[: self.size]
        if self.size == 3:
            self._axes = np.arange(3)
        if self.size:
            arena.reset(np.array(arena.model.qpos0)[None], np.zeros((1, arena.model.nv)))
            rest = replace(arena.look(), extra=start.extra)
            self._tip = _tip(task, rest, camera)
            self.radius = self._near(task, rest, _LARGEST * camera.distance)
            """How near the tip at rest must be to earn nearly all that it can, m."""
        arena.close()

    def places(self, targets: Float64Array) -> Float64Array:
        """Return targets (N, 3) in the world, m.

        Args:
            targets: (N, size) along the axes of the picture; what is missing is the tip's at rest.
        """
        found = np.tile(self._tip, (len(targets), 1))
        found[:, self._axes] = targets
        return found

    def _near(self, task: Task, rest: Signals, most: float) -> float:
        away = np.linspace(0.0, most, _STEPS)
        many = _repeated(rest, _STEPS)
        targets = np.tile(self._tip[self._axes], (_STEPS, 1))
        targets[:, 0] += away
        rewards = task.reward(replace(many, extra={**many.extra, TARGET: targets}))
        return float(away[rewards >= _FULL * rewards[0]].max(initial=0.0))


def targets_of(task: Task, episodes: Demonstrations) -> dict[str, Float64Array]:
    """Return what belonged to recorded episodes, as `Start.extra` has it: (E, size) targets.

    Episodes keep what the policy was told. Where that is the target less something else, as in all
    tasks of this package, the target follows from it; else there is nothing to return.

    Args:
        task: What was done.
        episodes: Recorded.
    """
    arena = Arena(task.body(), len(episodes))
    start = task.begin(arena.model, np.random.default_rng(0), 1)
    shape = len(episodes), _size(start)
    if not shape[1] or len(start.extra) > 1:
        return {}
    arena.reset(episodes.qpos[:, 0], episodes.qvel[:, 0])
    seen = arena.look()
    arena.close()
    told = [task.tell(replace(seen, extra={TARGET: np.full(shape, k)})) for k in (0.0, 1.0)]
    if told[0].shape != shape or not np.allclose(told[1] - told[0], 1.0):
        return {}
    return {TARGET: episodes.told[:, 0] - told[0]}


def _size(start: Start) -> int:
    """Return how many numbers say where a target is: 1, 2 or 3; 0 if there is none."""
    target = start.extra.get(TARGET, np.zeros((1, 0)))
    return target.shape[1] if target.ndim == 2 and target.shape[1] <= 3 else 0


def _tip(task: Task, rest: Signals, camera: Camera) -> Float64Array:
    """Return (3,) the site that a task looks at, at rest; the middle of the picture without one."""
    for sensor in task.body().sensors:
        kind = sensor.kind, sensor.object_kind
        if kind == ("framepos", "site") and sensor.object_name != TARGET:
            return rest[sensor.name][0]
    return camera.lookat


def _repeated(signals: Signals, count: int) -> Signals:
    """Return one state so many times."""

    def many(values: Float64Array) -> Float64Array:
        return np.repeat(values, count, axis=0)

    return Signals(
        many(signals.qpos),
        many(signals.qvel),
        many(signals.control),
        {name: many(values) for name, values in signals.sensors.items()},
        {name: many(values) for name, values in signals.extra.items()},
    )
