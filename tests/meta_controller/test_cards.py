"""A set that shows a law is learned from; one that shows noise is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from meta_controller.arena import Signals
from meta_controller.baselines.cloning import CloningConfig
from meta_controller.demos.cards import CardConfig, judge
from meta_controller.demos.episodes import fresh
from meta_controller.names import TASKS

TASK = TASKS.load("point_mass-easy")()
QUICK = CardConfig((5,), episodes=6, seeds=(0,), cloning=CloningConfig(width=64, steps=600))


def steering(noise: float) -> Callable[[Signals], np.ndarray]:
    """Drive to the middle, with this much noise in what is done."""
    rng = np.random.default_rng(0)

    def law(signals: Signals) -> np.ndarray:
        wanted = -3.0 * signals.qpos - 1.5 * signals.qvel
        return np.clip(wanted + noise * rng.standard_normal(wanted.shape), -1.0, 1.0)

    return law


@pytest.mark.slow
def test_a_law_can_be_cloned() -> None:
    demos = fresh(TASK, steering(0.0), 6, (1,))
    card = judge(TASK, demos, 0, QUICK)
    assert card.expert == pytest.approx(demos.returns.mean())
    assert card.cloned[5] > 0.8
    assert card.usable
    assert card.document()["cloned"] == {"5": round(card.cloned[5], 4)}


@pytest.mark.slow
def test_restless_actions_show_in_the_card() -> None:
    demos = fresh(TASK, lambda signals: np.sin(1e4 * signals.qpos), 6, (1,))
    assert judge(TASK, demos, 0, QUICK).smooth > 0.3


def test_a_small_set_is_judged_by_what_it_has() -> None:
    demos = fresh(TASK, steering(0.0), 2, (1,))
    assert list(judge(TASK, demos, 0, QUICK).cloned) == [2]
