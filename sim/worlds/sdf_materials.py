"""SDF <material> elements on top of the materials that meshes bring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from sim.worlds.sdf_xml import color, number, text_of
from sim.worlds.world import Material

_RGBA = tuple[float, float, float, float]
SCRIPT_COLORS: dict[str, tuple[float, float, float]] = {
    "white": (1.0, 1.0, 1.0),
    "black": (0.05, 0.05, 0.05),
    "grey": (0.7, 0.7, 0.7),
    "gray": (0.7, 0.7, 0.7),
    "darkgrey": (0.175, 0.175, 0.175),
    "darkgray": (0.175, 0.175, 0.175),
    "lightgrey": (0.85, 0.85, 0.85),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
    "skyblue": (0.13, 0.44, 0.70),
    "yellow": (1.0, 1.0, 0.0),
    "darkyellow": (0.7, 0.7, 0.0),
    "orange": (1.0, 0.51, 0.07),
    "darkorange": (0.7, 0.35, 0.05),
    "purple": (1.0, 0.0, 1.0),
    "darkmagenta": (0.5, 0.0, 0.5),
    "turquoise": (0.0, 1.0, 1.0),
    "indigo": (0.33, 0.0, 0.5),
    "gold": (0.8, 0.64, 0.15),
    "wood": (0.60, 0.42, 0.25),
    "woodfloor": (0.60, 0.42, 0.25),
    "woodpallet": (0.70, 0.55, 0.36),
    "bricks": (0.62, 0.35, 0.27),
    "road": (0.30, 0.30, 0.32),
    "residential": (0.30, 0.30, 0.32),
    "grass": (0.33, 0.49, 0.23),
    "ceilingtiled": (0.90, 0.90, 0.88),
    "paintedwall": (0.85, 0.82, 0.74),
    "cardboardbox": (0.70, 0.55, 0.38),
    "chrome": (0.75, 0.76, 0.78),
}
"""Plain colours of Gazebo's material scripts, by lower-case name without prefix."""
_SUFFIXES = ("transparent", "glow", "bright", "laser")
_DEFAULT: _RGBA = (0.7, 0.7, 0.7, 1.0)


def script_color(name: str) -> _RGBA | None:
    """Return the plain colour of a material script ("Gazebo/RedTransparent"), None if unknown."""
    key = name.rsplit("/", maxsplit=1)[-1].replace("_", "").replace(" ", "").lower()
    alpha = 0.5 if key.endswith("transparent") else 1.0
    for suffix in _SUFFIXES:
        key = key.removesuffix(suffix)
    rgb = SCRIPT_COLORS.get(key)
    return None if rgb is None else (*rgb, alpha)


class MaterialMaker:
    """Applies <material> and <transparency> of visuals; equal results are shared."""

    def __init__(
        self, texture: Callable[[str, Path], NDArray[np.uint8] | None], warnings: list[str]
    ) -> None:
        """Start empty.

        Args:
            texture: Returns the image that a reference in a file stands for, or None.
            warnings: Receives one line for each unknown material script.
        """
        self._texture = texture
        self._warnings = warnings
        self._made: dict[tuple, Material] = {}
        self._unknown: set[str] = set()

    def apply(self, base: Material | None, visual: Element, source: Path) -> Material:
        """Return the material of a visual.

        Args:
            base: What the mesh brings; None for simple shapes.
            visual: The <visual>.
            source: The file, for messages and textures.
        """
        opacity = float(np.clip(1.0 - number(visual, "transparency", 0.0, source), 0.0, 1.0))
        element = visual.find("material")
        rgba, glow, image = (None, 0.0, None)
        if element is not None:
            rgba = self._color(element, source)
            emissive = color(element, "emissive", source)
            glow = float(np.mean(emissive[:3])) if emissive else 0.0
            image = text_of(element, "pbr/metal/albedo_map")
        if base is not None and rgba is None and opacity == 1.0 and glow == 0.0 and image is None:
            return base
        key = (id(base), rgba, opacity, glow, image, source if image else None)
        if key not in self._made:
            self._made[key] = self._make(base, rgba or None, opacity, glow, image, source)
        return self._made[key]

    def _make(
        self,
        base: Material | None,
        rgba: _RGBA | None,
        opacity: float,
        glow: float,
        image: str | None,
        source: Path,
    ) -> Material:
        start = base or Material("plain", _DEFAULT)
        r, g, b, a = rgba or start.rgba
        texture = self._texture(image, source) if image else start.texture
        return replace(
            start,
            name=f"{start.name}~{len(self._made)}",
            rgba=(r, g, b, a * opacity),
            texture=texture,
            emission=max(start.emission, glow),
        )

    def _color(self, element: Element, source: Path) -> _RGBA | None:
        script = text_of(element, "script/name")
        if script is not None:
            rgba = script_color(script)
            if rgba is not None:
                return rgba
            if script not in self._unknown:
                self._unknown.add(script)
                self._warnings.append(
                    f"{source.parent.name}: the material script {script!r} is unknown; "
                    "the <diffuse> colour or grey is used"
                )
        return color(element, "diffuse", source) or color(element, "ambient", source)
