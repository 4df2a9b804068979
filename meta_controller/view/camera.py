"""Where to look from: a camera that shows a body whole, and goes along with one that runs.

Everything is read from the compiled model, so that a body of one's own is in view too.
"""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from meta_controller.bodies import BodyError

Float64Array = NDArray[np.float64]
Point = tuple[float, float, float]
TARGET = "target"
"""Name of what is aimed at: of a site of the MJCF, or of what belongs to an episode."""
FOV = math.radians(30.0)
"""Vertical field of view, rad."""
_SIDE, _TOP, _ANGLED = math.radians(-7.0), math.radians(-90.0), math.radians(-25.0)
_ASKEW = math.radians(120.0)
_PARALLEL = 0.99
_MARGIN = 1.08
"""The camera is farther away than it need be by this factor."""
_KEPT = 0.94
"""Part of the picture that nothing leaves."""
_SAMPLES = 300
_CENTRAL = 0.6
_BELOW = 0.05  # m
_UP = np.array([0.0, 0.0, 1.0])
_ROOM: Mapping[str, tuple[Point, Point]] = {"ball_in_cup": ((-0.3, 0.0, 0.08), (0.3, 0.0, 0.86))}
"""Body -> corners of the box that it stays in, m, where the MJCF does not say how far it goes."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera without roll."""

    lookat: Float64Array
    """(3,) what is in the middle of the picture, m."""
    distance: float
    """From there, m."""
    azimuth: float
    """Heading of the line of sight, rad; 0 looks along +x."""
    elevation: float
    """Of the line of sight, rad; negative looks down."""

    @property
    def axes(self) -> Float64Array:
        """(3, 3) rows: to the right, up and forward in the picture."""
        turn, tilt = self.azimuth, self.elevation
        right = np.array([math.sin(turn), -math.cos(turn), 0.0])
        level = np.array([math.cos(turn), math.sin(turn), 0.0])
        forward = math.cos(tilt) * level + np.array([0.0, 0.0, math.sin(tilt)])
        return np.stack([right, np.cross(right, forward), forward])

    def pixels(self, points: Float64Array, size: tuple[int, int]) -> Float64Array:
        """Return (N, 2) column and row of points (N, 3), px, in a picture of (height, width)."""
        right, up, ahead = ((points - self.lookat) @ self.axes.T).T
        scale = 0.5 * size[0] / math.tan(0.5 * FOV) / (ahead + self.distance)
        return np.stack([0.5 * size[1] + right * scale, 0.5 * size[0] - up * scale], axis=1)

    def framing(self, points: Float64Array, aspect: float) -> Camera:
        """Return a camera of the same direction that has points (N, 3) in view, and little more.

        Args:
            points: What is to be seen.
            aspect: Width over height of the picture.
        """
        seen = points @ self.axes.T
        middle = 0.5 * (seen.min(axis=0) + seen.max(axis=0))
        right, up, ahead = (seen - middle).T
        needed = np.maximum(np.abs(up), np.abs(right) / aspect) / math.tan(0.5 * FOV) - ahead
        return replace(self, lookat=middle @ self.axes, distance=_MARGIN * float(needed.max()))

    def keeping(self, points: Float64Array, aspect: float) -> Camera:
        """Return a camera moved sideways or upwards just so far that it has points (N, 3) in view.

        Points that have no room in one picture are cut off on both sides.
        """
        axes = self.axes
        right, up, ahead = ((points - self.lookat) @ axes.T).T
        high = _KEPT * math.tan(0.5 * FOV) * (ahead + self.distance)
        lookat = self.lookat
        for axis, place, half in ((axes[0], right, aspect * high), (axes[1], up, high)):
            low, top = float((place - half).max()), float((place + half).min())
            lookat = lookat + axis * (min(max(0.0, low), top) if low <= top else 0.5 * (low + top))
        return replace(self, lookat=lookat)


class Framing:
    """Looks at one body, whatever its state."""

    def __init__(self, name: str, model: mujoco.MjModel, aspect: float) -> None:
        """Find what the body can reach.

        Args:
            name: Of the body.
            model: Compiled.
            aspect: Width over height of pictures.

        Raises:
            BodyError: Nothing of it can be seen.
        """
        data = mujoco.MjData(model)
        mujoco.mj_fwdPosition(model, data)
        self._aspect = aspect
        self._root, self._along = _followed(model, data)
        self._home = data.subtree_com[self._root].copy()
        plane = _normal(model, data)
        self.rails = _rails(model, data)
        """(K, 6) where the slides begin and end that are fixed to the world, m."""
        points = _corners(*_ROOM[name]) if name in _ROOM else _reached(model, data)
        if not len(points):
            raise BodyError(f"{name} has no geom that moves: there is nothing to look at")
        if len(self._along):  # what runs stays on its floor
            points[:, 2] = np.maximum(points[:, 2], _floor(model) - _BELOW)
        self.camera = _towards(plane).framing(points, aspect)
        """Of the state in which the MJCF draws the body."""
        self.normal = _UP if plane is None else plane * -np.sign(plane @ self.camera.axes[2])
        """(3,) of the plane that the body moves in, towards the camera; up if there is none."""
        gap = (points - self.camera.lookat) @ self.normal
        self.back = self.camera.lookat + self.normal * float(gap.min())
        """(3,) a place behind all that moves, m."""

    def look(self, model: mujoco.MjModel, data: mujoco.MjData) -> Camera:
        """Return the camera of a state.

        It goes along with a body that is free to move, at its own height. Beyond that it moves only
        so far that everything that moves is in view.

        Args:
            model: Of the body, which may have more geoms than it had.
            data: With known positions.
        """
        shift = (self._along @ (data.subtree_com[self._root] - self._home)) @ self._along
        shift[2] = 0.0
        camera = replace(self.camera, lookat=self.camera.lookat + shift)
        return camera.keeping(_hulls(model, data), self._aspect)


