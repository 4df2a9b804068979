"""Pictures as the page carries them."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from goat.types import Instance, UInt8Array
from goat.view import theme
from goat.view.camera import draw_camera
from goat.view.page.feed import Picture
from goat.view.page.words import STALE, ago

_WIDTH = 480  # px of the camera picture
_QUALITY = 78  # of small JPEGs


def camera_picture(picture: Picture) -> UInt8Array:
    """Return the picture (H, W, 3) with what was found in it; greyed and named where it is old."""
    seen = picture.observation
    scale = _WIDTH / seen.camera.width
    if picture.frame is None:
        drawn = theme.resize(seen.rgb, scale)
    else:
        drawn = draw_camera(picture.frame, (_WIDTH, max(round(seen.camera.height * scale), 1)))
    return drawn if picture.age < STALE else _greyed(drawn, f"OLD PICTURE: {ago(picture.age)}")


def _greyed(drawn: UInt8Array, text: str) -> UInt8Array:
    grey = cv2.cvtColor(drawn, cv2.COLOR_RGB2GRAY) // 2
    out = np.ascontiguousarray(np.repeat(grey[..., None], 3, axis=2))
    left = 0.5 * (out.shape[1] - theme.text_width(text, 24, bold=True))
    at = (left, 0.5 * out.shape[0] - 16)
    theme.put_text(out, text, at, 24, theme.BAD, bold=True, halo=theme.INK)
    return out


def best_pictures(instance: Instance, most: int, side: int) -> list[str]:
    """Return data URLs of the best looks at an object, none larger than `side` px."""
    urls = [_data_url(view.crop, side) for view in instance.views[:most]]
    return [url for url in urls if url is not None]


def _data_url(content: bytes, side: int) -> str | None:
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if image is None:
        return None
    small = theme.resize(np.asarray(image, np.uint8), min(side / max(image.shape[:2]), 1.0))
    jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode()}"
