from __future__ import annotations

import math

from goat.nav.beat import Beat
from goat.types import Body


def test_every_discrete_action_counts() -> None:
    beat = Beat(Body())
    assert [beat.counts((0.0, 0.0, 0.0)) for _ in range(5)] == [True] * 5


def test_velocity_steps_count_by_what_they_lead_to() -> None:
    beat = Beat(Body(discrete=False), most=100)
    driven = [beat.counts((0.05 * k, 0.0, 0.0)) for k in range(21)]
    assert [k for k, yes in enumerate(driven) if yes] == [0, 5, 10, 15, 20]
    beat = Beat(Body(discrete=False), most=100)
    turned = [beat.counts((0.0, 0.0, math.remainder(0.1 * k, math.tau))) for k in range(63)]
    assert sum(turned) == 1 + 62 // 6


def test_standing_still_counts_now_and_then() -> None:
    beat = Beat(Body(discrete=False), most=10)
    assert sum(beat.counts((0.0, 0.0, 0.0)) for _ in range(41)) == 5
