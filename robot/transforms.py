"""The tree of frames, with what moves interpolated between its stamps."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from scipy.spatial.transform import RigidTransform

from goat.errors import GoatError
from robot.messages import FrameTransform
from robot.slots import History

_DEEPEST = 64


class TransformError(GoatError):
    """Two frames are not connected at some time."""


def interpolate(a: RigidTransform, b: RigidTransform, share: float) -> RigidTransform:
    """Return the transform at `share` in [0, 1] of the way from `a` to `b`, along a screw."""
    return a * RigidTransform.from_exp_coords(share * (a.inv() * b).as_exp_coords())


def transform_at(
    stamp: float,
    before: tuple[float, RigidTransform] | None,
    after: tuple[float, RigidTransform] | None,
    tolerance: float,
) -> RigidTransform | None:
    """Return a transform at a time, from what is known before and after it.

    Args:
        stamp: The time, s.
        before: The last stamp and transform up to it; None where none is.
        after: The first ones from it on.
        tolerance: How far outside of what is known the time may lie, s.
    """
    if before is not None and after is not None:
        width = after[0] - before[0]
        return interpolate(before[1], after[1], (stamp - before[0]) / width if width else 0.0)
    last = before or after
    return None if last is None or abs(stamp - last[0]) > tolerance else last[1]


class TransformTree:
    """Transforms by child frame; safe to fill and to ask from different threads."""

    def __init__(self, seconds: float = 10.0, tolerance: float = 0.1) -> None:
        """Start without frames.

        Args:
            seconds: How long what moves is remembered.
            tolerance: How far outside of what is known a stamp may lie, s.
        """
        self._seconds, self._tolerance = seconds, tolerance
        self._lock = threading.Lock()
        self._fixed: dict[str, tuple[str, RigidTransform]] = {}
        self._moving: dict[str, tuple[str, History[RigidTransform]]] = {}

    def add(self, items: Sequence[FrameTransform], *, fixed: bool) -> None:
        """Take over what /tf_static (`fixed`) or /tf says."""
        for item in items:
            with self._lock:
                if fixed:
                    self._fixed[item.child] = item.header.frame, item.parent_from_child
                    continue
                parent, history = self._moving.get(item.child, ("", None))
                if history is None or parent != item.header.frame:
                    history = History[RigidTransform](self._seconds)
                    self._moving[item.child] = item.header.frame, history
            history.add(item.header.stamp, item.parent_from_child)

    def forget(self) -> None:
        """Drop what moves."""
        with self._lock:
            self._moving.clear()

    def lookup(self, target: str, source: str, stamp: float) -> RigidTransform:
        """Return target_from_source at a time.

        Raises:
            TransformError: The frames are not connected, or not known at that time.
        """
        up, down = self._to_root(source, stamp), self._to_root(target, stamp)
        for frame, target_chain in down.items():
            if frame in up:
                return target_chain.inv() * up[frame]
        known = ", ".join(sorted({*self._fixed, *self._moving})) or "none"
        raise TransformError(
            f"no transform connects {target!r} and {source!r}; frames with a parent: {known}. "
            "Set the frames in the robot's configuration, or start its robot_state_publisher"
        )

    def _to_root(self, frame: str, stamp: float) -> dict[str, RigidTransform]:
        """Return ancestor -> ancestor_from_frame, nearest first."""
        found = {frame: RigidTransform.identity()}
        here = RigidTransform.identity()
        for _ in range(_DEEPEST):
            step = self._parent(frame, stamp)
            if step is None or step[0] in found:
                return found
            frame, here = step[0], step[1] * here
            found[frame] = here
        return found

    def _parent(self, frame: str, stamp: float) -> tuple[str, RigidTransform] | None:
        with self._lock:
            if frame in self._fixed:
                return self._fixed[frame]
            if frame not in self._moving:
                return None
            parent, history = self._moving[frame]
        found = transform_at(stamp, *history.around(stamp), self._tolerance)
        return None if found is None else (parent, found)
