"""Local features and their matches under one epipolar geometry, without any weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.types import BoolArray, Float32Array, KeypointMatches, Keypoints, UInt8Array

_DIMENSION = 128
_SCALE = 512.0
"""RootSIFT entries are stored as uint8 in steps of 1 / _SCALE."""


@dataclass(frozen=True)
class GeometryConfig:
    """When matches agree with one epipolar geometry."""

    min_matches: int = 8
    """With fewer tentative matches no geometry is tried and nothing matches."""
    tolerance: float = 0.02
    """Largest distance from the epipolar line, as a share of the longer image side."""
    iterations: int = 1000
    """Most RANSAC iterations."""


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
    ratio: float = 0.85
    """Largest distance ratio between the best and the second best match."""
    geometry: GeometryConfig = field(default_factory=GeometryConfig)
    """The check that follows."""


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
            `Keypoints` in pixels of `rgb`, descriptors (N, 128) uint8; N = 0 on flat images.
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
                np.zeros((0, 2), np.float32), np.zeros((0, _DIMENSION), np.uint8), width, height
            )
        limit = self._config.max_keypoints
        strongest = np.argsort([-p.response for p in points], kind="stable")[:limit]
        xy = cv2.KeyPoint.convert(points)[strongest]
        shrink = np.array([width / grey.shape[1], height / grey.shape[0]], np.float32)
        xy = ((xy + 0.5) * shrink - 0.5).astype(np.float32)
        return Keypoints(xy, _root(descriptors[strongest]), width, height)

    def match(self, a: Keypoints, b: Keypoints) -> KeypointMatches:
        """Return matches that agree with one epipolar geometry."""
        pairs = mutual_matches(a.descriptors, b.descriptors, self._config.ratio)
        xy_a, xy_b = a.xy[pairs[:, 0]], b.xy[pairs[:, 1]]
        inside = consistent(xy_a, xy_b, max(b.width, b.height), self._config.geometry)
        return KeypointMatches(xy_a[inside], xy_b[inside], tentative=len(pairs))

    def _working_scale(self, longer: int) -> float:
        if longer < self._config.min_side:
            return self._config.min_side / longer
        return min(self._config.max_side / longer, 1.0)


def consistent(
    xy_a: Float32Array, xy_b: Float32Array, side: int, config: GeometryConfig
) -> BoolArray:
    """Return (N,) whether each match fits the best fundamental matrix; deterministic.

    Barath et al., "MAGSAC++, a fast, reliable and accurate robust estimator", 2020,
    https://arxiv.org/abs/1912.05909, as in OpenCV.

    Args:
        xy_a: (N, 2) positions in the first image, px.
        xy_b: (N, 2) positions in the second image, px.
        side: Longer side of the second image, px.
        config: Limits.
    """
    nothing = np.zeros(len(xy_a), np.bool_)
    if len(xy_a) < max(config.min_matches, 8):
        return nothing
    params = cv2.UsacParams()
    params.threshold = config.tolerance * side
    params.maxIterations = config.iterations
    params.confidence = 0.999
    params.randomGeneratorState = 0
    params.score = cv2.SCORE_METHOD_MAGSAC
    params.loMethod = cv2.LOCAL_OPTIM_SIGMA
    params.sampler = cv2.SAMPLING_UNIFORM
    params.isParallel = False
    try:
        _, inside = cv2.findFundamentalMat(xy_a, xy_b, params)
    except cv2.error:  # degenerate configurations make it throw
        return nothing
    return nothing if inside is None else inside.ravel().astype(np.bool_)


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
