"""Masks from boxes: SAM 2 through `transformers`."""

from __future__ import annotations

import cv2
import numpy as np

from goat.perception.pretrained import RuntimeConfig, load_model
from goat.registry import require
from goat.types import BoolArray, Float32Array, UInt8Array

_MEAN = np.array([0.485, 0.456, 0.406], np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], np.float32)


class Sam2Segmenter:
    """SAM 2 and SAM 2.1 with box prompts, all boxes of an image in one pass.

    Ravi et al., "SAM 2: Segment Anything in Images and Videos", 2024,
    https://arxiv.org/abs/2408.00714. For example "facebook/sam2.1-hiera-tiny". The images are
    prepared here, because the model's own processor needs torchvision.
    """

    def __init__(self, source: str, runtime: RuntimeConfig, batch: int = 64) -> None:
        """Load the model.

        Args:
            source: Hub name or local folder.
            runtime: Device and threads.
            batch: Most boxes decoded at a time.

        Raises:
            MissingExtraError: torch or transformers is not installed.
            ModelError: The source cannot be used.
        """
        self._net = load_model(source, "Sam2Model", ("sam2", "sam2_video"), runtime)
        self._side: int = self._net.model.config.prompt_encoder_config.image_size
        self._batch = batch

    def segment(self, rgb: UInt8Array, corners: Float32Array) -> BoolArray:
        """Return masks (N, H, W) of the things in boxes (N, 4) of an image (H, W, 3)."""
        torch = require("torch")
        height, width = rgb.shape[:2]
        masks = np.zeros((len(corners), height, width), np.bool_)
        if len(corners) == 0:
            return masks
        scale = np.array([self._side / width, self._side / height] * 2, np.float32)
        device = self._net.runtime.device
        with self._net.runtime.inference():
            pixels = torch.from_numpy(self._prepared(rgb)).to(device)
            image = self._net.model.get_image_embeddings(pixels)
            for start in range(0, len(corners), self._batch):
                boxes = torch.from_numpy(corners[start : start + self._batch] * scale)[None]
                outputs = self._net.model(
                    image_embeddings=image,
                    input_boxes=boxes.to(device),
                    multimask_output=False,
                )
                logits = torch.nn.functional.interpolate(
                    outputs.pred_masks[0], (height, width), mode="bilinear", align_corners=False
                )
                masks[start : start + self._batch] = (logits[:, 0] > 0.0).cpu().numpy()
        return masks

    def _prepared(self, rgb: UInt8Array) -> Float32Array:
        """Return (1, 3, side, side) normalised pixels."""
        image = cv2.resize(rgb, (self._side, self._side), interpolation=cv2.INTER_LINEAR)
        image = (image.astype(np.float32) / 255.0 - _MEAN) / _SPREAD
        return np.ascontiguousarray(image.transpose(2, 0, 1)[None])
