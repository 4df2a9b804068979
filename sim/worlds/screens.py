"""Flat faces with a print: televisions, computers, clocks."""

from __future__ import annotations

import numpy as np

from sim.worlds.meshes import (
    block,
    circle,
    cylinder,
    ellipsoid,
    lathe,
    panel,
    polygon,
    rounded_rectangle,
    slab,
    tube,
    with_uv,
)
from sim.worlds.model import Finish, Kit, Model
from sim.worlds.world import Mesh


def tv(shell: Finish, screen: Finish, width: float) -> Model:
    """Build a television on its foot."""
    kit = Kit()
    height = width * 0.5625
    kit.add(shell, block(0.035, width + 0.03, height + 0.03, 0.008), (0, 0, height / 2 + 0.07))
    kit.add(shell, block(0.05, width * 0.6, height * 0.5, 0.015), (-0.03, 0, height / 2 + 0.03))
    kit.add(screen, panel(width, height), (0.0185, 0, height / 2 + 0.07))
    for sy in (-1, 1):
        kit.add(shell, block(0.2, 0.03, 0.012, 0.004), (0, sy * width * 0.32, 0.006))
        kit.add(shell, block(0.03, 0.03, 0.07, 0.004), (0, sy * width * 0.32, 0.04))
    return kit.model("tv", shell)


def monitor(shell: Finish, screen: Finish) -> Model:
    """Build a computer monitor."""
    kit = Kit()
    kit.add(shell, slab(rounded_rectangle(0.18, 0.24, 0.02), 0, 0.012), (-0.02, 0, 0))
    kit.add(shell, block(0.025, 0.06, 0.2, 0.006), (-0.05, 0, 0.1))
    kit.add(shell, block(0.03, 0.56, 0.34, 0.008), (-0.02, 0, 0.28))
    kit.add(screen, panel(0.535, 0.31), (-0.004, 0, 0.285))
    return kit.model("monitor", shell)


def keyboard(shell: Finish, keys: Finish) -> Model:
    """Build a keyboard."""
    kit = Kit()
    kit.add(shell, block(0.15, 0.44, 0.02, 0.006), (0, 0, 0.01))
    kit.add(keys, panel(0.43, 0.14), (0, 0, 0.0205), pitch=-np.pi / 2)
    return kit.model("keyboard", shell)


def laptop(shell: Finish, screen: Finish, keys: Finish) -> Model:
    """Build an open laptop; its user sits at +x."""
    kit = Kit()
    kit.add(shell, block(0.23, 0.33, 0.018, 0.005), (0, 0, 0.009))
    kit.add(keys, panel(0.29, 0.11), (-0.03, 0, 0.0185), pitch=-np.pi / 2)
    kit.add(shell, block(0.01, 0.33, 0.22, 0.004), (-0.145, 0, 0.125), pitch=-0.25)
    kit.add(screen, panel(0.31, 0.2), (-0.139, 0, 0.126), pitch=-0.25)
    return kit.model("laptop", shell)


def clock(rim: Finish, face: Finish, radius: float) -> Model:
    """Build a wall clock that hangs about its middle at z = 0."""
    kit = Kit()
    ring = lathe(
        [(radius, -0.015), (radius * 1.08, 0.0), (radius * 1.05, 0.022), (radius * 0.98, 0.018)], 28
    )
    kit.add(rim, ring, pitch=np.pi / 2, collides=False)
    kit.add(face, _disc(radius), collides=False, at=(0.006, 0, 0))
    return kit.model("clock", face, style="wall", frame=rim.color)


def _disc(radius: float) -> Mesh:
    """Return a disc facing +x with its picture fitted once."""
    ring = circle(radius, n=24)
    flat = polygon(np.column_stack([np.zeros(24), ring]))
    uv = flat.vertices[:, 1:] / (2 * radius) + 0.5
    return with_uv(flat, uv)


def alarm_clock(body: Finish, face: Finish) -> Model:
    """Build an alarm clock with two bells."""
    kit = Kit()
    kit.add(body, cylinder(0.06, 0.06, 0.05, 18, 0.008), (-0.025, 0, 0.075), pitch=np.pi / 2)
    kit.add(face, _disc(0.05), (0.026, 0, 0.075))
    for sy in (-1, 1):
        kit.add(body, ellipsoid(0.025, 0.025, 0.02, 10), (0, sy * 0.035, 0.145))
        kit.add(body, tube([(0, sy * 0.03, 0.03), (0, sy * 0.05, 0)], 0.006, 6))
    return kit.model("clock", body, style="alarm")
