"""One control step: look, remember, match, plan, act.

The agent of "GOAT: GO to Any Thing" (2023, https://arxiv.org/abs/2311.06430): one memory serves
goal after goal; what is known is driven to, what is not is explored for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from goat.errors import GoalError
from goat.frames import planar_of
from goat.memory.matcher import GoalMatcher, Match
from goat.nav.navigator import Navigator
from goat.perception.gate import GateConfig
from goat.pursuit import WAITING, Pursuit
from goat.steps import StepLog
from goat.target import TargetConfig
from goat.types import Action, AgentFrame, Goal, InstanceGoal, Observation, PlaceGoal, Status
from goat.watcher import Watcher


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
        watcher: Watcher,
        matcher: GoalMatcher,
        navigator: Navigator,
        labels: Sequence[str] = (),
        config: AgentConfig | None = None,
    ) -> None:
        """Compose the parts; `goat.build.build_agent` makes them.

        Args:
            watcher: Sees and remembers.
            matcher: Answers goals from the memory.
            navigator: Turns wishes into actions.
            labels: Categories the detector may report.
            config: How a goal is pursued.
        """
        self.config = config or AgentConfig()
        self.watcher, self.memory = watcher, watcher.memory
        self.status: Status | None = None
        self.reason = "no goal yet"
        self._matcher, self._labels = matcher, tuple(labels)
        scan = self.config.opening_scan and not self.memory.instances()
        self._pursuit = Pursuit(navigator, self.memory, self.config.target, scan)
        self._goal: Goal | None = None
        self._steps = 0
        self._matches: list[Match] = []
        self._log = StepLog()
        self.timings = self._log.timings

    def set_goal(self, goal: Goal) -> None:
        """Start a pursuit; the memory stays.

        Raises:
            GoalError: The goal says nothing, or is an object that is not in memory.
        """
        if isinstance(goal, InstanceGoal):
            self._check_known(goal)
        self._matcher.set_goal(goal, self._labels)
        self._goal, self._steps, self._matches = goal, 0, []
        self.status, self.reason = None, ""
        self._pursuit.reset(goal if isinstance(goal, PlaceGoal) else None)

    def step(self, observation: Observation) -> Action:
        """Return the next action; `status` says when it was the last one."""
        here = self.watcher.watch(observation, self._log)
        with self._log.stage("match"):
            self._match()
        with self._log.stage("plan"):
            pose = planar_of(here)
            decision = self._pursuit.decide(
                pose, observation.collided, self._matches, self._match_anew
            )
        self._steps += 1
        self._log.note(observation, here, decision)
        self.status, self.reason = decision.status, decision.reason
        if self.status is not None:
            self.memory.save()
        return decision.step.action

    def watch(self, observation: Observation) -> None:
        """Look and remember while there is no goal; `frame` shows it."""
        here = self.watcher.watch(observation, self._log)
        self._goal, self._matches = None, []
        self._log.note(observation, here, WAITING)

    @property
    def pose(self) -> tuple[float, float, float]:
        """Where the robot stood in the map at the last step: x, y, yaw, m and rad.

        Raises:
            RuntimeError: Before the first step.
        """
        return self._log.pose

    def frame(self) -> AgentFrame:
        """Return what the last step saw and decided, for observers.

        Raises:
            RuntimeError: Before the first step.
        """
        grid, instances = self.memory.grid(), self.memory.instances()
        found = self.watcher.detections
        return self._log.frame(self._steps, self._goal, found, grid, instances, self._matches)

    def close(self) -> None:
        """Stop perceiving and save the memory."""
        self.watcher.close()

    def _check_known(self, goal: InstanceGoal) -> None:
        if all(instance.id != goal.id for instance in self.memory.instances()):
            raise GoalError(f"{goal.name} (object {goal.id}) is not in memory any more")

    def _match(self) -> None:
        if self._steps % self.config.match_every == 0 or self._pursuit.committed:
            self._match_anew(self._pursuit.explored)
        if self._steps % self.config.prepare_every == 1:
            self._matcher.prepare(self.memory.instances(), 1)

    def _match_anew(self, explored: float) -> list[Match]:
        grid, instances = self.memory.grid(), self.memory.instances()
        self._matches = self._matcher.match(instances, grid, explored)
        return self._matches
