import math
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation
from sim_worlds import WHITE, box_mesh, box_object, one_room_world, translation, two_room_world

from goat.errors import RenderError, WorldError
from goat.frames import mast_camera, planar
from goat.geometry import project
from goat.types import CameraIntrinsics
from sim.compile import compile_world
from sim.render import Renderer
from sim.worlds.world import Material, Mesh, Part, World, WorldObject

ROOT = Path(__file__).resolve().parents[2]
WIDE = CameraIntrinsics.from_hfov(640, 480, math.radians(79))
ODD = CameraIntrinsics(200, 300, 180.0, 260.0, 60.3, 190.7)


def render(world, camera, pose, semantic=True):
    renderer = Renderer(compile_world(world))
    try:
        return renderer.render(camera, pose, semantic)
    finally:
        renderer.close()


def tilted_pose(x, y, yaw, tilt=0.2, roll=0.1):
    camera = mast_camera(1.2, tilt) * RigidTransform.from_rotation(Rotation.from_euler("z", roll))
    return planar(x, y, yaw) * camera


@pytest.mark.parametrize("camera", [WIDE, ODD], ids=["wide", "odd"])
def test_small_boxes_appear_where_they_project_at_their_depth(camera):
    # Small cubes: the middle of their pixels must be the projection of their centre.
    centers = np.array([[3, 1.6, 1.2], [3.5, 2.4, 0.8], [4, 1.9, 1.0], [2.5, 2.1, 1.3]])
    cubes = [
        box_object(f"cube_{i}", "cube", c - 0.04, c + 0.04, (0.9, 0.2, 0.1, 1))
        for i, c in enumerate(centers)
    ]
    pose = tilted_pose(0.5, 2.0, 0.0)
    frame = render(one_room_world(*cubes), camera, pose)
    pixels, depths = project(pose.inv().apply(centers), camera)
    for i, (xy, z) in enumerate(zip(pixels, depths, strict=True)):
        rows, cols = np.nonzero(frame.ids == 6 + i)
        assert len(rows) > 8
        assert np.hypot(cols.mean() - xy[0], rows.mean() - xy[1]) < 0.5
        assert abs(np.median(frame.depth[rows, cols]) - z) < 0.06


@pytest.mark.parametrize("camera", [WIDE, ODD], ids=["wide", "odd"])
def test_depth_unprojects_onto_the_wall(camera):
    pose = tilted_pose(1.0, 2.0, 0.1)
    frame = render(one_room_world(), camera, pose)
    rows, cols = np.nonzero(frame.ids == 5)  # the east wall, x = 6
    z = frame.depth[rows, cols].astype(float)
    points = np.stack([(cols - camera.cx) * z / camera.fx, (rows - camera.cy) * z / camera.fy, z])
    world = pose.apply(points.T)
    assert len(rows) > 100
    assert np.abs(world[:, 0] - 6.0).max() < 1e-3


def test_near_and_far_depths_are_exact():
    near = box_object("near", "box", (1.05, 1.9, 1.1), (1.06, 2.1, 1.3))
    far = box_object("far", "box", (60.0, -9, -9), (60.1, 9, 9))
    world = World("line", (near, far))
    pose = planar(1.0, 2.0, 0.0) * mast_camera(1.2)
    assert render(world, WIDE, pose).depth[240, 320] == pytest.approx(0.05, abs=1e-4)
    pose = planar(2.0, 2.0, 0.0) * mast_camera(1.2)
    assert render(world, WIDE, pose).depth[240, 320] == pytest.approx(58.0, abs=0.01)


def test_sky_has_no_depth_no_id_and_the_sky_color():
    frame = render(one_room_world(), WIDE, planar(1, 2, 0) * mast_camera(1.2, -0.6))
    sky = np.isnan(frame.depth)
    assert sky.any()
    np.testing.assert_array_equal(sky, frame.ids == 0)
    np.testing.assert_array_equal(np.unique(frame.rgb[sky], axis=0), [[178, 204, 230]])


def test_ids_are_left_out_unless_asked_for():
    assert render(one_room_world(), WIDE, planar(1, 2, 0) * mast_camera(1.2), False).ids is None


