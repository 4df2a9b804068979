"""Tables, cupboards, shelves. Every model stands on the floor and faces +x."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sim.worlds.furniture_seating import four_legs, leg
from sim.worlds.meshes import (
    block,
    circle,
    cylinder,
    lathe,
    panel,
    rounded_rectangle,
    scaled_uv,
    slab,
    tube,
    with_uv,
)
from sim.worlds.model import Finish, Kit, Model, Spot


def table(
    category: str, top: Finish, frame: Finish, size: tuple[float, float, float], style: str
) -> Model:
    """Build a table of size (depth, width, height): "legs", "round", "oval", "trestle" or "box"."""
    depth, width, height = size
    kit = Kit()
    if style == "round":
        outline = circle(depth / 2, width / 2, 28)
        base = [
            (0.24, 0),
            (0.24, 0.02),
            (0.06, 0.06),
            (0.04, 0.2),
            (0.05, height - 0.1),
            (0.12, height - 0.03),
        ]
        scale = min(depth, 1.1) / 1.0
        kit.add(frame, lathe([(r * scale, z) for r, z in base], 16))
    else:
        outline = rounded_rectangle(depth, width, 0.16 if style == "oval" else 0.025, 4)
        _under(kit, frame, size, style)
    kit.add(top, slab(outline, height - 0.035, height, 0.008))
    spot = Spot(
        0,
        0,
        height,
        depth * (0.65 if style == "round" else 0.85),
        width * (0.65 if style == "round" else 0.88),
    )
    return kit.model(
        category, top, spots=[spot], style="round" if style == "round" else "rectangular"
    )


def _under(kit: Kit, frame: Finish, size: tuple[float, float, float], style: str) -> None:
    depth, width, height = size
    if style == "trestle":
        for sy in (-1, 1):
            y = sy * (width / 2 - 0.16)
            kit.add(frame, block(depth * 0.8, 0.06, 0.05, 0.015), (0, y, 0.03))
            kit.add(frame, block(0.1, 0.05, height - 0.08, 0.015), (0, y, height / 2))
        kit.add(frame, block(0.04, width - 0.3, 0.08, 0.012), (0, 0, 0.22))
        return
    four_legs(
        kit,
        frame,
        (depth / 2 - 0.06, width / 2 - 0.06),
        height - 0.03,
        0.032 if height > 0.6 else 0.022,
        0.015,
    )
    for sx in (-1, 1):
        kit.add(
            frame,
            block(0.02, width - 0.16, 0.07, 0.004),
            (sx * (depth / 2 - 0.06), 0, height - 0.07),
        )
    for sy in (-1, 1):
        kit.add(
            frame,
            block(depth - 0.16, 0.02, 0.07, 0.004),
            (0, sy * (width / 2 - 0.06), height - 0.07),
        )
    if style == "box":
        kit.add(frame, block(depth - 0.1, width - 0.1, 0.02), (0, 0, height * 0.35))


def knob(kit: Kit, finish: Finish, at: tuple[float, float, float]) -> None:
    """Add a round knob on a front facing +x."""
    ball = lathe([(0.006, 0), (0.006, 0.012), (0.014, 0.018), (0.014, 0.026), (0.0, 0.03)], 8)
    kit.add(finish, ball, at, pitch=np.pi / 2, collides=False)


def bar(
    kit: Kit, finish: Finish, at: tuple[float, float, float], length: float, upright: bool
) -> None:
    """Add a bar handle on a front facing +x."""
    x, y, z = at
    d = np.array([0, 0, length / 2]) if upright else np.array([0, length / 2, 0])
    middle = np.array([x + 0.028, y, z])
    kit.add(finish, tube([middle - d, middle + d], 0.007, 6), collides=False)
    for s in (-0.8, 0.8):
        end = middle + d * s
        kit.add(finish, tube([end - [0.03, 0, 0], end], 0.005, 6), collides=False)


def front(
    kit: Kit,
    finish: Finish,
    at: tuple[float, float, float],
    width: float,
    height: float,
    inset: bool = True,
) -> None:
    """Add a door or drawer front facing +x, with a raised frame where `inset`."""
    x, y, z = at
    kit.add(finish, block(0.02, width - 0.006, height - 0.006, 0.004), (x + 0.01, y, z))
    if inset and width > 0.2 and height > 0.25:
        for dy, w in ((width / 2 - 0.035, 0.055), (-width / 2 + 0.035, 0.055)):
            kit.add(finish, block(0.012, w, height - 0.02, 0.004), (x + 0.024, y + dy, z))
        for dz in (height / 2 - 0.035, -height / 2 + 0.035):
            kit.add(finish, block(0.012, width - 0.12, 0.055, 0.004), (x + 0.024, y, z + dz))


def chest(
    category: str,
    body: Finish,
    fronts: Finish,
    metal: Finish,
    size: tuple[float, float, float],
    grid: tuple[int, int],
    knobs: bool = True,
) -> Model:
    """Build a chest with `grid` = (columns, rows) of drawers on short legs."""
    depth, width, height = size
    kit = Kit()
    foot = 0.1
    four_legs(kit, body, (depth / 2 - 0.04, width / 2 - 0.05), foot, 0.022, 0.0)
    kit.add(
        body,
        block(depth - 0.03, width - 0.02, height - foot - 0.02, 0.006),
        (-0.01, 0, (height + foot) / 2 - 0.01),
    )
    kit.add(body, slab(rounded_rectangle(depth, width, 0.01, 2), height - 0.025, height))
    cols, rows = grid
    w, h = (width - 0.05) / cols, (height - foot - 0.06) / rows
    for c in range(cols):
        for r in range(rows):
            at = (depth / 2 - 0.025, (c - (cols - 1) / 2) * w, foot + 0.03 + (r + 0.5) * h)
            front(kit, fronts, at, w, h, inset=False)
            if knobs:
                for dy in (-w / 4, w / 4) if w > 0.55 else (0.0,):
                    knob(kit, metal, (at[0] + 0.02, at[1] + dy, at[2]))
            else:
                bar(kit, metal, (at[0] + 0.02, at[1], at[2]), min(w * 0.4, 0.2), upright=False)
    return kit.model(category, fronts, spots=[Spot(0, 0, height, depth * 0.8, width * 0.85)])


def wardrobe(body: Finish, fronts: Finish, metal: Finish, width: float, doors: int) -> Model:
    """Build a tall cupboard with panelled doors."""
    depth, height = 0.6, 2.05
    kit = Kit()
    kit.add(body, block(depth - 0.05, width - 0.02, 0.07, 0.004), (-0.02, 0, 0.035))
    kit.add(
        body,
        block(depth - 0.03, width - 0.02, height - 0.12, 0.006),
        (-0.015, 0, height / 2 + 0.02),
    )
    kit.add(
        body,
        slab(rounded_rectangle(depth + 0.03, width + 0.03, 0.01, 2), height - 0.05, height, 0.015),
        (0, 0, 0),
    )
    w = (width - 0.04) / doors
    for k in range(doors):
        y = (k - (doors - 1) / 2) * w
        front(kit, fronts, (depth / 2 - 0.03, y, 1.33), w, 1.3)
        front(kit, fronts, (depth / 2 - 0.03, y, 0.37), w, 0.56)
        side = 1 if k % 2 == 0 else -1
        bar(kit, metal, (depth / 2 - 0.01, y + side * (w / 2 - 0.035), 1.1), 0.18, upright=True)
        knob(kit, metal, (depth / 2, y, 0.52))
    return kit.model("wardrobe", fronts, size="large" if width > 1.3 else "small")


def bookshelf(
    body: Finish,
    books: Finish,
    rng: np.random.Generator,
    size: tuple[float, float, float],
    fill: float = 0.8,
) -> Model:
    """Build an open shelf full of books."""
    depth, width, height = size
    kit = Kit()
    thick = 0.025
    for sy in (-1, 1):
        kit.add(body, block(depth, thick, height, 0.004), (0, sy * (width - thick) / 2, height / 2))
    kit.add(
        body, block(0.012, width - thick, height - 0.05, 0.002), (-depth / 2 + 0.006, 0, height / 2)
    )
    count = max(2, round(height / 0.36))
    levels = np.linspace(0.05, height - thick / 2, count + 1)
    for z in levels:
        kit.add(body, block(depth - 0.002, width - 2 * thick, thick, 0.004), (0, 0, float(z)))
    spots = [Spot(0, 0, height, depth * 0.8, width * 0.8)]
    for low, high in pairwise(levels):
        _book_row(
            kit,
            books,
            rng,
            (depth, width - 2 * thick - 0.02),
            float(low) + thick / 2,
            float(high - low) - thick,
            fill,
        )
    return kit.model("bookshelf", body, spots=spots, size="large" if height > 1.4 else "small")


def _book_row(
    kit: Kit,
    books: Finish,
    rng: np.random.Generator,
    room: tuple[float, float],
    z: float,
    tall: float,
    fill: float,
) -> None:
    """Stand groups of books on a shelf; each group shows a strip of the spines' texture."""
    depth, width = room
    y = -width / 2
    while y < width / 2 - 0.08:
        wide = float(min(rng.uniform(0.08, 0.3), width / 2 - y))
        if rng.uniform() < fill:
            high = tall * float(rng.uniform(0.68, 0.92))
            d = depth * 0.72
            x = depth * 0.02
            group = block(d, wide, high, 0.002)
            kit.add(
                books,
                scaled_uv(group, 0.02, (float(rng.uniform()), 0.5)),
                (x - 0.004, y + wide / 2, z + high / 2),
            )
            start = int(rng.integers(24)) / 24
            end = start + wide / 0.034 / 24
            strip = with_uv(panel(wide, high), [(start, 0), (end, 0), (end, 1), (start, 1)])
            kit.add(books, strip, (x + d / 2, y + wide / 2, z + high / 2))
        y += wide + float(rng.uniform(0, 0.02))


