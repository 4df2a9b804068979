"""What a session counts on the way and judges at the end of a goal."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from goat.bench.truth_of import Beliefs, Drift, Planar, beliefs
from goat.frames import planar_of
from goat.protocols import Evaluator
from goat.types import AgentFrame, Observation, Status, Task, describe, modality


@dataclass(slots=True)
class Trip:
    """What is counted while one goal is pursued."""

    began: float = field(default_factory=time.perf_counter)
    steps: int = 0
    collisions: int = 0
    length: float = 0.0
    cpu_ms: list[float] = field(default_factory=list)
    places: list[tuple[float, float]] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    looks: int = 0

    def moved_to(self, xy: tuple[float, float]) -> None:
        """Add a place, m, to the way."""
        if self.places:
            self.length += math.dist(self.places[-1], xy)
        self.places.append(xy)

    def spent(self, timings: Mapping[str, float]) -> None:
        """Add the CPU time of the stages of one step, s."""
        for stage, seconds in timings.items():
            self.stages[stage] = self.stages.get(stage, 0.0) + seconds

    def cost_ms(self) -> dict[str, float]:
        """Return the mean CPU time per look ("render") or step (the others) by stage, ms."""
        counts = {stage: len(self.cpu_ms) for stage in self.stages} | {"render": self.looks}
        return {
            stage: 1e3 * seconds / counts[stage]
            for stage, seconds in self.stages.items()
            if counts[stage]
        }

    def trajectory(self) -> tuple[tuple[float, float], ...]:
        """Return the places in centimetres, m."""
        return tuple((round(float(x), 2), round(float(y), 2)) for x, y in self.places)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a goal was reached; None where nobody knows."""

    nearest: int | None = None
    """The target nearest to where the robot stopped."""
    success: bool | None = None
    """It stopped by itself within reach of a target."""
    strict: bool | None = None
    """It stopped by itself at a viewpoint of a target."""
    first_visit: bool = True
    """No target had been reached before."""


class Judge:
    """Compares what a robot does with the truth, goal after goal."""

    def __init__(self, evaluator: Evaluator | None, reach: float, strict_reach: float) -> None:
        """Start a session.

        Args:
            evaluator: Ground truth, where there is any.
            reach: Greatest gap to a target's surface that is success, m.
            strict_reach: Greatest driving distance to a viewpoint that is strict success, m.
        """
        self._evaluator = evaluator
        self._reach, self._strict_reach = reach, strict_reach
        self._drift = Drift()
        self._reached: set[int] = set()
        self._reached_goals: set[tuple[str, str]] = set()

    def position(self, observation: Observation) -> tuple[float, float]:
        """Return where the robot is, m: truly if that is known, else by odometry."""
        if self._evaluator is None:
            return planar_of(observation.odom_from_base)[:2]
        return self._evaluator.pose()[:2]

    def compare(self, stamp: float, believed: Planar) -> None:
        """Note where the robot believed to be in its map while it stood where it stands."""
        if self._evaluator is not None:
            self._drift.note(stamp, self._evaluator.pose(), believed)

    def shortest(self, task: Task) -> float | None:
        """Return the driving distance from here to the nearest target, m; None for no way."""
        if self._evaluator is None or not task.targets:
            return None
        distance = self._evaluator.geodesic(self._evaluator.pose()[:2], task.targets)
        return distance if math.isfinite(distance) else None

    def judge(self, task: Task, status: Status) -> Verdict:
        """Return whether a goal that ended here was reached, and remember it."""
        nearest, success, strict = self._success(task, status)
        name = (modality(task.goal), describe(task.goal))
        if task.targets and self._evaluator is not None:
            first = self._reached.isdisjoint(task.targets)
        else:
            first = name not in self._reached_goals
        if success or (success is None and status is Status.REACHED):
            self._reached_goals.add(name)
            self._reached.update(() if nearest is None else (nearest,))
        return Verdict(nearest, success, strict, first)

    def _success(self, task: Task, status: Status) -> tuple[int | None, bool | None, bool | None]:
        """Return the nearest target, success and strict success."""
        if self._evaluator is None or not task.targets:
            return None, None, None
        xy = self._evaluator.pose()[:2]
        gaps = {target: self._evaluator.gap(xy, target) for target in task.targets}
        nearest = min(gaps, key=lambda target: gaps[target])
        stopped = status is Status.REACHED
        strict = self._evaluator.geodesic(xy, task.targets) < self._strict_reach
        return nearest, stopped and gaps[nearest] <= self._reach, stopped and strict

    def beliefs(self, frame: AgentFrame | None, task: Task) -> Beliefs:
        """Return what the agent took for what in its last frame of a goal, if there is one."""
        if self._evaluator is None or frame is None:
            return Beliefs()
        return beliefs(frame, self._evaluator.objects, task.targets, self._drift)

    def names(self, targets: Sequence[int]) -> tuple[str, ...]:
        """Return the objects' names, or their ids where there is no ground truth."""
        if self._evaluator is None:
            return tuple(str(target) for target in targets)
        objects = self._evaluator.objects
        return tuple(objects[target].name for target in targets)

    def name(self, target: int | None) -> str | None:
        """Return one object's name."""
        return None if target is None else self.names((target,))[0]

    def category(self, task: Task) -> str | None:
        """Return the category of a task's targets."""
        if self._evaluator is None or not task.targets:
            return None
        return self._evaluator.objects[task.targets[0]].category


def spl(success: bool | None, length: float, shortest: float | None) -> float | None:
    """Return success weighted by path length, None where either is unknown.

    Anderson et al., "On Evaluation of Embodied Navigation Agents", 2018,
    https://arxiv.org/abs/1807.06757. Where nothing had to be driven and nothing was, 0/0 is 1.

    Args:
        success: The goal was reached.
        length: Distance driven, m.
        shortest: Least distance that had to be driven, m.
    """
    if success is None or shortest is None:
        return None
    if not success:
        return 0.0
    return 1.0 if length <= shortest else shortest / length
