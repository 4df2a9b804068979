"""An appearance descriptor that needs no weights: colours, where they are, and texture.

Each block is a histogram of unit sum under a square root, so that the dot product of two
descriptors is a weighted sum of Bhattacharyya coefficients. Colours are log ratios of the
channels, which do not change with the strength of the light; lightness enters coarsely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.perception.goal_photo import segment_goal
from goat.perception.patches import Patch, cut, soft_bins
from goat.types import BoolArray, Float32Array, UInt8Array

_PIXELS = 1500
_GREY_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)
_DARK = 12.0
"""Added to every channel, so that dark pixels count as grey."""
_CHROMA_BINS = 9
_LIGHT_BINS = 4
_BANDS = 3
_BAND_BINS = 5
_ORIENTATIONS = 8
_STRENGTHS = 4


@dataclass(frozen=True)
class DescriptorConfig:
    """How much each block says."""

    colour: float = 0.6
    """Share of the joint histogram of chroma and lightness."""
    layout: float = 0.2
    """Share of the chroma in three horizontal bands."""
    texture: float = 0.2
    """Share of the gradients."""


DEFAULT = DescriptorConfig()


def describe(
    rgb: UInt8Array, mask: BoolArray, box: NDArray, config: DescriptorConfig = DEFAULT
) -> Float32Array:
    """Return the appearance vector (D,) of unit norm of a masked object.

    Args:
        rgb: (H, W, 3) image.
        mask: (H, W) pixels of the object.
        box: (4,) x0, y0, x1, y1 in px.
        config: Weights of the blocks.

    Returns:
        The vector; the same uniform vector for every empty mask.
    """
    patch = cut(rgb, mask, box, _PIXELS)
    if patch is None:
        return np.full(DIMENSION, 1.0 / math.sqrt(DIMENSION), np.float32)
    rows, _ = np.nonzero(patch.inside)
    pixels = patch.rgb[patch.inside].astype(np.float32) + _DARK
    logs = np.log(pixels)
    chroma = _compress(logs[:, [0, 2]] - logs[:, 1:2])
    light = (pixels @ _GREY_WEIGHTS).astype(np.float32)
    blocks = (
        (config.colour, _joint_histogram(chroma, light)),
        (config.layout, _layout(chroma, rows, patch.inside.shape[0])),
        (config.texture, _texture(patch)),
    )
    vector = np.concatenate([math.sqrt(weight) * np.sqrt(block) for weight, block in blocks])
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def describe_goal(rgb: UInt8Array, config: DescriptorConfig = DEFAULT) -> Float32Array:
    """Return (M, D) appearance vectors of the guesses of `segment_goal`, likeliest first.

    Args:
        rgb: (H, W, 3) photo with the object in its middle.
        config: Weights of the blocks.
    """
    regions = segment_goal(rgb)
    return np.stack([describe(rgb, region.mask, region.box, config) for region in regions])


def describe_surroundings(
    rgb: UInt8Array, mask: BoolArray | None = None, config: DescriptorConfig = DEFAULT
) -> Float32Array:
    """Return the appearance vector (D,) of everything but an object.

    Args:
        rgb: (H, W, 3) image.
        mask: (H, W) pixels of the object; None takes the likeliest guess of `segment_goal`.
        config: Weights of the blocks.
    """
    mask = segment_goal(rgb)[0].mask if mask is None else mask
    box = np.array([0, 0, rgb.shape[1], rgb.shape[0]], np.float32)
    return describe(rgb, ~mask, box, config)


def _compress(chroma: Float32Array) -> Float32Array:
    """Return chroma stretched around grey and squeezed for strong colours, in (-1, 1)."""
    return chroma / (np.abs(chroma) + np.float32(0.25))


def _joint_histogram(chroma: Float32Array, light: Float32Array) -> Float32Array:
    """Return a soft histogram over two chroma axes and lightness, unit sum."""
    axes = (
        (*soft_bins(chroma[:, 0], -0.8, 0.8, _CHROMA_BINS), _CHROMA_BINS),
        (*soft_bins(chroma[:, 1], -0.8, 0.8, _CHROMA_BINS), _CHROMA_BINS),
        (*soft_bins(np.log(light), 3.2, 5.6, _LIGHT_BINS), _LIGHT_BINS),
    )
    return _soft_histogram(axes)


def _layout(chroma: Float32Array, rows: NDArray[np.intp], height: int) -> Float32Array:
    """Return chroma histograms of the upper, middle and lower part, unit sum."""
    position = (rows + 0.5).astype(np.float32) * (_BANDS / height) - 0.5
    axes = (
        (*soft_bins(position, 0.0, _BANDS - 1.0, _BANDS), _BANDS),
        (*soft_bins(chroma[:, 0], -0.7, 0.7, _BAND_BINS), _BAND_BINS),
        (*soft_bins(chroma[:, 1], -0.7, 0.7, _BAND_BINS), _BAND_BINS),
    )
    return _soft_histogram(axes)


def _soft_histogram(
    axes: tuple[tuple[NDArray[np.intp], Float32Array, int], ...],
) -> Float32Array:
    """Return the joint histogram of axes (lower bin, upper weight, bins), flat, unit sum."""
    index = np.zeros(len(axes[0][0]), np.intp)
    corners = [(index, np.float32(1.0))]
    size = 1
    for lower, upper, bins in axes:
        size *= bins
        corners = [
            (cell * bins + lower + step, weight * (upper if step else 1.0 - upper))
            for cell, weight in corners
            for step in (0, 1)
        ]
    cells = np.concatenate([cell for cell, _ in corners])
    weights = np.concatenate([weight for _, weight in corners])
    histogram = np.bincount(cells, weights, minlength=size)[:size]  # an upper bin of weight 0
    return (histogram / histogram.sum()).astype(np.float32)


def _texture(patch: Patch) -> Float32Array:
    """Return a histogram of gradient direction and strength inside the object, unit sum."""
    grey = cv2.cvtColor(np.ascontiguousarray(patch.rgb), cv2.COLOR_RGB2GRAY).astype(np.float32)
    logs = np.log(grey + _DARK)
    dx = cv2.Sobel(logs, cv2.CV_32F, 1, 0, scale=0.125)
    dy = cv2.Sobel(logs, cv2.CV_32F, 0, 1, scale=0.125)
    interior = cv2.erode(patch.inside.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
    where = interior if interior.any() else patch.inside
    dx, dy = dx[where], dy[where]
    strength = np.sqrt(dx * dx + dy * dy)
    angle = np.arctan2(dy, dx) * (_ORIENTATIONS / math.pi) % _ORIENTATIONS
    lower = np.minimum(angle.astype(np.intp), _ORIENTATIONS - 1)
    axes = (
        (*soft_bins(np.log(strength + 1e-3), -5.0, -0.5, _STRENGTHS), _STRENGTHS),
        (lower, np.zeros_like(strength), _ORIENTATIONS),
    )
    return _soft_histogram(axes)


DIMENSION = _CHROMA_BINS**2 * _LIGHT_BINS + _BANDS * _BAND_BINS**2 + _STRENGTHS * _ORIENTATIONS
"""Length of the vector."""
