"""`goat robot`: the agent drives a robot through ROS."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console

from goat.bench.results import plain
from goat.bench.session import GoalResult, SessionConfig, run_tasks
from goat.build import BuildConfig, build_agent
from goat.commands.folders import fresh_folder
from goat.commands.goals import parse_goal
from goat.commands.options import RobotClear, RobotDrive
from goat.commands.parts import (
    check_categories,
    make_detector,
    make_encoders,
    make_matcher,
    merged_vocabulary,
)
from goat.commands.recorders import ReportRecorder, ResultsRecorder
from goat.commands.run import print_table
from goat.errors import ConfigError, GoalError
from goat.types import AgentFrame, Task
from robot.config import RobotConfig, read_config
from robot.estop import EmergencyStop
from robot.preflight import proves_watchdog
from robot.ros import RosRobot


def drive(options: RobotDrive, console: Console) -> int:
    """Send the robot to every goal.

    Raises:
        GoalError: No goal is given, or one cannot be read.
        ConfigError: The robot's file cannot be used.
        EmergencyStopError: The emergency stop is set.
        LinkError: No bridge answers.
        SensorError: Nothing comes from the camera or the base.
    """
    if not options.goal:
        raise GoalError('no goal is given; add --goal "text:the blue chair by the window"')
    tasks = [Task(parse_goal(text), ()) for text in options.goal]
    config = robot_config(options.config, options.bridge)
    estop = EmergencyStop(stop_file(config.name))
    estop.check()
    with ExitStack() as stack:
        robot = stack.enter_context(RosRobot(config, estop))
        first = robot.observe()
        size = f"{first.camera.width} x {first.camera.height} px"
        console.print(f"{config.name} sees, {size}", style="dim", highlight=False)
        robot.gate.trusted = options.preflight and proves_watchdog(robot, console.print)
        results = _pursue(options, config, robot, tasks, stack, console)
    print_table(results, console)
    return 0


def clear(options: RobotClear, console: Console) -> int:
    """Clear the emergency stop.

    Raises:
        EmergencyStopError: It cannot be cleared.
    """
    estop = EmergencyStop(stop_file(robot_config(options.config).name))
    was = estop.reason
    estop.clear()
    console.print("it was not set" if was is None else f"cleared; it was: {was}", highlight=False)
    return 0


def robot_config(file: Path | None, bridge: str | None = None) -> RobotConfig:
    """Return the robot of a file, behind another bridge if one is given.

    Raises:
        ConfigError: The file cannot be used.
    """
    config = RobotConfig() if file is None else read_config(file)
    return config if bridge is None else replace(config, bridge=bridge)


def stop_file(name: str) -> Path:
    """Return the file that keeps a robot's emergency stop."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"a robot's name is letters, digits, - and _, got {name!r}")
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "goat" / f"{name}.estop"


class MapFeeder:
    """Gives the gate the agent's map after each step."""

    def __init__(self, robot: RosRobot) -> None:
        """Feed `robot`."""
        self._robot = robot

    def goal_started(self, index: int, total: int, task: Task) -> None:
        """Nothing to do."""

    def stepped(self, frame: AgentFrame) -> None:
        """Place odometry in the map, and both in the gate."""
        odometry = frame.observation.odom_from_base
        self._robot.show_map(frame.grid, frame.map_from_base * odometry.inv())

    def goal_ended(self, result: GoalResult) -> None:
        """Nothing to do."""


def _pursue(
    options: RobotDrive,
    config: RobotConfig,
    robot: RosRobot,
    tasks: list[Task],
    stack: ExitStack,
    console: Console,
) -> list[GoalResult]:
    labels = robot.sensors.labels
    words = tuple(sorted(set(labels.values())))
    if options.detector == "simulator":
        check_categories(tasks, words)
    else:
        words = merged_vocabulary(tasks, options.vocabulary)
    agent = build_agent(
        robot.body,
        make_detector(options.detector, labels, words, options.segmenter),
        options.memory,
        BuildConfig(asynchronous=options.detector != "simulator"),
        vocabulary=words,
        keypoints=make_matcher(options.matcher),
        encoders=make_encoders(options.encoder),
    )
    stack.callback(agent.close)
    folder = fresh_folder(options.out)
    steps = SessionConfig(max_steps=round(options.minutes * 60.0 * config.camera_hz))
    settings = {"run": plain(asdict(options)), "robot": plain(config), "agent": plain(agent.config)}
    results = ResultsRecorder(folder / "results.json", settings, 0)
    report = ReportRecorder(folder, None)
    stack.callback(lambda: report.finish(f"GOAT on {config.name}", results.document))
    run_tasks(agent, robot, None, tasks, steps, [MapFeeder(robot), results, report])
    console.print(f"report: {folder / 'report.html'}", highlight=False, soft_wrap=True)
    return results.goals
