"""Things to sit and lie on. Every model stands on the floor and faces +x."""

from __future__ import annotations

import numpy as np

from sim.worlds.meshes import (
    block,
    circle,
    cushion,
    cylinder,
    lathe,
    loft,
    rounded_rectangle,
    slab,
    stack_rings,
    surface,
    tube,
    with_uv,
)
from sim.worlds.model import Finish, Kit, Model, Spot
from sim.worlds.palette import Palette


def leg(
    kit: Kit,
    finish: Finish,
    foot: tuple[float, float],
    top: tuple[float, float, float],
    thick: float,
) -> None:
    """Add a tapered leg from the floor at `foot` (x, y) to `top` (x, y, z)."""
    ring = circle(1.0, n=8)
    low = np.column_stack([ring * thick * 0.6 + foot, np.zeros(8)])
    high = np.column_stack([ring * thick + top[:2], np.full(8, top[2])])
    kit.add(finish, loft(np.stack([low, high])))


def four_legs(
    kit: Kit,
    finish: Finish,
    half: tuple[float, float],
    height: float,
    thick: float,
    splay: float = 0.03,
) -> None:
    """Add four tapered legs under a seat or table of half size `half` (x, y)."""
    for sx in (-1, 1):
        for sy in (-1, 1):
            x, y = sx * half[0], sy * half[1]
            leg(kit, finish, (x + sx * splay, y + sy * splay), (x, y, height), thick)


def chair(palette: Palette, style: str, frame: Finish, seat: Finish) -> Model:
    """Build a dining chair: "slat", "padded" or "shell"."""
    kit = Kit()
    if style == "shell":
        _shell(kit, frame, seat)
    else:
        _wooden_chair(kit, style, frame, seat)
    main = frame if style == "slat" else seat
    return kit.model("chair", main, style=style)


def _wooden_chair(kit: Kit, style: str, frame: Finish, seat: Finish) -> None:
    four_legs(kit, frame, (0.18, 0.18), 0.43, 0.022, 0.012)
    kit.add(frame, slab(rounded_rectangle(0.44, 0.44, 0.05), 0.41, 0.44))
    kit.add(seat, cushion(0.42, 0.42, 0.06, 0.028, 0.012), (0.005, 0, 0.46))
    lean = 0.16
    for sy in (-1, 1):
        kit.add(frame, block(0.035, 0.035, 0.52, 0.012), (-0.235, sy * 0.19, 0.68), pitch=-lean)
    if style == "padded":
        kit.add(seat, cushion(0.06, 0.40, 0.34, 0.028, 0.012), (-0.25, 0, 0.74), pitch=-lean)
        return
    kit.add(frame, block(0.025, 0.38, 0.07, 0.01), (-0.275, 0, 0.91), pitch=-lean)
    kit.add(frame, block(0.02, 0.38, 0.04, 0.008), (-0.215, 0, 0.57), pitch=-lean)
    for y in np.linspace(-0.12, 0.12, 4):
        kit.add(frame, block(0.014, 0.032, 0.33, 0.006), (-0.243, float(y), 0.73), pitch=-lean)


def _shell(kit: Kit, frame: Finish, seat: Finish) -> None:
    """One moulded shell on splayed legs."""
    four_legs(kit, frame, (0.13, 0.13), 0.43, 0.017, 0.09)
    side = np.linspace(-1, 1, 13)
    along = np.array([0.0, 0.12, 0.3, 0.5, 0.64, 0.74, 0.86, 1.0])
    x = np.interp(along, [0, 0.12, 0.5, 0.64, 0.74, 1.0], [0.23, 0.2, -0.1, -0.19, -0.23, -0.29])
    z = np.interp(along, [0, 0.12, 0.5, 0.64, 0.74, 1.0], [0.42, 0.445, 0.43, 0.47, 0.56, 0.83])
    half = np.interp(along, [0, 0.3, 0.64, 0.86, 1.0], [0.21, 0.24, 0.235, 0.215, 0.15])
    lift = np.interp(along, [0, 0.5, 0.64, 1.0], [0.02, 0.07, 0.11, 0.02])
    wrap = np.interp(along, [0, 0.5, 0.74, 1.0], [0.0, 0.0, 0.12, 0.06])
    grid = np.empty((len(along), 13, 3))
    grid[..., 0] = x[:, None] + wrap[:, None] * side**2
    grid[..., 1] = half[:, None] * side
    grid[..., 2] = z[:, None] + lift[:, None] * np.abs(side) ** 3
    kit.add(seat, surface(grid[:, ::-1], two_sided=True))
    kit.add(seat, surface(grid[:, ::-1] - [0.006, 0, 0.012], two_sided=True))