def tv_stand(body: Finish, fronts: Finish, metal: Finish, width: float) -> Model:
    """Build a low board with doors and an open middle."""
    depth, height, foot = 0.4, 0.5, 0.12
    kit = Kit()
    four_legs(kit, body, (depth / 2 - 0.05, width / 2 - 0.1), foot, 0.022, 0.02)
    for z in (foot + 0.012, height - 0.015):
        kit.add(body, block(depth, width, 0.028, 0.006), (0, 0, z))
    for sy in (-1, 1):
        kit.add(
            body,
            block(depth, 0.025, height - foot, 0.005),
            (0, sy * (width / 2 - 0.0125), (height + foot) / 2),
        )
        kit.add(
            body,
            block(depth - 0.02, 0.02, height - foot - 0.03, 0.003),
            (0, sy * width / 6, (height + foot) / 2),
        )
        front(
            kit,
            fronts,
            (depth / 2 - 0.015, sy * width / 3, (height + foot) / 2),
            width / 3 - 0.02,
            height - foot - 0.05,
        )
        knob(kit, metal, (depth / 2 + 0.01, sy * (width / 6 + 0.07), (height + foot) / 2))
    kit.add(
        body,
        block(0.01, width - 0.04, height - foot - 0.03, 0.002),
        (-depth / 2 + 0.01, 0, (height + foot) / 2),
    )
    kit.add(body, block(depth - 0.04, width / 3, 0.018, 0.003), (-0.01, 0, (height + foot) / 2))
    return kit.model("tv stand", fronts, spots=[Spot(0, 0, height, depth, width * 0.9)])


