"""How bodies look: one light, one floor and one set of colours for all of them."""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import math
from dataclasses import replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from goat.view import theme
from meta_controller.bodies import Body
from meta_controller.view.camera import TARGET, Framing

Float64Array = NDArray[np.float64]
HORIZON: theme.Color = (24, 30, 40)
"""Colour that floors fade into."""
_OURS = "meta_controller/"
_LIMB: theme.Color = (214, 221, 232)
_FAR: theme.Color = (118, 140, 178)
_MATERIALS = {
    "self": _LIMB,
    "effector": theme.ACCENT,
    "decoration": theme.OCCUPIED,
    "target": theme.TARGET,
}
"""Materials of dm_control's suite -> colour."""
_PLAIN = (0.5, 0.5, 0.5, 1.0)
"""Colour of what the MJCF gives none."""
_FAR_AWAY = 300.0
"""Half of the width of floors, in distances of the camera."""
_SUN = (0.35, 0.5, -1.0)


def shade(color: theme.Color, alpha: float = 1.0) -> Float64Array:
    """Return (4,) red, green, blue and alpha in 0..1."""
    return np.array([*(value / 255.0 for value in color), alpha])


def dressed(body: Body, framing: Framing) -> mujoco.MjModel:
    """Return the model of a body as it is drawn; it moves as it did.

    Args:
        body: What is drawn; it has been compiled before.
        framing: How it is looked at: a body whose MJCF draws nothing around it gets a wall
            behind it, rails and pins.

    Raises:
        BodyError: The MJCF cannot be used.
    """
    spec = mujoco.MjSpec.from_string(body.xml, include=dict(body.assets))
    bare = not spec.worldbody.geoms
    _light(spec)
    _color(spec)
    _mark(spec, body)
    _lay_floors(spec, framing, bare=bare)
    if bare:
        _mount(spec, framing)
    return replace(body, xml=spec.to_xml()).compile()


def _light(spec: mujoco.MjSpec) -> None:
    skies = [t for t in spec.textures if t.type == mujoco.mjtTexture.mjTEXTURE_SKYBOX]
    for part in [*spec.lights, *skies]:
        spec.delete(part)
    spec.worldbody.add_light(
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, dir=_SUN, castshadow=True,
        diffuse=[0.4] * 3, specular=[0.1] * 3,
    )  # fmt: skip
    head = spec.visual.headlight
    head.ambient, head.diffuse, head.specular = [0.36] * 3, [0.34] * 3, [0.05] * 3
    spec.visual.quality.shadowsize = 1024
    spec.add_texture(
        name=f"{_OURS}sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, width=64, height=384,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=shade(theme.BACKGROUND)[:3], rgb2=shade(HORIZON)[:3],
    )  # fmt: skip


def _color(spec: mujoco.MjSpec) -> None:
    for material in spec.materials:
        known = material.name.partition("_")[0]
        if known in _MATERIALS:
            material.rgba = shade(_MATERIALS[known])
    for geom in spec.geoms:
        plain = not geom.material and np.allclose(geom.rgba, _PLAIN)
        if "left" in geom.name and (plain or geom.material == "self"):
            geom.material, geom.rgba = "", shade(_FAR)
        elif plain and geom.type != mujoco.mjtGeom.mjGEOM_PLANE:
            geom.rgba = shade(_LIMB)


def _mark(spec: mujoco.MjSpec, body: Body) -> None:
    """Show what is aimed at, and what is to get there; hide all other sites."""
    for site in spec.sites:
        site.group = 5
        if site.name == TARGET:
            site.group, site.material, site.rgba = 0, "", shade(theme.TARGET, 0.4)
    for sensor in body.sensors:
        if sensor.object_name == TARGET:
            continue
        if sensor.object_kind == "site":
            site = spec.site(sensor.object_name)
            inner = [geom.size[0] for geom in site.parent.geoms][-1:]
            site.group, site.rgba, site.material = 0, shade(theme.ACCENT), ""
            site.size = [1.12 * max([site.size[0], *inner])] * 3
        elif sensor.object_kind == "geom":
            geom = spec.geom(sensor.object_name)
            geom.material, geom.rgba = "", shade(theme.ACCENT)


def _lay_floors(spec: mujoco.MjSpec, framing: Framing, *, bare: bool) -> None:
    """Give floors one pattern; those that are seen from the side have no end."""
    tile = _nice(0.25 * framing.camera.distance)
    level = not bare and abs(framing.normal[2]) < 0.5
    dark, bright, edge = (1.45, 2.0, 2.2) if level else (1.2, 1.42, 1.7)
    spec.add_texture(
        name=f"{_OURS}floor", type=mujoco.mjtTexture.mjTEXTURE_2D, width=256, height=256,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER, mark=mujoco.mjtMark.mjMARK_EDGE,
        rgb1=dark * shade(theme.PANEL)[:3], rgb2=bright * shade(theme.PANEL)[:3],
        markrgb=edge * shade(theme.PANEL)[:3],
    )  # fmt: skip
    material = spec.add_material(name=f"{_OURS}floor", texuniform=True, texrepeat=[1 / tile] * 2)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"{_OURS}floor"
    for plane in spec.worldbody.geoms:
        if plane.type == mujoco.mjtGeom.mjGEOM_PLANE and plane.material in ("", "grid"):
            plane.material = f"{_OURS}floor"
            if level:
                plane.size, plane.pos = _endless(framing), [0.0, 0.0, plane.pos[2]]


def _mount(spec: mujoco.MjSpec, framing: Framing) -> None:
    """Put a wall behind a body, rails under what slides, and pins where links are joined."""
    thin = 0.006 * framing.camera.distance
    still = {"contype": 0, "conaffinity": 0, "rgba": shade(theme.OCCUPIED)}
    wall = spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE, size=_endless(framing), material=f"{_OURS}floor",
        pos=framing.back - 2.0 * thin * framing.normal, **still,
    )  # fmt: skip
    wall.alt.type, wall.alt.zaxis = mujoco.mjtOrientation.mjORIENTATION_ZAXIS, framing.normal
    wall.rgba = np.ones(4)
    for rail in framing.rails:
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE, size=[thin, 0.0, 0.0], fromto=rail, **still
        )
    for joint in spec.joints:
        links = joint.parent.geoms
        if joint.type == mujoco.mjtJoint.mjJNT_HINGE and links:
            thick = max(links[0].size[0], thin)
            ends = [joint.pos + side * 1.1 * thick * joint.axis for side in (-1.0, 1.0)]
            joint.parent.add_geom(
                type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[0.6 * thick, 0.0, 0.0], mass=0.0,
                fromto=np.concatenate(ends), **still,
            )  # fmt: skip


def _endless(framing: Framing) -> list[float]:
    """Return the size of a plane larger than anybody goes, in as few pieces as can be.

    MuJoCo's own endless planes are of many pieces, which cost more than all else in a picture.
    """
    return [_FAR_AWAY * framing.camera.distance] * 3


def _nice(length: float) -> float:
    """Return 1, 2 or 5 times a power of ten, at most a length."""
    power = 10.0 ** math.floor(math.log10(length))
    return max(k * power for k in (1.0, 2.0, 5.0) if k * power <= length * (1 + 1e-9))