def stool(frame: Finish, seat: Finish, height: float) -> Model:
    """Build a round stool."""
    kit = Kit()
    four_legs(kit, frame, (0.11, 0.11), height - 0.03, 0.017, 0.05)
    ring = np.column_stack([circle(0.165, n=16), np.full(16, height * 0.35)])
    kit.add(frame, tube(np.concatenate([ring, ring[:1]]), 0.009, 6))
    kit.add(seat, cylinder(0.17, 0.165, 0.05, 20, 0.015), (0, 0, height - 0.04))
    return kit.model("stool", seat, spots=[])


def bench(frame: Finish, seat: Finish, width: float) -> Model:
    """Build a bench with a padded top."""
    kit = Kit()
    four_legs(kit, frame, (0.14, width / 2 - 0.08), 0.4, 0.022)
    kit.add(frame, block(0.36, width, 0.03), (0, 0, 0.41))
    kit.add(seat, cushion(0.36, width - 0.02, 0.07, 0.03, 0.01), (0, 0, 0.455))
    return kit.model("bench", seat)


def sofa(
    cover: Finish, legs: Finish, seats: int, arms: str = "round", accents: tuple[Finish, ...] = ()
) -> Model:
    """Build a sofa (or an armchair with one seat); `arms` is "round", "square" or "thin"."""
    seat = 0.66 if seats > 1 else 0.58
    arm = {"round": 0.2, "square": 0.16, "thin": 0.08}[arms]
    inner, depth = seats * seat, 0.9
    width = inner + 2 * arm
    kit = Kit()
    foot = 0.12 if arms != "round" else 0.07
    four_legs(kit, legs, (depth / 2 - 0.08, width / 2 - 0.08), foot, 0.025, 0.01)
    kit.add(cover, cushion(depth - 0.06, width - 0.02, 0.2, 0.03), (0, 0, foot + 0.1))
    for sy in (-1, 1):
        y = sy * (inner / 2 + arm / 2)
        top = 0.62 if arms != "thin" else 0.58
        kit.add(
            cover,
            cushion(depth, arm, top - foot, arm * 0.48 if arms == "round" else 0.035),
            (0, y, (top + foot) / 2),
        )
    kit.add(
        cover,
        cushion(0.2, width - 0.04, 0.55, 0.07),
        (-depth / 2 + 0.1, 0, foot + 0.33),
        pitch=-0.06,
    )
    for k in range(seats):
        y = (k - (seats - 1) / 2) * seat
        kit.add(cover, cushion(0.66, seat - 0.01, 0.17, 0.06, 0.025), (0.1, y, foot + 0.265))
        kit.add(
            cover,
            cushion(0.17, seat - 0.015, 0.44, 0.07, 0.035),
            (-0.235, y, foot + 0.54),
            pitch=-0.22,
        )
    category = "sofa" if seats > 1 else "armchair"
    size = {1: "small", 2: "small", 3: "large"}.get(seats, "large")
    spots = [Spot(0.02, (k - (seats - 1) / 2) * seat, foot + 0.36, 0.4, seat) for k in range(seats)]
    return kit.model(category, cover, spots=spots, style=f"{arms} arms", size=size)


