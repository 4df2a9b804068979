"""Plants, lamps, screens and the things that stand on furniture or hang on walls."""

from __future__ import annotations

import numpy as np

from sim.worlds.meshes import (
    block,
    circle,
    cushion,
    cylinder,
    ellipsoid,
    lathe,
    loft,
    make_mesh,
    merged,
    panel,
    polygon,
    rounded_rectangle,
    slab,
    surface,
    tube,
)
from sim.worlds.model import Finish, Kit, Model, Spot
from sim.worlds.world import Mesh


def leaf(length: float, width: float, droop: float) -> Mesh:
    """Return a two-sided leaf that grows from the origin along +x and bends down."""
    t = np.linspace(0, 1, 6)
    half = width / 2 * np.sin(np.pi * np.clip(t * 0.93 + 0.05, 0, 1)) ** 0.8
    z = length * (0.35 * t - droop * t**2)
    grid = np.empty((6, 3, 3))
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
    kit.add(
        soil,
        tube([(0, 0, z - 0.02), (lean[0] * 0.2, -lean[1] * 0.5, (z + top[2]) / 2), top], 0.017, 6),
    )
    for k in range(44):
        angle, up = k * 2.4, rng.uniform(-0.7, 1.0)
        reach = height * 0.17 * np.sqrt(1 - 0.8 * up * up) * rng.uniform(0.5, 1.0)
        at = top + [np.cos(angle) * reach, np.sin(angle) * reach, up * height * 0.2]
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


def shade_mesh(low: float, high: float, height: float) -> Mesh:
    """Return an open lamp shade on z = 0, seen from inside and outside."""
    outer = lathe([(low, 0), (high, height)], 20)
    inner = lathe([(high - 0.004, height), (low - 0.004, 0)], 20)
    return merged([outer, inner])


def floor_lamp(metal: Finish, shade: Finish, bulb: Finish, style: str) -> Model:
    """Build a standing lamp: "classic", "arc" or "tripod"."""
    kit = Kit()
    if style == "tripod":
        for angle in (0.5, 2.6, 4.7):
            c, s = np.cos(angle), np.sin(angle)
            kit.add(metal, tube([(c * 0.24, s * 0.24, 0), (c * 0.02, s * 0.02, 1.2)], 0.014, 6))
        kit.add(metal, cylinder(0.03, 0.03, 0.12, 10), (0, 0, 1.14))
        _shade(kit, shade, bulb, (0, 0, 1.26), 0.2, 0.16, 0.28)
    elif style == "arc":
        kit.add(metal, cylinder(0.15, 0.14, 0.03, 20, 0.008))
        angle = np.linspace(np.pi, 0.25, 9)
        path = np.column_stack(
            [0.16 + 0.26 * np.cos(angle) - 0.0, np.zeros(9), 1.3 + 0.3 * np.sin(angle)]
        )
        kit.add(metal, tube(np.concatenate([[[-0.1, 0, 0.02]], path]), 0.012, 8))
        _shade(kit, shade, bulb, (path[-1][0], 0, path[-1][2] - 0.2), 0.16, 0.09, 0.2)
    else:
        kit.add(
            metal,
            lathe(
                [(0, 0), (0.14, 0), (0.14, 0.015), (0.03, 0.035), (0.012, 0.06), (0.012, 1.3)],
                16,
                sharp=(1, 2),
            ),
        )
        _shade(kit, shade, bulb, (0, 0, 1.25), 0.22, 0.14, 0.27)
    return kit.model("lamp", shade, style="floor", size="large")


def _shade(
    kit: Kit,
    shade: Finish,
    bulb: Finish,
    at: tuple[float, float, float],
    low: float,
    high: float,
    tall: float,
) -> None:
    kit.add(shade, shade_mesh(low, high, tall), at)
    kit.add(
        bulb, ellipsoid(0.04, 0.04, 0.055, 10), (at[0], at[1], at[2] + tall * 0.45), collides=False
    )


