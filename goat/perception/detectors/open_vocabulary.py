"""Detection of anything that has a name: boxes from an open-vocabulary finder, masks from SAM 2."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from goat.errors import ConfigError
from goat.perception.detectors.boxes import (
    BoxFiller,
    BoxFinder,
    BoxSegmenter,
    suppress,
    whole_pixels,
)
from goat.perception.detectors.grounding_dino import GroundingDinoFinder
from goat.perception.detectors.owlv2 import Owlv2Finder
from goat.perception.detectors.sam2 import Sam2Segmenter
from goat.perception.pretrained import RuntimeConfig
from goat.types import Detection, Observation


@dataclass(frozen=True)
class OpenVocabularyConfig:
    """What to look for, with which weights, and what counts as found."""

    vocabulary: tuple[str, ...]
    """Category names."""
    finder: str
    """Hub name or folder of the model that finds boxes."""
    segmenter: str | None = None
    """Hub name or folder of the SAM 2 model that turns boxes into masks."""
    fill_boxes: bool = False
    """Take whole boxes for masks where no segmenter is given."""
    score: float = 0.3
    """Least score of a detection."""
    same_label_overlap: float = 0.5
    """Boxes of one category that overlap more than this are one object."""
    any_label_overlap: float = 0.8
    """Boxes that overlap more than this are one object, whatever their categories."""
    most: int = 50
    """Most detections per image, the best ones."""
    min_pixels: int = 120
    """Smallest mask."""
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    """Device and threads."""

    def __post_init__(self) -> None:
        """Check that there is something to look for and a way to masks.

        Raises:
            ConfigError: The vocabulary is empty, or there is neither segmenter nor `fill_boxes`.
        """
        if not any(name.strip() for name in self.vocabulary):
            raise ConfigError("the vocabulary is empty; name at least one category to look for")
        if self.segmenter is None and not self.fill_boxes:
            raise ConfigError(
                "no segmenter is given: name a SAM 2 model (for example "
                "'facebook/sam2.1-hiera-tiny') or set fill_boxes to take whole boxes for masks"
            )


class OpenVocabularyDetector:
    """Composes a box finder and a box segmenter."""

    def __init__(
        self, finder: BoxFinder, segmenter: BoxSegmenter, config: OpenVocabularyConfig
    ) -> None:
        """Keep the parts.

        Args:
            finder: Gives boxes.
            segmenter: Gives masks.
            config: Vocabulary and thresholds.
        """
        self._finder = finder
        self._segmenter = segmenter
        self._config = config
        self._vocabulary = [" ".join(name.split()) for name in config.vocabulary if name.strip()]

    def detect(self, observation: Observation) -> list[Detection]:
        """Return the objects of the vocabulary, best first."""
        config, rgb = self._config, observation.rgb
        boxes = self._finder.find(rgb, self._vocabulary)
        edges = whole_pixels(boxes.corners, rgb.shape)
        real = ((edges[:, 2:] - edges[:, :2]) > 0).all(axis=1) & np.isfinite(boxes.scores)
        boxes = boxes[real & (boxes.scores >= config.score)]
        boxes = boxes[
            suppress(boxes, config.same_label_overlap, config.any_label_overlap)[: config.most]
        ]
        masks = self._segmenter.segment(rgb, whole_pixels(boxes.corners, rgb.shape).astype("f4"))
        return [
            Detection(self._vocabulary[label], float(score), box_of(mask), mask)
            for label, score, mask in zip(boxes.labels, boxes.scores, masks, strict=True)
            if np.count_nonzero(mask) >= max(config.min_pixels, 1)
        ]


def box_of(mask: np.ndarray) -> np.ndarray:
    """Return the box (4,) float32 around a mask (H, W) with at least one pixel."""
    rows, cols = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    return np.array([cols[0], rows[0], cols[-1] + 1, rows[-1] + 1], np.float32)


def grounding_dino(config: OpenVocabularyConfig) -> OpenVocabularyDetector:
    """Build a detector on Grounding DINO boxes.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        ModelError: A model cannot be used.
    """
    finder = GroundingDinoFinder(config.finder, config.runtime)
    return OpenVocabularyDetector(finder, _segmenter(config), config)


def owlv2(config: OpenVocabularyConfig) -> OpenVocabularyDetector:
    """Build a detector on OWLv2 boxes.

    Raises:
        MissingExtraError: torch or transformers is not installed.
        ModelError: A model cannot be used.
    """
    return OpenVocabularyDetector(
        Owlv2Finder(config.finder, config.runtime), _segmenter(config), config
    )


def _segmenter(config: OpenVocabularyConfig) -> BoxSegmenter:
    if config.segmenter is None:
        return BoxFiller()
    return Sam2Segmenter(config.segmenter, config.runtime)
