"""Colour, metric depth and object ids of a compiled world, on CPU or GPU.

The world is static, so its geoms are built once; a frame copies the ones in the camera's frustum,
nearest first, into MuJoCo's scene. Colour and depth come from one pass. Ids come from a second
pass without lighting or textures, over the geoms that the depth image does not hide.
"""

# pyright: reportAttributeAccessIssue=false
# (MuJoCo names its classes in compiled modules that carry no types.)
from __future__ import annotations

import atexit
import ctypes
import weakref
from typing import NamedTuple

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from goat.errors import RenderError
from goat.types import CameraIntrinsics, Float32Array, Int32Array, UInt8Array
from sim.compile import CompiledWorld
from sim.culling import Culler
from sim.gl import create_context

_NEAR = 0.03  # m
_HEADER = 40  # bytes of an mjvGeom before its `size`


class Frame(NamedTuple):
    """One rendered view."""

    rgb: UInt8Array
    """(H, W, 3)."""
    depth: Float32Array
    """(H, W) metres along the optical axis; NaN = nothing there."""
    ids: Int32Array | None
    """(H, W) object ids, 0 = none; None unless asked for."""


class Renderer:
    """Draws one compiled world; use it from one thread at a time."""

    def __init__(self, compiled: CompiledWorld, backend: str | None = None) -> None:
        """Prepare; the GL context is made by the first `render`.

        Args:
            compiled: The world.
            backend: See `sim.gl.create_context`.
        """
        self._compiled = compiled
        self._backend = backend
        self._context: _Context | None = None
        self._culler = Culler(compiled.geom_bounds)

    @property
    def backend(self) -> str | None:
        """Name of the GL backend in use; None before the first `render`."""
        return self._context.backend if self._context else None

    def render(
        self, camera: CameraIntrinsics, world_from_camera: RigidTransform, semantic: bool = False
    ) -> Frame:
        """Draw the world as seen by a camera.

        Args:
            camera: Intrinsics; any size, focal lengths and principal point.
            world_from_camera: Pose of the optical frame.
            semantic: Whether object ids are wanted.

        Raises:
            RenderError: No GL backend works.
        """
        context = self._ready(camera.width, camera.height)
        context.look(camera, world_from_camera)
        view = self._culler.view(camera, world_from_camera, _NEAR)
        visible = self._culler.in_frustum(view)
        glass = visible[context.see_through[visible]]
        context.draw(visible, sky=len(glass) > 0)
        rgb, depth = context.read_color_and_depth()
        if len(glass):
            context.draw(glass, as_ids=True)
            np.fmin(depth, context.read_depth(), out=depth)
        if not semantic:
            return Frame(rgb, depth, None)
        context.draw(self._culler.unoccluded(view, visible, depth), as_ids=True)
        return Frame(rgb, depth, context.read_ids())

    def ids(
        self,
        camera: CameraIntrinsics,
        world_from_camera: RigidTransform,
        only: int | None = None,
    ) -> Int32Array:
        """Return (H, W) object ids alone, 0 = none; with `only`, that object as if alone."""
        context = self._ready(camera.width, camera.height)
        context.look(camera, world_from_camera)
        geoms = self._culler.in_frustum(self._culler.view(camera, world_from_camera, _NEAR))
        if only is not None:
            geoms = geoms[self._compiled.geom_object[geoms] == only]
        context.draw(geoms, as_ids=True)
        return context.read_ids()

    def close(self) -> None:
        """Free the GL context; a later `render` makes a new one."""
        if self._context is not None:
            self._context.close()
            self._context = None

    def _ready(self, width: int, height: int) -> _Context:
        if self._context is None:
            self._context = _Context(self._compiled, width, height, self._backend)
            weakref.finalize(self, self._context.close).atexit = False
        self._context.resize(width, height)
        return self._context


