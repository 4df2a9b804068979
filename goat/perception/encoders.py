"""Image and text encoders that share a space: CLIP and SigLIP 2, through `transformers`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from goat.perception.pretrained import (
    RuntimeConfig,
    load_image_processor,
    load_model,
    load_tokenizer,
)
from goat.types import Float32Array, UInt8Array


@dataclass(frozen=True)
class EncoderConfig:
    """Which weights, and how to run them."""

    source: str
    """Hub name or local folder."""
    batch: int = 16
    """Images or sentences per forward pass."""
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    """Device and threads."""


class _DualEncoder:
    """What both families share: two towers whose outputs are compared by their cosine."""

    _kinds: ClassVar[tuple[str, ...]]
    _padding: ClassVar[dict[str, Any]]

    def __init__(self, config: EncoderConfig) -> None:
        """Load the model.

        Args:
            config: Which weights, and how to run them.

        Raises:
            MissingExtraError: torch or transformers is not installed.
            ModelError: The source cannot be used.
        """
        self._config = config
        self._net = load_model(config.source, "AutoModel", self._kinds, config.runtime)
        self._images = load_image_processor(config.source, config.runtime)
        self._tokens = load_tokenizer(config.source, config.runtime)

    @property
    def name(self) -> str:
        """Source of the weights: it identifies the space."""
        return self._config.source

    def encode_images(self, images: Sequence[UInt8Array]) -> Float32Array:
        """Return (N, D) unit vectors of N images (h, w, 3)."""
        return self._encode(images, self._image_batch)

    def encode_texts(self, texts: Sequence[str]) -> Float32Array:
        """Return (N, D) unit vectors of N sentences."""
        return self._encode(texts, self._text_batch)

    def _image_batch(self, images: Sequence[UInt8Array]) -> Any:
        # one channel order for all: a 1x1 or 3xN image must not be taken for channels first
        inputs = self._images(list(images), return_tensors="pt", input_data_format="channels_last")
        return self._net.model.get_image_features(**inputs.to(self._net.runtime.device))

    def _text_batch(self, texts: Sequence[str]) -> Any:
        inputs = self._tokens(list(texts), truncation=True, return_tensors="pt", **self._padding)
        return self._net.model.get_text_features(**inputs.to(self._net.runtime.device))

    def _encode(
        self, items: Sequence[Any], forward: Callable[[Sequence[Any]], Any]
    ) -> Float32Array:
        """Return (N, D) unit vectors of anything that `forward` takes in batches."""
        step = self._config.batch
        parts = []
        with self._net.runtime.inference():
            for start in range(0, len(items), step):
                features = forward(items[start : start + step]).pooler_output
                parts.append(features.float().cpu().numpy())
        if not parts:
            return np.zeros((0, self._dimension()), np.float32)
        vectors = np.concatenate(parts)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def _dimension(self) -> int:
        config = self._net.model.config
        return int(getattr(config, "projection_dim", 0) or config.vision_config.hidden_size)


class ClipEncoder(_DualEncoder):
    """CLIP.

    Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021,
    https://arxiv.org/abs/2103.00020. For example "openai/clip-vit-base-patch32".
    """

    _kinds = ("clip",)
    _padding: ClassVar[dict[str, Any]] = {"padding": True}


class SiglipEncoder(_DualEncoder):
    """SigLIP and SigLIP 2, with fixed or native resolution.

    Tschannen et al., "SigLIP 2: Multilingual Vision-Language Encoders", 2025,
    https://arxiv.org/abs/2502.14786. For example "google/siglip2-base-patch16-224".
    """

    _kinds = ("siglip", "siglip2")
    _padding: ClassVar[dict[str, Any]] = {"padding": "max_length", "max_length": 64}
