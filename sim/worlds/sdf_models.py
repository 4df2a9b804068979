"""Models of SDF files: includes, links, visuals and collisions gathered as parts in the world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from goat.errors import WorldError
from sim.worlds.limits import LoadConfig
from sim.worlds.mesh_files import MeshLibrary
from sim.worlds.mesh_tools import Surface
from sim.worlds.safe_paths import SafeRoots, resolve_model_uri, resolve_relative
from sim.worlds.sdf_materials import MaterialMaker
from sim.worlds.sdf_shapes import SHAPES, shape_of
from sim.worlds.sdf_xml import Frames, numbers, parse_xml, pose_matrix, text_of
from sim.worlds.world import Material, Mesh, Part

_COLLISION_MATERIAL = Material("collision", (0.5, 0.5, 0.5, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class ModelParts:
    """A model of the world before it gets a category."""

    name: str
    """Name of the instance ("ChairA_01_001")."""
    model: str
    """Name of the model folder, or of the inline model ("aws_..._ChairA_01")."""
    visuals: tuple[Part, ...] = field(default=())
    """What is seen."""
    collisions: tuple[Part, ...] = field(default=())
    """What the robot bumps into; may be empty."""


class ModelReader:
    """Reads <model> and <include> elements of a world and of the files they name."""

    def __init__(
        self, folders: Sequence[Path], roots: SafeRoots, config: LoadConfig, warnings: list[str]
    ) -> None:
        """Start with nothing read.

        Args:
            folders: Where `model://` looks, in order.
            roots: Folders that may be read.
            config: Limits.
            warnings: Receives one line for each thing that is missing or not understood.
        """
        self._folders = tuple(folders)
        self._roots = roots
        self._config = config
        self._warnings = warnings
        self._library = MeshLibrary(roots, config, warnings)
        self._materials = MaterialMaker(self._library.textures.find, warnings)
        self._documents: dict[Path, Element] = {}
        self._shapes: dict[tuple, Mesh] = {}
        self._seen: set[str] = set()
        self._models = 0
        self._triangles = 0

    def models_in(
        self, scope: Element, world_from_scope: NDArray[np.float64], source: Path, depth: int = 0
    ) -> Iterator[ModelParts]:
        """Yield the models among the children of a <world> or <model>.

        Args:
            scope: The element.
            world_from_scope: (4, 4).
            source: File that holds it.
            depth: How many models enclose it.
        """
        frames = Frames(scope, source, self._warnings)
        for child in scope:
            if child.tag == "model":
                pose = world_from_scope @ frames.pose(child)
                yield from self._model(child, child.get("name"), pose, source, depth)
            elif child.tag == "include":
                yield from self._include(child, world_from_scope, frames, source, depth)

    def _include(
        self,
        include: Element,
        world_from_scope: NDArray[np.float64],
        frames: Frames,
        source: Path,
        depth: int,
    ) -> Iterator[ModelParts]:
        uri = text_of(include, "uri")
        path = self._model_file(uri, source) if uri else None
        if path is None:
            self._warn(f"{source.name}: the included model {uri!r} was not found; it is left out")
            return
        model = self._document(path).find("model")
        if model is None:
            self._warn(f"{source.name}: {uri!r} holds no <model>; it is left out")
            return
        has_pose = include.find("pose") is not None
        own = np.eye(4) if has_pose else pose_matrix(model.find("pose"), path)
        pose = world_from_scope @ frames.pose(include) @ own
        name = text_of(include, "name") or model.get("name")
        for parts in self._model(model, name, pose, path, depth):
            yield replace(parts, model=path.parent.name) if parts.name == name else parts

    def _model(
        self,
        model: Element,
        name: str | None,
        world_from_model: NDArray[np.float64],
        source: Path,
        depth: int,
    ) -> Iterator[ModelParts]:
        """Yield a model as one thing; one that only holds other models yields those."""
        self._count_model(source, depth)
        name = (name or "unnamed").strip()
        frames = Frames(model, source, self._warnings)
        visuals: list[Part] = []
        collisions: list[Part] = []
        for link in model.iterfind("link"):
            world_from_link = world_from_model @ frames.pose(link)
            for visual in link.iterfind("visual"):
                pose = world_from_link @ frames.pose_in(link, visual)
                visuals += self._visual(visual, pose, source)
            for collision in link.iterfind("collision"):
                pose = world_from_link @ frames.pose_in(link, collision)
                collisions += self._collision(collision, pose, source)
        nested = list(self.models_in(model, world_from_model, source, depth + 1))
        if not visuals and len(nested) > 1:
            yield from (replace(inner, name=f"{name}::{inner.name}") for inner in nested)
            return
        kind = nested[0].model if nested and not visuals else name
        for inner in nested:
            visuals += inner.visuals
            collisions += inner.collisions
        if visuals or collisions:
            yield ModelParts(name, kind, tuple(visuals), tuple(collisions))

    def _visual(self, visual: Element, pose: NDArray[np.float64], source: Path) -> list[Part]:
        return [
            Part(
                surface.mesh,
                self._materials.apply(material, visual, source),
                pose @ scale,
                collides=False,
            )
            for surface, material, scale in self._geometry(visual, source)
        ]

    def _collision(self, element: Element, pose: NDArray[np.float64], source: Path) -> list[Part]:
        return [
            Part(surface.mesh, _COLLISION_MATERIAL, pose @ scale, visible=False)
            for surface, _, scale in self._geometry(element, source)
        ]

    def _geometry(
        self, holder: Element, source: Path
    ) -> list[tuple[Surface, Material | None, NDArray[np.float64]]]:
        """Return surfaces with their material (None for shapes) and scale (4, 4)."""
        found = []
        geometry = holder.find("geometry")
        for child in geometry if geometry is not None else ():
            if child.tag == "mesh":
                scale = _scale(child, source)
                found += [(s, s.material, scale) for s in self._mesh(child, source)]
            elif child.tag in SHAPES:
                shape = Surface(self._shape(child, source), _COLLISION_MATERIAL)
                found.append((shape, None, np.eye(4)))
            elif child.tag != "empty":
                self._warn(f"{source.parent.name}: <{child.tag}> geometry is not read")
        self._count_triangles(sum(len(surface.mesh.faces) for surface, _, _ in found), source)
        return found

    def _mesh(self, element: Element, source: Path) -> list[Surface]:
        uri = text_of(element, "uri")
        path = self._find(uri, source) if uri else None
        if path is None or not path.is_file():
            self._warn(f"{source.parent.name}: the mesh {uri!r} is missing; it is left out")
            return []
        return list(self._library.load(path, text_of(element, "submesh/name")))

    def _shape(self, element: Element, source: Path) -> Mesh:
        key = (element.tag, *((child.tag, child.text) for child in element))
        if key not in self._shapes:
            self._shapes[key] = shape_of(element, source)
        return self._shapes[key]

    def _model_file(self, uri: str, source: Path) -> Path | None:
        path = self._find(uri, source)
        if path is None or path.is_file():
            return path
        config = path / "model.config"
        name = self._sdf_name(config) if config.is_file() else "model.sdf"
        return resolve_relative(name, path, self._roots, config)

    def _sdf_name(self, config: Path) -> str:
        """Return the file that model.config names for the newest SDF version."""
        entries = [
            (_version(entry.get("version")), (entry.text or "").strip())
            for entry in parse_xml(config, self._config.max_xml_bytes).iterfind("sdf")
        ]
        names = [name for _, name in sorted(entries) if name]
        return names[-1] if names else "model.sdf"

    def _find(self, uri: str, source: Path) -> Path | None:
        """Return the existing file or folder that a URI in `source` stands for."""
        scheme, separator, rest = uri.partition("://")
        if not separator:
            return resolve_relative(uri, source.parent, self._roots, source)
        if scheme in ("model", "package"):
            return resolve_model_uri(rest, self._folders, self._roots, source)
        if scheme == "file":
            bases = (source.parent, *self._roots.roots)
            found = (resolve_relative(rest, base, self._roots, source) for base in bases)
            return next((path for path in found if path is not None), None)
        self._warn(f"{source.name}: nothing is fetched from {uri!r}; download it beside the world")
        return None

    def _document(self, path: Path) -> Element:
        if path not in self._documents:
            self._documents[path] = parse_xml(path, self._config.max_xml_bytes)
        return self._documents[path]

    def _warn(self, line: str) -> None:
        if line not in self._seen:
            self._seen.add(line)
            self._warnings.append(line)

    def _count_model(self, source: Path, depth: int) -> None:
        self._models += 1
        if depth > self._config.max_depth:
            raise WorldError(
                f"{source}: models are nested more than {self._config.max_depth} deep; "
                "a model may include itself"
            )
        if self._models > self._config.max_models:
            raise WorldError(
                f"{source}: the world has more than {self._config.max_models} models; "
                "split it or raise max_models in LoadConfig"
            )

    def _count_triangles(self, count: int, source: Path) -> None:
        self._triangles += count
        if self._triangles > self._config.max_triangles:
            raise WorldError(
                f"{source}: the world has more than {self._config.max_triangles} triangles; "
                "simplify its meshes or raise max_triangles in LoadConfig"
            )


def _scale(mesh: Element, source: Path) -> NDArray[np.float64]:
    element = mesh.find("scale")
    matrix = np.eye(4)
    if element is not None:
        values = numbers(element, (1, 3), source)
        if 0.0 in values:
            raise WorldError(f"{source}: <scale> must not be zero, got {element.text!r}")
        matrix[:3, :3] *= np.asarray(values)
    return matrix


def _version(text: str | None) -> tuple[int, ...]:
    words = (text or "0").split(".")
    return tuple(int(word) if word.isdigit() else 0 for word in words)
