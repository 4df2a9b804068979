"""Printed surfaces: rugs, book spines, screens, dials, labels and the view from a window."""

from __future__ import annotations

import colorsys
from itertools import pairwise

import cv2
import numpy as np

from sim.worlds.textures import Image, Rgb, mix, noise, to_image


def _ink(color: Rgb) -> tuple[int, ...]:
    return tuple(int(255 * c) for c in np.clip(color, 0, 1))


def _shade(color: Rgb, factor: float) -> tuple[float, ...]:
    return tuple(float(c) for c in np.clip(np.asarray(color) * factor, 0, 1))


def rug(rng: np.random.Generator, base: Rgb, accent: Rgb, style: str, aspect: float) -> Image:
    """Weave a rug: "oriental", "striped", "geometric" or "shaggy", `aspect` = width / height."""
    h = 160
    w = min(int(h * aspect), 320)
    image = np.full((h, w, 3), _ink(base), np.uint8)
    if style == "oriental":
        _oriental(image, rng, base, accent)
    elif style == "striped":
        for y in range(0, h, 20):
            image[y : y + int(rng.integers(5, 12))] = _ink(
                accent if rng.uniform() < 0.6 else (0.92, 0.9, 0.84)
            )
    elif style == "geometric":
        _geometric(image, rng, base, accent)
    pile = noise(rng, (h, w), (h // 2, w // 2), 1) * (26 if style == "shaggy" else 12)
    return np.clip(image + pile[..., None], 0, 255).astype(np.uint8)


def _oriental(image: Image, rng: np.random.Generator, base: Rgb, accent: Rgb) -> None:
    h, w = image.shape[:2]
    cream, dark = (0.9, 0.84, 0.7), _shade(base, 0.5)
    for inset, color in ((0, dark), (5, accent), (18, cream), (21, dark), (25, base)):
        cv2.rectangle(image, (inset, inset), (w - 1 - inset, h - 1 - inset), _ink(color), -1)
    for x in range(12, w, 13):
        for y in (11, h - 12):
            cv2.circle(image, (x, y), 4, _ink(cream), -1, cv2.LINE_AA)
    for y in range(12, h, 13):
        for x in (11, w - 12):
            cv2.circle(image, (x, y), 4, _ink(cream), -1, cv2.LINE_AA)
    quarter = image[: h // 2, : w // 2].copy()
    for _ in range(26):
        x, y = int(rng.integers(30, w // 2)), int(rng.integers(30, h // 2))
        color = _ink((cream, accent, dark)[rng.integers(3)])
        cv2.ellipse(
            quarter,
            (x, y),
            (int(rng.integers(2, 8)), int(rng.integers(2, 5))),
            float(rng.uniform(0, 180)),
            0,
            360,
            color,
            -1,
            cv2.LINE_AA,
        )
    image[: h // 2, : w // 2] = quarter
    image[: h // 2, w - w // 2 :] = quarter[:, ::-1]
    image[h - h // 2 :] = image[: h // 2][::-1]
    for radius, color in ((0.34, dark), (0.3, accent), (0.2, cream), (0.13, base)):
        cv2.ellipse(
            image,
            (w // 2, h // 2),
            (int(radius * h * 1.2), int(radius * h)),
            0,
            0,
            360,
            _ink(color),
            -1,
            cv2.LINE_AA,
        )


def _geometric(image: Image, rng: np.random.Generator, base: Rgb, accent: Rgb) -> None:
    h, w = image.shape[:2]
    step = int(rng.choice([32, 40, 53]))
    light = (0.93, 0.91, 0.86)
    for i, y in enumerate(range(0, h + step, step)):
        for j, x in enumerate(range(0, w + step, step)):
            diamond = np.array(
                [[x, y - step // 2], [x + step // 2, y], [x, y + step // 2], [x - step // 2, y]]
            )
            for scale, color in ((0.95, accent if (i + j) % 2 else light), (0.5, base)):
                points = ((diamond - [x, y]) * scale + [x, y]).astype(np.int32)
                cv2.fillPoly(image, [points], _ink(color), cv2.LINE_AA)
    cv2.rectangle(image, (0, 0), (w - 1, h - 1), _ink(_shade(base, 0.6)), 9)


def spines(rng: np.random.Generator) -> Image:
    """A row of book backs with bands and title marks, 16 books across."""
    h, w, count = 96, 384, 24
    image = np.zeros((h, w, 3), np.uint8)
    edges = np.linspace(0, w, count + 1).astype(int)
    for a, b in pairwise(edges):
        hue = rng.choice([0.0, 0.03, 0.08, 0.12, 0.33, 0.55, 0.6, 0.66, 0.78, 0.95])
        color = colorsys.hsv_to_rgb(hue, rng.uniform(0.15, 0.85), rng.uniform(0.35, 0.95))
        profile = 0.75 + 0.25 * np.sin(np.pi * (np.arange(b - a) + 0.5) / (b - a))
        image[:, a:b] = (np.array(color) * 255 * profile[None, :, None]).astype(np.uint8)
        mark = _ink(colorsys.hsv_to_rgb(0.13, 0.5 * (rng.uniform() < 0.5), 0.9))
        for y in rng.choice([6, 12, 78, 86], 2, replace=False):
            image[y : y + 3, a + 1 : b - 1] = mark
        for y in range(int(rng.integers(20, 30)), int(rng.integers(50, 72)), 4):
            inset = int(rng.integers(2, 6))
            image[y : y + 2, a + inset : b - inset] = mark
    return image


def cover(rng: np.random.Generator, color: Rgb) -> Image:
    """A book's front."""
    image = np.full((96, 64, 3), _ink(color), np.uint8)
    ink = _ink(_shade(color, 0.4)) if sum(color) > 1.5 else (235, 225, 190)
    cv2.rectangle(image, (5, 5), (58, 90), ink, 2)
    for y in range(16, 34, 7):
        cv2.line(
            image, (12 + int(rng.integers(0, 8)), y), (52 - int(rng.integers(0, 8)), y), ink, 3
        )
    cv2.circle(
        image, (32, 60), int(rng.integers(9, 18)), ink, int(rng.choice([-1, 2])), cv2.LINE_AA
    )
    return image


def desktop(rng: np.random.Generator) -> Image:
    """A computer's screen: wallpaper, windows with lines of text, a task bar."""
    h, w = 128, 224
    hue = rng.uniform()
    low, high = colorsys.hsv_to_rgb(hue, 0.6, 0.5), colorsys.hsv_to_rgb((hue + 0.12) % 1, 0.4, 0.95)
    image = to_image(mix(low, high, 0.5 + 0.5 * noise(rng, (h, w), (2, 3), 3)))
    for x, y, dark in ((14, 10, False), (96, 26, True)):
        image[y : y + 84, x : x + 108] = 30 if dark else 245
        image[y : y + 8, x : x + 108] = 70 if dark else 205
        for row in range(y + 13, y + 80, 6):
            start = x + 6 + 6 * int(rng.integers(0, 4))
            ink = _ink(colorsys.hsv_to_rgb(rng.uniform(), 0.5, 0.9)) if dark else (60, 60, 70)
            image[row : row + 3, start : start + int(rng.integers(15, 74))] = ink
    image[-9:] = (25, 25, 35)
    for x in range(6, 90, 13):
        image[-7:-2, x : x + 8] = _ink(colorsys.hsv_to_rgb(rng.uniform(), 0.6, 0.9))
    return image


def dial(face: Rgb, ink: Rgb) -> Image:
    """A clock's face at ten past ten."""
    image = np.full((128, 128, 3), _ink(face), np.uint8)
    cv2.circle(image, (64, 64), 62, _ink(ink), 3, cv2.LINE_AA)
    for hour in range(12):
        a = hour * np.pi / 6
        tip = np.array([np.sin(a), -np.cos(a)])
        start, end = 64 + tip * (46 if hour % 3 else 40), 64 + tip * 56
        cv2.line(
            image,
            tuple(start.astype(int).tolist()),
            tuple(end.astype(int).tolist()),
            _ink(ink),
            3 if hour % 3 else 6,
            cv2.LINE_AA,
        )
    for angle, length, thick in ((305, 30, 6), (60, 44, 4)):
        a = np.radians(angle)
        end = (int(64 + length * np.sin(a)), int(64 - length * np.cos(a)))
        cv2.line(image, (64, 64), end, _ink(ink), thick, cv2.LINE_AA)
    cv2.circle(image, (64, 64), 5, (190, 40, 40), -1, cv2.LINE_AA)
    return image


def keys() -> Image:
    """A keyboard's keys, dark."""
    image = np.full((48, 144, 3), 28, np.uint8)
    for row, y in enumerate(range(3, 45, 9)):
        for x in range(3 + (row % 3) * 2, 138, 9):
            image[y : y + 7, x : x + 7] = 62
            image[y + 2 : y + 4, x + 2 : x + 4] = 170
    cv2.rectangle(image, (36, 39), (96, 45), (62, 62, 62), -1)
    return image


def label(rng: np.random.Generator, color: Rgb) -> Image:
    """A packet's print."""
    image = np.full((64, 64, 3), _ink(color), np.uint8)
    second = _ink(colorsys.hsv_to_rgb(rng.uniform(), 0.7, 0.9))
    cv2.circle(image, (32, 24), 15, second, -1, cv2.LINE_AA)
    image[42:52, 6:58] = 240
    for x in range(10, 54, 6):
        image[45:49, x : x + 3] = 30
    return image


def earth(rng: np.random.Generator) -> Image:
    """A globe's oceans and made-up lands."""
    land = noise(rng, (96, 192), (3, 5), 4)
    shade = mix((0.18, 0.45, 0.2), (0.75, 0.65, 0.4), 0.5 + noise(rng, (96, 192), (6, 10), 2))
    return to_image(np.where((land > 0.15)[..., None], shade, np.array([0.12, 0.35, 0.7])))


def notes(rng: np.random.Generator) -> Image:
    """A whiteboard with writing, a sketch and paper notes."""
    image = np.full((128, 192, 3), 245, np.uint8)
    for y in range(14, 64, 9):
        ink = _ink(colorsys.hsv_to_rgb(rng.choice([0.0, 0.6, 0.35]), 0.8, 0.6))
        points = [
            (10 + 4 * k, y + int(rng.integers(-2, 3))) for k in range(int(rng.integers(10, 22)))
        ]
        cv2.polylines(image, [np.array(points, np.int32)], False, ink, 1, cv2.LINE_AA)
    for x, y, hue in ((120, 14, 0.15), (152, 22, 0.9), (128, 58, 0.45)):
        cv2.rectangle(
            image, (x, y), (x + 24, y + 24), _ink(colorsys.hsv_to_rgb(hue, 0.5, 0.98)), -1
        )
        cv2.line(image, (x + 4, y + 9), (x + 19, y + 9), (70, 70, 80), 1)
    cv2.arrowedLine(image, (20, 110), (90, 80), (30, 60, 170), 2, cv2.LINE_AA)
    cv2.circle(image, (60, 100), 14, (180, 40, 40), 2, cv2.LINE_AA)
    return image


def motif_cloth(rng: np.random.Generator, base: Rgb, ink: Rgb) -> Image:
    """Printed cloth for cushions: dots, chevrons, crosses or leaves."""
    kind = rng.integers(4)
    canvas = np.zeros((128, 128), np.uint8)
    for y in range(0, 160, 32):
        for x in range(0, 160, 32):
            if kind == 0:
                cv2.circle(canvas, (x + 16 * ((y // 32) % 2), y), 8, 255, -1, cv2.LINE_AA)
            elif kind == 1:
                cv2.polylines(
                    canvas,
                    [np.array([[x, y + 16], [x + 16, y], [x + 32, y + 16]], np.int32)],
                    False,
                    255,
                    6,
                    cv2.LINE_AA,
                )
            elif kind == 2:
                cv2.drawMarker(canvas, (x + 16, y + 16), 255, cv2.MARKER_CROSS, 18, 5)
            else:
                cv2.ellipse(
                    canvas,
                    (x + 16, y + 16),
                    (13, 5),
                    45 + 90 * ((x // 32 + y // 32) % 2),
                    0,
                    360,
                    255,
                    -1,
                    cv2.LINE_AA,
                )
    cloth = mix(base, ink, canvas.astype(np.float32) / 255)
    return to_image(cloth + 0.04 * noise(rng, (128, 128), (64, 64), 1)[..., None])


def outside(rng: np.random.Generator, sky: Rgb, bright: float) -> Image:
    """Gardens and houses under a sky, seen from a window, seamless from side to side."""
    h, w = 256, 512
    ramp = np.linspace(0, 1.6, h)[:, None].repeat(w, axis=1)
    image = to_image(mix(sky, np.minimum(np.asarray(sky) * 1.15 + 0.05, 1), ramp))
    cloud = noise(rng, (h, w), (4, 4), 4)
    image = to_image(image / 255 + np.clip(cloud - 0.25, 0, 1)[..., None] * 0.25 * bright)
    x = np.arange(w)
    for base, height, color in ((0.5, 0.1, (0.35, 0.5, 0.45)), (0.6, 0.06, (0.25, 0.42, 0.2))):
        ridge = h * base + h * height * noise(rng, (1, w), (1, 6), 3)[0]
        outline = np.concatenate([np.column_stack([x, ridge]), [[w, h], [0, h]]]).astype(np.int32)
        cv2.fillPoly(image, [outline], _ink(_shade(color, bright)), cv2.LINE_AA)
    for px in rng.integers(10, w - 60, 4):
        _cottage(image, rng, int(px), int(h * 0.66), bright)
    for px in rng.integers(0, w, 14):
        _bush(image, rng, int(px), int(h * rng.uniform(0.62, 0.75)), bright)
    lawn = 0.5 + 0.5 * noise(rng, (h - int(h * 0.76), w), (16, 32), 2)
    image[int(h * 0.76) :] = to_image(mix((0.2, 0.38, 0.12), (0.36, 0.52, 0.2), lawn) * bright)
    return image


def _cottage(image: Image, rng: np.random.Generator, x: int, foot: int, bright: float) -> None:
    wide, tall = int(rng.integers(36, 56)), int(rng.integers(22, 36))
    wall = colorsys.hsv_to_rgb(rng.choice([0.08, 0.1, 0.0, 0.6]), rng.uniform(0, 0.25), 0.9)
    cv2.rectangle(image, (x, foot - tall), (x + wide, foot + 12), _ink(_shade(wall, bright)), -1)
    roof = np.array(
        [[x - 5, foot - tall], [x + wide + 5, foot - tall], [x + wide // 2, foot - tall - 24]],
        np.int32,
    )
    cv2.fillPoly(image, [roof], _ink(_shade((0.55, 0.25, 0.18), bright)), cv2.LINE_AA)
    glow = (255, 220, 130) if bright < 0.5 else (90, 110, 130)
    for dx in (6, wide - 16):
        cv2.rectangle(image, (x + dx, foot - tall + 7), (x + dx + 9, foot - tall + 17), glow, -1)


def _bush(image: Image, rng: np.random.Generator, x: int, foot: int, bright: float) -> None:
    for _ in range(14):
        dx, dy = rng.normal(0, 7, 2)
        green = _shade((0.15 + rng.uniform(0, 0.15), 0.32 + rng.uniform(0, 0.2), 0.12), bright)
        cv2.circle(
            image,
            (int(x + dx), int(foot - 10 + dy)),
            int(rng.integers(4, 8)),
            _ink(green),
            -1,
            cv2.LINE_AA,
        )
