"""Bodies made here and variants of dm_control's: tokens, heights, starts."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from meta_controller.embodiment import JointKind, read_embodiment
from meta_controller.environments import Environments
from meta_controller.names import TASKS
from meta_controller.tasks import hopper, walker
from meta_controller.tasks.quadruped import hound_of

HOUNDS = {"hound": 12, "hound_two": 8, "hound_longthigh": 12, "hound_longshin": 12}
HOPPERS = ("hopper_largefoot", "hopper_smallfoot", "hopper_longthigh", "hopper_longcalf")
WALKERS = ("walker_largefoot", "walker_smallfoot", "walker_longthigh", "walker_longleg")


@pytest.mark.parametrize(("name", "motors"), HOUNDS.items())
def test_a_hound_has_three_root_tokens_and_its_legs(name: str, motors: int) -> None:
    embodiment = read_embodiment(name, hound_of(name).body().compile())
    assert len(embodiment.joints) == 3 + motors
    assert int(embodiment.actuated.sum()) == motors
    assert [joint.kind for joint in embodiment.joints[:3]] == [
        JointKind.SLIDE,
        JointKind.SLIDE,
        JointKind.HINGE,
    ]
    assert embodiment.joints[0].free
    assert not embodiment.joints[1].free
    assert sum(joint.parent == 2 for joint in embodiment.joints) == 4


@pytest.mark.parametrize("name", HOUNDS)
def test_a_hound_stands_on_its_feet_as_it_is_drawn(name: str) -> None:
    model = hound_of(name).body().compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    legs = [k for k in range(model.ngeom) if "_" in model.geom(k).name]
    lowest = min(
        data.geom_xpos[k][2]
        - abs(data.geom_xmat[k][8]) * model.geom_size[k][1]
        - model.geom_size[k][0]
        for k in legs
    )
    assert lowest == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", HOUNDS)
def test_standing_is_worth_all_and_lying_is_not(name: str) -> None:
    environments = Environments(TASKS.load(f"{name}-stand")(), 2)
    start = environments.draw(np.random.default_rng(0))
    start.qpos[:], start.qvel[:] = 0.0, 0.0
    start.qpos[1, 1:3] = -0.3, np.pi
    signals = environments.reset(start)
    standing, lying = environments.task.reward(signals)
    assert standing == pytest.approx(1.0)
    assert lying < 0.6
    environments.close()


@pytest.mark.parametrize("name", HOPPERS)
def test_a_hopper_variant_is_as_high_as_the_hopper(name: str) -> None:
    theirs, ours = hopper.body().compile(), TASKS.load(f"{name}-stand")().body().compile()
    assert _token_names(ours) == _token_names(theirs)
    for body in ("torso", "foot"):
        np.testing.assert_allclose(_place(ours, body), _place(theirs, body), atol=1e-6)
    assert _shape(ours) != _shape(theirs)


@pytest.mark.parametrize("name", WALKERS)
def test_a_walker_variant_is_as_high_as_the_walker(name: str) -> None:
    theirs, ours = walker.body().compile(), TASKS.load(f"{name}-stand")().body().compile()
    assert _token_names(ours) == _token_names(theirs)
    for body in ("torso", "right_foot", "left_foot"):
        np.testing.assert_allclose(_place(ours, body), _place(theirs, body), atol=1e-6)
    assert _shape(ours) != _shape(theirs)


@pytest.mark.parametrize("name", ["walker_longthigh", "walker_longleg"])
def test_knees_of_a_walker_are_where_thighs_end(name: str) -> None:
    model = TASKS.load(f"{name}-stand")().body().compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    for side in ("right", "left"):
        thigh = model.geom(f"{side}_thigh")
        end = data.geom_xpos[thigh.id][2] - thigh.size[1]
        knee = data.xanchor[model.joint(f"{side}_knee").id][2]
        assert knee == pytest.approx(end, abs=1e-6)


def test_toe_and_heel_are_felt_where_the_foot_ends() -> None:
    model = TASKS.load("hopper_largefoot-hop")().body().compile()
    foot = model.geom("foot")
    half = float(foot.size[1])
    assert model.site("touch_toe").pos[0] == pytest.approx(foot.pos[0] + half)
    assert model.site("touch_heel").pos[0] == pytest.approx(foot.pos[0] - half)


def test_a_crane_tells_how_far_its_load_is_from_the_target() -> None:
    environments = Environments(TASKS.load("gantry-place")(), 4)
    start = environments.draw(np.random.default_rng(3))
    signals = environments.reset(start)
    load = start.qpos[:, 0] - 0.5 * np.sin(start.qpos[:, 1])
    told = environments.task.tell(signals)[:, 0]
    np.testing.assert_allclose(told, start.extra["target"][:, 0] - load, atol=1e-6)
    environments.close()


def _token_names(model: mujoco.MjModel) -> list[str]:
    return [joint.name for joint in read_embodiment("body", model).joints]


def _place(model: mujoco.MjModel, body: str) -> np.ndarray:
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return np.array(data.body(body).xpos)


def _shape(model: mujoco.MjModel) -> list[float]:
    return model.geom_size.ravel().tolist()