def test_ids_do_not_depend_on_culling():
    rng = np.random.default_rng(1)
    boxes = []
    for i in range(300):
        low = rng.uniform((0, 0, 0), (5.8, 3.8, 2))
        boxes.append(box_object(f"box_{i}", "box", low, low + rng.uniform(0.02, 0.3, 3)))
    compiled = compile_world(one_room_world(*boxes))
    renderer = Renderer(compiled)
    hidden = 0
    for _ in range(8):
        pose = tilted_pose(rng.uniform(0, 6), rng.uniform(0, 4), rng.uniform(-3, 3))
        frame = renderer.render(WIDE, pose, semantic=True)
        np.testing.assert_array_equal(frame.ids, renderer.ids(WIDE, pose))
        hidden += len(boxes) - len(np.unique(frame.ids))
    renderer.close()
    assert frame.ids.max() > 255  # more objects than one color channel holds
    assert hidden > 0


def test_texture_has_its_first_row_at_the_top_and_its_left_on_the_left():
    image = np.zeros((64, 64, 3), np.uint8)
    image[:32, :32], image[:32, 32:] = (255, 0, 0), (0, 255, 0)
    image[32:, :32], image[32:, 32:] = (0, 0, 255), (255, 255, 255)
    quad = Mesh(  # faces west, towards the camera: y grows to its left
        np.array([[3, 3, 0.2], [3, 1, 0.2], [3, 1, 2.2], [3, 3, 2.2]], np.float32),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32),
    )
    material = Material("picture", (1, 1, 1, 1), image)
    world = World("picture", (WorldObject("quad", None, (Part(quad, material, np.eye(4)),)),))
    frame = render(world, WIDE, planar(0, 2, 0) * mast_camera(1.2))
    corner = {
        (r, c): frame.rgb[240 + 40 * r, 320 + 40 * c].astype(int) for r in (-1, 1) for c in (-1, 1)
    }
    assert corner[-1, -1].argmax() == 0
    assert corner[-1, 1].argmax() == 1
    assert corner[1, -1].argmax() == 2
    assert np.ptp(corner[1, 1]) == 0


def test_glass_shows_what_is_behind_but_stops_depth_and_ids():
    glass = box_object("glass", "window", (3, 1, 0), (3.02, 3, 2.4), (0.2, 0.9, 0.2, 0.3))
    ball = box_object("red", "ball", (4, 1.8, 1), (4.4, 2.2, 1.4), (0.9, 0.05, 0.05, 1))
    pose = planar(1, 2, 0) * mast_camera(1.2)
    frame = render(one_room_world(glass, ball), WIDE, pose)
    alone = render(one_room_world(glass, ball), WIDE, pose, semantic=False)
    assert frame.ids[240, 320] == 6
    assert frame.depth[240, 320] == pytest.approx(2.0, abs=0.01)
    np.testing.assert_array_equal(frame.depth, alone.depth)
    r, g, _ = frame.rgb[240, 320].astype(int)
    assert r > g  # the ball shows through


def test_sky_shows_through_glass():
    glass = box_object("glass", "window", (3, -9, -9), (3.02, 9, 9), (1, 1, 1, 0.1))
    pose = planar(1, 2, 0) * mast_camera(1.2)
    frame = render(World("pane", (glass,), sky=(0.2, 0.4, 1.0)), WIDE, pose)
    assert (frame.ids == 1).all()
    r, g, b = frame.rgb[240, 320]
    assert r < g < b > 200


def test_meshes_mujoco_would_refuse_or_move_are_drawn_in_place():
    lone = Mesh(
        np.array([[0, 0, 0], [0.3, 0, 0], [0, 0.3, 0.2]], np.float32), np.array([[0, 1, 2]])
    )
    flat = Mesh(
        np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [9, 9, 9]], np.float32),
        np.array([[0, 1, 2], [0, 2, 3], [1, 1, 2]], np.int32),
    )
    mirrored = translation((4, 1, 1)) @ np.diag([-1.0, 2.0, 0.5, 1.0])
    parts = (
        Part(lone, WHITE, translation((1, 1, 1))),
        Part(flat, WHITE, translation((2, 1, 1))),
        Part(box_mesh((0.4, 0.2, 0.3)), WHITE, mirrored),
    )
    compiled = compile_world(World("odd", (WorldObject("odd", None, parts),)))
    np.testing.assert_allclose(compiled.bounds, [[1, 0.8, 0.925], [4.2, 2, 1.2]], atol=1e-5)
    # Seen from above, all three face up: culling of back faces must not remove them.
    down = RigidTransform.from_components([2.5, 1.5, 4], Rotation.from_euler("x", 180, True))
    ids = render(World("odd", (WorldObject("odd", None, parts),)), WIDE, down).ids
    xy, _ = project(down.inv().apply([[1.08, 1.08, 1.05], [2.5, 1.5, 1], [4, 1, 1.07]]), WIDE)
    for x, y in np.rint(xy).astype(int):
        assert ids[y, x] == 1


