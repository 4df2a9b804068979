"""`goat robot` from its flags to its results, against a simulated robot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console
from sim_worlds import two_room_world

from goat.commands.options import Recorded, RobotClear, RobotDrive
from goat.commands.robot import clear, drive
from goat.errors import GoalError, UnknownNameError
from robot.bag_files import open_bag
from robot.estop import EmergencyStop, EmergencyStopError

FILE = """
name: tried
topics: {semantic: /camera/semantic/image_raw, labels: /camera/semantic/labels}
shape: {radius: 0.17, height: 1.41}
gate: {ttl: 0.15}
"""


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "tried.yaml"
    file.write_text(FILE)
    return {"config": file, "detector": "simulator", "out": tmp_path / "run"}


@pytest.mark.slow
def test_a_goal_is_reached_and_everything_is_written(live, options: dict, tmp_path: Path) -> None:
    bridge, _, _ = live(two_room_world(), connect=False)
    recording = tmp_path / "run.mcap"
    flags = RobotDrive(
        **options, bridge=bridge.url, goal=("category:table", ""), recorded=Recorded(recording)
    )
    assert drive(flags, Console(quiet=True)) == 0
    (goal,) = json.loads((tmp_path / "run" / "results.json").read_text())["goals"]
    assert goal["status"] == "reached"
    assert (tmp_path / "run" / "report.html").exists()
    counts = {topic.name: topic.count for topic in open_bag(recording).topics}
    assert counts["/odom"] > 20
    assert counts["/camera/color/image_raw/compressed"] == counts["/odom"]


def test_what_cannot_be_looked_for_is_said_before_it_moves(live, options: dict) -> None:
    bridge, robot, _ = live(two_room_world(), connect=False)
    flags = RobotDrive(**options, bridge=bridge.url, goal=("category:piano",))
    before = robot.pose
    with pytest.raises(UnknownNameError, match="piano"):
        drive(flags, Console(quiet=True))
    assert robot.pose == before


def test_without_a_goal_or_a_page_there_is_nothing_to_do(options: dict) -> None:
    with pytest.raises(GoalError, match="--viewer viser"):
        drive(RobotDrive(**options, goal=("",)), Console(quiet=True))


def test_a_stop_that_is_set_keeps_it_from_driving(options: dict, tmp_path: Path) -> None:
    file = tmp_path / "state" / "goat" / "tried.estop"
    EmergencyStop(file).set("somebody pressed it")
    with pytest.raises(EmergencyStopError, match="goat robot clear"):
        drive(RobotDrive(**options, goal=("category:table",)), Console(quiet=True))
    clear(RobotClear(config=options["config"]), Console(quiet=True))
    assert not file.exists()
