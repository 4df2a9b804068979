"""Colours by name and a home's finishes, each made once and shared."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.worlds import textures
from sim.worlds.model import Finish
from sim.worlds.textures import Image
from sim.worlds.world import Material

Color = tuple[float, float, float]

COLORS: dict[str, tuple[Color, ...]] = {
    "red": ((0.78, 0.11, 0.10), (0.66, 0.08, 0.12)),
    "orange": ((0.96, 0.48, 0.10),),
    "yellow": ((0.97, 0.80, 0.20),),
    "green": ((0.22, 0.50, 0.25), (0.40, 0.60, 0.32)),
    "blue": ((0.15, 0.32, 0.68), (0.28, 0.52, 0.80)),
    "purple": ((0.45, 0.22, 0.60),),
    "pink": ((0.96, 0.60, 0.70),),
    "brown": ((0.40, 0.25, 0.14),),
    "black": ((0.08, 0.08, 0.09),),
    "white": ((0.95, 0.94, 0.92),),
    "gray": ((0.52, 0.53, 0.55), (0.40, 0.41, 0.43)),
    "beige": ((0.86, 0.77, 0.61),),
}
"""The names a person uses, each with one or more shades."""

WOODS: dict[str, tuple[str, Color]] = {
    "oak": ("brown", (0.66, 0.45, 0.26)),
    "walnut": ("brown", (0.36, 0.22, 0.13)),
    "cherry": ("brown", (0.50, 0.25, 0.14)),
    "birch": ("beige", (0.86, 0.74, 0.55)),
    "ebony": ("black", (0.11, 0.09, 0.08)),
    "white": ("white", (0.93, 0.92, 0.90)),
    "gray": ("gray", (0.55, 0.55, 0.54)),
}
"""Kinds of wood: the word for the colour and the colour."""

_DETAILS: dict[str, Callable[[np.random.Generator], Image]] = {
    "grain": textures.grain,
    "weave": textures.weave,
    "corduroy": textures.corduroy,
    "plush": textures.plush,
    "leather": textures.leather,
    "plaster": textures.plaster,
    "brushed": textures.brushed,
}


_HUES = (
    (15, "red"), (45, "orange"), (70, "yellow"), (170, "green"), (255, "blue"), (300, "purple"),
    (345, "pink"), (360, "red"),
)  # fmt: skip


def name_of(rgb: Sequence[float] | NDArray) -> str:
    """Return the word a person would use for a colour with channels in [0, 1]."""
    hue, strength, value = colorsys.rgb_to_hsv(*(float(c) for c in rgb))
    if value < 0.2:
        return "black"
    if strength < 0.12:
        return "white" if value > 0.75 else "gray"
    name = next(word for limit, word in _HUES if hue * 360 <= limit)
    return _toned(name, strength, value)


def _toned(name: str, strength: float, value: float) -> str:
    """Tell pale and dark versions of a hue apart: pink, brown, beige."""
    pale = value > 0.6 and strength < 0.6
    if name in ("red", "pink", "purple"):
        if name == "red" and strength <= 0.55:
            return "pink" if pale else "brown"
        return "pink" if name == "purple" and pale else name
    if name == "orange" and not (strength > 0.75 and value > 0.6):
        return "beige" if strength < 0.45 and value > 0.55 else "brown"
    return "beige" if name == "yellow" and strength < 0.5 else name


@cache
def detail(name: str) -> Image:
    """Return a near-white detail texture; the same in every home."""
    return _DETAILS[name](np.random.default_rng(len(name)))


class Palette:
    """Makes and shares the finishes of one home."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Start empty; `rng` picks shades and patterns."""
        self.rng = rng
        self._finishes: dict[str, Finish] = {}

    def pick(self, *names: str) -> str:
        """Return one of the names at random."""
        return str(self.rng.choice(names))

    def shade(self, color: str) -> Color:
        """Return a shade of a named colour."""
        shades = COLORS[color]
        return shades[int(self.rng.integers(len(shades)))]

    def _keep(self, key: str, make: Callable[[], Finish]) -> Finish:
        if key not in self._finishes:
            self._finishes[key] = make()
        return self._finishes[key]

    def _tinted(
        self,
        key: str,
        color: str,
        kind: str,
        rgb: Color,
        texture: str | None,
        tile: float,
        gloss: float,
    ) -> Finish:
        image = None if texture is None else detail(texture)
        material = Material(key, (*rgb, 1.0), image, specular=gloss, shininess=0.2 + 0.6 * gloss)
        return Finish(material, color, kind, tile)

    def wood(self, name: str) -> Finish:
        """Return a wood of `WOODS`."""
        color, rgb = WOODS[name]
        if name == "white":
            return self._keep(
                "wood_white",
                lambda: self._tinted("wood_white", color, "wood", rgb, "plaster", 0.9, 0.2),
            )
        return self._keep(
            f"wood_{name}",
            lambda: self._tinted(f"wood_{name}", color, "wood", rgb, "grain", 0.7, 0.15),
        )

    def fabric(self, color: str, texture: str = "weave") -> Finish:
        """Return cloth: "weave", "corduroy" or "plush"."""
        key = f"fabric_{color}_{texture}"
        tile = {"weave": 0.16, "corduroy": 0.2, "plush": 0.3}[texture]
        return self._keep(
            key, lambda: self._tinted(key, color, "fabric", self.shade(color), texture, tile, 0.02)
        )

    def leather(self, color: str) -> Finish:
        """Return leather."""
        key = f"leather_{color}"
        return self._keep(
            key,
            lambda: self._tinted(key, color, "leather", self.shade(color), "leather", 0.3, 0.35),
        )

    def plain(self, color: str, kind: str = "plastic", gloss: float = 0.25) -> Finish:
        """Return an even finish: lacquer, plastic, ceramic, paper."""
        key = f"{kind}_{color}_{gloss:g}"
        return self._keep(
            key, lambda: self._tinted(key, color, kind, COLORS[color][0], None, 1.0, gloss)
        )

    def metal(self, color: str = "gray") -> Finish:
        """Return metal: gray is brushed steel, yellow is brass."""
        rgb: Color = {"gray": (0.72, 0.73, 0.75), "yellow": (0.90, 0.77, 0.32)}.get(
            color, COLORS[color][0]
        )
        key = f"metal_{color}"
        return self._keep(key, lambda: self._tinted(key, color, "metal", rgb, "brushed", 0.3, 0.5))

    def glowing(self, name: str, rgb: Color, strength: float) -> Finish:
        """Return a finish that shines by itself."""
        key = f"glow_{name}_{strength:g}"
        return self._keep(
            key,
            lambda: Finish(Material(key, (*rgb, 1.0), emission=strength), "white", "glass", 1.0),
        )

    def painted(self, rgb: Color, key: str) -> Finish:
        """Return wall paint on plaster."""
        return self._keep(
            key, lambda: self._tinted(key, "white", "stone", rgb, "plaster", 1.1, 0.02)
        )

    def lampshade(self, color: str, glow: float) -> Finish:
        """Return cloth with a light behind it."""
        key = f"shade_{color}"
        material = Material(key, (*COLORS[color][0], 1.0), detail("weave"), 0.0, 0.1, glow)
        return self._keep(key, lambda: Finish(material, color, "fabric", 0.16))

    def known(self, key: str) -> Finish | None:
        """Return a finish made before under this key, if any."""
        return self._finishes.get(key)

    def glass(self, alpha: float = 0.18) -> Finish:
        """Return clear glass."""
        key = f"glass_{alpha:g}"
        material = Material(key, (0.75, 0.85, 0.9, alpha), specular=0.8, shininess=0.9)
        return self._keep(key, lambda: Finish(material, "white", "glass", 1.0))

    def image(
        self,
        key: str,
        make: Callable[[], Image],
        color: str,
        kind: str,
        tile: float | None = None,
        gloss: float = 0.05,
        emission: float = 0.0,
    ) -> Finish:
        """Return a finish with a picture of its own; `make` runs once per key."""
        return self._keep(
            key,
            lambda: Finish(
                Material(key, texture=make(), specular=gloss, emission=emission), color, kind, tile
            ),
        )

    def unique(self, image: Image, color: str, kind: str, tile: float | None = None) -> Finish:
        """Return a finish for a picture that occurs once."""
        return self.image(f"{kind}_print_{len(self._finishes)}", lambda: image, color, kind, tile)
