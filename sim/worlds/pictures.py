"""Procedural pictures: paintings, rugs, book spines, screens, the view from a window."""

from __future__ import annotations

import colorsys
from collections.abc import Callable

import cv2
import numpy as np

from sim.worlds.textures import Image, mix, noise, to_image


def _color(
    rng: np.random.Generator, hue: float | None = None, strong: bool = True
) -> tuple[int, ...]:
    """Return a random 8-bit colour, of a given hue where one is passed."""
    h = rng.uniform() if hue is None else (hue + rng.normal(0, 0.04)) % 1.0
    s, v = (
        (rng.uniform(0.45, 0.95), rng.uniform(0.35, 0.95))
        if strong
        else (0.15, rng.uniform(0.6, 0.9))
    )
    return tuple(int(255 * c) for c in colorsys.hsv_to_rgb(h, s, v))


def _points(rng: np.random.Generator, n: int, width: int, height: int) -> np.ndarray:
    return np.column_stack([rng.integers(0, width, n), rng.integers(0, height, n)]).astype(np.int32)


def _sky(rng: np.random.Generator, h: int, w: int) -> Image:
    hue = rng.choice([0.57, 0.6, 0.08, 0.95, 0.5])
    top = colorsys.hsv_to_rgb(hue, rng.uniform(0.4, 0.8), rng.uniform(0.5, 0.9))
    low = colorsys.hsv_to_rgb((hue + 0.08) % 1, 0.25, 0.97)
    ramp = np.linspace(0, 1, h)[:, None].repeat(w, axis=1)
    return to_image(mix(top, low, ramp + 0.15 * noise(rng, (h, w), (4, 3), 4)))


def landscape(rng: np.random.Generator, h: int, w: int) -> Image:
    """Hills, a sun and trees."""
    image = _sky(rng, h, w)
    cv2.circle(
        image,
        (int(rng.uniform(0.1, 0.9) * w), int(rng.uniform(0.1, 0.35) * h)),
        h // 11,
        (255, 240, 190),
        -1,
        cv2.LINE_AA,
    )
    hue = rng.choice([0.3, 0.25, 0.1, 0.62])
    x = np.arange(w)
    for layer in range(4):
        base = h * (0.4 + 0.14 * layer)
        ridge = base + h * 0.12 * noise(rng, (1, w), (1, 3 + layer), 3)[0]
        shade = colorsys.hsv_to_rgb(hue, 0.35 + 0.13 * layer, 0.75 - 0.14 * layer)
        color = tuple(int(255 * c) for c in shade)
        outline = np.concatenate([np.column_stack([x, ridge]), [[w, h], [0, h]]]).astype(np.int32)
        cv2.fillPoly(image, [outline], color, cv2.LINE_AA)
        if layer >= 1:
            _trees(image, rng, x, ridge, tuple(int(c * 0.6) for c in color), layer)
    return image