def corner_sofa(cover: Finish, legs: Finish) -> Model:
    """Build an L-shaped sofa whose long end reaches forward on its left."""
    kit = Kit()
    depth, seat, arm, foot, long = 0.9, 0.68, 0.16, 0.1, 0.75
    width = 3 * seat + 2 * arm
    kit.add(cover, cushion(depth - 0.04, width, 0.2, 0.03), (0, 0, foot + 0.1))
    kit.add(
        cover,
        cushion(long + 0.3, seat + arm, 0.2, 0.03),
        (depth / 2 + long / 2 - 0.18, width / 2 - (seat + arm) / 2, foot + 0.1),
    )
    for x in (-depth / 2 + 0.08, depth / 2 - 0.1):
        for sy in (-1, 1):
            leg(kit, legs, (x, sy * (width / 2 - 0.08)), (x, sy * (width / 2 - 0.08), foot), 0.025)
    leg(
        kit,
        legs,
        (depth / 2 + long - 0.1, width / 2 - 0.1),
        (depth / 2 + long - 0.1, width / 2 - 0.1, foot),
        0.025,
    )
    kit.add(cover, cushion(0.2, width, 0.56, 0.07), (-depth / 2 + 0.1, 0, foot + 0.33), pitch=-0.06)
    kit.add(cover, cushion(depth, arm, 0.5, 0.05), (0, -width / 2 + arm / 2, foot + 0.25))
    kit.add(cover, cushion(depth, arm, 0.5, 0.05), (0, width / 2 - arm / 2, foot + 0.25))
    for k in range(3):
        y = (k - 1) * seat
        deep = 0.68 + (long if k == 2 else 0.0)
        kit.add(
            cover,
            cushion(deep, seat - 0.01, 0.17, 0.06, 0.02),
            (0.1 + (deep - 0.68) / 2, y, foot + 0.265),
        )
        kit.add(
            cover,
            cushion(0.17, seat - 0.015, 0.44, 0.07, 0.035),
            (-0.235, y, foot + 0.54),
            pitch=-0.22,
        )
    spots = [Spot(0.02, (k - 1) * seat, foot + 0.36, 0.4, seat) for k in range(3)]
    return kit.model("sofa", cover, spots=spots, style="corner", size="large")


def office_chair(frame: Finish, seat: Finish, arms: bool) -> Model:
    """Build a swivel chair on castors."""
    kit = Kit()
    for angle in np.arange(5) * (2 * np.pi / 5):
        c, s = float(np.cos(angle)), float(np.sin(angle))
        kit.add(
            frame,
            block(0.3, 0.045, 0.03, 0.01),
            (c * 0.15, s * 0.15, 0.085),
            yaw=float(angle),
            pitch=0.08,
        )
        kit.add(
            frame,
            cylinder(0.028, 0.028, 0.035, 10),
            (c * 0.28, s * 0.28 + 0.018, 0.028),
            roll=np.pi / 2,
        )
    kit.add(frame, cylinder(0.03, 0.025, 0.34, 12), (0, 0, 0.08))
    kit.add(seat, cushion(0.5, 0.5, 0.09, 0.042, 0.015), (0.01, 0, 0.47))
    kit.add(frame, block(0.03, 0.08, 0.36, 0.01), (-0.25, 0, 0.6), pitch=-0.12)
    kit.add(seat, cushion(0.08, 0.46, 0.56, 0.038, 0.02), (-0.26, 0, 0.82), pitch=-0.12)
    if arms:
        for sy in (-1, 1):
            kit.add(
                frame,
                tube(
                    [(-0.12, sy * 0.25, 0.46), (-0.1, sy * 0.28, 0.52), (-0.08, sy * 0.28, 0.66)],
                    0.014,
                ),
                (0, 0, 0),
            )
            kit.add(frame, cushion(0.26, 0.06, 0.035, 0.016), (0.0, sy * 0.28, 0.675))
    return kit.model("office chair", seat)


