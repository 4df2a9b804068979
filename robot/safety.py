"""The gate that every command passes on its way to the robot.

What comes out is either a stop, at once and for a reason that is told, or a command within all
limits whose swept footprint touches nothing in the map. Stops do not wait for the limits on
acceleration: the base slows down as fast as it can, which `StoppingConfig` must know.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from scipy.spatial.transform import RigidTransform

from goat.errors import ConfigError
from goat.frames import planar_of
from goat.types import OccupancyGrid, VelocityCommand
from robot.estop import EmergencyStop
from robot.footprint import StoppingConfig, SweptFootprint
from robot.limits import AxisLimits, Limited, Limiter
from robot.messages import STILL

_GENTLE = 0.6
"""Share of the greatest acceleration with which it slows down before what is ahead."""
_AHEAD = 0.3
"""What is farther than a gentle stop by this does not slow it down, m."""


@dataclass(frozen=True)
class GateConfig:
    """What a command must keep to."""

    linear: AxisLimits = field(default_factory=lambda: AxisLimits(0.5, 0.5, 2.0))
    """Forward and backward, m/s and its derivatives."""
    angular: AxisLimits = field(default_factory=lambda: AxisLimits(1.0, 1.5, 6.0))
    """Turning, rad/s and its derivatives."""
    ttl: float = 0.12
    """A wish that is older than this counts no more, s."""
    stopping: StoppingConfig = field(default_factory=StoppingConfig)
    """How the base comes to a stop."""
    creep: float = 0.1
    """Greatest speed of a base that has not proved to stop by itself, m/s."""

    def __post_init__(self) -> None:
        """Check that wishes count for a while, and not for long."""
        if not 0.0 < self.ttl <= 1.0 or not self.creep > 0.0:
            raise ConfigError(
                f"ttl must lie in (0, 1] s and creep above 0 m/s, got {self.ttl} and {self.creep}"
            )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What goes to the robot."""

    command: VelocityCommand
    """Zero if there is a reason to stop."""
    reason: str | None
    """Why it stops; None if it may go on."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A map, and how odometry lies in it."""

    grid: OccupancyGrid
    """What stands where."""
    map_from_odom: RigidTransform
    """Places odometry in the map."""


class Gate:
    """Takes wishes from the planner's thread, and is asked by the one that sends."""

    def __init__(
        self,
        radius: float,
        estop: EmergencyStop,
        fault: Callable[[float], str | None],
        odometry: Callable[[], RigidTransform | None],
        config: GateConfig | None = None,
    ) -> None:
        """Start at rest, without a wish or a map.

        Args:
            radius: Of the robot, m.
            estop: The emergency stop.
            fault: Returns why the robot must not move at a monotonic time (link, sensors), or None.
            odometry: Returns the newest odom_from_base, or None.
            config: What commands must keep to.
        """
        self.config = config or GateConfig()
        self.counts: Counter[str] = Counter()
        self.trusted = False
        """The base has proved to stop by itself when nothing comes; else it creeps."""
        self._estop, self._fault, self._odometry = estop, fault, odometry
        self._limiter = Limiter(self.config.linear, self.config.angular)
        self._footprint = SweptFootprint(radius, self.config.stopping)
        self._lock = threading.Lock()
        self._wish: tuple[VelocityCommand, float] | None = None
        self._around: Surroundings | None = None
        self._last: float | None = None

    def wish(self, command: VelocityCommand, now: float) -> None:
        """Take over what the planner wants, at a monotonic time; it counts for `ttl`."""
        with self._lock:
            self._wish = command, now

    def forget(self) -> None:
        """Drop the planner's wish: it has failed, or the link was lost."""
        with self._lock:
            self._wish = None

    def show(self, around: Surroundings) -> None:
        """Take over a newer map."""
        with self._lock:
            self._around = around

    def decide(self, now: float) -> Verdict:
        """Return what to send at a monotonic time; call it regularly, and send what it returns."""
        with self._lock:
            wish, around = self._wish, self._around
            dt, self._last = 0.0 if self._last is None else now - self._last, now
            reason = self._why_not(wish, around, now)
            if reason is not None or wish is None or around is None:
                return self._stop(reason or "no wish")
            sent = self._within_limits(wish[0], around, dt)
            if sent is None:
                return self._stop("something is in the way")
            self._limiter.accept(sent)
            return Verdict(sent.command, None)

    def veto(self, now: float) -> str | None:
        """Return why nothing may move the robot at a monotonic time; None if something may."""
        if self._estop.reason is not None:
            return f"emergency stop: {self._estop.reason}"
        return self._fault(now)

    def meant(self, now: float) -> VelocityCommand | None:
        """Return what the robot is meant to do at a monotonic time, if the map lets it.

        None if it is to stand for any other reason.
        """
        with self._lock:
            wish = self._wish
            barred = self._why_not(wish, self._around, now) is not None
            return None if barred or wish is None else wish[0]

    def _why_not(
        self, wish: tuple[VelocityCommand, float] | None, around: Surroundings | None, now: float
    ) -> str | None:
        veto = self.veto(now)
        if veto is not None:
            return veto
        if wish is None or not 0.0 <= now - wish[1] <= self.config.ttl:
            return "the planner is silent"
        if around is None:
            return "there is no map yet"
        return None

    def _within_limits(
        self, wish: VelocityCommand, around: Surroundings, dt: float
    ) -> Limited | None:
        """Return the first of the possible commands that touches nothing; None if all do."""
        odom_from_base = self._odometry()
        if odom_from_base is None:
            return None
        pose = planar_of(around.map_from_odom * odom_from_base)
        for sent in self._possible(self._slowed(wish, around, pose), dt):
            if self._footprint.free(around.grid, pose, sent.command):
                return sent
            self.counts["held back"] += 1
        return None

    def _slowed(
        self, wish: VelocityCommand, around: Surroundings, pose: tuple[float, float, float]
    ) -> VelocityCommand:
        """Return the wish at a speed that leaves room to slow down gently before what is ahead."""
        if not (math.isfinite(wish.linear) and math.isfinite(wish.angular)):
            return STILL
        top = self.config.linear.velocity if self.trusted else self.config.creep
        gentle = _GENTLE * self.config.linear.acceleration
        horizon = 2.0 * self._footprint.stopping_distance(top) + _AHEAD
        room = self._footprint.room(around.grid, pose, wish, horizon)
        if room < horizon:
            top = min(top, self._footprint.stoppable_speed(room, gentle))
        return replace(wish, linear=min(max(wish.linear, -top), top))

    def _possible(self, wish: VelocityCommand, dt: float) -> Iterator[Limited]:
        """Yield what is wished, then slowing down while turning, then slowing down."""
        yield self._limiter.step(wish, dt)
        yield self._limiter.step(replace(wish, linear=0.0), dt)
        yield self._limiter.step(STILL, dt)

    def _stop(self, reason: str) -> Verdict:
        self.counts[f"stop: {reason.partition(':')[0]}"] += 1
        self._limiter.stop()
        return Verdict(STILL, reason)
