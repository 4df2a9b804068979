"""From a detection's mask to voxels in the map."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from goat.geometry import (
    bounds_of,
    transform_points,
    unique_keys,
    unproject,
    voxel_centers,
    voxel_keys,
)
from goat.types import (
    BoolArray,
    CameraIntrinsics,
    Detection,
    Float32Array,
    Observation,
    UInt8Array,
)


@dataclass(frozen=True)
class LiftConfig:
    """How masks become points."""

    voxel: float = 0.05
    """Side of a voxel, m."""
    max_range: float = 8.0
    """Pixels farther than this along the optical axis are not used, m."""
    max_pixels: int = 700
    """A mask is read at a stride that leaves about this many pixels."""
    erode: int = 1
    """Pixels taken off the mask's rim, where depth bleeds."""
    depth_gap: float = 0.5
    """Depths farther apart than this belong to different surfaces, m."""
    min_share: float = 0.2
    """A surface with a smaller share of the mask's pixels is dropped."""
    min_pixels: int = 8
    """Fewer valid pixels than this make no object."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """A detection with its place in the map."""

    detection: Detection
    """What was detected."""
    keys: NDArray[np.int64]
    """(N,) sorted unique voxel keys."""
    points: Float32Array
    """(N, 3) voxel centres in the map, m."""
    bounds: Float32Array
    """(2, 3) lower and upper corner, m."""
    distance: float
    """Median depth, m."""
    pixels: int
    """Area of the mask inside its box, px."""
    truncated: bool
    """The box touches the border of the image."""


def lift(
    detection: Detection,
    observation: Observation,
    map_from_camera: RigidTransform,
    config: LiftConfig,
) -> Lifted | None:
    """Place a detection in the map.

    Returns:
        None when too few of its pixels have a usable depth.
    """
    rows, cols, pixels = _mask_pixels(detection, config)
    depth = observation.depth[rows, cols]
    with np.errstate(invalid="ignore"):
        good = depth < config.max_range
    if np.count_nonzero(good) < config.min_pixels:
        return None
    rows, cols, depth = rows[good], cols[good], depth[good]
    keep = _surfaces(depth, config)
    points = unproject(depth[keep], observation.camera, rows[keep], cols[keep])
    keys = unique_keys(voxel_keys(transform_points(map_from_camera, points), config.voxel))
    centers = voxel_centers(keys, config.voxel)
    return Lifted(
        detection=detection,
        keys=keys,
        points=centers,
        bounds=bounds_of(centers),
        distance=float(np.median(depth[keep])),
        pixels=pixels,
        truncated=_touches_border(detection.box, observation.camera),
    )


def _mask_pixels(
    detection: Detection, config: LiftConfig
) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    height, width = detection.mask.shape
    x0, y0 = np.maximum(np.floor(detection.box[:2]).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(detection.box[2:]).astype(int), (width, height))
    inner = _eroded(detection.mask[y0:y1, x0:x1].view(np.uint8), config)
    area = int(np.count_nonzero(inner))
    stride = max(1, int((area / config.max_pixels) ** 0.5))
    rows, cols = np.nonzero(inner[::stride, ::stride])
    return rows * stride + y0, cols * stride + x0, area


def _eroded(mask: UInt8Array, config: LiftConfig) -> UInt8Array:
    if config.erode == 0 or min(mask.shape, default=0) < 3:
        return mask
    kernel = np.ones((2 * config.erode + 1,) * 2, np.uint8)
    inner = cv2.erode(mask, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    # Thin things (lamp poles, frames) would vanish: keep them whole.
    thin = 3 * np.count_nonzero(inner) < np.count_nonzero(mask)
    return mask if thin else np.asarray(inner, np.uint8)


def _surfaces(depth: Float32Array, config: LiftConfig) -> BoolArray:
    """Return which depths lie on a surface that holds a fair share of the mask."""
    order = np.argsort(depth)
    ordered = depth[order]
    group = np.concatenate([[0], np.cumsum(np.diff(ordered) > config.depth_gap)])
    sizes = np.bincount(group)
    if len(sizes) == 1:
        return np.ones(len(depth), np.bool_)
    wanted = sizes >= min(config.min_share * len(depth), sizes.max())
    keep = np.empty(len(depth), np.bool_)
    keep[order] = wanted[group]
    return keep


def _touches_border(box: Float32Array, camera: CameraIntrinsics) -> bool:
    low, high = box[:2], (camera.width - 1, camera.height - 1)
    return bool((low <= 1).any() or (box[2:] >= high).any())
