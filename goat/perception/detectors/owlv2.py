"""Boxes from a list of category names: OWLv2 through `transformers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from goat.perception.detectors.boxes import Boxes, corners_of
from goat.perception.pretrained import (
    RuntimeConfig,
    load_image_processor,
    load_model,
    load_tokenizer,
)
from goat.types import UInt8Array


class Owlv2Finder:
    """OWLv2.

    Minderer et al., "Scaling Open-Vocabulary Object Detection", 2023,
    https://arxiv.org/abs/2306.09683. For example "google/owlv2-base-patch16-ensemble".
    """

    def __init__(
        self, source: str, runtime: RuntimeConfig, prompt: str = "a photo of a {}"
    ) -> None:
        """Load the model.

        Args:
            source: Hub name or local folder.
            runtime: Device and threads.
            prompt: Sentence around each category name.

        Raises:
            MissingExtraError: torch or transformers is not installed.
            ModelError: The source cannot be used.
        """
        self._net = load_model(source, "AutoModelForZeroShotObjectDetection", ("owlv2",), runtime)
        self._images = load_image_processor(source, runtime)
        self._tokens = load_tokenizer(source, runtime)
        self._prompt = prompt

    def find(self, rgb: UInt8Array, vocabulary: Sequence[str]) -> Boxes:
        """Return the box of every image patch, labelled with its best category."""
        device = self._net.runtime.device
        pixels = self._images(rgb, return_tensors="pt", input_data_format="channels_last")
        with self._net.runtime.inference():
            text = self._text(vocabulary).to(device)
            outputs = self._net.model(**pixels.to(device), **text)
            scores, labels = outputs.logits[0].sigmoid().max(dim=-1)
        side = max(rgb.shape[:2])  # boxes are relative to the image padded to a square
        corners = corners_of(outputs.pred_boxes[0].float().cpu().numpy(), side, side)
        return Boxes(corners, scores.float().cpu().numpy(), labels.cpu().numpy())

    def _text(self, vocabulary: Sequence[str]) -> Any:
        length = self._net.model.config.text_config.max_position_embeddings
        return self._tokens(
            [self._prompt.format(name) for name in vocabulary],
            padding="max_length",
            max_length=length,
            truncation=True,
            return_tensors="pt",
        )
