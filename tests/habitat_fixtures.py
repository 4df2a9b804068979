"""habitat_sim for tests: the real one where it is, an imitation elsewhere."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TESTS = Path(__file__).parent
SCENE = "00800-Gen3abc"
WORLD = "generated:3"


@dataclass(frozen=True)
class Hm3d:
    """A folder of scenes."""

    folder: Path
    scene: str
    dataset: Path

    @property
    def file(self) -> Path:
        return self.folder / self.scene.removeprefix("hm3d/")


def scene_name(scene: str = SCENE) -> str:
    return f"hm3d/val/{scene}/{scene.split('-')[1]}.basis.glb"


@pytest.fixture(scope="session")
def hm3d(tmp_path_factory: pytest.TempPathFactory) -> Hm3d:
    """Scenes for the imitation."""
    from habitat_scenes import make_hm3d

    folder = tmp_path_factory.mktemp("data") / "hm3d"
    dataset = make_hm3d(folder, {SCENE: WORLD, "00801-Gen5def": "generated:5"})
    return Hm3d(folder, scene_name(), dataset)


@pytest.fixture
def imitation(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Make `import habitat_sim` give the imitation, here and in processes started meanwhile."""
    monkeypatch.syspath_prepend(TESTS / "fake_habitat")
    # The root first: tests/goat must not pass for the package.
    places = (TESTS.parent, TESTS / "fake_habitat", TESTS)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, places)))
    sys.modules.pop("habitat_sim", None)
    found = importlib.import_module("habitat_sim")
    assert found.__name__ == "fake_habitat_sim"
    yield found
    for left in list(found.LEFT_OPEN):
        left.close()
    sys.modules.pop("habitat_sim", None)


def settings(hm3d: Hm3d, **changes: Any) -> dict[str, Any]:
    """Return what `Engine.open` takes."""
    given = {
        "scene": str(hm3d.file), "dataset": str(hm3d.dataset), "width": 64, "height": 48,
        "hfov": 79.0, "mast": 1.31, "tilt": 0.0, "radius": 0.17, "robot_height": 1.41,
        "step_height": 0.2, "forward": 0.25, "turn": 30.0, "slide": False, "rgb": True,
        "semantic": True, "gpu": -1, "seed": 0,
    }  # fmt: skip
    return given | changes


@pytest.fixture(scope="session")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Hm3d:
    """A small scene, for what need not be a home."""
    from habitat_scenes import make_hm3d

    folder = tmp_path_factory.mktemp("small") / "hm3d"
    dataset = make_hm3d(folder, {SCENE: "sim_worlds:two_room_world"})
    return Hm3d(folder, scene_name(), dataset)