def test_boxes_have_flat_faces_and_cylinders_smooth_ones():
    faces = compile_world(World("b", (box_object("b", None, (0, 0, 0), (1, 1, 1)),))).model
    assert np.abs(faces.mesh_normal).max(axis=1) == pytest.approx(1.0, abs=1e-5)
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    vertices = np.concatenate([np.c_[ring, np.zeros(24)], np.c_[ring, np.ones(24)]])
    i = np.arange(24)
    j = (i + 1) % 24
    triangles = np.concatenate([np.stack([i, j, j + 24], 1), np.stack([i, j + 24, i + 24], 1)])
    mesh = Mesh(vertices.astype(np.float32), triangles.astype(np.int32))
    from sim.surfaces import bake

    surface = bake(Part(mesh, WHITE, np.eye(4)))
    normals = surface.normals[surface.face_normals]
    radial = surface.corners[..., :2]
    assert np.einsum("fci,fci->fc", normals[..., :2], radial).min() > 0.999


def test_large_surfaces_are_cut_and_nothing_is_lost():
    steps = np.linspace(0, 10, 21)
    x, y = np.meshgrid(steps, steps)
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1).astype(np.float32)
    a = (np.arange(20)[:, None] * 21 + np.arange(20)).ravel()
    faces = np.concatenate([np.stack([a, a + 1, a + 22], 1), np.stack([a, a + 22, a + 21], 1)])
    part = Part(Mesh(vertices, faces.astype(np.int32)), WHITE, np.eye(4))
    compiled = compile_world(World("floor", (WorldObject("floor", None, (part,)),)))
    assert len(compiled.geom_object) == 16
    assert compiled.model.nmeshface == 800
    assert (compiled.geom_bounds[:, 1] - compiled.geom_bounds[:, 0]).max() < 3.6


def test_a_world_without_triangles_is_an_error():
    with pytest.raises(WorldError, match="no visible triangles"):
        compile_world(World("empty", ()))


def test_unknown_backend_is_named():
    with pytest.raises(RenderError, match="directx"):
        Renderer(compile_world(two_room_world()), backend="directx").render(WIDE, planar(1, 2, 0))


SHOOT = (
    "import sys, numpy as np; sys.path.insert(0, 'tests')\n"
    "from sim_worlds import two_room_world\n"
    "from sim.home import HomeSim\n"
    "s = HomeSim(two_room_world()); o = s.observe()\n"
    "np.savez(sys.argv[1], d=o.depth, i=o.semantic, c=o.rgb, b=s.renderer.backend)\n"
)


def shoot(path, **variables):
    env = {k: v for k, v in os.environ.items() if k not in ("PYOPENGL_PLATFORM", "MUJOCO_GL")}
    return subprocess.run(
        [sys.executable, "-c", SHOOT, str(path)],
        env=env | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_backends_agree_on_depth_and_ids(tmp_path):
    shots = {}
    for backend in ("egl", "osmesa"):
        path = tmp_path / f"{backend}.npz"
        done = shoot(path, MUJOCO_GL=backend)
        if done.returncode:
            pytest.skip(f"{backend} does not work here: {done.stderr[-300:]}")
        assert not done.stderr
        shots[backend] = dict(np.load(path))
        assert shots[backend]["b"] == backend
    same = shots["egl"]["i"] == shots["osmesa"]["i"]
    assert same.mean() > 0.999
    a, b = (shots[k]["d"][same] for k in shots)
    assert np.nanmax(np.abs(a - b)) < 0.02
    assert cv2.absdiff(shots["egl"]["c"], shots["osmesa"]["c"]).mean() < 1.0


def test_osmesa_steps_in_where_egl_fails(tmp_path):
    done = shoot(tmp_path / "shot.npz", MUJOCO_EGL_DEVICE_ID="99")
    if "osmesa:" in done.stderr:
        pytest.skip("osmesa does not work here")
    assert done.returncode == 0, done.stderr
    assert str(np.load(tmp_path / "shot.npz")["b"]) == "osmesa"


def test_where_nothing_works_the_error_names_the_packages(tmp_path):
    done = shoot(tmp_path / "shot.npz", MUJOCO_GL="egl", MUJOCO_EGL_DEVICE_ID="99")
    message = done.stderr.splitlines()[-1]
    assert "RenderError" in message
    assert "tried egl" in message
    assert "libosmesa6" in message
