"""Tasks of dm_control's suite give what dm_control gives."""

from __future__ import annotations

import numpy as np
import pytest

from meta_controller.environments import Environments, EpisodeError
from meta_controller.names import TASKS
from meta_controller.task import Start

SUITE = {
    "acrobot-swingup": ("acrobot", "swingup"),
    "ball_in_cup-catch": ("ball_in_cup", "catch"),
    "cartpole-balance": ("cartpole", "balance"),
    "cartpole-swingup": ("cartpole", "swingup"),
    "cartpole_2-swingup": ("cartpole", "two_poles"),
    "cheetah-run": ("cheetah", "run"),
    "hopper-hop": ("hopper", "hop"),
    "hopper-stand": ("hopper", "stand"),
    "pendulum-swingup": ("pendulum", "swingup"),
    "point_mass-easy": ("point_mass", "easy"),
    "walker-run": ("walker", "run"),
    "walker-stand": ("walker", "stand"),
    "walker-walk": ("walker", "walk"),
}


@pytest.mark.parametrize("name", SUITE)
def test_rewards_and_states_are_those_of_dm_control(name: str) -> None:
    from dm_control import suite

    theirs = suite.load(*SUITE[name], task_kwargs={"random": 3})
    theirs.reset()
    data = theirs.physics.data
    ours = Environments(TASKS.load(name)(), 2)
    twice = Start(np.tile(data.qpos, (2, 1)), np.tile(data.qvel, (2, 1)))
    ours.reset(twice)
    rng = np.random.default_rng(0)
    spec = theirs.action_spec()
    for _ in range(25):
        action = rng.uniform(-1.0, 1.0, spec.shape)
        signals, reward = ours.step(np.tile(action, (2, 1)))
        control = 0.5 * (spec.maximum + spec.minimum) + 0.5 * action * (spec.maximum - spec.minimum)
        wanted = sum(float(theirs.step(control).reward or 0.0) for _ in range(2))
        np.testing.assert_allclose(reward, wanted, atol=1e-6)
        np.testing.assert_allclose(signals.qpos[1], data.qpos, atol=1e-6)
    ours.close()


@pytest.mark.parametrize("name", TASKS.names())
def test_every_task_can_be_begun_and_acted_in(name: str) -> None:
    task = TASKS.load(name)()
    assert task.name == name
    environments = Environments(task, 3)
    start = environments.draw(np.random.default_rng(1))
    again = environments.draw(np.random.default_rng(1))
    np.testing.assert_array_equal(start.qpos, again.qpos)
    signals = environments.reset(start)
    assert task.tell(signals).shape[0] == 3
    actions = np.random.default_rng(2).uniform(-1.0, 1.0, (3, environments.arena.model.nu))
    for _ in range(5):
        signals, reward = environments.step(actions)
        assert reward.shape == (3,)
        assert (reward >= 0.0).all()
        assert (reward <= task.repeat + 1e-9).all()
        assert np.isfinite(signals.qpos).all()
    environments.close()


def test_copies_know_nothing_of_each_other() -> None:
    environments = Environments(TASKS.load("walker-walk")(), 4)
    start = environments.draw(np.random.default_rng(0))
    actions = np.random.default_rng(1).uniform(-1.0, 1.0, (20, 4, 6))
    environments.reset(start)
    together = [environments.step(action)[0].qpos for action in actions][-1]
    alone = Environments(TASKS.load("walker-walk")(), 1)
    alone.reset(Start(start.qpos[2:3], start.qvel[2:3]))
    for action in actions:
        signals, _ = alone.step(action[2:3])
    np.testing.assert_array_equal(signals.qpos[0], together[2])


def test_an_episode_ends_when_it_is_over() -> None:
    environments = Environments(TASKS.load("pendulum-swingup")(), 1)
    with pytest.raises(EpisodeError, match="call reset first"):
        environments.step(np.zeros((1, 1)))
    environments.reset(environments.draw(np.random.default_rng(0)))
    for _ in range(500):
        assert not environments.done
        environments.step(np.zeros((1, 1)))
    assert environments.done
    with pytest.raises(EpisodeError, match="call reset first"):
        environments.step(np.zeros((1, 1)))


def test_what_is_of_another_body_is_refused() -> None:
    environments = Environments(TASKS.load("pendulum-swingup")(), 2)
    with pytest.raises(EpisodeError, match=r"got \(2, 9\)"):
        environments.reset(Start(np.zeros((2, 9)), np.zeros((2, 9))))
    environments.reset(environments.draw(np.random.default_rng(0)))
    with pytest.raises(EpisodeError, match="finite"):
        environments.step(np.full((2, 1), np.nan))
