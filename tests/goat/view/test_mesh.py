from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from fakes import make_frame, make_instance, make_observation

from goat.errors import MapError
from goat.frames import planar
from goat.types import CameraIntrinsics
from goat.view.mesh import MeshRecorder, upright_box, write_instances

o3d = pytest.importorskip("open3d")


def test_the_box_turns_with_the_object() -> None:
    x, y, z = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-0.25, 0.25, 5), [0.0, 0.8])
    flat = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
    angle = 0.5
    turn = np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0]])
    points = flat.copy()
    points[:, :2] = flat @ turn.T + [3.0, -2.0]
    center, extent, yaw = upright_box(points)
    assert center == pytest.approx([3.0, -2.0, 0.4], abs=1e-3)
    assert sorted(extent) == pytest.approx([0.5, 0.8, 2.0], abs=1e-3)
    along = yaw if extent[0] > extent[1] else yaw + math.pi / 2
    assert abs(math.sin(along - angle)) < 1e-3


def test_instances_are_written_with_their_boxes(tmp_path: Path) -> None:
    chair = make_instance(3, "office chair", (1.0, 2.0))
    listing = write_instances([chair], tmp_path / "out")
    (entry,) = json.loads(listing.read_text())["instances"]
    assert entry["label"] == "office chair"
    assert entry["center_m"][:2] == pytest.approx([1.0, 2.0], abs=0.01)
    cloud = o3d.io.read_point_cloud(str(listing.parent / entry["file"]))
    assert len(cloud.points) == len(chair.points)
    with pytest.raises(MapError, match="exists already"):
        write_instances([chair], tmp_path / "out")


def test_a_run_becomes_a_coloured_mesh(tmp_path: Path) -> None:
    camera = CameraIntrinsics.from_hfov(160, 120, math.radians(79))
    recorder = MeshRecorder(tmp_path / "mesh", voxel=0.05)
    for step in range(0, 40, 4):
        pose = planar(0.02 * step, 0.0, 0.0)
        seen = make_observation(camera=camera)
        seen.depth[:] -= 0.02 * step  # the same wall from nearer
        recorder.show(make_frame(observation=seen, detections=(), map_from_base=pose, instances=()))
    recorder.close()
    mesh = o3d.io.read_triangle_mesh(str(tmp_path / "mesh/scene.ply"))
    points = np.asarray(mesh.vertices)
    assert len(mesh.triangles) > 2000
    assert points[:, 0] == pytest.approx(2.0, abs=0.05)
    assert np.ptp(points[:, 1]) > 2.0
    assert np.ptp(np.asarray(mesh.vertex_colors)[:, 0]) > 0.5
    assert (tmp_path / "mesh/scene.glb").stat().st_size > 1000
    assert (tmp_path / "mesh/instances/instances.json").is_file()


def test_a_run_without_frames_leaves_no_scene(tmp_path: Path) -> None:
    MeshRecorder(tmp_path / "mesh").close()
    assert not (tmp_path / "mesh/scene.ply").exists()
