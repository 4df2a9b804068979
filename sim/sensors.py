"""Noise of sensors and wheels: seeded, off unless configured."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from goat.types import Float32Array


@dataclass(frozen=True)
class NoiseConfig:
    """How far the simulated robot is from a perfect one; the defaults are a small stereo camera."""

    depth_offset: float = 0.001
    """Standard deviation of depth at zero range, m."""
    depth_growth: float = 0.002
    """Growth of that deviation with range squared, m per m2."""
    depth_quantum: float = 0.0005
    """Depth steps are this times range squared (stereo disparity), m per m2; 0 = continuous."""
    edge_step: float = 0.1
    """A depth jump between neighbouring pixels that makes an edge, share of the depth."""
    edge_dropout: float = 0.5
    """Probability that a pixel at an edge has no return."""
    odometry_per_metre: float = 0.01
    """Standard deviation of odometry's error in position, m per square root of a metre."""
    odometry_per_radian: float = 0.01
    """Standard deviation of its error in heading, rad per square root of a radian turned."""
    odometry_yaw_per_metre: float = 0.005
    """Standard deviation of its error in heading, rad per square root of a metre driven."""
    actuation_linear: float = 0.03
    """Standard deviation of the distance driven, share of the command."""
    actuation_angular: float = 0.03
    """Standard deviation of the angle turned, share of the command."""


def noisy_depth(depth: Float32Array, config: NoiseConfig, rng: np.random.Generator) -> Float32Array:
    """Return a depth image (H, W), m, as a real sensor would give it; NaN stays NaN."""
    squared = depth * depth
    sigma = config.depth_offset + config.depth_growth * squared
    noisy = depth + sigma * rng.standard_normal(depth.shape, np.float32)
    if config.depth_quantum > 0.0:
        step = config.depth_quantum * squared + np.float32(1e-6)
        noisy = np.round(noisy / step) * step
    edges = depth_edges(depth, config.edge_step)
    noisy[edges & (rng.random(depth.shape, np.float32) < config.edge_dropout)] = np.nan
    noisy[noisy <= 0.0] = np.nan
    return noisy.astype(np.float32, copy=False)


def depth_edges(depth: Float32Array, step: float) -> np.ndarray:
    """Return (H, W) whether depth jumps within a pixel's 3x3 neighbours by more than a share."""
    filled = np.nan_to_num(depth, nan=1e3)
    kernel = np.ones((3, 3), np.uint8)
    low, high = cv2.erode(filled, kernel), cv2.dilate(filled, kernel)
    return high - low > step * low


def noisy_motion(
    forward: float, turn: float, config: NoiseConfig, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the distance (m) and angle (rad) the wheels really carry out."""
    linear, angular = rng.standard_normal(2)
    return (
        forward * (1.0 + config.actuation_linear * linear),
        turn * (1.0 + config.actuation_angular * angular),
    )


def odometry_error(
    distance: float, turn: float, config: NoiseConfig, rng: np.random.Generator
) -> tuple[float, float, float]:
    """Return the error dx, dy (m, base frame) and dyaw (rad) of one measured motion.

    Errors of many short motions add up to that of one long motion.
    """
    x, y, a, b = rng.standard_normal(4)
    metres, radians = math.sqrt(abs(distance)), math.sqrt(abs(turn))
    yaw = a * config.odometry_per_radian * radians + b * config.odometry_yaw_per_metre * metres
    reach = config.odometry_per_metre * metres
    return float(x * reach), float(y * reach), float(yaw)
