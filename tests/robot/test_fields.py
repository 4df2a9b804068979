"""Nothing that a bridge sends raises anything but MessageError."""

from __future__ import annotations

import base64
import contextlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.fields import MessageError, blob, entry, number, numbers, text, whole

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda some: (
        st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=5), some, max_size=4)
    ),
    max_leaves=8,
)


@given(junk)
def test_anything_is_read_or_refused(value: object) -> None:
    for read in (
        lambda: entry(value, "a.b"),
        lambda: number(value, "n"),
        lambda: whole(value, "n", 0, 9),
        lambda: numbers(value, 3, "n"),
        lambda: text(value, "t"),
        lambda: blob(value, "b", 100),
    ):
        with contextlib.suppress(MessageError):
            read()


@pytest.mark.parametrize("bad", [None, True, "1", math.nan, math.inf, -math.inf, 10**400, [1], {}])
def test_only_finite_numbers_are_numbers(bad: object) -> None:
    with pytest.raises(MessageError, match="speed"):
        number(bad, "speed")


def test_numbers_keep_their_values() -> None:
    assert number(3, "n") == 3.0
    assert whole(7.0, "n", 0, 9) == 7
    np.testing.assert_array_equal(numbers([1, 2.5], 2, "n"), [1.0, 2.5])


@given(st.binary(max_size=60))
def test_bytes_come_as_base64_as_a_list_or_as_they_are(data: bytes) -> None:
    assert blob(base64.b64encode(data).decode(), "data", 60) == data
    assert blob(list(data), "data", 60) == data
    assert blob(data, "data", 60) == data
    assert blob(np.frombuffer(data, np.uint8), "data", 60) == data


@pytest.mark.parametrize(
    "bad",
    [
        "abc", "a===", "ä" * 8, [256], [1.5], "A" * 500, bytes(101), np.zeros(101, np.uint8),
        np.zeros(4, np.float32),
    ],
)  # fmt: skip
def test_damaged_or_long_bytes_are_refused(bad: object) -> None:
    with pytest.raises(MessageError, match="data"):
        blob(bad, "data", 100)
