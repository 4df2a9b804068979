"""What is held is noticed; what stands on purpose is not held."""

from __future__ import annotations

import pytest

from goat.types import VelocityCommand
from robot.stall import StallWatch

AHEAD, TURN = VelocityCommand(0.3, 0.0), VelocityCommand(0.0, 0.5)


def seconds(watch: StallWatch, wish: VelocityCommand | None, speed: tuple[float, float]) -> int:
    """Return how often a robot counted as held in five seconds."""
    return sum(
        (watch.note(wish, speed, 0.02 * k), watch.take())[1] for k in range(round(5.0 / 0.02))
    )


@pytest.mark.parametrize("wish", [AHEAD, TURN, VelocityCommand(-0.1, 0.2)])
def test_a_robot_that_does_not_move_is_held_again_and_again(wish: VelocityCommand) -> None:
    assert seconds(StallWatch(patience=1.0), wish, (0.004, 0.0)) == 4


@pytest.mark.parametrize(
    ("wish", "speed"),
    [
        (AHEAD, (0.2, 0.0)),
        (TURN, (0.0, 0.4)),
        (VelocityCommand(0.3, 0.5), (0.0, 0.3)),
        (VelocityCommand(0.01, 0.0), (0.0, 0.0)),
        (None, (0.0, 0.0)),
    ],
)
def test_what_moves_or_means_to_stand_is_not(wish, speed: tuple[float, float]) -> None:
    assert seconds(StallWatch(patience=1.0), wish, speed) == 0


def test_a_moment_of_motion_begins_the_patience_anew() -> None:
    watch = StallWatch(patience=1.0)
    for k in range(300):
        watch.note(AHEAD, (0.3 if k % 40 == 0 else 0.0, 0.0), 0.02 * k)
        assert not watch.take()
