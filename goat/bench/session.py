"""One session: goal after goal in one environment, measured.

The loop is observe, `agent.step`, act. Ground truth, where there is any, is read by the judge.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from goat.bench.measure import Judge, Trip, spl
from goat.frames import planar_of
from goat.protocols import Embodiment, Evaluator
from goat.types import (
    Action,
    AgentFrame,
    DiscreteAction,
    Goal,
    Observation,
    Status,
    Task,
    describe,
    modality,
)

_log = logging.getLogger(__name__)


class GoalSeeker(Protocol):
    """What a session asks of an agent."""

    @property
    def status(self) -> Status | None:
        """How the pursuit ended; None while it goes on."""
        ...

    @property
    def reason(self) -> str:
        """Why it ended so, for people."""
        ...

    def set_goal(self, goal: Goal) -> None:
        """Start a pursuit."""
        ...

    def step(self, observation: Observation) -> Action:
        """Return the next action; `DiscreteAction.STOP` when the pursuit is over."""
        ...

    def frame(self) -> AgentFrame:
        """Return what the last step saw and decided."""
        ...


@runtime_checkable
class Localised(Protocol):
    """An agent that knows better than odometry where the robot stands."""

    @property
    def pose(self) -> tuple[float, float, float]:
        """Where it stood in its map at the last step: x, y, yaw, m and rad."""
        ...


@runtime_checkable
class TruthSeeker(Protocol):
    """An agent that is told the truth before each goal: only a bound to compare with may be one."""

    def set_targets(self, targets: Sequence[int]) -> None:
        """Take the ids of the objects that count as reached for the goal that comes next."""
        ...


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Budgets and what counts as success."""

    max_steps: int = 500
    """Actions allowed per goal."""
    reach: float = 1.0
    """Success: greatest horizontal gap between the robot and a target, m."""
    strict_reach: float = 0.25
    """Strict success: greatest driving distance to a viewpoint of a target, m."""


@dataclass(frozen=True, slots=True)
class GoalResult:
    """How one goal went; what nobody could measure is None."""

    modality: str
    """"category", "image" or "language"."""
    goal: str
    """The goal as a person would read it."""
    status: Status
    """What the agent says."""
    success: bool | None
    """It stopped by itself within reach of a target; None where no target is known."""
    strict_success: bool | None
    """It stopped by itself at a viewpoint of a target."""
    steps: int
    """Actions taken."""
    path_length_m: float
    """Distance driven, m (true where ground truth exists, else by odometry)."""
    shortest_m: float | None
    """Driving distance from the start to the nearest target, m."""
    spl: float | None
    """Success weighted by path length, in [0, 1]."""
    seconds: float
    """Wall-clock time, rendering and drawing included, s."""
    collisions: int
    """Actions cut short by a collision."""
    first_visit: bool
    """No target of this goal had been reached earlier in the session."""
    reason: str
    """Why it ended, for people."""
    agent_ms_median: float | None
    """Median CPU time of the agent's own step, ms."""
    agent_ms_p99: float | None
    """99th percentile of the same, ms."""
    targets: tuple[str, ...] = ()
    """Names of the objects that counted as reached."""
    reached: str | None = None
    """Name of the target it stopped at."""
    strict_spl: float | None = None
    """The same as `spl` where success is strict success."""
    category: str | None = None
    """Category of the targets."""
    chosen: str | None = None
    """Name of the true object that the agent took for the goal when it ended; None for none."""
    known: bool | None = None
    """Some target was in the agent's memory when it ended."""
    best: str | None = None
    """Name of the true object that is the likeliest candidate in memory; None for none."""
    trajectory: tuple[tuple[float, float], ...] = ()
    """True places (x, y) after each action, the start first, m."""
    cost_ms: Mapping[str, float] = field(default_factory=dict)
    """Mean CPU time per step by stage, ms; `goat.bench.metrics.STAGES` has those of the agents."""


@dataclass(frozen=True, slots=True)
class SessionResult:
    """All goals of a session."""

    goals: tuple[GoalResult, ...]
    """In order."""


