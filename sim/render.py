"""Colour, metric depth and object ids of a compiled world, on CPU or GPU.

The world is static, so its geoms are built once; a frame copies the ones in the camera's frustum,
nearest first, into MuJoCo's scene. A first pass without light or texture draws which geom each
pixel shows, and depth. A second pass draws the colour of the geoms that were seen, and only
those. Without ids and glass, one pass draws colour and depth.
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
from sim.culling import Culler, View
from sim.gl import ADVICE, create_context

_NEAR = 0.03  # m
_HEADER = 40  # bytes of an mjvGeom before its `size`
_SEGMENT = slice(36, 40)  # bytes of its `segid`, from which MuJoCo makes the colour of ids


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
        geoms = self._culler.in_frustum(view)
        if semantic or context.see_through[geoms].any():
            frame = self._with_ids(context, view, geoms)
            return frame if semantic else frame._replace(ids=None)
        context.draw(geoms)
        rgb, depth = context.read_color_and_depth()
        return Frame(context.with_sky(rgb, depth), depth, None)

    def ids(
        self,
        camera: CameraIntrinsics,
        world_from_camera: RigidTransform,
        only: int | None = None,
    ) -> Int32Array:
        """Return (H, W) object ids alone, 0 = none; with `only`, that object as if alone."""
        context = self._ready(camera.width, camera.height)
        context.look(camera, world_from_camera)
        geoms = self.choose(camera, world_from_camera)
        if only is not None:
            geoms = geoms[self._compiled.geom_object[geoms] == only]
        context.draw_index(geoms)
        index, _ = context.read_index_and_depth()
        return self._objects_at(index, geoms)

    def choose(
        self, camera: CameraIntrinsics, world_from_camera: RigidTransform
    ) -> NDArray[np.intp]:
        """Return (N,) the geoms that may be in view, nearest first."""
        return self._culler.in_frustum(self._culler.view(camera, world_from_camera, _NEAR))

    def drawn(self, camera: CameraIntrinsics, world_from_camera: RigidTransform) -> tuple[int, int]:
        """Return how many geoms are in the frustum, and how many of them are seen."""
        context = self._ready(camera.width, camera.height)
        context.look(camera, world_from_camera)
        geoms = self.choose(camera, world_from_camera)
        context.draw_index(geoms)
        index, _ = context.read_index_and_depth()
        return len(geoms), len(np.unique(index[index > 0]))

    def _with_ids(self, context: _Context, view: View, geoms: NDArray[np.intp]) -> Frame:
        context.draw_index(geoms)
        index, depth = context.read_index_and_depth()
        seen = np.bincount(index.ravel(), minlength=len(geoms) + 1)[1:] > 0
        glass = seen & context.see_through[geoms]
        if glass.any():
            pixels = np.concatenate([[False], glass])[index]
            seen |= self._culler.touching(view, geoms, pixels)
        context.draw(geoms[seen], sky=bool(glass.any()))
        rgb = context.with_sky(context.read_color(), depth)
        return Frame(rgb, depth, self._objects_at(index, geoms))

    def _objects_at(self, index: NDArray[np.integer], geoms: NDArray[np.intp]) -> Int32Array:
        """Turn places in `geoms`, from 1, into object ids."""
        table = np.zeros(max(256, len(geoms) + 1), np.int32)
        table[1 : len(geoms) + 1] = self._compiled.geom_object[geoms]
        if index.dtype == np.uint8:
            return np.asarray(cv2.LUT(index, table[:256]), np.int32)
        return table[index]

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
        try:
            self._mjr = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        except mujoco.FatalError as error:
            raise RenderError(
                f"MuJoCo cannot use GL backend {self.backend!r}: {error}; {ADVICE}"
            ) from error
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
        # MuJoCo draws its sky at about half of this: beyond the farthest corner.
        self._far = 4.0 * float(np.linalg.norm(compiled.bounds[1] - compiled.bounds[0])) + 20.0
        self._sky_color = np.rint(255.0 * np.clip(compiled.world.sky, 0.0, 1.0)).astype(np.uint8)
        self._shape = (0, 0)
        self._drawn = 0
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

    def draw(self, geoms: NDArray[np.intp], sky: bool = False) -> None:
        """Draw the colour of geoms, in order; with the sky behind them, if glass shows it."""
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = sky
        self._draw(geoms, as_index=False)

    def draw_index(self, geoms: NDArray[np.intp]) -> None:
        """Draw geoms, in order, each in the colour of its place in `geoms`, glass as if solid."""
        self._drawn = len(geoms)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = False
        self._draw(geoms, as_index=True)

    def _draw(self, geoms: NDArray[np.intp], as_index: bool) -> None:
        flags = self._scene.flags
        flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = as_index
        flags[mujoco.mjtRndFlag.mjRND_IDCOLOR] = as_index
        rows = self._geoms[: len(geoms)]
        rows[:] = self._template[geoms]
        rows[:, _SEGMENT] = np.arange(len(geoms), dtype=np.int32)[:, None].view(np.uint8)
        self._scene.ngeom = len(geoms)
        mujoco.mjr_render(self._viewport, self._scene, self._mjr)

    def read_color(self) -> UInt8Array:
        """Return (H, W, 3) the colours drawn, top row first."""
        rgb = np.empty((*self._shape, 3), np.uint8)
        mujoco.mjr_readPixels(rgb, None, self._viewport, self._mjr)
        return np.asarray(cv2.flip(rgb, 0), np.uint8)

    def read_color_and_depth(self) -> tuple[UInt8Array, Float32Array]:
        """Return the colours and the depth drawn, top row first."""
        rgb = np.empty((*self._shape, 3), np.uint8)
        buffer = np.empty(self._shape, np.float32)
        mujoco.mjr_readPixels(rgb, buffer, self._viewport, self._mjr)
        return np.asarray(cv2.flip(rgb, 0), np.uint8), self._metric(buffer[::-1])

    def read_index_and_depth(self) -> tuple[NDArray[np.integer], Float32Array]:
        """Return (H, W) what `draw_index` drew, 0 = nothing, from 1, and depth; top row first."""
        color, depth = self.read_color_and_depth()
        index = np.asarray(cv2.extractChannel(color, 0), np.uint8)
        if self._drawn > 255:
            return index | (color[..., 1].astype(np.uint16) << 8), depth
        return index, depth

    def with_sky(self, rgb: UInt8Array, depth: Float32Array) -> UInt8Array:
        """Give the pixels without depth the sky's colour, in place."""
        cv2.copyTo(self._sky, np.isnan(depth).view(np.uint8), rgb)
        return rgb

    def _metric(self, buffer: Float32Array) -> Float32Array:
        """Turn GL's depth (1 near, 0 far) into metres; NaN where nothing was drawn."""
        depth = buffer * np.float32(1.0 / _NEAR - 1.0 / self._far)
        depth += np.float32(1.0 / self._far)
        np.reciprocal(depth, out=depth)
        if buffer.min() <= 0.0:
            depth[buffer <= 0.0] = np.nan
        return depth

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
    """Return a scene of all geoms, in order."""
    model = compiled.model
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    scene = mujoco.MjvScene(model, maxgeom=model.ngeom)
    everything = mujoco.mjtCatBit.mjCAT_ALL
    mujoco.mjv_updateScene(
        model, data, mujoco.MjvOption(), None, mujoco.MjvCamera(), everything, scene
    )
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
    named = [(g.type, g.dataid, g.objtype, g.objid, g.segid) for g in scene.geoms[:count]]
    if not np.array_equal(heads[:, [0, 1, 2, 3, 9]], named):
        raise RenderError(
            f"MuJoCo {mujoco.__version__} lays out its scene in an unknown way; "
            "install a version that pyproject.toml allows"
        )
    return rows
