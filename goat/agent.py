"""One control step: look, remember, match, plan, act.

The agent of "GOAT: GO to Any Thing" (2023, https://arxiv.org/abs/2311.06430): one memory serves
goal after goal; what is known is driven to, what is not is explored for.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from goat.frames import planar_of
from goat.memory.matcher import GoalMatcher, Match
from goat.memory.memory import Memory
from goat.nav.navigator import Navigator, Progress, Step
from goat.perception.gate import GateConfig, KeyframeGate
from goat.perception.worker import Perceiver
from goat.target import Effort, OpeningScan, TargetConfig, TargetSelector
from goat.types import (
    Action,
    AgentFrame,
    Detection,
    DiscreteAction,
    Float64Array,
    Goal,
    Instance,
    Observation,
    Status,
)


@dataclass(frozen=True)
class AgentConfig:
    """How a goal is pursued."""

    target: TargetConfig = field(default_factory=TargetConfig)
    """When a candidate is good enough."""
    gate: GateConfig = field(default_factory=GateConfig)
    """Which frames are perceived."""
    opening_scan: bool = True
    """Turn around once where nothing is known yet."""
    match_every: int = 3
    """Steps between matchings of an unchanged goal."""
    prepare_every: int = 3
    """Steps between computing the local features of one view ahead of the next photo."""


class Agent:
    """Pursues goals with one memory."""

    def __init__(
        self,
        perceiver: Perceiver,
        memory: Memory,
        matcher: GoalMatcher,
        navigator: Navigator,
        labels: Sequence[str] = (),
        config: AgentConfig | None = None,
    ) -> None:
        """Compose the parts; `goat.build.build_agent` makes them.

        Args:
            perceiver: Runs the detector.
            memory: What is known.
            matcher: Answers goals from the memory.
            navigator: Turns wishes into actions.
            labels: Categories the detector may report.
            config: How a goal is pursued.
        """
        self.config = config or AgentConfig()
        self.memory = memory
        self.timings: dict[str, float] = {}
        self.status: Status | None = None
        self.reason = "no goal yet"
        self._perceiver, self._matcher, self._navigator = perceiver, matcher, navigator
        self._labels = tuple(labels)
        self._gate = KeyframeGate(self.config.gate)
        self._selector = TargetSelector(self.config.target)
        self._goal: Goal | None = None
        self._steps = 0
        self._matches: list[Match] = []
        self._target: Match | None = None
        self._observation: Observation | None = None
        self._detections: tuple[Detection, ...] = ()
        self._step: Step | None = None
        self._scan = OpeningScan(self.config.opening_scan and not memory.instances())

    def set_goal(self, goal: Goal) -> None:
        """Start a pursuit; the memory stays.

        Raises:
            GoalError: The goal says nothing.
        """
        self._matcher.set_goal(goal, self._labels)
        self._goal, self._steps, self._matches, self._target = goal, 0, [], None
        self.status, self.reason = None, ""
        self._selector.reset()
        self._navigator.reset_goal()

    def step(self, observation: Observation) -> Action:
        """Return the next action; `status` says when it was the last one."""
        self._observation = observation
        with self._timed("remember"):
            self._see(observation)
        with self._timed("match"):
            self._match()
        with self._timed("plan"):
            pose = self._see_map(observation.collided)
            self._step = self._scan_or_decide(pose[2])
        self._steps += 1
        return self._step.action

    def frame(self) -> AgentFrame:
        """Return what the last step saw and decided, for observers.

        Raises:
            RuntimeError: Before the first step.
        """
        if self._observation is None or self._step is None:
            raise RuntimeError("there is no frame before the first step")
        return AgentFrame(
            step=self._steps,
            observation=self._observation,
            map_from_base=self._observation.odom_from_base,
            detections=self._detections,
            grid=self.memory.grid(),
            instances=self.memory.instances(),
            goal=self._goal,
            target=None if self._target is None else self._target.instance.id,
            probability=0.0 if self._target is None else self._target.probability,
            path=self._step.path,
            note=self.reason or self._step.note,
        )

    def close(self) -> None:
        """Stop perceiving and save the memory."""
        self._perceiver.close()
        self.memory.close()

    def _see(self, observation: Observation) -> None:
        self.memory.look(observation, observation.odom_from_base)
        if self._gate.admit(observation):
            self._perceiver.submit(observation)
        self._detections = ()
        for seen in self._perceiver.collect():
            self._detections = seen.detections
            self.memory.remember(seen.detections, seen.observation, seen.observation.odom_from_base)

    def _match(self, anew: bool = False) -> None:
        instances = self.memory.instances()
        if anew or self._steps % self.config.match_every == 0 or self._target is not None:
            grid, explored = self.memory.grid(), self._selector.effort > Effort.EXPLORE
            self._matches = self._matcher.match(instances, grid, explored)
        if self._steps % self.config.prepare_every == 1:
            self._matcher.prepare(instances, 1)

    def _see_map(self, collided: bool) -> tuple[float, float, float]:
        assert self._observation is not None
        pose = planar_of(self._observation.odom_from_base)
        hidden = self._selector.effort is Effort.INSPECT
        grid = self.memory.uninspected() if hidden else self.memory.grid()
        self._navigator.update(grid, pose, collided)
        return pose

    def _scan_or_decide(self, yaw: float) -> Step:
        return self._navigator.scan() if self._scan.going(yaw) else self._decide()

    def _decide(self) -> Step:
        while (target := self._choose()) is not None:
            step = self._navigator.go_to(target.instance.points, seen_from(target.instance))
            if step.outcome is Progress.MOVING:
                return replace(step, note=f"driving to {target.instance.label}")
            if step.outcome is Progress.ARRIVED and self._selector.satisfied(target):
                return self._end(Status.REACHED, f"stands before the {target.instance.label}", step)
            if step.outcome is Progress.ARRIVED:
                self._selector.reject(target.instance.id)
            else:
                self._selector.give_up(target.instance.id)
        return self._explore()

    def _choose(self) -> Match | None:
        centers = np.array([match.instance.center[:2] for match in self._matches]).reshape(-1, 2)
        distances = self._navigator.travel_times(centers)
        self._target = self._selector.choose(self._matches, distances.tolist())
        return self._target

    def _explore(self) -> Step:
        step = self._navigator.explore()
        if step.outcome is Progress.MOVING:
            return step
        if self._selector.try_harder():
            self._match(anew=True)
            self._see_map(collided=False)
            return self._decide()
        if self._selector.unreachable:
            return self._end(Status.UNREACHABLE, "what fits the goal cannot be reached", step)
        return self._end(Status.NOT_FOUND, f"nothing fits the goal ({step.note})", step)

    def _end(self, status: Status, reason: str, step: Step) -> Step:
        self.status, self.reason = status, reason
        self.memory.save()
        return replace(step, action=DiscreteAction.STOP)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.thread_time()
        yield
        self.timings[name] = time.thread_time() - began


def seen_from(instance: Instance) -> Float64Array:
    """Return (N, 2) where the views of an instance were taken from, m in the map."""
    eyes = [view.map_from_camera.translation[:2] for view in instance.views]
    return np.array(eyes, np.float64).reshape(-1, 2)
