"""Colours and text of everything that is drawn. Colours are RGB."""

from __future__ import annotations

import colorsys
import math
import unicodedata
import zlib
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from goat.types import Status, UInt8Array

Color = tuple[int, int, int]

BACKGROUND: Color = (18, 23, 31)
PANEL: Color = (29, 36, 47)
LINE: Color = (58, 69, 86)
TEXT: Color = (238, 242, 247)
MUTED: Color = (148, 161, 180)
UNKNOWN: Color = (38, 47, 60)
FREE: Color = (233, 237, 242)
OCCUPIED: Color = (92, 106, 126)
INK: Color = (32, 40, 52)
ACCENT: Color = (66, 153, 255)
TARGET: Color = (255, 176, 32)
GOOD: Color = (52, 199, 123)
BAD: Color = (244, 96, 96)
TRAIL: Color = (104, 132, 172)

STATUS_COLOR = {
    Status.REACHED: GOOD,
    Status.NOT_FOUND: BAD,
    Status.UNREACHABLE: BAD,
    Status.TIMEOUT: TARGET,
    Status.ERROR: BAD,
    Status.CANCELLED: MUTED,
}


@lru_cache(maxsize=1024)
def label_color(label: str) -> Color:
    """Return the colour of a category: the same in every run and every picture."""
    number = zlib.crc32(label.encode())
    hue = (number * 0.61803398875) % 1.0
    lightness = (0.46, 0.53, 0.60)[number // 7 % 3]
    r, g, b = colorsys.hls_to_rgb(hue, lightness, 0.62)
    return round(255 * r), round(255 * g), round(255 * b)


@lru_cache(maxsize=64)
def _carried_font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@lru_cache(maxsize=64)
def _system_font(size: int) -> ImageFont.FreeTypeFont | None:
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size)
    except OSError:
        return None


def _font_for(text: str, size: int) -> tuple[str, ImageFont.FreeTypeFont | ImageFont.ImageFont]:
    """Return a font and the text as that font can draw it.

    The font that Pillow carries knows ASCII; other letters need DejaVu, else lose their accents.
    """
    if text.isascii():
        return text, _carried_font(size)
    font = _system_font(size)
    if font is not None:
        return text, font
    stripped = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return stripped or "?", _carried_font(size)


@lru_cache(maxsize=4096)
def _sprite(text: str, size: int, stroke: float) -> UInt8Array:
    """Return (h, w) coverage of a line of text; all lines of one size have one height.

    Words are set one by one: the carried font's own spaces are too narrow.
    """
    text, font = _font_for(text, size)
    pad = math.ceil(stroke) + 1
    places, x = [], float(pad)
    for word in text.split():
        places.append((x, word))
        x += font.getlength(word) + 0.3 * size
    width, height = math.ceil(x - 0.3 * size) + pad, round(1.3 * size) + 2 * pad
    image = Image.new("L", (max(width, 1), height))
    draw = ImageDraw.Draw(image)
    for x, word in places:
        draw.text((x, pad), word, 255, font, stroke_width=stroke)
    return np.asarray(image)


def _stroke(size: int, bold: bool) -> float:
    return 0.022 * size if bold else 0.0


def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """Return the width of a line, px."""
    return _sprite(text, size, _stroke(size, bold)).shape[1]


def put_text(
    image: UInt8Array,
    text: str,
    at: tuple[float, float],
    size: int,
    color: Color = TEXT,
    *,
    bold: bool = False,
    halo: Color | None = None,
) -> int:
    """Draw a line with its upper left corner `at` (x, y) px; return its width, px.

    Args:
        image: (H, W, 3), drawn into; text outside of it is cut.
        text: One line.
        at: Upper left corner.
        size: Height of the font, px.
        color: Of the letters.
        bold: Thicker letters.
        halo: Colour of a border that keeps the letters readable on anything.
    """
    stroke = _stroke(size, bold)
    x, y = round(at[0]), round(at[1])
    if halo is not None:
        _paint(image, _sprite(text, size, stroke + 2.0), x - 2, y - 2, halo)
    sprite = _sprite(text, size, stroke)
    _paint(image, sprite, x, y, color)
    return sprite.shape[1]


def _paint(image: UInt8Array, sprite: UInt8Array, x: int, y: int, color: Color) -> None:
    x0, y0 = max(x, 0), max(y, 0)
    x1 = min(x + sprite.shape[1], image.shape[1])
    y1 = min(y + sprite.shape[0], image.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    blend(image[y0:y1, x0:x1], color, sprite[y0 - y : y1 - y, x0 - x : x1 - x])


def blend(region: UInt8Array, color: Color | UInt8Array, alpha: NDArray[np.uint8]) -> None:
    """Mix `color` into `region` (h, w, 3) in place, by `alpha` (h, w) in 0..255."""
    weight = alpha[..., None].astype(np.uint16)
    mixed = region * (255 - weight) + np.asarray(color, np.uint16) * weight
    region[:] = (mixed + 127) // 255


def resize(image: UInt8Array, scale: float) -> UInt8Array:
    """Return an image (h, w, 3) scaled by a factor."""
    size = (max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1))
    method = cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def wrap_text(text: str, size: int, width: int, lines: int) -> list[str]:
    """Break text into at most `lines` lines of at most `width` px; the rest becomes "..."."""
    out: list[str] = []
    for word in text.split():
        longer = f"{out[-1]} {word}" if out else word
        if out and text_width(longer, size) <= width:
            out[-1] = longer
        else:
            out.append(word)
    if len(out) > lines:
        out = [*out[: lines - 1], f"{out[lines - 1]} ..."]
    return [clip_text(line, size, width) for line in out]


def clip_text(text: str, size: int, width: int) -> str:
    """Shorten a line to `width` px."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(f"{text}...", size) > width:
        text = text[:-1]
    return f"{text}..."
