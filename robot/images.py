"""Colour and depth images in messages, raw and compressed.

sensor_msgs/Image with its encodings (`sensor_msgs/image_encodings.hpp`), CompressedImage with JPEG
or PNG, and the `compressedDepth` transport of image_transport_plugins
(https://github.com/ros-perception/image_transport_plugins): a 12-byte header (int32 format, float32
A and B), then a PNG of 16 bits that holds millimetres, or for metres A / depth + B.

The size of a compressed image is read before anything is unpacked, so a small file cannot become a
large picture. What no sensor can have measured becomes NaN, never a distance.
"""

from __future__ import annotations

import binascii
import io
import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from goat.recording.messages import millimetres, pack_depth
from goat.types import Float32Array, Int32Array, UInt8Array
from robot.fields import MessageError, blob, entry, text, whole
from robot.messages import Dialect

_LARGEST = 4096  # px, either way
_MOST_BYTES = 32_000_000
_PNG = b"\x89PNG"
_QUANTA = struct.Struct("<iff")
_FAR = np.float32(100.0)
"""Depth from here on is no measurement, m."""
_COLOR = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "8UC1": 1, "8UC3": 3}
_TO_RGB = {
    "bgr8": cv2.COLOR_BGR2RGB, "8UC3": cv2.COLOR_BGR2RGB, "rgba8": cv2.COLOR_RGBA2RGB,
    "bgra8": cv2.COLOR_BGRA2RGB, "mono8": cv2.COLOR_GRAY2RGB, "8UC1": cv2.COLOR_GRAY2RGB,
}  # fmt: skip
_DEPTH = {"16UC1": "u2", "mono16": "u2", "32FC1": "f4"}


def read_color(message: object) -> UInt8Array:
    """Return (H, W, 3) of a colour Image or CompressedImage.

    Raises:
        MessageError: It is damaged, too large, or of another encoding.
    """
    if _is_compressed(message):
        data = blob(entry(message, "data"), "data", _MOST_BYTES)
        return np.ascontiguousarray(_unpacked(data, cv2.IMREAD_COLOR)[..., ::-1])
    encoding = _encoding(message, _COLOR)
    image = _rows(message, "u1", _COLOR[encoding])
    convert = _TO_RGB.get(encoding)
    return image if convert is None else np.asarray(cv2.cvtColor(image, convert), np.uint8)


def read_depth(message: object) -> Float32Array:
    """Return (H, W) metres of a depth Image or CompressedImage; NaN where there is no return.

    Raises:
        MessageError: It is damaged, too large, or of another encoding.
    """
    if not _is_compressed(message):
        encoding = _encoding(message, _DEPTH)
        image = _rows(message, _DEPTH[encoding], 1)[..., 0]
        return _metres(image) if encoding == "32FC1" else _of_millimetres(image)
    kind = text(entry(message, "format"), "format")
    data = blob(entry(message, "data"), "data", _MOST_BYTES)
    start = data.find(_PNG, 0, _QUANTA.size + len(_PNG))
    if start < 0:
        raise MessageError(f"depth of format {kind!r} is not understood; only PNG is (not RVL)")
    image = _unpacked(data[start:], cv2.IMREAD_UNCHANGED)
    if image.dtype != np.uint16 or image.ndim != 2:
        raise MessageError("a PNG of depth must have one channel of 16 bits")
    if not kind.startswith("32FC1"):
        return _of_millimetres(image)
    if start != _QUANTA.size:
        raise MessageError("compressed depth of format 32FC1 lacks its header of 12 bytes")
    _, a, b = _QUANTA.unpack_from(data)
    return _of_inverse(image, a, b)


def write_color(image: UInt8Array, dialect: Dialect, seconds: float, frame: str) -> dict[str, Any]:
    """Return sensor_msgs/Image of (H, W, 3), rgb8."""
    return _raw(image, "rgb8", dialect.header(seconds, frame))


def write_depth(
    depth: Float32Array, dialect: Dialect, seconds: float, frame: str, encoding: str = "32FC1"
) -> dict[str, Any]:
    """Return sensor_msgs/Image of (H, W) metres, 32FC1 or 16UC1 (millimetres, 0 for none)."""
    image = depth if encoding == "32FC1" else millimetres(depth)
    return _raw(image, encoding, dialect.header(seconds, frame))


