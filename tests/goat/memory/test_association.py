from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goat.geometry import bounds_of, voxel_centers, voxel_indices, voxel_keys
from goat.memory.association import (
    AssociationConfig,
    assign,
    cells_inside,
    near_cells,
    overlaps,
    shared,
)
from goat.memory.instances import same_label
from goat.memory.lifting import Lifted
from goat.types import Detection, Float32Array

VOXEL = 0.05
CONFIG = AssociationConfig()


@dataclass
class Known:
    cells: np.ndarray
    bounds: Float32Array
    label: str = "chair"
    embedding: Float32Array | None = None


def block(x: float, y: float, size: float = 0.5) -> np.ndarray:
    steps = np.arange(0.0, size, VOXEL) + 0.5 * VOXEL
    points = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    return np.unique(voxel_keys(points + np.array([x, y, 0.0]), VOXEL))


def known(keys: np.ndarray, label: str = "chair", embedding: np.ndarray | None = None) -> Known:
    bounds = bounds_of(voxel_centers(keys, VOXEL))
    return Known(voxel_indices(keys), bounds, label, embedding)


def found(keys: np.ndarray, label: str = "chair", embedding: np.ndarray | None = None) -> Lifted:
    points = voxel_centers(keys, VOXEL)
    mask = np.zeros((2, 2), bool)
    detection = Detection(label, 1.0, np.zeros(4, np.float32), mask, embedding)
    return Lifted(detection, keys, points, bounds_of(points), 2.0, 100, False)


def match(lifted: list[Lifted], candidates: list[Known]) -> dict[int, int]:
    table = overlaps(lifted, candidates, same_label, CONFIG)
    return assign(lifted, candidates, table, CONFIG)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_cells_are_near_exactly_when_no_axis_differs_by_more_than_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = rng.integers(-4, 5, (rng.integers(1, 12), 3))
    asked = rng.integers(-7, 8, (40, 3))
    inside = cells_inside(asked, *near_cells(source))
    wanted = [(np.abs(source - cell).max(axis=1) <= 1).any() for cell in asked]
    assert inside.tolist() == wanted


def test_the_common_share_is_of_the_smaller_one() -> None:
    large, small = block(0.0, 0.0), block(0.0, 0.0, 0.2)
    near, low = near_cells(voxel_indices(large))
    assert shared(voxel_indices(small), near, low, len(large)) == 1.0
    far = voxel_indices(block(3.0, 0.0))
    assert shared(far, near, low, len(large)) == 0.0


def test_the_same_place_and_name_is_the_same_object() -> None:
    assert match([found(block(0, 0))], [known(block(3, 0)), known(block(0.05, 0))]) == {0: 1}


def test_another_place_or_another_name_is_another_object() -> None:
    assert match([found(block(0, 0))], [known(block(0.8, 0))]) == {}
    assert match([found(block(0, 0), "table")], [known(block(0, 0), "chair")]) == {}


def test_nothing_matches_nothing() -> None:
    assert match([], [known(block(0, 0))]) == {}
    assert match([found(block(0, 0))], []) == {}


def test_two_detections_are_never_one_object() -> None:
    twice = [found(block(0, 0)), found(block(0.1, 0))]
    chosen = match(twice, [known(block(0, 0))])
    assert chosen == {0: 0}


def test_the_frame_is_assigned_as_a_whole() -> None:
    """Each detection taking its best in turn would leave one without."""
    lifted = [found(block(0.15, 0)), found(block(0.4, 0))]
    candidates = [known(block(0.2, 0)), known(block(0.0, 0))]
    assert match(lifted, candidates) == {0: 1, 1: 0}


def test_appearance_decides_between_places_that_fit_alike() -> None:
    red, blue = np.eye(3, dtype=np.float32)[:2]
    candidates = [known(block(-0.2, 0), embedding=red), known(block(0.2, 0), embedding=blue)]
    assert match([found(block(0, 0), embedding=blue)], candidates) == {0: 1}
    assert match([found(block(0, 0), embedding=red)], candidates) == {0: 0}


@pytest.mark.parametrize("seed", range(5))
def test_every_candidate_is_used_at_most_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lifted = [found(block(*rng.uniform(0, 1.5, 2))) for _ in range(5)]
    candidates = [known(block(*rng.uniform(0, 1.5, 2))) for _ in range(6)]
    table = overlaps(lifted, candidates, same_label, CONFIG)
    chosen = assign(lifted, candidates, table, CONFIG)
    assert len(set(chosen.values())) == len(chosen)
    assert all(table[row, column] >= CONFIG.min_overlap for row, column in chosen.items())
    for row, column in itertools.product(range(5), range(6)):
        gap = np.abs(lifted[row].bounds - candidates[column].bounds).max()
        assert (table[row, column] == 0.0) or gap < 0.7
