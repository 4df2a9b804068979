"""Which boxes a camera may see, and where in the image."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from goat.geometry import bounds_corners
from goat.types import BoolArray, CameraIntrinsics, Float64Array

_TILE = 16  # px; side of a cell of the coarse image


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The boxes' corners as one camera sees them."""

    camera: CameraIntrinsics
    """Intrinsics."""
    corners: Float64Array
    """(G, 8, 3) in the optical frame, m."""
    near: float
    """Nearest depth drawn, m."""


class Culler:
    """Holds the boxes of a static world."""

    def __init__(self, bounds: Float64Array) -> None:
        """Keep boxes (G, 2, 3), m."""
        self._corners = bounds_corners(bounds)

    def view(
        self, camera: CameraIntrinsics, world_from_camera: RigidTransform, near: float
    ) -> View:
        """Return the boxes as seen from a pose of the optical frame."""
        matrix = world_from_camera.as_matrix()
        return View(camera, (self._corners - matrix[:3, 3]) @ matrix[:3, :3], near)

    def in_frustum(self, view: View) -> NDArray[np.intp]:
        """Return (N,) boxes that may be in the image, nearest first."""
        camera = view.camera
        x, y, z = np.moveaxis(view.corners, -1, 0)
        left, right = (camera.cx + 0.5) / camera.fx, (camera.width - 0.5 - camera.cx) / camera.fx
        top, bottom = (camera.cy + 0.5) / camera.fy, (camera.height - 0.5 - camera.cy) / camera.fy
        sides = (x < -left * z, x > right * z, y < -top * z, y > bottom * z, z < view.near)
        outside = np.logical_or.reduce([side.all(axis=1) for side in sides])
        visible = np.flatnonzero(~outside)
        return visible[np.argsort(z[visible].min(axis=1))]

    def touching(self, view: View, boxes: NDArray[np.intp], pixels: BoolArray) -> BoolArray:
        """Return (N,) whether each of `boxes` may cover one of the marked `pixels` (H, W)."""
        x0, y0, x1, y1 = _tile_rectangles(view, boxes).T
        counts = cv2.integral(_tiles(pixels))
        return counts[y1, x1] - counts[y0, x1] - counts[y1, x0] + counts[y0, x0] > 0


def _tile_rectangles(view: View, boxes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return (N, 4) x0, y0, x1, y1 of the tiles that boxes cover; all, if one is too close."""
    camera = view.camera
    corners = view.corners[boxes]
    z = np.maximum(corners[..., 2], view.near)
    x = corners[..., 0] / z * camera.fx + camera.cx
    y = corners[..., 1] / z * camera.fy + camera.cy
    low = np.stack([x.min(axis=1), y.min(axis=1)], axis=1) - 1.0
    high = np.stack([x.max(axis=1), y.max(axis=1)], axis=1) + 2.0
    limit = (camera.width, camera.height)
    close = corners[..., 2].min(axis=1) < view.near
    low[close], high[close] = 0.0, limit
    first = np.clip(low, 0, limit) // _TILE
    last = -(-np.clip(high, 0, limit) // _TILE)
    return np.concatenate([first, last], axis=1).astype(np.intp)


def _tiles(pixels: BoolArray) -> NDArray[np.uint8]:
    """Return (ceil(H / tile), ceil(W / tile)) 1 where a tile has a marked pixel, else 0."""
    height, width = pixels.shape
    rows, cols = -(-height // _TILE), -(-width // _TILE)
    padded = np.zeros((rows * _TILE, cols * _TILE), np.uint8)
    padded[:height, :width] = pixels
    reduced = padded.reshape(rows, _TILE, cols * _TILE).max(axis=1)
    return reduced.reshape(rows, cols, _TILE).max(axis=2)
