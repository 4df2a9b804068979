from __future__ import annotations

import mmap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sim.habitat_server import EngineError, pack, unpack

ARRAYS = hnp.arrays(
    st.sampled_from([np.uint8, np.int32, np.float32, np.float64, np.bool_]),
    hnp.array_shapes(min_dims=1, max_dims=3, max_side=40),
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_plain_values_come_back(value: object) -> None:
    assert unpack(pack(value)) == value


@given(st.lists(ARRAYS, max_size=3), st.sampled_from([0, 6000, 10**6]))
def test_arrays_come_back_by_message_and_by_shared_memory(arrays: list, size: int) -> None:
    room = mmap.mmap(-1, size) if size else None
    message = pack({"found": arrays}, room)
    again = unpack(message, room)["found"]
    for array, other in zip(arrays, again, strict=True):
        assert other.dtype == array.dtype
        np.testing.assert_array_equal(other, array)


def test_large_arrays_leave_the_message() -> None:
    image = np.arange(640 * 480 * 3, dtype=np.uint8).reshape(480, 640, 3)
    assert len(pack(image, mmap.mmap(-1, 2**20))) < 100
    assert len(pack(image)) > image.nbytes


def test_what_was_read_stays_when_the_memory_is_written_again() -> None:
    room = mmap.mmap(-1, 2**16)
    first = unpack(pack(np.full(8000, 1, np.uint8), room), room)
    unpack(pack(np.full(8000, 2, np.uint8), room), room)
    assert (first == 1).all()


@pytest.mark.parametrize("message", [b"", b"\xc1", b"\x92\x01"])
def test_damaged_messages_are_refused(message: bytes) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        unpack(message)


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be sent"):
        pack(object())
