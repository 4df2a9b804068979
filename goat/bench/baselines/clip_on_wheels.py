"""Explores until what it sees right now matches the goal: no memory of objects.

After the baseline of "GOAT: GO to Any Thing" (2023, https://arxiv.org/abs/2311.06430, Table 1),
which is "CoWs on Pasture" (2022, https://arxiv.org/abs/2203.10421): every image is matched with
the goal on its own, the first match above a threshold is driven to, and between matches the nearest
frontier is. The map of where it can drive is kept from goal to goal; what was seen is not, so each
goal begins with everything to be looked at again.

It shares detector, map, navigator and matching with the full agent. What differs is what the paper
ablates: every detection of one image stands for itself, in this one view; photos are compared with
whole images, without regard to categories.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.bench.agents import AgentParts
from goat.bench.baselines.glance import Glance, glance_for
from goat.frames import planar_of
from goat.memory.matcher import Match
from goat.memory.semantic_map import SemanticMap
from goat.memory.tracking import PoseTracker
from goat.nav.navigator import Navigator, Progress, Step
from goat.perception.gate import KeyframeGate
from goat.pursuit import Decision, Pose, seen_from, stopping
from goat.steps import StepLog
from goat.target import Effort, OpeningScan
from goat.types import (
    Action,
    AgentFrame,
    CellState,
    Detection,
    Goal,
    Observation,
    OccupancyGrid,
    Status,
)


@dataclass(frozen=True)
class ClipOnWheelsConfig:
    """When a sighting is good enough."""

    act: float = 0.4
    """Probability, by itself, from which a sighting is driven to at once."""
    settle: float = 0.0
    """Once everything was looked at, the best sighting is driven to if it is worth this."""
    same: float = 0.5
    """Sightings this near to one that could not be reached are not tried, m."""


class ClipOnWheels:
    """Knows where it can drive, and of everything else only what it sees."""

    def __init__(self, parts: AgentParts, config: ClipOnWheelsConfig | None = None) -> None:
        """Start with an empty map.

        Args:
            parts: Detector, features and settings, shared with the full agent.
            config: When a sighting is good enough.
        """
        self.config = config or ClipOnWheelsConfig()
        self.status: Status | None = None
        self.reason = "no goal yet"
        self._parts = parts
        self._gate = KeyframeGate(parts.config.agent.gate)
        self._map = self._new_map()
        tracker = parts.config.tracker
        self._tracker = tracker and PoseTracker(tracker)
        self._goal: Goal | None = None
        self._log = StepLog()
        self.timings = self._log.timings

    def set_goal(self, goal: Goal) -> None:
        """Start to look at everything again; the map of where it can drive stays.

        Raises:
            GoalError: A sentence without words.
        """
        self._glance: Glance = glance_for(goal, self._parts)
        self._goal, self._steps = goal, 0
        self.status, self.reason = None, ""
        self._seen = self._new_map()
        self._navigator = Navigator(self._parts.body, self._parts.config.navigator)
        self._scan = OpeningScan(wanted=True)
        self._effort = Effort.EXPLORE
        self._target: Match | None = None
        self._best: Match | None = None
        self._barred: list[Match] = []
        self._detections: tuple[Detection, ...] = ()
        self._gate.reset()

    def step(self, observation: Observation) -> Action:
        """Return the next action; `status` says when it was the last one."""
        with self._log.stage("locate"):
            here = observation.odom_from_base
            if self._tracker is not None:
                here = self._tracker.locate(observation)
        with self._log.stage("perceive"):
            news = self._gate.admit(observation)
            self._detections = tuple(self._parts.detector.detect(observation)) if news else ()
        with self._log.stage("remember"):
            self._look(observation, here)
        with self._log.stage("match"):
            if self._detections and self._target is None:
                self._match(observation, here)
        with self._log.stage("plan"):
            decision = self._decide(planar_of(here), observation.collided)
        self._steps += 1
        self._log.note(observation, here, decision)
        self.status, self.reason = decision.status, decision.reason
        return decision.step.action

    @property
    def pose(self) -> Pose:
        """Where the robot stood in its map at the last step.

        Raises:
            RuntimeError: Before the first step.
        """
        return self._log.pose

    def frame(self) -> AgentFrame:
        """Return what the last step saw and decided; what is driven to is all it remembers.

        Raises:
            RuntimeError: Before the first step.
        """
        target = self._log.target()
        matches = () if target is None else (target,)
        instances = tuple(match.instance for match in matches)
        grid, found = self._map.grid(), self._detections
        return self._log.frame(self._steps, self._goal, found, grid, instances, matches)

    def close(self) -> None:
        """There is nothing to close."""

    def _new_map(self) -> SemanticMap:
        return SemanticMap(self._parts.body, self._parts.config.memory.map)

    def _look(self, observation: Observation, here: RigidTransform) -> None:
        x, y, _ = planar_of(here)
        for grid in (self._map, self._seen):
            grid.update(observation, here)
            grid.mark_free((x, y), self._parts.body.radius)

    def _match(self, observation: Observation, here: RigidTransform) -> None:
        """Take the best sighting for the target if it is good enough, else keep the best so far."""
        for match in self._glance.look(self._detections, observation, here, self._map.grid()):
            if any(_gap(match, other) < self.config.same for other in self._barred):
                continue
            if match.probability >= self.config.act:
                self._target = match
            if self._best is None or match.probability > self._best.probability:
                self._best = match
            return

    def _decide(self, pose: Pose, collided: bool) -> Decision:
        self._navigator.update(self._map.grid(), pose, collided)
        decision = self._drive()
        if decision is None and self._scan.going(pose[2]):
            return Decision(self._navigator.scan(), None)
        while decision is None:
            self._navigator.update(self._to_look_at(), pose, collided=False)
            step = self._navigator.explore()
            if step.outcome is Progress.MOVING:
                return Decision(step, None)
            decision = self._nothing_left(step, pose)
        return decision

    def _drive(self) -> Decision | None:
        """Return the step to the target; None if there is none, or no way to it."""
        if self._target is None:
            return None
        thing = self._target.instance
        step = self._navigator.go_to(thing.points, seen_from(thing))
        if step.outcome is Progress.MOVING:
            return Decision(replace(step, note=f"driving to {thing.label}"), self._target)
        if step.outcome is Progress.ARRIVED:
            reason = f"stands before the {thing.label}"
            return Decision(stopping(step), self._target, Status.REACHED, reason)
        self._barred.append(self._target)
        self._target = self._best = None
        return None

    def _nothing_left(self, step: Step, pose: Pose) -> Decision | None:
        """Return the end, or the way to the best sighting; None if a greater effort has begun."""
        if self._effort < Effort.SETTLE:
            self._effort = Effort(self._effort + 1)
        if self._effort < Effort.SETTLE:
            return None
        if self._best is not None and self._best.probability >= self.config.settle:
            self._target = self._best
            self._navigator.update(self._map.grid(), pose, collided=False)
            return self._drive()
        if self._barred:
            reason = "what looked like the goal cannot be reached"
            return Decision(stopping(step), None, Status.UNREACHABLE, reason)
        reason = f"nothing seen fits the goal ({step.note})"
        return Decision(stopping(step), None, Status.NOT_FOUND, reason)

    def _to_look_at(self) -> OccupancyGrid:
        """Return the map in which what was not looked at for this goal is unknown."""
        hidden = self._effort is Effort.INSPECT
        seen = self._seen.uninspected() if hidden else self._seen.grid()
        return as_unseen(self._map.grid(), seen)


def as_unseen(known: OccupancyGrid, seen: OccupancyGrid) -> OccupancyGrid:
    """Return `known` with the free cells as unknown that are not free in `seen`.

    Args:
        known: A map.
        seen: A map whose cells line up with those of `known` and lie within it.
    """
    corner = np.rint(np.subtract(seen.origin, known.origin) / known.resolution).astype(int)
    window = (
        slice(corner[1], corner[1] + seen.shape[0]),
        slice(corner[0], corner[0] + seen.shape[1]),
    )
    looked_at = np.zeros(known.shape, np.bool_)
    looked_at[window] = seen.state == CellState.FREE
    state = known.state.copy()
    state[(state == CellState.FREE) & ~looked_at] = CellState.UNKNOWN
    return OccupancyGrid(state, known.origin, known.resolution)


def _gap(a: Match, b: Match) -> float:
    return float(np.linalg.norm(a.instance.center - b.instance.center))
