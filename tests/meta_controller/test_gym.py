"""Tasks behave as Gymnasium expects of environments."""

from __future__ import annotations

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import meta_controller  # noqa: F401  makes its tasks known
from meta_controller.names import TASKS


@pytest.mark.parametrize("name", ["pendulum-swingup", "hopper-stand"])
def test_an_environment_keeps_the_contract(name: str) -> None:
    env = gymnasium.make(f"meta_controller/{name}-v0")
    check_env(env.unwrapped, skip_render_check=True)
    task = TASKS.load(name)()
    assert env.metadata["render_fps"] == round(0.5 / task.body().control_dt)
    env.close()


def test_tasks_are_known_once_the_package_is_imported_and_that_is_cheap() -> None:
    code = (
        "import gymnasium, meta_controller, sys\n"
        "assert not {'mujoco', 'torch', 'dm_control'} & set(sys.modules)\n"
        "env = gymnasium.make('meta_controller/walker-walk-v0')\n"
        "assert env.reset(seed=0)[0].shape == (18,)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_many_episodes_are_the_same_as_one_by_one() -> None:
    many = gymnasium.make_vec("meta_controller/pendulum-spin-v0", num_envs=3)
    seen, _ = many.reset(seed=5)
    assert seen.shape == (3, 2)
    for _ in range(499):
        seen, reward, terminated, truncated, _ = many.step(np.ones((3, 1), np.float32))
        assert not truncated.any()
    seen, reward, terminated, truncated, _ = many.step(np.ones((3, 1), np.float32))
    assert truncated.all()
    assert not terminated.any()
    fresh, reward, _, truncated, _ = many.step(np.ones((3, 1), np.float32))
    assert not truncated.any()
    assert not reward.any()
    assert (fresh[:, 1] == 0.0).all(), "the next episodes begin at rest"
    many.close()


def test_the_same_seed_begins_alike_and_pictures_are_drawn() -> None:
    env = gymnasium.make("meta_controller/cheetah-run-v0", render_mode="rgb_array")
    first, _ = env.reset(seed=1)
    again, _ = env.reset(seed=1)
    np.testing.assert_array_equal(first, again)
    picture = env.render()
    assert picture.shape == (240, 320, 3)
    assert picture.std() > 5.0
    env.close()
