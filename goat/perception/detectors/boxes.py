"""Boxes with scores and labels: what a box finder gives to a segmenter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from goat.geometry import overlap_of
from goat.types import BoolArray, Float32Array, UInt8Array


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes in one image."""

    corners: Float32Array
    """(N, 4) x0, y0, x1, y1 in px."""
    scores: Float32Array
    """(N,) confidence in [0, 1]."""
    labels: NDArray[np.intp]
    """(N,) index into the vocabulary."""

    def __getitem__(self, index: NDArray) -> Boxes:
        """Return the boxes at an index array or where a mask holds."""
        return Boxes(self.corners[index], self.scores[index], self.labels[index])

    def __len__(self) -> int:
        """Return N."""
        return len(self.scores)


class BoxFinder(Protocol):
    """Finds boxes of named things."""

    def find(self, rgb: UInt8Array, vocabulary: Sequence[str]) -> Boxes:
        """Return every box it considered in an image (H, W, 3), weak ones included."""
        ...


class BoxSegmenter(Protocol):
    """Turns boxes into masks."""

    def segment(self, rgb: UInt8Array, corners: Float32Array) -> BoolArray:
        """Return masks (N, H, W) of the things in boxes (N, 4) of an image (H, W, 3)."""
        ...


class BoxFiller:
    """Takes the whole box for the thing: a stand-in where no segmenter is at hand."""

    def segment(self, rgb: UInt8Array, corners: Float32Array) -> BoolArray:
        """Return masks (N, H, W) that fill the boxes."""
        masks = np.zeros((len(corners), *rgb.shape[:2]), np.bool_)
        for index, (x0, y0, x1, y1) in enumerate(whole_pixels(corners, rgb.shape)):
            masks[index, y0:y1, x0:x1] = True
        return masks


def join(parts: Sequence[Boxes]) -> Boxes:
    """Return all boxes of `parts` in one."""
    return Boxes(
        np.concatenate([p.corners for p in parts]),
        np.concatenate([p.scores for p in parts]),
        np.concatenate([p.labels for p in parts]),
    )


def corners_of(centers: NDArray, width: float, height: float) -> Float32Array:
    """Return (N, 4) corners in px of boxes (N, 4) cx, cy, w, h relative to a frame in px."""
    half = centers[:, 2:] / 2.0
    corners = np.concatenate([centers[:, :2] - half, centers[:, :2] + half], axis=1)
    return (corners * [width, height, width, height]).astype(np.float32)


def whole_pixels(corners: Float32Array, shape: Sequence[int]) -> NDArray[np.intp]:
    """Return (N, 4) x0, y0, x1, y1 rounded outwards and clipped to an image of `shape`."""
    low = np.floor(corners[:, :2])
    high = np.ceil(corners[:, 2:])
    limits = np.array([shape[1], shape[0]])
    return np.concatenate([low.clip(0, limits), high.clip(0, limits)], axis=1).astype(np.intp)


def overlaps(corners: Float32Array) -> Float32Array:
    """Return (N, N) intersection over union of boxes (N, 4)."""
    return overlap_of(corners[:, None], corners[None])


def suppress(boxes: Boxes, same_label: float, any_label: float) -> NDArray[np.intp]:
    """Return indices of the boxes that no better box stands for, best first.

    Args:
        boxes: Boxes.
        same_label: Intersection over union from which a box of the same label is a repetition.
        any_label: The same for boxes of different labels.
    """
    order = np.argsort(-boxes.scores, kind="stable")
    same = boxes.labels[:, None] == boxes.labels[None, :]
    repeats = overlaps(boxes.corners) > np.where(same, same_label, any_label)
    open_ = np.ones(len(boxes), np.bool_)
    kept = []
    for index in order:
        if open_[index]:
            kept.append(index)
            open_ &= ~repeats[index]
    return np.array(kept, np.intp)
