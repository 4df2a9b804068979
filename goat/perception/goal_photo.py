"""What a goal photo shows in its middle, although nobody says where the object ends."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from goat.types import BoolArray, Float32Array, UInt8Array

_WORKING_SIDE = 160
"""Photos are segmented at this longer side, px."""
_EXTENTS = (0.35, 0.65)
"""Guessed sizes of the object, as a share of the photo's sides."""
_ROUNDS = 3
_LEAST_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class GoalRegion:
    """One guess at what the photo is about."""

    mask: BoolArray
    """(H, W) pixels of the object."""
    box: Float32Array
    """(4,) x0, y0, x1, y1 in px."""


def segment_goal(rgb: UInt8Array) -> list[GoalRegion]:
    """Return guesses at the object in the middle of a photo, likeliest first; at least one.

    GrabCut (Rother et al. 2004) starts from ellipses of two sizes; the part that holds the
    photo's middle is kept. Plain ellipses stand in where it finds nothing.

    Args:
        rgb: (H, W, 3) photo.
    """
    height, width = rgb.shape[:2]
    scale = min(_WORKING_SIDE / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.bilateralFilter(small, 5, 30, 5), np.uint8)
    masks = [_grab(small, extent) for extent in _EXTENTS]
    return [_region(mask, width, height) for mask in masks]


def _grab(small: UInt8Array, extent: float) -> BoolArray:
    """Return the GrabCut segment of the middle, or the ellipse it starts from."""
    start = _ellipse(small.shape[:2], extent)
    labels = np.full(start.shape, cv2.GC_BGD, np.uint8)
    labels[_ellipse(small.shape[:2], 1.9 * extent)] = cv2.GC_PR_BGD
    labels[start] = cv2.GC_PR_FGD
    labels[_ellipse(small.shape[:2], 0.2 * extent)] = cv2.GC_FGD
    backdrop, front = np.zeros((1, 65)), np.zeros((1, 65))
    whole = (0, 0, start.shape[1], start.shape[0])
    cv2.setRNGSeed(0)
    try:
        cv2.grabCut(small, labels, whole, backdrop, front, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # too few colours for its mixture models
        return start
    found = _middle_part((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD))
    return found if found.mean() >= _LEAST_SHARE else start


def _middle_part(mask: BoolArray) -> BoolArray:
    """Return the connected part that holds the middle of the image, with its holes kept."""
    _, labels = cv2.connectedComponents(mask.view(np.uint8))
    middle = labels[mask.shape[0] // 2, mask.shape[1] // 2]
    return labels == middle if middle else np.zeros_like(mask)


def _ellipse(shape: tuple[int, int], extent: float) -> BoolArray:
    """Return the ellipse in the middle whose axes are `extent` times the sides."""
    rows = (np.arange(shape[0]) + 0.5) / shape[0] * 2.0 - 1.0
    cols = (np.arange(shape[1]) + 0.5) / shape[1] * 2.0 - 1.0
    inside = rows[:, None] ** 2 + cols[None, :] ** 2 <= extent**2
    inside[shape[0] // 2, shape[1] // 2] = True
    return inside


def _region(small: BoolArray, width: int, height: int) -> GoalRegion:
    mask = cv2.resize(small.view(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST).view(
        np.bool_
    )
    rows, cols = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    box = np.array([cols[0], rows[0], cols[-1] + 1, rows[-1] + 1], np.float32)
    return GoalRegion(mask, box)
