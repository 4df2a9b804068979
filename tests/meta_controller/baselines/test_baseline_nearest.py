"""Replay does what was done where a demonstration was most like what happens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from goat.errors import ConfigError
from meta_controller.arena import Signals
from meta_controller.baselines.nearest import NearestConfig, nearest_segment
from meta_controller.demos.episodes import DemonstrationError, Demonstrations, record
from meta_controller.environments import Environments, EpisodeError
from meta_controller.experts.names import expert_of
from meta_controller.names import TASKS

FLAVOURS = (NearestConfig(history=1), NearestConfig())


@pytest.fixture(scope="module")
def environments() -> Environments:
    return Environments(TASKS.load("cartpole-balance")(), 2)


@pytest.fixture(scope="module")
def few(environments: Environments) -> Demonstrations:
    """Return two short episodes that meet in the fourth step, where different things are done."""
    rng = np.random.default_rng(3)
    qpos, qvel = rng.uniform(-0.2, 0.2, (2, 2, 8, 2))
    for values in (qpos, qvel):
        values[1, 3] = values[0, 3] + 1e-6
    return Demonstrations(
        task=environments.task.name,
        digest=environments.embodiment.digest,
        qpos=qpos,
        qvel=qvel,
        told=np.zeros((2, 8, 0)),
        actions=np.linspace(-1.0, 1.0, 16, dtype=np.float32).reshape(2, 8, 1),
        rewards=np.zeros((2, 8), np.float32),
        skill=np.ones(2, np.float32),
    )


def sensed(demos: Demonstrations, episodes: list[int], step: int) -> Signals:
    qpos, qvel = demos.qpos[episodes, step], demos.qvel[episodes, step]
    return Signals(qpos, qvel, np.zeros((len(episodes), 1)), {})


@pytest.mark.parametrize("config", FLAVOURS)
@pytest.mark.parametrize("name", ["reacher_two-easy", "gantry-place"])
def test_a_demonstration_is_done_again_from_where_it_began(
    name: str, config: NearestConfig
) -> None:
    environments = Environments(TASKS.load(name)(), 3)
    start = environments.draw(np.random.default_rng(0))
    demos = record(environments, expert_of(name).act, start)
    nearest = nearest_segment(environments.task, environments.embodiment, demos, config)
    again = record(environments, nearest.act, start)
    assert demos.returns.min() > 900.0
    np.testing.assert_allclose(again.actions, demos.actions, atol=1e-4)
    np.testing.assert_allclose(again.returns, demos.returns, atol=1e-2)


@pytest.mark.parametrize("config", FLAVOURS)
def test_five_demonstrations_are_enough_to_place_from_other_starts(config: NearestConfig) -> None:
    environments = Environments(TASKS.load("gantry-place")(), 5)
    shown, other = (environments.draw(np.random.default_rng(seed)) for seed in (0, 1))
    demos = record(environments, expert_of("gantry-place").act, shown)
    nearest = nearest_segment(environments.task, environments.embodiment, demos, config)
    assert record(environments, nearest.act, other).returns.mean() > 700.0


def test_the_steps_before_tell_apart_what_looks_the_same(
    environments: Environments, few: Demonstrations
) -> None:
    single, segment = (
        nearest_segment(environments.task, environments.embodiment, few, config)
        for config in FLAVOURS
    )
    # Episode 1 up to the meeting, but then just where episode 0 was.
    for step in range(3):
        single.act(sensed(few, [1], step))
        segment.act(sensed(few, [1], step))
    np.testing.assert_array_equal(single.act(sensed(few, [0], 3)), few.actions[[0], 3])
    np.testing.assert_array_equal(segment.act(sensed(few, [0], 3)), few.actions[[1], 3])


def test_environments_are_told_apart_and_a_reset_forgets(
    environments: Environments, few: Demonstrations
) -> None:
    nearest = nearest_segment(environments.task, environments.embodiment, few)
    for step in range(8):
        done = nearest.act(sensed(few, [1, 0, 1], step))
        np.testing.assert_array_equal(done, few.actions[[1, 0, 1], step])
    with pytest.raises(EpisodeError, match=r"3 episodes of cartpole-balance .* got 1"):
        nearest.act(sensed(few, [0], 0))
    nearest.reset()
    # All of its steps are candidates again, however few were before them.
    np.testing.assert_array_equal(nearest.act(sensed(few, [0], 1)), few.actions[[0], 1])


def test_more_steps_than_were_shown_compare_what_there_is(
    environments: Environments, few: Demonstrations
) -> None:
    config = NearestConfig(history=50)
    nearest = nearest_segment(environments.task, environments.embodiment, few, config)
    for step in [*range(8), 0, 1]:
        done = nearest.act(sensed(few, [0], step))
    assert done.shape == (1, 1)
    assert done in few.actions


def test_what_cannot_be_replayed_is_refused(
    environments: Environments, few: Demonstrations
) -> None:
    with pytest.raises(ConfigError, match="history must be at least 1, got 0"):
        NearestConfig(history=0)
    with pytest.raises(DemonstrationError, match="another body"):
        nearest_segment(environments.task, environments.embodiment, replace(few, digest="other"))
