"""Every task by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from goat.registry import Registry

_HERE = "meta_controller.tasks"
_ALONE = {
    "acrobot-swingup": f"{_HERE}.acrobot:swingup",
    "ball_in_cup-catch": f"{_HERE}.cup:catch",
    "cartpole-balance": f"{_HERE}.cartpole:balance",
    "cartpole-swingup": f"{_HERE}.cartpole:swingup",
    "cartpole_2-balance": f"{_HERE}.cartpole:balance_two",
    "cartpole_2-swingup": f"{_HERE}.cartpole:swingup_two",
    "cheetah-run": f"{_HERE}.cheetah:run",
    "hopper-flip": f"{_HERE}.hopper:flip",
    "hopper-flip_backwards": f"{_HERE}.hopper:flip_backwards",
    "hopper-hop_backwards": f"{_HERE}.hopper:hop_backwards",
    "hopper-hop": f"{_HERE}.hopper:hop",
    "hopper-stand": f"{_HERE}.hopper:stand",
    "pendulum-spin": f"{_HERE}.pendulum:spin",
    "pendulum-swingup": f"{_HERE}.pendulum:swingup",
    "point_mass-easy": f"{_HERE}.point_mass:easy",
    "walker-run": f"{_HERE}.walker:run",
    "walker-stand": f"{_HERE}.walker:stand",
    "walker-walk": f"{_HERE}.walker:walk",
}
_FAMILIES: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "reacher",
        "reacher",
        ("two", "three", "four", "four_longfront", "four_longmiddle", "2_s0", "3_s7", "4_s3"),
        ("easy", "hard"),
    ),
    ("arm", "arm", ("two", "three", "2_s0", "3_s1"), ("easy", "hard")),
    ("gantry", "gantry", ("", "long"), ("place",)),
    ("hound", "quadruped", ("", "two", "longthigh", "longshin"), ("stand", "walk", "run")),
    (
        "cheetah",
        "cheetah_tricks",
        ("",),
        (
            "run_backwards", "stand_front", "stand_back", "jump", "run_front", "run_back",
            "lie_down", "legs_up", "flip", "flip_backwards",
        ),
    ),
    (
        "walker",
        "walker_tricks",
        ("",),
        (
            "walk_backwards", "run_backwards", "arabesque", "lie_down", "legs_up", "headstand",
            "flip", "backflip",
        ),
    ),
    ("hopper", "variants", ("largefoot", "smallfoot", "longthigh", "longcalf"), ("stand", "hop")),
    (
        "walker",
        "variants",
        ("largefoot", "smallfoot", "longthigh", "longleg"),
        ("stand", "walk", "run"),
    ),
)  # fmt: skip
"""Family, the module whose `named` makes its tasks, its bodies, what is asked of each."""
_DRAWN = re.compile(r"(reacher|arm)_[2-9]_s\d+-(easy|hard)")


def _listed() -> dict[str, str]:
    return {
        f"{f'{family}_{body}' if body else family}-{kind}": f"{_HERE}.{module}:named"
        for family, module, bodies, kinds in _FAMILIES
        for body in bodies
        for kind in kinds
    }


class Tasks(Registry):
    """Tasks by their names, and chains of any seed: "reacher_3_s7-easy", "arm_2_s4-hard"."""

    def load(self, name: str) -> Callable[[], Any]:
        """Import and return what makes the task.

        Raises:
            UnknownNameError: There is no such task.
            MissingExtraError: Its module needs a package that is not installed.
        """
        body, _, kind = name.partition("-")
        if _DRAWN.fullmatch(name):
            like = f"{body.split('_')[0]}_two-{kind}"
            return partial(super().load(like), body, kind)
        make = super().load(name)
        return make if name in _ALONE else partial(make, body, kind)


TASKS = Tasks("task", {**_ALONE, **_listed()})
"""Task -> what makes it."""