def _trees(
    image: Image,
    rng: np.random.Generator,
    x: np.ndarray,
    ridge: np.ndarray,
    color: tuple[int, ...],
    layer: int,
) -> None:
    size = image.shape[0] // 22 * layer
    for k in rng.integers(0, len(x), 5 + 2 * layer):
        foot, tall = int(ridge[k]), int(size * rng.uniform(0.7, 1.4)) + 3
        shape = np.array(
            [[x[k] - tall // 3, foot + 2], [x[k] + tall // 3, foot + 2], [x[k], foot - tall]]
        )
        cv2.fillPoly(image, [shape.astype(np.int32)], color, cv2.LINE_AA)


def abstract(rng: np.random.Generator, h: int, w: int) -> Image:
    """Overlapping discs and bars."""
    image = np.full((h, w, 3), _color(rng, strong=False), np.uint8)
    for _ in range(rng.integers(7, 14)):
        x, y = _points(rng, 1, w, h)[0]
        if rng.uniform() < 0.6:
            cv2.circle(
                image,
                (int(x), int(y)),
                int(rng.uniform(0.06, 0.28) * h),
                _color(rng),
                -1,
                cv2.LINE_AA,
            )
        else:
            cv2.line(
                image,
                (int(x), int(y)),
                (int(rng.integers(w)), int(rng.integers(h))),
                _color(rng),
                int(rng.integers(3, 16)),
                cv2.LINE_AA,
            )
    return image


def blocks(rng: np.random.Generator, h: int, w: int) -> Image:
    """Rectangles of primary colours between black bars."""
    image = np.full((h, w, 3), (240, 236, 224), np.uint8)
    xs = [0, *sorted(int(v) for v in rng.uniform(0.1, 0.9, 3) * w), w]
    ys = [0, *sorted(int(v) for v in rng.uniform(0.1, 0.9, 3) * h), h]
    paints = [
        (200, 30, 30),
        (30, 60, 160),
        (240, 200, 40),
        (240, 236, 224),
        (240, 236, 224),
        (40, 40, 40),
    ]
    for i in range(4):
        for j in range(4):
            image[ys[j] : ys[j + 1], xs[i] : xs[i + 1]] = paints[rng.integers(len(paints))]
    for x in xs[1:-1]:
        image[:, max(x - 2, 0) : x + 3] = 20
    for y in ys[1:-1]:
        image[max(y - 2, 0) : y + 3] = 20
    return image


def flowers(rng: np.random.Generator, h: int, w: int) -> Image:
    """A bunch of flowers in a vase."""
    image = to_image(
        mix(
            np.array(_color(rng, strong=False)) / 255,
            (0.95, 0.93, 0.88),
            0.5 + 0.4 * noise(rng, (h, w), (4, 4), 4),
        )
    )
    foot = (w // 2, int(h * 0.82))
    cv2.ellipse(image, foot, (w // 9, h // 7), 0, 0, 360, _color(rng), -1, cv2.LINE_AA)
    for _ in range(9):
        x, y = int(rng.uniform(0.12, 0.88) * w), int(rng.uniform(0.1, 0.5) * h)
        cv2.line(image, (foot[0], int(h * 0.7)), (x, y), (40, 100, 40), 2, cv2.LINE_AA)
        petal, size = _color(rng), rng.uniform(0.035, 0.07) * h
        for a in np.linspace(0, 2 * np.pi, 6, endpoint=False):
            cv2.circle(
                image,
                (int(x + size * np.cos(a)), int(y + size * np.sin(a))),
                int(size * 0.7) + 1,
                petal,
                -1,
                cv2.LINE_AA,
            )
        cv2.circle(image, (x, y), int(size * 0.6) + 1, (250, 210, 70), -1, cv2.LINE_AA)
    return image


def seascape(rng: np.random.Generator, h: int, w: int) -> Image:
    """Waves and sailing boats."""
    image = _sky(rng, h, w)
    horizon = int(h * rng.uniform(0.4, 0.6))
    sea = mix(
        (0.05, 0.2, 0.4), (0.3, 0.6, 0.7), 0.5 + 0.6 * noise(rng, (h - horizon, w), (16, 4), 3)
    )
    image[horizon:] = to_image(sea)
    for _ in range(rng.integers(1, 4)):
        x, y, s = (
            int(rng.uniform(0.1, 0.9) * w),
            int(rng.uniform(horizon, h * 0.85)),
            h * rng.uniform(0.08, 0.2),
        )
        for side, shade in ((-1, (250, 250, 245)), (1, _color(rng))):
            sail = np.array([[x, y], [x + side * s * 0.5, y], [x, y - s * 1.3]]).astype(np.int32)
            cv2.fillPoly(image, [sail], shade, cv2.LINE_AA)
        cv2.ellipse(
            image, (x, y), (int(s * 0.6), int(s * 0.2)), 0, 0, 180, (90, 50, 30), -1, cv2.LINE_AA
        )
    return image


def city(rng: np.random.Generator, h: int, w: int) -> Image:
    """A skyline with lit windows."""
    image = _sky(rng, h, w)
    for layer in range(2):
        x = 0
        while x < w:
            wide, top = (
                int(rng.uniform(0.06, 0.16) * w) + 6,
                int(h * rng.uniform(0.2, 0.6) + layer * h * 0.15),
            )
            tone = int(rng.uniform(30, 80) + 60 * (1 - layer))
            image[top:, x : x + wide] = (tone, tone, tone + 20)
            lit = rng.uniform(size=(max((h - top) // 8, 1), max(wide // 6, 1))) < 0.5
            for r, c in np.argwhere(lit):
                image[top + 8 * r + 3 : top + 8 * r + 7, x + 6 * c + 2 : min(x + 6 * c + 5, w)] = (
                    245,
                    215,
                    120,
                )
            x += wide + int(rng.integers(0, 4))
    return image


def _oval(
    image: Image,
    middle: tuple[float, float],
    axes: tuple[float, float],
    color: tuple[int, ...],
    arc: tuple[int, int] = (0, 360),
) -> None:
    """Fill an ellipse; `middle` and `axes` are shares of the picture's width and height."""
    h, w = image.shape[:2]
    at = (int(w * middle[0]), int(h * middle[1]))
    size = (max(int(w * axes[0]), 1), max(int(h * axes[1]), 1))
    cv2.ellipse(image, at, size, 0, *arc, color, -1, cv2.LINE_AA)


def portrait(rng: np.random.Generator, h: int, w: int) -> Image:
    """Head and shoulders."""
    dim, dull = np.array(_color(rng, strong=False)) / 400, np.array(_color(rng)) / 500
    image = to_image(mix(dim, dull, 0.5 + 0.5 * noise(rng, (h, w), (3, 3), 4)))
    skin = tuple(int(c * rng.uniform(0.75, 1.0)) for c in (225, 175, 140))
    _oval(image, (0.5, 1.02), (0.4, 0.38), _color(rng), (180, 360))
    _oval(image, (0.5, 0.38), (0.22, 0.23), (60, 40, 25))
    _oval(image, (0.5, 0.43), (0.16, 0.2), skin)
    for side in (-1, 1):
        _oval(image, (0.5 + side / 15, 0.4), (0.018, 0.018), (30, 30, 40))
    _oval(image, (0.5, 0.51), (0.06, 0.02), (170, 60, 60), (0, 180))
    return image


def fields(rng: np.random.Generator, h: int, w: int) -> Image:
    """Soft bands of colour."""
    hue = rng.uniform()
    image = np.full((h, w, 3), _color(rng, hue), np.uint8)
    edges = np.sort(rng.uniform(0.1, 0.9, 3))
    for low, high in ((0.06, edges[0]), (edges[0] + 0.04, edges[1]), (edges[1] + 0.04, 0.94)):
        image[int(low * h) : int(high * h), int(0.08 * w) : int(0.92 * w)] = _color(
            rng, hue + rng.uniform(-0.2, 0.2)
        )
    rough = noise(rng, (h, w), (12, 12), 3) * 14
    return np.clip(image + rough[..., None], 0, 255).astype(np.uint8)


MOTIFS: tuple[Callable[[np.random.Generator, int, int], Image], ...] = (
    landscape, abstract, blocks, flowers, seascape, city, portrait, fields,
)  # fmt: skip


def painting(rng: np.random.Generator, aspect: float, motif: int) -> Image:
    """Paint a motif (an index into `MOTIFS`, taken modulo) at a width/height ratio."""
    h, w = (128, min(int(128 * aspect), 256)) if aspect >= 1 else (min(int(128 / aspect), 256), 128)
    image = MOTIFS[motif % len(MOTIFS)](rng, h, w).astype(np.float32)
    canvas = noise(rng, (h, w), (h // 2, w // 2), 1) * 6
    return np.clip(image + canvas[..., None], 0, 255).astype(np.uint8)
