"""Where a person's wishes wait for the robot: between the operator's page and a session."""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from goat.agent import Agent
from goat.bench.session import GoalResult
from goat.commands.goals import MAX_BYTES, decode_photo, make_goal, parse_goal
from goat.errors import GoalError
from goat.protocols import Embodiment
from goat.types import (
    Action,
    AgentFrame,
    Body,
    DiscreteAction,
    Goal,
    ImageGoal,
    InstanceGoal,
    Observation,
    PlaceGoal,
    Status,
    Task,
    describe,
)
from goat.view.operator import Ended, OperatorState

_MOST_WAITING = 50
_MOST_KEPT = 200
_PREFIXES = ("category:", "text:", "language:")


@dataclass(frozen=True, slots=True)
class Safety:
    """What a person may do to the robot besides giving it goals."""

    stop: Callable[[str], object]
    """Sets the emergency stop, with the reason."""
    release: Callable[[], object]
    """Clears it."""
    stopped: Callable[[], str | None]
    """Why it is set."""
    holding: Callable[[bool], str | None]
    """Why the robot must not move just now, else; told whether it pursues a goal."""


@dataclass(slots=True)
class _Wishes:
    waiting: deque[Goal] = field(default_factory=deque)
    ended: deque[Ended] = field(default_factory=lambda: deque(maxlen=_MOST_KEPT))
    current: Goal | None = None
    paused: bool = False
    skipped: bool = False


class Desk:
    """Implements `goat.view.operator.Operator`, and `goat.bench.session.SessionObserver`."""

    def __init__(self, safety: Safety, check: Callable[[Task], object]) -> None:
        """Start with nothing asked for.

        Args:
            safety: Reaches the robot at once, past everything that waits.
            check: Raises a `GoatError` for a goal that can't be looked for.
        """
        self._safety, self._check = safety, check
        self._lock = threading.Lock()
        self._wishes = _Wishes()

    # The operator

    def state(self) -> OperatorState:
        """Return what goes on."""
        stopped = self._safety.stopped()
        with self._lock:
            now = self._wishes
            holding = self._safety.holding(now.current is not None)
            return OperatorState(
                goal=None if now.current is None else describe(now.current),
                waiting=tuple(map(describe, now.waiting)),
                ended=tuple(now.ended),
                paused=now.paused,
                stopped=stopped,
                holding=None if stopped or now.paused else holding,
            )

    def ask(self, goal: Goal) -> None:
        """Queue a goal.

        Raises:
            GoalError: It can't be looked for, or too many wait already.
        """
        self._check(Task(goal, ()))
        with self._lock:
            if len(self._wishes.waiting) >= _MOST_WAITING:
                raise GoalError(f"{_MOST_WAITING} goals wait already; skip some first")
            self._wishes.waiting.append(goal)

    def ask_text(self, text: str) -> None:
        """Queue "category:sofa", or a sentence; see `ask`."""
        known = text.strip().lower().startswith(_PREFIXES)
        self.ask(parse_goal(text) if known else make_goal("text", text))

    def ask_photo(self, content: bytes, name: str) -> None:
        """Queue the object in the middle of a photo; see `ask`."""
        if len(content) > MAX_BYTES:
            raise GoalError(f"{name} is larger than {MAX_BYTES >> 20} MiB; scale it down")
        self.ask(ImageGoal(decode_photo(io.BytesIO(content), name), name))

    def ask_instance(self, number: int, name: str) -> None:
        """Queue a remembered object; see `ask`."""
        self.ask(InstanceGoal(number, name))

    def ask_place(self, xy: tuple[float, float]) -> None:
        """Queue a place on the floor of the map, m; see `ask`."""
        self.ask(PlaceGoal(xy))

    def skip(self) -> None:
        """Give the current goal up."""
        with self._lock:
            self._wishes.skipped = self._wishes.current is not None

    def pause(self, paused: bool) -> None:
        """Hold the robot, or let it go on."""
        with self._lock:
            self._wishes.paused = paused

    def stop(self) -> None:
        """Set the emergency stop."""
        self._safety.stop("the operator pressed it")

    def release(self) -> None:
        """Clear the emergency stop."""
        self._safety.release()

    # The session

    @property
    def held(self) -> bool:
        """Whether a person wants the robot to stand."""
        return self._wishes.paused or self._safety.stopped() is not None

    @property
    def skipped(self) -> bool:
        """Whether the current goal was given up."""
        return self._wishes.skipped

    def next(self) -> Task | None:
        """Return the goal that comes next, and make it the current one; None if none waits."""
        with self._lock:
            if not self._wishes.waiting or self._wishes.paused:
                return None
            self._wishes.current, self._wishes.skipped = self._wishes.waiting.popleft(), False
            return Task(self._wishes.current, ())

    def failed(self, reason: str) -> None:
        """Note that the current goal ended because the robot cannot be driven."""
        with self._lock:
            if self._wishes.current is not None:
                goal = describe(self._wishes.current)
                self._wishes.ended.append(Ended(goal, Status.ERROR.value, reason, 0.0, 0.0))
            self._wishes.current = None

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Nothing to do."""

    def stepped(self, frame: AgentFrame) -> None:
        """Nothing to do."""

    def goal_ended(self, result: GoalResult) -> None:
        """Note how the current goal ended."""
        ended = Ended(
            goal=result.goal,
            status=result.status.value,
            reason=result.reason,
            seconds=result.seconds,
            metres=result.path_length_m,
        )
        with self._lock:
            self._wishes.ended.append(ended)
            self._wishes.current = None


class HeldRobot:
    """A robot that stands while a person wants it to; implements `goat.protocols.Embodiment`."""

    def __init__(
        self, robot: Embodiment, desk: Desk, look: Callable[[Observation], object]
    ) -> None:
        """Hold `robot` as `desk` says, and show what it sees meanwhile with `look`."""
        self._robot, self._desk, self._look = robot, desk, look

    @property
    def body(self) -> Body:
        """Of the robot."""
        return self._robot.body

    def observe(self) -> Observation:
        """Return what it sees, once it may go on or its goal was given up."""
        seen = self._robot.observe()
        while self._desk.held and not self._desk.skipped:
            self._robot.act(DiscreteAction.STOP)
            self._look(seen)
            seen = self._robot.observe()
        return seen

    def act(self, action: Action) -> None:
        """Act, unless a person wants it to stand."""
        self._robot.act(DiscreteAction.STOP if self._desk.held else action)

    def close(self) -> None:
        """Close the robot."""
        self._robot.close()


class SkippableAgent:
    """An agent whose goal a person may give up; implements `goat.bench.session.GoalSeeker`."""

    def __init__(self, agent: Agent, desk: Desk) -> None:
        """Ask `desk` whether it was given up."""
        self._agent, self._desk = agent, desk

    @property
    def status(self) -> Status | None:
        """How the pursuit ended."""
        status = self._agent.status
        return Status.CANCELLED if status is None and self._desk.skipped else status

    @property
    def reason(self) -> str:
        """Why."""
        return self._agent.reason if self._agent.status else "the operator gave it up"

    @property
    def pose(self) -> tuple[float, float, float]:
        """Where the agent believes to be; see `goat.bench.session.Localised`."""
        return self._agent.pose

    def set_goal(self, goal: Goal) -> None:
        """Start a pursuit."""
        self._agent.set_goal(goal)

    def step(self, observation: Observation) -> Action:
        """Return the next action."""
        return self._agent.step(observation)

    def frame(self) -> AgentFrame:
        """Return the last step."""
        return self._agent.frame()
