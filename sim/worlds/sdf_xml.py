"""SDF elements made into numbers and poses, with errors that name the file and the element."""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from defusedxml import ElementTree as SafeElementTree
from defusedxml.common import DefusedXmlException
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from goat.errors import WorldError
from sim.worlds.mesh_files import check_size

_TRUE = ("1", "true")
_MAX_NUMBER = 1e6


def parse_xml(path: Path, limit: int) -> Element:
    """Return the root of an XML file.

    Raises:
        WorldError: It is missing, too large, not well-formed, or declares a document type.
    """
    check_size(path, limit)
    try:
        root = SafeElementTree.parse(path, forbid_dtd=True).getroot()
    except DefusedXmlException as error:
        raise WorldError(
            f"{path}: XML with a document type or entities is not read ({error}); remove them"
        ) from error
    except (SafeElementTree.ParseError, ValueError, LookupError) as error:
        raise WorldError(f"{path}: not well-formed XML: {error}") from error
    if root is None:
        raise WorldError(f"{path}: the file holds no XML element")
    return root


def text_of(parent: Element, path: str) -> str | None:
    """Return the stripped text of a descendant, None if it is absent or empty."""
    child = parent.find(path)
    text = child.text if child is not None else None
    return text.strip() or None if text else None


def numbers(element: Element, counts: tuple[int, ...], source: Path) -> tuple[float, ...]:
    """Return the numbers an element holds.

    Args:
        element: Its text is numbers between spaces.
        counts: How many there may be.
        source: The file, for messages.

    Raises:
        WorldError: A number is not finite or beyond a million, or the count is wrong.
    """
    words = (element.text or "").split()
    try:
        values = tuple(float(word) for word in words)
    except ValueError:
        values = ()
    if len(values) in counts and all(abs(value) <= _MAX_NUMBER for value in values):
        return values
    wanted = " or ".join(str(count) for count in counts)
    raise WorldError(
        f"{source}: <{element.tag}> must hold {wanted} finite numbers, each at most "
        f"{_MAX_NUMBER:g} in size, got {' '.join(words)[:120]!r}"
    )


def number(parent: Element, path: str, default: float, source: Path) -> float:
    """Return one number of a descendant, `default` if it is absent."""
    child = parent.find(path)
    return default if child is None else numbers(child, (1,), source)[0]


def color(parent: Element, path: str, source: Path) -> tuple[float, float, float, float] | None:
    """Return a colour (r, g, b, a) in [0, 1] of a descendant, None if it is absent."""
    child = parent.find(path)
    if child is None:
        return None
    r, g, b, *rest = np.clip(numbers(child, (3, 4), source), 0.0, 1.0).tolist()
    return (r, g, b, rest[0] if rest else 1.0)


def flag(parent: Element, path: str, default: bool) -> bool:
    """Return a truth value of a descendant, `default` if it is absent."""
    text = text_of(parent, path)
    return default if text is None else text.lower() in _TRUE


def pose_matrix(element: Element | None, source: Path) -> NDArray[np.float64]:
    """Return the (4, 4) matrix of a <pose>; the identity if it is absent or empty.

    Angles are roll, pitch, yaw about fixed axes, in radians or, where `degrees` says so, degrees;
    `rotation_format="quat_xyzw"` is understood.

    Raises:
        WorldError: It does not hold finite numbers.
    """
    matrix = np.eye(4)
    if element is None or not (element.text or "").strip():
        return matrix
    if element.get("rotation_format", "euler_rpy") == "quat_xyzw":
        values = numbers(element, (7,), source)
        if math.hypot(*values[3:]) < 1e-6:
            raise WorldError(f"{source}: <pose> holds a quaternion of length zero; use 0 0 0 1")
        matrix[:3, :3] = Rotation.from_quat(values[3:]).as_matrix()
    else:
        values = numbers(element, (6,), source)
        degrees = element.get("degrees", "false").lower() in _TRUE
        matrix[:3, :3] = Rotation.from_euler("xyz", values[3:], degrees=degrees).as_matrix()
    matrix[:3, 3] = values[:3]
    return matrix


class Frames:
    """Poses of the named children of a world or model, `relative_to` resolved."""

    def __init__(self, scope: Element, source: Path, warnings: list[str]) -> None:
        """Index the named children.

        Args:
            scope: A <world> or <model>.
            source: The file, for messages.
            warnings: Receives one line for each frame that is not found.
        """
        self._source = source
        self._warnings = warnings
        self._children: dict[str, Element] = {}
        for child in scope:
            name = child.get("name") or (text_of(child, "name") if child.tag == "include" else None)
            if name and child.tag in ("link", "model", "include", "frame"):
                self._children.setdefault(name, child)

    def pose(self, element: Element, trail: tuple[str, ...] = ()) -> NDArray[np.float64]:
        """Return scope_from_element (4, 4) of a child of the scope."""
        pose = element.find("pose")
        base = self._base(pose)
        if base is None and element.tag == "frame":
            base = element.get("attached_to")
        return self._named(base, trail) @ pose_matrix(pose, self._source)

    def pose_in(self, holder: Element, element: Element) -> NDArray[np.float64]:
        """Return holder_from_element of a child of a link, whose pose may name another frame."""
        pose = element.find("pose")
        base = self._base(pose)
        own = pose_matrix(pose, self._source)
        if base is None or base == holder.get("name"):
            return own
        return np.linalg.inv(self.pose(holder)) @ self._named(base, ()) @ own

    @staticmethod
    def _base(pose: Element | None) -> str | None:
        if pose is None:
            return None
        return pose.get("relative_to") or pose.get("frame") or None

    def _named(self, name: str | None, trail: tuple[str, ...]) -> NDArray[np.float64]:
        if name in (None, "world", "__model__", "__root__"):
            return np.eye(4)
        if name in trail:
            raise WorldError(
                f"{self._source}: the poses of {', '.join(trail)} are relative to each other in a "
                "circle; give one of them a pose of its own"
            )
        child = self._children.get(name)
        if child is None:
            self._warnings.append(
                f"{self._source.name}: the frame {name!r} is not a sibling; the pose is taken as "
                "relative to the parent"
            )
            return np.eye(4)
        return self.pose(child, (*trail, name))
