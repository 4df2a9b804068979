"""From a goal's matches and the map to the next step: drive, explore, look closer, give up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from goat.memory.matcher import Match
from goat.memory.memory import Memory
from goat.nav.navigator import Navigator, Progress, Step
from goat.target import Effort, OpeningScan, TargetConfig, TargetSelector
from goat.types import DiscreteAction, Float64Array, Instance, PlaceGoal, Status

Pose = tuple[float, float, float]
Matching = Callable[[float], list[Match]]
"""Share of the place that has been seen -> candidates for the goal, likeliest first."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do now."""

    step: Step
    """The action and where it leads."""
    target: Match | None
    """What is driven to; None while exploring."""
    status: Status | None = None
    """How the pursuit ended, if it did."""
    reason: str = ""
    """Why."""


WAITING = Decision(Step(DiscreteAction.STOP, None, Progress.MOVING, "waiting for a goal"), None)
"""What is done without a goal."""


class Pursuit:
    """Decides step by step; one per agent, reset for each goal."""

    def __init__(
        self, navigator: Navigator, memory: Memory, config: TargetConfig, scan: bool
    ) -> None:
        """Start without a goal.

        Args:
            navigator: Turns wishes into actions.
            memory: Where the map comes from.
            config: When a candidate is good enough.
            scan: Turn around once before anything else.
        """
        self._navigator = navigator
        self._memory = memory
        self._selector = TargetSelector(config)
        self._scan = OpeningScan(scan)
        self._place: PlaceGoal | None = None

    def reset(self, place: PlaceGoal | None = None) -> None:
        """Forget choices and plans: a new goal.

        Args:
            place: Where to, if the goal is no object.
        """
        self._place = place
        self._selector.reset()
        self._navigator.reset_goal()

    @property
    def committed(self) -> bool:
        """Whether something is being driven to."""
        return self._selector.current is not None

    @property
    def explored(self) -> float:
        """Share of the place that has been seen, in [0, 1]; 1 once no frontier is left."""
        if self._selector.effort > Effort.EXPLORE:
            return 1.0
        return self._navigator.coverage()

    def decide(self, pose: Pose, collided: bool, matches: list[Match], match: Matching) -> Decision:
        """Return what to do.

        Args:
            pose: The robot's x, y (m) and yaw (rad) in the map.
            collided: The last action was cut short.
            matches: Candidates for the goal.
            match: Finds them anew when there is nothing left to explore.
        """
        self._selector.steps += 1
        self._show_map(pose, collided)
        if self._scan.going(pose[2]):
            return Decision(self._navigator.scan(), None)
        while True:
            decision = self._go_to_place() or self._drive(matches) or self._explore()
            if decision is not None:
                return decision
            matches = match(self.explored)
            self._show_map(pose, collided=False)

    def _show_map(self, pose: Pose, collided: bool) -> None:
        hidden = self._selector.effort is Effort.INSPECT
        grid = self._memory.uninspected() if hidden else self._memory.grid()
        self._navigator.update(grid, pose, collided)

    def _go_to_place(self) -> Decision | None:
        """Return the step to the place that is the goal, through what is unknown if need be."""
        if self._place is None:
            return None
        step = self._navigator.go_to_place(self._place.xy)
        if step.outcome is Progress.NO_PATH:
            step = self._navigator.explore()
        match step.outcome:
            case Progress.MOVING:
                return Decision(step, None)
            case Progress.ARRIVED:
                return Decision(stopping(step), None, Status.REACHED, "stands at the place")
        reason = f"no way leads to the place ({step.note})"
        return Decision(stopping(step), None, Status.UNREACHABLE, reason)

    def _drive(self, matches: list[Match]) -> Decision | None:
        """Return the step to the best candidate; None if there is none worth driving to."""
        while (target := self._choose(matches)) is not None:
            instance = target.instance
            step = self._navigator.go_to(instance.points, seen_from(instance))
            if step.outcome is Progress.MOVING:
                return Decision(replace(step, note=f"driving to {instance.label}"), target)
            if step.outcome is not Progress.ARRIVED:
                self._selector.give_up(instance.id)
            elif self._selector.satisfied(target):
                reason = f"stands before the {instance.label}"
                return Decision(stopping(step), target, Status.REACHED, reason)
            else:
                self._selector.reject(target)
        return None

    def _choose(self, matches: list[Match]) -> Match | None:
        centers = np.array([match.instance.center[:2] for match in matches]).reshape(-1, 2)
        eyes = [seen_from(match.instance) for match in matches]
        distances = self._navigator.travel_times(centers, eyes)
        return self._selector.choose(matches, distances.tolist())

    def _explore(self) -> Decision | None:
        """Return the next step of exploration; None if a greater effort has begun."""
        if self._selector.judging and self._selector.try_harder():
            return None
        step = self._navigator.explore()
        if step.outcome is Progress.MOVING:
            return Decision(step, None)
        if self._selector.try_harder():
            return None
        if not self._selector.unreachable and self._navigator.look_again():
            self._selector.effort = Effort.EXPLORE
            return None
        if self._selector.unreachable:
            reason = "what fits the goal cannot be reached"
            return Decision(stopping(step), None, Status.UNREACHABLE, reason)
        reason = f"nothing fits the goal ({step.note})"
        return Decision(stopping(step), None, Status.NOT_FOUND, reason)


def stopping(step: Step) -> Step:
    """Return `step` with the action that ends a pursuit."""
    return replace(step, action=DiscreteAction.STOP)


def seen_from(instance: Instance) -> Float64Array:
    """Return (N, 2) where the views of an instance were taken from, m in the map."""
    eyes = [view.map_from_camera.translation[:2] for view in instance.views]
    return np.array(eyes, np.float64).reshape(-1, 2)
