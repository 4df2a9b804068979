"""Looks at an instance: cropping, encoding and choosing which to keep."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from goat.memory.lifting import Lifted
from goat.types import BoolArray, Float32Array, Observation, UInt8Array, View


@dataclass(frozen=True)
class ViewConfig:
    """What is kept of a look at an instance."""

    keep: int = 8
    """Views kept per instance, one per viewing direction."""
    padding: float = 0.5
    """Context around the box, as a share of its longer side (the best of GOAT's Table 2)."""
    min_padding: float = 32.0
    """Context is at least this much, px."""
    side: int = 224
    """Longer side of a stored crop, px."""
    jpeg_quality: int = 90
    """Of the stored crop."""
    min_pixels: int = 300
    """Looks with fewer object pixels are not kept."""
    replace: float = 1.3
    """A look replaces the one kept for its direction when it is this many times better."""
    good_pixels: float = 12_000.0
    """Area at which a look is as good as it gets, px."""


def quality(lifted: Lifted, config: ViewConfig) -> float:
    """Return how much a look shows, in [0, 1]."""
    size = min(1.0, math.sqrt(lifted.pixels / config.good_pixels))
    return lifted.detection.score * size * (0.5 if lifted.truncated else 1.0)


def sector(center: Float32Array, map_from_camera: RigidTransform, count: int) -> int:
    """Return which of `count` directions around `center` (3,) the camera looks from."""
    eye = map_from_camera.translation
    angle = math.atan2(eye[1] - center[1], eye[0] - center[0])
    return int((angle / (2.0 * math.pi) % 1.0) * count) % count


def make_view(
    view_id: int,
    lifted: Lifted,
    observation: Observation,
    map_from_camera: RigidTransform,
    embedding: Float32Array | None,
    config: ViewConfig,
) -> View:
    """Crop and encode a look at an object."""
    detection = lifted.detection
    crop_box = padded(detection.box, observation.camera.width, observation.camera.height, config)
    x0, y0, x1, y1 = crop_box.astype(int)
    scale = min(1.0, config.side / max(x1 - x0, y1 - y0))
    size = (max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale)))
    crop = cv2.resize(observation.rgb[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    mask = cv2.resize(
        detection.mask[y0:y1, x0:x1].view(np.uint8), size, interpolation=cv2.INTER_NEAREST
    )
    return View(
        id=view_id,
        stamp=observation.stamp,
        map_from_camera=map_from_camera,
        camera=observation.camera,
        box=detection.box,
        crop_box=crop_box,
        crop=encode_jpeg(np.asarray(crop, np.uint8), config.jpeg_quality),
        mask=_encode(".png", mask * 255, [cv2.IMWRITE_PNG_COMPRESSION, 1]),
        quality=quality(lifted, config),
        embedding=embedding,
    )


def padded(box: Float32Array, width: int, height: int, config: ViewConfig) -> Float32Array:
    """Return `box` (4,) grown by the context, in whole pixels inside the image."""
    side = float(max(box[2] - box[0], box[3] - box[1]))
    pad = max(config.padding * side, config.min_padding)
    low = np.maximum(np.floor(box[:2] - pad), 0.0)
    high = np.minimum(np.ceil(box[2:] + pad), (width, height))
    return np.concatenate([low, high]).astype(np.float32)


def crop_of(view: View) -> UInt8Array:
    """Decode the crop: (h, w, 3) RGB."""
    return np.ascontiguousarray(_decode(view.crop, cv2.IMREAD_COLOR)[..., ::-1])


def mask_of(view: View) -> BoolArray:
    """Decode the object's mask inside the crop: (h, w)."""
    return _decode(view.mask, cv2.IMREAD_GRAYSCALE) > 127


def encode_jpeg(rgb: UInt8Array, jpeg_quality: int) -> bytes:
    """Encode an (h, w, 3) RGB image."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return _encode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality])


def _encode(kind: str, image: np.ndarray, options: list[int]) -> bytes:
    done, data = cv2.imencode(kind, image, options)
    if not done:
        raise ValueError(f"cannot encode an image of shape {image.shape} as {kind}")
    return data.tobytes()


def _decode(data: bytes, flags: int) -> UInt8Array:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None:
        raise ValueError("a stored view is not a readable image; its memory file may be damaged")
    return np.asarray(image, np.uint8)
