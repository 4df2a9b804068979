from __future__ import annotations

from pathlib import Path

import pytest

from goat.errors import ConfigError
from robot.config import RobotConfig, read_config

PRESETS = sorted((Path(__file__).parents[2] / "launch").glob("*.yaml"))


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: file.stem)
def test_presets_are_read_and_named_after_their_file(file: Path) -> None:
    config = read_config(file)
    assert config.name == file.stem
    assert config.body.max_linear == config.gate.linear.velocity
    assert not config.body.discrete


def test_there_are_presets() -> None:
    assert {"simulated", "spot", "stretch", "turtlebot4"} <= {file.stem for file in PRESETS}


def read(tmp_path: Path, text: str) -> RobotConfig:
    file = tmp_path / "robot.yaml"
    file.write_text(text, encoding="utf-8")
    return read_config(file)


def test_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == RobotConfig()
    config = read(tmp_path, "gate: {ttl: 0.2}\ncamera_hz: 10")
    assert (config.gate.ttl, config.camera_hz) == (0.2, 10.0)
    assert config.gate.linear == RobotConfig().gate.linear


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("naem: x", "unknown key 'naem'. Did you mean 'name'"),
        ("gate: {linear: {velocty: 1}}", "Did you mean 'velocity'"),
        ("gate: {linear: {velocity: 0.5}}", "acceleration"),
        ("dialect: ros3", "auto, ros1, ros2"),
        ("stamped: 1", "must be of type bool"),
        ("camera_hz: fast", "must be of type float"),
        ("camera_hz: .nan", "must be of type float"),
        ("name: 3", "must be of type str"),
        ("topics: []", "must be a mapping"),
        ("a: [", "cannot be read as YAML"),
        ("gate: {ttl: 5.0}", "ttl must lie in"),
        ("!!python/object/apply:os.system [true]", "cannot be read as YAML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_config(tmp_path / "none.yaml")
