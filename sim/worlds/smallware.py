"""Small things that stand on furniture or lie on the floor."""

from __future__ import annotations

import numpy as np

from sim.worlds.meshes import (
    block,
    cushion,
    cylinder,
    ellipsoid,
    lathe,
    moved,
    panel,
    pose,
    slab,
    tube,
)
from sim.worlds.model import Finish, Kit, Model


def book_stack(covers: list[Finish], paper: Finish, rng: np.random.Generator) -> Model:
    """Build a small pile of books; the paper shows at one end only."""
    kit = Kit()
    z = 0.0
    for cover in covers:
        thick, yaw = float(rng.uniform(0.022, 0.042)), float(rng.uniform(-0.4, 0.4))
        deep, wide = float(rng.uniform(0.18, 0.24)), float(rng.uniform(0.13, 0.17))
        kit.add(cover, block(deep, wide, thick, 0.001), (0, 0, z + thick / 2), yaw=yaw)
        edge = panel(wide - 0.008, thick - 0.01)
        reach = deep / 2 + 0.0006
        at = (np.cos(yaw) * reach, np.sin(yaw) * reach, z + thick / 2)
        kit.add(paper, edge, at, yaw=yaw)
        kit.add(cover, panel(wide, deep), (0, 0, z + thick + 0.0006), yaw=yaw, pitch=-np.pi / 2)
        z += thick + 0.001
    style = "stack" if len(covers) > 1 else "single"
    return kit.model("book", covers[-1], style=style)


def vase(
    finish: Finish,
    stems: Finish | None,
    petals: Finish | None,
    rng: np.random.Generator,
    height: float = 0.26,
) -> Model:
    """Build a vase, with flowers where stems and petals are given."""
    kit = Kit()
    shapes = (
        [
            (0, 0),
            (0.35, 0),
            (0.5, 0.3),
            (0.45, 0.6),
            (0.2, 0.85),
            (0.26, 1),
            (0.2, 1),
            (0.16, 0.85),
        ],
        [(0, 0), (0.3, 0), (0.33, 0.1), (0.42, 0.8), (0.46, 1), (0.42, 1), (0.36, 0.7)],
        [
            (0, 0),
            (0.22, 0),
            (0.5, 0.2),
            (0.42, 0.45),
            (0.14, 0.6),
            (0.14, 0.95),
            (0.18, 1),
            (0.12, 0.98),
        ],
    )
    profile = [(r * height * 0.6, z * height) for r, z in shapes[rng.integers(3)]]
    kit.add(finish, lathe(profile, 18, sharp=(1,)))
    if stems is not None and petals is not None:
        for k in range(7):
            a, lean = k * 2.4, rng.uniform(0.02, 0.09)
            top = (np.cos(a) * lean, np.sin(a) * lean, height + rng.uniform(0.08, 0.2))
            kit.add(
                stems,
                tube([(0, 0, height * 0.8), (top[0] * 0.4, top[1] * 0.4, height), top], 0.003, 4),
            )
            kit.add(petals, ellipsoid(0.03, 0.03, 0.022, 6), top)
    return kit.model("vase", finish, style="with flowers" if petals is not None else "empty")


def cup(finish: Finish) -> Model:
    """Build a mug."""
    kit = Kit()
    kit.add(
        finish,
        lathe(
            [
                (0, 0.004),
                (0.036, 0),
                (0.04, 0.01),
                (0.042, 0.095),
                (0.038, 0.095),
                (0.035, 0.01),
                (0, 0.01),
            ],
            14,
            sharp=(3, 4),
        ),
    )
    angle = np.linspace(-np.pi / 2, np.pi / 2, 6)
    kit.add(
        finish,
        tube(
            np.column_stack(
                [np.zeros(6), 0.04 + 0.026 * np.cos(angle), 0.048 + 0.028 * np.sin(angle)]
            ),
            0.005,
            6,
        ),
    )
    return kit.model("cup", finish)


def bowl(finish: Finish, fruit: tuple[Finish, ...] = ()) -> Model:
    """Build a bowl, with fruit where given."""
    kit = Kit()
    kit.add(
        finish,
        lathe(
            [
                (0, 0.0),
                (0.055, 0),
                (0.06, 0.01),
                (0.12, 0.055),
                (0.145, 0.09),
                (0.139, 0.09),
                (0.11, 0.05),
                (0, 0.02),
            ],
            20,
            sharp=(4, 5),
        ),
    )
    for k, color in enumerate(fruit):
        a = k * 2.4
        r = 0.065 if k else 0.0
        kit.add(
            color,
            ellipsoid(0.04, 0.04, 0.037, 10),
            (np.cos(a) * r, np.sin(a) * r, 0.08 + 0.03 * (k == 0)),
        )
    return kit.model("bowl", finish, style="with fruit" if fruit else "empty")