class _Context:
    """MuJoCo's GL state for one world."""

    def __init__(
        self, compiled: CompiledWorld, width: int, height: int, backend: str | None
    ) -> None:
        model = compiled.model
        model.vis.global_.offwidth, model.vis.global_.offheight = width, height
        self._gl, self.backend = create_context(width, height, backend)
        self._mjr = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._mjr)
        if self._mjr.currentBuffer != mujoco.mjtFramebuffer.mjFB_OFFSCREEN:
            raise RenderError(
                f"GL backend {self.backend!r} has no off-screen framebuffer; try another MUJOCO_GL"
            )
        self._mjr.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._scene = _build_scene(compiled)
        self._geoms = _geom_memory(self._scene)
        self._template = self._geoms.copy()
        self.see_through = np.array(
            [g.rgba[3] < 1.0 for g in self._scene.geoms[: len(self._geoms)]]
        )
        """(G,) whether each geom is glass: color passes through it, depth and ids do not."""
        self._far = 2.0 * float(np.linalg.norm(compiled.bounds[1] - compiled.bounds[0])) + 10.0
        self._sky_color = np.rint(255.0 * np.clip(compiled.world.sky, 0.0, 1.0)).astype(np.uint8)
        self._shape = (0, 0)
        self._most_ids = len(compiled.world.objects)
        self.resize(width, height)
        self._closed = False
        atexit.register(self.close)

    def resize(self, width: int, height: int) -> None:
        """Make the context current and give its framebuffer room for an image."""
        self._gl.make_current()
        if width > self._mjr.offWidth or height > self._mjr.offHeight:
            mujoco.mjr_resizeOffscreen(
                max(width, self._mjr.offWidth), max(height, self._mjr.offHeight), self._mjr
            )
        self._viewport = mujoco.MjrRect(0, 0, width, height)
        if self._shape != (height, width):
            self._shape = (height, width)
            self._sky = np.tile(self._sky_color, (height, width, 1))

    def look(self, camera: CameraIntrinsics, world_from_camera: RigidTransform) -> None:
        """Set the frustum and pose; pixel centres have integer coordinates."""
        matrix = world_from_camera.as_matrix()
        across, down = _NEAR / camera.fx, _NEAR / camera.fy
        left, right = -(camera.cx + 0.5) * across, (camera.width - 0.5 - camera.cx) * across
        for eye in self._scene.camera:
            eye.pos = matrix[:3, 3]
            eye.forward, eye.up = matrix[:3, 2], -matrix[:3, 1]
            eye.frustum_near, eye.frustum_far = _NEAR, self._far
            eye.frustum_center, eye.frustum_width = 0.5 * (left + right), 0.5 * (right - left)
            eye.frustum_top = (camera.cy + 0.5) * down
            eye.frustum_bottom = -(camera.height - 0.5 - camera.cy) * down

    def draw(self, geoms: NDArray[np.intp], as_ids: bool = False, sky: bool = False) -> None:
        """Draw the given geoms in order; `sky` behind them, for where glass lets it through."""
        flags = self._scene.flags
        flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = sky
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = as_ids
        self._geoms[: len(geoms)] = self._template[geoms]
        self._scene.ngeom = len(geoms)
        mujoco.mjr_render(self._viewport, self._scene, self._mjr)

    def read_color_and_depth(self) -> tuple[UInt8Array, Float32Array]:
        """Return what was drawn, top row first."""
        rgb = np.empty((*self._shape, 3), np.uint8)
        buffer = np.empty(self._shape, np.float32)
        mujoco.mjr_readPixels(rgb, buffer, self._viewport, self._mjr)
        depth = self._metric(buffer[::-1])
        image = cv2.flip(rgb, 0)
        cv2.copyTo(self._sky, np.isnan(depth).view(np.uint8), image)
        return np.asarray(image, np.uint8), depth

    def read_depth(self) -> Float32Array:
        """Return the depth of what was drawn, m, top row first."""
        buffer = np.empty(self._shape, np.float32)
        mujoco.mjr_readPixels(None, buffer, self._viewport, self._mjr)
        return self._metric(buffer[::-1])

    def _metric(self, buffer: Float32Array) -> Float32Array:
        """Turn GL's depth (1 near, 0 far) into metres; NaN where nothing was drawn."""
        depth = buffer * np.float32(1.0 / _NEAR - 1.0 / self._far)
        depth += np.float32(1.0 / self._far)
        np.reciprocal(depth, out=depth)
        if buffer.min() <= 0.0:
            depth[buffer <= 0.0] = np.nan
        return depth

    def read_ids(self) -> Int32Array:
        """Return the ids drawn, top row first."""
        color = np.empty((*self._shape, 3), np.uint8)
        mujoco.mjr_readPixels(color, None, self._viewport, self._mjr)
        color = color[::-1]
        ids = color[..., 0].astype(np.int32)
        for channel in range(1, 3):
            if self._most_ids >> (8 * channel):
                ids |= color[..., channel].astype(np.int32) << (8 * channel)
        return ids

    def close(self) -> None:
        """Free everything, before the GL library goes."""
        atexit.unregister(self.close)
        if self._closed:
            return
        self._closed = True
        self._gl.make_current()
        self._mjr.free()
        self._gl.free()


def _build_scene(compiled: CompiledWorld) -> mujoco.MjvScene:
    """Return a scene of all geoms, in order, whose segmentation ids are object ids."""
    model = compiled.model
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    scene = mujoco.MjvScene(model, maxgeom=model.ngeom)
    everything = mujoco.mjtCatBit.mjCAT_ALL
    mujoco.mjv_updateScene(
        model, data, mujoco.MjvOption(), None, mujoco.MjvCamera(), everything, scene
    )
    for geom in scene.geoms[: scene.ngeom]:
        geom.segid = int(compiled.geom_object[geom.objid]) - 1
    flags = mujoco.mjtRndFlag
    for flag in (flags.mjRND_SHADOW, flags.mjRND_REFLECTION, flags.mjRND_HAZE):
        scene.flags[flag] = False
    return scene


def _geom_memory(scene: mujoco.MjvScene) -> NDArray[np.uint8]:
    """Return (G, bytes) the scene's geoms as raw memory, one row each, not copied.

    Copying rows is the one fast way to draw a subset. The layout is checked against fields that
    MuJoCo names, so that a version with another layout is noticed.

    Raises:
        RenderError: The layout is not as expected.
    """
    count = scene.ngeom
    starts = [geom.size.ctypes.data - _HEADER for geom in scene.geoms[: min(count, 2)]]
    stride = starts[-1] - starts[0] if count > 1 else 252
    memory = (ctypes.c_uint8 * (stride * count)).from_address(starts[0])
    rows = np.ctypeslib.as_array(memory).reshape(count, stride)
    heads = rows[:, :_HEADER].copy().view(np.int32)
    named = [(g.type, g.dataid, g.objtype, g.objid) for g in scene.geoms[:count]]
    if not np.array_equal(heads[:, :4], named):
        raise RenderError(
            f"MuJoCo {mujoco.__version__} lays out its scene in an unknown way; "
            "install a version that pyproject.toml allows"
        )
    return rows
