"""Results as JSON on disk: schema, configuration, versions and seed beside the figures."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import math
import os
import platform
import tempfile
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import goat
from goat.bench.session import GoalResult, summarize

SCHEMA = 1
"""Version of the layout of `results.json`."""

_PACKAGES = (
    "numpy", "scipy", "opencv-python-headless", "mujoco", "gymnasium", "trimesh", "av",
    "torch", "transformers", "open3d", "rerun-sdk",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Return the versions of Python, of GOAT and of what it computes with."""
    found = {"goat": goat.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def plain(value: Any) -> Any:
    """Return `value` as JSON knows it.

    Dataclasses become objects, enums their values, infinity and NaN null, anything odd a string.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    match value:
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case Sequence() if not isinstance(value, str):
            return [plain(item) for item in value]
        case float():
            return value if math.isfinite(value) else None
        case str() | int() | None:
            return value
    return plain(value.value) if isinstance(value, Enum) else str(value)


def document(goals: Sequence[GoalResult], config: object, seed: int) -> dict[str, Any]:
    """Return the content of `results.json`."""
    return {
        "schema": SCHEMA,
        "goals": plain(goals),
        "summary": plain(summarize(goals)),
        "config": plain(config),
        "versions": versions(),
        "seed": seed,
    }


def write_json(path: Path, content: object) -> None:
    """Write JSON so that the file is the old or the new one at any moment, never half of one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    half = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        half.chmod(0o644)
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)  # on a full disk it would only take up room
        raise