def bottle(glass: Finish, label: Finish, cap: Finish) -> Model:
    """Build a bottle."""
    kit = Kit()
    kit.add(
        glass,
        lathe(
            [(0, 0), (0.036, 0), (0.038, 0.02), (0.038, 0.18), (0.014, 0.25), (0.014, 0.3)],
            14,
            sharp=(1,),
        ),
    )
    kit.add(label, lathe([(0.0385, 0.06), (0.0385, 0.15)], 14))
    kit.add(cap, cylinder(0.016, 0.016, 0.025, 10), (0, 0, 0.295))
    return kit.model("bottle", glass)


def plate(finish: Finish) -> Model:
    """Build a dinner plate."""
    kit = Kit()
    kit.add(
        finish,
        lathe(
            [(0.06, 0), (0.13, 0.016), (0.13, 0.02), (0.085, 0.008), (0, 0.007)], 20, sharp=(1, 2)
        ),
    )
    return kit.model("plate", finish)


def pillow(cover: Finish, side: float = 0.44) -> Model:
    """Build a throw pillow standing on edge and leaning back."""
    kit = Kit()
    kit.add(cover, cushion(0.09, side, side, 0.04, 0.05, 2), (0, 0, side / 2), pitch=-0.3)
    return kit.model("pillow", cover)


def teddy(fur: Finish, light: Finish, dark: Finish, size: float = 0.3) -> Model:
    """Build a sitting teddy bear about `size` m tall."""
    kit = Kit()
    s = size / 0.34
    kit.add(fur, ellipsoid(0.085 * s, 0.09 * s, 0.1 * s, 14), (0, 0, 0.1 * s))
    kit.add(light, ellipsoid(0.05 * s, 0.06 * s, 0.07 * s, 12), (0.045 * s, 0, 0.1 * s))
    kit.add(fur, ellipsoid(0.07 * s, 0.075 * s, 0.07 * s, 14), (0.01 * s, 0, 0.25 * s))
    kit.add(light, ellipsoid(0.03 * s, 0.035 * s, 0.027 * s, 10), (0.07 * s, 0, 0.235 * s))
    kit.add(dark, ellipsoid(0.012 * s, 0.014 * s, 0.01 * s, 8), (0.098 * s, 0, 0.245 * s))
    for sy in (-1, 1):
        kit.add(fur, ellipsoid(0.02 * s, 0.03 * s, 0.03 * s, 10), (0, sy * 0.058 * s, 0.31 * s))
        kit.add(
            dark,
            ellipsoid(0.008 * s, 0.008 * s, 0.008 * s, 6),
            (0.071 * s, sy * 0.026 * s, 0.27 * s),
        )
        kit.add(
            fur,
            ellipsoid(0.08 * s, 0.036 * s, 0.036 * s, 10),
            (0.1 * s, sy * 0.065 * s, 0.036 * s),
            yaw=sy * 0.25,
        )
        kit.add(
            light,
            ellipsoid(0.012 * s, 0.028 * s, 0.028 * s, 8),
            (0.168 * s, sy * 0.084 * s, 0.036 * s),
        )
        kit.add(
            fur,
            ellipsoid(0.032 * s, 0.032 * s, 0.07 * s, 10),
            (0.04 * s, sy * 0.1 * s, 0.13 * s),
            pitch=-0.6,
            roll=-sy * 0.4,
        )
    return kit.model("teddy bear", fur, color=fur.color, material="fabric")


def ball(skin: Finish, second: Finish, radius: float) -> Model:
    """Build a ball of two colours."""
    kit = Kit()
    angle = np.linspace(-np.pi / 2, np.pi / 2, 13)
    for k, (a, b) in enumerate(((0, 5), (5, 8), (8, 13))):
        part = [
            (radius * float(np.cos(t)), radius * float(np.sin(t)))
            for t in angle[a : min(b, 12) + 1]
        ]
        kit.add(second if k == 1 else skin, lathe(part, 20), (0, 0, radius), roll=0.5)
    return kit.model("ball", skin)


