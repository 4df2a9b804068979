"""The files in launch/: what they name exists, and what they start can be started."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tyro

from goat.commands import options
from robot.config import read_config
from robot.footprint import SweptFootprint

LAUNCH = Path(__file__).parents[2] / "launch"
PRESETS = sorted(LAUNCH.glob("*.yaml"))


@pytest.mark.parametrize("path", PRESETS, ids=lambda path: path.stem)
def test_a_preset_is_read_and_can_be_driven(path: Path) -> None:
    config = read_config(path)
    assert config.name == path.stem
    assert config.body.radius > config.shape.radius
    assert config.health.depth_age <= 0.5
    assert config.health.odometry_age <= 0.3
    assert config.gate.ttl <= 0.12
    stop = SweptFootprint(config.shape.radius, config.gate.stopping)
    assert 0.1 < stop.stopping_distance(config.gate.linear.velocity) < 0.5
    assert math.isfinite(config.camera_hz)


class Recorded:
    """Stands for a class of ROS 2's launch packages; keeps how it was made."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self.args, self.named = args, named


@pytest.fixture
def launch_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put fakes of `launch` and `launch_ros` in the place of the packages.

    Names and parameters as in https://github.com/ros2/launch and launch_ros, ROS 2 Jazzy.
    """
    names = {
        "launch": ["LaunchDescription"],
        "launch.actions": ["DeclareLaunchArgument", "ExecuteProcess", "Shutdown"],
        "launch.substitutions": ["LaunchConfiguration"],
        "launch_ros": [],
        "launch_ros.actions": ["Node"],
    }
    for module, classes in names.items():
        fake = ModuleType(module)
        for name in classes:
            setattr(fake, name, type(name, (Recorded,), {}))
        monkeypatch.setitem(sys.modules, module, fake)


def described() -> list[Recorded]:
    spec = importlib.util.spec_from_file_location("goat_launch", LAUNCH / "goat.launch.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate_launch_description().args[0]


def test_the_launch_file_starts_a_bridge_on_loopback_and_ends_it_with_the_agent(
    launch_packages: None,
) -> None:
    actions = described()
    (bridge,) = [a for a in actions if a.named.get("executable") == "rosbridge_websocket"]
    assert bridge.named["parameters"][0]["address"] == "127.0.0.1"
    assert bridge.named["parameters"][0]["send_action_goals_in_new_thread"] is True
    (agent,) = [a for a in actions if "cmd" in a.named]
    assert type(agent.named["on_exit"]).__name__ == "Shutdown"


def test_the_launch_file_calls_the_program_with_flags_that_it_has(launch_packages: None) -> None:
    told = {a.args[0]: a.named["default_value"] for a in described() if "default_value" in a.named}
    told |= {"config": "launch/stretch.yaml", "goal": "text:the blue chair", "port": "9091"}
    (command,) = [a.named["cmd"] for a in described() if "cmd" in a.named]
    goat, verb, *rest = [said(part, told) for part in command]
    assert (goat, verb) == ("goat", "robot")
    parsed: Any = tyro.cli(options.Robot, args=rest, config=(tyro.conf.OmitSubcommandPrefixes,))
    assert parsed.action.config == Path("launch/stretch.yaml")
    assert parsed.action.bridge == "ws://127.0.0.1:9091"
    assert parsed.action.goal == ("text:the blue chair",)
    assert parsed.action.viewer == "viser"


def said(part: Any, told: dict[str, str]) -> str:
    """Return a part of a command as ROS 2 would put it together."""
    if isinstance(part, list):
        return "".join(said(item, told) for item in part)
    return told[part.args[0]] if isinstance(part, Recorded) else part


def test_launch_is_no_package() -> None:
    """It would shadow ROS 2's own `launch`."""
    assert not (LAUNCH / "__init__.py").exists()
