"""Reading JSON messages of which nothing may be believed.

A bridge writes NaN and infinity as `null`, a damaged message has any shape, and JSON itself knows
integers without end. Whatever does not fit is a `MessageError`, never another exception.
"""

from __future__ import annotations

import binascii
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from goat.errors import GoatError
from goat.types import Float64Array

Message = Mapping[str, Any]

_LARGEST = 1e12
"""Greatest magnitude of any number a robot may send, in whatever unit."""


class MessageError(GoatError):
    """A message that cannot be used; it is dropped and counted."""


def entry(message: object, path: str) -> Any:
    """Return what lies at a dotted path ("pose.pose.position").

    Raises:
        MessageError: There is nothing, or what lies on the way is no object.
    """
    here = message
    for name in path.split("."):
        if not isinstance(here, Mapping) or name not in here:
            raise MessageError(f"the field {path!r} is missing")
        here = here[name]
    return here


def either(message: object, *names: str) -> Any:
    """Return the first field there is: the dialects spell some differently.

    Raises:
        MessageError: There is none of them.
    """
    if isinstance(message, Mapping):
        for name in names:
            if name in message:
                return message[name]
    raise MessageError(f"none of the fields {', '.join(names)} is there")


def number(value: object, name: str) -> float:
    """Return a finite number.

    Raises:
        MessageError: It is none (a bridge writes NaN as null).
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MessageError(f"{name} must be a number, got {_shown(value)}")
    if not math.isfinite(value) if isinstance(value, float) else abs(value) > _LARGEST:
        raise MessageError(f"{name} must be finite, got {_shown(value)}")
    if abs(value) > _LARGEST:
        raise MessageError(f"{name} is out of all bounds: {_shown(value)}")
    return float(value)


def whole(value: object, name: str, least: int, most: int) -> int:
    """Return a whole number within bounds, both included.

    Raises:
        MessageError: It is none.
    """
    found = number(value, name)
    if not found.is_integer() or not least <= found <= most:
        raise MessageError(f"{name} must be a whole number from {least} to {most}, got {found}")
    return int(found)


def numbers(value: object, count: int, name: str) -> Float64Array:
    """Return (count,) finite numbers of a list.

    Raises:
        MessageError: It is no such list.
    """
    if not isinstance(value, list | tuple) or len(value) != count:
        raise MessageError(f"{name} must be a list of {count} numbers, got {_shown(value)}")
    return np.array([number(item, f"{name}[{i}]") for i, item in enumerate(value)], np.float64)


def text(value: object, name: str, longest: int = 200) -> str:
    """Return a string of bounded length.

    Raises:
        MessageError: It is none.
    """
    if not isinstance(value, str) or len(value) > longest:
        raise MessageError(f"{name} must be at most {longest} characters, got {_shown(value)}")
    return value


def blob(value: object, name: str, most: int) -> bytes:
    """Return the bytes of a base64 string, of a list of small integers, or of an array of bytes.

    Args:
        value: As rosbridge writes `uint8[]`, or as a recording holds it.
        name: For the error.
        most: Greatest number of bytes.

    Raises:
        MessageError: It is none of these, or too long.
    """
    if isinstance(value, np.ndarray) and value.dtype == np.uint8:
        value = value.tobytes() if value.size <= most else value.size
    if isinstance(value, bytes) and len(value) <= most:
        return value
    if isinstance(value, str):
        if len(value) > 4 * (most // 3 + 1):
            raise MessageError(f"{name} is longer than {most} bytes")
        try:
            return binascii.a2b_base64(value, strict_mode=True)
        except (binascii.Error, ValueError) as error:
            raise MessageError(f"{name} is not base64: {error}") from None
    if isinstance(value, list) and len(value) <= most:
        try:
            return bytes(value)
        except (TypeError, ValueError):
            pass
    raise MessageError(f"{name} must be base64 of at most {most} bytes, got {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST:
        return "a huge integer"
    if isinstance(value, str | list | tuple | dict):
        return f"{type(value).__name__} of length {len(value)}"
    return repr(value)
