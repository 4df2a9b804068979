"""Velocity, acceleration and jerk limits that hold for any sequence of wishes and times.

Per axis the state is the velocity v and the acceleration a of the last command. The next
acceleration a' stays within j dt of a, within the greatest acceleration, and so small that from v
the limit V is never passed: with the acceleration taken back at the rate j, v grows by
a'^2 / (2 j) after this step, so a' dt + a'^2 / (2 j) <= V - v. Where this held before a step it can
be kept in the next one, however long that is: a - j dt satisfies it, or 0 does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from goat.errors import ConfigError
from goat.types import VelocityCommand

_LONGEST = 0.1
"""A step counts as no longer than this, s: after a pause nothing may jump."""


@dataclass(frozen=True)
class AxisLimits:
    """Greatest values of one axis, either way."""

    velocity: float
    """m/s or rad/s."""
    acceleration: float
    """m/s^2 or rad/s^2."""
    jerk: float
    """m/s^3 or rad/s^3."""

    def __post_init__(self) -> None:
        """Check that the robot can move at all."""
        for name in ("velocity", "acceleration", "jerk"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise ConfigError(f"the limit on {name} must be a positive number, got {value}")


class AxisLimiter:
    """Follows a wished velocity within the limits."""

    def __init__(self, limits: AxisLimits) -> None:
        """Start at rest."""
        self.limits = limits
        self.velocity = 0.0
        self.acceleration = 0.0

    def stop(self) -> None:
        """The robot was told to stop at once: begin from rest again."""
        self.velocity = self.acceleration = 0.0

    def step(self, wish: float, dt: float) -> tuple[float, float]:
        """Return the velocity and acceleration of the next command; see `accept`.

        Args:
            wish: Wished velocity; what is not finite counts as 0.
            dt: Time since the last command, s; what is not positive changes nothing.
        """
        if not dt > 0.0:
            return self.velocity, self.acceleration
        top, dt = self.limits, min(dt, _LONGEST)
        wish = min(max(wish, -top.velocity), top.velocity) if math.isfinite(wish) else 0.0
        toward = self._most(abs(wish - self.velocity), dt)
        goal = math.copysign(toward, wish - self.velocity)
        low = max(self.acceleration - top.jerk * dt, -self._most(top.velocity + self.velocity, dt))
        high = min(self.acceleration + top.jerk * dt, self._most(top.velocity - self.velocity, dt))
        acceleration = min(max(goal, low), high)
        return self.velocity + acceleration * dt, acceleration

    def accept(self, velocity: float, acceleration: float) -> None:
        """Take what `step` returned for what was sent."""
        self.velocity, self.acceleration = velocity, acceleration

    def _most(self, room: float, dt: float) -> float:
        """Return the greatest acceleration that, taken back in time, keeps within `room`."""
        room = max(room, 0.0)
        jerk = self.limits.jerk
        # The solution of a dt + a^2 / (2 j) = room, without cancellation.
        root = dt + math.sqrt(dt * dt + 2.0 * room / jerk)
        return min(self.limits.acceleration, 2.0 * room / root)


class Limiter:
    """Both axes of a base."""

    def __init__(self, linear: AxisLimits, angular: AxisLimits) -> None:
        """Start at rest."""
        self.linear, self.angular = AxisLimiter(linear), AxisLimiter(angular)

    def step(self, wish: VelocityCommand, dt: float) -> Limited:
        """Return what may be sent next; it counts once it is accepted."""
        return Limited(*self.linear.step(wish.linear, dt), *self.angular.step(wish.angular, dt))

    def accept(self, sent: Limited) -> None:
        """Take a step for what was sent."""
        self.linear.accept(sent.linear, sent.linear_acceleration)
        self.angular.accept(sent.angular, sent.angular_acceleration)

    def stop(self) -> None:
        """The robot was told to stop at once."""
        self.linear.stop()
        self.angular.stop()


@dataclass(frozen=True, slots=True)
class Limited:
    """A command within the limits."""

    linear: float
    """m/s."""
    linear_acceleration: float
    """m/s^2."""
    angular: float
    """rad/s."""
    angular_acceleration: float
    """rad/s^2."""

    @property
    def command(self) -> VelocityCommand:
        """What is sent."""
        return VelocityCommand(self.linear, self.angular)