def _corners(low: Point, high: Point) -> Float64Array:
    return np.stack(np.meshgrid(*zip(low, high, strict=True)), axis=-1).reshape(-1, 3)


def _towards(plane: Float64Array | None) -> Camera:
    """Return a camera that looks at a plane of normal (3,); askew if there is none."""
    if plane is None:
        return Camera(np.zeros(3), 1.0, _ASKEW, _ANGLED)
    if abs(plane[2]) > _PARALLEL:
        return Camera(np.zeros(3), 1.0, 0.5 * math.pi, _TOP)
    turn = math.atan2(plane[1], plane[0])
    rightwards = math.sin(turn) - math.cos(turn) > 0.0
    return Camera(np.zeros(3), 1.0, turn if rightwards else turn + math.pi, _SIDE)


def _normal(model: mujoco.MjModel, data: mujoco.MjData) -> Float64Array | None:
    """Return the normal (3,) of the plane that a body moves in; None if there is no such plane."""
    hinges = data.xaxis[model.jnt_type == mujoco.mjtJoint.mjJNT_HINGE]
    slides = data.xaxis[model.jnt_type == mujoco.mjtJoint.mjJNT_SLIDE]
    if not len(hinges) and len(slides) < 2:
        return None
    normal = hinges[0] if len(hinges) else np.cross(slides[0], slides[1])
    flat = (np.abs(hinges @ normal) > _PARALLEL).all()
    flat &= (np.abs(slides @ normal) < 1.0 - _PARALLEL).all()
    return normal.copy() if flat else None


def _free(model: mujoco.MjModel) -> NDArray[np.bool_]:
    """Return (njnt,) which joints are slides that nothing holds."""
    slides = model.jnt_type == mujoco.mjtJoint.mjJNT_SLIDE
    held = model.jnt_stiffness.reshape(model.njnt, -1).any(axis=1)
    return slides & ~model.jnt_limited.astype(bool) & ~held


def _followed(model: mujoco.MjModel, data: mujoco.MjData) -> tuple[int, Float64Array]:
    """Return the body that carries all others, and the axes (K, 3) along which it is free."""
    roots = np.flatnonzero(model.body_parentid == 0)[1:]
    moving = [int(body) for body in roots if model.body_weldid[body] != 0]
    if len(moving) != 1:
        return 0, np.zeros((0, 3))
    return moving[0], data.xaxis[_free(model) & (model.jnt_bodyid == moving[0])].copy()


def _rails(model: mujoco.MjModel, data: mujoco.MjData) -> Float64Array:
    """Return the ends (K, 6) of the slides with limits that hang on the world, m."""
    slides = model.jnt_type == mujoco.mjtJoint.mjJNT_SLIDE
    fixed = model.body_parentid[model.jnt_bodyid] == 0
    joints = np.flatnonzero(slides & fixed & model.jnt_limited.astype(bool))
    reach = model.jnt_range[joints, :, None] - model.qpos0[model.jnt_qposadr[joints], None, None]
    ends = data.xanchor[joints, None] + reach * data.xaxis[joints, None]
    return ends.reshape(-1, 6)


def _reached(model: mujoco.MjModel, data: mujoco.MjData) -> Float64Array:
    """Return corners (M, 3) of all that moves, in drawn states, and of a target in the MJCF."""
    rng, found = np.random.default_rng(0), []
    for k in range(_SAMPLES):
        data.qpos[:] = _drawn(model, rng, turn=k % 2 == 0)
        mujoco.mj_kinematics(model, data)
        found.append(_hulls(model, data))
    for site in range(model.nsite):
        if model.site(site).name == TARGET:
            ball = model.site_size[site, 0] * _corners((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))
            found.append(data.site_xpos[site] + ball)
    return np.concatenate(found)


def _drawn(model: mujoco.MjModel, rng: np.random.Generator, *, turn: bool) -> Float64Array:
    """Return positions (nq,) where hinges turn, or else slides go; a free base stays in place.

    Where hinges turn, slides stay in the middle of their range: that a pole lies level at the end
    of its rail is rare, and a picture with room for it would be mostly empty.
    """
    qpos = model.qpos0.copy()
    based = np.isin(model.jnt_bodyid, model.jnt_bodyid[_free(model)])
    for joint in np.flatnonzero(~based):
        hinge = model.jnt_type[joint] == mujoco.mjtJoint.mjJNT_HINGE
        limited, place = bool(model.jnt_limited[joint]), int(model.jnt_qposadr[joint])
        if hinge or limited:
            low, high = model.jnt_range[joint] if limited else (-np.pi, np.pi)
            part = float(turn) if hinge else _CENTRAL if turn else 1.0
            qpos[place] += part * (rng.uniform(low, high) - qpos[place])
    return qpos


def _hulls(model: mujoco.MjModel, data: mujoco.MjData) -> Float64Array:
    """Return the corners (8 G, 3) of the boxes of all geoms that move."""
    moving = np.flatnonzero(model.body_weldid[model.geom_bodyid] != 0)
    signs = _corners((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))
    middle, half = model.geom_aabb[moving, None, :3], model.geom_aabb[moving, None, 3:]
    turned = data.geom_xmat[moving].reshape(-1, 3, 3).transpose(0, 2, 1)
    return (data.geom_xpos[moving, None] + (middle + half * signs) @ turned).reshape(-1, 3)


def _floor(model: mujoco.MjModel) -> float:
    """Return the height of the floor, m."""
    planes = model.geom_type == mujoco.mjtGeom.mjGEOM_PLANE
    return float(model.geom_pos[planes, 2].max()) if planes.any() else -math.inf