def read_ids(message: object) -> Int32Array:
    """Return (H, W) object ids of an Image 16UC1.

    Raises:
        MessageError: It is damaged, too large, or of another encoding.
    """
    _encoding(message, {"16UC1": "u2"})
    return _rows(message, "u2", 1)[..., 0].astype(np.int32)


def write_ids(
    ids: NDArray[np.uint16], dialect: Dialect, seconds: float, frame: str
) -> dict[str, Any]:
    """Return sensor_msgs/Image of (H, W) object ids, 16UC1."""
    return _raw(ids, "16UC1", dialect.header(seconds, frame))


def write_jpeg(
    image: UInt8Array, dialect: Dialect, seconds: float, frame: str, quality: int = 90
) -> dict[str, Any]:
    """Return sensor_msgs/CompressedImage of (H, W, 3)."""
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    header = dialect.header(seconds, frame)
    return {"header": header, "format": "rgb8; jpeg compressed bgr8", "data": _base64(data)}


def write_packed_depth(
    depth: Float32Array, dialect: Dialect, seconds: float, frame: str
) -> dict[str, Any]:
    """Return sensor_msgs/CompressedImage of (H, W) metres: millimetres as compressedDepth."""
    return {
        "header": dialect.header(seconds, frame),
        "format": "16UC1; compressedDepth png",
        "data": _base64(pack_depth(depth)),
    }


def _is_compressed(message: object) -> bool:
    return isinstance(message, dict) and "format" in message


def _encoding(message: object, known: dict[str, Any]) -> str:
    found = text(entry(message, "encoding"), "encoding")
    if found not in known:
        raise MessageError(f"the encoding {found!r} is not one of {', '.join(known)}")
    return found


def _rows(message: object, kind: str, channels: int) -> NDArray:
    """Return (H, W, channels) of the bytes of an Image, whatever its row length and byte order."""
    height, width = (whole(entry(message, name), name, 1, _LARGEST) for name in ("height", "width"))
    order = ">" if entry(message, "is_bigendian") else "<"
    dtype = np.dtype(order + kind)
    used = width * channels * dtype.itemsize
    step = whole(entry(message, "step"), "step", used, 4 * used + 4096)
    data = blob(entry(message, "data"), "data", _MOST_BYTES)
    if len(data) != step * height:
        raise MessageError(f"the image has {len(data)} bytes, {height} rows of {step} need others")
    rows = np.frombuffer(data, np.uint8).reshape(height, step)[:, :used]
    return np.ascontiguousarray(rows).view(dtype).reshape(height, width, channels)


def _unpacked(data: bytes, how: int) -> NDArray:
    """Unpack a JPEG or PNG of a size that is fit."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as header:
            width, height = header.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise MessageError(f"the image is neither JPEG nor PNG, or damaged: {error}") from None
    if max(width, height) > _LARGEST:
        raise MessageError(f"the image has {width} x {height} px; at most {_LARGEST} are allowed")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    if image is None:
        raise MessageError("the compressed image is damaged")
    return image


def _of_millimetres(image: NDArray) -> Float32Array:
    depth = image.astype(np.float32) * np.float32(0.001)
    depth[(image == 0) | (image == 65535)] = np.nan
    return depth


def _metres(image: NDArray) -> Float32Array:
    depth = image.astype(np.float32)  # a copy in this machine's byte order
    with np.errstate(invalid="ignore"):
        depth[~((depth > 0.0) & (depth < _FAR))] = np.nan
    return depth


def _of_inverse(image: NDArray, a: float, b: float) -> Float32Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.float32(a) / (image.astype(np.float32) - np.float32(b))
    depth[image == 0] = np.nan
    return _metres(depth)


def _raw(image: NDArray, encoding: str, header: dict[str, Any]) -> dict[str, Any]:
    height, width = image.shape[:2]
    return {
        "header": header,
        "height": height,
        "width": width,
        "encoding": encoding,
        "is_bigendian": 0,
        "step": image.nbytes // height,
        "data": _base64(np.ascontiguousarray(image)),
    }


def _base64(data: Any) -> str:
    return binascii.b2a_base64(data, newline=False).decode("ascii")
