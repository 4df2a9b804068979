"""Soft dark patches under furniture, which a renderer without shadows leaves floating."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sim.worlds.meshes import merged, moved, polygon, pose, rounded_rectangle
from sim.worlds.model import Placed
from sim.worlds.world import Material, Mesh, Part, WorldObject

_LAYERS = tuple((0.14 - 0.02 * k, 0.0120 + 0.0002 * k) for k in range(8))
"""How far each patch reaches beyond the footprint, and its height, m: just above a rug."""
_AIRY = ("dining table", "coffee table", "desk", "chair", "stool", "bench", "coat stand")


def shadow_object(name: str, placed: Iterable[Placed]) -> WorldObject | None:
    """Return the shadows of all things that stand on the floor, or None if nothing does."""
    dense, airy = [], []
    for item in placed:
        if not item.ghost and item.z == 0.0:
            (airy if item.model.category in _AIRY else dense).extend(_patches(item))
    parts = tuple(
        Part(
            merged(meshes),
            Material(f"{name}_{kind}", (0.03, 0.02, 0.02, alpha), specular=0.0),
            np.eye(4),
            collides=False,
        )
        for kind, alpha, meshes in (("dense", 0.065, dense), ("airy", 0.035, airy))
        if meshes
    )
    return WorldObject(name, None, parts) if parts else None


def _patches(item: Placed) -> list[Mesh]:
    depth, width, _ = item.model.size
    if item.model.category == "potted plant":  # leaves reach far beyond the pot
        depth, width = 0.5 * depth, 0.5 * width
    matrix = pose((item.x, item.y, 0.0), yaw=item.yaw)
    out = []
    for grow, z in _LAYERS:
        outline = rounded_rectangle(depth + 2 * grow, width + 2 * grow, 0.06 + grow, 1)
        ring = np.column_stack([outline, np.full(len(outline), z)])
        out.append(moved(polygon(ring), matrix))
    return out
