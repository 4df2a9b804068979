from __future__ import annotations

import base64
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.fields import MessageError
from robot.images import (
    read_color,
    read_depth,
    read_ids,
    write_color,
    write_depth,
    write_ids,
    write_jpeg,
    write_packed_depth,
)
from robot.messages import Dialect

RNG = np.random.default_rng(0)
DEPTH = RNG.uniform(0.3, 9.0, (24, 32)).astype(np.float32)
DEPTH[:3] = np.nan
COLOR = cv2.resize(RNG.integers(0, 255, (4, 5, 3), dtype=np.uint8), (32, 24))
both = pytest.mark.parametrize("dialect", list(Dialect))


def raw(image: np.ndarray, encoding: str, padding: int = 0, big: bool = False) -> dict:
    """An Image with padded rows."""
    rows = image.astype(image.dtype.newbyteorder(">" if big else "<"))
    rows = np.ascontiguousarray(rows).view(np.uint8).reshape(len(image), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=7)
    header = Dialect.ROS2.header(1.0, "camera")
    return {"header": header, "height": len(image), "width": image.shape[1], "encoding": encoding,
            "is_bigendian": int(big), "step": rows.shape[1],
            "data": base64.b64encode(rows.tobytes()).decode()}  # fmt: skip


@both
def test_what_is_written_is_read(dialect: Dialect) -> None:
    np.testing.assert_array_equal(read_depth(write_depth(DEPTH, dialect, 1.0, "c")), DEPTH)
    np.testing.assert_array_equal(read_color(write_color(COLOR, dialect, 1.0, "c")), COLOR)
    for message in (write_packed_depth(DEPTH, dialect, 1.0, "c"),
                    write_depth(DEPTH, dialect, 1.0, "c", "16UC1")):  # fmt: skip
        np.testing.assert_allclose(read_depth(message), DEPTH, atol=0.00051)
    jpeg = read_color(write_jpeg(COLOR, dialect, 1.0, "c"))
    assert np.abs(jpeg.astype(int) - COLOR).mean() < 6.0
    ids = RNG.integers(0, 300, (24, 32)).astype(np.uint16)
    np.testing.assert_array_equal(read_ids(write_ids(ids, dialect, 1.0, "c")), ids)


def test_a_recording_holds_bytes_in_place_of_base64() -> None:
    def as_recorded(message: dict) -> dict:
        data = np.frombuffer(base64.b64decode(message["data"]), np.uint8)
        return message | {"data": data}

    exact = as_recorded(write_depth(DEPTH, Dialect.ROS2, 1.0, "c"))
    np.testing.assert_array_equal(read_depth(exact), DEPTH)
    packed = as_recorded(write_packed_depth(DEPTH, Dialect.ROS2, 1.0, "c"))
    np.testing.assert_allclose(read_depth(packed), DEPTH, atol=0.00051)
    jpeg = write_jpeg(COLOR, Dialect.ROS2, 1.0, "c")
    np.testing.assert_array_equal(read_color(as_recorded(jpeg)), read_color(jpeg))


@pytest.mark.parametrize("padding", [0, 8, 64])
@pytest.mark.parametrize("big", [False, True])
def test_rows_may_be_padded_and_bytes_swapped(padding: int, big: bool) -> None:
    np.testing.assert_array_equal(read_depth(raw(DEPTH, "32FC1", padding, big)), DEPTH)
    mm = np.nan_to_num(DEPTH * 1000).astype(np.uint16)
    np.testing.assert_allclose(read_depth(raw(mm, "16UC1", padding, big)), DEPTH, atol=0.0011)
    np.testing.assert_array_equal(read_color(raw(COLOR, "rgb8", padding)), COLOR)


@pytest.mark.parametrize(
    ("encoding", "image"),
    [
        ("bgr8", COLOR[..., ::-1]),
        ("rgba8", np.dstack([COLOR, COLOR[..., :1]])),
        ("bgra8", np.dstack([COLOR[..., ::-1], COLOR[..., :1]])),
    ],
)
def test_encodings_of_colour(encoding: str, image: np.ndarray) -> None:
    np.testing.assert_array_equal(read_color(raw(image, encoding)), COLOR)


def test_grey_images_have_three_equal_channels() -> None:
    np.testing.assert_array_equal(
        read_color(raw(COLOR[..., 0], "mono8")), np.repeat(COLOR[..., :1], 3, 2)
    )


def test_what_no_sensor_measures_is_no_distance() -> None:
    bad = np.array([[np.nan, np.inf, -np.inf, 0.0, -1.0, 1e9, 1e-45, 2.0]], np.float32)
    got = read_depth(raw(bad, "32FC1"))
    assert np.isfinite(got).tolist() == [[False] * 6 + [True, True]]
    mm = np.array([[0, 65535, 1, 2000]], np.uint16)
    assert np.isfinite(read_depth(raw(mm, "16UC1"))).tolist() == [[False, False, True, True]]


def test_metres_in_a_png_are_inverse_depth() -> None:
    a, b = 5000.0, 3.0
    png = np.where(np.isfinite(DEPTH), a / np.nan_to_num(DEPTH, nan=1.0) + b, 0.0).round()
    _, data = cv2.imencode(".png", png.astype(np.uint16))
    packed = struct.pack("<iff", 0, a, b) + data.tobytes()
    message = {"format": "32FC1; compressedDepth png", "data": base64.b64encode(packed).decode()}
    np.testing.assert_allclose(read_depth(message), DEPTH, rtol=0.01)


def png_of_size(width: int, height: int) -> bytes:
    """A small file that unpacks to a large picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress(b"\0" * min((width + 1) * height, 1 << 22), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(20000, 20000), (4097, 10), (1 << 30, 1 << 30)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int], monkeypatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("it was unpacked"))
    data = base64.b64encode(png_of_size(*size)).decode()
    for read in (read_color, read_depth):
        with pytest.raises(MessageError):
            read({"format": "png", "data": data})


@pytest.mark.parametrize(
    "change",
    [
        {"encoding": "yuv422"}, {"encoding": None}, {"height": 0}, {"width": 5000}, {"step": 3},
        {"step": 1e9}, {"data": "AAAA"}, {"data": None}, {"height": 25}, {"is_bigendian": ...},
    ],
    ids=str,
)  # fmt: skip
def test_damaged_images_are_refused(change: dict) -> None:
    for read, whole in ((read_depth, raw(DEPTH, "32FC1")), (read_color, raw(COLOR, "rgb8"))):
        message = {k: v for k, v in (whole | change).items() if v is not ...}
        with pytest.raises(MessageError):
            read(message)


@settings(max_examples=200)
@given(st.data())
def test_truncated_and_flipped_files_never_raise_anything_else(data) -> None:
    color = write_jpeg(COLOR, Dialect.ROS2, 1.0, "c")
    depth = write_packed_depth(DEPTH, Dialect.ROS2, 1.0, "c")
    message = data.draw(st.sampled_from([color, depth]))
    content = bytearray(base64.b64decode(message["data"]))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    message["data"] = base64.b64encode(bytes(content)).decode()
    for read in (read_color, read_depth):
        try:
            got = read(message)
        except MessageError:
            continue
        assert got.size <= 4096 * 4096 * 3
        if got.dtype == np.float32:
            assert not (np.nan_to_num(got, nan=1.0) <= 0.0).any()
