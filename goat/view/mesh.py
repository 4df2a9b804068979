"""Meshes and point clouds through Open3D: a reconstruction of a run, and every instance's cloud.

Needs the `mesh` extra.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from goat.errors import MapError
from goat.registry import require
from goat.types import AgentFrame, Float64Array, Instance
from goat.view import theme

_BLOCKS = 2000  # of 16^3 voxels, reserved at first; 80 KB each, the grid grows by itself


class MeshRecorder:
    """Fuses depth and colour into a truncated signed distance field; a `Viewer`.

    Curless and Levoy, "A Volumetric Method for Building Complex Models from Range Images", 1996.
    Frames are fused only where the camera has moved, at some ten milliseconds each.
    """

    def __init__(self, folder: Path, voxel: float = 0.03, max_depth: float = 4.0) -> None:
        """Write into `folder` when closed.

        Args:
            folder: Made where needed.
            voxel: Side of a voxel, m.
            max_depth: Depth beyond is not fused, m.

        Raises:
            MissingExtraError: Open3D is not installed.
        """
        self._o3d: Any = require("open3d")
        self._folder, self._max_depth, self._voxel = folder, max_depth, voxel
        core = self._o3d.core
        self._grid = self._o3d.t.geometry.VoxelBlockGrid(
            ("tsdf", "weight", "color"),
            (core.float32, core.float32, core.float32),
            (1, 1, 3),
            voxel_size=voxel,
            block_resolution=16,
            block_count=_BLOCKS,
            device=core.Device("CPU:0"),
        )
        self._last: RigidTransform | None = None
        self._instances: Sequence[Instance] = ()

    def show(self, frame: AgentFrame) -> None:
        """Fuse a frame if the camera has moved since the last one."""
        self._instances = frame.instances
        map_from_camera = frame.map_from_base * frame.observation.base_from_camera
        if self._last is None or _moved(self._last, map_from_camera):
            self._last = map_from_camera
            self._fuse(frame, map_from_camera)

    def close(self) -> None:
        """Write `scene.ply`, `scene.glb` and the instances."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._last is not None:
            self._write_scene()
        write_instances(self._instances, self._folder / "instances")

    def _write_scene(self) -> None:
        o3d = self._o3d
        mesh = self._grid.extract_triangle_mesh(weight_threshold=1.0).to_legacy()
        colors = np.clip(np.asarray(mesh.vertex_colors), 0.0, 1.0)
        mesh.vertex_colors = o3d.utility.Vector3dVector(colors)
        for name in ("scene.ply", "scene.glb") if len(mesh.triangles) else ():
            _written(o3d.io.write_triangle_mesh(str(self._folder / name), mesh), name)

    def _fuse(self, frame: AgentFrame, map_from_camera: RigidTransform) -> None:
        seen, camera = frame.observation, frame.observation.camera
        image, tensor = self._o3d.t.geometry.Image, self._o3d.core.Tensor
        depth = image(tensor(np.nan_to_num(seen.depth)))
        color = image(tensor(seen.rgb.astype(np.float32) / 255.0))
        matrix = [[camera.fx, 0.0, camera.cx], [0.0, camera.fy, camera.cy], [0.0, 0.0, 1.0]]
        pinhole = tensor(np.array(matrix))
        pose = tensor(map_from_camera.inv().as_matrix())
        scale_and_range = (1.0, self._max_depth)
        blocks = self._grid.compute_unique_block_coordinates(depth, pinhole, pose, *scale_and_range)
        self._grid.integrate(blocks, depth, color, pinhole, pinhole, pose, *scale_and_range)


def _moved(a: RigidTransform, b: RigidTransform) -> bool:
    step = a.inv() * b
    turned = step.rotation.magnitude() > math.radians(25.0)
    return bool(turned or np.linalg.norm(step.translation) > 0.3)


def write_instances(instances: Sequence[Instance], folder: Path) -> Path:
    """Write each instance's points as PLY and all oriented boxes as JSON; return the JSON's path.

    Boxes stand upright: they turn about the vertical axis only.

    Raises:
        MissingExtraError: Open3D is not installed.
        MapError: `folder` already holds instances.
    """
    o3d = require("open3d")
    listing = folder / "instances.json"
    if listing.exists():
        raise MapError(f"{listing} exists already; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    entries, boxes = [], o3d.geometry.LineSet()
    for instance in instances:
        if len(instance.points):
            name = f"{instance.id:04d}_{_file_name(instance.label)}.ply"
            _write_cloud(instance, folder / name, o3d)
            center, extent, yaw = upright_box(instance.points)
            boxes += _box_lines(instance, center, extent, yaw, o3d)
            entries.append(_entry(instance, name, center, extent, yaw))
    if entries:
        _written(o3d.io.write_line_set(str(folder / "boxes.ply"), boxes), "boxes.ply")
    listing.write_text(json.dumps({"schema": 1, "instances": entries}, indent=2) + "\n")
    return listing


def _file_name(label: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in label)


def _write_cloud(instance: Instance, path: Path, o3d: Any) -> None:
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(instance.points.astype(float)))
    cloud.paint_uniform_color(np.array(theme.label_color(instance.label)) / 255.0)
    _written(o3d.io.write_point_cloud(str(path), cloud), path.name)


def _box_lines(
    instance: Instance, center: Float64Array, extent: Float64Array, yaw: float, o3d: Any
) -> Any:
    turn = Rotation.from_euler("z", yaw).as_matrix()
    box = o3d.geometry.OrientedBoundingBox(center, turn, np.maximum(extent, 1e-3))
    box.color = np.array(theme.label_color(instance.label)) / 255.0
    return o3d.geometry.LineSet.create_from_oriented_bounding_box(box)


def _entry(
    instance: Instance, name: str, center: Float64Array, extent: Float64Array, yaw: float
) -> dict[str, Any]:
    return {
        "id": instance.id,
        "label": instance.label,
        "file": name,
        "observations": instance.observations,
        "attributes": dict(instance.attributes),
        "center_m": [round(float(v), 4) for v in center],
        "extent_m": [round(float(v), 4) for v in extent],
        "yaw_rad": round(yaw, 4),
    }


def upright_box(points: NDArray) -> tuple[Float64Array, Float64Array, float]:
    """Return centre (3,), extent (3,) m and yaw (rad) of the smallest upright box of points."""
    low, high = float(points[:, 2].min()), float(points[:, 2].max())
    (x, y), (length, width), degrees = cv2.minAreaRect(points[:, :2].astype(np.float32))
    center = np.array([x, y, 0.5 * (low + high)])
    return center, np.array([length, width, high - low]), math.radians(degrees)


def _written(done: bool, name: str) -> None:
    if not done:
        raise MapError(f"Open3D could not write {name}; is the disk full?")
