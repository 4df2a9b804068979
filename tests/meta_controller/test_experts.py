"""Experts earn what they are said to earn, and are laws of the state."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from goat.errors import UnknownNameError
from meta_controller.arena import Signals
from meta_controller.environments import Environments
from meta_controller.experts.expert import ExpertError, linearised, regulator, wrapped
from meta_controller.experts.found import found_names
from meta_controller.experts.measure import Earned, measure
from meta_controller.experts.names import EXPERTS, expert_of
from meta_controller.names import TASKS

EARNED = {
    "ball_in_cup-catch": 850.0,
    "cartpole-balance": 990.0,
    "cartpole-swingup": 840.0,
    "cartpole_2-balance": 990.0,
    "hound-stand": 980.0,
    "hound_two-stand": 980.0,
    "hound_longshin-stand": 980.0,
    "hound_longthigh-stand": 980.0,
    "gantry-place": 930.0,
    "gantry_long-place": 920.0,
    "pendulum-spin": 700.0,
    "pendulum-swingup": 650.0,
    "point_mass-easy": 840.0,
    "arm_two-easy": 850.0,
    "arm_three-easy": 750.0,
    "reacher_two-hard": 880.0,
    "reacher_three-easy": 850.0,
    "reacher_four-easy": 900.0,
    "reacher_3_s7-easy": 900.0,
    "walker_longthigh-walk": 400.0,
}
"""Task -> what is asked for on average, out of 1000."""


@pytest.mark.parametrize(("name", "least"), EARNED.items())
def test_an_expert_earns_much(name: str, least: float) -> None:
    assert measure(expert_of(name), TASKS.load(name)(), seed=11, episodes=4).mean > least


@pytest.mark.slow
def test_the_acrobot_is_swung_up_in_part_of_the_episodes() -> None:
    name = "acrobot-swingup"
    assert measure(expert_of(name), TASKS.load(name)(), seed=7, episodes=60).mean > 180.0


@pytest.mark.parametrize("name", EXPERTS.names())
def test_an_expert_is_a_law_of_the_state(name: str) -> None:
    environments = Environments(TASKS.load(name)(), 3)
    expert = expert_of(name)
    start = environments.reset(environments.draw(np.random.default_rng(5)))
    first = expert.act(start)
    assert first.shape == (3, environments.arena.model.nu)
    assert (np.abs(first) <= 1.0).all()
    later, _ = environments.step(first)
    expert.act(later)
    np.testing.assert_array_equal(expert.act(start), first)
    np.testing.assert_allclose(expert.act(_reversed(start)), first[::-1], atol=1e-9)
    environments.close()


@pytest.mark.parametrize("name", ["reacher_three-hard", "pendulum-swingup", "gantry-place"])
def test_less_skill_earns_less(name: str) -> None:
    task = TASKS.load(name)()
    able, poor = (measure(expert_of(name, skill), task, 3, 4).mean for skill in (1.0, 0.2))
    assert poor < able - 10.0


def test_the_same_seed_earns_the_same() -> None:
    task = TASKS.load("reacher_two-easy")()
    first, again = (measure(expert_of(task.name), task, 4, 2).returns for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_a_task_without_expert_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="walker-run"):
        expert_of("walker-run")


@pytest.mark.parametrize("skill", [0.0, -1.0, 1.5, float("nan")])
def test_a_skill_is_above_0_and_at_most_1(skill: float) -> None:
    with pytest.raises(ExpertError, match="skill"):
        expert_of("point_mass-easy", skill)


def test_a_linearisation_foretells_the_simulation() -> None:
    model = TASKS.load("cartpole_2-balance")().body().compile()
    a, b = linearised(model, np.zeros(3), 2)
    data = mujoco.MjData(model)
    state = 1e-3 * np.random.default_rng(0).standard_normal(6)
    data.qpos[:], data.qvel[:], data.ctrl[:] = state[:3], state[3:], 1e-3
    mujoco.mj_step(model, data, nstep=2)
    foretold = a @ state + b @ [1e-3]
    np.testing.assert_allclose([*data.qpos, *data.qvel], foretold, atol=1e-6)


def test_a_regulator_brings_the_linear_model_to_rest() -> None:
    task = TASKS.load("cartpole_2-balance")()
    weights = np.ones(6)
    found = regulator(task, np.zeros(3), weights, np.ones(1))
    a, b = linearised(task.body().compile(), np.zeros(3), 2)
    assert np.abs(np.linalg.eigvals(a - b @ found.gain)).max() < 1.0
    state, paid = np.full((1, 6), 0.01), 0.0
    owed = float(found.remaining(state)[0])
    for _ in range(3000):
        control = found.act(state)
        paid += float((state**2).sum() + (control**2).sum())
        state = state @ a.T + control @ b.T
    assert paid == pytest.approx(owed, rel=1e-3)


def test_angles_are_wrapped_to_half_a_turn() -> None:
    turned = wrapped(np.array([0.1, 3.2, -3.2, 6.4]))
    np.testing.assert_allclose(turned, [0.1, 3.2 - 2 * np.pi, 2 * np.pi - 3.2, 6.4 - 2 * np.pi])


def test_the_standard_error_is_of_the_mean() -> None:
    earned = Earned(np.array([1.0, 3.0, 5.0]))
    assert earned.mean == 3.0
    assert earned.error == pytest.approx(2.0 / np.sqrt(3.0))
    assert Earned(np.array([7.0])).error == 0.0


def _reversed(signals: Signals) -> Signals:
    """Return the same copies the other way around."""
    return replace(
        signals,
        qpos=signals.qpos[::-1],
        qvel=signals.qvel[::-1],
        control=signals.control[::-1],
        sensors={name: value[::-1] for name, value in signals.sensors.items()},
        extra={name: value[::-1] for name, value in signals.extra.items()},
    )


@pytest.mark.parametrize("name", found_names())
def test_a_policy_that_was_found_is_of_its_body_and_better_than_a_poor_one(name: str) -> None:
    task = TASKS.load(name)()
    able, poor = (measure(expert_of(name, skill), task, 3, 4).mean for skill in (1.0, 0.2))
    assert able > 1.5 * poor
