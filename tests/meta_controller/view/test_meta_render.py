"""Bodies and targets are in the picture where they are in the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import mujoco
import numpy as np
import pytest
from made_episodes import task_of

from goat.errors import RenderError
from meta_controller.bodies import Body, BodyError
from meta_controller.demos.episodes import record
from meta_controller.environments import Environments
from meta_controller.view.camera import Camera
from meta_controller.view.render import PictureError, Pictures
from meta_controller.view.targets import Targets, targets_of

SIZE = (96, 128)
NAMES = (
    "walker-walk", "cheetah-run", "hopper-stand", "hound-stand", "reacher_four-easy",
    "arm_two-easy", "cartpole-swingup", "cartpole_2-balance", "acrobot-swingup", "pendulum-swingup",
    "ball_in_cup-catch", "point_mass-easy", "gantry-place",
)  # fmt: skip
SPATIAL = """
<mujoco><worldbody>
  <body name="arm"><joint name="a" type="hinge" axis="0 0 1"/>
    <geom type="capsule" fromto="0 0 0 .5 0 0" size=".05"/>
    <body name="hand" pos=".5 0 0"><joint name="b" type="hinge" axis="0 1 0"/>
      <geom type="capsule" fromto="0 0 0 .4 0 0" size=".05"/></body></body>
