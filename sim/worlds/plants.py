"""Potted plants: pots, stems and leaves of five sorts."""

from __future__ import annotations

import numpy as np

from sim.worlds.meshes import circle, lathe, loft, surface, tube
from sim.worlds.model import Finish, Kit, Model
from sim.worlds.world import Mesh


def leaf(length: float, width: float, droop: float, rows: int = 5) -> Mesh:
    """Return a two-sided leaf that grows from the origin along +x and bends down."""
    t = np.linspace(0, 1, rows)
    half = width / 2 * np.sin(np.pi * np.clip(t * 0.93 + 0.05, 0, 1)) ** 0.8
    z = length * (0.35 * t - droop * t**2)
    grid = np.empty((rows, 3, 3))
    for j, side in enumerate((1, 0, -1)):
        grid[:, j, 0] = length * t * (1 - 0.15 * droop * t)
        grid[:, j, 1] = side * half
        grid[:, j, 2] = z + abs(side) * half * 0.25
    return surface(grid, two_sided=True)


def plant(
    pot: Finish, leaves: Finish, soil: Finish, rng: np.random.Generator, style: str, height: float
) -> Model:
    """Build a potted plant: "broad", "grass", "tree", "cactus" or "snake"."""
    kit = Kit()
    r = 0.16 * min(height / 0.8, 1.15) + 0.02
    tall = r * 1.7
    _pot(kit, pot, soil, r, tall, rng)
    {"broad": _broad, "grass": _grass, "tree": _tree, "cactus": _cactus, "snake": _snake}[style](
        kit, leaves, soil, rng, tall * 0.92, height, r
    )
    size = "large" if height > 0.9 else "small"
    return kit.model(
        "potted plant", leaves, style=style, size=size, color="green", material="plant"
    )


def _pot(
    kit: Kit, pot: Finish, soil: Finish, r: float, tall: float, rng: np.random.Generator
) -> None:
    if rng.uniform() < 0.5:
        profile = [
            (0, 0),
            (r * 0.68, 0),
            (r * 0.95, tall * 0.82),
            (r * 1.06, tall * 0.83),
            (r * 1.08, tall),
            (r * 0.96, tall),
            (r * 0.92, tall * 0.88),
        ]
        kit.add(pot, lathe(profile, 18, sharp=(1, 2, 4, 5)))
    else:
        profile = [
            (0, 0),
            (r * 0.6, 0.0),
            (r * 0.9, tall * 0.25),
            (r, tall * 0.6),
            (r * 0.9, tall),
            (r * 0.82, tall),
            (r * 0.85, tall * 0.85),
        ]
        kit.add(pot, lathe(profile, 18, sharp=(1,)))
    kit.add(soil, lathe([(r * 0.93, tall * 0.87), (r * 0.5, tall * 0.92), (0, tall * 0.92)], 14))


def _broad(
    kit: Kit,
    leaves: Finish,
    soil: Finish,
    rng: np.random.Generator,
    z: float,
    height: float,
    r: float,
) -> None:
    count = 15
    for k in range(count):
        angle = k * 2.4 + rng.uniform(-0.3, 0.3)
        up = rng.uniform(0.25, 1.0)
        top = z + (height - z) * 0.78 * up
        lean = (1 - up) * r * 1.0 + 0.03
        tip = (np.cos(angle) * lean, np.sin(angle) * lean, top)
        kit.add(
            leaves,
            tube([(0, 0, z - 0.02), (tip[0] * 0.4, tip[1] * 0.4, (z + top) / 2), tip], 0.006, 5),
            collides=False,
        )
        size = (height - z) * rng.uniform(0.38, 0.55)
        kit.add(
            leaves,
            leaf(size, size * 0.55, 0.5 + 0.5 * (1 - up)),
            tip,
            yaw=angle,
            pitch=-0.5 * up,
            collides=False,
        )


def _grass(
    kit: Kit,
    leaves: Finish,
    soil: Finish,
    rng: np.random.Generator,
    z: float,
    height: float,
    r: float,
) -> None:
    for k in range(26):
        angle = k * 2.4
        length = (height - z) * rng.uniform(0.75, 1.1)
        kit.add(
            leaves,
            leaf(length, 0.035, rng.uniform(0.3, 0.9)),
            (0, 0, z - 0.01),
            yaw=angle,
            pitch=-rng.uniform(0.4, 1.0),
            collides=False,
        )


def _tree(
    kit: Kit,
    leaves: Finish,
    soil: Finish,
    rng: np.random.Generator,
    z: float,
    height: float,
    r: float,
) -> None:
    lean = rng.uniform(-0.05, 0.05, 2)
    top = np.array([lean[0], lean[1], height * 0.72])
    bend = (lean[0] * 0.2, -lean[1] * 0.5, (z + top[2]) / 2)
    kit.add(
        soil,
        tube(np.array([(0, 0, z - 0.02), bend, top]), 0.017, 6),
    )
    for k in range(44):
        angle, up = k * 2.4, rng.uniform(-0.7, 1.0)
        reach = height * 0.17 * np.sqrt(1 - 0.8 * up * up) * rng.uniform(0.5, 1.0)
        away = (np.cos(angle) * reach, np.sin(angle) * reach, up * height * 0.2)
        at = top + np.array(away)
        size = height * rng.uniform(0.08, 0.13)
        kit.add(
            leaves, leaf(size, size * 0.62, 0.7), at, yaw=angle, pitch=-up * 0.7, collides=False
        )


def _cactus(
    kit: Kit,
    leaves: Finish,
    soil: Finish,
    rng: np.random.Generator,
    z: float,
    height: float,
    r: float,
) -> None:
    def column(wide: float, tall: float) -> Mesh:
        ring = circle(1.0, n=20) * (1 + 0.1 * (np.arange(20)[:, None] % 2))
        levels = [(0.9, 0), (1, tall * 0.3), (1, tall * 0.8), (0.75, tall * 0.93), (0.3, tall)]
        return loft(
            np.stack([np.column_stack([ring * wide * s, np.full(20, h)]) for s, h in levels])
        )

    kit.add(leaves, column(r * 0.42, height - z), (0, 0, z - 0.01))
    for side, share in ((1, 0.4), (-1, 0.55)):
        y = side * r * 0.85
        low = z + (height - z) * share
        kit.add(
            leaves, tube([(0, 0, low - 0.05), (0, y * 0.6, low - 0.05), (0, y, low)], r * 0.2, 8)
        )
        kit.add(leaves, column(r * 0.2, (height - z) * 0.35), (0, y, low - 0.02))


def _snake(
    kit: Kit,
    leaves: Finish,
    soil: Finish,
    rng: np.random.Generator,
    z: float,
    height: float,
    r: float,
) -> None:
    for k in range(11):
        angle = k * 2.4
        at = (np.cos(angle) * r * 0.4 * rng.uniform(0.2, 1), np.sin(angle) * r * 0.4, z - 0.02)
        length = (height - z) * rng.uniform(0.65, 1.0)
        kit.add(
            leaves,
            leaf(length, 0.085, 0.12),
            at,
            yaw=angle,
            pitch=-rng.uniform(1.0, 1.25),
            collides=False,
        )
