"""Kitchen furniture and appliances. Every model stands on the floor and faces +x."""

from __future__ import annotations

import numpy as np

from sim.worlds.furniture_storage import bar, front
from sim.worlds.meshes import (
    block,
    cushion,
    cylinder,
    lathe,
    loft,
    polygon,
    rounded_rectangle,
    stack_rings,
    tube,
)
from sim.worlds.model import Finish, Kit, Model, Spot

DEPTH, COUNTER = 0.62, 0.9


def basin(
    kit: Kit,
    finish: Finish,
    outline: np.ndarray,
    rim: float,
    deep: float,
    at: tuple[float, float],
    edge: float = 0.04,
) -> None:
    """Sink a bowl of the given outline (N, 2) whose rim is at height `rim`."""
    levels = [
        (-edge, rim - 0.03),
        (-edge, rim - 0.004),
        (-edge + 0.006, rim),
        (-0.004, rim),
        (0.004, rim - 0.01),
        (0.02, rim - deep * 0.6),
        (0.06, rim - deep),
    ]
    kit.add(finish, loft(stack_rings(outline, levels), caps=False), (*at, 0))
    bottom = stack_rings(outline, [(0.06, rim - deep)])[0]
    kit.add(finish, polygon(bottom), (*at, 0))


def tap(
    kit: Kit, metal: Finish, at: tuple[float, float, float], reach: float = 0.16, tall: float = 0.22
) -> None:
    """Add a swan-neck tap reaching towards +x."""
    x, y, z = at
    angle = np.linspace(np.pi, 0, 7)
    arc = np.column_stack(
        [
            x + reach / 2 + np.cos(angle) * reach / 2,
            np.full(7, y),
            z + tall - reach / 2 + np.sin(angle) * reach / 2,
        ]
    )
    path = np.concatenate([[[x, y, z]], arc, [[x + reach, y, z + tall - reach / 2 - 0.04]]])
    kit.add(metal, tube(path, 0.012, 8), collides=False)
    kit.add(metal, cylinder(0.025, 0.02, 0.03, 10), at, collides=False)
    for s in (-1, 1):
        kit.add(metal, cylinder(0.014, 0.018, 0.05, 8), (x, y + s * 0.09, z), collides=False)


def _carcass(
    kit: Kit, body: Finish, worktop: Finish, width: float, hole: tuple[float, float] | None = None
) -> None:
    kit.add(body, block(DEPTH - 0.08, width, 0.1, 0.002), (-0.04, 0, 0.05))
    top = COUNTER - 0.04 if hole is None else 0.68
    kit.add(body, block(DEPTH - 0.04, width, top - 0.1, 0.003), (-0.02, 0, (top + 0.1) / 2))
    if hole is None:
        kit.add(worktop, block(DEPTH, width, 0.04, 0.006), (0, 0, COUNTER - 0.02))
        return
    for sy in (-1, 1):
        side = block(DEPTH - 0.04, 0.02, 0.2, 0.002)
        kit.add(body, side, (-0.02, sy * (width / 2 - 0.01), 0.76))
    kit.add(body, block(0.02, width, 0.2, 0.002), (DEPTH / 2 - 0.05, 0, 0.76))
    hx, hy = hole
    for sx in (-1, 1):
        deep = DEPTH / 2 - hx
        kit.add(worktop, block(deep, width, 0.04, 0.004), (sx * (hx + deep / 2), 0, COUNTER - 0.02))
    for sy in (-1, 1):
        wide = width / 2 - hy
        kit.add(
            worktop, block(2 * hx, wide, 0.04, 0.002), (0, sy * (hy + wide / 2), COUNTER - 0.02)
        )


def base_cabinet(
    body: Finish, fronts: Finish, worktop: Finish, metal: Finish, width: float, drawers: int
) -> Model:
    """Build a floor cabinet with a worktop, and drawers or a door."""
    kit = Kit()
    _carcass(kit, body, worktop, width)
    _fronts(kit, fronts, metal, width, drawers)
    return kit.model(
        "kitchen cabinet",
        fronts,
        spots=[Spot(0, 0, COUNTER, DEPTH * 0.75, width * 0.85, 0.45)],
        style="base",
    )


def _fronts(kit: Kit, fronts: Finish, metal: Finish, width: float, drawers: int) -> None:
    x, low, high = DEPTH / 2 - 0.04, 0.12, COUNTER - 0.05
    if drawers:
        h = (high - low) / drawers
        for r in range(drawers):
            z = low + (r + 0.5) * h
            front(kit, fronts, (x, 0, z), width, h)
            bar(kit, metal, (x + 0.022, 0, z + h * 0.3), width * 0.45, upright=False)
        return
    doors = 2 if width > 0.65 else 1
    for k in range(doors):
        y = (k - (doors - 1) / 2) * width / doors
        front(kit, fronts, (x, y, (low + high) / 2), width / doors, high - low)
        side = (1 if k == 0 else -1) * (width / doors / 2 - 0.04)
        bar(kit, metal, (x + 0.025, y + side, high - 0.14), 0.16, upright=True)


