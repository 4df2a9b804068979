"""Bathroom furniture. Every model stands on the floor and faces +x."""

from __future__ import annotations

import numpy as np

from sim.worlds.furniture_kitchen import basin, tap
from sim.worlds.furniture_storage import bar, front
from sim.worlds.meshes import (
    block,
    circle,
    cushion,
    cylinder,
    lathe,
    loft,
    polygon,
    rounded_rectangle,
    slab,
    stack_rings,
    surface,
    tube,
)
from sim.worlds.model import Finish, Kit, Model, Spot
from sim.worlds.world import Mesh


def toilet(ceramic: Finish, seat: Finish, metal: Finish) -> Model:
    """Build a toilet with a cistern and a closed lid."""
    kit = Kit()
    levels = [
        (0.11, 0.12, 0.0),
        (0.105, 0.115, 0.12),
        (0.13, 0.13, 0.2),
        (0.2, 0.17, 0.33),
        (0.225, 0.185, 0.38),
        (0.225, 0.185, 0.4),
    ]
    rings = [
        np.column_stack([circle(a, b, 20) + np.array([0.165 - a, 0]), np.full(20, z)])
        for a, b, z in levels
    ]
    kit.add(ceramic, loft(np.stack(rings)), (0.08, 0, 0))
    lid = circle(0.23, 0.19, 24)
    kit.add(seat, slab(lid, 0.4, 0.42, 0.008), (0.03, 0, 0))
    kit.add(seat, slab(lid * 0.98, 0.422, 0.445, 0.01), (0.03, 0, 0))
    kit.add(ceramic, block(0.52, 0.2, 0.38, 0.04), (-0.09, 0, 0.2))
    kit.add(ceramic, cushion(0.18, 0.4, 0.36, 0.03), (-0.29, 0, 0.6))
    kit.add(ceramic, cushion(0.2, 0.42, 0.04, 0.018), (-0.29, 0, 0.8))
    kit.add(metal, cylinder(0.025, 0.022, 0.012, 12), (-0.29, 0, 0.818))
    return kit.model("toilet", ceramic, spots=[])


def bathtub(ceramic: Finish, metal: Finish, length: float) -> Model:
    """Build a bathtub along y, its long side to the wall."""
    kit = Kit()
    width, rim = 0.75, 0.56
    outline = rounded_rectangle(width, length, 0.16, 5)
    levels = [
        (0.05, 0),
        (0.03, 0.1),
        (0.0, rim - 0.04),
        (-0.012, rim - 0.01),
        (0.0, rim),
        (0.05, rim),
        (0.065, rim - 0.012),
        (0.09, 0.3),
        (0.15, 0.14),
    ]
    kit.add(ceramic, loft(stack_rings(outline, levels), caps=False))
    kit.add(ceramic, polygon(stack_rings(outline, [(0.15, 0.14)])[0]))
    tap(kit, metal, (-0.02, -length / 2 + 0.05, rim), 0.0001 + 0.16, 0.16)
    return kit.model("bathtub", ceramic, spots=[])


def washbasin(ceramic: Finish, fronts: Finish, metal: Finish, width: float) -> Model:
    """Build a washbasin on a vanity cupboard: a bathroom's sink."""
    kit = Kit()
    depth, rim = 0.48, 0.85
    kit.add(
        fronts,
        block(depth - 0.08, width - 0.06, rim - 0.16, 0.006),
        (-0.04, 0, (rim - 0.16) / 2 + 0.02),
    )
    doors = 2 if width > 0.7 else 1
    for k in range(doors):
        w = (width - 0.06) / doors
        y = (k - (doors - 1) / 2) * w
        front(kit, fronts, (depth / 2 - 0.08, y, 0.44), w, 0.6)
        bar(kit, metal, (depth / 2 - 0.055, y + (0.5 - k) * w * 0.6, 0.6), 0.12, upright=True)
    outline = rounded_rectangle(depth - 0.14, width - 0.14, 0.12, 5)
    outer = rounded_rectangle(depth, width, 0.05, 5)
    skirt = stack_rings(
        outer, [(0.02, rim - 0.09), (0, rim - 0.07), (0, rim - 0.012), (0.006, rim)]
    )
    inner = np.column_stack([outline + np.array([0.03, 0]), np.full(len(outline), rim)])
    kit.add(ceramic, loft(np.concatenate([skirt, inner[None]]), sharp=(3,), caps=False))
    basin(kit, ceramic, outline, rim + 0.002, 0.12, (0.03, 0), 0.001)
    tap(kit, metal, (-0.18, 0, rim), 0.13, 0.17)
    return kit.model(
        "sink", ceramic, style="bathroom", spots=[Spot(-0.14, width * 0.38, rim, 0.12, width * 0.2)]
    )


