"""What a goal photo shows in its middle, although nobody says where the object ends."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from goat.types import BoolArray, Float32Array, UInt8Array

_WORKING_SIDE = 160
"""Photos are segmented at this longer side, px."""
_EXTENTS = (0.12, 0.22, 0.35, 0.5)
"""Guessed sizes of the object, as a share of the photo's sides."""
_MOST_BORDER = 0.15
"""A guess that covers more of the photo's border than this is a wall or a floor."""
_MOST_OFFSET = 0.2
"""A guess whose box lies further from the middle, in sides of the photo, is a neighbour."""
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

    GrabCut (Rother et al. 2004) starts from ellipses of several sizes; the part that holds the
    photo's middle is kept. Guesses that reach far along the border or lie to one side are
    dropped, and the one that the others agree with most comes first.

    Args:
        rgb: (H, W, 3) photo.
    """
    height, width = rgb.shape[:2]
    scale = min(_WORKING_SIDE / max(height, width), 1.0)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.bilateralFilter(small, 5, 30, 5), np.uint8)
    masks = [_grab(small, extent) for extent in _EXTENTS]
    central = [mask for mask in masks if _is_central(mask)] or [_ellipse(masks[0].shape, 0.3)]
    return [_region(mask, width, height) for mask in _by_agreement(central)]


def _is_central(mask: BoolArray) -> bool:
    """Return whether a guess keeps to the middle of the photo."""
    border = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean()
    box = _box(mask) / np.array([*mask.shape[::-1], *mask.shape[::-1]])
    offset = np.hypot(*((box[:2] + box[2:]) / 2.0 - 0.5))
    return bool(border <= _MOST_BORDER and offset <= _MOST_OFFSET)


def _by_agreement(masks: list[BoolArray]) -> list[BoolArray]:
    """Return different masks, the one that overlaps the others most first."""
    agreement = [
        sum((mask & other).sum() / (mask | other).sum() for other in masks) for mask in masks
    ]
    ordered = [masks[index] for index in np.argsort(agreement, kind="stable")[::-1]]
    distinct: list[BoolArray] = []
    for mask in ordered:
        if not any(np.array_equal(mask, other) for other in distinct):
            distinct.append(mask)
    return distinct


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
    return GoalRegion(mask, _box(mask))


def _box(mask: BoolArray) -> Float32Array:
    """Return the box (4,) around a mask with at least one pixel."""
    rows, cols = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    return np.array([cols[0], rows[0], cols[-1] + 1, rows[-1] + 1], np.float32)
