"""Reachers of two, three and four links on a plane: bring the finger to a target.

What is asked is that of the reacher in the DeepMind Control Suite
(https://arxiv.org/abs/1801.00690); the bodies are made here, of any number of links.
"""

from __future__ import annotations

import re

import numpy as np

from meta_controller.task import Task
from meta_controller.tasks.chain import Chain, reach

_RADII = {"easy": 0.05, "hard": 0.015}  # m, of the target
_GEAR, _DAMPING = 0.05, 0.01  # N m, N m s/rad
_RADIUS = 0.01  # m, of the links
_LENGTHS = {
    "reacher_two": (0.12, 0.12),
    "reacher_three": (0.1, 0.08, 0.08),
    "reacher_four": (0.07, 0.07, 0.07, 0.07),
    "reacher_four_longfront": (0.12, 0.06, 0.05, 0.05),
    "reacher_four_longmiddle": (0.05, 0.1, 0.08, 0.05),
}


_DRAWN = re.compile(r"reacher_(\d+)_s(\d+)")


def chain_of(name: str) -> Chain:
    """Return a reacher by its name; "reacher_3_s7" has three links that are drawn by the seed 7."""
    if found := _DRAWN.fullmatch(name):
        return _drawn(name, *map(int, found.groups()))
    lengths = _LENGTHS[name]
    return Chain(name, lengths, (_GEAR,) * len(lengths), _DAMPING, _RADIUS)


def _drawn(name: str, links: int, seed: int) -> Chain:
    """Return a reacher with lengths, motors and damping drawn by a seed."""
    rng = np.random.default_rng([links, seed])
    parts = rng.uniform(0.6, 1.4, links)
    lengths = rng.uniform(0.22, 0.3) * parts / parts.sum()
    gears = _GEAR * rng.uniform(0.8, 1.5, links)
    damping = _DAMPING * float(rng.uniform(0.7, 1.3))
    return Chain(name, tuple(lengths.tolist()), tuple(gears.tolist()), damping, _RADIUS)


def named(name: str, kind: str) -> Task:
    """Return "easy" or "hard" for a reacher by its name."""
    return reach(chain_of(name), kind, _RADII[kind])
