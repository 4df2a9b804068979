"""Does the robot move when it is meant to?"""

from __future__ import annotations

import math
from dataclasses import dataclass

from goat.types import VelocityCommand

_SHARE = 0.25
"""Slower than this share of what is wished counts as standing, and ..."""
_LEAST = (0.02, 0.05)
"""... wishes below these say nothing, m/s and rad/s."""


@dataclass(slots=True)
class StallWatch:
    """Notices that something holds the robot: the gate, for what the map shows, or the world."""

    patience: float = 1.0
    """Time without motion that counts, s."""
    _since: float = math.inf
    _stalled: bool = False

    def note(self, wish: VelocityCommand | None, speed: tuple[float, float], now: float) -> None:
        """Take what is wished and done at a monotonic time.

        Args:
            wish: What the robot was meant to do; None if it was meant to stand.
            speed: What odometry says that it does, m/s and rad/s.
            now: Time, s.
        """
        if wish is None or _obeys(wish.linear, speed[0], 0) or _obeys(wish.angular, speed[1], 1):
            self._since = math.inf
            return
        if abs(wish.linear) < _LEAST[0] and abs(wish.angular) < _LEAST[1]:
            self._since = math.inf
            return
        self._since = min(self._since, now)
        if now - self._since >= self.patience:
            self._stalled, self._since = True, now

    def take(self) -> bool:
        """Return whether it was held since the last call."""
        stalled, self._stalled = self._stalled, False
        return stalled


def _obeys(wish: float, speed: float, axis: int) -> bool:
    """Return whether one axis moves as it is meant to."""
    return abs(wish) >= _LEAST[axis] and abs(speed) >= _SHARE * abs(wish)
