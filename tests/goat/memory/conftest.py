"""A gallery with a memory of it: dear to make, so made once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from goat.memory.memory import Memory
from sim.home import HomeSim


@pytest.fixture(scope="session")
def gallery_sim() -> Iterator[HomeSim]:
    """The room of `textured_world`; tests may render in it but not move the robot."""
    from textured_world import gallery

    sim = HomeSim(gallery())
    yield sim
    sim.close()


@pytest.fixture(scope="session")
def gallery_memory(gallery_sim: HomeSim) -> Memory:
    """What a turn at three places remembers of it; tests must not change it."""
    from textured_world import remembered

    return remembered(gallery_sim)
