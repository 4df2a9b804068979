"""Takes the shortest way to the nearest target, knowing the world: a bound on every other agent.

It is told the targets, and reads its pose and the free space from the ground truth. What keeps it
from an SPL of 1 is what the body allows: steps and turns of fixed size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from goat.bench.agents import AgentParts
from goat.bench.baselines.blank import blank_frame
from goat.bench.baselines.rollout import Rollout, RolloutConfig, WayHome
from goat.errors import ConfigError
from goat.protocols import Evaluator
from goat.types import (
    Action,
    AgentFrame,
    DiscreteAction,
    Float64Array,
    Goal,
    Observation,
    Status,
)

_NEAR = 0.2  # m of driving to a viewpoint at which it stops; strict success allows 0.25
_REACH = 0.95  # m to the target at which it stops; success allows 1


class Oracle:
    """Drives down the field of true driving distances; implements `TruthSeeker`."""

    def __init__(self, parts: AgentParts, config: RolloutConfig | None = None) -> None:
        """Take the ground truth of `parts`.

        Args:
            parts: Must hold an evaluator.
            config: How far it looks ahead.

        Raises:
            ConfigError: There is no ground truth.
        """
        if parts.evaluator is None:
            raise ConfigError("the oracle needs ground truth: give AgentParts an evaluator")
        self.status: Status | None = None
        self.reason = "no goal yet"
        self.timings: dict[str, float] = {}
        self._truth: Evaluator = parts.evaluator
        self._rollout = Rollout(parts.body, config or RolloutConfig())
        self._way: WayHome | None = None
        self._targets: tuple[int, ...] = ()
        self._goal: Goal | None = None
        self._steps = 0
        self._seen: Observation | None = None

    def set_targets(self, targets: Sequence[int]) -> None:
        """Take the objects that count as reached for the goal that comes next."""
        self._targets = tuple(targets)

    def set_goal(self, goal: Goal) -> None:
        """Measure the way to the targets told last."""
        self._goal, self._steps = goal, 0
        self.status, self.reason = None, ""
        ends = self._ends()
        self._way = WayHome(self._truth.navigable(), ends) if len(ends) else None

    def step(self, observation: Observation) -> Action:
        """Return the next action on the shortest way."""
        self._seen = observation
        self._steps += 1
        action = None
        if self._there():
            self.status, self.reason = Status.REACHED, "stands at a viewpoint of a target"
        elif self._way is not None:
            action = self._rollout.act(self._way, self._truth.pose(), observation.collided)
        if action is None and self.status is None:
            self.status, self.reason = Status.UNREACHABLE, "there is no way to any target"
        return action or DiscreteAction.STOP

    def frame(self) -> AgentFrame:
        """Return what was sensed; it remembers nothing.

        Raises:
            RuntimeError: Before the first step.
        """
        note = self.reason or "driving the shortest way"
        return blank_frame(self._seen, self._goal, self._steps, note)

    def close(self) -> None:
        """There is nothing to close."""

    def _there(self) -> bool:
        """Return whether stopping here is success by either rule."""
        xy = self._truth.pose()[:2]
        return any(
            self._truth.gap(xy, target) <= _REACH and self._truth.geodesic(xy, (target,)) <= _NEAR
            for target in self._targets
        )

    def _ends(self) -> Float64Array:
        """Return (N, 2) viewpoints of the targets, m, the far ones only where there are no others.

        From the far ones a target may just be out of reach.
        """
        pairs = [(xy, target) for target in self._targets for xy in self._truth.viewpoints(target)]
        gaps = np.array([self._truth.gap((xy[0], xy[1]), target) for xy, target in pairs])
        places = np.array([xy for xy, _ in pairs]).reshape(-1, 2)
        near = gaps <= _REACH - 0.05
        return places[near] if near.any() else places