def sink_cabinet(
    body: Finish, fronts: Finish, worktop: Finish, metal: Finish, width: float
) -> Model:
    """Build a floor cabinet with a sink and a tap: what people call the sink."""
    kit = Kit()
    _carcass(kit, body, worktop, width, (0.2, width / 2 - 0.1))
    _fronts(kit, fronts, metal, width, 0)
    outline = rounded_rectangle(0.38, width - 0.22, 0.07, 4)
    basin(kit, metal, outline, COUNTER + 0.004, 0.18, (0, 0), 0.025)
    tap(kit, metal, (-0.24, 0, COUNTER), 0.2, 0.3)
    return kit.model("sink", fronts, style="kitchen", color=metal.color, material=metal.kind)


def oven(shell: Finish, dark: Finish, metal: Finish, worktop: Finish, rings: Finish) -> Model:
    """Build an oven with a hob on top."""
    kit = Kit()
    width = 0.6
    kit.add(
        shell, block(DEPTH - 0.04, width, COUNTER - 0.04, 0.006), (-0.02, 0, (COUNTER - 0.04) / 2)
    )
    kit.add(worktop, block(DEPTH, width, 0.04, 0.006), (0, 0, COUNTER - 0.02))
    x = DEPTH / 2 - 0.04
    kit.add(dark, block(0.012, width - 0.04, 0.46, 0.004), (x + 0.008, 0, 0.47))
    kit.add(shell, block(0.02, width - 0.02, 0.13, 0.006), (x + 0.006, 0, 0.79))
    kit.add(shell, block(0.02, width - 0.02, 0.18, 0.006), (x + 0.006, 0, 0.12))
    bar(kit, metal, (x + 0.016, 0, 0.67), 0.46, upright=False)
    for y in np.linspace(-0.2, 0.2, 5):
        kit.add(
            dark,
            cylinder(0.02, 0.017, 0.025, 10),
            (x + 0.014, float(y), 0.79),
            pitch=np.pi / 2,
            collides=False,
        )
    kit.add(dark, block(0.5, 0.54, 0.012, 0.004), (0, 0, COUNTER + 0.004))
    for i, (sx, sy) in enumerate(((-1, -1), (-1, 1), (1, -1), (1, 1))):
        r = 0.09 if i % 3 else 0.07
        kit.add(
            rings,
            lathe([(r, 0), (r, 0.012), (r - 0.015, 0.012), (r - 0.015, 0)], 16),
            (sx * 0.12, sy * 0.13, COUNTER + 0.008),
            collides=False,
        )
        kit.add(
            metal,
            cylinder(0.03, 0.025, 0.012, 10),
            (sx * 0.12, sy * 0.13, COUNTER + 0.008),
            collides=False,
        )
    return kit.model("oven", dark, material="metal", frame=shell.color)


def fridge(shell: Finish, metal: Finish, seal: Finish, style: str) -> Model:
    """Build a fridge with a freezer door: "tall" or "retro" (rounder)."""
    kit = Kit()
    width, height, depth = (0.62, 1.85, 0.66) if style == "tall" else (0.6, 1.5, 0.64)
    soft = 0.02 if style == "tall" else 0.08
    kit.add(seal, block(depth - 0.1, width - 0.02, 0.05, 0.003), (-0.04, 0, 0.025))
    kit.add(
        shell,
        cushion(depth - 0.07, width, height - 0.04, soft * 0.6),
        (-0.035, 0, height / 2 + 0.02),
    )
    split = 0.62 if style == "tall" else height * 0.72
    for low, high in ((0.05, split), (split, height)):
        kit.add(
            shell,
            cushion(0.06, width - 0.004, high - low - 0.012, min(soft, 0.028)),
            (depth / 2 - 0.03, 0, (low + high) / 2),
        )
        grip = high - 0.2 if style == "tall" and low < 0.1 else low + 0.22
        bar(kit, metal, (depth / 2 - 0.002, width / 2 - 0.06, grip), 0.28, upright=True)
    kit.add(
        seal,
        block(0.02, width - 0.02, height - 0.08, 0.002),
        (depth / 2 - 0.068, 0, height / 2 + 0.02),
    )
    return kit.model(
        "fridge", shell, style=style, spots=[Spot(0, 0, height, depth * 0.6, width * 0.7)]
    )


