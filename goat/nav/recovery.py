"""What to try, in which order, when the robot does not get on."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from goat.frames import wrap_angle
from goat.nav.grid import LocalClearance, Pose
from goat.types import Action, Body, DiscreteAction, VelocityCommand


class Rung(IntEnum):
    """The ladder: each rung is tried once before the next.

    AVOID plans around the narrowest place ahead; CLEAR_MARKS forgets collisions; BACK_OFF drives
    to where there is room; SCAN turns once around; SHRINK lets obstacles reach a little into the
    footprint; GIVE_UP leaves the target.
    """

    NONE = 0
    AVOID = 1
    CLEAR_MARKS = 2
    BACK_OFF = 3
    SCAN = 4
    SHRINK = 5
    GIVE_UP = 6


@dataclass(frozen=True)
class RecoveryConfig:
    """When the robot counts as stuck."""

    patience: int = 24
    """Driving steps without getting closer to any target that mean stuck."""
    progress: float = 0.1
    """How much closer counts, m."""
    detours: int = 3
    """Times the way to one target may turn out longer without counting against progress."""
    collisions: int = 3
    """Collisions within `collision_window` that mean stuck."""
    collision_window: int = 8
    """Steps over which collisions are counted."""
    flips: int = 6
    """Changes between left and right turns, without a move, that mean stuck."""
    relief: float = 1.5
    """Distance from where it was stuck after which the ladder starts anew, m."""
    slack: float = 0.03
    """How far obstacles may reach into the footprint on the last rung, m."""


@dataclass(slots=True)
class _Record:
    left: float
    detours: int = 0


@dataclass(slots=True)
class Recovery:
    """Watches poses and collisions, and says which rung to take."""

    config: RecoveryConfig = field(default_factory=RecoveryConfig)
    """When the robot counts as stuck."""
    rung: Rung = Rung.NONE
    """The last rung taken."""
    _turns: deque[Pose] = field(default_factory=lambda: deque(maxlen=24))
    _bumps: deque[bool] = field(default_factory=deque)
    _records: dict[tuple[int, int], _Record] = field(default_factory=dict)
    _idle: int = 0
    _where: tuple[float, float] | None = None

    @property
    def slack(self) -> float:
        """How far obstacles may reach into the footprint now, m."""
        return self.config.slack if self.rung >= Rung.SHRINK else 0.0

    def reset(self) -> None:
        """Start anew: for a new goal."""
        self.rung, self._where = Rung.NONE, None
        self._records.clear()
        self.forget()

    def forget(self) -> None:
        """Judge from now on only: after a pause, a scan or a rung."""
        self._idle = 0
        self._turns.clear()
        self._bumps.clear()

    def observe(self, pose: Pose, collided: bool, target: tuple[float, float], left: float) -> None:
        """Note the result of a step that was meant to bring the robot on.

        Args:
            pose: Where it is now.
            collided: The step was cut short.
            target: Where it is driving to, m.
            left: Length of the way there, m.
        """
        self._turns.append(pose)
        self._bumps.append(collided)
        if len(self._bumps) > self.config.collision_window:
            self._bumps.popleft()
        self._idle = 0 if self._closer(target, left) else self._idle + 1
        if self._where is not None and math.dist(self._where, pose[:2]) > self.config.relief:
            self.rung, self._where = Rung.NONE, None

    def _closer(self, target: tuple[float, float], left: float) -> bool:
        """Return whether the robot came closer to a target than it has ever been.

        A way that turned out longer sets the record back, but only a few times, so that going to
        and fro between two ways does not look like progress.
        """
        key = (round(target[0] / 0.5), round(target[1] / 0.5))
        record = self._records.setdefault(key, _Record(math.inf))
        if left > record.left + 0.5 and record.detours < self.config.detours:
            record.left, record.detours = left, record.detours + 1
        if left > record.left - self.config.progress:
            return False
        record.left = left
        return True

    def stuck(self) -> bool:
        """Return whether the last steps led nowhere."""
        if sum(self._bumps) >= self.config.collisions or self._flips() >= self.config.flips:
            return True
        return self._idle >= self.config.patience

    def _flips(self) -> int:
        """Return how often the turning direction changed since the robot last moved."""
        flips, last = 0, 0.0
        for a, b in zip(list(self._turns)[:-1], list(self._turns)[1:], strict=True):
            if math.dist(a[:2], b[:2]) > 0.02:
                flips, last = 0, 0.0
                continue
            turn = wrap_angle(b[2] - a[2])
            flips += turn * last < 0
            last = turn if abs(turn) > 1e-3 else last
        return flips

    def climb(self, pose: Pose) -> Rung:
        """Take the next rung, because the robot is stuck at `pose`."""
        self.rung = Rung(min(self.rung + 1, Rung.GIVE_UP))
        self._where = (pose[0], pose[1])
        self.forget()
        return self.rung


@dataclass(slots=True)
class Manoeuvre:
    """A turn on the spot followed by a drive straight ahead, tracked by the poses it leads to."""

    turn: float
    """How far to turn, rad, counter-clockwise positive."""
    forward: float = 0.0
    """How far to drive then, m."""
    patience: int = 40
    """Steps after which it ends, done or not."""
    _last: Pose | None = None
    _driven: int = 0

    def next(self, pose: Pose, body: Body, counts: bool = True) -> Action | None:
        """Return its next action from `pose`, None when it is over.

        Args:
            pose: Where the robot is.
            body: Its steps and limits.
            counts: The step that led here counts; see `goat.nav.beat`.
        """
        if self._last is not None:
            self.turn -= wrap_angle(pose[2] - self._last[2])
            self.forward -= math.dist(pose[:2], self._last[:2]) if self._driven else 0.0
        self._last = pose
        self.patience -= counts
        if self.patience < 0:
            return None
        if abs(self.turn) > 0.5 * body.turn_step and not self._driven:
            return turn_action(self.turn, body)
        self._driven += counts or self._driven == 0
        done = self.forward < 0.5 * body.forward_step or self._driven > 20
        return None if done else forward_action(body)


def turn_action(error: float, body: Body) -> Action:
    """Return the action that turns towards a heading `error` radians to the left."""
    if not body.discrete:
        limit = body.max_angular
        return VelocityCommand(0.0, float(np.clip(2.0 * error, -limit, limit)))
    return DiscreteAction.TURN_LEFT if error > 0 else DiscreteAction.TURN_RIGHT


def forward_action(body: Body) -> Action:
    """Return the action that drives straight ahead, at half speed where there is a choice."""
    return DiscreteAction.FORWARD if body.discrete else VelocityCommand(0.5 * body.max_linear, 0.0)


def stop_action(body: Body) -> Action:
    """Return the action that stands still."""
    return DiscreteAction.STOP if body.discrete else VelocityCommand(0.0, 0.0)


def back_off(pose: Pose, body: Body, room: LocalClearance, distance: float = 0.5) -> Manoeuvre:
    """Return the manoeuvre that gets away from here: towards the most room, rather backwards."""
    count = round(2.0 * math.pi / body.turn_step)
    turns = np.array([math.remainder(k * body.turn_step, 2.0 * math.pi) for k in range(count)])
    reach = np.linspace(0.1, distance, 8)
    yaw = pose[2] + turns
    heading = np.stack([np.cos(yaw), np.sin(yaw)], axis=1)
    places = np.array(pose[:2]) + heading[:, None, :] * reach[:, None]
    worth = room.at(places).min(axis=1) + 0.02 * np.abs(turns)
    return Manoeuvre(float(turns[worth.argmax()]), distance)
