"""Learnt matchers that look at two images at once: LightGlue and EfficientLoFTR."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import cv2
import numpy as np

from goat.perception.epipolar import GeometryConfig, consistent
from goat.perception.pretrained import RuntimeConfig, load_image_processor, load_model
from goat.types import KeypointMatches, Keypoints, UInt8Array


@dataclass(frozen=True)
class PairMatcherConfig:
    """Which weights, and what makes a match."""

    source: str
    """Hub name or local folder."""
    score: float = 0.2
    """Least confidence of a match."""
    side: int = 320
    """Images whose longer side is longer are shrunk to it before they are kept, px."""
    geometry: GeometryConfig = field(default_factory=GeometryConfig)
    """The check that follows."""
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    """Device and threads."""


class _PairMatcher:
    """Keeps the grey image in place of features, since only pairs of images can be matched."""

    _kind: ClassVar[str]

    def __init__(self, config: PairMatcherConfig) -> None:
        """Load the model.

        Args:
            config: Which weights, and what makes a match.

        Raises:
            MissingExtraError: torch or transformers is not installed.
            ModelError: The source cannot be used.
        """
        self._config = config
        self._net = load_model(
            config.source, "AutoModelForKeypointMatching", (self._kind,), config.runtime
        )
        self._images = load_image_processor(config.source, config.runtime)

    def extract(self, rgb: UInt8Array) -> Keypoints:
        """Return the image itself: one row per image row, `descriptors` (h', w') uint8."""
        height, width = rgb.shape[:2]
        scale = min(self._config.side / max(height, width), 1.0)
        size = (max(round(width * scale), 1), max(round(height * scale), 1))
        grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY)
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
        rows = (np.arange(size[1], dtype=np.float32) + 0.5) * (height / size[1]) - 0.5
        middle = np.full(size[1], (width - 1) / 2.0, np.float32)
        return Keypoints(np.stack([middle, rows], axis=1), grey, width, height)

    def match(self, a: Keypoints, b: Keypoints) -> KeypointMatches:
        """Return matches that agree with one epipolar geometry."""
        pair = [np.repeat(k.descriptors[:, :, None], 3, axis=2) for k in (a, b)]
        sizes = [[(a.height, a.width), (b.height, b.width)]]
        inputs = self._images(pair, return_tensors="pt", input_data_format="channels_last")
        with self._net.runtime.inference():
            outputs = self._net.model(**inputs.to(self._net.runtime.device))
            found = self._images.post_process_keypoint_matching(
                outputs, sizes, threshold=self._config.score
            )[0]
        xy_a = found["keypoints0"].float().cpu().numpy()
        xy_b = found["keypoints1"].float().cpu().numpy()
        inside = consistent(xy_a, xy_b, max(b.width, b.height), self._config.geometry)
        return KeypointMatches(xy_a[inside], xy_b[inside], tentative=len(xy_a))


class LightGlueMatcher(_PairMatcher):
    """SuperPoint or DISK features and LightGlue.

    Lindenberger et al., "LightGlue: Local Feature Matching at Light Speed", 2023,
    https://arxiv.org/abs/2306.13643. For example "ETH-CVG/lightglue_disk".
    """

    _kind = "lightglue"


class EfficientLoftrMatcher(_PairMatcher):
    """EfficientLoFTR, which needs no keypoints.

    Wang et al., "Efficient LoFTR: Semi-Dense Local Feature Matching with Sparse-Like Speed",
    2024, https://arxiv.org/abs/2403.04765. For example "zju-community/efficientloftr".
    """

    _kind = "efficientloftr"
