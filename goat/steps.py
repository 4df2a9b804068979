"""The last control step of an agent: what it saw, what it decided, and what that cost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from scipy.spatial.transform import RigidTransform

from goat.frames import planar_of
from goat.memory.matcher import Match
from goat.pursuit import Decision, Pose
from goat.types import AgentFrame, Detection, Goal, Instance, Observation, OccupancyGrid


class StepLog:
    """Kept by an agent for whoever observes it."""

    def __init__(self) -> None:
        """Start before the first step."""
        self.timings: dict[str, float] = {}
        """CPU time of each stage of the last step, s."""
        self._last: tuple[Observation, RigidTransform, Decision] | None = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the CPU time of a stage of the step, s."""
        began = time.thread_time()
        yield
        self.timings[name] = time.thread_time() - began

    def note(
        self, observation: Observation, map_from_base: RigidTransform, decision: Decision
    ) -> None:
        """Keep what a step saw, from where, and what it decided."""
        self._last = observation, map_from_base, decision

    @property
    def pose(self) -> Pose:
        """Where the robot stood in the map: x, y, yaw, m and rad.

        Raises:
            RuntimeError: Before the first step.
        """
        return planar_of(self._noted()[1])

    def frame(
        self,
        step: int,
        goal: Goal | None,
        detections: tuple[Detection, ...],
        grid: OccupancyGrid,
        instances: tuple[Instance, ...],
        matches: Sequence[Match],
    ) -> AgentFrame:
        """Return the step for observers; see `AgentFrame`.

        Raises:
            RuntimeError: Before the first step.
        """
        observation, map_from_base, decision = self._noted()
        target = decision.target
        return AgentFrame(
            step=step,
            observation=observation,
            map_from_base=map_from_base,
            detections=detections,
            grid=grid,
            instances=instances,
            goal=goal,
            target=None if target is None else target.instance.id,
            probability=0.0 if target is None else target.probability,
            path=decision.step.path,
            note=decision.reason or decision.step.note,
            candidates=tuple((m.instance.id, m.probability) for m in matches),
        )

    def target(self) -> Match | None:
        """Return what was driven to; None while exploring, and before the first step."""
        return None if self._last is None else self._last[2].target

    def _noted(self) -> tuple[Observation, RigidTransform, Decision]:
        if self._last is None:
            raise RuntimeError("there is neither pose nor frame before the first step")
        return self._last
