"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

# Before anything loads GL or a thread pool: tests run two at a time on two cores.
os.environ.setdefault("MUJOCO_GL", "egl")
os.environ.setdefault("LP_NUM_THREADS", "0")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import pytest
from browsing import browser  # noqa: F401  a fixture
from habitat_fixtures import hm3d, imitation, rooms  # noqa: F401  fixtures
from hypothesis import HealthCheck, settings

# A busy machine is slow now and then; that is no fault of what is tested.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try again where a browser did not answer in time, which says nothing about the page."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2, only_rerun=["TimeoutError"]))


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of shared worlds and episodes; skips where it is absent."""
    folder = Path(os.environ.get("GOAT_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data folder at {folder}; set GOAT_DATA to it")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(0)
