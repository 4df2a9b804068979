"""Which boxes a camera may see: by its frustum, and behind what is already drawn."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from goat.types import CameraIntrinsics, Float32Array, Float64Array

_TILE = 16  # px; side of a cell of the coarse depth image
_SLACK = 0.01  # m and share of depth by which a box must be behind to count as hidden


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
        pick = np.array([[(k >> axis) & 1 for axis in range(3)] for k in range(8)])
        self._corners = bounds[:, pick, np.arange(3)]

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

    def unoccluded(
        self, view: View, boxes: NDArray[np.intp], depth: Float32Array
    ) -> NDArray[np.intp]:
        """Return those of `boxes` that a depth image (H, W) does not surely hide.

        A box is hidden if its nearest corner is farther than the farthest depth in every tile
        that its outline may touch. NaN (nothing drawn) hides nothing.
        """
        nearest = view.corners[boxes, :, 2].min(axis=1)
        rectangles = _tile_rectangles(view, boxes, nearest)
        farthest = _farthest(depth)
        limits = nearest - _SLACK * (1.0 + nearest)
        keep = np.empty(len(boxes), bool)
        for i, (x0, y0, x1, y1) in enumerate(rectangles.tolist()):
            keep[i] = limits[i] <= farthest[y0:y1, x0:x1].max(initial=0.0)
        return boxes[keep]


def _tile_rectangles(
    view: View, boxes: NDArray[np.intp], nearest: Float64Array
) -> NDArray[np.intp]:
    """Return (N, 4) x0, y0, x1, y1 of the tiles that boxes cover; all, if one is too close."""
    camera = view.camera
    corners = view.corners[boxes]
    z = np.maximum(corners[..., 2], view.near)
    x = corners[..., 0] / z * camera.fx + camera.cx
    y = corners[..., 1] / z * camera.fy + camera.cy
    low = np.stack([x.min(axis=1), y.min(axis=1)], axis=1) - 1.0
    high = np.stack([x.max(axis=1), y.max(axis=1)], axis=1) + 2.0
    close = nearest < view.near
    low[close], high[close] = 0.0, (camera.width, camera.height)
    limit = (camera.width, camera.height)
    first = np.clip(low, 0, limit) // _TILE
    last = -(-np.clip(high, 0, limit) // _TILE)
    return np.concatenate([first, last], axis=1).astype(np.intp)


def _farthest(depth: Float32Array) -> Float32Array:
    """Return (ceil(H / tile), ceil(W / tile)) greatest depths; infinite where there is NaN."""
    height, width = depth.shape
    rows, cols = -(-height // _TILE), -(-width // _TILE)
    padded = np.zeros((rows * _TILE, cols * _TILE), np.float32)
    padded[:height, :width] = depth
    cv2.patchNaNs(padded, np.inf)
    reduced = padded.reshape(rows, _TILE, cols * _TILE).max(axis=1)
    return reduced.reshape(rows, cols, _TILE).max(axis=2)
