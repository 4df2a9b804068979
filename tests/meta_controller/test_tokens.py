"""What the policy sees is read from the model, and says what it should."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meta_controller.bodies import Body, BodyError, Sensor
from meta_controller.embodiment import JointKind, read_embodiment
from meta_controller.names import TASKS
from meta_controller.tokens import (
    GLOBAL,
    HINGE,
    MORPHOLOGY,
    SLIDE,
    Scales,
    TokenError,
    Tokenizer,
    gather_actions,
    scales_of,
    spread_actions,
)

CHAIN = """
<mujoco>
  <worldbody>
    <body name="a"><joint name="one" type="hinge" axis="0 -1 0"/>
      <geom type="capsule" fromto="0 0 0 0 0 -1" size=".05"/>
      <body name="b" pos="0 0 -1"><joint name="two" type="hinge" axis="0 1 0" ref="30"/>
        <geom type="capsule" fromto="0 0 0 0 0 -1" size=".05"/>
        <body name="c" pos="0 0 -1"><joint name="three" type="hinge" axis="0 -1 0"/>
          <geom type="capsule" fromto="0 0 0 1 0 0" size=".05"/>
        </body>
      </body>
    </body>
  </worldbody>
  <actuator>
    <motor name="m" joint="one" gear="-20"/>
    <motor name="n" joint="three" gear="5"/>
  </actuator>
