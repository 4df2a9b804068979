"""OBJ, STL, PLY, GLB and glTF files through trimesh, with every outside reference checked."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image
from trimesh.resolvers import Resolver
from trimesh.visual.material import PBRMaterial

from goat.errors import WorldError
from sim.worlds.image_files import TextureStore
from sim.worlds.limits import LoadConfig
from sim.worlds.mesh_tools import Corners, Surface, drop_degenerate, is_open, to_mesh, two_sided
from sim.worlds.safe_paths import SafeRoots, resolve_relative
from sim.worlds.world import Material

Z_UP_FROM_Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
"""Turns the glTF axes (y up) into z up."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A surface of a scene file where a node puts it."""

    node: str
    """Name of the node in the file."""
    surface: Surface
    """In the node's frame; shared by the nodes that show the same mesh."""
    scene_from_node: NDArray[np.float64]
    """(4, 4), metres, z up."""


class SafeResolver(Resolver):
    """Hands trimesh the files that a scene refers to, inside the world's folder only."""

    def __init__(self, path: Path, roots: SafeRoots, config: LoadConfig) -> None:
        """Serve references of the file at `path`."""
        self._path = path
        self._roots = roots
        self._config = config
        self.error: WorldError | None = None
        self.missing: list[str] = []

    def get(self, key: str) -> bytes:
        """Return the content of a referenced file.

        Raises:
            FileNotFoundError: It does not exist or may not be read; `error` tells the latter.
        """
        try:
            found = resolve_relative(key, self._path.parent, self._roots, self._path)
        except WorldError as error:
            self.error = error
            raise FileNotFoundError(key) from error
        if found is None or found.stat().st_size > self._config.max_file_bytes:
            self.missing.append(key)
            raise FileNotFoundError(key)
        return found.read_bytes()

    def write(self, name: str, data: Any) -> None:
        """Refuse: worlds are only read."""
        raise PermissionError(name)

    def namespaced(self, namespace: str) -> SafeResolver:
        """Return itself: references stay relative to the scene file."""
        return self

    def keys(self) -> Iterable[str]:
        """Return no names: references are looked up, not listed."""
        return ()


def read_scene(
    path: Path, roots: SafeRoots, config: LoadConfig, textures: TextureStore, warnings: list[str]
) -> list[Placed]:
    """Read a scene file.

    Args:
        path: A file that was found safe.
        roots: Folders that references may lead to.
        config: Limits.
        textures: Where images are kept.
        warnings: Receives one line for each missing file.

    Raises:
        ValueError: The file is damaged or of another kind.
        UnsafePathError: It refers to a file outside the world's folder.
    """
    resolver = SafeResolver(path, roots, config)
    kind = path.suffix.lower().removeprefix(".")
    try:
        scene = trimesh.load_scene(
            io.BytesIO(path.read_bytes()), file_type=kind, resolver=resolver, process=False
        )
    except Exception as error:
        if resolver.error is not None:
            raise resolver.error from error
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if resolver.error is not None:
        raise resolver.error
    name = f"{path.parent.parent.name}/{path.name}"
    warnings.extend(
        f"{name}: the file {missing!r} is missing" for missing in dict.fromkeys(resolver.missing)
    )
    return _place(scene, name, textures, y_up=kind in ("glb", "gltf"))


def _place(scene: trimesh.Scene, name: str, textures: TextureStore, y_up: bool) -> list[Placed]:
    surfaces = {
        key: _surface(geometry, f"{name}#{key}", textures, linear=y_up)
        for key, geometry in scene.geometry.items()
        if isinstance(geometry, trimesh.Trimesh)
    }
    to_z_up = Z_UP_FROM_Y_UP if y_up else np.eye(4)
    placed = []
    for node in scene.graph.nodes_geometry:
        matrix, key = scene.graph[node]
        surface = surfaces.get(key)
        if surface is not None:
            placed.append(Placed(_node_name(scene, node, str(key)), surface, to_z_up @ matrix))
    return sorted(placed, key=lambda item: item.node)


def _node_name(scene: trimesh.Scene, node: str, key: str) -> str:
    """Return the file's name of a node; of many primitives, each is a child that trimesh adds."""
    if not scene.geometry[key].metadata.get("from_gltf_primitive"):
        return str(node)
    return str(scene.graph.transforms.parents.get(node, node))


def bake(placed: Placed) -> Surface:
    """Return a surface moved to where its node puts it."""
    mesh = placed.surface.mesh
    corners = Corners(
        mesh.vertices.astype(np.float64),
        mesh.faces,
        None if mesh.normals is None else mesh.normals.astype(np.float64),
        None if mesh.normals is None else mesh.faces,
        mesh.uv,
        mesh.face_uv,
    )
    moved = to_mesh(corners.moved(placed.scene_from_node))
    return Surface(moved, placed.surface.material)


def _surface(
    geometry: trimesh.Trimesh, name: str, textures: TextureStore, linear: bool
) -> Surface | None:
    faces = np.asarray(geometry.faces)
    uv = getattr(geometry.visual, "uv", None)
    material = _material(geometry.visual, name, textures, linear)
    normals = geometry.vertex_normals if "vertex_normals" in geometry._cache else None
    corners = drop_degenerate(
        Corners(
            np.asarray(geometry.vertices, np.float64),
            faces,
            None if normals is None else np.asarray(normals, np.float64),
            None if normals is None else faces,
            None if uv is None else np.asarray(uv, np.float32)[:, :2],
            None if uv is None else faces,
        )
    )
    if corners is None:
        return None
    seen_from_behind = getattr(getattr(geometry.visual, "material", None), "doubleSided", False)
    if seen_from_behind and is_open(corners):
        corners = two_sided(corners)
    return Surface(to_mesh(corners), material)


def _material(visual: Any, name: str, textures: TextureStore, linear: bool) -> Material:
    """Return the material; `linear` tells that colour factors are linear light, as in glTF."""
    material = getattr(visual, "material", None)
    if material is None:
        colors = np.asarray(visual.main_color if visual.defined else (204, 204, 204, 255))
        return Material(name, _rgba(colors / 255.0, False))
    image = getattr(material, "baseColorTexture", None) or getattr(material, "image", None)
    color = getattr(material, "baseColorFactor", None)
    color = getattr(material, "diffuse", None) if color is None else color
    glow = getattr(material, "emissiveFactor", None)
    rough = getattr(material, "roughnessFactor", None)
    gloss = 0.3 if rough is None else 1.0 - float(np.clip(rough, 0.0, 1.0))
    factor = np.ones(4) if color is None else np.asarray(color, float) / 255.0
    rgba = _rgba(factor, linear)
    if isinstance(material, PBRMaterial) and material.alphaMode != "BLEND":
        rgba = (*rgba[:3], 1.0)
    return Material(
        name,
        rgba,
        textures.keep(image, name) if isinstance(image, Image.Image) else None,
        specular=0.3 * gloss,
        shininess=0.5 * gloss,
        emission=0.0 if glow is None else float(np.clip(np.mean(glow), 0.0, 1.0)),
    )


def _rgba(values: NDArray, linear: bool) -> tuple[float, float, float, float]:
    full = np.ones(4)
    full[: min(len(values), 4)] = np.clip(np.nan_to_num(values[:4], nan=1.0), 0.0, 1.0)
    if linear:
        low = full[:3] * 12.92
        full[:3] = np.where(full[:3] > 0.0031308, 1.055 * full[:3] ** (1 / 2.4) - 0.055, low)
    r, g, b, a = (round(float(v), 6) for v in full)
    return (r, g, b, a)
