"""The robot's clock against ours."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class ClockConfig:
    """How far the robot's clock is trusted."""

    window: float = 20.0
    """The fastest message of so many seconds tells how far the clocks are apart, s."""
    step: float = 0.5
    """A stamp that is earlier or later than it can be by more than this means that a clock was
    set, s."""


class Clock:
    """Estimates how old a stamp is, whatever the difference between the clocks.

    The difference is that of the message that took the shortest time, so ages are relative to the
    fastest message: what every message loses on its way is not seen.
    """

    def __init__(self, config: ClockConfig | None = None) -> None:
        """Start without an estimate."""
        self.config = config or ClockConfig()
        self._best: deque[tuple[float, float]] = deque()  # arrival, and arrival - stamp, rising

    def note(self, stamp: float, at: float) -> bool:
        """Take a message; return whether its stamp fits the clock so far.

        Args:
            stamp: By the robot's clock, s.
            at: When it came by our monotonic clock, s.
        """
        difference = at - stamp
        fits = self._best == deque() or difference > self._best[0][1] - self.config.step
        if not fits:
            # It comes from the future: one of the clocks was set. Begin again from here.
            self._best.clear()
        while self._best and self._best[-1][1] >= difference:
            self._best.pop()
        self._best.append((at, difference))
        while self._best[0][0] < at - self.config.window:
            self._best.popleft()
        return fits

    def age(self, stamp: float, now: float) -> float:
        """Return how old a stamp is at `now` by our monotonic clock, s; 0 before any message."""
        return now - stamp - self._best[0][1] if self._best else 0.0

    def theirs(self, now: float) -> float:
        """Return the robot's time at `now` by our monotonic clock, s."""
        return now - (self._best[0][1] if self._best else 0.0)