def wall_cabinet(body: Finish, fronts: Finish, metal: Finish, width: float) -> Model:
    """Build a hanging cupboard whose underside is at 1.45 m."""
    kit = Kit()
    low, high, depth = 1.45, 2.1, 0.35
    kit.add(body, block(depth - 0.02, width, high - low, 0.004), (-0.01, 0, (low + high) / 2))
    doors = 2 if width > 0.65 else 1
    for k in range(doors):
        y = (k - (doors - 1) / 2) * width / doors
        front(kit, fronts, (depth / 2 - 0.02, y, (low + high) / 2), width / doors, high - low)
        side = (1 if k == 0 else -1) * (width / doors / 2 - 0.04)
        bar(kit, metal, (depth / 2 + 0.005, y + side, low + 0.13), 0.14, upright=True)
    return kit.model("kitchen cabinet", fronts, style="wall")


def hood(metal: Finish) -> Model:
    """Build an extractor hood over a hob."""
    kit = Kit()
    levels = [((0.5, 0.6), 1.55), ((0.5, 0.6), 1.6), ((0.26, 0.3), 1.8), ((0.24, 0.26), 2.5)]
    rings = [
        np.column_stack([rounded_rectangle(a, b, 0.01, 1) - [0.25 - a / 2, 0], np.full(8, z)])
        for (a, b), z in levels
    ]
    kit.add(metal, loft(np.stack(rings), sharp=(1, 2)))
    return kit.model("range hood", metal)


def washing_machine(shell: Finish, dark: Finish, metal: Finish, glass: Finish) -> Model:
    """Build a front-loading washing machine."""
    kit = Kit()
    kit.add(shell, cushion(0.58, 0.6, 0.85, 0.015), (0, 0, 0.425))
    ring = [(0.19, 0), (0.2, 0.02), (0.18, 0.035), (0.14, 0.035), (0.13, 0.01)]
    kit.add(metal, lathe(ring, 24), (0.285, 0, 0.42), pitch=np.pi / 2)
    bowl = [(0.135, 0.02), (0.11, 0.045), (0.06, 0.06), (0, 0.062)]
    kit.add(dark, lathe(bowl, 20), (0.285, 0, 0.42), pitch=np.pi / 2)
    kit.add(dark, block(0.01, 0.2, 0.06, 0.004), (0.292, -0.02, 0.77), collides=False)
    kit.add(
        metal, cylinder(0.035, 0.03, 0.03, 14), (0.285, -0.2, 0.77), pitch=np.pi / 2, collides=False
    )
    kit.add(glass, block(0.01, 0.16, 0.08, 0.004), (0.291, 0.2, 0.77), collides=False)
    return kit.model("washing machine", shell, spots=[Spot(0, 0, 0.85, 0.4, 0.45)])


def microwave(shell: Finish, dark: Finish, metal: Finish) -> Model:
    """Build a microwave oven."""
    kit = Kit()
    kit.add(shell, block(0.36, 0.5, 0.28, 0.012), (0, 0, 0.145))
    kit.add(dark, block(0.012, 0.34, 0.22, 0.004), (0.18, -0.06, 0.145))
    bar(kit, metal, (0.182, 0.12, 0.145), 0.2, upright=True)
    for z in (0.09, 0.14, 0.2):
        kit.add(dark, cylinder(0.018, 0.015, 0.015, 10), (0.178, 0.19, z), pitch=np.pi / 2)
    return kit.model("microwave", shell)


def kettle(shell: Finish, dark: Finish) -> Model:
    """Build an electric kettle."""
    kit = Kit()
    kit.add(dark, cylinder(0.08, 0.08, 0.02, 16))
    kit.add(
        shell,
        lathe(
            [
                (0.075, 0.02),
                (0.08, 0.05),
                (0.06, 0.19),
                (0.05, 0.21),
                (0.012, 0.225),
                (0.012, 0.24),
                (0, 0.245),
            ],
            16,
        ),
    )
    kit.add(
        dark, tube([(-0.06, 0, 0.2), (-0.12, 0, 0.2), (-0.125, 0, 0.12), (-0.08, 0, 0.06)], 0.012)
    )
    kit.add(shell, tube([(0.05, 0, 0.14), (0.08, 0, 0.17), (0.1, 0, 0.2)], 0.016))
    return kit.model("kettle", shell)


def toaster(shell: Finish, dark: Finish) -> Model:
    """Build a toaster."""
    kit = Kit()
    kit.add(shell, cushion(0.17, 0.28, 0.18, 0.045), (0, 0, 0.1))
    for x in (-0.03, 0.03):
        kit.add(dark, block(0.025, 0.2, 0.01, 0.002), (x, 0, 0.188))
    kit.add(dark, block(0.02, 0.03, 0.02, 0.005), (0, 0.145, 0.13))
    return kit.model("toaster", shell)


def backsplash(finish: Finish, width: float) -> Model:
    """Build the tiled strip behind a worktop."""
    kit = Kit()
    kit.add(finish, block(0.008, width, 0.56, 0.001), (0, 0, COUNTER + 0.275), collides=False)
    return kit.model(None, finish)
