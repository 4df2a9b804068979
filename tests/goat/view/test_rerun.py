from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import make_frame

from goat.errors import ConfigError
from goat.types import CategoryGoal, LanguageGoal
from goat.view.rerun import open_viewer

pytest.importorskip("rerun")


def test_a_recording_holds_everything_that_is_known(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "run.rrd"
    viewer = open_viewer(str(path))
    for step in range(3):
        viewer.show(make_frame(LanguageGoal("the red chair"), step))
    viewer.show(make_frame(CategoryGoal("sofa"), 0, target=None, path=None, instances=()))
    viewer.close()
    command = [sys.executable, "-m", "rerun", "rrd"]
    subprocess.run([*command, "verify", path], check=True, capture_output=True)
    printed = subprocess.run([*command, "print", path], check=True, capture_output=True, text=True)
    entities = set(re.findall(r"(?<=\s)/[\w/]+", printed.stdout))
    assert {
        "/map/robot",
        "/map/robot/camera",
        "/map/robot/camera/rgb",
        "/map/robot/camera/depth",
        "/map/robot/camera/segmentation",
        "/map/robot/camera/detections",
        "/map/grid",
        "/map/instances",
        "/map/path",
        "/map/target",
        "/goal",
    } <= entities


def test_an_unknown_viewer_is_named() -> None:
    with pytest.raises(ConfigError, match="allowed: none, rerun"):
        open_viewer("tv")
