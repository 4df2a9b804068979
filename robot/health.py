"""Can what the robot senses be believed, and is it from now?"""

from __future__ import annotations

import math
import threading
from collections import Counter
from dataclasses import dataclass

import numpy as np

from goat.frames import planar_of
from goat.types import Float32Array
from robot.clock import Clock
from robot.messages import Odometry


@dataclass(frozen=True)
class HealthConfig:
    """When the robot must stop for its sensors."""

    depth_age: float = 0.5
    """Greatest age of the newest depth image, by arrival and by stamp, s."""
    odometry_age: float = 0.3
    """The same for odometry."""
    valid: float = 0.1
    """Least share of a depth image with a return, ..."""
    valid_for: float = 0.5
    """... missed for so long, s."""
    frozen_for: float = 1.0
    """The same image for so long while odometry moves means that the camera hangs, s."""
    moved: float = 0.05
    """So much is moving, m (or rad)."""
    jump: float = 0.3
    """A step of odometry that is greater than the base can drive by this is a jump, m."""
    top_speed: float = 2.0
    """What no base drives, m/s."""
    fresh: int = 3
    """Good messages in a row that end a fault."""


class _Stream:
    """One sensor: when it came last, and why it may not be used."""

    def __init__(self, name: str, age: float, fresh: int) -> None:
        self.name, self._most, self._need = name, age, fresh
        self._arrived, self._stamp = -math.inf, -math.inf
        self._good = 0

    def forget(self) -> None:
        self._arrived = self._stamp = -math.inf
        self._good = 0

    def came(self, stamp: float, at: float, *, good: bool) -> None:
        late = at - self._arrived > self._most
        self._good = self._good + 1 if good and not late else int(good)
        self._arrived, self._stamp = at, stamp

    def fault(self, clock: Clock, now: float) -> str | None:
        if self._arrived == -math.inf:
            return f"no {self.name} yet"
        age = max(now - self._arrived, clock.age(self._stamp, now))
        if age > self._most:
            self._good = 0
            return f"{self.name} is {age:.1f} s old"
        return f"{self.name} must be good for a while first" if self._good < self._need else None


class Health:
    """Fed by the network's thread, asked by the gate's."""

    def __init__(self, config: HealthConfig | None = None) -> None:
        """Start without anything sensed: the robot must not move."""
        self.config = cfg = config or HealthConfig()
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._clock = Clock()
        self._depth = _Stream("depth", cfg.depth_age, cfg.fresh)
        self._odometry = _Stream("odometry", cfg.odometry_age, cfg.fresh)
        self._last: tuple[Odometry, float] | None = None
        self._blind_since: float | None = None
        self._image: tuple[bytes, float, tuple[float, float, float] | None] | None = None
        self._blind = self._frozen = False

    def depth_came(self, depth: Float32Array, stamp: float, at: float) -> None:
        """Take a depth image (H, W), m, that came at `at` by our monotonic clock."""
        share = float(np.isfinite(depth[::8, ::8]).mean())
        mark = np.ascontiguousarray(depth[::16, ::16]).tobytes()
        with self._lock:
            fits = self._clock.note(stamp, at)
            self._blind = self._is_blind(share, at)
            self._frozen = self._is_frozen(mark, at)
            good = fits and not self._blind and not self._frozen
            self._note("depth", good=good)
            self._depth.came(stamp, at, good=good)

    def odometry_came(self, odometry: Odometry, at: float) -> bool:
        """Take odometry; return whether it may be used: jumps and what is out of order may not."""
        stamp = odometry.header.stamp
        with self._lock:
            if self._last is not None and stamp <= self._last[0].header.stamp:
                self.counts["odometry out of order"] += 1
                return False
            fits = self._clock.note(stamp, at)
            jumped = self._jumped(odometry)
            self._last = odometry, at
            good = fits and not jumped
            self._note("odometry", good=good)
            self._odometry.came(stamp, at, good=good)
            return True

    def forget(self) -> None:
        """The link was lost: what comes next begins anew, and must be good for a while."""
        with self._lock:
            self._clock = Clock()
            self._last = self._image = self._blind_since = None
            self._blind = self._frozen = False
            self._depth.forget()
            self._odometry.forget()

    def robot_time(self, now: float) -> float:
        """Return the robot's time at a monotonic time, s."""
        with self._lock:
            return self._clock.theirs(now)

    def fault(self, now: float) -> str | None:
        """Return why the robot must not move now; None if it may."""
        with self._lock:
            if self._blind:
                return "hardly any depth in the image"
            if self._frozen:
                return "the camera shows the same image while the robot moves"
            return self._odometry.fault(self._clock, now) or self._depth.fault(self._clock, now)

    def odometry_fault(self, now: float) -> str | None:
        """Return why odometry must not be believed now; None if it may."""
        with self._lock:
            return self._odometry.fault(self._clock, now)

    def _note(self, name: str, *, good: bool) -> None:
        if not good:
            self.counts[f"bad {name}"] += 1

    def _is_blind(self, share: float, at: float) -> bool:
        if share >= self.config.valid:
            self._blind_since = None
            return False
        self._blind_since = at if self._blind_since is None else self._blind_since
        return at - self._blind_since >= self.config.valid_for

    def _is_frozen(self, mark: bytes, at: float) -> bool:
        here = None if self._last is None else planar_of(self._last[0].odom_from_base)
        if self._image is None or self._image[0] != mark or self._image[2] is None:
            self._image = mark, at, here
            return False
        _, since, before = self._image
        if before is None or here is None or at - since < self.config.frozen_for:
            return False
        moved = math.dist(before[:2], here[:2])
        turned = abs(math.remainder(here[2] - before[2], math.tau))
        return max(moved, turned) > self.config.moved

    def _jumped(self, odometry: Odometry) -> bool:
        if self._last is None:
            return False
        last = self._last[0]
        dt = odometry.header.stamp - last.header.stamp
        here, before = (planar_of(o.odom_from_base)[:2] for o in (odometry, last))
        return math.dist(here, before) > self.config.top_speed * dt + self.config.jump
