"""Objects seen from above: their outlines, and which of them deserve ink."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.types import Instance

_CELL = 0.05  # m
_FLAT = 0.15  # m; lower things are floor coverings
_OVERHEAD = 1.7  # m; higher things hang from the ceiling
_THIN = 0.25  # m; thinner things are parts of walls


class Layer(Enum):
    """How an object is drawn on a map."""

    FLOOR = 0.16
    """Carpets: faint, below everything."""
    FURNITURE = 0.66
    """What stands in the room."""
    WALL = 0.5
    """Doors, windows, pictures."""
    OVERHEAD = 0.0
    """Ceiling lamps: an outline only."""

    @property
    def opacity(self) -> float:
        """Of the filling, in [0, 1]."""
        return self.value


def layer_of(instance: Instance) -> Layer:
    """Return how to draw an object, by its measured box."""
    low, high = instance.bounds
    if high[2] < _FLAT:
        return Layer.FLOOR
    if low[2] > _OVERHEAD:
        return Layer.OVERHEAD
    return Layer.WALL if (high - low)[:2].min() < _THIN and low[2] > _FLAT else Layer.FURNITURE


class Outlines:
    """Outlines of objects from above; computed again only when an object changes."""

    def __init__(self) -> None:
        """Start empty."""
        self._known: dict[int, tuple[tuple, list[NDArray[np.float64]]]] = {}

    def of(self, instance: Instance) -> list[NDArray[np.float64]]:
        """Return polygons (N, 2), m, around the places that the object's points cover."""
        key = (len(instance.points), *instance.bounds.ravel().tolist())
        known = self._known.get(instance.id)
        if known is None or known[0] != key:
            known = (key, _polygons(instance))
            self._known[instance.id] = known
        return known[1]


def _polygons(instance: Instance) -> list[NDArray[np.float64]]:
    pad = 3
    corner = instance.bounds[0, :2] - pad * _CELL
    cells = np.floor((instance.points[:, :2] - corner) / _CELL).astype(int)
    mask = np.zeros(np.maximum(cells.max(axis=0), 0)[::-1] + 1 + pad, np.uint8)
    mask[cells[:, 1], cells[:, 0]] = 1
    kernel = np.ones((5, 5), np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
    grown = cv2.resize(mask, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
    grown = cv2.medianBlur(grown, 5)
    contours, _ = cv2.findContours(grown, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return [(c[:, 0] + 0.5) * (_CELL / 4) + corner for c in contours if len(c) > 2]
