"""Which true object a remembered one is: choosing is measured apart from driving there.

Positions decide: a remembered object is the true one whose box its points lie in and whose box is
most like its own. The label only settles what positions leave open, because a detector may have
taken the right thing for another kind.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from goat.geometry import bounds_touch
from goat.memory.vocabulary import accepts
from goat.types import AgentFrame, Float64Array, Instance, ObjectTruth

_GROW = 0.05  # m by which true boxes are grown: points are centres of cells of this side
_LEAST_SHARE = 0.2  # of the points must lie in the grown box
_OTHER_LABEL = 0.5  # weight of an object that the label does not fit
_MOST_POINTS = 512

Planar = tuple[float, float, float]
"""x, y (m) and yaw (rad) of one frame in another."""


def true_object(
    instance: Instance,
    objects: Mapping[int, ObjectTruth],
    world_from_map: Planar = (0.0, 0.0, 0.0),
) -> int | None:
    """Return the id of the true object that an instance is, None if it overlaps none.

    The score of an object is the share of the instance's points in its grown box, times the overlap
    (intersection over union) of both boxes, halved where the label does not fit. So a cup is not
    the table it stands on, whose box holds it, and a table seen in part is not the cup.

    Args:
        instance: A remembered object.
        objects: The true ones, world frame.
        world_from_map: Where the map lies in the world, for a robot whose odometry has drifted.
    """
    points = _moved(instance.points[:: len(instance.points) // _MOST_POINTS + 1], world_from_map)
    own = np.stack([points.min(axis=0), points.max(axis=0)])
    all_ = list(objects.values())
    if not all_:
        return None
    touching = bounds_touch(np.stack([truth.bounds for truth in all_]), own, _GROW)
    near = [all_[index] for index in np.flatnonzero(touching)]
    scores = {truth.id: _likeness(instance, points, own, truth) for truth in near}
    best = max(scores, key=lambda number: scores[number], default=None)
    return best if best is not None and scores[best] > 0.0 else None


def _likeness(
    instance: Instance, points: Float64Array, own: Float64Array, truth: ObjectTruth
) -> float:
    low, high = truth.bounds[0] - _GROW, truth.bounds[1] + _GROW
    share = float(((points >= low) & (points <= high)).all(axis=1).mean())
    if share < _LEAST_SHARE:
        return 0.0
    fits = accepts(truth.category, instance.label) or accepts(instance.label, truth.category)
    return share * _overlap(own, truth.bounds) * (1.0 if fits else _OTHER_LABEL)


def _overlap(a: Float64Array, b: Float64Array) -> float:
    """Return the intersection over union of two boxes (2, 3), each grown so that none is flat."""
    grow = np.array([[-_GROW], [_GROW]])
    a, b = a + grow, b + grow
    shared = np.prod(np.maximum(np.minimum(a[1], b[1]) - np.maximum(a[0], b[0]), 0.0))
    return float(shared / (np.prod(a[1] - a[0]) + np.prod(b[1] - b[0]) - shared))


def _moved(points: np.ndarray, a_from_b: Planar) -> Float64Array:
    points = points.astype(np.float64)
    if a_from_b == (0.0, 0.0, 0.0):
        return points
    x, y, yaw = a_from_b
    c, s = math.cos(yaw), math.sin(yaw)
    turned = points @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    return turned + np.array([x, y, 0.0])


@dataclass(slots=True)
class Drift:
    """Where the robot's map lay in the world over time."""

    _stamps: list[float] = field(default_factory=list)
    _world_from_map: list[Planar] = field(default_factory=list)

    def note(self, stamp: float, true: Planar, believed: Planar) -> None:
        """Record the true and the believed pose at a time, s."""
        turn = math.remainder(true[2] - believed[2], math.tau)
        c, s = math.cos(turn), math.sin(turn)
        x = true[0] - c * believed[0] + s * believed[1]
        y = true[1] - s * believed[0] - c * believed[1]
        near_zero = max(abs(x), abs(y), abs(turn)) < 1e-9
        if not self._stamps or stamp > self._stamps[-1]:
            self._stamps.append(stamp)
            self._world_from_map.append((0.0, 0.0, 0.0) if near_zero else (x, y, turn))

    def at(self, stamp: float) -> Planar:
        """Return where the map lay at a time; none has drifted before the first record."""
        index = bisect.bisect_right(self._stamps, stamp) - 1
        return self._world_from_map[index] if index >= 0 else (0.0, 0.0, 0.0)

    def of(self, instance: Instance) -> Planar:
        """Return where the map lay when the best look at an instance was taken."""
        return self.at(instance.views[0].stamp if instance.views else instance.last_seen)


@dataclass(frozen=True, slots=True)
class Beliefs:
    """What an agent took for what when a goal ended; None where nobody knows."""

    chosen: int | None = None
    """The true object it took for the goal."""
    best: int | None = None
    """The true object of the likeliest candidate."""
    known: bool | None = None
    """Some target is remembered."""


def beliefs(
    frame: AgentFrame,
    objects: Mapping[int, ObjectTruth],
    targets: Collection[int],
    drift: Drift | None = None,
) -> Beliefs:
    """Return what the agent took for what in a frame.

    Args:
        frame: The last one of a goal.
        objects: The true ones.
        targets: Ids of those that count as reached.
        drift: Where the map lay in the world; None for a map that never drifted.
    """
    drift = drift or Drift()
    instances = {instance.id: instance for instance in frame.instances}

    def truth_of(number: int | None) -> int | None:
        instance = None if number is None else instances.get(number)
        return None if instance is None else true_object(instance, objects, drift.of(instance))

    likeliest = frame.candidates[0][0] if frame.candidates else None
    return Beliefs(
        chosen=truth_of(frame.target),
        best=truth_of(likeliest),
        known=any(truth_of(number) in targets for number in instances) if targets else None,
    )