</mujoco>
"""


def model_of(xml: str) -> mujoco.MjModel:
    return Body("some", xml, 0.02).compile()


@settings(max_examples=30)
@given(st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3))
def test_angles_of_links_are_those_of_the_world(angles: list[float]) -> None:
    """Whatever the signs of axes and the references: from straight down about the positive y."""
    model = model_of(CHAIN)
    embodiment = read_embodiment("chain", model)
    scales = Scales(np.ones(3), np.ones(3), np.zeros(0), np.ones(3))
    tokens = Tokenizer(embodiment, scales).tokens(np.array(angles), np.zeros(3))
    data = mujoco.MjData(model)
    data.qpos[:] = angles
    mujoco.mj_forward(model, data)
    for k in range(3):
        link = data.xipos[k + 1] - data.xanchor[k]
        axis = np.abs(data.xaxis[k])
        sine = np.cross([0.0, 0.0, -1.0], link) @ axis / np.linalg.norm(link)
        cosine = -link[2] / np.linalg.norm(link)
        assert tokens[k, 0] == pytest.approx(sine, abs=1e-5)
        assert tokens[k, 1] == pytest.approx(cosine, abs=1e-5)


def test_build_tells_own_angles_axes_and_lengths() -> None:
    embodiment = read_embodiment("chain", model_of(CHAIN))
    scales = Scales(np.ones(3), np.ones(3), np.zeros(0), np.ones(3))
    tokenizer = Tokenizer(embodiment, scales, morphology=True)
    plain = Tokenizer(embodiment, scales)
    rng = np.random.default_rng(0)
    qpos, qvel = rng.normal(size=(2, 5, 3))
    tokens = tokenizer.tokens(qpos, qvel)
    assert tokens.shape == (5, 3, plain.width + MORPHOLOGY)
    np.testing.assert_array_equal(tokens[..., : plain.width], plain.tokens(qpos, qvel))
    build = tokens[..., plain.width :]
    own = (qpos - [0.0, np.radians(30.0), 0.0]) * [-1.0, 1.0, -1.0]
    np.testing.assert_allclose(build[..., 0], np.sin(own), atol=1e-5)
    np.testing.assert_allclose(build[..., 1], np.cos(own), atol=1e-5)
    np.testing.assert_allclose(build[..., 2:5], np.broadcast_to([0.0, 1.0, 0.0], (5, 3, 3)))
    # Two links of 1 m between joints, and one to the end of its capsule.
    np.testing.assert_allclose(build[0, :, 5], np.array([1.0, 1.0, 1.05]) / 3.05, atol=1e-6)


def test_length_is_to_the_farthest_joint_and_reach_that_of_the_longest_limb() -> None:
    walker = read_embodiment("walker", TASKS.load("walker-walk")().body().compile())
    lengths = {joint.name: joint.length for joint in walker.joints}
    assert lengths["rootz"] == lengths["rootx"] == pytest.approx(0.0)
    assert lengths["right_hip"] == pytest.approx(0.45, abs=0.02)
    assert lengths["right_knee"] == pytest.approx(0.5, abs=0.02)
    limb = [lengths[name] for name in ("rooty", "right_hip", "right_knee", "right_ankle")]
    assert walker.reach == pytest.approx(sum(limb))


def test_one_sign_means_one_motion_whatever_the_gears_and_axes() -> None:
    embodiment = read_embodiment("chain", model_of(CHAIN))
    np.testing.assert_array_equal(embodiment.act_to_token, [[1, 0], [0, 0], [0, -1]])
    np.testing.assert_array_equal(embodiment.actuated, [True, False, True])
    actions = np.array([[0.5, -0.25]])
    spread = spread_actions(embodiment, actions)
    np.testing.assert_allclose(spread, [[0.5, 0.0, 0.25]])
    np.testing.assert_allclose(gather_actions(embodiment, spread), actions)


def test_joints_hang_together_as_in_the_model() -> None:
    walker = read_embodiment("walker", TASKS.load("walker-walk")().body().compile())
    names = [joint.name for joint in walker.joints]
    assert names[:3] == ["rootz", "rootx", "rooty"]
    hips = [k for k, name in enumerate(names) if "hip" in name]
    assert [walker.joints[k].parent for k in hips] == [2, 2]
    knees = [k for k, name in enumerate(names) if "knee" in name]
    assert walker.distances[knees[0], knees[1]] == 4
    assert [walker.depths[k] for k in (0, 2, hips[0], knees[0], knees[1])] == [0, 2, 3, 4, 4]
    assert int(walker.actuated.sum()) == 6
    assert [joint.free for joint in walker.joints[:2]] == [False, True]


def test_where_a_free_base_is_says_nothing() -> None:
    task = TASKS.load("cheetah-run")()
    model = task.body().compile()
    embodiment = read_embodiment("cheetah", model)
    scales = Scales(np.ones(9), np.ones(9), np.zeros(0), np.ones(9))
    tokenizer = Tokenizer(embodiment, scales)
    here, there = np.tile(model.qpos0, (2, 1))
    there[0] += 100.0
    velocity = np.zeros(9)
    np.testing.assert_array_equal(
        tokenizer.tokens(here, velocity), tokenizer.tokens(there, velocity)
    )
    assert list(tokenizer.kinds) == [SLIDE] * 2 + [HINGE] * 7


def test_scales_come_from_ranges_and_demonstrations() -> None:
    embodiment = read_embodiment("cup", TASKS.load("ball_in_cup-catch")().body().compile())
    rng = np.random.default_rng(0)
    qpos, qvel = rng.normal(size=(500, 4)), 7.0 * rng.normal(size=(500, 4))
    extra = rng.uniform(-3.0, 3.0, (500, 2))
    actions = np.tile([0.3, 2e-3], (500, 1))
    scales = scales_of(embodiment, qpos, qvel, extra, actions)
    assert scales.action == pytest.approx([0.3, 0.05, 0.05, 0.05]), "less than that is noise"
    assert scales.velocity == pytest.approx(np.full(4, 7.0 * 2.58), rel=0.2)
    assert scales.extra == pytest.approx([3.0, 3.0], rel=0.05)
    tokenizer = Tokenizer(embodiment, scales)
    assert list(tokenizer.kinds) == [SLIDE] * 4 + [GLOBAL]
    tokens = tokenizer.tokens(qpos, qvel, extra)
    assert tokens.shape == (500, 5, 6)
    assert tokens[..., 3:].mean(axis=0) == pytest.approx(np.zeros((5, 3)), abs=0.05)
    assert tokens[:, :4, 4].std(axis=0) == pytest.approx(np.ones(4), abs=0.1)
    assert tokens.dtype == np.float32
    assert np.abs(tokens).max() <= 5.0
    still = scales_of(
        embodiment, np.zeros((3, 4)), np.zeros((3, 4)), np.zeros((3, 0)), np.zeros((3, 2))
    )
    assert (still.velocity > 0.0).all(), "nothing is divided by zero"


def test_states_of_another_body_are_refused() -> None:
    embodiment = read_embodiment("chain", model_of(CHAIN))
    tokenizer = Tokenizer(embodiment, Scales(np.ones(3), np.ones(3), np.zeros(0), np.ones(3)))
    with pytest.raises(TokenError, match="another body or task"):
        tokenizer.tokens(np.zeros((5, 2)), np.zeros((5, 2)))
    with pytest.raises(TokenError, match="another body or task"):
        tokenizer.tokens(np.zeros(3), np.zeros(3), np.zeros(2))
    with pytest.raises(TokenError, match="takes 2 actions, got 6"):
        spread_actions(embodiment, np.zeros((1, 6)))
    with pytest.raises(TokenError, match="finite"):
        spread_actions(embodiment, np.array([[np.nan, 0.0]]))


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        ('<body><freejoint name="f"/><geom size="1"/></body>', "'f' is a free joint"),
        ('<body><joint type="ball" name="b"/><geom size="1"/></body>', "'b' is a ball joint"),
        ('<body><geom size="1"/></body>', "has no joint"),
    ],
)
def test_joints_that_are_not_understood_are_named(xml: str, why: str) -> None:
    model = model_of(f"<mujoco><worldbody>{xml}</worldbody></mujoco>")
    with pytest.raises(BodyError, match=why):
        read_embodiment("odd", model)


def test_damaged_models_and_unknown_sensors_are_named() -> None:
    with pytest.raises(BodyError, match="cannot be used"):
        model_of("<mujoco><worldbody></mujoco>")
    bad = Body("some", CHAIN, 0.02, (Sensor("x", "framepos", "body", "nobody"),))
    with pytest.raises(BodyError, match="cannot be used"):
        bad.compile()
    odd = Body("some", CHAIN, 0.003)
    with pytest.raises(BodyError, match="no multiple"):
        odd.substeps(odd.compile())


def test_another_body_has_another_digest() -> None:
    one = read_embodiment("chain", model_of(CHAIN))
    same = read_embodiment("renamed", model_of(CHAIN))
    other = read_embodiment("chain", model_of(CHAIN.replace("-20", "20")))
    longer = read_embodiment("chain", model_of(CHAIN.replace('pos="0 0 -1"', 'pos="0 0 -1.1"')))
    assert one.digest == same.digest
    assert len({one.digest, other.digest, longer.digest}) == 3
    assert all(joint.kind is JointKind.HINGE for joint in one.joints)
