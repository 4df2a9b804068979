"""Triangles keep their place, facing and texture through merging, moving and indexing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from sim.worlds.mesh_tools import Corners, drop_degenerate, is_open, merge, to_mesh

TETRA = Corners(
    np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]),
    np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]),
)


def with_normals(corners: Corners) -> Corners:
    a, b, c = (corners.vertices[corners.faces[:, k]] for k in range(3))
    count = len(corners.faces)
    return replace(
        corners,
        normals=np.cross(b - a, c - a),
        face_normals=np.repeat(np.arange(count)[:, None], 3, axis=1),
    )


def facing(corners: Corners) -> np.ndarray:
    a, b, c = (corners.vertices[corners.faces[:, k]] for k in range(3))
    out = (a + b + c) / 3 - corners.vertices.mean(axis=0)
    return (np.cross(b - a, c - a) * out).sum(axis=1)


@given(
    st.integers(0, 2**31),
    st.tuples(*[st.sampled_from([-2.0, -0.5, 0.3, 1.0, 4.0])] * 3),
)
def test_moving_keeps_bodies_facing_out_with_true_normals(seed: int, scale: tuple) -> None:
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.random(random_state=seed).as_matrix() * np.asarray(scale)
    matrix[:3, 3] = (1, 2, 3)
    moved = with_normals(TETRA).moved(matrix)
    assert (facing(moved) > 0).all()
    mesh = to_mesh(moved)
    assert mesh.normals is not None
    truth = to_mesh(with_normals(replace(moved, normals=None, face_normals=None)))
    assert truth.normals is not None
    np.testing.assert_allclose(
        mesh.normals[mesh.faces].reshape(-1, 3),
        truth.normals[truth.faces].reshape(-1, 3),
        atol=1e-4,
    )
    np.testing.assert_allclose(mesh.vertices[mesh.faces], moved.vertices[moved.faces], atol=1e-5)


def test_merging_fills_missing_texture_coordinates_and_drops_lone_normals() -> None:
    uv = replace(TETRA, uv=np.array([[0.5, 0.25]], np.float32), face_uv=np.zeros((4, 3), int))
    merged = merge([uv, with_normals(TETRA)])
    assert merged.normals is None
    assert merged.uv is not None
    assert merged.face_uv is not None
    np.testing.assert_allclose(merged.uv[merged.face_uv][:4], np.full((4, 3, 2), (0.5, 0.25)))
    np.testing.assert_allclose(merged.uv[merged.face_uv][4:], 0)
    np.testing.assert_array_equal(
        merged.vertices[merged.faces], np.tile(TETRA.vertices[TETRA.faces], (2, 1, 1))
    )
    both = merge([with_normals(TETRA), with_normals(TETRA)])
    assert to_mesh(both).normals is not None


def test_empty_normals_take_the_direction_of_their_face() -> None:
    good = with_normals(TETRA)
    assert good.normals is not None
    bad = good.normals.copy()
    bad[1] = 0
    bad[2] = np.nan
    mesh, truth = to_mesh(replace(good, normals=bad)), to_mesh(good)
    assert mesh.normals is not None
    assert truth.normals is not None
    np.testing.assert_allclose(mesh.normals[mesh.faces], truth.normals[truth.faces], atol=1e-6)


def test_equal_corners_share_a_vertex() -> None:
    flat = Corners(
        np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [9, 9, 9]]),
        np.array([[0, 1, 2], [0, 2, 3]]),
        np.tile([0.0, 0, 5], (6, 1)),
        np.arange(6).reshape(2, 3),
    )
    mesh = to_mesh(flat)
    assert len(mesh.vertices) == 4
    assert mesh.faces.dtype == np.int32


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"vertices": TETRA.vertices * np.nan}, "finite"),
        ({"faces": TETRA.faces + 1}, "range"),
        ({"faces": TETRA.faces - 1}, "range"),
    ],
)
def test_damaged_triangles_are_refused(changes: dict, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        drop_degenerate(replace(TETRA, **changes))


def test_what_has_no_area_is_nothing() -> None:
    assert drop_degenerate(replace(TETRA, vertices=TETRA.vertices * 0)) is None
    assert drop_degenerate(replace(TETRA, faces=TETRA.faces[:0])) is None


def test_sheets_are_open_and_bodies_are_not() -> None:
    assert not is_open(TETRA)
    assert is_open(replace(TETRA, faces=TETRA.faces[:1]))
