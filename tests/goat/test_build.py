from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from fakes import CAMERA, make_detection, make_observation

from goat.build import BuildConfig, build_agent, look_of
from goat.errors import MemoryFileError
from goat.memory.memory import MemoryConfig
from goat.memory.store import check
from goat.types import Body, CategoryGoal, Detection, Observation


class OneChair:
    """Sees a chair in the middle of every image; may take its time."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.calls = seconds, 0

    def detect(self, observation: Observation) -> list[Detection]:
        time.sleep(self.seconds)
        self.calls += 1
        return [make_detection("chair")]


def test_an_agent_is_built_from_a_body_and_a_detector(tmp_path: Path) -> None:
    detector = OneChair()
    agent = build_agent(Body(), detector, tmp_path / "home.db")
    agent.set_goal(CategoryGoal("chair"))
    for step in range(12):
        agent.step(make_observation((0.0, 0.0, 0.3 * step), stamp=float(step)))
    assert detector.calls == 12
    assert {i.label for i in agent.memory.instances()} == {"chair"}
    agent.close()
    assert check(tmp_path / "home.db")["instances"] >= 1


def test_settings_reach_the_parts() -> None:
    config = BuildConfig(memory=MemoryConfig(save_every=3))
    agent = build_agent(Body(), OneChair(), config=config)
    assert agent.memory.config.save_every == 3
    assert agent.config is config.agent
    agent.close()


def test_a_damaged_memory_file_is_refused_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a memory\n" * 50)
    with pytest.raises(MemoryFileError):
        build_agent(Body(), OneChair(), path)
    assert path.read_text() == "not a memory\n" * 50


def test_a_slow_detector_does_not_hold_the_robot_up() -> None:
    detector = OneChair(seconds=1.0)
    agent = build_agent(Body(), detector, config=BuildConfig(asynchronous=True))
    agent.set_goal(CategoryGoal("chair"))
    began = time.perf_counter()
    agent.step(make_observation())
    assert time.perf_counter() - began < 0.9
    assert agent.memory.instances() == ()
    deadline = time.perf_counter() + 10.0
    step = 0
    while not agent.memory.instances() and time.perf_counter() < deadline:
        step += 1
        agent.step(make_observation((0.0, 0.0, 0.3 * step), stamp=float(step)))
    agent.close()
    assert [i.label for i in agent.memory.instances()] == ["chair"]
    assert detector.calls < step, "frames that came while it was busy were left out"


def test_how_an_object_looks_is_a_unit_vector_and_shares() -> None:
    rgb = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
    rgb[...] = (20, 30, 200)
    found = make_detection()
    vector, attributes = look_of(rgb, found.mask, found.box)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert vector.dtype == np.float32
    colors = {name: share for name, share in attributes.items() if name.startswith("color:")}
    assert max(colors, key=lambda name: colors[name]) == "color:blue"
    assert sum(colors.values()) == pytest.approx(1.0, abs=1e-4)