def shower(glass: Finish, metal: Finish, ceramic: Finish, side: float) -> Model:
    """Build a shower in a glass cabin."""
    kit = Kit()
    kit.add(ceramic, slab(rounded_rectangle(side, side, 0.05), 0, 0.1, 0.02))
    high = 1.95
    for y in (-1, 1):
        kit.add(
            glass,
            block(side - 0.04, 0.008, high - 0.12, 0.001),
            (0, y * (side / 2 - 0.02), high / 2 + 0.06),
        )
    kit.add(
        glass, block(0.008, side - 0.04, high - 0.12, 0.001), (side / 2 - 0.02, 0, high / 2 + 0.06)
    )
    for sx in (-1, 1):
        for sy in (-1, 1):
            kit.add(
                metal,
                block(0.03, 0.03, high - 0.1, 0.006),
                (sx * (side / 2 - 0.02), sy * (side / 2 - 0.02), high / 2 + 0.05),
            )
        kit.add(metal, block(0.03, side - 0.04, 0.03, 0.006), (sx * (side / 2 - 0.02), 0, high))
        kit.add(metal, block(side - 0.04, 0.03, 0.03, 0.006), (0, sx * (side / 2 - 0.02), high))
    kit.add(
        metal,
        tube(
            [(-side / 2 + 0.04, 0, 1.0), (-side / 2 + 0.04, 0, 2.02), (-side / 2 + 0.25, 0, 2.08)],
            0.012,
        ),
    )
    kit.add(metal, cylinder(0.1, 0.08, 0.02, 16), (-side / 2 + 0.27, 0, 2.05))
    bar(kit, metal, (side / 2 - 0.016, side * 0.25, 1.05), 0.3, upright=True)
    return kit.model("shower", glass, color="white")


def towel_rail(metal: Finish, towel: Finish, width: float) -> Model:
    """Build a wall rail with a hanging towel; the back is at -x."""
    kit = Kit()
    for sy in (-1, 1):
        kit.add(
            metal,
            tube([(-0.05, sy * width / 2, 1.25), (0.02, sy * width / 2, 1.25)], 0.01),
            collides=False,
        )
    kit.add(metal, tube([(0.02, -width / 2, 1.25), (0.02, width / 2, 1.25)], 0.009), collides=False)
    kit.add(towel, draped(width * 0.75, 0.62, 0.3), (0.02, 0, 1.262), collides=False)
    return kit.model("towel", towel)


def draped(width: float, front_drop: float, back_drop: float) -> Mesh:
    """Return a cloth hanging over a rail at the origin along y."""
    y = np.linspace(-width / 2, width / 2, 11)
    path = [
        (0.022, -front_drop),
        (0.018, -front_drop / 2),
        (0.016, -0.04),
        (0.009, 0.0),
        (-0.009, 0.0),
        (-0.014, -0.04),
        (-0.016, -back_drop),
    ]
    ripple = 0.006 * np.sin(y * 40)
    grid = np.empty((len(path), len(y), 3))
    for i, (x, z) in enumerate(path):
        grid[i, :, 0] = x + ripple * min(-z / 0.1, 1.0)
        grid[i, :, 1] = y
        grid[i, :, 2] = z
    return surface(grid, two_sided=True)


def radiator(paint: Finish, width: float) -> Model:
    """Build a ribbed radiator."""
    kit = Kit()
    for y in np.arange(-width / 2 + 0.03, width / 2, 0.06):
        kit.add(paint, cushion(0.08, 0.05, 0.55, 0.022, 0.0, 1), (0, float(y), 0.4))
    for z in (0.2, 0.6):
        kit.add(paint, tube([(0, -width / 2, z), (0, width / 2, z)], 0.018))
    return kit.model("radiator", paint)


def laundry_basket(weave: Finish, cloth: Finish) -> Model:
    """Build a round basket with linen on top."""
    kit = Kit()
    kit.add(
        weave,
        lathe(
            [(0, 0), (0.17, 0), (0.2, 0.25), (0.22, 0.5), (0.225, 0.52), (0.21, 0.52), (0.2, 0.44)],
            20,
            sharp=(1,),
        ),
    )
    kit.add(cloth, lathe([(0.2, 0.46), (0.16, 0.53), (0.08, 0.56), (0, 0.57)], 14))
    return kit.model("basket", weave)
