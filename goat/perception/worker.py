"""Running a detector in step with control, or beside it when it is slow.

Either way an observation goes in with `submit`, and comes back from `collect` together with its
detections, so that whoever stores them uses the pose they were seen from.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from scipy.spatial.transform import RigidTransform

from goat.protocols import Detector
from goat.types import Detection, Observation


@dataclass(frozen=True, slots=True)
class Perceived:
    """What was found, and in what."""

    observation: Observation
    """The observation that was submitted."""
    map_from_base: RigidTransform
    """Where the robot stood then."""
    detections: tuple[Detection, ...]
    """What the detector found in it."""


class Perceiver(Protocol):
    """Takes observations and gives detections, now or later."""

    def submit(self, observation: Observation, map_from_base: RigidTransform) -> None:
        """Hand over the newest observation and where the robot stands; never waits."""
        ...

    def collect(self) -> list[Perceived]:
        """Return what was finished since the last call, oldest first.

        Raises:
            Exception: Whatever the detector raised.
        """
        ...

    def close(self) -> None:
        """Stop; nothing may be submitted afterwards."""
        ...


class SynchronousPerceiver:
    """Detects inside `submit`: for simulation, where time waits."""

    def __init__(self, detector: Detector) -> None:
        """Use `detector`."""
        self._detector = detector
        self._finished: list[Perceived] = []

    def submit(self, observation: Observation, map_from_base: RigidTransform) -> None:
        """Detect at once."""
        found = tuple(self._detector.detect(observation))
        self._finished.append(Perceived(observation, map_from_base, found))

    def collect(self) -> list[Perceived]:
        """Return what was submitted since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def close(self) -> None:
        """Drop what was not collected."""
        self._finished.clear()


class ThreadedPerceiver:
    """Detects in a thread of its own; while it is busy only the newest observation waits."""

    def __init__(self, detector: Detector) -> None:
        """Start the thread; leave with `close`, or use it as a context manager.

        Args:
            detector: Called from the thread only.
        """
        self._detector = detector
        self._changed = threading.Condition()
        self._waiting: tuple[Observation, RigidTransform] | None = None
        self._busy = False
        self._closed = False
        self._finished: list[Perceived] = []
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="perception", daemon=True)
        self._thread.start()

    def submit(self, observation: Observation, map_from_base: RigidTransform) -> None:
        """Make `observation` the next to be looked at, in place of any that still waits.

        Raises:
            RuntimeError: The perceiver was closed.
        """
        with self._changed:
            if self._closed:
                raise RuntimeError("this perceiver was closed; make a new one")
            self._waiting = observation, map_from_base
            self._changed.notify_all()

    def collect(self) -> list[Perceived]:
        """Return what was finished since the last call, oldest first."""
        with self._changed:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
            finished, self._finished = self._finished, []
            return finished

    def join(self, timeout: float | None = None) -> bool:
        """Wait until nothing is waiting or being looked at.

        Args:
            timeout: Longest wait, s.

        Returns:
            Whether it is idle now.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting is None and not self._busy, timeout)

    def close(self) -> None:
        """Finish the observation in work, drop the one that waits and end the thread."""
        with self._changed:
            self._closed = True
            self._waiting = None
            self._changed.notify_all()
        self._thread.join()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _work(self) -> None:
        while (work := self._next()) is not None:
            try:
                found = tuple(self._detector.detect(work[0]))
            except Exception as error:  # noqa: BLE001 - it is raised again where it is collected
                self._finish(failure=error)
            else:
                self._finish(Perceived(*work, found))

    def _next(self) -> tuple[Observation, RigidTransform] | None:
        """Wait for an observation and take it; None when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closed)
            work, self._waiting = self._waiting, None
            self._busy = work is not None
            return work

    def _finish(self, result: Perceived | None = None, failure: Exception | None = None) -> None:
        with self._changed:
            self._busy = False
            if result is not None:
                self._finished.append(result)
            self._failure = failure or self._failure
            self._changed.notify_all()
