"""A world as plain data: what every loader produces and the simulator compiles.

Frame: `world`, REP-103 (z up, floor at z = 0 unless `floor` says otherwise), metres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Triangles, counter-clockwise seen from outside."""

    vertices: NDArray[np.float32]
    """(V, 3) metres in the part's frame."""
    faces: NDArray[np.int32]
    """(F, 3) vertex indices."""
    uv: NDArray[np.float32] | None = None
    """(T, 2) texture coordinates, v = 0 at the image's bottom row; repeats outside [0, 1]."""
    face_uv: NDArray[np.int32] | None = None
    """(F, 3) indices into `uv`; None with `uv` set means `faces` index both."""
    normals: NDArray[np.float32] | None = None
    """(V, 3) unit vertex normals; None lets the simulator compute them."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """How a surface looks."""

    name: str
    """Unique in the world."""
    rgba: tuple[float, float, float, float] = (0.8, 0.8, 0.8, 1.0)
    """Colour in [0, 1]; multiplies the texture. Alpha below 1 is see-through (glass)."""
    texture: NDArray[np.uint8] | None = None
    """(h, w, 3) image, row 0 at the top."""
    specular: float = 0.2
    """Strength of highlights in [0, 1]."""
    shininess: float = 0.3
    """Sharpness of highlights in [0, 1]."""
    emission: float = 0.0
    """Own light in [0, 1] (lamps, screens)."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One mesh with one material, placed in the world."""

    mesh: Mesh
    """May be shared between parts."""
    material: Material
    """May be shared between parts."""
    world_from_part: NDArray[np.float64]
    """(4, 4) rigid or scaled affine pose."""
    visible: bool = True
    """Rendered."""
    collides: bool = True
    """Stops the robot."""


@dataclass(frozen=True, slots=True, eq=False)
class WorldObject:
    """A thing with a name; its parts move and count as one."""

    name: str
    """Unique in the world, for example "chair_03"."""
    category: str | None
    """What a person calls it, lower case ("coffee table"); None for structure (walls, floor)."""
    parts: tuple[Part, ...]
    """At least one."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Ground truth for describing it: "color" ("blue"), "material" ("wood"), "style"..."""


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A named part of the floor."""

    name: str
    """Room type, lower case ("living room")."""
    polygon: NDArray[np.float64]
    """(N, 2) corners in order, m."""


@dataclass(frozen=True, slots=True)
class Light:
    """A light of the fixed pipeline."""

    position: tuple[float, float, float]
    """m; only the direction matters for a directional light."""
    direction: tuple[float, float, float] = (0.0, 0.0, -1.0)
    """Where it shines."""
    directional: bool = False
    """Parallel rays (the sun)."""
    diffuse: tuple[float, float, float] = (0.6, 0.6, 0.6)
    """Colour times strength."""
    ambient: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Added everywhere."""
    specular: tuple[float, float, float] = (0.1, 0.1, 0.1)
    """Colour of highlights."""
    attenuation: tuple[float, float, float] = (1.0, 0.0, 0.0)
    """Constant, linear and quadratic falloff with distance."""
    cutoff: float = 180.0
    """Half-angle of the cone in degrees; 180 shines everywhere."""


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A place for the robot."""

    name: str
    """For reports ("small_house", "generated:7")."""
    objects: tuple[WorldObject, ...]
    """Everything in it, structure included."""
    rooms: tuple[Room, ...] = ()
    """Where known."""
    lights: tuple[Light, ...] = ()
    """At most 8 besides the camera's own headlight."""
    headlight: tuple[float, float, float] = (0.4, 0.4, 0.4)
    """Ambient light everywhere."""
    sky: tuple[float, float, float] = (0.7, 0.8, 0.9)
    """Colour where nothing is drawn."""
    floor: float = 0.0
    """Height of the floor the robot drives on, m."""
    start: tuple[float, float, float] | None = None
    """Suggested start (x, y, yaw), m and radians; None lets the simulator choose."""
    warnings: tuple[str, ...] = ()
    """What was missing or repaired while loading (a texture, a mesh), one line each."""
