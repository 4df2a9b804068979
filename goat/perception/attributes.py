"""Attributes that a sentence can name, measured on the pixels of an object.

Colours are shares of the object's pixels; materials are probabilities of a small fitted model
(`scripts/fit_materials.py`). Both are corrected for the strength and tint of the light in the
whole image.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from goat.perception import colour_names
from goat.perception.patches import Patch, cut
from goat.types import BoolArray, Float32Array, UInt8Array

PIXELS = 1500
"""Pixels of an object that are looked at."""
_LIGHT_SAMPLES = 32
"""The light is estimated on a grid of this many pixels per side."""
_TINT_TRUST = 0.8
"""Exponent of the tint's correction: large coloured things tint the estimate too."""
_TARGET_LIGHT = 1.0
"""Strength of the light after correction, 1 = white."""
_MOST_STRENGTH = 2.5
_MOST_TINT = 1.6
_MOST_SPREAD = 4.0


@dataclass(frozen=True)
class MaterialModel:
    """A multinomial logistic regression on `material_features` and their products."""

    names: tuple[str, ...]
    """Materials, in the order of the columns."""
    mean: Float32Array
    """(F,) mean of the features."""
    scale: Float32Array
    """(F,) spread of the features."""
    weights: Float32Array
    """(F + F (F + 1) / 2, C) weights on `terms`."""
    bias: Float32Array
    """(C,) bias."""

    def terms(self, features: NDArray) -> NDArray:
        """Return (..., T) standardised features (..., F), clipped, and half their products."""
        unit = np.clip((features - self.mean) / self.scale, -_MOST_SPREAD, _MOST_SPREAD)
        first, second = _pairs(len(self.mean))
        return np.concatenate([unit, 0.5 * unit[..., first] * unit[..., second]], axis=-1)

    def probabilities(self, features: Float32Array) -> Float32Array:
        """Return (C,) probabilities of the materials for features (F,)."""
        logits = self.terms(features) @ self.weights + self.bias
        powers = np.exp(logits - logits.max())
        return powers / powers.sum()


@cache
def material_model() -> MaterialModel:
    """Return the fitted model that ships with the package."""
    text = resources.files("goat").joinpath("data/materials.json").read_text("utf-8")
    raw = json.loads(text)
    numbers = {key: np.array(raw[key], np.float32) for key in ("mean", "scale", "weights", "bias")}
    numbers["weights"] *= np.array(raw["step"], np.float32)
    return MaterialModel(names=tuple(raw["names"]), **numbers)


@cache
def _pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(count)


def measure(rgb: UInt8Array, mask: BoolArray, box: NDArray) -> dict[str, float]:
    """Return how strongly each attribute holds for a masked object.

    Args:
        rgb: (H, W, 3) image.
        mask: (H, W) pixels of the object.
        box: (4,) x0, y0, x1, y1 in px.

    Returns:
        "color:<name>" -> share of the pixels, sums to 1, and "material:<name>" -> probability,
        sums to 1; empty for an empty mask.
    """
    patch = cut(rgb, mask, box, PIXELS)
    if patch is None:
        return {}
    pixels = corrected(patch, light_of(rgb))
    colours = colour_shares(pixels)
    model = material_model()
    materials = model.probabilities(material_features(patch, pixels, colours))
    return {
        **{f"color:{name}": float(c) for name, c in zip(colour_names.NAMES, colours, strict=True)},
        **{f"material:{name}": float(m) for name, m in zip(model.names, materials, strict=True)},
    }


def light_of(rgb: UInt8Array) -> Float32Array:
    """Return (3,) gains that make the light of an image (H, W, 3) nearly white and bright.

    The light is the sixth power mean of the image: Finlayson and Trezzi, "Shades of Gray and
    Colour Constancy", 2004.
    """
    rows = max(rgb.shape[0] // _LIGHT_SAMPLES, 1)
    cols = max(rgb.shape[1] // _LIGHT_SAMPLES, 1)
    sample = rgb[::rows, ::cols].reshape(-1, 3).astype(np.float32) / np.float32(255.0)
    cubes = sample * sample * sample
    light = np.maximum((cubes * cubes).mean(axis=0) ** (1.0 / 6.0), 0.02)
    mean = light.mean()
    tint = np.clip(mean / light, 1.0 / _MOST_TINT, _MOST_TINT) ** _TINT_TRUST
    strength = np.clip(_TARGET_LIGHT / mean, 1.0, _MOST_STRENGTH)
    return (tint * strength).astype(np.float32)


def corrected(patch: Patch, gains: Float32Array) -> Float32Array:
    """Return (N, 3) colours in [0, 255] of the object's pixels under white light."""
    return np.minimum(patch.rgb[patch.inside] * gains, np.float32(255.0))


def colour_shares(pixels: Float32Array) -> Float32Array:
    """Return (12,) shares of `colour_names.NAMES` among colours (N, 3) in [0, 255]."""
    return colour_names.table()[colour_names.rows_of(pixels)].mean(axis=0)


def material_features(patch: Patch, pixels: Float32Array, colours: Float32Array) -> Float32Array:
    """Return (F,) statistics that tell materials apart: colour, gloss, grain.

    Args:
        patch: The object.
        pixels: (N, 3) its corrected colours.
        colours: (12,) its colour shares.
    """
    lab = colour_names.oklab(pixels[:: max(len(pixels) // 500, 1)])
    light = lab[:, 0]
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    spread = np.quantile(light, (0.02, 0.25, 0.5, 0.75, 0.98))
    colour = [*lab.mean(axis=0), *lab.std(axis=0), chroma.mean(), chroma.max(), *spread]
    gloss = [spread[4] - spread[2], spread[2] - spread[0], float((light > 0.95).mean())]
    return np.array([*colour, *gloss, *_grain(patch), *np.sqrt(colours)], np.float32)


def _grain(patch: Patch) -> list[float]:
    """Return strengths and direction of brightness changes at two scales."""
    grey = cv2.cvtColor(np.ascontiguousarray(patch.rgb), cv2.COLOR_RGB2GRAY)
    logs = np.log(grey.astype(np.float32) + 8.0)
    interior = cv2.erode(patch.inside.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)
    where = interior if interior.any() else patch.inside
    dx = cv2.Sobel(logs, cv2.CV_32F, 1, 0, scale=0.125)[where]
    dy = cv2.Sobel(logs, cv2.CV_32F, 0, 1, scale=0.125)[where]
    fine = (logs - cv2.GaussianBlur(logs, (3, 3), 0))[where]
    coarse = (logs - cv2.GaussianBlur(logs, (9, 9), 0))[where]
    xx, yy, xy = float((dx * dx).mean()), float((dy * dy).mean()), float((dx * dy).mean())
    energy = xx + yy + 1e-6
    coherence = float(np.hypot(xx - yy, 2.0 * xy)) / energy
    strength = np.sqrt(dx * dx + dy * dy)
    levels = np.log(np.quantile(strength, (0.25, 0.5, 0.75, 0.95)) + 1e-3)
    detail = np.log([fine.std() + 1e-3, coarse.std() + 1e-3])
    return [coherence, (xx - yy) / energy, *levels, *detail, float(detail[0] - detail[1])]