class SessionObserver(Protocol):
    """Sees a session go by; never changes it."""

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Goal `index` (from 0) of `total` was given to the agent."""
        ...

    def stepped(self, frame: AgentFrame) -> None:
        """The agent has decided on one action."""
        ...

    def goal_ended(self, result: GoalResult) -> None:
        """The pursuit is over."""
        ...


def run_tasks(
    agent: GoalSeeker,
    embodiment: Embodiment,
    evaluator: Evaluator | None,
    tasks: Sequence[Task],
    config: SessionConfig = SessionConfig(),
    observers: Sequence[SessionObserver] = (),
) -> SessionResult:
    """Give the agent one goal after another and measure how it does.

    An exception of the agent ends that goal with `Status.ERROR`, never as a success; the goals
    after it are still tried. An exception of the embodiment, the evaluator or an observer ends the
    session, after the robot was told to stop.

    Args:
        agent: Told the goals; keeps its memory from goal to goal.
        embodiment: The robot.
        evaluator: Ground truth, where there is any.
        tasks: The goals in order.
        config: Budgets and what counts as success.
        observers: Called in order after each step.
    """
    judge = Judge(evaluator, config.reach, config.strict_reach)
    session = _Session(agent, embodiment, judge, config.max_steps, observers)
    return SessionResult(tuple(session.results(tasks)))


class _Session:
    def __init__(
        self,
        agent: GoalSeeker,
        embodiment: Embodiment,
        judge: Judge,
        most: int,
        observers: Sequence[SessionObserver],
    ) -> None:
        self._agent = agent
        self._embodiment = embodiment
        self._judge = judge
        self._most = most
        self._observers = observers

    def results(self, tasks: Sequence[Task]) -> Iterator[GoalResult]:
        for index, task in enumerate(tasks):
            for observer in self._observers:
                observer.goal_started(index, len(tasks), task)
            result = self._run(task)
            for observer in self._observers:
                observer.goal_ended(result)
            yield result

    def _run(self, task: Task) -> GoalResult:
        trip = Trip()
        observation = self._observe(trip)
        shortest = self._judge.shortest(task)
        try:
            status, reason = self._pursue(task, observation, trip)
        finally:
            self._embodiment.act(DiscreteAction.STOP)
        return self._result(task, trip, status, reason, shortest)

    def _observe(self, trip: Trip) -> Observation:
        began = time.thread_time()
        observation = self._embodiment.observe()
        trip.spent({"render": time.thread_time() - began})
        trip.looks += 1
        trip.moved_to(self._judge.position(observation))
        return observation

    def _pursue(self, task: Task, observation: Observation, trip: Trip) -> tuple[Status, str]:
        failure = self._guarded(lambda: self._start(task))
        while failure is None and trip.steps < self._most:
            action, failure = self._step(observation, trip)
            if failure is not None:
                break
            self._show()
            if self._agent.status is not None:
                return self._agent.status, self._agent.reason
            self._embodiment.act(action)
            trip.steps += 1
            observation = self._observe(trip)
            trip.collisions += observation.collided
        if failure is not None:
            return Status.ERROR, failure
        return Status.TIMEOUT, f"not there after {self._most} steps"

    def _start(self, task: Task) -> None:
        if isinstance(self._agent, TruthSeeker):
            self._agent.set_targets(task.targets)
        self._agent.set_goal(task.goal)

    def _step(self, observation: Observation, trip: Trip) -> tuple[Action, str | None]:
        action: Action = DiscreteAction.STOP

        def step() -> None:
            nonlocal action
            action = self._agent.step(observation)

        began = time.thread_time()
        failure = self._guarded(step)
        if failure is None:
            self._judge.compare(observation.stamp, self._believed(observation))
            trip.cpu_ms.append(1e3 * (time.thread_time() - began))
            trip.spent(getattr(self._agent, "timings", {}))
        return action, failure

    def _believed(self, observation: Observation) -> tuple[float, float, float]:
        """Return where the robot believes to be in its map."""
        odometry = planar_of(observation.odom_from_base)
        return self._agent.pose if isinstance(self._agent, Localised) else odometry

    @staticmethod
    def _guarded(call: Callable[[], None]) -> str | None:
        """Run `call`; return what went wrong, or None."""
        try:
            call()
        except Exception as error:  # noqa: BLE001  one bad goal must not lose the others
            _log.warning("the agent failed", exc_info=True)
            return f"{type(error).__name__}: {error}"
        return None

    def _show(self) -> None:
        if self._observers:
            frame = self._agent.frame()
            for observer in self._observers:
                observer.stepped(frame)

    def _last_frame(self, trip: Trip) -> AgentFrame | None:
        """Return the goal's last frame; before its first step the frame is of the goal before."""
        frames: list[AgentFrame] = []
        if trip.cpu_ms:
            self._guarded(lambda: frames.append(self._agent.frame()))
        return frames[0] if frames else None

    def _result(
        self, task: Task, trip: Trip, status: Status, reason: str, shortest: float | None
    ) -> GoalResult:
        judge, verdict = self._judge, self._judge.judge(task, status)
        beliefs = judge.beliefs(self._last_frame(trip), task)
        return GoalResult(
            modality=modality(task.goal),
            goal=describe(task.goal),
            status=status,
            success=verdict.success,
            strict_success=verdict.strict,
            steps=trip.steps,
            path_length_m=trip.length,
            shortest_m=shortest,
            spl=spl(verdict.success, trip.length, shortest),
            seconds=time.perf_counter() - trip.began,
            collisions=trip.collisions,
            first_visit=verdict.first_visit,
            reason=reason,
            agent_ms_median=float(np.median(trip.cpu_ms)) if trip.cpu_ms else None,
            agent_ms_p99=float(np.percentile(trip.cpu_ms, 99)) if trip.cpu_ms else None,
            targets=judge.names(task.targets),
            reached=judge.name(verdict.nearest) if verdict.success else None,
            strict_spl=spl(verdict.strict, trip.length, shortest),
            category=judge.category(task),
            chosen=judge.name(beliefs.chosen),
            known=beliefs.known,
            best=judge.name(beliefs.best),
            trajectory=trip.trajectory(),
            cost_ms=trip.cost_ms(),
        )


