"""Building blocks of furniture: a finish, a model made of parts, and its placing in the world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.worlds.meshes import merged, moved, pose, scaled_uv
from sim.worlds.world import Material, Mesh, Part, WorldObject


@dataclass(frozen=True, slots=True, eq=False)
class Finish:
    """A material together with the words for it and the scale of its texture."""

    material: Material
    """May be shared between models."""
    color: str
    """What a person would call its colour."""
    kind: str
    """What it is made of ("wood")."""
    tile: float | None = None
    """Metres per repeat of the texture; None keeps texture coordinates as they are."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A flat place on a model where small things can stand."""

    x: float
    y: float
    """Middle in the model's frame, m."""
    z: float
    """Height, m."""
    depth: float
    """Extent along x, m."""
    width: float
    """Extent along y, m."""
    headroom: float = 2.0
    """Free height above, m."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """All of a model that shares one material."""

    mesh: Mesh
    material: Material
    collides: bool


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A thing to be placed many times. Frame: on the floor, middle of its footprint, front +x."""

    category: str | None
    """None for what belongs to the house (tiles behind a worktop)."""
    pieces: tuple[Piece, ...]
    size: tuple[float, float, float]
    """Depth (x), width (y), height (z), m."""
    attributes: Mapping[str, str]
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A model put somewhere."""

    model: Model
    x: float
    y: float
    z: float = 0.0
    yaw: float = 0.0
    ghost: bool = False
    """Takes no floor space (rugs, pictures, things on furniture)."""

    def moved(self, x: float, y: float, yaw: float) -> Placed:
        """Return this thing seen from a frame in which its own frame sits at x, y, yaw."""
        c, s = np.cos(yaw), np.sin(yaw)
        px, py = x + c * self.x - s * self.y, y + s * self.x + c * self.y
        return Placed(self.model, float(px), float(py), self.z, self.yaw + yaw, self.ghost)

    def object(self, name: str) -> WorldObject:
        """Return it as an object of the world."""
        matrix = pose((self.x, self.y, self.z), yaw=self.yaw)
        parts = tuple(
            Part(piece.mesh, piece.material, matrix, collides=piece.collides)
            for piece in self.model.pieces
        )
        return WorldObject(name, self.model.category, parts, dict(self.model.attributes))


@dataclass(slots=True)
class Kit:
    """Collects shapes by finish and turns them into a model."""

    shapes: dict[tuple[int, bool], list[Mesh]] = field(default_factory=lambda: defaultdict(list))
    finishes: dict[int, Finish] = field(default_factory=dict)

    def add(
        self,
        finish: Finish,
        mesh: Mesh,
        at: Sequence[float] | NDArray = (0, 0, 0),
        *,
        yaw: float = 0.0,
        pitch: float = 0.0,
        roll: float = 0.0,
        collides: bool = True,
    ) -> None:
        """Add a shape, rolled, pitched, yawed and moved to `at`."""
        if finish.tile is not None:
            mesh = scaled_uv(mesh, 1.0 / finish.tile)
        key = (id(finish.material), collides)
        self.finishes[id(finish.material)] = finish
        self.shapes[key].append(moved(mesh, pose(at, yaw, pitch, roll)))

    def pieces(self) -> tuple[Piece, ...]:
        """Return one piece per material."""
        return tuple(
            Piece(merged(meshes), self.finishes[finish].material, collides)
            for (finish, collides), meshes in self.shapes.items()
        )

    def model(
        self, category: str | None, main: Finish, *, spots: Sequence[Spot] = (), **attributes: str
    ) -> Model:
        """Build the model, centred over its footprint.

        Args:
            category: What a person calls it.
            main: The finish that gives it its colour and material.
            spots: Where small things can stand, in the frame the shapes were added in.
            **attributes: Further words about it ("style", "size", or a better "color").
        """
        pieces = self.pieces()
        corners = np.concatenate([piece.mesh.vertices for piece in pieces])
        low, high = corners.min(axis=0), corners.max(axis=0)
        shift = np.array([-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, 0.0])
        matrix = pose(shift)
        pieces = tuple(Piece(moved(p.mesh, matrix), p.material, p.collides) for p in pieces)
        spots = tuple(
            Spot(s.x + shift[0], s.y + shift[1], s.z, s.depth, s.width, s.headroom) for s in spots
        )
        size = (float(high[0] - low[0]), float(high[1] - low[1]), float(high[2]))
        words = {"color": main.color, "material": main.kind, **attributes}
        return Model(category, pieces, size, words, spots)
