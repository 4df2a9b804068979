"""An off-screen OpenGL context, from whichever backend the machine has."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Protocol

from goat.errors import RenderError

BACKENDS = ("egl", "osmesa", "glfw")
"""What `MUJOCO_GL` and `backend` may name."""
_AUTOMATIC = ("egl", "osmesa")
ADVICE = (
    "install the software renderers (Debian: apt-get install libegl1 libgl1-mesa-dri libosmesa6), "
    "or set MUJOCO_GL to one of: " + ", ".join(BACKENDS)
)


class GLContext(Protocol):
    """What MuJoCo's context classes have in common."""

    def make_current(self) -> None:
        """Bind the context to the calling thread."""
        ...

    def free(self) -> None:
        """Release it."""
        ...


def create_context(width: int, height: int, backend: str | None = None) -> tuple[GLContext, str]:
    """Create a GL context and make it current; sets `MUJOCO_GL` to the backend in use.

    Sets `LP_NUM_THREADS=0` unless it is set: Mesa's software renderer then draws in the calling
    thread, which costs less CPU time than waking others.

    Args:
        width: Of the surface, px (OSMesa and GLFW need one).
        height: Of the surface, px.
        backend: "egl", "osmesa" or "glfw"; None takes `MUJOCO_GL` if set, else the first of EGL
            and OSMesa that works.

    Returns:
        The context and the backend's name.

    Raises:
        RenderError: No backend works; the message says what was tried.
    """
    os.environ.setdefault("LP_NUM_THREADS", "0")
    wanted = (backend or os.environ.get("MUJOCO_GL", "")).lower()
    if wanted and wanted not in BACKENDS:
        raise RenderError(
            f"unknown GL backend {wanted!r}; allowed: {', '.join(BACKENDS)}; "
            "unset MUJOCO_GL to have one chosen"
        )
    failures = []
    for name in [wanted] if wanted else _AUTOMATIC:
        try:
            return _create(name, width, height), name
        except Exception as error:  # noqa: BLE001 - each GL library fails in its own way
            failures.append(f"{name}: {type(error).__name__}: {error}")
            _forget_opengl()
    raise RenderError(f"no GL backend works; tried {'; '.join(failures)}; {ADVICE}")


def _create(name: str, width: int, height: int) -> GLContext:
    context = importlib.import_module(f"mujoco.{name}").GLContext(width, height)
    context.make_current()
    os.environ["MUJOCO_GL"] = name  # MuJoCo finds its GL functions by this
    return context


def _forget_opengl() -> None:
    """Let the next backend choose PyOpenGL's platform, which is fixed when first imported."""
    os.environ.pop("PYOPENGL_PLATFORM", None)
    backends = tuple(f"mujoco.{name}" for name in BACKENDS)
    for module in list(sys.modules):
        if module.split(".", maxsplit=1)[0] == "OpenGL" or module.startswith(backends):
            del sys.modules[module]
