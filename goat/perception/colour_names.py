"""How people name colours: a table from RGB to shares of twelve names.

Every name has a few typical shades; a colour's share of a name falls with its distance to the
nearest of them in Oklab (Ottosson 2020, https://bottosson.github.io/posts/oklab), where equal
distances look about equally far and a hue keeps its name from dark to light.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from goat.types import Float32Array

NAMES = (
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
    "black",
    "white",
    "gray",
    "beige",
)
"""The names, in the order of the table's columns."""

_SHADES = {
    "red": "ff0000 dc143c b22222 8b0000 c83232 a02828 e04040 741414 d2554b 9c3a34",
    "orange": "ff8000 ffa500 e67e22 f06820 ff6a28 f0963c d8641a",
    "yellow": "ffff00 ffd700 f0dc3c e6c81e fff078 c8b414 dccc64 a89818 f4e49a",
    "green": (
        "008000 00ff00 32a032 228b22 6b8e23 90ee90 1e5a28 3c7850 78aa5a 9acd32 "
        "4c6b3c 203c20 2e8b57 a8d08c 5f8f7f 7ca088 556b2f 00806a 88b8a0"
    ),
    "blue": (
        "0000ff 1e90ff 4169e1 000080 191970 4682b4 87ceeb 6496c8 28509c 1c3c64 "
        "add8e6 2c4c74 0a6e96 00a0c8 5078a0 5c7c9c 8cacc8 384c78 14506e 3c8ca0"
    ),
    "purple": "800080 9400d3 6a3c9c 8a50b4 4b0082 a078c8 5a2864 b48cd2 7b4a8c 9b6bb0 503060",
    "pink": "ffc0cb ff69b4 ff1493 f0a0b4 e68caa dc8296 c86482 ffb6c1 e8a8b0 d87ca0",
    "brown": (
        "8b4513 a0522d 5c3317 654321 96643c 784b2d 46280f 7b5b3a b07848 3c2414 "
        "6e4830 885c38 a4703c 583c28 906848 6b2f1e a87342 bc8048 c88c54 b46c34 a05a3c"
    ),
    "black": "000000 101010 1e1e1e 282828 181820 201c18 2c2c30",
    "white": "ffffff f5f5f5 ebebeb e1e1e1 f5f0e8 eef2f8 dcdcdc",
    "gray": "808080 a0a0a0 606060 b8b8b8 484848 707880 8c8880 c8c8c8 9098a0 585c60 706c68 3c3c3e",
    "beige": "f5f5dc f5deb3 d2b48c deb887 e8d8b8 c8b090 d8c8a8 ead2ac c4b498 b8a07c f0e2c8 d0bc98",
}
_LIGHTNESS_WEIGHT = 0.55
"""Lightness counts less than hue: the same object is lit from one side."""
_SOFTNESS = 0.035
"""Oklab distance over which one name passes into the next."""
_BITS = 5


@cache
def table() -> Float32Array:
    """Return (32768, 12) shares of the names, rows as `rows_of` numbers colours, sums 1."""
    levels = (np.arange(1 << _BITS) + 0.5) * (256 >> _BITS)
    red, green, blue = np.meshgrid(levels, levels, levels, indexing="ij")
    colours = _features(np.stack([red, green, blue], axis=-1).reshape(-1, 3))
    nearest = np.empty((len(colours), len(NAMES)), np.float32)
    for column, name in enumerate(NAMES):
        shades = np.array([list(bytes.fromhex(shade)) for shade in _SHADES[name].split()])
        gaps = colours[:, None, :] - _features(shades)[None, :, :]
        nearest[:, column] = np.linalg.norm(gaps, axis=2).min(axis=1)
    shares = np.exp((nearest.min(axis=1, keepdims=True) - nearest) / _SOFTNESS)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def rows_of(rgb: NDArray) -> NDArray[np.intp]:
    """Return (N,) rows of the table for colours (N, 3) in [0, 255]."""
    cells = rgb.astype(np.intp) >> (8 - _BITS)
    return (cells[:, 0] << (2 * _BITS)) | (cells[:, 1] << _BITS) | cells[:, 2]


def _features(rgb: NDArray) -> Float32Array:
    """Return (N, 3) coordinates of sRGB colours (N, 3) in [0, 255] in which names are near."""
    lab = oklab(rgb)
    lab[:, 0] *= _LIGHTNESS_WEIGHT
    return lab


def oklab(rgb: NDArray) -> Float32Array:
    """Return (N, 3) Oklab coordinates of sRGB colours (N, 3) in [0, 255]."""
    values = np.asarray(rgb, np.float32) / 255.0
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    cones = np.cbrt(linear @ _CONES_FROM_RGB.T)
    return (cones @ _LAB_FROM_CONES.T).astype(np.float32)


_CONES_FROM_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_LAB_FROM_CONES = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
