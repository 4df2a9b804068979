"""What a robot sent last, for threads that look when they have time."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Arrival(Generic[T]):
    """A value and when it came."""

    value: T
    """What came."""
    at: float
    """By this machine's monotonic clock, s."""
    number: int
    """How many came before it."""


class Slot(Generic[T]):
    """Holds the newest value only; what nobody has looked at yet is replaced, never queued."""

    def __init__(self) -> None:
        """Start empty."""
        self._changed = threading.Condition()
        self._newest: Arrival[T] | None = None
        self._count = 0

    def put(self, value: T, at: float | None = None) -> None:
        """Replace what is there.

        Args:
            value: The newer value.
            at: When it came, by `time.monotonic`; None for now.
        """
        with self._changed:
            self._newest = Arrival(value, time.monotonic() if at is None else at, self._count)
            self._count += 1
            self._changed.notify_all()

    def wait(self, after: int = -1, timeout: float | None = None) -> Arrival[T] | None:
        """Wait for a value newer than number `after`; None when the time is up."""

        def newer() -> bool:
            return self._newest is not None and self._newest.number > after

        with self._changed:
            return self._newest if self._changed.wait_for(newer, timeout) else None

    @property
    def count(self) -> int:
        """How many values came."""
        return self._count


class History(Generic[T]):
    """The newest few values in the order of their stamps, in whatever order they come."""

    def __init__(self, seconds: float, most: int = 2000) -> None:
        """Start empty.

        Args:
            seconds: What is older than the newest by more than this is forgotten.
            most: Greatest number kept.
        """
        self._seconds, self._most = seconds, most
        self._lock = threading.Lock()
        self._items: list[tuple[float, T]] = []

    def add(self, stamp: float, value: T) -> bool:
        """Keep a value; return whether it was news.

        What is older than all by more than is kept begins the history anew: the clock was set, or
        the stamps before were damaged.
        """
        with self._lock:
            items = self._items
            newest = items[-1][0] if items else stamp
            at = bisect_left(items, stamp, key=_stamp)
            if at < len(items) and items[at][0] == stamp:
                return False
            if stamp < newest - self._seconds:
                items.clear()
                at = 0
            items.insert(at, (stamp, value))
            first = bisect_left(items, items[-1][0] - self._seconds, key=_stamp)
            del items[: max(first, len(items) - self._most)]
            return True

    def around(self, stamp: float) -> tuple[tuple[float, T] | None, tuple[float, T] | None]:
        """Return the last item up to `stamp`, and the first one from it on; None where none is."""
        with self._lock:
            at = bisect_left(self._items, stamp, key=_stamp)
            after = self._items[at] if at < len(self._items) else None
            if after is not None and after[0] == stamp:
                return after, after
            return (self._items[at - 1] if at else None), after

    def newest(self) -> tuple[float, T] | None:
        """Return the newest item; None before the first."""
        with self._lock:
            return self._items[-1] if self._items else None

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._items.clear()


def _stamp(item: tuple[float, object]) -> float:
    return item[0]
