"""From a world's plain data to a MuJoCo model that can be drawn.

Everything is baked into world coordinates and grouped by object and material, so that one geom
belongs to one object; large groups are cut into chunks, so that culling has something to cull.
"""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo names its classes in compiled modules that carry no types.)
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from goat.errors import WorldError
from sim.surfaces import Surface, bake, merge
from sim.worlds.world import Light, Material, World

_CHUNK = 2.5  # m; side of the cells into which large surfaces are cut
_MAX_TEXTURE = 1024  # px; larger ones are scaled down
_MAX_LIGHTS = 7  # the fixed pipeline has eight, one of which is the headlight


@dataclass(frozen=True, slots=True, eq=False)
class CompiledWorld:
    """A world ready to be drawn; object ids are 1 + the index in `world.objects`."""

    world: World
    """What it was compiled from."""
    model: mujoco.MjModel
    """Visual geoms only, all in the world frame."""
    geom_object: NDArray[np.int32]
    """(G,) object id of each geom."""
    geom_bounds: NDArray[np.float64]
    """(G, 2, 3) lower and upper corner of each geom, m."""
    bounds: NDArray[np.float64]
    """(2, 3) lower and upper corner of everything that is drawn, m."""


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    object_id: int
    material: Material
    surface: Surface


def compile_world(world: World) -> CompiledWorld:
    """Build the MuJoCo model of a world.

    Raises:
        WorldError: The world has nothing to draw.
    """
    groups = list(_chunks(world))
    if not groups:
        raise WorldError(
            f"world {world.name!r} has no visible triangles; "
            "check that its meshes were found (see World.warnings)"
        )
    spec = _empty_spec(world)
    materials = _Materials(spec)
    for index, group in enumerate(groups):
        _add_geom(spec, f"g{index}", group.surface, materials.name_of(group))
    bounds = np.stack([group.surface.bounds for group in groups])
    return CompiledWorld(
        world=world,
        model=spec.compile(),
        geom_object=np.array([group.object_id for group in groups], np.int32),
        geom_bounds=bounds,
        bounds=np.stack([bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)]),
    )


def _chunks(world: World) -> Iterator[_Group]:
    for object_id, item in enumerate(world.objects, start=1):
        groups: dict[tuple[int, bool], list[Surface]] = {}
        materials: dict[int, Material] = {}
        for part in item.parts:
            surface = bake(part) if part.visible else None
            if surface is not None:
                key = id(part.material)
                materials[key] = part.material
                groups.setdefault((key, surface.uv is not None), []).append(surface)
        for (key, _), surfaces in groups.items():
            for chunk in split(merge(surfaces)):
                yield _Group(object_id, materials[key], chunk)


def split(surface: Surface) -> list[Surface]:
    """Cut a surface into chunks of a few metres by its triangles' centres."""
    low, high = surface.bounds
    if (high - low).max() <= 1.2 * _CHUNK:
        return [surface]
    centers = surface.corners.mean(axis=1)
    cells = np.floor((centers - low) / _CHUNK).astype(np.int64)
    keys = (cells[:, 0] << 42) | (cells[:, 1] << 21) | cells[:, 2]
    _, inverse = np.unique(keys, return_inverse=True)
    return [surface.select(inverse == i) for i in range(inverse.max() + 1)]


def _empty_spec(world: World) -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    visual = spec.visual
    visual.headlight.ambient = world.headlight
    visual.headlight.diffuse = [0.1] * 3 if world.lights else [0.4] * 3
    visual.headlight.specular = [0.0] * 3
    visual.quality.offsamples = 0
    visual.quality.shadowsize = 0
    _add_sky(spec, world.sky)
    for light in world.lights[:_MAX_LIGHTS]:
        _add_light(spec, light)
    return spec


def _add_sky(spec: mujoco.MjSpec, color: tuple[float, float, float]) -> None:
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
        rgb1=color,
        rgb2=color,
        width=4,
        height=24,
    )


def _add_light(spec: mujoco.MjSpec, light: Light) -> None:
    kinds = mujoco.mjtLightType
    spec.worldbody.add_light(
        pos=light.position,
        dir=light.direction,
        type=kinds.mjLIGHT_DIRECTIONAL if light.directional else kinds.mjLIGHT_SPOT,
        diffuse=light.diffuse,
        ambient=light.ambient,
        specular=light.specular,
        attenuation=light.attenuation,
        cutoff=light.cutoff,
        castshadow=False,
    )


class _Materials:
    """Adds each material and texture to a spec once."""

    def __init__(self, spec: mujoco.MjSpec) -> None:
        self._spec = spec
        self._names: dict[tuple[int, bool], str] = {}
        self._textures: dict[int, str] = {}

    def name_of(self, group: _Group) -> str:
        textured = group.surface.uv is not None and group.material.texture is not None
        key = (id(group.material), textured)
        if key not in self._names:
            self._names[key] = self._add(group.material, textured)
        return self._names[key]

    def _add(self, material: Material, textured: bool) -> str:
        added = self._spec.add_material(
            name=f"m{len(self._names)}",
            rgba=material.rgba,
            specular=material.specular,
            shininess=material.shininess,
            emission=material.emission,
        )
        if material.texture is None:
            return added.name
        if textured:
            added.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = self._texture(material.texture)
        else:
            mean = material.texture.reshape(-1, 3).mean(axis=0) / 255.0
            added.rgba = [*(mean * material.rgba[:3]), material.rgba[3]]
        return added.name

    def _texture(self, image: NDArray[np.uint8]) -> str:
        if id(image) in self._textures:
            return self._textures[id(image)]
        height, width = image.shape[:2]
        scale = _MAX_TEXTURE / max(height, width)
        pixels = image
        if scale < 1.0:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            pixels = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        texture = self._spec.add_texture(
            name=f"t{len(self._textures)}",
            type=mujoco.mjtTexture.mjTEXTURE_2D,
            width=pixels.shape[1],
            height=pixels.shape[0],
            nchannel=3,
        )
        texture.data = np.ascontiguousarray(pixels[::-1]).tobytes()
        self._textures[id(image)] = texture.name
        return texture.name


def _add_geom(spec: mujoco.MjSpec, name: str, surface: Surface, material: str) -> None:
    mesh = spec.add_mesh(name=name)
    vertices = surface.vertices
    if len(vertices) < 4:  # MuJoCo refuses a lone triangle
        vertices = np.concatenate([vertices, vertices[:1]])
    mesh.uservert = vertices.ravel()
    mesh.userface = surface.faces.ravel()
    mesh.usernormal = surface.normals.ravel()
    mesh.userfacenormal = surface.face_normals.ravel()
    if surface.uv is not None and surface.face_uv is not None:
        mesh.usertexcoord = surface.uv.astype(np.float32).ravel()
        mesh.userfacetexcoord = surface.face_uv.astype(np.int32).ravel()
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
    spec.worldbody.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=name,
        material=material,
        contype=0,
        conaffinity=0,
    )
