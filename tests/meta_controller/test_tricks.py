"""Tricks are rewarded as they are defined, on dm_control's own physics and measures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from meta_controller.environments import Environments
from meta_controller.names import TASKS
from meta_controller.task import Start

INF = float("inf")


def tolerance(*values: Any, **options: Any) -> float:
    from dm_control.utils import rewards

    return float(rewards.tolerance(*values, **options))


def height(physics: Any, part: str) -> float:
    return float(physics.named.data.xpos[part, "z"])


def one_foot(physics: Any, foot: str) -> float:
    up = [tolerance(height(physics, p), (1.2, INF), margin=0.6) for p in (foot, "torso")]
    return (3.0 * up[0] + 2.0 * up[1]) / 5.0


def linear(value: float, bounds: tuple[float, float], margin: float, least: float) -> float:
    return tolerance(value, bounds, margin=margin, value_at_margin=least, sigmoid="linear")


def run_front(physics: Any) -> float:
    fast = linear(physics.speed(), (6.0, INF), 6.0, 0.0)
    return one_foot(physics, "bfoot") * (5.0 * fast + 1.0) / 6.0


def lie_down(physics: Any) -> float:
    feet = (height(physics, "ffoot") + height(physics, "bfoot")) / 2.0
    down = [linear(h, (-INF, 0.25), 0.25, 0.0) for h in (height(physics, "torso"), feet)]
    return (3.0 * down[0] + down[1]) / 4.0


def stand_back(physics: Any) -> float:
    middle = (height(physics, "torso") + height(physics, "ffoot")) / 2.0
    high = tolerance(middle, (1.2, INF), margin=0.6)
    return (5.0 * high + linear(physics.speed(), (-0.5, 0.5), 0.5, 0.0)) / 6.0


def flip(physics: Any) -> float:
    turning = linear(float(physics.named.data.subtree_angmom["torso"][1]), (8.0, INF), 8.0, 0.0)
    return (2.0 * turning + linear(physics.speed(), (10.0, INF), 10.0, 0.0)) / 3.0


def walk_backwards(physics: Any) -> float:
    standing = tolerance(physics.torso_height(), (1.2, INF), margin=0.6)
    stand = (3.0 * standing + (1.0 + physics.torso_upright()) / 2.0) / 4.0
    fast = linear(physics.horizontal_velocity(), (-INF, -1.0), 0.5, 0.5)
    return stand * (5.0 * fast + 1.0) / 6.0


def arabesque(physics: Any) -> float:
    standing = tolerance(physics.torso_height(), (1.0, INF), margin=0.5)
    left = tolerance(height(physics, "left_foot"), (-INF, 0.08), margin=0.5)
    right = tolerance(height(physics, "right_foot"), (1.0, INF), margin=0.5)
    return (3.0 * standing + left + right + (1.0 - physics.torso_upright()) / 2.0) / 6.0


def headstand(physics: Any) -> float:
    thigh, foot = (
        (height(physics, f"left_{part}") + height(physics, f"right_{part}")) / 2.0
        for part in ("thigh", "foot")
    )
    legs = tolerance(foot, (1.1, INF), margin=0.55)
    return (3.0 * legs + 2.0 * tolerance(thigh, (1.0, INF), margin=0.5)) / 5.0


def hop_backwards(physics: Any) -> float:
    standing = tolerance(physics.height(), (0.6, 2))
    return standing * linear(physics.speed(), (-INF, -1.0), 0.5, 0.5)


TRICKS: dict[str, Callable[[Any], float]] = {
    "cheetah-run_front": run_front,
    "cheetah-lie_down": lie_down,
    "cheetah-stand_back": stand_back,
    "cheetah-flip": flip,
    "walker-walk_backwards": walk_backwards,
    "walker-arabesque": arabesque,
    "walker-headstand": headstand,
    "hopper-hop_backwards": hop_backwards,
}
LIKE = {"cheetah": "run", "walker": "walk", "hopper": "hop"}


@pytest.mark.parametrize("name", TRICKS)
def test_a_trick_is_rewarded_as_it_is_defined(name: str) -> None:
    from dm_control import suite

    body = name.partition("-")[0]
    theirs = suite.load(body, LIKE[body], task_kwargs={"random": 3})
    theirs.reset()
    physics = theirs.physics
    if name.endswith("lie_down"):
        with physics.reset_context():
            physics.named.data.qpos["rootz"] -= 0.35
    ours = Environments(TASKS.load(name)(), 1)
    ours.reset(Start(physics.data.qpos[None].copy(), physics.data.qvel[None].copy()))
    rng, seen = np.random.default_rng(1), []
    for _ in range(60):
        action = rng.uniform(-1.0, 1.0, physics.model.nu)
        _, reward = ours.step(action[None])
        wanted = 0.0
        for _ in range(2):
            theirs.step(action)
            wanted += TRICKS[name](physics)
        np.testing.assert_allclose(reward, wanted, atol=1e-6)
        seen.append(wanted)
    ours.close()
    assert name.startswith("hopper") or np.ptp(seen) > 0.01, "something was measured"