def summarize(results: Sequence[GoalResult]) -> Mapping[str, float | int | None]:
    """Return the figures of a session; means are over the goals that have the figure."""
    judged = [r for r in results if r.success is not None]
    return {
        "goals": len(results),
        "judged": len(judged),
        "reached": sum(r.status is Status.REACHED for r in results),
        "successes": sum(bool(r.success) for r in judged),
        "success_rate": _mean([float(bool(r.success)) for r in judged]),
        "strict_success_rate": _mean([float(bool(r.strict_success)) for r in judged]),
        "spl": _mean([r.spl for r in results if r.spl is not None]),
        "steps": sum(r.steps for r in results),
        "path_length_m": sum(r.path_length_m for r in results),
        "collisions": sum(r.collisions for r in results),
        "seconds": sum(r.seconds for r in results),
        "agent_ms_median": _mean(
            [r.agent_ms_median for r in results if r.agent_ms_median is not None]
        ),
        **_revisits(results),
    }


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _revisits(results: Sequence[GoalResult]) -> dict[str, float | int | None]:
    """Compare the first way to each object with the later ways to the same object."""
    ways: dict[str, list[float]] = {}
    for result in results:
        if result.reached is not None:
            ways.setdefault(result.reached, []).append(result.path_length_m)
    again = [way for way in ways.values() if len(way) > 1]
    first = _mean([way[0] for way in again])
    later = _mean([float(np.mean(way[1:])) for way in again])
    return {
        "revisited_objects": len(again),
        "first_visit_path_m": first,
        "revisit_path_m": later,
        "revisit_speedup": first / later if first is not None and later else None,
    }
