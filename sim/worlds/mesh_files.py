"""Mesh files of any supported kind, read once and shared."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from goat.errors import WorldError
from sim.worlds.collada_file import check_xml_head, read_collada
from sim.worlds.image_files import TextureStore
from sim.worlds.limits import LoadConfig
from sim.worlds.mesh_tools import Surface
from sim.worlds.safe_paths import SafeRoots

MESH_SUFFIXES = (".dae", ".obj", ".stl", ".glb", ".gltf", ".ply", ".off")
"""What can be read, lower case."""


class MeshLibrary:
    """Reads mesh files, each once."""

    def __init__(self, roots: SafeRoots, config: LoadConfig, warnings: list[str]) -> None:
        """Start empty.

        Args:
            roots: Folders that may be read.
            config: Limits.
            warnings: Receives one line for each file that is missing or damaged.
        """
        self.textures = TextureStore(roots, config, warnings)
        self._roots = roots
        self._config = config
        self._warnings = warnings
        self._files: dict[tuple[Path, str | None], tuple[Surface, ...]] = {}

    def load(self, path: Path, part: str | None = None) -> tuple[Surface, ...]:
        """Return the surfaces of a file that was found safe; none, with a warning, if unusable.

        Args:
            path: The file.
            part: Name of the geometry (COLLADA) or node that is wanted; None means all.

        Raises:
            WorldError: The file is larger than allowed or holds an XML bomb.
            UnsafePathError: It refers to a file outside the world's folder.
        """
        if (path, part) not in self._files:
            self._files[path, part] = self._read(path, part)
        return self._files[path, part]

    def _read(self, path: Path, part: str | None) -> tuple[Surface, ...]:
        name = f"{path.parent.parent.name}/{path.name}"
        if path.suffix.lower() not in MESH_SUFFIXES:
            known = ", ".join(MESH_SUFFIXES)
            self._warnings.append(f"{name}: left out; meshes that can be read end in {known}")
            return ()
        check_size(path, self._config.max_file_bytes)
        try:
            surfaces = self._parse(path, name, part)
        except ValueError as error:
            self._warnings.append(f"{name}: left out; the mesh cannot be read: {error}")
            return ()
        if not surfaces:
            what = "the mesh holds no triangles" if part is None else f"no submesh {part!r}"
            self._warnings.append(f"{name}: left out; {what}")
        return surfaces

    def _parse(self, path: Path, name: str, part: str | None) -> tuple[Surface, ...]:
        if path.suffix.lower() == ".dae":
            data = path.read_bytes()
            check_xml_head(data, name)
            look_up = partial(self.textures.find, source=path)
            return tuple(
                read_collada(data, name if part is None else f"{name}:{part}", look_up, part)
            )
        from sim.worlds.scene_files import bake, read_scene  # trimesh is slow to import

        placed = read_scene(path, self._roots, self._config, self.textures, self._warnings)
        return tuple(bake(item) for item in placed if part in (None, item.node))


def check_size(path: Path, limit: int) -> None:
    """Refuse a file of more than `limit` bytes.

    Raises:
        WorldError: It is too large, or not a file.
    """
    if not path.is_file():
        raise WorldError(f"{path} is not a file; name an existing one")
    size = path.stat().st_size
    if size > limit:
        raise WorldError(
            f"{path} has {size} bytes and at most {limit} are read; make it smaller or raise "
            "the limit in LoadConfig"
        )
