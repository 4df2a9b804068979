"""Lamps, trash cans, coat stands, and what hangs on walls."""

from __future__ import annotations

import numpy as np

from sim.worlds.meshes import (
    block,
    circle,
    cylinder,
    ellipsoid,
    lathe,
    loft,
    merged,
    panel,
    polygon,
    rounded_rectangle,
    slab,
    tube,
    with_uv,
)
from sim.worlds.model import Finish, Kit, Model
from sim.worlds.world import Mesh


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
    for finish, a, wide, low in ((coat, 0.4, 0.17, 0.75), (other, 2.0, 0.14, 1.0)):
        at = (float(np.cos(a)) * 0.13, float(np.sin(a)) * 0.13, 0.0)
        kit.add(finish, _hanging(wide, low), at, yaw=a + np.pi / 2, collides=False)
        for s in (-1, 1):
            sleeve = [
                (s * wide * 0.9, 0, 1.5),
                (s * wide * 1.15, 0, 1.35),
                (s * wide * 1.2, 0, 1.05),
            ]
            kit.add(finish, tube(sleeve, 0.045, 8), at, yaw=a + np.pi / 2, collides=False)
    return kit.model("coat stand", wood, color=coat.color)


def _hanging(wide: float, low: float) -> Mesh:
    """Return a coat's body from its hem at height `low` to its collar."""
    fold = 1 + 0.08 * (np.arange(16)[:, None] % 2)
    levels = ((wide, low), (wide * 0.92, 1.15), (wide, 1.45), (wide * 0.8, 1.57), (0.06, 1.63))
    rings = [np.column_stack([circle(w, w * 0.5, 16) * fold, np.full(16, z)]) for w, z in levels]
    return loft(np.stack(rings))


def umbrella_stand(metal: Finish, colors: list[Finish], wood: Finish) -> Model:
    """Build a round stand with closed umbrellas in it."""
    kit = Kit()
    body = [(0, 0), (0.11, 0), (0.12, 0.25), (0.13, 0.5), (0.12, 0.5), (0.1, 0.05)]
    kit.add(metal, lathe(body, 18, sharp=(1, 3, 4)))
    for k, color in enumerate(colors):
        x, tilt = 0.05 * (2 * k - 1), 0.1 * (2 * k - 1)
        cloth = [(0, 0.05), (0.02, 0.1), (0.045, 0.5), (0.03, 0.62), (0.012, 0.7)]
        kit.add(color, lathe(cloth, 10), (x, 0, 0), pitch=tilt)
        crook = [(x, 0, 0.7), (x, 0, 0.84), (x, 0.03, 0.88), (x, 0.06, 0.86), (x, 0.065, 0.81)]
        kit.add(wood, tube(crook, 0.011, 6), (0.07 * (2 * k - 1), 0, 0), pitch=tilt * 0.2)
    return kit.model("umbrella stand", metal)


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
        circle(height / 2, width / 2, 28) if round_ else rounded_rectangle(height, width, 0.03, 3)
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
    style = "round" if round_ else "rectangular"
    return kit.model(
        "mirror", glass, style=style, color="gray", material="glass", frame=frame.color
    )


def _fitted(outline: np.ndarray) -> Mesh:
    """Fill an outline (N, 3) facing +x; its picture is fitted to its height."""
    flat = polygon(outline)
    high = np.abs(outline[:, 2]).max()
    uv = np.column_stack([flat.vertices[:, 1], flat.vertices[:, 2]]) / (2 * high) + 0.5
    return with_uv(flat, uv)
