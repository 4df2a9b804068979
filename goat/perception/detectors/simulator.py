"""Detections from a simulator's object ids, as a perfect detector would give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from goat.errors import ConfigError
from goat.types import BoolArray, Detection, Int32Array, Observation

_DENSE_IDS = 1 << 16
"""Ids below this are looked up directly; larger ones are renumbered first."""

_Box = tuple[slice, slice]


@dataclass(frozen=True)
class SimulatorDetectorConfig:
    """What counts as seen, and how a real detector's faults are imitated."""

    min_pixels: int = 120
    """Fewest visible pixels."""
    min_edge: int = 8
    """Shortest side of the box, px."""
    min_fill: float = 0.0
    """Least share of the box that the object covers; hides objects seen through gaps."""
    miss_rate: float = 0.0
    """Probability that a visible object is not reported."""
    confusion_rate: float = 0.0
    """Probability that an object is reported as some other category of the world."""

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ConfigError: A rate is outside [0, 1] or a size is negative.
        """
        for name in ("min_fill", "miss_rate", "confusion_rate"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(f"{name} must lie in [0, 1], got {getattr(self, name)}")
        for name in ("min_pixels", "min_edge"):
            if getattr(self, name) < 0:
                raise ConfigError(f"{name} must not be negative, got {getattr(self, name)}")


class SimulatorDetector:
    """Names the category of every visible object and nothing else about it.

    Detections carry no id and come in the order of their boxes, so a memory has to work out for
    itself which of them are one object.
    """

    def __init__(
        self,
        labels: Mapping[int, str],
        config: SimulatorDetectorConfig | None = None,
        rng: np.random.Generator | None = None,
    ) -> None:
        """Keep the labels.

        Args:
            labels: Object id in `Observation.semantic` -> category; other ids are background.
            config: Thresholds and faults.
            rng: Source of the faults; seed 0 if None.
        """
        self._labels = dict(labels)
        self._vocabulary = sorted(set(self._labels.values()))
        self._config = config or SimulatorDetectorConfig()
        self._rng = rng or np.random.default_rng(0)

    def detect(self, observation: Observation) -> list[Detection]:
        """Return one detection per visible object, leftmost box first.

        Raises:
            ConfigError: The observation has no object ids.
        """
        if observation.semantic is None:
            raise ConfigError(
                "the simulator detector needs Observation.semantic, and this embodiment gives "
                "none; turn the simulator's segmentation on or choose another detector"
            )
        return self.detections_of(observation.semantic)

    def detections_of(self, semantic: Int32Array) -> list[Detection]:
        """Return one detection per object in an image (H, W) of ids, leftmost box first."""
        seen = sorted(self._visible(semantic), key=lambda found: found[:2])
        masks: BoolArray = np.zeros((len(seen), *semantic.shape), np.bool_)
        detections = []
        for index, (edges, label, where, inside) in enumerate(seen):
            mask: BoolArray = masks[index]
            mask[where] = inside
            box = np.array(edges, np.float32)
            detections.append(Detection(label=label, score=1.0, box=box, mask=mask))
        return self._with_faults(detections)

    def _visible(
        self, semantic: Int32Array
    ) -> list[tuple[tuple[int, int, int, int], str, _Box, BoolArray]]:
        """Return box edges, label, box and mask in the box of every object worth reporting."""
        config = self._config
        seen = []
        for identity, dense, image, where in _boxes(semantic):
            label = self._labels.get(identity)
            rows, cols = where
            height, width = rows.stop - rows.start, cols.stop - cols.start
            if label is None or min(height, width) < config.min_edge:
                continue
            inside = image[where] == dense
            pixels = np.count_nonzero(inside)
            if pixels >= max(config.min_pixels, config.min_fill * height * width):
                edges = (cols.start, rows.start, cols.stop, rows.stop)
                seen.append((edges, label, where, inside))
        return seen

    def _with_faults(self, detections: list[Detection]) -> list[Detection]:
        """Return the detections that are not missed, some with another label."""
        config = self._config
        if config.miss_rate == 0.0 and config.confusion_rate == 0.0:
            return detections
        kept = [d for d in detections if self._rng.random() >= config.miss_rate]
        return [
            Detection(self._confuse(d.label), d.score, d.box, d.mask)
            if self._rng.random() < config.confusion_rate
            else d
            for d in kept
        ]

    def _confuse(self, label: str) -> str:
        others = [name for name in self._vocabulary if name != label]
        return others[self._rng.integers(len(others))] if others else label


def _boxes(semantic: Int32Array) -> list[tuple[int, int, Int32Array, _Box]]:
    """Return id, id in the returned image, that image and the box of every id above 0."""
    if semantic.max(initial=0) < _DENSE_IDS:
        found = ndimage.find_objects(semantic)
        return [(i, i, semantic, box) for i, box in enumerate(found, 1) if box is not None]
    ids, dense = np.unique(semantic, return_inverse=True)
    dense = dense.reshape(semantic.shape).astype(np.int32)
    found = ndimage.find_objects(dense + 1)
    return [(int(ids[i]), i, dense, box) for i, box in enumerate(found) if ids[i] > 0]
