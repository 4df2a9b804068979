"""Procedural surface textures: (h, w, 3) uint8 images that repeat without a seam.

Detail textures are near white, so that one texture tinted by a material's colour serves many
finishes; the others carry their own colours. All randomness comes from the generator passed in.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Rgb = Sequence[float] | NDArray
"""Colour in [0, 1]."""


def to_image(values: NDArray) -> Image:
    """Turn (h, w) or (h, w, 3) values in [0, 1] into an image."""
    if values.ndim == 2:
        values = values[..., None].repeat(3, axis=2)
    return (np.clip(values, 0, 1) * 255).astype(np.uint8)


def noise(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int], octaves: int = 3
) -> NDArray[np.float32]:
    """Return seamless smooth noise in about [-1, 1].

    Args:
        rng: Source of randomness.
        shape: Height and width, px.
        cells: Bumps of the coarsest octave down and across.
        octaves: Layers, each twice as fine and half as strong.
    """
    out = np.zeros(shape, np.float32)
    for octave in range(octaves):
        rows, cols = (min(c << octave, s) for c, s in zip(cells, shape, strict=True))
        grid = np.pad(rng.uniform(-1, 1, (rows, cols)).astype(np.float32), 2, mode="wrap")
        scale = (shape[1] / cols, shape[0] / rows)
        size = (round((cols + 4) * scale[0]), round((rows + 4) * scale[1]))
        big = cv2.resize(grid, size, interpolation=cv2.INTER_CUBIC)
        top, left = round(2 * scale[1]), round(2 * scale[0])
        out += big[top : top + shape[0], left : left + shape[1]] / 2**octave
    return out


def mix(a: Rgb, b: Rgb, share: NDArray) -> NDArray[np.float32]:
    """Blend two colours by a (h, w) share in [0, 1]."""
    share = np.clip(share, 0, 1)[..., None].astype(np.float32)
    return np.asarray(a, np.float32) * (1 - share) + np.asarray(b, np.float32) * share


def grain(rng: np.random.Generator) -> Image:
    """Wood grain along u, near white."""
    shape = (256, 256)
    rows = np.linspace(0, 1, shape[0], endpoint=False, dtype=np.float32)[:, None]
    warp = noise(rng, shape, (3, 1), 3)
    rings = np.sin(2 * np.pi * (rows * 9 + warp * 1.1))
    rings = np.sign(rings) * np.abs(rings) ** 0.6
    fibre = noise(rng, shape, (96, 3), 2)
    pores = np.clip(noise(rng, shape, (256, 12), 1) - 0.55, 0, 1)
    return to_image(0.88 + 0.045 * rings + 0.05 * fibre - 0.3 * pores)


def weave(rng: np.random.Generator) -> Image:
    """Plain woven cloth, near white."""
    y, x = np.mgrid[0:128, 0:128].astype(np.float32)
    over = ((x // 4 + y // 4) % 2) == 0
    thread = np.where(
        over, np.sin(np.pi * ((y % 4) + 0.5) / 4), np.sin(np.pi * ((x % 4) + 0.5) / 4)
    )
    tone = noise(rng, (128, 128), (32, 4), 1) + noise(rng, (128, 128), (4, 32), 1)
    return to_image(0.74 + 0.16 * thread + 0.07 * tone)


def corduroy(rng: np.random.Generator) -> Image:
    """Ribbed cloth, near white."""
    x = np.arange(128, dtype=np.float32)[None, :]
    ribs = np.abs(np.sin(np.pi * x / 8))
    return to_image(0.7 + 0.22 * ribs + 0.06 * noise(rng, (128, 128), (32, 32), 2))


def plush(rng: np.random.Generator) -> Image:
    """Short fur or deep carpet pile, near white."""
    fine = noise(rng, (128, 128), (48, 48), 2)
    return to_image(0.82 + 0.13 * fine + 0.05 * noise(rng, (128, 128), (6, 6), 2))


def leather(rng: np.random.Generator) -> Image:
    """Grained leather: fine pebbles and a few wrinkles, near white."""
    shape = (128, 128)
    pebbles = np.abs(noise(rng, shape, (40, 40), 1))
    wrinkles = np.exp(-np.abs(noise(rng, shape, (5, 5), 3)) * 18)
    cloud = noise(rng, shape, (4, 4), 2)
    return to_image(0.9 + 0.06 * pebbles - 0.07 * wrinkles + 0.03 * cloud)


def plaster(rng: np.random.Generator) -> Image:
    """Painted plaster, almost white."""
    coarse, fine = noise(rng, (256, 256), (5, 5), 4), noise(rng, (256, 256), (64, 64), 2)
    return to_image(0.945 + 0.014 * coarse + 0.022 * fine)


def brushed(rng: np.random.Generator) -> Image:
    """Brushed metal along u, near white."""
    return to_image(0.9 + 0.06 * noise(rng, (128, 128), (64, 2), 2))


def marble(rng: np.random.Generator, base: Rgb, vein: Rgb) -> Image:
    """Polished stone with veins."""
    warp = noise(rng, (256, 256), (3, 3), 5)
    veins = np.exp(-np.abs(warp) * 14) + 0.5 * np.exp(
        -np.abs(noise(rng, (256, 256), (5, 5), 4)) * 22
    )
    return to_image(
        mix(base, vein, veins * 0.75) + 0.02 * noise(rng, (256, 256), (8, 8), 2)[..., None]
    )


def granite(rng: np.random.Generator, base: Rgb, speck: Rgb) -> Image:
    """Speckled stone."""
    fine = noise(rng, (128, 128), (64, 64), 1)
    return to_image(
        mix(base, speck, (fine > 0.35) * 0.7 + 0.3 * (noise(rng, (128, 128), (8, 8), 2) > 0.3))
    )


def planks(rng: np.random.Generator, color: Rgb, rows: int = 8, cols: int = 2) -> Image:
    """Floor boards along u, staggered, each of its own tone."""
    size = 256
    base = noise(rng, (size, size), (64, 4), 2) * 0.05 + noise(rng, (size, size), (16, 2), 3) * 0.05
    y, x = np.mgrid[0:size, 0:size]
    board = size // rows
    row = y // board
    shift = rng.integers(0, size, rows)[row]
    col = ((x + shift) % size) // (size // cols)
    tone = rng.uniform(0.78, 1.08, (rows, cols))[row, col]
    warmth = rng.uniform(-0.03, 0.03, (rows, cols))[row, col]
    gap = (y % board == 0) | (((x + shift) % size) % (size // cols) == 0)
    out = np.asarray(color) * (tone + base)[..., None]
    out = out + warmth[..., None] * np.array([1.0, 0.2, -0.8])
    return to_image(out * np.where(gap, 0.5, 1.0)[..., None])


def herringbone(rng: np.random.Generator, color: Rgb) -> Image:
    """Parquet of short blocks laid in a zigzag."""
    size, unit = 256, 16
    y, x = np.mgrid[0:size, 0:size]
    i, j = x // unit, y // unit
    phase = (i - j) % 8
    across = phase < 4
    key = np.where(across, (j * 31 + (i - phase) * 7), (i * 57 + (j + phase - 4) * 13 + 1009))
    tone = rng.uniform(0.75, 1.1, 4096)[key % 4096]
    fine = np.where(
        across, noise(rng, (size, size), (64, 4), 2), noise(rng, (size, size), (4, 64), 2)
    )
    edge_along = np.where(across, (y % unit) == 0, (x % unit) == 0)
    edge_end = np.where(across, (phase == 0) & (x % unit == 0), (phase == 4) & (y % unit == 0))
    out = np.asarray(color) * (tone + 0.07 * fine)[..., None]
    return to_image(out * np.where(edge_along | edge_end, 0.6, 1.0)[..., None])


def tiles(
    rng: np.random.Generator,
    color: Rgb,
    count: int = 4,
    second: Rgb | None = None,
    brick: bool = False,
) -> Image:
    """Ceramic tiles with grout; `second` chequers them, `brick` shifts every other row."""
    size = 256 // (2 * count) * 2 * count
    y, x = np.mgrid[0:size, 0:size]
    high = size // count if not brick else size // (2 * count)
    wide = size // count
    row = y // high
    x = (x + (row % 2) * (wide // 2) * brick) % size
    col = x // wide
    tone = rng.uniform(0.93, 1.04, (size // high, count))[row, col]
    checker = ((row + col) % 2).astype(np.float32)
    out = mix(color, second if second is not None else color, checker) * tone[..., None]
    out = out + 0.02 * noise(rng, (size, size), (8, 8), 3)[..., None]
    grout = (y % high < 3) | (x % wide < 3)
    shine = ((y % high == 3) | (x % wide == 3)) * 0.06
    return to_image(np.where(grout[..., None], 0.62, out + shine[..., None]))


def bricks(rng: np.random.Generator, color: Rgb) -> Image:
    """Brick wall in running bond."""
    size, high, wide = 256, 32, 64
    y, x = np.mgrid[0:size, 0:size]
    row = y // high
    x = (x + (row % 2) * (wide // 2)) % size
    tone = rng.uniform(0.7, 1.15, (size // high, size // wide))[row, x // wide]
    rough = noise(rng, (size, size), (32, 32), 3)
    out = np.asarray(color) * (tone + 0.12 * rough)[..., None]
    mortar = (y % high < 4) | (x % wide < 4)
    return to_image(np.where(mortar[..., None], 0.66 + 0.06 * rough[..., None], out))


def carpet(rng: np.random.Generator, color: Rgb) -> Image:
    """Wall-to-wall carpet with a faint pattern."""
    fine = noise(rng, (256, 256), (96, 96), 1)
    y, x = np.mgrid[0:256, 0:256]
    dots = (np.sin(x * np.pi / 16) * np.sin(y * np.pi / 16) > 0.75) * 0.09
    cloud = noise(rng, (256, 256), (5, 5), 3)
    return to_image(np.asarray(color) * (0.95 + 0.12 * fine + 0.04 * cloud + dots)[..., None])


def stripes(rng: np.random.Generator, colors: Sequence[Rgb], count: int = 8) -> Image:
    """Vertical stripes of varied width."""
    edges = np.sort(rng.choice(np.arange(8, 248, 4), count - 1, replace=False))
    band = np.searchsorted(edges, np.arange(256), side="right")
    row = np.asarray(colors)[band % len(colors)]
    return to_image(
        np.broadcast_to(row, (256, 256, 3)) + 0.03 * noise(rng, (256, 256), (64, 64), 1)[..., None]
    )


def quilt(rng: np.random.Generator, color: Rgb) -> Image:
    """Padded diamonds between seams."""
    y, x = np.mgrid[0:128, 0:128].astype(np.float32)
    a, b = ((x + y) % 32) / 32, ((x - y) % 32) / 32
    puff = (np.sin(np.pi * a) * np.sin(np.pi * b)) ** 0.4
    weft = noise(rng, (128, 128), (64, 64), 1)
    return to_image(np.asarray(color) * (0.72 + 0.32 * puff + 0.05 * weft)[..., None])


def plaid(rng: np.random.Generator, base: Rgb, second: Rgb) -> Image:
    """Tartan cloth."""
    band = (noise(rng, (1, 128), (1, 10), 1)[0] > 0.1).astype(np.float32)
    share = (band[:, None] + band[None, :]) / 2
    twill = ((np.add.outer(np.arange(128), np.arange(128)) // 3) % 2) * 0.06
    out = mix(base, second, share) - twill[..., None]
    line = np.arange(128) % 32 == 5
    out[line] = out[line] * 0.4 + 0.55
    out[:, line] = out[:, line] * 0.4 + 0.55
    return to_image(out)


def wallpaper(rng: np.random.Generator, base: Rgb, ink: Rgb) -> Image:
    """A repeating ornament: leaves, damask, trellis, dots or stripes."""
    kind = rng.integers(5)
    canvas = np.zeros((256, 256), np.uint8)
    if kind == 0:
        _sprigs(canvas, rng)
    elif kind == 1:
        _damask(canvas)
    elif kind == 2:
        for k in range(-256, 512, 64):
            cv2.line(canvas, (k, 0), (k + 256, 256), 255, 3, cv2.LINE_AA)
            cv2.line(canvas, (k, 256), (k + 256, 0), 255, 3, cv2.LINE_AA)
    elif kind == 3:
        for cy in range(0, 257, 64):
            for cx in range(0, 257, 64):
                cv2.circle(canvas, (cx, cy), 10, 255, -1, cv2.LINE_AA)
                cv2.circle(canvas, (cx + 32, cy + 32), 5, 255, -1, cv2.LINE_AA)
    else:
        canvas[:, (np.arange(256) % 64) < 28] = 255
    share = canvas.astype(np.float32) / 255 * 0.75
    return to_image(mix(base, ink, share) + 0.015 * noise(rng, (256, 256), (48, 48), 2)[..., None])


def _sprigs(canvas: Image, rng: np.random.Generator) -> None:
    """Draw leafy twigs that wrap around the border."""
    for cx, cy in ((64, 64), (192, 128), (64, 192), (192, 0), (192, 256)):
        lean = rng.uniform(-0.4, 0.4)
        for k in range(5):
            along = -44 + k * 20
            x, y = cx + int(np.sin(lean) * along), cy + int(np.cos(lean) * along)
            for side in (-1, 1):
                angle = float(np.degrees(-lean)) + side * 48 + 90
                tip = (x + side * 12, y - 8)
                cv2.ellipse(canvas, tip, (13, 5), angle, 0, 360, 255, -1, cv2.LINE_AA)
        cv2.line(canvas, (cx, cy + 48), (cx, cy - 52), 255, 2, cv2.LINE_AA)


def _damask(canvas: Image) -> None:
    """Draw a medallion with curls, repeated on a half-drop grid."""
    for cx, cy in ((64, 64), (192, 192), (64, 320), (192, -64), (320, 64), (-64, 192)):
        for k in range(8):
            cv2.ellipse(
                canvas, (cx, cy), (46, 9), k * 22.5, 0, 360, 150 if k % 2 else 255, -1, cv2.LINE_AA
            )
        cv2.circle(canvas, (cx, cy), 16, 0, -1, cv2.LINE_AA)
        cv2.circle(canvas, (cx, cy), 9, 255, -1, cv2.LINE_AA)