def backpack(cloth: Finish, trim: Finish) -> Model:
    """Build a backpack leaning on something behind it."""
    kit = Kit()
    lean = -0.18
    kit.add(cloth, cushion(0.17, 0.32, 0.44, 0.07, 0.02), (0, 0, 0.22), pitch=lean)
    kit.add(cloth, cushion(0.08, 0.26, 0.2, 0.035, 0.01), (0.12, 0, 0.13), pitch=lean)
    kit.add(trim, tube([(0.172, -0.1, 0.19), (0.172, 0.1, 0.19)], 0.005, 5))
    kit.add(
        trim,
        tube(
            [(0.03, -0.14, 0.36), (0.07, -0.06, 0.41), (0.07, 0.06, 0.41), (0.03, 0.14, 0.36)],
            0.005,
            5,
        ),
    )
    kit.add(
        trim,
        tube(
            [(-0.05, -0.03, 0.43), (-0.05, -0.02, 0.48), (-0.05, 0.02, 0.48), (-0.05, 0.03, 0.43)],
            0.008,
            6,
        ),
    )
    for sy in (-1, 1):
        kit.add(
            trim,
            tube(
                [
                    (-0.1, sy * 0.08, 0.4),
                    (-0.15, sy * 0.1, 0.3),
                    (-0.14, sy * 0.12, 0.14),
                    (-0.07, sy * 0.13, 0.05),
                ],
                0.014,
                6,
            ),
        )
    return kit.model("backpack", cloth)


def suitcase(shell: Finish, dark: Finish, metal: Finish) -> Model:
    """Build a ribbed trolley case."""
    kit = Kit()
    kit.add(shell, cushion(0.26, 0.42, 0.6, 0.05), (0, 0, 0.35))
    for y in np.linspace(-0.14, 0.14, 5):
        kit.add(shell, block(0.275, 0.02, 0.5, 0.008), (0, float(y), 0.35))
    kit.add(
        dark,
        tube(
            [(-0.08, -0.08, 0.64), (-0.08, -0.07, 0.69), (-0.08, 0.07, 0.69), (-0.08, 0.08, 0.64)],
            0.012,
            6,
        ),
    )
    for sx in (-1, 1):
        for sy in (-1, 1):
            kit.add(
                dark,
                cylinder(0.025, 0.025, 0.03, 10),
                (sx * 0.09, sy * 0.17 + 0.015, 0.026),
                roll=np.pi / 2,
            )
    return kit.model("suitcase", shell)


def basket(weave: Finish, cloth: Finish) -> Model:
    """Build a low basket with a blanket in it."""
    kit = Kit()
    kit.add(
        weave,
        lathe(
            [
                (0, 0),
                (0.18, 0),
                (0.22, 0.12),
                (0.22, 0.26),
                (0.235, 0.27),
                (0.22, 0.28),
                (0.2, 0.2),
            ],
            20,
            sharp=(1,),
        ),
    )
    kit.add(cloth, ellipsoid(0.19, 0.18, 0.09, 14), (0, 0, 0.23))
    return kit.model("basket", weave)


def guitar(body: Finish, dark: Finish, neck: Finish) -> Model:
    """Build an acoustic guitar on a stand, leaning back."""
    kit = Kit()
    t = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    high = -np.cos(t) * 0.24
    half = np.interp(
        high,
        [-0.24, -0.16, -0.02, 0.05, 0.15, 0.21, 0.24],
        [0.06, 0.19, 0.155, 0.12, 0.145, 0.1, 0.03],
    )
    outline = np.column_stack(
        [half * np.sign(np.sin(t)) * np.minimum(np.abs(np.sin(t)) * 3, 1), high]
    )
    lean = pose((0, 0, 0.1), pitch=-0.2)
    shell = moved(
        slab(outline[:, ::-1] * [1, 1], -0.05, 0.05, 0.008), pose((0, 0, 0.24), pitch=np.pi / 2)
    )
    kit.add(body, moved(shell, lean))
    kit.add(
        dark,
        moved(moved(cylinder(0.05, 0.05, 0.004, 16), pose((0.05, 0, 0.3), pitch=np.pi / 2)), lean),
    )
    kit.add(dark, moved(block(0.015, 0.14, 0.02, 0.004), lean @ pose((0.055, 0, 0.14))))
    kit.add(neck, moved(block(0.025, 0.055, 0.46, 0.008), lean @ pose((0.045, 0, 0.66))))
    kit.add(dark, moved(block(0.02, 0.08, 0.16, 0.006), lean @ pose((0.04, 0, 0.95))))
    for sy in (-1, 1):
        kit.add(
            dark,
            tube([(0.12, sy * 0.12, 0.0), (-0.02, sy * 0.1, 0.14), (-0.16, sy * 0.06, 0)], 0.01, 6),
        )
    return kit.model("guitar", body)
