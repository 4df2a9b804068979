"""JSON that is checked as it is read: every error names the file, the place and the cure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from goat.errors import EpisodeError
from goat.registry import suggest
from goat.types import Float64Array

_CURE = "mend the file, or fetch or make it again"
_UNIT = 0.01  # how far from 1 the length of a rotation may be


class Node:
    """A value of a JSON file, and where in the file it stands."""

    __slots__ = ("_file", "_parent", "_step", "value")

    def __init__(
        self, value: Any, file: Path, parent: Node | None = None, step: str | int = ""
    ) -> None:
        """Wrap `value`, found at `step` of `parent`."""
        self.value = value
        self._file = file
        self._parent = parent
        self._step = step

    @property
    def place(self) -> str:
        """Where it stands: "episodes 3, tasks 2"."""
        steps = []
        node: Node | None = self
        while node is not None and node._parent is not None:
            steps.append(node._step)
            node = node._parent
        text = ""
        for step in reversed(steps):
            text += f" {step}" if isinstance(step, int) else f", {step}"
        return text.removeprefix(", ").strip() or "top level"

    def error(self, got: str, allowed: str) -> EpisodeError:
        """Return the error that this place holds `got` and not `allowed`."""
        return EpisodeError(f"{self._file}: {self.place}: got {got}, expected {allowed}; {_CURE}")

    def _wrong(self, allowed: str) -> EpisodeError:
        return self.error(_short(self.value), allowed)

    def __getitem__(self, key: str) -> Node:
        """Return what an object has under `key`.

        Raises:
            EpisodeError: It is no object, or has no such key.
        """
        found = self.get(key)
        if found is None:
            keys = ", ".join(map(repr, list(self.value)[:8])) or "nothing"
            raise self.error(f"an object with {keys}", f"the field {key!r}")
        return found

    def get(self, key: str) -> Node | None:
        """Return what an object has under `key`; None where it has nothing or null.

        Raises:
            EpisodeError: It is no object.
        """
        if not isinstance(self.value, dict):
            raise self._wrong(f"an object with the field {key!r}")
        value = self.value.get(key)
        return None if value is None else Node(value, self._file, self, key)

    def has(self, *keys: str) -> bool:
        """Return whether it is an object that has one of the keys, even with null under it."""
        return isinstance(self.value, dict) and any(key in self.value for key in keys)

    def at(self, index: int) -> Node:
        """Return an element of a list.

        Raises:
            EpisodeError: It is no list, or too short.
        """
        if not isinstance(self.value, list) or len(self.value) <= index:
            raise self._wrong(f"a list of {index + 1} or more")
        return Node(self.value[index], self._file, self, index)

    def items(self) -> list[Node]:
        """Return the elements of a list.

        Raises:
            EpisodeError: It is no list.
        """
        if not isinstance(self.value, list):
            raise self._wrong("a list")
        return [Node(value, self._file, self, i) for i, value in enumerate(self.value)]

    def pairs(self) -> Iterator[tuple[str, Node]]:
        """Yield the keys and values of an object.

        Raises:
            EpisodeError: It is no object.
        """
        if not isinstance(self.value, dict):
            raise self._wrong("an object")
        for key, value in self.value.items():
            if not _is_text(key):
                raise self.error(f"the key {key!r}", "a text that is not empty")
            yield key, Node(value, self._file, self, repr(key))

    def text(self) -> str:
        """Return a string that is not blank.

        Raises:
            EpisodeError: It is none.
        """
        if not _is_text(self.value):
            raise self._wrong("a text that is not empty")
        return self.value

    def name(self) -> str:
        """Return a text or whole number as text.

        Raises:
            EpisodeError: It is neither.
        """
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.whole(-(10**18), 10**18))
        return self.text()

    def choice(self, allowed: Collection[str], *, numbers: bool = False) -> str:
        """Return a text that is one of `allowed`.

        Args:
            allowed: Texts.
            numbers: Take a whole number for the text that it is written as.

        Raises:
            EpisodeError: It is not.
        """
        text = self.name() if numbers else self.text()
        if text not in allowed:
            names = sorted(allowed)
            listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
            raise self._wrong(f"one of: {listed or 'nothing'}.{suggest(text, names)}")
        return text

    def number(self, low: float = -1e6, high: float = 1e6) -> float:
        """Return a finite number within [low, high].

        Raises:
            EpisodeError: It is none.
        """
        value = self.value
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not low <= value <= high:  # so is nan
            raise self._wrong(f"a number within [{low:g}, {high:g}]")
        return float(value)

    def whole(self, low: int, high: int) -> int:
        """Return a whole number within [low, high].

        Raises:
            EpisodeError: It is none.
        """
        value = self.value
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self._wrong(f"a whole number within [{low}, {high}]")
        return value

    def numbers(self, count: int) -> Float64Array:
        """Return (count,) finite numbers.

        Raises:
            EpisodeError: It is no list of so many.
        """
        if not isinstance(self.value, list) or len(self.value) != count:
            raise self._wrong(f"a list of {count} numbers")
        return np.array([item.number() for item in self.items()])

    def quaternion(self) -> Float64Array:
        """Return (4,) a rotation x, y, z, w of unit length.

        Raises:
            EpisodeError: It is none.
        """
        values = self.numbers(4)
        if abs(float(np.linalg.norm(values)) - 1.0) > _UNIT:
            raise self._wrong("a rotation: x, y, z, w of length 1")
        return values


def _is_text(value: Any) -> bool:
    """Return whether a value is a text that can be shown: neither blank nor half a character."""
    if not isinstance(value, str) or not value.strip():
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _short(value: Any) -> str:
    """Return a value as people read it, not longer than a line."""
    if isinstance(value, dict):
        return f"an object with {', '.join(map(repr, list(value)[:4])) or 'nothing'}"
    if isinstance(value, list) and len(value) > 8:
        return f"a list of {len(value)}"
    try:
        text = repr(value)
    except ValueError:  # a whole number too long to print
        return "a very long number"
    return text if len(text) <= 60 else f"{text[:57]}..."
