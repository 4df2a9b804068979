"""One snapshot of the world for planning, whose layers are computed when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from goat.nav.fmm import TravelField, travel_time
from goat.nav.grid import (
    CollisionMarks,
    CostConfig,
    CostMap,
    LocalClearance,
    Pose,
    clear_footprint,
    cost_map,
    crop,
    crop_layer,
)
from goat.types import Body, Float32Array, OccupancyGrid


@dataclass(frozen=True)
class Scene:
    """The map, the robot and the marks at one step."""

    grid: OccupancyGrid
    """The map as it came in."""
    pose: Pose
    """The robot."""
    body: Body
    """Its footprint."""
    config: CostConfig
    """Driving costs."""
    marks: CollisionMarks
    """Bumps."""
    slack: float = 0.0
    """How far obstacles may reach into the footprint, m."""
    include: tuple[tuple[float, float], ...] = ()
    """Places that `known` must hold, however little is known around them, m."""

    @cached_property
    def _cropped(self) -> tuple[OccupancyGrid, tuple[int, int]]:
        known, corner = crop(
            self.grid, np.array([self.pose[:2], *self.include]), self.config.border
        )
        self.marks.stamp(known)
        clear_footprint(known, self.pose, self.body.radius - self.grid.resolution)
        return known, corner

    @property
    def known(self) -> OccupancyGrid:
        """The known part of the map, with marks."""
        return self._cropped[0]

    @cached_property
    def costs(self) -> CostMap:
        """Driving costs on `known`."""
        return cost_map(self.known, self.pose, self.body, self.config, self.slack)

    @cached_property
    def travel(self) -> TravelField:
        """Driving costs from the robot to everywhere."""
        return travel_time(self.costs, self.pose)

    @cached_property
    def room(self) -> LocalClearance:
        """Clearance near the robot."""
        return LocalClearance.around(self.known, self.pose[:2])

    def layer(self, values: NDArray) -> Float32Array:
        """Return a layer (rows, cols) of the incoming map, cut like `known`."""
        return crop_layer(values, self._cropped[1], self.known.shape)
