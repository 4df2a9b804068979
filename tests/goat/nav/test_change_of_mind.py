"""Two objects asked for within one step: what was worked out for one must not serve the other."""

from __future__ import annotations

import numpy as np
from nav_world import draw

from goat.nav.navigator import Navigator, Progress
from goat.types import Body

WALL = "?" * 10 + "#" * 28 + "?" * 42
ROOM_AND_CLOSET = "?" * 10 + "#" + "." * 10 + "#" + "." * 15 + "#" + "?" * 42
PLAN = "\n".join(["?" * 80] * 20 + [WALL] + [ROOM_AND_CLOSET] * 12 + [WALL] + ["?" * 80] * 20)


def cube(x: float, y: float) -> np.ndarray:
    steps = np.arange(3) * 0.1
    points = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    return points + np.array([x, y, 0.0])


def test_a_second_object_is_approached_on_its_own_part_of_the_map() -> None:
    """The first lies far outside what is known, the second behind a wall, and a bump is forgiven
    in between, so the map is cut three times."""
    grid, navigator = draw(PLAN, cell=0.2), Navigator(Body())
    navigator.update(grid, (2.6, 5.2, 3.14), True)
    place = (2.6, 5.2)
    for _ in range(6):
        navigator.update(grid, (*place, 0.0), False)
        first = navigator.go_to(cube(0.5, 1.0))
        second = navigator.go_to(cube(6.6, 5.2))
        assert first.outcome is Progress.MOVING
        if second.path is None:
            break
        place = (float(second.path.points[-1, 0]), float(second.path.points[-1, 1]))
    assert second.outcome is Progress.NO_PATH
    assert "2.3 m from the object" in second.note
