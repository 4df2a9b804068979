"""Pieces a home has one of: fireplace, piano, radiators. Every model faces +x."""

from __future__ import annotations

import numpy as np

from sim.worlds.meshes import block, cushion, cylinder, ellipsoid, lathe, panel, tube, with_uv
from sim.worlds.model import Finish, Kit, Model, Spot


def fireplace(stone: Finish, dark: Finish, wood: Finish, fire: Finish) -> Model:
    """Build a fireplace with a mantel, a chimney breast and logs."""
    kit = Kit()
    width, depth = 1.35, 0.42
    for sy in (-1, 1):
        kit.add(stone, block(depth, 0.32, 1.0, 0.01), (0, sy * (width / 2 - 0.16), 0.5))
    kit.add(stone, block(depth, width - 0.64, 0.3, 0.01), (0, 0, 0.85))
    kit.add(dark, block(0.02, width - 0.64, 0.72, 0.002), (-depth / 2 + 0.03, 0, 0.36))
    kit.add(stone, block(depth + 0.24, width, 0.06, 0.01), (0.12, 0, 0.03))
    kit.add(wood, block(depth + 0.12, width + 0.2, 0.08, 0.015), (0.03, 0, 1.04))
    kit.add(stone, block(0.26, width - 0.35, 1.42, 0.01), (-0.08, 0, 1.79))
    for y, yaw in ((-0.08, 0.2), (0.08, -0.25), (0.0, 0.05)):
        log = cylinder(0.05, 0.05, 0.42, 8)
        kit.add(wood, log, (-0.02, y - 0.2, 0.12 + 0.08 * (y == 0.0)), roll=-np.pi / 2, yaw=yaw)
    for y in (-0.1, 0.02, 0.12):
        kit.add(fire, ellipsoid(0.045, 0.05, 0.13, 8), (-0.03, y, 0.28), collides=False)
    return kit.model("fireplace", stone, spots=[Spot(0.1, 0, 1.08, 0.3, width)])


def piano(body: Finish, dark: Finish, white: Finish, metal: Finish) -> Model:
    """Build an upright piano."""
    kit = Kit()
    width = 1.45
    kit.add(body, block(0.34, width, 1.2, 0.015), (-0.13, 0, 0.6))
    kit.add(body, block(0.38, width + 0.03, 0.03, 0.01), (-0.12, 0, 1.21))
    kit.add(body, block(0.28, width, 0.1, 0.015), (0.16, 0, 0.66))
    for sy in (-1, 1):
        kit.add(body, block(0.28, 0.06, 0.18, 0.012), (0.16, sy * (width / 2 - 0.03), 0.72))
        kit.add(body, block(0.06, 0.06, 0.62, 0.015), (0.26, sy * (width / 2 - 0.05), 0.31))
    kit.add(white, block(0.15, width - 0.14, 0.02, 0.002), (0.2, 0, 0.72))
    for k in range(36):
        if k % 7 not in (2, 6):
            y = -width / 2 + 0.1 + k * (width - 0.2) / 35
            kit.add(dark, block(0.09, 0.012, 0.012, 0.001), (0.165, y, 0.735), collides=False)
    kit.add(body, block(0.02, 0.7, 0.26, 0.006), (0.06, 0, 0.98), pitch=-0.2)
    for y in (-0.08, 0.08):
        kit.add(metal, block(0.1, 0.03, 0.012, 0.004), (0.08, y, 0.06))
    return kit.model("piano", body, spots=[Spot(-0.12, 0, 1.225, 0.3, width * 0.9)])


def radiator(paint: Finish, width: float) -> Model:
    """Build a ribbed radiator that stands on two feet."""
    kit = Kit()
    for y in np.arange(-width / 2 + 0.03, width / 2, 0.07):
        kit.add(paint, cushion(0.08, 0.055, 0.5, 0.022), (0, float(y), 0.38))
    for z in (0.2, 0.56):
        kit.add(paint, tube([(0, -width / 2, z), (0, width / 2, z)], 0.018, 6))
    for sy in (-1, 1):
        kit.add(paint, block(0.06, 0.03, 0.16, 0.003), (0, sy * (width / 2 - 0.1), 0.08))
    return kit.model("radiator", paint)


def globe(sphere: Finish, wood: Finish) -> Model:
    """Build a globe on a foot for a desk or shelf."""
    kit = Kit()
    kit.add(
        wood, lathe([(0, 0), (0.08, 0), (0.07, 0.02), (0.015, 0.03), (0.012, 0.06)], 14, sharp=(1,))
    )
    angle = np.linspace(-np.pi / 2, np.pi / 2, 9)
    arc = np.column_stack([np.zeros(9), np.cos(angle) * 0.125, 0.18 + np.sin(angle) * 0.125])
    kit.add(wood, tube(arc, 0.006, 6))
    ball = ellipsoid(0.11, 0.11, 0.11, 18)
    turn = np.arctan2(ball.vertices[:, 1], ball.vertices[:, 0]) / np.pi  # mirrored at the back
    kit.add(
        sphere,
        with_uv(ball, np.column_stack([np.abs(turn), ball.vertices[:, 2] / 0.22 + 0.5])),
        (0, 0, 0.18),
    )
    return kit.model("globe", sphere)


def whiteboard(frame: Finish, face: Finish) -> Model:
    """Build a board with notes that hangs about its middle at z = 0."""
    kit = Kit()
    for sy in (-1, 1):
        kit.add(frame, block(0.02, 0.03, 0.7, 0.004), (0, sy * 0.5, 0), collides=False)
    for sz in (-1, 1):
        kit.add(frame, block(0.02, 1.0, 0.03, 0.004), (0, 0, sz * 0.335), collides=False)
    kit.add(face, panel(1.0, 0.66), (0.004, 0, 0), collides=False)
    return kit.model("whiteboard", frame)
