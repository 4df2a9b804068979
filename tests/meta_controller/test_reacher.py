"""Chains of links: what they are made of, and where their targets are."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from goat.errors import UnknownNameError
from meta_controller.embodiment import read_embodiment
from meta_controller.environments import Environments
from meta_controller.names import TASKS
from meta_controller.task import Start
from meta_controller.tasks import arm, reacher
from meta_controller.tasks.chain import Chain
from meta_controller.tokens import Scales, Tokenizer

CHAINS = [
    *map(reacher.chain_of, ("reacher_two", "reacher_four_longfront", "reacher_3_s7")),
    *map(arm.chain_of, ("arm_two", "arm_three", "arm_3_s1")),
]


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_every_link_is_a_token_with_a_motor(chain: Chain) -> None:
    embodiment = read_embodiment(chain.name, chain.body().compile())
    assert len(embodiment.joints) == len(chain.lengths)
    assert embodiment.actuated.all()
    assert [joint.parent for joint in embodiment.joints] == list(range(-1, len(chain.lengths) - 1))
    assert not any(joint.free for joint in embodiment.joints)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_absolute_angles_lead_to_the_finger(chain: Chain) -> None:
    model = chain.body().compile()
    data = mujoco.MjData(model)
    embodiment = read_embodiment(chain.name, model)
    count = len(chain.lengths)
    tokenizer = Tokenizer(embodiment, Scales(*np.ones((2, count)), np.zeros(0), np.ones(count)))
    data.qpos[:] = np.random.default_rng(4).uniform(-2.0, 2.0, count)
    mujoco.mj_forward(model, data)
    sine, cosine = tokenizer.tokens(data.qpos, data.qvel)[:, :2].T
    # A hanging arm measures from straight down about +y, a lying one from +x about +z.
    across, along = (-sine, -cosine) if chain.vertical else (cosine, sine)
    finger = np.array([across, along]) @ chain.lengths
    np.testing.assert_allclose(finger, data.site("finger").xpos[list(chain.plane)], atol=1e-6)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: chain.name)
def test_targets_are_in_reach(chain: Chain) -> None:
    module = arm if chain.vertical else reacher
    environments = Environments(module.named(chain.name, "hard"), 300)
    target = environments.draw(np.random.default_rng(0)).extra["target"]
    away = np.linalg.norm(target, axis=1)
    assert away.max() < 0.9 * sum(chain.lengths)
    joints = environments.arena.model.jnt_range[1:]
    poses = np.random.default_rng(1).uniform(*joints.T, (4000, len(joints)))
    bends = np.cumsum(np.concatenate([np.zeros((4000, 1)), poses], axis=1), axis=1)
    reached = np.abs(np.exp(1j * bends) @ chain.lengths)
    assert reached.min() < away.min()
    environments.close()


def test_the_reward_is_given_where_the_finger_touches_the_target() -> None:
    environments = Environments(TASKS.load("reacher_two-hard")(), 3)
    target = 0.24 + np.array([0.0, 0.02, 0.03])
    extra = {"target": np.stack([target, np.zeros(3)], axis=1)}
    signals = environments.reset(Start(np.zeros((3, 2)), np.zeros((3, 2)), extra))
    np.testing.assert_allclose(environments.task.tell(signals)[:, 0], target - 0.24, atol=1e-9)
    _, reward = environments.step(np.zeros((3, 2)))
    np.testing.assert_array_equal(reward, [2.0, 2.0, 0.0])
    environments.close()


def test_chains_of_any_seed_have_names() -> None:
    task = TASKS.load("reacher_4_s31-easy")()
    assert task.name == "reacher_4_s31-easy"
    assert task.body() == TASKS.load("reacher_4_s31-hard")().body()
    assert task.body().xml != TASKS.load("reacher_4_s32-easy")().body().xml
    with pytest.raises(UnknownNameError, match="reacher_4_s31-far"):
        TASKS.load("reacher_4_s31-far")


def test_an_arm_can_hold_itself_up() -> None:
    for name in ("arm_two", "arm_three", "arm_2_s5"):
        model = arm.chain_of(name).body().compile()
        data = mujoco.MjData(model)
        data.qpos[0] = np.pi / 2.0
        mujoco.mj_forward(model, data)
        np.testing.assert_array_less(1.5 * np.abs(data.qfrc_bias), model.actuator_gear[:, 0])
