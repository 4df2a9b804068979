from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goat.errors import ConfigError
from robot.limits import AxisLimiter, AxisLimits

wishes = st.floats(-2.0, 2.0) | st.floats() | st.sampled_from([0.5, -0.5, 0.0])
times = st.floats(-1.0, 12.0) | st.floats() | st.sampled_from([0.02, 0.05, 0.0, 0.1])
axes = st.builds(AxisLimits, st.floats(0.05, 2.0), st.floats(0.05, 5.0), st.floats(0.1, 50.0))


@settings(max_examples=300)
@given(axes, st.lists(st.tuples(wishes, times), max_size=60))
def test_no_sequence_of_wishes_and_times_leaves_the_limits(limits: AxisLimits, steps: list) -> None:
    axis = AxisLimiter(limits)
    for wish, dt in steps:
        before = axis.velocity, axis.acceleration
        velocity, acceleration = axis.step(wish, dt)
        axis.accept(velocity, acceleration)
        long = min(dt, 0.1) if dt > 0.0 else 0.0
        assert abs(velocity) <= limits.velocity * (1 + 1e-9)
        assert abs(acceleration) <= limits.acceleration * (1 + 1e-9)
        assert abs(velocity - before[0]) <= limits.acceleration * long + 1e-12
        assert abs(acceleration - before[1]) <= limits.jerk * long + 1e-9


def test_a_wish_is_reached_without_going_past_it() -> None:
    axis = AxisLimiter(AxisLimits(0.5, 0.5, 2.0))
    speeds = []
    for k in range(200):
        axis.accept(*axis.step(0.4 if k < 100 else 0.0, 0.02))
        speeds.append(axis.velocity)
    assert speeds[99] == pytest.approx(0.4, abs=1e-4)
    assert max(speeds) <= 0.4 + 1e-9
    assert speeds[-1] == pytest.approx(0.0, abs=1e-4)
    assert min(speeds) >= -1e-9
    assert next(k for k, v in enumerate(speeds) if v > 0.39) < 60, "and not slower than it must"


def test_a_stop_begins_from_rest() -> None:
    axis = AxisLimiter(AxisLimits(0.5, 0.5, 2.0))
    for _ in range(50):
        axis.accept(*axis.step(0.5, 0.02))
    axis.stop()
    assert axis.step(0.5, 0.02)[0] <= 2.0 * 0.02**2


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_limits_must_let_it_move(bad: float) -> None:
    with pytest.raises(ConfigError, match="positive"):
        AxisLimits(bad, 1.0, 1.0)