def pouf(cover: Finish) -> Model:
    """Build a round seat of cloth."""
    kit = Kit()
    kit.add(
        cover,
        lathe(
            [(0, 0), (0.2, 0.01), (0.26, 0.1), (0.27, 0.2), (0.24, 0.32), (0.15, 0.37), (0, 0.38)],
            20,
        ),
    )
    return kit.model("pouf", cover)


def bed(
    frame: Finish, linen: Finish, blanket: Finish, pillow_cover: Finish, width: float, style: str
) -> Model:
    """Build a made bed, head at -x: "panel", "padded" or "slats"."""
    kit = Kit()
    length = 2.05
    four_legs(kit, frame, (length / 2 - 0.1, width / 2 - 0.08), 0.18, 0.035, 0.0)
    kit.add(frame, block(length, width, 0.16, 0.02), (0, 0, 0.25))
    _headboard(kit, frame, blanket if style == "padded" else frame, width, length, style)
    kit.add(linen, cushion(length - 0.06, width - 0.06, 0.22, 0.06), (0.01, 0, 0.42))
    kit.add(blanket, cushion(1.3, width + 0.03, 0.26, 0.05, 0.012), (0.36, 0, 0.43))
    kit.add(linen, cushion(0.16, width + 0.025, 0.05, 0.022), (-0.32, 0, 0.545))
    count = 2 if width > 1.25 else 1
    for k in range(count):
        y = (k - (count - 1) / 2) * width / count
        kit.add(
            pillow_cover,
            cushion(0.42, min(0.66, width / count - 0.1), 0.1, 0.048, 0.05, 2),
            (-0.72, y, 0.6),
            pitch=-0.22,
        )
    spots = [Spot(0.2, 0, 0.56, 0.9, width - 0.4)]
    return kit.model(
        "bed",
        blanket,
        spots=spots,
        style="double" if count == 2 else "single",
        size="large" if count == 2 else "small",
    )


def _headboard(
    kit: Kit, frame: Finish, cover: Finish, width: float, length: float, style: str
) -> None:
    x = -length / 2 - 0.03
    if style == "padded":
        for k in range(4):
            y = (k - 1.5) * width / 4
            kit.add(cover, cushion(0.1, width / 4 - 0.004, 0.8, 0.04, 0.015), (x, y, 0.65))
    elif style == "panel":
        kit.add(frame, block(0.05, width + 0.04, 0.9, 0.02), (x, 0, 0.5))
        kit.add(frame, block(0.08, width + 0.1, 0.05, 0.018), (x, 0, 0.97))
    else:
        for sy in (-1, 1):
            kit.add(frame, block(0.06, 0.06, 1.05, 0.02), (x, sy * (width / 2), 0.525))
        for z in (0.95, 0.55):
            kit.add(frame, block(0.035, width, 0.07, 0.012), (x, 0, z))
        for y in np.linspace(-width / 2 + 0.12, width / 2 - 0.12, 8):
            kit.add(frame, block(0.02, 0.04, 0.36, 0.008), (x, float(y), 0.75))


def rug_outline(depth: float, width: float, round_: bool) -> np.ndarray:
    """Return the outline of a rug (N, 2)."""
    return circle(depth / 2, width / 2, 32) if round_ else rounded_rectangle(depth, width, 0.02, 2)


def rug(finish: Finish, depth: float, width: float, round_: bool = False) -> Model:
    """Build a rug whose picture is fitted to it once, the picture's width along y."""
    kit = Kit()
    outline = rug_outline(depth, width, round_)
    body = loft(stack_rings(outline, [(0, 0.0), (0, 0.008), (0.004, 0.011)]))
    uv = np.column_stack([body.vertices[:, 1] / width + 0.5, body.vertices[:, 0] / depth + 0.5])
    kit.add(finish, with_uv(body, uv), collides=False)
    return kit.model("rug", finish, size="large" if depth * width > 3 else "small")
