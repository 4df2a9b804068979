"""Pure functions on points, boxes and voxels. Metres; pixel coordinates are pixel centres."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from goat.types import BoolArray, CameraIntrinsics, Float32Array, Float64Array

_KEY_BITS = 21
_KEY_OFFSET = 1 << (_KEY_BITS - 1)
_KEY_MASK = (1 << _KEY_BITS) - 1
_CORNERS = np.array([[k >> axis & 1 for axis in range(3)] for k in range(8)])


def unproject(
    depth: NDArray, camera: CameraIntrinsics, rows: NDArray, cols: NDArray
) -> Float32Array:
    """Return (N, 3) points in the optical frame of pixels with the given depths.

    Args:
        depth: (N,) metres along the optical axis.
        camera: Intrinsics of the image.
        rows: (N,) pixel rows.
        cols: (N,) pixel columns.
    """
    points = np.empty((len(depth), 3), np.float32)
    points[:, 0] = (cols - camera.cx) * (depth / camera.fx)
    points[:, 1] = (rows - camera.cy) * (depth / camera.fy)
    points[:, 2] = depth
    return points


def project(points: NDArray, camera: CameraIntrinsics) -> tuple[Float64Array, Float64Array]:
    """Return pixel coordinates (N, 2) x, y and depths (N,) of optical-frame points (N, 3).

    Points at or behind the image plane get NaN coordinates.
    """
    points = np.asarray(points, np.float64)
    z = points[:, 2]
    safe = np.where(z > 1e-9, z, np.nan)
    xy = np.stack(
        [points[:, 0] / safe * camera.fx + camera.cx, points[:, 1] / safe * camera.fy + camera.cy],
        axis=1,
    )
    return xy, z


def transform_points(a_from_b: RigidTransform, points: NDArray) -> Float32Array:
    """Return points (N, 3) of frame b in frame a, float32."""
    matrix = a_from_b.as_matrix().astype(np.float32)
    return points.astype(np.float32, copy=False) @ matrix[:3, :3].T + matrix[:3, 3]


def voxel_keys(points: NDArray, size: float) -> NDArray[np.int64]:
    """Return (N,) integer keys of the voxels of side `size` that hold points (N, 3).

    Keys are unique within +-2**20 voxels of the origin; `voxel_centers` inverts them.
    """
    cells = np.floor(np.asarray(points) / size).astype(np.int64) + _KEY_OFFSET
    return (cells[:, 0] << (2 * _KEY_BITS)) | (cells[:, 1] << _KEY_BITS) | cells[:, 2]


def unique_keys(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return `keys` (N,) sorted and without doubles; faster than `numpy.unique` on short arrays."""
    keys = np.sort(keys)
    keep = np.ones(len(keys), np.bool_)
    np.not_equal(keys[1:], keys[:-1], out=keep[1:])
    return keys[keep]


def voxel_indices(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (N, 3) signed voxel indices of keys (N,)."""
    cells = np.stack(
        [keys >> (2 * _KEY_BITS), (keys >> _KEY_BITS) & _KEY_MASK, keys & _KEY_MASK], axis=1
    )
    return cells - _KEY_OFFSET


def voxel_centers(keys: NDArray[np.int64], size: float) -> Float32Array:
    """Return (N, 3) centres of the voxels with the given keys."""
    return ((voxel_indices(keys) + 0.5) * size).astype(np.float32)


def bounds_of(points: NDArray) -> Float32Array:
    """Return (2, 3) lower and upper corner of points (N, 3), N >= 1."""
    return np.stack([points.min(axis=0), points.max(axis=0)]).astype(np.float32)


def bounds_corners(bounds: NDArray) -> Float64Array:
    """Return (K, 8, 3) corners of boxes (K, 2, 3)."""
    return np.asarray(bounds, np.float64)[:, _CORNERS, np.arange(3)]


def bounds_touch(a: NDArray, b: NDArray, margin: float) -> BoolArray:
    """Return whether boxes `a` (..., 2, 3), inflated by `margin`, touch box `b` (2, 3)."""
    a = np.asarray(a)
    return ((a[..., 0, :] - margin <= b[1]) & (a[..., 1, :] + margin >= b[0])).all(axis=-1)


def bounds_distance(a: NDArray, b: NDArray) -> float:
    """Return the gap between boxes (2, 3), m; 0 if they touch."""
    gap = np.maximum(np.maximum(a[0] - b[1], b[0] - a[1]), 0.0)
    return float(np.linalg.norm(gap))


def area_of(boxes: NDArray) -> NDArray:
    """Return (...) the areas of boxes (..., 4) x0, y0, x1, y1 in an image; 0 for inverted ones."""
    return np.maximum(boxes[..., 2:] - boxes[..., :2], 0.0).prod(axis=-1)


def overlap_of(a: NDArray, b: NDArray) -> NDArray:
    """Return (...) the intersection over union of boxes (..., 4); 0 where both are empty."""
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    shared = np.maximum(high - low, 0.0).prod(axis=-1)
    return shared / np.maximum(area_of(a) + area_of(b) - shared, 1e-12)
