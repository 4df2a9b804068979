from __future__ import annotations

from pathlib import Path

from meta_controller.benchmark import DEVELOPMENT, HELD_OUT, TRAINING
from meta_controller.model.config import sized
from meta_controller.training.pretrained import from_pretrained, shipped, weights_of


def test_nano_is_shipped_small_and_as_it_is_trained_by_default() -> None:
    assert "nano" in shipped()
    nano = from_pretrained("nano")
    assert nano.network.config == sized("nano")
    assert Path(weights_of("nano")).stat().st_size <= 25e6
    assert nano.about["step"] == nano.about["training"]["steps"]


def test_it_has_seen_the_training_tasks_and_no_others() -> None:
    nano = from_pretrained("nano")
    assert set(nano.tasks[1:]) == set(TRAINING)
    bodies = {name.partition("-")[0] for name in TRAINING}
    assert set(nano.bodies[1:]) == bodies
    assert not set(nano.tasks) & {*HELD_OUT, *DEVELOPMENT}
    assert not bodies & {name.partition("-")[0] for name in HELD_OUT}