def table_lamp(base: Finish, shade: Finish, bulb: Finish, rng: np.random.Generator) -> Model:
    """Build a lamp for a table or nightstand."""
    kit = Kit()
    profiles = (
        [(0, 0), (0.07, 0), (0.09, 0.05), (0.07, 0.14), (0.025, 0.19), (0.012, 0.28)],
        [(0, 0), (0.075, 0), (0.075, 0.02), (0.015, 0.035), (0.012, 0.28)],
        [(0, 0), (0.04, 0), (0.085, 0.09), (0.04, 0.18), (0.012, 0.2), (0.012, 0.28)],
    )
    kit.add(base, lathe(profiles[rng.integers(3)], 16, sharp=(1,)))
    _shade(kit, shade, bulb, (0, 0, 0.24), 0.15, 0.095, 0.19)
    return kit.model("lamp", shade, style="table", size="small")


def ceiling_lamp(shade: Finish, bulb: Finish, metal: Finish, style: str, height: float) -> Model:
    """Build a lamp that hangs from a ceiling at `height`: "pendant", "globe" or "flush"."""
    kit = Kit()
    if style == "flush":
        kit.add(metal, cylinder(0.2, 0.2, 0.025, 20), (0, 0, height - 0.025), collides=False)
        kit.add(bulb, ellipsoid(0.18, 0.18, 0.08, 20), (0, 0, height - 0.03), collides=False)
        return kit.model("ceiling light", bulb, style=style)
    drop = 0.55
    kit.add(metal, tube([(0, 0, height), (0, 0, height - drop + 0.1)], 0.005, 5), collides=False)
    kit.add(metal, cylinder(0.05, 0.05, 0.02, 12), (0, 0, height - 0.02), collides=False)
    if style == "globe":
        kit.add(bulb, ellipsoid(0.16, 0.16, 0.16, 20), (0, 0, height - drop), collides=False)
        return kit.model("ceiling light", bulb, style=style)
    kit.add(shade, shade_mesh(0.24, 0.07, 0.22), (0, 0, height - drop - 0.08), collides=False)
    kit.add(bulb, ellipsoid(0.05, 0.05, 0.06, 10), (0, 0, height - drop), collides=False)
    return kit.model("ceiling light", shade, style=style)


def trash_can(body: Finish, lid: Finish, style: str) -> Model:
    """Build a trash can: "pedal", "basket" or "swing"."""
    kit = Kit()
    if style == "pedal":
        kit.add(body, lathe([(0, 0), (0.15, 0), (0.155, 0.02), (0.155, 0.4)], 20, sharp=(1,)))
        kit.add(lid, lathe([(0.16, 0.4), (0.16, 0.42), (0.13, 0.46), (0.05, 0.48), (0, 0.482)], 20))
        kit.add(lid, block(0.08, 0.09, 0.02, 0.006), (0.17, 0, 0.025))
    elif style == "basket":
        kit.add(
            body,
            lathe(
                [(0, 0), (0.11, 0), (0.15, 0.32), (0.155, 0.33), (0.145, 0.33), (0.11, 0.02)],
                20,
                sharp=(1,),
            ),
        )
        kit.add(lid, lathe([(0.14, 0.24), (0.07, 0.27), (0, 0.26)], 10))
    else:
        levels = [((0.24, 0.3), 0.0), ((0.28, 0.36), 0.5)]
        rings = [
            np.column_stack([rounded_rectangle(a, b, 0.06), np.full(20, z)]) for (a, b), z in levels
        ]
        kit.add(body, loft(np.stack(rings)))
        top = [((0.3, 0.38), 0.5), ((0.3, 0.38), 0.54), ((0.2, 0.3), 0.64), ((0.1, 0.2), 0.66)]
        rings = [
            np.column_stack([rounded_rectangle(a, b, 0.06), np.full(20, z)]) for (a, b), z in top
        ]
        kit.add(lid, loft(np.stack(rings)))
    return kit.model("trash can", body, style=style)


