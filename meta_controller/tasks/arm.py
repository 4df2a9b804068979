"""Arms of two or three links that hang in a vertical plane: bring the finger to a target."""

from __future__ import annotations

import re
from math import pi

import numpy as np

from meta_controller.task import Task
from meta_controller.tasks.chain import Chain, reach

_RADII = {"easy": 0.08, "hard": 0.025}  # m, of the target
_DAMPING, _RADIUS = 0.1, 0.02  # N m s/rad, m
_STRENGTH = 2.0
"""Greatest torque, as a multiple of what holds the stretched arm against gravity."""
_LENGTHS = {"arm_two": (0.3, 0.25), "arm_three": (0.25, 0.2, 0.15)}
_DENSITY, _GRAVITY = 1000.0, 9.81
_DRAWN = re.compile(r"arm_(\d+)_s(\d+)")


def _holding(lengths: tuple[float, ...]) -> tuple[float, ...]:
    """Return the torques that hold a stretched, level arm, N m."""
    ends = np.cumsum((0.0, *lengths))
    masses = _DENSITY * pi * _RADIUS**2 * (np.array(lengths) + 4.0 / 3.0 * _RADIUS)
    tip = _DENSITY * 4.0 / 3.0 * pi * _RADIUS**3
    middles = 0.5 * (ends[:-1] + ends[1:])
    torques = []
    for k in range(len(lengths)):
        lever = masses[k:] @ (middles[k:] - ends[k]) + tip * (ends[-1] - ends[k])
        torques.append(float(_GRAVITY * lever))
    return tuple(torques)


def chain_of(name: str) -> Chain:
    """Return an arm by its name; "arm_2_s7" has two links that are drawn by the seed 7."""
    if found := _DRAWN.fullmatch(name):
        return _drawn(name, *map(int, found.groups()))
    lengths = _LENGTHS[name]
    gears = tuple(_STRENGTH * torque for torque in _holding(lengths))
    return Chain(name, lengths, gears, _DAMPING, _RADIUS, vertical=True)


def _drawn(name: str, links: int, seed: int) -> Chain:
    """Return an arm with lengths, motors and damping drawn by a seed."""
    rng = np.random.default_rng([links, seed])
    parts = rng.uniform(0.6, 1.4, links)
    lengths = tuple((rng.uniform(0.45, 0.65) * parts / parts.sum()).tolist())
    strengths = _STRENGTH * rng.uniform(0.9, 1.4, links)
    gears = tuple((strengths * _holding(lengths)).tolist())
    damping = _DAMPING * float(rng.uniform(0.7, 1.3))
    return Chain(name, lengths, gears, damping, _RADIUS, vertical=True)


def named(name: str, kind: str) -> Task:
    """Return "easy" or "hard" for an arm by its name."""
    return reach(chain_of(name), kind, _RADII[kind])
