"""An off-screen framebuffer that draws MuJoCo's scenes."""

# pyright: reportAttributeAccessIssue=false
from __future__ import annotations

import atexit
import importlib
import os
import weakref
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from goat.errors import RenderError

UInt8Array = NDArray[np.uint8]
_ADVICE = (
    "install the software renderers (Debian: apt-get install libegl1 libgl1-mesa-dri libosmesa6), "
    "or set MUJOCO_GL to one of: egl, osmesa, glfw"
)


class Screen:
    """Draws the scenes of one model; use it from one thread at a time."""

    def __init__(self, model: mujoco.MjModel, size: tuple[int, int]) -> None:
        """Make a GL context: by EGL unless `MUJOCO_GL` names another way.

        Mesa's software renderer draws in the calling thread unless `LP_NUM_THREADS` is set, which
        costs less than waking others.

        Args:
            model: Whose scenes are drawn.
            size: Height and width of pictures, px.

        Raises:
            RenderError: It cannot be made.
        """
        os.environ.setdefault("LP_NUM_THREADS", "0")
        backend = os.environ.get("MUJOCO_GL", "").lower() or "egl"
        os.environ["MUJOCO_GL"] = backend  # MuJoCo finds its GL functions by this
        self._rect = mujoco.MjrRect(0, 0, size[1], size[0])
        model.vis.global_.offheight, model.vis.global_.offwidth = size
        try:
            self._gl: Any = importlib.import_module(f"mujoco.{backend}").GLContext(size[1], size[0])
            self._gl.make_current()
            self._context = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        except Exception as error:
            raise RenderError(
                f"GL backend {backend!r} cannot draw: {type(error).__name__}: {error}; {_ADVICE}"
            ) from error
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._free = weakref.finalize(self, _free, self._gl, self._context)
        self._free.atexit = False
        atexit.register(self._free)

    def draw(self, scene: mujoco.MjvScene) -> UInt8Array:
        """Return a picture (H, W, 3) of a scene."""
        self._gl.make_current()
        mujoco.mjr_render(self._rect, scene, self._context)
        picture = np.empty((self._rect.height, self._rect.width, 3), np.uint8)
        mujoco.mjr_readPixels(picture, None, self._rect, self._context)
        return picture[::-1]

    def close(self) -> None:
        """Free the context; may be called twice."""
        self._free()
        atexit.unregister(self._free)


def _free(gl: Any, context: mujoco.MjrContext) -> None:
    gl.make_current()
    context.free()
    gl.free()
