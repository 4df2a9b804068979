"""Values of the fake habitat_sim, as picky about types as the real ones."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
from scipy.spatial.transform import Rotation


class ProcessKilled(BaseException):
    """The real habitat_sim would have ended the process here, past every `except`."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"habitat_sim would end the process (exit status {code}): {why}")
        self.code = code


def kill(code: int, why: str) -> NoReturn:
    """Do what the real one does to the process: for real only with FAKE_HABITAT_HARD=1."""
    if os.environ.get("FAKE_HABITAT_HARD") == "1":
        sys.stderr.write(f"fake habitat_sim: {why}\n")
        sys.stderr.flush()
        os._exit(code)
    raise ProcessKilled(code, why)


class Vector3:
    """Looks like magnum.Vector3: float32, no array, no slices."""

    __slots__ = ("x", "y", "z")

    def __init__(self, x: Any = 0.0, y: Any = None, z: Any = None) -> None:
        values = (x, y, z) if y is not None else tuple(x) if np.ndim(x) or _is_vector(x) else (x,)
        values = values * 3 if len(values) == 1 else values
        self.x, self.y, self.z = (float(np.float32(value)) for value in values)

    def __iter__(self) -> Iterator[float]:
        return iter((self.x, self.y, self.z))

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> float:
        if not isinstance(index, int | np.integer):
            raise TypeError(f"a Vector3 takes a whole number as index, not {index!r}")
        return (self.x, self.y, self.z)[index]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array([self.x, self.y, self.z], dtype or np.float32)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vector3) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __add__(self, other: Vector3) -> Vector3:
        return Vector3(*(a + b for a, b in zip(self, _same(other), strict=True)))

    def __sub__(self, other: Vector3) -> Vector3:
        return Vector3(*(a - b for a, b in zip(self, _same(other), strict=True)))

    def __mul__(self, scale: float) -> Vector3:
        return Vector3(*(a * scale for a in self))

    def dot(self, other: Vector3 | None = None) -> float:
        return sum(a * b for a, b in zip(self, other or self, strict=True))

    def length(self) -> float:
        return self.dot() ** 0.5

    def __repr__(self) -> str:
        return f"Vector({self.x:g}, {self.y:g}, {self.z:g})"


def _is_vector(value: Any) -> bool:
    return isinstance(value, Vector3)


def _same(other: Any) -> Vector3:
    if not isinstance(other, Vector3):
        raise TypeError(f"unsupported operand for a Vector3: {type(other).__name__}")
    return other


class Quaternion:
    """Looks like numpy-quaternion: w first in `components`, and nothing to index or iterate."""

    __slots__ = ("w", "x", "y", "z")

    def __init__(self, w: float, x: float, y: float, z: float) -> None:
        self.w, self.x, self.y, self.z = float(w), float(x), float(y), float(z)

    @property
    def components(self) -> np.ndarray:
        return np.array([self.w, self.x, self.y, self.z])

    def inverse(self) -> Quaternion:
        return quat_of(rotation_of(self).inv())

    def __mul__(self, other: Quaternion) -> Quaternion:
        if not isinstance(other, Quaternion):
            return NotImplemented
        return quat_of(rotation_of(self) * rotation_of(other))

    def __repr__(self) -> str:
        return f"quaternion({self.w:g}, {self.x:g}, {self.y:g}, {self.z:g})"


def rotation_of(quaternion: Quaternion) -> Rotation:
    return Rotation.from_quat([quaternion.x, quaternion.y, quaternion.z, quaternion.w])


def quat_of(rotation: Rotation) -> Quaternion:
    x, y, z, w = rotation.as_quat()
    return Quaternion(w, x, y, z)


def quat_from_coeffs(coeffs: Any) -> Quaternion:
    """Return the quaternion of x, y, z, w."""
    x, y, z, w = np.asarray(coeffs, float)
    return Quaternion(w, x, y, z)


def quat_to_coeffs(quaternion: Quaternion) -> np.ndarray:
    """Return x, y, z, w."""
    return np.array([quaternion.x, quaternion.y, quaternion.z, quaternion.w])


def quat_from_angle_axis(theta: float, axis: Any) -> Quaternion:
    axis = np.asarray(axis, float)
    return quat_of(Rotation.from_rotvec(theta * axis / np.linalg.norm(axis)))


def quat_rotate_vector(quaternion: Quaternion, vector: Any) -> np.ndarray:
    return rotation_of(quaternion).apply(np.asarray(vector, float))


# What arguments are taken


def floats(value: Any, count: int) -> tuple[float, ...]:
    """Return floats from an array of floats, a Vector3, or a list of floats; from no ints.

    Raises:
        TypeError: As the real bindings do, "incompatible function arguments".
    """
    if isinstance(value, Vector3):
        taken = count == 3
    elif isinstance(value, np.ndarray):
        taken = value.shape == (count,) and value.dtype in (np.float32, np.float64)
    else:
        taken = (
            isinstance(value, list | tuple)
            and len(value) == count
            and all(isinstance(part, float | np.floating) for part in value)
        )
    if not taken:
        raise TypeError(
            f"incompatible function arguments: {count} floats are taken as a float array, a "
            f"Vector3 or a list of floats (no ints), not {value!r}"
        )
    return tuple(float(part) for part in value)


def vector(value: Any) -> Vector3:
    return Vector3(*floats(value, 3))


def vectors(value: Any) -> list[Vector3]:
    """Return points from an array (N, 3) or a list of points."""
    if isinstance(value, list | tuple | np.ndarray):
        return [vector(point) for point in value]
    raise TypeError(f"incompatible function arguments: points, not {value!r}")
