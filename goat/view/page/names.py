"""Which names are written on the map: those that hide no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goat.types import AgentFrame, Instance
from goat.view.footprints import Layer, layer_of

HEIGHT = 0.19
"""Of the letters, m."""
LIKELY = 0.01
"""Probability from which a candidate is worth a word."""
_WIDTH = 0.55 * HEIGHT  # of a letter
_ABOVE = 0.12  # m over the object
_ROBOT = 0.3  # m around the robot that only the names of what is sought may cover


@dataclass(frozen=True, slots=True)
class Name:
    """A name on the map."""

    id: int
    """Of the instance."""
    text: str
    """As it is written."""
    position: tuple[float, float, float]
    """Of its middle, m."""


def choose_names(frame: AgentFrame, pursued: bool) -> list[Name]:
    """Return the names to write: target and candidates first, then large before small.

    Args:
        frame: What is known.
        pursued: Whether its goal is pursued still.
    """
    sure = {i: p for i, p in frame.candidates if p >= LIKELY} if pursued else {}
    if pursued and frame.target is not None:
        sure = {frame.target: frame.probability} | sure
    chosen: list[Name] = []
    x, y, _ = frame.map_from_base.translation
    robot = (x - _ROBOT, y - _ROBOT, x + _ROBOT, y + _ROBOT)
    taken: list[tuple[float, float, float, float]] = []
    for instance in sorted(_named(frame, sure), key=lambda i: (-sure.get(i.id, 0.0), -_area(i))):
        name = _name(instance, sure.get(instance.id))
        box = _box(name)
        hidden = taken if instance.id in sure else [*taken, robot]
        if not any(_overlap(box, other) for other in hidden):
            taken.append(box)
            chosen.append(name)
    return chosen


def _named(frame: AgentFrame, sure: dict[int, float]) -> list[Instance]:
    return [
        i
        for i in frame.instances
        if i.confirmed and (i.id in sure or layer_of(i) is Layer.FURNITURE)
    ]


def _area(instance: Instance) -> float:
    return float(np.prod(np.ptp(instance.bounds[:, :2], axis=0)))


def _name(instance: Instance, sure: float | None) -> Name:
    text = f"{instance.label} {instance.id}"
    if sure is not None:
        text += f"  {100 * sure:.0f} %"
    x, y, _ = (float(value) for value in instance.center)
    return Name(instance.id, text, (x, y, float(instance.bounds[1, 2]) + _ABOVE))


def _box(name: Name) -> tuple[float, float, float, float]:
    half = 0.5 * _WIDTH * len(name.text) + 0.03
    x, y, z = name.position
    return x - half, y + 0.3 * z - HEIGHT, x + half, y + 0.3 * z + HEIGHT


def _overlap(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
