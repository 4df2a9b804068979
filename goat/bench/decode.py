"""Frozen dataclasses out of the JSON that `goat.bench.results.plain` makes of them."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


def decode(kind: type[T], value: Any) -> T:
    """Return a `kind` (a dataclass of plain fields) from parsed JSON.

    Floats come back exactly; where a number is due, null is NaN.

    Raises:
        ValueError: A field is missing, unknown or of another type; the message names it.
    """
    return _decode(kind, value, kind.__name__)


def _decode(kind: Any, value: Any, name: str) -> Any:  # one line per kind of type
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _optional(kind, value, name)
    if origin is tuple:
        return _tuple(typing.get_args(kind), value, name)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(typing.get_args(kind)[1], value, name)
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, name)
    return _scalar(kind, value, name)


def _optional(kind: Any, value: Any, name: str) -> Any:
    if value is None:
        return None
    (inner,) = (arm for arm in typing.get_args(kind) if arm is not type(None))
    return _decode(inner, value, name)


def _tuple(arms: tuple[Any, ...], value: Any, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _wrong(name, "a list", value)
    if arms[-1] is Ellipsis:
        return tuple(_decode(arms[0], item, f"{name}[{i}]") for i, item in enumerate(value))
    if len(value) != len(arms):
        raise _wrong(name, f"a list of {len(arms)}", value)
    return tuple(_decode(arm, item, name) for arm, item in zip(arms, value, strict=True))


def _mapping(arm: Any, value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(name, "an object", value)
    return {key: _decode(arm, item, f"{name}.{key}") for key, item in value.items()}


def _dataclass(kind: Any, value: Any, name: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(name, "an object", value)
    fields, hints = dataclasses.fields(kind), _hints(kind)
    strange = value.keys() - hints.keys()
    missing = [f.name for f in fields if f.name not in value and not _has_default(f)]
    if strange or missing:
        raise ValueError(f"{name} lacks {missing} and has unknown {sorted(strange)}")
    return kind(**{key: _decode(hints[key], item, f"{name}.{key}") for key, item in value.items()})


def _scalar(kind: Any, value: Any, name: str) -> Any:
    if issubclass(kind, Enum):
        return kind(value)
    if kind is float and value is None:
        return math.nan
    allowed = (int, float) if kind is float else kind
    if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
        raise _wrong(name, kind.__name__, value)
    return kind(value)


def _has_default(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is not missing or field.default_factory is not missing


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _wrong(name: str, wanted: str, value: Any) -> ValueError:
    return ValueError(f"{name} must be {wanted}, got {value!r:.60}")
