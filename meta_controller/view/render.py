"""Pictures of bodies: one look for all of them, and targets where tasks have them."""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import math
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import mujoco
import numpy as np
from numpy.typing import NDArray

from goat.errors import GoatError
from goat.view import theme
from meta_controller.bodies import Body
from meta_controller.task import Task
from meta_controller.view.camera import FOV, TARGET, Camera, Framing
from meta_controller.view.dress import HORIZON, dressed, shade
from meta_controller.view.screen import Screen
from meta_controller.view.targets import Targets

Float64Array = NDArray[np.float64]
UInt8Array = NDArray[np.uint8]
_SPARE_GEOMS = 2000
_CORE = 0.008
"""Radius of the middle of a target, in distances of the camera."""
_DISC, _BALL = mujoco.mjtGeom.mjGEOM_CYLINDER, mujoco.mjtGeom.mjGEOM_SPHERE
_FOG = 1.4, 4.5
"""Where floors begin to fade and are gone, in distances of the camera."""


class PictureError(GoatError):
    """States that cannot be drawn."""


class Pictures:
    """Draws states of one body; use it from one thread at a time."""

    def __init__(self, task: Task | Body, size: tuple[int, int] = (240, 320)) -> None:
        """Prepare.

        Args:
            task: Whose body is drawn, with the targets that the task has; or a body alone.
            size: Height and width of pictures, px.

        Raises:
            PictureError: The size is no size.
            BodyError: The MJCF cannot be used, or shows nothing.
            RenderError: No GL backend works.
        """
        if min(size) < 1:
            raise PictureError(f"a picture has a height and a width of 1 px at least, got {size}")
        body = task if isinstance(task, Body) else task.body()
        self.name, self.size = task.name, size
        self._framing = Framing(body.name, body.compile(), size[1] / size[0])
        self._targets = None if isinstance(task, Body) else Targets(task, self._framing.camera)
        self._model = dressed(body, self._framing)
        self._data = mujoco.MjData(self._model)
        _set_view(self._model, self._framing.camera.distance)
        self._scene = mujoco.MjvScene(self._model, 2 * self._model.ngeom + _SPARE_GEOMS)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_FOG] = 1
        self._scene.flags[mujoco.mjtRndFlag.mjRND_HAZE] = 0
        self._option, self._view = mujoco.MjvOption(), mujoco.MjvCamera()
        self._screen = Screen(self._model, size)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Free the GL context."""
        self.close()

    def close(self) -> None:
        """Free the GL context; may be called twice."""
        self._screen.close()

    def draw(
        self, qpos: Float64Array, extra: Mapping[str, Float64Array] | None = None
    ) -> UInt8Array:
        """Return pictures (N, H, W, 3) of states.

        Args:
            qpos: (N, nq) positions.
            extra: What belongs to the episodes, as `Signals.extra`: their "target" (N, size) is
                drawn as a ball on a disc; with its middle on the disc, the tip earns all there is.

        Raises:
            PictureError: Positions or targets are of another task, or not finite.
        """
        count = np.shape(qpos)[:1]
        self._check("qpos", qpos, (*count, self._model.nq))
        places = np.zeros((*count, 0, 3))
        if self._targets is not None and self._targets.size and extra and TARGET in extra:
            self._check("the target", extra[TARGET], (*count, self._targets.size))
            places = self._targets.places(extra[TARGET])[:, None]
        found = np.empty((*count, *self.size, 3), np.uint8)
        for k, state in enumerate(qpos):
            found[k] = self._picture(state, places[k])
        return found

    def camera(self, qpos: Float64Array) -> Camera:
        """Return the camera that looks at a state (nq,).

        Raises:
            PictureError: Positions are of another body, or not finite.
        """
        self._check("qpos", qpos, (self._model.nq,))
        self._data.qpos[:] = qpos
        mujoco.mj_fwdPosition(self._model, self._data)
        return self._framing.look(self._model, self._data)

    def _check(self, name: str, values: Float64Array, shape: tuple[int, ...]) -> None:
        if np.shape(values) != shape or not np.isfinite(values).all():
            raise PictureError(
                f"{name} of {self.name} must be finite and of shape {shape}, got {np.shape(values)}"
            )

    def _picture(self, qpos: Float64Array, targets: Float64Array) -> UInt8Array:
        camera, view, scene = self.camera(qpos), self._view, self._scene
        view.lookat[:], view.distance = camera.lookat, camera.distance
        view.azimuth, view.elevation = math.degrees(camera.azimuth), math.degrees(camera.elevation)
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self._model, self._data, self._option, None, view, everything, scene)
        for light in scene.lights[: scene.nlight]:
            if light.castshadow:  # its map of shadows lies around where it stands
                light.pos[:] = camera.lookat - camera.distance * np.asarray(light.dir)
        for place in targets:
            self._add_target(place)
        return self._screen.draw(scene)

    def _add_target(self, place: Float64Array) -> None:
        normal, away = self._framing.normal, self._framing.camera.distance
        behind = place - normal * ((place - self._framing.back) @ normal)
        radius = 0.0 if self._targets is None else self._targets.radius
        if radius > 0.0:
            _add_geom(self._scene, _DISC, behind, (radius, 1e-4 * away), normal, 0.3)
        _add_geom(self._scene, _BALL, place, (_CORE * away, 0.0), normal, 1.0)


def _set_view(model: mujoco.MjModel, away: float) -> None:
    """Set the lens and the fog for a camera that is so far away, m."""
    model.stat.extent = away
    model.vis.global_.fovy = math.degrees(FOV)
    model.vis.map.znear, model.vis.map.zfar = 0.05, 8.0
    model.vis.map.fogstart, model.vis.map.fogend = _FOG
    model.vis.map.shadowclip = 1.0
    model.vis.rgba.fog = shade(HORIZON)
    model.vis.rgba.constraint = shade(theme.MUTED)  # of a string that is taut


def _add_geom(
    scene: mujoco.MjvScene,
    kind: int,
    place: Float64Array,
    size: tuple[float, float],
    axis: Float64Array,
    alpha: float,
) -> None:
    """Add a sphere or a cylinder about an axis to what is drawn, in the colour of targets."""
    turned = np.zeros(9)
    mujoco.mju_quat2Mat(turned, _from_z(axis))
    geom = scene.geoms[scene.ngeom]
    mujoco.mjv_initGeom(
        geom, kind, np.array([*size, 0.0]), place, turned,
        shade(theme.TARGET, alpha).astype(np.float32),
    )  # fmt: skip
    scene.ngeom += 1


def _from_z(axis: Float64Array) -> Float64Array:
    """Return the quaternion (4,) that turns the z axis to another one."""
    found = np.zeros(4)
    mujoco.mju_quatZ2Vec(found, axis)
    return found
