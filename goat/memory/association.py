"""Which detection is which remembered object.

GOAT (2023, https://arxiv.org/abs/2311.06430) gives a detection to any instance of its category
whose dilated footprint overlaps it. Here every pair gets a score from voxel overlap, appearance
and distance, and one assignment is made for the whole frame in which two detections are never
the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from goat.geometry import bounds_touch, voxel_indices
from goat.memory.lifting import Lifted
from goat.types import BoolArray, Float32Array


@dataclass(frozen=True)
class AssociationConfig:
    """Weights and gates of the assignment."""

    margin: float = 0.15
    """Boxes farther apart than this are not compared, m."""
    overlap_weight: float = 0.5
    """Weight of the share of voxels in common."""
    appearance_weight: float = 0.3
    """Weight of the cosine between embeddings, 0.5 where there are none."""
    distance_weight: float = 0.2
    """Weight of the nearness of the centres."""
    min_overlap: float = 0.2
    """Pairs with a smaller share of common voxels are never the same object."""
    min_score: float = 0.45
    """Pairs that score less are never the same object."""


class Candidate(Protocol):
    """What association asks of a remembered object."""

    cells: NDArray[np.int64]
    """(N, 3) voxel indices."""
    bounds: Float32Array
    """(2, 3) lower and upper corner, m."""

    @property
    def label(self) -> str:
        """The most likely category."""
        ...

    @property
    def embedding(self) -> Float32Array | None:
        """(D,) appearance of unit norm, if known."""
        ...


def near_cells(cells: NDArray[np.int64]) -> tuple[BoolArray, NDArray[np.int64]]:
    """Return a dense block of the voxels next to `cells` (N, 3) and its lowest index (3,)."""
    low = cells.min(axis=0) - 1
    block = np.zeros(cells.max(axis=0) - low + 2, np.bool_)
    inner = cells - low
    block[inner[:, 0], inner[:, 1], inner[:, 2]] = True
    for axis in range(3):
        view = np.moveaxis(block, axis, 0)
        source = view.copy()
        view[1:] |= source[:-1]
        view[:-1] |= source[1:]
    return block, low


def cells_inside(cells: NDArray[np.int64], block: BoolArray, low: NDArray[np.int64]) -> BoolArray:
    """Return (N,) which of `cells` (N, 3) are set in a block from `near_cells`."""
    inner = cells - low
    fits = ((inner >= 0) & (inner < block.shape)).all(axis=1)
    found = np.zeros(len(cells), np.bool_)
    picked = inner[fits]
    found[fits] = block[picked[:, 0], picked[:, 1], picked[:, 2]]
    return found


def shared(cells: NDArray[np.int64], block: BoolArray, low: NDArray, size: int) -> float:
    """Return the common share of `cells` (N, 3) and a block made from `size` voxels, in [0, 1]."""
    return min(1.0, np.count_nonzero(cells_inside(cells, block, low)) / min(len(cells), size))


def overlaps(
    lifted: Sequence[Lifted],
    candidates: Sequence[Candidate],
    compatible: Callable[[str, str], bool],
    config: AssociationConfig,
) -> Float32Array:
    """Return (detections, candidates) shares of common voxels; 0 where not comparable."""
    table = np.zeros((len(lifted), len(candidates)), np.float32)
    if table.size == 0:
        return table
    bounds = np.stack([candidate.bounds for candidate in candidates])
    for row, item in enumerate(lifted):
        near = np.flatnonzero(bounds_touch(bounds, item.bounds, config.margin)).tolist()
        columns = [c for c in near if compatible(item.detection.label, candidates[c].label)]
        if not columns:
            continue
        block, low = near_cells(voxel_indices(item.keys))
        for column in columns:
            cells = candidates[column].cells
            table[row, column] = shared(cells, block, low, len(item.keys))
    return table


def assign(
    lifted: Sequence[Lifted],
    candidates: Sequence[Candidate],
    table: Float32Array,
    config: AssociationConfig,
) -> dict[int, int]:
    """Return detection index -> candidate index, each candidate used once.

    Args:
        lifted: The frame's detections.
        candidates: The remembered objects.
        table: Result of `overlaps`.
        config: Weights and gates.
    """
    scores = np.zeros(table.shape, np.float64)
    for row, column in np.argwhere(table >= config.min_overlap).tolist():
        scores[row, column] = _score(
            lifted[row], candidates[column], float(table[row, column]), config
        )
    scores[scores < config.min_score] = 0.0
    rows, columns = linear_sum_assignment(scores, maximize=True)
    return {int(r): int(c) for r, c in zip(rows, columns, strict=True) if scores[r, c] > 0.0}


def _score(item: Lifted, candidate: Candidate, overlap: float, config: AssociationConfig) -> float:
    gap = np.linalg.norm(item.bounds.mean(axis=0) - candidate.bounds.mean(axis=0))
    size = max(float(np.linalg.norm(candidate.bounds[1] - candidate.bounds[0])), 0.1)
    near = float(np.exp(-((2.0 * gap / size) ** 2)))
    alike = 0.5
    if item.detection.embedding is not None and candidate.embedding is not None:
        alike = float(item.detection.embedding @ candidate.embedding)
    return (
        config.overlap_weight * overlap
        + config.appearance_weight * alike
        + config.distance_weight * near
    )