def coat_stand(wood: Finish, coat: Finish, other: Finish) -> Model:
    """Build a coat stand with a coat and a scarf on it."""
    kit = Kit()
    kit.add(wood, lathe([(0.03, 0.02), (0.022, 0.6), (0.022, 1.7), (0.03, 1.74), (0, 1.78)], 10))
    for k in range(4):
        a = k * np.pi / 2 + 0.4
        c, s = np.cos(a), np.sin(a)
        kit.add(
            wood,
            tube([(0, 0, 0.14), (c * 0.14, s * 0.14, 0.08), (c * 0.24, s * 0.24, 0.012)], 0.016, 6),
        )
        kit.add(
            wood,
            tube([(0, 0, 1.6), (c * 0.1, s * 0.1, 1.62), (c * 0.15, s * 0.15, 1.72)], 0.012, 6),
        )
    for finish, a, wide, low in ((coat, 0.4, 0.17, 0.75), (other, 2.0, 0.12, 1.0)):
        ring = np.stack(
            [
                np.column_stack(
                    [
                        circle(w, w * 0.55, 12) * (1 + 0.08 * (np.arange(12)[:, None] % 2)),
                        np.full(12, z),
                    ]
                )
                for w, z in ((wide, low), (wide * 0.95, 1.1), (wide * 0.85, 1.45), (0.05, 1.63))
            ]
        )
        kit.add(
            finish,
            loft(ring),
            (np.cos(a) * 0.12, np.sin(a) * 0.12, 0),
            yaw=a + np.pi / 2,
            collides=False,
        )
    return kit.model("coat stand", wood)


def picture(
    frame: Finish, image: Finish, width: float, height: float, mount: Finish | None = None
) -> Model:
    """Build a framed picture whose back is at -x; it hangs about its middle at z = 0."""
    kit = Kit()
    rim = 0.035
    for sy in (-1, 1):
        kit.add(
            frame,
            block(0.03, rim, height + 2 * rim, 0.006),
            (0, sy * (width + rim) / 2, 0),
            collides=False,
        )
    for sz in (-1, 1):
        kit.add(
            frame, block(0.03, width, rim, 0.006), (0, 0, sz * (height + rim) / 2), collides=False
        )
    if mount is not None:
        kit.add(mount, panel(width, height), (0.002, 0, 0), collides=False)
        width, height = width - 0.12, height - 0.12
    kit.add(image, panel(width, height), (0.004, 0, 0), collides=False)
    return kit.model("picture", image, color=image.color, material="paper")


def mirror(frame: Finish, glass: Finish, width: float, height: float, round_: bool) -> Model:
    """Build a wall mirror whose back is at -x; it hangs about its middle at z = 0."""
    kit = Kit()
    outline = (
        circle(width / 2, height / 2, 28) if round_ else rounded_rectangle(width, height, 0.03, 3)
    )
    kit.add(
        frame,
        slab(outline * (1 + 0.06 / np.abs(outline).max(axis=0)), -0.015, 0.006, 0.008),
        pitch=np.pi / 2,
        yaw=0,
        collides=False,
        at=(0, 0, 0),
    )
    ring = np.column_stack([np.full(len(outline), 0.009), outline[:, 1], outline[:, 0]])[::-1]
    kit.add(glass, _fitted(ring), collides=False)
    return kit.model("mirror", frame, style="round" if round_ else "rectangular")


def _fitted(outline: np.ndarray) -> Mesh:
    """Fill an outline (N, 3) facing +x; its picture is fitted to its height."""
    flat = polygon(outline)
    high = np.abs(outline[:, 2]).max()
    uv = np.column_stack([flat.vertices[:, 1], flat.vertices[:, 2]]) / (2 * high) + 0.5
    return make_mesh(flat.vertices, flat.faces, flat.normals, uv)
