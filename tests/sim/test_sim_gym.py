import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from sim_worlds import one_room_world, two_room_world

import sim.gym
from goat.errors import WorldError
from sim.gym import ACTIONS, NavConfig
from sim.home import HomeConfig
from sim.sensors import NoiseConfig


@pytest.fixture
def env():
    made = gymnasium.make(sim.gym.ENV_ID, world=two_room_world(), render_mode="rgb_array")
    yield made
    made.close()


def test_it_passes_gymnasiums_own_checks(env):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped)


def test_noise_keeps_to_the_space_and_the_seed():
    kwargs = {"world": two_room_world(), "noise": NoiseConfig()}
    runs = []
    for _ in range(2):
        env = gymnasium.make(sim.gym.ENV_ID, **kwargs)
        env.reset(seed=5)
        env.action_space.seed(5)
        runs.append([env.step(env.action_space.sample() % 3 + 1) for _ in range(5)])
        env.close()
    for (a, *_), (b, *_) in zip(*runs, strict=True):
        assert env.observation_space.contains(a)
        for key in ("rgb", "depth", "pose"):
            np.testing.assert_array_equal(a[key], b[key])


def test_stopping_in_view_of_the_goal_is_a_success(env):
    task = env.unwrapped
    _, info = env.reset(seed=0, options={"pose": (1.2, 2.8, 2.3), "category": "chair"})
    assert info["goal"] == "chair"
    assert not info["success"]
    _, reward, terminated, truncated, info = env.step(0)
    assert (terminated, truncated) == (True, False)
    assert info["success"]
    assert reward == task._config.success_reward
    assert info["spl"] == pytest.approx(1.0)


def test_stopping_elsewhere_is_none_and_detours_cost_spl(env):
    env.reset(seed=0, options={"pose": (1.0, 1.0, 0.0), "category": "bed"})
    _, reward, terminated, _, info = env.step(0)
    assert terminated
    assert (reward, info["success"], info["spl"]) == (0.0, False, 0.0)
    env.reset(seed=0, options={"pose": (4.4, 2.1, 0.0), "category": "bed"})
    shortest = env.unwrapped._shortest
    for action in (2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1):
        env.step(action)
    info = env.step(0)[4]
    assert info["success"]
    assert info["spl"] == pytest.approx(shortest / 1.25, abs=1e-6)


def test_shaping_pays_for_progress():
    env = gymnasium.make(sim.gym.ENV_ID, world=two_room_world(), task=NavConfig(shaping=1.0))
    env.reset(seed=0, options={"pose": (2.0, 2.0, 0.0), "category": "bed"})
    assert env.step(1)[1] == pytest.approx(0.25, abs=0.05)
    env.close()


def test_lifelong_episodes_go_on_where_the_robot_stands(env):
    env.reset(seed=1)
    env.step(1)
    env.step(0)
    pose = env.unwrapped.sim.pose
    env.reset()
    assert env.unwrapped.sim.pose == pose
    env.reset(seed=1)
    assert env.unwrapped.sim.pose != pose


def test_goals_vary_and_time_runs_out():
    env = gymnasium.make(sim.gym.ENV_ID, world=two_room_world(), task=NavConfig(max_steps=2))
    goals = {env.reset(seed=seed)[1]["goal"] for seed in range(12)}
    assert len(goals) == 3
    env.step(2)
    assert env.step(2)[3]
    env.close()


def test_many_at_once():
    envs = gymnasium.make_vec(
        sim.gym.ENV_ID,
        num_envs=2,
        vectorization_mode="sync",
        world=two_room_world(),
        home=HomeConfig(preset="stretch", semantic=False),
    )
    observation, _ = envs.reset(seed=0)
    assert observation["rgb"].shape == (2, 640, 360, 3)
    observation, reward, *_ = envs.step(np.array([1, 2]))
    assert reward.shape == (2,)
    assert ACTIONS[0].value == "stop"
    envs.close()


def test_a_world_without_categories_is_refused(env):
    with pytest.raises(WorldError, match="category"):
        gymnasium.make(sim.gym.ENV_ID, world=one_room_world())
    with pytest.raises(WorldError, match="unicorn"):
        env.reset(options={"category": "unicorn"})
