"""Drives and stops at random: what success is worth where nothing is understood."""

from __future__ import annotations

from dataclasses import dataclass

from goat.bench.agents import AgentParts
from goat.bench.baselines.blank import blank_frame
from goat.types import Action, AgentFrame, DiscreteAction, Goal, Observation, Status

_TURNS = (DiscreteAction.TURN_LEFT, DiscreteAction.TURN_RIGHT)


@dataclass(frozen=True)
class RandomWalkConfig:
    """Probabilities of a step."""

    stop: float = 0.01
    """Of stopping: a goal takes 100 steps on average."""
    turn: float = 0.2
    """Of turning, left or right, where the way is free; otherwise it drives forward."""
    most_turns: int = 6
    """After a collision it turns 1 to this many steps to one side, so that it can face anywhere."""


class RandomWalk:
    """Mostly forward, now and then a turn, away from what it bumps into."""

    def __init__(self, parts: AgentParts, config: RandomWalkConfig | None = None) -> None:
        """Take the generator of `parts` and nothing else."""
        self.config = config or RandomWalkConfig()
        self.status: Status | None = None
        self.reason = "no goal yet"
        self.timings: dict[str, float] = {}
        self._rng = parts.rng
        self._goal: Goal | None = None
        self._left: list[DiscreteAction] = []
        self._steps = 0
        self._seen: Observation | None = None

    def set_goal(self, goal: Goal) -> None:
        """Start a walk."""
        self._goal, self._steps, self._left = goal, 0, []
        self.status, self.reason = None, ""

    def step(self, observation: Observation) -> Action:
        """Return the next action."""
        self._seen = observation
        self._steps += 1
        if self._rng.random() < self.config.stop:
            self.status, self.reason = Status.REACHED, "stopped at random"
            return DiscreteAction.STOP
        if observation.collided:
            turn, times = self._turn(), int(self._rng.integers(1, self.config.most_turns + 1))
            self._left = [turn] * times
        if self._left:
            return self._left.pop()
        return self._turn() if self._rng.random() < self.config.turn else DiscreteAction.FORWARD

    def frame(self) -> AgentFrame:
        """Return what was sensed; there is nothing else.

        Raises:
            RuntimeError: Before the first step.
        """
        return blank_frame(self._seen, self._goal, self._steps, self.reason or "wandering")

    def close(self) -> None:
        """There is nothing to close."""

    def _turn(self) -> DiscreteAction:
        return _TURNS[int(self._rng.integers(2))]
