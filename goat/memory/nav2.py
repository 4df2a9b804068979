"""Occupancy grids as nav2 map_server files: a PGM image and a YAML beside it.

Written with the trinary convention of map_server: white 254 = free, black 0 = occupied, 205 =
unknown; the image's top row is the map's largest y. Read in all three of its modes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import yaml

from goat.errors import MapError
from goat.registry import suggest
from goat.types import CellState, OccupancyGrid, UInt8Array

_SHADE = {CellState.FREE: 254, CellState.OCCUPIED: 0, CellState.UNKNOWN: 205}
_MAX_FILE_BYTES = 256 << 20
_MAX_CELLS = 64_000_000
_KEYS = {"image", "resolution", "origin", "negate", "occupied_thresh", "free_thresh"}
_OPTIONAL_KEYS = {"mode"}


@dataclass(frozen=True)
class _Header:
    image: Path
    resolution: float
    origin: tuple[float, float]
    negate: bool
    occupied: float
    free: float
    mode: Literal["trinary", "scale", "raw"]


def write_nav2(grid: OccupancyGrid, folder: Path, name: str = "map") -> Path:
    """Write `name`.pgm and `name`.yaml into `folder`, which is made where needed.

    Returns:
        Path of the YAML file.

    Raises:
        MapError: One of the files exists already, or cannot be written.
    """
    image, header = folder / f"{name}.pgm", folder / f"{name}.yaml"
    for path in (image, header):
        if path.exists():
            raise MapError(f"{path} exists already; choose another folder or name")
    shades = np.array([_SHADE[state] for state in CellState], np.uint8)
    rows, cols = grid.shape
    try:
        folder.mkdir(parents=True, exist_ok=True)
        image.write_bytes(b"P5\n%d %d\n255\n" % (cols, rows) + shades[grid.state[::-1]].tobytes())
        header.write_text(_yaml(grid, image.name), encoding="utf-8")
    except OSError as error:
        raise MapError(f"cannot write the map to {folder}: {error}") from error
    return header


def _yaml(grid: OccupancyGrid, image: str) -> str:
    x, y = (round(float(value), 6) for value in grid.origin)
    return (
        f"image: {image}\nmode: trinary\nresolution: {float(grid.resolution)}\n"
        f"origin: [{x}, {y}, 0.0]\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.196\n"
    )


def read_nav2(yaml_path: Path) -> OccupancyGrid:
    """Read a map_server map.

    In mode "scale" cells between the thresholds count as unknown; in mode "raw" 0..100 is the
    chance of being occupied and anything above is unknown.

    Raises:
        MapError: The YAML or the image is missing, damaged, huge, or turned (yaw is not 0).
    """
    header = _read_header(yaml_path)
    pixels = _read_image(header.image)[::-1]
    state = np.full(pixels.shape, CellState.UNKNOWN, np.uint8)
    if header.mode == "raw":
        chance = pixels / 100.0
    else:
        chance = pixels / 255.0 if header.negate else 1.0 - pixels / 255.0
    known = chance <= 1.0
    state[known & (chance >= header.occupied)] = CellState.OCCUPIED
    state[known & (chance <= header.free)] = CellState.FREE
    return OccupancyGrid(state, header.origin, header.resolution)


def _read_header(path: Path) -> _Header:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MapError(f"cannot read the map file {path}: {error}") from error
    if not isinstance(content, dict):
        raise MapError(f"{path} is no map_server YAML: it must hold {', '.join(sorted(_KEYS))}")
    _check_keys(path, content)
    try:
        return _header(path, content)
    except (TypeError, ValueError) as error:
        raise MapError(f"{path} has a value of the wrong kind: {error}") from error


def _check_keys(path: Path, content: Mapping[str, Any]) -> None:
    missing = _KEYS - content.keys()
    if missing:
        raise MapError(f"{path} lacks {', '.join(sorted(missing))}")
    allowed = _KEYS | _OPTIONAL_KEYS
    for key in content.keys() - allowed:
        raise MapError(f"{path} has an unknown key {key!r}.{suggest(str(key), allowed)}")


def _header(path: Path, content: Mapping[str, Any]) -> _Header:
    x, y, yaw = (float(value) for value in content["origin"])
    resolution = float(content["resolution"])
    mode = content.get("mode", "trinary")
    if not (resolution > 0 and math.isfinite(resolution) and math.isfinite(x) and math.isfinite(y)):
        raise MapError(f"{path}: resolution must be positive and the origin finite")
    if yaw != 0.0:
        raise MapError(f"{path}: the map is turned by {yaw} rad; save it with yaw 0")
    if mode not in ("trinary", "scale", "raw"):
        raise MapError(f"{path}: unknown mode {mode!r}; allowed: trinary, scale, raw")
    return _Header(
        image=path.parent / str(content["image"]),
        resolution=resolution,
        origin=(x, y),
        negate=bool(int(content["negate"])),
        occupied=float(content["occupied_thresh"]),
        free=float(content["free_thresh"]),
        mode=mode,
    )


def _read_image(path: Path) -> UInt8Array:
    if not path.is_file():
        raise MapError(f"the map's image {path} is missing")
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise MapError(f"the map's image {path} is larger than {_MAX_FILE_BYTES >> 20} MiB")
    try:
        pixels = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise MapError(f"cannot decode the map's image {path}: {error}") from error
    if pixels is None:
        raise MapError(f"{path} is no image that can be read (PGM, PNG or BMP are)")
    if pixels.size > _MAX_CELLS:
        raise MapError(f"{path} has {pixels.size} cells; at most {_MAX_CELLS} are read")
    return pixels.astype(np.uint8, copy=False)
