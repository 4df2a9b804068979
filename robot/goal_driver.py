"""Lets the robot's own navigation drive along our path, and calls it back when it must not."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import Counter

import numpy as np

from goat.types import Float64Array
from robot.link import LinkError
from robot.navigation import NavigationClient, NavigationConfig, News, Sent, aim

_log = logging.getLogger(__name__)


class GoalDriver:
    """Gives one goal after another, each a little ahead on the path; used by several threads."""

    def __init__(self, frame: str, config: NavigationConfig | None = None) -> None:
        """Start without a goal; `client` must be set before the first.

        Args:
            frame: Odometry's, which paths are in.
            config: How goals are given.
        """
        self.config = config or NavigationConfig()
        self.client: NavigationClient | None = None
        self.counts: Counter[str] = Counter()
        self.last_failure = ""
        """Why the last goal that failed did."""
        self._frame = frame
        self._lock = threading.Lock()
        self._sent: Sent | None = None
        self._owed: str | None = None

    @property
    def active(self) -> bool:
        """Whether the robot may be driving to a goal."""
        return self._sent is not None

    def follow(self, path: Float64Array, now: float) -> None:
        """Wish for a path (N, 2), m in odometry's frame, at a monotonic time."""
        with self._lock:
            sent = self._sent
            if sent is not None and self._serves(sent, path):
                sent.wished = now
                return
            pose = aim(path, self.config.ahead)
            if self.client is None:
                return
            try:
                number = self.client.send(pose, self._frame)
            except LinkError:
                self.counts["not sent"] += 1
                return
            self.counts["goals"] += 1
            self._sent = Sent(number, pose, now, now)

    def cancel(self) -> None:
        """Call the robot back; without a goal this does nothing."""
        with self._lock:
            self._cancel()

    def lost(self) -> None:
        """The link was lost, maybe with a call in it: call the robot back when that can be done."""
        with self._lock:
            number = self._owed if self._sent is None else self._sent.number
            self._cancel()
            self._owed = number

    def tend(self, now: float) -> None:
        """Cancel what is not wished for any more, or not heard of; call it all the time."""
        with self._lock:
            if self._owed is not None and self._call_back(self._owed):
                self._owed = None
            if self._sent is None:
                return
            if now - self._sent.wished > self.config.ttl:
                self._give_up("the planner is silent")
            elif now - self._sent.heard > self.config.silent:
                self._give_up("the robot's navigation is silent")

    def told(self, number: str, news: News, why: str) -> None:
        """Take news of a goal; that of an earlier one does not matter."""
        with self._lock:
            if self._sent is None or self._sent.number != number:
                return
            self._sent.heard = time.monotonic()
            if news is News.RUNNING:
                return
            self.counts[news.value] += 1
            if news is News.FAILED:
                self.last_failure = why
                _log.info("the robot's navigation gave a goal up: %s", why)
            self._sent = None

    def _serves(self, sent: Sent, path: Float64Array) -> bool:
        """Return whether the goal there is lies on the path, far enough ahead or at its end."""
        away = np.linalg.norm(path - np.array(sent.pose[:2]), axis=1)
        if math.dist(sent.pose[:2], path[-1]) <= 0.1:
            return True
        step = np.linalg.norm(np.diff(path, axis=0), axis=1)
        nearest = int(away.argmin())
        return bool(away[nearest] <= self.config.moved and step[:nearest].sum() > self.config.renew)

    def _give_up(self, why: str) -> None:
        self.counts[f"cancelled: {why}"] += 1
        _log.warning("cancelled a goal: %s", why)
        self._cancel()

    def _cancel(self) -> None:
        if self._sent is not None:
            self._owed = None if self._call_back(self._sent.number) else self._sent.number
        self._sent = None

    def _call_back(self, number: str) -> bool:
        return self.client is None or self.client.cancel(number)
