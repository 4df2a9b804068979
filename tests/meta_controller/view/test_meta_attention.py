"""The picture of what is imitated points to the steps with the greatest weights."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_episodes import made_episodes, task_of

from goat.view import theme
from meta_controller.demos.episodes import DemonstrationError, Demonstrations
from meta_controller.task import Task
from meta_controller.view.attention import FRAMES, AttentionError, Layout, attention
from meta_controller.view.render import Pictures

DECISIONS, DEMOS, STEPS = 60, 3, 40
LAYOUT = Layout(DECISIONS, DEMOS, STEPS)


@pytest.fixture(scope="module")
def task() -> Task:
    return task_of("arm_two-easy")


@pytest.fixture(scope="module")
def done(task: Task) -> Demonstrations:
    return told(task, made_episodes(task, 1, DECISIONS, seed=5))


@pytest.fixture(scope="module")
def shown(task: Task) -> Demonstrations:
    return told(task, made_episodes(task, DEMOS, STEPS))


def told(task: Task, episodes: Demonstrations) -> Demonstrations:
    """Return episodes that tell of a target."""
    return replace(episodes, told=np.zeros((*episodes.rewards.shape, 2)))


def pointing(demo: int, first: int) -> np.ndarray:
    """Return weights (D, 2, K) of joints that imitate one demonstration from a step on."""
    weights = np.full((DECISIONS, 2, DEMOS * STEPS), 1e-4)
    for decision in range(DECISIONS):
        step = min(first + decision // 2, STEPS - 1)
        weights[decision, :, demo * STEPS + step] = 1.0
    return weights / weights.sum(axis=2, keepdims=True)


def drawn(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def is_marked(picture: np.ndarray, decision: int, demo: int, step: int) -> bool:
    x, y = LAYOUT.at(decision, demo, step)
    around = picture[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).astype(int)
    return bool((np.abs(around - theme.TARGET).sum(axis=1) < 60).any())


def test_the_step_of_greatest_weight_is_marked_and_no_other(
    task: Task, done: Demonstrations, shown: Demonstrations
) -> None:
    picture = drawn(attention(task, done, shown, pointing(1, 5)))
    assert picture.shape == (*LAYOUT.size, 3)
    for decision in range(2, DECISIONS, 7):
        step = min(5 + decision // 2, STEPS - 1)
        assert is_marked(picture, decision, 1, step)
        assert not is_marked(picture, decision, 0, step)
        assert not is_marked(picture, decision, 2, step)
        assert not is_marked(picture, decision, 1, (step + 20) % STEPS)


def test_what_is_imitated_more_is_brighter(
    task: Task, done: Demonstrations, shown: Demonstrations
) -> None:
    weights = np.full((DECISIONS, 2, DEMOS, STEPS), 1.0)
    weights[:, :, 0, 20:] = 15.0
    weights[:, :, 2, :20] = 30.0
    weights[:, :, 2, 0] = 31.0  # the path lies here
    picture = drawn(attention(task, done, shown, weights.reshape(DECISIONS, 2, -1)))
    x, _ = LAYOUT.at(13, 0, 0)

    def light(demo: int, step: int) -> int:
        return int(picture[LAYOUT.at(13, demo, step)[1], x].sum())

    assert light(2, 10) > light(0, 30) + 100 > light(1, 10) + 150
    assert light(1, 10) == light(0, 10) == light(2, 30)
    gap = picture[LAYOUT.top(1) - 3, x]
    np.testing.assert_array_equal(gap, theme.BACKGROUND, "boundaries of demonstrations are seen")


def test_frames_are_those_of_the_rollout_and_of_what_it_imitates(
    task: Task, done: Demonstrations, shown: Demonstrations
) -> None:
    picture = drawn(attention(task, done, shown, pointing(2, 3)))
    with Pictures(task, (156, 208)) as pictures:
        for column in range(FRAMES):
            decision = int((column + 0.5) / FRAMES * DECISIONS)
            step = min(3 + decision // 2, STEPS - 1)
            for row, qpos in enumerate((done.qpos[0, decision], shown.qpos[2, step])):
                x, y = LAYOUT.frame(column, row)
                frame = picture[y : y + 156, x : x + 208].astype(int)
                wanted = pictures.draw(qpos[None])[0]
                # The target is drawn too: where the finger was when it was told that it is there.
                assert (np.abs(frame - wanted).max(axis=2) > 8).mean() < 0.05
                assert (np.abs(frame - wanted).max(axis=2) > 8).any()


def test_many_demonstrations_have_room(task: Task, done: Demonstrations) -> None:
    shown = told(task, made_episodes(task, 25, 8))
    weights = np.full((DECISIONS, 2, 25, 8), 1e-3)
    weights[:, :, 24, 4] = 1.0
    picture = drawn(attention(task, done, shown, weights.reshape(DECISIONS, 2, -1)))
    layout = Layout(DECISIONS, 25, 8)
    assert picture.shape == (*layout.size, 3)
    assert layout.band >= 24
    x, y = layout.at(DECISIONS - 1, 24, 4)
    assert np.abs(picture[y, x].astype(int) - theme.TARGET).sum() < 60
    assert y < layout.frame(0, 0)[1]


def test_one_joint_can_be_looked_at(
    task: Task, done: Demonstrations, shown: Demonstrations
) -> None:
    weights = pointing(0, 2)
    weights[:, 1] = pointing(1, 8)[:, 1]
    weights = np.concatenate([weights, np.zeros((DECISIONS, 1, DEMOS * STEPS))], axis=1)
    second = drawn(attention(task, done, shown, weights, joint=1))
    assert is_marked(second, 23, 1, 8 + 11)
    assert not is_marked(second, 23, 0, 2 + 11)
    first = drawn(attention(task, done, shown, weights, joint=0))
    assert is_marked(first, 23, 0, 2 + 11)
    both = attention(task, done, shown, weights)
    np.testing.assert_array_equal(
        drawn(both)[LAYOUT.top(0) :],
        drawn(attention(task, done, shown, weights[:, :2]))[LAYOUT.top(0) :],
    )


def test_weights_that_cannot_be_shown_are_named(
    task: Task, done: Demonstrations, shown: Demonstrations
) -> None:
    good = pointing(0, 0)
    for bad in (good[:-1], good[..., 1:], good[:, 0]):
        with pytest.raises(AttentionError, match=r"must be of shape \(60, J, 120\)"):
            attention(task, done, shown, bad)
    with pytest.raises(AttentionError, match="of 3 rollouts"):
        attention(task, shown, shown, np.ones((STEPS, 2, DEMOS * STEPS)))
    for value in (np.nan, -1.0):
        bad = good.copy()
        bad[3, 1, 4] = value
        with pytest.raises(AttentionError, match="finite and not negative"):
            attention(task, done, shown, bad)
    for joint in (2, -1):
        with pytest.raises(AttentionError, match=f"nothing is imitated by joint {joint}"):
            attention(task, done, shown, good, joint=joint)
    with pytest.raises(AttentionError, match="nothing is imitated by any joint"):
        attention(task, done, shown, 0.0 * good)
    with pytest.raises(DemonstrationError, match="another body than arm_three"):
        attention(task_of("arm_three-easy"), done, shown, good)
