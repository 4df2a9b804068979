"""Local features and their matches under one epipolar geometry, without any weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.perception.epipolar import GeometryConfig, ShiftConfig, agreeing, consistent
from goat.types import BoolArray, Float32Array, KeypointMatches, Keypoints, UInt8Array

_DIMENSION = 128
_OCTAVE = 24.0
"""Feature sizes are stored as uint8 in steps of 1 / _OCTAVE octaves."""
_FULL_TURN = 256.0
"""Feature directions are stored as uint8 in steps of 1 / _FULL_TURN turns."""
_SCALE = 512.0
"""RootSIFT entries are stored as uint8 in steps of 1 / _SCALE."""


@dataclass(frozen=True)
class SiftConfig:
    """How many features, and what makes a match."""

    max_keypoints: int = 256
    """Only the strongest are kept."""
    min_side: int = 160
    """Images whose longer side is shorter are enlarged to it, px."""
    max_side: int = 640
    """Images whose longer side is longer are shrunk to it, px."""
    contrast: float = 0.02
    """SIFT's contrast threshold; lower finds more on smooth surfaces."""
    ratio: float = 0.9
    """Largest distance ratio between the best and the second best match."""
    shift: ShiftConfig = field(default_factory=ShiftConfig)
    """The first check: one rough similarity."""
    geometry: GeometryConfig = field(default_factory=GeometryConfig)
    """The second check: one epipolar geometry."""


class SiftMatcher:
    """RootSIFT, mutual nearest neighbours, ratio test and MAGSAC; deterministic."""

    def __init__(self, config: SiftConfig | None = None) -> None:
        """Set the extractor up.

        Args:
            config: Limits and thresholds.
        """
        self._config = config or SiftConfig()
        self._sift: Any = cv2.SIFT.create(
            nfeatures=self._config.max_keypoints, contrastThreshold=self._config.contrast
        )

    def extract(self, rgb: UInt8Array, mask: BoolArray | None = None) -> Keypoints:
        """Return the strongest features of an image.

        Args:
            rgb: (h, w, 3) image.
            mask: (h, w) pixels where features may lie; everywhere if None.

        Returns:
            `Keypoints` in pixels of `rgb`; descriptors (N, 130) uint8: RootSIFT, size and
            direction of the feature. N = 0 on flat images.
        """
        height, width = rgb.shape[:2]
        scale = self._working_scale(max(height, width))
        grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
        if scale != 1.0:
            size = (max(round(width * scale), 1), max(round(height * scale), 1))
            method = cv2.INTER_LINEAR if scale > 1.0 else cv2.INTER_AREA
            grey = cv2.resize(grey, size, interpolation=method)
        where = None if mask is None else _fit(mask, grey.shape)
        points, descriptors = self._sift.detectAndCompute(grey, where)
        if descriptors is None or len(points) == 0:
            return Keypoints(
                np.zeros((0, 2), np.float32), np.zeros((0, _DIMENSION + 2), np.uint8), width, height
            )
        chosen = _strongest(points, self._config.max_keypoints)
        shrink = np.array([width / grey.shape[1], height / grey.shape[0]], np.float32)
        xy = np.array([points[i].pt for i in chosen], np.float32)
        xy = ((xy + 0.5) * shrink - 0.5).astype(np.float32)
        shape = np.array([(points[i].size, points[i].angle) for i in chosen])
        octaves = np.log2(shape[:, 0] * math.sqrt(shrink[0] * shrink[1])) * _OCTAVE
        turns = shape[:, 1] * (_FULL_TURN / 360.0) % _FULL_TURN
        extra = np.stack([octaves.clip(0, 255), turns], axis=1).astype(np.uint8)
        return Keypoints(xy, np.hstack([_root(descriptors[chosen]), extra]), width, height)

    def match(self, a: Keypoints, b: Keypoints) -> KeypointMatches:
        """Return matches that agree with one epipolar geometry."""
        words_a, words_b = a.descriptors[:, :_DIMENSION], b.descriptors[:, :_DIMENSION]
        pairs = mutual_matches(words_a, words_b, self._config.ratio)
        nothing = np.zeros((0, 2), np.float32)
        if len(pairs) < self._config.geometry.min_matches:
            return KeypointMatches(nothing, nothing, tentative=len(pairs))
        first, second = pairs.T
        xy_a, xy_b = a.xy[first], b.xy[second]
        side = max(b.width, b.height)
        extra_a = a.descriptors[first, _DIMENSION:].astype(np.float32)
        extra_b = b.descriptors[second, _DIMENSION:].astype(np.float32)
        growth = (extra_b[:, 0] - extra_a[:, 0]) / np.float32(_OCTAVE)
        turn = (extra_b[:, 1] - extra_a[:, 1]) * np.float32(math.tau / _FULL_TURN)
        inside = agreeing(xy_a, xy_b, growth, turn, side, self._config.shift)
        inside &= _single(xy_a, xy_b)
        # Few matches that share one similarity fit an epipolar geometry whatever it is.
        if np.count_nonzero(inside) >= self._config.geometry.min_matches:
            index = np.nonzero(inside)[0]
            exact = consistent(xy_a[index], xy_b[index], side, self._config.geometry)
            inside[index[~exact]] = False
        return KeypointMatches(xy_a[inside], xy_b[inside], tentative=len(pairs))

    def _working_scale(self, longer: int) -> float:
        if longer < self._config.min_side:
            return self._config.min_side / longer
        return min(self._config.max_side / longer, 1.0)