</worldbody><actuator><motor joint="a"/><motor joint="b"/></actuator></mujoco>
"""


@pytest.fixture(scope="module")
def pictures_of() -> Iterator[Callable[[str], Pictures]]:
    """Pictures of a task, made once for all tests."""
    made: dict[str, Pictures] = {}

    def pictures_of(name: str) -> Pictures:
        if name not in made:
            made[name] = Pictures(task_of(name), SIZE)
        return made[name]

    yield pictures_of
    for pictures in made.values():
        pictures.close()


def bright(picture: np.ndarray) -> np.ndarray:
    """Return (N, 2) columns and rows of what is brighter than floors, walls and rails are."""
    return np.argwhere(picture.max(axis=2) > 115)[:, ::-1]


def amber(picture: np.ndarray) -> np.ndarray:
    """Return (N, 2) columns and rows of the middle of a target."""
    red, _, blue = picture.astype(int).transpose(2, 0, 1)
    return np.argwhere((red > 170) & (blue < 70))[:, ::-1]


def centres(body: Body, qpos: np.ndarray) -> np.ndarray:
    """Return (G, 3) the centres of all geoms that move."""
    model = body.compile()
    data = mujoco.MjData(model)
    data.qpos[:] = qpos
    mujoco.mj_kinematics(model, data)
    return data.geom_xpos[model.body_weldid[model.geom_bodyid] != 0]


@pytest.mark.parametrize("name", NAMES)
def test_every_body_is_in_view_and_where_it_is(
    name: str, pictures_of: Callable[[str], Pictures]
) -> None:
    task, pictures = task_of(name), pictures_of(name)
    start = task.begin(task.body().compile(), np.random.default_rng(1), 2)
    drawn = pictures.draw(start.qpos)
    assert drawn.shape == (2, *SIZE, 3)
    for qpos, picture in zip(start.qpos, drawn, strict=True):
        seen = bright(picture)
        assert seen.min() > 0, "nothing is cut off"
        assert (seen < np.array(SIZE[::-1]) - 1).all()
        wanted = pictures.camera(qpos).pixels(centres(task.body(), qpos), SIZE)
        away = np.linalg.norm(seen[None] - wanted[:, None], axis=2).min(axis=1)
        assert away.max() < 4.0, "each link is where it should be"
        spread = np.ptp(seen, axis=0) / SIZE[::-1]
        assert spread.max() > (0.03 if name == "point_mass-easy" else 0.15)


def test_what_moves_stays_in_view_wherever_it_goes(
    pictures_of: Callable[[str], Pictures],
) -> None:
    states = np.zeros((4, 9))
    states[:, 0] = 0.0, 1.5, 3.0, -0.5
    states[:, 2] = 0.0, 3.0, -1.5, 1.5
    for picture in pictures_of("walker-walk").draw(states):
        assert bright(picture).min() > 0
        assert (bright(picture) < np.array(SIZE[::-1]) - 1).all()
    level = np.array([[1.8, np.pi / 2]])
    picture = pictures_of("cartpole-swingup").draw(level)[0]
    assert (bright(picture) < np.array(SIZE[::-1]) - 1).all()


def test_the_camera_goes_along_with_what_runs_but_not_with_a_cart(
    pictures_of: Callable[[str], Pictures],
) -> None:
    pictures, qpos = pictures_of("hopper-stand"), np.zeros((2, 7))
    qpos[1, 0] = 6.37
    here, there = pictures.draw(qpos)
    np.testing.assert_allclose(bright(here).mean(axis=0), bright(there).mean(axis=0), atol=1.0)
    assert (here != there).any(), "the floor goes by"
    moved = pictures.camera(qpos[1]).lookat - pictures.camera(qpos[0]).lookat
    np.testing.assert_allclose(moved, [6.37, 0.0, 0.0], atol=1e-6)
    left, right = pictures_of("cartpole-swingup").draw(np.array([[-1.0, 0.0], [1.0, 0.0]]))
    assert bright(right)[:, 0].mean() - bright(left)[:, 0].mean() > 0.25 * SIZE[1]


@pytest.mark.parametrize(
    ("name", "target", "place"),
    [
        ("reacher_four-easy", (0.1, -0.15), (0.1, -0.15, 0.0)),
        ("arm_two-hard", (-0.3, 0.2), (-0.3, 0.0, 0.2)),
        ("gantry-place", (0.6,), (0.6, 0.0, 0.5)),
    ],
)
def test_targets_are_where_they_are(
    name: str, target: tuple[float, ...], place: tuple[float, float, float]
) -> None:
    task = task_of(name)
    qpos = np.zeros((1, task.body().compile().nq))
    with Pictures(task, (240, 320)) as pictures:
        assert not len(amber(pictures.draw(qpos)[0]))
        picture = pictures.draw(qpos, {"target": np.array([target])})[0]
        wanted = pictures.camera(qpos[0]).pixels(np.array([place]), (240, 320))[0]
    np.testing.assert_allclose(amber(picture).mean(axis=0), wanted, atol=1.5)
    assert np.ptp(amber(picture), axis=0).max() < 16


def test_a_target_is_as_large_as_what_counts_as_there() -> None:
    camera = Camera(np.zeros(3), 1.5, np.pi / 2, -np.pi / 2)
    assert Targets(task_of("reacher_two-easy"), camera).radius == pytest.approx(0.06, abs=2e-3)
    assert Targets(task_of("reacher_two-hard"), camera).radius == pytest.approx(0.025, abs=2e-3)
    assert Targets(task_of("pendulum-spin"), camera).size == 0


@pytest.mark.parametrize("name", ["reacher_four-hard", "arm_three-easy", "gantry_long-place"])
def test_targets_follow_from_what_the_policy_was_told(name: str) -> None:
    environments = Environments(task_of(name), 3)
    start = environments.draw(np.random.default_rng(0))
    actions = environments.arena.model.nu
    found = record(environments, lambda signals: np.zeros((3, actions)), start)
    np.testing.assert_allclose(
        targets_of(environments.task, found)["target"], start.extra["target"], atol=1e-9
    )


def test_there_is_no_target_where_none_can_be_known() -> None:
    environments = Environments(task_of("hopper-stand"), 1)
    start = environments.draw(np.random.default_rng(0))
    found = record(environments, lambda signals: np.zeros((1, 4)), start)
    assert targets_of(environments.task, found) == {}


def test_a_body_that_moves_in_space_is_in_view() -> None:
    body = Body("mine", SPATIAL, 0.02)
    with Pictures(body, SIZE) as pictures:
        states = np.random.default_rng(0).uniform(-3.0, 3.0, (4, 2))
        for qpos, picture in zip(states, pictures.draw(states), strict=True):
            assert bright(picture).min() > 0
            wanted = pictures.camera(qpos).pixels(centres(body, qpos), SIZE)
            away = np.linalg.norm(bright(picture)[None] - wanted[:, None], axis=2).min(axis=1)
            assert away.max() < 2.0
    pictures.close()


def test_left_limbs_are_told_from_right_ones(pictures_of: Callable[[str], Pictures]) -> None:
    pictures, qpos = pictures_of("walker-walk"), np.zeros((1, 9))
    qpos[0, 3], qpos[0, 6] = 0.8, -0.2
    picture, body = pictures.draw(qpos)[0], task_of("walker-walk").body()
    seen = pictures.camera(qpos[0]).pixels(centres(body, qpos[0]), SIZE)
    (right, left) = (picture[round(y), round(x)].astype(int) for x, y in (seen[1], seen[4]))
    assert left[2] - left[0] > 25 > right[2] - right[0]


def test_what_cannot_be_drawn_is_named(
    pictures_of: Callable[[str], Pictures], monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = pictures_of("arm_two-easy")
    for qpos in (np.zeros((1, 5)), np.zeros(2), np.full((1, 2), np.nan)):
        with pytest.raises(PictureError, match="qpos of arm_two-easy must be finite"):
            pictures.draw(qpos)
    with pytest.raises(PictureError, match="the target of arm_two-easy must be finite"):
        pictures.draw(np.zeros((2, 2)), {"target": np.zeros((1, 2))})
    with pytest.raises(PictureError, match="at least, got"):
        Pictures(task_of("arm_two-easy"), (0, 10))
    empty = '<mujoco><worldbody><body><joint/><inertial mass="1" pos="0 0 0" diaginertia="1 1 1"/>'
    with pytest.raises(BodyError, match="nothing to look at"):
        Pictures(Body("empty", f"{empty}</body></worldbody></mujoco>", 0.02))
    monkeypatch.setenv("MUJOCO_GL", "directx")
    with pytest.raises(RenderError, match="'directx' cannot draw"):
        Pictures(task_of("arm_two-easy"), SIZE)