def desk(top: Finish, frame: Finish, metal: Finish, width: float) -> Model:
    """Build a desk with a drawer pedestal on its left (-y as seen from its front)."""
    depth, height = 0.65, 0.74
    kit = Kit()
    kit.add(top, slab(rounded_rectangle(depth, width, 0.02, 2), height - 0.03, height, 0.006))
    for x in (-depth / 2 + 0.05, depth / 2 - 0.05):
        leg(kit, frame, (x, width / 2 - 0.05), (x, width / 2 - 0.05, height - 0.02), 0.025)
    kit.add(
        frame,
        block(depth - 0.08, 0.42, height - 0.06, 0.006),
        (0, -width / 2 + 0.24, (height - 0.03) / 2),
    )
    for r in range(3):
        z = 0.06 + (r + 0.5) * 0.2 + 0.02
        front(kit, frame, (depth / 2 - 0.045, -width / 2 + 0.24, z), 0.4, 0.2, inset=False)
        bar(kit, metal, (depth / 2 - 0.025, -width / 2 + 0.24, z + 0.03), 0.12, upright=False)
    kit.add(frame, block(0.018, width - 0.5, 0.3, 0.003), (-depth / 2 + 0.05, 0.2, height - 0.2))
    return kit.model("desk", top, spots=[Spot(-0.05, 0, height, depth * 0.75, width * 0.88)])


def shoe_rack(body: Finish, shoe: Finish, other: Finish, rng: np.random.Generator) -> Model:
    """Build a rack with pairs of shoes."""
    depth, width, height = 0.3, 0.8, 0.5
    kit = Kit()
    for sy in (-1, 1):
        kit.add(body, block(depth, 0.025, height, 0.005), (0, sy * (width / 2 - 0.012), height / 2))
    for z in (0.08, 0.27, height - 0.012):
        kit.add(body, block(depth, width - 0.04, 0.022, 0.004), (0, 0, z))
    for z in (0.092, 0.282):
        for y in np.arange(-0.28, 0.3, 0.19):
            if rng.uniform() < 0.8:
                finish = shoe if rng.uniform() < 0.5 else other
                for dy in (-0.045, 0.045):
                    _shoe(kit, finish, (0.0, float(y) + dy, z))
    return kit.model("shoe rack", body, spots=[Spot(0, 0, height, depth * 0.8, width * 0.85)])


def _shoe(kit: Kit, finish: Finish, at: tuple[float, float, float]) -> None:
    outline = rounded_rectangle(0.25, 0.085, 0.04, 3)
    sole = slab(outline, 0, 0.06, 0.02)
    kit.add(finish, sole, at)
    kit.add(finish, cylinder(0.045, 0.035, 0.06, 8), (at[0] - 0.07, at[1], at[2] + 0.05))