def mutual_matches(a: NDArray, b: NDArray, ratio: float) -> NDArray[np.intp]:
    """Return (M, 2) indices of descriptors that are each other's nearest and pass the ratio test.

    Args:
        a: (N, D) descriptors.
        b: (K, D) descriptors.
        ratio: Largest distance to the best over distance to the second best, in either image.
    """
    if len(a) < 2 or len(b) < 2:
        return np.zeros((0, 2), np.intp)
    a, b = _unit(a), _unit(b)
    similarity = a @ b.T
    rows = np.arange(len(a))
    best = similarity.argmax(axis=1)
    top = similarity[rows, best]
    mutual = similarity.argmax(axis=0)[best] == rows
    similarity[rows, best] = -1.0
    second = similarity.max(axis=1)
    distinct = (1.0 - top) <= ratio * ratio * (1.0 - second)
    index = np.nonzero(mutual & distinct)[0]
    return np.stack([index, best[index]], axis=1)


def _strongest(points: Sequence[Any], most: int) -> NDArray[np.intp]:
    """Return indices of the features with the strongest response, strongest first."""
    return np.argsort([-point.response for point in points], kind="stable")[:most]


def _single(xy_a: Float32Array, xy_b: Float32Array) -> BoolArray:
    """Return (N,) whether each match is the first between its places.

    A place with several dominant directions has several features, but is one piece of evidence.
    """
    places = np.rint(np.hstack([xy_a, xy_b]) / 2.0)
    _, first = np.unique(places, axis=0, return_index=True)
    single = np.zeros(len(xy_a), np.bool_)
    single[first] = True
    return single


def _fit(mask: BoolArray, shape: tuple[int, ...]) -> UInt8Array:
    """Return a mask scaled to an image of `shape`."""
    pixels = np.ascontiguousarray(mask).view(np.uint8)
    scaled = cv2.resize(pixels, (shape[1], shape[0]), interpolation=cv2.INTER_NEAREST)
    return np.asarray(scaled, np.uint8)


def _unit(descriptors: NDArray) -> Float32Array:
    values = descriptors.astype(np.float32)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-9)


def _root(sift: Float32Array) -> UInt8Array:
    """Return RootSIFT descriptors in steps of 1 / _SCALE."""
    share = sift / np.maximum(sift.sum(axis=1, keepdims=True), 1e-9)
    return np.minimum(np.sqrt(share) * _SCALE + 0.5, 255.0).astype(np.uint8)
