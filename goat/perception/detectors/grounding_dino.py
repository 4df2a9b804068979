"""Boxes from a caption of category names: Grounding DINO through `transformers`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from goat.perception.detectors.boxes import Boxes, corners_of, join
from goat.perception.pretrained import (
    RuntimeConfig,
    load_image_processor,
    load_model,
    load_tokenizer,
)
from goat.types import Float32Array, UInt8Array


class GroundingDinoFinder:
    """Grounding DINO and MM Grounding DINO.

    Liu et al., "Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object
    Detection", 2023, https://arxiv.org/abs/2303.05499. For example
    "IDEA-Research/grounding-dino-tiny". The score of a category is the mean over its own tokens,
    so that "coffee table" is not taken for "dining table".
    """

    def __init__(self, source: str, runtime: RuntimeConfig) -> None:
        """Load the model.

        Args:
            source: Hub name or local folder.
            runtime: Device and threads.

        Raises:
            MissingExtraError: torch or transformers is not installed.
            ModelError: The source cannot be used.
        """
        kinds = ("grounding-dino", "mm-grounding-dino")
        self._net = load_model(source, "AutoModelForZeroShotObjectDetection", kinds, runtime)
        self._images = load_image_processor(source, runtime)
        self._tokens = load_tokenizer(source, runtime)

    def find(self, rgb: UInt8Array, vocabulary: Sequence[str]) -> Boxes:
        """Return the box of every query, labelled with its best category."""
        device = self._net.runtime.device
        pixels = self._images(rgb, return_tensors="pt", input_data_format="channels_last")
        parts = []
        with self._net.runtime.inference():
            for first, names in self._captions(vocabulary):
                text, spans = self._caption(names)
                outputs = self._net.model(**pixels.to(device), **text.to(device))
                chances = outputs.logits[0].sigmoid().float().cpu().numpy()
                centers = outputs.pred_boxes[0].float().cpu().numpy()
                parts.append(_boxes(chances, centers, spans, first, rgb.shape))
        return join(parts)

    def _captions(self, vocabulary: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield slices of the vocabulary, each short enough for one caption, and their starts."""
        limit = self._net.model.config.max_text_len - 2
        tokens = self._tokens([name.lower() for name in vocabulary], add_special_tokens=False)
        lengths = [len(ids) + 1 for ids in tokens["input_ids"]]
        start, used = 0, 0
        for index, length in enumerate(lengths):
            if used + length > limit and index > start:
                yield start, vocabulary[start:index]
                start, used = index, 0
            used += length
        yield start, vocabulary[start:]

    def _caption(self, names: Sequence[str]) -> tuple[Any, list[tuple[int, int]]]:
        """Return the tokens of "a. b. c." and the span of tokens of each name."""
        caption = " ".join(f"{name.lower()}." for name in names)
        text = self._tokens(caption, return_offsets_mapping=True, return_tensors="pt")
        starts = text.pop("offset_mapping")[0, :, 0].numpy()
        real = text["attention_mask"][0].numpy().astype(bool)
        real[[0, -1]] = False  # the marks for begin and end
        ends = list(itertools.accumulate(len(name) + 2 for name in names))
        spans = []
        for end, name in zip(ends, names, strict=True):
            begin = end - len(name) - 2
            inside = np.nonzero(real & (starts >= begin) & (starts < end - 2))[0]
            spans.append((int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0))
        return text, spans


def _boxes(
    chances: Float32Array,
    centers: Float32Array,
    spans: Sequence[tuple[int, int]],
    first: int,
    shape: Sequence[int],
) -> Boxes:
    """Return the boxes of queries with token probabilities (Q, T)."""
    scores = np.stack(
        [
            chances[:, a:b].mean(axis=1) if b > a else np.zeros(len(chances), np.float32)
            for a, b in spans
        ],
        axis=1,
    )
    labels = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), labels].astype(np.float32)
    return Boxes(corners_of(centers, shape[1], shape[0]), best, labels + first)
