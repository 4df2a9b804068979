"""Detection with a fixed set of categories: Mask2Former through `transformers`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from goat.perception.detectors.open_vocabulary import box_of
from goat.perception.pretrained import RuntimeConfig, load_image_processor, load_model
from goat.registry import require
from goat.types import Detection, Observation


@dataclass(frozen=True)
class SegmenterConfig:
    """Which weights, and what counts as found."""

    source: str
    """Hub name or local folder."""
    mode: Literal["instance", "panoptic"] = "instance"
    """Masks may overlap, or each pixel goes to its most probable segment."""
    vocabulary: tuple[str, ...] = ()
    """Only these categories are reported; all that the model knows if empty."""
    score: float = 0.5
    """Least score of a detection: class probability times mean mask probability."""
    mask: float = 0.5
    """Least probability of a pixel."""
    visible: float = 0.6
    """Panoptic: least share of a mask that must survive its neighbours."""
    min_pixels: int = 120
    """Smallest mask."""
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    """Device and threads."""


class Mask2FormerDetector:
    """Mask2Former, trained for instance or panoptic segmentation.

    Cheng et al., "Masked-attention Mask Transformer for Universal Image Segmentation", 2021,
    https://arxiv.org/abs/2112.01527. For example
    "facebook/mask2former-swin-tiny-coco-instance".
    """

    def __init__(self, config: SegmenterConfig) -> None:
        """Load the model.

        Args:
            config: Which weights, and what counts as found.

        Raises:
            MissingExtraError: torch or transformers is not installed.
            ModelError: The source cannot be used.
        """
        self._config = config
        self._net = load_model(
            config.source,
            "AutoModelForUniversalSegmentation",
            ("mask2former",),
            config.runtime,
        )
        self._images = load_image_processor(config.source, config.runtime)
        names = {int(i): plain_name(name) for i, name in self._net.model.config.id2label.items()}
        wanted = {name.lower() for name in config.vocabulary} or set(names.values())
        self._names = {index: name for index, name in names.items() if name in wanted}

    def detect(self, observation: Observation) -> list[Detection]:
        """Return the objects seen, best first."""
        rgb = observation.rgb
        inputs = self._images(rgb, return_tensors="pt", input_data_format="channels_last")
        with self._net.runtime.inference():
            outputs = self._net.model(**inputs.to(self._net.runtime.device))
            scores, labels, masks = self._segments(outputs, rgb.shape[:2])
        least = max(self._config.min_pixels, 1)
        return [
            Detection(self._names[label], score, box_of(mask), mask)
            for score, label, mask in zip(scores, labels, masks, strict=True)
            if label in self._names and mask.sum() >= least
        ]

    def _segments(self, outputs: Any, size: tuple[int, int]) -> tuple[list[float], list[int], Any]:
        """Return scores, labels and masks (N, H, W) above the thresholds, best first."""
        torch = require("torch")
        config = self._config
        chances = outputs.class_queries_logits[0].softmax(dim=-1)[:, :-1]
        scores, labels = chances.max(dim=-1)
        likely = scores >= config.score
        scores, labels = scores[likely], labels[likely]
        logits = outputs.masks_queries_logits[0][likely]
        pixels = torch.nn.functional.interpolate(
            logits[None], size, mode="bilinear", align_corners=False
        )[0].sigmoid()
        masks = pixels >= config.mask
        sure = (pixels * masks).sum(dim=(1, 2)) / masks.sum(dim=(1, 2)).clamp(min=1)
        scores = scores * sure
        if config.mode == "panoptic" and len(scores):
            masks = _exclusive(masks, pixels * scores[:, None, None], config.visible)
        order = torch.argsort(scores, descending=True, stable=True)
        order = order[scores[order] >= config.score]
        return scores[order].tolist(), labels[order].tolist(), masks[order].cpu().numpy()


def _exclusive(masks: Any, strength: Any, visible: float) -> Any:
    """Return masks (N, H, W) in which each pixel belongs to the strongest; hidden ones empty."""
    torch = require("torch")
    strongest = (strength * masks).argmax(dim=0)
    own = masks & (strongest == torch.arange(len(masks), device=masks.device)[:, None, None])
    share = own.sum(dim=(1, 2)) / masks.sum(dim=(1, 2)).clamp(min=1)
    return own & (share >= visible)[:, None, None]


def plain_name(name: str) -> str:
    """Return a category as a person would say it ("table-merged" -> "table")."""
    plain = name.split(",", maxsplit=1)[0].strip().lower()
    for ending in ("-merged", "-other", "-stuff"):
        plain = plain.removesuffix(ending)
    return plain
