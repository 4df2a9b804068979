"""A small, evenly sampled picture of a masked object: what descriptors and attributes look at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.types import BoolArray, Float32Array, UInt8Array


@dataclass(frozen=True, slots=True)
class Patch:
    """The box of an object, shrunk."""

    rgb: UInt8Array
    """(h, w, 3) colours."""
    inside: BoolArray
    """(h, w) pixels of the object; at least one."""


def cut(rgb: UInt8Array, mask: BoolArray, box: NDArray, pixels: int) -> Patch | None:
    """Return the object's box sampled so that about `pixels` lie on the object.

    Args:
        rgb: (H, W, 3) image.
        mask: (H, W) pixels of the object.
        box: (4,) x0, y0, x1, y1 in px; clipped to the image.
        pixels: Number of object pixels aimed at; small objects keep their own size.

    Returns:
        The patch, or None if the mask has no pixel in the box.
    """
    height, width = mask.shape
    x0, y0 = max(int(box[0]), 0), max(int(box[1]), 0)
    x1, y1 = min(math.ceil(box[2]), width), min(math.ceil(box[3]), height)
    inside = mask[y0:y1, x0:x1]
    area = np.count_nonzero(inside)
    if area == 0:
        return None
    colours = rgb[y0:y1, x0:x1]
    step = math.sqrt(area / pixels)
    if step > 1.0:
        colours, inside = _shrink(colours, inside, step)
    return Patch(colours, inside) if inside.any() else None


def _shrink(rgb: UInt8Array, inside: BoolArray, step: float) -> tuple[UInt8Array, BoolArray]:
    """Return both images scaled by 1 / step, each pixel an average of the ones it covers."""
    stride = max(int(step / 2.0), 1)
    rgb, inside = rgb[::stride, ::stride], inside[::stride, ::stride]
    scale = stride / step
    size = (max(round(rgb.shape[1] * scale), 1), max(round(rgb.shape[0] * scale), 1))
    small = cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(
        np.ascontiguousarray(inside).view(np.uint8) * np.uint8(255),
        size,
        interpolation=cv2.INTER_AREA,
    )
    return np.asarray(small, np.uint8), share > 127


def soft_bins(
    values: Float32Array, low: float, high: float, bins: int
) -> tuple[NDArray[np.intp], Float32Array]:
    """Return the lower bin (N,) and the upper bin's weight (N,) for linear soft binning.

    Bin centres run from `low` to `high`; values outside are clipped.
    """
    position = (np.clip(values, low, high) - low) * ((bins - 1) / (high - low))
    lower = np.minimum(position.astype(np.intp), bins - 2)
    return lower, position - lower
