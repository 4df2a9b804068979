"""Geometric checks of matches between two images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from goat.types import BoolArray, Float32Array


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
class ShiftConfig:
    """When matches agree with one similarity transform, loosely."""

    rotation: float = math.radians(30.0)
    """Largest turn between the images, radians: cameras and photos are upright. Pi allows all."""
    tolerance: float = 0.06
    """Largest error next to the seed match, as a share of the longer image side."""
    growth: float = 0.2
    """By how much the tolerance grows per distance from the seed match: perspective and depth."""
    octaves: float = 1.0
    """Largest difference of the change of scale, factors of two."""
    least: int = 4
    """Fewest matches that make an agreement."""


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


def agreeing(
    xy_a: Float32Array,
    xy_b: Float32Array,
    growth: Float32Array,
    turn: Float32Array,
    side: int,
    config: ShiftConfig,
) -> BoolArray:
    """Return (N,) whether each match follows the similarity that most matches follow.

    Every match proposes the similarity that its features' sizes and directions imply (Lowe 2004,
    "Distinctive Image Features from Scale-Invariant Keypoints", section 7.3, without the bins).
    A wrong match rarely finds company here, while an epipolar geometry fits some by chance.

    Args:
        xy_a: (N, 2) positions in the first image, px.
        xy_b: (N, 2) positions in the second image, px.
        growth: (N,) base-two logarithm of feature size in the second over the first image.
        turn: (N,) direction in the second minus the first image, radians.
        side: Longer side of the second image, px.
        config: Limits.
    """
    upright = np.abs(_wrapped(turn)) <= config.rotation
    factor = np.exp2(growth)
    c, s = (factor * np.cos(turn))[:, None], (factor * np.sin(turn))[:, None]
    from_a = xy_a[None, :, :] - xy_a[:, None, :]
    from_b = xy_b[None, :, :] - xy_b[:, None, :]
    error = np.hypot(
        c * from_a[..., 0] - s * from_a[..., 1] - from_b[..., 0],
        s * from_a[..., 0] + c * from_a[..., 1] - from_b[..., 1],
    )
    allowed = config.tolerance * side + config.growth * np.hypot(from_b[..., 0], from_b[..., 1])
    company = (error < allowed) & upright[:, None] & upright[None, :]
    company &= np.abs(growth[None, :] - growth[:, None]) < config.octaves
    company &= np.abs(_wrapped(turn[None, :] - turn[:, None])) < math.radians(30.0)
    best = company[company.sum(axis=1).argmax()]
    return best if best.sum() >= config.least else np.zeros(len(xy_a), np.bool_)


def _wrapped(angle: Float32Array) -> Float32Array:
    return (angle + np.float32(math.pi)) % np.float32(math.tau) - np.float32(math.pi)
