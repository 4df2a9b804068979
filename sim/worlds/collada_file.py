"""COLLADA meshes: units, up axis, node transforms and materials made plain."""

from __future__ import annotations

import io
import warnings as python_warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import collada
import numpy as np
from collada.common import DaeError
from collada.polylist import Polylist
from collada.triangleset import TriangleSet
from defusedxml import ElementTree as SafeElementTree
from defusedxml.common import DefusedXmlException
from numpy.typing import NDArray

from goat.errors import GoatError, WorldError
from sim.worlds.mesh_tools import Corners, Surface, drop_degenerate, merge, to_mesh
from sim.worlds.world import Material

_UP = {
    "Z_UP": np.eye(3),
    "Y_UP": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "X_UP": np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]),
}
"""Rotation from the file's axes to z up, by the file's up axis."""
_MIN_ALPHA = 0.02
"""Exporters write a transparency of zero for opaque surfaces in both of its conventions."""

TextureFinder = Callable[[str], NDArray[np.uint8] | None]


def read_collada(
    data: bytes, name: str, texture: TextureFinder, geometry: str | None = None
) -> list[Surface]:
    """Read the surfaces of a COLLADA file.

    Args:
        data: The file's content.
        name: What to call its materials.
        texture: Returns the image (h, w, 3) that a reference stands for, or None.
        geometry: Name or id of the only geometry that is wanted; None means all.

    Returns:
        One surface for each material, in metres, z up, in the file's frame.

    Raises:
        ValueError: The file is not COLLADA or is damaged.
    """
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise ValueError("zipped COLLADA is not read; unpack it")
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore", DeprecationWarning)
            document = collada.Collada(io.BytesIO(data), ignore=[DaeError])
            groups = _corners_by_effect(document, geometry)
        materials = [
            _material(effect, f"{name}#{k}", texture) for k, (effect, _) in enumerate(groups)
        ]
        meshes = [to_mesh(merge(parts)) for _, parts in groups]
    except GoatError:
        raise
    except Exception as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    return [Surface(mesh, look) for mesh, look in zip(meshes, materials, strict=True)]


def check_xml_head(data: bytes, name: str) -> None:
    """Refuse XML with a document type, before any other parser sees it.

    A document type can only stand before the first element, so reading stops there.

    Raises:
        WorldError: It is not XML, its encoding is unknown, or it declares a document type or
            entities.
    """
    try:
        for _ in SafeElementTree.iterparse(io.BytesIO(data), events=("start",), forbid_dtd=True):
            return
    except DefusedXmlException as error:
        raise WorldError(
            f"{name}: XML with a document type or entities is not read ({error}); remove them"
        ) from error
    except (SafeElementTree.ParseError, LookupError) as error:
        raise WorldError(f"{name}: not well-formed XML: {error}") from error


def _corners_by_effect(document: Any, geometry: str | None) -> list[tuple[Any, list[Corners]]]:
    """Collect the triangles of all instances, one list for each effect."""
    asset = document.assetInfo
    unit = float(asset.unitmeter or 1.0) if asset is not None else 1.0
    up = _UP.get(getattr(asset, "upaxis", None) or "Y_UP", np.eye(3))
    if not (np.isfinite(unit) and unit > 0):
        raise ValueError(f"unit of {unit} metres")
    to_metres = np.eye(4)
    to_metres[:3, :3] = up * unit
    groups: dict[int, tuple[Any, list[Corners]]] = {}
    for bound, primitive in _primitives(document):
        if geometry not in (None, bound.original.name, bound.original.id):
            continue
        node = bound.materialnodebysymbol.get(primitive.material)
        effect = node.target.effect if node is not None and node.target is not None else None
        corners = _corners(primitive, to_metres @ bound.matrix)
        if corners is not None:
            groups.setdefault(id(effect), (effect, []))[1].append(corners)
    return list(groups.values())


def _primitives(document: Any) -> Iterator[tuple[Any, Any]]:
    if document.scene is None:
        raise ValueError("no scene")
    for bound in document.scene.objects("geometry"):
        for primitive in bound.original.primitives:
            if isinstance(primitive, Polylist):
                yield bound, primitive.triangleset()
            elif isinstance(primitive, TriangleSet):
                yield bound, primitive


def _corners(primitive: Any, matrix: NDArray[np.float64]) -> Corners | None:
    if len(primitive) == 0 or primitive.vertex is None:
        return None
    uv = face_uv = None
    if primitive.texcoordset:
        uv = np.asarray(primitive.texcoordset[0], np.float32)[:, :2]
        face_uv = np.asarray(primitive.texcoord_indexset[0])
    normals = primitive.normal
    corners = Corners(
        np.asarray(primitive.vertex, np.float64),
        np.asarray(primitive.vertex_index),
        None if normals is None else np.asarray(normals, np.float64),
        None if normals is None else np.asarray(primitive.normal_index),
        uv,
        face_uv,
    )
    return drop_degenerate(corners.moved(matrix))


def _material(effect: Any, name: str, texture: TextureFinder) -> Material:
    if effect is None:
        return Material(name)
    diffuse = effect.diffuse
    image = None
    color = (0.8, 0.8, 0.8)
    if isinstance(diffuse, collada.material.Map):
        image = texture(str(diffuse.sampler.surface.image.path))
        color = (1.0, 1.0, 1.0) if image is not None else _ambient(effect, color)
    elif diffuse is not None:
        color = _rgb(diffuse)
    return Material(
        name,
        (*color, _alpha(effect)),
        image,
        specular=min(0.5, float(np.mean(_rgb(effect.specular)))),
        shininess=float(np.clip(_number(effect.shininess) / 128.0, 0.0, 1.0)),
        emission=float(np.mean(_rgb(effect.emission))),
    )


def _ambient(effect: Any, default: tuple[float, float, float]) -> tuple[float, float, float]:
    ambient = _rgb(effect.ambient)
    return ambient if max(ambient) > 0 else default


def _rgb(value: Any) -> tuple[float, float, float]:
    if value is None or isinstance(value, collada.material.Map):
        return (0.0, 0.0, 0.0)
    r, g, b = (float(c) for c in np.clip(np.nan_to_num(value[:3]), 0.0, 1.0))
    return (r, g, b)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else 0.0


def _alpha(effect: Any) -> float:
    """Return the opacity after the COLLADA specification, opaque where that gives nothing."""
    if isinstance(effect.transparent, collada.material.Map) or effect.transparent is None:
        return 1.0
    amount = 1.0 if effect.transparency is None else _number(effect.transparency)
    if effect.opaque_mode == collada.material.OPAQUE_MODE.RGB_ZERO:
        alpha = 1.0 - amount * float(np.mean(_rgb(effect.transparent)))
    else:
        alpha = amount * float(effect.transparent[3] if len(effect.transparent) > 3 else 1.0)
    return float(np.clip(alpha, 0.0, 1.0)) if alpha > _MIN_ALPHA else 1.0
